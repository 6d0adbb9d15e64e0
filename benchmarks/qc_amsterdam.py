"""Our neighbour checks over 134 personal weather stations of Amsterdam, beside the published flags.

The rain (Netatmo, 5 min, 2016-05 to 2017-06) and the flags of PWSQC are those
of de Vos et al. 2019 (doi 10.1029/2019GL083731, CC BY 4.0); the radar is an
independent reference of 20 pixels, gauge-adjusted, mm per hour. The published
flags are the answer of an algorithm, not the truth.

    python -m benchmarks.qc_amsterdam DATA [--neighbours 133 --zero-mm 0]

prints confusion tables, the worst stations, and what becomes of heavy rain
that the radar confirms. Half a minute.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from warnstream.model.arrays import BoolArray, Float64Array, Int64Array
from warnstream.model.geodesy import local_xy_m
from warnstream.model.network import Stations
from warnstream.model.observations.readings import Flag, Variable, batch_of
from warnstream.model.observations.station_quality import StationNeighbours
from warnstream.model.rules.policies import NeighbourPolicy, QualityPolicy
from warnstream.quality.buddies import check_buddies
from warnstream.quality.checks import QualityControl
from warnstream.quality.neighbours import NeighbourChecks

STEP_S = 300
PER_HOUR = 12
ALL_NEIGHBOURS = 133
NEAR_PIXEL_M = 5000.0
UNDECIDED = -1

Int8Array = NDArray[np.int8]


@dataclass(frozen=True)
class Record:
    """Rain of every interval and station, shape (n_times, n_stations), NaN where missing; time is the end."""

    stations: Stations
    time_s: Int64Array
    rain_mm: Float64Array
    published: dict[str, Int8Array]


@dataclass(frozen=True)
class Found:
    """Our flags, same shape as the rain: 1 flagged, 0 fine, -1 not decided. `hourly_doubt` by whole hour."""

    flags: dict[str, Int8Array]
    is_impossible: BoolArray
    hourly_doubt: BoolArray


@dataclass(frozen=True)
class Agreement:
    """Where both decided and the station reported."""

    hits: int
    false: int
    missed: int
    quiet: int

    @property
    def recall(self) -> float:
        """Share of the published flags that are ours too."""
        return self.hits / (self.hits + self.missed)

    @property
    def precision(self) -> float:
        """Share of our flags that were published."""
        return self.hits / (self.hits + self.false)

    @property
    def kappa(self) -> float:
        """Cohen's kappa: 1 agreement, 0 that of chance."""
        n = self.hits + self.false + self.missed + self.quiet
        ours, theirs = self.hits + self.false, self.hits + self.missed
        by_chance = (ours * theirs + (n - ours) * (n - theirs)) / n**2
        return ((self.hits + self.quiet) / n - by_chance) / (1 - by_chance)


def read_record(folder: Path) -> Record:
    """The record of ``pws_amsterdam_qc``."""
    table = pd.read_csv(folder / "stations.csv")
    rain = pd.read_parquet(folder / "rain5_mm.parquet")
    time_s = rain.pop("time_utc").to_numpy().astype("datetime64[s]").astype(np.int64)
    codes = tuple(f"ams{number}" for number in table["ID"])
    if tuple(rain.columns) != codes:
        raise ValueError(f"{folder}: stations.csv and rain5_mm.parquet name other stations")
    published = {}
    for kind in ("FZ", "HI", "SO"):
        flags = pd.read_parquet(folder / f"flag_{kind}.parquet")
        published[kind] = flags[list(codes)].to_numpy().astype(np.int8)
    n = len(codes)
    stations = Stations(
        codes,
        table["lat"].to_numpy(dtype=np.float64),
        table["lon"].to_numpy(dtype=np.float64),
        np.full(n, STEP_S, dtype=np.int32),
        np.ones(n, dtype=np.bool_),
        np.zeros(n, dtype=np.bool_),
    )
    return Record(stations, time_s, rain.to_numpy(dtype=np.float64), published)


def neighbours_of(stations: Stations, policy: NeighbourPolicy) -> StationNeighbours:
    """The nearest gauges by plain distance."""
    centre = float(stations.latitude.mean()), float(stations.longitude.mean())
    xy = local_xy_m(stations.latitude, stations.longitude, *centre)
    metres = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    np.fill_diagonal(metres, np.inf)
    order = np.argsort(metres, axis=1, kind="stable")[:, : policy.neighbours]
    near_m = np.take_along_axis(metres, order, axis=1)
    within = near_m <= policy.radius_m
    return StationNeighbours(np.where(within, order, -1).astype(np.int32), np.where(within, near_m, np.inf))


