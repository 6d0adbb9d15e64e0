"""`expected:` of a table: what may stand there, and where it says what cannot be meant."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.unit.config.conftest import FILES
from warnstream.config.load import load_configuration
from warnstream.config.summary import lints, summarise
from warnstream.config.tables.chances import table_text
from warnstream.forecast.chances.features import FEATURES
from warnstream.forecast.chances.table import KNOTS, LEADS, ChanceTable
from warnstream.model.forecast import ExpectedLevel
from warnstream.model.level import Level
from warnstream.runners.build import derive

AT = "    evaluator: critical_rainfall\n"


def with_expected(entries: str) -> str:
    text = FILES["thresholds.yaml"]
    assert text.count(AT) == 1
    return text.replace(AT, f"{AT}    expected: {entries}\n")


def test_shares_are_read_with_their_levels_and_durations(config_dir: Path) -> None:
    (config_dir / "thresholds.yaml").write_text(
        with_expected(
            "[{of: orange, at_least: 90%, durations: [1h], level_max: yellow}, {of: red, at_least: 80%}]"
        ),
        encoding="utf-8",
    )
    configuration = load_configuration(config_dir)
    (rule,) = (rule for rule in configuration.rules if rule.name == "flash_flood")
    assert rule.expected == (
        ExpectedLevel(Level.ORANGE, Level.YELLOW, 0.9, (3600,)),
        ExpectedLevel(Level.RED, Level.RED, 0.8),
    )
    assert "    yellow from 90% of what reaches orange over 1h on" in summarise(configuration)


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        ("[{of: orange, at_least: 90}]", "at_least: expected a share such as 90%, got the number 90"),
        ("[{of: orange, at_least: 100%}]", "at_least: expected a share from 10% to 99%, got '100%'"),
        ("[{of: orange, at_least: 90%, level_max: red}]", "level_max: expected orange or a level below it"),
        ("[{of: blue, at_least: 90%}]", "of: expected a level that has a threshold: "),
        (
            "[{of: orange, at_least: 90%, durations: [24h]}]",
            "durations[0]: expected a duration that orange has a threshold for: 1h",
        ),
        ("[{at_least: 90%}]", "missing"),
        ("[{of: orange, at_least: 90%, share: 3}]", "unknown key 'share'"),
    ],
)
def test_what_would_never_be_compared_is_refused(
    entries: str, fault: str, faults_with: Callable[[str, str], list[str]]
) -> None:
    found = faults_with("thresholds.yaml", with_expected(entries))
    assert any(fault in line and "flash_flood.expected[0]" in line for line in found), found


TABLE = table_text(
    ChanceTable(
        np.ones((LEADS, len(FEATURES))),
        -np.ones((LEADS, len(FEATURES))),
        np.tile(np.array(KNOTS), (LEADS, 1)),
        "the record",
        (28.0, 119.0, 29.0, 120.0),
        "",
    )
)


def with_table(directory: Path) -> None:
    (directory / "forecast.csv").write_text(TABLE, encoding="utf-8")
    path = directory / "warnstream.yaml"
    path.write_text(
        path.read_text(encoding="utf-8") + "\nforecast: {table: forecast.csv}\n", encoding="utf-8"
    )


def test_probabilities_are_read_and_the_table_is_one_of_the_files(config_dir: Path) -> None:
    with_table(config_dir)
    (config_dir / "thresholds.yaml").write_text(
        with_expected("[{of: orange, within: 2h, probability: 40%, level_max: yellow}]"), encoding="utf-8"
    )
    configuration = load_configuration(config_dir)
    (rule,) = (rule for rule in configuration.rules if rule.name == "flash_flood")
    assert rule.expected == (ExpectedLevel(Level.ORANGE, Level.YELLOW, 0.0, (), 7200, 0.4),)
    assert configuration.chance_table is not None
    assert "forecast.csv" in configuration.files_read
    assert "yellow if what reaches orange is reached within 2h with a probability of 40%" in summarise(
        configuration
    )
    ahead = derive(configuration).ahead
    assert ahead is not None
    assert ahead.every_s == configuration.forecast.every_s
    assert not [lint for lint in lints(configuration) if "forecast.table" in lint]


def test_check_says_what_a_table_does_not_do(config_dir: Path) -> None:
    with_table(config_dir)
    assert "forecast.table has no effect: no rule asks for a probability" in lints(
        load_configuration(config_dir)
    )
    (config_dir / "forecast.csv").write_text(TABLE.replace("28.000", "38.000").replace("29.000", "39.000"))
    (config_dir / "thresholds.yaml").write_text(
        with_expected("[{of: orange, within: 2h, probability: 40%}]"), encoding="utf-8"
    )
    elsewhere = [lint for lint in lints(load_configuration(config_dir)) if "forecast.table" in lint]
    assert elsewhere == [
        "forecast.table is of the record: messages say that probabilities are not calibrated here"
    ]


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        ("[{of: orange, within: 2h}]", "expected at_least, or within and probability"),
        ("[{of: orange, probability: 40%}]", "expected within and probability together"),
        ("[{of: orange, at_least: 90%, within: 2h, probability: 40%}]", "expected at_least, or within"),
        ("[{of: orange, within: 50min, probability: 40%}]", "expected whole quarter hours"),
        (
            "[{of: orange, within: 2h, probability: 40%}]",
            "expected forecast.table or forecast.radar in warnstream.yaml",
        ),
    ],
)
def test_a_probability_needs_its_time_and_a_table(
    entries: str, fault: str, faults_with: Callable[[str, str], list[str]]
) -> None:
    found = faults_with("thresholds.yaml", with_expected(entries))
    assert any(fault in line for line in found), found


def test_a_table_that_is_not_there_is_said_at_its_key(
    config_dir: Path, faults: Callable[[], list[str]]
) -> None:
    with_table(config_dir)
    (config_dir / "forecast.csv").unlink()
    assert any("forecast.table" in line and "forecast.csv" in line for line in faults())
