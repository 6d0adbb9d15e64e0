"""``warnstream sheet``: the lists of an office from its registers, as pages and as tables."""

import csv
import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from tests.unit.rule_tests.county import write_county
from warnstream.cli import main
from warnstream.commands.sheets.options import KINDS
from warnstream.commands.sheets.registers import season_sheet
from warnstream.commands.sheets.words.say import WORDS, Say
from warnstream.config.load import load_configuration

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
POINTS = """\
point,village,place,post,pump,blue_cm,yellow_cm,orange_cm,red_cm,steps
L2,002,underpass,p1,,,15,27,,
L1,001,market,p2,2 x 200 m3/h,5,10,15,27,close the road; pump
"""
HEAD = "risk,village,place,hazard,unit,measure,due,found,people,decided_in,closed,closed_by,note\n"


@pytest.fixture
def county(tmp_path: Path) -> Path:
    (tmp_path / "county").mkdir()
    write_county(tmp_path / "county")
    return tmp_path / "county"


@pytest.fixture
def risks(county: Path) -> Path:
    village = load_configuration(county).network.villages.code[0]
    rows = [
        f"R1,{village},<老桥>,山洪,水利局,清淤,2026-06-01,2026-04-01,12,县会商 2026-04-02,,,",
        f"R2,{village},后山,滑坡,自然资源局,削坡,2026-07-15,,,,,,",
        f"R3,{village},水库下,山洪,水利局,加固,2026-05-10,2026-03-01,40,,2026-05-08,张三,",
        f"R4,{village},涵洞,内涝,水利局,=HYPERLINK(1),2026-05-20,,,,,,",
    ]
    path = county / "risks.csv"
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def made(county: Path, kind: str, out: Path, *options: str) -> tuple[str, list[list[str]]]:
    """Page, and rows of the table."""
    asked = ["sheet", kind, str(county), "--out", str(out), "--date", "2026-06-20", "--author", "李四"]
    assert main([*asked, *options]) == 0
    page = (out / f"{kind}.html").read_text("utf-8")
    content = (out / f"{kind}.csv").read_text("utf-8")
    assert content.startswith("\ufeff")
    assert "李四" in page
    assert "<script" not in page
    assert not re.search(r"https?://", page)
    return page, list(csv.reader(content[1:].splitlines()))