def run(record: Record, policy: NeighbourPolicy) -> Found:
    """Every interval once, in order of time, as a node does."""
    near = neighbours_of(record.stations, policy)
    checks = NeighbourChecks(near, policy)
    shape = record.rain_mm.shape
    flags = {kind: np.zeros(shape, dtype=np.int8) for kind in ("FZ", "HI", "SO")}
    for row, time_s in enumerate(record.time_s.tolist()):
        flags["HI"][row] = checks.step(record.rain_mm[row], time_s)
        flags["FZ"][row] = checks.zeros.is_faulty_zero
        flags["SO"][row] = np.where(checks.is_judged, checks.is_outlier, UNDECIDED)
        alone = np.isnan(checks.neighbour_mm)
        flags["HI"][row][alone] = flags["FZ"][row][alone] = UNDECIDED
    return Found(flags, _impossible(record), _hourly_doubt(record, near, flags["HI"], policy))


def _impossible(record: Record) -> BoolArray:
    """Readings that the range check sets aside."""
    row, station = np.nonzero(~np.isnan(record.rain_mm))
    batch = batch_of(
        station, np.full(len(row), Variable.RAIN), record.time_s[row], record.rain_mm[row, station]
    )
    quality = QualityControl(
        record.stations,
        QualityPolicy(rain_mm_per_min_max=20, stage_m_range=(-5, 9000), stage_step_m_max=3, stuck_readings=6),
    )
    impossible = np.zeros(record.rain_mm.shape, dtype=np.bool_)
    impossible[row, station] = (quality.check_range(batch) & np.uint16(Flag.OUT_OF_RANGE)) != 0
    return impossible


def _hourly_doubt(
    record: Record, near: StationNeighbours, influx: Int8Array, policy: NeighbourPolicy
) -> BoolArray:
    """Hours in which a gauge's level would be unconfirmed: high influx, lonely or unshared."""
    _, rain_mm, coverage = hourly(record)
    doubt = np.array(
        [check_buddies(near, *hour, policy) != 0 for hour in zip(rain_mm, coverage, strict=True)]
    )
    return np.asarray(doubt | _by_hour(record, influx == 1).any(axis=1))


def hourly(record: Record) -> tuple[Int64Array, Float64Array, Float64Array]:
    """End of whole hours, and rain and coverage of each; rain is 0 where nothing is known."""
    blocks = _by_hour(record, record.rain_mm)
    ends = record.time_s[_first(record) + PER_HOUR - 1 :: PER_HOUR][: len(blocks)]
    return ends, np.nansum(blocks, axis=1), (~np.isnan(blocks)).mean(axis=1)


def _first(record: Record) -> int:
    """Row of the first interval of the first whole hour."""
    return int(np.flatnonzero(record.time_s % 3600 == STEP_S)[0])


def _by_hour(record: Record, values: np.ndarray) -> np.ndarray:
    """Values by whole hour, shape (n_hours, 12, n_stations)."""
    part = values[_first(record) :]
    n_hours = len(part) // PER_HOUR
    return np.asarray(part[: n_hours * PER_HOUR].reshape(n_hours, PER_HOUR, -1))


def agreement(record: Record, found: Found, kind: str) -> Agreement:
    """One kind of flag, where the station reported and both sides decided."""
    theirs, ours = record.published[kind], found.flags[kind]
    both = ~np.isnan(record.rain_mm) & (theirs >= 0) & (ours >= 0)
    counts = np.bincount(2 * theirs[both] + ours[both], minlength=4).tolist()
    return Agreement(hits=counts[3], false=counts[1], missed=counts[2], quiet=counts[0])


def share_flagged(record: Record, flags: Int8Array) -> Float64Array:
    """Share of its reported intervals in which each station is flagged."""
    reported = ~np.isnan(record.rain_mm)
    return np.asarray(((flags == 1) & reported).sum(axis=0) / np.maximum(reported.sum(axis=0), 1))


@dataclass(frozen=True)
class HeavyHours:
    """Gauge hours at or above a rain that a radar pixel near them saw too.

    `zeroed`: minutes of them counted as not measured; `set_aside`: a reading was
    impossible; `unconfirmed`: the gauge was doubted, and still counted whole.
    `stations_set_aside` names the gauges of the second.
    """

    n: int
    set_aside: int
    zeroed: int
    unconfirmed: int
    stations_set_aside: tuple[str, ...]


