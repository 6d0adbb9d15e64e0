"""``readings:`` and ``others:`` of a test -> what stations send, and when."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from warnstream.config.rule_tests.scene import Scene
from warnstream.config.rule_tests.series import VALUES_MAX, Series
from warnstream.config.rule_tests.timing import LENGTH_S_MAX, Timing
from warnstream.config.rule_tests.written import LateReading, WrittenReadings
from warnstream.config.yaml.tree import Location
from warnstream.model.arrays import Int64Array
from warnstream.model.observations.decoders import conversion
from warnstream.model.observations.readings import (
    UNIT_OF_VARIABLE,
    VARIABLE_OF_WORD,
    ReadingBatch,
    Variable,
    batch_of,
)

RAIN_VARIABLES = (Variable.RAIN, Variable.RAIN_TOTAL, Variable.RAIN_DAY, Variable.RAIN_TIP)
"""What a dry gauge sends a zero of: the first of these that it measures."""

PATTERN_CHARACTERS = frozenset("*?[")

Row = tuple[int, int, int, float, int]
"""When it is sent, station, when observed, value, interval of rain in seconds (0: the station's own)."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of ``readings:``: which stations, of what, and how its numbers become the variable's unit."""

    stations: tuple[int, ...]
    variable: Variable
    factor: float
    offset: float
    is_pattern: bool


@dataclass(frozen=True, slots=True)
class Source:
    """Readings of one station and variable."""

    station: int
    key: Key
    written: WrittenReadings
    begin_s: int
    every_s: int
    location: Location


def sources_of(readings: Mapping[str, WrittenReadings], place: Location, timing: Timing) -> list[Source]:
    """Who sends what; the end of the test grows with every series that ends.

    Parameters
    ----------
    readings : mapping
    place : Location
        Of the key `readings`.
    timing : Timing
    """
    scene = timing.scene
    claimed: dict[tuple[int, Variable], Source] = {}
    for text, written in readings.items():
        location = (*place, text)
        key = _key_of(text, location, scene)
        begin_s = timing.moment_s(location, written.begins) if written.begins else timing.start_s
        if key is None or begin_s is None:
            continue
        for station in key.stations:
            every_s = written.every_s or int(scene.configuration.network.stations.interval_s[station])
            source = Source(station, key, written, begin_s, every_s, location)
            _claim(claimed, source, scene)
    found = list(claimed.values())
    for source in found:
        _take_end(source, timing)
    return found


def _claim(claimed: dict[tuple[int, Variable], Source], source: Source, scene: Scene) -> None:
    """One key speaks for a station: its own code before a pattern."""
    place = source.station, source.key.variable
    other = claimed.get(place)
    if other is not None and other.key.is_pattern == source.key.is_pattern:
        code = scene.configuration.network.stations.code[source.station]
        scene.fault(source.location, f"{code} is meant by {other.location[-1]!r} already: write it once")
    elif other is None or other.key.is_pattern:
        claimed[place] = source


def _take_end(source: Source, timing: Timing) -> None:
    written = source.written
    if written.series is not None:
        n_values = len(written.series.values)
        if n_values * source.every_s > LENGTH_S_MAX:
            timing.scene.fault(source.location, f"expected at most {LENGTH_S_MAX // 86_400} days of readings")
        else:
            timing.end_s = max(timing.end_s, source.begin_s + n_values * source.every_s)
    for late in written.late:
        for text in filter(None, (late.at, late.sent)):
            timing.moment_s(source.location, text)


def _key_of(text: str, location: Location, scene: Scene) -> Key | None:
    """Stations, variable and unit of a key; None and a fault if something of it is unknown."""
    words = text.split()
    if len(words) not in (2, 3):
        scene.fault(location, f"expected a station and a variable such as 'R0001 rain', got {text!r}")
        return None
    if not scene.known(location, words[1], VARIABLE_OF_WORD):
        return None
    variable = VARIABLE_OF_WORD[words[1]]
    factor, offset = 1.0, 0.0
    if len(words) == 3:
        converted = conversion(words[2], variable)
        if converted is None:
            unit = UNIT_OF_VARIABLE[variable]
            scene.fault(location, f"{words[2]!r} is no unit of {variable.word}: expected {unit}, or none")
            return None
        factor, offset = converted
    is_pattern = not PATTERN_CHARACTERS.isdisjoint(words[0])
    stations = _stations_of(words[0], variable, location, scene, is_pattern=is_pattern)
    return Key(stations, variable, factor, offset, is_pattern) if stations else None


def _stations_of(
    word: str, variable: Variable, location: Location, scene: Scene, *, is_pattern: bool
) -> tuple[int, ...]:
    measured = scene.configuration.network.stations.measured
    if not is_pattern:
        if not scene.known(location, word, scene.station):
            return ()
        station = scene.station[word]
        if measured and variable not in measured[station]:
            words = ", ".join(sorted(variable.word for variable in measured[station]))
            scene.fault(location, f"{word} does not measure {variable.word}: stations.csv says {words}")
            return ()
        return (station,)
    found = tuple(
        number
        for code, number in scene.station.items()
        if fnmatchcase(code, word) and (not measured or variable in measured[number])
    )
    if not found:
        scene.fault(location, f"no station that measures {variable.word} has a code like {word!r}")
    return found


def batch_of_test(sources: list[Source], others: str, timing: Timing) -> tuple[ReadingBatch, Int64Array]:
    """All readings in the order of sending, and when each is sent.

    Parameters
    ----------
    sources : list of Source
    others : str
        ``dry``: rain gauges that no source is about send zeros from the first interval to the end.
    timing : Timing
        With its final end.
    """
    rows: list[tuple[Row, int]] = []
    for source in sources:
        variable = int(source.key.variable)
        rows += ((row, variable) for row in _rows_of(source, timing))
    if others == "dry":
        rows += _dry_rows(sources, timing)
    rows.sort(key=lambda one: (one[0][0], one[0][1], one[0][2]))
    columns = [[row[column] for row, _ in rows] for column in range(5)]
    sent_s, station, observed_s, value, interval_s = columns
    batch = batch_of(station, [variable for _, variable in rows], observed_s, value, interval_s)
    return batch, np.asarray(sent_s, dtype=np.int64)


def _rows_of(source: Source, timing: Timing) -> Iterator[Row]:
    key, written = source.key, source.written
    interval_s = source.every_s if written.every_s and key.variable is Variable.RAIN else 0
    if written.series is not None:
        count = _count(written.series, source, timing)
        for number, value in enumerate(written.series.up_to(count), start=1):
            if not math.isnan(value):
                at_s = source.begin_s + number * source.every_s
                yield at_s, source.station, at_s, value * key.factor + key.offset, interval_s
    for late in written.late:
        yield from _late_row(late, source, timing)


def _count(series: Series, source: Source, timing: Timing) -> int:
    """How many values come by the end of the test."""
    return (
        min((timing.end_s - source.begin_s) // source.every_s, VALUES_MAX) if series.goes_on else VALUES_MAX
    )


def _late_row(late: LateReading, source: Source, timing: Timing) -> Iterator[Row]:
    at_s = timing.moment_s(source.location, late.at)
    sent_s = timing.moment_s(source.location, late.sent or late.at)
    if at_s is None or sent_s is None:
        return
    if sent_s < at_s:
        timing.scene.fault(source.location, f"expected sent at or after {late.at}, got {late.sent}")
    else:
        yield sent_s, source.station, at_s, late.value * source.key.factor + source.key.offset, 0


def _dry_rows(sources: list[Source], timing: Timing) -> Iterator[tuple[Row, int]]:
    """Zeros of every rain gauge that no source is about."""
    stations = timing.scene.configuration.network.stations
    told = {source.station for source in sources if source.key.variable in RAIN_VARIABLES}
    for station in np.flatnonzero(stations.measures_rain).tolist():
        if station in told:
            continue
        measured = stations.measured[station] if stations.measured else frozenset({Variable.RAIN})
        variable = next((variable for variable in RAIN_VARIABLES if variable in measured), Variable.RAIN)
        every_s = int(stations.interval_s[station])
        for at_s in range(timing.start_s + every_s, timing.end_s + 1, every_s):
            yield (at_s, station, at_s, 0.0, 0), int(variable)
