"""The command ``warnstream audit``: whether the audit is what was written, and what it says."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from warnstream.adapters.audit.files import FOLDER, year_files
from warnstream.adapters.audit.lines import Line
from warnstream.adapters.audit.verify import NOTED_DIGITS_MIN, Findings, read_audit, verify
from warnstream.config.settings import Configuration
from warnstream.model.errors import WarnstreamError
from warnstream.model.times import parse_iso


def verify_audit(configuration: Configuration, noted: str) -> Findings:
    """Check the audit of a node, which may be running; `noted`: a hash written down, or empty.

    Raises
    ------
    WarnstreamError
        If there is no audit, or `noted` is no hash.
    """
    noted = noted.strip().lower()
    if noted and (not NOTED_DIGITS_MIN <= len(noted) <= 64 or set(noted) - set("0123456789abcdef")):
        raise WarnstreamError(f"--noted {noted}: expected {NOTED_DIGITS_MIN} to 64 hexadecimal digits")
    return verify(_folder(configuration), noted)


def said(found: Findings) -> list[str]:
    """Lines for people: every fault, what the node itself knows to be missing, and the sum."""
    lines = [str(fault) for fault in found.faults]
    lines += [f"note: {noted}" for noted in (*found.gaps, *found.leaders)]
    word = f"{len(found.faults)} fault(s)" if found.faults else "whole"
    size = f"{found.n_lines} lines in {found.n_files} files since {found.since or 'never'}"
    return [*lines, f"{word}: {size}; head {found.head}"]


def show_audit(configuration: Configuration, since_s: float | None, village: str | None) -> int:
    """Print the lines of the audit, oldest first, as they are; returns how many.

    Parameters
    ----------
    configuration : Configuration
    since_s : float or None
        Only entries written from then on (seconds UTC).
    village : str or None
        Only lines that concern this code: in what is issued and ordered, and in calls for help from there.
    """
    count, helps = 0, set[str]()
    for raw, line in read_audit(_folder(configuration)):
        # Also of earlier lines: what is done about a call names the call alone.
        if village is not None and not _concerns(line, village, helps):
            continue
        if since_s is not None and parse_iso(line.time) < since_s:
            continue
        sys.stdout.buffer.write(raw)
        count += 1
    sys.stdout.buffer.flush()
    return count


def _concerns(line: Line, village: str, helps: set[str]) -> bool:
    """Whether a line is about a village; calls for help from there are added to `helps`."""
    content = line.content
    calls = content.get("helps")
    if isinstance(calls, Mapping):
        helps.update(name for name, code in calls.items() if code == village)
    return village in _codes(content) or content.get("help") in helps


def _codes(content: Mapping[str, object]) -> Iterator[str]:
    """Codes in the places where lines name villages."""
    yield str(content.get("village", ""))
    for place in ("villages", "helps"):
        named = content.get(place)
        if isinstance(named, Mapping):
            yield from map(str, named.values() if place == "helps" else named)
        elif isinstance(named, list):
            yield from map(str, named)
    for name in ("message", "warning"):
        yield from str(content.get(name, "")).split(".")


def _folder(configuration: Configuration) -> Path:
    folder: Path = configuration.storage.directory / FOLDER
    if not year_files(folder):
        raise WarnstreamError(f"{folder}: no node has written an audit there yet")
    return folder
