"""SL 651-2014 against frames published with the standard's public implementations."""

import numpy as np
import pytest

from tests.stations import rows_of, stations_of
from warnstream.ingest.names import Decoded, RawMessage
from warnstream.ingest.sl651.decoder import Sl651Decoder
from warnstream.ingest.sl651.elements import BodyError, BodyReader, bcd_number, parse_time
from warnstream.ingest.sl651.frame import ESC, ETX, Broken, Frame, build, crc16, scan, station_names
from warnstream.model.observations.decoders import DecoderRule, VariableMapping
from warnstream.model.observations.readings import Variable
from warnstream.model.observations.refusals import RefusalReason

STATIONS = stations_of("0011223344", "12345678", "0033110001", "1001010000", "R2")
HEARTBEAT = "7E7E01001234567812342F0008020003591011155111036BCA"
TEST_30 = (
    "7E7E010012345678123430002B020003591011154947F1F1001234567848F0F0591011154920190000052619000005392300000127"
    "381211150320FA"
)
TIMED_32 = (
    "7E7E05001122334403E832002B020034170718110016F1F1001122334448F0F017071811002019000040261900004039230001049038"
    "12109903A421"
)
EXTRA_33 = (
    "7E7E05001122334403E833002B020026170718102202F1F1001122334448F0F017071810222019000040261900004039230001049038"
    "12110203F511"
)
HOUR_34 = (
    "7E7E05001122334403E8340068020033170718110014F1F1001122334448F0F01707181005F4600500000014FFFFFFFFFF0000F0F0"
    "17071811002619000040F0F01707181005F5C0000C000C001C00310031FFFFFFFFFFFFFFFFFFFF00310031F0F01707181100392300"
    "01049020190000403812109903F502"
)
PERIOD_38 = (
    "7E7E05001122334403E838002A020035170718110128F1F1001122334448F0F017071810050418000005F4600500000014FFFFFFFFFF"
    "000003E8AB"
)
STATUS_46 = "7E7E0500112233441234460015020023170718102008F1F100112233444520000004000315C1"
PARAMETERS_42 = (
    "7E7E050011223344123442003F02001F170718101913F1F1001122334420080121080522080823100300240805250910260910270802"
    "282300010000301B0002003812050040120003411200200342A6"
)
REAL_32 = (
    "7E7E010010100001A00032002B02000C200724172349F1F1001010000148F0F0200724172320190001302219000040392300000550"
    "38121268038397"
)
OWN_33 = (
    "7E7E05003311000103E833002A020101210618140507F1F1003311000150F0F0210618140522190001252019000487"
    "26190123453812126503B8F8"
)
BAD_35 = "7E7E0100123456781234350011020004591011155145F2F251312E32333420034602"
BAD_32 = (
    "7e7e010011111112000032002b02002b200321153057f1f1001111111248f0f02003211530392200009836201900000026190000"
    "0038122400037b54"
)


def decode(*frames: str, variables: dict[str, VariableMapping] | None = None) -> Decoded:
    rule = DecoderRule("#", "sl651", variables or {}, {"0010100001": "R2"})
    messages = [RawMessage("gw/up", bytes.fromhex(frame)) for frame in frames]
    return Sl651Decoder(STATIONS, rule).decode(messages)


def reasons(decoded: Decoded) -> list[RefusalReason]:
    return [refusal.reason for refusal in decoded.refusals]


def report(function: int, elements: str, *, head: str = "F1F1001122334448F0F01707181005") -> bytes:
    body = bytes.fromhex("0001170718110000" + head + elements)
    return build(Frame("0011223344", 5, function, ETX, b"\x03\xe8", True, 0, 0, body, False))


def read(function: int, elements: str, **kwargs: str) -> Decoded:
    message = RawMessage("gw/up", report(function, elements, **kwargs))
    return Sl651Decoder(STATIONS, DecoderRule("#", "sl651", {}, {})).decode([message])


