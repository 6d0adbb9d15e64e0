"""Alerts of other services for a replay: files as they were received, each alert at the time it was sent."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from warnstream.ingest.cap.reader import read_alerts
from warnstream.ingest.cap.tree import BYTES_MAX
from warnstream.model.alerts.alert import AlertArrived
from warnstream.model.errors import ArchiveError

SUFFIXES = frozenset({".xml", ".cap", ".atom", ".rss", ".edxl"})
"""Files of a folder that are read; others are left alone."""


@dataclass(frozen=True, slots=True)
class ArchivedAlerts:
    """Alerts in the order of their sending, and what could not be read, by reason."""

    arrived: tuple[AlertArrived, ...] = ()
    n_refused: Counter[str] = field(default_factory=Counter)


def read_alert_files(path: Path) -> ArchivedAlerts:
    """Alerts of a file, or of every alert file of a folder and its subfolders.

    Raises
    ------
    ArchiveError
        If there is no such file, none in the folder, or one of which nothing can be read.
    """
    files = [path]
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        if not files:
            raise ArchiveError(f"{path}: expected files of alerts ({', '.join(sorted(SUFFIXES))})")
    arrived: list[AlertArrived] = []
    n_refused: Counter[str] = Counter()
    for file in files:
        read = read_alerts(_content(file))
        if read.faults and not read.alerts:
            raise ArchiveError(f"{file}: {read.faults[0].reason}: {read.faults[0].detail}")
        n_refused.update(str(fault.reason) for fault in read.faults)
        arrived += [AlertArrived(alert, file.name, content) for alert, content in read.alerts]
    arrived.sort(key=lambda one: one.alert.sent_s)
    return ArchivedAlerts(tuple(arrived), n_refused)


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > BYTES_MAX:
            raise ArchiveError(f"{file}: expected at most {BYTES_MAX} bytes")
        return file.read_bytes()
    except OSError as error:
        raise ArchiveError(f"{file}: {error.strerror or error}") from None
