"""The files of an audit: one a year, appended to, never changed; the oldest go when their time is over.

``YYYY.jsonl`` holds the lines of a year, the first of which goes on from the last of the year before.
``head.json`` says how far the journal has been followed and which line was the newest then: a start knows
by it where to go on, and a check that no lines were cut off. It is only ever behind the lines.

After a crash an incomplete line at the end is removed, and told. A last line that is whole but unreadable
stays for the check to find; the chain goes on from the last readable one.
"""

import logging
import mmap
import os
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from itertools import accumulate, groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from warnstream.adapters.audit.lines import GENESIS, PRUNED, AuditFact, Line, seal, unseal
from warnstream.adapters.journal.disk import disk_error, sync_data, sync_directory, write_at
from warnstream.adapters.private_files import DIRECTORY_MODE, FILE_MODE
from warnstream.model.times import iso_utc, parse_iso

FOLDER = "audit"
HEAD = "head.json"
SUFFIX = ".jsonl"

Found = TypeVar("Found")

log = logging.getLogger(__name__)


class Head(msgspec.Struct, frozen=True):
    """How far the journal has been followed, and the newest line then."""

    followed: int
    file: str
    hash: str


class Opened(NamedTuple):
    """What was found: the newest file, its bytes, ``head.json``; `is_cut`: that knows of more lines."""

    file: str
    end: int
    head: Head | None
    is_cut: bool


class AuditEntry(NamedTuple):
    """What one journal entry says: its number, when it was written (seconds UTC), and its facts in order."""

    entry: int
    at_s: int
    facts: Collection[AuditFact]


def year_files(folder: Path) -> list[Path]:
    """The files of a folder, oldest first."""
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if len(path.stem) == 4 and path.stem.isdigit())


def read_head(folder: Path) -> Head | None:
    """What ``head.json`` says; None where it cannot be read (a power cut may leave it empty)."""
    try:
        return msgspec.json.decode((folder / HEAD).read_bytes(), type=Head)
    except (OSError, msgspec.MsgspecError):
        return None


