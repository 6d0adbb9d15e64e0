"""Weekly test calls: each satellite phone and second way of a post is rung once a week and has to answer.

Times of the week go by the county's clock. A test call is no warning, owes nothing and climbs nowhere.
"""

from dataclasses import dataclass

from warnstream.model.times import DAY_S, TimeZone, local_to_utc_s, offset_at

MONDAY_BEFORE_1970 = 3
"""1 January 1970 was a Thursday: so many days after a Monday."""

MARK = ".@test."
"""In the identifier of every test call, and of nothing else."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def is_test(message: str) -> bool:
    """Whether a message is a test call."""
    return MARK in message


@dataclass(frozen=True, slots=True)
class TestWay:
    """A way that is tested: the post, the area that it answers for, channel and address."""

    __test__ = False  # pytest takes the name for a test's

    post: str
    area: str
    channel: str
    address: str


@dataclass(frozen=True, slots=True)
class TestPolicy:
    """When ways are tested: from a weekday on, each day between two hours, until each has been called once.

    Attributes
    ----------
    weekday : int
        0: Monday.
    at_s, until_s : int
        Hours of the local day between which anybody is called.
    within_s : int
        How long a post has to answer.
    ways : tuple of TestWay
    time_zone : TimeZone
    """

    __test__ = False

    weekday: int
    at_s: int
    until_s: int
    within_s: int
    ways: tuple[TestWay, ...]
    time_zone: TimeZone

    def week(self, now_s: int) -> int:
        """Number of the local week, from Monday to Sunday."""
        local_s = now_s + offset_at(self.time_zone, now_s)
        return (local_s // DAY_S + MONDAY_BEFORE_1970) // 7

    def begins_s(self, now_s: int) -> int:
        """When this week's calls begin."""
        day = self.week(now_s) * 7 - MONDAY_BEFORE_1970 + self.weekday
        return local_to_utc_s(day * DAY_S + self.at_s, self.time_zone)

    def may_call(self, now_s: int) -> bool:
        """Whether it is an hour at which somebody is called for a test: never at night."""
        second = (now_s + offset_at(self.time_zone, now_s)) % DAY_S
        return now_s >= self.begins_s(now_s) and self.at_s <= second < self.until_s


@dataclass(frozen=True, slots=True)
class TestCall:
    """One call of one way. `number` counts the calls of the node: with the time it is a name for ever."""

    __test__ = False

    number: int
    way: TestWay
    at_s: int
    due_s: int
