"""A coarse model forecast made of the truth: right in outline, wrong in place, time and amount.

Hourly amounts on cells of 5 to 10 km, issued at the start of the weather. Four
errors grow with lead time, each a random walk, so that neighbouring hours err
alike: the rain lies in another place, comes at another time, is heavier or
lighter, and is smoother than it should be. It knows the weather of the file
only: beyond its end and its rim there is nothing to forecast.
"""

from dataclasses import dataclass

import numpy as np

from station_sim.errors import SimulatorError
from station_sim.seeds import stream
from station_sim.weather.field import FieldGrid
from station_sim.weather.products import Amounts, block_means, coarse_grid
from warnstream.model.arrays import Float64Array

CELL_KM_MIN, CELL_KM_MAX = 5, 10
LEADS_MAX_H = 72


@dataclass(frozen=True, slots=True)
class ForecastErrors:
    """Sizes of the errors: at lead 0, and how they grow.

    Attributes
    ----------
    place_km, place_km_per_sqrt_h : float
        Standard deviation of the displacement in each direction.
    time_h_per_sqrt_h : float
        Standard deviation of how much too early or late.
    amount, amount_per_sqrt_h : float
        Standard deviation of the logarithm of the factor.
    blur_km_per_h : float
        Growth of the half width over which the forecast is smoothed.
    """

    place_km: float = 4.0
    place_km_per_sqrt_h: float = 5.0
    time_h_per_sqrt_h: float = 0.25
    amount: float = 0.15
    amount_per_sqrt_h: float = 0.10
    blur_km_per_h: float = 0.6


ERRORS = {
    "usual": ForecastErrors(),
    "large": ForecastErrors(11.0, 7.5, 0.35, 0.25, 0.12, 0.8),
}
"""By name. ``large`` is set so that hours of 10 mm and more have a critical success index of at most .2 at
3 h on 8 km cells of the convective storm (three seeds), as convective rain has in real models; ``usual``
has .34."""


def forecast_of(
    grid: FieldGrid,
    hourly_mm: Amounts,
    seed: int,
    n_leads: int,
    cell_km: int = 8,
    n_members: int = 1,
    errors: ForecastErrors | None = None,
) -> tuple[FieldGrid, Amounts]:
    """Forecasts of the coming hours and their grid.

    Parameters
    ----------
    grid : FieldGrid
        Of the truth, 1 km.
    hourly_mm : Amounts, shape (n_hours, n_rows, n_columns)
        True hourly rain from the time of issue on.
    seed : int
    n_leads : int
        Hours ahead, at most 72 and at most as many as there is truth for.
    cell_km : int
        5 to 10.
    n_members : int
        Members of an ensemble, each with its own errors.
    errors : ForecastErrors, optional

    Returns
    -------
    FieldGrid
        Rows and columns of the coarse cells (their width is `cell_km`, not the grid's own 1 km).
    Amounts, shape (n_members, n_leads, n_rows, n_columns)

    Raises
    ------
    SimulatorError
        If a number is out of its bounds.
    """
    if n_members < 1:
        raise SimulatorError(f"a forecast has 1 member or more, got {n_members}")
    if not CELL_KM_MIN <= cell_km <= CELL_KM_MAX:
        raise SimulatorError(f"forecast cells are {CELL_KM_MIN} to {CELL_KM_MAX} km wide, got {cell_km}")
    if not 1 <= n_leads <= min(LEADS_MAX_H, len(hourly_mm)):
        raise SimulatorError(
            f"{len(hourly_mm)} h of weather give forecasts of 1 to 72 h within them, got {n_leads}"
        )
    coarse = coarse_grid(grid, cell_km)
    truth = block_means(hourly_mm, cell_km)
    sizes = errors or ForecastErrors()
    members = [
        _member(truth, stream(seed, f"forecast {n}"), n_leads, cell_km, sizes) for n in range(n_members)
    ]
    return coarse, np.stack(members).astype(np.float32)


def _member(
    truth: Float64Array, generator: np.random.Generator, n_leads: int, cell_km: int, errors: ForecastErrors
) -> Float64Array:
    place_km = generator.normal(0, errors.place_km, 2) + np.cumsum(
        generator.normal(0, errors.place_km_per_sqrt_h, (n_leads, 2)), axis=0
    )
    late_h = np.cumsum(generator.normal(0, errors.time_h_per_sqrt_h, n_leads))
    amount = generator.normal(0, errors.amount) + np.cumsum(
        generator.normal(0, errors.amount_per_sqrt_h, n_leads)
    )
    forecast = np.empty((n_leads, *truth.shape[1:]))
    for lead in range(n_leads):
        hour = _between_hours(truth, lead + late_h[lead])
        moved = _moved(hour, place_km[lead] / cell_km)
        half_cells = round(errors.blur_km_per_h * (lead + 1) / cell_km)
        # The logarithm's mean is set so that amounts are right on average at every lead.
        variance = errors.amount**2 + (lead + 1) * errors.amount_per_sqrt_h**2
        forecast[lead] = _blurred(moved, half_cells) * np.exp(amount[lead] - variance / 2)
    return forecast


def _between_hours(truth: Float64Array, hour: float) -> Float64Array:
    """Rain of the hour that begins at a fractional hour; the first and last hours beyond the ends."""
    at = float(np.clip(hour, 0, len(truth) - 1))
    first = min(int(at), len(truth) - 2) if len(truth) > 1 else 0
    share = at - first
    mixed: Float64Array = (
        truth[first] if share == 0 else (1 - share) * truth[first] + share * truth[first + 1]
    )
    return mixed


def _moved(frame: Float64Array, by_cells: Float64Array) -> Float64Array:
    """The frame moved by whole cells; what comes in over the rim repeats the rim."""
    east, north = np.round(by_cells).astype(int)
    rows = np.clip(np.arange(frame.shape[0]) - north, 0, frame.shape[0] - 1)
    columns = np.clip(np.arange(frame.shape[1]) - east, 0, frame.shape[1] - 1)
    return frame[np.ix_(rows, columns)]


def _blurred(frame: Float64Array, half: int) -> Float64Array:
    """Means of squares of 2 half + 1 cells, the rim repeated outward."""
    if half == 0:
        return frame
    padded = np.pad(frame, half, mode="edge")
    width = 2 * half + 1
    windows = np.lib.stride_tricks.sliding_window_view(padded, (width, width))
    blurred: Float64Array = windows.mean(axis=(-2, -1))
    return blurred
