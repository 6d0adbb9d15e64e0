import csv
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from station_sim.county.county import County
from station_sim.errors import SimulatorError
from station_sim.message import Message
from station_sim.sending.scenario import Scenario
from station_sim.stations.faults import MILD_FAULTS, NO_FAULTS, FaultKind, FaultMix, FaultRecord
from station_sim.stations.observations import cumulative_tips
from station_sim.topics import is_clock
from warnstream.model.arrays import Float64Array
from warnstream.model.times import iso_utc, parse_iso

pytestmark = pytest.mark.slow

SEED = 7


def reports_in(message: Message) -> list[dict[str, Any]]:
    content = json.loads(message.payload)
    return content if isinstance(content, list) else [content]


def time_of(report: dict[str, Any]) -> int:
    time = report["time"]
    return time if isinstance(time, int) else parse_iso(time)


def only(county: County, kind: FaultKind, share: float) -> Scenario:
    mix = FaultMix(**{kind.value: share}).only([kind])
    return Scenario(SEED, county, hours=4, fault_mix=mix)


def sendings(scenario: Scenario) -> dict[tuple[str, int], list[int]]:
    """Times of sending of every report, by station and observation time."""
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for message in scenario.messages():
        if not is_clock(message.topic) and message.n_readings:
            for report in reports_in(message):
                found[report["station"], time_of(report)].append(message.time_s)
    return found


def concerned(record: FaultRecord) -> list[tuple[str, int]]:
    """Reports of an uninterrupted fault at five-minute stations."""
    return [(record.station, record.begins_s + 300 * n) for n in range(record.readings)]


@pytest.fixture(scope="module")
def clean(small_county: County) -> Scenario:
    return Scenario(SEED, small_county, hours=4, fault_mix=NO_FAULTS)


def test_the_same_seed_gives_the_same_bytes_in_the_same_order(
    small_county: County, scenario: Scenario
) -> None:
    again = Scenario(SEED, small_county, hours=4)
    assert list(again.messages()) == list(scenario.messages())
    assert again.faults == scenario.faults
    assert again.truth == scenario.truth


def test_another_seed_gives_another_storm(small_county: County, scenario: Scenario) -> None:
    other = Scenario(SEED + 1, small_county, hours=4)
    assert list(other.messages()) != list(scenario.messages())


def test_faults_do_not_move_the_storm(clean: Scenario, scenario: Scenario) -> None:
    assert clean.truth == scenario.truth
    assert (clean.ground.station_rain_mm == scenario.ground.station_rain_mm).all()


def test_a_beacon_ends_every_minute_and_nothing_comes_from_the_future(scenario: Scenario) -> None:
    clock_s = scenario.start_s - 60
    for message in scenario.messages():
        if is_clock(message.topic):
            assert message.time_s == clock_s + 60
            assert json.loads(message.payload) == {"time": iso_utc(message.time_s)}
            clock_s = message.time_s
        else:
            assert message.time_s == clock_s + 60
    assert clock_s == scenario.end_s


def test_without_faults_every_report_is_sent_once_at_its_time(clean: Scenario) -> None:
    found = sendings(clean)
    assert len(found) == len(clean.county.stations) * 48
    assert all(times == [observed_at_s] for (_, observed_at_s), times in found.items())


def test_reports_add_up_to_the_true_rain_to_one_tip(clean: Scenario) -> None:
    total_mm: dict[str, float] = defaultdict(float)
    for message in clean.messages():
        if not is_clock(message.topic):
            report = reports_in(message)[0]
            total_mm[report["station"]] += report.get("rain", 0.0)
    true_mm = clean.ground.station_rain_mm.sum(axis=0)
    for number, code in enumerate(clean.county.stations.code):
        if code.startswith("R"):
            assert 0 <= true_mm[number] - total_mm[code] + 1e-9 <= 0.1 + 1e-9


@given(npst.arrays(np.float64, (50, 3), elements=st.floats(0, 3)))
def test_a_bucket_never_holds_a_whole_tip_back(rain_mm: Float64Array) -> None:
    tips = cumulative_tips(rain_mm)
    left_mm = np.cumsum(rain_mm, axis=0) - tips[1:] / 10
    assert (np.diff(tips, axis=0) >= 0).all()
    assert left_mm.min() >= -1e-8
    assert left_mm.max() < 0.1


