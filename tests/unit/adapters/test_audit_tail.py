"""The newest lines of an audit, read backwards."""

from pathlib import Path

import msgspec
import pytest

from warnstream.adapters.audit import tail
from warnstream.adapters.audit.lines import GENESIS, Line, seal
from warnstream.adapters.audit.tail import newest_lines


def write(path: Path, *lines: Line, rest: bytes = b"") -> None:
    path.write_bytes(b"".join(seal(line)[0] for line in lines) + rest)


def line(entry: int, kind: str = "order", **content: object) -> Line:
    return Line(GENESIS, entry, 0, 1, "2026-06-18T08:00:00Z", kind, content)


def entries(folder: Path, limit: int = 10, after: int = 0) -> tuple[list[int], bool]:
    found = newest_lines(
        folder, ("order", "help_closed"), lambda one: one.content.get("by") != "x", limit, after
    )
    return [line.entry for line in found.lines], found.is_whole


def test_lines_come_newest_first_over_the_years(tmp_path: Path) -> None:
    assert entries(tmp_path) == ([], True)
    write(tmp_path / "2025.jsonl", line(1), line(2, "warning"))
    write(tmp_path / "2026.jsonl", line(3, by="x"), line(4, "help_closed"), line(5), rest=b'{"entry":6')
    assert entries(tmp_path) == ([5, 4, 1], True)
    assert entries(tmp_path, limit=2) == ([5, 4], False)
    assert entries(tmp_path, after=1) == ([5, 4], True)
    assert entries(tmp_path, after=5) == ([], True)


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "2026.jsonl"
    write(path, line(1), rest=b'{"kind":"order", broken\n\xff"kind":"order"\n\n' + seal(line(2))[0])
    assert entries(tmp_path) == ([2, 1], True)
    (tmp_path / "2027.jsonl").touch()
    assert entries(tmp_path) == ([2, 1], True)


def test_nobody_looks_back_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "2026.jsonl", *(line(number) for number in range(1, 40)))
    size = len(msgspec.json.encode(line(1)))
    monkeypatch.setattr(tail, "LOOKED_BYTES_MAX", 10 * size)
    found, is_whole = entries(tmp_path, limit=100)
    assert not is_whole
    assert 0 < len(found) < 12
    assert found[0] == 39
