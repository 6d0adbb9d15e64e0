"""A node that is told a storm, tells doors and posts, and is answered: in one thread, without servers.

Its journal, outbox, ledger and bundle are the real ones. Whom a channel reaches and who answers follows from
the codes alone, so that a test can say beforehand what a record of it must hold.
"""

import time
import zlib
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.message import Message
from station_sim.sending.scenario import DEFAULT_START_S, Scenario
from station_sim.stations.faults import NO_FAULTS
from station_sim.topics import is_clock
from warnstream import __version__
from warnstream.adapters.bundles.manifest import sha256_of
from warnstream.adapters.bundles.store import BundleStore, Freezing
from warnstream.adapters.geometry import own_weights
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.ledger.node_outbox import NodeOutbox
from warnstream.adapters.outbox.types import Claimed
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.delivery.dispatch.notification import Settlement, Signal
from warnstream.delivery.render import render_any
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import Digest
from warnstream.model.effects import Answer, RecipientKind, RenderedBulletin, RenderedDigest, RenderedMessage
from warnstream.model.times import MINUTE_S, iso_utc
from warnstream.model.warning import WarningMessage
from warnstream.runners.build import build_intake, bulletin_wording
from warnstream.runners.history.start import entry_of
from warnstream.runners.intake import entries
from warnstream.runners.intake.door_entries import OUTCOME
from warnstream.runners.intake.history_entries import CONFIGURATION, ISSUED, encode, issued_of
from warnstream.runners.intake.intake import Intake

SEED, HOURS = 5, 5.0
BEGIN_S, END_S = DEFAULT_START_S, DEFAULT_START_S + int(HOURS * 3600)

SILENT_FROM_S, BACK_AT_S = BEGIN_S + 7_200, BEGIN_S + 10_800
"""One gauge is not heard for that hour; its readings come all at once at the end."""


def luck(code: str) -> int:
    """0 to 99, always the same of one code."""
    return zlib.crc32(code.encode()) % 100


def is_reached(recipient: str) -> bool:
    """Whether the channel gets through to a recipient at all."""
    return luck(recipient) >= 5


def answers_after_min(recipient: str) -> int | None:
    """After how many minutes somebody answers what they got; None: never."""
    drawn = luck(recipient + "?")
    return None if drawn >= 70 else 1 + drawn // 10


@dataclass(frozen=True)
class ToldNode:
    """A folder with a configuration, and the storage of a node that has run with it."""

    directory: Path

    @property
    def configuration(self) -> Configuration:
        return load_configuration(self.directory)

    @property
    def storage(self) -> Path:
        return self.configuration.storage.directory

    @property
    def silenced(self) -> str:
        return silenced(self.configuration)


def silenced(configuration: Configuration) -> str:
    """The gauge that weighs most in the first village."""
    network = configuration.network
    weights = own_weights(network, configuration.village)
    return network.stations.code[int(weights.station[0][weights.weight[0].argmax()])]


class _Running:
    """The turns of a node: take, step, issue, send, be answered."""

    def __init__(self, configuration: Configuration, journal: Journal, outbox: NodeOutbox) -> None:
        self.configuration, self.journal, self.outbox = configuration, journal, outbox
        self.intake: Intake = build_intake(configuration)
        self.codes = configuration.network.villages.code
        self.waiting: list[tuple[int, str, str]] = []
        outbox.open_doors(configuration.storage.directory, configuration.network, self.ask_log)
        outbox.doors.begin(configuration.network)
        outbox.doors.follow_no_more()

    def ask_log(self, payload: bytes) -> Future[None]:
        self.journal.append(OUTCOME, payload)
        self.outbox.doors.take_outcomes(payload)
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def take(self, kind: str, payload: bytes) -> None:
        """An entry first, then what it leads to: issued, recorded, sent."""
        cause = self.journal.append(kind, payload)
        for number, (_, step) in enumerate(self.intake.consume(kind, payload).steps):
            if step.effects.is_told:
                issued = issued_of(cause, number, step.effects, self.intake.engine.desk, self.codes)
                self.journal.append(ISSUED, encode(issued))
            self.outbox.record(step.effects, self.configuration.network, self.render)
        self.send()

    def render(
        self, one: WarningMessage | Bulletin | Digest
    ) -> RenderedMessage | RenderedBulletin | RenderedDigest:
        return render_any(one, bulletin_wording(self.configuration), self.configuration.message)

    def send(self) -> None:
        """Every channel takes all that waits."""
        for channel in ("device", "sms"):
            while claimed := self.outbox.claim(channel, 5, time.time()):
                slow_s = luck(claimed[0].key) / 10
                settled = {claim.key: self.settled(claim) for claim in claimed}
                self.outbox.settle(settled, time.time() + slow_s)

    def settled(self, one: Claimed) -> Settlement:
        if not is_reached(one.recipient):
            return Settlement(Signal.GIVEN_UP, reason="no such number")
        after_min = answers_after_min(one.recipient)
        if one.kind is not RecipientKind.VILLAGE and after_min is not None:
            self.waiting.append(
                (self.intake.now_s + after_min * MINUTE_S, one.message.identifier, one.recipient)
            )
        return Settlement(Signal.SENT)

    def answer(self) -> None:
        """Those whose time has come say that they have got it."""
        due = [due for due in self.waiting if due[0] <= self.intake.now_s]
        self.waiting = [due for due in self.waiting if due[0] > self.intake.now_s]
        for _, message, recipient in due:
            self.take(entries.ANSWER, entries.encode_answer(message, recipient, Answer.ACKNOWLEDGED))


def told_node(directory: Path) -> ToldNode:
    """Let a node of 40 stations and 60 villages live through a storm of five hours."""
    county = build_county(SEED, CountyPlan(n_stations=40, n_villages=60))
    county.write(directory)
    write_demo_config(directory)
    configuration = load_configuration(directory)
    storage = configuration.storage.directory
    with (
        closing(Journal(storage, segment_bytes=1_000_000)) as journal,
        closing(NodeOutbox(storage)) as outbox,
    ):
        bundle = BundleStore(storage).freeze(
            Freezing(
                directory,
                {name: sha256_of(directory / name) for name in configuration.files_read},
                configuration.fingerprint,
                __version__,
                iso_utc(BEGIN_S),
                "test",
                "start",
            )
        )
        running = _Running(configuration, journal, outbox)
        begins = encode(entry_of(configuration, __version__, BEGIN_S, bundle.number))
        journal.append(CONFIGURATION, begins)
        running.intake.consume(CONFIGURATION, begins)
        scenario = Scenario(SEED, county, HOURS, DEFAULT_START_S, NO_FAULTS).messages()
        for batch in _minutes(_one_silent(scenario, silenced(configuration))):
            running.take(entries.MESSAGES, entries.encode_messages(batch))
            running.answer()
        outbox.doors.save(journal.last_sequence())
    return ToldNode(directory)


def _one_silent(messages: Iterator[Message], gauge: str) -> Iterator[Message]:
    """The same, but the gauge is not heard for an hour and then says it all."""
    kept: list[Message] = []
    for message in messages:
        of_gauge = f'"{gauge}"'.encode() in message.payload
        if of_gauge and SILENT_FROM_S < message.time_s < BACK_AT_S:
            kept.append(message)
            continue
        if kept and message.time_s >= BACK_AT_S:
            yield from kept
            kept = []
        yield message


def _minutes(messages: Iterator[Message]) -> Iterator[list[RawMessage]]:
    batch: list[RawMessage] = []
    for message in messages:
        batch.append(RawMessage(message.topic, message.payload))
        if is_clock(message.topic):
            yield batch
            batch = []
