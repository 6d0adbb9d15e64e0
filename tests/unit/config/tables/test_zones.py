from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from warnstream.config.load import load_configuration
from warnstream.model.rules.rules import CriticalRain

HEADER = "zone,village,name,latitude,longitude,polygon_wkt"
OUTLINE = '"POLYGON ((119.8 28.3, 120.0 28.3, 120.0 28.5, 119.8 28.5, 119.8 28.3))"'


def write_zones(directory: Path, *rows: str) -> None:
    (directory / "zones.csv").write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")


def test_zones_divide_a_village(config_dir: Path, faults: Callable[[], list[str]]) -> None:
    write_zones(config_dir, f"001-up,001,上游,28.42,119.92,{OUTLINE}", "001-slope,001,Slope,28.41,119.9,")
    assert faults() == []
    network = load_configuration(config_dir).network
    assert [zone.village for zone in network.zones] == [0, 0]
    assert network.places.site.code == ("001-up", "001-slope", "002", "003")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("001-up,004,Up,28.4,119.9,", "village: unknown village '004'"),
        ("001,001,Up,28.4,119.9,", "zone: expected a code of its own, '001' is a village"),
        ("001-up,001,,28.4,119.9,", "name: expected text, got an empty cell"),
        (
            "a b,001,Up,28.4,119.9,",
            "zone: expected a code of 1 to 64 characters of A-Z a-z 0-9 . _ -, got 'a b'",
        ),
        ("001-up,001,Up,128.4,119.9,", "latitude: expected a number from -90 to 90, got 128.4"),
    ],
)
def test_a_wrong_zone_is_named(
    row: str, expected: str, config_dir: Path, faults: Callable[[], list[str]]
) -> None:
    write_zones(config_dir, row)
    (found,) = faults()
    assert found.startswith(f"zones.csv:2: {expected}")


def test_thresholds_of_a_village_hold_in_its_zones_and_a_zone_may_have_its_own(
    config_dir: Path, faults: Callable[[], list[str]]
) -> None:
    write_zones(config_dir, "001-up,001,Up,28.4,119.9,", "001-low,001,Low,28.4,119.91,")
    table = config_dir / "thresholds.csv"
    rows = table.read_text(encoding="utf-8").splitlines()
    header = rows[0].split(",")
    stage = [row for row in rows[1:] if "river_flood" in row]
    cells = {"village": "001", "hazard": "flash_flood", "duration": "1h", "level": "red", "unit": "mm"}
    own = [
        ",".join({**cells, "village": village, "value": value}.get(column, "") for column in header)
        for village, value in (("001", "70"), ("001-low", "50"))
    ]
    table.write_text("\n".join([rows[0], *own, *stage, ""]), encoding="utf-8")
    assert faults() == []
    (rule,) = (r for r in load_configuration(config_dir).rules if r.name == "flash_flood")
    assert isinstance(rule.thresholds, CriticalRain)
    hour = rule.thresholds.duration_s.tolist().index(3600)
    red = rule.thresholds.critical_mm[:, hour, 3]
    np.testing.assert_array_equal(red, [70, 50, 80, 80])


def test_the_method_grid_wants_outlines_of_villages_or_zones(
    config_dir: Path, faults: Callable[[], list[str]]
) -> None:
    node = config_dir / "warnstream.yaml"
    node.write_text(
        node.read_text(encoding="utf-8") + "villages: {method: grid, cell_km: 0.5}\n", encoding="utf-8"
    )
    (found,) = faults()
    assert "grid needs outlines" in found
    write_zones(config_dir, f"001-up,001,Up,28.42,119.92,{OUTLINE}")
    assert faults() == []
    assert load_configuration(config_dir).village.cell_m == 500
