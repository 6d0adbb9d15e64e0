"""Tables and files: who may read which, what an office opens, and that a name is never a formula."""

import csv
import io
import itertools
import json
import re
import zipfile
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest

from tests.unit.console.county import NOW_S
from tests.unit.console.reading.test_past import READ, told
from tests.unit.console.test_app import Console, console  # noqa: F401
from warnstream.adapters.http.models.county import StateRecord
from warnstream.adapters.http.models.transfers import TransfersRecord
from warnstream.console.reading import gathering
from warnstream.console.reading.models import Column, Table
from warnstream.console.reading.sheets import FORMULA, as_csv, as_xlsx, plain
from warnstream.runners.drill.scores import DrillScores, PostScore, VillageScore
from warnstream.runners.drill.seen import DrillsSeen

DRILLS = DrillsSeen(
    [],
    [
        DrillScores(
            1, "d1", "chief", "yearly", False, "2027-01-15T08:00:00Z",
            [
                VillageScore(
                    code, name, "2027-01-15T08:01:00Z", "2027-01-15T09:00:00Z", "lapsed", 5, 2, 0.4, 60, 0,
                    [PostScore("grid-1", "2027-01-15T08:01:00Z", 90, 0, None)],
                )
                for code, name in (("V0", "Alder"), ("V3", "Drum"))
            ],
        )
    ],
    {"V0": "2027-01-15T08:00:00Z"},
)  # fmt: skip
STATE = {
    "stations": {
        "total": 3,
        "reporting": 2,
        "silent": ["S1"],
        "doubted": 1,
        "doubted_why": [
            {
                "station": "S2",
                "flags": ["stuck"],
                "why": "stuck",
                "confidence": 0.25,
                "since": None,
                "spare": None,
            }
        ],
        "isolated": 0,
    },
    "broker_connected": True,
    "alarms": [{"alarm": "sms", "text": "down", "since": "2027-01-15T08:00:00Z", "blocking": False}],
    "configuration": {"fingerprint": "f" * 64, "bundle": 1, "differences": 0, "differed": []},
    "channels": [
        {"channel": "sms", "waiting": {"leave": 3}, "needs_s": {"leave": 1.6}, "per_s": 2.0, "stopped": None}
    ],
}


def figures(**known: Any) -> dict[str, Any]:
    counts = dict.fromkeys(
        ("rows", "open", "persons", "uncounted", "helpless", "out_by_name", "confirmed", "out"), 0
    )
    return {**counts, "states": {}, "heads": {}, "contradictions": [], **known}


def village_of_list(code: str) -> dict[str, Any]:
    return {
        "village": code,
        "name": code,
        "over": None,
        "shelter_open": None,
        "places": [],
        "figures": figures(rows=2, heads={"to_move": 31, "moved": 20}),
    }


NOBODY = {"persons_done": 0, "persons_total": 0}
LISTS = {
    "time": None,
    "counters": [
        {"counter": "posts_on_duty", "done": 1, "total": 2, **NOBODY, "missing": ["town"]},
    ],
    "lists": [
        {
            "transfer": "t1", "state": "moving", "status": "Actual", "author": "chief",
            "reason": "=cmd()",
            "zones": [], "grades": [], "opened": "2027-01-15T08:00:00Z", "by": "2027-01-15T10:00:00Z",
            "onset": None,
            "left_s": 60, "advice": "to the shelter", "overdue": False, "closed": None, "figures": figures(),
            "villages": [village_of_list("V0"), village_of_list("V3")], "rows": [],
        }
    ],
    "lost": [],
}  # fmt: skip


@pytest.fixture
def office(console: Console, monkeypatch: pytest.MonkeyPatch) -> Console:  # noqa: F811
    return furnished(console, monkeypatch)


def furnished(console: Console, monkeypatch: pytest.MonkeyPatch) -> Console:  # noqa: F811
    """With everything to read that a node sends."""
    told(console)
    monkeypatch.setattr(gathering, "lints", lambda _configuration: ["-what check warns of"])
    # What the node sends is what these records are.
    console.told["state"] = msgspec.json.encode(msgspec.convert(STATE, StateRecord))
    console.told["drills"] = msgspec.json.encode(DRILLS)
    console.told["transfers"] = msgspec.json.encode(msgspec.convert(LISTS, TransfersRecord))
    return console


