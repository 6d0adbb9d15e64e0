"""Files of weather models: read whole, put together from parts, refused with the reason."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.model_runs import HOUR, LATITUDE, LONGITUDE, cells_of, settings_of, write_grib, write_netcdf
from tests.networks import T0, network_of
from warnstream.adapters.grids.content import GridFileError
from warnstream.adapters.runs.reader import RunReader
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.runs.model_run import ModelRun

NETWORK = network_of(3, 3)
SIX = [1, 2, 3, 4, 5, 6]
TOTAL_M = [[0.001, 0.004, 0.004, 0.010, 0.010, 0.020]]
"""Since the beginning, as ECMWF writes it."""


def reader_of(folder: Path, **changes: Any) -> RunReader:
    return RunReader(settings_of(folder, **changes), NETWORK)


def totals_mm(run: ModelRun, member: int = 0) -> list[float]:
    row, column = cells_of(NETWORK).shape
    return [round(float(total), 2) for total in run.rain[member, :, row // 2, column // 2] / 10]


def test_a_run_of_the_future_stands_in_no_others_way(tmp_path: Path) -> None:
    """Its writer's clock was wrong, or its time zone; parts of more such runs push no true one out."""
    reader = RunReader(settings_of(tmp_path), NETWORK, latest=lambda: T0 + 2 * HOUR)
    early = write_netcdf(tmp_path / "early.nc", TOTAL_M, SIX, reference_s=T0 + 8 * HOUR)
    assert refused(reader, early).reason is RefusalReason.FUTURE
    first = write_netcdf(tmp_path / "first.nc", [TOTAL_M[0][:2]], SIX[:2])
    assert reader.frames(first) == []
    for days in (1, 2, 3):
        at_s = T0 + days * 24 * HOUR
        part = write_netcdf(tmp_path / f"{days}.nc", [TOTAL_M[0][:2]], SIX[:2], reference_s=at_s)
        assert refused(reader, part).reason is RefusalReason.FUTURE
    rest = write_netcdf(tmp_path / "rest.nc", [TOTAL_M[0][2:]], SIX[2:])
    (run,) = reader.frames(rest)
    assert run.reference_s == T0


def test_a_file_whose_times_are_still_to_come_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    path = write_netcdf(tmp_path / "run.nc", np.zeros((1, 0)), [])
    error = refused(reader_of(tmp_path), path)
    assert (error.reason, str(error)) == (RefusalReason.WRONG_SHAPE, "tp has no field")


def refused(reader: RunReader, path: Path) -> GridFileError:
    with pytest.raises(GridFileError) as caught:
        reader.frames(path)
    return caught.value


def test_a_total_in_metres_since_the_run_began_is_a_run(tmp_path: Path) -> None:
    path = write_netcdf(tmp_path / "run.nc", TOTAL_M, SIX)
    (run,) = reader_of(tmp_path, usual_delay_s=4 * HOUR).frames(path)
    assert totals_mm(run) == [1.0, 4.0, 4.0, 10.0, 10.0, 20.0]
    assert (run.forecast, run.reference_s, run.told_s) == ("ens", T0, T0 + 4 * HOUR)
    assert run.lead_s.tolist() == [HOUR * hour for hour in SIX]
    assert run.geometry == cells_of(NETWORK).digest
    assert run.rain.shape == (1, 6, *cells_of(NETWORK).shape)


def test_leads_that_are_far_apart_and_not_on_the_hour(tmp_path: Path) -> None:
    path = write_netcdf(tmp_path / "run.nc", [[1.0, 2.0, 3.0, 4.0, 5.0]], [0.5, 1, 3, 6, 9], unit="kg m-2")
    (run,) = reader_of(tmp_path).frames(path)
    assert run.lead_s.tolist() == [HOUR, 3 * HOUR, 6 * HOUR]
    assert totals_mm(run) == [2.0, 3.0, 4.0]


