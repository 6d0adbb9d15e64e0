"""The order in which series are judged, against the plain law of it: reading by reading, in dictionaries."""

from collections import Counter, defaultdict
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.model.observations.readings import Variable, batch_of
from warnstream.quality import turns
from warnstream.quality.turns import DEW_POINT, N_VARIABLES, dew_point_c, sorted_by_turn

T0 = 1_554_758_100
EVERY = np.arange(N_VARIABLES + 1)
"""All series are compared, dew points too."""

Row = tuple[int, int, int, float]
"""Station, variable, seconds after T0, value."""

VARIABLES = (Variable.TEMPERATURE, Variable.HUMIDITY, Variable.RAIN)
rows = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from([int(variable) for variable in VARIABLES]),
        st.sampled_from([0, 60, 61, 3600]),
        st.sampled_from([0.0, 0.5, 1.0, 21.5, 88.0]),
    ),
    min_size=1,
    max_size=14,
)


def found_of(readings: list[Row]) -> list[tuple[int, int, int, float, int, int]]:
    """Series, station, time, value, row, turn of everything that is judged."""
    station, variable, at_s, value = (list(column) for column in zip(*readings, strict=True))
    batch = batch_of(station, variable, [T0 + second for second in at_s], value)
    series = batch.variable.astype(np.int64)
    found = sorted_by_turn(batch, series, np.arange(len(batch)), EVERY)
    columns = (found.series, found.station, found.at_s - T0, found.value, found.row, found.turn)
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


def plain_turns(readings: list[Row]) -> dict[int, int]:
    """Row -> turn: times of a station one after the other, each as long as it has twins of one series."""
    turn_of: dict[int, int] = {}
    numbered = sorted(enumerate(readings), key=lambda entry: (entry[1][0], entry[1][2]))
    for _, of_station in groupby(numbered, key=lambda entry: entry[1][0]):
        begins = 0
        for _, of_time in groupby(list(of_station), key=lambda entry: entry[1][2]):
            by_series: dict[int, list[tuple[float, int]]] = defaultdict(list)
            for row, (_, variable, _, value) in of_time:
                by_series[variable].append((value, row))
            for twins in by_series.values():
                turn_of |= {row: begins + number for number, (_, row) in enumerate(sorted(twins))}
            begins += max(len(twins) for twins in by_series.values())
    return turn_of


@given(rows)
def test_every_reading_has_the_turn_of_the_plain_law(readings: list[Row]) -> None:
    found = [entry for entry in found_of(readings) if entry[0] != DEW_POINT]
    assert sorted(entry[4] for entry in found) == list(range(len(readings)))
    expected = plain_turns(readings)
    for series, station, at_s, value, row, turn in found:
        assert (station, series, at_s, value) == readings[row]
        twins = [r for r in readings if r[:3] == readings[row][:3]]
        if len(twins) == len(set(twins)):  # equal twins may stand either way round
            assert turn == expected[row]


@given(rows)
def test_no_two_of_one_series_and_station_have_one_turn_and_later_ones_come_later(
    readings: list[Row],
) -> None:
    found = found_of(readings)
    counts = Counter((series, station, turn) for series, station, _, _, _, turn in found)
    assert set(counts.values()) == {1}
    by_station: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for _, station, at_s, _, _, turn in found:
        by_station[station].append((at_s, turn))
    for times in by_station.values():
        for at_s, turn in times:
            assert all(turn < later for other_s, later in times if other_s > at_s)
        assert min(turn for _, turn in times) == 0


@given(rows)
def test_dew_points_are_those_of_humid_air_and_its_temperature_at_one_station_and_time(
    readings: list[Row],
) -> None:
    by_time: dict[tuple[int, int], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for station, variable, at_s, value in readings:
        by_time[station, at_s][variable].append(value)
    if any(len(values) > 1 for of_time in by_time.values() for values in of_time.values()):
        return  # which twin pairs with which is not the law
    expected = sorted(
        (station, at_s, round(float(dew_point_c(np.array(warm), np.array(humid))[0]), 9))
        for (station, at_s), of_time in by_time.items()
        if (warm := of_time.get(Variable.TEMPERATURE)) and (humid := of_time.get(Variable.HUMIDITY))
        if humid[0] > 0
    )
    dew = [entry for entry in found_of(readings) if entry[0] == DEW_POINT]
    assert sorted((station, at_s, round(value, 9)) for _, station, at_s, value, _, _ in dew) == expected
    for _, station, at_s, _, row, turn in dew:
        assert readings[row][:3] == (station, Variable.HUMIDITY, at_s)
        assert turn == plain_turns(readings)[row]


@given(rows)
def test_both_ways_of_sorting_give_the_same_where_no_two_are_twins(readings: list[Row]) -> None:
    single = list({reading[:3]: reading for reading in readings}.values())
    quick = found_of(single)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(turns, "_by_station_and_time", lambda *_: None)
        assert found_of(single) == quick


def test_times_of_an_age_apart_are_judged_in_order() -> None:
    """So far apart that one number cannot hold station, time and series."""
    readings = [(1, int(Variable.RAIN), 2**61 // (N_VARIABLES + 1), 1.0), (1, int(Variable.RAIN), 0, 2.0)]
    assert [(entry[3], entry[5]) for entry in found_of(readings)] == [(2.0, 0), (1.0, 1)]
