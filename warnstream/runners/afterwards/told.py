"""What a journal says was told, who answered and what became of it: one pass over its entries.

Two clocks stand in a journal. *Engine time* is that of steps, messages and answers. *Written* is the
machine's clock when an entry reached the disk; outcomes of doors are told in it. Of a node on the system's
clock they are the same; of a simulated one only differences within one clock mean anything.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from warnstream.adapters.journal.extents import find_extent, read_timed_entries
from warnstream.delivery.ledger.facts import DoorOutcome, decode_outcomes
from warnstream.model.alarms import AlarmSignal
from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import CallFailed, Digest, FieldReport, HelpAssign, HelpClose, ReportBody
from warnstream.model.effects import OperatorAffirm, OperatorCancel, RecipientAnswer
from warnstream.model.errors import ArchiveError
from warnstream.model.hands.drills import DrillOrder
from warnstream.model.hands.orders import HandOrder
from warnstream.model.observations.signs import SignReport, SignVerdict
from warnstream.model.transfers.marks import RowMark
from warnstream.model.warning import WarningMessage
from warnstream.runners.history.doors import heard
from warnstream.runners.intake import entries
from warnstream.runners.intake.door_entries import OUTCOME
from warnstream.runners.intake.history_entries import (
    CONFIGURATION,
    ISSUED,
    SET_ASIDE,
    ConfigurationEntry,
    decode_configuration,
    decode_issued,
)
from warnstream.runners.intake.topics import Topics
from warnstream.runners.replay.journal_entries import journal_folder

Act = (
    HandOrder
    | OperatorCancel
    | OperatorAffirm
    | HelpAssign
    | HelpClose
    | FieldReport
    | SignReport
    | SignVerdict
    | CallFailed
    | RowMark
    | DrillOrder
)
"""What people did, or a channel said of a post, as an entry or a message holds it."""


@dataclass(frozen=True, slots=True)
class OfMessage:
    """A warning message: code of its village, and when its entry was written (the machine's clock)."""

    village: str
    message: WarningMessage
    written_at: float


@dataclass(frozen=True, slots=True)
class OfDoors:
    """A bulletin: code of its village, and when its entry was written."""

    village: str
    bulletin: Bulletin
    written_at: float


@dataclass(frozen=True, slots=True)
class OfPost:
    """A digest, the codes of the villages that it names by their numbers then, and when it was written."""

    digest: Digest
    code_of: dict[int, str]
    written_at: float


@dataclass(slots=True)
class Told:
    """Everything of a journal that is about people, in its order.

    Attributes
    ----------
    begin_s, end_s : int
        Engine time of its first and its last step; -1 without any.
    configurations : list of (int, ConfigurationEntry)
        With the engine time at which each began; -1 for one before the first step.
    messages, bulletins, digests
        Each once, however often a restart issued it.
    outcomes : list of DoorOutcome
    answers : list of RecipientAnswer
        Engine time.
    acts : list of (int, Act)
        With engine time.
    alarms : list of AlarmSignal
    n_set_aside : int
        Entries that could not be judged.
    """

    begin_s: int = -1
    end_s: int = -1
    configurations: list[tuple[int, ConfigurationEntry]] = field(default_factory=list)
    messages: list[OfMessage] = field(default_factory=list)
    bulletins: list[OfDoors] = field(default_factory=list)
    digests: list[OfPost] = field(default_factory=list)
    outcomes: list[DoorOutcome] = field(default_factory=list)
    answers: list[RecipientAnswer] = field(default_factory=list)
    acts: list[tuple[int, Act]] = field(default_factory=list)
    alarms: list[AlarmSignal] = field(default_factory=list)
    n_set_aside: int = 0


OnEntry = Callable[[str, bytes, int], None]
"""Given each entry's kind and payload, and the engine time before it."""


def read_told(directory: Path, topics: Topics, on_entry: OnEntry | None = None) -> Told:
    """Go through a journal once.

    Parameters
    ----------
    directory : Path
        A node's storage directory, its folder ``journal``, or a copy; the node may be running.
    topics : Topics
        Which messages are answers, reports and signs.
    on_entry : callable, optional
        Looks at each entry, too: what stations sent.

    Raises
    ------
    ArchiveError
        If there is no journal, or an entry of what was issued cannot be read.
    StoreError
        If an entry is missing or damaged.
    """
    extent = find_extent(journal_folder(directory))
    reading = _Reading(Told(), topics)
    for number, written_at, kind, payload in read_timed_entries(extent, extent.segments[0].first_sequence):
        if on_entry is not None:
            on_entry(kind, payload, reading.now_s)
        try:
            reading.take(kind, payload, written_at)
        except (ValueError, msgspec.MsgspecError) as error:
            if kind in (ISSUED, CONFIGURATION, OUTCOME):
                raise ArchiveError(f"{directory}: entry {number} ({kind}) cannot be read: {error}") from error
            reading.told.n_set_aside += 1
    reading.told.end_s = reading.now_s
    return reading.told


@dataclass(slots=True)
class _Reading:
    told: Told
    topics: Topics
    now_s: int = -1
    _known: set[str] = field(default_factory=set)

    def take(self, kind: str, payload: bytes, written_at: float) -> None:
        """One entry."""
        told = self.told
        if kind == ISSUED:
            self._take_issued(payload, written_at)
        elif kind == OUTCOME:
            told.outcomes += decode_outcomes(payload)
        elif kind == CONFIGURATION:
            told.configurations.append((self.now_s, decode_configuration(payload)))
        elif kind == entries.ALARM:
            told.alarms.append(entries.decode_alarm(payload))
        elif kind == SET_ASIDE:
            told.n_set_aside += 1
        elif kind in entries.ACTION_DECODERS:
            act = entries.ACTION_DECODERS[kind](payload)
            if isinstance(act, Act):  # not an answer or an alert: these have kinds of their own
                told.acts.append((self.now_s, act))
        else:
            self._take_heard(kind, payload)

    def _take_heard(self, kind: str, payload: bytes) -> None:
        """What was sent to the node: the time, answers, reports."""
        before_s = self.now_s
        self.now_s, answers = heard(kind, payload, self.topics, before_s)
        self.told.answers += answers
        if kind == entries.MESSAGES and self._may_report(payload):
            self.told.acts += [(self.now_s, act) for act in _said_in(payload, self.topics)]
        if before_s < 0 <= self.now_s:
            self.told.begin_s = self.now_s

    def _may_report(self, payload: bytes) -> bool:
        return any(f"{self.topics.prefix}/{word}/".encode() in payload for word in ("report", "sign"))

    def _take_issued(self, payload: bytes, written_at: float) -> None:
        issued = decode_issued(payload)
        told = self.told
        told.messages += [
            OfMessage(code, message, written_at)
            for code, message in issued.messages
            if self._is_new(message.identifier)
        ]
        told.bulletins += [
            OfDoors(code, bulletin, written_at)
            for code, bulletin in issued.bulletins
            if self._is_new(bulletin.identifier)
        ]
        told.digests += [
            OfPost(digest, issued.digest_villages, written_at)
            for digest in issued.digests
            if self._is_new(digest.identifier)
        ]

    def _is_new(self, identifier: str) -> bool:
        is_new = identifier not in self._known
        self._known.add(identifier)
        return is_new


def _said_in(payload: bytes, topics: Topics) -> Iterator[Act]:
    """Reports and signs of an entry of messages, as far as they can be read: the node refused the others."""
    for topic, content in entries.decode_messages(payload):
        sender, observer = topics.reporter_of(topic), topics.observer_of(topic)
        try:
            if sender is not None:
                yield msgspec.json.decode(content, type=ReportBody).by(sender)
            elif observer is not None:
                yield entries.sign_action(msgspec.json.decode(content, type=entries.SignEntry), observer)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            continue
