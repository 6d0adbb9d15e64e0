"""The keys under ``quality:`` and the resolution of gauges."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from warnstream.config.load import load_configuration
from warnstream.config.yaml.quantities import format_duration
from warnstream.model.observations.quality_limits import DEW_POINT_STEP, VALUE_LIMITS
from warnstream.model.observations.readings import Variable
from warnstream.model.rules.policies import NeighbourPolicy

FaultsAfter = Callable[[str, str, str], list[str]]
DOCUMENT = Path(__file__).parents[3] / "docs" / "configuration.md"
LAST = "windows:\n  longest: 24h\n"


def with_quality(text: str) -> str:
    return f"{LAST}quality:\n{text}"


def write(config_dir: Path, text: str) -> None:
    file = config_dir / "warnstream.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(LAST, with_quality(text)), encoding="utf-8")


def test_what_is_written_of_a_variable_is_put_over_its_defaults(config_dir: Path) -> None:
    write(
        config_dir,
        "  variables:\n    temperature: {range: [-30, 45], step: {1h: 5, 10min: 3}, source: county}\n",
    )
    limits = load_configuration(config_dir).quality.variables
    temperature, usual = limits[Variable.TEMPERATURE], VALUE_LIMITS[Variable.TEMPERATURE]
    assert temperature.range == (-30.0, 45.0)
    assert temperature.step == ((600, 3.0), (3600, 5.0))
    assert temperature.source == "county"
    assert (temperature.still_s, temperature.still_change) == (usual.still_s, usual.still_change)
    assert limits[Variable.HUMIDITY] == VALUE_LIMITS[Variable.HUMIDITY]


def test_a_check_can_be_switched_off(config_dir: Path) -> None:
    write(
        config_dir,
        "  variables:\n    wind_direction: {still_for: 0s}\n    humidity: {step: {}}\n"
        "  neighbours: {neighbours: 0}\n",
    )
    quality = load_configuration(config_dir).quality
    assert quality.variables[Variable.WIND_DIRECTION].still_s == 0
    assert quality.variables[Variable.HUMIDITY].step == ()
    assert quality.neighbours.neighbours == 0


def test_neighbours_take_kilometres_and_have_the_published_parameters(config_dir: Path) -> None:
    assert load_configuration(config_dir).quality.neighbours == NeighbourPolicy()
    write(config_dir, "  neighbours: {radius_km: 12.5, zero_intervals: 9}\n")
    assert load_configuration(config_dir).quality.neighbours == NeighbourPolicy(
        radius_m=12_500, zero_intervals=9
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  variables: {rain: {range: [0, 1]}}", "expected temperature, humidity"),
        ("  variables: {temperature: {step: 3}}", "expected changes by time such as {1min: 3, 1h: 4}, got 3"),
        (
            "  variables: {temperature: {step: {1min: 5, 1h: 4}}}",
            "expected changes that grow with time, got 4 after 5",
        ),
        (
            "  variables: {tilt_x: {step: {1h: 1}}}",
            "tilt_x: its step is quality.tilt_step_deg_max, remove step here",
        ),
        ("  variables: {temperature: {range: [5, 1]}}", "expected [low, high] with low below high"),
        ("  neighbours: {influx_high_mm: 0.2}", "expected more than influx_low_mm (0.4)"),
        ("  neighbours: {neighbours: 3}", "expected 0 or at least neighbours_min (5)"),
    ],
)
def test_faults_name_the_key(faults_after: FaultsAfter, text: str, expected: str) -> None:
    (found,) = faults_after("warnstream.yaml", LAST, with_quality(f"{text}\n"))
    assert found.startswith("warnstream.yaml:")
    assert "quality." in found
    assert expected in found


def test_the_documentation_has_every_limit() -> None:
    """The table of docs/configuration.md against the defaults, figure by figure."""
    text = DOCUMENT.read_text(encoding="utf-8").partition("<!-- value limits -->")[2].partition("\n\n")[0]
    rows = {
        cells[1].split(",")[0].strip(" `"): cells
        for line in text.splitlines()
        if len(cells := line.split("|")) > 5
    }
    for variable, limits in VALUE_LIMITS.items():
        words = [word for word in rows if word == variable.word]
        if not words:
            continue
        cells = rows[variable.word]
        low, high = (
            (float(number) for number in re.findall(r"-?[0-9.]+", cells[2])[:2])
            if "+-" not in cells[2]
            else (-limits.range[1], limits.range[1])
        )
        assert (low, high) == limits.range, variable.word
        if limits.step:
            assert cells[3].strip() == ", ".join(f"{format_duration(s)}: {most:g}" for s, most in limits.step)
        if limits.still_s:
            assert cells[4].strip().startswith(f"{limits.still_change:g} in {limits.still_s // 60} min")
    assert {
        "temperature",
        "humidity",
        "pressure",
        "wind_speed",
        "wind_direction",
        "soil_moisture",
    } <= rows.keys()
    dew = next(cells for word, cells in rows.items() if word.startswith("dew point"))
    assert dew[3].strip() == ", ".join(f"{format_duration(s)}: {most:g}" for s, most in DEW_POINT_STEP)


def test_the_resolution_of_gauges_is_optional(config_dir: Path) -> None:
    assert load_configuration(config_dir).network.stations.resolution_mm is None
    file = config_dir / "stations.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text(
        "\n".join([f"{lines[0]},resolution_mm", f"{lines[1]},0.2", *(f"{line}," for line in lines[2:])])
        + "\n",
        encoding="utf-8",
    )
    found = load_configuration(config_dir).network.stations.resolution_mm
    assert found is not None
    assert found[0] == 0.2
    assert np.isnan(found[1:]).all()


def test_a_resolution_must_be_that_of_a_gauge(config_dir: Path, faults: Callable[[], list[str]]) -> None:
    file = config_dir / "stations.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    rest = [f"{line},0" for line in lines[1:]]
    file.write_text("\n".join([f"{lines[0]},resolution_mm", *rest]) + "\n", encoding="utf-8")
    assert faults()[0] == "stations.csv:2: resolution_mm: expected a number from 0.01 to 10, got 0"
