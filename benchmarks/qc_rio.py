"""How often sound gauges among hills are held for faulty zeros: 5 years of Rio de Janeiro.

The gauges of Alerta Rio are kept in order, stand among hills of 1,000 m and
report every 15 minutes. A shower that passes one of them by looks like a
faulty zero: how often depends on how much its neighbours must have brought.

    python -m benchmarks.qc_rio DATA

prints it for several amounts. A minute each.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.rio_record import FIRST_S, QUARTER_S, read_rio_record
from warnstream.model.observations.station_quality import StationNeighbours
from warnstream.model.rules.policies import NeighbourPolicy
from warnstream.quality.neighbours import NeighbourChecks

FIRST_DAY, LAST_DAY = "2013-01-01", "2017-12-01"
STEPS_PER_QUARTER = 3


def neighbours_of(xy_m: np.ndarray, policy: NeighbourPolicy) -> StationNeighbours:
    """The nearest gauges by plain distance."""
    metres = np.hypot(*(xy_m[:, None] - xy_m[None]).transpose(2, 0, 1))
    np.fill_diagonal(metres, np.inf)
    order = np.argsort(metres, axis=1, kind="stable")[:, : policy.neighbours]
    near_m = np.take_along_axis(metres, order, axis=1)
    return StationNeighbours(np.where(near_m <= policy.radius_m, order, -1).astype(np.int32), near_m)


def count_zeros(folder: Path, policy: NeighbourPolicy) -> tuple[int, float, float]:
    """Gauges compared, beginnings of faulty zeros per gauge and year, and the share of time spent in them."""
    record = read_rio_record(folder)
    near = neighbours_of(record.xy_m, policy)
    compared = near.is_there.sum(axis=1) >= policy.neighbours_min
    checks = NeighbourChecks(near, policy)
    begins, spent = np.zeros(len(compared)), np.zeros(len(compared))
    rows = range(record.row_at(FIRST_DAY) + 1, record.row_at(LAST_DAY) + 1)
    for row in rows:
        begins_s = FIRST_S + (row - 1) * QUARTER_S
        before = checks.zeros.is_faulty_zero
        for part in range(STEPS_PER_QUARTER):
            checks.step(record.rain_mm[row] / STEPS_PER_QUARTER, begins_s + (part + 1) * policy.step_s)
        begins += checks.zeros.is_faulty_zero & ~before
        spent += checks.zeros.is_faulty_zero
    years = len(rows) * QUARTER_S / (365.25 * 86_400)
    return (
        int(compared.sum()),
        float(begins[compared].mean() / years),
        float(spent[compared].mean() / len(rows)),
    )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, help="folder rio_alerta_gauges")
    folder = parser.parse_args().data
    for zero_mm in (0.0, 1.0, 2.0, 4.0):
        n, per_year, share = count_zeros(folder, replace(NeighbourPolicy(), zero_mm_min=zero_mm))
        found = f"{per_year:.1f} faulty zeros per gauge and year, {share:.1%} of the time ({n} gauges)"
        print(f"zero_mm_min {zero_mm:g}: {found}")


if __name__ == "__main__":
    main()
