"""Read models of the pages beside the situation; times and conventions as of `warnstream.console.models`."""

from typing import Literal

from warnstream.console.models import Doors, Struct, Why

Cell = str | int | float | None
Kind = Literal["text", "number", "time", "level", "share"]


class Version(Struct, frozen=True):
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


class Told(Struct, frozen=True):
    """What the doors of the village were told, and how far that has come."""

    id: str
    issued_s: int
    action: str
    level: int
    zh: str
    en: str
    doors: Doors = Doors()


class Called(Struct, frozen=True):
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


class ActRow(Struct, frozen=True):
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


class Higher(Struct, frozen=True):
    """What the next level lacks: one indicator with its value, that level's threshold, the share reached."""

    level: int
    zh: str
    en: str
    unit: str
    threshold: float
    percent: int
    lead_s: int = 0
    station: str = ""


class Judged(Struct, frozen=True):
    """One hazard at the last judgement: its level, and why it is not higher; `notes` in English as the CLI."""

    hazard: str
    zh: str
    en: str
    level: int
    higher: list[Higher] = []
    falls_s: int = 0
    notes: list[str] = []


class Past(Struct, frozen=True):
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
    acts: list[ActRow] = []
    judged: list[Judged] = []
    is_whole: bool = False


class Acts(Struct, frozen=True):
    """What people have done in the person's area, newest first; `is_whole` False: there is more."""

    acts: list[ActRow] = []
    is_whole: bool = False


class Column(Struct, frozen=True):
    """A column: its headings, and how its cells are to be shown."""

    zh: str
    en: str
    kind: Kind = "text"


class Table(Struct, frozen=True):
    """A table of a page, and of its export; `note` says what is left out, or where it comes from.

    Rows begin with the codes of what they are about. `made_s` by the node's clock.
    """

    name: str
    zh: str
    en: str
    node: str
    mode: str
    by: str
    made_s: int
    utc_offset_s: int
    columns: list[Column]
    rows: list[list[Cell]]
    note_zh: str = ""
    note_en: str = ""
