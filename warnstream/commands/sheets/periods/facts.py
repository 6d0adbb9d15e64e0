"""What is known of a period, from archives, the outbox, events, the list of risks and kept drills."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from warnstream.adapters.journal.conversion import FOLDER as JOURNAL
from warnstream.adapters.outbox.history import message_of
from warnstream.adapters.outbox.reader import read_opened
from warnstream.commands.sheets.periods.archives import open_any
from warnstream.commands.sheets.periods.stretch import Period
from warnstream.config.settings import Configuration
from warnstream.config.tables.risks import Risk
from warnstream.model.times import DAY_S, iso_local, parse_iso
from warnstream.model.warning import WarningMessage
from warnstream.review.events import Event, read_events
from warnstream.review.report import read_warnings
from warnstream.runners.afterwards.long_run import GaugeYield, gauge_yield
from warnstream.runners.drill.scores import DrillScores, kept_scores

SAY_EVERY_S = 10
BEFORE_S = 7 * DAY_S


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a period is read from; None: that of the node, where there is one."""

    archives: tuple[Path, ...] = ()
    warnings: Path | None = None
    events: Path | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """Warnings that began in the period.

    Attributes
    ----------
    messages : tuple of WarningMessage
        All of each, in the order of issue; of the status that the configuration has.
    before : tuple of WarningMessage
        Of warnings that began up to `BEFORE_S` earlier: an event at the begin may have been theirs.
    n_other : int
        Warnings of the other status (exercises, where it is real): not among them.
    n_gone : int
        Messages of villages that the register does not have any more: not among them.
    source : str
    since_s : int or None
        When the first message of all was issued that the source has.
    """

    messages: tuple[WarningMessage, ...]
    before: tuple[WarningMessage, ...]
    n_other: int
    n_gone: int
    source: str
    since_s: int | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known; None: nobody knows, or nobody has said."""

    period: Period
    gauges: GaugeYield | None
    archives: tuple[str, ...]
    issued: Issued | None
    events: list[Event] | None
    risks: Sequence[Risk] | None
    drills: Sequence[DrillScores]


def facts_of(
    configuration: Configuration, period: Period, sources: Sources, risks: Sequence[Risk] | None
) -> Facts:
    """Read everything.

    Raises
    ------
    WarnstreamError
        If a source that was named, or one of the node, cannot be read.
    """
    storage = configuration.storage.directory
    events = read_events(sources.events) if sources.events else None
    paths = sources.archives
    if not paths and (storage / JOURNAL).is_dir():
        paths = (storage,)
    issued = _issued(configuration, period, sources.warnings)
    gauges = None
    if paths:
        archives = [open_any(path, configuration) for path in paths]
        tell = _progress(configuration)
        gauges = gauge_yield(configuration, archives, period.begin_s, period.end_s, tell)
    drills = [
        scores for scores in kept_scores(storage) if period.begin_s <= parse_iso(scores.begun) < period.end_s
    ]
    return Facts(period, gauges, tuple(map(str, paths)), issued, events, risks, drills[::-1])


def _issued(configuration: Configuration, period: Period, path: Path | None) -> Issued | None:
    """Those of a file, else of the node's outbox; None where there is neither."""
    villages = configuration.network.villages
    if path is not None:
        return _own(read_warnings(path, villages), configuration, period, 0, path.name)
    storage = configuration.storage.directory
    opened = read_opened(storage, period.begin_s - BEFORE_S, period.end_s)
    if opened.since_s is None:
        return None
    number = villages.index_of_name()
    known = [
        replace(message_of(record), village=number[code])
        for code, record in opened.messages
        if code in number
    ]
    issued = _own(known, configuration, period, len(opened.messages) - len(known), str(storage))
    return replace(issued, since_s=opened.since_s)


def _own(
    found: list[WarningMessage], configuration: Configuration, period: Period, n_gone: int, source: str
) -> Issued:
    status = configuration.message.status
    first_s: dict[str, int] = {}
    for message in found:
        first_s[message.warning] = min(first_s.get(message.warning, message.sent_s), message.sent_s)
    is_meant = {message.warning: message.status is status for message in found}
    own = {name for name, at_s in first_s.items() if period.begin_s <= at_s < period.end_s}
    begins_s = period.begin_s - BEFORE_S
    before = {name for name, at_s in first_s.items() if begins_s <= at_s < period.begin_s}
    of_own, of_before = (
        tuple(message for message in found if message.warning in names and is_meant[message.warning])
        for names in (own, before)
    )
    n_other = sum(not is_meant[name] for name in own)
    return Issued(of_own, of_before, n_other, n_gone, source, min(first_s.values(), default=None))


def _progress(configuration: Configuration) -> Callable[[int], None]:
    said_at = time.monotonic()

    def tell(now_s: int) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= SAY_EVERY_S:
            said_at = time.monotonic()
            print(iso_local(now_s, configuration.message.time_zone), file=sys.stderr, flush=True)  # noqa: T201

    return tell
