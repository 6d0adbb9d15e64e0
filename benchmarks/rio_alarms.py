"""Twenty years of Rio's rain through the windows of a node: how often 40 mm in one hour is reached.

Run: ``python -m benchmarks.rio_alarms RIO_DATA_DIR`` (a minute or two). Every
reading of the 33 gauges from 1997 to 2017, zeros included, goes through
`RainWindow` a week at a time and station by station, so that most of it comes
late. The sums over 1, 4, 24 and 96 h at every wet reading and the alarms per
station-year stand beside those that pandas works out of the same files on its
own: whole readings, added up in tenths of a millimetre.

An alarm is a reading at which the last hour has brought 40 mm and the hour up
to 15 minutes before had not. The record is not part of this repository;
docs/forecast.md says where it comes from.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from warnstream.model.arrays import BoolArray, Float64Array, Int64Array
from warnstream.windows.rain_window import RainWindow

SIREN_MM = 40.0
QUARTER_S = 900
DURATION_S = np.array([3600, 4 * 3600, 24 * 3600, 96 * 3600], dtype=np.int32)
CHUNK_S = 7 * 86_400
YEAR_S = 365.25 * 86_400


@dataclass(frozen=True, slots=True)
class Record:
    """The record as files give it.

    Attributes
    ----------
    codes : list of str, length n_stations
    wet : DataFrame
        Columns ``number`` (of the station), ``at_s``, ``tenths`` (of a millimetre), by station and time.
    reported : DataFrame
        The same columns, with the readings of zero between.
    """

    codes: list[str]
    wet: pd.DataFrame
    reported: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Found:
    """Sums at every wet reading and what follows from them.

    Attributes
    ----------
    tenths : Int64Array, shape (n_wet, 4)
        Rain over each of `DURATION_S`, tenths of a millimetre; -1 where it is not a whole number of them.
    is_alarm : BoolArray, shape (n_wet,)
    station_years : Float64Array, shape (n_stations,)
        Time observed.
    """

    tenths: Int64Array
    is_alarm: BoolArray
    station_years: Float64Array


def read_record(folder: Path) -> Record:
    """Wet readings as listed; a zero for every quarter hour between, but inside gaps."""
    wet = pd.read_parquet(folder / "rain15_nonzero_1997_2017.parquet")
    wet["at_s"] = wet["t_utc"].astype("datetime64[s]").astype("int64")
    wet["tenths"] = np.rint(wet["r15"].to_numpy(np.float64) * 10).astype(np.int64)
    codes = sorted(wet["station"].unique())
    wet["number"] = wet["station"].map({code: number for number, code in enumerate(codes)})
    wet = wet.sort_values(["number", "at_s"])[["number", "at_s", "tenths"]].reset_index(drop=True)
    gaps = pd.read_csv(folder / "gaps_1997_2017.csv.gz")
    for column in ("start_utc", "end_utc"):
        gaps[column] = pd.to_datetime(gaps[column]).astype("datetime64[s]").astype("int64")
    parts = []
    for number, code in enumerate(codes):
        own = wet[wet["number"] == number]
        silent = gaps[gaps["station"] == code]
        parts.append(_with_zeros(own, silent["start_utc"].to_numpy(), silent["end_utc"].to_numpy()))
    return Record(codes, wet, pd.concat(parts, ignore_index=True))


def _with_zeros(own: pd.DataFrame, gap_start_s: Int64Array, gap_end_s: Int64Array) -> pd.DataFrame:
    """One station's readings: after each wet one every 15 minutes until the next, none inside a gap."""
    at_s = own["at_s"].to_numpy()
    until = np.append(at_s[1:], at_s[-1] + QUARTER_S)
    n_zeros = np.maximum((until - at_s - 1) // QUARTER_S, 0)
    first = np.repeat(at_s, n_zeros)
    offset = np.arange(len(first)) - np.repeat(np.cumsum(n_zeros) - n_zeros, n_zeros)
    zero_s = first + QUARTER_S * (offset + 1)
    order = np.argsort(gap_start_s)
    gap_start_s, gap_end_s = gap_start_s[order], gap_end_s[order]
    gap = np.searchsorted(gap_start_s, zero_s, side="left") - 1
    inside = (gap >= 0) & (zero_s < gap_end_s[np.maximum(gap, 0)])
    zero_s = zero_s[~inside]
    zeros = pd.DataFrame({"number": own["number"].iloc[0], "at_s": zero_s, "tenths": 0})
    return pd.concat([own, zeros]).sort_values("at_s", ignore_index=True)


def by_windows(record: Record) -> Found:
    """What our windows find."""
    n_stations = len(record.codes)
    first_s = int(record.reported["at_s"].min())
    last_s = int(record.reported["at_s"].max())
    ring = RainWindow(
        np.full(n_stations, QUARTER_S, dtype=np.int32),
        span_s=CHUNK_S + int(DURATION_S.max()) + 4 * QUARTER_S,
        grace_s=0,
    )
    ring.advance(first_s)
    wet = record.wet
    by_time = np.argsort(record.reported["at_s"].to_numpy(), kind="stable")
    number, at_s, amount = (
        record.reported[name].to_numpy()[by_time] for name in ("number", "at_s", "tenths")
    )
    tenths = np.zeros((len(wet), len(DURATION_S)), dtype=np.int64)
    is_alarm = np.zeros(len(wet), dtype=np.bool_)
    observed_min = np.zeros(n_stations)
    for begin_s in range(first_s - 1, last_s, CHUNK_S):
        end_s = begin_s + CHUNK_S
        week = slice(*np.searchsorted(at_s, [begin_s, end_s], side="right"))
        rows = week.start + np.argsort(number[week], kind="stable")  # station by station
        ring.advance(end_s)
        ring.add(number[rows].astype(np.int32), at_s[rows], amount[rows] / 10)
        share = ring.accumulate_until(
            # The last quarter hour is still to be observed in full.
            np.array([CHUNK_S], dtype=np.int32),
            np.full(n_stations, -(-(end_s - QUARTER_S) // 60)),
        )
        observed_min += share.observed_min[0]
        now = wet[wet["at_s"].between(begin_s, end_s, inclusive="right")]
        turn = now.groupby("number").cumcount().to_numpy()
        for turn_number in range(int(turn.max(initial=-1)) + 1):
            some = now[turn == turn_number]
            station = some["number"].to_numpy()
            ends = np.full(n_stations, -(-end_s // 60))
            ends[station] = -(-some["at_s"].to_numpy() // 60)
            sums_um = ring.accumulate_until(DURATION_S, ends).rain_um[:, station].T
            before_um = ring.accumulate_until(DURATION_S[:1], ends - QUARTER_S // 60).rain_um[0, station]
            tenths[some.index] = np.where(sums_um % 100 == 0, sums_um // 100, -1)
            is_alarm[some.index] = (sums_um[:, 0] >= SIREN_MM * 1000) & (before_um < SIREN_MM * 1000)
    return Found(tenths, is_alarm, observed_min * 60 / YEAR_S)


def by_pandas(record: Record) -> Found:
    """The same from whole readings by pandas' rolling sums, in tenths of a millimetre."""
    tenths = np.zeros((len(record.wet), len(DURATION_S)), dtype=np.int64)
    is_alarm = np.zeros(len(record.wet), dtype=np.bool_)
    for _, own in record.wet.groupby("number"):
        times = pd.to_datetime(own["at_s"], unit="s")
        series = pd.Series(own["tenths"].to_numpy(), index=times)
        for column, duration_s in enumerate(DURATION_S):
            sums = series.rolling(f"{duration_s}s", closed="right").sum()
            tenths[own.index, column] = np.rint(sums.to_numpy()).astype(np.int64)
        earlier = pd.Series(0, index=times - pd.Timedelta(seconds=QUARTER_S))
        both = pd.concat([series, earlier[~earlier.index.isin(series.index)]]).sort_index()
        hour = both.rolling("3600s", closed="right").sum()
        before = hour[times - pd.Timedelta(seconds=QUARTER_S)].to_numpy()
        limit = SIREN_MM * 10
        is_alarm[own.index] = (tenths[own.index, 0] >= limit) & (np.rint(before) < limit)
    n_readings = record.reported.groupby("number").size().to_numpy()
    return Found(tenths, is_alarm, n_readings * QUARTER_S / YEAR_S)


def is_regular(record: Record) -> BoolArray:
    """Wet readings with no reading off the gauge's quarter hours in the 96 h before and 15 min after."""
    regular = np.ones(len(record.wet), dtype=np.bool_)
    for _, own in record.reported.groupby("number"):
        at_s = own["at_s"].to_numpy()
        shifts = at_s[1:][np.diff(at_s) % QUARTER_S != 0]
        wet = record.wet[record.wet["number"] == own["number"].iloc[0]]
        wet_s = wet["at_s"].to_numpy()
        place = np.searchsorted(shifts, wet_s, side="right")
        since_s = wet_s - np.append(-np.inf, shifts)[place]
        until_s = np.append(shifts, np.inf)[place] - wet_s
        regular[wet.index] = (since_s > DURATION_S.max() + QUARTER_S) & (until_s > QUARTER_S)
    return regular


def report(record: Record, ours: Found, theirs: Found) -> None:
    """Print the table."""
    number = record.wet["number"].to_numpy()
    print("| gauge | station-years | alarms 40 mm/1 h | by pandas | a year |\n|---|---|---|---|---|")
    for index, code in enumerate(record.codes):
        own = number == index
        years, alarms = ours.station_years[index], int(ours.is_alarm[own].sum())
        print(
            f"| {code} | {years:.2f} | {alarms} | {int(theirs.is_alarm[own].sum())} | {alarms / years:.2f} |"
        )
    years, alarms = float(ours.station_years.sum()), int(ours.is_alarm.sum())
    print(
        f"| all | {years:.2f} | {alarms} | {int(theirs.is_alarm.sum())} | {alarms / years:.3f} |\n\n"
        f"{len(record.reported):,} readings, {len(record.wet):,} of them wet; "
        f"{int((ours.is_alarm != theirs.is_alarm).sum())} alarms differ."
    )
    regular = is_regular(record)
    for column, duration_s in enumerate(DURATION_S):
        differs = ours.tenths[:, column] != theirs.tenths[:, column]
        print(
            f"Sums over {duration_s // 3600} h: {int((differs & regular).sum())} of {int(regular.sum()):,} "
            f"differ; near readings off their quarter hour {int((differs & ~regular).sum())} of "
            f"{int((~regular).sum()):,}, where ours hold a part of a reading and pandas' all or none."
        )


def main() -> None:
    """Read the folder, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of the Alerta Rio record")
    record = read_record(parser.parse_args().folder)
    report(record, by_windows(record), by_pandas(record))


if __name__ == "__main__":
    main()