def test_a_timed_report_gives_counter_and_stage_at_its_observation_time() -> None:
    decoded = decode(TIMED_32)
    assert rows_of(decoded.readings) == [
        ("rain_total", "2017-07-18T11:00", 4.0),
        ("stage", "2017-07-18T11:00", 10.49),
    ]
    assert not decoded.refusals


def test_an_extra_report_is_read_like_a_timed_one() -> None:
    assert rows_of(decode(EXTRA_33).readings)[0] == ("rain_total", "2017-07-18T10:22", 4.0)


def test_an_hour_report_has_twelve_cells_from_the_time_of_the_first_and_leaves_out_invalid_ones() -> None:
    readings = decode(HOUR_34).readings
    assert rows_of(readings, Variable.RAIN) == [
        ("rain", "2017-07-18T10:05", 0.5),
        ("rain", "2017-07-18T10:10", 0.0),
        ("rain", "2017-07-18T10:15", 0.0),
        ("rain", "2017-07-18T10:20", 0.0),
        ("rain", "2017-07-18T10:25", 2.0),
        ("rain", "2017-07-18T10:55", 0.0),
        ("rain", "2017-07-18T11:00", 0.0),
    ]
    assert set(readings.interval_s[readings.variable == Variable.RAIN]) == {300}
    assert rows_of(readings, Variable.RAIN_TOTAL) == [("rain_total", "2017-07-18T11:00", 4.0)]
    assert rows_of(readings, Variable.STAGE) == [("stage", "2017-07-18T11:00", 10.49)]


def test_relative_stages_count_where_their_base_is_given() -> None:
    base = {"DRZ1": VariableMapping(Variable.STAGE, 1.0, 10.0), "Z": VariableMapping(Variable.PRESSURE)}
    stages = rows_of(decode(HOUR_34, variables=base).readings, Variable.STAGE)
    values = [value for _, _, value in stages]
    assert values == [10.12, 10.12, 10.28, 10.49, 10.49, 10.49, 10.49]


def test_a_queried_period_is_read_with_its_time_step() -> None:
    assert [value for _, _, value in rows_of(decode(PERIOD_38).readings)] == [0.5, 0, 0, 0, 2, 0, 0]


def test_pj_is_the_counter_of_a_station_that_sends_no_pt_and_sliding_amounts_are_left_out() -> None:
    decoded = decode(REAL_32)
    assert rows_of(decoded.readings) == [
        ("rain_day", "2020-07-24T17:23", 13.0),
        ("stage", "2020-07-24T17:23", 0.55),
    ]


def test_sliding_amounts_count_with_their_own_interval_where_they_are_mapped() -> None:
    readings = decode(OWN_33, variables={"PN05": VariableMapping(Variable.RAIN)}).readings
    assert rows_of(readings) == [
        ("rain", "2021-06-18T14:05", 12.5),
        ("rain_total", "2021-06-18T14:05", 1234.5),
    ]
    assert readings.interval_s.tolist() == [300, 0]


def test_a_test_report_never_gives_a_reading() -> None:
    decoded = decode(TEST_30)
    assert len(decoded.readings) == 0
    assert reasons(decoded) == [RefusalReason.TEST_REPORT]


@pytest.mark.parametrize("frame", [HEARTBEAT, STATUS_46, PARAMETERS_42])
def test_heartbeats_status_and_parameters_carry_no_reading_and_are_no_fault(frame: str) -> None:
    decoded = decode(frame)
    assert len(decoded.readings) == 0
    assert not decoded.refusals


@pytest.mark.parametrize(("frame", "right"), [(BAD_35, "D76F"), (BAD_32, "D001")])
def test_samples_that_circulate_with_a_wrong_checksum_are_refused(frame: str, right: str) -> None:
    decoded = decode(frame)
    assert len(decoded.readings) == 0
    assert reasons(decoded) == [RefusalReason.BAD_CHECKSUM]
    assert right in decoded.refusals[0].detail


def test_frames_follow_each_other_and_noise_between_them_is_kept_aside() -> None:
    decoded = decode(EXTRA_33 + "0011" + TIMED_32)
    assert [row[2] for row in rows_of(decoded.readings, Variable.STAGE)] == [10.49, 10.49]
    assert reasons(decoded) == [RefusalReason.BAD_FRAME]
    assert decoded.refusals[0].payload == b"\x00\x11"


