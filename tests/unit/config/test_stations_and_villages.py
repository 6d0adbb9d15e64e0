import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely

from warnstream.config.load import load_configuration

FaultsAfter = Callable[[str, str, str], list[str]]
FaultsWith = Callable[[str, str], list[str]]

SQUARE = [[[119.8, 28.3], [120.0, 28.3], [120.0, 28.5], [119.8, 28.5], [119.8, 28.3]]]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            "S1,119.90,28.40,120,rain,300,C",
            "latitude: expected a number from -90 to 90, got 119.9 (are latitude and longitude swapped?)",
        ),
        ("S1,28.40,190,120,rain,300,C", "longitude: expected a number from -180 to 180, got 190"),
        ("S1,nan,119.9,120,rain,300,C", "latitude: expected a number, got 'nan'"),
        ("S1,,119.9,120,rain,300,C", "latitude: expected a number, got ''"),
        ("S1,28.4,119.9,high,rain,300,C", "elevation_m: expected a number, got 'high'"),
        ("S1,28.4,119.9,120,,300,C", "variables: expected text, got an empty cell"),
        (
            "S1,28.4,119.9,120,rain; snow,300,C",
            (
                "variables: unknown variable 'snow'. Known here: rain, stage, temperature, humidity, "
                "pressure, wind_speed, wind_direction, soil_moisture, tilt_x, tilt_y, displacement, "
                "crack, pore_pressure, water_depth, rain_total, rain_day, rain_tip, wind_gust"
            ),
        ),
        ("S1,28.4,119.9,120,rain,5min,C", "interval_s: expected a whole number, got '5min'"),
        ("S1,28.4,119.9,120,rain,30,C", "interval_s: expected a whole number from 60 to 3600, got 30"),
        (
            "S1,28.4,119.9,120,rain,90,C",
            "interval_s: expected whole minutes in seconds (60, 300, 600), got 90",
        ),
        ("S1,28.4,119.9,120,rain,300,", "county: expected text, got an empty cell"),
        (
            "S/1,28.4,119.9,120,rain,300,C",
            "station: expected a code of 1 to 64 characters of A-Z a-z 0-9 . _ -, got 'S/1'",
        ),
        ("G1,28.4,119.9,120,rain,300,C", "station: duplicate station 'G1', first on line 2"),
        ("S1,28.4,119.9,120,rain,300", "expected 7 cells as in the header, got 6"),
    ],
)
def test_a_wrong_station_is_named(row: str, expected: str, faults_with: FaultsWith) -> None:
    header = "station,latitude,longitude,elevation_m,variables,interval_s,county"
    text = f"{header}\nG1,28.41,119.91,,rain stage,300,County\n{row}\n"
    assert faults_with("stations.csv", text) == [f"stations.csv:3: {expected}"]


@pytest.mark.parametrize(
    ("spare_of", "expected"),
    [
        ("G9", "expected the code of another station of this file that is no spare itself, got 'G9'"),
        ("S1", "expected the code of another station of this file that is no spare itself, got 'S1'"),
        ("G2", "expected two stations that measure rain, got 'G2'"),
    ],
)
def test_a_spare_of_nothing_is_named(spare_of: str, expected: str, faults_with: FaultsWith) -> None:
    header = "station,latitude,longitude,elevation_m,variables,interval_s,county,spare_of"
    text = f"{header}\nG1,28.41,119.91,,rain stage,300,County,\nG2,28.41,119.91,,stage,300,County,\n"
    text += f"S1,28.41,119.91,,rain,300,County,{spare_of}\n"
    assert f"stations.csv:4: spare_of: {expected}" in faults_with("stations.csv", text)


def test_an_earlier_code_is_nobody_elses_now_or_before(faults_with: FaultsWith) -> None:
    header = "station,latitude,longitude,elevation_m,variables,interval_s,county,was"
    rows = ("S1,28.41,119.91,,rain,300,County,S9", "G1,28.42,119.91,,rain stage,300,County,S9")
    text = "\n".join([header, *rows, "G2,28.43,119.91,,rain,300,County,S1", ""])
    assert faults_with("stations.csv", text) == [
        "stations.csv:3: was: 'S9' is what 'S1' was called, on line 2",
        "stations.csv:4: was: 'S1' is a station of line 2: expected an earlier code",
    ]


