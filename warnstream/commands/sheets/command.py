"""The command ``warnstream sheet``."""

import argparse
import getpass
import time
from datetime import date
from pathlib import Path

from warnstream.adapters.bundles.store import BundleStore
from warnstream.commands.paper.page import Printed
from warnstream.commands.sheets.people import mended_sheet, tonight_sheet
from warnstream.commands.sheets.registers import network_sheet, season_sheet
from warnstream.commands.sheets.risks import control_sheet, notice_sheet, supervision_sheet
from warnstream.commands.sheets.sheet import Footing, Sheet, as_csv, as_html
from warnstream.config.faults import FaultLog
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.config.tables.risks import RISKS_FILE, Risk, read_risks
from warnstream.model.errors import StoreError, WarnstreamError
from warnstream.model.times import iso_local
from warnstream.runners.drill.scores import last_drills

OF_RISKS = {"control": control_sheet, "notices": notice_sheet, "supervision": supervision_sheet}


def run_sheet(options: argparse.Namespace) -> int:
    """Do what the command line says; returns the exit status.

    Raises
    ------
    ConfigError
        With every fault of the configuration or of the list of risks.
    WarnstreamError
        If an option is wrong or the folder cannot be written.
    """
    configuration = load_configuration(options.directory)
    now = iso_local(int(time.time()), configuration.message.time_zone)
    today = _day(options.date or now[:10])
    sheet = _sheet(options, configuration, today)
    printed = Printed(
        configuration.message.sender_name,
        now[:16].replace("T", " "),
        configuration.fingerprint[:12],
        configuration.paper,
        "zh",
    )
    footing = Footing(printed, options.author or getpass.getuser(), _bundle(configuration))
    page, table = (options.out / f"{sheet.name}.{ending}" for ending in ("html", "csv"))
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        page.write_text(as_html(sheet, footing), "utf-8")
        table.write_text(as_csv(sheet), "utf-8", newline="")
    except OSError as error:
        raise WarnstreamError(f"{options.out}: cannot be written ({error.strerror or error})") from error
    files = [page, table]
    if options.pdf:
        from warnstream.commands.paper.pdf import write_pdf

        files.append(write_pdf(page))
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


def _sheet(options: argparse.Namespace, configuration: Configuration, today: date) -> Sheet:
    if options.kind in OF_RISKS:
        path = options.risks or configuration.directory / RISKS_FILE
        return OF_RISKS[options.kind](_risks(path, configuration), configuration.network.villages, today)
    if options.risks is not None:
        raise WarnstreamError(f"--risks: expected with {', '.join(OF_RISKS)}")
    if options.kind == "mended":
        return mended_sheet(configuration.network, _villages(options.villages, configuration), today)
    if options.villages is not None:
        raise WarnstreamError("--villages: expected with mended")
    if options.kind == "network":
        return network_sheet(configuration)
    if options.kind == "tonight":
        return tonight_sheet(configuration.network, today)
    return season_sheet(configuration, last_drills(configuration.storage.directory), today)


def _villages(codes: str | None, configuration: Configuration) -> list[int]:
    number = configuration.network.villages.index_of_code()
    asked = [code for code in (codes or "").split(",") if code]
    unknown = [code for code in asked if code not in number]
    if unknown or not asked:
        named = f"not in villages.csv: {', '.join(unknown)}" if unknown else "expected codes of villages.csv"
        raise WarnstreamError(f"--villages: {named}; such as 331124001001,331124001002")
    return [number[code] for code in dict.fromkeys(asked)]


def _risks(path: Path, configuration: Configuration) -> tuple[Risk, ...]:
    try:
        content = path.read_bytes()
    except OSError as error:
        columns = "docs/sheets.md has its columns"
        raise WarnstreamError(f"{path}: cannot be read ({error.strerror or error}); {columns}") from error
    faults = FaultLog()
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
