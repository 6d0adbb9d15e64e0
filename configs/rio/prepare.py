"""Makes a CONFIG_DIR and replayable archives from the Alerta Rio rain record.

    python configs/rio/prepare.py RIO_DATA_DIR OUT_DIR

RIO_DATA_DIR holds stations.csv, events.csv, event_*.csv.gz,
rain15_nonzero_1997_2017.parquet and gaps_1997_2017.csv.gz. OUT_DIR becomes a
CONFIG_DIR (YAML of this folder, stations, villages, invented households and
posts) with readings_DATE.parquet and events_DATE.csv beside it. All times are
UTC. Needs ``warnstream[review]``.
"""

import argparse
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
INTERVAL_S = 900
BEFORE_S = 96 * 3600
"""Rain before an event file's first row, so that every window is full at its start."""

CITY = "Rio de Janeiro"
OFFSETS = (pd.Timedelta(hours=-2), pd.Timedelta(hours=-3))
"""Local time less UTC: in summer time (until 2019), and otherwise."""

NORTH_ZONE = (
    "anchieta",
    "grajau",
    "grande_meier",
    "ilha_do_governador",
    "iraja",
    "madureira",
    "penha",
    "piedade",
    "tijuca",
    "tijuca_muda",
)
"""Gauges in the quarters of Rio's north zone; our reading of "north zone" in events.csv."""

STATION_COLUMNS = ("station", "latitude", "longitude", "elevation_m", "variables", "interval_s", "county")


class OffsetError(ValueError):
    """The rows of an event file do not have one offset from UTC; names file and line."""


