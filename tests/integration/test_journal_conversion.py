import hashlib
import sqlite3
import zlib
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.journal_files import small
from warnstream.adapters.journal import conversion as journal_conversion
from warnstream.adapters.journal.journal import Journal
from warnstream.model.errors import StoreError

SCHEMA_OF_0_1 = """
CREATE TABLE entries (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    written_at REAL NOT NULL,
    kind TEXT NOT NULL,
    checksum INTEGER NOT NULL,
    payload BLOB NOT NULL
);
CREATE TABLE snapshots (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    sequence INTEGER NOT NULL,
    written_at REAL NOT NULL,
    checksum BLOB NOT NULL,
    payload BLOB NOT NULL
);
PRAGMA user_version = 1;
"""


def old_journal(directory: Path, n: int, snapshots: Sequence[int] = ()) -> Path:
    """A journal as the first version wrote it, in WAL mode."""
    directory.mkdir(exist_ok=True)
    path = directory / "journal.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(SCHEMA_OF_0_1)
        for number in range(1, n + 1):
            payload = str(number).encode()
            connection.execute(
                "INSERT INTO entries (written_at, kind, checksum, payload) VALUES (?, ?, ?, ?)",
                (float(number), "messages", zlib.crc32(payload, zlib.crc32(b"messages")), payload),
            )
        for sequence in snapshots:
            state = f"state {sequence}".encode()
            connection.execute(
                "INSERT INTO snapshots (sequence, written_at, checksum, payload) VALUES (?, ?, ?, ?)",
                (sequence, 1.0, hashlib.sha256(state).digest(), state),
            )
        connection.commit()
    return path


def execute(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def payloads(journal: Journal, after: int = 0) -> list[int]:
    return [int(payload) for _, _, payload in journal.since(after)]


def test_a_journal_of_an_earlier_version_is_taken_over(tmp_path: Path) -> None:
    old_journal(tmp_path, 1_000, snapshots=[400, 900])
    with closing(small(tmp_path)) as journal:
        assert payloads(journal) == list(range(1, 1_001))
        assert journal.latest_snapshot() == (900, b"state 900")
        assert journal.append("messages", b"1001") == 1_001
    with closing(small(tmp_path)) as journal:
        assert journal.last_sequence() == 1_001
    assert (tmp_path / "journal.sqlite3.converted").exists()
    assert not (tmp_path / "journal.sqlite3").exists()


def test_a_pruned_journal_keeps_its_numbers(tmp_path: Path) -> None:
    path = old_journal(tmp_path, 10, snapshots=[8])
    execute(path, "DELETE FROM entries WHERE sequence <= 5")
    with closing(small(tmp_path)) as journal:
        assert journal.first_sequence() == 6
        assert payloads(journal, after=5) == [6, 7, 8, 9, 10]


def test_a_journal_whose_entries_are_all_pruned_keeps_its_last_number(tmp_path: Path) -> None:
    path = old_journal(tmp_path, 10, snapshots=[10])
    execute(path, "DELETE FROM entries")
    for _ in range(2):
        with closing(small(tmp_path)) as journal:
            assert (journal.first_sequence(), journal.last_sequence()) == (11, 10)
            assert payloads(journal, after=10) == []


def test_an_empty_journal_is_taken_over(tmp_path: Path) -> None:
    old_journal(tmp_path, 0)
    with closing(small(tmp_path)) as journal:
        assert journal.append("messages", b"1") == 1


@pytest.mark.parametrize(
    "damage",
    ["UPDATE entries SET payload = x'00' WHERE sequence = 5", "DELETE FROM entries WHERE sequence = 5"],
)
def test_a_damaged_entry_stops_the_conversion_and_nothing_is_changed(tmp_path: Path, damage: str) -> None:
    path = old_journal(tmp_path, 10)
    execute(path, damage)
    for _ in range(2):
        with pytest.raises(StoreError, match="entry 5 is missing or damaged"):
            small(tmp_path)
    assert path.exists()
    assert not (tmp_path / "journal").exists()


def test_the_newest_entries_missing_is_an_error(tmp_path: Path) -> None:
    path = old_journal(tmp_path, 10)
    execute(path, "DELETE FROM entries WHERE sequence > 8")
    with pytest.raises(StoreError, match="entries 9 to 10 are missing"):
        small(tmp_path)


def test_a_damaged_snapshot_stays_behind(tmp_path: Path) -> None:
    path = old_journal(tmp_path, 10, snapshots=[4, 9])
    execute(path, "UPDATE snapshots SET payload = x'00' WHERE sequence = 9")
    with closing(small(tmp_path)) as journal:
        assert journal.latest_snapshot() == (4, b"state 4")


@pytest.mark.parametrize("step", ["_convert_snapshots", "sync_directory"])
def test_a_conversion_cut_short_is_done_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """`sync_directory` of the storage comes when the new folder has its name, the old file too."""
    old_journal(tmp_path, 10, snapshots=[10])
    true_step = getattr(journal_conversion, step)

    def crash(*arguments: Path) -> object:
        if step == "sync_directory" and arguments[0] != tmp_path:
            return true_step(*arguments)
        raise StoreError("the process ends here", retryable=False)

    with monkeypatch.context() as patch:
        patch.setattr(journal_conversion, step, crash)
        with pytest.raises(StoreError, match="ends here"):
            small(tmp_path)
    with closing(small(tmp_path)) as journal:
        assert payloads(journal) == list(range(1, 11))
        assert journal.latest_snapshot() == (10, b"state 10")
    assert not (tmp_path / "journal.sqlite3").exists()


def test_two_journals_that_know_nothing_of_each_other_are_an_error(tmp_path: Path) -> None:
    with closing(small(tmp_path)) as journal:
        journal.append("messages", b"1")
    old_journal(tmp_path, 3)
    with pytest.raises(StoreError, match=r"journal\.sqlite3: an earlier version has written here after"):
        small(tmp_path)


def test_a_journal_of_another_version_is_refused_and_the_folder_left_free(tmp_path: Path) -> None:
    execute(old_journal(tmp_path, 1), "PRAGMA user_version = 99")
    for _ in range(2):
        with pytest.raises(StoreError, match="another version of warnstream"):
            small(tmp_path)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite3").write_bytes(b"not a database " * 100)
    with pytest.raises(StoreError, match=r"journal\.sqlite3: the file is not a database") as caught:
        small(tmp_path)
    assert not caught.value.retryable
