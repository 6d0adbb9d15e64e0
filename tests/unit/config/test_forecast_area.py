"""A position that was mistyped, or cells that are too small: said by `check`, not by a start that fails."""

from pathlib import Path

import pytest

from tests.unit.rule_tests.county import write_county
from warnstream.config.load import load_configuration
from warnstream.model.errors import ConfigError
from warnstream.runners.build import derive


@pytest.fixture
def county(tmp_path: Path) -> Path:
    write_county(tmp_path)
    path = tmp_path / "warnstream.yaml"
    text = path.read_text(encoding="utf-8").replace("{method: none}", "{method: advection}", 1)
    path.write_text(text, encoding="utf-8")
    return tmp_path


def add(path: Path, row: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + row + "\n", encoding="utf-8")


@pytest.mark.parametrize("where", ["0.0,0.0", "-28.4,119.9", "28.4,-119.9", "90,180"])
def test_a_gauge_at_the_end_of_the_world_keeps_no_node_from_starting(county: Path, where: str) -> None:
    add(county / "stations.csv", f"FAR,{where},,rain,300,County")
    assert derive(load_configuration(county)).nowcast is not None


def test_a_village_and_its_gauge_far_away_are_a_fault_that_names_the_village(county: Path) -> None:
    add(county / "stations.csv", "FAR,0.0,0.0,,rain,300,County")
    add(county / "villages.csv", "far,Far,0.0,0.0,Town,County")
    with pytest.raises(ConfigError) as raised:
        load_configuration(county)
    (fault,) = raised.value.faults
    assert (fault.file, fault.path) == ("warnstream.yaml", "forecast.cell_km")
    assert "village 'far'" in fault.expected
    assert "is its position right?" in fault.expected
