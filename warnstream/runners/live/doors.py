"""The ledger of doors in a running node: brought up to the log at a start, then given what the log is given.

A start takes the ledger's newest snapshot and follows the log from there. Where that snapshot, or the log
behind it, is lost, the ledger is rebuilt from what the log has, an alarm says so, and doors hear again what
stands, under the keys that they know. After a crash nobody knows who was in a channel's hands: that is an
entry of its own (`DOUBT`), before anything else is issued.
"""

import logging
from collections.abc import Callable, Iterable, Sequence

from warnstream.adapters.ledger.doors import DoorStore, doubtful_since_s
from warnstream.adapters.ledger.node_outbox import NodeOutbox
from warnstream.adapters.ledger.past_registers import RegisterOf, no_register
from warnstream.adapters.outbox.outbox import Rendered
from warnstream.delivery.ledger.facts import encode_outcomes
from warnstream.desk import WarningDesk
from warnstream.model.alarms import AlarmPort
from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import SILENT_CALLER, Digest, HelpClose
from warnstream.model.effects import RecipientAnswer
from warnstream.model.errors import StoreError
from warnstream.model.network import Network
from warnstream.model.warning import WarningMessage
from warnstream.runners.history.doors import follow_doors, take_of_doors
from warnstream.runners.intake.door_entries import (
    CALL_CLOSED,
    DOUBT,
    OUTCOME,
    ClosedCall,
    encode_closed,
    encode_doubt,
)
from warnstream.runners.intake.entries import decode_help
from warnstream.runners.intake.topics import Topics
from warnstream.runners.live.log import Log

log = logging.getLogger(__name__)

VILLAGES_NAMED = 20
STRANGERS = "ledger_strangers"
"""Alarm: doors were told something whose addresses are in no register any more."""

REBUILT = "ledger_rebuilt"
"""Alarm: what doors were told is known only as far as the log goes."""

Append = Callable[[list[tuple[str, bytes]]], int | None]
Render = Callable[[WarningMessage | Bulletin | Digest], Rendered]


