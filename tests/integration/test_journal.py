import errno
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.journal_files import ENTRIES, PAYLOAD, FullDisk, flip, segments, small
from warnstream.adapters.journal import disk
from warnstream.adapters.journal import segments as journal_segments
from warnstream.adapters.journal.extents import find_extent, read_entries
from warnstream.adapters.journal.frames import FRAME_HEADER_BYTES, SEGMENT_HEADER_BYTES
from warnstream.adapters.journal.journal import Journal
from warnstream.model.errors import StoreError


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(small(tmp_path)) as opened:
        yield opened


def numbers(journal: Journal, after: int = 0) -> list[int]:
    return [sequence for sequence, _, _ in journal.since(after)]


def test_entries_come_back_in_order_with_their_numbers(journal: Journal) -> None:
    journal.append_many(ENTRIES)
    assert list(journal.since(0)) == [(1, *ENTRIES[0]), (2, *ENTRIES[1]), (3, *ENTRIES[2])]


def test_only_later_entries_follow_a_sequence_number(journal: Journal) -> None:
    journal.append_many(ENTRIES)
    assert numbers(journal, after=2) == [3]


def test_reading_passes_the_borders_of_segments(tmp_path: Path, journal: Journal) -> None:
    for _ in range(10):
        journal.append("readings", PAYLOAD)
    assert len(segments(tmp_path)) == 4
    assert [numbers(journal, after=n)[0] for n in range(10)] == list(range(1, 11))


def test_appending_nothing_keeps_the_number(journal: Journal) -> None:
    journal.append("readings", b"one")
    assert journal.append_many([]) == 1


def test_entries_survive_reopening(tmp_path: Path) -> None:
    for n in range(1, 8):
        with closing(small(tmp_path)) as journal:
            assert journal.append("readings", PAYLOAD) == n
    with closing(small(tmp_path)) as journal:
        assert numbers(journal) == list(range(1, 8))
        assert journal.repair is None


def test_an_entry_larger_than_a_segment_gets_one_of_its_own(tmp_path: Path, journal: Journal) -> None:
    journal.append("readings", b"x" * 20_000)
    journal.append("readings", b"y")
    assert [len(payload) for _, _, payload in journal.since(0)] == [20_000, 1]
    assert len(segments(tmp_path)) == 2


def test_an_entry_too_large_for_an_empty_segment_takes_its_place(tmp_path: Path) -> None:
    with closing(small(tmp_path)) as journal:
        journal._log.begin_after(0, 0.0)
        journal.append("readings", b"x" * 20_000)
    assert [path.stat().st_size > 20_000 for path in segments(tmp_path)] == [True]


