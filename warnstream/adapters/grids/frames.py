"""Files of one grid -> frames at the points of a network; the weights are computed once per geometry."""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from warnstream.adapters.grids.cells import CellCentres, CellWeights, cell_weights
from warnstream.adapters.grids.files import GridFileError, read_grid_file
from warnstream.config.settings import GridSettings
from warnstream.model.grids import GridFrame
from warnstream.model.network import Network
from warnstream.model.observations.refusals import RefusalReason

log = logging.getLogger(__name__)


class GridReader:
    """Reads the files of one grid.

    Parameters
    ----------
    settings : GridSettings
    network : Network
    rain_mm_per_min_max : float
        More is impossible.
    """

    def __init__(self, settings: GridSettings, network: Network, rain_mm_per_min_max: float) -> None:
        self.settings = settings
        self._network = network
        self._rain_mm_per_min_max = rain_mm_per_min_max
        self._known: tuple[CellCentres, CellWeights] | None = None

    def files(self) -> list[Path]:
        """Files of the grid that are there, oldest first, equally old ones by name."""
        found = []
        for path in self.settings.folder.glob(self.settings.pattern):
            try:
                if path.is_file():
                    found.append((path.stat().st_mtime_ns, path))
            except OSError:
                continue  # gone between the listing and the look
        return [path for _, path in sorted(found)]

    def read(self, path: Path) -> list[GridFrame]:
        """Frames of a file in the order of time; a frame in which nothing at all was seen is none.

        Raises
        ------
        GridFileError
            If the file cannot be used.
        OSError
            If it cannot be read.
        """
        content = read_grid_file(path, self.settings, self._rain_mm_per_min_max)
        weights = self._weights(content.centres)
        frames = [
            GridFrame(
                self.settings.policy.name,
                frame.end_s,
                frame.interval_s,
                weights.amounts(frame.rain_mm, self.settings.seen_min),
            )
            for frame in content.frames
        ]
        return [frame for frame in frames if not np.isnan(frame.rain_mm).all()]

    def read_all(self) -> Iterator[GridFrame]:
        """Frames of all files, for a replay. GridFileError or OSError names the file."""
        for path in self.files():
            try:
                yield from self.read(path)
            except GridFileError as error:
                raise GridFileError(error.reason, f"{path}: {error}") from error

    def _weights(self, centres: CellCentres) -> CellWeights:
        if self._known is not None and self._known[0].is_same(centres):
            return self._known[1]
        try:
            weights = cell_weights(self._network, centres)
        except ValueError as error:
            raise GridFileError(RefusalReason.WRONG_SHAPE, str(error)) from error
        n_places = len(self._network.places)
        log.info(
            "grid has a geometry",
            extra={
                "grid": self.settings.policy.name,
                "rows": centres.latitude.shape[0],
                "columns": centres.latitude.shape[1],
                "places": n_places,
                "places_covered": int(weights.is_covered[:n_places].sum()),
                "is_first": self._known is None,
            },
        )
        self._known = centres, weights
        return weights
