"""The Alerta Rio event files as readings: rain per 15 min, and the record before each file begins."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from warnstream.model.arrays import Float64Array, Int32Array, Int64Array

EVENTS = ("2010_04_05", "2013_01_19", "2013_01_26", "2013_12_11", "2019_04_08")
QUARTER_S = 900
BEFORE_S = 97 * 3600


@dataclass(frozen=True, slots=True)
class EventFile:
    """One event file: its rows, and every reading needed for windows up to 96 h."""

    rows: pd.DataFrame
    station_codes: tuple[str, ...]
    station: Int32Array
    observed_at_s: Int64Array
    rain_mm: Float64Array


def read_event(folder: Path, name: str) -> EventFile:
    """Rows with `observed_at_s` and station number; readings of the file and of the 97 h before it."""
    rows = pd.read_csv(folder / f"event_{name}.csv.gz")
    rows["observed_at_s"] = pd.to_datetime(rows["t_utc"]).astype("datetime64[s]").astype("int64")
    codes = tuple(sorted(rows["station"].unique()))
    rows["number"] = rows["station"].map({code: number for number, code in enumerate(codes)})
    own = rows.dropna(subset="r15")[["number", "observed_at_s", "r15"]]
    readings = pd.concat([_before(folder, rows), own])
    return EventFile(
        rows,
        codes,
        readings["number"].to_numpy(np.int32),
        readings["observed_at_s"].to_numpy(np.int64),
        readings["r15"].to_numpy(np.float64),
    )


def _before(folder: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """The 97 h before the file from the 1997-2017 record: rain, zeros between, nothing inside its gaps."""
    record = pd.read_parquet(folder / "rain15_nonzero_1997_2017.parquet")
    record["observed_at_s"] = record["t_utc"].astype("datetime64[s]").astype("int64")
    gaps = pd.read_csv(folder / "gaps_1997_2017.csv.gz")
    for column in ("start_utc", "end_utc"):
        gaps[column] = pd.to_datetime(gaps[column]).astype("datetime64[s]").astype("int64")
    parts = []
    firsts = rows.groupby(["station", "number"], as_index=False)["observed_at_s"].min()
    for code, number, first_s in firsts.itertuples(index=False):
        times = np.arange(first_s - BEFORE_S, first_s, QUARTER_S)
        rain = record[record["station"] == code].set_index("observed_at_s")["r15"]
        if len(rain) == 0 or rain.index.max() < times[0]:
            continue  # the record ends in 2017: nothing is known before the event of 2019
        missing = np.zeros(len(times), dtype=bool)
        for gap in gaps[gaps["station"] == code].itertuples():
            missing |= (times > gap.start_utc) & (times < gap.end_utc)
        known = times[~missing]
        amounts = rain.reindex(known).fillna(0.0).to_numpy()
        parts.append(pd.DataFrame({"number": number, "observed_at_s": known, "r15": amounts}))
    return pd.concat(parts) if parts else pd.DataFrame(columns=["number", "observed_at_s", "r15"])
