"""The side that stands by: the logs of the other box's drills, kept and never played."""

import logging
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from warnstream.adapters.journal.conversion import FOLDER as JOURNAL
from warnstream.adapters.journal.extents import find_extent, list_segments, read_entries
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.standby.digest import digest_of
from warnstream.adapters.standby.frames import ProtocolError
from warnstream.adapters.standby.messages import DrillEntries, DrillsHeld
from warnstream.model.errors import StoreError
from warnstream.runners.drill.folders import FOLDER, drill_folders

log = logging.getLogger(__name__)

SENT_MAX = 16
"""As many drills as a node has open; of older ones the scores stay where they were made."""

SEGMENT_BYTES = 1 << 20
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,100}")


class DrillLog:
    """The log of a drill, read while somebody else writes it."""

    def __init__(self, storage: Path, name: str) -> None:
        self._folder = storage / FOLDER / name / JOURNAL

    def since(self, sequence: int) -> Iterator[tuple[int, str, bytes]]:
        """Entries after a number. StoreError if one cannot be read."""
        if not self._is_there:
            return
        extent = find_extent(self._folder)
        first = max(sequence + 1, extent.segments[0].first_sequence)
        if first <= extent.last_sequence:
            yield from read_entries(extent, first)

    def first_sequence(self) -> int:
        """Number of the oldest entry; 1 where there is none."""
        return find_extent(self._folder).segments[0].first_sequence if self._is_there else 1

    def last_sequence(self) -> int:
        """Number of the newest entry; 0 where there is none. StoreError."""
        return find_extent(self._folder).last_sequence if self._is_there else 0

    @property
    def _is_there(self) -> bool:
        return self._folder.is_dir() and bool(list_segments(self._folder))


class DrillShelf:
    """Logs of drills in the storage of a box that stands by; for the thread that hears.

    Parameters
    ----------
    storage : Path
    """

    def __init__(self, storage: Path) -> None:
        self._storage = storage
        self._open: dict[str, Journal] = {}
        self.refused = ""

    def said(self) -> list[str]:
        """For /readyz: that a drill cannot be kept."""
        return [self.refused] if self.refused else []

    def held(self) -> DrillsHeld:
        """What is here already."""
        found = {}
        for folder in drill_folders(self._storage)[:SENT_MAX]:
            own = DrillLog(self._storage, folder.name)
            try:
                last = own.last_sequence()
                found[folder.name] = (last, digest_of(own, last))
            except StoreError as error:  # it is sent whole
                log.warning("the log of a drill cannot be read", extra={"error": str(error)})
                found[folder.name] = (0, "")
        return DrillsHeld(found)

    def take(self, said: DrillEntries) -> int:
        """Keep entries; the newest that is kept, 0 where the disk refuses, which is told.

        Raises
        ------
        ProtocolError
            If it is no drill, or they do not follow those that are here.
        """
        if not _NAME.fullmatch(said.folder) or not said.entries:
            raise ProtocolError(f"a drill is called {said.folder!r}")
        try:
            if said.first == 1:
                self._begin_anew(said.folder)
            journal = self._opened(said.folder)
            last = journal.last_sequence()
            if said.first != last + 1:
                raise ProtocolError(
                    f"entry {said.first} of drill {said.folder} was sent, its log ends with {last}"
                )
            last = journal.append_many(said.entries)
        except (StoreError, OSError) as error:
            self._close(said.folder)
            if not self.refused:
                log.error("a drill cannot be kept", extra={"drill": said.folder, "error": str(error)})  # noqa: TRY400
            self.refused = f"drills of the box that leads cannot be kept here: {error}"
            return 0
        self.refused = ""
        return last

    def close(self) -> None:
        """Whoever leads opens them now."""
        for name in list(self._open):
            self._close(name)

    def _begin_anew(self, name: str) -> None:
        """What this box had of it is another log, or damaged: nothing of that may be gone on from."""
        self._close(name)
        folder = self._storage / FOLDER / name
        if folder.exists():
            log.warning("the log of a drill is taken anew from the box that leads", extra={"drill": name})
            shutil.rmtree(folder)

    def _opened(self, name: str) -> Journal:
        if name not in self._open:
            while len(self._open) >= SENT_MAX:
                self._close(next(iter(self._open)))
            self._open[name] = Journal(self._storage / FOLDER / name, segment_bytes=SEGMENT_BYTES)
        return self._open[name]

    def _close(self, name: str) -> None:
        journal = self._open.pop(name, None)
        if journal is not None:
            with suppress(StoreError, OSError):
                journal.close()
