"""Weeks of an archive: sums are those of its rows, silence is no gap, each reading counts once."""

import numpy as np
import pytest

from tests.unit.rule_tests.county import write_county
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.observations.readings import ReadingBatch, Variable, batch_of
from warnstream.model.times import DAY_S, HOUR_S
from warnstream.review.archive import ArchiveReadings, in_memory
from warnstream.runners.afterwards.long_run import NOBODY_S, STEP_S, GaugeYield, days_of, gauge_yield

BEGIN_S = 1_780_243_200
"""1 June 2026, 00:00 of a clock 8 h ahead."""

N_DAYS = 3
R1, R2, T1 = 0, 1, 2


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    folder = tmp_path_factory.mktemp("county")
    write_county(folder)
    return load_configuration(folder)


def rain(station: int, at_s: np.ndarray, value: float | np.ndarray) -> ReadingBatch:
    """Amounts of five minutes."""
    values = np.broadcast_to(np.asarray(value, dtype=np.float64), at_s.shape).copy()
    n = len(at_s)
    return batch_of(np.full(n, station), np.full(n, int(Variable.RAIN)), at_s, values)


def through(
    county: Configuration, *batches: ReadingBatch, end_s: int = BEGIN_S + N_DAYS * DAY_S
) -> GaugeYield:
    """What comes of archives that hold a batch each."""
    archives = [in_memory(ArchiveReadings(batch, (), {})) for batch in batches]
    return gauge_yield(county, archives, BEGIN_S, end_s, lambda _: None)


def every_5_min(begin_s: int, end_s: int) -> np.ndarray:
    return np.arange(begin_s + 300, end_s + 1, 300)


def test_sums_hours_and_days_are_those_of_the_rows(county: Configuration) -> None:
    at_s = every_5_min(BEGIN_S - DAY_S, BEGIN_S + N_DAYS * DAY_S)
    rng = np.random.default_rng(3)
    values = np.where(rng.random(len(at_s)) < 0.1, np.round(rng.gamma(0.6, 1.5, len(at_s)), 1), 0.0)
    found = through(county, rain(R1, at_s, values))
    inside = at_s > BEGIN_S
    assert found.rain_mm[:, R1].sum() == pytest.approx(values[inside].sum())
    assert found.observed[:, R1].mean() == 1.0
    assert found.observed[:, R2].max() == 0.0
    hours = [values[(at_s > end - HOUR_S) & (at_s <= end) & inside].sum() for end in at_s[at_s % STEP_S == 0]]
    assert found.hours()[:, R1].max() == pytest.approx(max(hours))
    begins_s, sums = days_of(found, county.windows.day_begins_s)
    assert begins_s.tolist() == [BEGIN_S + 8 * HOUR_S + n * DAY_S for n in range(N_DAYS - 1)]
    for begin_s, sum_mm in zip(begins_s.tolist(), sums[:, R1].tolist(), strict=True):
        assert sum_mm == pytest.approx(values[(at_s > begin_s) & (at_s <= begin_s + DAY_S)].sum())


def test_a_counter_s_total_becomes_rain_and_a_total_of_before_the_period_is_none(
    county: Configuration,
) -> None:
    at_s = np.arange(BEGIN_S - DAY_S, BEGIN_S + DAY_S + 1, 600)
    totals = 100.0 + 0.2 * np.arange(len(at_s))
    n = len(at_s)
    batch = batch_of(np.full(n, T1), np.full(n, int(Variable.RAIN_TOTAL)), at_s, totals)
    found = through(county, batch, end_s=BEGIN_S + DAY_S)
    assert found.rain_mm[:, T1].sum() == pytest.approx(0.2 * DAY_S / 600)


def test_two_archives_that_overlap_count_once(county: Configuration) -> None:
    whole = every_5_min(BEGIN_S, BEGIN_S + N_DAYS * DAY_S)
    first, second = whole[: 2 * len(whole) // 3], whole[len(whole) // 3 :]
    found = through(county, rain(R1, second, 0.2), rain(R1, first, 0.2))
    assert found.rain_mm[:, R1].sum() == pytest.approx(0.2 * len(whole))


def test_who_is_silent_while_others_speak_is_silent_and_where_nobody_speaks_there_is_no_record(
    county: Configuration,
) -> None:
    end_s = BEGIN_S + N_DAYS * DAY_S
    whole = every_5_min(BEGIN_S, end_s)
    gap = (whole > BEGIN_S + 30 * HOUR_S) & (whole <= BEGIN_S + 40 * HOUR_S)
    silent = (whole > BEGIN_S + 10 * HOUR_S) & (whole <= BEGIN_S + 16 * HOUR_S)
    found = through(county, rain(R1, whole[~gap], 0.0), rain(R2, whole[~gap & ~silent], 0.0))
    limit_s = 300 + county.windows.silent_after_s
    expected_h = (6 * HOUR_S - limit_s) / HOUR_S
    assert found.is_silent[:, R2].sum() * STEP_S / HOUR_S == pytest.approx(expected_h, abs=STEP_S / HOUR_S)
    assert found.is_silent[: 30 * 6, R1].sum() == 0
    assert found.recorded_s == pytest.approx(N_DAYS * DAY_S - 10 * HOUR_S, abs=STEP_S)
    assert not found.is_recorded[30 * 6 + 1 : 40 * 6].any()


def test_after_the_last_reading_of_all_nobody_is_called_silent(county: Configuration) -> None:
    found = through(county, rain(R1, every_5_min(BEGIN_S, BEGIN_S + DAY_S), 0.0))
    assert found.recorded_s == DAY_S
    assert not found.is_silent[DAY_S // STEP_S :].any()
    assert found.is_silent[: DAY_S // STEP_S, R2].all()


def test_a_short_gap_of_all_is_silence(county: Configuration) -> None:
    whole = every_5_min(BEGIN_S, BEGIN_S + DAY_S)
    gap = (whole > BEGIN_S + 10 * HOUR_S) & (whole <= BEGIN_S + 10 * HOUR_S + NOBODY_S - STEP_S)
    found = through(county, rain(R1, whole[~gap], 0.0), end_s=BEGIN_S + DAY_S)
    assert found.recorded_s == DAY_S
    assert found.is_silent[:, R1].any()


def test_a_period_that_begins_at_half_past_is_whole(county: Configuration) -> None:
    begin_s, end_s = BEGIN_S + 1800, BEGIN_S + DAY_S + 1800
    at_s = every_5_min(begin_s, end_s)
    archive = in_memory(ArchiveReadings(rain(R1, at_s, 0.2), (), {}))
    found = gauge_yield(county, [archive], begin_s, end_s, lambda _: None)
    assert found.rain_mm[:, R1].sum() == pytest.approx(0.2 * len(at_s))


def test_impossible_amounts_are_no_rain_and_doubts_are_told(county: Configuration) -> None:
    whole = every_5_min(BEGIN_S, BEGIN_S + DAY_S)
    values = np.zeros(len(whole))
    values[100] = -5.0
    values[120] = 900.0
    found = through(county, rain(R1, whole, values), rain(R2, whole, 0.0), end_s=BEGIN_S + DAY_S)
    assert found.rain_mm.sum() == 0.0
    assert found.observed[:, R1].sum() < found.observed[:, R2].sum()
    assert not found.is_doubted[:, R2].any()
