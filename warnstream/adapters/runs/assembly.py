"""Parts of a run -> a whole run: totals since its beginning at whole hours, for every member.

What an amount is for follows from its bounds, else from what the operator said of the files. Totals never
fall: a fall beyond rounding means that the total began anew where nobody said so, or that a field is of
another run.
"""

import numpy as np

from warnstream.adapters.grids.content import GridFileError
from warnstream.adapters.runs.content import NO_BEGIN
from warnstream.config.settings import ModelSettings
from warnstream.model.arrays import Float32Array, Int16Array
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.runs.model_run import DAY_MM_MAX, HOUR_MM_MAX, UNITS_PER_MM, UNSEEN
from warnstream.model.times import DAY_S, HOUR_S

FALL_MM = 0.15
"""Less is the packing of GRIB."""
NEGATIVE_MM = 0.05


class Pending:
    """The parts of one run that are there so far.

    Parameters
    ----------
    settings : ModelSettings
    reference_s : int
    """

    def __init__(self, settings: ModelSettings, reference_s: int) -> None:
        self._settings = settings
        self.reference_s = reference_s
        self._of: dict[int, dict[int, tuple[int, Float32Array]]] = {}

    def add(self, member: int, begin_s: int, end_s: int, rain_mm: Float32Array) -> None:
        """One amount; what is told again replaces what was told."""
        if 0 < end_s <= self._settings.reach_s:
            self._of.setdefault(member, {})[end_s] = begin_s, rain_mm

    def missing(self) -> str:
        """What keeps the run from being whole; empty: nothing."""
        settings = self._settings
        whole = [member for member, parts in self._of.items() if not self._gap(parts)]
        if len(whole) >= settings.n_members:
            return ""
        if len(self._of) < settings.n_members:
            return f"{len(self._of)} of {settings.n_members} members"
        member = next(member for member, parts in self._of.items() if self._gap(parts))
        return f"member {member}: {self._gap(self._of[member])}"

    def too_many(self) -> str:
        """That there are more members than the operator said; empty: there are not."""
        n_members, said = len(self._of), self._settings.n_members
        return f"{n_members} members, expected {said} (members)" if n_members > said else ""

    def leads(self) -> list[int]:
        """Whole hours at which every member has a total."""
        common = set.intersection(*(set(parts) for parts in self._of.values()))
        return sorted(lead_s for lead_s in common if lead_s % HOUR_S == 0)

    def rain(self) -> tuple[list[int], Int16Array]:
        """Leads, and totals of all members in `UNITS_PER_MM`, shape (n_members, n_leads, n_cells).

        Raises
        ------
        GridFileError
            If amounts are impossible, overlap, leave a gap, or a total falls.
        """
        leads = self.leads()
        members = [self._totals(self._of[member], member, leads) for member in sorted(self._of)]
        totals = np.stack(members)
        unseen = np.isnan(totals)
        if (unseen != unseen[:1, :1]).any():
            raise GridFileError(RefusalReason.NO_READING, "cells are missing in some of its fields")
        units = np.where(unseen, UNSEEN, np.rint(np.nan_to_num(totals) * UNITS_PER_MM))
        if units.max() > np.iinfo(np.int16).max:
            raise _beyond(float(np.nanmax(totals)), leads[-1])
        return leads, units.astype(np.int16)

    def _gap(self, parts: dict[int, tuple[int, Float32Array]]) -> str:
        """Which lead is not there yet."""
        before_s = 0
        hours = sorted(lead_s for lead_s in parts if lead_s % HOUR_S == 0)
        for lead_s in hours:
            if lead_s - before_s > self._settings.step_s:
                return f"nothing between {before_s // HOUR_S} h and {lead_s // HOUR_S} h"
            before_s = lead_s
        reach_s = self._settings.reach_s
        return (
            "" if before_s == reach_s else f"nothing after {before_s // HOUR_S} h, of {reach_s // HOUR_S} h"
        )

    def _totals(
        self, parts: dict[int, tuple[int, Float32Array]], member: int, leads: list[int]
    ) -> Float32Array:
        """Totals of one member at the leads, mm, shape (n_leads, n_cells)."""
        total: dict[int, Float32Array] = {}
        before_s, zero = 0, np.zeros_like(next(iter(parts.values()))[1])
        for end_s in sorted(parts):
            told_begin_s, rain_mm = parts[end_s]
            begin_s = self._begin_s(told_begin_s, before_s, end_s)
            at = f"member {member} at {end_s / HOUR_S:g} h"
            _check(rain_mm, end_s - begin_s, at)
            if begin_s and begin_s not in total:
                detail = f"{at} is an amount since {begin_s / HOUR_S:g} h, and nothing ends there"
                raise GridFileError(RefusalReason.OVERLAP, detail)
            now, last = total.get(begin_s, zero) + np.maximum(rain_mm, 0), total.get(before_s, zero)
            fall = float(np.nanmax(np.nan_to_num(last - now), initial=0.0))
            if fall > FALL_MM:
                advice = "say by `accumulated:` and `bucket:` what its totals are"
                detail = f"{at}: the total falls by {fall:.1f} mm; {advice}"
                raise GridFileError(RefusalReason.RUNNING_TOTAL, detail)
            total[end_s] = np.maximum(now, np.where(np.isnan(now), np.nan, last)).astype(np.float32)
            before_s = end_s
        return np.stack([total[lead_s] for lead_s in leads])

    def _begin_s(self, told_s: int, before_s: int, end_s: int) -> int:
        """What an amount is for begins there, seconds since the beginning of the run."""
        settings = self._settings
        if settings.accumulated == "since_start":
            if told_s > 0:
                detail = f"a total that begins at {told_s / HOUR_S:g} h, expected one since_start"
                raise GridFileError(RefusalReason.RUNNING_TOTAL, detail)
            return 0
        if told_s != NO_BEGIN:
            if settings.accumulated == "never" and told_s < before_s:
                detail = (
                    f"an amount since {told_s / HOUR_S:g} h after one that ends at {before_s / HOUR_S:g} h"
                )
                raise GridFileError(RefusalReason.OVERLAP, f"{detail}: is it a total? (accumulated)")
            return told_s
        if settings.accumulated == "resets":
            if settings.bucket_s is None:
                detail = "no bounds of time: expected them in the file, or `bucket` in warnstream.yaml"
                raise GridFileError(RefusalReason.BAD_TIME, detail)
            return (end_s - 1) // settings.bucket_s * settings.bucket_s
        return before_s


def _check(rain_mm: Float32Array, length_s: int, at: str) -> None:
    """GridFileError where an amount cannot be."""
    least, most = float(np.nanmin(rain_mm)), float(np.nanmax(rain_mm))
    if least < -NEGATIVE_MM:
        raise GridFileError(RefusalReason.OUT_OF_RANGE, f"{at}: {least:.2f} mm, expected no negative amount")
    if most > min(HOUR_MM_MAX * length_s / HOUR_S, DAY_MM_MAX * max(length_s / DAY_S, 1.0)):
        raise _beyond(most, length_s, at)


def _beyond(most_mm: float, length_s: int, at: str = "it") -> GridFileError:
    detail = f"{at}: {most_mm:.0f} mm in {length_s / HOUR_S:g} h is more than can be: is the unit right?"
    return GridFileError(RefusalReason.OUT_OF_RANGE, detail)