def test_an_earlier_code_of_a_village_or_post_is_nobody_elses(faults_with: FaultsWith) -> None:
    head = "village,name,latitude,longitude,township,county,was"
    was = {"001": "009", "002": "009", "003": "001"}
    rows = [f"{code},Name,28.{code},119.9,Town,County,{before}" for code, before in was.items()]
    found = faults_with("villages.csv", "\n".join([head, *rows, ""]))
    assert [fault for fault in found if ": was:" in fault] == [
        "villages.csv:3: was: '009' is what '001' was called, on line 2",
        "villages.csv:4: was: '001' is a village of line 2: expected an earlier code",
    ]
    head = "post,role,rank,area,channel,address,was"
    rows = ["g1,grid,1,*,sms,+861,g2", "g2,grid,1,*,sms,+862,"]
    found = faults_with("chain.csv", "\n".join([head, *rows, ""]))
    assert "chain.csv:2: was: 'g2' is a post of line 3: expected an earlier code" in found


def test_every_wrong_cell_of_a_row_is_named(faults_after: FaultsAfter) -> None:
    found = faults_after("stations.csv", "S1,28.40,119.90,120,rain,300", "S1,north,119.90,120,rain,often")
    assert found == [
        "stations.csv:2: interval_s: expected a whole number, got 'often'",
        "stations.csv:2: latitude: expected a number, got 'north'",
    ]


def test_stations_keep_what_they_measure(config_dir: Path) -> None:
    stations = load_configuration(config_dir).network.stations
    assert stations.code == ("S1", "G1")
    assert stations.measures_rain.tolist() == [True, True]
    assert stations.measures_stage.tolist() == [False, True]
    assert stations.interval_s.tolist() == [300, 300]


def test_a_name_column_is_allowed(faults_with: FaultsWith) -> None:
    header = "name,station,latitude,longitude,elevation_m,variables,interval_s,county"
    assert faults_with("stations.csv", f"{header}\nBridge,G1,28.41,119.91,,stage,300,C\n") == []


def test_a_missing_and_an_unknown_column_are_named(faults_after: FaultsAfter) -> None:
    found = faults_after("stations.csv", "interval_s,county", "interval,county")
    assert found[:2] == [
        (
            "stations.csv:1: interval: unknown column 'interval': did you mean 'interval_s'? "
            "Known here: county, day_start, elevation_m, interval_s, latitude, longitude, name, "
            "resolution_mm, spare_of, station, variables, was, wrap_mm"
        ),
        (
            "stations.csv:1: interval_s: missing column. "
            "Expected: station,latitude,longitude,elevation_m,variables,interval_s,county"
        ),
    ]


def test_semicolons_between_columns_are_named(faults_with: FaultsWith) -> None:
    assert faults_with("villages.csv", "village;name;latitude\n1;a;28\n")[-1] == (
        "villages.csv:1: expected commas between the columns"
    )


def test_a_file_without_stations_is_a_fault(faults_with: FaultsWith) -> None:
    header = "station,latitude,longitude,elevation_m,variables,interval_s,county"
    assert faults_with("stations.csv", f"{header}\n") == ["stations.csv: expected at least one station"]


def test_a_duplicate_column_is_named(faults_with: FaultsWith) -> None:
    assert "chain.csv:1: post: duplicate column" in faults_with(
        "chain.csv", "post,role,rank,area,channel,address,post\n"
    )


def test_codes_keep_their_leading_zeros(config_dir: Path) -> None:
    assert load_configuration(config_dir).network.villages.code == ("001", "002", "003")


def test_a_code_that_a_spreadsheet_has_rounded_is_told_apart(faults_after: FaultsAfter) -> None:
    found = faults_after("villages.csv", "003,Hill", "3.31E+11,Hill")
    assert (
        "villages.csv:4: village: a spreadsheet has rounded the code to 3.31E+11: "
        "format the column as text and fill it in again"
    ) in found


def test_a_byte_order_mark_is_not_part_of_the_first_column(config_dir: Path) -> None:
    path = config_dir / "villages.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_configuration(config_dir).network.villages.name[0] == "上村"


