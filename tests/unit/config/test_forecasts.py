"""`forecasts:` and what is asked of them, in files of a configuration."""

from collections.abc import Callable
from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.config.summary import lints
from warnstream.model.rules.policies import TransferAhead
from warnstream.runners.build import derive

ENS = "forecasts:\n  ens: {files: model/*.grib2, variable: tp, accumulated: since_start, members: 51"
ASKS = """  long_rain:
    evaluator: rule
    title: {zh: 长历时降雨, en: Long rain}
    source: county, 2026
    levels:
      - {level: yellow, forecast_rain: 24h, at_least: 100mm, probability: 30%}
"""
TRANSFER = "  transfer: {ahead: {rain_mm: 100, source: plan of the county}}\n"


def write(directory: Path, models: str, *, asks: str = "", transfer: str = "") -> None:
    (directory / "model").mkdir(exist_ok=True)
    node = directory / "warnstream.yaml"
    text = node.read_text("utf-8").replace("messages:\n", f"messages:\n{transfer}", 1)
    node.write_text(text + models, "utf-8")
    with (directory / "thresholds.yaml").open("a", encoding="utf-8") as file:
        file.write(asks)


def test_a_model_needs_its_files_its_variable_and_what_its_amounts_are(
    config_dir: Path, faults: Callable[[], list[str]]
) -> None:
    write(config_dir, f"{ENS}}}\n", asks=ASKS, transfer=TRANSFER)
    assert faults() == []
    configuration = load_configuration(config_dir)
    (model,) = configuration.models
    assert (model.name, model.folder, model.pattern) == ("ens", config_dir / "model", "*.grib2")
    assert (model.n_members, model.reach_s, model.age_s_max) == (51, 48 * 3600, 6 * 3600)
    assert configuration.message.transfer.ahead == TransferAhead(86400, 100.0, 0.2, "plan of the county")
    assert derive(configuration).models is not None


def test_a_folder_that_is_not_there_keeps_no_node_from_starting(
    config_dir: Path, faults: Callable[[], list[str]]
) -> None:
    """A share that is not mounted, a stick that was pulled; a slip of the hand is told all the same."""
    write(config_dir, f"{ENS}}}\n".replace("model/*", "nowhere/*"), asks=ASKS)
    assert faults() == []
    told = [lint for lint in lints(load_configuration(config_dir)) if lint.startswith("forecasts.ens.files")]
    where = config_dir / "nowhere"
    assert told == [f"forecasts.ens.files: no such folder now: {where}; nothing is read until it is there"]
    (config_dir / "nowhere").touch()
    assert any("no such folder now" in lint for lint in lints(load_configuration(config_dir)))


def test_a_model_of_which_nobody_asks_anything_is_not_used_and_check_says_so(config_dir: Path) -> None:
    write(config_dir, f"{ENS}}}\n")
    configuration = load_configuration(config_dir)
    assert derive(configuration).models is None
    assert any("forecasts have no effect" in lint for lint in lints(configuration))


@pytest.mark.parametrize(
    ("models", "transfer", "expected"),
    [
        ("forecasts:\n  ens: {files: model/*}\n", "", "forecasts.ens.variable: missing."),
        (
            f"{ENS}, bucket: 6h}}\n",
            "",
            "forecasts.ens.bucket: expected whole hours, beside accumulated: resets",
        ),
        (f"{ENS}, reach: 5h}}\n", "", "forecasts.ens.max_age: expected less than reach (5h)"),
        (f"{ENS}, usual_delay: 6h}}\n", "", "forecasts.ens.usual_delay: expected less than max_age (6h)"),
        (f"{ENS}, members: 60}}\n".replace("members: 51, ", ""), "", "forecasts.ens.members: expected"),
        (
            f"{ENS}, reach: 24h}}\n",
            "",
            "forecast_rain: expected at most 18h: reach of forecasts, less max_age",
        ),
        (
            f"{ENS}, reach: 24h}}\n",
            TRANSFER,
            "messages.transfer.ahead.rain: expected at most 18h: reach of forecasts, less max_age",
        ),
        ("", "", "probability: expected forecasts in warnstream.yaml"),
        ("", TRANSFER, "messages.transfer.ahead: expected forecasts: no hour is worked out without"),
        (
            f"{ENS}}}\n",
            TRANSFER.replace(", source: plan of the county", ""),
            "messages.transfer.ahead.source: missing.",
        ),
    ],
)
def test_what_cannot_be_meant_is_said_at_its_key(
    config_dir: Path, faults: Callable[[], list[str]], models: str, transfer: str, expected: str
) -> None:
    write(config_dir, models, asks=ASKS, transfer=transfer)
    assert any(expected in fault for fault in faults()), faults()
