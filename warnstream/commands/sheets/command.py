"""The command ``warnstream sheet``."""

import argparse
import getpass
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from warnstream.adapters.bundles.store import BundleStore
from warnstream.commands.bundles.preview import quiet
from warnstream.commands.paper.page import Printed
from warnstream.commands.sheets.advice.facts import now_of
from warnstream.commands.sheets.advice.sheet import advice_sheet
from warnstream.commands.sheets.files import write_sheet
from warnstream.commands.sheets.people import mended_sheet, tonight_sheet
from warnstream.commands.sheets.periods.facts import Sources, facts_of
from warnstream.commands.sheets.periods.sheet import period_sheet
from warnstream.commands.sheets.periods.stretch import MONTHS, period_of
from warnstream.commands.sheets.points import POINTS_FILE, Point, points_sheet, read_points
from warnstream.commands.sheets.registers import network_sheet, season_sheet
from warnstream.commands.sheets.risks import control_sheet, notice_sheet, supervision_sheet
from warnstream.commands.sheets.sheet import Footing, Made, Sheet
from warnstream.commands.sheets.words.say import Say
from warnstream.config.faults import FaultLog
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.config.tables.risks import RISKS_FILE, Risk, read_risks
from warnstream.model.errors import StoreError, WarnstreamError
from warnstream.model.times import iso_local, offset_at
from warnstream.model.warning import MessageStatus
from warnstream.runners.drill.scores import last_drills

OF_RISKS = {"control": control_sheet, "notices": notice_sheet, "supervision": supervision_sheet}
PERIODS = tuple(MONTHS)

BELONGS: Mapping[str, tuple[str, ...]] = {
    "risks": (*OF_RISKS, *PERIODS),
    "villages": ("mended",),
    "points": ("points",),
    "period": PERIODS,
    "archive": PERIODS,
    "warnings": PERIODS,
    "events": PERIODS,
    "township": (*PERIODS, "advice"),
}
"""Options that only some kinds take."""


def run_sheet(options: argparse.Namespace) -> int:
    """Do what the command line says; returns the exit status.

    Raises
    ------
    ConfigError
        With every fault of the configuration or of the list of risks.
    WarnstreamError
        If an option is wrong, a source cannot be read or the folder cannot be written.
    """
    for option, kinds in BELONGS.items():
        if getattr(options, option) is not None and options.kind not in kinds:
            raise WarnstreamError(f"--{option}: expected with {', '.join(kinds)}")
    configuration = load_configuration(options.directory)
    now_s, zone = int(time.time()), configuration.message.time_zone
    now = iso_local(now_s, zone)
    today = _day(options.date or now[:10])
    sheet = _sheet(options, configuration, today, Say(options.language))
    printed = Printed(
        configuration.message.sender_name,
        now[:16].replace("T", " "),
        configuration.fingerprint[:12],
        configuration.paper,
        options.language,
    )
    footing = Footing(printed, options.author or getpass.getuser(), _bundle(configuration))
    mode = "live" if configuration.message.status is MessageStatus.ACTUAL else "drill"
    made = Made(configuration.node.name, mode, now_s, offset_at(zone, now_s))
    files = write_sheet(options.out, sheet, footing, made, as_pdf=options.pdf, with_workbook=options.xlsx)
    for part in sheet.parts[:1]:
        for line in part.lines:
            print(line)  # noqa: T201  # what is on it
    for file in files:
        print(f"written: {file}")  # noqa: T201  # what it did
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WarnstreamError(f"--date {text!r}: expected a day such as 2026-07-01") from None


def _sheet(options: argparse.Namespace, configuration: Configuration, today: date, say: Say) -> Sheet:
    kind, network = options.kind, configuration.network
    path = options.risks or configuration.directory / RISKS_FILE
    if kind in OF_RISKS:
        return OF_RISKS[kind](_risks(path, configuration), network.villages, today, say)
    _check_township(options.township, configuration)
    if kind == "advice":
        with quiet():
            return advice_sheet(configuration, now_of(configuration), options.township, say)
    if kind in MONTHS:
        return _period_sheet(options, configuration, path, today, say)
    if kind == "mended":
        return mended_sheet(network, _villages(options.villages, configuration), today, say)
    drills = last_drills(configuration.storage.directory)
    of_registers = {
        "points": lambda: points_sheet(_points(options.points, configuration), network, say),
        "network": lambda: network_sheet(configuration, say),
        "tonight": lambda: tonight_sheet(network, today, say, has_model=bool(configuration.models)),
        "season": lambda: season_sheet(configuration, drills, today, say),
    }
    return of_registers[kind]()


def _check_township(name: str | None, configuration: Configuration) -> None:
    townships = sorted(set(configuration.network.villages.township))
    if name is not None and name not in townships:
        known = ", ".join(townships[:SHOWN_MAX])
        raise WarnstreamError(f"--township {name!r}: expected one of villages.csv: {known}")


def _period_sheet(
    options: argparse.Namespace, configuration: Configuration, risks: Path, today: date, say: Say
) -> Sheet:
    period = period_of(options.kind, options.period, today, configuration.message.time_zone)
    is_there = options.risks is not None or risks.exists()
    sources = Sources(tuple(options.archive or ()), options.warnings, options.events)
    facts = facts_of(configuration, period, sources, _risks(risks, configuration) if is_there else None)
    return period_sheet(configuration, facts, options.township, say)


SHOWN_MAX = 20
"""So many names are listed where another was expected."""


def _villages(codes: str | None, configuration: Configuration) -> list[int]:
    number = configuration.network.villages.index_of_code()
    asked = [code for code in (codes or "").split(",") if code]
    unknown = [code for code in asked if code not in number]
    if unknown or not asked:
        named = f"not in villages.csv: {', '.join(unknown)}" if unknown else "expected codes of villages.csv"
        raise WarnstreamError(f"--villages: {named}; such as 331124001001,331124001002")
    return [number[code] for code in dict.fromkeys(asked)]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        columns = "docs/sheets.md has its columns"
        raise WarnstreamError(f"{path}: cannot be read ({error.strerror or error}); {columns}") from error


def _points(path: Path | None, configuration: Configuration) -> tuple[Point, ...]:
    content, faults = _content(path or configuration.directory / POINTS_FILE), FaultLog()
    points = read_points(content, configuration.network, faults)
    faults.raise_if_any()
    return points


def _risks(path: Path, configuration: Configuration) -> tuple[Risk, ...]:
    content, faults = _content(path), FaultLog()
    risks = read_risks(content, configuration.network.villages.index_of_code(), faults)
    faults.raise_if_any()
    return risks


def _bundle(configuration: Configuration) -> int:
    """Number of the bundle that these files are; 0 where they have not run."""
    try:
        bundles = BundleStore(configuration.storage.directory).bundles()
    except StoreError:
        return 0
    same = [bundle.number for bundle in bundles if bundle.manifest.fingerprint == configuration.fingerprint]
    return max(same, default=0)
