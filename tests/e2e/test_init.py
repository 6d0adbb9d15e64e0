"""``warnstream init``: an office's spreadsheet becomes a folder for a node, or every fault is named."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.e2e.live import LiveNode, command
from tests.e2e.spreadsheet import Value, write_xlsx
from tests.e2e.test_first_steps import free_port
from warnstream.cli import main
from warnstream.config.load import load_configuration
from warnstream.model.times import iso_utc

pytest.importorskip("python_calamine", reason="the extra `sheets` is not installed")

N_STATIONS, N_VILLAGES, N_HOUSEHOLDS = 700, 2855, 20_000
VILLAGE = 331_125_001_000
PHONE = 13_800_000_000

Rows = list[list[Value]]


def stations() -> Rows:
    found: Rows = [["站码", "站名", "东经", "北纬", "高程(m)", "站类", "上报间隔(分钟)", "备注"]]
    for number in range(N_STATIONS):
        kind = "水位站" if number % 12 == 11 else "雨量站"
        where: list[Value] = [119.0 + 0.02 * (number % 28), 28.0 + 0.02 * (number // 28)]
        found.append([f"R{number:04d}", f"站{number}", *where, 100.0 + number, kind, 5.0, "正常"])
    return found


def villages() -> Rows:
    found: Rows = [["行政村编码", "行政村", "经度", "纬度", "乡镇", "人口"]]
    for number in range(N_VILLAGES):
        where: list[Value] = [119.0 + 0.01 * (number % 57), 28.0 + 0.01 * (number // 57)]
        found.append([float(VILLAGE + number), f"村{number}", *where, f"乡{number % 20}", 300.0])
    return found


def households() -> Rows:
    found: Rows = [["村编码", "户主", "手机号"]]
    for number in range(N_HOUSEHOLDS):
        found.append([float(VILLAGE + number % N_VILLAGES), "张三", float(PHONE + number)])
    return found


SETTINGS = [
    "--set",
    "stations.county=松阳县",
    "--set",
    "villages.county=松阳县",
    "--set",
    "households.channel=sms",
]


def sheets() -> dict[str, Rows]:
    return {"测站": stations(), "村": villages(), "住户": households()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("init")
    write_xlsx(folder / "county.xlsx", sheets())
    assert main(["init", str(folder / "county.xlsx"), "--out", str(folder / "songyang"), *SETTINGS]) == 0
    return folder


def test_a_county_of_one_spreadsheet_passes_check_and_its_tests(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made / "songyang"
    assert main(["check", str(folder)]) == 0
    assert main(["test", str(folder), "-q"]) == 0
    configuration = load_configuration(folder)
    network = configuration.network
    assert (len(network.stations), len(network.villages), len(network.households)) == (
        N_STATIONS,
        N_VILLAGES,
        N_HOUSEHOLDS,
    )
    assert network.villages.code[0] == str(VILLAGE)
    assert network.stations.interval_s[0] == 300
    assert network.stations.measures_stage.sum() == N_STATIONS // 12
    assert set(network.households.address) == {str(PHONE + number) for number in range(N_HOUSEHOLDS)}
    assert str(configuration.message.status) == "Exercise"
    assert sorted(path.name for path in made.iterdir()) == ["county.xlsx", "songyang"], "nothing is left over"
    capsys.readouterr()


def test_what_is_taken_for_what_is_shown(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(made / "county.xlsx"), *SETTINGS]) == 0
    printed = capsys.readouterr().out
    assert "county.xlsx [测站]: 700 rows, taken for stations" in printed
    assert "interval_s   <- column G (上报间隔(分钟)), in min" in printed
    assert "not used: 备注" in printed
    assert "household    <- village and a number" in printed
    assert "villages.village: 2855 numbers of a spreadsheet are codes again" in printed
    assert "nothing is written without --out" in printed


def planted() -> tuple[dict[str, Rows], list[tuple[str, int, str]]]:
    """Twelve faults, and where each of them is."""
    found = sheets()
    station, village, door = found["测站"], found["村"], found["住户"]
    station[10][3] = "28,45"
    station[20][3] = 128.5
    station[30][5] = "雪深"
    station[40][6] = 0.0
    station[50][0] = "R 0049"
    station[61][0] = "R0059"
    village[7][0] = 3.31125001e15
    village[17][2] = "119°67′"
    village[27][1] = None
    village[37][5] = -4.0
    door[100][0] = float(VILLAGE + 99_999)
    door[200][2] = 1.5
    places = [
        ("测站", 11, "D"),
        ("测站", 21, "D"),
        ("测站", 31, "F"),
        ("测站", 41, "G"),
        ("测站", 51, "A"),
        ("测站", 62, "A"),
        ("村", 8, "A"),
        ("村", 18, "C"),
        ("村", 28, "B"),
        ("村", 38, "F"),
        ("住户", 101, "A"),
        ("住户", 201, "C"),
    ]
    return found, places


def test_twelve_planted_faults_are_named_by_sheet_row_and_column_all_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, places = planted()
    write_xlsx(tmp_path / "county.xlsx", content)
    out = tmp_path / "songyang"
    assert main(["init", str(tmp_path / "county.xlsx"), "--out", str(out), *SETTINGS]) == 2
    said = capsys.readouterr().err.splitlines()
    for sheet, row, column in places:
        place = f"county.xlsx [{sheet}]: row {row}, column {column} ("
        assert sum(line.startswith(place) for line in said) == 1, (place, said)
    assert not out.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["county.xlsx"]


def small(folder: Path, **texts: str) -> list[str]:
    """CSV files of five stations and two villages, some of them given."""
    whole = {
        "stations": "code,lat,lon,elevation (m),type,interval (min)\n"
        + "".join(f"R{n},28.4{n},119.4{n},300,rain,5\n" for n in range(5)),
        "villages": "village,name,lat,lon,township,county\nV1,Upper,28.41,119.41,Brook,Ours\n"
        "V2,Lower,28.42,119.42,Brook,Ours\n",
    } | texts
    paths = []
    for name, text in whole.items():
        path = folder / f"{name}.csv"
        path.write_text(text, encoding="utf-8")
        paths.append(str(path))
    return paths


COUNTY = ["--set", "stations.county=Ours"]


def test_a_unit_is_asked_for_and_not_guessed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "code,lat,lon,type,interval\n" + "".join(f"R{n},28.4{n},119.4{n},rain,5\n" for n in range(5))
    files = small(tmp_path, stations=text)
    out = tmp_path / "county"
    assert main(["init", *files, "--out", str(out), *COUNTY]) == 2
    said = capsys.readouterr().err
    assert (
        "stations.csv: column E (interval): of which unit? --unit stations.interval_s=s or min or h" in said
    )
    assert main(["init", *files, "--out", str(out), *COUNTY, "--unit", "stations.interval_s=min"]) == 0
    assert load_configuration(out).network.stations.interval_s.tolist() == [300] * 5


def test_a_missing_column_is_named_with_what_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "village,Dorfname,lat,lon,county\nV1,Upper,28.41,119.41,Ours\n"
    files = small(tmp_path, villages=text)
    assert main(["init", *files, "--out", str(tmp_path / "c"), *COUNTY]) == 2
    said = capsys.readouterr().err
    assert (
        "villages.csv: name: no column is called so; --map villages.name=HEADER (of: village, Dorfname"
        in said
    )
    assert "villages.csv: township: no column is called so" in said
    options = ["--map", "villages.name=Dorfname", "--set", "villages.township=Brook"]
    assert main(["init", *files, "--out", str(tmp_path / "c"), *COUNTY, *options]) == 0
    assert load_configuration(tmp_path / "c").network.villages.name == ("Upper",)


def test_villages_of_geojson_bring_their_outlines(tmp_path: Path) -> None:
    ring = [[119.40, 28.40], [119.44, 28.40], [119.44, 28.44], [119.40, 28.44], [119.40, 28.40]]
    features = [
        {
            "type": "Feature",
            "properties": {"village": f"V{n}", "name": f"Place {n}", "township": "Brook", "county": "Ours"},
            "geometry": {"type": "Polygon", "coordinates": [[[x + n / 10, y] for x, y in ring]]},
        }
        for n in range(2)
    ]
    (tmp_path / "v.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features}), "utf-8"
    )
    stations, _ = small(tmp_path)
    assert main(["init", stations, str(tmp_path / "v.geojson"), "--out", str(tmp_path / "c"), *COUNTY]) == 0
    villages = load_configuration(tmp_path / "c").network.villages
    assert villages.code == ("V0", "V1")
    assert all(wkt is not None and wkt.startswith("POLYGON") for wkt in villages.polygon_wkt)


def test_a_table_of_a_chinese_spreadsheet_in_its_own_encoding_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = small(tmp_path)
    text = "村编码,村名,纬度,经度,乡镇,县\nV1,上垟村,28.41,119.41,溪乡,松阳县\n"
    Path(files[1]).write_bytes(text.encode("gb18030"))
    assert main(["init", *files, "--out", str(tmp_path / "c"), *COUNTY]) == 0
    assert "read as GB 18030" in capsys.readouterr().out
    assert load_configuration(tmp_path / "c").network.villages.name == ("上垟村",)


def test_codes_that_lost_digits_are_not_mended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "village,name,lat,lon,township,county\n3.31125E+11,Upper,28.41,119.41,Brook,Ours\n"
    assert main(["init", *small(tmp_path, villages=text), "--out", str(tmp_path / "c"), *COUNTY]) == 2
    assert "villages.csv: row 2, column A (village): a spreadsheet has rounded" in capsys.readouterr().err


def test_two_codes_that_are_one_after_mending_are_a_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        "village,name,lat,lon,township,county\n17.0,Upper,28.41,119.41,B,Ours\n17,Lower,28.42,119.42,B,Ours\n"
    )
    assert main(["init", *small(tmp_path, villages=text), "--out", str(tmp_path / "c"), *COUNTY]) == 2
    said = capsys.readouterr().err
    assert "villages.csv: row 3, column A (village): duplicate village '17', first in row 2" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--map", "villages.nam=x"], "--map 'villages.nam=x': expected TABLE.COLUMN=VALUE"),
        (["--map", "villages.name=Dorf"], "no sheet of villages has that header; there are village, name"),
        (["--unit", "stations.interval_s=week"], "expected one of s, min, h"),
        (["--utc-offset", "8"], "expected such as +08:00"),
        (["--name", "a b"], "--name 'a b'"),
    ],
)
def test_a_wrong_option_is_told_with_what_was_expected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert main(["init", *small(tmp_path), "--out", str(tmp_path / "c"), *COUNTY, *options]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", b"PK\x03\x04 no", "cannot be read as a spreadsheet"),
        ("a.pdf", b"%PDF", "expected a name that ends with one of"),
        ("a.csv", b"\xff\xfe\x00\xd8\xff\xff", "neither UTF-8 nor GB 18030"),
        ("a.geojson", b"{}", "expected a GeoJSON FeatureCollection"),
    ],
)
def test_a_file_that_is_none_is_an_error_that_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert main(["init", str(tmp_path / name)]) == 1
    printed = capsys.readouterr().err
    assert said in printed
    assert name in printed


def test_a_folder_that_is_there_is_not_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "c"
    out.mkdir()
    (out / "mine").write_text("x", encoding="utf-8")
    assert main(["init", *small(tmp_path), "--out", str(out), *COUNTY]) == 1
    assert "is there already" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["mine"]
    shutil.rmtree(out)


def test_without_villages_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stations, _ = small(tmp_path)
    assert main(["init", stations, "--out", str(tmp_path / "c"), *COUNTY]) == 2
    assert "villages: none of the 1 sheets is such a table" in capsys.readouterr().err
    assert not (tmp_path / "c").exists()


@pytest.mark.slow
def test_the_new_folder_is_looked_at_by_the_doctor_runs_and_warns(made: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(made / "songyang", tmp_path / "songyang"))
    mqtt, http = free_port(), free_port()
    node = folder / "warnstream.yaml"
    text = node.read_text("utf-8").replace("embedded: true", f"embedded: true\n  port: {mqtt}")
    node.write_text(f"{text}http: {{port: {http}}}\n", encoding="utf-8")
    done = subprocess.run(
        [command("warnstream"), "doctor", str(folder)],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode in {0, 1}, done.stderr
    assert "Traceback" not in done.stderr
    running = LiveNode(folder, http)
    running.spawn()
    try:
        running.wait_for(lambda: "waits for readings" in running.log())
        send_cloudburst(folder, mqtt)
        running.wait_for(lambda: "flash_flood" in json.dumps(running.get("/api/v1/warnings")))
    finally:
        running.end()


def send_cloudburst(folder: Path, port: int) -> None:
    """100 mm in the last hour at the gauges around the first one, in reports of five minutes."""
    stations = load_configuration(folder).network.stations
    near = [n for n in range(len(stations)) if stations.measures_rain[n] and n // 28 < 3 and n % 28 < 3]
    now_s = int(time.time()) // 300 * 300
    client = Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    for number in range(12):
        at = iso_utc(now_s - 300 * (11 - number))
        for station in near:
            code = stations.code[station]
            content = json.dumps({"station": code, "time": at, "rain": 8.4})
            client.publish(f"ws/C/rain/{code}/obs", content, qos=1).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()