def table(office: Console, person: str, sheet: str, name: str) -> list[list[Any]]:
    answer = office.client(person).get(f"/api/v1/sheets/{sheet}?language=en")
    assert answer.status_code == 200, answer.text
    (found,) = [shown for shown in answer.json()["tables"] if shown["name"] == name]
    assert all(len(row) == len(found["columns"]) for row in found["rows"])
    rows: list[list[Any]] = found["rows"]
    return rows


def test_tables_say_what_the_screen_says(office: Console) -> None:
    assert table(office, "chief", "situation", "towns")[0][:5] == ["Upper", "North", 4, 1, 1]
    assert [row[0] for row in table(office, "chief", "situation", "villages")] == ["V0", "V1", "V2", "V3"]
    stations = table(office, "chief", "stations", "stations")
    assert [row[:2] for row in stations] == [["S2", "reports"], ["S0", "reports"], ["S1", "reports"]]
    assert table(office, "chief", "stations", "channels") == [["sms", 3, 2.0, 2, None]]
    assert table(office, "chief", "stations", "alarms")[0][:2] == ["sms", "down"]
    assert [row[0] for row in table(office, "chief", "acts", "acts")] == [9, 8, 7]
    people = {row[0]: row for row in table(office, "chief", "admin", "people")}
    assert people["chief"][5:7] == ["yes", "no"]
    assert people["chief"][7] > 0, "sessions"


def test_numbers_that_posts_have_said_stand_beside_those_of_the_list(office: Console) -> None:
    """应31 已20: a number that nobody has said is no zero."""
    row = table(office, "chief", "control", "transfers")[0]
    assert (row[3], row[-3:]) == ("moving", [31, 20, None])
    answer = office.client("chief").get("/api/v1/sheets/control?language=zh").json()
    (found,) = [shown for shown in answer["tables"] if shown["name"] == "transfers"]
    assert found["rows"][0][3] == "转移中"


def test_tables_are_cut_to_the_area_and_the_role(office: Console) -> None:
    assert [row[0] for row in table(office, "town", "situation", "villages")] == ["V2", "V3"]
    assert [row[1] for row in table(office, "town", "transfers", "transfers")] == ["V3"]
    names = {shown["name"] for shown in office.client("town").get("/api/v1/sheets/stations").json()["tables"]}
    assert names == {"stations"}, "channels and alarms are of the whole node"
    for person, sheet, status in (
        ("north", "transfers", 403),
        ("north", "admin", 403),
        ("town", "admin", 403),
        ("north", "acts", 200),
        ("chief", "nothing", 404),
    ):
        assert office.client(person).get(f"/api/v1/sheets/{sheet}").status_code == status, (person, sheet)
        assert office.client(person).get(f"/api/v1/export/{sheet}.csv").status_code == status, (person, sheet)
    assert office.client().get("/api/v1/export/situation.csv").status_code == 401


def test_transfers_are_for_officers_and_seconds_of_the_area(office: Console) -> None:
    everything = office.client("chief").get("/api/v1/transfers").json()
    assert [village["code"] for village in everything["lists"][0]["villages"]] == ["V0", "V3"]
    assert everything["counters"][0]["missing"] == ["town"]
    some = office.client("town").get("/api/v1/transfers").json()
    assert [village["code"] for village in some["lists"][0]["villages"]] == ["V3"]
    assert "counters" not in some
    assert office.client("north").get("/api/v1/transfers").status_code == 403
    assert office.client("village").get("/api/v1/transfers/t1").status_code == 403


def test_csv_is_what_an_office_opens(office: Console) -> None:
    answer = office.client("chief").get("/api/v1/export/control.csv?language=zh")
    assert answer.headers["content-disposition"] == 'attachment; filename="warnstream-control.csv"'
    text = answer.content.decode("utf-8")
    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows[0] == ["各镇预警", "节点 county", "模式 实况", "时间 2027-01-15 16:00", "制表 Chief"]
    assert rows[2][:5] == ["Upper", "North", "红", "1", "1"]
    assert rows[5][:2] == ["转移单", "节点 county"]


def test_xlsx_has_a_sheet_for_each_table_and_no_formula(office: Console) -> None:
    content = office.client("chief").get("/api/v1/export/situation.xlsx?language=en").content
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheets = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        assert len(sheets) == 2
        for name in sheets:
            root = ET.fromstring(book.read(name))  # noqa: S314  # our own
            assert not [element for element in root.iter() if element.tag.endswith("}f")]


