"""The command ``warnstream import``."""

import argparse
import contextlib
import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from warnstream.commands.importing.merged import Merged, merge
from warnstream.commands.init.command import options_of, say, show, tell_healed
from warnstream.commands.init.kinds import Meant, meaning_of
from warnstream.commands.init.sheets import Sheet, read_sheets
from warnstream.commands.init.tables import Reading, Table, read_tables
from warnstream.config.folder import TABLE_ENDINGS
from warnstream.config.load import load_configuration
from warnstream.model.errors import ConfigError, WarnstreamError


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked, as the command line gives it."""

    directory: Path
    files: tuple[Path, ...]
    table: str | None
    mapped: tuple[str, ...]
    fixed: tuple[str, ...]
    units: tuple[str, ...]
    writes: bool
    removes: bool

    @classmethod
    def of(cls, options: argparse.Namespace) -> "Options":
        """What `add_import` has declared."""
        mapped, fixed, units = (tuple(getattr(options, name)) for name in ("map", "set", "unit"))
        files = tuple(options.files)
        return cls(
            options.directory, files, options.table, mapped, fixed, units, options.write, options.remove
        )


def run_import(options: Options) -> int:
    """Read, show, judge and, if asked, write; returns the exit status.

    Raises
    ------
    ConfigError
        With every fault of the file and of the folder as it would be; nothing is written then.
    WarnstreamError
        If a file cannot be read or an option is wrong.
    """
    console = Console()
    if options.removes and not options.writes:
        raise WarnstreamError("--remove: expected with --write")
    configuration = load_configuration(options.directory)
    contents = {
        name: (configuration.directory / name).read_bytes()
        for name in configuration.files_read
        if name.endswith(TABLE_ENDINGS)
    }
    mapped, told = options_of(options.mapped, options.fixed, options.units)
    sheets = [sheet for path in options.files for sheet in read_sheets(path)]
    found = [(sheet, meaning_of(sheet, mapped)) for sheet in sheets]
    chosen = _chosen(found, options.table)
    show(console, found, told)
    reading = read_tables(chosen, told)
    (table,) = reading.tables.values()
    file = table.kind.file
    if file not in contents:
        raise WarnstreamError(
            f"{options.directory} has no {file}: it takes its {table.kind.name} from elsewhere"
        )
    _check_codes(table, chosen, reading)
    tell_healed(console, reading)
    if reading.faults:
        raise ConfigError(reading.faults)
    merged = merge(contents[file], table, removes=options.removes)
    for line in merged.lines(table.kind.name, removes=options.removes):
        say(console, line)
    text = merged.text.encode()
    _judge(options.directory, contents | {file: text}, table, merged)
    is_other = merged.is_other or (options.removes and bool(merged.missing))
    if not options.writes:
        say(console, "nothing is written without --write")
    elif not is_other:
        say(console, f"{file} stays as it is")
    else:
        _replace(configuration.directory / file, text)
        say(console, f"written: {configuration.directory / file}")
        say(console, f"next: warnstream diff live {options.directory}; warnstream reload {options.directory}")
    return 0


def _chosen(found: Sequence[tuple[Sheet, Meant | None]], table: str | None) -> list[Meant]:
    meant = [sheet for _, sheet in found if sheet is not None and table in (None, sheet.kind.name)]
    kinds = list(dict.fromkeys(meaning.kind.name for meaning in meant))
    if len(kinds) != 1:
        there = ", ".join(kinds) or f"none of the {len(found)} sheets is such a table"
        raise WarnstreamError(f"expected one table, found {there}: choose by --table")
    return meant


def _check_codes(table: Table, chosen: Sequence[Meant], reading: Reading) -> None:
    """Rows are known by their codes: each has one, and each another."""
    key = table.kind.columns[0]
    if not all(key in meaning.column for meaning in chosen):
        reading.fault(
            f"{chosen[0].sheet.title}: {key}",
            f"no column is called so: rows are known by it; --map {table.kind.name}.{key}=HEADER",
        )
        return
    place = table.columns.index(key)
    counts = Counter(row[place] for row in table.rows)
    for line, row in enumerate(table.rows, start=2):
        if not row[place]:
            reading.fault(table.place(line, key), "expected a code, got an empty cell")
        elif counts[row[place]] > 1:
            reading.fault(table.place(line, key), f"{row[place]!r} stands here {counts[row[place]]} times")


def _judge(directory: Path, contents: dict[str, bytes], table: Table, merged: Merged) -> None:
    """The whole folder as it would be; faults of rows are named where they stand in the sheets."""
    try:
        load_configuration(directory, tables=contents)
    except ConfigError as error:
        reading = Reading()
        for fault in error.faults:
            number = merged.origin[fault.line - 2] if 2 <= fault.line <= len(merged.rows) + 1 else None
            if fault.file == table.kind.file and number is not None:
                reading.fault(table.place(number + 2, fault.path), fault.expected)
            else:
                reading.faults.append(fault)
        raise ConfigError(reading.faults) from None


def _replace(path: Path, content: bytes) -> None:
    """The new file or the old one, never a part of it."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(path.stat().st_mode & 0o777)
        Path(name).replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise WarnstreamError(f"{path}: {error.strerror or error}: it is as it was") from error
