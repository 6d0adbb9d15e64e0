"""A radar that runs beside the stations: a file for every step, in time with the messages of a run.

The estimate is that of `station_sim.weather.radar`, of the same storm that the stations
feel. A frame becomes a file when its time has come (and `delay_min` after its
end: the scan takes time, and so does the product), is announced by a message on
``{prefix}/grid/{name}``, and then the clock goes on. A frame that the radar
missed is neither written nor announced.
"""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from station_sim.errors import SimulatorError
from station_sim.ground.rivers import storm_over
from station_sim.message import Message
from station_sim.sending.scenario import Scenario
from station_sim.topics import grid_topic, is_clock
from station_sim.weather.products import amounts_of, radar_dataset, write_netcdf
from station_sim.weather.radar import RadarErrors, radar_estimate
from station_sim.weather.terrain import terrain_grid
from warnstream.model.times import MINUTE_S, iso_utc

DEFAULT_NAME = "county_radar"
DEFAULT_DELAY_MIN = 3


class LiveRadar:
    """The radar of one scenario.

    Parameters
    ----------
    scenario : Scenario
    folder : Path
        Where files appear, each under its name only when it is whole.
    step_min, delay_min : int
        Minutes of a frame, and from its end to its file.
    name : str
        Of the grid, as in warnstream.yaml.
    errors : RadarErrors, optional

    Raises
    ------
    SimulatorError
        If the steps do not divide the scenario, or xarray is missing.
    """

    def __init__(
        self,
        scenario: Scenario,
        folder: Path,
        *,
        step_min: int = 5,
        delay_min: int = DEFAULT_DELAY_MIN,
        name: str = DEFAULT_NAME,
        errors: RadarErrors | None = None,
    ) -> None:
        self._scenario, self._folder, self._name = scenario, folder, name
        self._step_min, self._delay_min = step_min, delay_min
        weather = storm_over(scenario.county, scenario.seed, scenario.n_minutes, scenario.weather)
        self._grid = weather.grid
        amount_mm = amounts_of(weather, step_min)
        self._estimate = radar_estimate(
            self._grid, terrain_grid(self._grid), amount_mm, step_min, scenario.seed, errors
        )
        self.n_files = 0

    def beside(self, messages: Iterable[Message]) -> Iterator[Message]:
        """Messages of a run, with an announcement before the beacon at which a frame is there."""
        for message in messages:
            if is_clock(message.topic):
                yield from self._due(message.time_s)
            yield message

    def write_all(self) -> list[Path]:
        """Every file at once, for a replay."""
        written = (self._write(step) for step in range(len(self._estimate)))
        return [path for path in written if path is not None]

    def _due(self, time_s: int) -> Iterator[Message]:
        since_min, rest_s = divmod(time_s - self._scenario.start_s, MINUTE_S)
        step, odd_min = divmod(since_min - self._delay_min, self._step_min)
        if rest_s or odd_min or not 1 <= step <= len(self._estimate):
            return
        path = self._write(step - 1)
        if path is not None:
            content = json.dumps({"file": path.name}, separators=(",", ":")).encode()
            yield Message(time_s, grid_topic(self._scenario.prefix, self._name), content, 0)

    def _write(self, step: int) -> Path | None:
        """The file of one frame; None if the radar missed it."""
        frame = self._estimate[step : step + 1]
        if np.isnan(frame).all():
            return None
        begins_s = self._scenario.start_s + step * self._step_min * MINUTE_S
        stamp = iso_utc(begins_s + self._step_min * MINUTE_S).replace("-", "").replace(":", "")
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{self._name}_{stamp}.nc"
        unfinished = path.with_suffix(".part")
        try:
            write_netcdf(radar_dataset(self._grid, frame, begins_s, self._step_min), unfinished)
        except ImportError as error:
            raise SimulatorError(f"a live radar needs the extra warnstream[grids]: {error}") from error
        os.replace(unfinished, path)  # noqa: PTH105
        self.n_files += 1
        return path
