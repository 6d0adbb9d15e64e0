"""The command ``warnstream doctor``."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict

from rich.console import Console

from warnstream.config.settings import Configuration
from warnstream.runners.doctor.broker import broker
from warnstream.runners.doctor.certificates import certificates
from warnstream.runners.doctor.clock import clock
from warnstream.runners.doctor.disk import disk
from warnstream.runners.doctor.finding import Finding, Health, fault
from warnstream.runners.doctor.ports import ports

STYLES = {Health.OK: "green", Health.LOOK: "yellow", Health.FAULT: "bold red"}
EXIT_FAULT = 1


def examine(configuration: Configuration) -> Iterator[Finding]:
    """Every part; one that cannot be looked at hides no other."""
    parts: dict[str, Callable[[], Iterator[Finding]]] = {
        "clock": lambda: clock(configuration.storage.directory),
        "disk": lambda: disk(configuration),
        "certificates": lambda: certificates(configuration),
        "ports": lambda: ports(configuration),
        "broker": lambda: broker(configuration),
    }
    for part, findings in parts.items():
        try:
            yield from findings()
        except Exception as error:  # noqa: BLE001  # what an odd machine answers is for the reader
            yield fault(part, f"could not be looked at: {error!r}")


def run_doctor(configuration: Configuration, *, as_json: bool) -> int:
    """Print every finding; returns the exit status."""
    console = Console(highlight=False, soft_wrap=True)
    n_of = dict.fromkeys(Health, 0)
    for finding in examine(configuration):
        n_of[finding.health] += 1
        if as_json:
            print(json.dumps(asdict(finding), ensure_ascii=False), flush=True)  # noqa: T201
        else:
            style = STYLES[finding.health]
            console.print(f"[{style}]{finding.health:5}[/] {finding.part:12} ", end="")
            console.print(finding.words, markup=False)
    if not as_json:
        console.print(f"{n_of[Health.FAULT]} faults, {n_of[Health.LOOK]} to look at")
    return EXIT_FAULT if n_of[Health.FAULT] else 0
