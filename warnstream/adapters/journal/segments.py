"""Journal entries in segment files: appended with one sync, checked when read, never overwritten.

Each segment is filled with zeros and synced before it is used. An append then
overwrites zeros and syncs data alone: no block has to be allocated, no length
changes, and a disk that is full refuses the next segment, never half an entry.
A thread fills the next segment while the last one is in use.
A full segment is followed by the next; both are whole files at every moment.

After a crash the last segment is read to its end. Bytes after the last intact
frame are an append that was never acknowledged: they are zeroed and told
(`SegmentLog.repair`). Damage before an intact frame is an error where the
entry is needed, naming file, offset and entry.

One process writes, any of its threads; others may read beside it (`find_extent`, `read_entries`).
A segment in memory is the price of reading: 16 MiB unless configured otherwise.
"""

import logging
import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from warnstream.adapters.journal.disk import disk_error, sync_data, sync_directory, write_at
from warnstream.adapters.journal.extents import (
    UNFINISHED,
    Extent,
    Segment,
    find_extent,
    load,
    missing,
    segment_path,
)
from warnstream.adapters.journal.frames import (
    FRAME_HEADER_BYTES,
    SEGMENT_HEADER_BYTES,
    SegmentHeader,
    encode_body,
    encode_frame,
    new_segment_header,
    used_end,
)
from warnstream.model.errors import StoreError

log = logging.getLogger(__name__)

SEGMENT_BYTES = 16 * 1024 * 1024
"""Filled with zeros in about 10 ms on a local SSD; a county under rain fills one in a quarter of an hour."""


_NEXT, _SPARE = f"next{UNFINISHED}", f"spare{UNFINISHED}"

_SPARE_BYTES_MIN = 1024 * 1024
"""Smaller segments are filled faster than a thread is worth."""

_ZEROS = bytes(1024 * 1024)


@dataclass(frozen=True, slots=True)
class Repair:
    """Bytes of a torn append that were removed from the end of the journal."""

    path: Path
    offset: int
    n_bytes: int


def remove_unfinished(directory: Path) -> None:
    """Delete files that a crash left before they had their final name."""
    try:
        for left in directory.glob(f"*{UNFINISHED}"):
            left.unlink(missing_ok=True)
    except OSError as error:
        raise disk_error(directory, error) from error


def make_zeros(path: Path, n_bytes: int) -> tuple[Path, int]:
    """A synced file of zeros and its descriptor; nothing is left of it if the disk refuses (OSError)."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        for offset in range(0, n_bytes, len(_ZEROS)):
            write_at(descriptor, _ZEROS[: n_bytes - offset], offset)
        os.fsync(descriptor)
    except OSError:
        os.close(descriptor)
        path.unlink(missing_ok=True)
        raise
    return path, descriptor


class Spare:
    """The next segment's zeros, made in a thread so that no append waits for them."""

    def __init__(self, path: Path, n_bytes: int) -> None:
        self._path, self._n_bytes = path, n_bytes
        self._made: tuple[Path, int] | None = None
        self._thread = threading.Thread(target=self._make, name="journal-spare", daemon=True)
        self._thread.start()

    def _make(self) -> None:
        # A disk that refuses is told by the append that needs the segment.
        with suppress(OSError):
            self._made = make_zeros(self._path, self._n_bytes)

    def take(self, n_bytes: int) -> tuple[Path, int] | None:
        """The file and its descriptor; None if the disk refused it or it is too small (and gone)."""
        self._thread.join()
        made, self._made = self._made, None
        if made is not None and n_bytes > self._n_bytes:
            os.close(made[1])
            made[0].unlink(missing_ok=True)
            return None
        return made


