"""A journal that begins after entries of another one, which its first snapshot holds."""

import time
from contextlib import closing
from pathlib import Path

from warnstream.adapters.journal.conversion import FOLDER
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
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made ({error.strerror})", retryable=False) from error
    now = time.time()
    with closing(SegmentLog(folder, segment_bytes)) as segments:
        segments.begin_after(after, now)
    SnapshotFiles(folder).save(*snapshot, now)
