"""Laws of bulletins under any sequence of levels, corrections, exercises, waiting and restarts."""

from dataclasses import dataclass, field

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.bulletins.village import CODES, DRILL, REAL, message, orders
from tests.unit.desk.county import T0
from warnstream.lifecycle.bulletins import DRILL_PAUSE_S, Bulletins, Correction
from warnstream.lifecycle.voice import VillageVoice
from warnstream.model.bulletins import Action, Bulletin, BulletinCause, BulletinPolicy, Standing
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S
from warnstream.model.warning import MessageStatus

HAZARDS = ("flash_flood", "landslide", "rainstorm", "forest_fire", "waterlogging", "strong_wind", "own_rule")
VILLAGES = (0, 1)
WAITS_S = (0, 60, 300, 600, 601, 1800, HOUR_S, 3 * HOUR_S, 20 * HOUR_S)

Move = tuple[int, str, Level, MessageStatus, bool]


@st.composite
def moves(draw: st.DrawFn) -> Move:
    """A hazard of a village goes to a level; at none it may have been an error."""
    status = draw(st.sampled_from([REAL, REAL, REAL, DRILL]))
    hazard, village = draw(st.sampled_from(HAZARDS)), draw(st.sampled_from(VILLAGES))
    return village, hazard, draw(st.sampled_from(list(Level))), status, draw(st.booleans())


steps = st.tuples(st.sampled_from(WAITS_S), st.lists(moves(), max_size=3))
policies = st.builds(
    BulletinPolicy,
    level_min=st.sampled_from([Level.BLUE, Level.YELLOW, Level.ORANGE]),
    settle_s=st.sampled_from([0, 600]),
    clear_after_s=st.sampled_from([0, 600, HOUR_S]),
    remind_every_s=st.sampled_from([0, 3 * HOUR_S]),
)


@dataclass(slots=True)
class World:
    """What stands, played beside the machine, and every bulletin of each village."""

    policy: BulletinPolicy
    voices: Bulletins
    standing: dict[int, dict[str, Standing]] = field(default_factory=lambda: {v: {} for v in VILLAGES})
    said: dict[int, list[Bulletin]] = field(default_factory=lambda: {v: [] for v in VILLAGES})
    now_s: int = T0

    def go(self, wait_s: int, found: list[Move]) -> list[Bulletin]:
        """One step of the machine, the same from a snapshot of it, and the laws of its bulletins."""
        self.now_s += wait_s
        messages, corrections = [], []
        for village, hazard, level, status, is_error in found:
            if level:
                known = self.standing[village].get(hazard)
                kept = known.status if known else status
                self.standing[village][hazard] = Standing(hazard, level, kept)
            elif self.standing[village].pop(hazard, None) is None:
                continue
            elif is_error:
                corrections.append(Correction(village, hazard))
            messages.append(message(hazard, level, village=village, status=status, at_s=self.now_s))
        restored = new(self.policy)
        restored.restore(self.voices.snapshot())
        issued = self.voices.step(messages, self.now_s, corrections=corrections)
        assert restored.step(messages, self.now_s, corrections=corrections) == issued
        assert restored.snapshot() == self.voices.snapshot()
        self.voices = restored
        for bulletin in issued:
            self.hear(bulletin)
        for village in VILLAGES:
            self.check_last_word(village)
        return issued

    def hear(self, bulletin: Bulletin) -> None:
        said = self.said[bulletin.village]
        previous = said[-1] if said else None
        said.append(bulletin)
        assert bulletin.identifier.endswith(f".{bulletin.n}")
        if previous is not None:
            assert (bulletin.opened_s, bulletin.n) > (previous.opened_s, previous.n)
            assert bulletin.sequence > previous.sequence
            assert bulletin.issued_s > previous.issued_s or wait_is_zero(previous, bulletin)
        heard = self.of_status(bulletin.village, bulletin.status)
        assert {warning.hazard: warning.level for warning in bulletin.standing} == {
            warning.hazard: warning.level for warning in heard
        }
        assert bulletin.action.is_end == (not heard)
        self.check_within_episode(bulletin, previous)

    def check_within_episode(self, bulletin: Bulletin, previous: Bulletin | None) -> None:
        """The first opens, an end closes; whoever was asked to go never hears less than stay."""
        is_first = previous is None or previous.action.is_end or bulletin.cause is BulletinCause.STATUS
        assert (bulletin.n == 1) == is_first
        if previous is None or is_first:
            assert not bulletin.action.is_end
            assert bulletin.worst >= self.policy.level_min
            return
        assert bulletin.episode == previous.episode
        assert bulletin.status is previous.status
        if previous.has_moved:
            assert bulletin.has_moved
            assert bulletin.action not in (Action.WATCH, Action.READY)

    def of_status(self, village: int, status: MessageStatus) -> list[Standing]:
        return [warning for warning in self.standing[village].values() if warning.status is status]

    def check_last_word(self, village: int) -> None:
        """The doors' last word is never below what stands for real."""
        real = self.of_status(village, REAL)
        worst = max((warning.level for warning in real), default=Level.NONE)
        last = self.said[village][-1] if self.said[village] else None
        if last is None or last.action.is_end or last.status is DRILL:
            assert worst < self.policy.level_min
            return
        assert last.worst >= worst
        told = max(map(weight, last.standing))
        asked = max(map(weight, real), default=(0, 0))
        assert asked <= told
        if last.action is not Action.STAY:
            assert last.action.rank >= asked[0]