class SegmentLog:
    """The entries of one journal, open for appending.

    Parameters
    ----------
    directory : Path
        Folder of the segments; must exist, and nobody else may write there.
    segment_bytes : int
        Size of a new segment; a larger frame gets a segment of its own.
    at_least : int
        Number of an entry that is known to have been kept (a snapshot contains it).

    Raises
    ------
    StoreError
        If the last segment cannot be read or repaired, or ends before `at_least`:
        nothing is changed then.
    """

    def __init__(self, directory: Path, segment_bytes: int = SEGMENT_BYTES, at_least: int = 0) -> None:
        self._directory, self._segment_bytes = directory, segment_bytes
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._header: SegmentHeader | None = None
        self._is_closed = self._must_follow = False
        self._torn_end = 0
        self._spare: Spare | None = None
        self.repair: Repair | None = None
        remove_unfinished(directory)
        extent = find_extent(directory)
        if extent.last_sequence < at_least:
            place = extent.segments[-1].path if extent.segments else directory
            raise missing(place, extent.last_sequence + 1, at_least)
        self._segments, self._end, self._last = list(extent.segments), extent.end, extent.last_sequence
        if self._segments:
            self._reopen(self._segments[-1])

    def begin_after(self, sequence: int, now: float) -> None:
        """Let an empty journal go on after the entries of another one.

        Raises
        ------
        StoreError
            If the disk refuses.
        """
        assert not self._segments, "only an empty journal can begin elsewhere"
        self._last = sequence
        try:
            self._make_room(0, now)
        except OSError as error:
            raise disk_error(self._directory, error) from error

    def _reopen(self, segment: Segment) -> None:
        data, self._header = load(segment)
        torn_end = used_end(data, self._end)
        try:
            self._descriptor = os.open(segment.path, os.O_RDWR)
            # Also without a repair: the last frame may be whole, written by a process that was killed before
            # its sync. It counts from now on, so it must be as durable as all others.
            self._erase(torn_end)
            if torn_end > self._end:
                self.repair = Repair(segment.path, self._end, torn_end - self._end)
        except OSError as error:
            self.close()
            raise disk_error(segment.path, error) from error
        if self.repair is not None:
            log.warning(
                "journal repaired: a torn append at its end, never acknowledged, was removed",
                extra={"file": segment.path, "offset": self._end, "bytes": self.repair.n_bytes},
            )

    def _erase(self, end: int) -> None:
        """Zeros again from the end of the frames on: what was torn can never be read."""
        assert self._descriptor is not None
        for offset in range(self._end, end, len(_ZEROS)):
            write_at(self._descriptor, _ZEROS[: end - offset], offset)
        sync_data(self._descriptor)

    def append(self, entries: Iterable[tuple[str, bytes]], written_at: float) -> int:
        """Keep entries, all or none; returns the last one's number once they are durable.

        Raises
        ------
        StoreError
            If the disk refuses. Nothing was kept then.
        ValueError
            If an entry is too long.
        """
        body, count = encode_body(entries)
        with self._lock:
            if self._is_closed:
                raise StoreError(f"{self._directory}: already closed", retryable=False)
            if not count:
                return self._last
            path = self._segments[-1].path if self._segments else self._directory
            try:
                self._make_room(FRAME_HEADER_BYTES + len(body), written_at)
                path = self._segments[-1].path
                self._write(body, count, written_at)
            except OSError as error:
                raise disk_error(path, error) from error
            return self._last

    def _write(self, body: bytes, count: int, written_at: float) -> None:
        assert self._descriptor is not None
        assert self._header is not None
        frame = encode_frame(
            body,
            n_entries=count,
            first_sequence=self._last + 1,
            written_at=written_at,
            seed=self._header.seed,
        )
        self._torn_end = self._end + len(frame)
        try:
            write_at(self._descriptor, frame, self._end)
            sync_data(self._descriptor)
        except OSError:
            self._mend()
            raise
        self._torn_end = 0
        self._end += len(frame)
        self._last += count
        self._prepare_spare()

    def _mend(self) -> None:
        """Remove what a refused append may have left; tried again before the next one if it fails."""
        try:
            self._erase(self._torn_end)
        except OSError as error:
            log.error("refused append not removed yet", extra={"error": str(error)})  # noqa: TRY400
        else:
            self._torn_end = 0

    def _make_room(self, n_bytes: int, now: float) -> None:
        """Let the last segment have room for a frame; a new one if it has not."""
        if self._torn_end:
            self._erase(self._torn_end)
            self._torn_end = 0
        has_room = bool(self._segments) and self._end + n_bytes <= self._segments[-1].n_bytes
        if has_room and not self._must_follow:
            return
        segment, header, descriptor = self._create(SEGMENT_HEADER_BYTES + n_bytes, now)
        full = self._descriptor
        if self._segments and self._segments[-1].first_sequence == segment.first_sequence:
            self._segments.pop()  # it was empty and too small: replaced under the same name
        elif full is not None:
            with suppress(OSError):  # the old one's zeros are given back; they may as well stay
                os.ftruncate(full, self._end)
            last = self._segments[-1]
            self._segments[-1] = Segment(last.path, last.first_sequence, os.fstat(full).st_size)
        if full is not None:
            os.close(full)
        self._segments.append(segment)
        self._header, self._descriptor, self._end = header, descriptor, SEGMENT_HEADER_BYTES
        self._must_follow = False

    def _create(self, least_bytes: int, now: float) -> tuple[Segment, SegmentHeader, int]:
        """A new segment of zeros, durable under its name only when it is complete."""
        header = new_segment_header(self._last + 1, now)
        path = segment_path(self._directory, header.first_sequence)
        n_bytes = max(self._segment_bytes, least_bytes)
        unfinished, descriptor = self._take_spare(n_bytes) or make_zeros(self._directory / _NEXT, n_bytes)
        try:
            write_at(descriptor, header.content, 0)
            sync_data(descriptor)
            # Once the name may exist, entries go there and nowhere else: the last file is the last segment.
            self._must_follow = True
            unfinished.rename(path)
            sync_directory(self._directory)
        except OSError:
            os.close(descriptor)
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise
        return Segment(path, header.first_sequence, n_bytes), header, descriptor

    def _prepare_spare(self) -> None:
        """Once the last segment is half full, let a thread fill the next one with zeros."""
        if self._spare is None and 2 * self._end > self._segment_bytes >= _SPARE_BYTES_MIN:
            self._spare = Spare(self._directory / _SPARE, self._segment_bytes)

    def _take_spare(self, n_bytes: int) -> tuple[Path, int] | None:
        spare, self._spare = self._spare, None
        return None if spare is None else spare.take(n_bytes)

    def extent(self) -> Extent:
        """What is durable now."""
        with self._lock:
            return Extent(tuple(self._segments), self._end, self._last)

    def prune(self, last: int, older_than: float, bytes_max: int | None) -> int:
        """Delete whole segments from the front; returns the number of entries deleted.

        Parameters
        ----------
        last : int
            Entries after this number stay, whatever else is asked. The newest segment stays too.
        older_than : float
            A segment goes if everything in it was written before this time.
        bytes_max : int, optional
            Segments go, whatever their age, while all together are larger.

        Raises
        ------
        StoreError
            If a file cannot be deleted.
        """
        deleted = 0
        with self._lock:
            while len(self._segments) > 1:
                oldest, following = self._segments[0], self._segments[1]
                is_too_much = bytes_max is not None and self._n_bytes() > bytes_max
                if following.first_sequence > last + 1 or not (
                    is_too_much or _ended_at(oldest, following) < older_than
                ):
                    break
                try:
                    oldest.path.unlink(missing_ok=True)
                    # One by one: a crash must not leave a hole where an older segment came back.
                    sync_directory(self._directory)
                except OSError as error:
                    raise disk_error(oldest.path, error) from error
                del self._segments[0]
                deleted += following.first_sequence - oldest.first_sequence
        return deleted

    def _n_bytes(self) -> int:
        return sum(segment.n_bytes for segment in self._segments)

    def size_bytes(self) -> int:
        """Bytes of all segments, the zeros of the last one included."""
        with self._lock:
            return self._n_bytes()

    def close(self) -> None:
        """Close the file; later appends raise `StoreError`."""
        with self._lock:
            self._is_closed = True
            spare = self._take_spare(0)
            if spare is not None:
                os.close(spare[1])
                spare[0].unlink(missing_ok=True)
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None


def _ended_at(segment: Segment, following: Segment) -> float:
    """No entry of a segment is younger than this, unless the clock went back: then the later beginning."""
    try:
        begins = [load(each, SEGMENT_HEADER_BYTES)[1].created_at for each in (segment, following)]
    except StoreError as error:
        log.error("segment cannot be aged, it stays", extra={"error": str(error)})  # noqa: TRY400
        return float("inf")
    return max(begins)
