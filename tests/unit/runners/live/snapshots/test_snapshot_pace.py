"""When snapshots are due: by time, early where a restart would take long, soon where one failed."""

from warnstream.runners.live.snapshots.pace import REPLAY_S_MAX, RETRY_S, SNAPSHOT_REST, SnapshotPace


def test_snapshots_come_by_time() -> None:
    pace = SnapshotPace(600, 100.0)
    pace.worked(5 * REPLAY_S_MAX)
    assert not pace.is_due(699.0), "how long writing takes is not known yet"
    assert pace.is_due(700.0)


def test_a_snapshot_is_early_once_a_restart_would_take_long() -> None:
    pace = SnapshotPace(600, 100.0)
    pace.begin(700.0)
    pace.written(702.0)
    pace.worked(REPLAY_S_MAX - 0.1)
    assert not pace.is_due(900.0)
    pace.worked(0.1)
    assert not pace.is_due(700.0 + SNAPSHOT_REST * 2.0 - 0.1)
    assert pace.is_due(700.0 + SNAPSHOT_REST * 2.0)


def test_a_snapshot_that_failed_is_tried_again_soon_until_one_is_written() -> None:
    pace = SnapshotPace(600, 100.0)
    for begun_s in (700.0, 700.0 + RETRY_S):
        pace.begin(begun_s)
        pace.failed()
        assert not pace.is_due(begun_s + RETRY_S - 1)
        assert pace.is_due(begun_s + RETRY_S)
    pace.begin(900.0)
    pace.written(901.0)
    assert not pace.is_due(1_499.0)
    assert pace.is_due(1_500.0)


def test_where_snapshots_are_frequent_one_that_failed_waits_no_longer_than_the_next() -> None:
    pace = SnapshotPace(10, 100.0)
    pace.begin(110.0)
    pace.failed()
    assert pace.is_due(120.0)


def test_what_was_worked_while_a_snapshot_was_written_counts_for_the_next() -> None:
    pace = SnapshotPace(600, 100.0)
    pace.worked(REPLAY_S_MAX)
    pace.begin(700.0)
    pace.worked(REPLAY_S_MAX)
    pace.written(701.0)
    assert pace.is_due(700.0 + SNAPSHOT_REST), "these entries came after it was copied"


def test_a_snapshot_that_was_given_up_leaves_all_work_to_be_repeated() -> None:
    pace = SnapshotPace(600, 100.0)
    pace.begin(700.0)
    pace.written(701.0)
    pace.worked(REPLAY_S_MAX)
    pace.begin(730.0)
    pace.failed()
    assert pace.is_due(730.0 + SNAPSHOT_REST), "as early as it had been"
