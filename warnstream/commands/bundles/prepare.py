"""What a node's child does for a reload: load, check, test, look ahead, derive. Read only.

``python -c PROGRAM DESCRIPTOR`` with an `Ask` on its standard input, which the node keeps open: the child
ends with it. It is the first to go where memory is short, and never in the way of the node.
"""

import contextlib
import os
import resource
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

import msgspec

from warnstream.adapters.bundles.store import BundleStore
from warnstream.commands.bundles.preview import find_beside, lines_of, quiet
from warnstream.commands.end import removal_faults
from warnstream.commands.reality import reality_looks
from warnstream.commands.rule_tests.command import tests_looks
from warnstream.config.load import load_configuration
from warnstream.config.rule_tests.read import files_of, read_tests
from warnstream.config.settings import Configuration
from warnstream.config.summary import lints
from warnstream.config.wording import count_of
from warnstream.model.errors import ConfigError, WarnstreamError, describe
from warnstream.runners.build import Derived, derive
from warnstream.runners.bundles.beside import NothingJudgedError
from warnstream.runners.bundles.frozen import load_bundle
from warnstream.runners.live.reloading.handover import (
    DOORS_UNKNOWN,
    Ask,
    Report,
    parts_of,
    software_stamp,
    write_parts,
)
from warnstream.runners.rule_tests.suite import outcomes_of

MEMORY_BYTES_MAX = 8 << 30
"""Of addresses: ten counties with all of their doors take a quarter of it."""

NICE = 10
OOM_FIRST = "1000"
FAULTS_SHOWN_MAX = 200


class RefusedError(WarnstreamError):
    """Faults, one in a line."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = list(faults)
        super().__init__("\n".join(self.faults))


def main(arguments: list[str]) -> int:
    """Prepare what is asked for; the answer goes to the descriptor that is named."""
    ask = msgspec.json.decode(sys.stdin.buffer.readline(), type=Ask)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _step_aside()
    with os.fdopen(int(arguments[0]), "wb") as out:
        try:
            report, derived = prepare(ask)
        except RefusedError as refused:
            more = len(refused.faults) - FAULTS_SHOWN_MAX
            faults = refused.faults[:FAULTS_SHOWN_MAX] + ([f"and {more} more"] if more > 0 else [])
            write_parts(out, Report(faults), iter(()))
        except MemoryError:
            needed = f"it needs more than {MEMORY_BYTES_MAX >> 20} MiB of memory to be read"
            write_parts(out, Report([needed]), iter(()))
        except Exception as error:  # noqa: BLE001  # whatever it is, who asked is told
            write_parts(out, Report([describe(error)]), iter(()))
        else:
            write_parts(out, report, parts_of(derived))
    return 0


def prepare(ask: Ask) -> tuple[Report, Derived]:
    """Everything about a configuration that a node has to know before it changes over.

    Raises
    ------
    RefusedError
        With everything that keeps it from going live.
    """
    directory, storage = Path(ask.directory), Path(ask.storage)
    try:
        configuration = _load(ask)
        if ask.is_bare:
            return Report(fingerprint=configuration.fingerprint, software=software_stamp()), derive(
                configuration
            )
        removed = [str(fault) for fault in removal_faults(configuration)]
        if removed:
            raise RefusedError(removed)
        tests = "" if ask.bundle else _run_tests(directory)
    except ConfigError as error:
        raise RefusedError(str(fault) for fault in error.faults) from error
    known = _known_looks(ask)
    looks = [look for look in _looks(configuration, directory) if look not in known]
    preview, doors = _look_ahead(configuration, storage)
    report = Report([], looks, preview, doors, tests, configuration.fingerprint, software_stamp())
    return report, derive(configuration)


def _load(ask: Ask) -> Configuration:
    if ask.bundle:
        return load_bundle(BundleStore(Path(ask.storage)).bundle(ask.bundle))
    return load_configuration(Path(ask.directory))


def _run_tests(directory: Path) -> str:
    files = files_of(directory)
    if not files:
        return ""
    n_passed, failed = 0, []
    for outcome in outcomes_of(read_tests(directory, files)):
        n_passed += not outcome.misses
        if outcome.misses:
            failed.append(f"{outcome.test.file}:{outcome.test.line}: {outcome.test.name}: the test failed")
    if failed:
        raise RefusedError([*failed, f"see warnstream test {directory}"])
    return f"{count_of(n_passed, 'test', 'tests')} passed"


def _known_looks(ask: Ask) -> set[str]:
    """What the live configuration had people look at."""
    if not ask.live:
        return set()
    try:
        live = load_bundle(BundleStore(Path(ask.storage)).bundle(ask.live))
        return set(_looks(live, Path(ask.directory)))
    except WarnstreamError:
        return set()


def _looks(configuration: Configuration, directory: Path) -> list[str]:
    return [*lints(configuration), *reality_looks(configuration), *tests_looks(directory)]


def _look_ahead(configuration: Configuration, storage: Path) -> tuple[list[str], int]:
    try:
        with quiet():
            found, caveat = find_beside(configuration, storage)
    except NothingJudgedError as error:
        return [str(error)], 0
    except WarnstreamError as error:
        return [f"nothing can be said of what would be told: {error}"], DOORS_UNKNOWN
    notes = [f"look at: {note}" for note in (*found.notes, caveat) if note]
    return [*lines_of(found), *notes], sum(found.told.values())


def _step_aside() -> None:
    """Less of everything than the node."""
    with contextlib.suppress(OSError):
        os.nice(NICE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(OOM_FIRST, encoding="ascii")


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)
