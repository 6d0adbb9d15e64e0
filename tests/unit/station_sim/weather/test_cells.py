import numpy as np
import pytest

from station_sim.weather.cells import Cells, join, paint, rain_at_points


def one_cell(**values: float) -> Cells:
    usual = {
        "born_min": 0.0,
        "life_min": 60.0,
        "x_m": 0.0,
        "y_m": 0.0,
        "east_m_per_min": 0.0,
        "north_m_per_min": 0.0,
        "peak_mm_per_h": 60.0,
        "radius_m": 3_000.0,
    }
    return Cells(*(np.array([value]) for value in (usual | values).values()))


def test_a_cell_that_stands_still_brings_its_peak_times_two_over_pi() -> None:
    """The mean of half a sine wave is 2 / pi of its peak."""
    rain = rain_at_points(one_cell(), np.array([[0.0, 0.0]]), 60, 1)
    assert rain.sum() == pytest.approx(60.0 * 2 / np.pi, rel=1e-3)


def test_rain_falls_off_with_distance_as_a_gauss_curve() -> None:
    places = np.array([[0.0, 0.0], [3_000.0, 0.0], [0.0, 6_000.0], [20_000.0, 0.0]])
    total = rain_at_points(one_cell(), places, 60, 1).sum(axis=0)
    assert total / total[0] == pytest.approx([1.0, np.exp(-0.5), np.exp(-2.0), 0.0], abs=1e-4)


def test_points_and_field_agree() -> None:
    generator = np.random.default_rng(3)
    cells = join(
        [
            one_cell(
                born_min=generator.uniform(-20, 30),
                x_m=generator.uniform(-10_000, 10_000),
                east_m_per_min=400.0,
                radius_m=generator.uniform(2_000, 5_000),
            )
            for _ in range(8)
        ]
    )
    axis = np.arange(-10_000.0, 10_001.0, 1_000.0)
    x_m, y_m = np.meshgrid(axis, axis)
    points = rain_at_points(cells, np.stack([x_m.ravel(), y_m.ravel()], axis=-1), 60, 1)
    for minute in (0, 17, 44):
        field = np.zeros((len(axis), len(axis)))
        paint(field, cells, minute + 0.5, axis, axis, add=True)
        assert points[minute].reshape(field.shape) * 60 == pytest.approx(field, abs=0.2)


def test_the_number_of_cells_worked_at_once_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = join([one_cell(born_min=float(n), x_m=1_000.0 * n) for n in range(20)])
    places = np.array([[0.0, 0.0], [9_000.0, 500.0]])
    whole = rain_at_points(cells, places, 90, 5)
    monkeypatch.setattr("station_sim.weather.cells._ROWS_AT_ONCE", 7)
    assert rain_at_points(cells, places, 90, 5) == pytest.approx(whole)
