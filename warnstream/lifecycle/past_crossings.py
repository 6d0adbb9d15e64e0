"""Levels of the past that late readings prove: gathered, told at once, and shown for some hours.

What an outage kept back proves many levels within seconds. They are gathered for
`GATHER_S` after the first and told together, worst first; what is found later is
told `AGAIN_S` after that at the earliest. Nothing is told twice, nothing is left
out: each level is in exactly one alarm. An alarm ends by itself, `shown_s` after
it began: it asks for nothing that could be done once and be over, and a village
that is in danger now has a warning of its own.

Pure, and part of the snapshot: what is gathered when a node is killed is told
after its start.
"""

from collections.abc import Sequence

import msgspec

from warnstream.lifecycle.alarms import AGAIN_S
from warnstream.model.changes import PastCrossing, ProvenLevel, ProvenLevels
from warnstream.model.network import Villages

GATHER_S = 60
KEPT_MAX = 1_000
"""Levels of one alarm that are kept by name, the worst; all are counted."""


class _Snapshot(msgspec.Struct):
    gathered: list[ProvenLevel]
    count: int
    told: list[ProvenLevels]
    told_s: int
    since_s: int


class PastCrossingBook:
    """The past crossings of one node.

    Parameters
    ----------
    shown_s : int
        How long the duty officer is shown them.

    Attributes
    ----------
    told : list of ProvenLevels
        What is shown, oldest first.
    """

    def __init__(self, shown_s: int) -> None:
        self._shown_s = shown_s
        self._gathered: list[ProvenLevel] = []
        self._count = 0
        self._since_s = 0
        self._told_s = -AGAIN_S
        self.told: list[ProvenLevels] = []

    def step(self, found: Sequence[ProvenLevel], now_s: int) -> None:
        """What a step proved; afterwards `told` holds what is to be shown now."""
        if found:
            self._since_s = self._since_s if self._count else now_s
            self._count += len(found)
            self._gathered = sorted([*self._gathered, *found], key=_worst_first)[:KEPT_MAX]
        self.told = [levels for levels in self.told if now_s < levels.told_s + self._shown_s]
        is_due = now_s >= max(self._since_s + GATHER_S, self._told_s + AGAIN_S)
        if self._count and is_due:
            self.told.append(ProvenLevels(now_s, self._count, self._gathered))
            self._gathered, self._count, self._told_s = [], 0, now_s

    def snapshot(self) -> bytes:
        """State; `restore` of it continues exactly."""
        state = _Snapshot(self._gathered, self._count, self.told, self._told_s, self._since_s)
        return msgspec.msgpack.encode(state)

    def restore(self, state: bytes) -> None:
        """Take up a snapshot. ValueError if it is none."""
        try:
            snapshot = msgspec.msgpack.decode(state, type=_Snapshot)
        except msgspec.MsgspecError as error:
            raise ValueError(f"not a snapshot of past crossings: {error}") from None
        self._gathered, self._count = snapshot.gathered, snapshot.count
        self.told, self._told_s, self._since_s = snapshot.told, snapshot.told_s, snapshot.since_s


def _worst_first(level: ProvenLevel) -> tuple[int, int, str, str]:
    return -level.level, level.crossed_at_s, level.hazard, level.village


def proven_level(crossing: PastCrossing, villages: Villages) -> ProvenLevel:
    """A past crossing with the names of its village."""
    return ProvenLevel(
        village=villages.code[crossing.village],
        name=villages.name[crossing.village],
        hazard=crossing.hazard,
        level=crossing.level,
        crossed_at_s=crossing.crossed_at_s,
        proven_at_s=crossing.proven_at_s,
        station=crossing.station,
    )
