"""Pictures: weather crossing the county, and the calibration report's plots.

Needs the extra ``warnstream[plots]`` (matplotlib). Nothing opens a window.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from station_sim import outline
from station_sim.county.county import County
from station_sim.errors import SimulatorError
from station_sim.ground.rivers import RAINSTORM_SIGNAL, Truth, TruthEvent
from station_sim.weather.calibration import Comparison, Targets
from station_sim.weather.field import RainField
from station_sim.weather.terrain import terrain_grid
from warnstream.model.arrays import Float64Array
from warnstream.model.times import MINUTE_S, iso_utc

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

N_FRAMES = 6

_BOUNDS_MM_PER_H: Final = (0.2, 1, 2, 5, 10, 20, 40, 60, 80, 130)
_RAIN_COLOURS: Final = (
    "#c6e2f5", "#93c8ee", "#5aa5dd", "#2f7fc1", "#3aa655", "#f2d03b", "#f08a24", "#d7301f", "#8e1a8c",
)  # fmt: skip
_EVENT_STYLES: Final = {
    "rainstorm": ("#555555", ".", 12, "rainstorm (50 mm)"),
    "river_flood": ("#0033cc", "s", 16, "river flood"),
    "flash_flood": ("#e0004d", "^", 22, "flash flood"),
    "waterlogging": ("#00b8b8", "D", 16, "waterlogging"),
    "landslide": ("#5b3000", "X", 34, "landslide"),
}


def _pyplot() -> Any:
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise SimulatorError(f"pictures need the extra warnstream[plots]: {error}") from error
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    return plt


def draw_weather(
    directory: Path,
    weather: RainField,
    county: County,
    truth: Truth,
    start_s: int,
    title: str,
) -> list[Path]:
    """Frames of weather over a county and a contact sheet of them.

    A frame shows the present intensity over the hills, county borders, stations, and the villages where
    something has happened by then.

    Returns
    -------
    list of Path
        ``sheet.png``, then ``frame-1.png`` and so on.

    Raises
    ------
    SimulatorError
        If matplotlib is not installed.
    """
    pyplot = _pyplot()
    directory.mkdir(parents=True, exist_ok=True)
    chosen = {minute: number for number, minute in enumerate(_minutes_of_rain(truth))}
    map_of = _Map(weather, county, truth.events, start_s)
    sheet, axes = pyplot.subplots(2, N_FRAMES // 2, figsize=(13, 9), layout="constrained")
    paths = [directory / "sheet.png"]
    for minute, frame in enumerate(weather.intensity_frames()):
        if minute not in chosen:
            continue
        number = chosen[minute]
        map_of.draw(axes.ravel()[number], frame, minute)
        figure, single = pyplot.subplots(figsize=(7.6, 7.4), layout="constrained")
        map_of.draw(single, frame, minute)
        map_of.explain(figure, [single])
        paths.append(directory / f"frame-{number + 1}.png")
        figure.savefig(paths[-1], dpi=110)
        pyplot.close(figure)
    map_of.explain(sheet, axes.ravel().tolist())
    sheet.suptitle(title, fontsize=13)
    sheet.savefig(paths[0], dpi=90)
    pyplot.close(sheet)
    return paths


def _minutes_of_rain(truth: Truth) -> list[int]:
    """Evenly spaced minutes from when it begins to rain in earnest to when it has nearly ended."""
    total = np.cumsum(truth.station_rain_mm.mean(axis=1))
    first, last = np.searchsorted(total, (0.03 * total[-1], 0.97 * total[-1]))
    minutes = np.linspace(first, min(int(last), len(total) - 1), N_FRAMES)
    return [int(minute) for minute in np.maximum(minutes, np.arange(N_FRAMES))]


class _Map:
    """What all frames share."""

    def __init__(
        self, weather: RainField, county: County, events: Sequence[TruthEvent], start_s: int
    ) -> None:
        from matplotlib.colors import BoundaryNorm, LightSource, ListedColormap

        self._start_s = start_s
        grid = weather.grid
        self._extent = (
            grid.west_m / 1e3,
            grid.west_m / 1e3 + grid.n_columns,
            grid.south_m / 1e3,
            grid.south_m / 1e3 + grid.n_rows,
        )
        self._shade = LightSource(315, 40).hillshade(terrain_grid(grid), vert_exag=3, dx=1_000, dy=1_000)
        self._colours = ListedColormap(list(_RAIN_COLOURS))
        self._norm = BoundaryNorm(list(_BOUNDS_MM_PER_H), len(_RAIN_COLOURS))
        self._stations = _km(county.stations.latitude, county.stations.longitude)
        self._events = events
        self._event_km = _km(
            np.array([event.latitude for event in events]), np.array([event.longitude for event in events])
        )
        self._borders = [part.polygon for part in outline.invented_counties()]

    def draw(self, axes: "Axes", frame: Float64Array, minute: int) -> None:
        axes.imshow(self._shade, cmap="gray", vmin=-1.2, vmax=1.1, extent=self._extent, origin="lower")
        shown = np.ma.masked_less(frame, _BOUNDS_MM_PER_H[0])
        axes.imshow(
            shown, cmap=self._colours, norm=self._norm, extent=self._extent, origin="lower", alpha=0.75
        )
        for polygon in self._borders:
            for part in getattr(polygon, "geoms", [polygon]):
                east, north = np.array(part.exterior.coords).T / 1e3
                axes.plot(east, north, color="black", linewidth=0.8)
        axes.scatter(
            self._stations[:, 0], self._stations[:, 1], s=1.2, color="black", alpha=0.5, linewidths=0
        )
        now_s = self._start_s + (minute + 1) * MINUTE_S
        counts = []
        for kind, (colour, marker, size, _) in _EVENT_STYLES.items():
            which = [
                n
                for n, e in enumerate(self._events)
                # The lowest line of the rainstorm signal: 50 mm.
                if e.kind == kind and e.level in {"", RAINSTORM_SIGNAL[0][0]} and e.time_s <= now_s
            ]
            counts.append(len(which))
            places = self._event_km[which]
            edge = "none" if marker == "." else "white"
            axes.scatter(
                places[:, 0],
                places[:, 1],
                s=size,
                color=colour,
                marker=marker,
                edgecolors=edge,
                linewidths=0.5,
                zorder=3,
            )
        axes.set_xlim(self._extent[:2])
        axes.set_ylim(self._extent[2:])
        axes.set_title(
            f"{iso_utc(now_s)[:16].replace('T', ' ')} UTC   {sum(counts)} events so far", fontsize=9
        )
        axes.tick_params(labelsize=7)
        axes.set_aspect("equal")
        axes.set_xlabel("km east", fontsize=7)
        axes.set_ylabel("km north", fontsize=7)

    def explain(self, figure: "Figure", axes: list["Axes"]) -> None:
        from matplotlib.cm import ScalarMappable
        from matplotlib.lines import Line2D

        bar = figure.colorbar(
            ScalarMappable(self._norm, self._colours),
            ax=axes,
            shrink=0.7,
            ticks=list(_BOUNDS_MM_PER_H),
            label="rain intensity, mm/h",
        )
        bar.ax.set_yticklabels([f"{bound:g}" for bound in _BOUNDS_MM_PER_H])
        handles: list[Any] = [
            Line2D([], [], linestyle="", color=colour, marker=marker, markersize=6, label=label)
            for colour, marker, _, label in _EVENT_STYLES.values()
        ]
        handles.append(Line2D([], [], linestyle="", color="black", marker=".", markersize=2, label="station"))
        figure.legend(
            handles=handles,
            loc="outside lower center",
            ncols=6,
            fontsize=8,
            title="villages where it happened",
        )


def _km(latitude: Float64Array, longitude: Float64Array) -> Float64Array:
    return outline.project(latitude, longitude) / 1e3


def draw_calibration(directory: Path, targets: Targets, comparisons: Sequence[Comparison]) -> list[Path]:
    """Plots of targets beside the simulated values.

    Returns
    -------
    list of Path
        ``correlation.png``, ``deviation.png``.

    Raises
    ------
    SimulatorError
        If matplotlib is not installed.
    """
    pyplot = _pyplot()
    by_name = {comparison.target.name: comparison for comparison in comparisons}
    figure, all_axes = pyplot.subplots(1, 3, figsize=(12, 4), sharey=True, layout="constrained")
    middle_km = [(low + high) / 2 for low, high in pairwise(targets.class_edges_km)]
    for axes, what in zip(all_axes, ("1 h", "15 min", "heavy hours"), strict=True):
        rows = [by_name[f"correlation {what} {name}"] for name in targets.class_names]
        axes.errorbar(
            middle_km,
            [row.target.value for row in rows],
            yerr=[row.target.tolerance for row in rows],
            fmt="o",
            color="black",
            capsize=3,
            label="measured, with tolerance",
        )
        axes.plot(middle_km, [row.simulated for row in rows], "s-", color="#d7301f", label="simulated")
        axes.axhline(0, color="gray", linewidth=0.5)
        axes.set_title("hours with heavy rain" if what == "heavy hours" else f"rain of {what}")
        axes.set_xlabel("distance of gauges, km")
    all_axes[0].set_ylabel("correlation between two gauges")
    all_axes[0].legend()
    figure.suptitle(f"Simulated climate beside the {targets.n_gauges} real gauges that it was calibrated to")
    paths = [directory / "correlation.png", directory / "deviation.png"]
    figure.savefig(paths[0], dpi=100)
    pyplot.close(figure)
    _draw_deviations(pyplot, comparisons, paths[1])
    return paths


def _draw_deviations(pyplot: Any, comparisons: Sequence[Comparison], path: Path) -> None:
    """A bar for each target, and both numbers on the side where the bar is not."""
    figure, axes = pyplot.subplots(figsize=(9, 8), layout="constrained")
    share = [(row.simulated - row.target.value) / row.target.tolerance for row in comparisons]
    colours = ["#3aa655" if row.is_met else "#d7301f" for row in comparisons]
    place = np.arange(len(comparisons))[::-1]
    axes.barh(place, np.clip(share, -3, 3), color=colours)
    axes.set_yticks(place, [row.target.name for row in comparisons], fontsize=8)
    for row, at, side in zip(comparisons, place, share, strict=True):
        unit = "" if row.target.unit == "1" else f" {row.target.unit}"
        text = f"{row.simulated:.3g} for {row.target.value:g}{unit}"
        x, align = (-0.05, "right") if side >= 0 else (0.05, "left")
        axes.text(x, at, text, fontsize=7, ha=align, va="center")
    for limit in (-1, 1):
        axes.axvline(limit, color="black", linestyle="--", linewidth=0.8)
    axes.set_xlim(-3, 3)
    axes.set_ylim(-0.8, len(comparisons) - 0.2)
    axes.set_xlabel("deviation in units of the tolerance (dashed: the limit; bars end at 3)")
    axes.set_title("Simulated for measured; green: within the tolerance, red: missed")
    figure.savefig(path, dpi=100)
    pyplot.close(figure)
