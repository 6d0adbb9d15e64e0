import pytest

from warnstream.runners.live.replay_progress import TOLD_EVERY_S, ReplayProgress


def test_every_entry_is_told_to_whoever_asks_and_the_log_hears_it_now_and_then(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[str] = []
    now = [0.0]
    progress = ReplayProgress(told.append, lambda: now[0])
    with caplog.at_level("INFO"):
        for number in range(101, 111):
            now[0] += TOLD_EVERY_S / 4
            progress.taken(number, 100, 110)
    assert told[0] == "1 of 10 entries of the journal"
    assert told[-1] == "10 of 10 entries of the journal"
    assert [record.__dict__["entries"] for record in caplog.records] == [4, 8]


def test_a_journal_without_entries_is_no_division_by_nothing() -> None:
    told: list[str] = []
    ReplayProgress(told.append).taken(5, 5, 5)
    assert told == ["0 of 1 entries of the journal"]
