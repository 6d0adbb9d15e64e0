"""Alarms to the officer: one a township and class, silent once seen until it worsens, never chattering.

Rules, each a test:

- An alarm is raised when there is trouble, and again when it is worse than what was known.
- `see` silences it until it is worse, or its time is over: a quarter of an hour at red, else an hour.
- What is over and comes back within ten minutes is the same alarm: it is raised anew only if worse, and who
  has not seen it is rung in the time that it had: what comes and goes is not heard by nobody.
- Above ten raised in ten minutes it is a flood, until below five: the queue is the list then.
"""

from collections.abc import Sequence

import msgspec

from warnstream.model.hands.duty import DutyAct, DutyPolicy, Found, Place, Trouble, Urgency
from warnstream.model.level import Level

NEVER = -1


class OfficerAlarm(msgspec.Struct):
    """One alarm.

    Attributes
    ----------
    place : Place
    urgency : Urgency
    badness : dict of Trouble to int
        What it is about, and the worst that was known of each since it was raised or seen.
    village : int
        The worst of those concerned; -1: none.
    level : Level
        The worst in force among them.
    since_s, raised_s : int
        When it began; when it last became news.
    raised : int
        How often it has become news.
    seen_until_s : int
        Silent until then unless it worsens; NEVER: nobody has seen it.
    seen_by : str
    over_s : int
        When its trouble ended; NEVER: it stands.
    rung : int
        How many rounds of posts it has gone through since it was last seen.
    ring_s : int
        When posts are rung next; NEVER: not at all.
    """

    place: Place
    urgency: Urgency
    badness: dict[Trouble, int]
    village: int
    level: Level
    since_s: int
    raised_s: int
    raised: int = 1
    seen_until_s: int = NEVER
    seen_by: str = ""
    over_s: int = NEVER
    rung: int = 0
    ring_s: int = NEVER

    @property
    def stands(self) -> bool:
        """Its trouble is not over."""
        return self.over_s == NEVER

    def is_seen(self, now_s: int) -> bool:
        """Somebody has seen it as it is."""
        return now_s < self.seen_until_s


Key = tuple[Place, Urgency]


class OfficerAlarms:
    """The alarms of one node.

    Parameters
    ----------
    policy : DutyPolicy

    Attributes
    ----------
    of : dict
        By place and class, also those that were over less than ten minutes ago.
    is_flood : bool
    n_raised : int
        All that were ever raised.
    """

    def __init__(self, policy: DutyPolicy) -> None:
        self._policy = policy
        self.of: dict[Key, OfficerAlarm] = {}
        self.raised_at: list[int] = []
        self.is_flood = False
        self.n_raised = 0

    def step(self, found: Sequence[Found], now_s: int) -> None:
        """What troubles there are now."""
        by_key: dict[Key, list[Found]] = {}
        for finding in found:
            by_key.setdefault((finding.place, finding.trouble.urgency), []).append(finding)
        for key, troubles in by_key.items():
            self._trouble(key, troubles, now_s)
        for key, alarm in list(self.of.items()):
            if key not in by_key and alarm.stands:
                alarm.over_s = now_s
            if not alarm.stands and now_s >= alarm.over_s + self._policy.again_s:
                del self.of[key]
            elif alarm.stands and alarm.seen_until_s != NEVER and now_s >= alarm.seen_until_s:
                self._expire(alarm, now_s)
        self._count(now_s)

    def see(self, act: DutyAct, now_s: int) -> None:
        """A person has seen an alarm; nothing happens where it does not stand any more."""
        alarm = self.of.get((act.place, Urgency(act.urgency)))
        if alarm is None or not alarm.stands:
            return
        most_s = self._policy.seen_red_s if alarm.level is Level.RED else self._policy.seen_s
        alarm.seen_until_s = now_s + min(act.for_s or most_s, most_s)
        alarm.seen_by, alarm.rung, alarm.ring_s = act.person, 0, NEVER

    def standing(self) -> list[OfficerAlarm]:
        """Alarms that stand, A before B, the oldest first."""
        found = [alarm for alarm in self.of.values() if alarm.stands]
        return sorted(found, key=lambda one: (one.urgency, one.raised_s, one.place))

    def _trouble(self, key: Key, troubles: Sequence[Found], now_s: int) -> None:
        worst = max(troubles, key=lambda one: (one.level, one.badness, -one.village))
        badness = {finding.trouble: finding.badness for finding in troubles}
        alarm = self.of.get(key)
        if alarm is None:
            alarm = self.of[key] = OfficerAlarm(
                *key, badness, worst.village, worst.level, since_s=now_s, raised_s=now_s
            )
            self._news(alarm, now_s)
            return
        is_worse = any(number > alarm.badness.get(trouble, 0) for trouble, number in badness.items())
        if not alarm.stands:
            alarm.over_s = NEVER
            if not alarm.is_seen(now_s) and alarm.ring_s == NEVER:
                alarm.ring_s = self._ring_s(alarm, now_s)
        alarm.village, alarm.level = worst.village, worst.level
        if is_worse:
            alarm.badness = {**alarm.badness, **badness}
            self._raise(alarm, now_s)

    def _expire(self, alarm: OfficerAlarm, now_s: int) -> None:
        """What was seen is unseen again; B has sounded its once."""
        if alarm.urgency is Urgency.A:
            self._raise(alarm, now_s)
        else:
            alarm.seen_until_s, alarm.seen_by = NEVER, ""

    def _raise(self, alarm: OfficerAlarm, now_s: int) -> None:
        """It is news again."""
        if alarm.seen_until_s == NEVER and alarm.urgency is Urgency.A:
            alarm.raised_s = now_s  # it sounds anyway, and goes on to its posts in the time it had
            return
        alarm.raised_s, alarm.seen_until_s, alarm.seen_by = now_s, NEVER, ""
        alarm.raised += 1
        self._news(alarm, now_s)

    def _news(self, alarm: OfficerAlarm, now_s: int) -> None:
        self.n_raised += 1
        self.raised_at.append(now_s)
        alarm.rung, alarm.ring_s = 0, self._ring_s(alarm, now_s)

    def _ring_s(self, alarm: OfficerAlarm, now_s: int) -> int:
        return now_s + self._policy.unseen_s if alarm.urgency is Urgency.A else NEVER

    def _count(self, now_s: int) -> None:
        policy = self._policy
        self.raised_at = [at_s for at_s in self.raised_at if at_s > now_s - policy.flood_window_s]
        bound = policy.flood_ends - 1 if self.is_flood else policy.flood_begins
        self.is_flood = len(self.raised_at) > bound
