"""Formats of grids beside plain NetCDF: groups, projections, .gz, masks, ODIM, KNMI, RADOLAN, GRIB."""

import gzip
import importlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray as xr

from tests.integration.test_grid_files import LIMIT, SETTINGS, dataset, refusal_of, saved
from warnstream.adapters.grids import projections
from warnstream.adapters.grids.files import read_grid_file
from warnstream.adapters.grids.mask import read_mask
from warnstream.model.arrays import Float64Array
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.times import parse_iso

STEREOGRAPHIC = "+proj=stere +lat_0=90 +lon_0=10 +lat_ts=60 +R=6370040 +units=m"
END_S = parse_iso("2026-06-18T06:05:00Z")
if os.environ.get("WARNSTREAM_REQUIRE_EXTRAS"):  # then a missing reader is a failure, not a skip
    for module in ("pyproj", "cfgrib", "eccodes", "wradlib", "cftime"):  # pyproj first: see projections
        importlib.import_module(module)
needs_pyproj = pytest.mark.skipif(not projections.is_available(), reason="needs the extra grid-formats")


@pytest.mark.parametrize("where", ["root", "group"])
def test_a_variable_in_a_group_has_the_coordinates_of_its_group_or_of_those_above(
    tmp_path: Path, where: str
) -> None:
    whole = dataset(np.arange(24.0).reshape(2, 3, 4))
    rain, rest = whole[["precipitation_amount"]], whole.drop_vars("precipitation_amount")
    path = tmp_path / "rain.nc"
    if where == "group":
        whole.to_netcdf(path, group="product/rain", engine="h5netcdf")
    else:
        rest.to_netcdf(path, engine="h5netcdf")
        rain.drop_vars(list(rain.coords)).to_netcdf(path, group="product/rain", mode="a", engine="h5netcdf")
    settings = replace(SETTINGS, variable="product/rain/precipitation_amount")
    found = read_grid_file(path, settings, LIMIT)
    assert found.frames[1].rain_mm[2, 3] == 23.0
    assert found.centres.latitude[2, 0] == 28.2
    error = refusal_of(path)
    assert error.reason is RefusalReason.UNKNOWN_VARIABLE
    assert "the file has product/rain/precipitation_amount" in str(error)


def test_a_group_that_is_not_there_is_named(tmp_path: Path) -> None:
    error = refusal_of(saved(tmp_path, dataset()), replace(SETTINGS, variable="nowhere/rain"))
    assert error.reason is RefusalReason.UNKNOWN_VARIABLE
    assert "the file has precipitation_amount" in str(error)


def test_a_packed_file_is_read_and_one_cut_off_is_refused(tmp_path: Path) -> None:
    plain = saved(tmp_path, dataset())
    packed = tmp_path / "rain.nc.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert len(read_grid_file(packed, SETTINGS, LIMIT).frames) == 2
    packed.write_bytes(packed.read_bytes()[:-200])
    error = refusal_of(packed)
    assert (error.reason, "cut off" in str(error)) == (RefusalReason.BAD_GRID, True)


def test_a_file_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warnstream.adapters.grids.formats.UNPACKED_BYTES_MAX", 100_000)
    packed = tmp_path / "rain.nc.gz"
    packed.write_bytes(gzip.compress(bytes(1_000_000)))
    assert refusal_of(packed).reason is RefusalReason.TOO_LARGE


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"CDF\x01", "nccopy -k nc4"),
        (b"BUFR\x00", "ODIM HDF5"),
        (b"II*\x00", "GeoTIFF"),
        (b"\x89PNG\r\n", "a picture"),
        (b"PK\x03\x04", "ZIP"),
        (b"NCOLS 900\n", "ASCII grid"),
    ],
)
def test_a_format_that_is_not_read_is_named_with_the_way_that_works(
    tmp_path: Path, head: bytes, said: str
) -> None:
    path = tmp_path / "rain"
    path.write_bytes(head + bytes(600))
    error = refusal_of(path)
    assert (error.reason, said in str(error)) == (RefusalReason.UNSUPPORTED_CONTENT, True), error


def test_nothing_seen_at_all_is_refused(tmp_path: Path) -> None:
    assert refusal_of(saved(tmp_path, dataset(np.full((2, 3, 4), np.nan)))).reason is RefusalReason.NO_READING