class AuditFiles:
    """The audit of one node, open for appending; for one thread.

    After a `StoreError` it is to be closed and opened again: what was written in part is mended then.

    Parameters
    ----------
    directory : Path
        The storage folder.
    keep_s : int
        A file is deleted so long after the end of its year.

    Attributes
    ----------
    tail : Line or None
        The newest readable line.
    followed : int
        Every entry up to this one is in the audit, or holds nothing for it.
    opened : Opened
        For a check of what was there.

    Raises
    ------
    StoreError
        If the disk refuses.
    """

    def __init__(self, directory: Path, keep_s: int) -> None:
        self._folder, self._keep_s = directory / FOLDER, keep_s
        self._path: Path | None = None
        self._descriptor = -1
        self._end = 0
        self.tail: Line | None = None
        try:
            self._folder.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
            self._find_tail()
        except OSError as error:
            self.close()
            raise disk_error(self._folder, error) from error
        head, tail = read_head(self._folder), self.tail
        # An entry of which lines are missing counts as not followed.
        self.followed = 0 if tail is None else tail.entry - (tail.part + 1 < tail.of)
        if tail is not None and head is not None and head.hash == tail.hash and tail.part + 1 == tail.of:
            self.followed = max(self.followed, head.followed)
        is_cut = head is not None and head.followed > self.followed
        self.opened = Opened(self.file, self._end, head, is_cut)

    @property
    def head(self) -> str:
        """Hash of the newest line."""
        return GENESIS if self.tail is None else self.tail.hash

    @property
    def file(self) -> str:
        """Name of the file that the newest line is in; empty without any."""
        return "" if self._path is None else self._path.name

    def _find_tail(self) -> None:
        for path in reversed(year_files(self._folder)):
            if self._path is None:
                self._open(path, _mended_size(path))
            self.tail = _last_readable(path)
            if self.tail is not None:
                return

    def _open(self, path: Path, end: int) -> None:
        self.close()
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        self._path, self._end = path, end

    def append(self, taken: Iterable[AuditEntry]) -> int:
        """Append what entries say, durably, in order; parts that are there already are passed over.

        Returns
        -------
        int
            How many lines were written.

        Raises
        ------
        StoreError
            If the disk refuses, or the file is no longer there; some lines may have been written.
        """
        new = list(taken)
        in_use = self._path.stem if self._path is not None else ""
        # Never a year before the file in use, whatever the clock did.
        years = accumulate((iso_utc(line.at_s)[:4] for line in new), max, initial=in_use)
        count = 0
        for year, of_year in groupby(zip(islice(years, 1, None), new, strict=True), key=itemgetter(0)):
            is_new = self._path is None or self._path.stem != year
            count += self._append_to(
                self._folder / f"{year}{SUFFIX}", [line for _, line in of_year], is_new=is_new
            )
            if is_new:
                self._prune()
        return count

    def _append_to(self, path: Path, taken: list[AuditEntry], *, is_new: bool) -> int:
        data, tail, count = bytearray(), self.tail, 0
        for entry, at_s, facts in taken:
            for part, fact in enumerate(facts):
                if tail is not None and tail.entry == entry and part <= tail.part and len(facts) > 1:
                    continue  # written before a crash
                previous = GENESIS if tail is None else tail.hash
                line = Line(previous, entry, part, len(facts), iso_utc(at_s), fact.kind, fact.content)
                raw, found = seal(line)
                tail = msgspec.structs.replace(line, hash=found)
                data += raw
                count += 1
        if not data:
            return 0
        try:
            if is_new:
                self._open(path, 0)
                sync_directory(self._folder)
            elif path.stat().st_ino != os.fstat(self._descriptor).st_ino:
                raise FileNotFoundError(2, "is not the file that was written to any more")
            write_at(self._descriptor, bytes(data), self._end)
            sync_data(self._descriptor)
        except OSError as error:
            raise disk_error(path, error) from error
        self._end += len(data)
        self.tail = tail
        return count

    def note(self, fact: AuditFact, at_s: int, entry: int) -> None:
        """Append a line about the audit itself: everything up to `entry` has been followed. StoreError."""
        self.append([AuditEntry(entry, at_s, [fact])])
        self.followed = entry

    def _prune(self) -> None:
        """Delete the oldest file if its time is over by the newest line's time; a line names it before.

        One at a time, since a new year begins once a year: a clock that is decades ahead costs one file,
        not the record.
        """
        oldest, tail = year_files(self._folder)[0], self.tail
        ends_s = parse_iso(f"{int(oldest.stem) + 1:04d}-01-01T00:00:00Z")
        if tail is None or oldest == self._path or ends_s + self._keep_s > parse_iso(tail.time):
            return
        last = _last_readable(oldest)
        content: dict[str, object] = {"file": oldest.name, "last": last.hash if last else ""}
        self.append([AuditEntry(tail.entry, parse_iso(tail.time), [AuditFact(PRUNED, content)])])
        log.warning("old file of the audit deleted", extra={"file": oldest.name})
        try:
            oldest.unlink()
        except OSError as error:
            raise disk_error(oldest, error) from error

    def write_head(self) -> None:
        """Say in ``head.json`` how far it is. StoreError if the disk refuses."""
        if self.tail is None:
            return
        path = self._folder / HEAD
        unfinished = path.with_suffix(".unfinished")
        try:
            unfinished.write_bytes(msgspec.json.encode(Head(self.followed, self.file, self.head)) + b"\n")
            unfinished.chmod(FILE_MODE)
            unfinished.rename(path)
        except OSError as error:
            raise disk_error(path, error) from error

    def close(self) -> None:
        """Close the file."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with suppress(OSError):
                os.close(descriptor)


def _mended_size(path: Path) -> int:
    """Size of a file without an incomplete line at its end, which is removed."""
    size = path.stat().st_size
    whole = _with_bytes(path, lambda data: data.rfind(b"\n") + 1, 0)
    if whole < size:
        extra = {"file": path.name, "offset": whole, "bytes": size - whole}
        log.warning("audit repaired: an incomplete line at its end was removed", extra=extra)
        os.truncate(path, whole)
    return whole


def _last_readable(path: Path) -> Line | None:
    return _with_bytes(path, _newest_line, None)


def _newest_line(data: mmap.mmap) -> Line | None:
    end = data.rfind(b"\n") + 1
    while end > 0:
        begin = data.rfind(b"\n", 0, end - 1) + 1
        try:
            return unseal(data[begin:end])
        except ValueError:
            end = begin
    return None


def _with_bytes(path: Path, look: Callable[[mmap.mmap], Found], nothing: Found) -> Found:
    """What is found in a file's bytes, however large it is."""
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return nothing
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return look(data)
