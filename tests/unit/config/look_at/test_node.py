from collections.abc import Callable
from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.config.look_at import files, node
from warnstream.config.look_at.registry import look_at
from warnstream.model.rules.policies import RetryPolicy

FaultsAfter = Callable[[str, str, str], list[str]]


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "warnstream.yaml",
            "name: county",
            "name: county\n  clock: simulated",
            (
                "node.clock is simulated: nothing is judged until ws/clock tells the time; "
                "real stations need clock: system"
            ),
        ),
        (
            "warnstream.yaml",
            "longest: 24h",
            "longest: 24h\n  lateness_max: 1h",
            (
                "windows.lateness_max is 1h, the longest threshold 3h: "
                "after a longer outage its sums stay too low"
            ),
        ),
        (
            "thresholds.yaml",
            "    levels:",
            "    forecast_level_max: red\n    levels:",
            (
                "flash_flood: forecast_level_max is red: the nowcast alone orders people to leave, "
                "often for nothing (docs/forecast.md has its false alarms)"
            ),
        ),
        (
            "thresholds.yaml",
            "    levels:",
            "    lowering: {hold: 0s, active_min: 0s}\n    levels:",
            "flash_flood: lowering has no hold and no active_min: the first lower reading ends a level",
        ),
        (
            "thresholds.yaml",
            "    levels:",
            "    lowering: {coverage_min: 0.2}\n    levels:",
            (
                "flash_flood: lowering.coverage_min is 0.2: a level falls although "
                "most of the hour was not observed"
            ),
        ),
        (
            "channels.yaml",
            "kind: webhook",
            "kind: webhook\n    retry: {attempts_max: 4, first_wait: 10s, wait_max: 15s}",
            "channel sms: gives up after 40s (retry), sooner than an outage of 1h is over",
        ),
        (
            "warnstream.yaml",
            "county.example\nwindows",
            "county.example\n  status: Actual\nwindows",
            "http.public_url is not set: nobody can answer a message by its link",
        ),
        (
            "warnstream.yaml",
            "county.example\nwindows",
            "county.example\n  status: Actual\nhttp: {public_url: 'http://127.0.0.1:18080'}\nwindows",
            "http.public_url is 127.0.0.1: links in messages lead to the phone itself",
        ),
        (
            "warnstream.yaml",
            "windows:",
            "storage: {directory: /proc/warnstream}\nwindows:",
            (
                "storage.directory: nothing can be written in /proc (No such file or directory): "
                "the node would not start"
            ),
        ),
    ],
)
def test_what_is_legal_and_bites_is_looked_at(
    file: str, old: str, new: str, expected: str, config_dir: Path, faults_after: FaultsAfter
) -> None:
    assert expected not in look_at(load_configuration(config_dir))
    assert faults_after(file, old, new) == []
    assert expected in look_at(load_configuration(config_dir))


def test_a_file_that_nothing_reads_is_looked_at(config_dir: Path) -> None:
    assert list(files.files_nobody_reads(load_configuration(config_dir))) == []
    (config_dir / "gauges.csv").write_text("station,datum,base_m,top_m\n", "utf-8")
    (config_dir / "thresholds (2).yaml").write_text("hazards:\n", "utf-8")
    (config_dir / "events_2019.csv").write_text("event,time,latitude\n", "utf-8")
    (config_dir / "notes.txt").write_text("station\n", "utf-8")
    assert list(files.files_nobody_reads(load_configuration(config_dir))) == [
        "2 files that nothing reads: gauges.csv, thresholds (2).yaml"
    ]


def test_a_copy_that_was_broken_off_within_its_last_cell_is_looked_at(config_dir: Path) -> None:
    assert list(files.half_written_files(load_configuration(config_dir))) == []
    table = config_dir / "households.csv"
    table.write_bytes(table.read_bytes().rstrip()[:-1])
    assert list(files.half_written_files(load_configuration(config_dir))) == [
        "households.csv: its last line has no end: rows are missing if the file was not written whole"
    ]


def test_a_channel_tries_from_its_first_attempt_to_its_last() -> None:
    assert node.seconds_tried(RetryPolicy(1, 5, 60)) == 0
    assert node.seconds_tried(RetryPolicy(5, 10, 30)) == 10 + 20 + 30 + 30
