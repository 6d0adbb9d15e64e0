"""A test of rules runs on the engine of a replay."""

from pathlib import Path

from tests.unit.rule_tests.county import START, write_county
from warnstream.config.rule_tests.read import TestFile, files_of, read_tests
from warnstream.model.warning import WarningMessage
from warnstream.runners.build import derive
from warnstream.runners.replay.replay import Replay
from warnstream.runners.rule_tests.run import run_test
from warnstream.runners.rule_tests.suite import outcomes_of

STORM = f"""\
{START}tests:
  - name: a storm
    readings: {{"R* rain": 0x2 2..6x5 _x3 5x4 0x*}}
    expect:
      - {{at: 150min, village: "001", hazard: flash_flood, level: none}}
  - name: the same storm
    readings: {{"R* rain": 0x2 2..6x5 _x3 5x4 0x*}}
    expect:
      - {{at: 150min, village: "001", hazard: flash_flood, level: none}}
"""


def read(directory: Path) -> TestFile:
    county = write_county(directory, a=STORM)
    (file,) = read_tests(county, files_of(county))
    return file


def test_a_test_finds_the_messages_of_a_replay_of_its_readings(tmp_path: Path) -> None:
    file = read(tmp_path)
    test = file.tests[0]
    replayed: list[WarningMessage] = []
    for minute in Replay(file.configuration, test.readings, test.end_s).steps():
        replayed += minute.step.effects.messages
    record = run_test(test, derive(file.configuration))
    assert record.messages == replayed
    assert len(replayed) >= 3


def test_a_test_knows_nothing_of_the_one_before(tmp_path: Path) -> None:
    first, second = outcomes_of([read(tmp_path)])
    assert first.record == second.record
    assert first.record.digests
