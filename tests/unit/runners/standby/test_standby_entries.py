"""Entries of two boxes: read as written; an engine passes over them."""

import pytest

from warnstream.delivery.dispatch.notification import Settlement, Signal
from warnstream.runners.history.start import OF_HISTORY
from warnstream.runners.intake.standby_entries import (
    LEADER,
    TOLD,
    LeaderEntry,
    decode_leader,
    decode_told,
    encode_leader,
    encode_told,
)


def test_a_leadership_is_read_as_it_was_written() -> None:
    entry = LeaderEntry(2, "south", 1_781_740_800, "ab12", "taken over")
    assert decode_leader(encode_leader(entry)) == entry


def test_what_was_told_is_read_as_it_was_written() -> None:
    told = {"m.1|G1|sms": Settlement(Signal.SENT), "m.2|G1|sms": Settlement(Signal.DEFERRED, 12.5, "busy")}
    assert decode_told(encode_told(told, 3.25)) == (told, 3.25)


@pytest.mark.parametrize("payload", [b"", b"\xc1", b"\x01", encode_told({}, 1.0)[:-1]])
def test_what_is_none_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r"not an? "):
        decode_told(payload)
    with pytest.raises(ValueError, match="not a leader entry"):
        decode_leader(payload)


def test_a_start_reads_them_ahead_of_the_others() -> None:
    assert {LEADER, TOLD} <= OF_HISTORY