def test_every_append_is_synced_once(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process does not show it, only a power cut would: so the call itself is counted."""
    journal.append("readings", b"first")
    synced: list[int] = []
    monkeypatch.setattr(journal_segments, "sync_data", synced.append)
    journal.append_many(ENTRIES)
    assert synced == [journal._log._descriptor]


def test_a_frame_that_was_written_but_not_synced_is_synced_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed process leaves it in the page cache; the restart counts it, and then a power cut may come."""
    small(tmp_path).close()
    with closing(small(tmp_path)) as journal:
        journal.append("readings", b"text")
    synced: list[int] = []
    monkeypatch.setattr(journal_segments, "sync_data", synced.append)
    with closing(small(tmp_path)) as journal:
        assert synced == [journal._log._descriptor]


def test_what_append_has_returned_survives_a_killed_process(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from warnstream.adapters.journal.journal import Journal\n"
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
        small(tmp_path)
    assert not caught.value.retryable


def test_the_folder_is_free_again_after_closing(tmp_path: Path) -> None:
    small(tmp_path).close()
    small(tmp_path).close()


def test_two_threads_append_without_loss(journal: Journal) -> None:
    def append_many() -> None:
        for _ in range(50):
            journal.append("readings", b"x")

    threads = [threading.Thread(target=append_many) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers(journal) == list(range(1, 101))


def test_reading_goes_on_while_another_thread_appends(journal: Journal) -> None:
    for _ in range(20):
        journal.append("readings", PAYLOAD)
    entries = journal.since(0)
    next(entries)
    thread = threading.Thread(target=journal.append, args=("readings", b"meanwhile"))
    thread.start()
    thread.join()
    assert sum(1 for _ in entries) == 20


def test_a_closed_journal_says_so(tmp_path: Path) -> None:
    journal = small(tmp_path)
    journal.close()
    with pytest.raises(StoreError, match="already closed"):
        journal.append("readings", b"late")


def test_an_entry_that_no_form_can_hold_is_refused(journal: Journal) -> None:
    with pytest.raises(ValueError, match="a kind of at most 255"):
        journal.append("k" * 256, b"")


# Damage.


def test_a_torn_append_is_removed_at_the_start_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(small(tmp_path)) as journal:
        journal.append_many(ENTRIES)
        end = journal._log.extent().end
    with segments(tmp_path)[-1].open("r+b") as file:
        file.seek(end)
        file.write(b"wsf1 half a frame")
    with caplog.at_level(logging.WARNING), closing(small(tmp_path)) as journal:
        assert journal.repair is not None
        assert (journal.repair.offset, journal.repair.n_bytes) == (end, 17)
        assert "torn append" in caplog.text
        assert journal.append("readings", b"next") == 4
    with closing(small(tmp_path)) as journal:
        assert journal.repair is None
        assert numbers(journal) == [1, 2, 3, 4]


def test_a_segment_cut_after_its_last_frame_goes_on_in_a_new_one(tmp_path: Path) -> None:
    with closing(small(tmp_path)) as journal:
        journal.append_many(ENTRIES)
        end = journal._log.extent().end
    os.truncate(segments(tmp_path)[-1], end)
    with closing(small(tmp_path)) as journal:
        assert journal.append("readings", b"next") == 4
        assert numbers(journal) == [1, 2, 3, 4]


def test_a_bit_flip_in_the_middle_names_file_offset_and_entry(tmp_path: Path) -> None:
    with closing(small(tmp_path)) as journal:
        for _ in range(3):
            journal.append("readings", b"text")
    frame_bytes = FRAME_HEADER_BYTES + 5 + len(b"readings") + len(b"text")
    offset = SEGMENT_HEADER_BYTES + frame_bytes
    flip(segments(tmp_path)[0], offset + FRAME_HEADER_BYTES + 3)
    with closing(small(tmp_path)) as journal, pytest.raises(StoreError) as caught:
        list(journal.since(0))
    assert str(caught.value) == (
        f"{segments(tmp_path)[0]}: damaged at byte {offset} (checksum): entry 2 cannot be read"
    )
    assert not caught.value.retryable


@pytest.mark.parametrize("offset", [0, 10, 25, 39])
def test_damage_before_the_entries_that_are_needed_does_not_keep_a_node_from_starting(
    tmp_path: Path, offset: int
) -> None:
    with closing(small(tmp_path)) as journal:
        for _ in range(3):
            journal.append("readings", b"text")
        journal.save_snapshot(2, b"state")
    flip(segments(tmp_path)[0], SEGMENT_HEADER_BYTES + offset)
    with closing(small(tmp_path)) as journal:
        assert journal.latest_snapshot() == (2, b"state")
        assert numbers(journal, after=2) == [3]
        with pytest.raises(StoreError, match="entry 1 cannot be read"):
            list(journal.since(0))


def test_damage_in_an_earlier_segment_is_found_when_it_is_read(tmp_path: Path) -> None:
    with closing(small(tmp_path)) as journal:
        for _ in range(5):
            journal.append("readings", PAYLOAD)
    flip(segments(tmp_path)[0], segments(tmp_path)[0].stat().st_size - 1)
    with closing(small(tmp_path)) as journal:
        assert numbers(journal, after=3) == [4, 5]
        with pytest.raises(StoreError, match="entry 3 cannot be read"):
            list(journal.since(0))


def test_a_missing_segment_is_an_error_that_names_its_entries(tmp_path: Path) -> None:
    with closing(small(tmp_path)) as journal:
        for _ in range(10):
            journal.append("readings", PAYLOAD)
    segments(tmp_path)[1].unlink()
    with closing(small(tmp_path)) as journal:
        assert numbers(journal, after=6) == [7, 8, 9, 10]
        with pytest.raises(StoreError, match=r"entries 4 to 6 are missing \(pruned or lost\)"):
            list(journal.since(0))


def test_a_journal_that_ends_before_its_snapshot_is_not_touched(tmp_path: Path) -> None:
    """The last frame was acknowledged: the snapshot holds it. It is damaged, not torn."""
    with closing(small(tmp_path)) as journal:
        for _ in range(2):
            journal.append("readings", b"text")
        journal.save_snapshot(2, b"state")
        end = journal._log.extent().end
    flip(segments(tmp_path)[0], end - 1)
    before = segments(tmp_path)[0].read_bytes()
    for _ in range(2):
        with pytest.raises(StoreError, match="entries 2 to 2 are missing") as caught:
            small(tmp_path)
    assert not caught.value.retryable
    assert segments(tmp_path)[0].read_bytes() == before


def test_a_damaged_header_of_a_segment_is_named(tmp_path: Path) -> None:
    with closing(small(tmp_path)) as journal:
        journal.append_many(ENTRIES)
    flip(segments(tmp_path)[0], 30)
    with pytest.raises(StoreError, match=r"entries-0+1\.wsj: the header is damaged"):
        small(tmp_path)


def test_a_segment_of_another_version_is_refused_and_the_folder_left_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, closing(small(tmp_path)) as journal:
        patch.setattr("warnstream.adapters.journal.frames.SEGMENT_VERSION", 2)
        journal.append_many(ENTRIES)
    for _ in range(2):
        with pytest.raises(StoreError, match="another version of warnstream"):
            small(tmp_path)


def test_frames_of_another_segment_are_not_taken(tmp_path: Path) -> None:
    """A message's payload may look like anything, even like a frame of this journal."""
    with closing(small(tmp_path / "other")) as journal:
        journal.append_many(ENTRIES)
        end = journal._log.extent().end
    frame = segments(tmp_path / "other")[0].read_bytes()[SEGMENT_HEADER_BYTES:end]
    with closing(small(tmp_path)) as journal:
        journal.append("readings", frame)
        end = journal._log.extent().end
    with segments(tmp_path)[0].open("r+b") as file:
        file.seek(end)
        file.write(frame)
    with closing(small(tmp_path)) as journal:
        assert journal.repair is not None
        assert list(journal.since(0)) == [(1, "readings", frame)]


def test_another_process_reads_beside_the_writer_and_changes_nothing(
    tmp_path: Path, journal: Journal
) -> None:
    journal.append_many(ENTRIES)
    path = segments(tmp_path)[-1]
    with path.open("r+b") as file:
        file.seek(journal._log.extent().end)
        file.write(b"wsf1 not complete yet")
    before = path.read_bytes()
    extent = find_extent(tmp_path / "journal")
    assert [sequence for sequence, _, _ in read_entries(extent, 1)] == [1, 2, 3]
    assert path.read_bytes() == before


# A crash between the steps of a roll-over.


class CrashError(BaseException):
    """The process ends here."""


@pytest.mark.parametrize(
    ("step", "nth"),
    [
        ("write_at", 1),
        ("fsync", 1),
        ("write_at", 2),
        ("sync_data", 1),
        ("rename", 1),
        ("sync_directory", 1),
        ("ftruncate", 1),
    ],
)
def test_a_crash_at_any_step_of_a_roll_over_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, nth: int
) -> None:
    journal = small(tmp_path)
    for _ in range(3):
        journal.append("readings", PAYLOAD)
    calls = []

    def crash(*_arguments: object) -> None:
        calls.append(step)
        if len(calls) == nth:
            raise CrashError

    owner = {"rename": Path, "fsync": os, "ftruncate": os}.get(step, journal_segments)
    true_write = disk.write_at

    def write(descriptor: int, data: bytes, offset: int) -> None:
        crash()
        true_write(descriptor, data, offset)

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, write if step == "write_at" else crash)
        with pytest.raises(CrashError):
            journal.append("readings", PAYLOAD)
    os.close(journal._log._descriptor or 0)
    journal._lock.release()
    with closing(small(tmp_path)) as journal:
        assert numbers(journal) == [1, 2, 3]
        assert journal.append("readings", b"after") == 4
        assert numbers(journal) == [1, 2, 3, 4]
    assert not list((tmp_path / "journal").glob("*.new"))


# The next segment, made ready in a thread.

LARGE = b"p" * 200_000
"""Five of it fill a segment of 1 MiB."""


def with_spare(directory: Path) -> Journal:
    return Journal(directory, segment_bytes=1024 * 1024)


def test_the_next_segment_is_ready_before_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(with_spare(tmp_path)) as journal:
        for _ in range(4):
            journal.append("readings", LARGE)
        assert journal._log._spare is not None
        journal._log._spare._thread.join()
        monkeypatch.setattr(journal_segments, "make_zeros", None)  # nobody makes one now
        for _ in range(2):
            journal.append("readings", LARGE)
        assert numbers(journal) == [1, 2, 3, 4, 5, 6]
    assert [path.name[-9:] for path in sorted((tmp_path / "journal").iterdir())] == ["00001.wsj", "00006.wsj"]


def test_a_spare_is_gone_after_closing_and_after_a_crash(tmp_path: Path) -> None:
    with closing(with_spare(tmp_path)) as journal:
        for _ in range(4):
            journal.append("readings", LARGE)
    assert len(list((tmp_path / "journal").iterdir())) == 1
    (tmp_path / "journal" / "spare.new").write_bytes(LARGE)
    with closing(with_spare(tmp_path)) as journal:
        assert len(list((tmp_path / "journal").iterdir())) == 1
        assert numbers(journal) == [1, 2, 3, 4]


def test_a_spare_that_is_too_small_for_an_entry_is_not_used(tmp_path: Path) -> None:
    with closing(with_spare(tmp_path)) as journal:
        for _ in range(4):
            journal.append("readings", LARGE)
        journal.append("readings", LARGE * 10)
        journal.append("readings", b"next")
        assert [len(payload) for _, _, payload in journal.since(4)] == [2_000_000, 4]
    assert len(list((tmp_path / "journal").iterdir())) == 3


def test_a_disk_that_refuses_the_spare_is_told_when_the_segment_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, _n_bytes: int) -> tuple[Path, int]:
        raise OSError(errno.ENOSPC, "No space left on device")

    with closing(with_spare(tmp_path)) as journal:
        with monkeypatch.context() as patch:
            journal.append("readings", LARGE)
            patch.setattr(journal_segments, "make_zeros", refuse)
            for _ in range(4):
                journal.append("readings", LARGE)
            with pytest.raises(StoreError, match="the disk is full"):
                journal.append("readings", LARGE)
        assert journal.append("readings", LARGE) == 6
        assert numbers(journal) == [1, 2, 3, 4, 5, 6]


