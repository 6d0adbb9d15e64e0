"""A past event as a case: without people, judged again elsewhere to the same bytes, and beside a change."""

import json
import shutil
from pathlib import Path

import pytest

from tests.e2e import told_node as told
from warnstream.cli import main
from warnstream.model.times import iso_utc

STRETCH = f"{iso_utc(told.BEGIN_S)}/{iso_utc(told.END_S)}"


@pytest.fixture(scope="module")
def case(node: told.ToldNode, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cases") / "2026-storm"
    asked = ["review", str(node.directory), STRETCH, "--known-now", "0", "--save-case", str(folder)]
    assert main(asked) == 0
    return folder


@pytest.fixture(scope="module")
def elsewhere(case: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another machine: another place, and nothing of the node."""
    return Path(shutil.copytree(case, tmp_path_factory.mktemp("other") / "theirs"))


def test_a_case_judged_elsewhere_gives_the_same_bytes(
    elsewhere: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["test", str(elsewhere), "--junit", str(tmp_path / "case.xml")]) == 0
    assert capsys.readouterr().out.startswith("passed case 2026-storm: ")
    assert 'failures="0"' in (tmp_path / "case.xml").read_text("utf-8")
    manifest = json.loads((elsewhere / "case.json").read_text("utf-8"))
    warnings = (elsewhere / "expected" / "warnings.jsonl").read_text("utf-8").splitlines()
    assert manifest["schema"] == "warnstream-case/1"
    assert len(warnings) > 100
    assert manifest["bundle"] == 1


def test_nobody_s_name_phone_or_address_is_in_a_case(case: Path, node: told.ToldNode) -> None:
    network = node.configuration.network
    addresses = {*network.households.address, *(post.address for post in network.chain)}
    addresses -= {*network.households.code, *(post.post for post in network.chain)}
    assert len(addresses) > 10, "phones"
    names = {officer.name for officer in node.configuration.operators}
    everything = b"\n".join(path.read_bytes() for path in case.rglob("*") if path.is_file())
    found = [text for text in (*addresses, *names) if text.encode() in everything]
    assert found == []
    assert "terminal" in (case / "configuration" / "channels.yaml").read_text("utf-8")


def test_another_outcome_is_told_by_file_and_line(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from warnstream.model.rules import rules

    judged = rules.HazardRule.defined
    monkeypatch.setattr(
        rules.HazardRule, "defined", lambda self, n: judged(self, n) & (self.name != "flash_flood")
    )
    assert main(["test", str(case)]) == 1
    out = capsys.readouterr().out
    assert out.startswith("FAILED case 2026-storm")
    assert ": wanted " in out
    assert " more lines" in out


def test_a_case_that_was_touched_is_refused(
    elsewhere: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    touched = Path(shutil.copytree(elsewhere, tmp_path / "touched"))
    thresholds = touched / "configuration" / "thresholds.yaml"
    thresholds.write_text(thresholds.read_text("utf-8") + "\n", "utf-8")
    (touched / "readings.parquet").unlink()
    assert main(["test", str(touched)]) == 1
    err = " ".join(capsys.readouterr().err.split())
    assert "thresholds.yaml: is not what was saved" in err
    assert "readings.parquet: No such file" in err


def test_a_change_is_compared_with_what_ran_then(
    elsewhere: Path, node: told.ToldNode, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = Path(shutil.copytree(node.directory, tmp_path / "new", ignore=shutil.ignore_patterns("data*")))
    path = changed / "thresholds.yaml"
    text = path.read_text("utf-8")
    blue = "level: blue, duration: 12h, rain_mm: 50}"
    assert blue in text
    path.write_text(text.replace(blue, blue.replace("50", "20")), "utf-8")
    asked = ["compare", str(changed), "--case", str(elsewhere), "--jobs", "1", "--out", str(tmp_path / "out")]
    assert main([*asked, "--fail-if", "earlier.blue > 0"]) == 3
    record = json.loads((tmp_path / "out" / "2026-storm" / "compare.json").read_text("utf-8"))
    (one,) = record["comparisons"]
    assert record["old"]["name"] == "case 2026-storm"
    assert sum(row["earlier"] for row in one["rows"]) > 0
    capsys.readouterr()


def test_the_bundles_of_the_node_are_compared_with_what_ran_then(
    elsewhere: Path, node: told.ToldNode, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["compare", "1", "--storage", str(node.storage), "--case", str(elsewhere), "--jobs", "1"]
    assert main([*asked, "--out", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "2026-storm" / "compare.json").read_text("utf-8"))
    assert {row["same"] > 0 for row in record["comparisons"][0]["rows"]} == {True}
    assert record["comparisons"][0]["changed"] == []
    capsys.readouterr()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "expected either --archive FILE... or --case DIR..."),
        (["--case", "nowhere"], "nowhere/case.json: No such file"),
    ],
)
def test_what_is_no_case_is_named(
    options: list[str], said: str, node: told.ToldNode, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(node.directory), *options]) == 1
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_case_is_never_written_over(
    case: Path, node: told.ToldNode, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["review", str(node.directory), STRETCH, "--known-now", "0", "--save-case", str(case)]
    assert main(asked) == 1
    assert "is there already" in " ".join(capsys.readouterr().err.split())
    assert main([*asked, "--with-names"]) == 1
    assert "a case has no names" in " ".join(capsys.readouterr().err.split())
