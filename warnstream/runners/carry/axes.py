"""Which axes every array of the state has: what its rows and columns are counted by.

`AXES` has each array of a snapshot by part and name; a test holds it against the
snapshot of an engine that has everything. An array without an axis of its own is
kept as it is.
"""

from enum import StrEnum


class Axis(StrEnum):
    """What an array is counted by."""

    STATION = "station"
    VILLAGE = "village"
    PLACE = "place"
    POINT = "point"
    """Of grids: places, then rain gauges."""
    SENSOR = "sensor"
    """Stations of slope, depth and weather sensors that rules name."""
    BESIDE = "beside"
    """Gauges that have a spare."""
    NEAR = "near"
    """Neighbours of the station of the row."""
    SERIES = "series"
    """Variables that are compared with the value before."""
    STILL = "still"
    """Variables that may not stand still."""
    LEAD = "lead"
    """Leads of the forecast."""
    NEWEST = "newest"
    """Samples, newest last."""
    FIXED = "fixed"
    """An enumeration of the program: more rows behind, never others."""
    MINUTE = "minute"
    """Rows of a cumulative ring: minutes, then tens of minutes."""
    MARK = "mark"
    """Minutes of the filter of duplicates."""
    STEP = "step"
    """Newest states of earlier rain."""
    SPACED = "spaced"
    """States of earlier rain, one in six hours."""
    STATE = "state"
    """Values of a state of earlier rain, by name."""
    DAY = "day"
    ROW = "row"
    """Rows of a list, of stations in one column."""


A = Axis
_OF_STATION = (A.STATION,)