def test_topics_and_payloads_have_the_documented_form(clean: Scenario) -> None:
    stations = {code: n for n, code in enumerate(clean.county.stations.code)}
    for message in clean.messages():
        if is_clock(message.topic):
            assert message.topic == "ws/clock"
            continue
        prefix, county, kind, station, last = message.topic.split("/")
        number = stations[station]
        report = reports_in(message)[0]
        assert (prefix, last) == ("ws", "obs")
        assert county == clean.county.stations.county[number]
        assert kind == ("river" if station.startswith("Z") else "rain")
        assert list(report) == ["station", "time", *clean.county.stations.variables[number]]


def test_some_stations_send_epoch_seconds(small_county: County) -> None:
    kinds = Counter(
        type(reports_in(message)[0]["time"]).__name__
        for message in Scenario(SEED, small_county, hours=0.1).messages()
        if not is_clock(message.topic) and message.n_readings
    )
    assert kinds["str"] > kinds["int"] > 0


def test_all_values_are_physically_possible(clean: Scenario) -> None:
    ranges = {
        "rain": (0, 11),
        "stage": (0, 20),
        "temperature": (5, 40),
        "humidity": (20, 100),
        "pressure": (800, 1020),
        "wind_speed": (0, 20),
        "wind_direction": (0, 360),
        "wind_gust": (0, 40),
        "soil_moisture": (0, 100),
    }
    for message in clean.messages():
        if not is_clock(message.topic):
            for word, value in reports_in(message)[0].items():
                if word in ranges:
                    low, high = ranges[word]
                    assert low <= value <= high, (word, value)


def test_silent_stations_send_nothing_meanwhile(small_county: County, clean: Scenario) -> None:
    scenario = only(small_county, FaultKind.SILENCE, 0.2)
    missing = {key for record in scenario.faults for key in concerned(record)}
    assert missing
    assert set(sendings(clean)) - set(sendings(scenario)) == missing


def test_silence_prefers_stations_under_the_storm(small_county: County) -> None:
    scenario = only(small_county, FaultKind.SILENCE, 0.3)
    rain_mm = dict(
        zip(small_county.stations.code, scenario.ground.station_rain_mm.sum(axis=0).tolist(), strict=True)
    )
    silent = [rain_mm[record.station] for record in scenario.faults]
    assert np.mean(silent) > np.mean(list(rain_mm.values()))


def test_late_reports_come_together_minutes_to_an_hour_late(small_county: County, clean: Scenario) -> None:
    scenario = only(small_county, FaultKind.LATE, 0.3)
    late = {key: record.ends_s for record in scenario.faults for key in concerned(record)}
    found = sendings(scenario)
    assert set(found) == set(sendings(clean))
    for key, times in found.items():
        assert times == [late.get(key, key[1])]
    assert all(60 <= sent_s - observed_at_s <= 3600 for (_, observed_at_s), sent_s in late.items())
    packs = [m for m in scenario.messages() if m.payload.startswith(b"[")]
    assert len(packs) == sum(record.readings > 1 for record in scenario.faults)


def test_duplicates_are_byte_equal_and_at_most_ten_minutes_later(small_county: County) -> None:
    scenario = only(small_county, FaultKind.DUPLICATE, 0.05)
    payloads = Counter(m.payload for m in scenario.messages() if not is_clock(m.topic))
    twice = {key: times for key, times in sendings(scenario).items() if len(times) > 1}
    assert {
        (record.station, record.begins_s): [record.begins_s, record.ends_s] for record in scenario.faults
    } == twice
    assert sum(count == 2 for count in payloads.values()) == len(twice)
    assert all(0 <= again_s - first_s <= 600 for first_s, again_s in twice.values())


def test_reports_out_of_order_come_just_after_their_successor(small_county: County) -> None:
    scenario = only(small_county, FaultKind.OUT_OF_ORDER, 0.05)
    order = {
        (report["station"], time_of(report)): number
        for number, message in enumerate(scenario.messages())
        if not is_clock(message.topic)
        for report in reports_in(message)
    }
    assert scenario.faults
    for record in scenario.faults:
        following = (record.station, record.begins_s + 300)
        assert order[record.station, record.begins_s] > order[following]


