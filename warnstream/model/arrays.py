"""Names of the array types used in signatures; shapes and units stand in the docstrings."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

type_any = Any
BoolArray = NDArray[np.bool_]
Int16Array = NDArray[np.int16]
Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]
IntpArray = NDArray[np.intp]
UInt8Array = NDArray[np.uint8]
UInt16Array = NDArray[np.uint16]
UInt64Array = NDArray[np.uint64]
Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]
LevelArray = NDArray[np.uint8]
Arrays = dict[str, np.ndarray]
"""State of one part by name."""


def rows_where(is_so: np.ndarray) -> IntpArray:
    """Row numbers where a column is so (or not zero), ascending: `np.flatnonzero` at a tenth of its calls."""
    rows: IntpArray = is_so.nonzero()[0]
    return rows
