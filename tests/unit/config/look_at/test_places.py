from collections.abc import Callable
from pathlib import Path

from warnstream.config.load import load_configuration
from warnstream.config.look_at import places
from warnstream.config.summary import summarise
from warnstream.model.times import HOUR_S, iso_local, parse_iso

FaultsAfter = Callable[[str, str, str], list[str]]


def test_a_clock_far_from_the_sun_of_the_villages_is_looked_at(
    config_dir: Path, faults_after: FaultsAfter
) -> None:
    assert list(places.zone_against_longitude(load_configuration(config_dir))) == []
    assert faults_after("warnstream.yaml", "name: county", 'name: county\n  utc_offset: "-03:00"') == []
    assert list(places.zone_against_longitude(load_configuration(config_dir))) == [
        (
            "node.utc_offset is -03:00, the villages lie at longitude 119.9: "
            "texts and days would go by another clock"
        )
    ]


def test_two_gauges_at_one_place_are_looked_at(config_dir: Path, faults_after: FaultsAfter) -> None:
    assert list(places.twin_gauges(load_configuration(config_dir))) == []
    assert faults_after("stations.csv", "G1,28.41,119.91", "G1,28.4001,119.9001") == []
    assert list(places.twin_gauges(load_configuration(config_dir))) == [
        "stations.csv: 1 pair of rain gauges at one place, without spare_of: S1 = G1"
    ]


def test_a_gauge_and_its_spare_may_stand_at_one_place(config_dir: Path) -> None:
    (config_dir / "stations.csv").write_text(
        "station,latitude,longitude,elevation_m,variables,interval_s,county,spare_of\n"
        "S1,28.40,119.90,120,rain,300,County,\n"
        "G1,28.41,119.91,,rain stage,300,County,\n"
        "T1,28.40,119.90,120,rain,300,County,S1\n",
        "utf-8",
    )
    assert list(places.twin_gauges(load_configuration(config_dir))) == []


def test_a_village_that_was_copied_and_not_moved_is_looked_at(
    config_dir: Path, faults_after: FaultsAfter
) -> None:
    assert faults_after("villages.csv", "28.45,119.95", "28.40,119.90") == []
    assert list(places.twin_villages(load_configuration(config_dir))) == [
        "villages: 1 pair at one place: 001 = 003"
    ]


def test_codes_that_differ_by_capitals_only_are_looked_at(
    config_dir: Path, faults_after: FaultsAfter
) -> None:
    assert list(places.case_twins(load_configuration(config_dir))) == []
    faults_after("stations.csv", "G1,28.41", "s1,28.6,119.91,,rain,300,County\nG1,28.41")
    faults_after("chain.csv", "p1,grid", "H2,grid member,1,001,sms,+8629\np1,grid")
    assert list(places.case_twins(load_configuration(config_dir))) == [
        "stations.csv: codes that differ only by capitals: S1 = s1",
        "households.csv and chain.csv: codes that differ only by capitals: H2 = h2",
    ]


def test_a_zone_without_summer_time_is_an_offset(config_dir: Path, faults_after: FaultsAfter) -> None:
    assert faults_after("warnstream.yaml", "name: county", "name: county\n  utc_offset: Asia/Kolkata") == []
    assert [ahead_s for _, ahead_s in load_configuration(config_dir).message.time_zone] == [19_800]


def test_a_zone_with_summer_time_is_read_and_days_go_by_its_winter(
    config_dir: Path, faults_after: FaultsAfter
) -> None:
    assert faults_after("warnstream.yaml", "name: county", "name: county\n  utc_offset: Europe/Berlin") == []
    configuration = load_configuration(config_dir)
    assert iso_local(parse_iso("2026-07-01T00:00Z"), configuration.message.time_zone)[-6:] == "+02:00"
    assert configuration.windows.day_begins_s == 7 * HOUR_S
    assert configuration.counters.utc_offset_s == HOUR_S
    assert "clock      +01:00, in summer +02:00; days go by +01:00 all year" in summarise(configuration)


def test_an_unknown_zone_is_a_fault(faults_after: FaultsAfter) -> None:
    (fault,) = faults_after("warnstream.yaml", "name: county", "name: county\n  utc_offset: Asia/Lishui")
    assert fault.endswith(
        "expected a time zone of the IANA database such as Asia/Shanghai, got 'Asia/Lishui'"
    )
