"""Laws of the chain under any sequence of levels, answers, failures, calls for help, waiting and restarts.

A model played beside the machine knows from the digests alone what each post was asked and when.
"""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.routing.villages import CODES, T0, Night, message, new_chain, numbers_of, posts_of
from warnstream.model.digests import (
    AGAIN_FROM,
    HEAD_WORDS,
    CallFailed,
    Digest,
    FieldReport,
    HelpAssign,
    HelpClose,
    Need,
)
from warnstream.model.effects import Answer, DoorHelp, PostAnswer
from warnstream.model.hands.roster import NOBODY, Roster, Shift
from warnstream.model.level import Level
from warnstream.model.rules.policies import RoutingPolicy
from warnstream.model.warning import Cause, WarningMessage
from warnstream.routing.chain import ChainInput
from warnstream.routing.debts import NEVER, NOT_YET
from warnstream.routing.needs import owing
from warnstream.routing.reports import ABSURD_TIMES, PlacedReport
from warnstream.routing.turns import AWAITING, State

PEOPLE = 200
VILLAGES = st.integers(0, 3)
POSTS = st.sampled_from(sorted({post for village in range(4) for post, _ in posts_of(village)}))
NEEDS = st.sampled_from(list(Need))
NUMBERS = st.sampled_from([-1, 0, 1, 31, 2_000, 2_001])
POLICIES = st.builds(
    RoutingPolicy,
    need=st.tuples(st.just(Need.NONE), NEEDS, NEEDS, NEEDS, NEEDS),
    answer_within_s=st.sampled_from([(0, 3600, 1800, 600, 300), (0, 0, 1800, 600, 300), (0, 60, 60, 60, 60)]),
    chain_level_min=st.sampled_from([Level.BLUE, Level.YELLOW]),
    all_ranks_from=st.sampled_from([Level.YELLOW, Level.ORANGE, Level.RED]),
    again_s=st.sampled_from([(300, 300, 600), (60,)]),
    digest_every_s=st.sampled_from([120, 600]),
    spot_check_share=st.sampled_from([0.0, 0.5, 1.0]),
)
EVENTS = st.one_of(
    st.tuples(st.just("level"), VILLAGES, st.sampled_from(["flood", "slope"]), st.sampled_from(list(Level))),
    st.tuples(st.just("answer"), POSTS, st.integers(1, 6), st.sampled_from(list(Answer))),
    st.tuples(st.just("failed"), POSTS, st.integers(1, 3)),
    st.tuples(st.just("help"), VILLAGES, st.sampled_from(["door-1", "door-2"])),
    st.tuples(
        st.just("report"), st.integers(-1, 3), POSTS, st.dictionaries(st.sampled_from(HEAD_WORDS), NUMBERS)
    ),
    st.tuples(st.just("assign"), st.integers(0, 3), POSTS),
    st.tuples(st.just("close"), st.integers(0, 3), POSTS),
)
WAITS_S = st.sampled_from([0, 10, 60, 120, 300, 601, 1800, 4 * 3600])
STEPS = st.lists(st.tuples(WAITS_S, st.lists(EVENTS, max_size=3)), max_size=25)

ROSTERS = st.builds(
    lambda every_s, phones: Roster(
        Shift(post, T0 + number * every_s, T0 + (number + 1) * every_s, phone, "sms", phone)
        for post in ("grid-0", "town-a", "leader")
        for number, phone in enumerate(phones, start=-1)
        if phone
    ),
    st.sampled_from([50, 130, 601, 3600]),
    st.lists(st.sampled_from(["", "1", "2", "3"]), max_size=12),
)
"""Shifts with gaps, and persons who go on."""

Steps = list[tuple[int, list[tuple[object, ...]]]]


def report_of(village: int, post: str, heads: dict[str, int]) -> PlacedReport:
    """A post's report; without a village (-1) it signs in, and its numbers have no place."""
    report = FieldReport(post, on_duty=village < 0, patrolled=not heads, **heads)  # type: ignore[arg-type]
    return PlacedReport(report, village, True, "" if village >= 0 or not heads else "which?")


