"""``warnstream test CASE``: a saved event leads to what it led to when it was saved."""

import sys
import time
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import TextIO
from xml.sax.saxutils import escape, quoteattr

from warnstream.runners.cases.case import (
    OUTCOME,
    Case,
    digest_of_outcome,
    outcome_of,
    read_case,
    readings_of,
)

SHOWN_MAX = 3
"""Lines that differ, of each file."""

WIDTH_MAX = 300


def run_case(folder: Path, junit: Path | None = None, out: TextIO | None = None) -> int:
    """Judge a case again by its own configuration; 0 if every byte is as it was, 1 otherwise.

    Raises
    ------
    ArchiveError, ConfigError, StoreError
        If it is not whole, or this version does not take its configuration.
    """
    out, begun = out or sys.stdout, time.monotonic()
    case = read_case(folder)
    configuration = case.configuration()
    manifest = case.manifest
    archive = readings_of(case, configuration)
    found = outcome_of(configuration, archive, manifest.judged_from, manifest.judged_until)
    is_same, took_s = digest_of_outcome(found) == manifest.outcome, time.monotonic() - begun
    title = f"case {manifest.name}: {len(archive.readings)} readings, outcome {manifest.outcome[:12]}"
    lines = [] if is_same else list(_differing(case, found))
    print(f"{'passed' if is_same else 'FAILED'} {title} ({took_s:.1f} s)", file=out)
    for line in lines:
        print(f"  {line}", file=out)
    if junit:
        _write_junit(junit, title, lines, is_same=is_same, took_s=took_s)
    return 0 if is_same else 1


def _differing(case: Case, found: dict[str, bytes]) -> Iterator[str]:
    """The first lines that are not as they were, and how many there are."""
    yield f"saved by {case.manifest.version}"
    expected = case.expected()
    for name in OUTCOME:
        before, now = (of[name].decode().splitlines() for of in (expected, found))
        rows = [
            (number, was, becomes)
            for number, (was, becomes) in enumerate(zip_longest(before, now, fillvalue="nothing"), start=1)
            if was != becomes
        ]
        for number, was, becomes in rows[:SHOWN_MAX]:
            yield f"{name}:{number}: wanted {was[:WIDTH_MAX]}"
            yield f"{' ' * len(f'{name}:{number}:')} got    {becomes[:WIDTH_MAX]}"
        if len(rows) > SHOWN_MAX:
            yield f"{name}: and {len(rows) - SHOWN_MAX} more lines"


def _write_junit(path: Path, title: str, lines: list[str], *, is_same: bool, took_s: float) -> None:
    why = "" if is_same else f"<failure>{escape(chr(10).join(lines))}</failure>"
    test = f"<testcase name={quoteattr(title)} time={quoteattr(f'{took_s:.3f}')}>{why}</testcase>"
    path.write_text(
        f'<testsuite name="case" tests="1" failures="{int(not is_same)}">{test}</testsuite>\n', "utf-8"
    )
