"""Signs that people see before a slope or a stream fails: cracks, muddy springs, sounds.

A sign is reported by anybody who has the means, and validated by a named
person who answers for the village. It counts as much as any gauge.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from warnstream.model.arrays import BoolArray, LevelArray
from warnstream.model.level import Level


class SignState(StrEnum):
    """What is known of a sign. REPORTED and VALIDATED stand; the others are over."""

    REPORTED = "reported"
    VALIDATED = "validated"
    REJECTED = "rejected"
    EXPIRED = "expired"


STANDING = frozenset({SignState.REPORTED, SignState.VALIDATED})


@dataclass(frozen=True, slots=True)
class SignReport:
    """Somebody has seen a sign in a village. `village` is a code; `note` says where and what."""

    village: str
    kind: str
    reporter: str
    note: str


@dataclass(frozen=True, slots=True)
class SignVerdict:
    """A named person says whether a sign is what it seemed to be."""

    sign: str
    is_validated: bool
    validator: str
    note: str


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign of one kind in one village.

    Attributes
    ----------
    sign : str
        Identity: village, kind and the time of the first report.
    village : int
    kind : str
    state : SignState
    reporter, validator, note : str
        Posts of the responsibility chain; the note of the last who wrote one. Never in messages to people.
    reported_at_s, changed_at_s, expires_s : int
        First report; last change of the state; when it is over unless somebody renews it.
    n_reports : int
    """

    sign: str
    village: int
    kind: str
    state: SignState
    reporter: str
    validator: str
    note: str
    reported_at_s: int
    changed_at_s: int
    expires_s: int
    n_reports: int


@dataclass(frozen=True, slots=True)
class SignKind:
    """A kind of sign and its name in texts."""

    kind: str
    title_zh: str
    title_en: str


@dataclass(frozen=True, slots=True)
class SignPolicy:
    """Which signs may be reported, and how long one stands that nobody renews."""

    kinds: tuple[SignKind, ...] = ()
    expires_s: int = 86_400


@dataclass(frozen=True, slots=True)
class SignTrigger:
    """What signs of some kinds mean for one hazard: the level of a reported and of a validated one."""

    kinds: frozenset[str]
    reported_level: Level
    validated_level: Level

    def level_of(self, sign: Sign) -> Level:
        """Level that a standing sign reaches."""
        if sign.kind not in self.kinds or sign.state not in STANDING:
            return Level.NONE
        return self.validated_level if sign.state is SignState.VALIDATED else self.reported_level


@dataclass(frozen=True, slots=True)
class VillageSigns:
    """Signs that stand at one step."""

    standing: tuple[Sign, ...] = ()
    n_villages: int = 0

    def seen(self, kind: str, *, is_validated: bool) -> BoolArray:
        """Where a sign of a kind stands, shape (n_villages,); only validated ones if asked for."""
        found: BoolArray = np.zeros(self.n_villages, dtype=np.bool_)
        for sign in self.standing:
            if sign.kind == kind and (sign.state is SignState.VALIDATED or not is_validated):
                found[sign.village] = True
        return found

    def levels(self, trigger: SignTrigger) -> LevelArray:
        """Level that the signs reach for a hazard, shape (n_villages,)."""
        level: LevelArray = np.zeros(self.n_villages, dtype=np.uint8)
        for sign in self.standing:
            level[sign.village] = max(int(level[sign.village]), trigger.level_of(sign))
        return level

    def worst(self, village: int, trigger: SignTrigger) -> Sign | None:
        """The sign that carries a village's level; of equal ones the one that was reported first."""
        here = [sign for sign in self.standing if sign.village == village and trigger.level_of(sign)]
        return min(here, key=lambda sign: (-trigger.level_of(sign), sign.reported_at_s), default=None)
