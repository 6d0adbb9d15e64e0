"""Files of one weather model -> whole runs about a county, each once.

A run may be one file or hundreds, one for a lead or a member. Its parts wait in memory until it is whole;
only then is it told, and an older one never after it. After a restart the files are read again, the engine
knows what it has.
"""

import logging
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from warnstream.adapters.grids.cells import CellCentres
from warnstream.adapters.grids.content import GridFileError, Latest, check_not_future
from warnstream.adapters.grids.fields import CellMeans
from warnstream.adapters.grids.formats import foreign_format, head_of, is_grib, is_hdf5, unpacked
from warnstream.adapters.grids.frames import Elsewhere
from warnstream.adapters.grids.units import factors
from warnstream.adapters.runs.assembly import Pending
from warnstream.adapters.runs.content import NO_BEGIN, RunFile, RunPart
from warnstream.adapters.runs.grib_runs import read_grib_run
from warnstream.adapters.runs.netcdf_runs import read_netcdf_run
from warnstream.config.settings import ModelSettings
from warnstream.model.arrays import Float32Array
from warnstream.model.network import Network
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.radar.fields import geometry_of
from warnstream.model.runs.model_run import CELL_M, CELLS_MAX, MARGIN_M, ModelRun
from warnstream.model.times import HOUR_S, iso_utc

PENDING_MAX = 3
"""Runs that are not whole yet; the oldest go first."""

log = logging.getLogger(__name__)


