"""What yellow costs by Rio's rule: warnings a village and year, and how many came before no 40 mm/1 h.

Run: ``python -m benchmarks.rio_price_of_yellow RIO_DATA_DIR 2013 2015`` (seconds), with
``--replay`` also what the product itself says (minutes a year). Every gauge speaks for one village,
as in `configs/rio`; its readings of a year, zeros included, are judged

- by the rule's yellow alone: at least 10.1 mm in 15 min or 20.1 mm in 1 h. A warning lasts until
  both are below 0.8 of that for 30 minutes, and an hour at least since it was last reached, as
  `configs/rio/thresholds.yaml` has it;
- with ``--replay`` by the engine with the whole of `configs/rio`: the nowcast raises yellow too.
  The engine sees the stretches of the year that have rain of `WET_MM` in 15 min at any gauge,
  `BEFORE_S` before it to `AFTER_S` after; without such rain neither rule nor nowcast reaches
  yellow (150 mm in 24 h of lighter rain would, by orange, and is not looked for).

A warning was followed by the siren's amount if the gauge had 40 mm in any hour that ends from its
beginning to `FOLLOWED_H` later.
"""

import argparse
import runpy
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.rio_alarms import QUARTER_S, SIREN_MM, YEAR_S, Record, read_record
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.arrays import BoolArray, Float64Array, Int64Array
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S
from warnstream.model.warning import MessageType, WarningMessage
from warnstream.review.archive import ArchiveReadings
from warnstream.review.logger_files import read_readings
from warnstream.runners.replay.replay import Replay

QUARTER_MM, HOUR_MM = 10.1, 20.1
CLEAR_RATIO = 0.8
HOLD_S = 1800
ACTIVE_S = HOUR_S
FOLLOWED_H = 6
"""How long a message holds (`messages.validity`)."""
WET_MM = 4.0
BEFORE_S, AFTER_S = 6 * HOUR_S, 8 * HOUR_S

CONFIGURATION = Path(__file__).resolve().parent.parent / "configs" / "rio"


@dataclass(frozen=True, slots=True)
class Price:
    """Warnings of some years: how many, how many the siren's amount followed, the village-years observed."""

    warnings: int
    followed: int
    village_years: float

    def __add__(self, other: "Price") -> "Price":
        """Both together."""
        return Price(
            self.warnings + other.warnings,
            self.followed + other.followed,
            self.village_years + other.village_years,
        )

    def __str__(self) -> str:
        """As it is printed."""
        rate = self.warnings / max(self.village_years, 1e-9)
        in_vain = 1 - self.followed / max(self.warnings, 1)
        return (
            f"{self.warnings} warnings in {self.village_years:.1f} village-years: {rate:.1f} a village-year, "
            f"{in_vain:.0%} of them without 40 mm in any hour of the {FOLLOWED_H} h after"
        )


def beginnings(at_s: Int64Array, is_reached: BoolArray, is_held: BoolArray) -> list[int]:
    """Times at which a warning begins, of one gauge.

    Parameters
    ----------
    at_s : Int64Array, shape (n,)
        Ascending.
    is_reached, is_held : BoolArray, shape (n,)
        The rule is reached; its clear value is.
    """
    found: list[int] = []
    reached_s, held_s = None, 0
    for time_s, reached, held in zip(at_s.tolist(), is_reached.tolist(), is_held.tolist(), strict=True):
        if reached_s is not None and time_s - held_s >= HOLD_S and time_s - reached_s >= ACTIVE_S:
            reached_s = None
        if reached:
            if reached_s is None:
                found.append(time_s)
            reached_s = time_s
        if held:
            held_s = time_s
    return found


def of_year(record: Record, year: int, before_s: int = 0) -> pd.DataFrame:
    """Readings of a year and of the time before it."""
    first, last = (int(pd.Timestamp(season, 1, 1).timestamp()) for season in (year, year + 1))
    return record.reported[record.reported["at_s"].between(first - before_s, last, inclusive="right")]


def price_of_rule(record: Record, year: int) -> Price:
    """Warnings of a year by the rule's yellow alone."""
    readings = of_year(record, year)
    warnings = followed = 0
    for _, own in readings.groupby("number"):
        at_s, quarter_mm, hour_mm = sums(own)
        is_reached = (quarter_mm >= QUARTER_MM) | (hour_mm >= HOUR_MM)
        is_held = (quarter_mm >= CLEAR_RATIO * QUARTER_MM) | (hour_mm >= CLEAR_RATIO * HOUR_MM)
        begun = beginnings(at_s, is_reached, is_held)
        warnings += len(begun)
        followed += n_followed(begun, at_s[hour_mm >= SIREN_MM])
    return Price(warnings, followed, len(readings) * QUARTER_S / YEAR_S)


