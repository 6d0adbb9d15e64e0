"""Whatever happens in whatever order, a post's notification's facts only rise and none is lost."""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.unit.adapters.county import GRID_MEMBER, TOWN_LEADER, digest, network, rendered, sent
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.adapters.outbox.types import ANSWERS, Claimed
from warnstream.delivery.dispatch.notification import EXPIRED_UNSENT, State, settle
from warnstream.delivery.dispatch.outcome import Outcome, refused, retry, unavailable
from warnstream.model.effects import Answer, Effects
from warnstream.model.rules.policies import RetryPolicy

NETWORK = network()
POSTS = {post.post: post for post in (GRID_MEMBER, TOWN_LEADER)}
VERSIONS = st.integers(1, 3)
FINAL = (State.SENT, State.DELIVERED, State.FAILED, State.SUPERSEDED, State.EXPIRED)
POLICY = RetryPolicy(attempts_max=3, first_wait_s=1.0, wait_s_max=4.0)
OUTCOMES: tuple[Callable[[str, float], Outcome], ...] = (
    retry,
    unavailable,
    lambda reason, _s: refused(reason),
)


def name(post: str, version: int) -> str:
    """Identifier of a digest."""
    return digest(POSTS[post], version).identifier


class OutboxMachine(RuleBasedStateMachine):
    """A sender, a gateway, duty posts and a failing process around one outbox."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.outbox = Outbox(self.directory)
        self.now = 0.0
        self.in_hand: list[Claimed] = []
        self.recorded: set[int] = set()
        self.best_answer: dict[str, int] = {}
        self.seen_final: dict[str, int] = {}

    def teardown(self) -> None:
        """Whatever is left can be sent, and then nothing is open."""
        self.restart()
        while claimed := self.outbox.claim("sms", 10, 1e9):
            self.outbox.settle(sent(row.key for row in claimed), self.now)
        assert self.outbox.open_count("sms") == 0
        if self.recorded:
            for post in POSTS:
                newest = name(post, max(self.recorded))
                assert self.rows()[f"{newest}|{post}"][0] is not State.SUPERSEDED
        self.outbox.close()
        shutil.rmtree(self.directory)

    def rows(self) -> dict[str, tuple[State, int]]:
        with closing(sqlite3.connect(self.directory / "outbox.sqlite3")) as connection:
            found = connection.execute(
                "SELECT identifier, recipient, state, answer FROM notifications"
                " JOIN messages ON messages.number = message WHERE channel = 'sms'"
            ).fetchall()
        return {f"{message}|{post}": (State(state), answer) for message, post, state, answer in found}

    @rule(version=VERSIONS)
    def record(self, version: int) -> None:
        told = Effects(digests=[digest(post, version) for post in POSTS.values()])
        self.outbox.record(told, NETWORK, rendered)
        self.recorded.add(version)

    @rule(limit=st.integers(1, 3))
    def claim(self, limit: int) -> None:
        claimed = self.outbox.claim("sms", limit, self.now)
        assert not {row.key for row in claimed} & {row.key for row in self.in_hand}
        self.in_hand.extend(claimed)

    @rule()
    def sent(self) -> None:
        self.outbox.settle(sent(row.key for row in self.in_hand), self.now)
        self.in_hand.clear()

    @rule(outcome=st.sampled_from(OUTCOMES), wait_s=st.floats(0, 10))
    def not_sent(self, outcome: Callable[[str, float], Outcome], wait_s: float) -> None:
        settlements = {
            row.key: settle(outcome("busy", wait_s), row.attempt, row.key, POLICY, self.now)
            for row in self.in_hand
        }
        self.outbox.settle(settlements, self.now)
        self.in_hand.clear()

    @rule()
    def expired(self) -> None:
        self.outbox.settle(dict.fromkeys((row.key for row in self.in_hand), EXPIRED_UNSENT), self.now)
        self.in_hand.clear()

    @rule(version=VERSIONS, post=st.sampled_from(list(POSTS)))
    def delivered(self, version: int, post: str) -> None:
        self.outbox.mark_delivered(f"{name(post, version)}|{post}|sms", self.now)

    @rule(version=VERSIONS, post=st.sampled_from(list(POSTS)), answer=st.sampled_from(Answer))
    def answered(self, version: int, post: str, answer: Answer) -> None:
        message = name(post, version)
        known = self.outbox.answer(message, post, answer, int(self.now))
        assert known == (version in self.recorded)
        if known:
            row = f"{message}|{post}"
            self.best_answer[row] = max(self.best_answer.get(row, 0), ANSWERS.index(answer) + 1)

    @rule(wait_s=st.floats(0, 20))
    def time_passes(self, wait_s: float) -> None:
        self.now += wait_s

    @rule()
    def restart(self) -> None:
        self.outbox.close()
        self.outbox = Outbox(self.directory)
        self.outbox.recover()
        self.in_hand.clear()

    @invariant()
    def every_recorded_row_is_there(self) -> None:
        assert len(self.rows()) == len(POSTS) * len(self.recorded)

    @invariant()
    def answers_are_the_highest_ever_given(self) -> None:
        assert {row: answer for row, (_, answer) in self.rows().items() if answer} == self.best_answer

    @invariant()
    def a_final_state_changes_into_delivered_only(self) -> None:
        for row, (state, _) in self.rows().items():
            before = self.seen_final.get(row)
            assert before in (None, state) or state is State.DELIVERED
            if state in FINAL:
                self.seen_final[row] = state


OutboxMachine.TestCase.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
TestOutboxLaws = OutboxMachine.TestCase
