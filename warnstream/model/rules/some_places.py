"""What a hazard reads and finds, of some of the places: those whose rain has moved are judged by themselves.

Tables have `of_places` of their own (`warnstream.model.rules.rules.Thresholds`).
"""

from dataclasses import dataclass, replace

from warnstream.model.arrays import Int64Array
from warnstream.model.rules.indicators import HazardLevels, VillageAntecedent, VillageRain
from warnstream.model.rules.outlook import outlook_with


@dataclass(frozen=True, slots=True, eq=False)
class RainMoved:
    """Where the rain of places is another than in the step before; all else of it is equal.

    Attributes
    ----------
    before, rain : VillageRain
        Known by identity: what was found of another rain than `before` says nothing of these places.
    places : Int64Array, shape (n,)
        Ascending.
    """

    before: VillageRain
    rain: VillageRain
    places: Int64Array

    def leads(self, before: tuple[object, ...], now: tuple[object, ...] | None) -> bool:
        """Whether the rain here is all that is another of what a hazard reads, the rain first."""
        if now is None or now[0] is not self.rain or before[0] is not self.before:
            return False
        return now[1:] == before[1:]


def rain_of_places(rain: VillageRain, places: Int64Array) -> VillageRain:
    """Rain that gauges measured at some places. ValueError where grids speak: they are judged whole."""
    if rain.grids is not None:
        raise ValueError("rain of grids cannot be cut into places")
    return replace(
        rain,
        rain_mm=rain.rain_mm[places],
        coverage=rain.coverage[places],
        is_blind=rain.is_blind[places],
        ahead_mm=rain.ahead_mm[places],
        weights=rain.weights.of_places(places),
    )


def antecedent_of_places(
    antecedent: VillageAntecedent | None, places: Int64Array
) -> VillageAntecedent | None:
    """What earlier rain has left at some places; None where nobody asks."""
    if antecedent is None:
        return None
    return VillageAntecedent(
        soil_water_mm=antecedent.soil_water_mm[places],
        soil_water_ahead_mm=antecedent.soil_water_ahead_mm[places],
        coverage=antecedent.coverage[places],
        effective_mm={life: mm[places] for life, mm in antecedent.effective_mm.items()},
        antecedent_mm={ratio: mm[places] for ratio, mm in antecedent.antecedent_mm.items()},
        weighted_mm=antecedent.weighted_mm[places],
        event_mm={gap: mm[places] for gap, mm in antecedent.event_mm.items()},
        event_s={gap: lasts_s[places] for gap, lasts_s in antecedent.event_s.items()},
    )


def levels_with(found: HazardLevels, places: Int64Array, anew: HazardLevels) -> HazardLevels:
    """What was found of all places, with what is found anew of some; both stay as they are."""
    arrays = []
    for name in HazardLevels.__slots__[:-1]:
        array = getattr(found, name).copy()
        array[places] = getattr(anew, name)
        arrays.append(array)
    if found.outlook is None and anew.outlook is None:
        return HazardLevels(*arrays)
    outlook = outlook_with(found.outlook, places, anew.outlook, len(found.level))
    return replace(HazardLevels(*arrays), outlook=outlook)
