"""Which entries the segment files of a journal hold, and reading them back."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from warnstream.adapters.journal.disk import disk_error
from warnstream.adapters.journal.frames import (
    SEGMENT_HEADER_BYTES,
    Frame,
    SegmentHeader,
    frame_after,
    frame_at,
    read_segment_header,
    used_end,
)
from warnstream.model.errors import DamagedError, StoreError

log = logging.getLogger(__name__)

PREFIX, SUFFIX, UNFINISHED = "entries-", ".wsj", ".new"


@dataclass(frozen=True, slots=True)
class Segment:
    """One file and the number of the first entry that belongs into it."""

    path: Path
    first_sequence: int
    n_bytes: int


@dataclass(frozen=True, slots=True)
class Extent:
    """What a journal holds at one moment: its segments, where the last one's frames end, the last entry."""

    segments: tuple[Segment, ...]
    end: int
    last_sequence: int


def list_segments(directory: Path) -> list[Segment]:
    """The segments of a folder in order, by their names.

    Raises
    ------
    StoreError
        If a file's name holds no number, or the folder cannot be read.
    """
    segments = []
    try:
        for path in directory.glob(f"{PREFIX}*{SUFFIX}"):
            number = path.name.removeprefix(PREFIX).removesuffix(SUFFIX)
            if not number.isascii() or not number.isdigit():
                raise StoreError(f"{path}: expected a number in the name of a segment", retryable=False)
            segments.append(Segment(path, int(number), path.stat().st_size))
    except OSError as error:
        raise disk_error(directory, error) from error
    return sorted(segments, key=lambda segment: segment.first_sequence)


def segment_path(directory: Path, first_sequence: int) -> Path:
    """The file whose first entry has that number."""
    return directory / f"{PREFIX}{first_sequence:020d}{SUFFIX}"


def load(segment: Segment, end: int | None = None) -> tuple[bytes, SegmentHeader]:
    """Content of a segment (up to `end`) and its checked header."""
    try:
        with segment.path.open("rb") as file:
            data = file.read(-1 if end is None else end)
    except OSError as error:
        raise disk_error(segment.path, error) from error
    try:
        header = read_segment_header(data)
    except ValueError as error:
        raise DamagedError(f"{segment.path}: {error}") from error
    if header.first_sequence != segment.first_sequence:
        raise DamagedError(
            f"{segment.path}: begins with entry {header.first_sequence}, not with the one its name says"
        )
    return data, header


def missing(place: Path, first: int, last: int) -> StoreError:
    """Entries that should be there and are not."""
    return DamagedError(f"{place}: entries {first} to {last} are missing (pruned or lost)")


def _damaged(path: Path, offset: int, entry: int) -> StoreError:
    return DamagedError(f"{path}: damaged at byte {offset} (checksum): entry {entry} cannot be read")


def find_extent(directory: Path) -> Extent:
    """What the segments of a folder hold; a torn append at the end is left out and left alone.

    Raises
    ------
    StoreError
        If the folder cannot be read or the last segment's header is damaged.
    """
    segments = list_segments(directory)
    if not segments:
        return Extent((), 0, 0)
    segment = segments[-1]
    data, header = load(segment)
    offset, last = SEGMENT_HEADER_BYTES, segment.first_sequence - 1
    while True:
        frame = frame_at(data, offset, header.seed)
        if frame is not None and frame.first_sequence == last + 1 and frame.is_intact(data, header.seed):
            offset, last = frame.end, frame.last_sequence
            continue
        later = frame_after(data, offset, header.seed)
        if later is None:
            return Extent(tuple(segments), offset, last)
        # An error only where the entry is needed (`read_entries`): a restart may need later ones alone.
        log.error("journal damaged", extra={"file": segment.path, "offset": offset, "entry": last + 1})
        offset, last = later.offset, later.first_sequence - 1


def read_entries(extent: Extent, first: int) -> Iterator[tuple[int, str, bytes]]:
    """Number, kind and payload of entry `first` and all later ones.

    Raises
    ------
    StoreError
        If an entry is missing or damaged; names file, offset and entry.
    """
    return ((number, kind, payload) for number, _, kind, payload in read_timed_entries(extent, first))


def read_timed_entries(extent: Extent, first: int) -> Iterator[tuple[int, float, str, bytes]]:
    """As `read_entries`, with the second (UTC) in which each entry was written after its number."""
    expected = first
    ends = [segment.first_sequence for segment in extent.segments[1:]] + [extent.last_sequence + 1]
    for segment, end in zip(extent.segments, ends, strict=True):
        if end <= expected:
            continue
        if segment.first_sequence > expected:
            raise missing(segment.path, expected, segment.first_sequence - 1)
        data, header = load(segment, extent.end if segment is extent.segments[-1] else None)
        for frame in _frames(segment, data, header.seed, expected):
            at = frame.written_at
            yield from (
                (number, at, kind, payload)
                for number, kind, payload in frame.entries(data)
                if number >= first
            )
            expected = frame.last_sequence + 1
        if expected != end:
            raise missing(segment.path, expected, end - 1)


def _frames(segment: Segment, data: bytes, seed: int, wanted: int) -> Iterator[Frame]:
    """Intact frames that hold entry `wanted` or later ones; damage before them is passed over."""
    offset, expected = SEGMENT_HEADER_BYTES, segment.first_sequence
    while offset < len(data):
        frame = frame_at(data, offset, seed)
        is_good = frame is not None and frame.first_sequence == expected
        if (
            frame is None
            or not is_good
            or (frame.last_sequence >= wanted and not frame.is_intact(data, seed))
        ):
            if used_end(data, offset) == offset:
                return
            later = frame_after(data, offset, seed)
            if later is None or later.first_sequence > wanted:
                raise _damaged(segment.path, offset, max(expected, wanted))
            offset, expected = later.offset, later.first_sequence
            continue
        if frame.last_sequence >= wanted:
            yield frame
        offset, expected = frame.end, frame.last_sequence + 1
