"""Files of a configuration without names, phones and addresses of people; what judges stays byte for byte.

Who is told is known by code alone afterwards. Channels are terminals, so that nobody can be reached from a
case, and no key of a channel (which may be a secret's place or an address) is in it.
"""

import csv
import io
from collections.abc import Mapping

from warnstream.config.faults import FaultLog
from warnstream.config.load import CHANNELS_FILE
from warnstream.config.yaml.tree import entries_under, read_yaml

NOTHING = ""
NUMBERED = "#"
"""Stands for a number, the same for the same text: two people stay two, since a change of shift is told."""

COLUMNS_MASKED: Mapping[str, Mapping[str, str]] = {
    "households.csv": {"address": "household"},
    "chain.csv": {"address": "post"},
    "roster.csv": {"person": NUMBERED, "phone": NUMBERED},
    "test_ways.csv": {"address": NUMBERED},
    "operators.csv": {"name": "person", "phone": NOTHING, "public_key": NOTHING},
    "objects.csv": {"name": "object"},
    "shelters.csv": {"key_holder": NOTHING, "phone": NOTHING},
}
"""By file: the columns of people, and the column whose code stands in their place (`NOTHING`: none does,
`NUMBERED`: a number does)."""


def masked(name: str, content: bytes) -> bytes:
    """A file of a configuration as a case has it.

    Parameters
    ----------
    name : str
        As the configuration calls it.
    content : bytes

    Raises
    ------
    ValueError
        If a table that has people in it cannot be read.
    """
    if name == CHANNELS_FILE:
        return _terminals(content)
    columns = COLUMNS_MASKED.get(name)
    return content if columns is None else _with_codes(name, content, columns)


def what_is_masked(names: Mapping[str, object]) -> list[str]:
    """What a case says of it: columns by file, and channels."""
    found = [
        f"{file}: {column}"
        for file in sorted(COLUMNS_MASKED)
        if file in names
        for column in COLUMNS_MASKED[file]
    ]
    return [*found, f"{CHANNELS_FILE}: every channel is a terminal"]


def _with_codes(name: str, content: bytes, columns: Mapping[str, str]) -> bytes:
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"{name}: cannot be read as a table: {error}") from error
    head = [cell.strip() for cell in rows[0]] if rows else []
    places = [(head.index(column), code) for column, code in columns.items() if column in head]
    numbers: dict[tuple[int, str], str] = {}
    for row in rows[1:]:
        for column, code in places:
            if column >= len(row):
                continue
            if code == NUMBERED:
                known = (column, row[column].strip())
                row[column] = numbers.setdefault(known, f"R{len(numbers) + 1}") if known[1] else ""
            else:
                row[column] = row[head.index(code)] if code else ""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _terminals(content: bytes) -> bytes:
    tree = read_yaml(CHANNELS_FILE, content.decode("utf-8-sig"), FaultLog())
    names = entries_under(tree, "channels") or {}
    lines = [f"  {name}: {{kind: terminal}}" for name in names]
    return ("\n".join(["channels:", *lines]) + "\n" if lines else "channels: {}\n").encode()
