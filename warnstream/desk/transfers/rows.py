"""Rows of a transfer list: doors and objects of its target, and what is said of each.

What is said moves a row by the ledger's own table of people (`PEOPLE_AFTER`): only another person confirms
that somebody is safe, and only another person closes a call for help. A row is open until it is safe.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from warnstream.delivery.ledger.states import People, Said, after
from warnstream.model.effects import Answer
from warnstream.model.network import Network
from warnstream.model.transfers.marks import MarkWord
from warnstream.model.transfers.objects import HOUSEHOLD, UNKNOWN, WHOLE_VILLAGE, TransferObject

SAID_OF_MARK: Mapping[MarkWord, Said] = {
    MarkWord.MOVING: Said.MOVE,
    MarkWord.SAID_SAFE: Said.CLAIM_SAFE,
    MarkWord.SAFE: Said.CONFIRM,
    MarkWord.REFUSED: Said.REFUSE,
    MarkWord.HELP: Said.CALL,
}

SAID_OF_ANSWER: Mapping[Answer, Said] = {
    Answer.ACKNOWLEDGED: Said.ACKNOWLEDGE,
    Answer.MOVING: Said.MOVE,
    Answer.SAFE: Said.CLAIM_SAFE,
    Answer.NEED_HELP: Said.CALL,
}

AWAY = frozenset({People.SAID_SAFE, People.SAFE})
"""They are out, as they say themselves or as another person has seen."""


class Row(msgspec.Struct, array_like=True):
    """One door or object that must be empty or safe.

    Attributes
    ----------
    code, village, zone, kind, grade : str
        Of the register; `zone` and `grade` are empty where nobody said, `kind` is of `ObjectKind`, or
        a household, or a whole village of which nothing else is known.
    persons, helpless : int
        `UNKNOWN` where nobody has counted.
    helper, shelter : str
        Who fetches them; where they go. Empty: nobody by name; the village's.
    people : People
    by, note : str
        Who said that last, and why.
    at_s : int
        When; -1: nothing was said.
    doubt : str
        What contradicts what was known.
    is_lost : bool
        The register has it no more.
    """

    code: str
    village: str
    zone: str
    kind: str
    grade: str
    persons: int = UNKNOWN
    helpless: int = UNKNOWN
    helper: str = ""
    shelter: str = ""
    people: People = People.SILENT
    by: str = ""
    note: str = ""
    at_s: int = -1
    doubt: str = ""
    is_lost: bool = False

    @property
    def is_open(self) -> bool:
        """Nobody has confirmed that they are safe."""
        return self.people is not People.SAFE

    def hear(self, said: Said, by: str, at_s: int, note: str = "") -> None:
        """Something is said of it; what the table does not follow is kept as a doubt."""
        before, new_doubt = self.people, contradiction(self.people, said, self.by)
        self.people = after(before, said)
        if self.people is not before or new_doubt or not self.by:
            self.by, self.note, self.at_s = by, note, at_s
        # What contradicts stays until a person has looked again: "received" settles nothing.
        if said is Said.CONFIRM or new_doubt:
            self.doubt = new_doubt

    def reopen(self, by: str, at_s: int, note: str) -> None:
        """They are there again, or it was an error."""
        was_away = self.people in AWAY
        self.doubt = f"was {self.people.word} by {self.by}" if was_away else ""
        self.people, self.by, self.note, self.at_s = People.SILENT, by, note, at_s


def contradiction(before: People, said: Said, by: str) -> str:
    """What is odd about something said of people in a state; empty if nothing.

    >>> contradiction(People.SAFE, Said.CALL, "grid-a")
    'call after safe by grid-a'
    """
    settled = before in AWAY and said in (Said.MOVE, Said.REFUSE, Said.CALL)
    claims = before is People.SAFE and said is Said.CLAIM_SAFE
    return f"{said.word} after {before.word} by {by}" if settled and not claims else ""


def rows_of(
    network: Network,
    village: int,
    objects: Sequence[TransferObject],
    zones: Collection[str],
    grades: Collection[str],
) -> Iterator[Row]:
    """Rows of one village with its objects: who is in one of the zones and of one of the grades (empty: all).

    Where the register does not say zone or grade a row is in all of them: nobody is forgotten.
    """
    code, households = network.villages.code[village], network.households
    doors, facts = households.of_village(village), households.facts
    if not len(doors) and not objects:
        yield Row(f"village:{code}", code, "", WHOLE_VILLAGE, "")
        return
    for door in doors:
        row = Row(households.code[door], code, "", HOUSEHOLD, "")
        if facts is not None:
            row.zone, row.grade = facts.zone[door], facts.grade[door]
            row.persons, row.helpless = facts.persons[door], facts.helpless[door]
            row.helper, row.shelter = facts.helper[door], facts.shelter[door]
        if is_meant(row, zones, grades):
            yield row
    for listed in objects:
        row = Row(
            listed.code, code, listed.zone, str(listed.kind), listed.grade, listed.persons, listed.helpless
        )
        row.helper, row.shelter = listed.helper, listed.shelter
        if is_meant(row, zones, grades):
            yield row


def is_meant(row: Row, zones: Collection[str], grades: Collection[str]) -> bool:
    """Whether a row is in one of the zones and of one of the grades."""
    in_zone = not zones or not row.zone or row.zone in zones
    return in_zone and (not grades or not row.grade or row.grade in grades)
