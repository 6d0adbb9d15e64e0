"""Laws of the warning desk under any sequence of changes, answers, cancels, restarts and waiting.

The assessment is played by a small model: it rises and falls, loses and
regains sight as the real one does, and never falls while blind.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import pairwise

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.desk.county import (
    MESSAGE_POLICY,
    T0,
    answer,
    county,
    desk_of,
    new_desk,
    reason,
)
from warnstream.delivery.plan import notifications_of
from warnstream.desk import Case, DeskInput, VillageCase, WarningDesk
from warnstream.lifecycle.machine import State
from warnstream.lifecycle.voice import VillageVoice
from warnstream.model.changes import Change, LevelChange
from warnstream.model.effects import Effects, OperatorCancel
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S
from warnstream.model.warning import Cause, MessageStatus, MessageType, WarningMessage

Steps = list[tuple[int, list[tuple[object, ...]]]]

HAZARDS = ("flash_flood", "rainstorm")
NETWORK = county()

VILLAGES = st.integers(0, 2)
EVENTS = st.one_of(
    st.tuples(st.just("level"), VILLAGES, st.sampled_from(HAZARDS), st.sampled_from(list(Level))),
    st.tuples(st.just("sight"), VILLAGES, st.sampled_from(HAZARDS), st.booleans()),
    st.tuples(
        st.just("answer"),
        st.integers(0, 50),
        st.sampled_from(["grid-a", "town", "leader", "door-0", "nobody"]),
    ),
    st.tuples(st.just("cancel"), st.integers(0, 50)),
)
STEPS = st.lists(
    st.tuples(st.sampled_from([0, 1, 60, 300, 600, 1800, 6 * HOUR_S]), st.lists(EVENTS, max_size=4)),
    max_size=25,
)


@dataclass
class Run:
    """A desk, the assessment that feeds it, and everything the desk asked for."""

    desk: WarningDesk = field(default_factory=new_desk)
    now_s: int = T0
    level: dict[tuple[int, str], Level] = field(default_factory=lambda: defaultdict(lambda: Level.NONE))
    is_blind: dict[tuple[int, str], bool] = field(default_factory=lambda: defaultdict(bool))
    said: list[Effects] = field(default_factory=list)
    held: list[tuple[str, Level]] = field(default_factory=list)

    @property
    def messages(self) -> list[WarningMessage]:
        return [message for effects in self.said for message in effects.messages]

    def step(self, wait_s: int, events: list[tuple[object, ...]]) -> None:
        self.now_s += wait_s
        inputs = [entry for event in events for entry in self.inputs_of(event)]
        self.said.append(self.desk.step(inputs, self.now_s))

    def inputs_of(self, event: tuple[object, ...]) -> list[DeskInput]:
        issued = self.messages
        told = [message.identifier for message in issued]
        told += [digest.identifier for effects in self.said for digest in effects.digests]
        match event:
            case ("level", int(village), str(hazard), Level() as level):
                return self.moved((village, hazard), level)
            case ("sight", int(village), str(hazard), bool(blind)):
                return self.seen((village, hazard), blind)
            case ("answer", int(number), str(recipient)) if issued:
                return [answer(told[number % len(told)], recipient, self.now_s)]
            case ("cancel", int(number)) if issued:
                return [OperatorCancel(issued[number % len(issued)].warning, "duty", "by hand")]
        return []

    def moved(self, place: tuple[int, str], level: Level) -> list[DeskInput]:
        before = self.level[place]
        if level == before or (level < before and self.is_blind[place]):
            return []
        self.level[place] = level
        kind = Change.RISE if level > before else Change.FALL
        why = reason(observed_until_s=self.now_s) if kind is Change.RISE else None
        return [LevelChange(kind, place[1], place[0], level, before, self.now_s, self.now_s, why)]

    def seen(self, place: tuple[int, str], blind: bool) -> list[DeskInput]:
        if self.is_blind[place] == blind:
            return []
        self.is_blind[place] = blind
        level = self.level[place]
        kind = Change.SIGHT_LOST if blind else Change.SIGHT_REGAINED
        return [LevelChange(kind, place[1], place[0], level, level, self.now_s, self.now_s, None)]


def run(steps: Steps) -> Run:
    done = Run()
    for wait_s, events in steps:
        done.step(wait_s, events)
    return done


def by_warning(messages: list[WarningMessage]) -> dict[str, list[WarningMessage]]:
    grouped: dict[str, list[WarningMessage]] = defaultdict(list)
    for message in messages:
        grouped[message.warning].append(message)
    return grouped


@given(STEPS)
def test_versions_count_up_by_one_from_an_alert(steps: Steps) -> None:
    for messages in by_warning(run(steps).messages).values():
        assert [message.version for message in messages] == list(range(1, len(messages) + 1))
        kinds = [message.msg_type is MessageType.ALERT for message in messages]
        assert kinds == [True] + [False] * (len(messages) - 1)


@given(STEPS)
def test_every_message_refers_to_all_that_was_said_of_its_warning_before(steps: Steps) -> None:
    for messages in by_warning(run(steps).messages).values():
        for number, message in enumerate(messages):
            earlier = [(before.identifier, before.sent_s) for before in messages[:number]]
            assert [(r.identifier, r.sent_s) for r in message.references] == earlier


@given(STEPS)
def test_nothing_is_said_of_a_warning_after_its_cancel(steps: Steps) -> None:
    for messages in by_warning(run(steps).messages).values():
        assert not [m for m in messages[:-1] if m.msg_type is MessageType.CANCEL]


@given(STEPS)
def test_a_held_level_never_falls(steps: Steps) -> None:
    for messages in by_warning(run(steps).messages).values():
        for message in messages:
            assert not (message.blind and message.level < message.previous)
        for before, after in pairwise(messages):
            if before.blind and after.cause is not Cause.CANCELLED:
                assert after.level >= before.level


@given(STEPS)
def test_people_are_told_the_level_that_was_assessed_unless_the_duty_officer_ended_it(
    steps: Steps,
) -> None:
    done = run(steps)
    told = {(s.village, s.hazard): s.level for s in done.desk.open_warnings()}
    last = {(m.village, m.hazard): m.cause for m in done.messages}
    by_hand = {place for place, cause in last.items() if cause is Cause.CANCELLED}
    assessed = {place: level for place, level in done.level.items() if level and place not in by_hand}
    assert told == assessed
    assert "told" not in done.desk.last_refusal


@given(STEPS)
def test_every_name_and_every_key_is_used_once(steps: Steps) -> None:
    done = run(steps)
    identifiers = [message.identifier for message in done.messages]
    keys = [n.key for effects in done.said for n in notifications_of(effects, NETWORK)]
    assert len(set(identifiers)) == len(identifiers)
    assert len(set(keys)) == len(keys)


@given(STEPS)
def test_whoever_was_told_of_a_warning_is_told_of_everything_that_follows(steps: Steps) -> None:
    done = run(steps)
    heard: dict[tuple[str, str], list[int]] = defaultdict(list)
    for effects in done.said:
        for notification in notifications_of(effects, NETWORK):
            heard[notification.warning, notification.recipient].append(notification.version)
    last = {warning: messages[-1].version for warning, messages in by_warning(done.messages).items()}
    for (warning, _), versions in heard.items():
        if warning in last:  # doors hear bulletins: their laws are in test_bulletin_laws
            assert versions == list(range(versions[0], last[warning] + 1))


@given(STEPS)
def test_a_message_that_stands_has_always_time_left(steps: Steps) -> None:
    done = run(steps)
    for status in done.desk.open_warnings():
        assert status.expires_s - MESSAGE_POLICY.renew_before_s > done.now_s


@given(STEPS)
def test_the_same_inputs_give_the_same_bytes(steps: Steps) -> None:
    one, other = run(steps), run(steps)
    assert one.said == other.said
    assert one.desk.snapshot() == other.desk.snapshot()


@settings(deadline=None)
@given(STEPS)
def test_a_restart_at_every_step_is_no_different_from_none(steps: Steps) -> None:
    steady, restarted = Run(), Run()
    for wait_s, events in steps:
        again = new_desk()
        again.restore(restarted.desk.snapshot())
        restarted.desk = again
        steady.step(wait_s, events)
        restarted.step(wait_s, events)
        assert steady.said[-1] == restarted.said[-1]
        assert steady.desk.snapshot() == restarted.desk.snapshot()
        assert steady.desk.open_warnings() == restarted.desk.open_warnings()


@settings(deadline=None)
@given(STEPS)
def test_a_desk_that_follows_what_another_issued_knows_what_that_one_knows(steps: Steps) -> None:
    leader, follower = Run(), new_desk()
    for wait_s, events in steps:
        leader.now_s += wait_s
        inputs = [entry for event in events for entry in leader.inputs_of(event)]
        effects = leader.desk.step(inputs, leader.now_s)
        leader.said.append(effects)
        issued = msgspec.msgpack.encode((leader.desk.cases_of(effects), leader.desk.voices_of(effects)))
        follower.follow([entry for entry in inputs if not isinstance(entry, LevelChange)], leader.now_s)
        cases, voices = msgspec.msgpack.decode(issued, type=tuple[list[Issued], list[VillageVoice]])
        follower.adopt([VillageCase(*pair) for pair in cases], voices)
        codes = NETWORK.villages.code
        follower.follow_posts(
            [(codes[message.village], message) for message in effects.messages], effects.digests
        )
        assert by_name(follower) == by_name(leader.desk)
        assert follower.open_warnings() == leader.desk.open_warnings()
        assert follower.bulletins.snapshot() == leader.desk.bulletins.snapshot()
        assert follower.chains.snapshot() == leader.desk.chains.snapshot()


Issued = tuple[str, Case]


def by_name(desk: WarningDesk) -> dict[tuple[str, str], Case]:
    return {(village, case.warning.hazard): case for village, case in desk.cases()}


@settings(deadline=None)
@given(STEPS)
def test_no_warning_ever_changes_its_status(steps: Steps) -> None:
    done, status = Run(), MessageStatus.EXERCISE
    for number, (wait_s, events) in enumerate(steps):
        if number % 3 == 2:  # a restart with the other status
            state, status = (
                done.desk.snapshot(),
                next(of_status for of_status in MessageStatus if of_status is not status),
            )
            policy = replace(MESSAGE_POLICY, status=status)
            done.desk = desk_of(messages=policy)
            done.desk.restore(state)
            done.said.append(done.desk.change_over(done.now_s))
        done.step(wait_s, events)
    for messages in by_warning(done.messages).values():
        assert len({message.status for message in messages}) == 1


@given(STEPS)
def test_a_held_warning_says_so_until_it_is_seen_or_rises(steps: Steps) -> None:
    done = run(steps)
    for status in done.desk.open_warnings():
        latest = done.desk.latest_message(status.warning)
        assert latest is not None
        assert latest.blind == (status.state is State.HELD)
