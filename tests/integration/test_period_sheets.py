"""``warnstream sheet monthly`` and ``quarterly``: figures are those of their sources; the unknown is said."""

import csv
import json
import re
import zipfile
from pathlib import Path

import pytest

from tests.unit.rule_tests.county import write_county
from warnstream.cli import main

HEAD = "risk,village,place,hazard,unit,measure,due,found,people,decided_in,closed,closed_by,note\n"


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("county")
    write_county(folder)
    return folder


@pytest.fixture(scope="module")
def archive(county: Path) -> Path:
    """Two days of R1 with a storm on the first, and R2 silent for six hours of it."""
    rows = ["station,observed_at,variable,value"]
    for number in range(2 * 288):
        at_s = 1_781_049_600 + 300 * (number + 1)  # 10 June 2026 08:00 of the local clock
        rows.append(f"R1,{at_s},rain,{4.0 if 100 <= number < 112 else 0.0}")
        if not 100 <= number < 172:
            rows.append(f"R2,{at_s},rain,0.2")
    path = county / "june.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def warnings(county: Path, archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("replayed")
    assert main(["replay", str(county), str(archive), "--out", str(out)]) == 0
    return out / "warnings.jsonl"


def tables(out: Path, kind: str) -> tuple[str, dict[str, list[list[str]]]]:
    """The page, and rows by heading of their table."""
    rows = list(csv.reader((out / f"{kind}.csv").read_text("utf-8")[1:].splitlines()))
    found: dict[str, list[list[str]]] = {}
    for number, row in enumerate(rows):
        is_first = len(row) == 1 and number and not rows[number - 1] and number + 1 < len(rows)
        if is_first and len(rows[number + 1]) > 1:
            end = next((at for at in range(number, len(rows)) if not rows[at]), len(rows))
            found[row[0]] = rows[number + 1 : end]
    return (out / f"{kind}.html").read_text("utf-8"), found


def test_every_figure_of_a_month_is_that_of_its_source(
    county: Path, archive: Path, warnings: Path, tmp_path: Path
) -> None:
    events = tmp_path / "events.csv"
    events.write_text(
        "event,time,latitude,longitude,kind,village\n"
        "hit,2026-06-10T17:00:00+08:00,,,flash flood,001\n"
        "missed,2026-06-20T17:00:00+08:00,,,flash flood,002\n"
        "later,2026-07-20T17:00:00+08:00,,,flash flood,002\n",
        encoding="utf-8",
    )
    (tmp_path / "risks.csv").write_text(
        HEAD
        + "R1,001,bridge,flood,office,clear,2026-06-01,2026-04-01,12,,,,\n"
        + "R2,001,dam,flood,office,mend,2026-05-10,2026-03-01,40,,2026-05-08,Li,\n"
        + "R3,001,slope,slide,office,cut,2026-09-10,2026-07-01,,,,,\n"
        + "R4,002,weir,flood,office,mend,2026-08-10,,,,2026-07-02,Li,\n",
        encoding="utf-8",
    )
    command = ["sheet", "monthly", str(county), "--period", "2026-06", "--archive", str(archive)]
    command += ["--warnings", str(warnings), "--events", str(events), "--risks", str(tmp_path / "risks.csv")]
    out = tmp_path / "out"
    assert main([*command, "--out", str(out), "--author", "李四", "--xlsx", "--language", "zh"]) == 0
    page, found = tables(out, "monthly")
    assert "<script" not in page
    assert not re.search(r"https?://", page)
    assert "本期 720 小时中有记录 48.0 小时（7%）" in page
    assert "没有记录的 672.0 小时雨量不知道，不作无雨" in page
    (columns, east) = found["各乡镇雨量"]
    row = dict(zip(columns[:5], east[:5], strict=True))
    assert row == {
        "乡镇": "East", "雨量站（有记录/共）": "2/2", "观测到": "6%",
        "平均 mm": f"{(48.0 + 504 * 0.2) / 2:.1f}", "最大站 mm": f"{504 * 0.2:.1f}",
    }  # fmt: skip
    assert east[5] == "R2"
    assert east[6:9] == ["48.0", "R1（存疑）", "2026-06-10 17:20"], "the same amount twelve times"
    assert east[9:] == [f"{max(48.0, 0.2 * 288):.1f}", "R2", "2026-06-11"]
    by_gauge = {row[0]: row for row in found["各站（雨量表的依据）"][1:]}
    assert by_gauge["R1"][2:4] == ["48.0", "48.0"]
    assert by_gauge["T1"][1:3] == ["0%", "未知"], "a gauge that nobody heard is not dry"
    silent = {row[0]: row for row in found["失联测站"][1:]}
    assert float(silent["R2"][1]) == pytest.approx(6.0 - 1200 / 3600, abs=0.2)
    assert silent["T1"][3] == "本期从未报数"
    records = [json.loads(line) for line in warnings.read_text("utf-8").splitlines()]
    worst: dict[str, str] = {}
    order = ["none", "blue", "yellow", "orange", "red"]
    for record in records:
        name, level = record["warning"], record["level"]
        worst[name] = max(worst.get(name, "none"), level, key=order.index)
    assert worst, "the storm has warned"
    (flood,) = found["预警：按灾种与最高等级"][1:]
    counts = [str(sum(level == word for level in worst.values())) for word in order[1:]]
    assert flood == ["山洪", *counts, str(len(worst)), "2", str(len(records))]
    scores = [row for row in found["空报、漏报"][1:] if row[1] == "黄色"]
    assert scores == [["山洪", "黄色", "2", "1", "0", "1", "2", "1", "0"]]
    assert [row[0] for row in found["漏报的灾情"][1:]] == ["missed"]
    assert [row[0] for row in found["未结隐患（截至 2026-06-30）"][1:]] == ["R1", "R4"]
    assert [row[-1] for row in found["未结隐患（截至 2026-06-30）"][1:]] == ["29", "0"]
    with zipfile.ZipFile(out / "monthly.xlsx") as book:
        names = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
        assert names[0] == "各乡镇雨量"
        assert len(names) == len(set(names)) == len(found)
        assert "<v>48</v>" in book.read("xl/worksheets/sheet1.xml").decode(), "figures are numbers"


