"""`expected:` of a table: what may stand there, and where it says what cannot be meant."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.config.conftest import FILES
from warnstream.config.load import load_configuration
from warnstream.config.summary import summarise
from warnstream.model.level import Level
from warnstream.model.rules.expected import ExpectedLevel

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
