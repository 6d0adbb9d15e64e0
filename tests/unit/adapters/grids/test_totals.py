"""Running totals: differences, resets, what is refused, and what nobody declared."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.adapters.grids.cells import CellCentres
from warnstream.adapters.grids.content import CellFrame, GridFile, GridFileError
from warnstream.adapters.grids.totals import RunningTotals, Suspicion, check_one_total
from warnstream.config.settings import GridSettings
from warnstream.model.arrays import Float64Array
from warnstream.model.grids import GridPolicy
from warnstream.model.observations.refusals import RefusalReason

STEP_S = 300
PLACES = CellCentres(np.zeros((2, 3)), np.zeros((2, 3)))


def settings(accumulated: str) -> GridSettings:
    policy = GridPolicy("radar", interval_s=STEP_S, age_s_max=3 * STEP_S)
    return GridSettings(policy, Path(), "*.nc", "rain", None, STEP_S, True, 0.5, 1.0, accumulated)


def frame(number: int, rain: float | Float64Array, begin: int | None = None) -> CellFrame:
    values = np.full((2, 3), rain) if isinstance(rain, float) else rain
    length = 1 if begin is None else number - begin
    return CellFrame(number * STEP_S, length * STEP_S, values)


def content(*frames: CellFrame, has_bounds: bool = False) -> GridFile:
    return GridFile(PLACES, frames, has_bounds, are_totals=True)


def told(found: GridFile) -> list[tuple[int, int, float]]:
    return [
        (frame.end_s // STEP_S, frame.interval_s // STEP_S, float(frame.rain_mm[0, 0]))
        for frame in found.frames
    ]


@given(st.lists(st.lists(st.integers(0, 50), min_size=6, max_size=6), min_size=2, max_size=8), st.data())
def test_amounts_add_up_to_the_total_however_files_divide_it(
    steps: list[list[int]], data: st.DataObject
) -> None:
    totals = np.cumsum(np.array(steps, dtype=np.float64), axis=0).reshape(-1, 2, 3)
    frames = [frame(number, total) for number, total in enumerate(totals, start=1)]
    cut = data.draw(st.integers(0, len(frames)))
    grid = RunningTotals(settings("since_start"))
    amounts = [
        frame.rain_mm
        for number, part in enumerate((frames[:cut], frames[cut:]))
        for frame in grid.amounts(content(*part), Path(str(number))).frames
    ]
    assert len(amounts) == len(frames) - 1
    np.testing.assert_allclose(sum(amounts, np.zeros((2, 3))), totals[-1] - totals[0])


def test_the_first_frame_counts_only_where_its_file_says_when_the_total_began() -> None:
    assert told(RunningTotals(settings("resets")).amounts(content(frame(4, 7.0)), Path("a"))) == []
    begun = content(frame(4, 7.0, begin=3), has_bounds=True)
    assert told(RunningTotals(settings("resets")).amounts(begun, Path("a"))) == [(4, 1, 7.0)]
    long_ago = content(frame(4, 7.0, begin=0), has_bounds=True)
    assert told(RunningTotals(settings("resets")).amounts(long_ago, Path("a"))) == []


def test_what_a_total_shows_after_a_reset_has_fallen_since() -> None:
    grid = RunningTotals(settings("resets"))
    found = grid.amounts(content(frame(1, 5.0), frame(2, 8.0), frame(3, 2.0), frame(4, 2.5)), Path("a"))
    assert told(found) == [(2, 1, 3.0), (3, 1, 2.0), (4, 1, 0.5)]


def test_a_total_that_must_not_fall_is_refused_and_the_next_file_goes_on() -> None:
    grid = RunningTotals(settings("since_start"))
    grid.amounts(content(frame(1, 5.0)), Path("a"))
    with pytest.raises(
        GridFileError, match=r"falls at 6 of 6 cells .* expected `accumulated: resets`"
    ) as caught:
        grid.amounts(content(frame(2, 1.0)), Path("b"))
    assert caught.value.reason is RefusalReason.RUNNING_TOTAL
    assert told(grid.amounts(content(frame(3, 6.0)), Path("c"))) == [(3, 2, 1.0)]


def test_a_correction_of_a_few_cells_is_no_reset_and_no_rain() -> None:
    corrected = np.full((2, 3), 6.0)
    corrected[1, 2] = 3.0
    grid = RunningTotals(settings("resets"))
    (one,) = grid.amounts(content(frame(1, 5.0), frame(2, corrected)), Path("a")).frames
    assert np.isnan(one.rain_mm[1, 2])
    assert np.nansum(one.rain_mm) == 5.0


def test_a_file_out_of_order_is_refused_and_changes_nothing() -> None:
    grid = RunningTotals(settings("since_start"))
    grid.amounts(content(frame(3, 5.0)), Path("c"))
    with pytest.raises(GridFileError, match="out of order") as caught:
        grid.amounts(content(frame(2, 4.0)), Path("b"))
    assert caught.value.reason is RefusalReason.BAD_TIME
    assert told(grid.amounts(content(frame(4, 7.0)), Path("d"))) == [(4, 1, 2.0)]


def test_the_newest_file_gives_the_same_when_it_is_read_again_and_when_it_has_grown() -> None:
    grid = RunningTotals(settings("since_start"))
    grid.amounts(content(frame(1, 5.0)), Path("a"))
    once = told(grid.amounts(content(frame(2, 7.0)), Path("b")))
    assert told(grid.amounts(content(frame(2, 7.0)), Path("b"))) == once == [(2, 1, 2.0)]
    grown = content(frame(2, 7.0), frame(3, 9.0))
    assert told(grid.amounts(grown, Path("b"))) == [(2, 1, 2.0), (3, 1, 2.0)]


def test_after_a_gap_longer_than_the_grid_may_be_old_differences_begin_anew() -> None:
    grid = RunningTotals(settings("since_start"))
    assert told(grid.amounts(content(frame(1, 5.0), frame(3, 6.0), frame(9, 60.0)), Path("a"))) == [
        (3, 2, 1.0)
    ]


def test_three_frames_of_one_total_that_nobody_declared_are_refused() -> None:
    with pytest.raises(GridFileError, match="3 frames in a row in which no cell falls") as caught:
        check_one_total(content(frame(1, 1.0), frame(2, 3.0), frame(3, 6.0)))
    assert caught.value.reason is RefusalReason.RUNNING_TOTAL


def test_frames_that_the_file_says_begin_at_one_time_are_a_total() -> None:
    both = content(frame(2, 1.0, begin=1), frame(3, 0.5, begin=1), has_bounds=True)
    with pytest.raises(GridFileError, match="two frames begin at"):
        check_one_total(both)


def test_rain_that_grows_here_and_ends_there_is_no_total() -> None:
    moving = [np.array([[9.0, 5.0, n], [4.0, n, 0.0]]) - np.array([[n, 0, 0], [0, 0, 0]]) for n in range(4)]
    check_one_total(content(*(frame(number, rain) for number, rain in enumerate(moving, start=1))))


def test_steady_rain_is_no_total() -> None:
    check_one_total(content(*(frame(number, 2.0) for number in range(1, 9))))


def test_a_few_cells_where_rain_begins_are_no_total() -> None:
    frames = []
    for number in range(1, 7):
        rain = np.zeros((50, 50))
        rain[0, :5] = number
        frames.append(frame(number, rain))
    check_one_total(content(*frames))


def test_totals_of_one_frame_a_file_are_found_out_as_well() -> None:
    suspicion = Suspicion()
    for number in (1, 2):
        suspicion.look(frame(number, float(number)), has_bounds=False)
    with pytest.raises(GridFileError, match="running total"):
        suspicion.look(frame(3, 3.0), has_bounds=False)


def test_a_total_that_was_found_out_stays_refused_when_it_begins_anew_until_amounts_come() -> None:
    suspicion, refused = Suspicion(), []
    mixed = np.array([[9.0, 1.0, 9.0], [1.0, 9.0, 1.0]])
    rows: list[float | Float64Array] = [1.0, 2.0, 3.0, 0.5, 0.8, 5.0, mixed, mixed[::-1], mixed]
    for number, rain in enumerate(rows, start=1):
        try:
            suspicion.look(frame(number, rain), has_bounds=False)
        except GridFileError:
            refused.append(number)
    assert refused == [3, 4, 5, 6]
