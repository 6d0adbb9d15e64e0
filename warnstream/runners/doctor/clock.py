"""The system's clock: whether somebody keeps it right, and whether it stands before what is on disk."""

import ctypes
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from warnstream.model.times import fixed_zone, iso_local
from warnstream.runners.doctor.finding import Finding, fault, look, ok

PART = "clock"
TIME_ERROR = 5
"""What adjtimex(2) answers where nothing synchronises the clock."""

TIMEX_BYTES = 208
BEHIND_S_MAX = 60


def clock(storage: Path) -> Iterator[Finding]:
    """Findings on the clock of this machine."""
    now_s = time.time()
    newest_s = max((path.stat().st_mtime for path in _files(storage)), default=0.0)
    if newest_s > now_s + BEHIND_S_MAX:
        yield fault(
            PART,
            f"it says {_utc(now_s)}, but files of {storage} were written at {_utc(newest_s)}: "
            "set the clock before the node starts",
        )
    state = _kernel_state()
    if state is None:
        yield look(PART, f"{_utc(now_s)}; whether something keeps it right cannot be told on this system")
    elif state == TIME_ERROR:
        yield look(PART, f"{_utc(now_s)}; nothing synchronises it: install chrony")
    else:
        yield ok(PART, f"{_utc(now_s)}, synchronised")


def _files(storage: Path) -> Iterator[Path]:
    if storage.is_dir():
        yield from (path for path in storage.rglob("*") if path.is_file())


def _utc(time_s: float) -> str:
    return iso_local(int(time_s), fixed_zone(0))


def _kernel_state() -> int | None:
    """What the kernel thinks of its clock; None where it cannot be asked."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return None
    state = adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))  # all zero: it is asked and changes nothing
    return None if state < 0 or os.name != "posix" else int(state)
