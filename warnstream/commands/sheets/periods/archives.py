"""What `--archive` may name."""

from pathlib import Path

from warnstream.config.settings import Configuration
from warnstream.review.archive import Archive, in_memory
from warnstream.review.logger_files import open_readings
from warnstream.runners.cases.case import is_case, read_case, readings_of
from warnstream.runners.replay.journal_archive import read_journal


def open_any(path: Path, configuration: Configuration) -> Archive:
    """An archive, a logger's file, a saved case, or the journal of a storage directory.

    Raises
    ------
    ArchiveError, StoreError
        If it cannot be read.
    """
    if not path.is_dir():
        return open_readings(path, configuration)
    if is_case(path):
        return in_memory(readings_of(read_case(path), configuration))
    return in_memory(read_journal(configuration, path))
