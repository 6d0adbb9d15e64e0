"""Critical rainfall that depends on how wet the ground is: what must agree, and its arrays."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from warnstream.config.thresholds.document import CriticalRainfallSection
from warnstream.config.yaml.quantities import format_duration
from warnstream.model.arrays import Float64Array
from warnstream.model.level import Level
from warnstream.model.rules.rules import CriticalRain, Wetness

CLASSES = ("dry", "medium", "wet")
"""From the driest ground to the wettest; an empty word stands for all of them."""

Report = Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class ClassValue:
    """One threshold of one place: `number` is that of its row, `wetness` a class or empty."""

    number: int
    duration_s: int
    level: Level
    value: float
    wetness: str


def of_class(values: Iterable[ClassValue], wetness: str) -> list[ClassValue]:
    """What holds on ground of a class: its own values, and those of all classes where it has none."""
    found = {(one.duration_s, one.level): one for one in values if not one.wetness}
    found |= {(one.duration_s, one.level): one for one in values if one.wetness == wetness}
    return list(found.values())


def find_wetter_above_drier(values: Sequence[ClassValue], unit: str, report: Report) -> None:
    """Report values of wetter ground that ask for more than those of drier ground."""
    told: set[int] = set()
    for drier, wetter in (("dry", "medium"), ("medium", "wet"), ("dry", "wet")):
        limit = {(one.duration_s, one.level): one for one in of_class(values, drier)}
        for one in of_class(values, wetter):
            below = limit.get((one.duration_s, one.level))
            if below is None or one.value <= below.value:
                continue
            wrong, other, words = (one, below, "at most") if one.wetness else (below, one, "at least")
            if wrong.number in told:
                continue
            told.add(wrong.number)
            over = format_duration(one.duration_s)
            place = drier if one.wetness else wetter
            expected = f"expected {wrong.level.word} over {over} on {wrong.wetness} ground {words} that on"
            report(
                wrong.number,
                f"{expected} {place} ground ({other.value:g} {unit}), got {wrong.value:g} {unit}",
            )


def wetness_of(hazard: CriticalRainfallSection, table_of: Callable[[str], CriticalRain]) -> CriticalRain:
    """Thresholds of a hazard, with what the wetness makes of them.

    Parameters
    ----------
    hazard : CriticalRainfallSection
    table_of : callable
        Critical rainfall of ground of a class.
    """
    ratio, section, points = hazard.critical_ratio, hazard.wetness, hazard.guidance
    medium = table_of("medium")
    medium = replace(medium, critical_mm=medium.critical_mm * ratio)
    none: Float64Array = np.zeros(0)
    if section is not None:
        dry, wet = (table_of(name).critical_mm * ratio for name in ("dry", "wet"))
        api_ratio = section.api_ratio if section.by == "antecedent_rain" else 0.0
        limit_mm = (section.storage_mm * section.medium_from, section.storage_mm * section.wet_from)
        return replace(medium, wetness=Wetness(api_ratio, limit_mm, dry, wet, none, none))
    if points:
        ordered = sorted((point.soil_water_mm, point.share) for point in points)
        guide_mm, guide_share = (np.array(axis) for axis in zip(*ordered, strict=True))
        return replace(medium, wetness=Wetness(0.0, (0.0, 0.0), None, None, guide_mm, guide_share))
    return medium
