"""Which ways are tested this week, who has answered, and who has not. Pure: the same steps, the same calls.

A way is called at most once in a local week, whatever is restarted or changed in it. Where orange or red
stands in the area of a post its call is put off, and no call is over while that stands there.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet

import msgspec

from warnstream.model.effects import RecipientAnswer
from warnstream.model.hands.weekly_calls import MARK, TestCall, TestPolicy, TestWay

NEVER = -1
LOOK_S = 30
"""Ways are looked at so often, in engine time."""


class WayState(msgspec.Struct):
    """What is known of one way.

    Attributes
    ----------
    week : int
        Of the last call; NEVER before the first.
    called_s, due_s, answered_s : int
        Of that call.
    number : int
        Of that call.
    is_over : bool
        Its time is over, and nobody has answered.
    put_off_week : int
        The last week in which it was put off at first.
    """

    week: int = NEVER
    called_s: int = NEVER
    due_s: int = NEVER
    answered_s: int = NEVER
    number: int = 0
    is_over: bool = False
    put_off_week: int = NEVER


class TestState(msgspec.Struct):
    """Everything between two steps."""

    __test__ = False

    of_way: dict[str, WayState] = {}
    n_calls: int = 0
    begun_s: int = NEVER
    looked_s: int = NEVER


class TestCalls:
    """The test calls of one node.

    Parameters
    ----------
    policy : TestPolicy or None
        None: nobody is called.

    Attributes
    ----------
    state : TestState
    counted : dict of str to int
        Ways by what became of their last call, at the last look.
    """

    __test__ = False

    def __init__(self, policy: TestPolicy | None = None) -> None:
        self.policy = policy
        self.counted = dict.fromkeys(RESULTS, 0)
        self.state = TestState()

    def step(
        self, now_s: int, answers: Iterable[RecipientAnswer], blocked: Callable[[], AbstractSet[str]]
    ) -> list[TestCall]:
        """Whom to call now. `blocked` are areas where orange or red stands; it is asked only if need be."""
        for given in answers:
            self._take(given)
        state, policy = self.state, self.policy
        if policy is None or (state.looked_s != NEVER and now_s < state.looked_s + LOOK_S):
            return []
        state.looked_s = now_s
        if state.begun_s == NEVER:
            state.begun_s = now_s  # a week that began before is no week of these calls
        week, areas = policy.week(now_s), None
        may_call = policy.may_call(now_s) and policy.begins_s(now_s) >= state.begun_s
        calls = []
        for way in policy.ways:
            known = state.of_way.get(key_of(way)) or WayState()
            is_late = known.due_s != NEVER and not known.is_over and known.answered_s == NEVER
            is_late = is_late and now_s >= known.due_s
            is_due = may_call and known.week < week
            if not is_late and not is_due:
                continue
            areas = blocked() if areas is None else areas
            state.of_way[key_of(way)] = known
            if way.area in areas:
                known.put_off_week = week if is_due else known.put_off_week
                known.due_s = now_s + policy.within_s if is_late else known.due_s
                continue
            known.is_over |= is_late
            if is_due:
                calls.append(self._call(way, known, week, now_s))
        self.counted = self.counts(now_s)
        return calls

    def _call(self, way: TestWay, known: WayState, week: int, now_s: int) -> TestCall:
        assert self.policy is not None
        self.state.n_calls += 1
        known.week, known.called_s, known.due_s = week, now_s, now_s + self.policy.within_s
        known.answered_s, known.number, known.is_over = NEVER, self.state.n_calls, False
        return TestCall(known.number, way, now_s, known.due_s)

    def _take(self, given: RecipientAnswer) -> None:
        """Whatever is answered to a test call shows that its way works, also late."""
        number = number_in(given.message)
        for way in self.policy.ways if self.policy is not None else ():
            known = self.state.of_way.get(key_of(way))
            if known is None or way.post != given.recipient or known.number != number:
                continue
            if known.answered_s == NEVER:
                known.answered_s = given.at_s

    def rows(self, now_s: int) -> Iterator[tuple[TestWay, WayState, str]]:
        """Every way with what became of its last call: a word."""
        policy = self.policy
        for way in policy.ways if policy is not None else ():
            known = self.state.of_way.get(key_of(way)) or WayState()
            yield way, known, _result(known, policy.week(now_s) if policy is not None else NEVER)

    def counts(self, now_s: int) -> dict[str, int]:
        """Ways by what became of their last call."""
        found = dict.fromkeys(RESULTS, 0)
        for _, _, result in self.rows(now_s):
            found[result] += 1
        return found


RESULTS = ("silent", "put_off", "never_called", "waits", "answered")
"""What becomes of a way, what most wants a person first: its post has not answered; it was put off; nothing
yet; its post has time yet, has answered."""


def _result(known: WayState, week: int) -> str:
    if known.put_off_week == week and known.week < week:
        return "put_off"
    if known.week == NEVER:
        return "never_called"
    if known.answered_s != NEVER:
        return "answered"
    return "silent" if known.is_over else "waits"


def key_of(way: TestWay) -> str:
    """Names a way without its number."""
    return f"{way.post}|{way.channel}|{zlib.crc32(way.address.encode()):08x}"


def number_in(message: str) -> int:
    """Number of the call in the identifier of its message; 0 where there is none."""
    digits = message.partition(MARK)[2].partition("-")[2].partition(".")[0]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0