def test_what_is_overdue_stands_first_and_what_is_closed_last_with_day_and_name(
    county: Path, risks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, rows = made(county, "control", tmp_path / "out")
    codes = [row[0] for row in rows if row and re.fullmatch(r"R\d", row[0])]
    assert codes == ["R4", "R1", "R2", "R3"]
    by_code = {row[0]: row for row in rows if row}
    assert by_code["R1"][-1] == "19"
    assert by_code["R3"][-2:] == ["2026-05-08", "张三"]
    assert by_code["R4"][7] == "'=HYPERLINK(1)", "no spreadsheet runs it"
    assert "&lt;老桥&gt;" in page
    assert "超期 2，在期 1，已销号 1，销号率 25%" in capsys.readouterr().out


def test_each_unit_has_a_letter_of_its_own(county: Path, risks: Path, tmp_path: Path) -> None:
    notices, rows = made(county, "notices", tmp_path / "out")
    assert notices.count("<section>") == 2
    assert [row[0] for row in rows if row and row[0].startswith("R")] == ["R4", "R1", "R2"]
    overdue, rows = made(county, "supervision", tmp_path / "out")
    assert overdue.count("<section>") == 1
    assert [row[0] for row in rows if row and row[0].startswith("R")] == ["R4", "R1"]


def test_without_anything_overdue_the_letter_says_so(county: Path, risks: Path, tmp_path: Path) -> None:
    risks.write_text(HEAD, encoding="utf-8")
    page, _ = made(county, "supervision", tmp_path / "out")
    assert "没有需要发出的" in page


def test_every_fault_of_the_list_is_named_at_once(
    county: Path, risks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["R1,nowhere,p,h,u,m,2026-13-01,,,,,,", "R1,,p,h,,m,,2026-05-01,-3,,2026-04-01,,"]
    risks.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    assert main(["sheet", "control", str(county), "--out", str(tmp_path / "out")]) == 2
    err = " ".join(capsys.readouterr().err.split())
    for said in (
        "risks.csv:2: village: unknown village 'nowhere'",
        "risks.csv:2: due: expected a day such as 2026-07-31, got '2026-13-01'",
        "risks.csv:3: risk: duplicate risk 'R1', first on line 2",
        "risks.csv:3: unit: expected text, got an empty cell",
        "risks.csv:3: due: expected a day such as 2026-07-31, got an empty cell",
        "risks.csv:3: people: expected a whole number from 0",
        "risks.csv:3: closed: expected a day from 2026-05-01 on",
        "risks.csv:3: closed_by: expected both",
    ):
        assert said in err
    assert not (tmp_path / "out").exists()


def test_the_network_s_coverage_counts_villages_with_a_gauge_of_their_own(
    county: Path, tmp_path: Path
) -> None:
    page, rows = made(county, "network", tmp_path / "out")
    villages = load_configuration(county).network.villages
    assert f"行政村 {len(villages)} 个" in page
    assert sum(int(row[1]) for row in rows if len(row) == 4 and row[0] in set(villages.township)) == len(
        villages
    )


def test_before_the_season_villages_without_a_drill_this_year_are_listed(
    county: Path, tmp_path: Path
) -> None:
    configuration = load_configuration(county)
    codes = configuration.network.villages.code
    drills = {codes[0]: "2026-05-01T01:00:00Z", codes[1]: "2025-05-01T01:00:00Z"}
    (part,) = season_sheet(configuration, drills, date(2026, 6, 20), Say("zh")).parts
    *_, drilled = part.tables
    assert drilled.rows[0][0] == codes[1]
    assert drilled.rows[0][3] == "2025-05-01"
    assert {row[0] for row in drilled.rows} == set(codes[1:])
    page, _ = made(county, "season", tmp_path / "out")
    assert "没有网格员" in page


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["control"],
            "risks.csv: cannot be read (No such file or directory); docs/sheets.md has its columns",
        ),
        (["season", "--date", "tomorrow"], "--date 'tomorrow': expected a day"),
        (["season", "--risks", "x.csv"], "--risks: expected with control, notices, supervision"),
    ],
)
def test_a_wrong_option_is_told_with_what_was_expected(
    options: list[str], said: str, county: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kind, *more = options
    assert main(["sheet", kind, str(county), "--out", str(tmp_path / "out"), *more]) == 1
    assert said in " ".join(capsys.readouterr().err.split())


def test_tonight_lists_class_a_first_and_says_that_there_is_no_forecast(tmp_path: Path) -> None:
    county = tmp_path / "county-cn"
    shutil.copytree(CONFIGS / "county-cn", county)
    page, rows = made(county, "tonight", tmp_path / "out")
    assert "没有 24 小时预报" in page
    objects = [row for row in rows if row and row[0] in {"A", "B", "C"}]
    by_name = {row[2]: row for row in objects}
    assert by_name["溪边工棚"][:8] == ["A", "上垟村", "溪边工棚", "溪边", "8", "0", "G-SY", "上垟村小学"]
    assert by_name["溪边工棚"][8:] == ["", ""]
    listed = list(csv.DictReader((county / "objects.csv").read_text("utf-8").splitlines()))
    assert sorted(row["name"] for row in listed) == sorted(by_name)
    assert f"{sum(int(row['persons']) for row in listed)} 人" in page
    grades = [row[0] for row in objects if row[1] in {"上垟村", "下垟村"}]
    assert grades == sorted(grades)


def test_three_dates_a_village_after_an_event(county: Path, tmp_path: Path) -> None:
    _, rows = made(county, "mended", tmp_path / "out", "--villages", "002,001,002", "--date", "2028-02-27")
    due = [(row[0], row[4]) for row in rows if row and row[0] in {"001", "002"}]
    days = ["2028-02-29", "2028-03-01", "2028-03-03"]
    assert due == [("002", day) for day in days] + [("001", day) for day in days]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["mended"], "expected codes of villages.csv"),
        (["mended", "--villages", "001,999"], "not in villages.csv: 999"),
        (["tonight", "--villages", "001"], "--villages: expected with mended"),
    ],
)
def test_wrong_villages_are_told(
    county: Path, tmp_path: Path, options: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kind, *rest = options
    assert main(["sheet", kind, str(county), "--out", str(tmp_path / "out"), *rest]) != 0
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_every_sheet_is_there_in_english_and_as_a_workbook(county: Path, risks: Path, tmp_path: Path) -> None:
    (county / "points.csv").write_text(POINTS, encoding="utf-8")
    for kind in set(KINDS) - {"advice"}:  # of a node that has judged
        asked = ["sheet", kind, str(county), "--out", str(tmp_path / "out"), "--language", "en", "--xlsx"]
        assert main([*asked, *(["--villages", "001"] if kind == "mended" else [])]) == 0
        page = (tmp_path / "out" / f"{kind}.html").read_text("utf-8")
        text = re.sub(r"<style>.*</style>|老桥|后山|水库下|涵洞|山洪|滑坡|内涝|水利局|自然资源局", "", page)
        text = re.sub(r"清淤|削坡|加固|张三|县会商", "", text)
        assert not re.search(r"[\u4e00-\u9fff]", text.split("<body>")[1]), (
            "words of the sheet, not of the office"
        )
        assert (tmp_path / "out" / f"{kind}.xlsx").stat().st_size > 1_000


def test_words_of_both_languages_have_the_same_places() -> None:
    for key, (zh, en) in WORDS.items():
        places = [sorted(re.findall(r"{(\w+)}", text)) for text in (zh, en)]
        assert sorted(set(places[0])) == sorted(set(places[1])), key


def test_points_have_place_person_equipment_levels_and_steps(county: Path, tmp_path: Path) -> None:
    (county / "points.csv").write_text(POINTS, encoding="utf-8")
    page, rows = made(county, "points", tmp_path / "out")
    by_code = {row[0]: row for row in rows if row}
    assert by_code["L1"][1:7] == ["East", "Upper", "market", "p2", "township", "2 x 200 m3/h"]
    assert by_code["L1"][7:] == ["5", "10", "15", "27", "close the road; pump"]
    assert by_code["L2"][5:] == ["volunteer", "未填", "未填", "15", "27", "未填", "未填"]
    assert "装备未填 1；等级水深未填全 1；流程未填 1" in page


def test_every_fault_of_the_points_is_named_at_once(
    county: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["L1,009,market,p9,,20,10,,,", "L1,001,,p1,,deep,,,,"]
    (county / "points.csv").write_text(
        POINTS.splitlines()[0] + "\n" + "\n".join(rows) + "\n", encoding="utf-8"
    )
    assert main(["sheet", "points", str(county), "--out", str(tmp_path / "out")]) == 2
    err = " ".join(capsys.readouterr().err.split())
    for said in (
        "points.csv:2: village: unknown village '009'",
        "points.csv:2: post: unknown post 'p9'",
        "points.csv:2: yellow_cm: expected more than blue_cm, 20, got 10",
        "points.csv:3: point: duplicate point 'L1', first on line 2",
        "points.csv:3: place: expected text, got an empty cell",
        "points.csv:3: blue_cm: expected a whole number",
    ):
        assert said in err
    assert not (tmp_path / "out").exists()
