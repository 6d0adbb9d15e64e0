"""The traps of SL 651-2014 that cost readings elsewhere, one test each.

Frames without another source are built by the standard's rules; published
ones are those of its public implementations (see `test_sl651`).
"""

import pytest

from tests.stations import rows_of, stations_of
from tests.unit.ingest.sl651.test_decoder import (
    HEARTBEAT,
    HOUR_34,
    STATUS_46,
    TEST_30,
    TIMED_32,
    decode,
    read,
    reasons,
    report,
)
from warnstream.ingest.names import RawMessage
from warnstream.ingest.sl651.decoder import Sl651Decoder
from warnstream.ingest.sl651.elements import bcd_number
from warnstream.ingest.sl651.frame import ESC, ETB, ETX, SYN, Frame, build, crc16, scan
from warnstream.ingest.sl651.session import Session
from warnstream.model.observations.decoders import DecoderRule, VariableMapping
from warnstream.model.observations.readings import Variable
from warnstream.model.observations.refusals import RefusalReason

HEX_ADDRESS = (
    "7E7E0040590235C2123432002B020002241111102942F1F140590235C25AF0F02411111029762AFF00000172772AFF0000002178"
    "220000015203BB93"
)
"""A published frame of a gate (class Z): hexadecimal digits in its address, FF before negative numbers."""

CLASSES = "PHKZDTMGQIO"


def frame_of(content: str) -> Frame:
    (found,) = scan(bytes.fromhex(content), at_end=True).found
    assert isinstance(found, Frame)
    return found


def test_an_address_with_hexadecimal_digits_is_no_bcd() -> None:
    assert frame_of(HEX_ADDRESS).station == "40590235C2"
    body = bytes.fromhex("0001170718110000F1F140590235C25AF0F017071810052619000040")
    frame = build(Frame("40590235C2", 5, 0x32, ETX, b"\x03\xe8", True, 0, 0, body, False))
    for name in ("40590235C2", "40590213762"):
        decoder = Sl651Decoder(stations_of("R1", name), DecoderRule("#", "sl651", {}, {}))
        decoded = decoder.decode([RawMessage("t", frame)])
        assert decoded.readings.station.tolist() == [1]
        assert decoded.readings.value.tolist() == [4.0]


def test_negative_numbers_of_a_published_frame_have_ff_in_front() -> None:
    """Elements 76, 77 and 78 of the frame, with two decimals."""
    body = frame_of(HEX_ADDRESS).body.hex()
    assert "762aff00000172" in body
    assert bcd_number(bytes.fromhex("FF00000172"), 2) == -1.72
    assert bcd_number(bytes.fromhex("FF00000021"), 2) == -0.21
    assert bcd_number(bytes.fromhex("00000152"), 2) == 1.52


def test_a_negative_stage_is_a_reading() -> None:
    assert rows_of(read(0x33, "391BFF0200").readings) == [("stage", "2017-07-18T10:05", -0.2)]


@pytest.mark.parametrize("letter", CLASSES)
def test_every_class_of_station_may_stand_behind_its_address(letter: str) -> None:
    head = f"F1F10011223344{ord(letter):02X}F0F01707181005"
    assert read(0x33, "2619000040", head=head).readings.value.tolist() == [4.0]


def test_times_follow_each_other_and_elements_belong_to_the_latest() -> None:
    later = "F0F01707181100" + "2619000050"
    assert rows_of(read(0x33, "2619000040" + later).readings) == [
        ("rain_total", "2017-07-18T10:05", 4.0),
        ("rain_total", "2017-07-18T11:00", 5.0),
    ]


def test_a_time_of_one_station_is_not_that_of_the_next() -> None:
    """The second station's element stands before its own time: no guess, and the first one stays."""
    decoded = read(0x33, "2619000040" + "F1F1003311000150" + "2619000055")
    assert decoded.readings.value.tolist() == [4.0]
    assert reasons(decoded) == [RefusalReason.BAD_VALUE]


def test_a_cell_of_ff_is_no_value_and_a_cell_of_zero_is() -> None:
    values = [value for _, _, value in rows_of(read(0x34, "F460" + "FF00" * 6).readings)]
    assert values == [0.0] * 6


def test_all_cells_invalid_is_no_rain_told() -> None:
    decoded = read(0x34, "F460" + "FF" * 12)
    assert len(decoded.readings) == 0
    assert not decoded.refusals


