"""The laws of a lease, without sockets or clocks: who may lead, as seen from the three machines. Pure.

Times are seconds of the clock of one machine that never goes back and that nobody sets; none is ever compared
with one of another machine. What a machine may do by somebody's word it counts from before it asked for that
word, and for less (`MARGIN`) than the other counts from when it gave it: clocks may drift apart by a tenth.

Two words let a box lead. The witness lends it, and to nobody else until its own count is over. And the box
that stands by confirms entries, and asks for no lease until its own count since then is over.
"""

from dataclasses import dataclass, field

MARGIN = 0.8
"""Of a word's time that its receiver counts on: its clock may be slow and the other one fast by a tenth."""


@dataclass(frozen=True, slots=True)
class Lent:
    """What the witness has on disk: the latest leadership that it has lent."""

    term: int = 0
    holder: str = ""


@dataclass(slots=True)
class Book:
    """What the witness lends, for one node.

    Attributes
    ----------
    lent : Lent
    lasts_s : float
    until_s : float
        By its own clock; what it lent before it was started is held until `lasts_s` after that.
    """

    lent: Lent
    lasts_s: float
    until_s: float

    def ask(self, box: str, term: int, now_s: float, *, is_given: bool = False) -> Lent | None:
        """A box wants to lead, or goes on, in a term: what is lent then; None: it may not.

        `is_given`: the holder has stopped and has said so to the box that asks. What is returned has to be on
        disk before the box hears of it; `keep` takes it.
        """
        held = now_s < self.until_s
        if (term, box) == (self.lent.term, self.lent.holder):
            return self.lent
        if term <= self.lent.term or (held and not is_given and box != self.lent.holder):
            return None
        return Lent(term, box)

    def keep(self, lent: Lent, now_s: float) -> None:
        """It is on disk, and the box may hear of it."""
        self.lent, self.until_s = lent, now_s + self.lasts_s

    def left_s(self, now_s: float) -> float:
        """How long it is held still."""
        return max(0.0, self.until_s - now_s)


@dataclass(slots=True)
class Right:
    """Whether a box may lead: acknowledge, and tell people.

    Attributes
    ----------
    lease_s, patience_s : float
        How long the witness lends, and the other box asks for nothing after it has confirmed.
    is_by_hand : bool
        Somebody has said so while the witness could not be asked; until that says anything.
    """

    lease_s: float
    patience_s: float
    is_by_hand: bool = False
    _lent_until_s: float = float("-inf")
    _confirmed_until_s: float = float("-inf")

    def lent(self, asked_s: float) -> None:
        """The witness lends it, asked at a time."""
        self.is_by_hand = False
        self._lent_until_s = max(self._lent_until_s, asked_s + MARGIN * self.lease_s)

    def refused(self) -> None:
        """The witness has lent it to somebody else, or waits for the end of that."""
        self.is_by_hand = False
        self._lent_until_s = float("-inf")

    def confirmed(self, sent_s: float) -> None:
        """The other box has confirmed what was sent at a time."""
        self._confirmed_until_s = max(self._confirmed_until_s, sent_s + MARGIN * self.patience_s)

    def left(self) -> None:
        """It has handed over."""
        self.is_by_hand = False
        self._lent_until_s = self._confirmed_until_s = float("-inf")

    def has(self, now_s: float) -> bool:
        """Whether it may."""
        return self.is_by_hand or now_s < max(self._lent_until_s, self._confirmed_until_s)

    def is_lent(self, now_s: float) -> bool:
        """Whether it may by the witness's word."""
        return now_s < self._lent_until_s


@dataclass(slots=True)
class Heir:
    """When a box that stands by asks the witness.

    Attributes
    ----------
    patience_s : float
    begun_s : float
        When its process began: what it confirmed before it does not know.
    """

    patience_s: float
    begun_s: float
    _heard_s: float = field(default=float("-inf"))
    was_level: bool = False

    def confirmed(self, now_s: float, *, is_level: bool) -> None:
        """It confirms entries, right after this."""
        self._heard_s, self.was_level = now_s, is_level

    def silent_s(self, now_s: float) -> float:
        """How long it has confirmed nothing."""
        return now_s - max(self._heard_s, self.begun_s)

    def may_ask(self, now_s: float) -> bool:
        """Whether its patience is over; it must confirm nothing from here to the witness's answer."""
        return self.silent_s(now_s) >= self.patience_s
