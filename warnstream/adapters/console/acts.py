"""What a person at a console wants done, and what came of it; both pass ``console.sock`` as JSON."""

from typing import Literal

import msgspec

DOORS_PAGE = 100
"""Doors of one page of a list."""

WORDS_MAX = 20
"""Texts that a rehearsal shows; of more it says how many."""


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An act in the words of the page; what does not concern its kind is left out.

    Attributes
    ----------
    kind : str
        A kind of order (`OrderKind`), ``assign`` or ``close`` of a call for help, ``see`` of an alarm,
        ``take_shift`` or ``hand_over``; ``read`` the doors of one village, from `cursor` on;
        ``drill_start`` or ``drill_stop``.
    reason : str
    villages, townships : list of str
    hazard, level, lasts, post, response : str
        As of an order by hand.
    alone : bool
        What two persons should say, by one, on purpose.
    order : str
        Of a release: the order that waits for a second person; of ``drill_stop``: the drill's name, or
        ``all``.
    announced : bool
        Of ``drill_start``: posts are told first that there will be one.
    help, person : str
        The call for help, and who goes there or says that it is over; whom a shift is offered to.
    urgency : str
        Class of the alarm that was seen, A or B; its place is that of the one village named, or none.
    zones, grades, by, onset, verdict
        Of orders about moving people, as by command.
    rows, word : list of str, str
        Of ``confirm_move``: rows of transfer lists, and what is said of them (`MarkWord`); without a word
        the next of the two confirmations.
    rehearse : bool
        Say whom it would reach, in which words, and do nothing.
    """

    kind: str
    reason: str = ""
    villages: list[str] = []
    townships: list[str] = []
    hazard: str = ""
    level: str = ""
    lasts: str = ""
    post: str = ""
    response: str = ""
    alone: bool = False
    order: str = ""
    help: str = ""
    person: str = ""
    urgency: str = ""
    zones: list[str] = []
    grades: list[str] = []
    by: str = ""
    onset: str = ""
    verdict: str = ""
    rows: list[str] = []
    word: str = ""
    cursor: int = 0
    rehearse: bool = False
    announced: bool = False


class Words(msgspec.Struct, frozen=True):
    """What the doors of a village would be told, exactly; `later_s` so long after the act."""

    village: str
    name: str
    zh: str
    en: str
    later_s: int = 0


class Rehearsed(msgspec.Struct, frozen=True):
    """Whom an act would reach.

    `doors` by channel, `seconds` until the last one hears where a channel has a rate, `posts` that are
    told; `more` villages beside those whose words are shown. `is_for_two`: a second person has to agree.
    """

    villages: int
    doors: dict[str, int]
    seconds: dict[str, float]
    posts: int
    words: list[Words]
    more: int = 0
    is_for_two: bool = False
    is_exercise: bool = False


class DoorRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One door: how far the newest bulletin came, what its people said, where it is told, who goes there."""

    door: str
    state: str
    said: str
    channel: str = ""
    address: str = ""
    tries: int = 0
    last_s: int = 0
    assigned: str = ""


class Done(msgspec.Struct, frozen=True):
    """What came of an act.

    `status`: ``taken``; ``waits`` for a second person; ``rehearsed``; ``refused``, ``forbidden`` or
    ``stale`` with `problems`: nothing has changed then. `sequence` is the number of its journal entry,
    0 where the same act was taken before. `doors` are those that were read, `doors_of` how many there are.
    """

    status: Literal["taken", "waits", "rehearsed", "refused", "forbidden", "stale"]
    sequence: int = 0
    order: str = ""
    problems: list[str] = []
    rehearsal: Rehearsed | None = None
    doors: list[DoorRow] = []
    doors_of: int = 0


encode_done = msgspec.json.Encoder().encode
decode_done = msgspec.json.Decoder(Done).decode
encode_said = msgspec.json.Encoder().encode
decode_said = msgspec.json.Decoder(Said).decode
