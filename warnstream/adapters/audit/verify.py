"""Whether an audit is what was written: every hash again, every line after the one it names, no file missing.

What it can find: any byte changed, any line or file taken out, put in, or exchanged, and lines cut off at
the end, as far as ``head.json`` or a hash that was noted elsewhere knows of them. What no file can show by
itself: a whole chain written anew. A hash noted elsewhere shows that.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from warnstream.adapters.audit.files import Opened, read_head, year_files
from warnstream.adapters.audit.lines import GAP, GENESIS, LEADS, PRUNED, Line, unseal
from warnstream.adapters.journal.disk import disk_error

NOTED_DIGITS_MIN = 13
"""Shortest beginning of a noted hash: as many digits as the metric has."""

WRITING_S = 1.0
"""A running node writes its line in that time; one that is not whole after it will never be."""


@dataclass(frozen=True, slots=True)
class AuditFault:
    """What is wrong, and where; `line` counts from 1, 0: the whole file."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.text}"


@dataclass(slots=True)
class Findings:
    """What a check has found.

    Attributes
    ----------
    n_lines, n_files : int
    head : str
        Hash of the newest line.
    since : str
        Time of the oldest line; empty without any.
    faults : list of AuditFault
    gaps : list of AuditFault
        Lines in which the node itself says that entries were lost before the audit had them.
    leaders : list of AuditFault
        Lines in which one of two boxes begins to lead; no faults.
    """

    n_lines: int = 0
    n_files: int = 0
    head: str = GENESIS
    since: str = ""
    faults: list[AuditFault] = field(default_factory=list)
    gaps: list[AuditFault] = field(default_factory=list)
    leaders: list[AuditFault] = field(default_factory=list)


class _Check:
    """One pass over a chain."""

    def __init__(self, wanted: set[str]) -> None:
        self.findings = Findings()
        self.unseen = set(wanted)
        self._begins_after = ""
        self._pruned = {GENESIS}
        self._expected: str | None = None

    def take(self, file: str, number: int, raw: bytes) -> None:
        """The next line of the chain."""
        found = self.findings
        try:
            line = unseal(raw)
        except ValueError as error:
            found.faults.append(AuditFault(file, number, str(error)))
            self._expected = None  # whatever the next line names, it is this one that is at fault
            return
        if self._expected is not None and line.previous != self._expected:
            text = "it does not follow the line before it: lines are missing, were put in or exchanged"
            found.faults.append(AuditFault(file, number, text))
        if not found.n_lines:
            self._begins_after, found.since = line.previous, line.time
        found.n_lines += 1
        found.head = self._expected = line.hash
        self.unseen = {beginning for beginning in self.unseen if not line.hash.startswith(beginning)}
        self._note(file, number, line)

    def _note(self, file: str, number: int, line: Line) -> None:
        if line.kind == PRUNED:
            self._pruned.add(str(line.content.get("last")))
        elif line.kind == GAP:
            self.findings.gaps.append(AuditFault(file, number, str(line.content.get("text"))))
        elif line.kind == LEADS:
            term, box, how = (line.content.get(name) for name in ("term", "box", "how"))
            text = f"{box} leads from here on (term {term}, {how or 'at the first start'}), {line.time}"
            self.findings.leaders.append(AuditFault(file, number, text))

    def end(self, first_file: str) -> None:
        """All lines have been taken."""
        found = self.findings
        if found.n_lines and self._begins_after not in self._pruned:
            text = "it goes on from a line of an older file, which is missing"
            found.faults.insert(0, AuditFault(first_file, 1, text))


def verify(directory: Path, noted: str = "", opened: Opened | None = None, pause_s: float = 0.0) -> Findings:
    """Check the audit in a folder; the node may be running.

    Parameters
    ----------
    directory : Path
        The folder with the files of the years.
    noted : str
        Hash of a line that was written down elsewhere, or its first `NOTED_DIGITS_MIN` digits or more;
        empty: none.
    opened : Opened, optional
        Only what a start found, while its node goes on writing.
    pause_s : float
        Rest after every thousand lines, for a thread of a node that has better things to do.

    Raises
    ------
    StoreError
        If a file cannot be read.
    """
    head = read_head(directory) if opened is None else opened.head
    wanted = {word for word in (noted, head.hash if head else "") if word}
    check = _Check(wanted)
    files = [path for path in year_files(directory) if opened is None or path.name <= opened.file]
    for path in files:
        end = opened.end if opened is not None and path.name == opened.file else None
        for number, raw in enumerate(_lines_of(path, end), start=1):
            check.take(path.name, number, raw)
            if pause_s and number % 1_000 == 0:
                time.sleep(pause_s)
    check.end(files[0].name if files else "")
    found = check.findings
    found.n_files = len(files)
    if head is not None and head.hash in check.unseen:
        text = f"the line {head.hash}, which head.json knows, is missing: lines were cut off or written anew"
        found.faults.append(AuditFault(head.file, 0, text))
    if noted and noted in check.unseen:
        text = f"no line has the noted hash {noted}: lines were written anew or cut off"
        found.faults.append(AuditFault(str(directory), 0, text))
    return found


def read_audit(directory: Path) -> Iterator[tuple[bytes, Line]]:
    """The readable lines of an audit, oldest first, as bytes and taken apart; others are passed over.

    Raises
    ------
    StoreError
        If a file cannot be read.
    """
    for path in year_files(directory):
        for raw in _lines_of(path):
            try:
                yield raw, unseal(raw)
            except ValueError:
                continue


def _lines_of(path: Path, end: int | None = None) -> Iterator[bytes]:
    """Lines of a file (up to a byte), its last one read again where a node may just be writing it."""
    begin = 0
    try:
        with path.open("rb") as file:
            for raw in file:
                if end is not None and begin >= end:
                    return
                begin += len(raw)
                if not raw.endswith(b"\n"):
                    time.sleep(WRITING_S)
                    raw += file.read()  # noqa: PLW2901  # the rest of the line, and what followed it meanwhile
                    yield from raw.splitlines(keepends=True)
                    return
                yield raw
    except OSError as error:
        raise disk_error(path, error) from error
