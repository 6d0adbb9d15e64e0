"""Gateways that cannot be changed, as their layout declares them."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.stations import stations_of
from warnstream.config.assemble import _decoder_rule
from warnstream.config.node.formats.decoders import DecoderSection
from warnstream.config.yaml.time_zones import parse_zone
from warnstream.ingest.declared import number_of_text, seconds_of
from warnstream.ingest.names import Decoded, RawMessage
from warnstream.ingest.selection import DecoderSelection
from warnstream.model.observations.layout import Layout
from warnstream.model.observations.readings import Variable
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.times import local_to_utc_s

AT_S = 1_781_769_900
BERLIN = parse_zone("Europe/Berlin")


def decode(
    layout: dict[str, object],
    payload: object,
    *,
    topic: str = "a/R1/b",
    variables: dict[str, object] | None = None,
    now_s: int = -1,
    **more: object,
) -> Decoded:
    section = DecoderSection.model_validate(
        {"topic": "#", "format": "json", "layout": layout, "variables": variables or {}, **more}
    )
    selection = DecoderSelection(stations_of("R1", "864200123"), [_decoder_rule(section, "#", "json")])
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return selection.decode([RawMessage(topic, content)], now_s)


def faults_of(section: dict[str, object]) -> str:
    """All that is wrong with an entry of decoders, as text."""
    with pytest.raises(ValidationError) as found:
        DecoderSection.model_validate({"topic": "#", **section})
    return str([(error["msg"], error.get("ctx")) for error in found.value.errors()])


def rows_of(decoded: Decoded) -> list[tuple[int, str, float]]:
    found = decoded.readings
    columns = zip(found.observed_at_s.tolist(), found.variable.tolist(), found.value.tolist(), strict=True)
    return [(at_s, Variable(variable).word, value) for at_s, variable, value in columns]


def reasons(decoded: Decoded) -> list[RefusalReason]:
    return [refusal.reason for refusal in decoded.refusals]


@pytest.mark.parametrize(
    ("time", "more"),
    [
        ("2026-06-18T08:05:00Z", {}),
        ("2026-06-18T10:05:00+0200", {}),
        ("2026-06-18 10:05:00+02:00", {}),
        ("2026-06-18T10:05:00", {"zone": "Europe/Berlin"}),
        ("2026-06-18 16:05", {"zone": "+08:00"}),
        ("2026-06-18 08:05:00 UTC", {"zone": "UTC"}),
        (AT_S, {}),
        (str(AT_S), {}),
        (AT_S * 1000, {}),
        (AT_S * 1000 + 0.5, {}),
        (AT_S * 10**6, {}),
        (AT_S * 10**9, {}),
        ("18.06.2026 10:05", {"time_form": "%d.%m.%Y %H:%M", "zone": "Europe/Berlin"}),
        ("20260618100500+0200", {"time_form": "%Y%m%d%H%M%S%z"}),
        (20260618080500, {"time_form": "%Y%m%d%H%M%S", "zone": "UTC"}),
    ],
)
def test_a_time_is_read_as_it_is_declared(time: object, more: dict[str, object]) -> None:
    decoded = decode({"station_level": 2, "time": "t", **more}, {"t": time, "stage": 1})
    assert rows_of(decoded) == [(AT_S, "stage", 1)]


@pytest.mark.parametrize("time", ["2026-06-18T10:05:00", "2026-06-18", "noon", True, [], -5, "1e400", ""])
def test_a_time_that_is_none_is_refused_with_what_came(time: object) -> None:
    decoded = decode({"station_level": 2, "time": "t"}, {"t": time, "stage": 1})
    assert reasons(decoded) == [RefusalReason.BAD_TIME]


def test_a_missing_time_names_what_was_looked_for_and_what_was_there() -> None:
    decoded = decode({"station_level": 2, "time": "meta.ts"}, {"when": 1, "meta": {}, "stage": 1})
    assert decoded.refusals[0].detail == "looked for time in meta.ts; there is when, meta, stage"


def test_a_missing_station_names_what_was_looked_for_and_what_was_there() -> None:
    decoded = decode({"station": "device.id"}, {"dev": "R1", "stage": 1})
    assert reasons(decoded) == [RefusalReason.UNKNOWN_STATION]
    assert "looked for a station in device.id; there is only dev, stage" in decoded.refusals[0].detail


def test_a_renamed_member_names_what_was_looked_for_and_what_was_there() -> None:
    decoded = decode({"station_level": 2}, {"rainfall": 1}, variables={"regen": {"variable": "rain_total"}})
    assert reasons(decoded) == [RefusalReason.NO_READING]
    assert decoded.refusals[0].detail == "looked for regen; there is rainfall"


def test_observations_in_lists_take_station_and_time_from_around_them() -> None:
    content = {
        "devices": [
            {"id": 864200123, "readings": [{"ts": AT_S, "rain": 1.2}, {"ts": AT_S + 300, "rain": 0.4}]},
            {"id": "R1", "readings": [{"ts": AT_S, "rain": 0}]},
        ]
    }
    decoded = decode({"station": "id", "time": "ts", "observations": ["devices.readings"]}, content)
    assert decoded.readings.station.tolist() == [1, 1, 0]
    assert rows_of(decoded)[1] == (AT_S + 300, "rain", 0.4)


def test_the_message_itself_and_its_history_are_both_read() -> None:
    content = {"t": AT_S, "rain": 1, "history": [{"t": AT_S - 300, "rain": 2}]}
    layout = {"station_level": 2, "time": "t", "observations": [".", "history"]}
    assert rows_of(decode(layout, content)) == [(AT_S, "rain", 1), (AT_S - 300, "rain", 2)]


@pytest.mark.parametrize(
    "payload", [b"12.5", b'"12.5"', b"12.5 m", b" 12.5\r\n", b"12.5\0", b"\xef\xbb\xbf12.5", b"1250 cm"]
)
def test_a_bare_number_is_of_the_last_step(payload: bytes) -> None:
    decoded = decode({"station_level": 2}, payload, variables={".": {"variable": "stage"}}, now_s=AT_S)
    assert rows_of(decoded) == [(AT_S, "stage", 12.5)]
    named = decode({"station_level": 2, "name_level": 3}, payload, topic="a/R1/stage", now_s=AT_S)
    assert rows_of(named) == [(AT_S, "stage", 12.5)]


def test_a_bare_amount_of_rain_has_no_time_and_is_refused() -> None:
    decoded = decode({"station_level": 2}, b"1.2", variables={".": {"variable": "rain"}}, now_s=AT_S)
    assert reasons(decoded) == [RefusalReason.BAD_TIME]


def test_a_bare_number_that_nobody_named_is_refused() -> None:
    decoded = decode({"station_level": 2}, b"1.2", variables={"x": {"variable": "rain"}}, now_s=AT_S)
    assert reasons(decoded) == [RefusalReason.UNKNOWN_VARIABLE]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("345.5 cm", 3.455), ("3455mm", 3.455), ("3.455", 3.455), ("-0.2 m", -0.2), ("1e1", 10), (".5", 0.5)],
)
def test_a_number_may_be_text_with_its_unit(value: str, expected: float) -> None:
    assert rows_of(decode({"station_level": 2, "time": "t"}, {"t": AT_S, "stage": value})) == [
        (AT_S, "stage", expected)
    ]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("12 lbs", RefusalReason.WRONG_UNIT),
        ("3,45", RefusalReason.BAD_VALUE),
        ("1.2.3", RefusalReason.BAD_VALUE),
        ("", RefusalReason.BAD_VALUE),
        (True, RefusalReason.BAD_VALUE),
        ([1], RefusalReason.BAD_VALUE),
        ("1e999", RefusalReason.BAD_VALUE),
        (65535, RefusalReason.ERROR_VALUE),
        ("65535", RefusalReason.ERROR_VALUE),
    ],
)
def test_a_value_that_is_none_is_refused_and_the_rain_beside_it_is_read(
    value: object, reason: RefusalReason
) -> None:
    stage = {"variable": "stage", "error_values": [65535]}
    content = {"t": AT_S, "w": value, "rain": 1.2}
    decoded = decode(
        {"station_level": 2, "time": "t"}, content, variables={"w": stage, "rain": {"variable": "rain"}}
    )
    assert rows_of(decoded) == [(AT_S, "rain", 1.2)]
    assert reasons(decoded) == [reason]


def test_an_amount_covers_the_interval_that_is_declared() -> None:
    rain = {"variable": "rain", "interval": "15min"}
    decoded = decode({"station_level": 2, "time": "t"}, {"t": AT_S, "r": 4}, variables={"r": rain})
    assert decoded.readings.interval_s.tolist() == [900]


def test_a_marked_message_warns_nobody() -> None:
    decoded = decode({"station_level": 2, "time": "t"}, {"t": AT_S, "stage": 1, "simulated": True})
    assert reasons(decoded) == [RefusalReason.EXERCISE]


def test_a_backlog_below_the_topic_names_the_same_station() -> None:
    decoded = decode({"station_level": 2, "time": "t"}, {"t": AT_S, "stage": 1}, topic="a/R1/b/backlog")
    assert decoded.readings.station.tolist() == [0]


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        ({}, "expected station"),
        ({"station_level": 0}, "whole number from 1"),
        ({"station": "a..b"}, "single dots"),
        ({"station": "a", "time": "t", "zone": "Mars/Olympus"}, "IANA"),
        ({"station": "a", "time": "t", "time_form": "%d.%m.%Y"}, "time of day"),
        ({"station": "a", "zone": "UTC"}, "path of the time"),
        ({"station": "a", "name": "key"}, "name and value together"),
    ],
)
def test_a_layout_that_cannot_work_is_a_fault_of_the_configuration(
    layout: dict[str, object], words: str
) -> None:
    assert words in faults_of({"format": "json", "layout": layout})


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"format": "json"}, "expected station or station_level"),
        ({"format": "flat_json", "layout": {"station": "a"}}, "only format json"),
        ({"format": "sl651", "variables": {"PD": {"variable": "rain"}}}, "half a day"),
        ({"format": "flat_json", "variables": {"x": {"variable": "stage", "interval": "5min"}}}, "rain only"),
        ({"format": "flat_json", "variables": {"x": {"variable": "rain", "interval": "24h"}}}, "6h"),
    ],
)
def test_what_does_not_go_together_is_a_fault_of_the_configuration(
    section: dict[str, object], words: str
) -> None:
    assert words in faults_of(section)


@given(st.integers(1_000_000_000, 2_400_000_000))
def test_a_local_time_comes_back_as_the_moment_it_was(utc_s: int) -> None:
    """But for the hour that a clock shows twice, of which the first is taken."""
    ahead_s = next(ahead for since_s, ahead in reversed(BERLIN) if since_s <= utc_s)
    found = local_to_utc_s(utc_s + ahead_s, BERLIN)
    is_second = any(
        since_s <= utc_s < since_s + 3600 and ahead < before
        for (_, before), (since_s, ahead) in itertools.pairwise(BERLIN)
    )
    assert found == (utc_s - 3600 if is_second else utc_s)


def test_a_time_in_the_hour_that_spring_leaves_out_goes_on_from_before() -> None:
    layout = Layout(zone=BERLIN)
    assert seconds_of("2026-03-29 02:30", layout) == seconds_of("2026-03-29 01:30Z", layout)


@given(st.floats(-1e6, 1e6).map(lambda number: round(number, 3)), st.sampled_from(["", " ", "m", " mm"]))
def test_a_number_written_as_text_is_that_number(number: float, unit: str) -> None:
    found = number_of_text(f"{number}{unit}")
    assert found == (number, unit.strip() or None)
    comma = f"{number}{unit}".replace(".", ",", 1)
    assert number_of_text(comma, has_decimal_comma=True) == found
