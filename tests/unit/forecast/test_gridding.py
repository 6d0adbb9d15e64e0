import numpy as np
import pytest

from warnstream.forecast.gridding import CANDIDATES, GaugeGridder, Grid, grid_gauges, grid_over

LINE = Grid(west_m=0.0, south_m=0.0, cell_m=1000.0, n_rows=1, n_columns=5)


def test_cell_on_a_lonely_wet_gauge_is_wetter_than_the_cells_around() -> None:
    xy_m = np.array([[1000.0 * i, 0.0] for i in range(5)])
    field = grid_gauges(np.array([[0.0, 0.0, 10.0, 0.0, 0.0]]), xy_m, LINE)[0, 0]
    assert np.argmax(field) == 2
    assert np.all(np.diff(field[:3]) > 0)


def test_gauges_at_equal_distance_weigh_the_same() -> None:
    grid = Grid(west_m=0.0, south_m=0.0, cell_m=1000.0, n_rows=1, n_columns=1)
    field = grid_gauges(np.array([[2.0, 8.0]]), np.array([[-3000.0, 0.0], [3000.0, 0.0]]), grid)
    assert field[0, 0, 0] == pytest.approx(5.0)


def test_silent_gauge_is_skipped_and_not_taken_for_dry() -> None:
    xy_m = np.array([[0.0, 0.0], [2000.0, 0.0], [4000.0, 0.0]])
    field = grid_gauges(np.array([[6.0, np.nan, 6.0]]), xy_m, LINE)
    np.testing.assert_array_equal(field, 6.0)


def test_frame_without_any_report_is_unknown() -> None:
    xy_m = np.array([[0.0, 0.0], [2000.0, 0.0]])
    fields = grid_gauges(np.array([[np.nan, np.nan], [0.0, 0.0]]), xy_m, LINE)
    assert np.isnan(fields[0]).all()
    assert (fields[1] == 0).all()


def test_cells_whose_near_gauges_are_all_silent_take_the_nearest_that_reported() -> None:
    near = [[10.0 * i, 0.0] for i in range(CANDIDATES)]
    xy_m = np.array([*near, [50_000.0, 0.0], [90_000.0, 0.0]])
    rain_mm = np.array([[np.nan] * CANDIDATES + [3.0, 7.0]])
    np.testing.assert_array_equal(grid_gauges(rain_mm, xy_m, LINE), 3.0)


def test_constant_rain_stays_constant_to_the_last_bit() -> None:
    xy_m = np.random.default_rng(4).uniform(0, 5000, (40, 2))
    fields = grid_gauges(np.full((1, 40), 0.1), xy_m, LINE)
    np.testing.assert_array_equal(fields, 0.1)


def test_wrong_number_of_gauges_is_refused_with_both_numbers() -> None:
    gridder = GaugeGridder(np.zeros((3, 2)), LINE)
    with pytest.raises(ValueError, match=r"n_frames, 3.*\(1, 4\)"):
        gridder.fields(np.zeros((1, 4)))


def test_no_frames_give_no_fields() -> None:
    assert GaugeGridder(np.zeros((3, 2)), LINE).fields(np.zeros((0, 3))).shape == (0, 1, 5)


def test_grid_encloses_its_points() -> None:
    xy_m = np.array([[0.0, 0.0], [10_500.0, 3_000.0]])
    grid = grid_over(xy_m, 5000.0)
    row, column = grid.positions(xy_m)
    assert (grid.n_rows, grid.n_columns) == (2, 4)
    assert row.min() >= 0
    assert row.max() <= grid.n_rows - 1
    assert column.max() <= grid.n_columns - 1


def test_centres_stand_at_whole_positions() -> None:
    grid = Grid(west_m=-700.0, south_m=200.0, cell_m=500.0, n_rows=3, n_columns=4)
    row, column = grid.positions(grid.centres_xy_m())
    np.testing.assert_allclose(row.reshape(3, 4)[:, 0], [0, 1, 2])
    np.testing.assert_allclose(column.reshape(3, 4)[0], [0, 1, 2, 3])


def test_grid_of_too_many_cells_is_refused() -> None:
    with pytest.raises(ValueError, match="65536"):
        grid_over(np.array([[0.0, 0.0], [1e6, 1e6]]), 1000.0)


@pytest.mark.parametrize("cell_m", [0.0, -5.0, np.nan])
def test_grid_needs_a_positive_cell(cell_m: float) -> None:
    with pytest.raises(ValueError, match="cell_m must be positive"):
        grid_over(np.zeros((1, 2)), cell_m)


def test_grid_needs_a_point() -> None:
    with pytest.raises(ValueError, match="at least one point"):
        grid_over(np.zeros((0, 2)), 1000.0)