@dataclass(slots=True)
class World:
    """A chain that is restarted at every step, and what its digests have asked."""

    policy: RoutingPolicy
    night: Night
    roster: Roster = NOBODY
    level: dict[tuple[int, str], Level] = field(default_factory=dict)
    turn_asked: dict[str, dict[int, dict[int, int]]] = field(default_factory=dict)

    def go(self, wait_s: int, events: list[tuple[object, ...]]) -> None:
        night = self.night
        night.now_s += wait_s
        inputs = [entry for event in events for entry in self.inputs_of(event)]
        twin = new_chain(self.policy, people=PEOPLE, roster=self.roster)
        twin.restore(night.chain.snapshot(CODES), numbers_of(CODES))
        issued = night.step(*inputs)
        assert twin.step(inputs, night.now_s) == issued
        assert twin.snapshot(CODES) == night.chain.snapshot(CODES)
        for dry, other in zip(twin.dry, night.chain.dry, strict=True):
            assert dry == other
        night.chain = twin
        for digest in issued:
            self.hear(digest)
        self.check_answers(inputs)
        self.check_villages()
        self.check_help()
        self.check_reports(inputs)
        self.check_shifts()

    def check_shifts(self) -> None:
        """Where anything is open, whoever holds the post now was rung, or is as soon as a digest may go."""
        chain, now_s = self.night.chain, self.night.now_s
        for post, debt in chain.debts.items():
            stands = any(turn.level and post in turn.told for turn in chain.turns.values())
            is_open = debt.helps or stands or any(debt.lives(village) for village in debt.owed)
            if debt.n and is_open and debt.issued_s + self.policy.digest_every_s <= now_s:
                assert debt.shift == self.roster.key(post, now_s)

    def check_reports(self, inputs: list[ChainInput]) -> None:
        """Every report of the step is counted or told; nothing absurd is counted."""
        state = self.night.chain.reports.state
        for report in state.villages.values():
            assert all(0 <= number <= ABSURD_TIMES * PEOPLE for number in report.heads().values())
        last = {entry.report.sender: entry for entry in inputs if isinstance(entry, PlacedReport)}
        for sender, placed in last.items():
            is_told = any(report.sender == sender for report in state.unclear)
            said, known = placed.report, state.villages.get(placed.village)
            heads = known.posts.get(sender) if known is not None else None
            is_counted = heads is not None and said.heads.items() <= heads.numbers().items()
            has_begun_anew = any(isinstance(input_, WarningMessage) for input_ in inputs)
            assert is_told or not said.heads or is_counted or has_begun_anew
            assert is_told or not said.on_duty or sender in state.on_duty

    def inputs_of(self, event: tuple[object, ...]) -> list[ChainInput]:  # noqa: PLR0911  # a line a kind
        digests, calls = self.night.digests, list(self.night.chain.helps.of_name)
        match event:
            case ("level", int(village), str(hazard), Level() as level):
                before = self.level.get((village, hazard), Level.NONE)
                self.level[village, hazard] = level
                cause = Cause.RAISED if level > before else Cause.LOWERED if level else Cause.ENDED
                return [message(village, level, cause, self.night.now_s, hazard)] if level != before else []
            case ("answer", str(post), int(back), Answer() as answer) if post in digests:
                return [PostAnswer(digests[post][-min(back, len(digests[post]))].identifier, post, answer)]
            case ("failed", str(post), int(back)) if post in digests:
                return [CallFailed(digests[post][-min(back, len(digests[post]))].identifier, post)]
            case ("help", int(village), str(door)):
                return [DoorHelp(village, door)]
            case ("report", int(village), str(post), dict(heads)):
                return [report_of(village, post, heads)]
            case ("assign" | "close" as deed, int(number), str(person)) if calls:
                kind = HelpAssign if deed == "assign" else HelpClose
                return [kind(calls[number % len(calls)], "leader", person)]
        return []

    def hear(self, digest: Digest) -> None:
        """A digest is the next one of its post, not too soon, about its own villages, worst first."""
        said = self.night.digests[digest.post]
        assert digest.n == len(said)
        if len(said) > 1:
            assert digest.issued_s - said[-2].issued_s >= self.policy.digest_every_s
        for line in digest.lines:
            assert digest.post in dict(posts_of(line.village))
        for call in digest.helps:
            gave_it = digest.hands_over and call.assigned  # a post may give a call of another's village
            assert gave_it or digest.post in dict(posts_of(call.village))
            assert call.caller != digest.post
        assert digest.lines or digest.helps
        levels = [(not line.needs_answer, -line.level) for line in digest.lines]
        assert levels == sorted(levels)
        awaited = [line.village for line in digest.lines if line.needs_answer]
        assert sum(digest.owed) == len(awaited)
        assert digest.needs_answer == bool(awaited)
        assert not awaited or digest.answer_by_s > digest.issued_s
        turns = self.night.chain.turns
        numbers = {village: turns[village].number for village in awaited}
        self.turn_asked.setdefault(digest.post, {})[digest.n] = numbers

    def check_answers(self, inputs: list[ChainInput]) -> None:
        """An answer to digest n settled every village of it whose turn has not moved."""
        raised = any(not isinstance(entry, PostAnswer) for entry in inputs)
        if raised:
            return
        for entry in inputs:
            assert isinstance(entry, PostAnswer)
            asked = self.turn_asked[entry.post].get(int(entry.digest.rpartition(".")[2]), {})
            for village, number in asked.items():
                turn = self.night.chain.turns[village]
                owed = self.night.chain.debts[entry.post].owed.get(village)
                assert turn.number != number or owed is None

    def check_villages(self) -> None:
        chain = self.night.chain
        for village, turn in chain.turns.items():
            debts = {
                post: chain.debts[post].owed.get(village)
                for post, _ in posts_of(village)
                if post in chain.debts
            }
            owed = {post: debt for post, debt in debts.items() if debt is not None}
            assert (village in chain.dry) == (turn.state is State.DRY)
            if turn.state not in AWAITING:
                assert not owed  # complete, or over: nobody owes
                continue
            asked = [post for post in posts_of(village) if post[1] <= turn.asked_rank]
            needed = owing(self.policy.need_of(turn.level), asked, turn.answered)
            assert set(owed) == set(needed)  # who owes is needed, who is needed was asked
            assert needed or not posts_of(village)
            live = {post for post, debt in owed.items() if not debt.has_lapsed}
            assert live or turn.state is State.DRY
            for post in live:
                self.check_timer(post, village)
            for post, debt in owed.items():
                assert not debt.has_lapsed or post in turn.silent

    def check_timer(self, post: str, village: int) -> None:
        """An answer that is awaited falls due, or a digest that asks for it is coming."""
        debt = self.night.chain.debts[post]
        owed = debt.owed[village]
        ready_s = debt.issued_s + self.policy.digest_every_s
        if owed.due_s == NEVER:
            assert ready_s > self.night.now_s
            assert owed.first_n == NOT_YET or (owed.is_overdue and debt.rings)
        else:
            assert owed.due_s > self.night.now_s

    def check_help(self) -> None:
        """An open call is taken, or has a timer, or is an alarm because nobody is there to ring."""
        chain = self.night.chain
        for call in chain.helps.of_name.values():
            others = [post for post, _ in posts_of(call.village) if post != call.caller]
            assert bool(call.assigned) == (call.due_s == NEVER and bool(others)) or not others
            assert not (call.assigned and call.is_untaken)
            assert call.assigned or others or call.is_untaken


