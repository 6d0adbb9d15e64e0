"""An archive read piece by piece gives what one sorted in memory gives, whatever its order and chunks."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warnstream.model.network import Stations
from warnstream.model.observations.readings import ReadingBatch, Variable, batch_of, concatenate
from warnstream.review import archive as archives
from warnstream.review.archive import ArchiveReadings, in_memory, open_archive, write_archive
from warnstream.review.archives import chunks
from warnstream.runners.replay.replay import minutes_of, whole_minutes

T0 = 1_781_740_800
CODES = ("a", "b", "c")
N = len(CODES)
STATIONS = Stations(
    CODES, np.zeros(N), np.zeros(N), np.full(N, 300, np.int32), np.ones(N, np.bool_), np.zeros(N, np.bool_)
)
rows = st.lists(st.tuples(st.integers(0, N - 1), st.integers(0, 90)), max_size=60)


def columns(batch: ReadingBatch) -> list[tuple[int, int, float]]:
    return list(zip(batch.station.tolist(), batch.observed_at_s.tolist(), batch.value.tolist(), strict=True))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    found=rows,
    size=st.integers(1, 20),
    kept=st.sampled_from([0, 10**6]),
    kind=st.sampled_from(["parquet", "csv"]),
)
def test_pieces_joined_are_the_archive_sorted_by_time_then_station(
    found: list[tuple[int, int]],
    size: int,
    kept: int,
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chunks, "ROWS_AT_ONCE", size)
    monkeypatch.setattr(chunks, "BLOCK_BYTES", 60 * size)
    monkeypatch.setattr(archives, "ROWS_KEPT", kept)
    station = [number for number, _ in found]
    at_s = [T0 + 60 * minute for _, minute in found]
    batch = batch_of(station, [Variable.RAIN] * len(found), at_s, np.arange(len(found), dtype=np.float64))
    path = tmp_path / f"rain.{kind}"
    write_archive(path, batch, STATIONS)
    archive = open_archive(path, STATIONS)
    pieces = list(archive.pieces())
    wanted = batch.select(np.lexsort((batch.station, batch.observed_at_s)))
    assert columns(concatenate(pieces)) == columns(wanted)
    assert all(len(piece) for piece in pieces)
    assert (archive.n_readings, archive.begin_s, archive.end_s) == (
        len(found),
        min(at_s, default=None),
        max(at_s, default=None),
    )
    whole = in_memory(ArchiveReadings(wanted, (), {}))
    times_s = whole_minutes(whole, T0 + 600, T0 + 6000)
    assert times_s.tolist() == whole_minutes(archive, T0 + 600, T0 + 6000).tolist()
    for minute, wanted_minute in zip(minutes_of(times_s, archive), minutes_of(times_s, whole), strict=True):
        assert minute.now_s == wanted_minute.now_s
        assert columns(minute.readings) == columns(wanted_minute.readings)
