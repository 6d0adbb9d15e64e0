"""A journal that begins after entries of another one, which its first snapshot holds."""

import shutil
import time
from contextlib import closing
from pathlib import Path

from warnstream.adapters.journal.conversion import FOLDER
from warnstream.adapters.journal.disk import disk_error, sync_directory
from warnstream.adapters.journal.extents import UNFINISHED
from warnstream.adapters.journal.segments import SEGMENT_BYTES, SegmentLog
from warnstream.adapters.journal.snapshots import SnapshotFiles
from warnstream.model.errors import StoreError


def begin_journal_after(
    directory: Path, after: int, snapshot: tuple[int, bytes], segment_bytes: int = SEGMENT_BYTES
) -> None:
    """Make the journal of a storage directory that has none, to go on after an entry.

    Parameters
    ----------
    directory : Path
    after : int
        The newest entry that this journal will never have.
    snapshot : (int, bytes)
        Entry that a state reaches, and the state.
    segment_bytes : int

    Raises
    ------
    StoreError
        If there is a journal, or the disk refuses.
    """
    folder = directory / FOLDER
    if folder.exists():
        raise StoreError(f"{folder}: there is a journal already", retryable=False)
    # Under another name first: a journal without its state would be one that has forgotten everything.
    unfinished = directory / f"{FOLDER}{UNFINISHED}"
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        now = time.time()
        with closing(SegmentLog(unfinished, segment_bytes)) as segments:
            segments.begin_after(after, now)
        SnapshotFiles(unfinished).save(*snapshot, now)
        unfinished.rename(folder)
        sync_directory(directory)
    except OSError as error:
        raise disk_error(folder, error) from error
