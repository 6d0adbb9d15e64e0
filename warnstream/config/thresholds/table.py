"""thresholds.csv -> checked rows, each with its line.

What is wrong is noted with file, line and what was expected; the kinds of hazards make arrays of the rest.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

from warnstream.config.faults import FaultLog, unknown
from warnstream.config.folder import Folder
from warnstream.config.tables.csv_rows import Columns, Row, read_rows
from warnstream.config.thresholds.context import ValidationContext
from warnstream.config.thresholds.document import HazardDocument
from warnstream.config.thresholds.rows import CLASSES, ClassValue, Threshold, check_classes, duration_fault
from warnstream.config.thresholds.units import TableUnit
from warnstream.config.yaml.quantities import parse_whole_duration_s
from warnstream.config.yaml.value_types import choice_of
from warnstream.model.level import LEVELS, Level, parse_level
from warnstream.model.rules.indicators import Indicator

THRESHOLD_COLUMNS = Columns(
    ("village", "hazard", "duration", "level", "value", "unit", "station"), ("source", "wetness")
)

KIND_COLUMNS = ("hazard", "level", "duration", "unit", "station", "wetness")


def read_table(
    file: str,
    folder: Folder,
    hazards: Mapping[str, HazardDocument | None],
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
        _check_order(file, rows, unit, faults, descending=document.table_units[unit].descending)
    return thresholds


def _check_order(file: str, rows: list[Threshold], unit: str, faults: FaultLog, *, descending: bool) -> None:
    def report(number: int, expected: str) -> None:
        faults.add(file, rows[number].line, "value", expected)

    values = [
        ClassValue(number, row.duration_s, row.level, row.value, row.wetness)
        for number, row in enumerate(rows)
    ]
    check_classes(values, unit, report, descending=descending)


class _Kind(NamedTuple):
    """What rows have in common that say the same but for village, value and source."""

    level: Level
    duration_s: int
    unit: TableUnit


class _TableReader:
    """Turns rows of one table into thresholds; notes what is wrong with each.

    Tables repeat themselves: sixty thousand rows are some twenty kinds, one of each village. A kind that was
    found right is remembered; whatever is wrong is worked out, and told, row by row.
    """

    def __init__(
        self,
        file: str,
        hazards: Mapping[str, HazardDocument | None],
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
        self._line_of_row: dict[tuple[str | int, ...], int] = {}
        self._known: dict[tuple[str, ...], _Kind] = {}

    def threshold_of(self, row: Row) -> Threshold | None:
        """The threshold that a row says, or None if it says none."""
        n_before = len(self._faults)
        village = row.text("village")
        if self._places is not None and village and village not in self._places:
            self._faults.add_unknown(row.file, row.line, "village", village, self._places)
        words = row.cells(KIND_COLUMNS)
        kind = self._known.get(words)
        value = self._value(row, kind.unit) if kind is not None else None
        if kind is None:
            kind, value = self._kind_and_value(row)
        if value is None or kind is None or len(self._faults) > n_before:
            return None
        self._known[words] = kind
        hazard, _, _, unit, station, wetness = words
        if not self._is_new(row, (village, hazard, kind.level, station, unit, wetness, kind.duration_s)):
            return None
        return Threshold(
            row.line,
            hazard,
            village,
            station,
            kind.duration_s,
            kind.level,
            value,
            unit,
            row.cell("source"),
            wetness,
        )

    def _kind_and_value(self, row: Row) -> tuple[_Kind | None, float | None]:
        """What a row says beside its village, checked cell by cell."""
        level = self._level(row)
        hazard = self._hazard(row)
        if hazard is None:
            return None, None
        units = hazard.table_units
        if row.cell("unit") not in units:
            row.fault("unit", f"expected {choice_of(list(units))}, got {row.cell('unit')!r}")
        unit = units.get(row.cell("unit"), next(iter(units.values())))
        duration_s = self._duration_s(row, unit)
        self._check_station(row, unit)
        value = self._value(row, unit)
        self._check_wetness(row, hazard)
        if level is None or duration_s is None:
            return None, value
        return _Kind(level, duration_s, unit), value

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

    def _is_new(self, row: Row, key: tuple[str | int, ...]) -> bool:
        first = self._line_of_row.setdefault(key, row.line)
        if first != row.line:
            row.fault("", f"duplicate threshold, first on line {first}")
        return first == row.line