def test_relative_stages_are_left_out_without_their_base() -> None:
    """Else 0.12 m above the base would be compared with a stage over datum."""
    stages = [value for _, _, value in rows_of(decode(HOUR_34).readings, Variable.STAGE)]
    assert stages == [10.49]


def test_a_missing_value_of_all_f_gives_no_reading_and_no_fault() -> None:
    decoded = read(0x32, "2619FFFFFF" + "392300010490")
    assert rows_of(decoded.readings) == [("stage", "2017-07-18T10:05", 10.49)]
    assert not decoded.refusals


def test_identifiers_of_settings_are_not_read_as_elements() -> None:
    """20H is PJ in a report and the reporting interval in the answer to a setting."""
    body = bytes.fromhex("0001170718110000F1F100112233442008012619000040")
    frame = build(Frame("0011223344", 5, 0x43, ETX, b"\x03\xe8", True, 0, 0, body, False))
    assert len(decode(frame.hex()).readings) == 0


def test_7e7e_of_a_value_does_not_hide_the_frame_behind_it() -> None:
    inner = report(0x32, "2619007E7E")
    decoded = decode(inner.hex() + TIMED_32)
    assert len(rows_of(decoded.readings, Variable.STAGE)) == 1
    assert reasons(decoded) == [RefusalReason.BAD_VALUE]


def test_a_frame_in_another_s_length_is_found_when_the_checksum_fails() -> None:
    """A station that lost power wrote half a frame; the next report is not part of it."""
    cut = TIMED_32[:80]
    decoded = decode(cut + TIMED_32)
    assert len(rows_of(decoded.readings, Variable.STAGE)) == 1
    assert reasons(decoded)[0] in (RefusalReason.BAD_FRAME, RefusalReason.BAD_CHECKSUM)


@pytest.mark.parametrize("frame", [TEST_30, TEST_30.lower()])
def test_a_test_report_is_told_by_its_own_reason_and_gives_nothing(frame: str) -> None:
    decoded = decode(frame)
    assert len(decoded.readings) == 0
    assert reasons(decoded) == [RefusalReason.TEST_REPORT]
    assert "0012345678" in decoded.refusals[0].detail
    assert decoded.refusals[0].payload == bytes.fromhex(TEST_30)


def test_a_test_report_in_ascii_is_one_too() -> None:
    text = b"0003591011154947ST 0012345678 H TT 5910111549 PJ 0.5 PT 0.5 Z 0.127 VT 11.15 "
    frame = build(Frame("0012345678", 1, 0x30, ETX, b"\x12\x34", True, 0, 0, text, True))
    assert reasons(decode(frame.hex())) == [RefusalReason.TEST_REPORT]


def test_a_centre_s_frame_has_its_addresses_the_other_way_round_and_is_no_report() -> None:
    """Published confirmation of 32H."""
    reply = "7E7E00112233440503E83280080200341707181100161BE5D4"
    frame = frame_of(reply)
    assert (frame.station, frame.centre, frame.is_up, frame.end) == ("0011223344", 5, False, ESC)
    assert reasons(decode(reply)) == [RefusalReason.UNSUPPORTED_CONTENT]
    (kept,) = Session(stays_online=True).take(bytes.fromhex(TIMED_32))
    assert kept.reply.hex().upper() == reply


def test_a_heartbeat_repeats_a_serial_and_is_neither_report_nor_resend() -> None:
    """It carries the serial number of the last data; that data still counts, before and after it."""
    heartbeat = bytes.fromhex(HEARTBEAT)
    body = bytes.fromhex("0003591011155111F1F1001234567850F0F017071811002619000040")
    data = build(Frame("0012345678", 1, 0x32, ETX, b"\x12\x34", True, 0, 0, body, False))
    session = Session(stays_online=True)
    kept = [frame for part in (data, heartbeat, data) for frame in session.take(part)]
    assert [bool(frame.reply) for frame in kept] == [True, False, True]
    decoded = decode(*(frame.content.hex() for frame in kept))
    assert decoded.readings.value.tolist() == [4.0, 4.0]
    assert not decoded.refusals


def test_a_resend_keeps_its_serial_and_is_confirmed_again() -> None:
    session = Session(stays_online=True)
    (first,), (second,) = (session.take(bytes.fromhex(TIMED_32)) for _ in range(2))
    assert first == second
    assert first.reply


