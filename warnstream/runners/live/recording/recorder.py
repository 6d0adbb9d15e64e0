"""What was issued into the outbox: one fault delays nothing else, and is caught up with from the log.

Everything issued is an entry of the log first, so the outbox can always be
brought up to it: after a crash between the two, while another process holds its
file, and from nothing when its file is damaged. While it is behind, readings are
taken and judged as ever, no snapshot is written, and an alarm says so.

A front warns everybody in one step. So what a step asks for is recorded in parts, the worst first, a slice of
them per turn of the loop (`SLICE_S`): texts and documents are made then, and readings are judged in between.
Doors do not wait for any of it: the ledger has them from the log.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from warnstream.adapters.ledger.node_outbox import NodeOutbox
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.outbox.outbox import Render
from warnstream.adapters.sqlite import DamagedError
from warnstream.desk import WarningDesk
from warnstream.model.alarms import AlarmPort
from warnstream.model.effects import Effects
from warnstream.model.errors import StoreError, describe
from warnstream.model.network import Network
from warnstream.runners.intake.history_entries import ISSUED, decode_issued
from warnstream.runners.intake.standby_entries import TOLD, decode_told
from warnstream.runners.live.log import Log
from warnstream.runners.live.recording.parts import part_of, parts_of, warnings_of

log = logging.getLogger(__name__)

RETRY_S = 2.0
"""Pause before an outbox that refused is tried again."""

SLICE_S = 0.02
"""Of a turn of the loop, for what waits to be recorded; a part that was begun is ended."""

DEFERRED_MAX = 100_000
"""Answers and notices that wait for an outbox that refuses; beyond it the oldest go, and the log has them."""


_OF_ROWS = frozenset({ISSUED, TOLD})


class Deferred(NamedTuple):
    """Something to be recorded; `is_in_log`: catching up records it, too."""

    write: Callable[[], object]
    is_in_log: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """What is needed to say again what was issued: the desk, places and people, and how a message reads."""

    desk: WarningDesk
    network: Network
    render: Render


class Recorder:
    """Keeps an outbox level with what the log says was issued; for the loop's thread.

    Parameters
    ----------
    outbox : NodeOutbox
    journal : Log
    alarms : AlarmPort
    metrics : Metrics
    wake_channels : callable
    """

    def __init__(
        self,
        outbox: NodeOutbox,
        journal: Log,
        alarms: AlarmPort,
        metrics: Metrics,
        wake_channels: Callable[[], None],
    ) -> None:
        self._outbox, self._journal, self._alarms, self._metrics = outbox, journal, alarms, metrics
        self._wake_channels = wake_channels
        self._deferred: deque[Deferred] = deque()
        self._left_s = SLICE_S
        self._is_behind = True  # until a start has caught up: nothing may be recorded before what it lacks
        self._tried_at = 0.0

    @property
    def is_level(self) -> bool:
        """Whether everything issued is recorded."""
        return not self._is_behind and not self._deferred

    def record(self, entry: int, effects: Effects, desk: Desk) -> None:
        """Keep what the entry says was issued, now or in the next turns; later, where the outbox refuses."""
        if self._is_behind:
            return
        parts = list(parts_of(effects))
        for number, part in enumerate(parts, start=1):
            progress = entry if number == len(parts) else 0
            self._defer(Deferred(partial(self._write, progress, part, desk), is_in_log=True))
        self._work()

    def write(self, write: Callable[[], object]) -> None:
        """Something that concerns what is recorded: an answer, a notice. In order, and later if need be."""
        self._defer(Deferred(write, is_in_log=False))
        if not self._is_behind:
            self._work()
        elif len(self._deferred) > DEFERRED_MAX:
            self._deferred.popleft()

    def go_on(self) -> bool:
        """A turn of the loop: record some of what waits; whether there is more."""
        self._left_s = SLICE_S
        if not self._is_behind:
            self._work()
        return not self._is_behind and bool(self._deferred)

    def finish(self) -> None:
        """Record all that waits, however long that takes."""
        self._left_s = float("inf")
        if not self._is_behind:
            self._work()
        self._left_s = SLICE_S

    def retire_channels(self, known: Sequence[str]) -> None:
        """What waits for a channel that was removed is not waited for in silence."""

        def retire() -> None:
            if retired := self._outbox.retire_channels(known):
                log.error("notifications of removed channels have failed", extra={"count": retired})

        self.write(retire)

    def catch_up_if_due(self, desk: Desk) -> None:
        """Try again, now and then, what the outbox refused."""
        if self._is_behind and time.monotonic() - self._tried_at >= RETRY_S:
            self.catch_up(desk)

    def catch_up(self, desk: Desk) -> None:
        """Record everything that the log has and the outbox has not."""
        self._tried_at = time.monotonic()
        try:
            self._catch_up(desk)
        except StoreError as error:
            self._fall_behind(error)

    def _catch_up(self, desk: Desk) -> None:
        begun = self._outbox.progress()
        for entry, kind, payload in self._told_after(begun):
            if kind == TOLD:  # by another box with this log
                self.take_told(payload)
                continue
            issued = decode_issued(payload)
            digests = issued.digests_now(desk.network)
            for part in parts_of(desk.desk.restate(issued.messages, issued.bulletins, digests)):
                self._write(0, part, desk)
            self._outbox.advance(entry)
        if begun == 0:  # a new outbox, or of an earlier version: the log may not reach back to what stands
            for part in parts_of(Effects(to_newcomers=desk.desk.last_bulletins())):
                self._write(0, part, desk)
        self._outbox.advance(self._journal.last_sequence())
        self._is_behind = False
        self.finish()
        if self.is_level:
            self._alarms.end_alarm("outbox")
            self._wake_channels()

    def take_told(self, payload: bytes) -> None:
        """What became of rows, as an entry says it. StoreError if the outbox refuses."""
        try:
            self._outbox.take_told(*decode_told(payload))
        except ValueError as error:
            log.error("entry of what was told cannot be read", extra={"error": str(error)})  # noqa: TRY400

    def _told_after(self, entry: int) -> Iterator[tuple[int, str, bytes]]:
        entry = max(entry, self._journal.first_sequence() - 1)
        return (found for found in self._journal.since(entry) if found[1] in _OF_ROWS)

    def _write(self, entry: int, effects: Effects, desk: Desk) -> None:
        effects = self._with_untold_ends(self._without_names_taken(effects, desk), desk)
        try:
            self._outbox.record(effects, desk.network, desk.render, entry)
        except StoreError:
            raise
        except Exception:
            log.exception("messages cannot be recorded together, each is tried alone", extra={"entry": entry})
            self._write_one_by_one(effects, desk)
            self._outbox.advance(entry)
        else:
            for warning in warnings_of(effects):
                self._alarms.end_alarm(f"message:{warning}")
        self._wake_channels()

    def _with_untold_ends(self, effects: Effects, desk: Desk) -> Effects:
        """A digest that replaces one that was never sent says what has ended by that one, too."""
        if not effects.digests:
            return effects
        number = desk.network.villages.index_of_name()
        digests = []
        for digest in effects.digests:
            untold = self._outbox.untold_ends(digest.voice, digest.sequence)
            ends = [(number[end.village], end.hazard, end.cause) for end in untold if end.village in number]
            digests.append(desk.desk.chains.with_ends(digest, ends) if ends else digest)
        return replace(effects, digests=digests)

    def _write_one_by_one(self, effects: Effects, desk: Desk) -> None:
        """One warning that cannot be recorded keeps no other from its recipients."""
        for warning in warnings_of(effects):
            try:
                self._outbox.record(part_of(effects, warning), desk.network, desk.render)
            except StoreError:
                raise
            except Exception as error:
                log.exception("message cannot be recorded", extra={"warning": warning})
                self._metrics.messages_lost.inc()
                text = f"a message of {warning} cannot be handed to the channels: {describe(error)}"
                self._alarms.raise_alarm(f"message:{warning}", text)
            else:
                self._alarms.end_alarm(f"message:{warning}")

    def _without_names_taken(self, effects: Effects, desk: Desk) -> Effects:
        """Messages whose names people know with another content go out as the next version instead."""
        taken = self._outbox.names_taken(effects.messages, desk.network.villages.code)
        for found in taken:
            message = found.message
            self._metrics.names_taken.inc()
            desk.desk.renew(message.warning, found.newest_version)
            text = f"{message.identifier} had been issued with another content: the next version goes out"
            log.error("name taken", extra={"identifier": message.identifier})
            self._alarms.raise_alarm(f"name:{message.warning}", text, is_blocking=False)
        names = {found.message.warning for found in taken}
        for warning in warnings_of(effects):
            if warning not in names:
                self._alarms.end_alarm(f"name:{warning}")
        if not names:
            return effects
        kept = Effects()
        for warning in warnings_of(effects):
            if warning not in names:
                part = part_of(effects, warning)
                kept.messages.extend(part.messages)
                kept.bulletins.extend(part.bulletins)
                kept.to_newcomers.extend(part.to_newcomers)
                kept.digests.extend(part.digests)
        return kept

    def _defer(self, one: Deferred) -> None:
        self._deferred.append(one)
        self._outbox.unrecorded = len(self._deferred)

    def _work(self) -> None:
        """Record what waits while there is time left in this turn."""
        while self._deferred and self._left_s > 0:
            begun_s = time.monotonic()
            try:
                self._deferred[0].write()
            except StoreError as error:
                self._fall_behind(error)
                return
            except Exception:
                log.exception("an answer or notice cannot be recorded")
            self._deferred.popleft()
            self._outbox.unrecorded = len(self._deferred)
            self._left_s -= time.monotonic() - begun_s

    def _fall_behind(self, error: StoreError) -> None:
        """Say so, and put a damaged file aside at once: a new one can be filled from the log."""
        self._is_behind = True
        self._deferred = deque(deferred for deferred in self._deferred if not deferred.is_in_log)
        self._outbox.unrecorded = len(self._deferred)
        self._tried_at = time.monotonic()
        self._metrics.storage_refusals.inc()
        self._alarms.raise_alarm("outbox", f"warnings are not handed to the channels: {error}")
        if isinstance(error, DamagedError):
            try:
                aside = self._outbox.begin_anew()
            except StoreError as again:
                log.critical("damaged outbox cannot be put aside", extra={"error": str(again)})
                return
            report_put_aside(self._alarms, str(aside))
            self._tried_at = 0.0


def report_put_aside(alarms: AlarmPort, aside: str) -> None:
    """Tell the duty officer that who was told what is known only as far as the log and the devices know."""
    log.critical("outbox was damaged, put aside and begun anew", extra={"aside": aside})
    text = f"the outbox was damaged and is rebuilt from the log; the old file is {aside}"
    alarms.raise_alarm("outbox_rebuilt", text, is_blocking=False)
