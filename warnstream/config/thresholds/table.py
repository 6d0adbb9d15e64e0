"""thresholds.csv and the `levels` of thresholds.yaml -> checked rows, each with its line.

Tables must be monotone: a higher level needs more rain or stage, a longer
duration at least as much rain, wetter ground no more than drier. What is wrong
is noted with file, line and what was expected; `thresholds` makes arrays of the rest.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from warnstream.config.faults import FaultLog, unknown
from warnstream.config.folder import Folder
from warnstream.config.tables.csv_rows import Columns, Row, read_rows
from warnstream.config.thresholds.document import (
    HazardDocument,
)
from warnstream.config.thresholds.units import TableUnit, units_of
from warnstream.config.thresholds.wetness import (
    CLASSES,
    ClassValue,
    find_wetter_above_drier,
    of_class,
)
from warnstream.config.yaml.quantities import format_duration, parse_whole_duration_s
from warnstream.config.yaml.value_types import choice_of
from warnstream.model.level import LEVELS, Level, parse_level
from warnstream.model.network import Places, Stations, Villages, Zone
from warnstream.model.observations.days import DAYS_MAX
from warnstream.model.rules.indicators import Indicator
from warnstream.model.times import DAY_S

THRESHOLD_COLUMNS = Columns(
    ("village", "hazard", "duration", "level", "value", "unit", "station"), ("source", "wetness")
)
DURATION_S_MIN = 600

Report = Callable[[int, str], None]
"""Notes a fault of the threshold with that number: what was expected."""


@dataclass(frozen=True, slots=True)
class ValidationContext:
    """What thresholds are checked against; None where the file that says it is wrong."""

    villages: Villages | None
    zones: tuple[Zone, ...]
    stations: Stations | None
    longest_s: int | None
    stage_m_range: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Threshold:
    """One row of a table; `station` and `duration_s` are empty and 0 where they have no meaning."""

    line: int
    hazard: str
    village: str
    station: str
    duration_s: int
    level: Level
    value: float
    unit: str
    source: str
    wetness: str = ""


def find_unordered(
    rows: Iterable[tuple[int, Level, float]], unit: str, report: Report, *, descending: bool = False
) -> None:
    """Report values that do not fit their neighbours.

    For one duration a higher level needs strictly more; for one level a longer
    duration needs at least as much.

    Parameters
    ----------
    rows : iterable of (int, Level, float)
        Duration in seconds (0 for a stage), level and value of each threshold of one place.
    unit : str
        Unit of the values, for the sentence.
    report : callable
        Called with the number of the row and what was expected of it.
    descending : bool
        A higher level needs strictly less, as of the hours that are left.
    """
    beyond, sign = ("below", -1) if descending else ("above", 1)
    numbered = [(duration_s, level, value, number) for number, (duration_s, level, value) in enumerate(rows)]
    by_duration = sorted(numbered)
    for (duration_s, lower, value, _), (next_s, upper, next_value, number) in itertools.pairwise(by_duration):
        if duration_s == next_s and lower < upper and not sign * next_value > sign * value:
            over = f" over {format_duration(duration_s)}" if duration_s else ""
            expected = f"expected {upper.word}{over} {beyond} {lower.word} ({value:g} {unit})"
            report(number, f"{expected}, got {next_value:g} {unit}")
    by_level = sorted(numbered, key=lambda row: (row[1], row[0], row[3]))
    for (duration_s, level, value, _), (next_s, next_level, next_value, number) in itertools.pairwise(
        by_level
    ):
        if level == next_level and duration_s < next_s and next_value < value:
            shorter, longer = format_duration(duration_s), format_duration(next_s)
            expected = f"expected {level.word} over {longer} at least that over {shorter} ({value:g} {unit})"
            report(number, f"{expected}, got {next_value:g} {unit}")


def read_table(
    file: str,
    folder: Folder,
    hazards: dict[str, HazardDocument | None],
    around: ValidationContext,
    faults: FaultLog,
) -> list[Threshold]:
    """Thresholds of one table, checked row by row and against each other.

    Parameters
    ----------
    file : str
        Name relative to the configuration folder.
    folder : Folder
    hazards : dict of str to section or None
        Hazards of thresholds.yaml; None where the section itself is wrong.
    around : ValidationContext
    faults : FaultLog

    Returns
    -------
    list of Threshold
        Rows without fault, in the order of the file.
    """
    data = folder.read(file)
    if data is None:
        return []
    reader = _TableReader(file, hazards, around, faults)
    thresholds = [
        threshold
        for row in read_rows(file, data, THRESHOLD_COLUMNS, faults)
        if (threshold := reader.threshold_of(row)) is not None
    ]
    places: dict[tuple[str, str, str, str], list[Threshold]] = {}
    for threshold in thresholds:
        place = (threshold.hazard, threshold.village, threshold.station, threshold.unit)
        places.setdefault(place, []).append(threshold)
    for (hazard, _, _, unit), rows in places.items():
        document = hazards[hazard]
        assert document is not None, "a row of a wrong section says nothing"
        _check_order(file, rows, unit, faults, descending=units_of(document.evaluator)[unit].descending)
    return thresholds


def _check_order(file: str, rows: list[Threshold], unit: str, faults: FaultLog, *, descending: bool) -> None:
    def report(number: int, expected: str) -> None:
        faults.add(file, rows[number].line, "value", expected)

    values = [
        ClassValue(number, row.duration_s, row.level, row.value, row.wetness)
        for number, row in enumerate(rows)
    ]
    check_classes(values, unit, report, descending=descending)


def check_classes(
    values: Sequence[ClassValue], unit: str, report: Report, *, descending: bool = False
) -> None:
    """Report values of one place that do not fit the others on the same ground, or on drier ground."""
    told: set[tuple[int, str]] = set()
    classes = CLASSES if any(one.wetness for one in values) else ("",)
    for wetness in classes:
        own = of_class(values, wetness)

        def report_once(number: int, expected: str, own: list[ClassValue] = own) -> None:
            if (own[number].number, expected) not in told:
                told.add((own[number].number, expected))
                report(own[number].number, expected)

        rows = ((one.duration_s, one.level, one.value) for one in own)
        find_unordered(rows, unit, report_once, descending=descending)
    find_wetter_above_drier(values, unit, report)


class _TableReader:
    """Turns rows of one table into thresholds; notes what is wrong with each."""

    def __init__(
        self,
        file: str,
        hazards: dict[str, HazardDocument | None],
        around: ValidationContext,
        faults: FaultLog,
    ) -> None:
        self._file = file
        self._hazards = hazards
        self._around = around
        self._faults = faults
        self._places = (
            None
            if around.villages is None
            else dict.fromkeys((*around.villages.code, *(zone.code for zone in around.zones)))
        )
        self._stations = around.stations.index_of_code() if around.stations else None
        self._line_of_row: dict[tuple[str, ...], int] = {}

    def threshold_of(self, row: Row) -> Threshold | None:
        """The threshold that a row says, or None if it says none."""
        n_before = len(self._faults)
        village = row.text("village")
        if self._places is not None and village and village not in self._places:
            self._faults.add_unknown(row.file, row.line, "village", village, self._places)
        level = self._level(row)
        hazard = self._hazard(row)
        if hazard is None:
            return None
        units = units_of(hazard.evaluator)
        if row.cell("unit") not in units:
            row.fault("unit", f"expected {choice_of(list(units))}, got {row.cell('unit')!r}")
        unit = units.get(row.cell("unit"), next(iter(units.values())))
        duration_s = self._duration_s(row, unit)
        self._check_station(row, unit)
        value = self._value(row, unit)
        self._check_wetness(row, hazard)
        if value is None or level is None or duration_s is None or len(self._faults) > n_before:
            return None
        if not self._is_new(row, duration_s):
            return None
        hazard_name, station, source = row.cell("hazard"), row.cell("station"), row.cell("source")
        return Threshold(
            row.line,
            hazard_name,
            village,
            station,
            duration_s,
            level,
            value,
            row.cell("unit"),
            source,
            row.cell("wetness"),
        )

    def _check_wetness(self, row: Row, hazard: HazardDocument) -> None:
        wetness = row.cell("wetness")
        if not wetness:
            return
        if wetness not in CLASSES:
            row.fault("wetness", f"expected {choice_of(CLASSES)} or an empty cell, got {wetness!r}")
        elif getattr(hazard, "wetness", None) is None:
            name = row.cell("hazard")
            row.fault("wetness", f"expected an empty cell: hazard {name!r} has no section wetness")

    def _hazard(self, row: Row) -> HazardDocument | None:
        name = row.cell("hazard")
        if name not in self._hazards:
            self._faults.add_unknown(row.file, row.line, "hazard", name, self._hazards)
            return None
        hazard = self._hazards[name]
        if hazard is not None and getattr(hazard, "table", None) != self._file:
            row.fault(
                "hazard", f"hazard {name!r} does not read this table: see its `table` in thresholds.yaml"
            )
            return None
        return hazard

    def _level(self, row: Row) -> Level | None:
        word = row.cell("level")
        words = [level.word for level in LEVELS]
        if word not in words:
            row.fault("level", unknown("level", word, words))
            return None
        return parse_level(word)

    def _duration_s(self, row: Row, unit: TableUnit) -> int | None:
        text = row.cell("duration")
        if unit.variables:
            if text:
                what = unit.indicator.word.replace("_", " ")
                row.fault("duration", f"expected an empty cell: a {what} has no duration, got {text!r}")
            return 0
        try:
            duration_s = parse_whole_duration_s(text)
        except ValueError as error:
            row.fault("duration", str(error))
            return None
        fault = duration_fault(duration_s, self._around.longest_s)
        if fault:
            row.fault("duration", fault)
        return duration_s

    def _check_station(self, row: Row, unit: TableUnit) -> None:
        station = row.cell("station")
        if not unit.variables:
            if station:
                row.fault("station", f"expected an empty cell: rain is judged per village, got {station!r}")
        elif not station:
            row.fault(
                "station",
                f"expected the gauge whose {unit.variables[0].word} is judged, got an empty cell",
            )
        elif self._stations is not None and self._around.stations is not None:
            if station not in self._stations:
                self._faults.add_unknown(row.file, row.line, "station", station, self._stations)
            elif not self._around.stations.measured[self._stations[station]] & set(unit.variables):
                words = choice_of([variable.word for variable in unit.variables])
                row.fault(
                    "station",
                    f"station {station!r} does not measure {words}: see `variables` in stations.csv",
                )

    def _value(self, row: Row, unit: TableUnit) -> float | None:
        if unit.indicator is Indicator.STAGE:
            low, high = self._around.stage_m_range or (-math.inf, math.inf)
            return row.decimal("value", low, high, " (beyond quality.stage_m_range no reading reaches it)")
        value = row.decimal("value", unit.low, unit.high)
        if value == 0 and not unit.variables:
            row.fault("value", "expected rain above 0 mm: 0 would warn in dry weather")
        return value

    def _is_new(self, row: Row, duration_s: int) -> bool:
        key = (
            *(row.cell(name) for name in ("village", "hazard", "level", "station", "unit", "wetness")),
            str(duration_s),
        )
        first = self._line_of_row.setdefault(key, row.line)
        if first != row.line:
            row.fault("", f"duplicate threshold, first on line {first}")
        return first == row.line


def duration_fault(duration_s: int, longest_s: int | None) -> str:
    """What is wrong with an accumulation time; empty if nothing."""
    if duration_s % 60:
        return f"expected whole minutes, got {format_duration(duration_s)}"
    if duration_s < DURATION_S_MIN:
        return f"expected at least {format_duration(DURATION_S_MIN)}, got {format_duration(duration_s)}"
    if longest_s is None or duration_s <= longest_s:
        return ""
    if duration_s % DAY_S or duration_s > DAYS_MAX * DAY_S:
        longest = f"windows.longest of warnstream.yaml ({format_duration(longest_s)})"
        return (
            f"expected at most {longest}, or whole days up to {DAYS_MAX}d, got {format_duration(duration_s)}"
        )
    return ""


def rows_of_places(rows: list[Threshold], places: Places) -> list[Threshold]:
    """Rows of villages as rows of their zones; a zone with rows of its own for a hazard takes those alone."""
    if not places.is_divided:
        return rows
    own = {(row.hazard, row.village) for row in rows}
    of_village: dict[str, list[str]] = {}
    for code, parent in zip(places.site.code, places.site.parent, strict=True):
        of_village.setdefault(parent, []).append(code)
    return [
        replace(row, village=code)
        for row in rows
        for code in of_village.get(row.village, [row.village])
        if code == row.village or (row.hazard, code) not in own
    ]
