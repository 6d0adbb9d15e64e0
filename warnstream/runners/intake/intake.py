"""Journal entries, in order, become engine steps: the same code live and after a restart.

Everything that may change the engine's state is an entry of the journal
first: batches of messages, ticks of the clock, answers, the duty officer's
actions. `Intake.consume` is a pure function of the entries it was given, so a
node that was killed continues exactly where it stopped.

Fresh readings are all judged at the next step; of those of long ago every step
takes a slice (`WaitingReadings`).

Two clocks: ``system`` steps at journaled ticks; ``simulated`` steps when a
message on ``{prefix}/clock`` tells the time (drills, replays), and ignores
ticks.
"""

import itertools
from collections.abc import Callable
from functools import cache, partial

import msgspec

from warnstream.engine import Action, Engine, EngineStep, split_actions
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.ingest.selection import DecoderSelection
from warnstream.ingest.speakers import Senders
from warnstream.lifecycle.alarms import AlarmBook
from warnstream.lifecycle.machine import OPEN_STATES
from warnstream.lifecycle.past_crossings import PastCrossingBook, proven_level
from warnstream.model.effects import Answer, Effects, OperatorCancel, RecipientAnswer
from warnstream.model.hands.drills import is_of_drill
from warnstream.model.hands.orders import HandOrder
from warnstream.model.messages import MessageColumns, is_packed, unpack
from warnstream.model.network import Network
from warnstream.model.observations.decoders import DEFAULT_GATEWAYS, default_rules
from warnstream.model.observations.readings import ReadingBatch
from warnstream.model.radar.fields import Frame
from warnstream.model.times import HOUR_S
from warnstream.model.warning import MessageStatus
from warnstream.runners.carry.carry import carry
from warnstream.runners.carry.names import NOBODYS, JudgedAs, decode_names, encode_names, names_of
from warnstream.runners.intake.alignment import align_levels
from warnstream.runners.intake.door_entries import OF_DOORS
from warnstream.runners.intake.duty import DutyIntake
from warnstream.runners.intake.entries import (
    ACT,
    ACTION_DECODERS,
    ALARM,
    ANSWER,
    CLOCK,
    MESSAGES,
    TICK,
    AnswerEntry,
    decode_actions,
    decode_alarm,
    decode_messages,
    decode_tick,
    encode_actions,
)
from warnstream.runners.intake.grid_entries import WaitingFrames
from warnstream.runners.intake.history_entries import CONFIGURATION, ISSUED, SET_ASIDE, decode_change
from warnstream.runners.intake.outcome import Outcome, Past
from warnstream.runners.intake.refusals import refused_frames, refused_readings
from warnstream.runners.intake.said import (
    alerts_in,
    answer_in,
    real_actions,
    refused_said,
    reports_in,
    signs_in,
    time_in,
)
from warnstream.runners.intake.standby_entries import OF_STANDBY
from warnstream.runners.intake.state_file import StateCopy, StateFile, arrays_of, register_of
from warnstream.runners.intake.topics import StationTopics, Topics
from warnstream.runners.intake.waiting import WaitingReadings


