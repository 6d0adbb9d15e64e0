"""Rain of villages from the rain of stations, by weights that were computed once.

Stations count by their weight times their coverage: a gauge that was silent
for half of a window counts half. A village none of whose stations reports is
*blind*: farther stations speak for it, and it is said so.

A gauge that quality control holds for clogged (faulty zero) or stuck counts
less for the time since it stopped measuring, and its neighbours more. What it
did measure is never lost by that: a village has at least the rain that it
would have if the zeros of a clogged gauge were believed.

Cost: about 1 ns per village, station and column; all columns of a block of
villages at a time, from gathering to rounding, so that each result goes to
memory once.
"""

from dataclasses import dataclass, replace

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int64Array, IntpArray, rows_where
from warnstream.model.network import StationWeights
from warnstream.model.observations.readings import UM_PER_MM
from warnstream.model.observations.station_quality import Unmeasured

_CELLS = 1 << 16
"""Villages times columns worked on at once: what is in between stays in the cache."""
_NOBODY: Int64Array = np.zeros(0, dtype=np.int64)
_MOST = 0.5
"""Where more of a block's villages than that share hear a station with a gap, all are worked out alike."""


@dataclass(frozen=True, slots=True)
class Combined:
    """Rain and coverage of villages, shape (n_villages, n_durations), and the weights that were used.

    `heard` is the share by weight of a village's own stations that speak, shape (n_villages,).
    """

    rain_mm: Float64Array
    coverage: Float64Array
    is_blind: BoolArray
    heard: Float64Array
    weights: StationWeights


def combine(
    own: StationWeights,
    fallback: StationWeights,
    rain_mm: Float64Array,
    coverage: Float64Array,
    speaks: BoolArray,
    *,
    unmeasured: Unmeasured | None = None,
) -> Combined:
    """Rain of every village.

    Parameters
    ----------
    own, fallback : StationWeights
        Weights of the village's stations, and of the farther ones that speak for a blind village.
    rain_mm, coverage : Float64Array, shape (n_stations, n_durations)
    speaks : BoolArray, shape (n_stations,)
        Stations that report and measure.
    unmeasured : Unmeasured, optional
        What part of each window doubted gauges did not measure.

    Returns
    -------
    Combined
        `rain_mm` is NaN where no station observed any part of the window. It is rounded to the micrometre, so
        that equal gauges give exactly their common value.
    """
    heard = _heard(own, speaks)
    is_blind: BoolArray = heard == 0
    told = _Told.of(rain_mm, coverage, unmeasured)
    rain, covered = told.mean(own)
    weights, blind = own, rows_where(is_blind)
    if len(blind):
        spoken_for = _fallback_of(fallback, blind, speaks)
        rain[blind], covered[blind] = told.mean(spoken_for)
        weights = _replace_rows(own, spoken_for, blind)
    told.believe_clogged(rain, own)
    return Combined(rain, covered, is_blind, heard, weights)


def combine_again(
    before: Combined,
    own: StationWeights,
    villages: Int64Array,
    rain_mm: Float64Array,
    coverage: Float64Array,
    unmeasured: Unmeasured | None = None,
) -> Combined:
    """`combine` where only some villages hear other values than before, while the same stations speak.

    Parameters
    ----------
    before : Combined
        It stays as it is.
    own : StationWeights
    villages : Int64Array, shape (n,)
        All that give weight to a station whose values are other ones.
    rain_mm, coverage : Float64Array, shape (n_stations, n_durations)
    unmeasured : Unmeasured, optional
        It names the stations that it named before.
    """
    told = _Told.of(rain_mm, coverage, unmeasured)
    some_mm, some_covered = told.mean(before.weights.of_places(villages))
    told.believe_clogged(some_mm, own.of_places(villages))
    rain, covered = before.rain_mm.copy(order="K"), before.coverage.copy(order="K")
    rain[villages], covered[villages] = some_mm, some_covered
    return replace(before, rain_mm=rain, coverage=covered)


