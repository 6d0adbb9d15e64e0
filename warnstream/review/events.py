"""What really happened: the events file that warnings are scored against.

CSV with ``event,time,latitude,longitude,kind`` and optionally ``village``
(several codes separated by ``;``: anywhere among them) and ``level`` (empty for
what every level warns of, such as a flood). Times are ISO 8601 with a zone,
``begin/end`` where only a window is known, or words ("evening") where not even
that is; the last two can be listed but not scored. Further columns, such as the
source, are free.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from warnstream.model.errors import ArchiveError
from warnstream.model.level import LEVELS, Level
from warnstream.model.times import parse_iso

COLUMNS = ("event", "time", "latitude", "longitude", "kind")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, or was decided, at a place.

    Attributes
    ----------
    name : str
        Unique in its file.
    time : str
        As written.
    at_s : int or None
        None where the time is a window or words.
    window_s : (int, int) or None
        Begin and end where only a window is known.
    latitude, longitude : float or None
        WGS 84 degrees; None where only villages are named.
    kind : str
        What happened, e.g. ``landslide``; ``warning`` is context: an official message.
    villages : tuple of str
        Codes of the villages it concerns; empty where only the place is known.
    level : Level or None
        The one level whose rule it is that was met, such as 50 mm in 3 h; None for what all levels warn of.
    """

    name: str
    time: str
    at_s: int | None
    window_s: tuple[int, int] | None
    latitude: float | None
    longitude: float | None
    kind: str
    villages: tuple[str, ...]
    level: Level | None = None


def read_events(path: Path) -> list[Event]:
    """Events of a file, in its order.

    Parameters
    ----------
    path : Path

    Raises
    ------
    ArchiveError
        If the file is missing or not UTF-8, lacks a column, repeats a name, has a number that is
        none, half a position or an unknown level; names the file, the line and what was expected.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise ArchiveError(f"{path}:1: column {', '.join(missing)} is missing")
            events = [_event(row, f"{path}:{reader.line_num}") for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ArchiveError(f"{path}: cannot be read as events: {error}") from error
    seen: set[str] = set()
    for event in events:
        if event.name in seen:
            raise ArchiveError(f"{path}: event {event.name!r} stands there twice: names must differ")
        seen.add(event.name)
    return events


def _event(row: dict[str, str | None], where: str) -> Event:
    cells = {name: (cell or "").strip() for name, cell in row.items() if isinstance(name, str)}
    if not cells["event"] or not cells["kind"]:
        raise ArchiveError(f"{where}: event and kind must not be empty")
    latitude = _degrees(cells["latitude"], 90, f"{where}: latitude")
    longitude = _degrees(cells["longitude"], 180, f"{where}: longitude")
    if (latitude is None) != (longitude is None):
        raise ArchiveError(f"{where}: expected both latitude and longitude, or neither")
    at_s, window_s = _time(cells["time"])
    villages = tuple(code.strip() for code in cells.get("village", "").split(";") if code.strip())
    level = _level(cells.get("level", ""), where)
    return Event(
        cells["event"], cells["time"], at_s, window_s, latitude, longitude, cells["kind"], villages, level
    )


def _level(text: str, where: str) -> Level | None:
    if not text:
        return None
    words = {level.word: level for level in LEVELS}
    if text not in words:
        raise ArchiveError(f"{where}: level: expected one of {', '.join(words)} or nothing, got {text!r}")
    return words[text]


def _degrees(text: str, limit: float, what: str) -> float | None:
    if not text:
        return None
    try:
        degrees = float(text)
    except ValueError:
        raise ArchiveError(f"{what}: {text!r} is not a number of degrees") from None
    if not abs(degrees) <= limit:
        raise ArchiveError(f"{what}: {text} is not within -{limit:g} and {limit:g}")
    return degrees


def _time(text: str) -> tuple[int | None, tuple[int, int] | None]:
    """The moment, or the window, or neither where the text is words."""
    try:
        if "/" in text:
            begin, end = text.split("/", 1)
            return None, (parse_iso(begin), parse_iso(end))
        return parse_iso(text), None
    except ValueError:
        return None, None
