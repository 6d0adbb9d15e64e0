"""What a weather radar would make of the true field, with the errors that radars have.

The radar stands on the highest ground near the middle. Along each of 360
beams, in steps of 1 km:

- hills block part of the beam (0.5 degrees elevation, 1 degree wide, 4/3 earth
  radius); what is behind more than 70 % of blockage is missing;
- rain on the way weakens the signal (C band: 0.0044 R^1.17 dB/km one way,
  Doviak and Zrnic 1993, table 8.1 in form), up to a cap of 10 dB;
- far away the beam lies high and sees less of low rain, and weak rain not at all.

On top lie a factor of the whole event, a smooth field of bias that moves in
time with the event, speckle, and data that are missing: single frames and sectors of
beams for some frames. Z = 200 R^1.6 turns weakened signal into rain.
"""

from dataclasses import dataclass

import numpy as np

from station_sim.seeds import stream
from station_sim.weather.field import CELL_M, FieldGrid, moved_texture, texture
from station_sim.weather.products import Amounts
from warnstream.model.arrays import BoolArray, Float64Array, Int64Array
from warnstream.model.geodesy import EARTH_RADIUS_M

BLOCKAGE_MAX = 0.7
ATTENUATION_DB_MAX = 10.0

_BEAMS = 360
_ELEVATION = np.radians(0.5)
_HALF_WIDTH = np.radians(0.5)
_ZR_EXPONENT = 1.6
_TOWER_M = 25.0
_SITE_RADIUS_M = 8_000.0


@dataclass(frozen=True, slots=True)
class RadarErrors:
    """How bad the radar is.

    Attributes
    ----------
    event_bias, field_bias, speckle : float
        Standard deviations of the logarithm of: one factor for all, a smooth field, each pixel and frame.
    frame_missing : float
        Share of frames that never come.
    sector_missing : float
        Share of frames in which some sector of 8 to 30 beams is missing.
    attenuation_db_max : float
        Most that rain takes of the signal behind it; small where a product corrects for it.
    """

    event_bias: float = 0.20
    field_bias: float = 0.25
    speckle: float = 0.20
    frame_missing: float = 0.02
    sector_missing: float = 0.04
    attenuation_db_max: float = ATTENUATION_DB_MAX


@dataclass(frozen=True, slots=True)
class RadarGeometry:
    """Where the pixels of a grid lie for a radar.

    Attributes
    ----------
    site_m : Float64Array, shape (2,)
        Local metres.
    beam, gate : Int64Array, shape (n_rows, n_columns)
        Number of the beam (degrees from east, anticlockwise) and kilometres from the radar.
    blocked : Float64Array, shape (n_rows, n_columns)
        Share of the beam's power that hills take, 0 to 1.
    height_m : Float64Array, shape (n_rows, n_columns)
        Height of the beam's axis above sea level.
    """

    site_m: Float64Array
    beam: Int64Array
    gate: Int64Array
    blocked: Float64Array
    height_m: Float64Array

    @property
    def is_blind(self) -> BoolArray:
        """Pixels that the radar never sees."""
        blind: BoolArray = self.blocked > BLOCKAGE_MAX
        return blind


def geometry_of(grid: FieldGrid, terrain_m: Float64Array) -> RadarGeometry:
    """The radar on the highest ground within 8 km of the middle of a grid.

    Parameters
    ----------
    grid : FieldGrid
    terrain_m : Float64Array, shape (n_rows, n_columns)
    """
    x_m, y_m = np.meshgrid(grid.x_m, grid.y_m)
    near = np.hypot(x_m - x_m.mean(), y_m - y_m.mean()) < _SITE_RADIUS_M
    row, column = np.unravel_index(np.argmax(np.where(near, terrain_m, -np.inf)), terrain_m.shape)
    site_m = np.array([x_m[row, column], y_m[row, column]])
    foot_m = float(terrain_m[row, column]) + _TOWER_M
    east_m, north_m = x_m - site_m[0], y_m - site_m[1]
    away_m = np.hypot(east_m, north_m)
    beam = np.round(np.degrees(np.arctan2(north_m, east_m))).astype(np.int64) % _BEAMS
    gate = np.round(away_m / CELL_M).astype(np.int64)
    n_gates = int(gate.max()) + 1
    range_m = np.arange(n_gates) * CELL_M
    axis_m = foot_m + range_m * np.sin(_ELEVATION) + range_m**2 / (2 * 4 / 3 * EARTH_RADIUS_M)
    rows, columns = _polar_cells(grid, site_m, n_gates)
    ground_m = terrain_m[rows, columns]
    half_m = np.maximum(range_m * np.tan(_HALF_WIDTH), 1.0)
    share = blocked_share((ground_m - axis_m) / half_m)
    # What a hill takes is gone for all that lies behind it.
    blocked = np.maximum.accumulate(share, axis=1)
    return RadarGeometry(site_m, beam, gate, blocked[beam, gate], axis_m[gate])