BUCKETS = [1.0, 3.0, 4.0, 2.0, 2.0, 9.0]
"""Totals that begin anew after three hours, as of GFS: 4 mm, then 9."""


@pytest.mark.parametrize("with_bounds", [True, False])
def test_buckets_that_begin_anew_add_up(tmp_path: Path, *, with_bounds: bool) -> None:
    bounds = [(0, 1), (0, 2), (0, 3), (3, 4), (3, 5), (3, 6)] if with_bounds else None
    path = write_netcdf(tmp_path / "run.nc", [BUCKETS], SIX, unit="kg m-2", bounds=bounds)
    bucket_s = None if with_bounds else 3 * HOUR
    (run,) = reader_of(tmp_path, accumulated="resets", bucket_s=bucket_s).frames(path)
    assert totals_mm(run) == [1.0, 3.0, 4.0, 6.0, 6.0, 13.0]


@pytest.mark.parametrize(("unit", "factor"), [("kg m-2 s-1", 1 / 3600), ("mm h-1", 1.0)])
def test_rates_are_those_of_the_time_since_the_lead_before(tmp_path: Path, unit: str, factor: float) -> None:
    path = write_netcdf(tmp_path / "run.nc", [[2 * factor, 4 * factor, 1 * factor]], [1, 3, 6], unit=unit)
    (run,) = reader_of(tmp_path, accumulated="never").frames(path)
    assert totals_mm(run) == [2.0, 10.0, 13.0]


def test_amounts_of_intervals_add_up(tmp_path: Path) -> None:
    bounds = [(0, 1), (1, 3), (3, 6)]
    path = write_netcdf(tmp_path / "run.nc", [[1.0, 2.0, 3.0]], [1, 3, 6], unit="mm", bounds=bounds)
    (run,) = reader_of(tmp_path, accumulated="never").frames(path)
    assert totals_mm(run) == [1.0, 3.0, 6.0]


def test_a_run_is_told_once_all_of_its_members_and_leads_are_there(tmp_path: Path) -> None:
    reader = reader_of(tmp_path, n_members=3)
    first, last = TOTAL_M[0][:3], TOTAL_M[0][3:]
    told = []
    for member in (0, 1, 2):
        for hours, values in (([1, 2, 3], first), ([4, 5, 6], last)):
            path = tmp_path / f"{member}_{hours[0]}.nc"
            told.append(reader.frames(write_netcdf(path, [values], hours, members=[member])))
        waiting = reader.waiting()
        assert waiting == ({"2026-06-18T00:00:00Z": f"{member + 1} of 3 members"} if member < 2 else {})
    assert [len(runs) for runs in told] == [0, 0, 0, 0, 0, 1]
    assert told[-1][0].rain.shape[0] == 3


def test_a_newer_run_that_is_not_whole_leaves_the_older_one_alone(tmp_path: Path) -> None:
    reader = reader_of(tmp_path)
    assert len(reader.frames(write_netcdf(tmp_path / "a.nc", TOTAL_M, SIX))) == 1
    half = write_netcdf(tmp_path / "b.nc", [[0.001, 0.004]], [1, 2], reference_s=T0 + 6 * HOUR)
    assert reader.frames(half) == []
    assert reader.waiting() == {"2026-06-18T06:00:00Z": "member 0: nothing after 2 h, of 6 h"}


def test_an_older_run_after_a_newer_one_is_out_of_order(tmp_path: Path) -> None:
    reader = reader_of(tmp_path)
    reader.frames(write_netcdf(tmp_path / "b.nc", TOTAL_M, SIX, reference_s=T0 + 6 * HOUR))
    error = refused(reader, write_netcdf(tmp_path / "a.nc", TOTAL_M, SIX))
    assert error.reason is RefusalReason.SUPERSEDED
    assert "out of order: of the run of 2026-06-18T00:00:00Z" in str(error)


