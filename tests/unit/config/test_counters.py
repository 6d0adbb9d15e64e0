"""Keys and columns of rain counters: where they wrap, when their days begin, what is possible."""

from collections.abc import Callable
from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.model.observations.counter_forms import CounterForm
from warnstream.model.observations.rain_limits import RAIN_RECORDS
from warnstream.model.times import HOUR_S

FaultsAfter = Callable[[str, str, str], list[str]]

TOPIC = """\
decoders:
  - topic: gw/+/up
    format: flat_json
    wrap_mm: 13107.2
    day_start: 0s
    variables:
      tips: {variable: rain_total, factor: 0.2}
windows:
"""


def test_a_topic_has_its_modulus_and_its_day(config_dir: Path, faults_after: FaultsAfter) -> None:
    assert faults_after("warnstream.yaml", "windows:\n", TOPIC) == []
    configuration = load_configuration(config_dir)
    (rule,) = configuration.decoders
    assert configuration.counters.forms == {rule.counter_source: CounterForm(13107.2, 0)}


def test_another_factor_is_another_source_and_a_mere_name_is_none(
    config_dir: Path, faults_after: FaultsAfter
) -> None:
    def source(text: str, *, now: str) -> int:
        assert faults_after("warnstream.yaml", text, now) == []
        return load_configuration(config_dir).decoders[0].counter_source

    plain = TOPIC.replace("    wrap_mm: 13107.2\n    day_start: 0s\n", "")
    first = source("windows:\n", now=plain)
    assert first != 0
    assert source("factor: 0.2", now="factor: 0.5") not in (0, first)
    assert source("factor: 0.5", now="factor: 0.2") == first
    assert source("factor: 0.2", now="unit: mm") == 0


def test_a_station_has_its_modulus_and_its_day(config_dir: Path, faults_after: FaultsAfter) -> None:
    file = config_dir / "stations.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    rows = [f"{lines[0]},wrap_mm,day_start", f"{lines[1]},1000,0s", f"{lines[2]},,"]
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert load_configuration(config_dir).network.stations.counter_forms == {0: CounterForm(1000.0, 0)}
    (fault,) = faults_after("stations.csv", "1000,0s", "1000,8")
    assert fault.startswith("stations.csv:2: day_start: expected a number with a unit")
    (fault,) = faults_after("stations.csv", "1000,8", "1000,25h")
    assert fault == "stations.csv:2: day_start: expected 0s to 24h after midnight, got '25h'"
    (fault,) = faults_after("stations.csv", "1000,25h", "0,8h")
    assert fault == "stations.csv:2: wrap_mm: expected a number from 1 to 1e+09, got 0"


def test_a_zone_has_its_changes_and_a_wrong_one_is_named(config_dir: Path, faults_after: FaultsAfter) -> None:
    assert faults_after("warnstream.yaml", "windows:\n", "counters: {zone: Europe/Lisbon}\nwindows:\n") == []
    counters = load_configuration(config_dir).counters
    assert (1_774_746_000, HOUR_S) in counters.offsets
    (fault,) = faults_after("warnstream.yaml", "Europe/Lisbon", "Europe/Lisboa")
    assert fault == (
        "warnstream.yaml:7: counters.zone: expected a time zone of the IANA database such as Asia/Shanghai, "
        "got 'Europe/Lisboa'"
    )


@pytest.mark.parametrize("zone", ["../etc/passwd", "", "8", "Europe"])
def test_what_is_no_zone_is_a_fault(zone: str, faults_after: FaultsAfter) -> None:
    (fault,) = faults_after("warnstream.yaml", "windows:\n", f"counters: {{zone: '{zone}'}}\nwindows:\n")
    assert "counters.zone: expected a time zone" in fault


def test_records_of_a_region_go_before_those_of_the_world(
    config_dir: Path, faults_after: FaultsAfter
) -> None:
    assert load_configuration(config_dir).quality.rain_records == RAIN_RECORDS
    text = "quality: {rain_records: {1h: 201.9, 24h: 645}}\nwindows:\n"
    assert faults_after("warnstream.yaml", "windows:\n", text) == []
    assert load_configuration(config_dir).quality.rain_limits.record_of(HOUR_S) == 201.9
    (fault,) = faults_after("warnstream.yaml", "24h: 645", "24h: 64")
    assert "quality.rain_records: expected changes that grow with time, got 64 after 201.9" in fault
    (fault,) = faults_after("warnstream.yaml", "{1h: 201.9, 24h: 64}", "{}")
    assert "quality.rain_records: expected rain by duration" in fault
