"""ledger.parquet: who was to hear what, and how far it came."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from tests.unit.desk.county import T0, county, new_desk, rise
from warnstream.model.level import Level
from warnstream.review.ledger import SCHEMA_VERSION, book_of, write_ledger

NETWORK = county()


def written(path: Path, levels: dict[int, Level]) -> Path:
    desk = new_desk()
    effects = desk.step([rise(level, village=village) for village, level in levels.items()], T0 + 60)
    write_ledger(path, book_of(NETWORK, effects.bulletins))
    return path


def test_every_door_of_a_told_village_is_a_row_and_no_other_door(tmp_path: Path) -> None:
    table = pq.read_table(written(tmp_path / "ledger.parquet", {0: Level.RED}))
    rows = NETWORK.households.of_village(0)
    assert table["door"].to_pylist() == [NETWORK.households.code[row] for row in rows]
    assert set(table["village"].to_pylist()) == {NETWORK.villages.code[0]}
    assert set(table["delivery"].to_pylist()) == {"queued"}
    assert set(table["people"].to_pylist()) == {"silent"}
    assert set(table["n"].to_pylist()) == {1}
    assert np.all(np.array(table["told"]) == 0)
    assert table.schema.metadata[b"version"] == str(SCHEMA_VERSION).encode()


def test_where_nobody_was_told_there_is_a_table_without_rows(tmp_path: Path) -> None:
    assert pq.read_table(written(tmp_path / "ledger.parquet", {})).num_rows == 0


def test_the_same_ledger_gives_the_same_bytes(tmp_path: Path) -> None:
    first = written(tmp_path / "a.parquet", {0: Level.RED, 1: Level.ORANGE})
    second = written(tmp_path / "b.parquet", {0: Level.RED, 1: Level.ORANGE})
    assert first.read_bytes() == second.read_bytes()
