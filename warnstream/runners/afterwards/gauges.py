"""When gauges were silent, and what of theirs came late, from the messages of a journal as they arrived."""

from dataclasses import dataclass, field

import numpy as np

from warnstream.adapters.geometry import own_weights
from warnstream.config.settings import Configuration
from warnstream.model.arrays import BoolArray, Int64Array
from warnstream.model.observations.readings import COUNTERS, ReadingBatch, Variable, concatenate
from warnstream.model.times import DAY_S, HOUR_S
from warnstream.review.record.model import GaugeRecord
from warnstream.runners.afterwards.scope import Scope
from warnstream.runners.build import build_decoder, topics_of
from warnstream.runners.intake import entries
from warnstream.runners.replay.journal_entries import observations_between_times

AMOUNTS = (Variable.RAIN, Variable.RAIN_TIP)
OF_GAUGES = (*AMOUNTS, *COUNTERS, Variable.STAGE)
"""What keeps a gauge of rain or stage from being silent: a thermometer beside it does not."""

BEFORE_S, AFTER_S = 2 * HOUR_S, DAY_S
"""So long before and after the scope entries are decoded: who was silent at its begin, what came late."""


class Arrivals:
    """Collects readings of a stretch with the engine time at which each arrived.

    Parameters
    ----------
    configuration : Configuration
        Its stations and decoders read the messages.
    scope : Scope
        Looked at from before its begin, to know what was silent then, to a day after its end.
    """

    def __init__(self, configuration: Configuration, scope: Scope) -> None:
        self._scope = scope
        self._configuration = configuration
        self._decoder, self._topics = build_decoder(configuration), topics_of(configuration)
        self._batches: list[ReadingBatch] = []
        self._arrived_s: list[Int64Array] = []
        self._known_s: tuple[int, int] | None = None

    def take(self, kind: str, payload: bytes, now_s: int) -> None:
        """One entry, with the engine time before it."""
        if now_s >= 0:
            self._known_s = (now_s if self._known_s is None else self._known_s[0]), now_s
        if kind != entries.MESSAGES:
            return
        for told_s, messages in observations_between_times(payload, self._topics):
            if (
                messages
                and self._scope.begin_s - BEFORE_S <= max(now_s, told_s) <= self._scope.end_s + AFTER_S
            ):
                readings = self._decoder.decode(messages, now_s).readings
                self._batches.append(readings)
                self._arrived_s.append(np.full(len(readings), max(now_s, told_s), dtype=np.int64))
            now_s = max(now_s, told_s)

    def gauges(self, villages: frozenset[str]) -> tuple[GaugeRecord, ...]:
        """Gauges of some villages that were silent within the scope, or brought readings of it late.

        Parameters
        ----------
        villages : frozenset of str
            Codes.

        Returns
        -------
        tuple of GaugeRecord
            The longest silence first.
        """
        readings = concatenate(self._batches)
        arrived_s = np.concatenate(self._arrived_s) if self._arrived_s else np.zeros(0, dtype=np.int64)
        first_s, last_s = self._known_s or (self._scope.begin_s, self._scope.begin_s)
        speaks_for = _gauges_of(self._configuration, villages)
        found = []
        for station, n_villages in speaks_for.items():
            rows = np.flatnonzero((readings.station == station) & self._counts(readings, station))
            one = _Gauge(readings.select(rows), arrived_s[rows])
            limit_s = self._limit_s(station)
            # Before the journal nobody knows who was silent.
            begin_s, end_s = max(self._scope.begin_s, first_s + limit_s), min(self._scope.end_s, last_s)
            silent = one.silences(begin_s, end_s, limit_s)
            n_late, late_mm = one.late(self._scope, limit_s)
            if silent or n_late:
                code = self._configuration.network.stations.code[station]
                found.append(GaugeRecord(code, n_villages, silent, n_late, late_mm))
        return tuple(sorted(found, key=lambda gauge: (-_length_s(gauge), gauge.station)))

    def _counts(self, readings: ReadingBatch, station: int) -> BoolArray:
        stations = self._configuration.network.stations
        if stations.measures_rain[station] or stations.measures_stage[station]:
            return np.isin(readings.variable, [int(variable) for variable in OF_GAUGES])
        return np.ones(len(readings), dtype=np.bool_)

    def _limit_s(self, station: int) -> int:
        """A gauge is silent when its newest observation is older than that."""
        interval_s = int(self._configuration.network.stations.interval_s[station])
        return interval_s + self._configuration.windows.silent_after_s


@dataclass(slots=True)
class _Gauge:
    """Readings of one gauge in the order of arrival."""

    readings: ReadingBatch
    arrived_s: Int64Array
    _newest_s: Int64Array = field(init=False)

    def __post_init__(self) -> None:
        known_s = np.minimum(self.readings.observed_at_s, self.arrived_s)  # a time in the future is none
        self._newest_s = np.maximum.accumulate(known_s) if len(known_s) else known_s

    def silences(self, begin_s: int, end_s: int, limit_s: int) -> tuple[tuple[int, int], ...]:
        """Stretches of a longer one in which nothing newer than `limit_s` was known."""
        # Until the next arrival nothing is newer than the newest of before.
        froms_s = np.append(begin_s, np.maximum(self._newest_s + limit_s, self.arrived_s))
        untils_s = np.append(self.arrived_s, end_s)
        found: list[tuple[int, int]] = []
        rows = zip(np.maximum(froms_s, begin_s).tolist(), np.minimum(untils_s, end_s).tolist(), strict=True)
        for from_s, until_s in rows:
            if from_s >= until_s:
                continue
            if found and from_s <= found[-1][1]:
                found[-1] = found[-1][0], max(until_s, found[-1][1])
            else:
                found.append((from_s, until_s))
        return tuple(found)

    def late(self, scope: Scope, limit_s: int) -> tuple[int, float | None]:
        """Readings of the scope that came when the gauge was long called silent, and their rain in mm."""
        observed_s = self.readings.observed_at_s
        is_late = (self.arrived_s - observed_s > limit_s) & (observed_s >= scope.begin_s)
        is_late &= observed_s <= scope.end_s
        if not is_late.any():
            return 0, 0.0
        variable = self.readings.variable
        is_amount = np.isin(variable, [int(variable) for variable in AMOUNTS])
        mm = float(self.readings.value[is_late & is_amount].sum())
        return int(is_late.sum()), round(mm, 3) if (is_late & is_amount).any() else None


def _length_s(gauge: GaugeRecord) -> int:
    return sum(end_s - begin_s for begin_s, end_s in gauge.silent)


def _gauges_of(configuration: Configuration, villages: frozenset[str]) -> dict[int, int]:
    """Stations that speak for some villages while all report, and for how many of those."""
    network = configuration.network
    weights, village_of_place = own_weights(network, configuration.village), network.places.village
    speaks_for: dict[int, set[int]] = {}
    number = network.villages.index_of_code()
    asked = {number[code] for code in villages if code in number}
    for place, village in enumerate(village_of_place.tolist()):
        if village in asked:
            used = weights.station[place][weights.weight[place] > 0]
            for station in used.tolist():
                speaks_for.setdefault(station, set()).add(village)
    return {station: len(spoken) for station, spoken in sorted(speaks_for.items())}
