"""A table of the folder with another one laid over it, row by row by code; pure."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from warnstream.commands.init.tables import Table
from warnstream.config.wording import name_some

HIDDEN = frozenset({"address", "phone"})
"""Columns whose values are compared and never shown."""

CHANGES_SHOWN_MAX = 20


@dataclass(slots=True)
class Merged:
    """The table as it would be, and what is different.

    Attributes
    ----------
    columns : list of str
        Of the folder's file, then those that only the new one has.
    rows : list of list of str
    origin : list of int or None
        Row of the new table (from 0) that a row is of; None: the folder's own alone.
    added, missing : list of str
        Codes.
    changed : dict of str to list of (str, str, str)
        By code: column, before, now.
    n_same : int
    """

    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    origin: list[int | None] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    changed: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    n_same: int = 0

    @property
    def text(self) -> str:
        """The file."""
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return out.getvalue()

    @property
    def is_other(self) -> bool:
        """Whether anything but missing rows differs."""
        return bool(self.added or self.changed)

    def lines(self, table: str, *, removes: bool) -> Iterator[str]:
        """What is different, for people."""
        for word, codes in (("added", self.added), ("changed", list(self.changed))):
            if codes:
                yield f"{table}: {len(codes)} {word} ({name_some(codes)})"
        for code, cells in list(self.changed.items())[:CHANGES_SHOWN_MAX]:
            told = (
                f"{column} changed" if column in HIDDEN else f"{column} {was or 'empty'} -> {now or 'empty'}"
                for column, was, now in cells
            )
            yield f"  {code}: {', '.join(told)}"
        if len(self.changed) > CHANGES_SHOWN_MAX:
            yield f"  and {len(self.changed) - CHANGES_SHOWN_MAX} more"
        if self.missing:
            kept = "removed" if removes else "not in the file, stay"
            yield f"{table}: {len(self.missing)} {kept} ({name_some(self.missing)})"
        yield f"{table}: {self.n_same} the same"


def merge(content: bytes, new: Table, *, removes: bool) -> Merged:
    """Lay a table over a file of the folder.

    Parameters
    ----------
    content : bytes
        Of the folder's file, which its own reader takes.
    new : Table
        Its codes are unique.
    removes : bool
        Rows that only the folder has are left out.
    """
    head, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    key = new.kind.columns[0]
    columns = [name.strip() for name in head]
    merged = Merged([*columns, *(name for name in new.columns if name not in columns)])
    place = {column: merged.columns.index(column) for column in new.columns}
    of_code = {row[new.columns.index(key)]: number for number, row in enumerate(new.rows)}
    for cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        row = [cell.strip() for cell in cells] + [""] * (len(merged.columns) - len(cells))
        code = row[place[key]]
        number = of_code.pop(code, None)
        if number is None:
            merged.missing.append(code)
            if removes:
                continue
        else:
            _lay_over(merged, code, row, dict(zip(new.columns, new.rows[number], strict=True)), place)
        merged.rows.append(row)
        merged.origin.append(number)
    for code, number in of_code.items():
        merged.added.append(code)
        given = dict(zip(new.columns, new.rows[number], strict=True))
        merged.rows.append([given.get(column, "") for column in merged.columns])
        merged.origin.append(number)
    return merged


def _lay_over(
    merged: Merged, code: str, row: list[str], given: dict[str, str], place: dict[str, int]
) -> None:
    cells = []
    for column, value in given.items():
        before = row[place[column]]
        if before != value and not _is_same_number(before, value):
            cells.append((column, before, value))
            row[place[column]] = value
    if cells:
        merged.changed[code] = cells
    else:
        merged.n_same += 1


def _is_same_number(before: str, now: str) -> bool:
    """Whether two texts are one number, written in two ways; codes are told apart by their texts."""
    if "." not in before and "." not in now:
        return False
    try:
        return float(before) == float(now)
    except ValueError:
        return False
