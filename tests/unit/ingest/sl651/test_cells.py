"""Twelve cells of an hour, however a station dates them, and what an unknown definition costs."""

import pytest

from tests.stations import stations_of
from warnstream.ingest.names import Decoded, RawMessage
from warnstream.ingest.sl651.decoder import Sl651Decoder
from warnstream.ingest.sl651.frame import ETX, Frame, build
from warnstream.model.observations.decoders import DecoderRule
from warnstream.model.observations.readings import Variable
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.times import iso_utc

CELLS = "F460" + "0A" * 12
PT = "2619000040"
HEAD = "F1F1001122334448"
OF_THE_HOUR = [f"2017-07-18T02:{minute:02d}:00Z" for minute in range(5, 60, 5)] + ["2017-07-18T03:00:00Z"]
"""10:05 to 11:00 Beijing time."""


def read(function: int, body: str, *, sent: str = "170718110014") -> Decoded:
    content = bytes.fromhex("0033" + sent + HEAD + body)
    frame = build(Frame("0011223344", 5, function, ETX, b"\x03\xe8", True, 0, 0, content, False))
    rule = DecoderRule("#", "sl651", {}, {})
    return Sl651Decoder(stations_of("0011223344"), rule).decode([RawMessage("rtu/up", frame)])


def times_of_rain(decoded: Decoded) -> list[str]:
    readings = decoded.readings
    return [iso_utc(int(at_s)) for at_s in readings.observed_at_s[readings.variable == Variable.RAIN]]


@pytest.mark.parametrize("function", [0x32, 0x33, 0x34, 0x37, 0x3A])
def test_no_cell_of_a_report_dated_by_the_end_of_its_hour_is_later_than_the_frame(function: int) -> None:
    decoded = read(function, "F0F01707181100" + CELLS + PT)
    assert times_of_rain(decoded) == OF_THE_HOUR


def test_a_report_dated_by_its_end_stays_right_when_it_is_sent_hours_later() -> None:
    late = "170718150000"
    assert times_of_rain(read(0x34, "F0F01707181100" + CELLS + PT, sent=late)) == OF_THE_HOUR
    assert times_of_rain(read(0x34, "F0F01707181100" + CELLS, sent=late)) == OF_THE_HOUR


@pytest.mark.parametrize("function", [0x34, 0x38, 0x3A])
@pytest.mark.parametrize("sent", ["170718110014", "170718150000"])
def test_the_same_cells_have_the_same_times_whatever_they_answer(function: int, sent: str) -> None:
    step = "0418000005" if function == 0x38 else ""
    assert times_of_rain(read(function, "F0F01707181005" + step + CELLS, sent=sent)) == OF_THE_HOUR


def test_the_counter_says_when_the_hour_ended() -> None:
    by_first = "F0F01707181005" + CELLS + "F0F01707181100" + PT
    by_begin = "F0F01707181000" + CELLS + "F0F01707181100" + PT
    for body in (by_first, by_begin):
        assert times_of_rain(read(0x34, body, sent="170718150000")) == OF_THE_HOUR


def test_two_hours_of_one_frame_dated_by_their_ends_do_not_meet() -> None:
    body = "F0F01707181000" + CELLS + PT + "F0F01707181100" + CELLS + PT
    times = times_of_rain(read(0x34, body, sent="170718150000"))
    assert len(set(times)) == 24
    assert times[12:] == OF_THE_HOUR
    assert times[11] == "2017-07-18T02:00:00Z"


def test_cells_that_are_not_measured_yet_do_not_move_the_others() -> None:
    some = "F460" + "0A" * 5 + "FF" * 7
    times = times_of_rain(read(0x3A, "F0F01707181105" + some, sent="170718113000"))
    assert times == [f"2017-07-18T03:{minute:02d}:00Z" for minute in range(5, 30, 5)]


def test_relative_stages_are_dated_like_rain() -> None:
    rain = read(0x34, "F0F01707181100" + "F460" + "0A" * 12 + "F5C0" + "0031" * 12)
    assert times_of_rain(rain) == OF_THE_HOUR
    assert not rain.refusals


@pytest.mark.parametrize("n_bytes", [24, 11])
def test_an_unknown_definition_loses_its_element_and_nothing_else(n_bytes: int) -> None:
    decoded = read(
        0x34, "F0F01707181005" + CELLS + "F55C" + "31" * n_bytes + "F0F01707181100" + PT + "392300010490"
    )
    assert times_of_rain(decoded) == OF_THE_HOUR
    values = dict(zip(decoded.readings.variable.tolist(), decoded.readings.value.tolist(), strict=True))
    assert values[Variable.RAIN_TOTAL] == 4.0
    assert values[Variable.STAGE] == 10.49
    assert [refusal.reason for refusal in decoded.refusals] == [RefusalReason.BAD_VALUE]
    assert "definition 5C, expected C0" in decoded.refusals[0].detail


def test_an_unknown_definition_of_unknown_length_ends_at_the_next_header() -> None:
    decoded = read(0x34, "F0F01707181005" + CELLS + "F55C" + "31" * 17 + "F0F01707181100" + PT)
    assert Variable.RAIN_TOTAL in decoded.readings.variable.tolist()
    assert len(decoded.refusals) == 1


def test_a_value_that_is_no_number_loses_itself_only() -> None:
    decoded = read(0x32, "F0F01707181100" + "39230001A490" + PT)
    assert decoded.readings.variable.tolist() == [Variable.RAIN_TOTAL]
    assert [refusal.reason for refusal in decoded.refusals] == [RefusalReason.BAD_VALUE]


@pytest.mark.parametrize("wrapper", [b"%s\0", b"\xef\xbb\xbf%s", b"%s\x1a\r\n", b"\0 %s"])
def test_what_surrounds_a_frame_written_in_hexadecimal_does_not_hide_it(wrapper: bytes) -> None:
    content = bytes.fromhex("0033170718110014" + HEAD + "F0F01707181100" + PT)
    frame = build(Frame("0011223344", 5, 0x32, ETX, b"\x03\xe8", True, 0, 0, content, False))
    rule = DecoderRule("#", "sl651", {}, {})
    text = frame.hex().encode()
    for payload in (wrapper % text, frame.hex().encode("utf-16")):
        decoded = Sl651Decoder(stations_of("0011223344"), rule).decode([RawMessage("rtu/up", payload)])
        assert decoded.readings.value.tolist() == [4.0]
        assert not decoded.refusals