# A full disk.


def test_a_full_disk_is_retryable_and_keeps_nothing_of_the_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(small(tmp_path)) as journal:
        journal.append("readings", b"before")
        disk = FullDisk(monkeypatch, room_bytes=100)
        for _ in range(3):
            with pytest.raises(StoreError, match="the disk is full") as caught:
                journal.append_many([("readings", PAYLOAD)] * 2)
            assert caught.value.retryable
            assert [payload for _, _, payload in journal.since(0)] == [b"before"]
        disk.is_full = False
    with closing(small(tmp_path)) as journal:
        assert journal.repair is None
        assert [payload for _, _, payload in journal.since(0)] == [b"before"]


def test_a_new_segment_that_finds_no_room_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(small(tmp_path)) as journal:
        for _ in range(3):
            journal.append("readings", PAYLOAD)
        disk = FullDisk(monkeypatch)
        for _ in range(2):
            with pytest.raises(StoreError, match="the disk is full"):
                journal.append("readings", PAYLOAD)
        assert len(list((tmp_path / "journal").iterdir())) == 1
        disk.is_full = False
        assert journal.append("readings", PAYLOAD) == 4
        assert numbers(journal) == [1, 2, 3, 4]


def test_appending_works_again_once_the_disk_has_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(small(tmp_path)) as journal:
        journal.append("readings", b"before")
        disk = FullDisk(monkeypatch, room_bytes=30)
        with pytest.raises(StoreError):
            journal.append("readings", PAYLOAD)
        disk.is_full = False
        assert journal.append("readings", b"after") == 2
        assert [payload for _, _, payload in journal.since(0)] == [b"before", b"after"]


