"""The Ahr, 14 July 2021: when the probability of catchment rain within six hours passes .3 and .5.

    python -m benchmarks.bench_ahr [--data FOLDER]

The record has hourly means over the catchment of Altenahr (747 km2), 2001-2022. It has no field of a radar
shorter than an hour (motion cannot be seen), no gauge finer than an hour (`warnstream fit-forecast` wants 15
minutes) and no run of any weather model of that day. So none of the product's own sources of rain ahead can
be run on it, and what a model said that day nobody can read here. What can be run is its roll-forward over
members that the record itself gives: the six hours that followed the 51 hours of 2001-2020 most like now
(rain of the last 1, 3, 6 and 24 h). That is climate, not a forecast of that day. Thresholds are the levels
that annual maxima of the same years reach once in 2, 5 and 10 years.
"""

import argparse
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from warnstream.hazards.expected.crossing import crossing
from warnstream.model.arrays import Float64Array
from warnstream.model.forecast import RainMembers

REPOSITORY = Path(__file__).resolve().parent.parent
WITHIN_H, N_MEMBERS, APART_H = 6, 51, 24
WINDOWS_H, YEARS = (6, 12, 24), (2, 5, 10)
PROBABILITIES = (0.3, 0.5)
LAST_YEAR = 2020
FIRST, LAST = datetime(2021, 7, 13, tzinfo=UTC), datetime(2021, 7, 15, tzinfo=UTC)
TIMELINE = (
    ("13 Jul 13:49", "warning of class 2, yellow"),
    ("14 Jul 11:17", "class 4, red"),
    ("14 Jul 15:26", "forecast of 5.19 m at Altenahr"),
    ("14 Jul 17:17", "class 5, purple"),
    ("14 Jul 23:09", "the county asks for evacuation"),
)
"""Local time (CEST); sources in the README of the data."""


@dataclass(frozen=True, slots=True)
class Record:
    """Hourly rain of the catchment, mm, and the end of each hour, UTC."""

    ends: list[datetime]
    rain_mm: Float64Array

    def sums(self, hours: int) -> Float64Array:
        """Rain of the last hours at the end of each."""
        total = np.concatenate([[0.0], np.cumsum(self.rain_mm)])
        index = np.arange(1, len(total))
        return np.asarray(total[index] - total[np.maximum(index - hours, 0)])


def read_record(folder: Path) -> Record:
    """Stamps are beginnings of hours, UTC (an inference of the README)."""
    table = pd.read_parquet(folder / "ahr_flood_2021" / "altenahr_hourly_2001_2022.parquet")
    ends = [stamp.to_pydatetime().replace(tzinfo=UTC) + timedelta(hours=1) for stamp in table.time]
    return Record(ends, table.rain_mm_h.to_numpy().astype(np.float64))


def thresholds(record: Record) -> dict[tuple[int, int], float]:
    """What annual maxima until `LAST_YEAR` reach once in so many years, by window and years (Weibull)."""
    year = np.array([end.year for end in record.ends])
    found = {}
    for hours in WINDOWS_H:
        sums = record.sums(hours)
        maxima = np.sort([sums[year == number].max() for number in range(2001, LAST_YEAR + 1)])
        position = np.arange(1, len(maxima) + 1) / (len(maxima) + 1)
        for years in YEARS:
            found[hours, years] = float(np.interp(1 - 1 / years, position, maxima))
    return found


class Analogues:
    """What followed the hours of the past that were most like one."""

    def __init__(self, record: Record) -> None:
        self._state = np.stack([np.log1p(record.sums(hours)) for hours in (1, 3, 6, 24)], axis=1)
        self._rain_mm = record.rain_mm
        year = np.array([end.year for end in record.ends])
        may = (year <= LAST_YEAR) & (np.arange(len(year)) < len(year) - WITHIN_H)
        self._candidates = np.flatnonzero(may & (record.sums(24) > 0))

    def members(self, now: int) -> Float64Array:
        """Rain from an hour on, shape (N_MEMBERS, WITHIN_H, 1); members are a day apart."""
        distance = np.abs(self._state[self._candidates] - self._state[now]).sum(axis=1)
        chosen: list[int] = []
        for candidate in self._candidates[np.argsort(distance, kind="stable")].tolist():
            if all(abs(candidate - other) >= APART_H for other in chosen):
                chosen.append(candidate)
            if len(chosen) == N_MEMBERS:
                break
        ahead = self._rain_mm[np.array(chosen)[:, None] + 1 + np.arange(WITHIN_H)]
        return np.cumsum(ahead, axis=1)[:, :, None]


def probabilities(
    record: Record, hours: int, threshold_mm: float
) -> tuple[list[datetime], Float64Array, Float64Array]:
    """Times of the event, probability that it is reached within six hours, and what has fallen."""
    analogues, fallen = Analogues(record), record.sums(hours)
    numbers = [number for number, end in enumerate(record.ends) if FIRST <= end <= LAST]
    said = []
    for number in numbers:

        def past(duration_s: int, number: int = number) -> Float64Array:
            return np.array([record.rain_mm[number + 1 - duration_s // 3600 : number + 1].sum()])

        rain_mm = analogues.members(number).astype(np.float32)
        members = RainMembers(rain_mm, 3600, 0, "analogues", "")
        found = crossing(members, past, (3600 * hours,), np.array([[threshold_mm]]), 3600 * WITHIN_H)
        said.append(float(found.probability[0]))
    return [record.ends[number] for number in numbers], np.array(said), fallen[numbers]


def first_at(ends: list[datetime], holds: np.ndarray) -> datetime | None:
    """When it holds first; None: never."""
    at = np.flatnonzero(holds)
    return ends[at[0]] if len(at) else None


def local(at: datetime | None) -> str:
    """As the timeline writes it."""
    return "never" if at is None else (at + timedelta(hours=2)).strftime("%d %b %H:%M")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("WARNSTREAM_SHARED_DATA", str(REPOSITORY.parent / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=Path(default), help="folder of the real data sets")
    record = read_record(parser.parse_args().data)
    print(
        "Ahr at Altenahr, catchment rain; members are analogues of 2001-2020, no forecast of that day; CEST\n"
    )
    print("| window, once in | threshold mm | p within 6 h >= .3 | >= .5 | reached | lead of .3 |")
    print("|---|---|---|---|---|---|")
    for (hours, years), threshold_mm in thresholds(record).items():
        ends, said, fallen = probabilities(record, hours, threshold_mm)
        at = [first_at(ends, said >= limit) for limit in PROBABILITIES]
        reached = first_at(ends, fallen >= threshold_mm)
        lead = (
            "-" if at[0] is None or reached is None else f"{(reached - at[0]).total_seconds() / 3600:.0f} h"
        )
        cells = " | ".join(local(moment) for moment in (*at, reached))
        print(f"| {hours} h, {years} a | {threshold_mm:.1f} | {cells} | {lead} |")
    print("\n" + "\n".join(f"{at}: {what}" for at, what in TIMELINE))


if __name__ == "__main__":
    main()
