"""Journal entries, in order, become engine steps: the same code live and after a restart.

Everything that may change the engine's state is an entry of the journal
first: batches of messages, ticks of the clock, answers, the duty officer's
actions. `Intake.consume` is a pure function of the entries it was given, so a
node that was killed continues exactly where it stopped.

Fresh readings are all judged at the next step; those of long ago wait in a
`Backlog`, of which every step takes a slice.

Two clocks: ``system`` steps at journaled ticks; ``simulated`` steps when a
message on ``{prefix}/clock`` tells the time (drills, replays), and ignores
ticks.
"""

import io
import itertools
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec
import numpy as np

from warnstream.engine import Action, Engine, EngineStep
from warnstream.ingest.flat_json.decoder import Decoded, RawMessage
from warnstream.ingest.selection import DecoderSelection
from warnstream.ingest.speakers import Senders
from warnstream.lifecycle.alarms import AlarmBook
from warnstream.model.alarms import Alarm
from warnstream.model.effects import Answer, RecipientAnswer
from warnstream.model.grids import GridFrame, digest_of_points
from warnstream.model.messages import MessageColumns, is_packed, unpack
from warnstream.model.network import Network
from warnstream.model.observations.decoders import DEFAULT_GATEWAYS, default_rules
from warnstream.model.observations.readings import ReadingBatch, batch_of, concatenate
from warnstream.model.observations.refusals import Refusal, RefusalReason
from warnstream.model.times import parse_iso
from warnstream.model.warning import MessageStatus
from warnstream.runners.intake.backlog import Backlog
from warnstream.runners.intake.entries import (
    AFFIRM,
    ALARM,
    ANSWER,
    CANCEL,
    DECODED_AT,
    GRID,
    HELP,
    MESSAGES,
    SIGN,
    TICK,
    UNDELIVERED,
    AnswerEntry,
    AnswerMessage,
    ClockBeacon,
    SignEntry,
    decode_actions,
    decode_affirm,
    decode_alarm,
    decode_cancel,
    decode_help,
    decode_messages,
    decode_sign,
    decode_tick,
    decode_undelivered,
    encode_actions,
    encode_messages,
    sign_action,
)
from warnstream.runners.intake.grid_entries import decode_frame
from warnstream.runners.intake.refusals import refuse, refuse_sign, refused_frame, refused_readings
from warnstream.runners.intake.state_file import Deflating, register_of
from warnstream.runners.intake.topics import TOPICS_KNOWN_MAX, Topics


