"""The command ``warnstream audit``."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.config.conftest import FILES
from warnstream.adapters.audit.files import FOLDER, AuditEntry, AuditFiles, year_files
from warnstream.adapters.audit.lines import GAP, AuditFact
from warnstream.cli import main
from warnstream.config.load import load_configuration
from warnstream.model.times import parse_iso

JUNE = parse_iso("2026-06-18T14:00:00Z")
FACTS = [
    AuditFact("warning", {"identifier": "ws.V1.storm.x.1", "village": "V1"}),
    AuditFact("bulletin", {"identifier": "ws.V2.x.1", "village": "V2"}),
    AuditFact("digest", {"identifier": "ws.P.x.1", "villages": {"V1": "red"}, "helps": {"h7": "V2"}}),
    AuditFact("order", {"identifier": "o1", "villages": ["V2", "V3"]}),
    AuditFact("help_called", {"message": "ws.V3.x.1", "caller": "H3"}),
    AuditFact("help_closed", {"help": "h7", "person": "wang"}),
    AuditFact("order", {"identifier": "o2", "kind": "cancel", "warning": "ws.V1.storm.x"}),
]


@pytest.fixture
def config_dir(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def county(config_dir: Path) -> Path:
    directory = load_configuration(config_dir).storage.directory
    directory.mkdir(parents=True)
    with closing(AuditFiles(directory, 10**9)) as files:
        files.append([AuditEntry(n, JUNE + 60 * n, [fact]) for n, fact in enumerate(FACTS, start=1)])
        files.write_head()
    return config_dir


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[int]:
    assert main(["audit", "show", *arguments]) == 0
    return [json.loads(line)["entry"] for line in capsys.readouterr().out.splitlines()]


def newest(county: Path) -> Path:
    return year_files(load_configuration(county).storage.directory / FOLDER)[-1]


def test_show_prints_the_lines_as_they_are(county: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "show", str(county)]) == 0
    assert capsys.readouterr().out == newest(county).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("village", "entries"), [("V1", [1, 3, 7]), ("V2", [2, 3, 4, 6]), ("V3", [4, 5]), ("V", []), ("H3", [])]
)
def test_a_village_is_found_in_what_was_issued_ordered_and_asked(
    county: Path, capsys: pytest.CaptureFixture[str], village: str, entries: list[int]
) -> None:
    assert shown(capsys, str(county), "--village", village) == entries


def test_a_call_is_followed_from_before_the_time_that_is_asked_for(
    county: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    since = ("--since", "2026-06-18T14:05:00Z")
    assert shown(capsys, str(county), *since) == [5, 6, 7]
    assert shown(capsys, str(county), *since, "--village", "V2") == [6]


def test_verify_says_what_is_whole_and_where_it_is_not(
    county: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "verify", str(county)]) == 0
    assert capsys.readouterr().out.startswith("whole: 7 lines in 1 files since 2026-06-18T14:01:00Z; head ")
    path = newest(county)
    path.write_bytes(path.read_bytes().replace(b'"o1"', b'"o3"'))
    assert main(["audit", "verify", str(county)]) == 1
    first, last = capsys.readouterr().out.splitlines()
    assert first == "2026.jsonl:4: the line is not what was written: its hash is another"
    assert last.startswith("1 fault(s): 6 lines")


def test_what_the_node_knows_to_be_missing_is_a_note_and_no_fault(
    county: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(AuditFiles(load_configuration(county).storage.directory, 10**9)) as files:
        files.note(AuditFact(GAP, {"from": 8, "to": 9, "text": "entries 8 to 9 were pruned"}), JUNE + 900, 9)
    assert main(["audit", "verify", str(county)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "note: 2026.jsonl:8: entries 8 to 9 were pruned"


def test_a_noted_hash_that_is_gone_is_a_fault_and_a_wrong_one_an_error(
    county: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "verify", str(county), "--noted", "0123456789abc"]) == 1
    assert "no line has the noted hash 0123456789abc" in capsys.readouterr().out
    for noted in ("abc", "x" * 64, "0" * 65):
        assert main(["audit", "verify", str(county), "--noted", noted]) == 1
        assert "expected 13 to 64 hexadecimal digits" in capsys.readouterr().err


@pytest.mark.parametrize("action", ["verify", "show"])
def test_without_an_audit_it_says_so(
    config_dir: Path, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    assert main(["audit", action, str(config_dir)]) == 1
    assert "no node has written an audit there yet" in capsys.readouterr().err