def test_windows_line_ends_make_no_difference(config_dir: Path) -> None:
    path = config_dir / "villages.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_configuration(config_dir).network.villages.county == ("County", "County", "County")


def test_a_file_in_gbk_is_refused_with_its_line(config_dir: Path, faults: Callable[[], list[str]]) -> None:
    path = config_dir / "villages.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("gbk"))
    assert "villages.csv:2: byte 0xc9 is not UTF-8: save it as UTF-8 (in Excel: CSV UTF-8)" in faults()


def test_a_file_in_utf_16_is_refused(config_dir: Path, faults: Callable[[], list[str]]) -> None:
    path = config_dir / "chain.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("utf-16"))
    assert faults() == ["chain.csv:1: encoded as UTF-16: save it as UTF-8 (in Excel: CSV UTF-8)"]


@pytest.mark.parametrize(
    ("wkt", "expected"),
    [
        ("POINT (119.9 28.4)", "expected Polygon or MultiPolygon, got Point"),
        ("POLYGON EMPTY", "expected Polygon or MultiPolygon, got Polygon EMPTY"),
        (
            "POLYGON ((28 119, 29 119, 29 120, 28 119))",
            "expected longitude -180 to 180, then latitude -90 to 90 (are they swapped?)",
        ),
        (
            "POLYGON ((119 28, 120 29, 120 28, 119 29, 119 28))",
            "expected a valid outline: Self-intersection[119.5 28.5]",
        ),
    ],
)
def test_a_wrong_outline_is_named(wkt: str, expected: str, faults_with: FaultsWith) -> None:
    rows = "\n".join(f"{code},a,28.4,119.9,East,County," for code in ("001", "002"))
    text = (
        f"village,name,latitude,longitude,township,county,polygon_wkt\n{rows}\n"
        f'003,c,28.4,119.9,West,County,"{wkt}"\n'
    )
    assert faults_with("villages.csv", text) == [f"villages.csv:4: polygon_wkt: {expected}"]


def test_text_that_is_no_outline_is_named(faults_with: FaultsWith) -> None:
    text = "village,name,latitude,longitude,township,county,polygon_wkt\n001,a,28.4,119.9,East,County,here\n"
    wrong = [fault for fault in faults_with("villages.csv", text) if fault.startswith("villages.csv")]
    assert len(wrong) == 1
    assert wrong[0].startswith("villages.csv:2: polygon_wkt: expected well-known text")


def _geojson(directory: Path, features: list[object]) -> None:
    (directory / "villages.csv").unlink(missing_ok=True)
    text = json.dumps({"type": "FeatureCollection", "features": features}, indent=1)
    (directory / "villages.geojson").write_text(text, encoding="utf-8")


def _feature(code: object, geometry: object, name: str = "a") -> dict[str, object]:
    properties = {"village": code, "name": name, "township": "East", "county": "County"}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _three_villages() -> list[object]:
    return [
        _feature("001", {"type": "Polygon", "coordinates": SQUARE}),
        _feature("002", {"type": "MultiPolygon", "coordinates": [SQUARE]}),
        _feature("003", {"type": "Point", "coordinates": [119.9, 28.4]}),
    ]


def test_villages_can_be_outlines_of_a_map(config_dir: Path, faults: Callable[[], list[str]]) -> None:
    _geojson(config_dir, _three_villages())
    assert faults() == []
    villages = load_configuration(config_dir).network.villages
    assert villages.code == ("001", "002", "003")
    assert (villages.latitude[2], villages.longitude[2]) == (28.4, 119.9)
    assert villages.polygon_wkt[2] is None


