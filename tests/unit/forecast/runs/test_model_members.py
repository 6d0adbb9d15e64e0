"""Members of a run of a weather model, read at places from now on."""

import numpy as np
import pytest

from tests.model_runs import HOUR, cells_of, run_of
from tests.networks import T0, network_of
from warnstream.forecast.radar.members import N_MEMBERS
from warnstream.forecast.runs.members import BESIDE, BESIDE_KM, ModelMembers, ModelPolicy
from warnstream.model.runs.model_run import UNSEEN

NETWORK = network_of(3, 3)
CELLS = cells_of(NETWORK)
HOURS = [1.0, 2.0, 4.0, 0.0, 0.0, 8.0]


def members_of(n: int = 3) -> ModelMembers:
    site = NETWORK.places.site
    row, column = CELLS.positions(site.latitude, site.longitude)
    return ModelMembers([ModelPolicy("ens", 6 * HOUR)], CELLS, (row[:n], column[:n]), 300)


def test_rain_from_now_on_is_what_the_run_says_after_now() -> None:
    found = members_of().members(run_of(NETWORK, [HOURS]), T0 + HOUR, HOUR, 5)
    assert found.rain_mm.shape == (N_MEMBERS, 5, 3)
    np.testing.assert_allclose(found.rain_mm[:, :, 0], np.tile([2, 6, 6, 6, 14], (N_MEMBERS, 1)), atol=1e-4)
    assert (found.source, found.model, found.run_s, found.at_s) == ("model", "ens", T0, T0 + HOUR)


def test_between_leads_rain_is_spread_evenly() -> None:
    found = members_of().members(run_of(NETWORK, [HOURS]), T0 + 90 * 60, 900, 4)
    np.testing.assert_allclose(found.rain_mm[0, :, 0], [0.5, 1.0, 2.0, 3.0], atol=1e-4)


def test_beyond_its_reach_nothing_is_known() -> None:
    found = members_of().members(run_of(NETWORK, [HOURS]), T0 + 4 * HOUR, HOUR, 3)
    assert np.isnan(found.rain_mm[:, 2]).all()
    np.testing.assert_allclose(found.rain_mm[:, 1], 8.0, atol=1e-4)


def test_every_member_of_a_large_ensemble_counts() -> None:
    run = run_of(NETWORK, [[float(member)] for member in range(51)])
    found = members_of().members(run, T0, HOUR, 1)
    np.testing.assert_allclose(found.rain_mm[:, 0, 0], np.arange(51), atol=1e-4)


def test_members_are_read_eight_kilometres_beside_the_place() -> None:
    assert np.sqrt((BESIDE**2).sum(axis=1).mean()) == pytest.approx(BESIDE_KM)
    run = run_of(NETWORK, [HOURS])
    row, column = (
        round(float(axis[0]))
        for axis in CELLS.positions(NETWORK.villages.latitude, NETWORK.villages.longitude)
    )
    run.rain[:] = 0
    run.rain[:, :, row, column] = 100
    here = members_of(1).members(run, T0, HOUR, 1).rain_mm[:, 0, 0] > 0
    assert 0 < here.sum() < N_MEMBERS / 3


def test_cells_that_the_model_does_not_reach_are_not_dry() -> None:
    run = run_of(NETWORK, [HOURS])
    run.rain[:, :, :, : CELLS.n_columns // 2 + 4] = UNSEEN
    assert np.isnan(members_of().members(run, T0, HOUR, 1).rain_mm[:, :, 0]).all()


def test_some_places_are_as_they_are_among_all() -> None:
    run = run_of(NETWORK, [HOURS])
    run.rain[:] += np.arange(CELLS.n_columns, dtype=np.int16)
    whole = members_of().members(run, T0, HOUR, 6).rain_mm
    part = members_of().of_places(np.array([2])).members(run, T0, HOUR, 6).rain_mm
    np.testing.assert_array_equal(part[:, :, 0], whole[:, :, 2])