@dataclass(frozen=True, slots=True)
class _Told:
    """What stations say of every window, and what part of it was measured; shape (n_stations, n_durations).

    `believing` is the part if zeros of clogged gauges are believed; None where no gauge is clogged.
    """

    rain_mm: Float64Array
    measured: Float64Array
    believing: Float64Array | None
    clogged: Int64Array

    @classmethod
    def of(cls, rain_mm: Float64Array, coverage: Float64Array, unmeasured: Unmeasured | None) -> "_Told":
        """Of windows, less what was not measured of them."""
        if unmeasured is None or len(unmeasured.station) == 0:
            return cls(rain_mm, coverage, None, _NOBODY)
        clogged = unmeasured.station[unmeasured.is_zero]
        believing = unmeasured.of_stuck().less(coverage) if len(clogged) else None
        return cls(rain_mm, unmeasured.less(coverage), believing, clogged)

    def mean(self, weights: StationWeights) -> tuple[Float64Array, Float64Array]:
        """Rain, rounded to the micrometre, and coverage of villages."""
        return weighted_mean(weights, self.rain_mm, self.measured, per_unit=UM_PER_MM)

    def believe_clogged(self, rain: Float64Array, own: StationWeights) -> None:
        """Let no village have less rain than the zeros of its clogged gauges leave it, in place."""
        if self.believing is None:
            return
        places = rows_where(touched(own, self.clogged, len(self.rain_mm)))
        some = own.of_places(places)
        believed, _ = weighted_mean(some, self.rain_mm, self.believing, per_unit=UM_PER_MM)
        rain[places] = np.fmax(rain[places], believed)


def by_column(weights: StationWeights) -> StationWeights:
    """The same weights, the k-th station of all villages side by side in memory."""
    return StationWeights(
        np.asfortranarray(weights.station),
        np.asfortranarray(weights.weight),
        np.asfortranarray(weights.distance_m),
    )


