import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from warnstream.adapters.refused.reinjections import Choice, RefusedMessage, RefusedRequests
from warnstream.adapters.refused.store import ENTRY_ROWS_MAX, REFUSED_PAYLOAD_BYTES_MAX, RefusedStore
from warnstream.adapters.sqlite import Database
from warnstream.model.observations.refusals import Refusal, RefusalReason


def fill_disk(connection: sqlite3.Connection) -> None:
    """Let the file grow no further, as a full disk does."""
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")


def refusal(payload: bytes, reason: RefusalReason = RefusalReason.NOT_JSON) -> Refusal:
    return Refusal(reason, "expected a JSON object", "ws/c/rain/S1/obs", payload)


def recent(directory: Path, reason: str | None = None) -> list[RefusedMessage]:
    """What the operator's command finds, newest first."""
    with closing(RefusedRequests(directory)) as requests:
        return requests.find(Choice(reason))


def test_refusals_are_kept_with_reason_topic_and_payload(tmp_path: Path) -> None:
    with closing(RefusedStore(tmp_path, 10)) as store:
        store.keep([refusal(b"{")], 1_000.0, entry=1)
        (row,) = recent(tmp_path)
    assert row == RefusedMessage(
        1, 1, 1_000.0, "not_json", "expected a JSON object", "ws/c/rain/S1/obs", b"{", 1, None
    )


def test_the_oldest_refusals_make_room_and_are_counted(tmp_path: Path) -> None:
    with closing(RefusedStore(tmp_path, 3)) as store:
        for n in range(5):
            store.keep([refusal(str(n).encode())], 0.0, entry=n + 1)
        assert [row.payload for row in recent(tmp_path)] == [b"4", b"3", b"2"]
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
        assert [row.payload for row in recent(tmp_path)] == [b"3", b"2", b"1"]


def test_refusals_are_found_by_reason(tmp_path: Path) -> None:
    with closing(RefusedStore(tmp_path, 10)) as store:
        store.keep([refusal(b"{"), refusal(b"[]", RefusalReason.BAD_TIME)], 0.0, entry=1)
        (row,) = recent(tmp_path, "bad_time")
        assert (row.payload, row.reinjected_at) == (b"[]", None)
        assert store.dropped() == 0


def test_a_huge_refused_payload_is_cut_and_its_length_kept(tmp_path: Path) -> None:
    with closing(RefusedStore(tmp_path, 3)) as store:
        store.keep([refusal(b"x" * 10_000)], 0.0, entry=1)
        (row,) = recent(tmp_path)
    assert row.payload == b"x" * REFUSED_PAYLOAD_BYTES_MAX
    assert row.payload_bytes == 10_000


def test_connections_of_ended_threads_are_closed(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "some.sqlite3", "", version=1)) as database:
        for _ in range(20):
            thread = threading.Thread(target=lambda: database.connection.execute("SELECT 1"))
            thread.start()
            thread.join()
        assert len(database._connections) <= 2


def test_every_thread_s_connection_syncs_each_commit(tmp_path: Path) -> None:
    """A killed process does not show it, only a power cut would: so the setting itself is checked."""
    found: list[tuple[object, object]] = []
    with closing(Database(tmp_path / "some.sqlite3", "", version=1)) as database:

        def look() -> None:
            synchronous = database.connection.execute("PRAGMA synchronous").fetchone()[0]
            found.append((synchronous, database.connection.execute("PRAGMA journal_mode").fetchone()[0]))

        look()
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert found == [(2, "wal"), (2, "wal")]


def test_of_one_entry_a_bounded_number_of_each_reason_is_kept_and_all_are_counted(tmp_path: Path) -> None:
    late = [refusal(str(n).encode(), RefusalReason.TOO_LATE) for n in range(3 * ENTRY_ROWS_MAX)]
    with closing(RefusedStore(tmp_path, 100_000)) as store:
        store.keep([refusal(b"{"), *late], 0.0, entry=1)
        assert store.counts() == {"not_json": 1, "too_late": 3 * ENTRY_ROWS_MAX}
        kept = [row.payload for row in recent(tmp_path)]
    assert kept == [row.payload for row in late[: -ENTRY_ROWS_MAX - 1 : -1]] + [b"{"]
