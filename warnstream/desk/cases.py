"""A warning and who knows of it; how the desk's cases are kept between two runs of a node."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import msgspec

from warnstream.lifecycle.machine import State
from warnstream.lifecycle.village_warning import VillageWarning
from warnstream.model.level import Level
from warnstream.routing.chain import ChainState

SNAPSHOT_FORMAT = 1


@dataclass(slots=True)
class Case:
    """One village and hazard on the desk: its warning, and who knows of it."""

    warning: VillageWarning
    chain: ChainState = field(default_factory=ChainState)
    households_told: bool = False


class VillageCase(NamedTuple):
    """A case with the code of its village: numbers change with the register, codes do not."""

    village: str
    case: Case


@dataclass(frozen=True, slots=True)
class WarningStatus:
    """What the console shows of a warning.

    `answer_by_s` is 0 where no answer is awaited; posts that were called and
    are not among the answered while nothing is awaited are the top of a chain
    that stayed silent. `operator` and `note` say who ended it by hand, and why.
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
    operator: str
    note: str
    unaffirmed_s: int


class DeskSnapshot(msgspec.Struct):
    """State between two steps; villages by code, so that a changed register is noticed."""

    format: int
    now_s: int
    ignored_answers: int
    refused_inputs: int
    last_refusal: str
    village_codes: list[str]
    cases: list[Case]


class _SnapshotFormat(msgspec.Struct):
    format: int


def move_to_village(warning: VillageWarning, village: int) -> None:
    """Village numbers change when the register does; codes do not."""
    if village != warning.village:
        warning.village = village
        warning.latest = replace(warning.latest, village=village) if warning.latest else None


def decode_snapshot(state: bytes) -> DeskSnapshot:
    """What a snapshot of the desk holds. ValueError if it is none of this format."""
    try:
        found = msgspec.msgpack.decode(state, type=_SnapshotFormat).format
        if found != SNAPSHOT_FORMAT:
            raise ValueError(f"warning desk snapshot of format {found}, expected {SNAPSHOT_FORMAT}")
        return msgspec.msgpack.decode(state, type=DeskSnapshot)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not a snapshot of the warning desk: {error}") from None
