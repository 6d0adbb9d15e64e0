"""Formats of grid files, told by their first bytes; what is not read is named, with a way that works."""

import gzip
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from re import Pattern
from re import compile as pattern

from warnstream.adapters.grids.composites import HDF5_READERS, dialect_of
from warnstream.adapters.grids.content import GridContent, GridFileError
from warnstream.adapters.grids.grib import read_grib
from warnstream.adapters.grids.netcdf import read_netcdf
from warnstream.adapters.grids.radolan import HEADER, read_radolan
from warnstream.config.settings import GridSettings
from warnstream.model.observations.refusals import RefusalReason

GZIP = b"\x1f\x8b"
UNPACKED_BYTES_MAX = 1_000_000_000
"""A file that unpacks to more is refused: VALUES_MAX of 8 bytes and some slack."""

_HDF5 = pattern(rb"\x89HDF\r\n\x1a\n")
_FOREIGN: tuple[tuple[Pattern[bytes], str], ...] = (
    (pattern(rb"CDF[\x01\x02\x05]"), "NetCDF 3, expected NetCDF 4: convert it with nccopy -k nc4 IN OUT"),
    (pattern(rb"BUFR"), "BUFR: convert it to an ODIM HDF5 composite (bufr2hdf5 of OPERA)"),
    (
        pattern(rb"(II\*\x00|MM\x00\*)"),
        "GeoTIFF, which has no time: convert it with gdal_translate -of netCDF",
    ),
    (pattern(rb"\x89PNG|GIF8|\xff\xd8\xff"), "a picture, which has no amounts"),
    (pattern(rb"PK\x03\x04"), "a ZIP archive: unpack it"),
    (pattern(rb"BZh"), "bzip2: unpack it, or have it as .gz"),
    (
        pattern(rb"(?i)ncols\s"),
        "an ESRI ASCII grid, which has no time: convert it with gdal_translate -of netCDF",
    ),
    (pattern(rb"[^\n]{0,64}ustar|\./"), "a tar archive: unpack it"),
)
_READERS: tuple[tuple[Pattern[bytes], Callable[[Path, GridSettings], GridContent]], ...] = (
    (pattern(rb"GRIB"), read_grib),
    (HEADER, read_radolan),
)
_HEAD_BYTES = 512


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The file, or for a ``.gz`` a copy that lives as long as the context.

    Raises
    ------
    GridFileError
        If it is cut off, damaged, or too large when unpacked.
    """
    with path.open("rb") as file:
        is_packed = file.read(len(GZIP)) == GZIP
    if not is_packed:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="warnstream-grid-") as folder:
        plain = Path(folder) / path.name.removesuffix(".gz")
        try:
            with gzip.open(path) as source, plain.open("wb") as copy:
                shutil.copyfileobj(_Bounded(source), copy)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise GridFileError(RefusalReason.BAD_GRID, f"gzip is cut off or damaged: {error}") from error
        yield plain


class _Bounded:
    """A source of bytes that ends with an error beyond `UNPACKED_BYTES_MAX`."""

    def __init__(self, source: gzip.GzipFile) -> None:
        self._source, self._n_bytes = source, 0

    def read(self, size: int = -1, /) -> bytes:
        read = self._source.read(size)
        self._n_bytes += len(read)
        if self._n_bytes > UNPACKED_BYTES_MAX:
            raise GridFileError(RefusalReason.TOO_LARGE, f"unpacks to more than {UNPACKED_BYTES_MAX} bytes")
        return read


def read_content(path: Path, settings: GridSettings) -> GridContent:
    """Content of a file by the reader of its format.

    Raises
    ------
    GridFileError
        If no reader takes it; names the format where it is known, and the way that works.
    """
    head = head_of(path)
    if is_hdf5(head):
        return HDF5_READERS.get(dialect_of(path), read_netcdf)(path, settings)
    for sign, read in _READERS:
        if sign.match(head):
            return read(path, settings)
    raise foreign_format(
        head, "no grid that is known: expected NetCDF 4 (HDF 5), ODIM or KNMI HDF5, RADOLAN or GRIB"
    )


def head_of(path: Path) -> bytes:
    """The first bytes of a file, by which its format is told."""
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def is_hdf5(head: bytes) -> bool:
    """Whether a file is of HDF 5."""
    return _HDF5.match(head) is not None


def is_grib(head: bytes) -> bool:
    """Whether a file is of GRIB."""
    return head.startswith(b"GRIB")


def foreign_format(head: bytes, else_expected: str) -> GridFileError:
    """The error of a file that nobody reads: the way that works where its format is known."""
    for sign, advice in _FOREIGN:
        if sign.match(head):
            return GridFileError(RefusalReason.UNSUPPORTED_CONTENT, advice)
    return GridFileError(RefusalReason.BAD_GRID, else_expected)
