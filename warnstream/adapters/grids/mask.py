"""The static mask of a grid: cells that never count, as blocked beams, clutter of hills and wind farms.

A variable of a NetCDF 4 file on the grid's own rows and columns: 0 is a good cell,
anything else (also missing) one that counts as not seen in every frame.
"""

from pathlib import Path

import numpy as np

from warnstream.adapters.grids.content import GridFileError
from warnstream.model.arrays import BoolArray
from warnstream.model.observations.refusals import RefusalReason


def read_mask(path: Path, variable: str) -> BoolArray:
    """Cells that never count, shape (n_rows, n_columns).

    Raises
    ------
    GridFileError
        If the file has no such variable of two dimensions; names the file.
    """
    import h5py

    try:
        with h5py.File(path) as file:
            found = file.get(variable)
            if not isinstance(found, h5py.Dataset):
                there = ", ".join(sorted(file)) or "none"
                raise GridFileError(
                    RefusalReason.UNKNOWN_VARIABLE,
                    f"mask {path.name}: no variable {variable!r}; it has {there}",
                )
            values = np.squeeze(found[()])
            missing = found.attrs.get("_FillValue")
    except OSError as error:
        detail = f"mask {path.name}: expected a NetCDF 4 file (HDF 5): {error}"
        raise GridFileError(RefusalReason.BAD_GRID, detail) from error
    if values.ndim != 2 or values.dtype.kind not in "biuf":
        detail = (
            f"mask {path.name}: {variable} has shape {values.shape}, expected numbers of rows and columns"
        )
        raise GridFileError(RefusalReason.WRONG_SHAPE, detail)
    is_masked: BoolArray = ~(values == 0)
    if missing is not None and np.size(missing) == 1:
        is_masked |= values == np.ravel(missing)[0]
    return is_masked
