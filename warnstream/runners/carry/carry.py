"""The state that one configuration has led to, for an engine of another one.

The new engine's empty state is the template: what it has is looked for in the old
state by the names of its axes (`axes`), and what is not found there begins as in a
new engine. Rows are copied by code, minutes by time, conditions by their text; so
everything that both configurations know is kept to the bit, and a gauge, a village
or a hazard more or less costs no other its past.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from warnstream.config.wording import count_of, name_some
from warnstream.model.arrays import Arrays
from warnstream.runners.carry.axes import Axis, axes_of
from warnstream.runners.carry.blocks import is_all
from warnstream.runners.carry.conditions import texts_of, under_new_numbers
from warnstream.runners.carry.lists import carry_counters, carry_numbers, carry_readings, carry_stretches
from warnstream.runners.carry.names import Names, Rows, rows_of, same_of
from warnstream.runners.carry.rings import RingShape, carry_marks, carry_totals, same_units
from warnstream.windows.antecedent import SPACING_STEPS
from warnstream.windows.soil_water import STEP_S

State = dict[str, Arrays]
"""Arrays by part and name."""

DESCRIBING = frozenset(
    {
        "rain/rows", "grid.*/rows", "antecedent/values", "sensors/station", "quality/series", "quality/still",
        "gauges/near", "gauges/beside", "villages/leads_s", "conditions/conditions", "conditions/texts",
    }
)  # fmt: skip
"""Arrays that say what the rows of others are."""

DUE_AT_ONCE = frozenset({"ahead/members_at_s"})
"""Members are made at the first step: a probability that is kept is of the thresholds of before."""

_CHECKS = ("stretch_", "stuck_since_s", "compared_until_s", "near", "beside")
"""Of gauges what stays though they are compared in another way now."""

WAITING = ("waiting", "backlog")
"""Readings that have come and were not judged yet."""


@dataclass(slots=True)
class Carried:
    """The state for the new engine, and what of it begins anew, in sentences."""

    state: State
    notes: list[str] = field(default_factory=list)


def carry(old: State, template: State, before: Names, now: Names) -> Carried:
    """Bring a state into the form of a new engine.

    Parameters
    ----------
    old : State
        As a snapshot has it, what waits included.
    template : State
        Of the new engine, before its first step.
    before, now : Names
        What the numbers of both mean.
    """
    work = _Carry(old, template, before, now)
    state = {part: work.part(part) for part in template}
    state |= {part: carry_readings(old[part], work.station_now) for part in WAITING if part in old}
    return Carried(state, work.notes())


class _Carry:
    """One carry: rows of every axis, worked out when they are asked for."""

    def __init__(self, old: State, template: State, before: Names, now: Names) -> None:
        self._old, self._template = old, template
        self._before, self._now = before, now
        self._same = same_of(before, now)
        self.station_now = self._same.station_now(len(before.stations))
        self._by_code = {
            Axis.STATION: self._same.stations,
            Axis.VILLAGE: self._same.villages,
            Axis.PLACE: self._same.places,
            Axis.POINT: self._same.points,
        }
        self._anew: list[str] = []

    def notes(self) -> list[str]:
        """What is not as it was."""
        same, told = self._same, list(self._anew)
        for words, codes in (
            ("have moved or were exchanged and begin anew", same.anew),
            ("are new and begin without a past", same.added),
            ("are gone with their past", same.gone),
        ):
            if codes:
                told.append(f"stations that {words}: {name_some(codes)}")
        return told

    def part(self, part: str) -> Arrays:
        """One part of the state."""
        old, new = self._old.get(part, {}), self._template[part]
        if not old or not new or not self._is_taken(part):
            return self._unknown_antecedent(new) if part == "antecedent" and new else new
        if part == "counters":
            return carry_counters(old, self.station_now)
        if part == "conditions":
            gone = set(texts_of(new)) - set(texts_of(old))
            if gone:
                self._anew.append(f"{count_of(len(gone), 'condition', 'conditions')} of own rules begin anew")
            old = {**new, **under_new_numbers(old, new)}
        carried = {name: self._array(part, name, old, new) for name in new}
        return self._mended(part, carried, old, new)

    def _is_taken(self, part: str) -> bool:
        """Whether the past of a part still means the same."""
        if part == "villages" and self._differ("forecast"):
            self._anew.append("the nowcast begins anew: forecast was changed")
            return False
        if part == "days" and self._old[part]["today"][1] != self._template[part]["today"][1]:
            self._anew.append("days of rain begin anew from the minutes held: windows.day_begins was changed")
            return False
        return True

    def _differ(self, policy: str) -> bool:
        return self._before.policies.get(policy) != self._now.policies.get(policy)

    def _array(self, part: str, name: str, old: Arrays, new: Arrays) -> np.ndarray:
        if name not in old or self._is_anew(part, name):
            return new[name]
        axes = axes_of(part, name)
        if not axes or axes[0] is Axis.ROW:  # what is one for all; lists: see `_mended`
            return old[name]
        if axes[0] is Axis.MINUTE:
            return self._totals(old, new, name, axes[1])
        if axes[0] is Axis.MARK:
            return carry_marks(old[name], new[name], int(old["head"][0]), self._same.stations)
        if axes[-1] is Axis.NEAR:
            return self._of_neighbours(old[name], new[name], old["near"], new["near"])
        return self._by_rows(axes, name, old, new)

    def _is_anew(self, part: str, name: str) -> bool:
        """Whether an array is the new engine's own: it describes others, or its policy was changed."""
        whose = "grid.*" if part.startswith("grid.") else part
        is_of_checks = part == "gauges" and not name.startswith(_CHECKS)
        return f"{whose}/{name}" in DESCRIBING | DUE_AT_ONCE or (is_of_checks and self._differ("neighbours"))

    def _by_rows(self, axes: tuple[Axis, ...], name: str, old: Arrays, new: Arrays) -> np.ndarray:
        shapes = list(zip(axes, old[name].shape, new[name].shape, strict=True))
        rows = [self._rows(axis, old, new, n_before, n_now) for axis, n_before, n_now in shapes]
        stay = (
            is_all(own_rows, n_before, n_now)
            for own_rows, (_, n_before, n_now) in zip(rows, shapes, strict=True)
        )
        if old[name].dtype == new[name].dtype and all(stay):
            return old[name]
        array = new[name].copy()
        array[np.ix_(*(now for _, now in rows))] = old[name][np.ix_(*(before for before, _ in rows))]
        return array

    def _rows(self, axis: Axis, old: Arrays, new: Arrays, n_before: int, n_now: int) -> Rows:
        """Rows before and now of what is the same along an axis."""
        if axis in self._by_code:
            return self._by_code[axis]
        n = min(n_before, n_now)
        find: dict[Axis, Callable[[], Rows]] = {
            Axis.SENSOR: lambda: self._rows_of_stations(old["station"], new["station"]),
            Axis.BESIDE: lambda: self._rows_of_stations(old["beside"], new["beside"]),
            Axis.SERIES: lambda: _rows_of_variables(old["series"], new["series"]),
            Axis.STILL: lambda: _rows_of_variables(old["still"], new["still"]),
            Axis.LEAD: lambda: rows_of(old["leads_s"].tolist(), new["leads_s"].tolist()),
            Axis.STATE: lambda: rows_of(_names_in(old["values"]), _names_in(new["values"])),
            Axis.DAY: lambda: same_units(int(old["today"][0]), n_before, n_now),
            Axis.SPACED: lambda: same_units(int(old["steps"][0]) // SPACING_STEPS, n_before, n_now),
            Axis.NEWEST: lambda: (np.arange(n_before - n, n_before), np.arange(n_now - n, n_now)),
            Axis.FIXED: lambda: (np.arange(n), np.arange(n)),
            Axis.STEP: lambda: (np.arange(n), np.arange(n)),
        }
        return find[axis]()

    def _rows_of_stations(self, before: np.ndarray, now: np.ndarray) -> Rows:
        """Rows of arrays over some stations."""
        row_now = {station: row for row, station in enumerate(now.tolist())}
        pairs = [
            (row, row_now[station])
            for row, station in enumerate(self.station_now[before].tolist())
            if station in row_now
        ]
        both = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        return both[:, 0], both[:, 1]

    def _totals(self, old: Arrays, new: Arrays, name: str, axis: Axis) -> np.ndarray:
        columns, head = self._by_code[axis], int(old["head"][0])
        if head < 0:
            return new[name]
        before, now = (RingShape(int(of["rows"][0]), int(of["rows"][1]), head) for of in (old, new))
        return carry_totals(old[name], before, new[name], now, columns)

    def _of_neighbours(
        self, old: np.ndarray, new: np.ndarray, near: np.ndarray, near_now: np.ndarray
    ) -> np.ndarray:
        """Sums of pairs of gauges: those of pairs that are neighbours as before."""
        n_before, n_now = len(near), len(near_now)
        if np.array_equal(near, near_now) and is_all(self._same.stations, n_before, n_now):
            return old
        array = new.copy()
        known = np.where(near >= 0, self.station_now[near], -1)
        for was, becomes in zip(*(rows.tolist() for rows in self._same.stations), strict=True):
            column = {station: k for k, station in enumerate(known[was].tolist()) if station >= 0}
            for k, station in enumerate(near_now[becomes].tolist()):
                if station in column:
                    array[..., becomes, k] = old[..., was, column[station]]
        return array

    def _mended(self, part: str, carried: Arrays, old: Arrays, new: Arrays) -> Arrays:
        """What is more than rows of arrays."""
        if part == "late":
            station = np.append(self.station_now, -1)[carried["station"]]
            carried["station"] = station.astype(new["station"].dtype)
        elif part == "duplicates":
            carried["numbers"] = carry_numbers(old["numbers"], self.station_now)
        elif part == "gauges":
            carried |= carry_stretches(old, self.station_now)
        elif part == "days":
            carried = {name: array for name, array in carried.items() if not name.startswith("past_")}
            carried |= self._past_days(old, len(new["rain_um"]))
        elif part == "antecedent":
            return self._antecedent(carried, old, new)
        return carried

    def _past_days(self, old: Arrays, n_stations: int) -> Arrays:
        """Days of before the node began, of the stations of now."""
        if "past_um" not in old:
            return {}
        before, now = self._same.stations
        days: Arrays = {"past_first": old["past_first"]}
        for name in ("past_um", "past_min"):
            days[name] = np.zeros((len(old[name]), n_stations), dtype=old[name].dtype)
            days[name][:, now] = old[name][:, before]
        return days

    def _antecedent(self, carried: Arrays, old: Arrays, new: Arrays) -> Arrays:
        """Values that the old plan did not have are NaN for stations that stay: the rain held tells them."""
        if old["steps"][0] < 0:
            return new
        known = set(_names_in(old["values"]))
        lacks = [row for row, name in enumerate(_names_in(new["values"])) if name not in known]
        for name in ("recent", "spaced"):
            every = np.arange(len(carried[name]))
            carried[name][np.ix_(every, np.array(lacks, dtype=np.int64), self._same.stations[1])] = np.nan
        step, oldest, first_day = (int(number) for number in old["steps"])
        held = (step // SPACING_STEPS - len(new["spaced"]) + 1) * SPACING_STEPS
        carried["steps"] = np.array([step, max(oldest, held), first_day])
        if lacks:
            words = count_of(len(lacks), "value", "values")
            self._anew.append(f"{words} of earlier rain begin with the rain held")
        return carried

    def _unknown_antecedent(self, new: Arrays) -> Arrays:
        """Nobody asked for earlier rain before: all of it is worked out of the rain held."""
        now_s = int(self._old["clock"]["now_s"][0])
        if now_s < 0:
            return new
        unknown = {name: np.full_like(new[name], np.nan) for name in ("recent", "spaced")}
        self._anew.append("earlier rain begins with the rain held: no rule read it before")
        return {**new, **unknown, "steps": np.array([now_s // STEP_S, 0, 0])}


def _names_in(values: np.ndarray) -> list[str]:
    content = values.tobytes().decode()
    return content.split("\n") if content else []


def _rows_of_variables(before: np.ndarray, now: np.ndarray) -> Rows:
    """Rows of variables that have one in both; both say the row of every variable, -1 for none."""
    n = min(len(before), len(now))
    both = np.flatnonzero((before[:n] >= 0) & (now[:n] >= 0))
    return before[both].astype(np.int64), now[both].astype(np.int64)
