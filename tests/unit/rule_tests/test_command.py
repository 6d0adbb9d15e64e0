"""The command ``warnstream test``: what it prints, writes and returns."""

import re
import shlex
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.unit.rule_tests import county
from tests.unit.rule_tests.county import write_county
from warnstream.cli import main

START = f"{county.START}step: 5min\n"
YELLOW = """\
  - name: 20 mm in an hour are yellow
    readings: {"R* rain": 2x10}
    expect:
      - {at: 45min, village: "001", hazard: flash_flood, level: none}
      - {at: 50min, village: "001", hazard: flash_flood, level: yellow}
      - {within: [50min, 50min], message: {village: "001", type: Alert, cause: first, text: 20 mm of rain}}
      - {within: [50min, 50min], call: {to: doors, village: "001", level: yellow, cause: first}}
      - {within: [50min, 50min], call: {to: p1, village: "001", level: yellow, answer: true}}
      - never: {village: "001", hazard: flash_flood, level: red}
"""
WRONG = """\
  - name: 20 mm in an hour are red
    readings: {"R* rain": 2x10}
    expect:
      - {at: 50min, village: "001", hazard: flash_flood, level: red}
"""
RIGHT = f"{START}tests:\n{YELLOW}"


def told(directory: Path, capsys: pytest.CaptureFixture[str], *options: str, **tests: str) -> tuple[int, str]:
    """Exit status and what was printed, of a folder with these files of tests."""
    if not (directory / "tests").exists():
        write_county(directory, **tests)
    status = main(["test", str(directory), *options])
    printed = capsys.readouterr()
    return status, printed.out + printed.err


def failure(directory: Path, capsys: pytest.CaptureFixture[str], body: str, expected: str) -> str:
    """What one test says that must fail."""
    text = f"{START}tests:\n  - name: t\n{body}    expect:\n      - {expected}\n"
    status, printed = told(directory, capsys, a=text)
    assert status == 1, printed
    return printed


def test_tests_that_pass_are_named_and_the_status_is_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, printed = told(tmp_path, capsys, a=RIGHT)
    assert status == 0, printed
    assert printed.startswith(f"passed {tmp_path}/tests/a.yaml:4: 20 mm in an hour are yellow (")
    assert "1 test passed" in printed


