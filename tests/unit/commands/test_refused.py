"""What ``warnstream refused`` shows: safe for a terminal, whatever a gateway sent."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from warnstream.adapters.refused.reinjections import Choice, RefusedMessage
from warnstream.adapters.refused.store import RefusedStore
from warnstream.commands import refused
from warnstream.commands.refused import as_text, moment
from warnstream.model.errors import WarnstreamError
from warnstream.model.observations.refusals import Refusal, RefusalReason

if TYPE_CHECKING:
    from warnstream.config.settings import Configuration

ROW = RefusedMessage(
    1, 7, 1_781_769_900.0, "not_json", "malformed", "ws/c/rain/R1/obs", b'{"station"', 10, None
)


def test_a_text_payload_is_shown_as_it_is() -> None:
    assert as_text(ROW) == ('2026-06-18T08:05:00Z not_json ws/c/rain/R1/obs: malformed\n    {"station"')


def test_a_payload_cannot_command_the_terminal() -> None:
    shown = as_text(replace(ROW, payload=b"\x1b[2Jrain\r\n", payload_bytes=10, topic="a\x1b]0;x\x07/b"))
    assert "\x1b" not in shown
    assert "\r" not in shown
    assert "\\x1b[2Jrain\\r\\n" in shown
    assert shown.count("\n") == 1


def test_a_binary_payload_is_shown_in_hexadecimal() -> None:
    shown = as_text(replace(ROW, payload=b"\x7e\x7e\x05\xff", payload_bytes=4))
    assert shown.endswith("\n    7e 7e 05 ff")


def test_a_long_payload_is_cut_even_within_a_character_and_its_length_told() -> None:
    payload = b"x" + "雨".encode() * 100
    shown = as_text(replace(ROW, payload=payload, payload_bytes=len(payload)))
    assert shown.endswith("雨 … 301 bytes")


def test_what_was_taken_again_says_when() -> None:
    assert "[taken again 2026-06-18T08:05:00Z]" in as_text(replace(ROW, reinjected_at=1_781_769_900.0))


def test_times_are_moments_or_spans_back() -> None:
    assert moment("90min", 10_000) == 4_600
    assert moment("2026-06-18T08:05:00Z", 0) == 1_781_769_900


@pytest.mark.parametrize("text", ["", "h", "yesterday", "-3h", "90m", "2026-06-18T08:05:00"])
def test_a_time_that_is_none_is_told_with_what_was_expected(text: str) -> None:
    with pytest.raises(WarnstreamError, match="90min, 6h or 2d"):
        moment(text, 0)


@pytest.mark.parametrize(
    ("pattern", "topic", "is_one"),
    [
        (None, "", True),
        ("ws/+/rain/#", "ws/c/rain/R1/obs", True),
        ("ws/+/rain/#", "", False),
        ("$listener/#", "$listener/sl651", True),
        ("#", "$listener/sl651", True),
    ],
)
def test_topics_are_chosen_by_pattern(pattern: str | None, topic: str, is_one: bool) -> None:
    assert Choice(topic=pattern).has_topic(topic) is is_one


def test_what_made_room_for_newer_refusals_is_told_with_what_was_taken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refused, "WAIT_S_MAX", 0.0)
    refusals = [Refusal(RefusalReason.NOT_JSON, "malformed", "ws/c/rain/R1/obs", b"{") for _ in range(1_003)]
    with closing(RefusedStore(tmp_path, 5_000)) as store:
        store.keep(refusals, 1_781_769_900.0, entry=7)
    storage = SimpleNamespace(directory=tmp_path, refused_max=5_000)
    configuration = cast("Configuration", SimpleNamespace(storage=storage))
    told, _ = refused.reinject(configuration, Choice(), None)
    assert "0 of 1000 taken again (3 more were refused and are no longer kept)" in told
