import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from warnstream.adapters.store import (
    PAGE_ENTRIES,
    REFUSED_PAYLOAD_BYTES_MAX,
    Journal,
    RefusedRow,
    RefusedStore,
)
from warnstream.model.errors import StoreError
from warnstream.model.refusals import Refusal, RefusalReason

ENTRIES = [("readings", b"one"), ("answer", b"two"), ("readings", b"\x00\xff")]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path)) as opened:
        yield opened


def fill_disk(connection: sqlite3.Connection) -> None:
    """Let the file grow no further, as a full disk does."""
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")


def damage(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(statement).rowcount == 1
        connection.commit()


def test_entries_come_back_in_order_with_their_numbers(journal: Journal) -> None:
    journal.append_many(ENTRIES)
    assert list(journal.since(0)) == [(1, *ENTRIES[0]), (2, *ENTRIES[1]), (3, *ENTRIES[2])]


def test_only_later_entries_follow_a_sequence_number(journal: Journal) -> None:
    journal.append_many(ENTRIES)
    assert [sequence for sequence, _, _ in journal.since(2)] == [3]


def test_streaming_passes_page_borders(journal: Journal) -> None:
    journal.append_many(("readings", str(n).encode()) for n in range(2 * PAGE_ENTRIES))
    assert [int(payload) for _, _, payload in journal.since(0)] == list(range(2 * PAGE_ENTRIES))


def test_appending_nothing_keeps_the_number(journal: Journal) -> None:
    journal.append("readings", b"one")
    assert journal.append_many([]) == 1


def test_entries_survive_reopening(tmp_path: Path) -> None:
    with closing(Journal(tmp_path)) as journal:
        journal.append("readings", b"one")
    with closing(Journal(tmp_path)) as journal:
        assert journal.append("readings", b"two") == 2
        assert [payload for _, _, payload in journal.since(0)] == [b"one", b"two"]


def test_what_append_has_returned_survives_a_killed_process(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from warnstream.adapters.store import Journal\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "for n in range(20): journal.append('readings', str(n).encode())\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False, timeout=60)
    assert killed.returncode == -9
    with closing(Journal(tmp_path)) as journal:
        assert [int(payload) for _, _, payload in journal.since(0)] == list(range(20))


def test_a_second_node_on_the_same_folder_is_told_so(tmp_path: Path, journal: Journal) -> None:
    with pytest.raises(StoreError, match=r"another node \(process \d+\) uses this storage") as caught:
        Journal(tmp_path)
    assert not caught.value.retryable


def test_the_folder_is_free_again_after_closing(tmp_path: Path) -> None:
    Journal(tmp_path).close()
    Journal(tmp_path).close()


def test_a_journal_of_another_version_is_refused_and_the_folder_left_free(tmp_path: Path) -> None:
    Journal(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as connection:
        connection.execute("PRAGMA user_version = 99")
    for _ in range(2):
        with pytest.raises(StoreError, match="another version of warnstream"):
            Journal(tmp_path)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite3").write_bytes(b"not a database " * 100)
    with pytest.raises(StoreError, match=r"journal\.sqlite3: the file is not a database") as caught:
        Journal(tmp_path)
    assert not caught.value.retryable


def test_a_damaged_entry_is_an_error_that_names_it(tmp_path: Path, journal: Journal) -> None:
    journal.append_many(ENTRIES)
    damage(tmp_path / "journal.sqlite3", "UPDATE entries SET payload = x'00' WHERE sequence = 2")
    with pytest.raises(StoreError, match="entry 2 is damaged"):
        list(journal.since(0))


@pytest.mark.parametrize(("lost", "named"), [(1, "1 to 1"), (2, "2 to 2"), (3, "3 to 3")])
def test_a_missing_entry_is_an_error_wherever_it_was(
    tmp_path: Path, journal: Journal, lost: int, named: str
) -> None:
    journal.append_many(ENTRIES)
    damage(tmp_path / "journal.sqlite3", f"DELETE FROM entries WHERE sequence = {lost}")  # noqa: S608
    with pytest.raises(StoreError, match=f"entries {named} are missing"):
        list(journal.since(0))


def test_the_newest_snapshot_is_found(journal: Journal) -> None:
    journal.append_many(ENTRIES)
    journal.save_snapshot(1, b"old")
    journal.save_snapshot(3, b"new")
    assert journal.latest_snapshot() == (3, b"new")


def test_a_new_journal_has_no_snapshot(journal: Journal) -> None:
    assert journal.latest_snapshot() is None


def test_a_snapshot_of_entries_that_do_not_exist_is_refused(journal: Journal) -> None:
    with pytest.raises(ValueError, match="a journal that ends at 0"):
        journal.save_snapshot(1, b"state")


def test_only_three_snapshots_are_kept(tmp_path: Path, journal: Journal) -> None:
    journal.append_many(ENTRIES * 2)
    for sequence in range(1, 6):
        journal.save_snapshot(sequence, b"state")
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as connection:
        kept = connection.execute("SELECT sequence FROM snapshots ORDER BY sequence").fetchall()
    assert kept == [(3,), (4,), (5,)]


def test_a_damaged_snapshot_falls_back_to_the_one_before(tmp_path: Path, journal: Journal) -> None:
    journal.append_many(ENTRIES)
    journal.save_snapshot(1, b"old")
    journal.save_snapshot(3, b"new")
    damage(tmp_path / "journal.sqlite3", "UPDATE snapshots SET payload = x'6e65' WHERE sequence = 3")
    assert journal.latest_snapshot() == (1, b"old")


def test_the_entries_since_the_oldest_snapshot_outlive_pruning(journal: Journal) -> None:
    journal.append_many(ENTRIES * 2)
    for sequence in (2, 4, 6):
        journal.save_snapshot(sequence, b"state")
    assert journal.prune() == 2
    assert [sequence for sequence, _, _ in journal.since(2)] == [3, 4, 5, 6]


def test_without_a_snapshot_nothing_is_pruned(journal: Journal) -> None:
    journal.append_many(ENTRIES)
    assert journal.prune(older_than_s=0) == 0


def test_young_entries_are_not_pruned(tmp_path: Path) -> None:
    now = [1_000.0]
    with closing(Journal(tmp_path, clock=lambda: now[0])) as journal:
        journal.append_many(ENTRIES)
        now[0] = 1_100.0
        journal.append_many(ENTRIES)
        journal.save_snapshot(6, b"state")
        assert journal.prune(older_than_s=50) == 3


def test_entries_from_a_number_on_are_not_pruned(journal: Journal) -> None:
    journal.append_many(ENTRIES)
    journal.save_snapshot(3, b"state")
    assert journal.prune(keep_from_sequence=2) == 1


def test_a_clock_that_went_back_leaves_no_hole(tmp_path: Path) -> None:
    times = iter([100.0, 500.0, 100.0, 1_000.0, 1_000.0])
    with closing(Journal(tmp_path, clock=lambda: next(times))) as journal:
        for _, payload in ENTRIES:
            journal.append("readings", payload)
        journal.save_snapshot(3, b"state")
        assert journal.prune(older_than_s=600) == 1
        assert [sequence for sequence, _, _ in journal.since(1)] == [2, 3]


def test_pruning_does_not_give_a_number_twice(journal: Journal) -> None:
    journal.append_many(ENTRIES)
    journal.save_snapshot(3, b"state")
    journal.prune()
    assert journal.append("readings", b"next") == 4


def test_replaying_pruned_entries_is_an_error(journal: Journal) -> None:
    journal.append_many(ENTRIES)
    journal.save_snapshot(3, b"state")
    journal.prune()
    with pytest.raises(StoreError, match="entries 1 to 3 are missing"):
        list(journal.since(0))


def test_a_full_disk_is_retryable_and_keeps_nothing_of_the_batch(journal: Journal) -> None:
    journal.append("readings", b"before")
    fill_disk(journal._database.connection)
    with pytest.raises(StoreError, match="the disk is full") as caught:
        journal.append_many([("readings", b"x" * 100_000)] * 5)
    assert caught.value.retryable
    assert [payload for _, _, payload in journal.since(0)] == [b"before"]


def test_appending_works_again_once_the_disk_has_room(journal: Journal) -> None:
    fill_disk(journal._database.connection)
    with pytest.raises(StoreError):
        journal.append("readings", b"x" * 100_000)
    journal._database.connection.execute("PRAGMA max_page_count = 1000000")
    assert journal.append("readings", b"x" * 100_000) == 1


def test_two_threads_append_without_loss(journal: Journal) -> None:
    def append_many() -> None:
        for _ in range(50):
            journal.append("readings", b"x")

    threads = [threading.Thread(target=append_many) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [sequence for sequence, _, _ in journal.since(0)] == list(range(1, 101))


def test_reading_goes_on_while_another_thread_appends(journal: Journal) -> None:
    journal.append_many(ENTRIES * PAGE_ENTRIES)
    entries = journal.since(0)
    next(entries)
    thread = threading.Thread(target=journal.append, args=("readings", b"meanwhile"))
    thread.start()
    thread.join()
    assert sum(1 for _ in entries) == 3 * PAGE_ENTRIES


def test_connections_of_ended_threads_are_closed(journal: Journal) -> None:
    for _ in range(20):
        thread = threading.Thread(target=journal.append, args=("readings", b"x"))
        thread.start()
        thread.join()
    assert len(journal._database._connections) <= 2


def test_a_closed_journal_says_so(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.close()
    with pytest.raises(StoreError, match="already closed"):
        journal.append("readings", b"late")


def refusal(payload: bytes, reason: RefusalReason = RefusalReason.NOT_JSON) -> Refusal:
    return Refusal(reason, "expected a JSON object", "ws/c/rain/S1/obs", payload)


def test_refusals_are_kept_with_reason_topic_and_payload(tmp_path: Path) -> None:
    with closing(RefusedStore(tmp_path, 10)) as store:
        store.keep([refusal(b"{")], 1_000.0, entry=1)
        (row,) = store.recent(5)
    assert row == RefusedRow(
        1, 1_000.0, "not_json", "expected a JSON object", "ws/c/rain/S1/obs", b"{", 1, None
    )


def test_the_oldest_refusals_make_room_and_are_counted(tmp_path: Path) -> None:
    with closing(RefusedStore(tmp_path, 3)) as store:
        for n in range(5):
            store.keep([refusal(str(n).encode())], 0.0, entry=n + 1)
        assert [row.payload for row in store.recent(10)] == [b"4", b"3", b"2"]
        assert store.dropped() == 2


def test_refusals_are_counted_by_reason_over_restarts(tmp_path: Path) -> None:
    for entry in (1, 2):
        with closing(RefusedStore(tmp_path, 1)) as store:
            store.keep([refusal(b""), refusal(b"", RefusalReason.BAD_TIME)], 0.0, entry)
    with closing(RefusedStore(tmp_path, 1)) as store:
        assert store.counts() == {"not_json": 2, "bad_time": 2}


def test_refusals_of_an_entry_that_is_replayed_are_kept_once(tmp_path: Path) -> None:
    with closing(RefusedStore(tmp_path, 10)) as store:
        for entry in (1, 2, 1, 2, 3):
            store.keep([refusal(str(entry).encode())], 0.0, entry)
        assert [row.payload for row in store.recent(10)] == [b"3", b"2", b"1"]


def test_refusals_are_found_by_reason_and_marked_when_sent_again(tmp_path: Path) -> None:
    with closing(RefusedStore(tmp_path, 10)) as store:
        store.keep([refusal(b"{"), refusal(b"[]", RefusalReason.BAD_TIME)], 0.0, entry=1)
        (row,) = store.recent(5, "bad_time")
        store.mark_reinjected([row.number], 77.0)
        assert [one.reinjected_at for one in store.recent(5)] == [77.0, None]
        assert store.dropped() == 0


def test_a_huge_refused_payload_is_cut_and_its_length_kept(tmp_path: Path) -> None:
    with closing(RefusedStore(tmp_path, 3)) as store:
        store.keep([refusal(b"x" * 10_000)], 0.0, entry=1)
        (row,) = store.recent(1)
    assert row.payload == b"x" * REFUSED_PAYLOAD_BYTES_MAX
    assert row.payload_bytes == 10_000


def test_every_thread_s_connection_syncs_each_commit(journal: Journal) -> None:
    """A killed process does not show it, only a power cut would: so the setting itself is checked."""
    found: list[tuple[object, object]] = []

    def look() -> None:
        connection = journal._database.connection
        synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
        found.append((synchronous, connection.execute("PRAGMA journal_mode").fetchone()[0]))

    look()
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [(2, "wal"), (2, "wal")]
