"""What an office knows of slopes and low spots: an inventory, sensors at part of them, thresholds.

The inventory names every village with a slope above it or a low spot; when
they slip or fill nobody knows but the truth. Thresholds are published where
there are any, and say so in their source.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from station_sim.errors import SimulatorError
from warnstream.model.arrays import Int64Array

SLOPE_HAZARD = "slope"
WATERLOGGING_HAZARD = "waterlogging"

SLOPE_ROWS = (
    ("yellow", 0.01, "deg/h", "Uchimura 2015: precaution"),
    ("orange", 6.0, "h", "Fukuzono 1985: inverse velocity; hours assumed by the simulator"),
    ("red", 0.1, "deg/h", "Uchimura 2015: warning"),
)
"""Level, value, unit and source of every slope sensor."""

DEPTH_ROWS = (
    ("blue", 5.0, "cm", "assumed by the simulator: water stands"),
    ("yellow", 10.0, "cm", "FloodNet, New York: 10 cm mark"),
    ("orange", 15.0, "cm", "common mark: walk and drive with care"),
    ("red", 27.0, "cm", "common mark: no car may enter"),
)
"""The same of every depth sensor."""

LOW_SPOT_RAIN_ROWS = (
    ("blue", 20.0, "1h"),
    ("yellow", 30.0, "1h"),
    ("orange", 45.0, "1h"),
    ("red", 60.0, "1h"),
)
LOW_SPOT_RAIN_SOURCE = "assumed by the simulator: drains take 22 to 45 mm/h"
"""Rain of an hour that villages with a low spot are warned by."""

SLOPE_CURVES = (("yellow", 14.82), ("orange", 29.64))
_CURVE_EXPONENT = 0.39
_CURVE_SOURCE = "Caine 1980 for villages on slopes, orange at twice its intensity; elsewhere "


@dataclass(frozen=True, slots=True)
class GroundInventory:
    """Villages at risk, and the sensors that warn them.

    Attributes
    ----------
    slope_village, low_spot_village : Int64Array
        Numbers of villages with a slope above them, with a low spot.
    slope_sensor, depth_sensor : tuple of (int, int)
        Station and village, one pair for each sensor.
    """

    slope_village: Int64Array
    low_spot_village: Int64Array
    slope_sensor: tuple[tuple[int, int], ...]
    depth_sensor: tuple[tuple[int, int], ...]


def threshold_rows(
    ground: GroundInventory, station: tuple[str, ...], village: tuple[str, ...]
) -> Iterator[tuple[object, ...]]:
    """Rows of thresholds.csv; `station` and `village` are codes by number."""
    for hazard, sensors, rows in (
        (SLOPE_HAZARD, ground.slope_sensor, SLOPE_ROWS),
        (WATERLOGGING_HAZARD, ground.depth_sensor, DEPTH_ROWS),
    ):
        for sensor, warned in sensors:
            for level, value, unit, source in rows:
                yield village[warned], hazard, "", level, f"{value:g}", unit, station[sensor], source
    for low in ground.low_spot_village.tolist():
        for level, rain_mm, duration in LOW_SPOT_RAIN_ROWS:
            where = (village[low], WATERLOGGING_HAZARD, duration, level, f"{rain_mm:g}", "mm", "")
            yield *where, LOW_SPOT_RAIN_SOURCE


def write_ground_hazards(directory: Path, ground: GroundInventory, village: tuple[str, ...]) -> None:
    """Add the hazards of the ground to a folder's thresholds.yaml, a copy of the demo's.

    Villages on slopes become a landslide territory of their own, judged by
    intensity and duration of the rain; `slope` and `waterlogging` are added.
    Without slopes (or low spots) nothing is added for them.

    Raises
    ------
    SimulatorError
        If the file has no line ``hazards:``, or no ``territories:`` of a landslide hazard.
    """
    path = directory / "thresholds.yaml"
    text = path.read_text(encoding="utf-8")
    if ground.slope_sensor:
        text = _inserted(text, path, "hazards:\n", _section(SLOPE_HAZARD))
    if len(ground.low_spot_village):
        text = _inserted(text, path, "hazards:\n", _section(WATERLOGGING_HAZARD))
    if len(ground.slope_village):
        codes = [village[n] for n in ground.slope_village.tolist()]
        text = _inserted(text, path, "    territories:\n", _territory(codes))
        text = _inserted(
            text,
            path,
            "    evaluator: landslide_rain\n    title: {zh: 滑坡, en: Landslide}\n    source: ",
            _CURVE_SOURCE,
        )
    path.write_text(text, encoding="utf-8")


def _inserted(text: str, path: Path, after: str, added: str) -> str:
    if text.count(after) != 1:
        raise SimulatorError(
            f"{path}: expected {after.strip().splitlines()[-1]!r} once, as in the demo configuration"
        )
    return text.replace(after, after + added)


def _section(hazard: str) -> str:
    """A hazard of ground_hazards.yaml, as part of ``hazards:``."""
    whole = Path(__file__).with_name("ground_hazards.yaml").read_text(encoding="utf-8")
    lines = whole[whole.index(f"{hazard}:\n") :].split("\n\n")[0].strip().splitlines()
    return "".join(f"  {line}\n" for line in lines) + "\n"


def _territory(codes: list[str]) -> str:
    quoted = ", ".join(f'"{code}"' for code in codes)
    curves = "".join(
        f"          - {{level: {level}, a: {a:g}, b: {_CURVE_EXPONENT:g}}}\n" for level, a in SLOPE_CURVES
    )
    return f"      - areas: [{quoted}]\n        intensity_duration:\n{curves}"
