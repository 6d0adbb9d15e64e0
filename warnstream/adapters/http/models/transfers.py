"""Transfer lists: who is still to go, who is out by number and by name, what is decided about coming back."""

import msgspec

from warnstream.adapters.http.models.words import Count, Text, TimeUtc


class MarkTakenRecord(msgspec.Struct, frozen=True):
    """A mark is durable; it counts from the next step on."""

    mark: Text
    rows: Count


class TransferRowRecord(msgspec.Struct, frozen=True):
    """One door or object of a list.

    `persons` and `helpless` are null where nobody has counted; `doubt` contradicts what was known; `lost`:
    the register has it no more.
    """

    code: Text
    village: Text
    zone: str
    kind: Text
    grade: str
    persons: Count | None
    helpless: Count | None
    helper: str
    shelter: str
    state: Text
    by: str
    at: TimeUtc | None
    note: str
    doubt: str
    lost: bool


class TransferFiguresRecord(msgspec.Struct, frozen=True):
    """Rows by state, persons by name and by number.

    `persons` are those that the register has counted, of `rows` without the `uncounted`. `out_by_name` are
    in rows that said, or were confirmed, to be safe; `heads` what posts have reported since the list was
    opened. `out` is the greater of both. A list goes by names: numbers close no row.
    """

    rows: Count
    open: Count
    states: dict[str, Count]
    persons: Count
    uncounted: Count
    helpless: Count
    out_by_name: Count
    confirmed: Count
    heads: dict[str, Count]
    out: Count
    contradictions: list[str]


class DecisionRecord(msgspec.Struct, frozen=True):
    """What a person decided, and when; `second` agreed."""

    at: TimeUtc
    by: str
    second: str
    note: str


class PlaceRecord(msgspec.Struct, frozen=True):
    """Where people return to: a zone, or a village without zones. `safe` is null before an assessment."""

    place: Text
    name: str
    safe: bool | None
    assessed: DecisionRecord | None
    returned: DecisionRecord | None


class TransferVillageRecord(msgspec.Struct, frozen=True):
    """One village of a list."""

    village: Text
    name: str
    over: DecisionRecord | None
    shelter_open: DecisionRecord | None
    places: list[PlaceRecord]
    figures: TransferFiguresRecord


class TransferListRecord(msgspec.Struct, frozen=True):
    """One list; `rows` are in the answer for one list alone, open ones first.

    `left_s` is how long its hour is away, negative once it has passed; `advice` what people are told.
    `deadline` is worked out from a weather model, beside the hour that was ordered; `deadline_note` says
    where nobody knows it.
    """

    transfer: Text
    state: Text
    status: Text
    author: Text
    reason: Text
    zones: list[Text]
    grades: list[Text]
    opened: TimeUtc
    by: TimeUtc
    onset: TimeUtc | None
    left_s: int
    advice: Text
    overdue: bool
    closed: DecisionRecord | None
    figures: TransferFiguresRecord
    villages: list[TransferVillageRecord]
    rows: list[TransferRowRecord]
    deadline: TimeUtc | None = None
    deadline_note: str = ""


class CounterRecord(msgspec.Struct, frozen=True):
    """One of the five that have to be whole; `missing` names who is not there, the first thousand."""

    counter: Text
    done: Count
    total: Count
    persons_done: Count
    persons_total: Count
    missing: list[Text]


class DeadlineRecord(msgspec.Struct, frozen=True):
    """By which hour the people of a village must be away; `onset` is when the hazard is taken to begin."""

    village: Text
    name: str
    probability: float
    onset: TimeUtc
    deadline: TimeUtc


class TransferForecastRecord(msgspec.Struct, frozen=True):
    """What hours are worked out from: `rain_mm` over `window_s`, at that share of a model's members.

    `villages` have one, the earliest first; of `unknown` villages nobody knows it. `note` says where there is
    no forecast at all: then no hour is invented.
    """

    forecast: str
    run: TimeUtc | None
    rain_mm: float
    window_s: int
    probability: float
    source: str
    note: str
    unknown: Count
    villages: list[DeadlineRecord]


class TransfersRecord(msgspec.Struct, frozen=True):
    """Open lists, and the last that were closed; the five counters over the open ones."""

    time: TimeUtc | None
    counters: list[CounterRecord]
    lists: list[TransferListRecord]
    lost: list[TransferRowRecord]
    forecast: TransferForecastRecord | None = None