class RunReader:
    """Reads the files of one weather model.

    Parameters
    ----------
    settings : ModelSettings
    network : Network
    latest : callable, optional
        A run that begins later is refused before it can stand in the way of those of now; without it none is.
    """

    def __init__(self, settings: ModelSettings, network: Network, latest: Latest = lambda: math.inf) -> None:
        self.settings, self._latest = settings, latest
        self._geometry = geometry_of(network, CELL_M, MARGIN_M, CELLS_MAX)
        site = network.places.site
        row, column = (np.rint(axis) for axis in self._geometry.positions(site.latitude, site.longitude))
        self._cells_of_places = (row * self._geometry.n_columns + column).astype(np.int64)
        self._known: tuple[CellCentres, CellMeans] | None = None
        self._elsewhere = Elsewhere()
        self._pending: dict[int, Pending] = {}
        self._told_s = -1

    @property
    def name(self) -> str:
        """In ``forecasts:``."""
        return self.settings.name

    @property
    def look_s(self) -> float:
        """How often its folder is looked into."""
        return self.settings.look_s

    @property
    def old_s(self) -> int:
        """A file that was changed longer ago is of no use any more."""
        return self.settings.age_s_max

    def files(self) -> list[Path]:
        """Files that are there, oldest first, equally old ones by name."""
        found = []
        for path in self.settings.folder.glob(self.settings.pattern):
            try:
                if path.is_file():
                    found.append((path.stat().st_mtime_ns, path))
            except OSError:
                continue  # gone between the listing and the look
        return [path for _, path in sorted(found)]

    def waiting(self) -> dict[str, str]:
        """Runs that are not whole yet, and what they lack."""
        return {iso_utc(reference_s): run.missing() for reference_s, run in sorted(self._pending.items())}

    def frames(self, path: Path) -> list[ModelRun]:
        """Runs that are whole with this file.

        Raises
        ------
        GridFileError
            If the file cannot be used, or the run that it makes whole.
        OSError
            If it cannot be read.
        """
        content = self._read(path)
        references = sorted({part.reference_s for part in content.parts})
        if not references:
            raise GridFileError(RefusalReason.WRONG_SHAPE, f"{self.settings.variable} has no field")
        check_not_future(references[-1], self._latest)
        means = self._means(content.centres, path)
        unit = self.settings.unit or content.unit
        if references[-1] < self._told_s:
            newer = f"that of {iso_utc(self._told_s)} is whole already"
            detail = f"out of order: of the run of {iso_utc(references[-1])}, {newer}"
            raise GridFileError(RefusalReason.SUPERSEDED, detail)
        for part, rain_mm in self._amounts(content, means, unit):
            if part.reference_s > self._told_s:
                if part.reference_s not in self._pending:
                    self._tell_unfinished()
                pending = self._pending.setdefault(part.reference_s, Pending(self.settings, part.reference_s))
                pending.add(part.member, part.begin_s, part.end_s, rain_mm)
        for oldest in sorted(self._pending)[:-PENDING_MAX]:
            del self._pending[oldest]
        return [run for reference_s in references if (run := self._whole(reference_s)) is not None]

    def all_frames(self) -> Iterator[ModelRun]:
        """Runs of all files, for a replay. GridFileError or OSError names the file."""
        for path in self.files():
            try:
                yield from self.frames(path)
            except GridFileError as error:
                if error.reason is not RefusalReason.SUPERSEDED:
                    raise GridFileError(error.reason, f"{path}: {error}") from error

    def _tell_unfinished(self) -> None:
        """What older runs lack when the next one begins: they may never become whole."""
        for run, missing in self.waiting().items():
            log.warning(
                "run is not whole, and the next begins",
                extra={"forecast": self.name, "run": run, "missing": missing},
            )

    def _read(self, path: Path) -> RunFile:
        try:
            with unpacked(path) as plain:
                head = head_of(plain)
                if is_hdf5(head):
                    return read_netcdf_run(plain, self.settings)
                if is_grib(head):
                    return read_grib_run(plain, self.settings)
                raise foreign_format(head, "no run that is known: expected NetCDF 4 (HDF 5) or GRIB")
        except (ValueError, KeyError, TypeError, RuntimeError, OverflowError) as error:
            raise GridFileError(RefusalReason.BAD_GRID, f"not readable: {error}") from error

    def _means(self, centres: CellCentres, path: Path) -> CellMeans:
        if self._known is not None:
            if self._known[0].is_same(centres):
                self._elsewhere.forget()
                return self._known[1]
            self._elsewhere.doubt(self._known[0], centres, path)
        means = CellMeans(centres, self._geometry)
        seen = np.isin(self._cells_of_places, means.covered)
        if not seen.any():
            raise GridFileError(RefusalReason.WRONG_SHAPE, "the model's grid reaches none of the villages")
        told = {"forecast": self.name, "places": len(seen), "places_covered": int(seen.sum())}
        log.info("forecast has a geometry", extra=told)
        self._known = centres, means
        self._pending.clear()
        return means

    def _amounts(
        self, content: RunFile, means: CellMeans, unit: str
    ) -> Iterator[tuple[RunPart, Float32Array]]:
        """Millimetres in our cells, part by part; all are looked at before any counts."""
        found, rate_since = list[tuple[RunPart, Float32Array]](), dict[tuple[int, int], int]()
        for part in sorted(content.parts, key=lambda one: (one.reference_s, one.member, one.end_s)):
            key = part.reference_s, part.member
            begin_s = part.begin_s if part.begin_s != NO_BEGIN else rate_since.get(key, 0)
            factor, is_rate = factors(unit, self.settings.variable, np.array([part.end_s - begin_s]))
            if is_rate and self.settings.accumulated != "never":
                expected = f"accumulated: {self.settings.accumulated} is for amounts, the file has rates"
                raise GridFileError(RefusalReason.WRONG_UNIT, expected)
            rate_since[key] = part.end_s
            if part.end_s % 60 or part.end_s < 0 or part.begin_s >= part.end_s > 0:
                span = f"{part.begin_s} to {part.end_s} s after its beginning"
                raise GridFileError(
                    RefusalReason.BAD_TIME, f"a field from {span}, expected whole minutes ahead"
                )
            if np.isnan(part.values).all():
                detail = f"every cell is missing at {part.end_s / HOUR_S:g} h"
                raise GridFileError(RefusalReason.NO_READING, detail)
            if part.end_s == 0:
                continue
            rain_mm = means.of(part.values * factor[0]).astype(np.float32)
            if np.isnan(rain_mm[means.covered]).all():
                detail = f"every cell about the county is missing at {part.end_s / HOUR_S:g} h"
                raise GridFileError(RefusalReason.NO_READING, detail)
            found.append((part, rain_mm))
        yield from found

    def _whole(self, reference_s: int) -> ModelRun | None:
        """The run, once it is whole."""
        pending = self._pending.get(reference_s)
        if pending is None:
            return None
        if fault := pending.too_many():
            del self._pending[reference_s]
            raise GridFileError(RefusalReason.WRONG_SHAPE, f"run of {iso_utc(reference_s)}: {fault}")
        if pending.missing():
            return None
        try:
            leads, rain = pending.rain()
        except GridFileError as error:
            raise GridFileError(error.reason, f"run of {iso_utc(reference_s)}: {error}") from error
        for known in [known for known in self._pending if known <= reference_s]:
            del self._pending[known]
        self._told_s = reference_s
        shape = (*rain.shape[:2], *self._geometry.shape)
        told_s, lead_s = reference_s + self.settings.usual_delay_s, np.array(leads, dtype=np.int32)
        return ModelRun(self.name, self._geometry.digest, reference_s, told_s, lead_s, rain.reshape(shape))
