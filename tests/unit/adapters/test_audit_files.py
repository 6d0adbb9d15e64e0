"""The files of an audit, and what a check of them finds."""

import hashlib
import json
import stat
from contextlib import closing
from pathlib import Path

import pytest

from warnstream.adapters.audit.files import FOLDER, AuditEntry, AuditFiles, read_head, year_files
from warnstream.adapters.audit.lines import GENESIS, AuditFact
from warnstream.adapters.audit.verify import verify
from warnstream.model.errors import StoreError
from warnstream.model.times import parse_iso

KEEP_S = 3_653 * 86_400
JUNE = parse_iso("2026-06-18T14:00:00Z")
YEAR_S = 365 * 86_400


def fact(n: int, text: str = "暴雨") -> AuditFact:
    return AuditFact("warning", {"identifier": f"ws.{n}", "text": text})


def taken(entry: int, n_facts: int = 1, at_s: int = JUNE) -> AuditEntry:
    return AuditEntry(entry, at_s + entry, [fact(n) for n in range(n_facts)])


def written(directory: Path, *entries: AuditEntry, keep_s: int = KEEP_S) -> Path:
    """An audit of these entries, closed as at a stop; its newest file."""
    with closing(AuditFiles(directory, keep_s)) as files:
        for entry in entries:
            files.append([entry])
            files.followed = entry.entry
        files.write_head()
    return year_files(directory / FOLDER)[-1]


def faults(directory: Path, noted: str = "") -> list[str]:
    return [str(fault) for fault in verify(directory / FOLDER, noted).faults]


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def test_a_stranger_can_check_the_chain_with_a_json_parser_and_sha256(tmp_path: Path) -> None:
    path = written(tmp_path, taken(3, 2), taken(7), taken(9, 3))
    previous = GENESIS
    for raw in lines(path):
        body, told = raw.rstrip(b"\n")[:-1].rsplit(b',"hash":', 1)
        assert json.loads(told) == hashlib.sha256(body + b"}").hexdigest()
        assert json.loads(raw)["previous"] == previous
        previous = json.loads(told)
    said = [(json.loads(raw)["entry"], json.loads(raw)["part"], json.loads(raw)["of"]) for raw in lines(path)]
    assert said == [(3, 0, 2), (3, 1, 2), (7, 0, 1), (9, 0, 3), (9, 1, 3), (9, 2, 3)]
    assert json.loads(lines(path)[0])["time"] == "2026-06-18T14:00:03Z"
    found = verify(tmp_path / FOLDER)
    assert (found.n_lines, found.n_files, found.faults, found.head) == (6, 1, [], previous)


def test_files_are_for_the_nodes_user_alone(tmp_path: Path) -> None:
    path = written(tmp_path, taken(1))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / FOLDER / "head.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / FOLDER).stat().st_mode) == 0o700


def test_a_changed_line_is_named_by_file_and_line(tmp_path: Path) -> None:
    path = written(tmp_path, taken(1), taken(2), taken(3))
    path.write_bytes(path.read_bytes().replace(b'"entry":2', b'"entry":4'))
    assert faults(tmp_path) == ["2026.jsonl:2: the line is not what was written: its hash is another"]


def test_a_line_that_was_taken_out_is_found_where_it_is_missing(tmp_path: Path) -> None:
    path = written(tmp_path, taken(1), taken(2), taken(3))
    first, _, last = lines(path)
    path.write_bytes(first + last)
    assert len(faults(tmp_path)) == 1
    assert faults(tmp_path)[0].startswith("2026.jsonl:2: it does not follow the line before it")


def test_lines_that_were_exchanged_are_found(tmp_path: Path) -> None:
    path = written(tmp_path, taken(1), taken(2), taken(3))
    first, second, third = lines(path)
    path.write_bytes(first + third + second)
    assert faults(tmp_path)


def test_lines_cut_off_at_the_end_are_found_by_the_head(tmp_path: Path) -> None:
    path = written(tmp_path, taken(1), taken(2))
    path.write_bytes(lines(path)[0])
    assert len(faults(tmp_path)) == 1
    assert "lines were cut off or written anew" in faults(tmp_path)[0]


def test_a_chain_written_anew_is_found_by_a_hash_that_was_noted(tmp_path: Path) -> None:
    noted = verify(written(tmp_path / "a", taken(1), taken(2)).parent).head
    written(tmp_path / "b", taken(1), AuditEntry(2, JUNE + 2, [fact(0, "nothing was issued")]))
    assert faults(tmp_path / "a", noted) == []
    assert faults(tmp_path / "a", noted[:13]) == []
    assert faults(tmp_path / "b") == []
    assert len(faults(tmp_path / "b", noted[:13])) == 1


