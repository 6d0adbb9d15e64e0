import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.adapters.channels.smpp.pdu import Delivery, Number
from warnstream.adapters.channels.smpp.texts import (
    DEFAULT_ALPHABET,
    GB_18030,
    LATIN_1,
    PART_OCTETS,
    UCS_2,
    in_parts,
    text_of,
)

UNICODE = st.text(st.characters(exclude_categories=["Cs"]), max_size=600)


def written(octets: bytes, coding: int, esm_class: int = 0) -> str:
    return text_of(Delivery(Number("1"), esm_class, coding, octets))


@given(UNICODE, st.integers(0, 255))
def test_the_parts_of_a_text_are_that_text(text: str, reference: int) -> None:
    parts = in_parts(text, reference)
    joined = b"".join(part.octets[6:] if part.has_header else part.octets for part in parts)
    assert joined.decode("ascii" if parts[0].coding == DEFAULT_ALPHABET else "utf-16-be") == text
    if len(parts) > 1:
        assert [part.octets[:6] for part in parts] == [
            bytes((5, 0, 3, reference, len(parts), number)) for number in range(1, len(parts) + 1)
        ]


@given(UNICODE)
def test_every_part_fits_a_short_message_and_is_text_by_itself(text: str) -> None:
    for part in in_parts(text, 1):
        if part.coding == UCS_2:
            assert len(part.octets) <= 140
            (part.octets[6:] if part.has_header else part.octets).decode("utf-16-be")
        else:
            assert len(part.octets) <= (153 + 6 if part.has_header else 160)


def test_two_halves_of_a_rare_character_stay_together() -> None:
    first, second = in_parts("村" * (PART_OCTETS // 2 - 1) + "𠮷" + "村" * 5, 0)
    assert len(first.octets) == 6 + PART_OCTETS - 2
    assert second.octets[6:].decode("utf-16-be").startswith("𠮷")


@pytest.mark.parametrize(
    ("text", "count"), [("村" * 70, 1), ("村" * 71, 2), ("a" * 160, 1), ("a" * 161, 2), ("a@" * 36, 2)]
)
def test_lengths_are_those_of_short_messages(text: str, count: int) -> None:
    assert len(in_parts(text, 0)) == count


def test_a_text_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="255 at most"):
        in_parts("村" * 20_000, 0)


@pytest.mark.parametrize(
    ("octets", "coding", "text"),
    [
        ("收到".encode("utf-16-be"), UCS_2, "收到"),
        ("收到".encode("utf-16-be"), 0x18, "收到"),
        ("收到".encode("gb18030"), GB_18030, "收到"),
        ("收到".encode(), DEFAULT_ALPHABET, "收到"),
        (b"seguran\xe7a", LATIN_1, "segurança"),
        (b"\x00\x11 ok", DEFAULT_ALPHABET, "@_ ok"),
        (b"1", 0xF1, "1"),
        (b"\xd8", UCS_2, "\ufffd"),
    ],
)
def test_what_phones_write_is_read(octets: bytes, coding: int, text: str) -> None:
    assert written(octets, coding) == text


def test_a_header_is_no_text() -> None:
    assert written(bytes((6, 8, 4, 1, 2, 2, 1)) + "救命".encode("utf-16-be"), UCS_2, 0x40) == "救命"


@given(st.binary(max_size=200), st.integers(0, 255), st.integers(0, 255))
def test_nothing_that_a_phone_writes_raises(octets: bytes, coding: int, esm_class: int) -> None:
    assert isinstance(written(octets, coding, esm_class), str)