AXES: dict[str, tuple[Axis, ...]] = {
    "rain/rain_um": (A.MINUTE, A.STATION),
    "rain/observed_min": (A.MINUTE, A.STATION),
    "rain/last_s": _OF_STATION,
    "rain/head": (),
    "rain/rows": (),
    "antecedent/recent": (A.STEP, A.STATE, A.STATION),
    "antecedent/spaced": (A.SPACED, A.STATE, A.STATION),
    "antecedent/steps": (),
    "antecedent/values": (),
    "days/rain_um": (A.STATION, A.DAY),
    "days/observed_min": (A.STATION, A.DAY),
    "days/today": (),
    "days/past_first": (),
    "days/past_um": (A.ROW, A.STATION),
    "days/past_min": (A.ROW, A.STATION),
    "counters/keys": (A.ROW, A.FIXED),
    "counters/tracks": (A.ROW, A.FIXED),
    "counters/trials": (A.ROW, A.FIXED),
    "stages/time_s": (A.STATION, A.NEWEST),
    "stages/value": (A.STATION, A.NEWEST),
    "fire/day": (),
    "fire/weather": (A.FIXED, A.STATION),
    "fire/weather_at_s": (A.FIXED, A.STATION),
    "fire/codes": (A.FIXED, A.STATION),
    "fire/wind_kmh": _OF_STATION,
    "fire/codes_day": _OF_STATION,
    "sensors/observed_at_s": _OF_STATION,
    "sensors/station": (),
    "sensors/*.time_s": (A.SENSOR, A.NEWEST),
    "sensors/*.value": (A.SENSOR, A.NEWEST),
    "duplicates/seconds": (A.MARK, A.STATION),
    "duplicates/head": (),
    "duplicates/numbers": (A.ROW, A.FIXED),
    "quality/series": (),
    "quality/still": (),
    "quality/last_value": (A.SERIES, A.STATION),
    "quality/last_at_s": (A.SERIES, A.STATION),
    "quality/equal_run": _OF_STATION,
    "quality/tip_at_s": _OF_STATION,
    "quality/still_since_s": (A.STILL, A.STATION),
    "quality/still_value": (A.STILL, A.STATION),
    "quality/still_low": (A.STILL, A.STATION),
    "quality/still_high": (A.STILL, A.STATION),
    "gauges/dry_run": _OF_STATION,
    "gauges/missed_mm": _OF_STATION,
    "gauges/is_faulty_zero": _OF_STATION,
    "gauges/zero_since_s": _OF_STATION,
    "gauges/wet_at_s": _OF_STATION,
    "gauges/influx_at_s": _OF_STATION,
    "gauges/is_outlier": _OF_STATION,
    "gauges/is_judged": _OF_STATION,
    "gauges/neighbour_mm": _OF_STATION,
    "gauges/weight": _OF_STATION,
    "gauges/sums": (A.FIXED, A.STATION, A.NEAR),
    "gauges/wet": (A.STATION, A.NEAR),
    "gauges/stretch_*": (A.ROW,),
    "gauges/spare_*": (A.BESIDE,),
    "gauges/compared_until_s": (),
    "gauges/stuck_since_s": _OF_STATION,
    "gauges/near": (),
    "gauges/beside": (),
    "doubt/until_s": (A.FIXED, A.STATION),
    "doubt/counter_until_s": _OF_STATION,
    "villages/nowcast_at_s": (),
    "villages/ahead_mm": (A.PLACE, A.LEAD),
    "villages/leads_s": (),
    "ahead/members_at_s": (),
    "ahead/since_s": (),
    "ahead/source": (),
    "ahead/field.*": (),
    "ahead/run.*": (),
    "grid.*/rain_um": (A.MINUTE, A.POINT),
    "grid.*/observed_min": (A.MINUTE, A.POINT),
    "grid.*/last_s": (A.POINT,),
    "grid.*/head": (),
    "grid.*/rows": (),
    "grid.*/told": (),
    "grid.*/now": (),
    "grid.*/factor": (),
    "grid.*/seen": (A.PLACE,),
    "level.*/level": (A.VILLAGE,),
    "level.*/is_blind": (A.VILLAGE,),
    "level.*/since_s": (A.VILLAGE,),
    "level.*/reached_at_s": (A.FIXED, A.VILLAGE),
    "level.*/below_since_s": (A.VILLAGE,),
    "conditions/conditions": (),
    "conditions/texts": (),
    "conditions/since_s.*": (A.PLACE,),
    "conditions/first_at_s.*": (A.PLACE,),
    "conditions/under_way.*": (A.FIXED, A.PLACE),
    "conditions/past_s.*": (),
    "conditions/past.*": (A.FIXED, A.PLACE),
    "chances/of": (),
    "chances/at_s.*": (),
    "chances/n_below.*": (A.PLACE,),
    "chances/probability.*": (A.PLACE,),
    "chances/early_s.*": (A.PLACE,),
    "chances/onset_s.*": (A.PLACE,),
    "chances/duration.*": (A.PLACE,),
    "chances/case_said.*": (A.PLACE,),
    "chances/case_came.*": (A.PLACE,),
    "chances/case_times.*": (),
    "chances/score.*": (),
    "far/of": (),
    "far/at_s.*": (),
    "far/n_below.*": (A.PLACE,),
    "far/probability.*": (A.PLACE,),
    "far/early_s.*": (A.PLACE,),
    "far/onset_s.*": (A.PLACE,),
    "far/duration.*": (A.PLACE,),
    "far/case_said.*": (A.PLACE,),
    "far/case_came.*": (A.PLACE,),
    "far/case_times.*": (),
    "far/score.*": (),
    "late/from_s": (A.PLACE,),
    "late/station": (A.PLACE,),
    "late/at_s": (A.PLACE,),
    "late.*/level": (A.VILLAGE,),
    "late.*/at_s": (A.VILLAGE,),
    "signs/book": (),
    "alerts/book": (),
    "feeds/book": (),
    "clock/now_s": (),
}
"""By part and name; ``*`` stands for the name of a hazard, a grid or a variable, or for a number."""


def axes_of(part: str, name: str) -> tuple[Axis, ...]:
    """Axes of an array. KeyError for one that nobody has declared.

    >>> axes_of("level.flash_flood", "level"), axes_of("sensors", "tilt_x.time_s")[0]
    ((<Axis.VILLAGE: 'village'>,), <Axis.SENSOR: 'sensor'>)
    """
    whose = f"{part.partition('.')[0]}.*" if "." in part else part
    candidates = [f"{whose}/{name}"]
    head, dot, tail = name.rpartition(".")
    if dot:
        candidates += [f"{whose}/*.{tail}", f"{whose}/{head}.*"]
    candidates.append(f"{whose}/{name.partition('.')[0]}.*")
    word = name.partition("_")[0]
    candidates.append(f"{whose}/{word}_*")
    for candidate in candidates:
        if candidate in AXES:
            return AXES[candidate]
    raise KeyError(f"{part}/{name}: no axes are declared")
