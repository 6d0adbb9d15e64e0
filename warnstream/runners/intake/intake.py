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

import hashlib
import io
import itertools
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from warnstream.engine import Action, Engine, EngineStep
from warnstream.ingest.flat_json.decoder import Decoded, RawMessage
from warnstream.ingest.selection import DecoderSelection
from warnstream.ingest.speakers import Speakers
from warnstream.model.arrays import UInt16Array
from warnstream.model.effects import Answer, OperatorAffirm, OperatorCancel, RecipientAnswer
from warnstream.model.messages import MessageColumns, is_packed, joined, pack, unpack
from warnstream.model.network import Network, Stations
from warnstream.model.observations.decoders import BACKLOG_LEVEL, DEFAULT_GATEWAYS, default_rules
from warnstream.model.observations.grids import GridFrame, GridRefusal, digest_of_points
from warnstream.model.observations.readings import Flag, ReadingBatch, Variable, batch_of, concatenate
from warnstream.model.observations.refusals import Refusal, RefusalReason
from warnstream.model.observations.signs import SignReport, SignVerdict
from warnstream.model.times import iso_utc, parse_iso
from warnstream.runners.intake.backlog import Backlog
from warnstream.runners.intake.grid_entries import decode_frame

MESSAGES = "messages"
TICK = "tick"
ANSWER = "answer"
CANCEL = "cancel"
AFFIRM = "affirm"
SIGN = "sign"
GRID = "grid"

VALIDATED, REJECTED = "validated", "rejected"
"""Verdicts on a sign."""

DECODED_AT = 250
"""So many messages are decoded at once, fewer at the next step: columns cost by the batch."""

TOPICS_KNOWN_MAX = 100_000
"""Topics of stations that are remembered as such, so that a batch of them is looked at once."""

_REASON_OF_FLAG = {
    Flag.OUT_OF_RANGE: RefusalReason.OUT_OF_RANGE,
    Flag.FUTURE: RefusalReason.FUTURE,
    Flag.TOO_LATE: RefusalReason.TOO_LATE,
}
"""Flags that keep a reading out of every window: it is set aside like a refused message."""