def test_three_frames_of_a_total_in_one_file_are_refused_until_they_are_declared(tmp_path: Path) -> None:
    totals = np.array([1.0, 3.0, 6.0])[:, None, None] * np.ones((1, 3, 4))
    path = saved(tmp_path, dataset(totals, bounds=False, n_times=3))
    settings = replace(SETTINGS, interval_s=300)
    error = refusal_of(path, settings)
    assert (error.reason, "accumulated" in str(error)) == (RefusalReason.RUNNING_TOTAL, True)
    assert read_grid_file(path, replace(settings, accumulated="since_start"), LIMIT).are_totals
    assert len(read_grid_file(path, replace(settings, accumulated="never"), LIMIT).frames) == 3


def test_rates_are_no_totals(tmp_path: Path) -> None:
    rates = np.array([1.0, 3.0, 6.0])[:, None, None] * np.ones((1, 3, 4))
    path = saved(tmp_path, dataset(rates, units="mm h-1", bounds=False, n_times=3))
    settings = replace(SETTINGS, interval_s=300)
    assert len(read_grid_file(path, settings, LIMIT).frames) == 3
    assert refusal_of(path, replace(settings, accumulated="resets")).reason is RefusalReason.WRONG_UNIT


def test_a_mask_is_what_is_not_zero(tmp_path: Path) -> None:
    path = tmp_path / "mask.nc"
    values = np.array([[0.0, 1.0], [np.nan, 0.0]])
    xr.Dataset({"blocked": (("y", "x"), values)}).to_netcdf(path, engine="h5netcdf")
    assert read_mask(path, "blocked").tolist() == [[False, True], [True, False]]
    with pytest.raises(Exception, match="no variable 'mask'; it has blocked"):
        read_mask(path, "mask")


# Projections.


def square() -> tuple[Float64Array, Float64Array]:
    """Columns and rows of ten kilometres about 10 E 51 N in `STEREOGRAPHIC`, rows from the north."""
    across, up = np.arange(4, dtype=np.float64), np.arange(3, dtype=np.float64)
    return across * 10_000.0 - 15_000.0, -4_240_000.0 - up * 10_000.0


@needs_pyproj
def test_x_and_y_of_a_projection_are_enough(tmp_path: Path) -> None:
    across, up = square()
    content = dataset().rename(lat="y", lon="x").drop_vars(["x", "y"])
    metres = {"units": "m", "standard_name": "projection_x_coordinate"}
    content = content.assign_coords(
        x=("x", across, metres), y=("y", up, metres | {"standard_name": "projection_y_coordinate"})
    )
    mapping = {
        "grid_mapping_name": "polar_stereographic",
        "straight_vertical_longitude_from_pole": 10.0,
        "latitude_of_projection_origin": 90.0,
        "standard_parallel": 60.0,
        "earth_radius": 6_370_040.0,
        "false_easting": 0.0,
        "false_northing": 0.0,
    }
    content["crs"] = ((), np.int32(0), mapping)
    content["precipitation_amount"].attrs["grid_mapping"] = "crs"
    found = read_grid_file(saved(tmp_path, content), SETTINGS, LIMIT)
    assert np.diff(found.centres.latitude[:, 0]).max() < 0
    # Worked out by hand: tan(45 - latitude / 2) = distance / (R (1 + sin 60)).
    distance_m = np.hypot(across[0], up[0])
    expected = 90 - 2 * np.degrees(np.arctan(distance_m / (6_370_040 * (1 + np.sin(np.radians(60))))))
    assert found.centres.latitude[0, 0] == pytest.approx(expected, abs=1e-6)


def test_without_pyproj_a_projection_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    across, up = square()
    content = dataset().rename(lat="y", lon="x").assign_coords(x=across, y=up)
    content["crs"] = ((), np.int32(0), {"grid_mapping_name": "polar_stereographic"})
    content["precipitation_amount"].attrs["grid_mapping"] = "crs"
    paths = saved(tmp_path, content), odim(tmp_path / "odim.h5"), knmi(tmp_path / "knmi.h5")
    monkeypatch.setattr("warnstream.adapters.grids.projections.pyproj", None)
    for path in paths:
        error = refusal_of(path)
        assert error.reason is RefusalReason.UNSUPPORTED_CONTENT
        assert "needs pyproj: pip install 'warnstream[grid-formats]'" in str(error)