def hole(values: Sequence[Sequence[float]], where: slice) -> np.ndarray:
    array = np.broadcast_to(np.array(values)[:, :, None, None], (1, 6, len(LATITUDE), len(LONGITUDE))).copy()
    array[:, 2, where] = np.nan
    return array


FALLS = [[0.001, 0.004, 0.009, 0.002, 0.010, 0.020]]


@pytest.mark.parametrize(
    ("values", "told", "changes", "reason", "said"),
    [
        (np.full((1, 6), np.nan), {}, {}, RefusalReason.NO_READING, "every cell is missing at 1 h"),
        (hole(TOTAL_M, slice(None)), {}, {}, RefusalReason.NO_READING, "every cell is missing at 3 h"),
        (hole(TOTAL_M, slice(8, 12)), {}, {}, RefusalReason.NO_READING, "missing in some of its fields"),
        (TOTAL_M, {"unit": "K"}, {}, RefusalReason.WRONG_UNIT, "unit 'K' of tp"),
        ([[1.0, 4.0, 4.0, 9.0, 9.0, 9.0]], {}, {}, RefusalReason.OUT_OF_RANGE, "is the unit right?"),
        ([[-1.0, *TOTAL_M[0][1:]]], {"unit": "mm"}, {}, RefusalReason.OUT_OF_RANGE, "no negative amount"),
        (FALLS, {}, {}, RefusalReason.RUNNING_TOTAL, "member 0 at 4 h: the total falls by 7.0 mm"),
        (
            [BUCKETS],
            {"unit": "mm"},
            {"accumulated": "resets", "bucket_s": 6 * HOUR},
            RefusalReason.RUNNING_TOTAL,
            "falls by 2.0 mm",
        ),
        ([BUCKETS], {"unit": "mm"}, {"accumulated": "resets"}, RefusalReason.BAD_TIME, "`bucket` in warn"),
        (
            TOTAL_M,
            {"bounds": [(0, 1), (0, 2), (0, 3), (3, 4), (3, 5), (3, 6)]},
            {},
            RefusalReason.RUNNING_TOTAL,
            "begins at 3 h, expected one since_start",
        ),
        (
            TOTAL_M,
            {"bounds": [(0, hour) for hour in SIX]},
            {"accumulated": "never"},
            RefusalReason.OVERLAP,
            "is it a total?",
        ),
        (TOTAL_M * 2, {}, {}, RefusalReason.WRONG_SHAPE, "2 members, expected 1"),
        (TOTAL_M, {"unit": "mm h-1"}, {}, RefusalReason.WRONG_UNIT, "the file has rates"),
        (TOTAL_M, {"longitude": LONGITUDE + 60}, {}, RefusalReason.WRONG_SHAPE, "none of the villages"),
        (
            TOTAL_M,
            {},
            {"variable": "rain"},
            RefusalReason.UNKNOWN_VARIABLE,
            "no variable 'rain'; the file has",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(
    tmp_path: Path,
    values: Any,
    told: dict[str, Any],
    changes: dict[str, Any],
    reason: RefusalReason,
    said: str,
) -> None:
    error = refused(reader_of(tmp_path, **changes), write_netcdf(tmp_path / "run.nc", values, SIX, **told))
    assert (error.reason, said in str(error)) == (reason, True), str(error)


def test_a_shifted_grid_is_believed_when_three_files_in_a_row_say_so(tmp_path: Path) -> None:
    reader = reader_of(tmp_path)
    reader.frames(write_netcdf(tmp_path / "0.nc", TOTAL_M, SIX))
    for number in (1, 2):
        path = write_netcdf(
            tmp_path / f"{number}.nc", TOTAL_M, SIX, longitude=LONGITUDE + 0.2, reference_s=T0 + number * HOUR
        )
        assert refused(reader, path).reason is RefusalReason.SHIFTED
    path = write_netcdf(tmp_path / "3.nc", TOTAL_M, SIX, longitude=LONGITUDE + 0.2, reference_s=T0 + 3 * HOUR)
    assert len(reader.frames(path)) == 1


@pytest.mark.parametrize("n_bytes", [0, 4, 100, 5_000])
def test_a_file_that_is_cut_is_refused(tmp_path: Path, n_bytes: int) -> None:
    path = write_netcdf(tmp_path / "run.nc", TOTAL_M, SIX)
    path.write_bytes(path.read_bytes()[:n_bytes])
    with pytest.raises((GridFileError, OSError)):
        reader_of(tmp_path).frames(path)


def test_a_format_that_is_not_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "run.nc"
    path.write_bytes(b"CDF\x01" + bytes(100))
    error = refused(reader_of(tmp_path), path)
    assert error.reason is RefusalReason.UNSUPPORTED_CONTENT
    assert "nccopy" in str(error)


def test_a_corrected_file_makes_a_refused_run_whole(tmp_path: Path) -> None:
    reader = reader_of(tmp_path)
    path = write_netcdf(tmp_path / "run.nc", FALLS, SIX)
    refused(reader, path)
    assert len(reader.frames(write_netcdf(path, TOTAL_M, SIX))) == 1


def grib_of(path: Path, fields: Sequence[tuple[int, int, int, float]], **changes: Any) -> Path:
    pytest.importorskip("pyproj", reason="needs the extra grid-formats")  # before ecCodes
    pytest.importorskip("eccodes", reason="needs the extra grid-formats", exc_type=ImportError)
    return write_grib(path, fields, **changes)


def test_an_ensemble_in_grib_2(tmp_path: Path) -> None:
    fields = [(member, 0, hour, (1.0 + member) * hour) for member in (0, 1, 2) for hour in (3, 6)]
    (run,) = reader_of(tmp_path, n_members=3).frames(grib_of(tmp_path / "ens.grib2", fields))
    assert [totals_mm(run, member) for member in (0, 1, 2)] == [[3.0, 6.0], [6.0, 12.0], [9.0, 18.0]]
    assert run.reference_s == T0


def test_buckets_of_gfs_in_grib_2_say_themselves_where_they_begin(tmp_path: Path) -> None:
    fields = [(0, 0, 3, 4.0), (0, 0, 6, 5.0), (0, 6, 9, 2.0), (0, 6, 12, 7.0)]
    path = grib_of(tmp_path / "gfs.grib2", fields, parameter=(1, 8), centre="kwbc", clock=600)
    (run,) = reader_of(tmp_path, accumulated="resets", reach_s=12 * HOUR).frames(path)
    assert totals_mm(run) == [4.0, 5.0, 7.0, 12.0]
    assert run.reference_s == T0 + 6 * HOUR


def test_a_grib_that_says_it_has_a_billion_values_is_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    """One octet of section 5 was another: ecCodes unpacked eight gigabytes, and no other file was read."""
    path = grib_of(tmp_path / "ens.grib2", [(0, 0, 6, 2.0)])
    content = bytearray(path.read_bytes())
    section_5 = content.index(bytes([0, 0, 0, 21, 5]))
    content[section_5 + 5] = 0x3D
    path.write_bytes(content)
    error = refused(reader_of(tmp_path), path)
    assert error.reason is RefusalReason.BAD_GRID
    assert "values for 546 points" in str(error)


def test_a_cut_grib_and_one_without_the_variable_are_refused(tmp_path: Path) -> None:
    path = grib_of(tmp_path / "ens.grib2", [(0, 0, 3, 1.0), (0, 0, 6, 2.0)])
    error = refused(reader_of(tmp_path, variable="sf"), path)
    assert error.reason is RefusalReason.UNKNOWN_VARIABLE
    assert "the file has tp" in str(error)
    path.write_bytes(path.read_bytes()[:-40])
    assert refused(reader_of(tmp_path), path).reason is RefusalReason.BAD_GRID
