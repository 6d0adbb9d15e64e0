"""Rules of thresholds.yaml and their values tables -> `RuleTable`; cycles between hazards are refused.

A values table is one row per village (or zone) and one column per name, with the unit
in the header: ``village,critical_1h(mm),gauge(station)``. An empty cell means
that the village has none: a term that reads it does not hold there.
"""

import csv
import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from warnstream.config.faults import FaultLog, unknown
from warnstream.config.folder import Folder
from warnstream.config.rules.context import ParsedRule, RuleContext, column_key
from warnstream.config.rules.parser import parse_levels
from warnstream.config.rules.terms import STATION, clear_value
from warnstream.config.tables.csv_rows import Columns, Row, read_rows
from warnstream.config.thresholds.areas import find_unknown_areas, territory_of_villages
from warnstream.config.thresholds.context import Build, HazardContext, ValidationContext
from warnstream.config.thresholds.kinds.rule import RuleSection
from warnstream.config.thresholds.rows import Threshold, duration_fault
from warnstream.config.yaml.tree import YamlTree, path_text
from warnstream.model.arrays import Float64Array, Int32Array
from warnstream.model.network import Stations, Villages
from warnstream.model.rules.expressions import RuleTable, Term
from warnstream.model.rules.indicators import Indicator

_HEADER = re.compile(r"(\w[\w.-]*) ?\(([^()\s]*)\)")


@dataclass(slots=True)
class ValuesTable:
    """One values table: unit of each column, and the cells by village.

    `stations` keeps line and code of every sensor named, for checks of what they measure.
    """

    unit: dict[str, str] = field(default_factory=dict)
    amount: dict[str, dict[str, float]] = field(default_factory=dict)
    station: dict[str, dict[str, tuple[int, str]]] = field(default_factory=dict)


def read_values(file: str, folder: Folder, around: ValidationContext, faults: FaultLog) -> ValuesTable | None:
    """A values table, checked cell by cell; None where it cannot be read or its header is wrong."""
    data = folder.read(file)
    if data is None:
        return None
    first_line = data.decode("utf-8-sig", errors="replace").partition("\n")[0]
    header = [name.strip() for name in next(csv.reader([first_line]), [])]
    table, names = ValuesTable(), {}
    known_units = {*(indicator.info.unit for indicator in Indicator), STATION}
    for name in header:
        match = _HEADER.fullmatch(name)
        if name == "village":
            continue
        if match is None or match[2] not in known_units:
            units = ", ".join(sorted(known_units - {""}))
            faults.add(
                file, 1, name, f"expected a name with its unit, such as critical_1h(mm); units: {units}"
            )
            return None
        table.unit[match[1]] = match[2]
        names[match[1]] = name
    codes = None
    if around.villages is not None:
        codes = dict.fromkeys((*around.villages.code, *(zone.code for zone in around.zones)))
    known_stations = around.stations.index_of_code() if around.stations else None
    line_of_village: dict[str, int] = {}
    for row in read_rows(file, data, Columns(("village", *names.values())), faults):
        village = row.text("village")
        if codes is not None and village and village not in codes:
            faults.add_unknown(file, row.line, "village", village, codes)
            continue
        if line_of_village.setdefault(village, row.line) != row.line:
            row.fault("village", f"duplicate village, first on line {line_of_village[village]}")
            continue
        _take_row(row, village, names, table, known_stations)
    return table


def _take_row(
    row: Row, village: str, names: Mapping[str, str], table: ValuesTable, stations: Mapping[str, int] | None
) -> None:
    for name, column in names.items():
        text = row.cell(column)
        if not text:
            continue
        if table.unit[name] == STATION:
            if stations is not None and text not in stations:
                row.fault(column, unknown("station", text, stations))
            table.station.setdefault(name, {})[village] = (row.line, text)
            continue
        value = row.decimal(column, -1e6, 1e6)
        if value is not None:
            table.amount.setdefault(name, {})[village] = value


class RuleBook:
    """The rules of thresholds.yaml with their values tables: read and checked at once, built later.

    Parameters
    ----------
    hazards : collection of str
        Names of all hazards.
    sign_kinds : collection of str
        Kinds of signs that people may report.
    """

    def __init__(self, hazards: Collection[str], sign_kinds: Collection[str]) -> None:
        self._hazards = hazards
        self._sign_kinds = sign_kinds
        self._tables: dict[str, ValuesTable | None] = {}
        self._parsed: dict[str, ParsedRule] = {}

    def read(self, hazard: RuleSection, context: HazardContext) -> Build:
        """Conditions and values of one rule; every fault is noted, what builds its thresholds returned."""
        table = self._table(hazard.values, context)
        rules = _context(hazard, context, self._hazards, self._sign_kinds, table)
        parsed = self._parsed[context.name] = parse_levels(hazard.levels, rules)
        for location, expected in parsed.faults:
            context.fault(("levels", *location), expected)
        for _, index, expected in find_unknown_areas([hazard], context.around):
            context.fault(("areas", index), expected)
        _check_fire_weather(parsed, context)
        if table is not None and context.around.stations is not None:
            check_sensors(hazard.values or "", parsed, table, context.around.stations, context.faults)

        def build(rows: Sequence[Threshold], places: Villages, stations: Stations) -> RuleTable:
            del rows
            return rule_table(hazard, rules, table, places, stations)

        return build

    def check_cycles(self, tree: YamlTree, faults: FaultLog) -> None:
        """Hazards that read each other's levels in a circle have no level."""
        reads = {name: RuleTable(tuple(rule.levels), {}, {}).hazards for name, rule in self._parsed.items()}
        told: set[frozenset[str]] = set()
        for start in reads:
            path = _cycle_from(start, reads)
            if path and frozenset(path) not in told:
                told.add(frozenset(path))
                location = ("hazards", start)
                circle = " -> ".join((*path, path[0]))
                expected = f"hazards read each other's levels in a circle: {circle}"
                faults.add(tree.file, tree.line_of(location), path_text(location), expected)

    def _table(self, file: str | None, context: HazardContext) -> ValuesTable | None:
        if file is None or not context.require("values", file):
            return None
        if file not in self._tables:
            self._tables[file] = read_values(file, context.folder, context.around, context.faults)
        return self._tables[file]