def test_a_picture_of_fourteen_packets_is_kept_whole_and_told_once() -> None:
    """M3: thirteen packets end with ETB and get no answer, the last one with ETX and gets one."""
    head = bytes.fromhex("0005591011161118F1F1001234567848F0F05910111611F3F3")
    picture = head + bytes(range(256)) * 10
    size = -(-len(picture) // 14)
    pieces = [picture[at : at + size] for at in range(0, len(picture), size)]
    assert len(pieces) == 14
    packets = [
        build(Frame("0012345678", 1, 0x36, ETX if n == 14 else ETB, b"\x12\x34", True, 14, n, piece, False))
        for n, piece in enumerate(pieces, start=1)
    ]
    assert all(packet[13] == SYN for packet in packets)
    session = Session(stays_online=True)
    assert [session.take(packet) for packet in packets[:-1]] == [[]] * 13
    (kept,) = session.take(packets[-1])
    assert kept.content == b"".join(packets)
    reply = frame_of(kept.reply.hex())
    assert (reply.end, reply.n_packets, reply.packet, reply.body) == (ESC, 14, 14, head[:8])
    assert reasons(decode(kept.content.hex())) == [RefusalReason.PICTURE]


def test_what_was_kept_is_what_came_also_where_it_could_be_written_otherwise() -> None:
    """Lower case in ASCII frames, SYN without a count of packets."""
    text = b"0001170718110000ST 0011223344 H TT 1707181100 PT 4.0 "
    upper = build(Frame("00112233AB", 5, 0x32, ETX, b"\x03\xe8", True, 0, 0, text, True))
    lower = upper[:23].lower() + upper[23:-4]
    lower += f"{crc16(lower):04x}".encode()
    (kept,) = Session(stays_online=True).take(lower)
    assert kept.content == lower


@pytest.mark.parametrize(
    "text",
    [
        b"ST 011223344+ H TT 1707181100 PT 4.0 ",
        b"ST 0011223344 H TT 1707181100 PT 4_0 ",
        b"ST 0011223344 H TT 1707181100 PT " + b"9" * 400 + b" ",
        b"ST 0011223344 H TT 1707181100 PT nan ",
        b"ST 0011223344 H TT 1707181160 PT 4.0 ",
    ],
)
def test_what_python_would_take_for_a_number_is_none_here(text: bytes) -> None:
    frame = build(
        Frame("0011223344", 5, 0x32, ETX, b"\x03\xe8", True, 0, 0, b"0001170718110000" + text, True)
    )
    decoded = decode(frame.hex())
    assert len(decoded.readings) == 0
    assert reasons(decoded) == [RefusalReason.BAD_VALUE]


def test_a_header_with_blanks_or_signs_between_its_digits_is_none() -> None:
    """Python's own conversions pass over blanks: eleven bytes were expected and nine came."""
    whole = b"\x010500 112233 440332 10 \x02" + b"x" * 16 + b"\x030000"
    assert reasons(decode(whole.hex())) == [RefusalReason.BAD_FRAME]


@pytest.mark.parametrize("function", [0x3C, 0xE1, 0x01])
def test_a_function_that_is_not_the_standard_s_is_refused_and_not_passed_over(function: int) -> None:
    decoded = read(function, "2619000040")
    assert reasons(decoded) == [RefusalReason.UNSUPPORTED_CONTENT]
    assert f"{function:02X}" in decoded.refusals[0].detail


def test_a_report_too_short_for_its_serial_number_is_refused() -> None:
    frame = build(Frame("0011223344", 5, 0x32, ETX, b"\x03\xe8", True, 0, 0, b"\x00\x01", False))
    assert reasons(decode(frame.hex())) == [RefusalReason.BAD_FRAME]


def test_status_bits_are_hexadecimal_and_never_a_reading() -> None:
    """45H has four bytes HEX: bit 10 says that the pump stands still."""
    assert frame_of(STATUS_46).body.endswith(bytes.fromhex("452000000400"))
    decoded = read(0x33, "2619000040" + "45200000A400")
    assert decoded.readings.value.tolist() == [4.0]
    assert not decoded.refusals


def test_a_user_s_mapping_may_scale_an_element() -> None:
    decoded = read(0x33, "0219000215")
    assert rows_of(decoded.readings) == [("temperature", "2017-07-18T10:05", 21.5)]
    kelvin = {"AI": VariableMapping(Variable.TEMPERATURE, 1.0, -273.15)}
    frame = report(0x33, "0219002950").hex()
    assert rows_of(decode(frame, variables=kelvin).readings)[0][2] == 21.85
