"""The tutorial's files, checked and replayed as the page says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from warnstream.cli import main

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "tutorial.md").read_text(encoding="utf-8")
FILES = dict(
    re.findall(r"^`our-county/([\w.]+)`[^\n]*:\n\n```\w+\n(.*?)```$", PAGE, re.MULTILINE | re.DOTALL)
)
SHOWN = [block.splitlines() for block in re.findall(r"^```text\n(.*?)```$", PAGE, re.MULTILINE | re.DOTALL)]


@pytest.fixture
def county(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "our-county"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def test_the_page_writes_every_file_that_a_county_needs() -> None:
    yamls = {"warnstream.yaml", "channels.yaml", "thresholds.yaml"}
    tables = {"stations.csv", "villages.csv", "households.csv", "chain.csv", "thresholds.csv"}
    assert set(FILES) == yamls | tables | {"storm.py", "publish.py"}


def test_check_says_what_the_page_shows(county: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "our-county"]) == 0
    printed = capsys.readouterr().out
    assert [line for line in SHOWN[0] if line not in printed] == []


def test_the_replay_gives_the_warnings_that_the_page_shows(
    county: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    storm = subprocess.run(
        [sys.executable, "our-county/storm.py"], capture_output=True, text=True, check=True
    )
    Path("storm.csv").write_text(storm.stdout, encoding="utf-8")
    assert main(["replay", "our-county", "storm.csv", "--out", "result"]) == 0
    printed = capsys.readouterr().out
    assert [line for line in SHOWN[1] if line not in printed] == []
    assert Path("result/warnings.jsonl").read_text(encoding="utf-8").count("\n") == 5