def test_a_failure_says_where_what_was_wanted_and_got_and_the_course_of_the_level(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, printed = told(tmp_path, capsys, a=f"{RIGHT}{WRONG}")
    assert status == 1
    lines = printed.splitlines()
    place = f"{tmp_path}/tests/a.yaml"
    assert lines[1].startswith(f"FAILED {place}:13: 20 mm in an hour are red (")
    assert lines[2:6] == [
        f"  {place}:16: wanted red at 20:50 (+50min), flash_flood in 001",
        "    got      yellow",
        "    course   20:00 (+0min) none",
        "             20:50 (+50min) yellow: R1 20 mm in 1 h >= 20 (83% observed)",
    ]
    assert lines[6] == "    nearest  red never began"
    assert lines[7].startswith("    explain  warnstream explain ")
    assert lines[-1].startswith("2 tests, 1 failed")


def test_the_nearest_message_says_how_far_it_is_off(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = '{within: [51min, 60min], message: {village: "001", level: yellow}}'
    printed = failure(tmp_path, capsys, '    readings: {"R* rain": 2x10}\n', expected)
    assert "got      nothing like it came" in printed
    assert "nearest  20:50 (+50min) Alert yellow (first), flash_flood in 001 (1min too early)" in printed


def test_the_nearest_message_shows_its_text_where_that_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = '{within: [0min, 60min], message: {village: "001", level: yellow, text: run}}'
    printed = failure(tmp_path, capsys, '    readings: {"R* rain": 2x10}\n', expected)
    assert "(other text): " in printed
    assert "reached the threshold of 20 mm" in printed


def test_the_nearest_call_is_one_to_the_same_post(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = '{within: [0min, 60min], call: {to: p1, village: "001", level: red}}'
    printed = failure(tmp_path, capsys, '    readings: {"R* rain": 2x10}\n', expected)
    assert "nearest  20:50 (+50min) p1 is told: 001 yellow (flash_flood first)" in printed
    assert "(other level)" in printed


def test_what_never_should_come_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = failure(tmp_path, capsys, '    readings: {"R* rain": 2x10}\n', "never: {call: {to: p1}}")
    assert "wanted never a call to p1 from 20:00 (+0min)" in printed
    assert "got      20:50 (+50min) p1 is told: 001 yellow" in printed


def test_never_means_a_worse_level_too_and_one_that_stands_already(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = '    readings: {"R* rain": 4x10}\n    until: 2h\n'
    never = '{within: [60min, 70min], never: {village: "001", hazard: flash_flood, level: yellow}}'
    printed = failure(tmp_path, capsys, body, never)
    assert "got      red at 21:00 (+1h)" in printed


def test_an_answer_to_nothing_fails_the_test(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = '    readings: {"R* rain": 1x10}\n    answers: [{at: 30min, by: p1}]\n'
    never = 'never: {village: "001", hazard: flash_flood, level: red}'
    printed = failure(tmp_path, capsys, body, never)
    assert "a.yaml:6: p1 has been told nothing to answer" in printed


def test_a_verdict_on_a_sign_that_does_not_stand_fails_the_test(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = '    signs: [{at: 5min, village: "001", kind: crack, by: p2, validated: true}]\n'
    printed = failure(tmp_path, capsys, body, '{at: 10min, village: "001", hazard: flash_flood, level: none}')
    assert "no sign crack stands in 001 to be judged" in printed


def test_a_report_cannot_be_judged_by_who_made_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = (
        '    signs: [{at: 5min, village: "001", kind: crack, by: p2},'
        ' {at: 6min, village: "001", kind: crack, by: p2, validated: true}]\n'
    )
    printed = failure(tmp_path, capsys, body, '{at: 10min, village: "001", hazard: flash_flood, level: none}')
    assert "'p2' reported" in printed


def test_an_answer_ends_the_calls_and_without_one_they_climb(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    climbs = """\
  - name: nobody answers
    readings: {"R* rain": 2x10 0x*}
    expect:
      - {within: [80min, 80min], call: {to: p2, village: "001", escalated_from: p1}}
  - name: somebody answers
    readings: {"R* rain": 2x10 0x*}
    answers: [{at: 79min, by: p1}]
    expect:
      - {within: [0min, 90min], never: {call: {to: p2, village: "001"}}}
"""
    status, printed = told(tmp_path, capsys, a=f"{START}tests:\n{climbs}")
    assert status == 0, printed


def test_a_household_answers_its_bulletin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    help_called = """\
  - name: a household calls for help
    readings: {"R* rain": 2x10 0x*}
    answers: [{at: 55min, by: h1, answer: need_help}]
    expect:
      - {within: [55min, 60min], call: {to: p1, text: HELP}}
"""
    status, printed = told(tmp_path, capsys, a=f"{START}tests:\n{help_called}")
    assert status == 0, printed


def test_readings_that_quality_control_refuses_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = '{at: 10min, village: "001", hazard: flash_flood, level: red}'
    printed = failure(tmp_path, capsys, '    readings: {"R* rain": 900x2}\n', expected)
    assert "readings R1: 2 not taken (out_of_range)" in printed


def test_kept_readings_are_explained_by_the_command_that_was_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept"
    status, printed = told(tmp_path, capsys, "--keep", str(kept), a=f"{START}tests:\n{WRONG}")
    assert status == 1
    command = re.search(r"explain  warnstream (explain .*)", printed)
    assert command is not None, printed
    assert main(shlex.split(command[1])) == 0
    assert "flash_flood: YELLOW" in capsys.readouterr().out


def test_k_chooses_by_name_and_files_by_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_county(tmp_path, a=RIGHT, b=f"{START}tests:\n{WRONG}")
    assert told(tmp_path, capsys)[0] == 1
    assert told(tmp_path, capsys, "-k", "are Yellow")[0] == 0
    assert told(tmp_path, capsys, str(tmp_path / "tests" / "a.yaml"))[0] == 0
    assert told(tmp_path, capsys, "a.yaml")[0] == 0
    status, printed = told(tmp_path, capsys, "-k", "purple")
    assert status == 2
    assert "no name of 2 tests has 'purple' in it" in printed


def test_no_tests_and_files_that_are_wrong_are_faults(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_county(tmp_path)
    assert told(tmp_path, capsys)[0] == 2
    (tmp_path / "tests" / "a.yaml").write_text(RIGHT.replace("yellow}", "pink}", 1), encoding="utf-8")
    status, printed = told(tmp_path, capsys)
    assert status == 2
    assert f"{tmp_path}/tests/a.yaml:8: tests[0].expect[1].level: expected" in printed
    assert told(tmp_path, capsys, "c.yaml")[0] == 2


def test_junit_has_a_case_for_every_test(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "junit.xml"
    told(tmp_path, capsys, "--junit", str(out), a=f"{RIGHT}{WRONG}")
    suite = ET.parse(out).getroot().find("testsuite")  # noqa: S314  # our own file
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [case.get("line") for case in suite.iter("testcase")] == ["4", "13"]
    failures = list(suite.iter("failure"))
    assert len(failures) == 1
    assert "wanted red at 20:50" in (failures[0].text or "")


def test_coverage_lists_thresholds_by_which_nothing_rose(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, printed = told(tmp_path, capsys, "--coverage", a=RIGHT)
    assert status == 0
    assert "coverage: 1 of 2 thresholds of thresholds.yaml raised a level" in printed
    assert "in no test: thresholds.yaml:11: hazards.flash_flood.levels[1]: red, 1h, 40" in printed


def test_check_says_when_a_folder_has_no_tests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_county(tmp_path)
    assert main(["check", str(tmp_path)]) == 0
    assert "look at: no tests of the rules in tests/" in capsys.readouterr().out
    (tmp_path / "tests" / "a.yaml").write_text(RIGHT, encoding="utf-8")
    assert main(["check", str(tmp_path)]) == 0
    assert "no tests" not in capsys.readouterr().out


def test_longer_steps_find_the_same_at_most_a_step_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = """\
  - name: every quarter of an hour
    step: 15min
    readings: {"R* rain": 2x10 0x*}
    answers: [{at: 55min, by: p1, answer: acknowledged}]
    expect:
      - {at: 59min, village: "001", hazard: flash_flood, level: none}
      - {at: 60min, village: "001", hazard: flash_flood, level: yellow}
"""
    status, printed = told(tmp_path, capsys, a=f"{START}tests:\n{steps}")
    assert status == 1
    assert "p1 has been told nothing to answer" in printed
    assert printed.count("wanted") == 0
