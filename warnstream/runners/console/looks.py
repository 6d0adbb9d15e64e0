"""Answers to what consoles ask beside the situation: the past of a village, transfers, the node's health.

What the engine knows is told in the loop's thread, between two steps. What stands in files, or takes longer,
is read in a thread of its own, one question after the other, so that no reading waits for a screen.
"""

import logging
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from warnstream.adapters.audit.files import FOLDER as AUDIT
from warnstream.adapters.audit.lines import Line
from warnstream.adapters.audit.tail import newest_lines
from warnstream.adapters.console.frame import Ask
from warnstream.adapters.console.past import (
    BulletinFacts,
    DigestFacts,
    LineFacts,
    PastFacts,
    RecordFacts,
    VersionFacts,
    encode_past,
    encode_record,
)
from warnstream.adapters.http.models.county import StateRecord
from warnstream.adapters.http.models.transfers import TransfersRecord
from warnstream.adapters.ledger.doors import DoorStore
from warnstream.adapters.outbox.history import message_of
from warnstream.adapters.outbox.reader import PastRow, ToPost, read_past
from warnstream.config.settings import Configuration
from warnstream.engine import Engine
from warnstream.model.errors import StoreError, describe
from warnstream.model.hands.duty import DutyKind
from warnstream.model.network import Villages
from warnstream.model.times import DAY_S
from warnstream.runners.audit.facts import DRILL, DUTY, HELP_ASSIGNED, HELP_CLOSED, ORDER, RELEASE
from warnstream.runners.console.drills import DrillsPort
from warnstream.runners.drill.seen import seen_of
from warnstream.runners.explain.record import view_record
from warnstream.runners.intake.duty import place_of

log = logging.getLogger(__name__)

WAITING_MAX = 16
PAST_S = 7 * DAY_S
ISSUED_MAX, ACTS_MAX = 60, 200
BY_PEOPLE = (ORDER, RELEASE, HELP_ASSIGNED, HELP_CLOSED, DUTY, DRILL)
"""Kinds of lines that say what a person has done."""

Answer = Callable[[bytes, str], None]


class Readiness(Protocol):
    """What the node says of itself, from any thread."""

    def state(self) -> StateRecord:
        """Stations, villages, channels, alarms, audit."""

    def transfers(self, only: str | None) -> TransfersRecord:
        """Every list without its rows, or one with them."""

    @property
    def drill_room(self) -> DrillsPort:
        """Drills beside the real operation."""


class Situation(Protocol):
    """What is read of the keeper."""

    @property
    def engine(self) -> Engine:
        """The engine of the moment."""


