"""The newest lines of an audit, read backwards: what people have done lately.

Nothing is proven here (`verify` does that): lines that cannot be read are passed over.
"""

import mmap
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from warnstream.adapters.audit.files import year_files
from warnstream.adapters.audit.lines import Line
from warnstream.model.errors import StoreError

LOOKED_BYTES_MAX = 64 << 20
"""Further back nobody looks for a screen: a front over a county is some megabytes."""

_decode = msgspec.json.Decoder(Line).decode


class Tail(NamedTuple):
    """Lines, newest first; `is_whole`: there are no older ones of these kinds."""

    lines: list[Line]
    is_whole: bool


def newest_lines(
    folder: Path,
    kinds: Collection[str],
    wanted: Callable[[Line], bool],
    limit: int,
    after: int = 0,
) -> Tail:
    """The newest lines of some kinds that are wanted.

    Parameters
    ----------
    folder : Path
        Of the audit.
    kinds : collection of str
    wanted : callable
        Whether a line of these kinds is one of those.
    limit : int
        At most so many.
    after : int
        Only of entries with a higher number.

    Raises
    ------
    StoreError
        If a file cannot be read.
    """
    marks = [f'"kind":"{kind}"'.encode() for kind in kinds]
    found: list[Line] = []
    looked = 0
    for path in reversed(year_files(folder)):
        try:
            for raw in _backwards(path):
                looked += len(raw) + 1
                if looked > LOOKED_BYTES_MAX:
                    return Tail(found, is_whole=False)
                if not any(mark in raw for mark in marks):
                    continue
                line = _line(raw)
                if line is None or line.kind not in kinds:
                    continue
                if line.entry <= after:
                    return Tail(found, is_whole=True)
                if wanted(line):
                    if len(found) == limit:
                        return Tail(found, is_whole=False)
                    found.append(line)
        except OSError as error:
            raise StoreError(f"{path.name}: cannot be read ({error.strerror})", retryable=True) from error
    return Tail(found, is_whole=True)


def _line(raw: bytes) -> Line | None:
    try:
        return _decode(raw)
    except msgspec.MsgspecError:
        return None


def _backwards(path: Path) -> Iterator[bytes]:
    """Lines of a file from its end; what is behind the last line break is being written."""
    if not path.stat().st_size:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        end = content.rfind(b"\n")
        while end > 0:
            begin = content.rfind(b"\n", 0, end) + 1
            yield content[begin:end]
            end = begin - 1
