"""Sheets about people: who may sleep elsewhere tonight; until when a village is mended after an event."""

from collections.abc import Sequence
from datetime import date, timedelta

from warnstream.commands.sheets.sheet import Cell, Part, Sheet, Table
from warnstream.commands.sheets.words.say import Say
from warnstream.model.network import Network
from warnstream.model.transfers.objects import UNKNOWN, TransferObject

MENDED: tuple[tuple[str, int], ...] = (("roads", 2), ("power_water", 3), ("homes", 5))
"""What, and within how many days of the event: 1-2, 3 and 5 in the county's order."""

_TO_FILL_IN = ""


def tonight_sheet(network: Network, today: date, say: Say, *, has_model: bool) -> Sheet:
    """The afternoon's sheet (15:00): of each township what is listed to be moved, class A first.

    `has_model`: a weather model is configured; its rain is in the notes to townships, not here.
    """
    townships = sorted(set(network.villages.township))
    listed = sorted(
        network.objects,
        key=lambda placed: (placed.grade, network.villages.code[placed.village], placed.zone, placed.code),
    )
    columns = say.columns(*_COLUMNS)
    tables = [
        Table(
            name,
            columns,
            [_row(network, placed, say) for placed in listed if _township(network, placed) == name],
        )
        for name in townships
    ]
    counted = [placed for placed in listed if placed.persons != UNKNOWN]
    unknown = say("persons_unknown", n=n) if (n := len(listed) - len(counted)) else ""
    counts = {
        "n": len(listed),
        "persons": sum(placed.persons for placed in counted),
        "first": sum(placed.grade == "A" for placed in listed),
    }
    forecast = say("tonight_model" if has_model else "tonight_no_forecast")
    lines = (say("tonight_line", today=today, unknown=unknown, **counts), forecast)
    signed = say.columns("signed_conference", "township", "signed_time")
    return Sheet("tonight", say("tonight"), (Part(say("tonight"), lines, tuple(tables), signed),))


def mended_sheet(network: Network, villages: Sequence[int], ended: date, say: Say) -> Sheet:
    """Three dates of each village after an event that ended on a day, with cells to close them."""
    columns = say.columns("code", "township", "village", "what", "due", "done_on", "confirmed_by")
    every = network.villages
    rows = [
        (
            every.code[at],
            every.township[at],
            every.name[at],
            say(what),
            str(ended + timedelta(days=days)),
            _TO_FILL_IN,
            _TO_FILL_IN,
        )
        for at in villages
        for what, days in MENDED
    ]
    within = say("comma").join(say("within_days", what=say(what), days=days) for what, days in MENDED)
    lines = (say("mended_line", ended=ended, n=len(villages), within=within),)
    title = say("mended")
    return Sheet("mended", title, (Part(title, lines, (Table(say("by_village"), columns, rows),)),))


_COLUMNS = (
    "class",
    "village",
    "object",
    "zone",
    "persons",
    "helpless",
    "helper",
    "goes_to",
    "move_tonight",
    "carried_out_by",
)


def _township(network: Network, placed: TransferObject) -> str:
    return network.villages.township[placed.village]


def _row(network: Network, placed: TransferObject, say: Say) -> tuple[Cell, ...]:
    name_of_zone = {zone.code: zone.name for zone in network.zones}
    name_of_shelter = {shelter.code: shelter.name for shelter in network.shelters}
    own = network.villages.shelter[placed.village] if network.villages.shelter else ""
    return (
        placed.grade,
        network.villages.name[placed.village],
        placed.name,
        name_of_zone.get(placed.zone, placed.zone),
        _count(placed.persons, say),
        _count(placed.helpless, say),
        placed.helper,
        name_of_shelter.get(placed.shelter, placed.shelter) or own or say("undecided"),
        _TO_FILL_IN,
        _TO_FILL_IN,
    )


def _count(number: int, say: Say) -> Cell:
    return say("not_filled_in") if number == UNKNOWN else number
