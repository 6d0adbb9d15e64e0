"""When the 5-minute cells of an hour were observed, whichever way a station dates them.

SL 651-2014 gives an hour report the time of its first cell; some provinces'
annexes (Guangdong) give it the end of the hour, and some stations its
beginning. What decides, in this order:

1. A cell cannot end after its frame was sent.
2. The counter and the sum of the hour (PT, PJ, P1), else the other elements of the
   report, stand at the end of the hour.
3. Hours end on the full hour: a time of ``HH:00`` is the end, ``HH:05`` of an hour report
   the first cell.
4. The standard: the first cell of hour reports and their queries, else the last.

Limit: a report of a series (31H, 38H) is dated by its first cell unless the first rule forbids it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from warnstream.ingest.sl651.elements import CELL_S, SERIES_FUNCTIONS, Element
from warnstream.model.times import HOUR_S, MINUTE_S

CLOCK_S = MINUTE_S
"""How much a station may round the time at which it sent."""

_SUMS = frozenset({"PT", "PJ", "P1"})
_HOUR_FUNCTIONS = frozenset({0x34, 0x3A})


def dated(
    elements: Sequence[Element], function: int, sent_at_s: int | None, utc_offset_s: int
) -> list[Element]:
    """The same elements in the same order, each cell with the time at which it ended.

    Parameters
    ----------
    elements : sequence of Element
        Of one report.
    function : int
    sent_at_s : int, optional
        When the frame was sent by the station's own clock; None if that is no time.
    utc_offset_s : int
        Of that clock.
    """
    if all(element.cell < 0 for element in elements):
        return list(elements)
    first_s = {
        key: _first_cell_s(key, elements, function, sent_at_s, utc_offset_s)
        for key in dict.fromkeys(
            (element.station, element.observed_at_s) for element in elements if element.cell >= 0
        )
    }
    return [
        element
        if element.cell < 0
        else replace(
            element, observed_at_s=first_s[element.station, element.observed_at_s] + element.cell * CELL_S
        )
        for element in elements
    ]


def _first_cell_s(
    key: tuple[str, int],
    elements: Iterable[Element],
    function: int,
    sent_at_s: int | None,
    utc_offset_s: int,
) -> int:
    """When the first of the cells that a station dates by one time ended."""
    station, told_s = key
    own = [element for element in elements if element.station == station]
    cells = [element for element in own if element.cell >= 0 and element.observed_at_s == told_s]
    span_s = (cells[0].n_cells - 1) * CELL_S
    last_s = told_s + max(cell.cell for cell in cells) * CELL_S
    as_end_s = told_s - span_s
    if sent_at_s is not None and told_s <= sent_at_s + CLOCK_S < last_s:
        return as_end_s
    if function in SERIES_FUNCTIONS:
        return told_s
    others = [element for element in own if element.cell < 0]
    ends = {other.observed_at_s for other in others if other.name in _SUMS} or {
        other.observed_at_s for other in others
    }
    past_hour_s = (told_s + utc_offset_s) % HOUR_S
    if told_s + span_s in ends or (past_hour_s == CELL_S and function in _HOUR_FUNCTIONS):
        return told_s
    if told_s + span_s + CELL_S in ends and told_s not in ends:
        return told_s + CELL_S
    is_end = told_s in ends or past_hour_s == 0 or function not in _HOUR_FUNCTIONS
    return as_end_s if is_end else told_s
