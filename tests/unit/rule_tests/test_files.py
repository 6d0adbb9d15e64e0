"""Files of tests: every fault of all of them at once, each with file, line and what was expected."""

from pathlib import Path

import numpy as np
import pytest

from tests.unit.rule_tests.county import START, write_county
from warnstream.config.rule_tests.plan import RuleTest
from warnstream.config.rule_tests.read import files_of, read_tests
from warnstream.model.errors import ConfigError, Fault
from warnstream.model.observations.readings import Variable

LEVEL = "{at: 1h, village: '001', hazard: flash_flood, level: yellow}"


def faults_of(directory: Path, **tests: str) -> list[Fault]:
    county = write_county(directory, **tests)
    with pytest.raises(ConfigError) as refused:
        read_tests(county, files_of(county))
    return refused.value.faults


def one_test(directory: Path, body: str, head: str = START) -> RuleTest:
    county = write_county(directory, a=f"{head}tests:\n  - name: t\n{body}    expect: [{LEVEL}]\n")
    (file,) = read_tests(county, files_of(county))
    (test,) = file.tests
    return test


def rows_of(test: RuleTest, station: int) -> list[tuple[int, int, float]]:
    """Minutes after the start at which a station's readings were sent and observed, and their values."""
    rows = np.flatnonzero(test.readings.station == station)
    sent, at_s = test.sent_s[rows], test.readings.observed_at_s[rows]
    times = zip(sent - test.start_s, at_s - test.start_s, test.readings.value[rows], strict=True)
    return [(int(begin) // 60, int(two) // 60, float(value)) for begin, two, value in times]


def test_values_come_at_the_gauges_own_interval_and_missing_ones_do_not_come(tmp_path: Path) -> None:
    test = one_test(tmp_path, "    readings: {R1 rain: 1 _x2 3}\n")
    assert rows_of(test, 0) == [(5, 5, 1.0), (20, 20, 3.0)]


def test_every_and_from_space_a_series_otherwise(tmp_path: Path) -> None:
    test = one_test(tmp_path, "    readings: {R1 rain: {every: 20min, from: 20:30, values: 1 2}}\n")
    assert rows_of(test, 0) == [(50, 50, 1.0), (70, 70, 2.0)]
    assert set(test.readings.interval_s[test.readings.station == 0].tolist()) == {1200}


def test_a_late_reading_is_sent_when_it_says(tmp_path: Path) -> None:
    test = one_test(tmp_path, '    readings: {R1 rain: ["1 _", {at: 10min, sent: 40min, value: 7}]}\n')
    assert rows_of(test, 0) == [(5, 5, 1.0), (40, 10, 7.0)]


def test_others_are_dry_to_the_end_or_silent(tmp_path: Path) -> None:
    (tmp_path / "dry").mkdir()
    (tmp_path / "silent").mkdir()
    dry = one_test(tmp_path / "dry", "    readings: {R1 rain: 1}\n")
    assert rows_of(dry, 1) == [(minute, minute, 0.0) for minute in range(5, 61, 5)]
    assert rows_of(dry, 2) == [(minute, minute, 0.0) for minute in range(10, 61, 10)]
    assert set(dry.readings.variable[dry.readings.station == 2].tolist()) == {int(Variable.RAIN_TOTAL)}
    silent = one_test(tmp_path / "silent", "    readings: {R1 rain: 1}\n    others: silent\n")
    assert set(silent.readings.station.tolist()) == {0}


def test_a_pattern_means_every_gauge_that_measures_it_and_a_code_of_its_own_goes_before(
    tmp_path: Path,
) -> None:
    test = one_test(tmp_path, '    readings: {"* rain": 2x12, R2 rain: 5}\n')
    assert rows_of(test, 0) == [(minute, minute, 2.0) for minute in range(5, 61, 5)]
    assert rows_of(test, 1) == [(5, 5, 5.0)]


def test_a_unit_is_converted(tmp_path: Path) -> None:
    assert rows_of(one_test(tmp_path, "    readings: {G1 stage cm: 1050}\n"), 3) == [(10, 10, 10.5)]


def test_a_test_that_expects_nothing_is_refused(tmp_path: Path) -> None:
    (fault,) = faults_of(
        tmp_path, a=f"{START}tests:\n  - name: t\n    readings: {{R1 rain: 1}}\n    expect: []\n"
    )
    assert (fault.line, fault.path) == (5, "tests[0].expect")
    assert "tests nothing" in fault.expected


def test_a_file_without_tests_is_refused(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, a=f"{START}tests: []\n")
    assert "tests nothing" in fault.expected


@pytest.mark.parametrize("key", ["grids", "forecast", "officer"])
def test_what_a_test_cannot_bring_yet_is_said_with_its_key(tmp_path: Path, key: str) -> None:
    text = f"{START}tests:\n  - name: t\n    {key}: {{x: 1}}\n    expect: [{LEVEL}]\n"
    (fault,) = faults_of(tmp_path, a=text)
    assert (fault.line, fault.path) == (4, f"tests[0].{key}")
    assert fault.expected.startswith("not yet")


FAULTY = f"""\
{START}tests:
  - name: words that nobody knows
    readings:
      R9 rain: 1
      R1 rein: 1
      R1 stage: 1
      R1: 1
      "Q* rain": 1
    answers: [{{at: 10min, by: p3}}]
    signs: [{{at: 10min, village: "001", kind: crock, by: p1}}]
    expect:
      - {{at: 1h, village: "003", hazard: flash_flood, level: yellow}}
      - {{at: 1h, village: "001", hazard: flash_flod, level: yellow}}
      - {{within: [1h, 2h], call: {{to: p9}}}}
      - {{within: [2h, 1h], message: {{village: "001"}}}}
      - {{at: soon, village: "001", hazard: flash_flood, level: yellow}}
      - {{within: [1h, 2h], call: {{to: doors, again: 1}}}}
      - {{within: [1h, 2h], call: {{to: p1, cause: reminder}}}}
"""
FOUND = [
    (5, "readings.R9 rain"),
    (6, "readings.R1 rein"),
    (7, "readings.R1 stage"),
    (8, "readings.R1"),
    (9, "readings.Q* rain"),
    (10, "answers[0].by"),
    (11, "signs[0].kind"),
    (13, "expect[0].village"),
    (14, "expect[1].hazard"),
    (15, "expect[2].call.to"),
    (16, "expect[3].within"),
    (17, "expect[4].at"),
    (18, "expect[5].call.again"),
    (19, "expect[6].call.cause"),
]


def test_every_fault_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    wrong_form = f"{START}tests:\n  - name: t\n    reading: {{}}\n    expect: [{LEVEL}, {{level: pink}}]\n"
    faults = faults_of(tmp_path, a=FAULTY, b=wrong_form)
    first, second = str(tmp_path / "tests" / "a.yaml"), str(tmp_path / "tests" / "b.yaml")
    assert [(fault.line, fault.path) for fault in faults if fault.file == first] == [
        (line, f"tests[0].{path}") for line, path in FOUND
    ]
    assert [(fault.line, fault.path) for fault in faults if fault.file == second] == [
        (4, "tests[0].reading"),
        (5, "tests[0].expect[1].level"),
    ]
    assert "did you mean 'flash_flood'?" in next(fault.expected for fault in faults if fault.line == 14)


EXPECTATIONS = {
    "{at: 1h, village: '001', level: yellow}": "village, hazard and level",
    "{village: '001', hazard: flash_flood, level: yellow}": "missing at",
    "{message: {village: '001'}}": "missing within",
    "{at: 1h, message: {village: '001'}}": "missing within",
    "{within: [1h, 2h], message: {}}": "at least one key",
    "{within: [1h, 2h], message: {village: '001'}, call: {to: p1}}": "one thing to test",
    "{never: {village: '001'}}": "village, hazard and level",
    "{within: [1h], message: {village: '001'}}": "two times",
    "{within: [1h, 2h], call: {village: '001'}}": "missing",
}


@pytest.mark.parametrize("written", EXPECTATIONS)
def test_an_expectation_has_all_keys_of_one_form(tmp_path: Path, written: str) -> None:
    text = f"{START}tests:\n  - name: t\n    readings: {{R1 rain: 1}}\n    expect:\n      - {written}\n"
    faults = faults_of(tmp_path, a=text)
    assert {fault.line for fault in faults} == {6}
    assert EXPECTATIONS[written] in " ".join(fault.expected for fault in faults)


def test_two_keys_for_one_gauge_are_refused(tmp_path: Path) -> None:
    text = (
        f'{START}tests:\n  - name: t\n    readings: {{"R* rain": 1, "*1 rain": 1}}\n    expect: [{LEVEL}]\n'
    )
    (fault,) = faults_of(tmp_path, a=text)
    assert fault.expected == "R1 is meant by 'R* rain' already: write it once"


def test_two_tests_of_one_name_are_refused(tmp_path: Path) -> None:
    test = f"  - name: t\n    readings: {{R1 rain: 1}}\n    expect: [{LEVEL}]\n"
    (fault,) = faults_of(tmp_path, a=f"{START}tests:\n{test}{test}")
    assert (fault.line, fault.expected) == (6, "duplicate name, first on line 3")


def test_a_test_without_a_start_is_refused(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, a=f"tests:\n  - name: t\n    expect: [{LEVEL}]\n")
    assert fault.path == "tests[0].start"


def test_a_test_that_lasts_no_minute_is_refused(tmp_path: Path) -> None:
    never = "{never: {village: '001', hazard: flash_flood, level: red}}"
    text = f"{START}tests:\n  - name: t\n    readings: {{R1 rain: 5x*}}\n    expect: [{never}]\n"
    (fault,) = faults_of(tmp_path, a=text)
    assert "lasts no minute" in fault.expected


PLACES = """\
places:
  stations.csv: |
    station,latitude,longitude,elevation_m,variables,interval_s,county
    X1,28.40,119.90,,rain,300,County
  villages.csv: |
    village,name,latitude,longitude,township,county
    V1,Upper,28.40,119.90,East,County
"""


def test_places_stand_in_for_all_tables_of_the_folder(tmp_path: Path) -> None:
    level = "{at: 1h, village: V1, hazard: flash_flood, level: none}"
    county = write_county(tmp_path, a=f"{START}{PLACES}tests:\n  - name: t\n    expect: [{level}]\n")
    (file,) = read_tests(county, files_of(county))
    network = file.configuration.network
    assert (network.stations.code, network.villages.code, network.chain) == (("X1",), ("V1",), ())
    assert len(network.households) == 0


def test_a_fault_of_places_is_told_at_its_line_of_the_file_of_tests(tmp_path: Path) -> None:
    wrong = PLACES.replace("V1,Upper,28.40", "V1,Upper,98.40")
    level = "{at: 1h, village: V1, hazard: flash_flood, level: none}"
    faults = faults_of(tmp_path, a=f"{START}{wrong}tests:\n  - name: t\n    expect: [{level}]\n")
    assert [(Path(fault.file).name, fault.line, fault.path) for fault in faults] == [
        ("a.yaml", 8, "places[villages.csv].latitude")
    ]


def test_a_table_that_places_lack_is_asked_for(tmp_path: Path) -> None:
    villages = PLACES[: PLACES.index("  villages.csv")]
    faults = faults_of(tmp_path, a=f"{START}{villages}tests:\n  - name: t\n    expect: [{LEVEL}]\n")
    assert [(fault.line, fault.path) for fault in faults] == [(2, "places[villages.csv]")]


def test_faults_of_the_configuration_are_told_with_those_of_the_tests(tmp_path: Path) -> None:
    county = write_county(tmp_path, a=f"{START}tests:\n  - name: t\n    expect: [{LEVEL}, {{level: pink}}]\n")
    (county / "channels.yaml").write_text("channels: {device: {kind: mqt}}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        read_tests(county, files_of(county))
    assert {Path(fault.file).name for fault in refused.value.faults} == {"a.yaml", "channels.yaml"}
