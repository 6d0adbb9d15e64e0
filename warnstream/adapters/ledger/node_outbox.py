"""The outbox of a node: doors in the ledger, topics, posts and alarms in rows, behind the same methods."""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from warnstream.adapters.ledger.book import AskLog
from warnstream.adapters.ledger.doors import DoorStore
from warnstream.adapters.ledger.held_posts import HeldPosts
from warnstream.adapters.ledger.imported import import_doors
from warnstream.adapters.ledger.links import is_of_door
from warnstream.adapters.ledger.register import Following
from warnstream.adapters.outbox.digests import as_read_by
from warnstream.adapters.outbox.outbox import Outbox, Proves, Rendered
from warnstream.adapters.outbox.post_links import PostLinks, is_of_post, post_link_number
from warnstream.adapters.outbox.told_elsewhere import ToldElsewhere
from warnstream.adapters.outbox.types import Addressed, Claimed, Reach, split_key
from warnstream.config.channels.following import after_of, next_of, silent_after_of
from warnstream.config.channels.section import ChannelSection
from warnstream.delivery.dispatch.notification import Settlement, Signal, State
from warnstream.delivery.dispatch.queue import ROWS, Urgency, rows_before
from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import Digest
from warnstream.model.effects import Effects, RecipientAnswer, RecipientKind, RenderedBulletin
from warnstream.model.errors import StoreError
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.warning import WarningMessage

log = logging.getLogger(__name__)

NO_CHANNELS: Mapping[str, ChannelSection] = MappingProxyType({})


def following_of(channels: Mapping[str, ChannelSection]) -> Following:
    """What goes on after each channel, and when."""
    return Following(next_of(channels), after_of(channels), silent_after_of(channels))


