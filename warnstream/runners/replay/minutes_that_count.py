"""Which minutes of an archive have to be judged: the others are proved to change nothing.

A minute is left out where nothing came but dry reports of gauges that are heard, and by the last step

- nothing stands anywhere, and the greatest rain of any gauge with what is forecast reaches no threshold
  (`HazardKind.could_rise`; a hazard without such a bound asks for every minute),
- no gauge falls silent before, none begins or ceases to be believed, no nowcast is due (`dry_until_s`),
- the desk has nothing to say before: no warning stands, no digest, reminder or end falls due (`due_s`).

What came meanwhile is taken by the next step that is judged, together and in order. So the state of an engine
is what it would have been, and whatever it finds and tells later is, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from warnstream.engine import EngineStep
from warnstream.model.arrays import BoolArray, Int32Array
from warnstream.model.observations.readings import RAIN, ReadingBatch, concatenate
from warnstream.runners.build import Derived
from warnstream.runners.replay.replay import Minute
from warnstream.runners.replay.side_by_side import SideBySide


@dataclass(frozen=True, slots=True)
class Judged:
    """Steps of one minute in the order of the configurations, after `n_left_out` that were left out."""

    steps: list[EngineStep]
    n_left_out: int


@dataclass(slots=True)
class MinutesThatCount:
    """Steps engines side by side through the minutes that may change anything.

    Parameters
    ----------
    engines : SideBySide
    derived : sequence of Derived
        Of the same configurations.
    every_minute : bool
        Leave out none.
    """

    engines: SideBySide
    derived: Sequence[Derived]
    every_minute: bool = False
    _waiting: list[ReadingBatch] = field(default_factory=list)
    _n_left_out: int = 0
    _due_s: int = 0
    _wet_s: int = -1
    _interval_s: Int32Array = field(init=False)
    _is_reporting: BoolArray = field(init=False)

    def __post_init__(self) -> None:
        stations = self.derived[0].configuration.network.stations
        self._interval_s = stations.interval_s
        self._is_reporting = np.zeros(len(stations), dtype=np.bool_)
        self.every_minute |= not all(_has_bounds(part) for part in self.derived)

    def take(self, minute: Minute, *, is_last: bool) -> Judged | None:
        """Judge a minute; None where it is left out. The last one of an archive is judged."""
        is_dry = self._is_dry(minute)
        if not is_dry:
            self._wet_s = max(self._wet_s, minute.now_s)
        if is_dry and not is_last and minute.now_s < self._due_s:
            if len(minute.readings):
                self._waiting.append(minute.readings)
            self._n_left_out += 1
            return None
        readings = concatenate([*self._waiting, minute.readings]) if self._waiting else minute.readings
        found = Judged(self.engines.step(readings, minute.now_s, minute.frames), self._n_left_out)
        self._waiting, self._n_left_out = [], 0
        self._is_reporting = found.steps[0].assessment.is_reporting
        self._due_s = 0 if self.every_minute else self.engines.dry_until_s(self._wet_s)
        return found

    def _is_dry(self, minute: Minute) -> bool:
        """Whether nothing came but amounts of no rain over the usual time, from gauges that are heard."""
        readings = minute.readings
        if minute.frames or minute.alerts:
            return False
        if len(readings) == 0:
            return True
        is_amount = (readings.variable == RAIN) & (readings.value == 0)
        is_usual = readings.interval_s <= self._interval_s[readings.station]
        return bool((is_amount & is_usual & self._is_reporting[readings.station]).all())


def _has_bounds(derived: Derived) -> bool:
    """Whether what is observed may be bounded at all: by gauges alone, without probabilities and grids."""
    configuration = derived.configuration
    return not (derived.ahead or derived.radar or configuration.grids)
