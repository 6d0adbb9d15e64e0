"""Members of a radar: totals that only grow, a dry field that stays dry, the same numbers at every call."""

import numpy as np
import pytest

from tests.unit.forecast.radar.test_motion import storm
from warnstream.forecast.radar.adjustment import FACTOR_MAX, Adjustment, GaugePairs
from warnstream.forecast.radar.filling import coarser, filled, nearest_seen
from warnstream.forecast.radar.members import DIFFERENCES, N_MEMBERS, N_STEPS, members_of
from warnstream.model.arrays import Float32Array

AT = (np.array([40.0, 10.0, -3.0]), np.array([40.0, 70.0, 200.0]))


def of(*rows: float, age_s: int = 0) -> Float32Array:
    return members_of(np.stack([storm(row, 0) for row in rows]), 600, 4000.0, AT, age_s)


def test_what_tells_members_apart_is_spread_evenly_and_fixed() -> None:
    place, amount, life = DIFFERENCES.place, DIFFERENCES.amount, DIFFERENCES.life
    assert np.abs(place.mean(axis=0)).max() < 1e-9
    assert 0.9 < place.std() < 1.5
    assert abs(amount.mean()) < 0.1
    assert abs(amount.std() - 1) < 0.15
    assert (life > 0).all()
    assert (life < 1).all()
    # Frozen: another number here is another probability in every replay.
    assert amount[:3].tolist() == pytest.approx([-0.8986, 1.1210, 0.1340], abs=2e-4)


def test_totals_never_fall_and_are_the_same_at_every_call() -> None:
    first, again = of(0, 1, 2), of(0, 1, 2)
    assert first.shape == (N_MEMBERS, N_STEPS, 3)
    assert first.dtype == np.float32
    assert first.tobytes() == again.tobytes()
    assert (np.diff(first, axis=1) >= 0).all()
    assert np.isfinite(first).all()
    assert first[:, -1, 0].std() > 0


def test_a_dry_field_brings_nothing_and_steady_rain_what_is_left_of_it() -> None:
    assert not members_of(np.zeros((3, 80, 80)), 600, 4000.0, AT, 0).any()
    steady = members_of(np.full((1, 80, 80), 10.0), 600, 4000.0, AT, 0)
    hour = steady[:, 3, :].mean(axis=0)
    assert (hour > 7.0).all()  # the edge goes on as it is, and a mean member fades by a fifth in the hour
    assert (hour < 10.0).all()


def test_an_older_field_has_moved_on() -> None:
    """Rain on its way north reaches a place north of it sooner if the field is older."""
    north = (np.array([60.0]), np.array([40.0]))
    fields = np.stack([storm(row, 0) for row in (0, 4, 8)])
    fresh, old = (members_of(fields, 600, 4000.0, north, age_s) for age_s in (0, 1200))
    assert old[:, 0].mean() != fresh[:, 0].mean()


def test_what_was_not_seen_is_the_nearest_that_was() -> None:
    field = np.full((1, 6, 6), np.nan)
    field[0, 1, 1], field[0, 4, 4] = 2.0, 8.0
    found = filled(field)[0]
    assert (found[0, 0], found[5, 5], found[1, 2], found[4, 3]) == (2.0, 8.0, 2.0, 8.0)
    assert not np.isnan(found).any()
    assert not filled(np.full((1, 3, 3), np.nan)).any()
    random = np.random.default_rng(1)
    seen = random.random((9, 13)) < 0.2
    row, column = np.mgrid[: seen.shape[0], : seen.shape[1]]
    best, every = nearest_seen(seen), np.flatnonzero(seen)
    away = (np.expand_dims(row, -1) - every // 13) ** 2 + (np.expand_dims(column, -1) - every % 13) ** 2
    assert ((row - best // 13) ** 2 + (column - best % 13) ** 2 == away.min(axis=-1)).all()


def test_blocks_are_means_of_what_was_seen() -> None:
    field = np.array([[[1.0, 3.0, np.nan, np.nan], [5.0, np.nan, np.nan, np.nan]]])
    found = coarser(field, 2)
    assert found[0, 0, 0] == 3.0
    assert np.isnan(found[0, 0, 1])


def test_a_radar_that_sees_half_of_the_rain_is_doubled_and_never_beyond_the_limit() -> None:
    east = np.arange(12) * 5000.0
    gauges = np.stack([east, np.zeros(12)], axis=1)
    adjust = Adjustment(gauges, gauges)
    radar = np.linspace(1.0, 8.0, 12)
    whole = np.ones(12, dtype=np.bool_)
    found = adjust.factors(GaugePairs(2 * radar, radar, whole))
    assert found is not None
    np.testing.assert_allclose(found, 2.0, rtol=0.05)
    much = adjust.factors(GaugePairs(40 * radar, radar, whole))
    assert much is not None
    assert much.max() <= FACTOR_MAX
    assert adjust.factors(GaugePairs(2 * radar, radar, whole & (np.arange(12) < 4))) is None
    assert adjust.factors(None) is None


def test_a_gauge_in_doubt_has_no_part_in_a_factor() -> None:
    east = np.arange(12) * 5000.0
    gauges = np.stack([east, np.zeros(12)], axis=1)
    radar, whole = np.full(12, 4.0), np.ones(12, dtype=np.bool_)
    gauge = radar.copy()
    gauge[5], whole[5] = 400.0, False
    found = Adjustment(gauges, gauges).factors(GaugePairs(gauge, radar, whole))
    assert found is not None
    np.testing.assert_allclose(found, 1.0)
