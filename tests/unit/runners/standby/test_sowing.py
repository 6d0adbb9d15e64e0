"""A state that is received goes nowhere but where it belongs."""

from pathlib import Path

import pytest

from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.standby.connection import Connection
from warnstream.adapters.standby.frames import ProtocolError
from warnstream.adapters.standby.messages import AnyMessage, Confirm, Entries, Part, Sowing
from warnstream.model.errors import StoreError
from warnstream.runners.standby.sowing import clear_unfinished, plant, put_aside, take_sown
from warnstream.runners.standby.tail import TAIL, keep_tail

STATE = (7).to_bytes(8, "big") + b"state"


class Said(Connection):
    """A connection on which everything has been said already."""

    def __init__(self, *said: AnyMessage) -> None:
        self._said = list(said)

    def receive(self) -> AnyMessage:
        if not self._said:
            raise ConnectionResetError("gone")
        return self._said.pop(0)


def test_a_state_is_taken_in_parts_and_planted(tmp_path: Path) -> None:
    beat = Entries(1, 0, 1, [])
    said = Said(Part(STATE[:3]), beat, Part(STATE[3:]), Part(b"rows"))
    folder = take_sown(said, Sowing(7, [("state", len(STATE)), ("outbox.sqlite3", 4)]), tmp_path)
    (tmp_path / "outbox.sqlite3").write_bytes(b"old")
    aside = plant(folder, 7, tmp_path, 65_536)
    assert aside is not None
    assert (aside / "outbox.sqlite3").read_bytes() == b"old"
    assert (tmp_path / "outbox.sqlite3").read_bytes() == b"rows"
    journal = Journal(tmp_path, segment_bytes=65_536)
    try:
        assert (journal.first_sequence(), journal.last_sequence()) == (8, 7)
        assert journal.latest_snapshot() == (7, b"state")
        assert journal.append("tick", b"") == 8
    finally:
        journal.close()
    assert not folder.exists()


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/etc/passwd",
        "ledger/../../x",
        "",
        "node.lock",
        "journal/entries-1.wsj",
        "a\x00b",
        "standby.json",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ProtocolError):
        take_sown(Said(Part(b"x")), Sowing(7, [(name, 1)]), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("said", [Part(b"too long"), Part(b""), Confirm(1)])
def test_what_was_not_announced_is_refused(tmp_path: Path, said: AnyMessage) -> None:
    with pytest.raises(ProtocolError):
        take_sown(Said(said), Sowing(7, [("state", 2)]), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_line_that_breaks_leaves_what_there_was(tmp_path: Path) -> None:
    (tmp_path / "outbox.sqlite3").write_bytes(b"old")
    with pytest.raises(ConnectionError):
        take_sown(Said(Part(b"x")), Sowing(7, [("state", 9)]), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["outbox.sqlite3"]


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="files"):
        take_sown(Said(), Sowing(7, [("state", 0)] * 100_001), tmp_path)


def test_a_tail_is_kept_and_told(tmp_path: Path) -> None:
    journal = Journal(tmp_path, segment_bytes=65_536)
    journal.append_many([("tick", bytes([n])) for n in range(5)])
    journal.close()
    said = keep_tail(tmp_path, 3)
    assert said.startswith("2 entries of this box that the other one never had (2 tick) are kept in ")
    (aside,) = (tmp_path / "aside").iterdir()
    assert len((aside / TAIL).read_text("utf-8").splitlines()) == 2
    assert not (tmp_path / "journal").exists()


def test_a_log_without_a_tail_is_told_as_such(tmp_path: Path) -> None:
    journal = Journal(tmp_path, segment_bytes=65_536)
    journal.append("tick", b"")
    journal.close()
    assert "the other one has all of it" in keep_tail(tmp_path, 1)
    assert keep_tail(tmp_path, 1) == ""
    assert put_aside(tmp_path) is None


def sown(directory: Path) -> Path:
    said = Said(Part(STATE), Part(b"rows"), Part(b"ledger"))
    files = [("state", len(STATE)), ("outbox.sqlite3", 4), ("ledger/x", 6)]
    return take_sown(said, Sowing(7, files), directory)


@pytest.mark.parametrize("at", ["SegmentLog", "SnapshotFiles"])
def test_a_crash_while_a_state_is_planted_leaves_no_log_that_has_forgotten_its_past(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """Without a journal the box has nothing yet, and is sent all of it again."""

    class Killed(BaseException):
        """The process has ended there."""

    def die(*_arguments: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(f"warnstream.adapters.journal.sown.{at}", die)
        with pytest.raises(Killed):
            plant(sown(tmp_path), 7, tmp_path, 65_536)
    assert not (tmp_path / "journal").exists()
    clear_unfinished(tmp_path)
    plant(sown(tmp_path), 7, tmp_path, 65_536)
    journal = Journal(tmp_path, segment_bytes=65_536)
    assert journal.latest_snapshot() == (7, b"state")
    journal.close()
    assert (tmp_path / "ledger" / "x").read_bytes() == b"ledger"
    assert {path.name for path in tmp_path.iterdir()} == {
        "aside",
        "journal",
        "ledger",
        "node.lock",
        "outbox.sqlite3",
    }


def test_states_that_a_crash_left_half_received_are_deleted(tmp_path: Path) -> None:
    for name in ("sown-1", "sowing-2"):
        (tmp_path / name / "ledger").mkdir(parents=True)
    (tmp_path / "outbox.sqlite3").write_bytes(b"rows")
    clear_unfinished(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["outbox.sqlite3"]


def test_a_state_for_which_the_disk_has_no_room_is_not_begun(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="MB are free"):
        take_sown(Said(Part(b"x")), Sowing(7, [("state", 1 << 60)]), tmp_path)
    assert list(tmp_path.iterdir()) == []
