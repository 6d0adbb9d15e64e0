"""A warning and who knows of it; how the desk's cases are kept between two runs of a node."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec

from warnstream.lifecycle.machine import State
from warnstream.lifecycle.village_warning import VillageWarning
from warnstream.model.bulletins import Standing
from warnstream.model.hands.orders import Bound
from warnstream.model.level import Level
from warnstream.model.warning import MessageStatus

CalledBefore = tuple[MessageStatus, int, dict[str, Level], list[str], int]
"""Status, village, what stands, who has answered, highest rank called."""

SNAPSHOT_FORMAT = 3
FORMAT_BEFORE_DIGESTS = 2
"""Of desks that called posts for each warning; who has not answered is asked anew."""
FORMAT_BEFORE_BULLETINS = 1
"""Of desks that told doors every message of a warning; what those were told is taken over."""


@dataclass(slots=True)
class Case:
    """One village and hazard on the desk.

    Attributes
    ----------
    warning : VillageWarning
    bound : Bound or None
        What a hand has ordered, while it binds.
    found : Level
        What the machine finds, while a hand binds; without one that is the warning's level.
    is_blind : bool
        The machine does not see, while a hand binds.
    orders : tuple of str
        The last orders that were carried out here, oldest first.
    """

    warning: VillageWarning
    bound: Bound | None = None
    found: Level = Level.NONE
    is_blind: bool = False
    orders: tuple[str, ...] = ()

    @property
    def told(self) -> Level:
        """The level that people are under."""
        return self.warning.level if self.warning.is_open else Level.NONE

    @property
    def machine_level(self) -> Level:
        """What the machine finds, whatever a hand has ordered."""
        return self.found if self.bound is not None else self.told


class VillageCase(NamedTuple):
    """A case with the code of its village: numbers change with the register, codes do not."""

    village: str
    case: Case


@dataclass(frozen=True, slots=True)
class WarningStatus:
    """What the console shows of a warning.

    `households_told`: the doors of its village were told something whose end they have not heard.
    Posts are those of its village, which is called over all of its hazards: `answer_by_s` is when the
    next answer is due, 0 where none is; `is_dry`: the top of the chain is silent.
    `operator` and `note` say who laid a hand on it last, and why. `found` is the machine's own level and
    `bound` what a hand has ordered, None where nothing binds.
    """

    warning: str
    village: int
    hazard: str
    state: State
    level: Level
    version: int
    crossed_at_s: int
    expires_s: int
    households_told: bool
    posts_called: tuple[str, ...]
    posts_answered: tuple[str, ...]
    answer_by_s: int
    is_dry: bool
    operator: str
    note: str
    unaffirmed_s: int
    found: Level = Level.NONE
    bound: Bound | None = None


class DeskSnapshot(msgspec.Struct):
    """State between two steps; villages by code, so that a changed register is noticed."""

    format: int
    now_s: int
    ignored_answers: int
    refused_inputs: int
    last_refusal: str
    village_codes: list[str]
    cases: list[Case]
    bulletins: bytes = b""
    chains: bytes = b""
    hands: bytes = b""
    transfers: bytes = b""
    drilled: bytes = b""


class _ChainBefore(msgspec.Struct):
    answered: tuple[str, ...] = ()
    rank: int = 0


class _CaseBefore(msgspec.Struct):
    """Of a case what only formats before digests, or before bulletins, have."""

    chain: _ChainBefore = msgspec.field(default_factory=_ChainBefore)
    households_told: bool = False


class _SnapshotBefore(msgspec.Struct):
    cases: list[_CaseBefore]


class _SnapshotFormat(msgspec.Struct):
    format: int


def move_to_village(warning: VillageWarning, village: int) -> None:
    """Village numbers change when the register does; codes do not."""
    if village != warning.village:
        warning.village = village
        warning.latest = replace(warning.latest, village=village) if warning.latest else None


def standing_of(warning: VillageWarning) -> Standing:
    """A warning that is open, as doors' bulletins see it."""
    assert warning.latest is not None, "an open warning has a message"
    return Standing(
        warning.hazard, warning.level, warning.latest.status, warning.reason, by_hand=warning.by_hand
    )


def standing_told_before(state: bytes, snapshot: DeskSnapshot) -> list[tuple[int, Standing]]:
    """Village and hazard of warnings that doors were told by a desk that knew no bulletins."""
    before = msgspec.msgpack.decode(state, type=_SnapshotBefore).cases
    warnings = [
        case.warning
        for case, told in zip(snapshot.cases, before, strict=True)
        if told.households_told and case.warning.is_open and case.warning.latest is not None
    ]
    return [(warning.village, standing_of(warning)) for warning in warnings]


def called_before(state: bytes, snapshot: DeskSnapshot) -> list[CalledBefore]:
    """What stands in each village, who has answered and the rank called, of a snapshot before digests.

    A village counts as answered if all of its warnings are.
    """
    before = msgspec.msgpack.decode(state, type=_SnapshotBefore).cases
    of_village: dict[tuple[MessageStatus, int], list[tuple[VillageWarning, _ChainBefore]]] = {}
    for case, known in zip(snapshot.cases, before, strict=True):
        warning = case.warning
        if warning.is_open and warning.latest is not None:
            place = warning.latest.status, warning.village
            of_village.setdefault(place, []).append((warning, known.chain))
    found = []
    for (status, village), cases in of_village.items():
        is_answered = all(chain.answered for _, chain in cases)
        answered = [post for _, chain in cases for post in chain.answered] if is_answered else []
        levels = {warning.hazard: warning.level for warning, _ in cases}
        found.append((status, village, levels, answered, max(chain.rank for _, chain in cases)))
    return found


def decode_snapshot(state: bytes) -> DeskSnapshot:
    """What a snapshot of the desk holds. ValueError if it is none of this format."""
    try:
        found = msgspec.msgpack.decode(state, type=_SnapshotFormat).format
        if found not in (SNAPSHOT_FORMAT, FORMAT_BEFORE_DIGESTS, FORMAT_BEFORE_BULLETINS):
            raise ValueError(f"warning desk snapshot of format {found}, expected {SNAPSHOT_FORMAT}")
        return msgspec.msgpack.decode(state, type=DeskSnapshot)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not a snapshot of the warning desk: {error}") from None
