"""A node's outbox and its log without the node: what is recorded, sent and answered is an entry first."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from hashlib import sha256
from pathlib import Path

import numpy as np

from tests.unit.adapters.county import network as county
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.ledger.node_outbox import NO_CHANNELS, NodeOutbox
from warnstream.adapters.outbox.outbox import Rendered
from warnstream.config.channels.section import ChannelSection
from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import Digest
from warnstream.model.effects import Effects, RecipientAnswer
from warnstream.model.errors import StoreError
from warnstream.model.network import Network
from warnstream.model.warning import MessageStatus, WarningMessage
from warnstream.runners.history.doors import follow_doors
from warnstream.runners.intake import entries
from warnstream.runners.intake.door_entries import DOUBT, OUTCOME, encode_doubt
from warnstream.runners.intake.history_entries import (
    CONFIGURATION,
    ISSUED,
    ConfigurationEntry,
    Issued,
    encode,
)
from warnstream.runners.intake.topics import Topics

TOPICS = Topics("ws")
BUNDLES: dict[str, Network] = {}
"""Registers of configurations that have run, by fingerprint."""

NEVER = 1 << 40
"""No end is so young that somebody may have been in hand when it was issued."""


class LoggedOutbox(NodeOutbox):
    """An outbox with a log of its own, as a node brings both together.

    Without `close` it is left as a killed process leaves it: `crash` frees the folder for the next one.

    Attributes
    ----------
    is_full : bool
        The log's disk refuses.
    """

    def __init__(
        self,
        directory: Path,
        owner: str = "",
        network: Network | None = None,
        doubt_since_s: int = NEVER,
        event_clock: Callable[[], float] | None = None,
        channels: Mapping[str, ChannelSection] = NO_CHANNELS,
    ) -> None:
        super().__init__(directory, owner)
        self.directory, self._doubt_since_s = directory, doubt_since_s
        (directory / "log").mkdir(exist_ok=True)
        self.journal = Journal(directory / "log")
        self._event_clock, self._channels = event_clock, channels
        self.is_full = False
        self._loop = threading.Lock()
        self._begin(county() if network is None else network)

    def _begin(self, register: Network) -> None:
        """As a start does it."""
        self.open_doors(self.directory, register, self.ask_log, self._event_clock, self._channels)
        fingerprint = fingerprint_of(register)
        BUNDLES[fingerprint] = register
        self.doors.begin(register, fingerprint, lambda known, _villages: BUNDLES.get(known))
        follow_doors(self.doors, self.journal.since(self.doors.sequence), TOPICS)
        since_s = self._doubt_since_s
        if not self.doors.had_ended_well() and self.doors.needs_doubt(since_s):
            self.journal.append(DOUBT, encode_doubt(since_s))
            self.doors.doubt(since_s)
        self.doors.follow_no_more()
        self.save()
        self.doors.save_register(fingerprint)

    def reload(self, register: Network) -> None:
        """As a running node goes over to another configuration."""
        fingerprint = fingerprint_of(register)
        BUNDLES[fingerprint] = register
        entry = ConfigurationEntry(fingerprint, "1", 0, MessageStatus.ACTUAL, [], [], is_live=True)
        with self._loop:
            self.journal.append(CONFIGURATION, encode(entry))
        self.doors.move_to(register, fingerprint)

    def ask_log(self, payload: bytes) -> Future[None]:
        """As the node's loop does it, at once."""
        done: Future[None] = Future()
        if self.is_full:
            done.set_exception(StoreError("the disk is full", retryable=True))
            return done
        with self._loop:
            self.journal.append(OUTCOME, payload)
            self.doors.take_outcomes(payload)
        done.set_result(None)
        return done

    def record(
        self,
        effects: Effects,
        network: Network,
        render: Callable[[WarningMessage | Bulletin | Digest], Rendered],
        entry: int = 0,
    ) -> int:
        """Into the log, then into rows and ledger; under another register it goes on."""
        if not is_same(network, self.doors.network):
            self.save()
            self.doors.end_well()
            self._begin(network)
        codes = network.villages.code
        told = [(codes[bulletin.village], bulletin) for bulletin in effects.to_doors]
        number = self.journal.last_sequence()
        with self._loop:
            self.journal.append(ISSUED, encode(Issued(number, 0, [], [], told)))
        return super().record(effects, network, render, entry)

    def answer_many(self, answers: Sequence[RecipientAnswer]) -> int:
        """Into the log first."""
        for given in answers:
            payload = entries.encode_answer(given.message, given.recipient, given.answer)
            with self._loop:
                self.journal.append(entries.TICK, entries.encode_tick(given.at_s))
                self.journal.append(entries.ANSWER, payload)
        return super().answer_many(answers)

    def save(self) -> None:
        """Write a snapshot of the ledger."""
        self.doors.save(self.journal.last_sequence())

    def crash(self) -> None:
        """What a killed process leaves."""
        self.journal.close()
        super().close()

    def close(self) -> None:
        """The end in good order."""
        self.doors.end_well()
        self.crash()


def fingerprint_of(register: Network) -> str:
    """As a configuration has one."""
    return sha256(repr(register.households).encode()).hexdigest()


def is_same(one: Network, other: Network) -> bool:
    """Whether both have the same doors in the same villages."""
    doors, others = one.households, other.households
    return (
        one.villages.code == other.villages.code
        and (doors.code, doors.channel, doors.address) == (others.code, others.channel, others.address)
        and doors.further == others.further
        and np.array_equal(doors.first_of_village, others.first_of_village)
    )