_REFUSED_FLAGS = np.uint16(sum(_REASON_OF_FLAG))


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one node: its own under its prefix, and those that stations publish to."""

    prefix: str
    observations: tuple[str, ...] = ()
    has_grids: bool = False

    @property
    def subscriptions(self) -> list[str]:
        """What the node listens to."""
        observed = self.observations or tuple(rule.topic for rule in default_rules(self.prefix))
        own = [self.clock, f"{self.prefix}/answer/+", f"{self.prefix}/sign/+"]
        return [*dict.fromkeys(observed), *own, *([self.grids] if self.has_grids else [])]

    @property
    def grids(self) -> str:
        """Where it is told that a grid has a new file: ``{prefix}/grid/{name}``."""
        return f"{self.prefix}/grid/+"

    def grid_of(self, topic: str) -> str | None:
        """The grid that a topic announces a file of; None if it is no such topic."""
        head = f"{self.prefix}/grid/"
        return topic.removeprefix(head) if topic.startswith(head) else None

    @property
    def backlogs(self) -> list[str]:
        """Where gateways send what they kept during an outage, so that it delays no fresh message.

        A filter with ``#`` at its end holds its backlogs already.
        """
        observed = self.observations or tuple(rule.topic for rule in default_rules(self.prefix))
        return [f"{topic}/{BACKLOG_LEVEL}" for topic in dict.fromkeys(observed) if not topic.endswith("#")]

    @property
    def clock(self) -> str:
        """Where a simulator tells the time."""
        return f"{self.prefix}/clock"

    def recipient_of(self, topic: str) -> str | None:
        """Who answers on this topic; None if it is no answer topic."""
        head = f"{self.prefix}/answer/"
        return topic.removeprefix(head) if topic.startswith(head) else None

    def sign_of(self, post: str) -> str:
        """Where a post reports and judges signs."""
        return f"{self.prefix}/sign/{post}"

    def observer_of(self, topic: str) -> str | None:
        """The post that reports or judges a sign on this topic; None if it is no such topic."""
        head = f"{self.prefix}/sign/"
        return topic.removeprefix(head) if topic.startswith(head) else None


@dataclass(slots=True)
class Outcome:
    """What one journal entry led to: steps in order, refusals, answers, grids that have a new file."""

    steps: list[tuple[ReadingBatch, EngineStep]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    answers: list[RecipientAnswer] = field(default_factory=list)
    announced: list[str] = field(default_factory=list)


class _Time(msgspec.Struct):
    time: str


class _Answer(msgspec.Struct):
    message: str
    answer: Answer


class _PostedAnswer(_Answer):
    recipient: str


class _Said(msgspec.Struct):
    """A sign reported (village, kind) or judged (sign, verdict)."""

    village: str = ""
    kind: str = ""
    sign: str = ""
    verdict: str = ""
    note: str = ""
    post: str = ""


class _Cancel(msgspec.Struct):
    warning: str
    operator: str
    note: str


def encode_messages(messages: Sequence[RawMessage]) -> bytes:
    """Payload of a `MESSAGES` entry."""
    return msgspec.msgpack.encode([(message.topic, message.payload) for message in messages])


def encode_arrived(columns: Iterable[tuple[Sequence[str], Sequence[bytes]]]) -> bytes:
    """Payload of a `MESSAGES` entry, from columns of topics and payloads; of many messages as columns."""
    parts = [(topics, payloads) for topics, payloads in columns if len(topics)]
    if sum(len(topics) for topics, _ in parts) >= DECODED_AT:
        return pack(joined(parts))
    pairs = itertools.chain.from_iterable(zip(topics, payloads, strict=True) for topics, payloads in parts)
    return msgspec.msgpack.encode(list(pairs))


def decode_messages(payload: bytes) -> list[tuple[str, bytes]]:
    """Topic and content of each message of a `MESSAGES` entry."""
    if is_packed(payload):
        return unpack(payload).pairs()
    return msgspec.msgpack.decode(payload, type=list[tuple[str, bytes]])


def encode_tick(now_s: int) -> bytes:
    """Payload of a `TICK` entry."""
    return msgspec.msgpack.encode(now_s)


def decode_tick(payload: bytes) -> int:
    """Time of a `TICK` entry."""
    return msgspec.msgpack.decode(payload, type=int)


def encode_answer(message: str, recipient: str, answer: Answer) -> bytes:
    """Payload of an `ANSWER` entry."""
    return msgspec.msgpack.encode(_PostedAnswer(message=message, answer=answer, recipient=recipient))


def encode_cancel(cancel: OperatorCancel) -> bytes:
    """Payload of a `CANCEL` entry."""
    return msgspec.msgpack.encode(_Cancel(cancel.warning, cancel.operator, cancel.note))


def encode_affirm(affirm: OperatorAffirm) -> bytes:
    """Payload of an `AFFIRM` entry."""
    return msgspec.msgpack.encode(_Cancel(affirm.warning, affirm.operator, affirm.note))


def encode_action(action: OperatorAffirm | SignReport | SignVerdict) -> tuple[str, bytes]:
    """Kind and payload of the entry of what a post does."""
    if isinstance(action, OperatorAffirm):
        return AFFIRM, encode_affirm(action)
    return SIGN, encode_sign(action)


def encode_sign(said: SignReport | SignVerdict) -> bytes:
    """Payload of a `SIGN` entry."""
    return msgspec.msgpack.encode(_said_of(said))


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
    ) -> None:
        self.engine = engine
        self._stations = network.stations
        self._register = _register_of(network)
        self._decoder = decoder or DecoderSelection(
            network.stations,
            default_rules(topics.prefix),
            speakers=Speakers(topics.prefix, network.stations, DEFAULT_GATEWAYS),
        )
        self._topics = topics
        self._is_simulated = clock == "simulated"
        self._station_topics: set[str] = set()
        self._undecoded: list[RawMessage] = []
        self._pending: list[ReadingBatch] = []
        self._backlog = Backlog()
        self._actions: list[Action] = []
        self._frames: list[bytes] = []
        self._points = digest_of_points(network)

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
        outcome = Outcome()
        if kind == MESSAGES:
            if is_packed(payload):
                self._take_columns(unpack(payload), outcome)
            else:
                self._take_messages(decode_messages(payload), outcome)
            if len(self._undecoded) >= DECODED_AT:
                self._decode_waiting(outcome)
        elif kind == TICK:
            self._step(decode_tick(payload), outcome)
        elif kind == ANSWER:
            posted = msgspec.msgpack.decode(payload, type=_PostedAnswer)
            self._take_answer(posted.message, posted.recipient, posted.answer, outcome)
        elif kind == CANCEL:
            cancel = msgspec.msgpack.decode(payload, type=_Cancel)
            self._actions.append(OperatorCancel(cancel.warning, cancel.operator, cancel.note))
        elif kind == AFFIRM:
            said_on = msgspec.msgpack.decode(payload, type=_Cancel)
            self._actions.append(OperatorAffirm(said_on.warning, said_on.operator, said_on.note))
        elif kind == GRID:
            self._frames.append(payload)
        elif kind == SIGN:
            said = msgspec.msgpack.decode(payload, type=_Said)
            self._actions.append(_sign_action(said, said.post))
        else:
            raise ValueError(f"journal entry of unknown kind {kind!r}: written by a newer version?")
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
        arrays["actions"] = np.frombuffer(_encode_actions(self._actions), dtype=np.uint8)
        for name in ReadingBatch.__slots__:
            arrays[f"waiting/{name}"] = getattr(waiting, name)
            arrays[f"backlog/{name}"] = getattr(backlog, name)
        file = _Deflating()
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
            self._actions = _decode_actions(arrays["actions"].tobytes())
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
            now_s = parse_iso(msgspec.json.decode(message.payload, type=_Time).time)
        except (msgspec.MsgspecError, ValueError, UnicodeDecodeError) as error:
            outcome.refusals.append(_refuse(RefusalReason.BAD_TIME, str(error), message))
            return
        if now_s > self.now_s:  # a redelivered or older time changes nothing
            self._step(now_s, outcome)

    def _take_answer_message(self, message: RawMessage, recipient: str, outcome: Outcome) -> None:
        try:
            posted = msgspec.json.decode(message.payload, type=_Answer)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            outcome.refusals.append(_refuse(RefusalReason.BAD_ANSWER, str(error), message))
            return
        self._take_answer(posted.message, recipient, posted.answer, outcome)

    def _take_sign_message(self, message: RawMessage, observer: str, outcome: Outcome) -> None:
        try:
            said = msgspec.json.decode(message.payload, type=_Said)
            self._actions.append(_sign_action(said, observer))
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
            outcome.refusals.append(_refuse(RefusalReason.BAD_SIGN, str(error), message))

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
            _refuse_sign(said, fault, self._topics) for said, fault in self.engine.assessment.signs.refused
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


def snapshot_time_s(snapshot: bytes) -> int:
    """Engine time of a snapshot; -1 if it was taken before the first step. ValueError if it is none."""
    try:
        content = zlib.decompress(snapshot)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return int(arrays["clock/now_s"][0])


class _Deflating(io.RawIOBase):
    """A file that is compressed as it is written: the state is not in memory twice."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(level=1)
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """It is only written to."""
        return True

    def write(self, data: Any) -> int:
        """Take the next bytes."""
        self._parts.append(self._deflate.compress(data))
        return len(data)

    def content(self) -> bytes:
        """Everything, compressed."""
        return b"".join([*self._parts, self._deflate.flush()])


