"""The officer's desk: shifts, alarms, and the posts that are rung where nobody looks.

An alarm of class A that nobody has seen for three minutes rings the posts of those who are on duty for it,
then the posts of the shift plan, one after the other; after the last one all anew. Pure: the same acts and
troubles at the same times lead to the same rings, also across a snapshot.

Whoever is rung hears of everything that is due there at once, at most every three minutes.
"""

from collections.abc import Sequence

import msgspec

from warnstream.duty.alarms import NEVER, OfficerAlarm, OfficerAlarms
from warnstream.duty.shifts import Shift, Shifts, concerns
from warnstream.duty.weekly_calls import TestCalls, TestState
from warnstream.model.hands.duty import DutyAct, DutyKind, DutyPolicy, Found, Ring, Trouble

LOOK_S = 5
"""Troubles are looked at so often, in engine time."""

DONE_KEPT = 1_000
"""Identifiers of acts that are known; the same one again changes nothing."""


class _Snapshot(msgspec.Struct):
    alarms: list[OfficerAlarm]
    shifts: list[Shift]
    raised_at: list[int]
    is_flood: bool
    n_raised: int
    n_rung: int
    looked_s: int
    done: list[str]
    rung_s: dict[str, int] = {}
    tests: TestState | None = None


class DutyDesk:
    """Shifts and alarms of one node.

    Parameters
    ----------
    village_codes : sequence of str
    plan : sequence of (str, str)
        Posts that are rung one after the other where nobody on duty has seen an alarm, each with its area.
    policy : DutyPolicy, optional
    tests : TestCalls, optional
        Without it nobody is called for a test.

    Attributes
    ----------
    tests : TestCalls
    alarms : OfficerAlarms
    shifts : Shifts
    n_rung : int
        Rings so far.
    """

    def __init__(
        self,
        village_codes: Sequence[str],
        plan: Sequence[tuple[str, str]],
        policy: DutyPolicy | None = None,
        tests: TestCalls | None = None,
    ) -> None:
        self.tests = tests or TestCalls()
        self._codes, self._plan, self.policy = village_codes, tuple(plan), policy or DutyPolicy()
        self.alarms = OfficerAlarms(self.policy)
        self.shifts = Shifts()
        self.n_rung = 0
        self._looked_s = NEVER
        self._rung_s: dict[str, int] = {}
        self._done: list[str] = []

    def is_due(self, now_s: int) -> bool:
        """Whether troubles are to be looked at."""
        return self._looked_s == NEVER or now_s >= self._looked_s + LOOK_S

    def apply(self, act: DutyAct, now_s: int) -> None:
        """What a person on duty has done."""
        if act.identifier in self._done:
            return
        self._done = [*self._done[-DONE_KEPT + 1 :], act.identifier]
        if act.kind is DutyKind.SEE:
            self.alarms.see(act, now_s)
        elif act.kind is DutyKind.TAKE_SHIFT:
            self.shifts.take(act, now_s)
        elif act.kind is DutyKind.HAND_OVER:
            self.shifts.offer(act)

    def knows(self, identifier: str) -> bool:
        """Whether an act of that identifier was done already."""
        return identifier in self._done

    def step(self, found: Sequence[Found], now_s: int) -> list[Ring]:
        """What troubles there are now; whom it rings."""
        self._looked_s = now_s
        self.shifts.end_old(now_s)
        self.alarms.step(found, now_s)
        again_s = self.policy.unseen_s
        self._rung_s = {posts: at_s for posts, at_s in self._rung_s.items() if now_s < at_s + again_s}
        due: dict[tuple[str, ...], list[OfficerAlarm]] = {}
        for alarm in self.alarms.standing():
            if NEVER < alarm.ring_s <= now_s:
                rounds = self._rounds(alarm)
                due.setdefault(rounds[alarm.rung % len(rounds)] if rounds else (), []).append(alarm)
        return [self._ring(posts, alarms, now_s) for posts, alarms in due.items() if self._may(posts, alarms)]

    def _may(self, posts: tuple[str, ...], alarms: list[OfficerAlarm]) -> bool:
        """Whether posts are rung now; who was rung just now hears the rest in their next one."""
        rung_s = self._rung_s.get(" ".join(posts), NEVER)
        if posts and rung_s == NEVER:
            return True
        for alarm in alarms:
            alarm.ring_s = rung_s + self.policy.unseen_s if posts else NEVER
        return False

    def _ring(self, posts: tuple[str, ...], alarms: list[OfficerAlarm], now_s: int) -> Ring:
        for alarm in alarms:
            alarm.rung += 1
            is_last = alarm.rung % len(self._rounds(alarm)) == 0
            alarm.ring_s = now_s + (self.policy.round_s if is_last else self.policy.unseen_s)
        self.n_rung += 1
        self._rung_s[" ".join(posts)] = now_s
        oldest = sorted(alarms, key=lambda alarm: alarm.since_s)
        troubles = tuple(trouble for trouble in Trouble if any(trouble in alarm.badness for alarm in alarms))
        places = tuple(alarm.place for alarm in oldest)
        return Ring(places, troubles, oldest[0].since_s, now_s, self.n_rung, posts)

    def _rounds(self, alarm: OfficerAlarm) -> list[tuple[str, ...]]:
        """Posts of those on duty at once, then the plan one by one."""
        code = self._codes[alarm.village] if 0 <= alarm.village < len(self._codes) else ""
        on_duty = [shift for shift in self.shifts.of if shift.answers_for(alarm.place, code)]
        own = tuple(dict.fromkeys(shift.post for shift in on_duty if shift.post))
        known = [post for post, area in self._plan if concerns(area, alarm.place, code)]
        rest: list[tuple[str, ...]] = [(post,) for post in dict.fromkeys(known) if post not in own]
        return [own, *rest] if own else rest

    def snapshot(self) -> bytes:
        """Everything between two steps; `restore` of it continues exactly."""
        alarms = self.alarms
        return msgspec.msgpack.encode(
            _Snapshot(
                list(alarms.of.values()),
                self.shifts.of,
                alarms.raised_at,
                alarms.is_flood,
                alarms.n_raised,
                self.n_rung,
                self._looked_s,
                self._done,
                self._rung_s,
                self.tests.state,
            )
        )

    def restore(self, state: bytes) -> None:
        """Take up a snapshot. ValueError if it is none."""
        try:
            snapshot = msgspec.msgpack.decode(state, type=_Snapshot)
        except msgspec.MsgspecError as error:
            raise ValueError(f"not a snapshot of the duty desk: {error}") from None
        alarms = self.alarms
        alarms.of = {(alarm.place, alarm.urgency): alarm for alarm in snapshot.alarms}
        self.shifts.of = snapshot.shifts
        alarms.raised_at, alarms.is_flood = snapshot.raised_at, snapshot.is_flood
        alarms.n_raised, self.n_rung = snapshot.n_raised, snapshot.n_rung
        self._looked_s, self._done = snapshot.looked_s, snapshot.done
        self._rung_s = snapshot.rung_s
        self.tests.state = snapshot.tests or TestState()
