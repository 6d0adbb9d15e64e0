import numpy as np
import pytest

from warnstream.forecast.gridding import nearest_gauges
from warnstream.model.arrays import Float64Array, Int64Array


def by_trying_all(
    xy_m: Float64Array, gauge_xy_m: Float64Array, n_max: int
) -> tuple[Int64Array, Float64Array]:
    distance = ((xy_m[:, None, :] - gauge_xy_m[None]) ** 2).sum(axis=2)
    nearest = np.argsort(distance, axis=1, kind="stable")[:, : min(n_max, len(gauge_xy_m))]
    return nearest, np.take_along_axis(distance, nearest, axis=1)


def gauges(shape: str, n: int, seed: int) -> Float64Array:
    generator = np.random.default_rng(seed)
    xy_m: Float64Array = generator.uniform(0, 1e5, (n, 2))
    if shape == "line":
        xy_m[:, 0] = 5.0
    if shape == "many at equal distances":
        xy_m = np.round(xy_m, -4)
    if shape == "clusters":
        xy_m = np.round(xy_m, -5) + generator.normal(0, 200, (n, 2))
    return xy_m


@pytest.mark.parametrize("shape", ["scattered", "line", "many at equal distances", "clusters"])
@pytest.mark.parametrize("n_gauges", [1, 2, 15, 300])
@pytest.mark.parametrize("n_max", [1, 16])
def test_the_search_finds_what_trying_all_finds(shape: str, n_gauges: int, n_max: int) -> None:
    gauge_xy_m = gauges(shape, n_gauges, n_gauges)
    points = np.random.default_rng(9).uniform(-5e4, 1.5e5, (60, 2))
    found, wanted = nearest_gauges(points, gauge_xy_m, n_max), by_trying_all(points, gauge_xy_m, n_max)
    np.testing.assert_array_equal(found[0], wanted[0])
    np.testing.assert_array_equal(found[1], wanted[1])


def test_nobody_asks_and_nobody_answers() -> None:
    assert nearest_gauges(np.zeros((0, 2)), np.zeros((5, 2)), 3)[0].shape == (0, 3)
    assert nearest_gauges(np.zeros((4, 2)), np.zeros((0, 2)), 3)[0].shape == (4, 0)
