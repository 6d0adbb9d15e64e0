"""What the doors of one village have been told: the state of `warnstream.lifecycle.bulletins`."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from warnstream.model.bulletins import TRANSFER, Action, Bulletin, Ordered, Refuge, ReturnNotice, Standing
from warnstream.model.level import Level
from warnstream.model.warning import MessageStatus, WarningMessage

NEVER = -1


@dataclass(frozen=True, slots=True)
class Asked:
    """What standing hazards ask for together: the greatest action, the level that asks it, the worst level.

    `refuges` are those of the hazards that ask most or are worst.
    """

    action: Action
    level: Level
    worst: Level
    refuges: frozenset[Refuge]

    @property
    def weight(self) -> tuple[int, int]:
        """Greater asks for more."""
        return self.action.rank, int(self.level)


@dataclass(frozen=True, slots=True)
class Held:
    """A bulletin that is due and waits for an officer.

    `hazard` leads it, `level` is the worst that stands or, of an end, that was told; `since_s` when it
    fell due, `due_s` when it goes by itself (`NEVER`: not at all); `longer_s` is how much longer an officer
    has it wait, which is in `due_s`.
    """

    action: Action
    hazard: str
    level: Level
    since_s: int
    due_s: int
    longer_s: int = 0


@dataclass(slots=True)
class Voice:
    """What the doors of one village have been told.

    Attributes
    ----------
    standing : dict
        Hazard -> what stands, told or not.
    opened_s, n : int
        Of the episode or the last one; NEVER and 0 before the first.
    is_open : bool
        Doors were told something and have not heard the end, whatever stands now.
    status : MessageStatus
        Of the episode.
    told : Asked or None
        What the last bulletin asked for; None outside of an episode.
    stays : bool
        *Stay* was said, and nothing greater since.
    has_moved : bool
        Prepare or leave was said in this episode.
    issued_s : int
        Time of the last bulletin.
    fell_s, quiet_s : int
        Since when less is asked for than was told; since when nothing stands. NEVER: not so.
    real_until_s : int
        When the last real episode ended.
    seen, corrected, ended : set of str
        Hazards that stood in this episode; those of them that were an error; that ended since the last
        bulletin.
    latest : Bulletin or None
        The last bulletin of an open episode, for doors that are new.
    held : Held or None
        What doors would be told, and wait for an officer to release.
    is_away : bool
        An order has moved people, and none has told all of them to come back.
    has_left : bool
        People were asked to go, in this episode or an earlier one, and never told to come back.
    returning : ReturnNotice or None
        The return that an order has given and doors were not told yet.
    returned : str
        The last order of a return that doors were told, or that came to nothing.
    named : str
        The code by which the episode is named, where its village has another one since; empty: its own.
    """

    standing: dict[str, Standing] = field(default_factory=dict)
    opened_s: int = NEVER
    n: int = 0
    is_open: bool = False
    status: MessageStatus = MessageStatus.ACTUAL
    told: Asked | None = None
    stays: bool = False
    has_moved: bool = False
    issued_s: int = NEVER
    fell_s: int = NEVER
    quiet_s: int = NEVER
    real_until_s: int = NEVER
    seen: set[str] = field(default_factory=set)
    corrected: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    latest: Bulletin | None = None
    held: Held | None = None
    is_away: bool = False
    has_left: bool = False
    returning: ReturnNotice | None = None
    returned: str = ""
    named: str = ""

    @property
    def ordered(self) -> Ordered:
        """What orders about moving people have meant here so far."""
        notice = self.returning or (ReturnNotice(self.returned) if self.returned else None)
        return Ordered(self.standing.get(TRANSFER), self.is_away, notice)

    def order(self, ordered: Ordered) -> None:
        """What orders about moving people mean now; a transfer that is there no more has ended."""
        self.is_away, notice = ordered.is_away, ordered.notice
        self.returning = notice if notice is not None and notice.order != self.returned else None
        if self.is_open and ordered.is_away:
            self.has_moved = True
        if ordered.standing is not None:
            self.standing[TRANSFER] = ordered.standing
            self.ended.discard(TRANSFER)
            if self.is_open and ordered.standing.status is self.status:
                self.seen.add(TRANSFER)
        elif self.standing.pop(TRANSFER, None) is not None and TRANSFER in self.seen:
            self.ended.add(TRANSFER)

    def take(self, message: WarningMessage) -> None:
        """What stands after a message; a hazard keeps the status that it began with."""
        hazard, before = message.hazard, self.standing.get(message.hazard)
        if message.level is Level.NONE:
            if self.standing.pop(hazard, None) is not None and hazard in self.seen:
                self.ended.add(hazard)
            return
        status = message.status if before is None else before.status
        reason = message.reason or (before.reason if before and not message.by_hand else None)
        self.standing[hazard] = Standing(hazard, message.level, status, reason, message.by_hand)
        self.ended.discard(hazard)
        self.corrected.discard(hazard)
        if self.is_open and status is self.status:
            self.seen.add(hazard)

    def align(self, standing: Iterable[Standing]) -> None:
        """Let exactly this stand; what stood besides has ended."""
        before, self.standing = self.standing, {warning.hazard: warning for warning in standing}
        self.ended |= (before.keys() & self.seen) - self.standing.keys()
        self.ended -= self.standing.keys()
        self.corrected -= self.standing.keys()
        if self.is_open:
            self.seen |= {warning.hazard for warning in self.of_status(self.status)}

    def of_status(self, status: MessageStatus) -> list[Standing]:
        """What stands for real, or as an exercise."""
        return [warning for warning in self.standing.values() if warning.status is status]

    def heard(self) -> list[Standing]:
        """What the episode is about; before one, what is real if anything is."""
        if self.is_open:
            return self.of_status(self.status)
        return self.of_status(MessageStatus.ACTUAL) or self.of_status(MessageStatus.EXERCISE)

    def open(self, status: MessageStatus, now_s: int) -> None:
        """Begin an episode, later than every earlier one."""
        self.opened_s, self.n, self.is_open, self.status = max(now_s, self.opened_s + 1), 0, True, status
        self.named = ""
        self.has_moved = self.is_away
        self.seen |= {warning.hazard for warning in self.heard()}

    def close(self, now_s: int) -> None:
        """The end has been said."""
        if self.is_open and self.status is MessageStatus.ACTUAL:
            self.real_until_s = now_s
        self.is_open, self.told, self.stays, self.has_moved = False, None, False, False
        self.latest = self.held = None
        self.fell_s = self.quiet_s = NEVER
        self.seen, self.corrected, self.ended = set(), set(), set()

    def remember(self, asked: Asked, action: Action, now_s: int) -> None:
        """What was said last."""
        self.told, self.stays = asked, action is Action.STAY
        self.has_moved = self.has_moved or action.moves_people
        self.has_left = self.has_left or action.moves_people
        self.issued_s, self.fell_s, self.held = now_s, NEVER, None
        self.ended = set()


class VillageVoice(NamedTuple):
    """A voice with the code of its village: numbers change with the register, codes do not."""

    village: str
    voice: Voice


class VoicesSnapshot(msgspec.Struct):
    """Voices by village code, so that a changed register is noticed."""

    village_codes: list[str]
    voices: list[Voice]


def voices_in(state: bytes) -> list[VillageVoice]:
    """Voices of a snapshot of `Bulletins`. ValueError if it is none."""
    try:
        snapshot = msgspec.msgpack.decode(state, type=VoicesSnapshot)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not a snapshot of bulletins: {error}") from None
    return [VillageVoice(*pair) for pair in zip(snapshot.village_codes, snapshot.voices, strict=True)]
