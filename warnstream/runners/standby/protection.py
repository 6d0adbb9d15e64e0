"""Whether the box that leads waits for the other one: the table of it. Pure: the caller tells the time.

`PROTECTED`: an entry takes effect once the other box has it on disk. `ALONE`: it
does not wait. From the one to the other by an entry that had to wait too long, or by
word that the other box cannot take it; back once the other box has had everything and
has kept up for `AGAIN_S`, so that a slow one does not cost a wait at every entry.
"""

import re
from dataclasses import dataclass
from enum import Enum

AGAIN_S = 3.0
"""The other box has to keep up so long before it is waited for again, where it was there and too slow."""


GONE = "it is not connected"
NOT_SINCE = "it has not come since this box leads"

_ZH = (
    (re.compile(GONE), "未连接"),
    (re.compile(NOT_SINCE), "本机接管后尚未连上"),
    (re.compile(r"it has not confirmed an entry within (\S+) s"), r"\1 秒内未确认记录"),
    (re.compile(r"(\S+) cannot keep entries: (.*)"), r"写不进磁盘：\2"),
    (re.compile(r"(\S+) is refused: (.*)"), r"被本机拒绝：\2"),
    (re.compile(r"this box's own log cannot be read for it: (.*)"), r"读不出本机记录：\1"),
)


class Guard(Enum):
    """Whether entries wait."""

    PROTECTED = "protected"
    ALONE = "alone"


def reason_zh(reason: str) -> str:
    """Why a box is alone, in Chinese; details of a machine stay as they are.

    Examples
    --------
    >>> reason_zh("it has not confirmed an entry within 2 s")
    '2 秒内未确认记录'
    """
    for form, zh in _ZH:
        if found := form.fullmatch(reason):
            return found.expand(zh)
    return reason


@dataclass(slots=True)
class Protection:
    """The state, for one thread at a time.

    Attributes
    ----------
    wait_s : float
        Longest wait of an entry.
    guard : Guard
    since_s : float
        When that began.
    reason : str
        Why it is alone.
    is_linked : bool
        The other box is connected and follows.
    """

    wait_s: float
    guard: Guard = Guard.PROTECTED
    since_s: float = 0.0
    reason: str = ""
    is_linked: bool = False
    _kept_up_since_s: float | None = None
    _gone_since_s: float | None = None

    @property
    def is_alone_unlinked(self) -> bool:
        """The other box is not there, and nothing waits for it."""
        return self.guard is Guard.ALONE and not self.is_linked

    def linked(self) -> None:
        """The other box follows from now on."""
        self.is_linked, self._kept_up_since_s, self._gone_since_s = True, None, None

    def unlinked(self, now_s: float) -> None:
        """It is gone; entries wait for it, as long as they may."""
        self.is_linked, self._kept_up_since_s, self._gone_since_s = False, None, now_s

    def look(self, now_s: float) -> bool:
        """Whether it has been gone for so long that nothing waits for it from now on."""
        if self.is_linked or self.guard is Guard.ALONE:
            return False
        if self._gone_since_s is None:
            self._gone_since_s = now_s
        return now_s - self._gone_since_s >= self.wait_s and self.cannot(now_s, GONE)

    def cannot(self, now_s: float, reason: str) -> bool:
        """There is no use in waiting; whether that is news."""
        self._kept_up_since_s = None
        was = self.guard
        if was is Guard.PROTECTED:
            self.guard, self.since_s = Guard.ALONE, now_s
        is_news = was is Guard.PROTECTED or self.reason != reason
        self.reason = reason
        return is_news

    def waited(self, now_s: float, begun_s: float) -> bool:
        """An entry waits since `begun_s`; whether it now goes on alone."""
        if self.guard is Guard.PROTECTED and now_s - begun_s >= self.wait_s:
            slow = f"it has not confirmed an entry within {self.wait_s:g} s"
            return self.cannot(now_s, slow if self.is_linked else GONE)
        return False

    def confirmed(self, now_s: float, oldest_waits_s: float | None) -> bool:
        """The other box has confirmed something; whether entries wait for it again from now on.

        Parameters
        ----------
        now_s : float
        oldest_waits_s : float or None
            How long the oldest entry that it has not confirmed waits; None: it has all.
        """
        if self.guard is Guard.PROTECTED or not self.is_linked:
            return False
        if oldest_waits_s is not None and oldest_waits_s > self.wait_s / 2:
            self._kept_up_since_s = None
            return False
        if self._kept_up_since_s is None:
            self._kept_up_since_s = now_s
        if oldest_waits_s is not None or now_s - self._kept_up_since_s < AGAIN_S:
            return False
        self.guard, self.since_s, self.reason = Guard.PROTECTED, now_s, ""
        return True