def _check_fire_weather(parsed: ParsedRule, context: HazardContext) -> None:
    """The index is worked out for hazards that need it, at the noon that they name."""
    reads = RuleTable(tuple(parsed.levels), {}, {}).parameters(Indicator.FIRE_WEATHER)
    if reads and "forest_fire" not in context.evaluators:
        context.fault(
            (), "expected a hazard with the evaluator forest_fire too: fire_weather is worked out for it"
        )


def _context(
    hazard: RuleSection,
    context: HazardContext,
    hazards: Collection[str],
    sign_kinds: Collection[str],
    table: ValuesTable | None,
) -> RuleContext:
    """What the conditions of one rule may refer to."""
    stations = context.around.stations
    measured = dict(zip(stations.code, stations.measured, strict=True)) if stations is not None else None
    none_named: Mapping[str, str] | None = {} if hazard.values is None else None
    return RuleContext(
        hazard=context.name,
        hazards=hazards,
        sign_kinds=sign_kinds,
        clear_ratio=hazard.lowering.clear_ratio,
        stale_after_s=hazard.stale_after_s,
        table=hazard.values or "",
        columns=none_named if table is None else table.unit,
        measured=measured,
        longest_s=context.around.longest_s,
        has_chances=context.around.has_chances,
        model_reach_s=context.around.model_reach_s,
        duration_fault=duration_fault,
    )


def check_sensors(
    file: str, parsed: ParsedRule, table: ValuesTable, stations: Stations, faults: FaultLog
) -> None:
    """Sensors of a column measure what the conditions read of them."""
    number = stations.index_of_code()
    for column, variables in parsed.sensors.items():
        for line, code in table.station.get(column, {}).values():
            missing = variables - stations.measured[number[code]] if code in number else set()
            if missing:
                words = ", ".join(sorted(variable.word for variable in missing))
                faults.add(file, line, column, f"station {code!r} does not measure {words}: see stations.csv")


def _cycle_from(start: str, reads: Mapping[str, frozenset[str]]) -> list[str]:
    """Hazards on a way from `start` back to itself; empty if there is none."""
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for following in sorted(reads.get(way[-1], ())):
            if following == start:
                return way
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return []


def rule_table(
    hazard: RuleSection,
    context: RuleContext,
    table: ValuesTable | None,
    villages: Villages,
    stations: Stations,
) -> RuleTable:
    """Thresholds of the evaluator ``rule``, over all villages."""
    parsed = parse_levels(hazard.levels, context)
    assert not parsed.faults, parsed.faults
    columns: dict[str, Float64Array] = {}
    for name, amounts in (table.amount if table else {}).items():
        cells = [amounts.get(name, np.nan) for name in _named(villages, amounts)]
        columns[column_key(context, name)] = np.array(cells, dtype=np.float64)
    for name, unit in (table.unit if table else {}).items():
        if unit != STATION:
            columns.setdefault(column_key(context, name), np.full(len(villages), np.nan))
    for key, (amount, ratio, indicator, relation) in parsed.derived.items():
        values = columns[amount]
        columns[key] = np.array([clear_value(float(v), ratio, indicator, relation) for v in values])
    found = RuleTable(tuple(parsed.levels), columns, {})
    keys = {leaf.quantity.station for leaf in found.leaves() if isinstance(leaf, Term)} - {""}
    sensors = {key: _stations(key, context, table, villages, stations) for key in sorted(keys)}
    concerns = territory_of_villages([hazard], villages) == 0
    return RuleTable(found.levels, columns, sensors, concerns)


def _named(places: Villages, cells: Collection[str]) -> Iterator[str]:
    """Whose cell counts for each place: its own, or that of the village it belongs to."""
    for code, parent in itertools.zip_longest(places.code, places.parent, fillvalue=""):
        yield code if code in cells or not parent else parent


def _stations(
    key: str, context: RuleContext, table: ValuesTable | None, villages: Villages, stations: Stations
) -> Int32Array:
    """Sensor of every village; -1: none."""
    number = stations.index_of_code()
    kind, _, name = key.partition(" ")
    if kind == "station":
        return np.full(len(villages), number[name], dtype=np.int32)
    column = table.station.get(name.removeprefix(f"{context.table}:"), {}) if table else {}
    codes = [column[name][1] if name in column else "" for name in _named(villages, column)]
    return np.array([number.get(code, -1) for code in codes], dtype=np.int32)
