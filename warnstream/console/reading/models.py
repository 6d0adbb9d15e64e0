"""Read models of the pages beside the situation; times and conventions as of `warnstream.console.models`."""

from typing import Literal

import msgspec

from warnstream.console.models import Doors, Why

Cell = str | int | float | None
Kind = Literal["text", "own", "word", "number", "time", "level", "share"]


class Read(msgspec.Struct, frozen=True, omit_defaults=True):
    """A read model; what is 0, false or empty is left out."""


class Version(Read, frozen=True):
    """One message of a warning as it was sent; `cap` is its CAP document."""

    id: str
    version: int
    hazard: str
    hazard_zh: str
    hazard_en: str
    level: int
    previous: int
    type: str
    cause: str
    issued_s: int
    crossed_s: int
    expires_s: int
    zh: str
    en: str
    cap: str = ""
    is_by_hand: bool = False
    is_exercise: bool = False
    why: Why | None = None


class Told(Read, frozen=True):
    """What the doors of the village were told, and how far that has come."""

    id: str
    issued_s: int
    action: str
    level: int
    zh: str
    en: str
    doors: Doors = Doors()


class Called(Read, frozen=True):
    """What a post was told; times by the machine's clock, 0: not, or not yet."""

    post: str
    channel: str
    issued_s: int
    level: int
    zh: str
    en: str
    sent_s: int = 0
    delivered_s: int = 0
    answered_s: int = 0


class Act(Read, frozen=True):
    """What a person has done: number of its entry, when, who, and what about.

    `subject` are villages, a call for help or an alarm's place; `result` is the level that was ordered.
    Why is told to officers and seconds alone.
    """

    seq: int
    at_s: int
    who: str
    kind: str
    second: str = ""
    subject: str = ""
    villages: int = 0
    hazard: str = ""
    reason: str = ""
    result: str = ""
    is_alone: bool = False


class Higher(Read, frozen=True):
    """What the next level lacks: one indicator with its value, that level's threshold, the share reached."""

    level: int
    zh: str
    en: str
    unit: str
    threshold: float
    percent: int
    lead_s: int = 0
    station: str = ""


class Judged(Read, frozen=True):
    """One hazard at the last judgement: its level, and why it is not higher; `notes` as the CLI has them."""

    hazard: str
    zh: str
    en: str
    level: int
    higher: list[Higher] = []
    falls_s: int = 0
    notes: list[str] = []


class DrillPost(Read, frozen=True):
    """A post in a drill: when it was asked, after how long it answered (-1: never), and the spot check."""

    post: str
    asked_s: int
    answered_after_s: int = -1
    reminders: int = 0
    check: Literal["", "repeated", "not repeated"] = ""


class DrillVillage(Read, frozen=True):
    """A village of a drill; `ended`: why it is over there (``stopped``, ``lapsed``, ``real``), empty: on."""

    code: str
    name: str
    told_s: int = 0
    ended: str = ""
    doors: int = 0
    answered: int = 0
    first_after_s: int = -1
    helps: int = 0
    posts: list[DrillPost] = []


class Drill(Read, frozen=True):
    """A drill beside the real operation; of one that is on `ends_s` is when it ends by itself."""

    drill: str
    author: str
    reason: str
    begun_s: int
    ends_s: int = 0
    is_on: bool = False
    is_announced: bool = False
    villages: list[DrillVillage] = []


class Drills(Read, frozen=True):
    """Drills of the area, those that are on first, then the newest.

    `drilled` of `of` villages have had one within a year; `towns` are the townships with their villages, and
    how many of those have had one. `unread`: drills whose scores cannot be read.
    """

    drills: list[Drill] = []
    drilled: int = 0
    of: int = 0
    towns: list[tuple[str, int, int]] = []
    unread: int = 0


class Past(Read, frozen=True):
    """A village's warnings over time; every list newest first. `is_whole` False: there is more."""

    code: str
    name: str
    township: str
    county: str
    level: int
    now_s: int
    versions: list[Version] = []
    bulletins: list[Told] = []
    called: list[Called] = []
    acts: list[Act] = []
    judged: list[Judged] = []
    is_whole: bool = False


class Acts(Read, frozen=True):
    """What people have done in the person's area, newest first; `is_whole` False: there is more."""

    acts: list[Act] = []
    is_whole: bool = False


class Column(Read, frozen=True):
    """A column: its heading, and how its cells are to be shown; a time is seconds since 1970 UTC."""

    name: str
    kind: Kind = "text"


class Table(Read, frozen=True):
    """A table of a page, and of its export, in one language; `made_s` by the node's engine time.

    `notes` say what is left out, or what is wrong.
    """

    name: str
    title: str
    node: str
    mode: str
    by: str
    made_s: int
    utc_offset_s: int
    columns: list[Column]
    rows: list[list[Cell]]
    notes: list[str] = []


class Sheet(Read, frozen=True):
    """Tables of one page."""

    tables: list[Table] = []


class Moment(Read, frozen=True):
    """Villages by level, blue to red, at a time."""

    at_s: int
    villages: tuple[int, int, int, int]


class Review(Read, frozen=True):
    """The last hours of the area: villages by level over time, and what people have done."""

    moments: list[Moment] = []
    acts: list[Act] = []
    begin_s: int = 0
    is_whole: bool = False


class ListRow(Read, frozen=True):
    """A door or object of a transfer list, by its code; persons are counted, nobody is named."""

    code: str
    village: str
    kind: str
    state: str
    zone: str = ""
    grade: str = ""
    persons: int = 0
    helper: str = ""
    shelter: str = ""
    by: str = ""
    at_s: int = 0
    note: str = ""
    doubt: str = ""


class ListVillage(Read, frozen=True):
    """A village of a transfer list: by name, and by number as posts have reported."""

    code: str
    name: str
    rows: int
    open: int
    persons: int = 0
    out: int = 0
    heads: dict[str, int] = {}
    contradictions: list[str] = []
    is_over: bool = False
    is_assessed: bool | None = None


class TransferList(Read, frozen=True):
    """A transfer list of the area; `left_s` until its hour, below 0 once it has passed.

    `deadline_s` is the hour by a weather model, beside the one that was ordered; `deadline_note`: nobody
    knows it.
    """

    list: str
    state: str
    author: str
    reason: str
    by_s: int
    left_s: int
    villages: tuple[ListVillage, ...]
    grades: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    advice: str = ""
    is_overdue: bool = False
    is_closed: bool = False
    rows: tuple[ListRow, ...] = ()
    deadline_s: int | None = None
    deadline_note: str = ""


class Deadline(Read, frozen=True):
    """By when a village must be away, and when the hazard is taken to begin, by a weather model."""

    village: str
    deadline_s: int
    onset_s: int
    probability: float


class Counter(Read, frozen=True):
    """One of the five that have to be whole, and who is missing, the first of many."""

    counter: str
    done: int
    total: int
    persons_done: int = 0
    persons_total: int = 0
    missing: list[str] = []


class Transfers(Read, frozen=True):
    """Transfer lists of the area; the counters run over the whole county and are for its officers."""

    lists: list[TransferList] = []
    counters: list[Counter] = []
    deadlines: list[Deadline] = []
    deadline_note: str = ""
    zones: list[tuple[str, str, str]] = []