def _register_of(network: Network) -> bytes:
    """What the numbers of stations and villages mean: state is kept by number, so these must agree."""
    names = "\n".join((*network.stations.code, "", *network.villages.code, *_names_of_zones(network)))
    return hashlib.sha256(names.encode()).digest()


def _names_of_zones(network: Network) -> tuple[str, ...]:
    return ("", *(zone.code for zone in network.zones)) if network.zones else ()


def refused_readings(readings: ReadingBatch, flags: UInt16Array, stations: Stations) -> list[Refusal]:
    """Readings that quality control kept out of every window, as refusals with their content."""
    refusals: list[Refusal] = []
    if not (flags & _REFUSED_FLAGS).any():
        return refusals
    for flag, reason in _REASON_OF_FLAG.items():
        for row in np.flatnonzero(flags & flag):
            code = stations.code[readings.station[row]]
            variable = Variable(int(readings.variable[row])).word
            observed_at = iso_utc(int(readings.observed_at_s[row]))
            content = {"station": code, "time": observed_at, variable: float(readings.value[row])}
            detail = f"{variable} of {code} observed at {observed_at}"
            refusals.append(Refusal(reason, detail, "", msgspec.json.encode(content)))
    return refusals


def refused_frame(refused: GridRefusal) -> Refusal:
    """A frame of a grid that the engine did not take, as a refusal that names its interval."""
    frame = refused.frame
    content = {"grid": frame.grid, "end": iso_utc(frame.end_s), "interval_s": frame.interval_s}
    return Refusal(refused.reason, refused.detail, "", msgspec.json.encode(content))