class DoorKeeper:
    """What the keeper of a node does about doors; for the loop's thread.

    Parameters
    ----------
    outbox : NodeOutbox
    journal : Log
    alarms : AlarmPort
    append : callable
        Makes entries durable, however often the disk refuses; None once the node is to stop.
    register_of : callable
        Registers of configurations under which the log was written.
    """

    def __init__(
        self,
        outbox: NodeOutbox,
        journal: Log,
        alarms: AlarmPort,
        append: Append,
        register_of: RegisterOf = no_register,
    ) -> None:
        self._outbox, self._journal, self._alarms, self._append = outbox, journal, alarms, append
        self._register_of = register_of
        self._is_incomplete = False
        self._looked_at_s = -1
        self._is_recovering = False
        self._was_rebuilt = False

    @property
    def _doors(self) -> DoorStore:
        return self._outbox.doors

    def recover(self, network: Network, fingerprint: str, topics: Topics, now_s: int) -> None:
        """Bring the ledger up to the log under this register; before anything new is issued.

        `now_s` is the engine's time as a snapshot has it, -1 without any.
        """
        doors, journal = self._doors, self._journal
        after = doors.sequence
        if after > journal.last_sequence():
            log.warning("the log counts anew: the ledger goes on from its own snapshot", extra={"was": after})
            after = 0
        self._is_incomplete = after < journal.first_sequence() - 1 or (doors.is_new and not after)
        # Where nothing is to be followed, who has left is known without a bundle: to read one takes seconds.
        is_followed = journal.last_sequence() > after or not doors.is_register_kept
        doors.begin(network, fingerprint, self._register_of if is_followed else no_register)
        self._is_recovering = True
        found = journal.since(max(after, journal.first_sequence() - 1))
        followed = follow_doors(doors, found, topics, now_s)
        self._report(after, followed.n_events)
        self._doubt_if_due(followed.now_s)
        doors.follow_no_more()
        self._report_strangers()
        log.info("ledger of doors recovered", extra={"after": after, "entries": followed.n_events})

    def _report(self, after: int, n_taken: int) -> None:
        """A ledger that had to be rebuilt is nothing that goes unnoticed."""
        doors, first = self._doors, self._journal.first_sequence()
        has_gap = self._journal.last_sequence() > 0 and after < first - 1
        if not (doors.was_damaged or has_gap or (doors.is_new and n_taken)):
            return
        self._was_rebuilt = True
        where = f"entry {max(after + 1, first)}"
        log.critical("ledger of doors was damaged or lost, rebuilt from the log", extra={"from": where})
        text = f"the ledger of doors was damaged or lost and is rebuilt from the log, from {where} on"
        if has_gap:
            text += "; what was told before is not known, doors may hear again what stands"
        self._alarms.raise_alarm(REBUILT, text, is_blocking=False)

    def _report_strangers(self) -> None:
        """Doors that were told something and whose address nobody knows any more are told to people."""
        if not (strangers := self._doors.registers.strangers):
            self._alarms.end_alarm(STRANGERS)
            return
        count = len(strangers)
        log.critical("doors of a register that is gone were told something", extra={"doors": count})
        villages = ", ".join(sorted({village for village, _ in strangers})[:VILLAGES_NAMED])
        text = (
            f"{count} doors were told something under a register that is not kept any more and do not hear "
            f"its end: in {villages}"
        )
        zh = f"{count}户曾收到预警，但其所在登记册已不存在，收不到解除通知：{villages}"
        self._alarms.raise_alarm(STRANGERS, text, is_blocking=False, zh=zh)

    def _doubt_if_due(self, now_s: int) -> None:
        """After a crash, before anybody sends: who waits may have been in hand."""
        doors = self._doors
        since_s = doubtful_since_s(max(now_s, doors.newest_issued_s()))
        if doors.had_ended_well() or not doors.needs_doubt(since_s):
            return
        if self._append([(DOUBT, encode_doubt(since_s))]) is not None:
            doors.doubt(since_s)

    def recovered(self, standing: Iterable[Bulletin], fingerprint: str) -> None:
        """The log has been followed, and what it lacked was issued: the ledger is kept as it is now."""
        self._is_recovering = False
        doors = self._doors
        if self._is_incomplete:
            doors.issue(standing)
        try:
            doors.save(self._journal.last_sequence())
            doors.save_register(fingerprint)
        except StoreError as error:  # the log has everything
            log.error("ledger of doors not written", extra={"error": str(error)})  # noqa: TRY400
            return
        if not self._was_rebuilt:
            self._alarms.end_alarm(REBUILT)

    def call_silent(self, now_s: int) -> bool:
        """Doors that nobody answers from go on to their next channel; whether any did: there may be more."""
        if now_s == self._looked_at_s:
            return False
        outcomes = self._doors.silent.due(now_s)
        if not outcomes:
            self._looked_at_s = now_s
            return False
        payload = encode_outcomes(outcomes)
        if self._append([(OUTCOME, payload)]) is None:
            return False
        self._doors.take_outcomes(payload)
        n_doors = sum(len(outcome.doors) for outcome in outcomes)
        log.info("silent doors go on to their next channel", extra={"doors": n_doors})
        return True

    def issue(self, bulletins: Sequence[Bulletin], render: Render) -> None:
        """What the log has of a step is for doors from now on, whatever becomes of rows."""
        if bulletins:
            self._outbox.issue(bulletins, render)

    def take(self, kind: str, payload: bytes) -> None:
        """An entry of the ledger's own kinds. ValueError if it cannot be read."""
        take_of_doors(self._doors, kind, payload)

    def answer(self, answers: Sequence[RecipientAnswer]) -> None:
        """Answers of an entry; of the past they are known already."""
        if not self._is_recovering:
            self._doors.answer_many(answers)

    def close_call(self, payload: bytes, desk: WarningDesk, network: Network, now_s: int) -> None:
        """An entry about a call for help: a door's that is closed by it is closed in the ledger too."""
        action = decode_help(payload)
        if not isinstance(action, HelpClose) or desk.chains.fault_of(action):
            return
        calls = [chain.helps.of_name.get(action.help) for chain in desk.chains.of.values()]
        for call in calls:
            if call is None or call.caller_rank or call.caller == SILENT_CALLER:
                continue
            closed = ClosedCall(network.villages.code[call.village], call.caller, now_s)
            if self._append([(CALL_CLOSED, encode_closed(closed))]) is not None:
                self._doors.close_call(closed.village, closed.door, closed.at_s)


def note_end(doors: DoorStore, *, has_ended: bool) -> None:
    """Say whether the next start has to doubt what doors were told."""
    try:
        if has_ended:
            doors.end_well()
    except StoreError as error:
        log.warning("the end of the ledger cannot be noted", extra={"error": str(error)})
