"""Replies of a centre, mode by mode (SL 651-2014, 6.3)."""

import pytest

from tests.stations import rows_of, stations_of
from tests.unit.ingest.sl651.test_decoder import BAD_35, HEARTBEAT, STATUS_46, TEST_30, TIMED_32
from warnstream.ingest.names import RawMessage
from warnstream.ingest.sl651.decoder import Sl651Decoder
from warnstream.ingest.sl651.frame import EOT, ESC, ETB, ETX, NAK, Frame, build, scan
from warnstream.ingest.sl651.session import RESENDS_MAX, Session
from warnstream.model.observations.decoders import DecoderRule

SERIES = bytes.fromhex("170718110000F1F1001122334448F0F0170718100504180000053923")


def packets(*ends: int, serial: int = 1, offset_mm: int = 0) -> list[bytes]:
    """A series report of stages, cut into as many packets as ends are given."""
    n = len(ends)
    values = (value + offset_mm for value in (10_490, 10_500, 10_510, 10_520, 10_530))
    series = serial.to_bytes(2) + SERIES + b"".join(bytes.fromhex(f"{value:08d}") for value in values)
    size = -(-len(series) // n)
    pieces = [series[at : at + size] for at in range(0, len(series), size)]
    return [
        build(Frame("0011223344", 5, 0x31, end, b"\x03\xe8", True, n, number, piece, False))
        for number, (end, piece) in enumerate(zip(ends, pieces, strict=True), start=1)
    ]


def reply_of(content: bytes) -> Frame:
    (frame,) = scan(content, at_end=True).found
    assert isinstance(frame, Frame)
    assert not frame.is_up
    return frame


@pytest.mark.parametrize(("stays_online", "end"), [(True, ESC), (False, EOT)])
def test_a_report_is_confirmed_with_its_serial_number_and_time(stays_online: bool, end: int) -> None:
    (kept,) = Session(stays_online=stays_online).take(bytes.fromhex(TIMED_32))
    assert kept.content == bytes.fromhex(TIMED_32)
    reply = reply_of(kept.reply)
    assert (reply.end, reply.function, reply.body.hex()) == (end, 0x32, "0034170718110016")


def test_a_test_report_is_confirmed_as_published() -> None:
    (kept,) = Session(stays_online=True).take(bytes.fromhex(TEST_30))
    assert kept.reply.hex().upper() == "7E7E00123456780112343080080200035910111549471B75D4"


@pytest.mark.parametrize("frame", [HEARTBEAT, STATUS_46])
def test_heartbeats_and_answers_to_queries_get_no_reply_and_are_kept(frame: str) -> None:
    (kept,) = Session(stays_online=True).take(bytes.fromhex(frame))
    assert (kept.content, kept.reply) == (bytes.fromhex(frame), b"")


def test_a_broken_frame_is_kept_and_gets_no_reply() -> None:
    (kept,) = Session(stays_online=True).take(bytes.fromhex(BAD_35) + b"\x00")
    assert kept.reply == b""
    assert kept.content.startswith(bytes.fromhex(BAD_35))


def test_a_report_may_come_in_pieces() -> None:
    session, whole = Session(stays_online=True), bytes.fromhex(TIMED_32)
    found = [kept for byte in whole for kept in session.take(bytes([byte]))]
    assert [kept.content for kept in found] == [whole]


def test_all_packets_are_kept_together_and_confirmed_once() -> None:
    session = Session(stays_online=True)
    sent = packets(ETB, ETB, ETX)
    assert session.take(sent[0]) == session.take(sent[1]) == []
    (kept,) = session.take(sent[2])
    assert kept.content == b"".join(sent)
    reply = reply_of(kept.reply)
    assert (reply.end, reply.n_packets, reply.packet) == (ESC, 3, 3)
    decoder = Sl651Decoder(stations_of("0011223344"), DecoderRule("#", "sl651", {}, {}))
    decoded = decoder.decode([RawMessage("$listener/sl651", kept.content)])
    assert [value for _, _, value in rows_of(decoded.readings)] == [10.49, 10.5, 10.51, 10.52, 10.53]


def test_a_missing_packet_is_asked_for_and_completes_the_message() -> None:
    session = Session(stays_online=False)
    sent = packets(ETB, ETB, ETX)
    session.take(sent[0])
    (asked,) = session.take(sent[2])
    assert (reply_of(asked.reply).end, reply_of(asked.reply).packet) == (NAK, 2)
    (kept,) = session.take(sent[1])
    assert kept.content == b"".join(sent)
    assert reply_of(kept.reply).end == EOT


def test_a_broken_last_packet_is_asked_for_at_most_twice() -> None:
    session = Session(stays_online=True)
    sent = packets(ETB, ETX)
    session.take(sent[0])
    broken = sent[1][:-1] + bytes([sent[1][-1] ^ 1]) + b"\x00"
    replies = [session.take(broken + HEART)[0].reply for HEART in [bytes.fromhex(HEARTBEAT)] * 3]
    assert [bool(reply) for reply in replies] == [True] * RESENDS_MAX + [False]
    assert reply_of(replies[0]).packet == 2


def test_what_is_incomplete_at_the_end_of_a_connection_is_kept() -> None:
    session = Session(stays_online=True)
    session.take(packets(ETB, ETX)[0])
    session.take(bytes.fromhex(TIMED_32)[:20])
    (kept,) = session.close()
    assert kept.content == packets(ETB, ETX)[0] + bytes.fromhex(TIMED_32)[:20]
    assert session.close() == []


def test_packets_of_a_message_that_another_replaces_are_kept() -> None:
    session = Session(stays_online=True)
    first, other = packets(ETB, ETX)[0], packets(ETB, ETB, ETX)[0]
    session.take(first)
    (kept,) = session.take(other + bytes.fromhex(TIMED_32)[:20])
    assert (kept.content, kept.reply) == (first, b"")


def test_packets_of_two_messages_are_never_one_body() -> None:
    """The station gave up a message and began the next: no value of the first is in it."""
    first, second = packets(ETB, ETB, ETX), packets(ETB, ETB, ETX, serial=2, offset_mm=10_000)
    session = Session(stays_online=True)
    session.take(first[0])
    session.take(first[2])
    (lost,) = session.take(second[0])
    assert (lost.content, lost.reply) == (first[0] + first[2], b"")
    assert session.take(second[1]) == []
    (kept,) = session.take(second[2])
    assert kept.content == b"".join(second)


def test_a_packet_that_comes_twice_is_one() -> None:
    session, sent = Session(stays_online=True), packets(ETB, ETX)
    assert session.take(sent[0] + sent[0]) == []
    (kept,) = session.take(sent[1])
    assert kept.content == b"".join(sent)