def test_what_nobody_knows_is_said_and_is_no_nought(county: Path, tmp_path: Path) -> None:
    assert main(["sheet", "monthly", str(county), "--period", "2026-06", "--out", str(tmp_path)]) == 0
    page, found = tables(tmp_path, "monthly")
    for said in (
        "雨量、失联与存疑：未知",
        "预警：未知",
        "空报、漏报：没有人评判",
        "没有 risks.csv，未结隐患未知",
        "本节点没有存下本期的演练",
    ):
        assert said in page
    assert list(found) == ["演练"]


def test_a_quarter_has_its_months_and_english_has_the_same_figures(
    county: Path, archive: Path, warnings: Path, tmp_path: Path
) -> None:
    found = {}
    for language in ("zh", "en"):
        command = ["sheet", "quarterly", str(county), "--period", "2026-Q2", "--archive", str(archive)]
        command += ["--warnings", str(warnings), "--language", language, "--out", str(tmp_path / language)]
        assert main(command) == 0
        page, found[language] = tables(tmp_path / language, "quarterly")
        assert ("季度研判一张单 2026-Q2" if language == "zh" else "What the quarter was 2026-Q2") in page
    months = found["en"]["By month"]
    assert [row[0] for row in months[1:]] == ["2026-04", "2026-05", "2026-06"]
    assert months[1][1:3] == ["0.0", "unknown"], "a month without a record has no rain figure"
    assert months[3][1] == "48.0"
    figures = [
        [[cell for cell in row if re.fullmatch(r"[\d./%<>-]+", cell)] for row in rows[1:]]
        for of_language in found.values()
        for rows in of_language.values()
    ]
    half = len(figures) // 2
    assert figures[:half] == figures[half:]


def test_one_township_has_its_own_villages_and_gauges(
    county: Path, archive: Path, warnings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["sheet", "monthly", str(county), "--period", "2026-06", "--archive", str(archive)]
    command += ["--warnings", str(warnings), "--out", str(tmp_path / "out")]
    assert main([*command, "--township", "East"]) == 0
    _, found = tables(tmp_path / "out", "monthly")
    assert [row[0] for row in found["各站（雨量表的依据）"][1:]] == ["R1", "R2"], "T1 speaks for none of them"
    assert main([*command, "--township", "West"]) == 1
    assert "--township 'West': expected one of villages.csv: East" in " ".join(
        capsys.readouterr().err.split()
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["monthly", "--period", "2026-13"], "--period '2026-13': expected a month such as 2026-06"),
        (["quarterly", "--period", "2026-06"], "--period '2026-06': expected a quarter such as 2026-Q2"),
        (["control", "--period", "2026-06"], "--period: expected with monthly, quarterly"),
        (["season", "--events", "x.csv"], "--events: expected with monthly, quarterly"),
        (["monthly", "--archive", "gone.parquet"], "gone.parquet: there is no such file"),
    ],
)
def test_a_wrong_question_is_told(
    county: Path, tmp_path: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kind, *rest = options
    assert main(["sheet", kind, str(county), "--out", str(tmp_path / "out"), *rest]) == 1
    assert said in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()
