"""Names of warnings and messages."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.lifecycle.identity import Naming, message_name, parse_message_name, warning_name

CAP_IDENTIFIER = re.compile(r"[^\s,&<]+")
T0 = 1_554_758_100


def test_a_name_says_who_where_what_and_when() -> None:
    name = warning_name("ws", "331124001001", "flash_flood", T0, Naming())
    assert name == "ws.331124001001.flash_flood.20190408T211500Z"


def test_a_message_is_named_by_its_warning_and_version() -> None:
    assert message_name("ws.v.h.20190408T211500Z", 2) == "ws.v.h.20190408T211500Z.2"


@given(st.text(min_size=1), st.text(min_size=1), st.text(min_size=1))
def test_any_name_in_a_table_gives_an_identifier_that_cap_allows(prefix: str, code: str, hazard: str) -> None:
    name = warning_name(prefix, code, hazard, T0, Naming())
    assert CAP_IDENTIFIER.fullmatch(name)
    assert name.isprintable()


@given(st.lists(st.text(alphabet="a.%|, ", min_size=1, max_size=4), min_size=4, max_size=4))
def test_different_places_and_hazards_never_share_a_name(texts: list[str]) -> None:
    one = warning_name("ws", texts[0], texts[1], T0, Naming())
    other = warning_name("ws", texts[2], texts[3], T0, Naming())
    assert (one == other) == (texts[:2] == texts[2:])


@given(st.lists(st.integers(T0, T0 + 5), max_size=30))
def test_warnings_opened_again_for_the_same_or_an_earlier_second_never_share_a_name(
    crossings: list[int],
) -> None:
    naming, names = Naming(), []
    for crossed_at_s in crossings:
        names.append(warning_name("ws", "v", "h", crossed_at_s, naming))
        naming = naming.opened(crossed_at_s)
    assert len(set(names)) == len(names)


@given(st.text(min_size=1), st.integers(1, 999_999_999))
def test_a_message_name_is_read_back(code: str, version: int) -> None:
    warning = warning_name("ws", code, "h", T0, Naming())
    assert parse_message_name(message_name(warning, version)) == (warning, version)


@pytest.mark.parametrize("text", ["", ".", ".1", "a.", "a.0", "a.01", "a.-1", "a.x", "a.²", "a." + "9" * 10])
def test_what_is_no_message_name_is_none(text: str) -> None:
    assert parse_message_name(text) is None
