"""What yellow costs by Rio's rule: warnings a village and year, and how many come before no 40 mm in an hour.

Run: ``python -m benchmarks.rio_price_of_yellow RIO_DATA_DIR PREPARED_DIR 2013 2015``, where PREPARED_DIR is
what ``configs/rio/prepare.py`` has written. Every reading of a year, zeros included, goes through the engine
as configured in `configs/rio`, minute by minute from before the first rain of an episode to after its last;
between episodes no gauge has had rain for `CALM_H`, nothing can rise, and nothing is replayed.

A warning is an Alert, of yellow or more. It was followed by the siren's amount if the village's own gauge had
40 mm in any hour that ends from the alert to `FOLLOWED_H` later.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.rio_alarms import QUARTER_S, SIREN_MM, YEAR_S, read_record
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.arrays import Int64Array
from warnstream.model.observations.readings import Variable, batch_of
from warnstream.model.times import HOUR_S
from warnstream.model.warning import MessageType, WarningMessage
from warnstream.runners.replay.replay import Replay

CALM_H = 30
"""Longer than the longest window of the rule: an episode knows nothing of the one before."""

FOLLOWED_H = 6
"""How long a message holds (`messages.validity`)."""


@dataclass(frozen=True, slots=True)
class Price:
    """Warnings of some years.

    Attributes
    ----------
    warnings : int
        Alerts of any level from yellow on.
    forecast : int
        Of these, those that the nowcast alone raised.
    followed : int
        Of all, those that 40 mm in an hour followed.
    village_years : float
    """

    warnings: int
    forecast: int
    followed: int
    village_years: float


def episodes(reported: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Readings of the stretches between two calms, each with the hours before its first rain."""
    wet_s = np.unique(reported.loc[reported["tenths"] > 0, "at_s"].to_numpy())
    ends = np.flatnonzero(np.diff(wet_s) > CALM_H * HOUR_S)
    first, last = wet_s[np.append(0, ends + 1)], wet_s[np.append(ends, len(wet_s) - 1)]
    at_s = reported["at_s"].to_numpy()
    for begin, end in zip(first, last, strict=True):
        yield reported[(at_s > begin - 2 * HOUR_S) & (at_s <= end + FOLLOWED_H * HOUR_S)]


def alerts_of(configuration: Configuration, own: pd.DataFrame) -> list[WarningMessage]:
    """Alerts that one episode led to."""
    own = own.sort_values("at_s", kind="stable")
    n = len(own)
    readings = batch_of(own["station"], np.full(n, Variable.RAIN), own["at_s"], own["tenths"] / 10)
    steps = Replay(configuration, readings).steps()
    return [m for step in steps for m in step.step.effects.messages if m.msg_type is MessageType.ALERT]


def price_of(configuration: Configuration, folder: Path, years: list[int]) -> Price:
    """Warnings of whole years."""
    record = read_record(folder)
    number_of = configuration.network.stations.index_of_code()
    reported = record.reported
    reported["station"] = reported["number"].map([number_of[code] for code in record.codes].__getitem__)
    warnings = forecast = followed = n_quarters = 0
    for year in years:
        first, last = (int(pd.Timestamp(one, 1, 1).timestamp()) for one in (year, year + 1))
        of_year = reported[reported["at_s"].between(first, last, inclusive="right")]
        n_quarters += len(of_year)
        sirens = {station: siren_times_s(own) for station, own in of_year.groupby("station")}
        for own in episodes(of_year):
            for alert in alerts_of(configuration, own):
                warnings += 1
                forecast += alert.reason is not None and not alert.reason.is_observed
                times_s = sirens[alert.village]  # prepare.py makes one village per gauge, in the same order
                until_s = alert.sent_s + FOLLOWED_H * HOUR_S
                followed += bool(((times_s >= alert.sent_s) & (times_s <= until_s)).any())
    return Price(warnings, forecast, followed, n_quarters * QUARTER_S / YEAR_S)


def siren_times_s(own: pd.DataFrame) -> Int64Array:
    """Times of one gauge at which the last hour had brought 40 mm."""
    rain = pd.Series(own["tenths"].to_numpy(), index=pd.to_datetime(own["at_s"], unit="s")).sort_index()
    hour = rain.rolling("1h").sum()
    times = hour.index[hour >= SIREN_MM * 10]
    return times.astype("datetime64[s]").astype("int64").to_numpy()


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, metavar="RIO_DATA_DIR")
    parser.add_argument("prepared", type=Path, metavar="PREPARED_DIR")
    parser.add_argument("years", type=int, nargs="+", metavar="YEAR")
    options = parser.parse_args()
    found = price_of(load_configuration(options.prepared), options.data, options.years)
    rate = found.warnings / found.village_years
    in_vain = 1 - found.followed / max(found.warnings, 1)
    print(f"{found.warnings} warnings in {found.village_years:.1f} village-years: {rate:.1f} a village-year")
    print(f"{in_vain:.0%} of them without 40 mm in any hour of the {FOLLOWED_H} h after")
    print(f"{found.forecast} raised by the nowcast alone")


if __name__ == "__main__":
    main()