def _refuse(reason: RefusalReason, detail: str, message: RawMessage) -> Refusal:
    return Refusal(reason, detail, message.topic, message.payload)


def _refuse_sign(said: SignReport | SignVerdict, fault: str, topics: Topics) -> Refusal:
    """What a post said and cannot be, as the message by which it can be said again, whatever way it came."""
    content = _said_of(said)
    return Refusal(RefusalReason.BAD_SIGN, fault, topics.sign_of(content.post), msgspec.json.encode(content))


def _said_of(said: SignReport | SignVerdict) -> _Said:
    if isinstance(said, SignReport):
        return _Said(village=said.village, kind=said.kind, note=said.note, post=said.reporter)
    verdict = VALIDATED if said.is_validated else REJECTED
    return _Said(sign=said.sign, verdict=verdict, note=said.note, post=said.validator)


def _sign_action(said: _Said, post: str) -> SignReport | SignVerdict:
    """What a post says of a sign. ValueError if it neither reports nor judges one."""
    if said.village and said.kind and not said.sign:
        return SignReport(said.village, said.kind, post, said.note)
    if said.sign and said.verdict in {VALIDATED, REJECTED} and not said.village:
        return SignVerdict(said.sign, said.verdict == VALIDATED, post, said.note)
    raise ValueError(f"expected village and kind, or sign and verdict ({VALIDATED} or {REJECTED})")


class _Actions(msgspec.Struct, array_like=True):
    """Actions that wait for the next step; older snapshots have no signs."""

    answers: list[RecipientAnswer]
    cancels: list[OperatorCancel]
    signs: list[_Said] = []
    affirms: list[OperatorAffirm] = []


def _encode_actions(actions: list[Action]) -> bytes:
    answers = [action for action in actions if isinstance(action, RecipientAnswer)]
    cancels = [action for action in actions if isinstance(action, OperatorCancel)]
    signs = [_said_of(action) for action in actions if isinstance(action, SignReport | SignVerdict)]
    affirms = [action for action in actions if isinstance(action, OperatorAffirm)]
    return msgspec.msgpack.encode(_Actions(answers, cancels, signs, affirms))


def _decode_actions(payload: bytes) -> list[Action]:
    waiting = msgspec.msgpack.decode(payload, type=_Actions)
    signs = [_sign_action(said, said.post) for said in waiting.signs]
    return [*waiting.answers, *waiting.cancels, *waiting.affirms, *signs]
