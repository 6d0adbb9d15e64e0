"""Logs of drills on the second box: in order, anew where they differ, and a refusing disk is said."""

from pathlib import Path

import pytest

from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.standby.digest import agrees
from warnstream.adapters.standby.frames import ProtocolError
from warnstream.adapters.standby.messages import DrillEntries
from warnstream.runners.drill.entries import BEGUN
from warnstream.runners.standby.drills.shelf import DrillLog, DrillShelf

NAME = "20260618T000000Z-5aa079c85136"
ENTRIES = [(BEGUN, b"a"), ("tick", b"b"), ("tick", b"c")]


def test_what_is_kept_is_the_same_log(tmp_path: Path) -> None:
    shelf = DrillShelf(tmp_path)
    assert shelf.take(DrillEntries(NAME, 1, ENTRIES[:2])) == 2
    assert shelf.take(DrillEntries(NAME, 3, ENTRIES[2:])) == 3
    with pytest.raises(ProtocolError, match="its log ends with 3"):
        shelf.take(DrillEntries(NAME, 5, ENTRIES[2:]))
    with pytest.raises(ProtocolError, match="is called"):
        shelf.take(DrillEntries("../x", 1, ENTRIES))
    shelf.close()
    last, digest = DrillShelf(tmp_path).held().folders[NAME]
    assert last == 3
    assert agrees(DrillLog(tmp_path, NAME), digest, last)
    opened = Journal(tmp_path / "drill" / NAME)  # free for whoever leads now
    assert [(kind, payload) for _, kind, payload in opened.since(0)] == ENTRIES
    opened.close()


def test_a_log_that_is_another_one_begins_anew_with_all_that_rests_on_it(tmp_path: Path) -> None:
    shelf = DrillShelf(tmp_path)
    shelf.take(DrillEntries(NAME, 1, ENTRIES))
    (tmp_path / "drill" / NAME / "outbox.sqlite3").write_bytes(b"of the old log")
    assert shelf.take(DrillEntries(NAME, 1, ENTRIES[:1])) == 1
    assert not (tmp_path / "drill" / NAME / "outbox.sqlite3").exists()
    shelf.close()


def test_a_disk_that_refuses_is_said_and_taken_up_again(tmp_path: Path) -> None:
    shelf = DrillShelf(tmp_path)
    (tmp_path / "drill").write_bytes(b"no folder")
    assert shelf.take(DrillEntries(NAME, 1, ENTRIES)) == 0
    assert "cannot be kept here" in shelf.said()[0]
    (tmp_path / "drill").unlink()
    assert shelf.take(DrillEntries(NAME, 1, ENTRIES)) == 3
    assert shelf.said() == []
    shelf.close()