def test_a_cut_off_frame_does_not_take_the_next_one_with_it() -> None:
    decoded = decode(EXTRA_33[:60] + TIMED_32)
    assert len(rows_of(decoded.readings, Variable.STAGE)) == 1
    assert len(decoded.refusals) == 1


def test_frames_written_in_hexadecimal_are_read_too() -> None:
    message = RawMessage("gw/up", TIMED_32.lower().encode())
    readings = Sl651Decoder(STATIONS, DecoderRule("#", "sl651", {}, {})).decode([message]).readings
    assert len(readings) == 2


def test_7e7e_inside_a_body_splits_no_frame() -> None:
    whole = report(0x32, "26197E7E00")  # not decimal, but a whole frame
    assert isinstance(scan(whole, at_end=True).found[0], Frame)
    assert len(scan(whole, at_end=True).found) == 1


def test_a_stream_waits_for_the_rest_of_a_frame() -> None:
    whole = bytes.fromhex(TIMED_32)
    for cut in range(len(whole)):
        assert scan(whole[:cut], at_end=False).found == []
        assert scan(whole[:cut], at_end=False).consumed == 0
    assert scan(whole, at_end=False).consumed == len(whole)


def test_the_length_of_a_split_message_counts_its_packet_numbers() -> None:
    frame = Frame("0012345678", 1, 0x36, 0x17, b"\x12\x34", True, 13, 7, b"x" * 50, False)
    whole = build(frame)
    assert int.from_bytes(whole[11:13]) == 53
    assert scan(whole, at_end=True).found == [frame]


def test_replies_are_those_of_the_published_exchange() -> None:
    body = bytes.fromhex("0003591011154947")
    reply = Frame("0012345678", 1, 0x30, ESC, b"\x12\x34", False, 0, 0, body, False)
    assert build(reply).hex().upper() == "7E7E00123456780112343080080200035910111549471B75D4"
    own = Frame(
        "0033110001", 5, 0x33, ESC, b"\x03\xe8", False, 0, 0, bytes.fromhex("0101210618140507"), False
    )
    assert build(own).hex().upper() == "7E7E00331100010503E83380080201012106181405071B9B7B"


def test_an_ascii_frame_has_the_published_checksum() -> None:
    (frame,) = scan(b"\x0101001234567812342F0010\x020005170718110035\x03E593", at_end=True).found
    assert isinstance(frame, Frame)
    assert (frame.station, frame.function, frame.is_ascii) == ("0012345678", 0x2F, True)


def test_an_ascii_report_is_read_by_its_words() -> None:
    text = "0001170718110000ST 0011223344 H TT 1707181100 PJ 4.0 PT 4.0 Z 10.490 VT 10.99 "
    body = Frame("0011223344", 5, 0x32, ETX, b"\x03\xe8", True, 0, 0, text.encode(), True)
    message = RawMessage("gw/up", build(body))
    decoded = Sl651Decoder(STATIONS, DecoderRule("#", "sl651", {}, {})).decode([message])
    assert rows_of(decoded.readings) == rows_of(decode(TIMED_32).readings)