def odim(path: Path, quantity: str = "ACRR", kind: str = "COMP") -> Path:
    raw = np.array([[1, 2, 3, 4], [0, 0, 0, 0], [255, 255, 10, 10]], dtype=np.uint8)
    across, up = square()
    corner = (10.0, 51.0)
    if projections.is_available():
        pyproj = pytest.importorskip("pyproj")
        system = pyproj.CRS.from_user_input(STEREOGRAPHIC)
        project = pyproj.Transformer.from_crs(system, system.geodetic_crs, always_xy=True).transform
        corner = project(across[0] - 5_000, up[0] + 5_000)
    with h5py.File(path, "w") as file:
        file.attrs["Conventions"] = np.bytes_("ODIM_H5/V2_4")
        file.create_group("what").attrs["object"] = np.bytes_(kind)
        where = file.create_group("where").attrs
        where["projdef"] = np.bytes_(STEREOGRAPHIC)
        where["xsize"], where["ysize"], where["xscale"], where["yscale"] = 4, 3, 10_000.0, 10_000.0
        where["UL_lon"], where["UL_lat"] = corner
        what = file.create_group("dataset1/what").attrs
        for end, time in (("start", "060000"), ("end", "060500")):
            what[f"{end}date"], what[f"{end}time"] = np.bytes_("20260618"), np.bytes_(time)
        data = file.create_group("dataset1/data1")
        data["data"] = raw
        data.create_group("what")
        for name, value in {"gain": 0.5, "offset": 0.0, "nodata": 255.0, "undetect": 0.0}.items():
            data["what"].attrs[name] = value
        data["what"].attrs["quantity"] = np.bytes_(quantity)
    return path


@needs_pyproj
def test_an_odim_composite_is_read(tmp_path: Path) -> None:
    found = read_grid_file(odim(tmp_path / "odim.h5"), SETTINGS, LIMIT)
    (frame,) = found.frames
    assert (frame.end_s, frame.interval_s) == (END_S, 300)
    np.testing.assert_array_equal(frame.rain_mm[:2], [[0.5, 1.0, 1.5, 2.0], [0, 0, 0, 0]])
    assert np.isnan(frame.rain_mm[2]).tolist() == [True, True, False, False]
    across, up = square()
    transform = projections.degrees_of(STEREOGRAPHIC, *np.meshgrid(across, up))
    np.testing.assert_allclose(found.centres.latitude, transform.latitude, atol=1e-6)
    np.testing.assert_allclose(found.centres.longitude, transform.longitude, atol=1e-6)


@needs_pyproj
@pytest.mark.parametrize(
    ("quantity", "kind", "reason", "said"),
    [
        ("DBZH", "COMP", RefusalReason.UNKNOWN_VARIABLE, "with DBZH, expected ACRR or RATE"),
        ("ACRR", "PVOL", RefusalReason.UNSUPPORTED_CONTENT, "of object 'PVOL': make a composite"),
    ],
)
def test_odim_that_holds_no_rain_is_named(
    tmp_path: Path, quantity: str, kind: str, reason: RefusalReason, said: str
) -> None:
    error = refusal_of(odim(tmp_path / "odim.h5", quantity, kind))
    assert (error.reason, said in str(error)) == (reason, True), error


def knmi(path: Path, parameter: str = "ACCUMULATED_PRECIPITATION", formula: str = "GEO=0.01*PV+0.0") -> Path:
    raw = np.full((765, 700), 65535, dtype=np.uint16)
    raw[300:500, 300:500] = 120
    with h5py.File(path, "w") as file:
        overview = file.create_group("overview").attrs
        overview["product_datetime_start"] = np.bytes_("18-JUN-2026;06:00:00.000")
        overview["product_datetime_end"] = np.bytes_("18-JUN-2026;06:05:00.000")
        geographic = file.create_group("geographic").attrs
        geographic["geo_pixel_size_x"], geographic["geo_pixel_size_y"] = 1.0000035, -1.0000048
        geographic["geo_column_offset"], geographic["geo_row_offset"] = 0.0, 3649.9819
        projection = "+proj=stere +lat_0=90 +lon_0=0 +lat_ts=60 +a=6378.14 +b=6356.75 +x_0=0 +y_0=0"
        file.create_group("geographic/map_projection").attrs["projection_proj4_params"] = np.bytes_(
            projection
        )
        image = file.create_group("image1")
        image.attrs["image_geo_parameter"] = np.bytes_(parameter)
        image["image_data"] = raw
        calibration = image.create_group("calibration").attrs
        calibration["calibration_formulas"] = np.bytes_(formula)
        calibration["calibration_missing_data"] = np.array([65535])
        calibration["calibration_out_of_image"] = np.array([65535])
    return path