def heavy_hours(folder: Path, record: Record, found: Found, least_mm: float) -> HeavyHours:
    """What becomes of heavy rain that the radar confirms."""
    radar = pd.read_csv(folder / "radar_ref_hourly.csv.gz", parse_dates=["time_utc"])
    pixels = pd.read_csv(folder / "radar_ref_pixels.csv")
    radar_s = radar.pop("time_utc").to_numpy().astype("datetime64[s]").astype(np.int64)
    ends_s, rain_mm, coverage = hourly(record)
    _, of_gauge, of_radar = np.intersect1d(ends_s, radar_s, return_indices=True)
    centre = float(record.stations.latitude.mean()), float(record.stations.longitude.mean())
    gauge_xy = local_xy_m(record.stations.latitude, record.stations.longitude, *centre)
    pixel_xy = local_xy_m(pixels["lat"].to_numpy(), pixels["lon"].to_numpy(), *centre)
    metres = np.hypot(*(gauge_xy[:, None] - pixel_xy[None]).transpose(2, 0, 1))
    seen = radar[list(pixels["px"])].to_numpy()[of_radar] >= least_mm
    near_seen = seen.astype(np.int64) @ (metres <= NEAR_PIXEL_M).T.astype(np.int64) > 0
    heavy = near_seen & (rain_mm[of_gauge] >= least_mm) & (coverage[of_gauge] == 1.0)
    zero_hour = np.asarray(_by_hour(record, found.flags["FZ"] == 1).any(axis=1))[of_gauge]
    aside = np.asarray(_by_hour(record, found.is_impossible).any(axis=1))[of_gauge]
    doubt = found.hourly_doubt[of_gauge]
    names = np.array(record.stations.code)[(heavy & aside).any(axis=0)]
    return HeavyHours(
        n=int(heavy.sum()),
        set_aside=int((heavy & aside).sum()),
        zeroed=int((heavy & zero_hour).sum()),
        unconfirmed=int((heavy & doubt).sum()),
        stations_set_aside=tuple(names.tolist()),
    )


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, help="folder pws_amsterdam_qc")
    usual = NeighbourPolicy()
    parser.add_argument("--neighbours", type=int, default=usual.neighbours, help="default %(default)s")
    parser.add_argument(
        "--zero-mm",
        type=float,
        default=usual.zero_mm_min,
        help="zero_mm_min, published 0; default %(default)g",
    )
    arguments = parser.parse_args()
    record = read_record(arguments.data)
    found = run(record, NeighbourPolicy(neighbours=arguments.neighbours, zero_mm_min=arguments.zero_mm))
    reported = ~np.isnan(record.rain_mm)
    print(
        f"{reported.sum():,} readings of {len(record.stations)} stations; {arguments.neighbours} neighbours"
    )
    for kind in ("FZ", "HI", "SO"):
        table = pd.crosstab(
            pd.Series(record.published[kind][reported], name="published"),
            pd.Series(found.flags[kind][reported], name="ours"),
        )
        one = agreement(record, found, kind)
        print(f"\n{kind}: recall {one.recall:.4f} precision {one.precision:.4f} kappa {one.kappa:.4f}")
        print(table.to_string())
    print("\nstation: share of its reported time flagged, published / ours; sum of rain")
    shares = {
        kind: (share_flagged(record, record.published[kind]), share_flagged(record, found.flags[kind]))
        for kind in ("FZ", "SO", "HI")
    }
    total_mm = np.nansum(record.rain_mm, axis=0)
    worst = np.argsort(-(shares["FZ"][0] + shares["SO"][0] + 20 * shares["HI"][0]))[:12]
    for station in worst:
        parts = [f"{kind} {a[station]:6.1%} / {b[station]:6.1%}" for kind, (a, b) in shares.items()]
        print(f"{record.stations.code[station]:>7}: {'   '.join(parts)}   {total_mm[station]:10,.0f} mm")
    print(
        f"\nimpossible readings set aside: {found.is_impossible.sum():,}, of "
        f"{[record.stations.code[s] for s in np.flatnonzero(found.is_impossible.any(axis=0))]}"
    )
    for least_mm in (5.0, 10.0):
        one_hour = heavy_hours(arguments.data, record, found, least_mm)
        print(f"gauge hours of {least_mm:g} mm and more that the radar within 5 km saw too: {one_hour}")


if __name__ == "__main__":
    main()
