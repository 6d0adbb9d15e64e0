"""By which hour people must be away, worked out from a run of a weather model; or that nobody can say it.

The hazard is taken to begin when the share of members that `messages.transfer.ahead` names has reached its
amount, what has fallen with what comes; policy, law and nightfall then say the hour. A nowcast of three hours
gives none.
"""

from collections.abc import Sequence

import numpy as np

from warnstream.adapters.http.models.transfers import DeadlineRecord, TransferForecastRecord
from warnstream.assessment import Assessment
from warnstream.delivery.transfer import transfer_deadline_s
from warnstream.desk import WarningDesk
from warnstream.hazards.expected.chances import Chance
from warnstream.hazards.expected.crossing import NEVER
from warnstream.model.arrays import BoolArray, Float64Array, Int64Array
from warnstream.model.times import DAY_S, HOUR_S, iso_utc

VILLAGES_SHOWN = 500
"""So many villages are listed, those with the earliest hour first."""


class Deadlines:
    """The hours of one moment, by village.

    Parameters
    ----------
    desk : WarningDesk
    assessment : Assessment or None
        After a step; None: nobody knows an hour.
    """

    def __init__(self, desk: WarningDesk, assessment: Assessment | None) -> None:
        transfers = desk.transfers
        self._villages = transfers.network.villages
        self._policy, self._time_zone = transfers.policy, transfers.time_zone
        self._chance = None if assessment is None else assessment.transfer
        first = transfers.network.places.first_of_village.astype(np.int64)
        self._onset_s, self._is_known, self._probability = _by_village(first, self._chance)

    @property
    def unknown(self) -> str:
        """What is said where nobody knows an hour."""
        ahead = self._policy.ahead
        window_s = DAY_S if ahead is None else ahead.duration_s
        return f"no forecast of {window_s // HOUR_S} h, deadline cannot be kept"

    @property
    def not_expected(self) -> str:
        """What is said where the model has nothing of it in its time."""
        ahead = self._policy.ahead
        assert ahead is not None
        return f"{ahead.rain_mm:g} mm not expected within {ahead.duration_s // HOUR_S} h"

    def of_villages(self, numbers: Sequence[int]) -> tuple[int | None, str]:
        """The earliest hour of some villages, and what is said beside it; nobody knows those not judged."""
        judged = [number for number in numbers if 0 <= number < len(self._is_known)]
        found = [int(onset_s) for number in judged if (onset_s := self._onset_s[number]) >= 0]
        deadline_s = min((self._deadline_s(onset_s) for onset_s in found), default=None)
        if len(judged) < len(numbers) or not numbers or not self._is_known[judged].all():
            return deadline_s, self.unknown
        return deadline_s, "" if deadline_s is not None else self.not_expected

    def record(self) -> TransferForecastRecord | None:
        """Every village with an hour; None where the county has not said what asks for a transfer."""
        ahead, chance = self._policy.ahead, self._chance
        if ahead is None:
            return None
        numbers = np.flatnonzero(self._onset_s >= 0)
        found = sorted((self._deadline_s(int(self._onset_s[number])), int(number)) for number in numbers)
        return TransferForecastRecord(
            forecast="" if chance is None else chance.model,
            run=None if chance is None else iso_utc(chance.run_s),
            rain_mm=ahead.rain_mm,
            window_s=ahead.duration_s,
            probability=ahead.probability,
            source=ahead.source,
            note=self.unknown if chance is None else "",
            unknown=int((~self._is_known).sum()),
            villages=[
                DeadlineRecord(
                    village=self._villages.code[number],
                    name=self._villages.name[number],
                    probability=round(float(self._probability[number]), 3),
                    onset=iso_utc(int(self._onset_s[number])),
                    deadline=iso_utc(deadline_s),
                )
                for deadline_s, number in found[:VILLAGES_SHOWN]
            ],
        )

    def _deadline_s(self, onset_s: int) -> int:
        return transfer_deadline_s(onset_s, self._policy, self._time_zone)


def _by_village(first: Int64Array, chance: Chance | None) -> tuple[Int64Array, BoolArray, Float64Array]:
    """Earliest onset of any zone (seconds UTC, `NEVER`), whether all are known, greatest probability.

    `first` is the first place of each village, and beyond the last. Villages that are not judged come last.
    """
    n_villages = len(first) - 1
    if chance is None:
        none, nowhere = np.full(n_villages, NEVER, dtype=np.int64), np.zeros(n_villages, dtype=np.bool_)
        return none, nowhere, np.full(n_villages, np.nan)
    early_s = chance.found.early_s.astype(np.int64)
    first = first[first <= len(early_s)]
    far = np.iinfo(np.int64).max
    onset_s = np.minimum.reduceat(np.where(early_s == NEVER, far, chance.at_s + early_s), first[:-1])
    known = np.logical_and.reduceat(~np.isnan(chance.found.probability), first[:-1])
    probability = np.fmax.reduceat(chance.found.probability.astype(np.float64), first[:-1])
    return np.where(onset_s == far, NEVER, onset_s), known, probability