def weighted_mean(
    weights: StationWeights, value: Float64Array, coverage: Float64Array, *, per_unit: int | None = None
) -> tuple[Float64Array, Float64Array]:
    """Values of villages by weight times coverage, and their coverage.

    Parameters
    ----------
    weights : StationWeights
    value : Float64Array, shape (n_stations, n_columns)
    coverage : Float64Array, shape (n_stations, n_columns) or (n_stations, 1)
        One column: the same for every column of `value`.
    per_unit : int, optional
        Values are rounded to that part of a unit.

    Returns
    -------
    (Float64Array, Float64Array), shape (n_villages, n_columns) and (n_villages, columns of `coverage`)
        The value is NaN where the coverage is 0.
    """
    n_villages, n_columns = len(weights.station), value.shape[1]
    cover = np.ascontiguousarray(coverage.T, dtype=np.float64)
    mean, covered = np.empty((n_columns, n_villages)), np.empty((len(cover), n_villages))
    share = cover * value.T
    is_wet = np.any(share, axis=1)
    if is_dry := not is_wet.all():
        share = share[is_wet]
    has_gap: BoolArray = np.any(cover != 1.0, axis=0)
    length = max(_CELLS // max(n_columns, 1), 1)
    for first in range(0, n_villages, length):
        rows = slice(first, first + length)
        near = _Near.of(weights, rows)
        _cover(near, cover, has_gap, covered[:, rows])
        total = near.sums(share)
        if is_dry:
            total, of_wet = np.zeros((n_columns, near.n_villages)), total
            total[is_wet] = of_wet
        with np.errstate(invalid="ignore"):
            np.divide(total, covered[:, rows], out=total)  # 0 / 0 where nothing was observed
        if per_unit is None:
            mean[:, rows] = total
        else:
            total *= per_unit
            np.rint(total, out=total)
            np.divide(total, per_unit, out=mean[:, rows])
    return mean.T, covered.T


@dataclass(frozen=True, slots=True)
class _Near:
    """The stations of some villages and their weights: k-th station, shape (n_villages,) each."""

    n_villages: int
    station: list[IntpArray]
    weight: list[Float64Array]

    @classmethod
    def of(cls, weights: StationWeights, rows: slice) -> "_Near":
        """Those of some villages."""
        return cls(
            len(weights.station[rows]),
            [column[rows].astype(np.intp) for column in weights.station.T],
            [column[rows] for column in weights.weight.T],
        )

    def sums(self, value: Float64Array) -> Float64Array:
        """Weighted values of each village's stations, added up in their order.

        `value` has shape (n_columns, n_stations), the sums (n_columns, n_villages).
        """
        if not self.station:
            return np.zeros((len(value), self.n_villages))
        total, part = np.empty((len(value), self.n_villages)), np.empty((len(value), self.n_villages))
        np.take(value, self.station[0], axis=1, out=total, mode="clip")
        total *= self.weight[0]
        for station, weight in zip(self.station[1:], self.weight[1:], strict=True):
            np.take(value, station, axis=1, out=part, mode="clip")
            part *= weight
            total += part
        return total

    def any_of(self, is_so: BoolArray) -> BoolArray:
        """Villages for one of whose stations it is so."""
        so = np.zeros(self.n_villages, dtype=np.bool_)
        for station in self.station:
            so |= is_so.take(station, mode="clip")
        return so

    def some(self, rows: IntpArray) -> "_Near":
        """Those of some of the villages."""
        return _Near(len(rows), [s[rows] for s in self.station], [w[rows] for w in self.weight])


def _cover(near: _Near, cover: Float64Array, has_gap: BoolArray, covered: Float64Array) -> None:
    """Coverage of some villages, shape (n_columns, n_villages), into `covered`.

    Where none of a village's stations has a gap in any window, it is the sum of
    the weights: the usual case, and the very number that the long way gives.
    """
    rows = rows_where(near.any_of(has_gap))
    if len(rows) > _MOST * near.n_villages:
        covered[:] = near.sums(cover)
        return
    covered[:] = sum(near.weight, np.zeros(near.n_villages))
    if len(rows):
        covered[:, rows] = near.some(rows).sums(cover)


def greatest(weights: StationWeights, value: Float64Array) -> Float64Array:
    """Greatest value of each village's stations, shape (n_villages,); 0 where it has none."""
    best = np.zeros(len(weights.station))
    for first in range(0, len(best), _CELLS):
        rows = slice(first, first + _CELLS)
        near = _Near.of(weights, rows)
        for station, weight in zip(near.station, near.weight, strict=True):
            np.maximum(best[rows], value.take(station, mode="clip"), out=best[rows], where=weight > 0)
    return best


def _heard(weights: StationWeights, speaks: BoolArray) -> Float64Array:
    """Share by weight of each village's stations that speak, shape (n_villages,)."""
    counts = speaks.astype(np.float64)[None]
    heard = np.empty(len(weights.station))
    for first in range(0, len(heard), _CELLS):
        rows = slice(first, first + _CELLS)
        heard[rows] = _Near.of(weights, rows).sums(counts)[0]
    return heard


def touched(weights: StationWeights, station: Int64Array, n_stations: int) -> BoolArray:
    """Villages that give weight to any of the stations, shape (n_villages,)."""
    is_named = np.zeros(n_stations, dtype=np.bool_)
    is_named[station] = True
    return np.asarray((is_named[weights.station] & (weights.weight > 0)).any(axis=1))


def _fallback_of(fallback: StationWeights, blind: IntpArray, speaks: BoolArray) -> StationWeights:
    """Weights of the blind villages: the speaking ones among their farther stations."""
    farther = by_column(
        StationWeights(fallback.station[blind], fallback.weight[blind], fallback.distance_m[blind])
    )
    # Side by side in memory, weights are added up in their order, however many villages are blind.
    usable = np.where(speaks[farther.station], farther.weight, 0.0)
    total = usable.sum(axis=1, keepdims=True)
    usable = np.divide(usable, total, out=np.zeros_like(usable), where=total > 0)
    return replace(farther, weight=usable)


def _replace_rows(own: StationWeights, other: StationWeights, rows: IntpArray) -> StationWeights:
    """Own weights, but for `rows` the others."""
    k = max(own.station.shape[1], other.station.shape[1])
    replaced = _widen(own, k)
    wide = _widen(other, k)
    replaced.station[rows] = wide.station
    replaced.weight[rows] = wide.weight
    replaced.distance_m[rows] = wide.distance_m
    return replaced


def _widen(weights: StationWeights, k: int) -> StationWeights:
    """A copy with k stations per village, those that are not there without weight, `by_column` in memory."""
    n, width = weights.station.shape
    station = np.zeros((n, k), dtype=weights.station.dtype, order="F")
    weight, distance_m = np.zeros((n, k), order="F"), np.full((n, k), np.inf, order="F")
    station[:, :width], weight[:, :width] = weights.station, weights.weight
    distance_m[:, :width] = weights.distance_m
    return StationWeights(station, weight, distance_m)