class Intake:
    """Feeds an engine from journal entries; `decoder` reads what stations send.

    Attributes
    ----------
    configuration : bytes
        The entry of the configuration that judges; empty before the first.
    is_clock_accepted : bool
        The duty officer has accepted the system's clock since the last step.
    """

    def __init__(  # noqa: PLR0913  # what entries mean, each by name
        self,
        engine: Engine,
        network: Network,
        topics: Topics,
        *,
        clock: str,
        decoder: DecoderSelection | None = None,
        status: MessageStatus = MessageStatus.ACTUAL,
        past_crossings_s: int = 6 * HOUR_S,
        judged_as: JudgedAs = NOBODYS,
        duty: DutyIntake | None = None,
        frames: WaitingFrames | None = None,
    ) -> None:
        self.engine = engine
        self._stations = network.stations
        self._register, self._status = register_of(network), status
        self._judged_as, self._names = judged_as, names_of(network, judged_as.policies)
        self._encode_names = cache(partial(encode_names, self._names))
        self.configuration = b""
        self._waiting = WaitingReadings(
            decoder
            or DecoderSelection(
                network.stations,
                default_rules(topics.prefix),
                speakers=Senders(topics.prefix, network.stations, DEFAULT_GATEWAYS),
            )
        )
        self._topics = topics
        self.alarms = AlarmBook(topics.prefix, status)
        self.past_crossings = PastCrossingBook(past_crossings_s)
        self.duty = duty or DutyIntake.unwatched(network.villages)
        self._is_simulated = clock == "simulated"
        self._station_topics = StationTopics(topics)
        self._actions: list[Action] = []
        self._frames = frames or WaitingFrames(network)
        self._network = network
        self._past: Past | None = None
        self._steps_of_entry = 0
        self._owed: list[OperatorCancel | HandOrder] = []
        self._is_second_try = self.is_clock_accepted = False
        self._early = Outcome()
        self._takers: dict[str, Callable[[bytes, Outcome], None]] = {
            MESSAGES: self._take_entry,
            TICK: lambda payload, outcome: self._step(decode_tick(payload), outcome),
            ANSWER: self._take_answer_entry,
            **self._frames.takers(),
            ALARM: self._take_alarm,
            CLOCK: self._take_clock,
            ACT: self._take_act,
            CONFIGURATION: self._take_configuration,
            **{kind: partial(self._take_action, decode) for kind, decode in ACTION_DECODERS.items()},
            **dict.fromkeys((ISSUED, SET_ASIDE, *OF_DOORS, *OF_STANDBY), lambda _payload, _outcome: None),
        }

    @property
    def fresh_waiting(self) -> int:
        """Fresh readings, and messages that may hold some, that the next step will judge."""
        return self._waiting.n_fresh

    @property
    def backlog_waiting(self) -> int:
        """Readings of long ago that later steps will take, a slice each."""
        return self._waiting.n_backlog

    @property
    def backlog_taken(self) -> int:
        """Readings of long ago that the last step took."""
        return self._waiting.backlog_taken

    @property
    def now_s(self) -> int:
        """Engine time; -1 before the first step."""
        return max(self.engine.assessment.now_s, self.engine.desk.now_s)

    @property
    def is_asked(self) -> bool:
        """A sign, an order or an answer of a person, or an alert, waits for a step."""
        return bool(self._actions)

    @property
    def orders_waiting(self) -> list[HandOrder]:
        """Orders by hand that the next step will carry out."""
        return [action for action in self._actions if isinstance(action, HandOrder)]

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
        outcome, self._early = self._early, Outcome()
        self._steps_of_entry = 0
        take(payload, outcome)
        return outcome

    def replay(self, kind: str, payload: bytes, past: Past) -> Outcome:
        """Take an entry of the past: its state comes back, and nothing is asked for that was told long ago.

        Raises
        ------
        ValueError
            If the kind is not one this version writes.
        """
        self._past = past
        try:
            if kind == ALARM and not past.is_followed:
                return Outcome()
            return self.consume(kind, payload)
        finally:
            self._past = None
            while past.is_followed and any(effects.step >= self._steps_of_entry for effects in past.issued):
                self._adopt_next(past)

    def owe_orders(self) -> None:
        """Orders by hand that no step of the past carried out wait for the next one."""
        desk = self.engine.desk
        for owed in self._owed:
            if isinstance(owed, HandOrder):
                desk.hands.give_again(owed)
                self._actions.append(owed)
                continue
            status = desk.status(owed.warning)
            if status is not None and status.state in OPEN_STATES:
                self._actions.append(owed)
        self._owed.clear()

    def owe_nothing(self) -> None:
        """What was followed is settled: no order of it waits."""
        self._owed.clear()

    def waiting(self) -> ReadingBatch:
        """Readings that have arrived and wait for a step, the backlog last; messages are decoded for it."""
        return self._waiting.whole(self.now_s)

    def newest_waiting(self) -> dict[int, int]:
        """Newest time observed by each station among fresh readings; what is refused is told later."""
        return self._waiting.newest_by_station(self.now_s, self._early)

    def snapshot(self) -> bytes:
        """Engine and what waits for the next step; call it between entries."""
        return self.copied().packed()

    def copied(self) -> StateCopy:
        """What a snapshot holds, in copies that nothing changes; call it between entries."""
        contents = {
            "desk": self.engine.desk.snapshot(),
            "frames": self._frames.snapshot(),
            "actions": encode_actions(self._actions),
            "alarms": self.alarms.snapshot(),
            "past_crossings": self.past_crossings.snapshot(),
            "duty": self.duty.desk.snapshot(),
            "configuration": self.configuration,
            "names": self._encode_names(),
        }
        arrays = arrays_of(self.engine.assessment.snapshot(), contents, self._waiting.snapshot())
        return StateCopy(arrays, self._register, self._status, self._judged_as.fingerprint)

    def restore(self, snapshot: bytes | StateCopy) -> list[str]:
        """Take up a whole snapshot, before anything else; what begins anew. ValueError, KeyError."""
        notes = self.restore_judged(file := StateFile(snapshot))
        self.restore_people(file)
        return notes or []

    def take_over(self, before: "Intake") -> list[str]:
        """Go on from another configuration's state; what begins anew. As of `restore`."""
        copied, self._owed, self._early, self.is_clock_accepted = before.left()
        return self.restore(copied)

    def left(self) -> tuple[StateCopy, list[OperatorCancel | HandOrder], Outcome, bool]:
        """What another configuration goes on from; messages that wait are decoded by this one."""
        self._waiting.decode(self.now_s, self._early)
        return self.copied(), self._owed, self._early, self.is_clock_accepted

    def let_go(self) -> None:
        """Nobody goes on with it: what it holds can be freed at once."""
        self._takers.clear()

    def restore_judged(self, file: StateFile) -> list[str] | None:
        """What readings led to, and what waits for the next step; of another configuration as far as it fits.

        What begins anew, in sentences; None where it is of this very configuration. ValueError, KeyError.
        """
        file.under_names_now(self._network.hazards_were).check_judged(self._status)
        state, notes = file.arrays_by_part(), None
        if not file.is_of(self._register, self._judged_as.fingerprint):
            template = self.engine.assessment.snapshot()
            carried = carry(state, template, decode_names(file.bytes_of("names")), self._names)
            state, notes = carried.state, carried.notes
        self._actions = decode_actions(file.bytes_of("actions"))
        if "frames" in file:  # older snapshots have none
            self._frames.restore(file.bytes_of("frames"))
        self._waiting.restore(file.bytes_of("undecoded"), state.pop("waiting"), state.pop("backlog"))
        self.engine.assessment.restore(state)
        return notes

    def restore_people(self, file: StateFile) -> None:
        """What people were told, and the alarms that stand. ValueError if it is of another version."""
        file.under_names_now(self._network.hazards_were).check_people()
        self.engine.desk.restore(file.bytes_of("desk"))
        if "alarms" in file:
            self.alarms.restore(file.bytes_of("alarms"))
        if "past_crossings" in file:
            self.past_crossings.restore(file.bytes_of("past_crossings"))
        if "duty" in file:
            self.duty.desk.restore(file.bytes_of("duty"))
        if "configuration" in file:
            self.configuration = file.bytes_of("configuration")

    def _take_entry(self, payload: bytes, outcome: Outcome) -> None:
        """A `MESSAGES` entry."""
        if is_packed(payload):
            self._take_columns(unpack(payload), outcome)
        else:
            self._take_messages(decode_messages(payload), outcome)
        if self._waiting.is_to_be_decoded:
            self._waiting.decode(self.now_s, outcome)

    def _take_answer_entry(self, payload: bytes, outcome: Outcome) -> None:
        posted = msgspec.msgpack.decode(payload, type=AnswerEntry)
        self._take_answer(posted.message, posted.recipient, posted.answer, outcome)

    def _take_action(self, decode: Callable[[bytes], Action], payload: bytes, outcome: Outcome) -> None:
        """What a person did; it waits for the next step."""
        self._actions += real_actions([decode(payload)], self.now_s, outcome, self._network.hazards_were)

    def _take_act(self, payload: bytes, _outcome: Outcome) -> None:
        if self._past is None or self._past.is_followed:
            self.duty.take(payload, self.now_s)

    def _take_clock(self, _payload: bytes, _outcome: Outcome) -> None:
        self.is_clock_accepted = True

    def _take_alarm(self, payload: bytes, outcome: Outcome) -> None:
        outcome.alarms += filter(None, [self.alarms.apply(decode_alarm(payload))])

    def _take_configuration(self, payload: bytes, outcome: Outcome) -> None:
        """From here on this configuration judges: warnings that stand go on as they were told."""
        entry, past, desk = decode_change(payload), self._past, self.engine.desk
        self.configuration = payload
        if past is None or (entry.is_live and past.is_followed):
            is_told = self._is_simulated or not desk.cases()  # the first step says what time it is
            now_s = self.now_s if is_told else max(self.now_s, entry.at_s)
            ending = {action.warning for action in self._actions if isinstance(action, OperatorCancel)}
            outcome.changed_over = desk.change_over(now_s, ending, asks_posts=entry.asks_posts)
        if past is not None and past.is_followed:
            self._adopt_next(past, has_posts=not entry.is_live)
        if past is None or past.is_followed:
            outcome.differences = align_levels(self.engine, self._network)

    def _adopt_next(self, past: Past, *, has_posts: bool = True) -> None:
        """What the present step of a past entry had issued."""
        desk = self.engine.desk
        issued = [effects for effects in past.issued if effects.step == self._steps_of_entry]
        for effects in issued:
            desk.adopt(effects.village_cases, effects.voices)
        if has_posts:
            messages = [message for effects in issued for message in effects.messages]
            desk.follow_posts(messages, [digest for effects in issued for digest in effects.digests])
        self._steps_of_entry += 1

    def _take_messages(self, pairs: list[tuple[str, bytes]], outcome: Outcome) -> None:
        if self._station_topics.knows([topic for topic, _ in pairs]):
            self._waiting.add(itertools.starmap(RawMessage, pairs))
            return
        for topic, content in pairs:
            self._take_message(RawMessage(topic, content), outcome)

    def _take_columns(self, messages: MessageColumns, outcome: Outcome) -> None:
        """Many messages; if all are of stations they are read at once, behind those that wait."""
        if not all(self._station_topics.has(topic) for topic in messages.topics):
            self._take_messages(messages.pairs(), outcome)
            return
        self._waiting.add_columns(messages, self.now_s, outcome)

    def _take_message(self, message: RawMessage, outcome: Outcome) -> None:
        recipient = self._topics.recipient_of(message.topic)
        observer = self._topics.observer_of(message.topic)
        grid = self._topics.grid_of(message.topic)
        bringer = self._topics.bringer_of(message.topic)
        reporter = self._topics.reporter_of(message.topic)
        if message.topic == self._topics.clock:
            self._take_time(message, outcome)
        elif recipient is not None:
            if (posted := answer_in(message, outcome)) is not None:
                self._take_answer(posted.message, recipient, posted.answer, outcome)
        elif observer is not None:
            self._actions += signs_in(message, observer, outcome)
        elif reporter is not None:
            self._actions += real_actions(reports_in(message, reporter, outcome), self.now_s, outcome)
        elif bringer is not None:
            self._actions += alerts_in(message, bringer, outcome)
        elif grid is not None:
            outcome.announced.append(grid)
        elif self._station_topics.has(message.topic):
            self._waiting.add([message])

    def _take_time(self, message: RawMessage, outcome: Outcome) -> None:
        now_s = time_in(message, outcome) if self._is_simulated else None
        if now_s is not None and now_s > self.now_s:  # a redelivered or older time changes nothing
            self._step(now_s, outcome)

    def _take_answer(self, message: str, recipient: str, answer: Answer, outcome: Outcome) -> None:
        given = RecipientAnswer(message, recipient, answer, self.now_s)
        self._actions += real_actions([given], self.now_s, outcome)
        if not is_of_drill(message):
            outcome.answers.append(given)

    def _step(self, now_s: int, outcome: Outcome) -> None:
        self.is_clock_accepted = False
        readings = self._waiting.next_batch(self.now_s, outcome)
        actions, self._actions = self._actions, []
        try:
            step = self._step_engine(readings, actions, now_s, self._frames.take(outcome.refusals))
        except Exception:
            # Answers and orders wait for the next step, readings for one more try: they may not be the cause.
            self._actions = actions
            if not self._is_second_try and len(readings):
                self._waiting.put_back(readings)
            self._is_second_try = not self._is_second_try
            raise
        self._is_second_try = False
        if step is None:
            return
        outcome.steps.append((readings, step))
        if self._past is None or self._past.is_followed:
            villages = self._network.villages
            proven = [proven_level(crossing, villages) for crossing in step.assessment.past_crossings]
            self.past_crossings.step(proven, now_s)
            outcome.alarms += self.alarms.let_time_work(now_s)
            outcome.rings += self.duty.step(self.engine.desk, self.alarms, now_s, actions)
        outcome.refusals += refused_said(self.engine.assessment, self._topics)
        outcome.refusals += refused_readings(readings, step.assessment.flags, self._stations)
        outcome.refusals += refused_frames(step.assessment)

    def _step_engine(
        self, readings: ReadingBatch, actions: list[Action], now_s: int, frames: list[Frame]
    ) -> EngineStep | None:
        """A step of the engine; of the past only what leaves state, None where readings do not count."""
        past = self._past
        if past is None:
            return self.engine.step(readings, actions, now_s, frames)
        said, orders = split_actions(actions)
        assessed = None
        if past.is_judged:
            assessed = self.engine.assessment.step(readings, now_s, said, frames)
        if past.is_followed:
            desk = self.engine.desk
            found = desk.follow(orders, now_s)
            self._adopt_next(past)
            self._owed += [
                order
                for order in found
                if isinstance(order, OperatorCancel)
                or (past.is_unsettled and not desk.has_carried_out(order))
            ]
        return None if assessed is None else EngineStep(assessed, Effects())