def blocked_share(height: Float64Array) -> Float64Array:
    """Share of a round beam below an edge, from the edge's height in half widths above the axis.

    Bech et al. 2003, eq. 2, with the beam as an evenly lit disc.

    Examples
    --------
    >>> blocked_share(np.array([-1.0, 0.0, 1.0])).round(2).tolist()
    [0.0, 0.5, 1.0]
    """
    y = np.clip(height, -1.0, 1.0)
    share: Float64Array = (y * np.sqrt(1 - y**2) + np.arcsin(y) + np.pi / 2) / np.pi
    return share


def _polar_cells(grid: FieldGrid, site_m: Float64Array, n_gates: int) -> tuple[Int64Array, Int64Array]:
    """Row and column of each beam and gate, shape (_BEAMS, n_gates); the rim beyond the grid."""
    angle = np.radians(np.arange(_BEAMS))[:, None]
    range_m = np.arange(n_gates)[None, :] * CELL_M
    place = np.stack([site_m[0] + range_m * np.cos(angle), site_m[1] + range_m * np.sin(angle)], axis=-1)
    row, column = grid.cell_of(place.reshape(-1, 2))
    return row.reshape(_BEAMS, n_gates), column.reshape(_BEAMS, n_gates)


def radar_estimate(
    grid: FieldGrid,
    terrain_m: Float64Array,
    amount_mm: Amounts,
    step_min: int,
    seed: int,
    errors: RadarErrors | None = None,
) -> Amounts:
    """The radar's estimate of true amounts, shape (n_steps, n_rows, n_columns).

    Returns
    -------
    Amounts
        Millimetres; NaN where the beam is blocked, in missing sectors and in missing frames.
    """
    errors = errors or RadarErrors()
    geometry = geometry_of(grid, terrain_m)
    n_gates = int(geometry.gate.max()) + 1
    rows, columns = _polar_cells(grid, geometry.site_m, n_gates)
    generator = stream(seed, "radar")
    event_factor = np.exp(generator.normal(0.0, errors.event_bias))
    smooth = texture(stream(seed, "radar bias"), 15.0, 80.0) - 1.0
    seen = (1.0 - np.minimum(geometry.blocked, BLOCKAGE_MAX)) ** (1 / _ZR_EXPONENT)
    # Rain falls mostly below 3 km: a beam at 4 km sees about 60 % of it.
    seen *= np.exp(-np.maximum(geometry.height_m - 2_500.0, 0.0) / 3_000.0)
    range_km = geometry.gate.astype(np.float64)
    least_mm_per_h = 0.1 + 0.4 * (range_km / 100.0) ** 2
    missing_frame = generator.random(len(amount_mm)) < errors.frame_missing
    missing_sector = generator.random(len(amount_mm)) < errors.sector_missing
    estimate = np.empty_like(amount_mm)
    for step, true_mm in enumerate(amount_mm):
        rain = true_mm.astype(np.float64) * 60.0 / step_min
        loss_db = _path_loss_db(rain[rows, columns], errors.attenuation_db_max)[geometry.beam, geometry.gate]
        # The field of bias drifts by 1 km a step: errors of radars last, but not for ever.
        bias = moved_texture(smooth, grid, np.array([step * CELL_M, 0.0]))
        noise = errors.field_bias * bias / 0.8 + generator.normal(0.0, errors.speckle, rain.shape)
        seen_now = rain * event_factor * seen * np.exp(noise) * 10 ** (-loss_db / (10 * _ZR_EXPONENT))
        seen_now[seen_now < least_mm_per_h] = 0.0
        seen_now[geometry.is_blind] = np.nan
        first, width = generator.integers(0, _BEAMS), generator.integers(8, 31)
        if missing_sector[step]:
            seen_now[(geometry.beam - first) % _BEAMS < width] = np.nan
        estimate[step] = np.nan if missing_frame[step] else seen_now * step_min / 60.0
    return estimate


def _path_loss_db(rain_mm_per_h: Float64Array, db_max: float) -> Float64Array:
    """Two-way loss up to each gate, shape (n_beams, n_gates), capped."""
    one_way_db = 0.0044 * rain_mm_per_h**1.17 * CELL_M / 1e3
    before = np.cumsum(one_way_db, axis=1) - one_way_db
    loss_db: Float64Array = np.minimum(2.0 * before, db_max)
    return loss_db
