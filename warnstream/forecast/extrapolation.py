"""Move a field along a motion, keep it, and add it up.

Semi-Lagrangian and backward: each cell asks where its rain comes from, so no
cell stays empty and none is filled twice. Rain that would come from beyond the
edge is the rain of the edge: for a region the size of a county an unknown
inflow of zero is much worse. A constant field stays constant, exactly.
"""

from collections.abc import Sequence

import numpy as np

from warnstream.model.arrays import Float64Array, Int64Array


def bilinear(field: Float64Array, row: Float64Array, column: Float64Array) -> Float64Array:
    """Values between cell centres; beyond the edge the value of the edge.

    Parameters
    ----------
    field : Float64Array, shape (..., n_rows, n_columns)
    row, column : Float64Array, any one shape
        Fractional positions; whole numbers are cell centres.

    Returns
    -------
    Float64Array, shape (..., *row.shape)

    Examples
    --------
    >>> bilinear(np.array([[0.0, 4.0], [0.0, 4.0]]), np.array([0.5, 0.0]), np.array([0.25, 9.0]))
    array([1., 4.])
    """
    n_rows, n_columns = field.shape[-2:]
    south, up = _cell_and_share(row, n_rows)
    west, right = _cell_and_share(column, n_columns)
    flat = field.reshape(*field.shape[:-2], n_rows * n_columns)
    north = np.minimum(south + 1, n_rows - 1)
    east = np.minimum(west + 1, n_columns - 1)
    low = _between(flat, south * n_columns + west, south * n_columns + east, right)
    high = _between(flat, north * n_columns + west, north * n_columns + east, right)
    # a + share * (b - a) is exact where a == b, so constants are conserved.
    return low + up * (high - low)


def _cell_and_share(position: Float64Array, n: int) -> tuple[Int64Array, Float64Array]:
    inside = np.minimum(np.maximum(position, 0.0), float(n - 1))
    cell = inside.astype(np.int64)
    return cell, inside - cell


def _between(flat: Float64Array, at: Int64Array, neighbour: Int64Array, share: Float64Array) -> Float64Array:
    value = np.take(flat, at, axis=-1)
    return value + share * (np.take(flat, neighbour, axis=-1) - value)


def extrapolate(
    last: Float64Array, motion: Float64Array, n: int, damp_frames: float, edge: str = "replicate"
) -> Float64Array:
    """The coming frames of a field that keeps moving, ever more slowly.

    Parameters
    ----------
    last : Float64Array, shape (n_rows, n_columns)
        The newest field, without NaN.
    motion : Float64Array, shape (2, n_rows, n_columns)
        Rows and columns per frame.
    n : int
        Frames ahead.
    damp_frames : float
        Motion falls to 1/e of itself after that many frames; `numpy.inf` keeps it.
    edge : {"replicate"}
        What comes in from beyond the edge: the value of the edge.

    Returns
    -------
    Float64Array, shape (n, n_rows, n_columns)

    Raises
    ------
    ValueError
        If shapes disagree, `damp_frames` is not positive or `edge` is unknown.
    """
    if edge != "replicate":
        raise ValueError(f"edge must be 'replicate', got {edge!r}")
    if motion.shape != (2, *last.shape):
        raise ValueError(f"motion must have shape {(2, *last.shape)}, got {motion.shape}")
    if not damp_frames > 0:
        raise ValueError(f"damp_frames must be positive, got {damp_frames}")
    if not motion.any():
        return persist(last, n)
    position: Float64Array = np.indices(last.shape, dtype=np.float64)
    frames = np.empty((n, *last.shape))
    for step in range(n):
        # The motion where the rain comes from, not where it arrives.
        position = position - bilinear(motion, position[0], position[1]) * np.exp(-step / damp_frames)
        frames[step] = bilinear(last, position[0], position[1])
    return frames


def persist(last: Float64Array, n: int) -> Float64Array:
    """The coming frames of a field that stays where it is, shape (n, n_rows, n_columns)."""
    return np.repeat(last[None], n, axis=0)


def accumulate(frames: Float64Array, frame_s: int, leads_s: Sequence[int]) -> Float64Array:
    """Totals from now over each lead.

    Parameters
    ----------
    frames : Float64Array, shape (n_frames, n_rows, n_columns)
        Rain of each coming frame in millimetres, the nearest first.
    frame_s : int
        Length of a frame; every lead must be a whole number of frames.
    leads_s : sequence of int

    Returns
    -------
    Float64Array, shape (n_leads, n_rows, n_columns)
        Millimetres from now.

    Raises
    ------
    ValueError
        If a lead is not a whole number of frames, or there are fewer frames than the longest asks for.
    """
    uneven = [lead_s for lead_s in leads_s if lead_s <= 0 or lead_s % frame_s]
    if uneven:
        raise ValueError(f"leads of {uneven} s are not whole numbers of frames of {frame_s} s")
    n_needed = max(leads_s, default=0) // frame_s
    if len(frames) < n_needed:
        raise ValueError(f"a lead of {max(leads_s)} s needs {n_needed} frames, got {len(frames)}")
    return np.stack([frames[: lead_s // frame_s].sum(axis=0) for lead_s in leads_s])
