"""What yellow costs by Rio's rule: warnings a village and year, and how many come before no 40 mm in an hour.

Run: ``python -m benchmarks.rio_price_of_yellow RIO_DATA_DIR 2013 2015`` (seconds). Every gauge speaks for
one village, as in `configs/rio`; its readings of a year, zeros included, are judged by the rule's yellow
alone: at least 10.1 mm in 15 min or 20.1 mm in 1 h. A warning lasts until both are below 0.8 of that for 30
minutes, and an hour at least since it was last reached, as `configs/rio/thresholds.yaml` has it. It was
followed by the siren's amount if the gauge had 40 mm in any hour that ends from its beginning to `FOLLOWED_H`
later.

Limit: what the nowcast raises to yellow comes on top.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.rio_alarms import QUARTER_S, SIREN_MM, YEAR_S, read_record
from warnstream.model.arrays import BoolArray, Int64Array
from warnstream.model.times import HOUR_S

QUARTER_MM, HOUR_MM = 10.1, 20.1
CLEAR_RATIO = 0.8
HOLD_S = 1800
ACTIVE_S = HOUR_S
FOLLOWED_H = 6
"""How long a message holds (`messages.validity`)."""


@dataclass(frozen=True, slots=True)
class Price:
    """Warnings of some years: how many, how many the siren's amount followed, the village-years observed."""

    warnings: int
    followed: int
    village_years: float


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


def price_of(folder: Path, years: list[int]) -> Price:
    """Warnings of whole years."""
    reported = read_record(folder).reported
    warnings = followed = n_quarters = 0
    for year in years:
        first, last = (int(pd.Timestamp(one, 1, 1).timestamp()) for one in (year, year + 1))
        of_year = reported[reported["at_s"].between(first, last, inclusive="right")]
        n_quarters += len(of_year)
        for _, own in of_year.groupby("number"):
            n, n_followed = of_gauge(own.sort_values("at_s"))
            warnings, followed = warnings + n, followed + n_followed
    return Price(warnings, followed, n_quarters * QUARTER_S / YEAR_S)


def of_gauge(own: pd.DataFrame) -> tuple[int, int]:
    """Warnings of one gauge, and how many of them the siren's amount followed."""
    at_s = own["at_s"].to_numpy(np.int64)
    quarter = pd.Series(own["tenths"].to_numpy() / 10, index=pd.to_datetime(at_s, unit="s"))
    hour_mm = quarter.rolling("1h").sum().to_numpy() + 1e-9
    quarter_mm = quarter.to_numpy() + 1e-9
    is_reached = (quarter_mm >= QUARTER_MM) | (hour_mm >= HOUR_MM)
    is_held = (quarter_mm >= CLEAR_RATIO * QUARTER_MM) | (hour_mm >= CLEAR_RATIO * HOUR_MM)
    begun = beginnings(at_s, is_reached, is_held)
    siren_s = at_s[hour_mm >= SIREN_MM]
    followed = [((siren_s >= one) & (siren_s <= one + FOLLOWED_H * HOUR_S)).any() for one in begun]
    return len(begun), int(np.sum(followed))


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path, metavar="RIO_DATA_DIR")
    parser.add_argument("years", type=int, nargs="+", metavar="YEAR")
    options = parser.parse_args()
    found = price_of(options.data, options.years)
    rate = found.warnings / found.village_years
    print(f"{found.warnings} warnings in {found.village_years:.1f} village-years: {rate:.1f} a village-year")
    in_vain = 1 - found.followed / max(found.warnings, 1)
    print(f"{in_vain:.0%} of them without 40 mm in any hour of the {FOLLOWED_H} h after")


if __name__ == "__main__":
    main()
