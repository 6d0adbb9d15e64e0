"""Who is on duty: a person has a shift for their area until they are relieved, or it has lasted too long.

Handing over offers: the one who goes stays on duty until the other takes the shift.
"""

import msgspec

from warnstream.model.hands.duty import SHIFT_S, DutyAct, Place

EVERYWHERE = "*"


class Shift(msgspec.Struct, frozen=True):
    """A person on duty; `offered` names whom they want to be relieved by, `note` what to know then."""

    person: str
    area: str
    post: str
    since_s: int
    offered: str = ""
    note: str = ""

    def answers_for(self, place: Place, village_code: str) -> bool:
        """Whether an alarm of a place, raised by a village, is theirs."""
        return self.area in (EVERYWHERE, *place, village_code) if place != ("", "") else True


class Shifts:
    """The shifts of one node, in the order in which they were taken."""

    def __init__(self) -> None:
        self.of: list[Shift] = []

    def take(self, act: DutyAct, now_s: int) -> None:
        """A person is on duty from now on, and relieves whoever had the same area."""
        others = [shift for shift in self.of if shift.person != act.person and shift.area != act.area]
        self.of = [*others, Shift(act.person, act.area, act.post, now_s)]

    def offer(self, act: DutyAct) -> None:
        """A person on duty wants to be relieved."""
        self.of = [
            msgspec.structs.replace(shift, offered=act.other, note=act.note)
            if shift.person == act.person
            else shift
            for shift in self.of
        ]

    def end_old(self, now_s: int) -> None:
        """Who has been on duty for too long is not any more; a shift of before the first step begins now."""
        self.of = [shift if shift.since_s >= 0 else _begun(shift, now_s) for shift in self.of]
        self.of = [shift for shift in self.of if now_s < shift.since_s + SHIFT_S]

    def has(self, person: str) -> bool:
        """Whether a person is on duty."""
        return any(shift.person == person for shift in self.of)


def _begun(shift: Shift, now_s: int) -> Shift:
    return msgspec.structs.replace(shift, since_s=now_s)
