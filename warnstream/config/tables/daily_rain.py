"""Rain of days before a node began (``windows.warm_up``): a CSV file -> `PastDays`.

One row is one hydrological day of one station; ``day`` is the date on which it
begins: with days from 08:00 the row of 2026-06-17 is what fell from 08:00 of
that date to 08:00 of the next. Days longer than `DAYS_MAX` before the newest
one of the file say nothing any more and are left out.
"""

import re

import numpy as np

from warnstream.config.faults import FaultLog, unknown
from warnstream.config.folder import Folder
from warnstream.config.tables.csv_rows import Columns, Row, read_rows
from warnstream.model.network import Stations
from warnstream.model.observations.days import DAY_MIN, DAYS_MAX, PastDays, day_begins_utc_s, day_of
from warnstream.model.times import parse_iso

PAST_COLUMNS = Columns(("station", "day", "rain_mm"), ("coverage",))
RAIN_MM_MAX = 2000
"""A day brings at most that much; the record of all gauges of the world is 1,825 mm (La Reunion 1966)."""
YEARS = (1970, 2200)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def read_past_days(
    file: str, folder: Folder, stations: Stations | None, clock: tuple[int, int], faults: FaultLog
) -> PastDays | None:
    """Days of a warm-up file.

    Parameters
    ----------
    file : str
    folder : Folder
    stations : Stations or None
        None where stations.csv is wrong: codes are not checked then.
    clock : (int, int)
        When days begin after local midnight, and the offset of its standard time from UTC, in seconds.
    faults : FaultLog

    Returns
    -------
    PastDays or None
        None where there is no row without fault.
    """
    data = folder.read(file)
    if data is None:
        return None
    number_of = stations.index_of_code() if stations is not None else None
    line_of: dict[tuple[str, int], int] = {}
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for row in read_rows(file, data, PAST_COLUMNS, faults):
        n_before = len(faults)
        code, day = row.text("station"), _day(row, clock)
        if number_of is not None and code and code not in number_of:
            row.fault("station", unknown("station", code, number_of))
        elif number_of and stations is not None and code and not stations.measures_rain[number_of[code]]:
            row.fault("station", f"station {code!r} does not measure rain: see stations.csv")
        rain_mm = row.decimal("rain_mm", 0, RAIN_MM_MAX)
        share = row.decimal("coverage", 0, 1) if row.cell("coverage") else 1.0
        first = line_of.setdefault((code, day), row.line)
        if day >= 0 and first != row.line:
            row.fault("day", f"duplicate day of {code!r}, first on line {first}")
        if len(faults) == n_before and rain_mm is not None and share is not None and number_of is not None:
            found[day, number_of[code]] = round(rain_mm * 1000), round(share * DAY_MIN)
    return _table(found, len(number_of or ())) if found else None


def _day(row: Row, clock: tuple[int, int]) -> int:
    """Number of the day that begins on the date of a row; -1, and a fault, where it is none."""
    text = row.text("day")
    midnight_s = _midnight_s(text)
    if midnight_s is None:
        if text:
            expected = "expected the date on which the day begins, such as 2026-06-17"
            row.fault("day", f"{expected}, got {text!r}")
        return -1
    day_begins_s, utc_offset_s = clock
    begin_s = midnight_s + day_begins_s - utc_offset_s
    return day_of(begin_s, day_begins_utc_s(day_begins_s, utc_offset_s))


def _midnight_s(text: str) -> int | None:
    """00:00 UTC of a date; None where the text is none."""
    if not _DATE.fullmatch(text) or not YEARS[0] < int(text[:4]) < YEARS[1]:
        return None
    try:
        return parse_iso(f"{text}T00:00:00Z")
    except ValueError:  # no such day
        return None


def _table(found: dict[tuple[int, int], tuple[int, int]], n_stations: int) -> PastDays:
    last = max(day for day, _ in found)
    first = max(min(day for day, _ in found), last - DAYS_MAX + 1)
    shape = last - first + 1, n_stations
    past = PastDays(first, np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.uint16))
    for (day, station), (rain_um, observed_min) in found.items():
        if day >= first:
            past.rain_um[day - first, station] = rain_um
            past.observed_min[day - first, station] = observed_min
    return past
