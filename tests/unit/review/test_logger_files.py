"""Files as loggers and services write them, by the entries that docs/formats.md shows."""

import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from tests.stations import stations_of
from warnstream.config.assemble import _logger_file_rule
from warnstream.config.node.formats.logger_files import LoggerFileSection
from warnstream.model.errors import ArchiveError
from warnstream.model.observations.logger_files import LoggerFileRule, rule_of
from warnstream.model.observations.readings import Variable
from warnstream.model.times import iso_utc
from warnstream.review.archive import ArchiveReadings
from warnstream.review.logger_files import read_logger_file

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "formats.md").read_text(encoding="utf-8")
STATIONS = stations_of("R0001", "R0002")

TOA5 = """"TOA5","gauge","CR1000","1234","CR1000.Std.32","CPU:rain.CR1","4711","Table5"
"TIMESTAMP","RECORD","Rain_mm_Tot","Lvl_m","BattV_Min"
"TS","RN","mm","m","Volts"
"","","Tot","Smp","Min"
"2026-06-18 09:00:00",1,0,3.41,12.9
"2026-06-18 09:05:00",2,1.2,3.43,12.9
"2026-06-18 09:10:00",3,"NAN",3.47,12.9
"2026-06-18 09:15:00",4,-7999,3.5,12.9
"""
EA = """measure,dateTime,date,value,completeness,quality,qcode
{0},2026-06-18T08:00:00,2026-06-18,1.4,,Good,
{0},2026-06-18T08:15:00,2026-06-18,2,,Good,
{0},2026-06-18T08:30:00,2026-06-18,,,Missing,
{0},2026-06-18T08:45:00,2026-06-18,0.2,,Good,
http://example.org/other,2026-06-18T08:45:00,2026-06-18,9,,Good,
""".format("http://environment.data.gov.uk/hydrology/id/measures/6dc1-rainfall-t-900-mm-qualified")
IEM = """#DEBUG: Format Typ    -> comma
#DEBUG: Time Period   -> 2026-06-18
station,valid,tmpf,p01i
EDDK,2026-06-18 07:50,68.00,0.00
EDDK,2026-06-18 08:50,M,0.05
EDDK,2026-06-18 09:50,71.60,T
"""
GHCNH = """STATION|Station_name|DATE|LATITUDE|precipitation|precipitation_Quality_Code
GMM00010513|KOELN BONN|2026-06-18T08:00:00|50.8|3.2|1
GMM00010513|KOELN BONN|2026-06-18T09:00:00|50.8|0|1
GMM00010513|KOELN BONN|2026-06-18T10:00:00
"""


