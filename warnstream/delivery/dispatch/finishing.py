"""How long a channel needs for those who wait, told from what it does while it works.

A rate that is smoothed over the clock says days while a channel stands still, and hours after it has come
back. So only time counts in which the channel was at work and something got through; while it is stopped what
is told is since when, who waits, and what they need once it is open.

Pure: times are arguments, in seconds of any steady clock.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from warnstream.delivery.dispatch.queue import Urgency

AT_WORK_S = 60.0
"""The rate is that of the last minute at work."""

KNOWN_FROM_S = 1.0
"""Less work than that tells nothing of what follows: one message that was quick."""


class Throughput:
    """The rate of one channel.

    Parameters
    ----------
    expected_per_s : float or None
        As configured, until it is measured; None: not known before.
    """

    def __init__(self, expected_per_s: float | None = None) -> None:
        self._expected_per_s = expected_per_s
        self._batches: deque[tuple[int, float]] = deque()
        self._count, self._seconds = 0, 0.0

    def took(self, n_through: int, seconds: float) -> None:
        """A batch of which so many got through, from the end of the one before if that was just before."""
        if not n_through:
            return  # nothing got through: that is a stop, and no rate
        self._batches.append((n_through, seconds))
        self._count, self._seconds = self._count + n_through, self._seconds + seconds
        while len(self._batches) > 1 and self._seconds - self._batches[0][1] >= AT_WORK_S:
            count, took_s = self._batches.popleft()
            self._count, self._seconds = self._count - count, self._seconds - took_s

    @property
    def is_measured(self) -> bool:
        """Whether the rate is one that was seen."""
        return self._seconds >= KNOWN_FROM_S

    @property
    def per_s(self) -> float | None:
        """Messages a second while it works; None where that is not known."""
        if self.is_measured:
            return self._count / self._seconds
        return self._expected_per_s


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a channel has before it.

    Attributes
    ----------
    waiting : mapping of Urgency to int
        Who waits, by what they are to be told; nobody is left out.
    per_s : float or None
    stopped_s : int or None
        Since when nothing gets through, seconds since 1970; None: it works.
    """

    waiting: Mapping[Urgency, int]
    per_s: float | None
    stopped_s: int | None = None

    def needs_s(self, urgency: Urgency = Urgency.REMINDER) -> float | None:
        """Seconds of work until all of an urgency, and of greater ones, are told; None: not known."""
        before = sum(count for other, count in self.waiting.items() if other >= urgency)
        if not before:
            return 0.0
        return before / self.per_s if self.per_s else None

    def words(self) -> str:
        """Who waits and what they need, for people.

        >>> Prospect({Urgency.LEAVE: 1_200, Urgency.READY: 300}, 5.0).words()
        '1,200 leave and 300 ready wait, needs 5 min'
        """
        told = sorted(((urgency, count) for urgency, count in self.waiting.items() if count), reverse=True)
        if not told:
            return "nobody waits"
        who = [f"{count:,} {urgency.name.lower()}" for urgency, count in told]
        listed = f"{', '.join(who[:-1])} and {who[-1]}" if len(who) > 1 else who[0]
        needs_s = self.needs_s()
        if needs_s is None:
            return f"{listed} wait, how long they need is not known"
        once = "" if self.stopped_s is None else " once open"
        return f"{listed} wait, needs {span(needs_s)}{once}"


def span(seconds: float) -> str:
    """A time to wait, rounded up, for people.

    >>> span(0.2), span(119), span(121), span(7_201)
    ('1 s', '119 s', '3 min', '2 h 1 min')
    """
    whole = int(-(-seconds // 1))
    if whole < 120:
        return f"{whole} s"
    minutes = -(-whole // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