class Looks:
    """Questions of consoles.

    Parameters
    ----------
    configuration : Configuration
    keeper : Situation
    status : Readiness
    doors : DoorStore
    """

    def __init__(
        self, configuration: Configuration, keeper: Situation, status: Readiness, doors: DoorStore
    ) -> None:
        self._keeper, self._status, self._doors = keeper, status, doors
        self._waiting: queue.Queue[tuple[Callable[[], bytes], Answer] | None] = queue.Queue(WAITING_MAX)
        self._thread = threading.Thread(target=self._read, name="looks", daemon=True)
        self.go_by(configuration)

    def start(self) -> None:
        """Read from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Read no more; what waits is not answered."""
        if self._thread.ident is not None:
            self._waiting.put(None)
            self._thread.join(5)

    def go_by(self, configuration: Configuration) -> None:
        """Places are those of this configuration from now on; in the loop's thread."""
        self._configuration = configuration
        self._village = configuration.network.villages.index_of_code()

    def take(self, ask: Ask, answer: Answer) -> None:
        """Answer, or leave it to the thread that reads files; in the loop's thread."""
        configuration, village = self._configuration, ask.village
        if ask.what == "why":
            answer(msgspec.json.encode(self._why(village)), "")
        elif ask.what == "past":
            self._later(lambda: self._past(configuration, village), answer)
        elif ask.what == "record":
            self._later(lambda: self._record(configuration, ask.cursor), answer)
        elif ask.what == "transfers":
            self._later(lambda: msgspec.json.encode(self._status.transfers(village or None)), answer)
        elif ask.what == "state":
            self._later(lambda: msgspec.json.encode(self._status.state()), answer)
        elif ask.what == "drills":
            records = self._status.drill_room.records
            self._later(lambda: msgspec.json.encode(seen_of(configuration, records())), answer)
        else:
            answer(b"", f"nothing is known of {ask.what!r}")

    def _later(self, tell: Callable[[], bytes], answer: Answer) -> None:
        try:
            self._waiting.put_nowait((tell, answer))
        except queue.Full:
            answer(b"", "too many ask")

    def _read(self) -> None:
        while (one := self._waiting.get()) is not None:
            tell, answer = one
            try:
                content = tell()
            except StoreError as error:
                answer(b"", str(error))
            except Exception as error:  # the next one is answered
                log.exception("a console cannot be answered")
                answer(b"", describe(error))
            else:
                answer(content, "")

    def _why(self, code: str) -> object:
        engine = self._keeper.engine
        village = self._village.get(code)
        if village is None:
            raise StoreError("there is no such village", retryable=False)
        try:
            view = engine.assessment.view(village)
        except ValueError as error:
            raise StoreError(str(error), retryable=True) from None
        return view_record(self._configuration, view, engine.desk.of_village(village), names_posts=False)

    def _past(self, configuration: Configuration, code: str) -> bytes:
        directory: Path = configuration.storage.directory
        since_s = max(self._keeper.engine.desk.now_s - PAST_S, 0)
        found = read_past(directory, code, since_s, ISSUED_MAX)
        villages = configuration.network.villages
        acts = newest_lines(
            directory / AUDIT, BY_PEOPLE, lambda line: _concerns(line, code, villages), ACTS_MAX
        )
        return encode_past(
            PastFacts(
                code,
                [_version(row) for row in found.messages],
                [self._bulletin(row) for row in found.bulletins],
                [_digest(row) for row in found.digests],
                [_line(line) for line in acts.lines],
                acts.is_whole and max(len(rows) for rows in found) < ISSUED_MAX,
            )
        )

    def _bulletin(self, row: PastRow) -> BulletinFacts:
        told = self._doors.tally(row.identifier)
        return BulletinFacts(
            row.identifier,
            row.sent_s,
            row.msg_type,
            row.level,
            row.text_zh,
            row.text_en,
            told.addressed,
            told.sent,
            told.delivered,
            told.answered,
            told.unreachable,
        )

    @staticmethod
    def _record(configuration: Configuration, after: int) -> bytes:
        folder = configuration.storage.directory / AUDIT
        found = newest_lines(folder, BY_PEOPLE, lambda _: True, ACTS_MAX, after)
        return encode_record(RecordFacts([_line(line) for line in found.lines], found.is_whole))


def _concerns(line: Line, code: str, villages: Villages) -> bool:
    """Whether what a person did is about a village; its readers and who saw its township's alarm, too."""
    content = line.content
    named = content.get("villages")
    if isinstance(named, list) and code in named:
        return True
    if code in str(content.get("help", "")).split("."):
        return True
    if content.get("kind") == str(DutyKind.READ):
        return str(content.get("note", "")).startswith(f"doors of {code} ")
    number = villages.index_of_code().get(code)
    return number is not None and content.get("place") == list(place_of(villages, number))


def _version(row: PastRow) -> VersionFacts:
    message = message_of(row.record)
    return VersionFacts(
        identifier=message.identifier,
        warning=message.warning,
        version=message.version,
        hazard=message.hazard,
        level=int(message.level),
        previous=int(message.previous),
        msg_type=str(message.msg_type),
        status=str(message.status),
        cause=str(message.cause),
        sent_s=message.sent_s,
        crossed_s=message.crossed_at_s,
        expires_s=message.expires_s,
        by_hand=message.by_hand,
        confirmed=message.confirmed,
        reason=message.reason,
        text_zh=row.text_zh,
        text_en=row.text_en,
        cap=row.document,
    )


def _digest(row: ToPost) -> DigestFacts:
    times = (-1.0 if at is None else at for at in (row.sent_at, row.delivered_at, row.answered_at))
    return DigestFacts(row.post, row.channel, row.issued_s, row.level, row.text_zh, row.text_en, *times)


def _line(line: Line) -> LineFacts:
    return LineFacts(line.entry, line.time, line.kind, line.content)
