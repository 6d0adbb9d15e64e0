import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from station_sim.county.county import County, CountyPlan, build_county
from station_sim.message import Message
from station_sim.sending.scenario import Scenario, malformed
from station_sim.stations.faults import HARSH_FAULTS, NO_FAULTS, FaultKind, FaultRecord
from station_sim.stations.observations import tip_tenths
from station_sim.stations.varied_network import varied
from station_sim.topics import is_clock
from warnstream.ingest.flat_json.decoder import Decoder, RawMessage
from warnstream.model.network import Stations
from warnstream.model.observations.readings import COUNTERS, VARIABLE_OF_WORD, Variable
from warnstream.model.times import parse_iso

pytestmark = pytest.mark.slow

SEED = 11
HOURS = 8


@pytest.fixture(scope="module")
def county() -> County:
    return varied(build_county(SEED, CountyPlan(n_stations=40, n_villages=120, n_gauges=6)), SEED)


@pytest.fixture(scope="module")
def clean(county: County) -> dict[tuple[str, int], dict[str, Any]]:
    return {key: report for key, _, report in reports(Scenario(SEED, county, HOURS, fault_mix=NO_FAULTS))}


def only(county: County, kind: FaultKind, share: float) -> Scenario:
    return Scenario(SEED, county, HOURS, fault_mix=replace(HARSH_FAULTS, **{kind.value: share}).only([kind]))


def reports(scenario: Scenario) -> Iterator[tuple[tuple[str, int], Message, dict[str, Any]]]:
    """Every report that is sent: station and time, the message, the content."""
    for message in scenario.messages():
        if not is_clock(message.topic) and message.n_readings:
            content = json.loads(message.payload)
            for report in content if isinstance(content, list) else [content]:
                time = report["time"]
                at = time if isinstance(time, int) else parse_iso(time)
                yield (report["station"], at), message, report


def interval_s(county: County, record: FaultRecord) -> int:
    return int(county.stations.interval_s[county.stations.code.index(record.station)])


def times(county: County, record: FaultRecord) -> list[tuple[str, int]]:
    """Reports of an uninterrupted fault."""
    step_s = interval_s(county, record)
    return [(record.station, record.begins_s + step_s * n) for n in range(record.readings)]


Clean = dict[tuple[str, int], dict[str, Any]]


def test_stations_lose_power_in_their_heaviest_hour_and_stay_dead(county: County, clean: Clean) -> None:
    scenario = only(county, FaultKind.POWER_LOSS, 0.1)
    sent = {key for key, _, _ in reports(scenario)}
    missing = {key for record in scenario.faults for key in times(county, record)}
    assert sent == set(clean) - missing
    assert len(scenario.faults) >= 3
    rain_mm = scenario.ground.station_rain_mm
    hour_mm = np.array([rain_mm[k : k + 60].sum(axis=0) for k in range(len(rain_mm) - 59)])
    for record in scenario.faults:
        station = county.stations.code.index(record.station)
        assert record.detail == f"dead after {hour_mm[:, station].max():.0f} mm in an hour"


def test_a_gateway_releases_hours_of_backlog_at_once(county: County, clean: Clean) -> None:
    scenario = only(county, FaultKind.BACKLOG, 0.1)
    assert {key for key, _, _ in reports(scenario)} == set(clean)
    late = defaultdict(set)
    for (station, at), message, _ in reports(scenario):
        if message.time_s > at:
            late[message.time_s].add(station)
    (release_s,) = late
    assert len(late[release_s]) > 5
    assert all(record.ends_s == release_s for record in scenario.faults)
    assert max(record.ends_s - record.begins_s for record in scenario.faults) >= 2 * 3600 - 300


def test_a_clock_that_jumps_back_tells_times_that_were_told(county: County, clean: Clean) -> None:
    scenario = only(county, FaultKind.CLOCK_JUMP, 0.2)
    shifts = {record.station: int(record.detail.split()[1]) for record in scenario.faults}
    assert all(-3 * 3600 <= shift < -3600 for shift in shifts.values())
    behind = [(key, message) for key, message, _ in reports(scenario) if key[1] < message.time_s]
    assert len(behind) == sum(record.readings for record in scenario.faults)
    assert all(at - message.time_s == shifts[station] for (station, at), message in behind)


def test_a_skewed_clock_is_wrong_all_the_time_by_less_than_two_minutes(county: County) -> None:
    scenario = only(county, FaultKind.CLOCK_SKEW, 0.2)
    off = defaultdict(set)
    for (station, at), message, _ in reports(scenario):
        if at != message.time_s:
            off[station].add(at - message.time_s)
    assert set(off) == {record.station for record in scenario.faults}
    assert all(len(shifts) == 1 and abs(*shifts) <= 90 for shifts in off.values())


def test_a_stuck_sensor_repeats_the_value_before(county: County, clean: Clean) -> None:
    scenario = only(county, FaultKind.STUCK, 0.2)
    sent = {key: report for key, _, report in reports(scenario)}
    for record in scenario.faults:
        before = sent[record.station, record.begins_s - interval_s(county, record)]
        for word in {"rain", "stage"} & set(before):
            assert {sent[key][word] for key in times(county, record)} == {before[word]}
    touched = {key for record in scenario.faults for key in times(county, record)}
    assert all(sent[key] == clean[key] for key in set(clean) - touched)