@dataclass(slots=True)
class Outcome:
    """What an entry led to: steps in order, refusals, answers, grids that have a new file, alarms.

    `n_without` counts messages that carry no observation by their kind.
    """

    steps: list[tuple[ReadingBatch, EngineStep]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    answers: list[RecipientAnswer] = field(default_factory=list)
    announced: list[str] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    n_without: int = 0


class Intake:
    """Feeds an engine from journal entries; `decoder` reads what stations send."""

    def __init__(
        self,
        engine: Engine,
        network: Network,
        topics: Topics,
        *,
        clock: str,
        decoder: DecoderSelection | None = None,
        status: MessageStatus = MessageStatus.ACTUAL,
    ) -> None:
        self.engine = engine
        self._stations = network.stations
        self._register = register_of(network)
        self._decoder = decoder or DecoderSelection(
            network.stations,
            default_rules(topics.prefix),
            speakers=Senders(topics.prefix, network.stations, DEFAULT_GATEWAYS),
        )
        self._topics = topics
        self.alarms = AlarmBook(topics.prefix, status)
        self._is_simulated = clock == "simulated"
        self._station_topics: set[str] = set()
        self._undecoded: list[RawMessage] = []
        self._pending: list[ReadingBatch] = []
        self._backlog = Backlog()
        self._actions: list[Action] = []
        self._frames: list[bytes] = []
        self._points = digest_of_points(network)
        self._takers: dict[str, Callable[[bytes, Outcome], None]] = {
            MESSAGES: self._take_entry,
            TICK: lambda payload, outcome: self._step(decode_tick(payload), outcome),
            ANSWER: self._take_answer_entry,
            CANCEL: lambda payload, _: self._actions.append(decode_cancel(payload)),
            AFFIRM: lambda payload, _: self._actions.append(decode_affirm(payload)),
            SIGN: lambda payload, _: self._actions.append(decode_sign(payload)),
            GRID: lambda payload, _: self._frames.append(payload),
            ALARM: self._take_alarm,
            HELP: lambda payload, _: self._actions.append(decode_help(payload)),
            UNDELIVERED: lambda payload, _: self._actions.append(decode_undelivered(payload)),
        }

    @property
    def fresh_waiting(self) -> int:
        """Fresh readings, and messages that may hold some, that the next step will judge."""
        return len(self._undecoded) + sum(len(batch) for batch in self._pending)

    @property
    def backlog_waiting(self) -> int:
        """Readings of long ago that later steps will take, a slice each."""
        return len(self._backlog)

    @property
    def now_s(self) -> int:
        """Engine time; -1 before the first step."""
        return self.engine.assessment.now_s

    def consume(self, kind: str, payload: bytes) -> Outcome:
        """Take one journal entry.

        Raises
        ------
        ValueError
            If the kind is not one this version writes.
        """
        take = self._takers.get(kind)
        if take is None:
            raise ValueError(f"journal entry of unknown kind {kind!r}: written by a newer version?")
        outcome = Outcome()
        take(payload, outcome)
        return outcome

    def waiting(self) -> ReadingBatch:
        """Readings that have arrived and wait for a step, the backlog last; messages are decoded for it."""
        self._decode_waiting(Outcome())
        return concatenate([*self._pending, self._backlog.whole()])

    def snapshot(self) -> bytes:
        """Engine and what waits for the next step; call it between entries."""
        waiting, backlog = concatenate(self._pending), self._backlog.whole()
        arrays = {
            f"{part}/{name}": array
            for part, named in self.engine.assessment.snapshot().items()
            for name, array in named.items()
        }
        arrays["register"] = np.frombuffer(self._register, dtype=np.uint8)
        arrays["desk"] = np.frombuffer(self.engine.desk.snapshot(), dtype=np.uint8)
        arrays["undecoded"] = np.frombuffer(encode_messages(self._undecoded), dtype=np.uint8)
        arrays["frames"] = np.frombuffer(msgspec.msgpack.encode(self._frames), dtype=np.uint8)
        arrays["actions"] = np.frombuffer(encode_actions(self._actions), dtype=np.uint8)
        arrays["alarms"] = np.frombuffer(self.alarms.snapshot(), dtype=np.uint8)
        for name in ReadingBatch.__slots__:
            arrays[f"waiting/{name}"] = getattr(waiting, name)
            arrays[f"backlog/{name}"] = getattr(backlog, name)
        file = Deflating()
        np.savez(file, allow_pickle=False, **arrays)
        return file.content()

    def restore(self, snapshot: bytes) -> None:
        """Take up a snapshot of a node with the same configuration.

        Raises
        ------
        ValueError, KeyError
            If the configuration has changed so that the state does not fit.
        """
        with np.load(io.BytesIO(zlib.decompress(snapshot)), allow_pickle=False) as arrays:
            state = self._parts_of(arrays)
            self.engine.desk.restore(arrays["desk"].tobytes())
            self._actions = decode_actions(arrays["actions"].tobytes())
            if "alarms" in arrays:
                self.alarms.restore(arrays["alarms"].tobytes())
            if "frames" in arrays:  # older snapshots have none
                self._frames = msgspec.msgpack.decode(arrays["frames"].tobytes(), type=list[bytes])
            undecoded = decode_messages(arrays["undecoded"].tobytes())
            self._undecoded = [RawMessage(topic, content) for topic, content in undecoded]
        waiting = batch_of(**state.pop("waiting"))
        self._pending = [waiting] if len(waiting) else []
        self._backlog.restore(batch_of(**state.pop("backlog")))
        self.engine.assessment.restore(state)

    def remember(self, snapshot: bytes) -> int:
        """Days of rain taken from a snapshot that `restore` refused, before anything else is taken.

        None (0) where its stations are others.
        """
        try:
            with np.load(io.BytesIO(zlib.decompress(snapshot)), allow_pickle=False) as arrays:
                state = self._parts_of(arrays)
        except (ValueError, KeyError):
            return 0
        return self.engine.assessment.remember(state)

    def _parts_of(self, arrays: Mapping[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
        """Arrays of a snapshot by part and name. ValueError if it was taken of another network."""
        if arrays["register"].tobytes() != self._register:
            raise ValueError("stations or villages are others, or in another order, than in the snapshot")
        state: dict[str, dict[str, np.ndarray]] = {}
        for path in arrays:
            part, _, name = path.partition("/")
            if name:
                state.setdefault(part, {})[name] = arrays[path]
        return state

    def _take_entry(self, payload: bytes, outcome: Outcome) -> None:
        """A `MESSAGES` entry."""
        if is_packed(payload):
            self._take_columns(unpack(payload), outcome)
        else:
            self._take_messages(decode_messages(payload), outcome)
        if len(self._undecoded) >= DECODED_AT:
            self._decode_waiting(outcome)

    def _take_answer_entry(self, payload: bytes, outcome: Outcome) -> None:
        posted = msgspec.msgpack.decode(payload, type=AnswerEntry)
        self._take_answer(posted.message, posted.recipient, posted.answer, outcome)

    def _take_alarm(self, payload: bytes, outcome: Outcome) -> None:
        alarm = self.alarms.apply(decode_alarm(payload))
        outcome.alarms += [] if alarm is None else [alarm]

    def _take_messages(self, pairs: list[tuple[str, bytes]], outcome: Outcome) -> None:
        if self._station_topics.issuperset([topic for topic, _ in pairs]):
            self._undecoded += itertools.starmap(RawMessage, pairs)
            return
        for topic, content in pairs:
            self._take_message(RawMessage(topic, content), outcome)

    def _take_columns(self, messages: MessageColumns, outcome: Outcome) -> None:
        """Many messages; if all are of stations they are read at once, behind those that wait."""
        if not all(self._is_of_station(topic) for topic in messages.topics):
            self._take_messages(messages.pairs(), outcome)
            return
        self._decode_waiting(outcome)
        self._take_decoded(self._decoder.decode_columns(messages, self.now_s), outcome)

    def _is_of_station(self, topic: str) -> bool:
        """Whether nobody but a station can have published there; remembered."""
        if topic in self._station_topics:
            return True
        topics = self._topics
        if topic == topics.clock or topics.recipient_of(topic) is not None:
            return False
        if topics.observer_of(topic) is not None or topics.grid_of(topic) is not None:
            return False
        if len(self._station_topics) >= TOPICS_KNOWN_MAX:
            self._station_topics.clear()
        self._station_topics.add(topic)
        return True

    def _take_message(self, message: RawMessage, outcome: Outcome) -> None:
        recipient = self._topics.recipient_of(message.topic)
        observer = self._topics.observer_of(message.topic)
        grid = self._topics.grid_of(message.topic)
        if message.topic == self._topics.clock:
            self._take_time(message, outcome)
        elif recipient is not None:
            self._take_answer_message(message, recipient, outcome)
        elif observer is not None:
            self._take_sign_message(message, observer, outcome)
        elif grid is not None:
            outcome.announced.append(grid)
        elif self._is_of_station(message.topic):
            self._undecoded.append(message)

    def _take_time(self, message: RawMessage, outcome: Outcome) -> None:
        if not self._is_simulated:
            return
        try:
            now_s = parse_iso(msgspec.json.decode(message.payload, type=ClockBeacon).time)
        except (msgspec.MsgspecError, ValueError, UnicodeDecodeError) as error:
            outcome.refusals.append(refuse(RefusalReason.BAD_TIME, str(error), message))
            return
        if now_s > self.now_s:  # a redelivered or older time changes nothing
            self._step(now_s, outcome)

    def _take_answer_message(self, message: RawMessage, recipient: str, outcome: Outcome) -> None:
        try:
            posted = msgspec.json.decode(message.payload, type=AnswerMessage)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            outcome.refusals.append(refuse(RefusalReason.BAD_ANSWER, str(error), message))
            return
        self._take_answer(posted.message, recipient, posted.answer, outcome)

    def _take_sign_message(self, message: RawMessage, observer: str, outcome: Outcome) -> None:
        try:
            said = msgspec.json.decode(message.payload, type=SignEntry)
            self._actions.append(sign_action(said, observer))
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
            outcome.refusals.append(refuse(RefusalReason.BAD_SIGN, str(error), message))

    def _take_answer(self, message: str, recipient: str, answer: Answer, outcome: Outcome) -> None:
        given = RecipientAnswer(message, recipient, answer, self.now_s)
        self._actions.append(given)
        outcome.answers.append(given)

    def _decode_waiting(self, outcome: Outcome) -> None:
        self._take_decoded(self._decoder.decode(self._undecoded, self.now_s), outcome)
        self._undecoded.clear()

    def _take_decoded(self, decoded: Decoded, outcome: Outcome) -> None:
        """Fresh readings wait for the next step, those of long ago for a slice of their own."""
        outcome.refusals += decoded.refusals
        outcome.n_without += decoded.n_without
        fresh = self._backlog.split(decoded.readings, self.now_s)
        if len(fresh):
            self._pending.append(fresh)

    def _step(self, now_s: int, outcome: Outcome) -> None:
        self._decode_waiting(outcome)
        readings = concatenate([*self._pending, *self._backlog.next_slice()])
        actions = self._actions
        self._pending, self._actions = [], []
        step = self.engine.step(readings, actions, now_s, self._decode_frames(outcome))
        outcome.steps.append((readings, step))
        outcome.refusals += [
            refuse_sign(said, fault, self._topics) for said, fault in self.engine.assessment.signs.refused
        ]
        outcome.refusals += refused_readings(readings, step.assessment.flags, self._stations)
        outcome.refusals += [refused_frame(refused) for refused in step.assessment.grids.refused]

    def _decode_frames(self, outcome: Outcome) -> list[GridFrame]:
        """Frames that came since the last step; those made for other villages are refused."""
        frames = []
        for payload in self._frames:
            try:
                frames.append(decode_frame(payload, self._points))
            except ValueError as error:
                outcome.refusals.append(Refusal(RefusalReason.BAD_GRID, str(error), "", payload))
        self._frames = []
        return frames
