"""Publish a readings archive as if its stations were sending now.

An archive is Parquet or CSV (also .csv.gz) with the columns
``station,observed_at,variable,value``; observed_at is ISO 8601 text (UTC where
it names no zone), a datetime or epoch seconds. Readings go out sorted by time,
then station, one message for each station and time; a clock beacon follows on
every whole minute from the first reading to the last. Values that are missing
or not finite are left out and counted.

The archive is held in memory: about 40 bytes per row. Needs pandas, and
pyarrow for Parquet (``pip install warnstream[review]``).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from station_sim.message import DEFAULT_PREFIX, Message, beacon
from station_sim.topics import observation_topic
from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.errors import ArchiveError
from warnstream.model.times import MINUTE_S, iso_utc

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("station", "observed_at", "variable", "value")
COUNTY = "replay"
"""Stands for the county in the topics."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Readings sorted by time, then station, stably.

    Attributes
    ----------
    stations, variables : list of str
        Names; the columns hold numbers.
    station, variable : Int64Array, shape (n,)
    observed_at_s : Int64Array, shape (n,)
    value : Float64Array, shape (n,)
    n_missing : int
        Rows left out because they have no finite value.
    """

    stations: list[str]
    variables: list[str]
    station: Int64Array
    observed_at_s: Int64Array
    variable: Int64Array
    value: Float64Array
    n_missing: int

    def __len__(self) -> int:
        return len(self.value)


def read_archive(path: Path) -> Archive:
    """Read an archive.

    Raises
    ------
    ArchiveError
        If the file is missing or unreadable, lacks a column, has no readings, or a time or value is none.
    """
    table = _read_table(path)
    missing = [column for column in COLUMNS if column not in table.columns]
    if missing:
        raise ArchiveError(
            f"{path}: expected the columns {', '.join(COLUMNS)}; missing: {', '.join(missing)}"
        )
    observed_at_s = _seconds(path, table["observed_at"])
    value = _values(path, table["value"])
    for column in ("station", "variable"):
        empty = np.flatnonzero(table[column].isna().to_numpy())
        if len(empty):
            raise ArchiveError(f"{path}: row {empty[0] + 1}: {column}: expected a name, got nothing")
    station, stations = table["station"].astype(str).factorize(sort=True)
    variable, variables = table["variable"].astype(str).factorize()
    kept = np.flatnonzero(np.isfinite(value))
    if len(kept) == 0:
        raise ArchiveError(f"{path}: expected at least one reading with a value, found none")
    order = kept[np.lexsort((station[kept], observed_at_s[kept]))]
    return Archive(
        [str(code) for code in stations],
        [str(word) for word in variables],
        station[order].astype(np.int64),
        observed_at_s[order],
        variable[order].astype(np.int64),
        value[order],
        len(value) - len(kept),
    )


def _read_table(path: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype={"station": str, "variable": str})
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise ArchiveError(f"{path}: cannot be read: {error}") from error


def _seconds(path: Path, column: "pd.Series[Any]") -> Int64Array:
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column.dtype):
        seconds = column.to_numpy(dtype=np.float64, na_value=np.nan)
        bad = ~np.isfinite(seconds)
        whole = np.where(bad, 0, seconds).astype(np.int64)
    else:
        times = pd.to_datetime(column, utc=True, errors="coerce", format="ISO8601")
        bad = times.isna().to_numpy()
        whole = times.dt.tz_localize(None).to_numpy().astype("datetime64[s]").astype(np.int64)
    if bad.any():
        row = int(np.argmax(bad))
        expected = f"expected an ISO 8601 time or epoch seconds, got {column.iloc[row]!r}"
        raise ArchiveError(f"{path}: row {row + 1}: observed_at: {expected}")
    return whole


def _values(path: Path, column: "pd.Series[Any]") -> Float64Array:
    import pandas as pd

    numbers = pd.to_numeric(column, errors="coerce")
    bad = numbers.isna() & column.notna()
    if bad.any():
        row = int(np.argmax(bad.to_numpy()))
        raise ArchiveError(f"{path}: row {row + 1}: value: expected a number, got {column.iloc[row]!r}")
    return numbers.to_numpy(dtype=np.float64, na_value=np.nan)


@dataclass(frozen=True, slots=True)
class Replay:
    """An archive as a stream of messages.

    Attributes
    ----------
    archive : Archive
    prefix : str
        First part of all topics.
    after_s : int
        How long the clock goes on after the last reading, so that holds and renewals can end.
    """

    archive: Archive
    prefix: str = DEFAULT_PREFIX
    after_s: int = 0

    @property
    def first_s(self) -> int:
        """Time of the first beacon: the first reading's, rounded up to a minute."""
        return _whole_minute_s(int(self.archive.observed_at_s[0]))

    @property
    def end_s(self) -> int:
        """Time of the last beacon."""
        return _whole_minute_s(int(self.archive.observed_at_s[-1]) + self.after_s)

    def messages(self) -> Iterator[Message]:
        """Readings and beacons in order of time; a beacon stands after all readings up to its time."""
        clock_s = self.first_s
        for message in self._readings():
            while clock_s < message.time_s:
                yield beacon(self.prefix, clock_s)
                clock_s += MINUTE_S
            yield message
        while clock_s <= self.end_s:
            yield beacon(self.prefix, clock_s)
            clock_s += MINUTE_S

    def _readings(self) -> Iterator[Message]:
        archive = self.archive
        rows = zip(
            archive.observed_at_s.tolist(),
            archive.station.tolist(),
            archive.variable.tolist(),
            archive.value.tolist(),
            strict=True,
        )
        key: tuple[int, int] | None = None
        values: dict[int, float] = {}
        for time_s, station, variable, value in rows:
            # A variable that comes twice at one time is a second message: nothing is chosen away.
            if key is not None and (key != (time_s, station) or variable in values):
                yield self._message(*key, values)
                values = {}
            key = (time_s, station)
            values[variable] = value
        if key is not None:
            yield self._message(*key, values)

    def _message(self, time_s: int, station: int, values: dict[int, float]) -> Message:
        words = {self.archive.variables[variable]: value for variable, value in values.items()}
        kind = "river" if words.keys() == {"stage"} else "rain"
        code = self.archive.stations[station]
        content = {"station": code, "time": iso_utc(time_s), **words}
        payload = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        return Message(time_s, observation_topic(self.prefix, COUNTY, kind, code), payload.encode(), 1)


def _whole_minute_s(time_s: int) -> int:
    return -(-time_s // MINUTE_S) * MINUTE_S
