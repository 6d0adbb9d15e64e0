"""What river_stage knows of gauges and reaches: datum and range of each gauge, travel time to villages.

Both tables are optional. A threshold outside the range of its gauge was
written over another datum, and so was a stage far outside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from warnstream.config.faults import FaultLog, unknown
from warnstream.config.folder import Folder
from warnstream.config.tables.csv_rows import Columns, Row, read_rows
from warnstream.config.thresholds.context import HazardContext, ValidationContext
from warnstream.config.thresholds.rows import Threshold
from warnstream.model.network import Stations, Villages
from warnstream.model.observations.readings import Variable
from warnstream.model.rules.rules import CriticalStage, Reaches

GAUGE_COLUMNS = Columns(("station", "datum", "base_m", "top_m"), ("source",))
TRAVEL_COLUMNS = Columns(("station", "village", "minutes_min", "minutes_max"), ("attenuation", "source"))
MINUTES_MAX = 2880
_STAGE_M_MAX = 10_000.0


@dataclass(frozen=True, slots=True)
class Gauge:
    """Datum of a gauge: low water and highest possible stage over it."""

    datum: str
    base_m: float
    top_m: float


@dataclass(frozen=True, slots=True)
class Travel:
    """How long a flood takes from a gauge to a village, and which share of its height arrives."""

    line: int
    minutes_min: int
    minutes_max: int
    attenuation: float


@dataclass(frozen=True, slots=True)
class River:
    """Gauges by station, and travel times by village and station."""

    gauges: Mapping[str, Gauge]
    travel: Mapping[tuple[str, str], Travel]


def read_river(table: str, gauges_file: str | None, travel_file: str | None, context: HazardContext) -> River:
    """What is known of the gauges and reaches of one hazard; faults are noted.

    Parameters
    ----------
    table, gauges_file, travel_file : str
        Thresholds by village and gauge, and the two optional tables.
    context : HazardContext
    """
    folder, around, faults = context.folder, context.around, context.faults
    gauges: dict[str, Gauge] = {}
    if gauges_file is not None and context.require("gauges", gauges_file):
        gauges = read_gauges(gauges_file, folder, around, faults)
        check_datum(table, context.rows, gauges, gauges_file, faults)
    travel: dict[tuple[str, str], Travel] = {}
    if travel_file is not None and context.require("travel", travel_file):
        travel = read_travel(travel_file, folder, around, gauges, faults)
        check_travel(travel_file, context.rows, travel, faults)
    return River(gauges, travel)


def read_gauges(file: str, folder: Folder, around: ValidationContext, faults: FaultLog) -> dict[str, Gauge]:
    """Gauges by station; rows with faults are left out."""
    data = folder.read(file)
    gauges: dict[str, Gauge] = {}
    for row in read_rows(file, data, GAUGE_COLUMNS, faults) if data is not None else ():
        station, datum = row.text("station"), row.text("datum")
        _check_gauge(row, station, around.stations)
        base_m = row.decimal("base_m", -500, _STAGE_M_MAX)
        top_m = row.decimal("top_m", -500, _STAGE_M_MAX)
        if base_m is None or top_m is None:
            continue
        if top_m <= base_m:
            row.fault("top_m", f"expected above base_m ({base_m:g} m), got {top_m:g} m")
        elif station in gauges:
            row.fault("station", "duplicate station")
        else:
            gauges[station] = Gauge(datum, base_m, top_m)
    return gauges


def read_travel(
    file: str,
    folder: Folder,
    around: ValidationContext,
    gauges: Mapping[str, Gauge],
    faults: FaultLog,
) -> dict[tuple[str, str], Travel]:
    """Travel times by village and station; rows with faults are left out."""
    data = folder.read(file)
    found: dict[tuple[str, str], Travel] = {}
    villages = around.villages.index_of_code() if around.villages else None
    for row in read_rows(file, data, TRAVEL_COLUMNS, faults) if data is not None else ():
        n_before = len(faults)
        station, village = row.text("station"), row.text("village")
        _check_gauge(row, station, around.stations)
        if villages is not None and village and village not in villages:
            faults.add_unknown(file, row.line, "village", village, villages)
        least = row.whole("minutes_min", 0, MINUTES_MAX)
        most = row.whole("minutes_max", 1, MINUTES_MAX)
        if least is not None and most is not None and most < least:
            row.fault("minutes_max", f"expected at least minutes_min ({least}), got {most}")
        attenuation = row.decimal("attenuation", 0.01, 1.0) if row.cell("attenuation") else 1.0
        if attenuation is not None and attenuation < 1 and station not in gauges:
            row.fault("attenuation", f"expected {station!r} in gauges: its base_m says what is weakened")
        if (village, station) in found:
            row.fault("", f"duplicate reach, first on line {found[village, station].line}")
        if len(faults) == n_before and least is not None and most is not None and attenuation is not None:
            found[village, station] = Travel(row.line, least, most, attenuation)
    return found


def _check_gauge(row: Row, station: str, stations: Stations | None) -> None:
    if stations is None or not station:
        return
    number = stations.index_of_code().get(station)
    if number is None:
        row.fault("station", unknown("station", station, stations.code))
    elif Variable.STAGE not in stations.measured[number]:
        row.fault("station", f"station {station!r} does not measure stage: see `variables` in stations.csv")


def check_datum(
    table: str, rows: Sequence[Threshold], gauges: Mapping[str, Gauge], file: str, faults: FaultLog
) -> None:
    """Thresholds lie within the range of their gauge."""
    for row in rows:
        gauge = gauges.get(row.station)
        if gauge is not None and not gauge.base_m <= row.value <= gauge.top_m:
            expected = (
                f"expected {gauge.base_m:g} to {gauge.top_m:g} m over {gauge.datum} ({file}), "
                f"got {row.value:g} m: is it over another datum?"
            )
            faults.add(table, row.line, "value", expected)


def check_travel(
    file: str, rows: Sequence[Threshold], travel: Mapping[tuple[str, str], Travel], faults: FaultLog
) -> None:
    """A reach without thresholds would never warn."""
    judged = {(row.village, row.station) for row in rows}
    for (village, station), reach in travel.items():
        if (village, station) not in judged:
            expected = f"expected thresholds of village {village!r} at {station!r}, there is none"
            faults.add(file, reach.line, "", expected)


def with_reaches(table: CriticalStage, river: River, villages: Villages, stations: Stations) -> CriticalStage:
    """Thresholds with what is known of gauges and reaches; as they are where nothing is."""
    gauges, travel = river.gauges, river.travel
    if not gauges and not travel:
        return table
    parents = villages.parent or villages.code
    rows = [
        (parents[village], stations.code[station])
        for village, station in zip(table.village, table.station, strict=True)
    ]
    reaches = [travel.get(row) for row in rows]
    number = stations.index_of_code()
    known = [(number[code], gauge) for code, gauge in gauges.items()]
    return replace(
        table,
        reaches=Reaches(
            travel_min_s=np.array([60 * r.minutes_min if r else 0 for r in reaches], dtype=np.int32),
            travel_max_s=np.array([60 * r.minutes_max if r else 0 for r in reaches], dtype=np.int32),
            attenuation=np.array([r.attenuation if r else 1.0 for r in reaches]),
            base_m=np.array([gauges[code].base_m if code in gauges else 0.0 for _, code in rows]),
            gauge=np.array([station for station, _ in known], dtype=np.int32),
            range_m=np.array([(g.base_m, g.top_m) for _, g in known]).reshape(-1, 2),
        ),
    )