@settings(max_examples=4 * settings().max_examples)
@given(POLICIES, STEPS, ROSTERS)
def test_every_owed_answer_has_a_timer_or_an_alarm(
    policy: RoutingPolicy, steps: Steps, roster: Roster
) -> None:
    world = World(policy, Night(new_chain(policy, people=PEOPLE, roster=roster)), roster)
    for wait_s, events in steps:
        world.go(wait_s, events)
    ends: list[tuple[object, ...]] = [
        ("level", village, hazard, Level.NONE) for village, hazard in world.level
    ]
    world.go(60, ends)
    assert world.night.chain.dry == []  # whatever began has ended
    for _ in range(3):
        world.go(policy.digest_every_s, [])
    for name in list(world.night.chain.helps.of_name):
        world.night.step(HelpAssign(name, "leader", "Li Si"), HelpClose(name, "leader", "Wang Wu"))
    world.night.wait(2 * policy.digest_every_s, tick_s=policy.digest_every_s)
    assert world.night.wait(24 * 3600, tick_s=1800) == []  # nobody is rung once nothing is open


@settings(max_examples=3 * settings().max_examples // 2)
@given(POLICIES, st.sampled_from([Level.ORANGE, Level.RED]), st.integers(0, 2))
def test_a_silent_post_is_rung_again_for_ever_from_orange_on(
    policy: RoutingPolicy, level: Level, village: int
) -> None:
    night = Night(new_chain(policy))
    night.rise(level, village=village)
    night.wait(12 * 3600, tick_s=60)
    late = {post: [d for d in all_ if d.issued_s > T0 + 11 * 3600] for post, all_ in night.digests.items()}
    owes = night.chain.turns[village].state in AWAITING
    assert level >= AGAIN_FROM
    assert all(bool(found) == owes for found in late.values())
    assert (village in night.chain.dry) == owes
