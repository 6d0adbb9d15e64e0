"""The command ``warnstream init``."""

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from warnstream.commands.init.folder import write_folder, write_tests
from warnstream.commands.init.kinds import KIND_OF_NAME, Meant, meaning_of
from warnstream.commands.init.sheets import Sheet, letters, read_sheets
from warnstream.commands.init.tables import Key, Reading, Table, Told, read_tables
from warnstream.commands.rule_tests.command import TestOptions, run_tests
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.config.yaml.quantities import is_code
from warnstream.model.errors import ConfigError, Fault, WarnstreamError

NEEDED = ("stations", "villages")
HEADERS_SHOWN_MAX = 20
_OFFSET = re.compile(r"[+-]\d{2}:\d{2}")


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked, as the command line gives it."""

    files: tuple[Path, ...]
    out: Path | None
    mapped: tuple[str, ...]
    fixed: tuple[str, ...]
    units: tuple[str, ...]
    name: str | None
    offset: str


def run_init(options: Options) -> int:
    """Read, show, judge and write; returns the exit status.

    Raises
    ------
    ConfigError
        With every fault of every sheet; nothing is written then.
    WarnstreamError
        If a file cannot be read or an option is wrong.
    """
    console = Console()
    name = _check(options)
    mapped, told = options_of(options.mapped, options.fixed, options.units)
    sheets = [sheet for path in options.files for sheet in read_sheets(path)]
    found = [(sheet, meaning_of(sheet, mapped)) for sheet in sheets]
    meant = [meaning for _, meaning in found if meaning is not None]
    show(console, found, told)
    _check_mapped(mapped, sheets, meant)
    reading = read_tables(meant, told)
    for lacking in sorted(set(NEEDED) - reading.tables.keys()):
        reading.faults.append(Fault(lacking, 0, "", f"none of the {len(sheets)} sheets is such a table"))
    tell_healed(console, reading)
    if options.out is None:
        if reading.faults:
            raise ConfigError(reading.faults)
        say(console, "nothing is written without --out")
        return 0
    return _write(console, options.out, (name, options.offset), reading)


def _check(options: Options) -> str:
    """Options that are wrong by themselves; the node's name."""
    if not _OFFSET.fullmatch(options.offset):
        raise WarnstreamError(f"--utc-offset {options.offset!r}: expected such as +08:00")
    if options.out is not None and options.out.exists() and any(options.out.iterdir()):
        raise WarnstreamError(f"--out {options.out}: is there already; expected a folder to be made")
    name = options.name or (options.out.resolve().name if options.out else "county")
    if not is_code(name):
        raise WarnstreamError(f"--name {name!r}: expected letters, digits, dot, dash, underscore")
    return name


