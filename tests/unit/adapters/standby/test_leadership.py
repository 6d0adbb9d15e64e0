"""What a box remembers of who leads."""

from pathlib import Path

import pytest
from msgspec import structs

from warnstream.adapters.standby.leadership import (
    FILE,
    Leadership,
    read_leadership,
    why_not_here,
    write_leadership,
)
from warnstream.adapters.standby.messages import LEADS
from warnstream.model.errors import StoreError

LEADER = Leadership("north", LEADS, 3, "north", "log", [(1, 1), (3, 101)])


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_leadership(tmp_path) is None
    write_leadership(tmp_path, LEADER)
    assert read_leadership(tmp_path) == LEADER
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"box": 3}'])
def test_a_damaged_file_is_told_and_not_taken_for_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(StoreError, match=FILE):
        read_leadership(tmp_path)


@pytest.mark.parametrize(
    ("term", "last", "common"), [(3, 150, 150), (2, 150, 100), (1, 150, 100), (0, 150, 0), (1, 80, 80)]
)
def test_logs_have_in_common_what_lies_before_a_later_leadership(term: int, last: int, common: int) -> None:
    assert LEADER.common_with(term, last) == common


def test_nothing_is_written_by_hand_on_a_box_that_stands_by(tmp_path: Path) -> None:
    assert why_not_here(tmp_path) == ""
    write_leadership(tmp_path, LEADER)
    assert why_not_here(tmp_path) == ""
    write_leadership(tmp_path, structs.replace(LEADER, role="standby", leader="south"))
    assert "south leads" in why_not_here(tmp_path)