def wait_is_zero(previous: Bulletin, bulletin: Bulletin) -> bool:
    return bulletin.issued_s == previous.issued_s


def weight(one: Standing) -> tuple[int, int]:
    return orders().order(one.hazard, one.level).action.rank, int(one.level)


def new(policy: BulletinPolicy) -> Bulletins:
    return Bulletins("ws", CODES, orders(), policy)


@settings(max_examples=400, deadline=None)
@given(policies, st.lists(steps, max_size=25))
def test_one_voice_per_house(policy: BulletinPolicy, sequence: list[tuple[int, list[Move]]]) -> None:
    world = World(policy, new(policy))
    for wait_s, found in sequence:
        villages = [bulletin.village for bulletin in world.go(wait_s, found)]
        assert len(villages) == len(set(villages))
    for village in VILLAGES:
        ends = [
            (village, warning.hazard, Level.NONE, warning.status, False)
            for warning in world.standing[village].values()
        ]
        world.go(60, ends)
    for _ in range(3):
        world.go(policy.clear_after_s + DRILL_PAUSE_S, [])
    for said in world.said.values():
        assert not said or said[-1].action.is_end  # whoever was told hears the end
    assert world.voices.open_villages() == []
    assert world.voices.no_end() == frozenset()


@settings(max_examples=100, deadline=None)
@given(policies, st.lists(steps, max_size=20))
def test_the_voices_of_what_a_step_told_are_all_that_a_log_needs(
    policy: BulletinPolicy, sequence: list[tuple[int, list[Move]]]
) -> None:
    """A twin that only follows the villages of each step's messages and bulletins goes on byte for byte."""
    world, twin = World(policy, new(policy)), new(policy)
    for wait_s, found in sequence:
        issued = world.go(wait_s, found)
        touched = {move[0] for move in found} | {bulletin.village for bulletin in issued}
        logged = msgspec.msgpack.encode(world.voices.voices_of(touched), order="sorted")
        twin.follow(msgspec.msgpack.decode(logged, type=list[VillageVoice]))
        assert twin.snapshot() == world.voices.snapshot()
    later_s = world.now_s + 4 * HOUR_S
    assert twin.step([], later_s) == world.voices.step([], later_s)


@settings(max_examples=100, deadline=None)
@given(policies, st.lists(steps, max_size=15))
def test_the_order_of_messages_within_a_step_changes_nothing(
    policy: BulletinPolicy, sequence: list[tuple[int, list[Move]]]
) -> None:
    """Of different hazards or villages: of one, the last message counts."""
    one, other, now_s = new(policy), new(policy), T0
    for wait_s, found in sequence:
        now_s += wait_s
        last = {(village, hazard): (level, status) for village, hazard, level, status, _ in found}
        messages = [
            message(hazard, level, village=village, status=status, at_s=now_s)
            for (village, hazard), (level, status) in last.items()
        ]
        assert one.step(messages, now_s) == other.step(messages[::-1], now_s)
        assert one.snapshot() == other.snapshot()
