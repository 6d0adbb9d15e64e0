"""How good members from a radar are: totals of 1 to 3 hours, reliability, leads, and what a cycle costs.

    python -m benchmarks.bench_radar [--data FOLDER] [--pysteps]

Switzerland 2015-05-15 and 2016-07-11, Finland 2016-09-28, Brisbane 2020-10-31, Europe 2018-08-24 (three
tiles): fields of 2 km, read at points 12 km apart, the truth is the radar's own cell. Beside the members: the
newest field that stays (Eulerian) and that moves as one. ``--pysteps`` adds its Lucas-Kanade motion and STEPS
with 20 members at every third start (``pip install pysteps``, needs a compiler). Every day is one storm:
figures show a direction.
"""

import argparse
import importlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.bench_chances import episodes_of, onsets_of
from benchmarks.grid_blackouts import hours as hours_of
from benchmarks.grid_blackouts import radar_at_gauges, read_gauges
from benchmarks.radar_days import CELL_M, RadarDay, radar_days
from warnstream.forecast.extrapolation import bilinear, extrapolate
from warnstream.forecast.motion import motion_lucas_kanade
from warnstream.forecast.radar.adjustment import Adjustment, GaugePairs
from warnstream.forecast.radar.filling import filled
from warnstream.forecast.radar.members import DAMP_S, MOVE_S, N_STEPS, STEP_S, members_of
from warnstream.forecast.radar.motion import pyramid_motion
from warnstream.forecast.radar.source import BLOCK, RadarMembers, spaced
from warnstream.hazards.expected.crossing import crossing
from warnstream.model.arrays import BoolArray, Float64Array, Int64Array
from warnstream.model.forecast import RainMembers
from warnstream.model.geodesy import local_xy_m
from warnstream.model.radar.fields import FieldFrame, FieldGeometry, packed_mm

REPOSITORY = Path(__file__).resolve().parent.parent
THRESHOLDS_MM = (1, 5, 10, 20)
POINTS = slice(3, None, 6)
ONSETS_MIN = 20
CASES_SHOWN = 500
Forecast = Callable[["Start"], Float64Array]
"""Totals of 12 quarter hours at the points, shape (n_members, 12, n_points)."""


@dataclass(frozen=True, slots=True)
class Start:
    """One moment of a day, as a node has it: fields of the last half hour, packed as in its journal."""

    day: RadarDay
    number: int
    fields_mm_h: Float64Array
    apart_s: int
    row: Int64Array
    column: Int64Array

    @property
    def at(self) -> tuple[Float64Array, Float64Array]:
        """Points on the coarser fields."""
        return (self.row - (BLOCK - 1) / 2) / BLOCK, (self.column - (BLOCK - 1) / 2) / BLOCK


def start_of(day: RadarDay, number: int) -> Start:
    """Fields until one of them."""
    interval_s = 60 * day.interval_min
    fields = [
        FieldFrame("radar", b"", interval_s * before, interval_s, packed_mm(day.rain_mm[before]))
        for before in range(max(number - 5, 0), number + 1)
    ]
    rain_mm_h, apart_s = spaced(fields)
    every = np.arange(day.rain_mm.shape[1])[POINTS], np.arange(day.rain_mm.shape[2])[POINTS]
    row, column = (axis.ravel() for axis in np.meshgrid(*every, indexing="ij"))
    return Start(day, number, filled(rain_mm_h), apart_s, row, column)