def test_the_point_of_an_outline_is_inside_even_if_it_is_a_ring(config_dir: Path) -> None:
    hole = [[119.85, 28.35], [119.95, 28.35], [119.95, 28.45], [119.85, 28.45], [119.85, 28.35]]
    ring = _feature("001", {"type": "Polygon", "coordinates": [*SQUARE, hole]})
    _geojson(config_dir, [ring, *_three_villages()[1:]])
    villages = load_configuration(config_dir).network.villages
    wkt = villages.polygon_wkt[0]
    assert wkt is not None
    assert shapely.from_wkt(wkt).contains(shapely.Point(villages.longitude[0], villages.latitude[0]))


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        ("village", "features[3]: expected a Feature"),
        (
            {"type": "Feature"},
            "features[3].properties: expected an object with village, name, township, county",
        ),
        (
            _feature(4, {"type": "Point", "coordinates": [119.9, 28.4]}),
            "features[3].properties.village: expected text, got 4 (codes are text: put it in quotes)",
        ),
        (
            _feature("004", {"type": "Point", "coordinates": [119.9, 28.4]}, name=""),
            "features[3].properties.name: expected text, got ''",
        ),
        (
            _feature("001", {"type": "Point", "coordinates": [119.9, 28.4]}),
            "features[3].properties.village: duplicate village '001', first in features[0]",
        ),
        (
            _feature("0/4", {"type": "Point", "coordinates": [119.9, 28.4]}),
            (
                "features[3].properties.village: expected a code of 1 to 64 characters of A-Z a-z 0-9 . _ -, "
                "got '0/4'"
            ),
        ),
        (
            _feature("004", {"type": "Point", "coordinates": [28.4, 119.9]}),
            (
                "features[3].geometry: expected longitude -180 to 180, then latitude -90 to 90 "
                "(are they swapped?)"
            ),
        ),
        (
            _feature("004", {"type": "LineString", "coordinates": [[119, 28], [120, 28]]}),
            "features[3].geometry: expected Point or Polygon or MultiPolygon, got LineString",
        ),
    ],
)
def test_a_wrong_feature_is_named_with_its_line(
    feature: object, expected: str, config_dir: Path, faults: Callable[[], list[str]]
) -> None:
    _geojson(config_dir, [*_three_villages(), feature])
    lines = (config_dir / "villages.geojson").read_text(encoding="utf-8").splitlines()
    features = [
        number for number, line in enumerate(lines, start=1) if line.startswith("  ") and line[2:3] in '{"'
    ]
    assert faults() == [f"villages.geojson:{features[-1]}: {expected}"]


@pytest.mark.parametrize("geometry", [None, 5, {}, {"type": "Polygon", "coordinates": [[["x", 1]]]}])
def test_a_geometry_that_is_none_is_named(
    geometry: object, config_dir: Path, faults: Callable[[], list[str]]
) -> None:
    _geojson(config_dir, [*_three_villages(), _feature("004", geometry)])
    (found,) = faults()
    assert "features[3].geometry: expected Point or Polygon or MultiPolygon" in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "villages.geojson:1: not valid JSON: Expecting property name enclosed in double quotes"),
        ("[]", 'villages.geojson:1: expected {"type": "FeatureCollection", "features": [...]}'),
        ('{"type": "FeatureCollection", "features": []}', "villages.geojson: expected at least one village"),
        (
            "[" * 100_000,
            "villages.geojson: not a JSON that a map program writes: nested or numbered beyond limits",
        ),
    ],
)
def test_a_map_that_is_none_is_refused(
    text: str, expected: str, config_dir: Path, faults_with: FaultsWith
) -> None:
    (config_dir / "villages.csv").unlink()
    assert faults_with("villages.geojson", text) == [expected]


def test_two_files_of_villages_are_one_too_many(faults_with: FaultsWith) -> None:
    assert "villages.geojson: there is a villages.csv too: keep one of the two" in faults_with(
        "villages.geojson", "{}"
    )


def test_places_are_arrays_in_the_order_of_the_file(config_dir: Path) -> None:
    villages = load_configuration(config_dir).network.villages
    assert villages.latitude.dtype == np.float64
    assert villages.latitude.tolist() == [28.4, 28.5, 28.45]
    assert villages.longitude.tolist() == [119.9, 119.9, 119.95]


def test_a_duplicate_village_is_named(faults_after: FaultsAfter) -> None:
    assert "villages.csv:4: village: duplicate village '001', first on line 2" in faults_after(
        "villages.csv", "003,Hill", "001,Hill"
    )


def test_a_map_in_gbk_is_refused_with_its_line(config_dir: Path, faults: Callable[[], list[str]]) -> None:
    (config_dir / "villages.csv").unlink()
    (config_dir / "villages.geojson").write_bytes('{"type":\n"上村"}'.encode("gbk"))
    assert faults() == ["villages.geojson:2: byte 0xc9 is not UTF-8: save it as UTF-8 (in Excel: CSV UTF-8)"]
