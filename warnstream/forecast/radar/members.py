"""Forty-eight ways in which the rain of a radar may go on, read at places.

The newest fields are moved along their motion, and every member reads them beside the place, ever farther
with time, with an amount and a life of its own. What tells members apart is fixed: the same every cycle, so
that nothing flickers and a replay is equal. Widths, amounts and lives are those that did best of four that
were tried on few radar days (docs/forecast.md); nothing here is calibrated anywhere.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from warnstream.forecast.extrapolation import extrapolate
from warnstream.forecast.radar.motion import pyramid_motion
from warnstream.model.arrays import Float32Array, Float64Array, Int32Array
from warnstream.model.times import HOUR_S, MINUTE_S

N_MEMBERS = 48
N_STEPS, STEP_S = 12, 15 * MINUTE_S
MOVE_S = 5 * MINUTE_S
"""Fields are moved in steps of this length: rain crosses a few cells in one."""
DAMP_S = 3 * HOUR_S
"""Motion falls to 1/e after that long; it matters little within three hours."""
SPEED_KM_PER_H_MAX = 150.0
PLACE_KM, PLACE_KM_PER_H = 6.0, 8.0
"""Standard deviation of where rain goes, now and what each hour adds."""
AMOUNT_SIGMA = 0.4
LIFE_PER_H, LIFE_OF_HEAVY = 0.25, 0.3
"""R mm/h fade within t hours by exp(-q t (LIFE_PER_H + LIFE_OF_HEAVY ln(1 + R/10))), q the member's own."""
RAIN_MM_H_MAX = 300.0
QUARTER_H = np.float32(STEP_S / HOUR_S)


@dataclass(frozen=True, slots=True)
class Differences:
    """What tells members apart; arrays of shape (N_MEMBERS, ...).

    Attributes
    ----------
    place : Float64Array, shape (N_MEMBERS, 2)
        North and east, in standard deviations.
    amount, life : Float64Array, shape (N_MEMBERS,)
        Standard deviations of the logarithm; a share between 0 and 1.
    """

    place: Float64Array
    amount: Float64Array
    life: Float64Array


def differences() -> Differences:
    """An additive recurrence in five dimensions (Roberts 2018): evenly spread, and the same everywhere."""
    root = 1.1347241384015194  # of x ** 6 = x + 1
    step = root ** -np.arange(1, 6)
    share = (0.5 + np.arange(1, N_MEMBERS + 1)[:, None] * step) % 1.0
    normal = np.vectorize(NormalDist().inv_cdf, otypes=[np.float64])(share[:, :3])
    width = 0.6 + 0.9 * share[:, 4]
    place = normal[:, :2] * width[:, None]
    return Differences(place - place.mean(axis=0), normal[:, 2], share[:, 3])


DIFFERENCES = differences()


def members_of(
    rain_mm_h: Float64Array,
    apart_s: int,
    cell_m: float,
    at: tuple[Float64Array, Float64Array],
    age_s: int,
) -> Float32Array:
    """Rain from now over each step, as every member has it.

    Parameters
    ----------
    rain_mm_h : Float64Array, shape (n_fields, n_rows, n_columns)
        Oldest first, equally far apart, rows northwards, without NaN.
    apart_s : int
        Seconds from one to the next.
    cell_m : float
    at : (Float64Array, Float64Array), each of shape (n_places,)
        Rows and columns of the places.
    age_s : int
        Since the newest field.

    Returns
    -------
    Float32Array, shape (N_MEMBERS, N_STEPS, n_places)
        Millimetres, never falling along the steps.
    """
    speed_px = SPEED_KM_PER_H_MAX * 1000.0 * apart_s / HOUR_S / cell_m
    motion = pyramid_motion(rain_mm_h, speed_px) * (MOVE_S / apart_s)
    skipped = round(age_s / MOVE_S)
    per_step = STEP_S // MOVE_S
    moved = extrapolate(rain_mm_h[-1], motion, skipped + N_STEPS * per_step, DAMP_S / MOVE_S)
    steps = moved[skipped:].reshape(N_STEPS, per_step, *moved.shape[1:]).mean(axis=1)
    return read_members(steps, cell_m, at, age_s)


def read_members(
    steps_mm_h: Float64Array, cell_m: float, at: tuple[Float64Array, Float64Array], age_s: int
) -> Float32Array:
    """Members from fields moved to the middle of each step; as of `members_of`."""
    row, column = (np.asarray(axis, dtype=np.float32) for axis in at)
    north, east = (np.asarray(axis, dtype=np.float32)[:, None] for axis in DIFFERENCES.place.T)
    n_rows, n_columns = steps_mm_h.shape[1:]
    found: Float32Array = np.zeros((N_MEMBERS, len(steps_mm_h), len(row)), dtype=np.float32)
    total: Float32Array = np.zeros((N_MEMBERS, len(row)), dtype=np.float32)
    for step, field in enumerate(steps_mm_h):
        hours = (age_s + (step + 0.5) * STEP_S) / HOUR_S
        beside_px = np.float32((PLACE_KM + PLACE_KM_PER_H * hours) * 1000.0 / cell_m)
        # The nearest cell: members are far more apart than cells, and the mean of all is as smooth.
        cell = _nearest(row + north * beside_px, n_rows)
        cell *= n_columns
        cell += _nearest(column + east * beside_px, n_columns)
        rain = np.take(field.astype(np.float32), cell)
        if rain.any():
            total += np.minimum(rain * _kept(rain, hours), RAIN_MM_H_MAX) * QUARTER_H
        found[:, step] = total
    return found


def _nearest(position: Float32Array, n: int) -> Int32Array:
    """Numbers of cells; beyond the edge the edge."""
    inside: Float32Array = np.clip(position + np.float32(0.5), 0, n - 1)
    return inside.astype(np.int32)


def _kept(rain_mm_h: Float32Array, hours: float) -> Float32Array:
    """What is left of rain after some hours, and how much more or less it was from the beginning."""
    grown = min(hours, 1.0)
    life = hours * DIFFERENCES.life
    amount = AMOUNT_SIGMA * DIFFERENCES.amount * np.sqrt(grown) - AMOUNT_SIGMA**2 / 2 * grown
    at_least = np.exp(amount - life * LIFE_PER_H).astype(np.float32)[:, None]
    power = (-life * LIFE_OF_HEAVY).astype(np.float32)[:, None]
    return np.asarray(at_least * np.power(1 + rain_mm_h / np.float32(10.0), power))