class NodeOutbox(ToldElsewhere, PostLinks, HeldPosts, Outbox):
    """Both halves of what a node tells people.

    Attributes
    ----------
    doors : DoorStore
        Set by `open_doors`, before anything is asked of doors.
    tell_rows : callable or None
        Is given what attempts have led to with rows, once that is kept; a second box has to know.
    """

    doors: DoorStore
    tell_rows: Callable[[Mapping[str, Settlement], float], object] | None = None

    def open_doors(
        self,
        directory: Path,
        network: Network,
        ask_log: AskLog,
        event_clock: Callable[[], float] | None = None,
        channels: Mapping[str, ChannelSection] = NO_CHANNELS,
        *,
        is_read_only: bool = False,
    ) -> None:
        """Open the ledger. StoreError if it cannot be used.

        `event_clock` is the time in which outcomes are kept; `channels` say which goes on after another.
        """
        self.doors = DoorStore(
            directory,
            network,
            ask_log,
            self.stored_message,
            is_read_only=is_read_only,
            following=following_of(channels),
        )
        self.doors.sending.event_clock = event_clock
        if not is_read_only and self.has_door_rows():
            self._take_over(network)

    def _take_over(self, network: Network) -> None:
        """Doors of an earlier version into the ledger, durably; only then their rows go."""
        if self.doors.is_new:
            kept, count = import_doors(self, network)
            self.doors.take_over(self.progress(), kept)
            log.warning("doors of an earlier version are taken over into the ledger", extra={"rows": count})
        count = self.forget_door_rows()
        log.warning("rows of doors are gone from the outbox", extra={"rows": count})

    def forbid_ends(self, no_end: frozenset[tuple[str, str]]) -> None:
        """Village code and status of what stands: no such end is handed out there."""
        self.no_end = self.doors.no_end = no_end

    def record(
        self,
        effects: Effects,
        network: Network,
        render: Callable[[WarningMessage | Bulletin | Digest], Rendered],
        entry: int = 0,
    ) -> int:
        """Keep everything that `effects` asks to be told; what doors are told must be in the log already."""
        inserted = super().record(effects, network, render, entry)
        return inserted + self.issue(effects.to_doors, render)

    def issue(
        self,
        bulletins: Sequence[Bulletin],
        render: Callable[[WarningMessage | Bulletin | Digest], Rendered],
    ) -> int:
        """Put down for doors what the log has; villages are numbered as in the register of the ledger."""
        self.doors.texts.render = lambda one: _bulletin_of(render(one))
        return self.doors.issue(bulletins)

    def claim(self, channel: str, limit: int, now: float, level_min: int = 0) -> list[Claimed]:
        """The next notifications of a channel, at most `limit`, in the order of `delivery.dispatch.queue`.

        While rows cannot be read doors are told all the same.
        """
        try:
            return [_linked(row) for row in self._claim_both(channel, limit, now, level_min)]
        except StoreError:
            claimed = self.doors.sending.claim(channel, limit, now)
            if not claimed:
                raise
            return claimed

    def _claim_both(self, channel: str, limit: int, now: float, level_min: int) -> list[Claimed]:
        """One look at the rows: of one post two digests must never be in a batch, which may overtake."""
        sending = self.doors.sending
        of_doors = sending.urgency(channel, now)
        if of_doors is None:
            return super().claim(channel, limit, now, level_min)
        rows = super().claim(channel, limit, now, max(rows_before(of_doors), level_min))
        if len(rows) == limit:
            return rows
        below = super().worst_waiting(channel, now)
        urgency_min = 0 if below is None else ROWS[Level(below)] + 1
        doors = sending.claim(channel, limit - len(rows), now, urgency_min)
        # Doors that seemed to wait may be such as must not be told now.
        return [*rows, *doors] or super().claim(channel, limit, now, level_min)

    def settle(self, settlements: Mapping[str, Settlement], now: float) -> None:
        """Keep what attempts have led to, by key: of doors in the log, of others in rows."""
        of_doors = self._of_doors(settlements)
        if of_doors:
            self.doors.sending.settle(of_doors, now)
        others = {key: outcome for key, outcome in settlements.items() if key not in of_doors}
        if others:
            super().settle(others, now)
            if self.tell_rows is not None:
                self.tell_rows(others, now)

    def hand_in(self, settlements: Mapping[str, Settlement], now: float) -> bool:
        """Give the log what became of doors, ahead of `settle`; False where there are rows among them."""
        of_doors = self._of_doors(settlements)
        if of_doors:
            self.doors.sending.hand_in(of_doors, now)
        return len(of_doors) == len(settlements)

    def _of_doors(self, settlements: Mapping[str, Settlement]) -> dict[str, Settlement]:
        return {key: outcome for key, outcome in settlements.items() if self.doors.is_key_of_door(key)}

    def next_due(self, channel: str) -> float | None:
        """When the next waiting notification of a channel is due; None if none waits."""
        dues = (self.doors.sending.next_due(channel), super().next_due(channel))
        return min((due for due in dues if due is not None), default=None)

    def open_count(self, channel: str) -> int:
        """Notifications of a channel that are ready, wait for another attempt or are being sent."""
        return super().open_count(channel) + self.doors.sending.open_count(channel)

    def hand_on(self, channel: str, rooms: Mapping[str, int], now: float) -> int:
        """Let doors of a held channel be told by another of their ways; returns how many."""
        return self.doors.sending.hand_on(channel, rooms, now)

    def waiting(self, channel: str) -> dict[Urgency, int]:
        """Who waits on a channel, by what they are to be told."""
        found = super().waiting(channel)
        for urgency, count in self.doors.sending.waiting(channel).items():
            found[urgency] = found.get(urgency, 0) + count
        return found

    def retire_channels(self, known: Collection[str]) -> int:
        """What waits for a channel that is configured no more has failed, visibly; returns how many."""
        return super().retire_channels(known) + self.doors.retire_channels(known)

    def mark_delivered(self, key: str, at: float) -> bool:
        """A receipt came back: the recipient's device has it. False if the key is unknown."""
        if self.doors.sending.mark_delivered(key, at):
            return True
        is_known = super().mark_delivered(key, at)
        if is_known and self.tell_rows is not None:
            self.tell_rows({key: Settlement(Signal.RECEIPT)}, at)
        return is_known

    def answer_many(self, answers: Sequence[RecipientAnswer]) -> int:
        """Keep answers that the log has; returns how many concerned a known message and recipient."""
        return self.doors.answer_many(answers) + self.answer_of_posts(answers)

    def answer_of_posts(self, answers: Sequence[RecipientAnswer]) -> int:
        """Those of them that are of no door."""
        others = [answer for answer in answers if not self.doors.is_of_doors(answer.message)]
        return super().answer_many(others) if others else 0

    def addressed(self, number: int, proves: Proves) -> Addressed | None:
        """The message and recipient of an answer link; None if its token proves none."""
        if is_of_door(number):
            return self.doors.addressed(number, proves)
        if is_of_post(number):
            return self.addressed_post(number, proves)
        link = self.old_link(number)
        if link is None:
            return super().addressed(number, proves)
        return self.doors.addressed_by(*link) if proves(*link) else None

    def number_of(self, key: str) -> int | None:
        """Number in the answer links of a notification; None if the key is unknown."""
        number = self.doors.number_of(key)
        if number is None and super().number_of(key) is not None:
            message, recipient, _ = split_key(key)
            return post_link_number(message, recipient)
        return number

    def counts(self) -> dict[tuple[str, State], int]:
        """Notifications by channel and state, of posts and topics and of doors."""
        found = super().counts()
        for place, count in self.doors.counts().items():
            found[place] = found.get(place, 0) + count
        return found

    def reach(self) -> dict[RecipientKind, Reach]:
        """How many recipients of each kind were addressed, reached and have answered, each counted once."""
        doors = self.doors.reach()
        return super().reach() | ({RecipientKind.HOUSEHOLD: doors} if doors.addressed else {})

    def bulletins(self) -> Iterator[tuple[bytes, int]]:
        """Every bulletin's record and the number of doors it was for, in the order of recording."""
        for identifier, record in super().bulletin_records():
            yield record, self.doors.tally(identifier).addressed

    def prune(self, sent_before_s: int) -> int:
        """Delete what is old and of which nothing is left to send; returns how many messages."""
        self.doors.forget(sent_before_s)
        return super().prune(sent_before_s)


def _linked(row: Claimed) -> Claimed:
    """A row whose answer link opens on every box, in the words for its recipient."""
    if row.kind is not RecipientKind.POST:
        return row
    number = post_link_number(row.message.identifier, row.recipient)
    return replace(row, number=number, message=as_read_by(row.message, row.recipient))


def _bulletin_of(rendered: Rendered) -> RenderedBulletin:
    if not isinstance(rendered, RenderedBulletin):
        raise TypeError(f"expected a rendered bulletin, got {type(rendered).__name__}")
    return rendered