def sums(own: pd.DataFrame) -> tuple[Int64Array, Float64Array, Float64Array]:
    """Times of one gauge's readings, their rain and that of the hour up to them, mm."""
    own = own.sort_values("at_s")
    at_s = np.asarray(own["at_s"].to_numpy(np.int64))
    quarter = pd.Series(own["tenths"].to_numpy() / 10, index=pd.to_datetime(at_s, unit="s"))
    hour = quarter.rolling("1h").sum()
    return at_s, np.asarray(quarter.to_numpy() + 1e-9), np.asarray(hour.to_numpy() + 1e-9)


def n_followed(begun: Iterable[int], siren_s: Int64Array) -> int:
    """How many warnings of a gauge had an hour with the siren's amount from their beginning on."""
    return sum(bool(((siren_s >= begin) & (siren_s <= begin + FOLLOWED_H * HOUR_S)).any()) for begin in begun)


def price_of_replay(folder: Path, record: Record, year: int) -> Price:
    """Warnings of a year as the product's own replay issues them, yellow and above."""
    readings = of_year(record, year, BEFORE_S)
    first_s = int(pd.Timestamp(year, 1, 1).timestamp())
    with tempfile.TemporaryDirectory() as name:
        configuration, archive = _archive(folder, record, readings, Path(name))
    at_s = archive.readings.observed_at_s
    messages = [
        message
        for begin_s, end_s in stretches(readings)
        for minute in Replay(
            configuration, archive.readings.select(np.flatnonzero((at_s > begin_s) & (at_s <= end_s)))
        ).steps()
        for message in minute.step.effects.messages
    ]
    begun = yellow_begun(messages, first_s)
    warnings = followed = 0
    for number, own in readings.groupby("number"):
        at_s, _, hour_mm = sums(own)
        times = begun.get(configuration.network.villages.index_of_code()[record.codes[int(str(number))]], [])
        warnings += len(times)
        followed += n_followed(times, at_s[hour_mm >= SIREN_MM])
    return Price(warnings, followed, int((readings["at_s"] > first_s).sum()) * QUARTER_S / YEAR_S)


def stretches(readings: pd.DataFrame) -> list[tuple[int, int]]:
    """Begin and end of the times that are looked at, apart from one another."""
    wet_s = np.unique(readings.loc[readings["tenths"] >= WET_MM * 10, "at_s"].to_numpy(np.int64))
    found: list[tuple[int, int]] = []
    for begin_s, end_s in zip((wet_s - BEFORE_S).tolist(), (wet_s + AFTER_S).tolist(), strict=True):
        if found and begin_s <= found[-1][1]:
            found[-1] = found[-1][0], end_s
        else:
            found.append((begin_s, end_s))
    return found


def yellow_begun(messages: Iterable[WarningMessage], first_s: int) -> dict[int, list[int]]:
    """When warnings reached yellow for the first time, by village; those before `first_s` are left out."""
    seen: set[str] = set()
    begun: dict[int, list[int]] = {}
    for message in messages:
        stands = message.msg_type is not MessageType.CANCEL and message.level >= Level.YELLOW
        if stands and message.warning not in seen:
            seen.add(message.warning)
            if message.sent_s > first_s:
                begun.setdefault(message.village, []).append(message.sent_s)
    return begun


def _archive(
    folder: Path, record: Record, readings: pd.DataFrame, directory: Path
) -> tuple[Configuration, ArchiveReadings]:
    """`configs/rio` with its places, and the readings as its replay takes them."""
    program = runpy.run_path(str(CONFIGURATION / "prepare.py"))
    for name in ("warnstream.yaml", "thresholds.yaml", "channels.yaml"):
        shutil.copyfile(CONFIGURATION / name, directory / name)
    stations = pd.read_csv(folder / "stations.csv")
    program["write_places"](stations, directory)
    program["write_people"](stations, directory)
    rows = readings.sort_values(["at_s", "number"])
    columns = {
        "station": [record.codes[number] for number in rows["number"]],
        "observed_at": pd.to_datetime(rows["at_s"].to_numpy(), unit="s", utc=True),
        "variable": "rain",
        "value": rows["tenths"].to_numpy() / 10,
    }
    pd.DataFrame(columns).to_parquet(directory / "readings.parquet", index=False)
    configuration = load_configuration(directory)
    return configuration, read_readings(directory / "readings.parquet", configuration)


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path, metavar="RIO_DATA_DIR")
    parser.add_argument("years", type=int, nargs="+", metavar="YEAR")
    parser.add_argument("--replay", action="store_true", help="also by the engine with all of configs/rio")
    options = parser.parse_args()
    record = read_record(options.data)
    ways: dict[str, Callable[[int], Price]] = {
        "the rule's yellow alone": lambda year: price_of_rule(record, year)
    }
    if options.replay:
        ways["the product's replay"] = lambda year: price_of_replay(options.data, record, year)
    for name, price_of in ways.items():
        prices = {year: price_of(year) for year in options.years}
        for year, price in prices.items():
            print(f"{name}, {year}: {price}", flush=True)
        print(f"{name}, all: {sum(prices.values(), Price(0, 0, 0.0))}", flush=True)


if __name__ == "__main__":
    main()