def test_an_append_refused_at_its_sync_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All bytes may be in the file: a restart must not find what nobody was told was kept."""

    def refuse(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with closing(small(tmp_path)) as journal:
        journal.append("readings", b"before")
        true_sync = disk.sync_data
        syncs = iter([refuse])

        def sync_but_once(descriptor: int) -> None:
            next(syncs, true_sync)(descriptor)

        monkeypatch.setattr(journal_segments, "sync_data", sync_but_once)
        with pytest.raises(StoreError):
            journal.append("readings", b"refused")
    with closing(small(tmp_path)) as journal:
        assert [payload for _, _, payload in journal.since(0)] == [b"before"]


def test_what_could_not_be_removed_at_once_is_removed_before_the_next_append(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with closing(small(tmp_path)) as journal:
        journal.append("readings", b"before")
        with monkeypatch.context() as patch:
            patch.setattr(journal_segments, "sync_data", refuse)
            with pytest.raises(StoreError):
                journal.append("readings", PAYLOAD)
        assert journal.append("readings", b"short") == 2
        assert [payload for _, _, payload in journal.since(0)] == [b"before", b"short"]
    with closing(small(tmp_path)) as journal:
        assert journal.repair is None


def test_a_disk_that_fails_is_not_retryable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(small(tmp_path)) as journal:
        journal.append("readings", b"before")
        FullDisk(monkeypatch, code=errno.EIO)
        with pytest.raises(StoreError, match="the disk reported an error") as caught:
            journal.append("readings", b"after")
    assert not caught.value.retryable


# Snapshots.


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
    kept = sorted(int(path.stem.split("-")[1]) for path in (tmp_path / "journal").glob("snapshot-*"))
    assert kept == [3, 4, 5]


@pytest.mark.parametrize("offset", [0, 20, 60, 68])
def test_a_damaged_snapshot_falls_back_to_the_one_before(tmp_path: Path, offset: int) -> None:
    with closing(small(tmp_path)) as journal:
        journal.append_many(ENTRIES)
        journal.save_snapshot(1, b"old")
        journal.save_snapshot(3, b"new")
        newest = max((tmp_path / "journal").glob("snapshot-*"))
        flip(newest, offset)
        assert journal.latest_snapshot() == (1, b"old")
        os.truncate(newest, 10)
        assert journal.latest_snapshot() == (1, b"old")


def test_a_snapshot_that_finds_no_room_leaves_the_earlier_ones(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    journal.append_many(ENTRIES)
    journal.save_snapshot(1, b"old")
    with monkeypatch.context() as patch:
        patch.setattr("warnstream.adapters.journal.snapshots.os.fsync", refuse)
        with pytest.raises(StoreError, match="the disk is full") as caught:
            journal.save_snapshot(3, b"new")
    assert caught.value.retryable
    assert journal.latest_snapshot() == (1, b"old")
    assert not list((tmp_path / "journal").glob("*.new"))


# Retention.


def filled(directory: Path, times: list[float]) -> Journal:
    """One segment of three entries per time."""
    clock = iter([time for time in times for _ in range(3)])
    journal = small(directory, lambda: next(clock, 2_000.0))
    for _ in range(3 * len(times)):
        journal.append("readings", PAYLOAD)
    return journal


def test_near_its_bound_only_the_newest_snapshot_keeps_its_entries(tmp_path: Path) -> None:
    with closing(filled(tmp_path, [2_000] * 5)) as journal:
        for sequence in (3, 6, 15):
            journal.save_snapshot(sequence, b"%d" % sequence)
        before = journal.entries_bytes()
        assert journal.prune_to_newest(before) == 0
        assert journal.prune_to_newest(before // 2) > 0
        assert journal.entries_bytes() <= before // 2
        sequence, _ = journal.latest_snapshot() or (0, b"")
        assert [entry for entry, _, _ in journal.since(sequence)] == []


def test_entries_since_the_oldest_snapshot_outlive_pruning(tmp_path: Path) -> None:
    with closing(filled(tmp_path, [100, 200, 300, 400])) as journal:
        for sequence in (8, 9, 10):
            journal.save_snapshot(sequence, b"state")
        assert journal.prune(older_than_s=0, bytes_max=0) == 6
        assert numbers(journal, after=6) == [7, 8, 9, 10, 11, 12]


def test_without_a_snapshot_nothing_is_pruned(tmp_path: Path) -> None:
    with closing(filled(tmp_path, [100, 200])) as journal:
        assert journal.prune(older_than_s=0, bytes_max=0) == 0


def test_segments_go_when_everything_in_them_is_old(tmp_path: Path) -> None:
    with closing(filled(tmp_path, [100, 1_000, 1_900, 2_000])) as journal:
        journal.save_snapshot(12, b"state")
        # Entries of 100 and of 1,000 are older than 2,000 less 600; the second segment was closed at 1,900.
        assert journal.prune(older_than_s=600) == 3
        assert journal.prune(older_than_s=50) == 3


def test_the_oldest_segments_go_while_all_are_too_large(tmp_path: Path) -> None:
    with closing(filled(tmp_path, [2_000] * 5)) as journal:
        journal.save_snapshot(15, b"state")
        assert journal.prune(older_than_s=10_000, bytes_max=3 * 4096) == 6
        assert journal._log.size_bytes() <= 3 * 4096
        assert numbers(journal, after=6) == list(range(7, 16))


def test_the_newest_segment_always_stays(tmp_path: Path) -> None:
    with closing(filled(tmp_path, [100])) as journal:
        journal.save_snapshot(3, b"state")
        assert journal.prune(older_than_s=0, bytes_max=0) == 0


def test_entries_from_a_number_on_are_not_pruned(tmp_path: Path) -> None:
    with closing(filled(tmp_path, [100, 200, 300])) as journal:
        journal.save_snapshot(9, b"state")
        assert journal.prune(keep_from_sequence=6) == 3


def test_a_clock_that_went_back_deletes_no_younger_entries_and_leaves_no_hole(tmp_path: Path) -> None:
    with closing(filled(tmp_path, [1_900, 100, 1_900])) as journal:
        journal.save_snapshot(9, b"state")
        assert journal.prune(older_than_s=600) == 0
        assert numbers(journal) == list(range(1, 10))


def test_numbers_go_on_after_pruning_and_a_restart(tmp_path: Path) -> None:
    with closing(filled(tmp_path, [100, 200])) as journal:
        journal.save_snapshot(6, b"state")
        journal.prune()
    with closing(small(tmp_path)) as journal:
        assert journal.first_sequence() == 4
        assert journal.append("readings", b"next") == 7
        with pytest.raises(StoreError, match="entries 1 to 3 are missing"):
            list(journal.since(0))
