"""Runs of weather models: however amounts are written, the same totals; probabilities never turn round."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model_runs import HOUR, cells_of, run_of, settings_of
from tests.networks import T0, network_of
from warnstream.adapters.runs.assembly import Pending
from warnstream.adapters.runs.content import NO_BEGIN
from warnstream.config.settings import ModelSettings
from warnstream.forecast.runs.members import ModelMembers, ModelPolicy
from warnstream.hazards.expected.crossing import crossing
from warnstream.model.arrays import Float64Array

N_HOURS, BUCKET_H = 6, 3
AMOUNTS = st.lists(st.integers(0, 400).map(lambda tenths: tenths / 10), min_size=N_HOURS, max_size=N_HOURS)
NETWORK = network_of(2, 2)


def settings_for(tmp: str, **changes: object) -> ModelSettings:
    from pathlib import Path

    return settings_of(Path(tmp), **changes)


def totals(pending: Pending) -> list[int]:
    leads, rain = pending.rain()
    assert leads == [HOUR * hour for hour in range(1, N_HOURS + 1)]
    return [int(total) for total in rain[0, :, 0]]


def put(pending: Pending, begin_h: int, end_h: int, mm: float, *, bounds: bool) -> None:
    begin_s = HOUR * begin_h if bounds else NO_BEGIN
    pending.add(0, begin_s, HOUR * end_h, np.array([mm], dtype=np.float32))


@settings(max_examples=60, deadline=None)
@given(AMOUNTS, st.booleans(), st.permutations(range(1, N_HOURS + 1)))
def test_totals_buckets_and_amounts_of_the_same_rain_are_one_run(
    hourly_mm: list[float], bounds: bool, order: list[int]
) -> None:
    of = {"step_s": HOUR}
    since_start = Pending(settings_for(".", **of), T0)
    resets = Pending(settings_for(".", accumulated="resets", bucket_s=BUCKET_H * HOUR, **of), T0)
    never = Pending(settings_for(".", accumulated="never", **of), T0)
    for hour in order:  # files come in any order
        begins = (hour - 1) // BUCKET_H * BUCKET_H
        put(since_start, 0, hour, sum(hourly_mm[:hour]), bounds=bounds)
        put(resets, begins, hour, sum(hourly_mm[begins:hour]), bounds=bounds)
        put(never, hour - 1, hour, hourly_mm[hour - 1], bounds=bounds)
        assert bool(since_start.missing()) is (hour != order[-1])
    found = [totals(pending) for pending in (since_start, resets, never)]
    expected = np.rint(np.cumsum(hourly_mm) * 10)
    for total in found:
        np.testing.assert_allclose(total, expected, atol=1)


MEMBERS = st.lists(AMOUNTS, min_size=1, max_size=4)


@settings(max_examples=25, deadline=None)
@given(MEMBERS, st.integers(0, 5 * HOUR), st.floats(1, 100), st.floats(1, 2))
def test_a_probability_never_falls_with_a_lower_threshold_or_a_longer_time(
    hourly_mm: list[list[float]], later_s: int, threshold_mm: float, factor: float
) -> None:
    site, cells = NETWORK.places.site, cells_of(NETWORK)
    at = cells.positions(site.latitude, site.longitude)
    models = ModelMembers([ModelPolicy("ens", 6 * HOUR)], cells, at, 300)
    reach_h = (N_HOURS * HOUR - later_s) // HOUR
    members = models.members(run_of(NETWORK, hourly_mm), T0 + later_s, HOUR, reach_h)
    steps = np.diff(members.rain_mm, axis=1, prepend=np.float32(0))
    assert (steps >= -1e-3).all()

    def nothing(_duration_s: int) -> Float64Array:
        return np.zeros(2)

    before: np.ndarray = np.zeros(2)
    for hours in range(1, reach_h + 1):
        low, high = (
            crossing(members, nothing, (hours * HOUR,), np.full((1, 2), limit), hours * HOUR).probability
            for limit in (threshold_mm, threshold_mm * factor)
        )
        assert (low >= high).all()
        assert (low >= before - 1e-6).all()
        before = low
