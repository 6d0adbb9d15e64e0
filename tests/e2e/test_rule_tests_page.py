"""The first test of docs/rule-tests.md: it fails as the page shows, and passes once mended."""

import re
from pathlib import Path

import pytest

from tests.e2e.test_tutorial import FILES
from warnstream.cli import main

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "rule-tests.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)```$", PAGE, re.MULTILINE | re.DOTALL)
SHOWN = re.findall(r"^```text\n(.*?)```$", PAGE, re.MULTILINE | re.DOTALL)[0]
SECONDS = re.compile(r"\(\d+\.\d+ s\)")


@pytest.fixture
def first_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "our-county" / "tests"
    folder.mkdir(parents=True)
    for name, content in FILES.items():
        (folder.parent / name).write_text(content, encoding="utf-8")
    (folder / "flash_flood.yaml").write_text(BLOCKS[0], encoding="utf-8")
    return folder / "flash_flood.yaml"


def test_the_first_test_fails_as_the_page_shows(first_test: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "our-county"]) == 1
    printed = [SECONDS.sub("", line) for line in capsys.readouterr().out.splitlines()]
    shown = [SECONDS.sub("", line) for line in SHOWN.splitlines() if line.strip() != "..."]
    assert [line for line in shown if line not in printed] == []


def test_the_first_test_passes_once_mended(first_test: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mended = BLOCKS[1].splitlines()[1]
    text = first_test.read_text(encoding="utf-8").replace("      R1 rain: 0x3 5x9 0x6", mended)
    assert mended in text
    first_test.write_text(text, encoding="utf-8")
    assert main(["test", "our-county"]) == 0, capsys.readouterr().out


def test_the_other_ways_to_write_readings_are_read(
    first_test: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = BLOCKS[0].replace("    readings:\n      R1 rain: 0x3 5x9 0x6\n", BLOCKS[2] + BLOCKS[3])
    signless = whole[: whole.index("    signs:")] + whole[whole.index("    expect:") :]
    assert "every: 15min" in signless
    first_test.write_text(signless, encoding="utf-8")
    assert main(["test", "our-county"]) in (0, 1)
    printed = capsys.readouterr()
    assert "tests" in printed.out
    assert printed.err == ""