@pytest.fixture(autouse=True)
def folders(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()


def test_a_new_year_is_a_new_file_that_goes_on_from_the_old_one(tmp_path: Path) -> None:
    written(tmp_path, taken(1), taken(2, at_s=JUNE + YEAR_S))
    old, new = year_files(tmp_path / FOLDER)
    assert (old.name, new.name) == ("2026.jsonl", "2027.jsonl")
    assert json.loads(lines(new)[0])["previous"] == json.loads(lines(old)[-1])["hash"]
    assert faults(tmp_path) == []
    old.unlink()
    assert faults(tmp_path) == ["2027.jsonl:1: it goes on from a line of an older file, which is missing"]


def test_a_clock_that_goes_back_over_new_year_opens_no_old_file(tmp_path: Path) -> None:
    with closing(AuditFiles(tmp_path, KEEP_S)) as files:
        assert files.append([taken(1), taken(2, at_s=JUNE + YEAR_S), taken(3)]) == 3
    assert [len(lines(path)) for path in year_files(tmp_path / FOLDER)] == [1, 2]
    assert faults(tmp_path) == []


def test_a_file_goes_when_its_time_is_over_and_the_chain_says_so(tmp_path: Path) -> None:
    for year in range(4):
        written(tmp_path, taken(year + 1, at_s=JUNE + year * YEAR_S), keep_s=YEAR_S)
    assert [path.name for path in year_files(tmp_path / FOLDER)] == ["2028.jsonl", "2029.jsonl"]
    assert faults(tmp_path) == []
    assert b'"audit_pruned","content":{"file":"2027.jsonl"' in lines(tmp_path / FOLDER / "2029.jsonl")[1]


def test_a_clock_decades_ahead_costs_one_file_not_the_record(tmp_path: Path) -> None:
    for year in range(3):
        written(tmp_path, taken(year + 1, at_s=JUNE + year * YEAR_S))
    written(tmp_path, taken(9, at_s=JUNE + 50 * YEAR_S))
    names = [path.name for path in year_files(tmp_path / FOLDER)]
    assert names == ["2027.jsonl", "2028.jsonl", "2076.jsonl"]


def test_a_torn_line_is_removed_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path, taken(1), taken(2))
    path.write_bytes(path.read_bytes()[:-5])
    assert faults(tmp_path)[0] == "2026.jsonl:2: the line is not whole"
    with closing(AuditFiles(tmp_path, KEEP_S)) as files:
        assert files.followed == 1
    assert len(lines(path)) == 1
    assert "audit repaired" in caplog.text


def test_an_unreadable_last_line_stays_for_the_check_and_the_chain_goes_on(tmp_path: Path) -> None:
    path = written(tmp_path, taken(1), taken(2))
    path.write_bytes(lines(path)[0] + b"nothing\n")
    with closing(AuditFiles(tmp_path, KEEP_S)) as files:
        assert files.followed == 1
        files.append([taken(2)])
        files.write_head()
    assert faults(tmp_path) == ["2026.jsonl:2: the line does not end in its hash"]


def test_parts_of_an_entry_that_a_crash_left_out_follow_and_no_other(tmp_path: Path) -> None:
    path = written(tmp_path, taken(1), taken(2, 4))
    whole = path.read_bytes()
    path.write_bytes(b"".join(lines(path)[:3]))
    with closing(AuditFiles(tmp_path, KEEP_S)) as files:
        assert files.followed == 1
        assert files.append([taken(2, 4)]) == 2
    assert path.read_bytes() == whole


def test_a_head_that_a_power_cut_emptied_is_passed_over(tmp_path: Path) -> None:
    written(tmp_path, taken(1))
    (tmp_path / FOLDER / "head.json").write_bytes(b"")
    assert read_head(tmp_path / FOLDER) is None
    assert faults(tmp_path) == []


def test_a_file_that_was_taken_away_is_not_written_into_nothing(tmp_path: Path) -> None:
    with closing(AuditFiles(tmp_path, KEEP_S)) as files:
        files.append([taken(1)])
        (path,) = year_files(tmp_path / FOLDER)
        path.replace(tmp_path / "elsewhere")
        with pytest.raises(StoreError, match="no such file"):
            files.append([taken(2)])