def test_a_blocked_gauge_tells_no_rain_although_it_rains(county: County, clean: Clean) -> None:
    scenario = only(county, FaultKind.FAULTY_ZERO, 0.2)
    sent = {key: report for key, _, report in reports(scenario)}
    keys = [key for record in scenario.faults for key in times(county, record)]
    assert {sent[key]["rain"] for key in keys} == {0.0}
    assert sum(clean[key]["rain"] for key in keys) > 5


def test_a_spike_is_one_report_that_cannot_be(county: County, clean: Clean) -> None:
    scenario = only(county, FaultKind.SPIKE, 0.01)
    sent = {key: report for key, _, report in reports(scenario)}
    spiked = {(record.station, record.begins_s) for record in scenario.faults}
    assert {key for key in clean if sent[key] != clean[key]} == spiked
    for key in spiked:
        word, amount = ("stage", 6.0) if "stage" in clean[key] else ("rain", 60.0)
        assert sent[key][word] - clean[key][word] == pytest.approx(amount, abs=0.006)


def test_a_drifting_stage_leaves_the_river_slowly(county: County, clean: Clean) -> None:
    scenario = only(county, FaultKind.DRIFT, 0.5)
    sent = {key: report for key, _, report in reports(scenario)}
    for record in scenario.faults:
        away = [sent[key]["stage"] - clean[key]["stage"] for key in times(county, record)]
        assert np.all(np.diff(away) >= -0.011)
        hours = (record.readings - 1) * interval_s(county, record) / 3600
        assert away[-1] / hours == pytest.approx(float(record.detail.split()[0]) / 100, abs=0.011)


def test_a_counter_that_is_reset_goes_on_from_zero(county: County, clean: Clean) -> None:
    scenario = only(county, FaultKind.COUNTER_RESET, 0.5)
    sent = {key: report for key, _, report in reports(scenario)}
    assert len(scenario.faults) > 5
    for record in scenario.faults:
        keys = times(county, record)
        assert sent[keys[0]]["rain_total"] == 0
        grown = [clean[key]["rain_total"] - sent[key]["rain_total"] for key in keys]
        assert grown == pytest.approx([clean[keys[0]]["rain_total"]] * len(grown))


def network_of(county: County) -> Stations:
    table = county.stations
    measured = tuple(frozenset(VARIABLE_OF_WORD[word] for word in words) for words in table.variables)
    return Stations(
        code=table.code,
        latitude=table.latitude,
        longitude=table.longitude,
        interval_s=table.interval_s,
        measures_rain=np.array([bool({Variable.RAIN, *COUNTERS} & value) for value in measured]),
        measures_stage=np.array([Variable.STAGE in value for value in measured]),
        measured=measured,
    )


def test_every_malformed_copy_is_refused_and_counts_nothing(county: County, clean: Clean) -> None:
    scenario = only(county, FaultKind.MALFORMED, 0.02)
    copies = [m for m in scenario.messages() if not is_clock(m.topic) and m.n_readings == 0]
    assert len(copies) == len(scenario.faults) > 30
    decoder = Decoder(network_of(county))
    for copy in copies:
        decoded = decoder.decode([RawMessage(copy.topic, copy.payload)])
        assert decoded.refusals, copy.payload
    assert {key for key, _, _ in reports(scenario)} == set(clean)


def test_malformed_copies_are_of_five_kinds() -> None:
    text = '{"station":"R1","time":"2026-06-18T08:00:00Z","rain":1.2}'
    assert len({malformed(text, number) for number in range(10)}) == 5


def test_a_harsh_day_has_every_kind_of_fault_and_the_same_seed_the_same_bytes(county: County) -> None:
    first, again = (Scenario(SEED, county, HOURS, fault_mix=HARSH_FAULTS) for _ in range(2))
    assert {record.kind for record in first.faults} == set(FaultKind)
    assert first.faults == again.faults
    assert list(first.messages()) == list(again.messages())


def test_a_varied_network_has_the_loggers_that_it_says(county: County) -> None:
    table = county.stations
    assert {60, 300, 600, 900, 3600} == set(table.interval_s.tolist())
    assert {tip_tenths(*pair) for pair in zip(table.code, table.variables, strict=True)} == {1, 2, 5}
    assert max(len(words) for words in table.variables) == 9
    assert {table.kind(n) for n in range(len(table))} == {"rain", "river", "slope", "street"}


def test_coarse_buckets_tell_whole_tips_that_add_up_to_the_true_rain(county: County, clean: Clean) -> None:
    table = county.stations
    scenario = Scenario(SEED, county, HOURS, fault_mix=NO_FAULTS)
    last: dict[str, float] = {}
    for (station, _), report in sorted(clean.items(), key=lambda item: item[0][1]):
        if "rain_total" in report:
            last[station] = report["rain_total"]
    for number, code in enumerate(table.code):
        if code in last:
            tip_mm = tip_tenths(code, table.variables[number]) / 10
            true_mm = scenario.ground.station_rain_mm[:, number].sum()
            assert 0 <= true_mm - last[code] < tip_mm + 1e-6
            assert last[code] / tip_mm == pytest.approx(round(last[code] / tip_mm))
