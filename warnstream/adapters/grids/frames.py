"""Files of one grid -> frames at the points of a network; the weights are computed once per geometry."""

import logging
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from warnstream.adapters.grids.cells import CellCentres, CellWeights, cell_weights
from warnstream.adapters.grids.content import CellFrame, GridFile, GridFileError, Latest, check_not_future
from warnstream.adapters.grids.fields import FieldMaker
from warnstream.adapters.grids.files import possible, read_grid_file
from warnstream.adapters.grids.mask import read_mask
from warnstream.adapters.grids.totals import RunningTotals, Suspicion
from warnstream.config.settings import GridSettings
from warnstream.model.arrays import BoolArray, Float64Array
from warnstream.model.grids import GridFrame
from warnstream.model.network import Network
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.radar.fields import Frame, geometry_of
from warnstream.model.times import MINUTE_S

KM_PER_DEGREE = 111.2
SHIFTED_FILES = 3
"""A grid whose cells stand elsewhere is believed when so many files in a row say so."""

log = logging.getLogger(__name__)


class GridReader:
    """Reads the files of one grid.

    Parameters
    ----------
    settings : GridSettings
    network : Network
    rain_mm_per_min_max : float
        More is impossible.
    latest : callable, optional
        A running total of later is refused before differences begin at it; without it none is.
    """

    def __init__(
        self,
        settings: GridSettings,
        network: Network,
        rain_mm_per_min_max: float,
        latest: Latest = lambda: math.inf,
    ) -> None:
        self.settings, self._latest = settings, latest
        self._network = network
        self._rain_mm_per_min_max = rain_mm_per_min_max
        self._known: tuple[CellCentres, CellWeights] | None = None
        self._elsewhere = Elsewhere()
        self._totals = RunningTotals(settings)
        self._suspicion = Suspicion()
        self._mask: BoolArray | None = None
        self._fields: FieldMaker | None = None

    @property
    def name(self) -> str:
        """In ``grids:``."""
        return self.settings.policy.name

    @property
    def look_s(self) -> float:
        """How often its folder is looked into."""
        return self.settings.look_s

    @property
    def old_s(self) -> int:
        """A file that was changed longer ago is of no use any more; 0: windows alone say so."""
        return 0

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
        """Amounts at points in the order of time; GridFileError and OSError as of `frames`."""
        return [frame for frame in self.frames(path) if isinstance(frame, GridFrame)]

    def frames(self, path: Path) -> list[Frame]:
        """Frames of a file in the order of time; a frame in which nothing at all was seen is none.

        Of a grid that gives fields each interval has both: its amounts at points, then its field.

        Raises
        ------
        GridFileError
            If the file cannot be used.
        OSError
            If it cannot be read.
        """
        content = read_grid_file(path, self.settings, self._rain_mm_per_min_max)
        weights = self._weights(content.centres, path)
        mask = self._masked(content.centres)
        content = self._amounts(content, path)
        name, found = self.settings.policy.name, list[Frame]()
        for frame in content.frames:
            cells = CellFrame(frame.end_s, frame.interval_s, np.where(mask, np.nan, frame.rain_mm))
            rain_mm = weights.amounts(cells.rain_mm, self.settings.seen_min)
            if not np.isnan(rain_mm).all():
                found.append(GridFrame(name, frame.end_s, frame.interval_s, rain_mm))
            field = self._fields.field(cells) if self._fields is not None else None
            found += [] if field is None else [field]
        return found

    def _amounts(self, content: GridFile, path: Path) -> GridFile:
        """The content as amounts of intervals; running totals that nobody declared are refused."""
        if content.are_totals:
            check_not_future(max((frame.end_s for frame in content.frames), default=0), self._latest)
            found = self._totals.amounts(content, path)
            frames = (
                CellFrame(
                    frame.end_s,
                    frame.interval_s,
                    possible(frame.rain_mm, self._rain_mm_per_min_max * frame.interval_s / MINUTE_S),
                )
                for frame in found.frames
            )
            return GridFile(content.centres, tuple(frames))
        if self.settings.accumulated is None and not content.are_rates:
            for frame in content.frames:
                self._suspicion.look(frame, has_bounds=content.has_bounds)
        return content

    def _masked(self, centres: CellCentres) -> BoolArray:
        """Cells that never count, shape (n_rows, n_columns)."""
        if self.settings.mask is None:
            return np.zeros(centres.latitude.shape, dtype=np.bool_)
        if self._mask is None:
            self._mask = read_mask(self.settings.mask, self.settings.mask_variable)
            share = round(float(self._mask.mean()), 3)
            log.info("grid has a mask", extra={"grid": self.settings.policy.name, "masked_share": share})
        if self._mask.shape != centres.latitude.shape:
            detail = f"mask of {self._mask.shape} rows and columns, the grid has {centres.latitude.shape}"
            raise GridFileError(RefusalReason.WRONG_SHAPE, detail)
        return self._mask

    def read_all(self) -> Iterator[GridFrame]:
        """Amounts at points of all files. GridFileError or OSError names the file."""
        return (frame for frame in self.all_frames() if isinstance(frame, GridFrame))

    def all_frames(self) -> Iterator[Frame]:
        """Frames of all files, for a replay. GridFileError or OSError names the file."""
        for path in self.files():
            try:
                yield from self.frames(path)
            except GridFileError as error:
                raise GridFileError(error.reason, f"{path}: {error}") from error

    def _weights(self, centres: CellCentres, path: Path) -> CellWeights:
        if self._known is not None:
            if self._known[0].is_same(centres):
                self._elsewhere.forget()
                return self._known[1]
            self._elsewhere.doubt(self._known[0], centres, path)
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
        if self.settings.gives_fields:
            self._fields = FieldMaker(self.settings.policy.name, centres, geometry_of(self._network))
        return weights


class Elsewhere:
    """Files of a grid whose cells stand elsewhere than before, until several in a row say so."""

    def __init__(self) -> None:
        self._seen: tuple[CellCentres, set[Path]] | None = None

    def forget(self) -> None:
        """A file came whose cells stand where they did."""
        self._seen = None

    def doubt(self, known: CellCentres, centres: CellCentres, path: Path) -> None:
        """GridFileError where the same rows and columns stand elsewhere, until several files say so."""
        if known.latitude.shape != centres.latitude.shape:
            return  # another product: nobody mistakes it for a shifted one
        if self._seen is None or not self._seen[0].is_same(centres):
            self._seen = centres, set()
        self._seen[1].add(path)
        if len(self._seen[1]) < SHIFTED_FILES:
            shift_km = float(np.nanmax(_apart_km(known, centres)))
            raise GridFileError(
                RefusalReason.SHIFTED,
                f"its cells stand up to {shift_km:.1f} km from where they were in the files before; believed "
                f"when {SHIFTED_FILES} files in a row say so",
            )
        self._seen = None


def _apart_km(one: CellCentres, other: CellCentres) -> Float64Array:
    """How far cells stand apart, roughly; NaN where one has no place."""
    north = other.latitude - one.latitude
    east = (other.longitude - one.longitude) * np.cos(np.radians(one.latitude))
    apart: Float64Array = np.hypot(north, east) * KM_PER_DEGREE
    return apart
