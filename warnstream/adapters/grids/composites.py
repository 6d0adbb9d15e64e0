"""Radar composites in HDF 5 that are no NetCDF: ODIM (EUMETNET OPERA, version 2) and KNMI.

Both have a projection and no latitude and longitude of their cells; pyproj works them
out. Of ODIM: objects COMP and IMAGE with an accumulation (ACRR) or a rate (RATE);
polar volumes and reflectivity are refused. Of KNMI: the accumulations, such as
RAD_NL25_RAC_5min.

Sources: OPERA Data Information Model for HDF5, EUMETNET OPERA, version 2.4 (2022);
KNMI HDF5 Data Format Specification, version 3.5 (2009).
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from warnstream.adapters.grids.content import GridContent, GridFileError, check_size, needs
from warnstream.adapters.grids.projections import degrees_of, is_available, metres_of
from warnstream.adapters.grids.times import intervals
from warnstream.config.settings import GridSettings
from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.observations.refusals import RefusalReason

ODIM, KNMI, NETCDF = "ODIM HDF5", "KNMI HDF5", "NetCDF 4"

_ODIM_UNITS = {"ACRR": "mm", "RATE": "mm h-1"}
_ODIM_OBJECTS = ("COMP", "IMAGE")
_KNMI_TIME = "%d-%b-%Y;%H:%M:%S"
_KNMI_FORMULA = re.compile(r"GEO\s*=\s*(?P<gain>[-+.\deE]+)\s*\*\s*PV\s*(?P<offset>[-+]\s*[.\deE]+)?\Z")


def dialect_of(path: Path) -> str:
    """Which format an HDF 5 file is. OSError if it is cut off or damaged."""
    with h5py.File(path) as file:
        if _text(file.attrs.get("Conventions", "")).startswith("ODIM"):
            return ODIM
        return KNMI if {"overview", "image1", "geographic"} <= set(file) else NETCDF


def read_odim(path: Path, settings: GridSettings) -> GridContent:
    """Content of an ODIM composite; `variable` is the quantity, else ACRR or RATE, whichever is there."""
    if not is_available():
        raise needs("pyproj", ODIM)
    with h5py.File(path) as file:
        kind = _text(file["what"].attrs.get("object", ""))
        if kind not in _ODIM_OBJECTS:
            advice = "make a composite of rain from it (wradlib, xradar and BALTRAD can)"
            raise GridFileError(RefusalReason.UNSUPPORTED_CONTENT, f"{ODIM} of object {kind!r}: {advice}")
        layers = [
            (_attributes(file[name], data), file[name][data])
            for name in sorted(file)
            if name.startswith("dataset")
            for data in sorted(file[name])
            if data.startswith("data")
        ]
        there = [str(what.get("quantity")) for what, _ in layers]
        wanted = [settings.variable] if settings.variable in there else list(_ODIM_UNITS)
        quantity = next((name for name in wanted if name in there), None)
        if quantity is None:
            raise GridFileError(
                RefusalReason.UNKNOWN_VARIABLE,
                f"{ODIM} with {', '.join(there) or 'nothing'}, expected {' or '.join(_ODIM_UNITS)}: "
                "reflectivity is not turned into rain here",
            )
        chosen = [(what, group) for what, group in layers if what["quantity"] == quantity]
        where = dict(file["where"].attrs)
        values = np.stack([_odim_values(what, group["data"]) for what, group in chosen])
        end_s, interval_s = _odim_times([what for what, _ in chosen], settings)
    centres = degrees_of(_text(where["projdef"]), *_odim_cells(where))
    unit = _ODIM_UNITS.get(quantity, "")
    return GridContent(values, unit, centres, end_s, interval_s, has_bounds=True)


def _attributes(dataset: Any, data: str) -> dict[str, Any]:
    """`what` of a layer, its own before that of its dataset."""
    found: dict[str, Any] = {}
    for holder in (dataset, dataset[data]):
        if "what" in holder:
            found |= {
                name: _text(value) if isinstance(value, bytes | str | np.bytes_) else value
                for name, value in holder["what"].attrs.items()
            }
    return found


def _odim_values(what: Mapping[str, Any], data: Any) -> Float64Array:
    check_size(data.size)
    raw = data[()].astype(np.float64)
    values: Float64Array = float(what.get("gain", 1.0)) * raw + float(what.get("offset", 0.0))
    values[raw == float(what.get("undetect", np.nan))] = 0.0
    values[raw == float(what.get("nodata", np.nan))] = np.nan
    return values


def _odim_times(layers: list[dict[str, Any]], settings: GridSettings) -> tuple[Int64Array, Int64Array]:
    bounds_s = np.array(
        [
            [
                _moment_s(f"{what[f'{end}date']}{what[f'{end}time']}", "%Y%m%d%H%M%S")
                for end in ("start", "end")
            ]
            for what in layers
        ],
        dtype=np.int64,
    )
    is_moment = (bounds_s[:, 0] >= bounds_s[:, 1]).all()  # a rate of one moment
    return intervals(bounds_s[:, 1], None if is_moment else bounds_s, settings)


def _odim_cells(where: Mapping[str, Any]) -> tuple[Float64Array, Float64Array]:
    """Coordinates of cell centres in the projection; the first row is the northernmost."""
    n_columns, n_rows = int(where["xsize"]), int(where["ysize"])
    width, height = float(where["xscale"]), float(where["yscale"])
    west, north = metres_of(_text(where["projdef"]), float(where["UL_lon"]), float(where["UL_lat"]))
    across = west + width * (np.arange(n_columns) + 0.5)
    up = north - height * (np.arange(n_rows) + 0.5)
    columns, rows = np.meshgrid(across, up)
    return columns, rows


def read_knmi(path: Path, settings: GridSettings) -> GridContent:
    """Content of a KNMI composite, `image1`."""
    if not is_available():
        raise needs("pyproj", KNMI)
    with h5py.File(path) as file:
        overview, geographic = file["overview"].attrs, file["geographic"].attrs
        image, calibration = file["image1"], file["image1"]["calibration"].attrs
        formula = _text(calibration["calibration_formulas"])
        matched = _KNMI_FORMULA.match(formula.strip())
        is_rain = "PRECIP" in _text(image.attrs.get("image_geo_parameter", "")).upper()
        if matched is None or not is_rain:
            kind = _text(image.attrs.get("image_geo_parameter", ""))
            raise GridFileError(
                RefusalReason.UNSUPPORTED_CONTENT,
                f"{KNMI} of {kind!r} ({formula!r}), expected an accumulation: reflectivity is not turned "
                "into rain here",
            )
        check_size(image["image_data"].size)
        raw = image["image_data"][()].astype(np.float64)
        offset = float((matched["offset"] or "0").replace(" ", ""))
        values = float(matched["gain"]) * raw + offset
        for unseen in ("calibration_missing_data", "calibration_out_of_image"):
            if unseen in calibration:
                values[raw == float(np.ravel(calibration[unseen])[0])] = np.nan
        bounds_s = np.array(
            [
                [
                    _moment_s(_text(overview[f"product_datetime_{end}"]).split(".")[0], _KNMI_TIME)
                    for end in ("start", "end")
                ]
            ],
            dtype=np.int64,
        )
        projection = _text(file["geographic"]["map_projection"].attrs["projection_proj4_params"])
        cells = _knmi_cells(geographic, values.shape)
    end_s, interval_s = intervals(bounds_s[:, 1], bounds_s, settings)
    centres = degrees_of(projection, *cells)
    return GridContent(values[None], "mm", centres, end_s, interval_s, has_bounds=True)


def _knmi_cells(geographic: Mapping[str, Any], shape: tuple[int, ...]) -> tuple[Float64Array, Float64Array]:
    """Coordinates of cell centres, in the file's unit (kilometres, as is its ellipsoid)."""
    width, height, first_column, first_row = (
        float(np.ravel(geographic[f"geo_{name}"])[0])
        for name in ("pixel_size_x", "pixel_size_y", "column_offset", "row_offset")
    )
    across = (np.arange(shape[1]) + 0.5 + first_column) * width
    up = (np.arange(shape[0]) + 0.5 + first_row) * height
    columns, rows = np.meshgrid(across, up)
    return columns, rows


def _text(value: Any) -> str:
    """Text of an attribute, however HDF 5 holds it."""
    first = np.ravel(value)[0] if isinstance(value, np.ndarray) and value.size else value
    return first.decode("ascii", "replace") if isinstance(first, bytes) else str(first)


def _moment_s(text: str, form: str) -> int:
    return int(datetime.strptime(text.strip(), form).replace(tzinfo=UTC).timestamp())


HDF5_READERS: dict[str, Callable[[Path, GridSettings], GridContent]] = {ODIM: read_odim, KNMI: read_knmi}
"""Readers of HDF 5 that is no NetCDF, by dialect."""
