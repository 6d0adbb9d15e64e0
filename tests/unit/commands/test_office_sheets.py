"""Tables as offices write them: titles above headers, merged cells, totals, degrees, digits of full width."""

from pathlib import Path

import pytest

from warnstream.commands.init.kinds import meaning_of
from warnstream.commands.init.sheets import Sheet, read_sheets
from warnstream.commands.init.tables import Mending, Reading, Told, read_tables
from warnstream.model.errors import WarnstreamError

VILLAGES = """\
松阳县行政村一览表,,,,,
制表：水利局,,,,,2026-05-01
序号,村编码,行政村,经度,纬度,乡镇,县
1,331124101201,下街村,119.42,28.55,古市镇,松阳县
2,３３１１２４１０１２０２,上街村（新）,119°20′30″,北纬28°25′10.8″,古市镇,松阳县
,,,,,,
合 计,2村,,,,,
"""


def sheet_of(tmp_path: Path, text: str) -> Sheet:
    path = tmp_path / "office.csv"
    path.write_text(text, encoding="gb18030")
    (sheet,) = read_sheets(path)
    return sheet


def read(sheet: Sheet) -> Reading:
    meaning = meaning_of(sheet, {})
    assert meaning is not None
    return read_tables([meaning], Told({}, {}))


def test_a_header_is_found_below_titles_and_a_total_is_no_village(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path, VILLAGES)
    meaning = meaning_of(sheet, {})
    assert meaning is not None
    assert meaning.sheet.note == "read as GB 18030, header in row 3"
    assert meaning.unused == ["序号"]
    reading = read(sheet)
    assert reading.totals == ["office.csv: row 7"]
    assert reading.tables["villages"].rows == [
        ["331124101201", "下街村", "28.55", "119.42", "古市镇", "松阳县"],
        ["331124101202", "上街村（新）", "28.419666667", "119.341666667", "古市镇", "松阳县"],
    ]
    assert reading.healed == {
        (("villages", "village"), Mending.WIDTH): 1,
        (("villages", "latitude"), Mending.DEGREES): 1,
        (("villages", "longitude"), Mending.DEGREES): 1,
    }
    assert reading.tables["villages"].place(3, "village") == "office.csv: row 5, column B (村编码)"


def test_a_header_in_the_first_row_stays_there_whatever_the_rows_say(tmp_path: Path) -> None:
    text = "code,name,lat,lon\n1,code,28.0,119.0\nvillage,lat,lon,name\n"
    meaning = meaning_of(sheet_of(tmp_path, text), {})
    assert meaning is not None
    assert (meaning.sheet.note, len(meaning.sheet.rows)) == ("", 2)


def test_a_header_below_the_tenth_row_is_not_looked_for(tmp_path: Path) -> None:
    text = "title\n" * 11 + "村编码,行政村,经度,纬度\n1,a,119,28\n"
    assert meaning_of(sheet_of(tmp_path, text), {}) is None


@pytest.mark.parametrize(
    ("cell", "degrees"),
    [
        ("119°20′30″", "119.341666667"),
        ("119度20分30秒", "119.341666667"),
        ("东经 119° 20' 30.6\"", "119.341833333"),
        ("119°20'", "119.333333333"),
        ("119.42°", "119.42"),
        ("E 119.42", "119.42"),
        ("119.42E", "119.42"),
        ("１１９．４２", "119.42"),
        ("119°60′00″", "119°60′00″"),
        ("119°20′30″W", "119°20′30″W"),
        ("119,42", "119,42"),
        ("-119.42", "-119.42"),
    ],
)
def test_degrees_are_read_where_they_say_one_thing_alone(tmp_path: Path, cell: str, degrees: str) -> None:
    text = f'村编码,行政村,经度,纬度\n1,a,"{cell.replace(chr(34), 2 * chr(34))}",28\n'
    (row,) = read(sheet_of(tmp_path, text)).tables["villages"].rows
    assert row[3] == degrees


def test_merged_cells_stand_for_each_of_their_rows_and_headers_for_two(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine", reason="the extra `sheets` is not installed")
    xlsxwriter = pytest.importorskip("xlsxwriter", reason="XlsxWriter is not installed")
    path = tmp_path / "office.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("村")
        page.merge_range("A1:F1", "松阳县行政村一览表")
        for column, name in (("A", "村编码"), ("B", "行政村"), ("E", "乡镇"), ("F", "县")):
            page.merge_range(f"{column}2:{column}3", name)
        page.merge_range("C2:D2", "位置")
        page.write_row("C3", ["经度", "纬度"])
        for number in range(3):
            page.write_row(3 + number, 0, [331124101201.0 + number, f"村{number}", 119.4, 28.5])
        page.merge_range("E4:E5", "古市镇")
        page.write("E6", "玉岩镇")
        page.merge_range("F4:F6", "松阳县")
    (sheet,) = read_sheets(path)
    rows = read(sheet).tables["villages"].rows
    assert [row[-2:] for row in rows] == [["古市镇", "松阳县"], ["古市镇", "松阳县"], ["玉岩镇", "松阳县"]]
    assert [row[0] for row in rows] == ["331124101201", "331124101202", "331124101203"]
    meaning = meaning_of(sheet, {})
    assert meaning is not None
    assert meaning.sheet.note == "7 cells filled from merged ones above, header in row 3"


def test_a_header_of_the_command_line_is_looked_for_below_titles_too(tmp_path: Path) -> None:
    text = "名单\n点位,行政村,经度,纬度\n1,a,119,28\n"
    meaning = meaning_of(sheet_of(tmp_path, text), {("villages", "village"): "点位"})
    assert meaning is not None
    assert meaning.column["village"] == 0
    with pytest.raises(WarnstreamError, match="2 columns are called '点位'"):
        meaning_of(sheet_of(tmp_path, "名单\n点位,点位\n1,2\n"), {("villages", "village"): "点位"})