def _pairs(option: str, texts: Sequence[str]) -> dict[Key, str]:
    """``TABLE.COLUMN=VALUE`` of an option, each checked."""
    found: dict[Key, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        table, _, column = key.strip().partition(".")
        kind = KIND_OF_NAME.get(table)
        if not equals or kind is None or column not in kind.columns:
            known = "; ".join(f"{kind.name}: {', '.join(kind.columns)}" for kind in KIND_OF_NAME.values())
            raise WarnstreamError(f"{option} {text!r}: expected TABLE.COLUMN=VALUE of {known}")
        found[table, column] = value.strip()
    return found


def options_of(
    mapped: Sequence[str], fixed: Sequence[str], units: Sequence[str]
) -> tuple[dict[Key, str], Told]:
    """``--map``, ``--set`` and ``--unit``, each checked. WarnstreamError if one is wrong."""
    told = _told(fixed, units)
    return _pairs("--map", mapped), told


def _told(fixed: Sequence[str], unit_options: Sequence[str]) -> Told:
    units = _pairs("--unit", unit_options)
    for (table, column), unit in units.items():
        known = KIND_OF_NAME[table].asked.get(column, {})
        if unit not in known:
            raise WarnstreamError(
                f"--unit {table}.{column}={unit}: expected one of {', '.join(known) or 'no unit at all'}"
            )
    return Told(_pairs("--set", fixed), units)


def _check_mapped(mapped: Mapping[Key, str], sheets: Sequence[Sheet], meant: Sequence[Meant]) -> None:
    """A header of the command line that no sheet has is a slip of the pen."""
    for (table, column), header in mapped.items():
        of_table = [meaning for meaning in meant if meaning.kind.name == table]
        if not any(column in meaning.column for meaning in of_table):
            among = [meaning.sheet for meaning in of_table] or sheets
            headers = ", ".join(name for sheet in among for name in sheet.header if name)
            raise WarnstreamError(
                f"--map {table}.{column}={header}: no sheet of {table} has that header; there are {headers}"
            )


def show(console: Console, found: Sequence[tuple[Sheet, Meant | None]], told: Told) -> None:
    """What is taken from where."""
    for read, meaning in found:
        sheet = read if meaning is None else meaning.sheet
        note = f", {sheet.note}" if sheet.note else ""
        if meaning is None:
            signs = "; ".join(f"{kind.name}: {', '.join(kind.signs)}" for kind in KIND_OF_NAME.values())
            say(console, f"{sheet.title}: {len(sheet.rows)} rows{note}, TAKEN FOR NO TABLE ({signs})")
            names = [name for name in sheet.header if name]
            say(console, f"  its first row: {', '.join(names[:HEADERS_SHOWN_MAX])}; see --map")
            continue
        say(console, f"{sheet.title}: {len(sheet.rows)} rows{note}, taken for {meaning.kind.name}")
        for column, place in meaning.column.items():
            unit = meaning.unit.get(column, "")
            of = f", in {unit}" if unit else ""
            say(console, f"  {column:<12} <- column {letters(place)} ({sheet.header[place]}){of}")
        for (table, column), value in told.fixed.items():
            if table == meaning.kind.name and column not in meaning.column:
                say(console, f"  {column:<12} <- {value!r} for all rows")
        if meaning.kind.name == "households" and "household" not in meaning.column:
            say(console, "  household    <- village and a number, in the order of the rows")
        if meaning.unused:
            say(console, f"  not used: {', '.join(meaning.unused)}")


def tell_healed(console: Console, reading: Reading) -> None:
    """What was mended, and rows that are no rows of the table."""
    for ((table, column), mending), count in reading.healed.items():
        say(console, f"{table}.{column}: {count} {mending.value}")
    for place in reading.totals:
        say(console, f"{place}: a total, left out")


def _write(console: Console, out: Path, node: tuple[str, str], reading: Reading) -> int:
    """The folder is there only when it is right."""
    unfinished = out.with_name(f".{out.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        write_folder(unfinished, reading.tables, *node)
        configuration = _judged(unfinished, reading)
        village = write_tests(unfinished, configuration, node[1])
        if village and run_tests(TestOptions(unfinished, quiet=True)):
            raise WarnstreamError(
                "the tests of the new folder fail: nothing is written; this is a fault of ours"
            )
        if out.exists():
            out.rmdir()
        unfinished.rename(out)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    counts = ", ".join(f"{len(table.rows)} {name}" for name, table in reading.tables.items())
    say(console, f"written: {out} ({counts})")
    if not village:
        say(console, "look at: no village has a rain gauge within villages.radius_km; no test is written")
    say(console, f"next: warnstream check {out}; warnstream test {out}; warnstream run {out}")
    return 0


def _judged(folder: Path, reading: Reading) -> Configuration:
    """The folder as the node reads it; faults are named where they stand in the sheets."""
    try:
        configuration = load_configuration(folder)
    except ConfigError as error:
        table_of = {table.kind.file: table for table in reading.tables.values()}
        for fault in error.faults:
            _note(fault, table_of.get(fault.file), reading)
        raise ConfigError(reading.faults) from None
    if reading.faults:
        raise ConfigError(reading.faults)
    return configuration


def _note(fault: Fault, table: Table | None, reading: Reading) -> None:
    if table is not None and 2 <= fault.line <= len(table.rows) + 1:
        reading.fault(table.place(fault.line, fault.path), table.words(fault.expected))
    elif not (table is not None and fault.path in table.kind.must and fault.path not in table.columns):
        # A column that is missing has been told of by the sheet that lacks it.
        reading.faults.append(fault)


def say(console: Console, text: str) -> None:
    """A line as it is."""
    console.print(text, highlight=False, soft_wrap=True, markup=False)