def test_an_ascii_series_names_its_elements_once_and_m_is_missing() -> None:
    reader = BodyReader("0011223344", 0x31, 28_800)
    text = b"ST 0011223344 H TT 1707181005 DRN05 Z PT 10.1 1.0 M 1.2 10.3 M "
    found = [
        (character.name, character.observed_at_s % 3600 // 60, character.value)
        for character in reader.read_ascii(text)
    ]
    assert found == [("Z", 5, 10.1), ("PT", 5, 1.0), ("PT", 10, 1.2), ("Z", 15, 10.3)]


def test_a_series_has_its_header_once_and_missing_values_are_all_f() -> None:
    decoded = read(0x31, "0418000005392300010490FFFFFFFF00010512")
    assert rows_of(decoded.readings) == [
        ("stage", "2017-07-18T10:05", 10.49),
        ("stage", "2017-07-18T10:15", 10.512),
    ]


def test_several_stations_share_a_frame() -> None:
    second = "F1F1003311000150F0F017071810102619000055"
    decoded = read(0x33, "2619000040" + second)
    assert decoded.readings.station.tolist() == [0, 2]
    assert decoded.readings.value.tolist() == [4.0, 5.5]


def test_a_burst_that_overflows_a_cell_is_carried_into_the_next_and_none_is_lost() -> None:
    """30.0 mm in five minutes are written FE 2E: a cell holds 25.4 mm at most."""
    cells = "FE2E" + "00" * 10
    assert [value for _, _, value in rows_of(read(0x34, "F460" + cells).readings)][:2] == [25.4, 4.6]


def test_cells_outside_series_and_hour_reports_end_at_the_observation_time() -> None:
    decoded = read(0x32, "F460" + "01" * 12)
    assert rows_of(decoded.readings)[-1][1] == "2017-07-18T10:05"
    assert rows_of(decoded.readings)[0][1] == "2017-07-18T09:10"


@pytest.mark.parametrize(
    ("content", "decimals", "value"),
    [
        ("000040", 1, 4.0),
        ("00010490", 3, 10.49),
        ("FF0200", 3, -0.2),
        ("FF012345", 3, -12.345),
        ("1099", 2, 10.99),
        ("FF02", 1, -0.2),
        ("FFFFFF", 1, None),
    ],
)
def test_decimal_numbers_have_odd_digits_signs_and_missing_values(
    content: str, decimals: int, value: float | None
) -> None:
    assert bcd_number(bytes.fromhex(content), decimals) == value


def test_a_digit_that_is_none_is_refused_and_what_was_before_it_stays() -> None:
    decoded = read(0x33, "2619000040" + "3923000A0490")
    assert decoded.readings.value.tolist() == [4.0]
    assert reasons(decoded) == [RefusalReason.BAD_VALUE]


def test_user_elements_have_a_lead_of_two_bytes_and_are_passed_over() -> None:
    assert read(0x33, "FF011912345626190000 40".replace(" ", "")).readings.value.tolist() == [4.0]


@pytest.mark.parametrize("digits", ["1713181005", "1707322405", "17071810", "17071810ab"])
def test_a_time_that_is_none_is_refused(digits: str) -> None:
    with pytest.raises(BodyError):
        parse_time(digits, 28_800)


def test_times_are_those_of_beijing_unless_said_otherwise() -> None:
    assert parse_time("1707181005", 28_800) == int(np.datetime64("2017-07-18T02:05", "s").astype(int))


def test_both_kinds_of_station_address_have_a_name() -> None:
    assert list(station_names("0011223344")) == ["0011223344", "11223344"]
    # 3301 04 and the number 41010 = A032H of GB/T 2260 coded stations.
    assert list(station_names("330104A032")) == ["330104A032", "33010441010"]


def test_an_address_that_nobody_has_is_refused_once_per_report() -> None:
    unknown = "F1F1009999999948F0F01707181005"
    decoded = read(0x33, "26190000403923 00010490".replace(" ", ""), head=unknown)
    assert reasons(decoded) == [RefusalReason.UNKNOWN_STATION]
    assert "0099999999" in decoded.refusals[0].detail


def test_a_picture_is_counted_and_skipped() -> None:
    frame = Frame("0012345678", 1, 0x36, ETX, b"\x12\x34", True, 13, 7, b"x" * 50, False)
    decoder = Sl651Decoder(STATIONS, DecoderRule("#", "sl651", {}, {}))
    assert reasons(decoder.decode([RawMessage("t", build(frame))])) == [RefusalReason.PICTURE]


def test_crafted_noise_is_given_up_soon() -> None:
    one = bytes.fromhex("7E7E01001234567812342F00FF02")
    found = scan(one * 18_000, at_end=True).found
    assert all(isinstance(item, Broken) for item in found)


def test_the_checksum_is_that_of_modbus() -> None:
    assert crc16(b"123456789") == 0x4B37
