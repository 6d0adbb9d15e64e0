"""The nowcast against plain persistence on years of Alerta Rio that no constant was fitted on."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.rio_record import QUARTER_S, RioRecord, read_rio_record
from warnstream.forecast.nowcast import GaugeNowcast
from warnstream.model.arrays import BoolArray, Float64Array, Int64Array
from warnstream.model.rules.policies import ForecastPolicy

pytestmark = pytest.mark.real_data

WET_MM = 0.1


@pytest.fixture(scope="module")
def record(shared_data: Path) -> RioRecord:
    return read_rio_record(shared_data / "rio_alerta_gauges")


@pytest.fixture(scope="module")
def starts(record: RioRecord) -> Int64Array:
    """Full hours of 2014-2017 in which the network had 1 mm somewhere in the hour before."""
    row = np.arange(record.row_at("2014-01-01"), len(record.rain_mm) - 12, 4)
    return np.asarray(row[np.nan_to_num(record.total_before(row, 4)).max(axis=1) >= 1])


@pytest.fixture(scope="module")
def next_hour_mm(record: RioRecord, starts: Int64Array) -> Float64Array:
    policy = ForecastPolicy("advection", every_s=900, cell_m=5000.0, damp_s=3600)
    nowcast = GaugeNowcast(record.xy_m, record.xy_m, policy, QUARTER_S)
    return np.stack([nowcast.rain_ahead(record.rain_mm[row - 4 : row + 1]).rain_mm[:, 0] for row in starts])


@pytest.fixture(scope="module", params=[1, 4], ids=["last_quarter", "last_hour"])
def persistence_mm(record: RioRecord, starts: Int64Array, request: pytest.FixtureRequest) -> Float64Array:
    """Plain persistence: the gauge's own rain of the last 15 or 60 minutes goes on, undamped."""
    return np.asarray(record.total_before(starts, request.param) * (4 / request.param))


@pytest.fixture(scope="module")
def observed_mm(record: RioRecord, starts: Int64Array) -> Float64Array:
    return record.total_after(starts, 1)


def known_and_wet(*totals: Float64Array) -> BoolArray:
    every = np.stack(totals)
    return np.asarray(~np.isnan(every).any(axis=0) & (np.nan_to_num(every).max(axis=0) >= WET_MM))


def critical_success_index(forecast: Float64Array, observed: Float64Array, limit_mm: float) -> float:
    hits = ((forecast >= limit_mm) & (observed >= limit_mm)).sum()
    return float(hits / ((forecast >= limit_mm) | (observed >= limit_mm)).sum())


def test_next_hour_is_nearer_the_truth_than_plain_persistence(
    next_hour_mm: Float64Array, persistence_mm: Float64Array, observed_mm: Float64Array
) -> None:
    case = known_and_wet(next_hour_mm, persistence_mm, observed_mm)
    assert case.sum() > 50_000
    error = np.abs(next_hour_mm - observed_mm)[case].mean()
    assert error < 0.85 * np.abs(persistence_mm - observed_mm)[case].mean()


def test_five_millimetres_in_the_next_hour_are_called_better_than_by_plain_persistence(
    next_hour_mm: Float64Array, persistence_mm: Float64Array, observed_mm: Float64Array
) -> None:
    case = known_and_wet(next_hour_mm, persistence_mm, observed_mm)
    ours = critical_success_index(next_hour_mm[case], observed_mm[case], 5.0)
    assert ours > critical_success_index(persistence_mm[case], observed_mm[case], 5.0)


def test_next_hour_is_not_biased_high(
    next_hour_mm: Float64Array, persistence_mm: Float64Array, observed_mm: Float64Array
) -> None:
    case = known_and_wet(next_hour_mm, persistence_mm, observed_mm)
    assert next_hour_mm[case].mean() <= observed_mm[case].mean() * 1.05
