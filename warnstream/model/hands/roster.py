"""Who holds a post by time: shifts of persons, each with a way that rings.

A post is held by one person at a time. Outside of any shift it is rung by its own way, which chain.csv names,
so no hour of a post is without a way. Names and numbers of persons stay with the configuration and where
messages are sent from: what is issued names the begin of the shift alone, and the configuration that ran
then says the rest.
"""

import zlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from warnstream.model.times import NEVER_DUE_S

Way = tuple[str, str]
"""Channel and address."""

OWN = 0
"""Key of a post that is rung by its own way."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A person at a post, from `begin_s` until before `end_s`, seconds UTC; `channel` and `phone` ring there.

    `line` is the row of roster.csv; it says nothing of who is rung.
    """

    post: str
    begin_s: int
    end_s: int
    person: str
    channel: str
    phone: str
    line: int = field(default=0, compare=False)

    @property
    def key(self) -> int:
        """Who is rung, as a number: equal for two shifts of one person at one phone, never `OWN`."""
        text = f"{self.person}\n{self.channel}\n{self.phone}"
        return zlib.crc32(text.encode()) or 1


class Roster:
    """Shifts of posts; of one post no two overlap.

    Parameters
    ----------
    shifts : iterable of Shift
    told_s : int, optional
        So long before a post's last shift is over people are told; 0: never.

    Raises
    ------
    ValueError
        If two shifts of one post overlap, or one ends before it has begun.
    """

    __slots__ = ("_begins", "_bounds", "_of_post", "told_s")

    def __init__(self, shifts: Iterable[Shift] = (), told_s: int = 0) -> None:
        self.told_s = told_s
        of_post: defaultdict[str, list[Shift]] = defaultdict(list)
        for shift in sorted(shifts, key=lambda one: (one.post, one.begin_s)):
            known = of_post[shift.post]
            if shift.end_s <= shift.begin_s or (known and known[-1].end_s > shift.begin_s):
                raise ValueError(f"shifts of {shift.post} overlap, or one is over before it has begun")
            known.append(shift)
        self._of_post = dict(of_post)
        self._begins = {post: [shift.begin_s for shift in known] for post, known in of_post.items()}
        self._bounds = sorted({at_s for shift in self for at_s in (shift.begin_s, shift.end_s)})

    def __eq__(self, other: object) -> bool:
        """Equal where everybody is rung as by the other one."""
        if not isinstance(other, Roster):
            return NotImplemented
        return (list(self), self.told_s) == (list(other), other.told_s)

    def __hash__(self) -> int:
        return hash((tuple(self), self.told_s))

    def __iter__(self) -> Iterator[Shift]:
        """Every shift, by post and begin."""
        return (shift for known in self._of_post.values() for shift in known)

    def __len__(self) -> int:
        return sum(map(len, self._of_post.values()))

    @property
    def posts(self) -> list[str]:
        """Posts that have a shift, in order."""
        return list(self._of_post)

    def at(self, post: str, now_s: int) -> Shift | None:
        """The shift of a post at a time; None outside of any."""
        begins = self._begins.get(post)
        place = bisect_right(begins, now_s) - 1 if begins else -1
        shift = self._of_post[post][place] if place >= 0 else None
        return shift if shift is not None and now_s < shift.end_s else None

    def key(self, post: str, now_s: int) -> int:
        """Who is rung at a post, as a number; `OWN` outside of any shift."""
        shift = self.at(post, now_s)
        return OWN if shift is None else shift.key

    def begin_s(self, post: str, now_s: int) -> int:
        """When the shift of a post at a time began; 0 outside of any."""
        shift = self.at(post, now_s)
        return 0 if shift is None else shift.begin_s

    def next_change_s(self, now_s: int) -> int:
        """When somebody's shift begins or ends next, after a time; infinite: never."""
        place = bisect_right(self._bounds, now_s)
        return self._bounds[place] if place < len(self._bounds) else NEVER_DUE_S

    def last_s(self, post: str) -> int:
        """When the last shift of a post is over."""
        return self._of_post[post][-1].end_s

    def ending(self, now_s: int) -> list[str]:
        """Posts whose last shift is over within `told_s`, or is over; the first one to end first."""
        if not self.told_s:
            return []
        until_s = now_s + self.told_s
        found = [post for post in self._of_post if self.last_s(post) <= until_s]
        return sorted(found, key=lambda post: (self.last_s(post), post))

    def addresses(self) -> set[str]:
        """Every number that may be rung."""
        return {shift.phone for shift in self}


NOBODY = Roster()
"""Every post is rung by its own way at all times."""