def main() -> int:
    """Read the arguments and write OUT_DIR; 2 if RIO_DATA_DIR lacks a file or one is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, metavar="RIO_DATA_DIR")
    parser.add_argument("out", type=Path, metavar="OUT_DIR")
    options = parser.parse_args()
    missing = [name for name in required_files() if not (options.data / name).is_file()]
    if missing:
        print(f"{options.data}: {', '.join(missing)} not found", file=sys.stderr)
        return 2
    try:
        prepare(options.data, options.out)
    except OffsetError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def required_files() -> tuple[str, ...]:
    """Files that RIO_DATA_DIR must hold, besides at least one event file."""
    return ("stations.csv", "events.csv", "rain15_nonzero_1997_2017.parquet", "gaps_1997_2017.csv.gz")


def prepare(data: Path, out: Path) -> None:
    """Write the whole of OUT_DIR."""
    out.mkdir(parents=True, exist_ok=True)
    for name in ("warnstream.yaml", "thresholds.yaml", "channels.yaml"):
        shutil.copyfile(HERE / name, out / name)
    stations = pd.read_csv(data / "stations.csv")
    write_places(stations, out)
    write_people(stations, out)
    record = Record(data)
    events = pd.read_csv(data / "events.csv")
    paths = sorted(data.glob("event_*.csv.gz"))
    for path, rows in [(path, read_rows(path)) for path in paths]:
        date = path.name.removeprefix("event_").removesuffix(".csv.gz").replace("_", "-")
        readings = archive(rows, record)
        readings.to_parquet(out / f"readings_{date}.parquet", index=False)
        happened = events_of(events[events["event_file_date"] == date], stations, utc_offset(rows))
        happened.to_csv(out / f"events_{date}.csv", index=False, lineterminator="\n")
        print(f"{date}: {len(readings)} readings, {len(happened)} events")


def read_rows(path: Path) -> pd.DataFrame:
    """Rows of an event file. OffsetError if they do not have one offset from UTC."""
    rows = pd.read_csv(path, parse_dates=["t_local", "t_utc"])
    offsets = rows["t_local"] - rows["t_utc"]
    found = offsets.value_counts(dropna=False)
    usual = found.index[0]
    if len(found) != 1 or usual not in OFFSETS:
        other = rows.index[offsets != usual]
        line = int(other[0]) + 2 if len(other) else 2
        named = ", ".join(f"{_hours(offset)} in {n} rows" for offset, n in found.items())
        raise OffsetError(
            f"{path}:{line}: expected local time 2 or 3 h behind UTC, the same in every row, got {named}; "
            "nothing was written for any event file"
        )
    return rows


def _hours(offset: object) -> str:
    return f"{offset / pd.Timedelta(hours=1):+g} h" if isinstance(offset, pd.Timedelta) else "no time"


def write_places(stations: pd.DataFrame, out: Path) -> None:
    """stations.csv, and villages.csv with the neighbourhood of each gauge."""
    places = stations.assign(elevation_m="", variables="rain", interval_s=INTERVAL_S, county="rio")
    places[list(STATION_COLUMNS)].to_csv(out / "stations.csv", index=False, lineterminator="\n")
    villages = stations.rename(columns={"station": "village", "nome": "name"})
    villages = villages.assign(township=CITY, county="rio")
    columns = ["village", "name", "latitude", "longitude", "township", "county"]
    villages[columns].to_csv(out / "villages.csv", index=False, lineterminator="\n")


def write_people(stations: pd.DataFrame, out: Path) -> None:
    """households.csv and chain.csv: invented, and named so."""
    codes = stations["station"]
    households = pd.DataFrame(
        {
            "household": [f"invented-{code}-{door}" for code in codes for door in (1, 2)],
            "village": [code for code in codes for _ in (1, 2)],
            "channel": "device",
            "address": [f"invented-{code}-{door}" for code in codes for door in (1, 2)],
        }
    )
    households.to_csv(out / "households.csv", index=False, lineterminator="\n")
    volunteers = [
        (f"invented-volunteer-{code}", "community volunteer (invented)", 1, code, "terminal", code)
        for code in codes
    ]
    city = ("invented-duty-officer", "city duty officer (invented)", 2, CITY, "terminal", "city")
    columns = ["post", "role", "rank", "area", "channel", "address"]
    chain = pd.DataFrame([*volunteers, city], columns=columns)
    chain.to_csv(out / "chain.csv", index=False, lineterminator="\n")


class Record:
    """The long record: rain above zero, and when gauges were silent."""

    def __init__(self, data: Path) -> None:
        wet = pd.read_parquet(data / "rain15_nonzero_1997_2017.parquet")
        self._wet = {str(station): rows for station, rows in wet.groupby("station")}
        self._until = wet["t_utc"].max()
        gaps = pd.read_csv(data / "gaps_1997_2017.csv.gz", parse_dates=["start_utc", "end_utc"])
        self._gaps = {str(station): rows for station, rows in gaps.groupby("station")}

    def before(self, station: str, first: pd.Timestamp) -> pd.DataFrame:
        """Readings of the `BEFORE_S` before a station's first row; zeros are written out.

        Empty where the record does not reach so far; silent hours stay silent.
        """
        empty = pd.DataFrame({"t_utc": pd.Series(dtype="datetime64[us]"), "r15": pd.Series(dtype=float)})
        if first > self._until or station not in self._wet:
            return empty
        steps = np.arange(BEFORE_S // INTERVAL_S, 0, -1)
        slots = first - pd.to_timedelta(steps * INTERVAL_S, unit="s")
        wet = self._wet[station]
        wet = wet[(wet["t_utc"] >= slots[0]) & (wet["t_utc"] < first)]
        dry = slots[~self._is_silent(station, slots) & ~_overlaps(slots, wet["t_utc"])]
        zeros = pd.DataFrame({"t_utc": dry, "r15": 0.0})
        return pd.concat([wet[["t_utc", "r15"]], zeros]).sort_values("t_utc")

    def _is_silent(self, station: str, slots: pd.DatetimeIndex) -> np.ndarray:
        """Inside a gap; its first and last row were reported."""
        silent = np.zeros(len(slots), dtype=bool)
        if station in self._gaps:
            for gap in self._gaps[station].to_dict("records"):
                silent |= (slots > gap["start_utc"]) & (slots < gap["end_utc"])
        return silent


def _overlaps(slots: pd.DatetimeIndex, wet: "pd.Series[pd.Timestamp]") -> np.ndarray:
    """Quarter hours that overlap one with rain, which then stands for them."""
    if wet.empty:
        return np.zeros(len(slots), dtype=bool)
    apart = np.abs(slots.to_numpy()[:, None] - wet.to_numpy()[None, :])
    return np.asarray((apart < np.timedelta64(INTERVAL_S, "s")).any(axis=1))


def archive(rows: pd.DataFrame, record: Record) -> pd.DataFrame:
    """Readings of an event file and the rain before it, sorted by time and station."""
    parts = []
    for station, own in rows.groupby("station"):
        own_rows = own[["t_utc", "r15"]].dropna()
        both = pd.concat([record.before(str(station), own["t_utc"].min()), own_rows])
        parts.append(both.assign(station=station))
    readings = pd.concat(parts).sort_values(["t_utc", "station"], kind="stable")
    return pd.DataFrame(
        {
            "station": readings["station"].astype("str"),
            "observed_at": readings["t_utc"].dt.tz_localize("UTC"),
            "variable": "rain",
            "value": readings["r15"].astype(float).round(1),
        }
    )


def utc_offset(rows: pd.DataFrame) -> pd.Timedelta:
    """Local time less UTC in an event file, of which `read_rows` has seen that it is one."""
    return pd.Timedelta((rows["t_local"] - rows["t_utc"]).iloc[0])


def events_of(events: pd.DataFrame, stations: pd.DataFrame, offset: pd.Timedelta) -> pd.DataFrame:
    """Events of one file in the form that ``warnstream replay --events`` reads."""
    position = {row["station"]: row for row in stations.to_dict("records")}
    rows = []
    for number, event in enumerate(events.to_dict("records"), start=1):
        near = event["nearest_station"]
        place = position.get(near, {"latitude": "", "longitude": "", "station": ""})
        village = ";".join(NORTH_ZONE) if near == "north zone" else place["station"]
        rows.append(
            {
                "event": f"{event['event']}-{number}",
                "time": to_utc(event["time_local"], offset),
                "latitude": place["latitude"],
                "longitude": place["longitude"],
                "kind": event["kind"],
                "village": village,
                **{name: event[name] for name in ("time_local", "time_quality", "what", "source")},
            }
        )
    return pd.DataFrame(rows)


def to_utc(text: str, offset: pd.Timedelta) -> str:
    """ISO 8601 UTC of ``2019-04-08 22:00``, a window of ``... 21:30/23:59``; words stay words."""
    begin, _, end = text.partition("/")
    try:
        moments = [pd.Timestamp(begin)] + ([pd.Timestamp(f"{begin[:10]} {end}")] if end else [])
    except ValueError:
        return f"{text} (local)"
    return "/".join(f"{(moment - offset).isoformat(timespec='seconds')}Z" for moment in moments)


if __name__ == "__main__":
    sys.exit(main())