@needs_pyproj
def test_a_knmi_composite_stands_where_knmi_says(tmp_path: Path) -> None:
    """Corners of the published product: 0.0 E 49.362 N south-west, 10.856 E 55.389 N north-east."""
    found = read_grid_file(knmi(tmp_path / "knmi.h5"), SETTINGS, LIMIT)
    (frame,) = found.frames
    assert (frame.end_s, frame.interval_s) == (END_S, 300)
    assert frame.rain_mm[400, 400] == pytest.approx(1.2)
    assert np.isnan(frame.rain_mm[0, 0])
    assert found.centres.latitude[-1, 0] == pytest.approx(49.362, abs=0.02)
    assert found.centres.longitude[-1, 0] == pytest.approx(0.0, abs=0.02)
    assert found.centres.latitude[0, -1] == pytest.approx(55.389, abs=0.02)
    assert found.centres.longitude[0, -1] == pytest.approx(10.856, abs=0.03)


@needs_pyproj
def test_reflectivity_of_knmi_is_refused(tmp_path: Path) -> None:
    error = refusal_of(knmi(tmp_path / "knmi.h5", "REFLECTIVITY_[DBZ]", "GEO=0.5*PV-32.0"))
    assert (error.reason, "REFLECTIVITY" in str(error)) == (RefusalReason.UNSUPPORTED_CONTENT, True)


# RADOLAN and GRIB.


def radolan(path: Path, product: str = "RY") -> Path:
    """A composite of 900 x 900 cells in hundredths of a millimetre; row 0 is the southernmost."""
    values = np.full((900, 900), 0x29C4, dtype="<u2")  # 2500 with the bit of missing values
    values[400:500, 400:500] = 125
    values[450, 450] = 125 | 0x8000  # clutter
    body = values.tobytes()
    precision, length = "E-02", "INT   5GP 900x 900"
    header = f"{product}180605100000626BY{{size}}VS 3SW   2.29.0PR {precision}{length}MS 10<asb,boo,ros,hnr> "
    size = f"{len(header.format(size='1620000')) + 1 + len(body):7d}"
    path.write_bytes(header.format(size=size).encode("ascii") + b"\x03" + body)
    return path


def test_a_radolan_composite_is_read_where_wradlib_is_and_named_where_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = radolan(tmp_path / "raa01-ry_10000-2606180605-dwd---bin")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "wradlib.io", None)
        without.setitem(sys.modules, "wradlib", None)
        error = refusal_of(path)
        assert "RADOLAN: reading it needs wradlib" in str(error)
    pytest.importorskip("wradlib", reason="needs the extra grid-formats", exc_type=ImportError)
    found = read_grid_file(path, SETTINGS, LIMIT)
    (frame,) = found.frames
    assert (frame.end_s, frame.interval_s) == (END_S, 300)
    assert frame.rain_mm[420, 420] == pytest.approx(1.25)
    assert np.isnan(frame.rain_mm[450, 450])
    assert np.isnan(frame.rain_mm[0, 0])
    # DWD: the grid's middle is 9 E 51 N, at the corner of its four middle cells.
    assert found.centres.latitude[449:451, 449:451].mean() == pytest.approx(51.0, abs=0.01)
    assert found.centres.longitude[449:451, 449:451].mean() == pytest.approx(9.0, abs=0.01)
    assert found.centres.latitude[899, 0] > found.centres.latitude[0, 0]


def test_reflectivity_of_radolan_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("wradlib", reason="needs the extra grid-formats", exc_type=ImportError)
    error = refusal_of(radolan(tmp_path / "rx", "RX"))
    assert error.reason is RefusalReason.UNSUPPORTED_CONTENT


