"""What a ledger remembers of bulletins that newer ones have replaced: counts, no doors."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from warnstream.delivery.ledger.states import IS_WAITING, Delivery
from warnstream.model.arrays import BoolArray, Int64Array, UInt8Array
from warnstream.model.bulletins import N_BITS

N_WAYS_MAX, N_STATES = 256, len(Delivery)
_IS_NOTHING = np.array([state in (Delivery.NONE, Delivery.SPARED) for state in Delivery])


@dataclass(slots=True)
class Tally:
    """Of one bulletin: doors it was put down for, and how many of them it reached."""

    addressed: int = 0
    sent: int = 0
    delivered: int = 0
    unreachable: int = 0
    answered: int = 0


@dataclass(slots=True)
class Past:
    """Replaced bulletins.

    Attributes
    ----------
    replaced : Int64Array, shape (256, 8)
        By channel and `Delivery`: doors whose bulletin was replaced, in the state that it had come to;
        one that still waited counts as `Delivery.SPARED`.
    tallies : dict of int to dict of int to Tally
        Of earlier episodes, by village and sequence.
    """

    replaced: Int64Array = field(default_factory=lambda: np.zeros((N_WAYS_MAX, N_STATES), np.int64))
    tallies: dict[int, dict[int, Tally]] = field(default_factory=dict)

    def keep(self, village: int, opened_s: int, tallies: dict[int, Tally]) -> None:
        """An episode is followed by another one."""
        if tallies:
            kept = self.tallies.setdefault(village, {})
            kept.update(((opened_s << N_BITS) | n, tally) for n, tally in tallies.items())

    def replace(self, way: UInt8Array, state: npt.NDArray[np.integer], is_replaced: BoolArray) -> None:
        """Doors in whose place a newer bulletin is put."""
        counts = is_replaced & ~_IS_NOTHING[state]
        if not counts.any():
            return
        came_to = np.where(IS_WAITING[state], np.uint8(Delivery.SPARED), state)[counts]
        cells = way[counts].astype(np.int64) * N_STATES + came_to
        self.replaced += np.bincount(cells, minlength=N_WAYS_MAX * N_STATES).reshape(self.replaced.shape)

    def replace_all(self, by_way: Int64Array) -> None:
        """The same for all doors of a village; `by_way` are they by channel and `Delivery`."""
        replaced = self.replaced[: len(by_way)]
        for state in Delivery:
            if state not in (Delivery.NONE, Delivery.SPARED):
                replaced[:, Delivery.SPARED if IS_WAITING[state] else state] += by_way[:, state]

    def correct(self, way: UInt8Array, was: Delivery, now: Delivery) -> None:
        """Doors of which more is known than when they were counted."""
        counts = np.bincount(way, minlength=N_WAYS_MAX)
        self.replaced[:, was] -= counts
        self.replaced[:, now] += counts

    def arrive(self, way: UInt8Array) -> None:
        """Doors that were being told a bulletin when it was replaced, and got it."""
        arrived = np.bincount(way, minlength=N_WAYS_MAX)
        self.replaced[:, Delivery.SPARED] -= arrived
        self.replaced[:, Delivery.SENT] += arrived

    def forget(self, before_s: int) -> None:
        """Tallies of episodes that were opened before a time."""
        for village, tallies in list(self.tallies.items()):
            left = {sequence: tally for sequence, tally in tallies.items() if sequence >> N_BITS >= before_s}
            if left:
                self.tallies[village] = left
            else:
                del self.tallies[village]