def test_garbage_is_no_json_and_stands_beside_the_good_report(small_county: County, clean: Scenario) -> None:
    scenario = only(small_county, FaultKind.GARBAGE, 0.02)
    broken = [m for m in scenario.messages() if not is_clock(m.topic) and m.n_readings == 0]
    assert len(broken) == len(scenario.faults) > 0
    for message in broken:
        with pytest.raises(ValueError, match=r".*"):
            json.loads(message.payload)
    assert sendings(scenario) == sendings(clean)


def test_an_unknown_station_sends_all_the_time(small_county: County, clean: Scenario) -> None:
    scenario = only(small_county, FaultKind.UNKNOWN_STATION, 1.0)
    strange = set(sendings(scenario)) - set(sendings(clean))
    (record,) = scenario.faults
    assert {station for station, _ in strange} == {"X9001"} == {record.station}
    assert len(strange) == record.readings == 48


def test_a_wrong_unit_is_named_and_the_amount_converted(small_county: County, clean: Scenario) -> None:
    scenario = only(small_county, FaultKind.WRONG_UNIT, 0.3)
    true_mm = {
        (r["station"], time_of(r)): r.get("rain", 0.0)
        for m in clean.messages()
        if not is_clock(m.topic)
        for r in reports_in(m)
    }
    inches = {
        (r["station"], time_of(r)): r["rain"]
        for m in scenario.messages()
        if not is_clock(m.topic)
        for r in reports_in(m)
        if r.get("unit") == {"rain": "in"}
    }
    assert set(inches) == {key for record in scenario.faults for key in concerned(record)}
    assert all(value * 25.4 == pytest.approx(true_mm[key], abs=0.013) for key, value in inches.items())


def test_a_clock_that_is_ahead_shifts_the_time_in_the_payload(small_county: County) -> None:
    scenario = only(small_county, FaultKind.CLOCK_AHEAD, 0.1)
    ahead = Counter(
        (report["station"], f"clock {time_of(report) - message.time_s} s ahead")
        for message in scenario.messages()
        if not is_clock(message.topic)
        for report in reports_in(message)
        if time_of(report) > message.time_s
    )
    assert ahead == {(record.station, record.detail): record.readings for record in scenario.faults}


def test_the_default_mix_makes_every_kind_of_fault(small_county: County) -> None:
    scenario = Scenario(SEED, small_county, hours=8)
    mild = {kind for kind in FaultKind if getattr(MILD_FAULTS, kind.value)}
    assert {record.kind for record in scenario.faults} == mild
    assert len(mild) == 8


def test_reports_are_conserved_however_many_faults_there_are(small_county: County) -> None:
    """Sent = due - silent + duplicates + the unknown station's: a report has at most one fault."""
    everything = FaultMix(
        silence=0.3, clock_ahead=0.3, wrong_unit=0.3, late=0.3, out_of_order=0.2, duplicate=0.2, garbage=0.2
    )
    scenario = Scenario(SEED, small_county, hours=4, fault_mix=everything)
    readings: dict[FaultKind, int] = defaultdict(int)
    for record in scenario.faults:
        readings[record.kind] += record.readings
    due = len(small_county.stations) * 48
    expected = due - readings[FaultKind.SILENCE] + readings[FaultKind.DUPLICATE] + 48
    assert sum(message.n_readings for message in scenario.messages()) == expected


def test_faults_are_written_one_row_each(scenario: Scenario, tmp_path: Path) -> None:
    scenario.write_truth(tmp_path)
    with (tmp_path / "faults.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["fault", "kind", "station", "begins", "ends", "readings", "detail"]
    assert [(row["kind"], row["station"], int(row["readings"])) for row in rows] == [
        (record.kind.value, record.station, record.readings) for record in scenario.faults
    ]


def test_a_share_above_one_is_refused() -> None:
    with pytest.raises(ValueError, match="late must be a share from 0 to 1, got 2"):
        FaultMix(late=2)


def test_only_switches_all_other_kinds_off() -> None:
    mix = MILD_FAULTS.only([FaultKind.LATE])
    assert mix.late == MILD_FAULTS.late
    assert mix.silence == mix.duplicate == mix.unknown_station == 0


def test_a_start_within_a_minute_is_refused(small_county: County) -> None:
    with pytest.raises(SimulatorError, match="starts on a whole minute"):
        Scenario(SEED, small_county, start_s=1_800_000_001)