def rules() -> tuple[LoggerFileRule, ...]:
    """The entries of the page."""
    blocks = re.findall(r"^```yaml\n(logger_files:.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    sections = [section for block in blocks for section in yaml.safe_load(block)["logger_files"]]
    return tuple(_logger_file_rule(LoggerFileSection.model_validate(section)) for section in sections)


def read(folder: Path, file: str, text: str | bytes, **changed: object) -> ArchiveReadings:
    path = folder / file
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    if changed:
        rule = _logger_file_rule(LoggerFileSection.model_validate({"file": "*", **changed}))
    else:
        found = rule_of(file, rules())
        assert found is not None
        rule = found
    return read_logger_file(path, STATIONS, rule)


def rows_of(archive: ArchiveReadings) -> list[tuple[str, str, float]]:
    found = archive.readings
    columns = zip(found.observed_at_s.tolist(), found.variable.tolist(), found.value.tolist(), strict=True)
    return sorted((iso_utc(at_s), Variable(number).word, value) for at_s, number, value in columns)


def test_a_table_of_a_campbell_logger_is_read(tmp_path: Path) -> None:
    archive = read(tmp_path, "Table5.dat", TOA5)
    rain = [row for row in rows_of(archive) if row[1] == "rain"]
    assert rain == [
        ("2026-06-18T08:00:00Z", "rain", 0),
        ("2026-06-18T08:05:00Z", "rain", 1.2),
        ("2026-06-18T08:15:00Z", "rain", -7999),
    ]
    assert ("2026-06-18T08:15:00Z", "stage", 3.5) in rows_of(archive)
    assert archive.n_refused == {}


def test_a_csv_file_of_the_environment_agency_is_read(tmp_path: Path) -> None:
    archive = read(tmp_path, "leeds-rainfall-15min.csv", EA)
    assert [row[2] for row in rows_of(archive)] == [1.4, 2, 0.2]
    assert set(archive.readings.interval_s.tolist()) == {900}
    assert archive.n_refused == {"unknown_station": 1}
    assert archive.refused[0].row == 6
    assert "measure" in archive.refused[0].variable


def test_a_file_of_the_iowa_mesonet_is_read(tmp_path: Path) -> None:
    rows = rows_of(read(tmp_path, "asos.txt", IEM))
    assert rows == [
        ("2026-06-18T07:50:00Z", "rain", 0),
        ("2026-06-18T07:50:00Z", "temperature", pytest.approx(20)),
        ("2026-06-18T08:50:00Z", "rain", 1.27),
        ("2026-06-18T09:50:00Z", "rain", 0),
        ("2026-06-18T09:50:00Z", "temperature", pytest.approx(22)),
    ]


def test_a_file_of_ghcn_hourly_is_read_and_a_broken_row_is_told(tmp_path: Path) -> None:
    archive = read(tmp_path, "GHCNh_GMM00010513.psv", GHCNH)
    assert [row[2] for row in rows_of(archive)] == [3.2, 0]
    assert archive.n_refused == {"wrong_shape": 1}
    assert archive.refused[0].row == 4


def test_rows_of_names_and_values_and_numbered_columns_are_read(tmp_path: Path) -> None:
    text = "R0001;18.06.2026 10:05;Pegel;345,5\nR0002;18.06.2026 10:05;Luft;21,5 °C\n"
    archive = read(
        tmp_path,
        "a.txt",
        text,
        header_line=0,
        delimiter="semicolon",
        station="1",
        time="2",
        time_form="%d.%m.%Y %H:%M",
        zone="Europe/Berlin",
        name="3",
        value="4",
        decimal_comma=True,
        variables={"Pegel": {"variable": "stage", "unit": "cm"}, "Luft": {"variable": "temperature"}},
    )
    assert rows_of(archive) == [
        ("2026-06-18T08:05:00Z", "stage", 3.455),
        ("2026-06-18T08:05:00Z", "temperature", 21.5),
    ]


@pytest.mark.parametrize("coding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_and_zeros_do_not_hide_a_file(tmp_path: Path, coding: str) -> None:
    assert len(read(tmp_path, "Table5.dat", TOA5.encode(coding)).readings) == 7
    assert len(read(tmp_path, "Table5.dat", TOA5.encode() + b"\0\0").readings) == 7


def test_a_missing_column_names_what_was_looked_for_and_what_was_there(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"Table5\.dat:2: looked for column TIMESTAMP; there is TMSTAMP"):
        read(tmp_path, "Table5.dat", TOA5.replace("TIMESTAMP", "TMSTAMP"))
    with pytest.raises(ArchiveError, match="looked for column Rain_mm_Tot or Lvl_m; there is"):
        read(tmp_path, "Table5.dat", TOA5.replace("Rain_mm_Tot", "x").replace("Lvl_m", "y"))
    with pytest.raises(ArchiveError, match="expected column names on line 2"):
        read(tmp_path, "Table5.dat", "only this")
    with pytest.raises(ArchiveError, match="no such file"):
        read_logger_file(tmp_path / "none.dat", STATIONS, rules()[0])


def hourly(hours: int, step_h: int) -> str:
    lines = ["station,time,rain"]
    times = np.datetime64("2026-06-01T00:00") + np.arange(0, hours, step_h) * np.timedelta64(1, "h")
    return "\n".join(
        [*lines, *(f"R0001,{time},{number % 4}" for number, time in enumerate(times.astype(str)))]
    )


def test_an_hour_of_rain_is_never_taken_for_five_minutes(tmp_path: Path) -> None:
    declared: dict[str, object] = {"station": "station", "time": "time", "zone": "UTC"}
    with pytest.raises(ArchiveError, match="rain of R0001 comes every 60 min, and its interval is 5 min"):
        read(tmp_path, "a.csv", hourly(24, 1), **declared, variables={"rain": {"variable": "rain"}})
    told = {"rain": {"variable": "rain", "interval": "1h"}}
    assert len(read(tmp_path, "a.csv", hourly(24, 1), **declared, variables=told).readings) == 24


def test_sums_of_days_never_become_one_interval(tmp_path: Path) -> None:
    declared: dict[str, object] = {"station": "station", "time": "time", "zone": "UTC"}
    for interval in ("5min", "6h"):
        told = {"rain": {"variable": "rain", "interval": interval}}
        with pytest.raises(ArchiveError, match=r"windows\.warm_up"):
            read(tmp_path, "a.csv", hourly(240, 24), **declared, variables=told)
    days = "station,time,rain\nR0001,2026-06-01,40\nR0001,2026-06-02,60\n"
    archive = read(tmp_path, "a.csv", days, **declared, variables={"rain": {"variable": "rain"}})
    assert len(archive.readings) == 0
    assert archive.n_refused == {"bad_time": 2}
    assert "windows.warm_up" in archive.refused[0].variable
    with pytest.raises(ValidationError, match=r"windows\.warm_up"):
        LoggerFileSection.model_validate(
            {"file": "*", **declared, "time_form": "%Y%m%d", "variables": {"PRCP": {"variable": "rain"}}}
        )


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"time": "t", "variables": {"r": {"variable": "rain"}}}, "station (a column) or only_station"),
        ({"time": "t", "station": "s"}, "at least one column"),
        (
            {"time": "t", "station": "s", "name": "n", "variables": {"r": {"variable": "rain"}}},
            "name and value",
        ),
    ],
)
def test_an_entry_that_cannot_work_is_a_fault_of_the_configuration(
    section: dict[str, object], words: str
) -> None:
    with pytest.raises(ValidationError) as found:
        LoggerFileSection.model_validate({"file": "*", **section})
    assert words in str([(error["msg"], error.get("ctx")) for error in found.value.errors()])
