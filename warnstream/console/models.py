"""What the console answers, and the events of its stream; `/api/v1/openapi.json` is made of these.

Villages, towns and stations go by their number in what `/api/v1/geo` says of a person's area. Times are
seconds since 1970 UTC, ages are seconds; 0 stands for a time that there is none of.
"""

from typing import Literal

import msgspec

Mode = Literal["live", "drill", "replay", "expected"]


class Struct(msgspec.Struct, frozen=True, omit_defaults=True):
    """A read model; what is 0, false or empty is left out."""


class Clock(Struct, frozen=True):
    """Event `beat`, once a second whatever happens.

    `age_s` is how old the newest frame of the node is, by the console's steady clock; -1: there is none.
    `stepped_s`: how long before that frame the node had judged; -1: never. `since_s`: from when on there are
    pictures to be looked back at; `leads_s`: how far ahead rain is expected.
    """

    wall_s: float = 0.0
    now_s: int = 0
    age_s: float = -1.0
    stepped_s: float = -1.0
    fault: str = ""
    since_s: int = 0
    leads_s: list[int] = []


class Help(Struct, frozen=True):
    """Calls for help that are open, those that no person has, and since when the oldest of these waits."""

    open: int = 0
    unassigned: int = 0
    oldest_s: int = 0


class Release(Struct, frozen=True):
    """Villages whose doors wait for an officer, and when the first of them hears by itself."""

    villages: int = 0
    first_due_s: int = 0


class Silent(Struct, frozen=True):
    """Doors of red villages that have not answered, of those that were to be told."""

    doors: int = 0
    of: int = 0


class Calling(Struct, frozen=True):
    """Villages whose posts have been asked and have time left, and when the first answer is due."""

    villages: int = 0
    first_due_s: int = 0


class Unseen(Struct, frozen=True):
    """Villages that hear none of their gauges, and channels that reach nobody."""

    villages: int = 0
    channels: list[str] = []


class Needs(Struct, frozen=True):
    """What waits for a person."""

    help: Help = Help()
    release: Release = Release()
    dry: int = 0
    calling: Calling = Calling()
    silent: Silent = Silent()
    unseen: Unseen = Unseen()


class Proposal(Struct, frozen=True):
    """An order that waits for a second person; `level` 0 takes a warning away, `towns` are numbers."""

    order: str
    kind: str
    author: str
    reason: str
    hazard: str
    villages: int
    towns: list[int]
    since_s: int
    due_s: int
    level: int = 0


class AlarmRow(Struct, frozen=True):
    """An alarm to the officer: of a town, or of the node itself (`town` -1), `village` the worst of it.

    Class A sounds until it is seen, B once for each `number`; `seen_until_s` 0: nobody has seen it.
    """

    town: int
    village: int
    urgency: Literal["A", "B"]
    troubles: list[str]
    since_s: int
    raised_s: int
    number: int
    level: int = 0
    seen_until_s: int = 0


class Shift(Struct, frozen=True):
    """Who is on duty for an area; `offered` is whom they want to be relieved by."""

    person: str
    name: str
    area: str
    since_s: int
    offered: str = ""
    note: str = ""


class Head(Struct, frozen=True):
    """The situation in numbers; `levels` are villages and `towns` townships by worst level, blue to red.

    `drilling`: villages in which a drill is on beside the real operation. The first `blocking` of the reasons
    keep the node from being ready.
    """

    node: str
    mode: Mode
    is_ready: bool
    utc_offset_s: int
    levels: tuple[int, int, int, int]
    towns: tuple[int, int, int, int]
    stations: int
    reporting: int
    doubted: int = 0
    partly_blind: int = 0
    reasons: list[str] = []
    reasons_zh: list[str] = []
    blocking: int = 0
    needs: Needs = Needs()
    proposals: list[Proposal] = []
    alarms: list[AlarmRow] = []
    shifts: list[Shift] = []
    is_flood: bool = False
    drilling: int = 0


class Doors(Struct, frozen=True):
    """Doors by how far they have come: to be told, reached, answered, on the way or safe; failed for good."""

    addressed: int = 0
    reached: int = 0
    answered: int = 0
    safe: int = 0
    failed: int = 0
    help: int = 0


class TownRow(Struct, frozen=True):
    """A township of the queue.

    `villages` by level, blue to red; `due_s` and `due` say what is due first; `calling`: villages whose posts
    have time to answer.
    """

    town: int
    level: int
    villages: tuple[int, int, int, int]
    due_s: int = 0
    due: Literal["", "release", "answer"] = ""
    help: int = 0
    help_unassigned: int = 0
    release: int = 0
    dry: int = 0
    calling: int = 0
    doors: Doors = Doors()


class Near(Struct, frozen=True):
    """A village that is near to a threshold while nothing stands; `percent` of it is reached."""

    village: int
    hazard: str
    percent: int