def grib(path: Path, values: Any) -> Path:
    import eccodes

    handle = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib2")
    rows, columns = np.shape(values)
    keys = {
        "Ni": columns,
        "Nj": rows,
        "latitudeOfFirstGridPointInDegrees": 28.2,
        "latitudeOfLastGridPointInDegrees": 28.0,
        "longitudeOfFirstGridPointInDegrees": 119.0,
        "longitudeOfLastGridPointInDegrees": 119.3,
        "iDirectionIncrementInDegrees": 0.1,
        "jDirectionIncrementInDegrees": 0.1,
        "dataDate": 20260618,
        "dataTime": 605,
        "discipline": 209,
        "parameterCategory": 6,
        "parameterNumber": 1,
    }
    for key, value in keys.items():
        eccodes.codes_set(handle, key, value)
    eccodes.codes_set_values(handle, np.ravel(values).astype(float))
    with path.open("wb") as file:
        eccodes.codes_write(handle, file)
    eccodes.codes_release(handle)
    return path


def test_mrms_in_grib_2_packed_is_read_with_unit_and_interval(tmp_path: Path) -> None:
    pytest.importorskip("pyproj", reason="needs the extra grid-formats")  # before ecCodes: see projections
    pytest.importorskip("cfgrib", reason="needs the extra grid-formats", exc_type=ImportError)
    plain = grib(tmp_path / "mrms.grib2", [[12.0, 24, 0, -3], [0, 0, 0, 0], [-1, 0, 0, 36]])
    packed = tmp_path / "MRMS_PrecipRate_00.00_20260618-060500.grib2.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert refusal_of(packed).reason is RefusalReason.BAD_TIME  # no interval said
    settings = replace(SETTINGS, interval_s=300, unit="mm h-1")
    found = read_grid_file(packed, settings, LIMIT)
    (frame,) = found.frames
    assert frame.end_s == END_S
    assert frame.rain_mm[0, :2].tolist() == pytest.approx([1.0, 2.0])
    assert np.isnan(frame.rain_mm[[0, 2], [3, 0]]).all()
    assert found.centres.latitude[0, 0] == pytest.approx(28.2)
    plain.write_bytes(plain.read_bytes()[:-20])
    assert refusal_of(plain, settings).reason is RefusalReason.BAD_GRID


def test_a_grib_that_says_it_has_a_billion_values_is_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    pytest.importorskip("cfgrib", reason="needs the extra grid-formats", exc_type=ImportError)
    path = grib(tmp_path / "mrms.grib2", [[12.0, 12.0, 12.0, 12.0]] * 3)
    content = bytearray(path.read_bytes())
    content[content.index(bytes([0, 0, 0, 21, 5])) + 5] = 0x3D
    path.write_bytes(content)
    error = refusal_of(path, replace(SETTINGS, interval_s=300, unit="mm h-1"))
    assert error.reason is RefusalReason.BAD_GRID
    assert "values for 12 points" in str(error)


def test_grib_without_cfgrib_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cfgrib", None)
    monkeypatch.setitem(sys.modules, "cfgrib.xarray_plugin", None)
    path = tmp_path / "mrms.grib2"
    path.write_bytes(b"GRIB" + bytes(600))
    assert "needs cfgrib and ecCodes: pip install 'warnstream[grid-formats]'" in str(refusal_of(path))


def test_grib_and_projections_live_in_one_process(tmp_path: Path) -> None:
    """EcCodes brings a PROJ of its own; loaded before pyproj's, the process died."""
    for module in ("pyproj", "cfgrib"):
        pytest.importorskip(module, reason="needs the extra grid-formats", exc_type=ImportError)
    both = [grib(tmp_path / "mrms.grib2", np.ones((3, 4))), odim(tmp_path / "odim.h5")]
    program = (
        "import sys; from pathlib import Path; from dataclasses import replace\n"
        "from tests.integration.test_grid_files import SETTINGS\n"
        "from warnstream.adapters.grids.files import read_grid_file\n"
        "settings = replace(SETTINGS, interval_s=300, unit='mm')\n"
        "for path in sys.argv[1:]: print(len(read_grid_file(Path(path), settings, 20.0).frames))\n"
    )
    for paths in (both, both[::-1]):
        done = subprocess.run(
            [sys.executable, "-c", program, *map(str, paths)], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout.split()) == (0, ["1", "1"]), done.stderr
