"""State that is a list of rows, one column of which is a station: rows of stations that stay, renumbered."""

import numpy as np

from warnstream.model.arrays import Arrays, Int64Array


def carry_counters(old: Arrays, station_now: Int64Array) -> Arrays:
    """Rain counters: totals and trials name their counter by its row."""
    keys = old["keys"].copy()
    keys[:, 1] = station_now[keys[:, 1]]
    stays = keys[:, 1] >= 0
    row_now = np.where(stays, np.cumsum(stays) - 1, -1)
    carried = {"keys": keys[stays]}
    for name in ("tracks", "trials"):
        rows = old[name].copy()
        rows[:, 0] = row_now[rows[:, 0].astype(np.int64)]
        carried[name] = rows[rows[:, 0] >= 0]
    return carried


def carry_numbers(old: np.ndarray, station_now: Int64Array) -> np.ndarray:
    """Numbered tips: station, second, number."""
    rows = old.copy()
    rows[:, 0] = station_now[rows[:, 0]]
    return rows[rows[:, 0] >= 0]


def carry_stretches(old: Arrays, station_now: Int64Array) -> Arrays:
    """When gauges were not believed, by station and begin."""
    names = [name for name in old if name.startswith("stretch_")]
    station = station_now[old["stretch_station"]]
    rows = np.flatnonzero(station >= 0)
    rows = rows[np.lexsort((old["stretch_flag"][rows], old["stretch_begin_s"][rows], station[rows]))]
    carried = {name: old[name][rows] for name in names}
    carried["stretch_station"] = station[rows].astype(old["stretch_station"].dtype)
    return carried


def carry_readings(old: Arrays, station_now: Int64Array) -> Arrays:
    """Readings that wait for a step, column by column."""
    station = station_now[old["station"]]
    stays = station >= 0
    carried = {name: column[stays] for name, column in old.items()}
    carried["station"] = station[stays].astype(old["station"].dtype)
    return carried