class State(Struct, frozen=True):
    """Everything of a person's area at one moment.

    `levels` has a digit a village, 0 to 4; `sight` 0 (sees), 1 (partly blind) or 2 (blind); `stations` a
    digit each: 1 reports, +2 doubted. `queue` is in order of urgency. Deltas after `id` go on from here.
    Of another time `id` is empty, `head.mode` is ``replay`` or ``expected``, and nothing waits for anybody;
    `ahead` are villages with the rain that is expected there until then, in tenths of mm, most first.
    """

    id: str
    head: Head
    clock: Clock
    levels: str
    sight: str
    stations: str
    queue: list[TownRow]
    near: list[Near] = []
    ahead: list[tuple[int, int]] = []


class Delta(Struct, frozen=True):
    """Event `delta`: what has changed since the event before; what is left out is as it was.

    `villages` are (number, level, sight), `stations` (number, condition), `rows` changed or new rows, `order`
    the towns of the queue in order.
    """

    head: Head | None = None
    villages: list[tuple[int, int, int]] = []
    stations: list[tuple[int, int]] = []
    rows: list[TownRow] = []
    order: list[int] | None = None
    near: list[Near] | None = None


class Place(Struct, frozen=True):
    """A village, the number of its town, where it is, and its outline as closed rings of alternating x, y."""

    code: str
    name: str
    town: int
    x: int
    y: int
    rings: list[list[int]]


class TownPlace(Struct, frozen=True):
    """A township's name, its county's, and where its label stands."""

    name: str
    county: str
    x: int
    y: int


class Border(Struct, frozen=True):
    """A county's outline, as rings, and where its name stands."""

    name: str
    x: int
    y: int
    rings: list[list[int]]


class Geo(Struct, frozen=True):
    """The map of a person's area, in decametres east and north of its centre.

    `is_cells`: some villages have no outline of their own; theirs is what lies nearest to their point.
    """

    villages: list[Place]
    towns: list[TownPlace]
    counties: list[Border]
    stations: list[tuple[str, int, int]]
    hazards: dict[str, tuple[str, str]]
    is_cells: bool = False


class Why(Struct, frozen=True):
    """Why a hazard stands: what was measured, in its message's words, and where that is by the threshold.

    `value` and `thresholds` are of one indicator of one hazard; `is_now` False: nothing gives this level any
    more, it was measured when the level was last told.
    """

    zh: str
    en: str
    over_zh: str
    over_en: str
    value: float | None = None
    threshold: float | None = None
    unit: str = ""
    is_now: bool = True
    is_expected: bool = False
    is_confirmed: bool = True


class HazardRow(Struct, frozen=True):
    """A hazard that stands; `bound` is ``floor`` or ``ceiling`` while a person has ordered it."""

    hazard: str
    zh: str
    en: str
    level: int
    since_s: int
    expires_s: int
    found: int = 0
    bound: str = ""
    bound_until_s: int = 0
    why: Why | None = None


class PostRow(Struct, frozen=True):
    """A post of the chain, nearest to the doors first."""

    post: str
    role: str
    rank: int
    state: Literal["waiting", "asked", "overdue", "answered"]
    due_s: int = 0


class Words(Struct, frozen=True):
    """The newest bulletin of a village, as its doors got it."""

    id: str
    issued_s: int
    zh: str
    en: str


class Waits(Struct, frozen=True):
    """What a village's doors wait for; `due_s` 0: it does not go out by itself."""

    action: str
    zh: str
    en: str
    level: int
    since_s: int
    due_s: int = 0


class HelpRow(Struct, frozen=True):
    """An open call for help; who calls is told to officers alone, `heads` 0: nobody said how many."""

    help: str
    opened_s: int
    assigned: str = ""
    caller: str = ""
    heads: int = 0


class Village(Struct, frozen=True):
    """Everything of one village; `seen` is the version that an act on it names in If-Match."""

    code: str
    name: str
    township: str
    county: str
    level: int
    sight: int
    doors: Doors
    now_s: int
    hazards: list[HazardRow] = []
    posts: list[PostRow] = []
    words: Words | None = None
    waits: Waits | None = None
    is_dry: bool = False
    seen: str = ""
    helps: list[HelpRow] = []


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What signs a person in: a password, with a `code` where they have one; or `once`, a one-time link."""

    person: str = ""
    password: str = ""
    code: str = ""
    once: str = ""


class Session(Struct, frozen=True):
    """Who is signed in; `officers` are those who may take a shift, by code and name."""

    person: str
    name: str
    role: str
    area: str
    node: str
    ends_s: int
    officers: list[tuple[str, str]] = []


class Alive(Struct, frozen=True):
    """The process answers; `is_fed`: frames of the node come."""

    alive: bool
    is_fed: bool


class Problems(Struct, frozen=True):
    """What is wrong with a request."""

    problems: list[str]
