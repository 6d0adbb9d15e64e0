"""Tables with a row for each place, and tables whose rows name the place that they warn."""

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array
from warnstream.model.level import LEVELS


def defined_by_rows(place: Int32Array, critical: Float64Array, n_places: int) -> BoolArray:
    """Levels that have a value in any row of each place, shape (n_places, 4).

    Parameters
    ----------
    place : Int32Array, shape (n_rows,)
        -1: the row warns nobody.
    critical : Float64Array, shape (n_rows, 4)
    n_places : int
    """
    found: BoolArray = np.zeros((n_places, len(LEVELS)), dtype=np.bool_)
    warns = place >= 0
    np.logical_or.at(found, place[warns], ~np.isnan(critical[warns]))
    return found


def rows_of_places(place: Int32Array, places: Int64Array) -> tuple[Int64Array, Int32Array]:
    """Rows that warn some places, in their order, and what those places are numbered there.

    Parameters
    ----------
    place : Int32Array, shape (n_rows,)
        -1: the row warns nobody.
    places : Int64Array, shape (n,)
        Different ones; the first becomes 0.

    Examples
    --------
    >>> rows_of_places(np.array([2, 0, 7, 2]), np.array([2, 7]))
    (array([0, 2, 3]), array([0, 1, 0], dtype=int32))
    """
    number = np.full(max(place.max(initial=-1), places.max(initial=-1)) + 2, -1, dtype=np.int32)
    number[places] = np.arange(len(places))
    new = number[place]  # of -1 the last, which is nobody's
    rows = np.flatnonzero(new >= 0)
    return rows, new[rows]


def of_places(table: Float64Array, places: Int64Array) -> Float64Array:
    """A table over some places; one value repeated over all of them stays one value repeated."""
    if len(table) and table.strides[0] == 0:
        return np.broadcast_to(table[0], (len(places), *table.shape[1:]))
    return table[places]
