"""The storage directory: whose it is, how fast it syncs, and whether there is room for what is to be kept."""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from warnstream.adapters.journal.disk import sync_data
from warnstream.config.settings import Configuration
from warnstream.model.times import DAY_S
from warnstream.runners.doctor.finding import Finding, fault, look, ok

PART = "disk"
SYNCS = 25
SYNC_BYTES = 4096
SYNC_MS_MAX = 25.0
"""Median of a sync above which acknowledgements to gateways wait noticeably."""

READING_BYTES = 150
"""A message of one reading with its topic, as stations write it."""

SPARE_BYTES = 500_000_000
"""For snapshots, the ledger, the audit and logs."""


def disk(configuration: Configuration) -> Iterator[Finding]:
    """Findings on the storage directory."""
    directory = configuration.storage.directory
    present = next(path for path in (directory, *directory.parents) if path.exists())
    if not present.is_dir():
        yield fault(PART, f"{present} is no directory")
        return
    try:
        took_s = _syncs(present)
    except OSError as error:
        yield fault(PART, f"{present}: cannot be written: {error.strerror or error}")
        return
    median_ms, most_ms = 1e3 * statistics.median(took_s), 1e3 * max(took_s)
    words = f"{present}: a sync takes {median_ms:.1f} ms, at most {most_ms:.1f}"
    if median_ms > SYNC_MS_MAX:
        yield look(PART, f"{words}: above {SYNC_MS_MAX:.0f} ms every gateway waits for it")
    else:
        yield ok(PART, words)
    yield _room(configuration, present)
    yield from _rights(directory)


def _syncs(directory: Path) -> list[float]:
    """Seconds that writing and syncing a block takes, over and over."""
    took_s = []
    with tempfile.NamedTemporaryFile(dir=directory, prefix=".doctor-") as file:
        for _ in range(SYNCS):
            file.write(os.urandom(SYNC_BYTES))
            file.flush()
            started = time.perf_counter()
            sync_data(file.fileno())
            took_s.append(time.perf_counter() - started)
    return took_s


def _room(configuration: Configuration, present: Path) -> Finding:
    """What stations send while the journal is to be kept, beside what is there and free."""
    storage, stations = configuration.storage, configuration.network.stations
    a_day = float((DAY_S / stations.interval_s).sum()) * READING_BYTES
    needed = min(storage.journal_bytes_max, a_day * storage.journal_keep_s / DAY_S) + SPARE_BYTES
    used = sum(path.stat().st_size for path in storage.directory.rglob("*") if path.is_file())
    free = shutil.disk_usage(present).free
    words = (
        f"about {needed / 1e9:.1f} GB are needed for {storage.journal_keep_s / DAY_S:g} days of "
        f"{len(stations)} stations, {free / 1e9:.1f} GB are free, {used / 1e9:.1f} used"
    )
    if free + used < needed:
        return look(PART, f"{words}: lower storage.journal_keep or journal_bytes_max, or give it more room")
    return ok(PART, words)


def _rights(directory: Path) -> Iterator[Finding]:
    if not directory.is_dir():
        return
    if directory.stat().st_mode & 0o077:
        yield look(PART, f"{directory}: others may read it; the node makes it private when it starts")
    owner, user = directory.stat().st_uid, os.geteuid()
    if owner != user:
        yield look(PART, f"{directory}: belongs to user {owner}, and this is {user}")