HOSTILE = [*(f"{mark}HYPERLINK(1)" for mark in FORMULA), "https://evil", "{=1}", "名"]


def hostile() -> Table:
    rows: list[list[Any]] = [[text, 3] for text in HOSTILE]
    columns = [Column("名", "text"), Column("级", "level")]
    return Table("t", "a/b:c[d]*?\\" * 5, "=node", "live", "+me", NOW_S, 0, columns, rows, ["-note"])


def test_what_begins_like_a_formula_is_a_text() -> None:
    for line in csv.reader(io.StringIO(as_csv([hostile()], "zh").decode("utf-8").removeprefix("\ufeff"))):
        assert not [cell for cell in line if cell.startswith(FORMULA)], line
    with zipfile.ZipFile(io.BytesIO(as_xlsx([hostile()], "zh"))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert "hyperlink" not in sheet.lower().replace("hyperlink(1)", "")
        assert sheet.count("inlineStr") >= len(HOSTILE), "every one of them is a text"
    assert plain(-3) == -3
    assert plain("a=b") == "a=b"


def test_the_risk_map_is_geojson(office: Console) -> None:
    answer = office.client("town").get("/api/v1/export/map.geojson")
    assert answer.headers["content-type"] == "application/geo+json"
    found = json.loads(answer.content)
    assert (found["node"], found["mode"], found["by"]) == ("county", "live", "Town")
    point, outline = found["features"]
    assert point["geometry"] == {"type": "Point", "coordinates": [119.2, 28.2]}
    assert outline["properties"]["word"] == "blue"
    (ring,) = outline["geometry"]["coordinates"]
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring))
    assert area > 0, "the outer ring runs against the clock (RFC 7946)"
    assert ring[0] == ring[-1]


@pytest.mark.parametrize(
    "file", ["x.csv", "situation.pdf", "map.csv", "map", "situation.", "../situation.csv"]
)
def test_there_is_no_other_file(office: Console, file: str) -> None:
    assert office.client("chief").get(f"/api/v1/export/{file}").status_code == 404
    assert office.client("chief").get("/api/v1/export/situation.csv?language=fr").status_code == 400
    other = {"Sec-Fetch-Site": "cross-site"}
    assert office.client("chief").get("/api/v1/export/situation.csv", headers=other).status_code == 403


def test_the_review_has_what_was_and_what_people_did(office: Console) -> None:
    found = office.client("chief").get("/api/v1/review").json()
    assert found["moments"] == [{"at_s": NOW_S, "villages": [1, 1, 1, 1]}]
    assert [act["seq"] for act in found["acts"]] == [9, 8, 7]
    some = office.client("village").get("/api/v1/review").json()
    assert some["moments"][0]["villages"] == [1, 0, 0, 0]
    assert READ.entry not in [act["seq"] for act in some["acts"]]


def test_drills_are_those_of_the_area_with_their_scores(office: Console) -> None:
    found = office.client("chief").get("/api/v1/drills").json()
    (drill,) = found["drills"]
    assert [village["code"] for village in drill["villages"]] == ["V0", "V3"]
    assert drill["villages"][0]["posts"][0]["answered_after_s"] == 90
    assert (found["drilled"], found["of"]) == (1, 4)
    assert found["towns"] == [["Lower", 2, 0], ["Upper", 2, 1]]
    inside = office.client("village").get("/api/v1/drills").json()
    assert [village["code"] for village in inside["drills"][0]["villages"]] == ["V3"]
    assert "drilled" not in inside
    office.told["drills"] = b"{"
    office.hub._facts.clear()
    assert office.client("chief").get("/api/v1/drills").status_code == 503


def test_no_two_sheets_of_a_workbook_have_one_name() -> None:
    title = "Overdue measures of the water office, all of them"
    tables = [
        Table("t", named, "n", "live", "by", NOW_S, 0, [Column("a")], [["x"]])
        for named in (title, title.upper(), title, "'")
    ]
    with zipfile.ZipFile(io.BytesIO(as_xlsx(tables, "en"))) as book:
        names = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
    assert len({name.casefold() for name in names}) == len(tables)
    assert all(len(name) <= 31 for name in names)
