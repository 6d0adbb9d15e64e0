"""``warnstream import``: one table of an office over the folder's own, by code."""

import shutil
from pathlib import Path

import pytest

from tests.unit.rule_tests.county import write_county
from warnstream.cli import main
from warnstream.config.load import load_configuration

STATIONS = """\
站码,站名,东经,北纬,高程(m),站类,上报间隔(分钟),区县
"""


@pytest.fixture
def county(tmp_path: Path) -> Path:
    (tmp_path / "county").mkdir()
    write_county(tmp_path / "county")
    return tmp_path / "county"


def rows_of(county: Path) -> list[str]:
    return (county / "stations.csv").read_text("utf-8").splitlines()


def table(county: Path, *changes: tuple[str, str]) -> Path:
    """The folder's stations as an office would send them, changed."""
    text = (county / "stations.csv").read_text("utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path = county.parent / "stations-new.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_added_changed_and_missing_is_shown_and_nothing_is_written(
    county: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = rows_of(county)
    last = before[-1].split(",")
    more = ",".join(["R9", *last[1:]])
    new = table(county, (before[1], before[1].replace(",300,", ",600,")), (before[2], more))
    assert main(["import", str(county), str(new)]) == 0
    out = capsys.readouterr().out
    first, second = before[1].split(",")[0], before[2].split(",")[0]
    assert "stations: 1 added (R9)" in out
    assert f"  {first}: interval_s 300 -> 600" in out
    assert f"stations: 1 not in the file, stay ({second})" in out
    assert "nothing is written without --write" in out
    assert rows_of(county) == before


def test_written_it_is_the_folders_table_and_what_the_file_lacks_stays(
    county: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = rows_of(county)
    codes = [row.split(",")[0] for row in before[1:]]
    new = county.parent / "intervals.csv"
    where = [row.split(",")[1:3] for row in before[1:]]
    lines = [f"{code},{y},{x},10" for code, (y, x) in zip(codes, where, strict=True)]
    new.write_text("站码,北纬,东经,上报间隔(分钟)\n" + "\n".join(lines[:1]) + "\n", encoding="utf-8")
    fixed = ["--set", "stations.variables=rain", "--set", "stations.county=County"]
    assert main(["import", str(county), str(new), *fixed, "--write"]) == 0
    stations = load_configuration(county).network.stations
    assert stations.code == tuple(codes)
    assert stations.interval_s[0] == 600
    assert [row.split(",")[0] for row in rows_of(county)[1:]] == codes
    assert "warnstream reload" in capsys.readouterr().out
    assert sorted(path.name for path in county.iterdir() if path.name.startswith(".")) == []


def test_rows_are_taken_out_only_when_asked_and_only_if_the_folder_passes(
    county: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = rows_of(county)
    new = county.parent / "one.csv"
    new.write_text("\n".join(before[:2]) + "\n", encoding="utf-8")
    assert main(["import", str(county), str(new), "--remove"]) == 1
    status = main(["import", str(county), str(new), "--write", "--remove"])
    out = capsys.readouterr()
    assert "removed (" in out.out
    if status == 0:
        assert len(rows_of(county)) == 2
    else:
        assert rows_of(county) == before


def test_a_fault_is_named_where_it_stands_in_the_sheet_and_nothing_is_written(
    county: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = rows_of(county)
    code, latitude = before[1].split(",")[:2]
    new = table(county, (f"{code},{latitude}", f"{code},north"), (before[2], before[2] + "\n" + before[2]))
    assert main(["import", str(county), str(new), "--write"]) == 2
    err = " ".join(capsys.readouterr().err.split())
    assert "stands here 2 times" in err
    assert rows_of(county) == before
    new = table(county, (f"{code},{latitude}", f"{code},north"))
    assert main(["import", str(county), str(new), "--write"]) == 2
    assert "row 2, column B (latitude): expected a number, got 'north'" in " ".join(
        capsys.readouterr().err.split()
    )
    assert rows_of(county) == before


def test_addresses_are_compared_and_never_shown(county: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (county / "households.csv").read_text("utf-8").splitlines()
    address = lines[1].split(",")[3]
    new = county.parent / "households-new.csv"
    new.write_text("\n".join([lines[0], lines[1][: -len(address)] + "secret-7", *lines[2:]]) + "\n", "utf-8")
    assert main(["import", str(county), str(new), "--write"]) == 0
    out = capsys.readouterr().out
    assert f"  {lines[1].split(',')[0]}: address changed" in out
    assert "secret-7" not in out
    assert "secret-7" in (county / "households.csv").read_text("utf-8")
    assert main(["import", str(county), str(new), "--write"]) == 0
    assert "households.csv stays as it is" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"),
    [("a,b\n1,2\n", "expected one table, found none of the 1 sheets"), ("", "")],
)
def test_a_file_that_is_no_table_is_refused(
    county: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = county.parent / "other.csv"
    path.write_text(text, encoding="utf-8")
    assert main(["import", str(county), str(path)]) in {1, 2}
    assert said in " ".join(capsys.readouterr().err.split())


def test_rows_without_codes_are_not_guessed(county: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(shutil.copy(county / "households.csv", county.parent / "doors.csv"))
    head, *rows = path.read_text("utf-8").splitlines()
    path.write_text(
        "\n".join([head.partition(",")[2], *(row.partition(",")[2] for row in rows)]) + "\n", "utf-8"
    )
    assert main(["import", str(county), str(path)]) == 2
    assert "rows are known by it; --map households.household=HEADER" in " ".join(
        capsys.readouterr().err.split()
    )