def starts_of(day: RadarDay, every_min: int) -> Iterator[Start]:
    """Moments with half an hour before and an hour after."""
    per_hour = 60 // day.interval_min
    step = max(every_min // day.interval_min, 1)
    for number in range(per_hour // 2, len(day.rain_mm) - per_hour, step):
        yield start_of(day, number)


def members(start: Start) -> Float64Array:
    """As a node makes them."""
    found = members_of(start.fields_mm_h, start.apart_s, CELL_M * BLOCK, start.at, 0)
    return found.astype(np.float64)


def one_field(start: Start) -> Float64Array:
    """The newest field moves by the same motion and keeps its rain."""
    return _moved(start, pyramid_motion(start.fields_mm_h, np.inf))


def one_field_gauge_motion(start: Start) -> Float64Array:
    """By the motion that the nowcast of gauges fits."""
    return _moved(start, motion_lucas_kanade(start.fields_mm_h * (start.apart_s / 3600), 10.0))


def one_field_pysteps(start: Start) -> Float64Array:
    """By the motion of pysteps."""
    motion = importlib.import_module("pysteps.motion").get_method("LK")
    logarithm = 10 * np.log10(np.maximum(start.fields_mm_h, 0.1))
    east, north = (
        motion(logarithm) if (start.fields_mm_h > 1).any() else np.zeros((2, *start.fields_mm_h[0].shape))
    )
    return _moved(start, np.stack([north, east]))


def eulerian(start: Start) -> Float64Array:
    """The newest field stays."""
    return _moved(start, np.zeros((2, *start.fields_mm_h.shape[1:])))


def steps(start: Start) -> Float64Array:
    """STEPS of pysteps with 20 members on the same fields."""
    method = importlib.import_module("pysteps.nowcasts").get_method("steps")
    motion = importlib.import_module("pysteps.motion").get_method("LK")
    fields = np.where(start.fields_mm_h < 0.1, -15.0, 10 * np.log10(np.maximum(start.fields_mm_h, 0.1)))
    n = 3 * 3600 // start.apart_s
    found = method(
        fields,
        motion(fields),
        n,
        n_ens_members=20,
        n_cascade_levels=5,
        precip_thr=-10.0,
        kmperpixel=CELL_M * BLOCK / 1000,
        timestep=start.apart_s / 60,
        seed=24,
        num_workers=1,
    )
    rain = np.nan_to_num(np.where(found > -10.0, 10 ** (found / 10), 0.0)) * (start.apart_s / 3600)
    total = np.cumsum(rain, axis=1)[:, 3600 // start.apart_s - 1 :: 3600 // start.apart_s]
    at_points = bilinear(total, *start.at)
    return np.repeat(at_points, 4, axis=1)


def _moved(start: Start, motion: Float64Array) -> Float64Array:
    per_step = STEP_S // MOVE_S
    step = motion * (MOVE_S / start.apart_s)
    moved = extrapolate(start.fields_mm_h[-1], step, N_STEPS * per_step, DAMP_S / MOVE_S)
    quarters = moved.reshape(N_STEPS, per_step, *moved.shape[1:]).mean(axis=1)
    return np.cumsum(bilinear(quarters, *start.at) * (STEP_S / 3600), axis=0)[None]


class Tally:
    """What was said and what came, by name of the day, hours and threshold."""

    def __init__(self) -> None:
        self.said: dict[tuple[str, int, int], list[Float64Array]] = {}
        self.came: dict[tuple[str, int, int], list[Float64Array]] = {}

    def take(self, start: Start, totals: Float64Array) -> None:
        """One start."""
        for hours in (1, 2, 3):
            truth = start.day.total(start.number, 60 * hours)[start.row, start.column]
            known = ~np.isnan(truth)
            for limit in THRESHOLDS_MM if known.any() else ():
                key = start.day.name.split(" tile")[0], hours, limit
                said = (totals[:, 4 * hours - 1] >= limit).mean(axis=0)
                self.said.setdefault(key, []).append(said[known])
                self.came.setdefault(key, []).append((truth[known] >= limit).astype(np.float64))

    def skill(self, name: str, hours: int, limit: int) -> str:
        """Brier skill over the frequency of that day; - where too little came."""
        key = name, hours, limit
        if key not in self.said:
            return "-"
        said, came = np.concatenate(self.said[key]), np.concatenate(self.came[key])
        if came.sum() < ONSETS_MIN:
            return "-"
        return f"{1 - ((said - came) ** 2).mean() / ((came.mean() - came) ** 2).mean():.2f}"

    def deciles(self, name: str, hours: int, limit: int) -> str:
        """Mean of what was said (share that came; cases), tenth by tenth."""
        said = np.concatenate(self.said[name, hours, limit])
        came = np.concatenate(self.came[name, hours, limit])
        tenth = np.minimum((said * 10).astype(np.int64), 9)
        cells = [
            f"{said[of_tenth].mean():.2f} ({came[of_tenth].mean():.2f}; {of_tenth.sum()})"
            for of_tenth in (tenth == number for number in range(10))
            if of_tenth.sum() >= CASES_SHOWN
        ]
        return ", ".join(cells)


@dataclass(frozen=True, slots=True)
class LeadRule:
    """A threshold, and the probability within three hours that announces it."""

    day: str
    hours: int
    threshold_mm: float
    probability: float


RULES = (
    LeadRule("Brisbane", 1, 10, 0.1),
    LeadRule("Brisbane", 1, 20, 0.2),
    LeadRule("Brisbane", 3, 20, 0.1),
    LeadRule("Brisbane", 3, 40, 0.3),
    LeadRule("Europe", 1, 10, 0.3),
    LeadRule("Europe", 3, 20, 0.3),
)
"""The probabilities are those of earlier work, which chose them on these very days."""


def lead_line(rule: LeadRule, days: list[RadarDay]) -> str:
    """Episodes and onsets of a rule, over all points of its days."""
    episodes: list[bool] = []
    leads: list[float] = []
    for day in days:
        found = _leads_of_day(rule, day)
        episodes += found[0]
        leads += found[1]
    shares = [f"{np.mean(np.array(leads) >= lead):.2f}" for lead in (15, 30, 60, 90)]
    what = (
        f"{rule.day} | {rule.threshold_mm:g} mm/{rule.hours} h, p {rule.probability:g} ({len(leads)} onsets)"
    )
    return f"| {what} | {np.mean(episodes):.2f} | {' | '.join(shares)} | {max(np.median(leads), 0):.0f} |"


def print_counting(rule: LeadRule, day: RadarDay) -> None:
    """What the rate of false episodes of one rule rests on: how they are counted, and how near the rim."""
    print(f"\n{rule.day}, {rule.threshold_mm:g} mm/{rule.hours} h, p {rule.probability:g}: false episodes")
    print("| points | crossing within 3 h of the beginning | also while it stands, and 3 h after |")
    print("|---|---|---|")
    series = _series(rule, day)
    for name, rim_km in (("all", 0), ("44 km and more from the rim", 44)):
        cells = [
            f"{np.mean(false):.2f} of {len(false)} ({len(leads)} onsets)"
            for false, leads in (_count(rule, day, series, rim_km, stands=stands) for stands in (False, True))
        ]
        print(f"| {name} | {' | '.join(cells)} |")


def _leads_of_day(rule: LeadRule, day: RadarDay) -> tuple[list[bool], list[float]]:
    return _count(rule, day, _series(rule, day))


def _series(rule: LeadRule, day: RadarDay) -> tuple[Float64Array, BoolArray, Start]:
    """Probability and whether it has been reached, shape (n_fields, n_points), and the last start."""
    interval, window = day.interval_min, 60 * rule.hours
    first = 30 // interval
    probability, reached = [], []
    for number in range(first, len(day.rain_mm)):
        start = start_of(day, number)
        past = _Past(start)
        said = RainMembers(members(start).astype(np.float32), STEP_S, 0, "radar", "")
        critical = np.full((1, len(start.row)), rule.threshold_mm)
        found = crossing(said, past, (60 * window,), critical, 3 * 3600)
        probability.append(np.nan_to_num(found.probability))
        reached.append(past(60 * window) >= rule.threshold_mm)
    return np.stack(probability).astype(np.float64), np.stack(reached), start


def _count(
    rule: LeadRule,
    day: RadarDay,
    series: tuple[Float64Array, BoolArray, Start],
    rim_km: int = 0,
    *,
    stands: bool = False,
) -> tuple[list[bool], list[float]]:
    """Which episodes are false, and the leads of onsets, minutes.

    An episode is true if a crossing follows within three hours of its beginning; if `stands`, also where one
    comes while it lasts or within three hours after.
    """
    value, has, start = series
    within, rim = 180 // day.interval_min, rim_km * 1000 / CELL_M
    n_rows, n_columns = day.rain_mm.shape[1:]
    is_inside = (np.minimum(start.row, n_rows - 1 - start.row) >= rim) & (
        np.minimum(start.column, n_columns - 1 - start.column) >= rim
    )
    false, leads = [], []
    for point in np.flatnonzero(is_inside).tolist():
        onset = onsets_of(has[:, point], within)
        own = list(episodes_of(value[:, point], rule.probability, rule.probability / 2))
        for begin, end in own:
            until = (end if stands else begin) + within
            crosses = bool(((onset >= begin) & (onset <= until)).any())
            if crosses or (begin + within < len(value) and not has[begin, point]):
                false.append(not crosses)
        for at in onset.tolist():
            before = [at - begin for begin, _ in own if 0 <= at - begin <= within]
            leads.append(day.interval_min * float(max(before, default=-1)))
    return false, leads


class _Past:
    """Rain of the last seconds at the points of a start; within an interval spread evenly."""

    def __init__(self, start: Start) -> None:
        rain = start.day.rain_mm[: start.number + 1, start.row, start.column][::-1]
        self._total = np.concatenate([np.zeros((1, len(start.row))), np.cumsum(np.nan_to_num(rain), axis=0)])
        self._interval_s = 60 * start.day.interval_min

    def __call__(self, duration_s: int) -> Float64Array:
        position = min(duration_s / self._interval_s, len(self._total) - 1.0)
        low = int(position)
        high = min(low + 1, len(self._total) - 1)
        return np.asarray(self._total[low] + (position - low) * (self._total[high] - self._total[low]))


def cycle_cpu_s(day: RadarDay, times: int, n_places: int) -> tuple[float, float]:
    """Median CPU seconds of members, and of thirty probabilities, at the wettest time of a day.

    Its cells beside each other `times` times in both directions.
    """
    wettest = int(np.argmax([np.nansum(day.rain_mm[max(n - 5, 0) : n + 1]) for n in range(len(day.rain_mm))]))
    last = np.tile(day.rain_mm[max(wettest - 5, 0) : wettest + 1], (1, times, times))
    interval_s, (n_rows, n_columns) = 60 * day.interval_min, last.shape[1:]
    geometry = FieldGeometry(0.0, 0.0, 0, 0, int(CELL_M), n_rows, n_columns)
    random = np.random.default_rng(2)
    at = random.uniform(0, n_rows - 1, n_places), random.uniform(0, n_columns - 1, n_places)
    far = np.full((n_places, 2), 1e9)
    source = RadarMembers("radar", geometry, at, Adjustment(far[:0], far), 300)
    kept = [
        FieldFrame("radar", geometry.digest, interval_s * number, interval_s, packed_mm(field))
        for number, field in enumerate(last)
    ]
    hour_mm = np.nan_to_num(last.sum(axis=0))[at[0].astype(np.int64), at[1].astype(np.int64)]
    made, rolled = [], []
    for _ in range(5):
        begin = time.process_time()
        found = source.members(kept, None, kept[-1].end_s + 240)
        made.append(time.process_time() - begin)
        begin = time.process_time()
        for threshold in range(10, 110, 10):
            for hours in (1, 2, 3):
                critical = np.full((1, n_places), float(threshold))
                crossing(found, lambda one_s: hour_mm * (one_s / 3600), (3600,), critical, 3600 * hours)
        rolled.append(time.process_time() - begin)
    return float(np.median(made)), float(np.median(rolled))


def print_costs(days: list[RadarDay]) -> None:
    """At three sizes."""
    print("\nCPU s of a cycle of 2,855 places at the wettest time of Brisbane: members, thirty probabilities")
    (day,) = (day for day in days if day.name.startswith("Brisbane"))
    for times in (1, 2, 4):
        made, rolled = cycle_cpu_s(day, times, 2855)
        print(f"{128 * times} x {128 * times}: {made:.3f}, {rolled:.3f}")


def print_adjustment(folder: Path) -> None:
    """What correction by one half of the gauges does at the other half: Emilia-Romagna, 17 September 2022."""
    network, rain_mm = read_gauges(folder)
    truth, radar = hours_of(rain_mm), hours_of(radar_at_gauges(folder, network))
    stations = network.stations
    middle = float(stations.latitude.mean()), float(stations.longitude.mean())
    xy_m = local_xy_m(stations.latitude, stations.longitude, *middle)
    error: dict[str, list[Float64Array]] = {"same hour": [], "next hour": []}
    for half in (0, 1):
        knows = np.arange(len(xy_m)) % 2 == half
        adjustment, every = Adjustment(xy_m[knows], xy_m[~knows]), np.ones(knows.sum(), dtype=np.bool_)
        for time_ in range(truth.shape[1] - 4):
            factor = adjustment.factors(GaugePairs(truth[knows, time_], radar[knows, time_], every))
            for name, at in (("same hour", time_), ("next hour", time_ + 4)):
                gauge, seen = truth[~knows, at], radar[~knows, at]
                wet = np.maximum(gauge, seen) >= 1.0
                if factor is not None:
                    error[name].append(np.abs(np.stack([seen, factor * seen]) - gauge)[:, wet])
    for name, parts in error.items():
        raw, corrected = np.concatenate(parts, axis=1).mean(axis=1)
        print(f"{name}: error {raw:.2f} mm as delivered, {corrected:.2f} mm corrected")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("WARNSTREAM_SHARED_DATA", str(REPOSITORY.parent / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=Path(default), help="folder of the real data sets")
    parser.add_argument(
        "--pysteps", action="store_true", help="also its motion and STEPS-20, every third start"
    )
    options = parser.parse_args()
    days = list(radar_days(options.data / "radar_nowcast"))
    methods: dict[str, tuple[Forecast, int]] = {
        "48 members": (members, 30),
        "one field": (one_field, 30),
        "one field, motion of the gauge nowcast": (one_field_gauge_motion, 30),
        "Eulerian": (eulerian, 30),
    }
    if options.pysteps:
        methods["one field, motion of pysteps"] = one_field_pysteps, 30
        methods["48 members, every 90 min"] = members, 90
        methods["STEPS-20, every 90 min"] = steps, 90
    names = list(dict.fromkeys(day.name.split(" tile")[0] for day in days))
    heads = [f"{limit} mm" for limit in THRESHOLDS_MM]
    print("Brier skill of totals of the next 1/2/3 h at points 12 km apart\n")
    print(f"| day | method | {' | '.join(heads)} |\n|---|---|{'---|' * len(heads)}")
    tallies: dict[str, Tally] = {}
    for method, (forecast, every_min) in methods.items():
        tally = tallies[method] = Tally()
        for day in days:
            for start in starts_of(day, every_min):
                tally.take(start, forecast(start))
        for name in names:
            cells = [
                "/".join(tally.skill(name, hours, limit) for hours in (1, 2, 3)) for limit in THRESHOLDS_MM
            ]
            print(f"| {name} | {method} | {' | '.join(cells)} |", flush=True)
    print("\nwhat the members said of 5 mm, what came (tenths with 500 cases and more)\n")
    print("| day | hours | said (came; cases) |\n|---|---|---|")
    for name in names:
        for hours in (1, 2, 3):
            if (name, hours, 5) in tallies["48 members"].said:
                print(f"| {name} | {hours} | {tallies['48 members'].deciles(name, hours, 5)} |")
    print(
        "\n| day | rule | FAR | >=15 | >=30 | >=60 | >=90 | median min |\n|---|---|---|---|---|---|---|---|"
    )
    for rule in RULES:
        print(lead_line(rule, [day for day in days if day.name.startswith(rule.day)]), flush=True)
    print_counting(RULES[0], next(day for day in days if day.name.startswith(RULES[0].day)))
    print_costs(days)
    print("\ncorrected by the last hour of half of the gauges, judged at the others (hours of 1 mm and more)")
    print_adjustment(options.data / "gauge_radar_pairs")


if __name__ == "__main__":
    main()
