"""A share of a threshold raises a level before it is reached: ``{of: orange, at_least: 90%}``.

Over windows of 12 h and more such a share tells of a crossing as early as a fitted
probability does, and anybody can check it (docs/forecast.md has the measured table).
It says that a threshold is near. It never says that it has been reached, nor when it will be.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, LevelArray, rows_where
from warnstream.model.forecast import ExpectedLevel
from warnstream.model.level import LEVELS, Level
from warnstream.model.rules.comparison import Comparison, clear_of
from warnstream.model.rules.indicators import HazardLevels, Indicator
from warnstream.model.rules.rules import CriticalRain, HazardRule


class Fallen(Protocol):
    """Rain of every place over one duration, mm (NaN: unknown), and an upper bound of all of it."""

    @property
    def rain_mm(self) -> Float64Array: ...  # noqa: D102  # described above

    @property
    def bound_mm(self) -> float: ...  # noqa: D102


class ByShare(NamedTuple):
    """What shares reach; arrays of shape (n_places,)."""

    level: LevelArray
    holding: LevelArray
    value: Float64Array
    threshold: Float64Array
    duration_s: Int32Array
    of: LevelArray
    share: Float64Array

    def take_into(self, found: HazardLevels) -> None:
        """Write the levels that are higher than what was found, and what they rest on."""
        places = rows_where(self.level > found.level)
        if len(places) == 0:
            return
        assert found.outlook is not None
        for name in ("level", "value", "threshold", "duration_s"):
            getattr(found, name)[places] = getattr(self, name)[places]
        found.forecast_value[places], found.lead_s[places] = 0.0, 0
        found.outlook.level[places], found.outlook.share[places] = self.of[places], self.share[places]


def by_shares(
    rule: HazardRule, table: CriticalRain, fallen: Sequence[Fallen], counts: BoolArray | None
) -> ByShare | None:
    """Levels by shares of thresholds, and what still holds them; None where a rule has no shares.

    Parameters
    ----------
    rule : HazardRule
    table : CriticalRain
        On the ground as it is.
    fallen : sequence of Fallen
        By duration of the table.
    counts : BoolArray or None, shape (n_places,)
        Where observed rain counts; None: everywhere.
    """
    shares = shares_of(rule)
    if not shares:
        return None
    n_places, clear_ratio = len(table.critical_mm), rule.lowering.clear_ratio
    level: LevelArray = np.zeros(n_places, dtype=np.uint8)
    found = ByShare(
        level,
        level.copy(),
        np.full(n_places, np.nan),
        np.full(n_places, np.nan),
        np.zeros(n_places, dtype=np.int32),
        level.copy(),
        np.zeros(n_places),
    )
    for share in shares:
        for index in columns_of(share, table):
            least_mm = share.share * float(table.lowest_mm[index, share.of - 1])
            if fallen[index].bound_mm >= least_mm * clear_ratio:
                _take(found, share, table, index, fallen[index].rain_mm, clear_ratio, counts)
    return found


def shares_of(rule: HazardRule) -> list[ExpectedLevel]:
    """The entries that are judged by a share."""
    return [expectation for expectation in rule.expected if expectation.share > 0]


def columns_of(one: ExpectedLevel, table: CriticalRain) -> list[int]:
    """Durations of a table, by number, that an entry compares."""
    return [
        index
        for index, duration_s in enumerate(table.duration_s.tolist())
        if not one.duration_s or duration_s in one.duration_s
    ]


def compare(
    rule: HazardRule,
    table: CriticalRain,
    fallen: Sequence[Fallen],
    place: int,
    *,
    counts: bool,
    why_not: str,
) -> list[Comparison]:
    """What `by_shares` compared at one place."""
    found = []
    for entry in shares_of(rule):
        for index in columns_of(entry, table):
            whole = float(table.critical_mm[place, index, entry.of - 1])
            if np.isnan(whole):
                continue
            critical = [np.nan] * len(LEVELS)
            critical[entry.raises - 1] = entry.share * whole
            value = float(fallen[index].rain_mm[place])
            is_reached = counts and value >= entry.share * whole
            note = f"{entry.share:.0%} of what reaches {entry.of.word}, {whole:g} mm"
            found.append(
                Comparison(
                    Indicator.RAIN,
                    value,
                    tuple(critical),
                    entry.raises if is_reached else Level.NONE,
                    duration_s=int(table.duration_s[index]),
                    clear=clear_of(tuple(critical), rule.lowering.clear_ratio),
                    note=note if counts else f"{note}; {why_not}",
                )
            )
    return found


def _take(  # one threshold of one entry
    found: ByShare,
    one: ExpectedLevel,
    table: CriticalRain,
    index: int,
    rain_mm: Float64Array,
    clear_ratio: float,
    counts: BoolArray | None,
) -> None:
    whole = table.critical_mm[:, index, one.of - 1]
    part = one.share * whole
    reached, holding = rain_mm >= part, rain_mm >= part * clear_ratio
    if counts is not None:
        reached, holding = reached & counts, holding & counts
    np.maximum(found.holding, holding * np.uint8(one.raises), out=found.holding)
    places = rows_where(reached & (found.level < one.raises))
    found.level[places] = one.raises
    found.value[places], found.threshold[places] = rain_mm[places], whole[places]
    found.duration_s[places] = table.duration_s[index]
    found.of[places], found.share[places] = one.of, one.share
