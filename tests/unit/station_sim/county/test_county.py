import csv
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely

from station_sim import outline
from station_sim.county import files as county_files
from station_sim.county.county import County, CountyPlan, build_county, read_county
from station_sim.county.files import OFFSET_S, write_roster
from station_sim.errors import CountyFileError, SimulatorError
from station_sim.sending.scenario import DEFAULT_START_S, Scenario


@pytest.fixture(scope="module")
def full_county() -> County:
    return build_county(1)


@pytest.fixture
def folder(tmp_path: Path, small_county: County) -> Path:
    small_county.write(tmp_path)
    return tmp_path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def replace_in(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")


def test_the_invented_outline_has_the_area_of_the_prefecture() -> None:
    area_km2 = sum(part.polygon.area for part in outline.invented_counties()) / 1e6
    assert area_km2 == pytest.approx(17_300, rel=1e-3)


def test_the_invented_outline_stays_inside_the_bounding_box() -> None:
    frame = shapely.union_all([part.polygon for part in outline.invented_counties()])
    corners = np.array([frame.bounds[:2], frame.bounds[2:]])
    latitude, longitude = outline.unproject(corners)
    assert latitude[0] >= outline.SOUTH - 1e-9
    assert latitude[1] <= outline.NORTH + 1e-9
    assert longitude[0] >= outline.WEST - 1e-9
    assert longitude[1] <= outline.EAST + 1e-9


def test_every_seat_lies_in_its_own_county() -> None:
    for seat, part in zip(outline.COUNTY_SEATS, outline.invented_counties(), strict=True):
        place = outline.project(np.array([seat.latitude]), np.array([seat.longitude]))[0]
        assert part.name == seat.name
        assert shapely.contains_xy(part.polygon, *place)


def test_projection_and_its_inverse_agree() -> None:
    latitude, longitude = outline.unproject(outline.project(np.array([27.5, 28.9]), np.array([118.7, 120.4])))
    assert latitude == pytest.approx([27.5, 28.9])
    assert longitude == pytest.approx([118.7, 120.4])


def test_the_full_county_has_the_published_numbers_of_villages(full_county: County) -> None:
    expected = {seat.name: seat.n_villages for seat in outline.COUNTY_SEATS}
    assert Counter(full_county.villages.county) == expected
    assert len(full_county.villages) == 2_855


def test_the_full_county_has_173_townships(full_county: County) -> None:
    assert len(set(full_county.villages.township)) == 173


def test_stations_stand_on_a_5_km_grid_in_the_outline(full_county: County) -> None:
    is_rain = np.array([code.startswith("R") for code in full_county.stations.code])
    assert 660 <= is_rain.sum() <= 720
    assert (~is_rain).sum() == 60
    xy_m = outline.project(full_county.stations.latitude, full_county.stations.longitude)[is_rain]
    away_m = np.linalg.norm(xy_m[:, None] - xy_m[None], axis=-1) + np.eye(len(xy_m)) * 1e9
    assert away_m.min(axis=1) == pytest.approx(5_000, abs=10)


def test_codes_are_unique_and_villages_have_twelve_digits(full_county: County) -> None:
    assert len(set(full_county.villages.code)) == len(full_county.villages)
    assert len(set(full_county.stations.code)) == len(full_county.stations)
    assert all(
        len(code) == 12 and code.startswith("3311") and code.isdigit() for code in full_county.villages.code
    )


def test_no_village_code_can_be_that_of_a_real_village(full_county: County) -> None:
    assert min(int(code[6:9]) for code in full_county.villages.code) >= 901


def test_every_gauge_warns_5_to_20_villages(full_county: County) -> None:
    per_gauge = Counter(full_county.gauges.station.tolist())
    assert len(per_gauge) == 60
    assert min(per_gauge.values()) >= 5
    assert max(per_gauge.values()) <= 20


def test_critical_rain_rises_with_level_and_does_not_fall_with_duration(full_county: County) -> None:
    critical_mm = full_county.critical_rain.critical_mm
    assert (np.diff(critical_mm, axis=2) > 0).all()
    assert (np.diff(critical_mm, axis=1) >= 0).all()


def test_critical_rain_is_centred_on_the_published_table(full_county: County) -> None:
    hour = full_county.critical_rain.critical_mm[:, 2]
    assert np.median(hour, axis=0) == pytest.approx([35, 45, 60, 80], abs=3)


def test_stages_rise_with_level(full_county: County) -> None:
    assert (np.diff(full_county.gauges.critical_m, axis=1) > 0).all()


def test_a_smaller_county_has_the_numbers_asked_for(small_county: County) -> None:
    kinds = Counter(code[0] for code in small_county.stations.code)
    assert kinds == {"R": 40, "Z": 4}
    assert len(small_county.villages) == 60


def test_more_stations_than_grid_points_are_refused_with_the_number_that_fits() -> None:
    with pytest.raises(SimulatorError, match=r"the frame holds \d+ stations 5 km apart, not 5000"):
        build_county(1, CountyPlan(n_stations=5000))


def test_no_villages_are_refused() -> None:
    with pytest.raises(SimulatorError, match="n_villages must be 1 or more, got 0"):
        build_county(1, CountyPlan(n_villages=0))


@pytest.mark.parametrize(
    ("file", "header"),
    [
        ("stations.csv", "station,latitude,longitude,elevation_m,variables,interval_s,county"),
        ("villages.csv", "village,name,latitude,longitude,township,county,people"),
        ("households.csv", "household,village,channel,address"),
        ("chain.csv", "post,role,rank,area,channel,address,duty"),
        ("teams.csv", "team,name,base,area,echelon,heads,kit,channel,address"),
        ("thresholds.csv", "village,hazard,duration,level,value,unit,station,source"),
    ],
)
def test_files_have_exactly_the_documented_header(folder: Path, file: str, header: str) -> None:
    assert (folder / file).read_text(encoding="utf-8").splitlines()[0] == header


def test_codes_use_only_letters_that_topics_allow(folder: Path) -> None:
    allowed = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
    for file, column in (("households.csv", "household"), ("chain.csv", "post"), ("stations.csv", "station")):
        assert all(set(row[column]) <= allowed for row in rows_of(folder / file))


def test_households_and_posts_share_one_namespace(folder: Path) -> None:
    recipients = [row["household"] for row in rows_of(folder / "households.csv")]
    recipients += [row["post"] for row in rows_of(folder / "chain.csv")]
    assert len(set(recipients)) == len(recipients)


def test_devices_are_addressed_by_code_and_sms_by_numbers_of_no_country(folder: Path) -> None:
    households = rows_of(folder / "households.csv")
    assert {row["channel"] for row in households} == {"device", "sms"}
    assert all(row["address"] == row["household"] for row in households if row["channel"] == "device")
    assert all(row["address"].startswith("+0") for row in households if row["channel"] == "sms")


def test_every_village_has_a_chain_of_four_ranks(folder: Path) -> None:
    posts = rows_of(folder / "chain.csv")
    for village in rows_of(folder / "villages.csv"):
        areas = {village["village"], village["township"], village["county"]}
        assert sorted(post["rank"] for post in posts if post["area"] in areas) == ["1", "2", "3", "4"]


def test_the_county_s_duty_office_has_shifts_without_a_gap_around_the_start(tmp_path: Path) -> None:
    county = build_county(1, CountyPlan(n_stations=9, n_villages=3, n_gauges=1))
    write_roster(tmp_path / "roster.csv", county.villages, DEFAULT_START_S, OFFSET_S)
    rows = [row for row in rows_of(tmp_path / "roster.csv") if row["post"] == "C0001"]
    assert (rows[0]["from"], rows[0]["to"]) == ("2026-06-17 08:00", "2026-06-17 20:00")
    assert all(before["to"] == after["from"] for before, after in pairwise(rows))
    assert all(before["person"] != after["person"] for before, after in pairwise(rows))
    assert {row["phone"] for row in rows} == {"C0001"}


def test_a_county_that_is_read_back_gives_the_same_messages(folder: Path, scenario: Scenario) -> None:
    again = Scenario(scenario.seed, read_county(folder), scenario.hours)
    assert list(again.messages()) == list(scenario.messages())
    assert again.truth == scenario.truth


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CountyFileError, match=r"stations\.csv: cannot be read"):
        read_county(tmp_path)


def test_a_wrong_number_is_named_with_file_line_and_column(folder: Path) -> None:
    replace_in(folder / "stations.csv", ",rain,300,", ",rain,soon,")
    with pytest.raises(
        CountyFileError, match=r"stations\.csv:\d+: interval_s: expected seconds, .* got 'soon'"
    ):
        read_county(folder)


def test_an_unknown_variable_is_named(folder: Path) -> None:
    replace_in(folder / "stations.csv", ",rain,300,", ",snow,300,")
    with pytest.raises(CountyFileError, match=r"stations\.csv:\d+: variables: expected words such as rain"):
        read_county(folder)


def test_a_missing_column_is_named(folder: Path) -> None:
    replace_in(folder / "villages.csv", "village,name", "village,title")
    with pytest.raises(
        CountyFileError, match=r"villages\.csv:1: expected the columns .* missing: \['name'\]"
    ):
        read_county(folder)


def test_an_unknown_village_in_the_thresholds_is_named(folder: Path, small_county: County) -> None:
    replace_in(folder / "thresholds.csv", small_county.villages.code[0], "330000000000")
    with pytest.raises(CountyFileError, match=r"thresholds\.csv:2: village: expected a known village"):
        read_county(folder)


def test_a_county_without_thresholds_can_be_simulated(folder: Path) -> None:
    (folder / "thresholds.csv").unlink()
    county = read_county(folder)
    assert len(county.gauges.station) == 0
    assert len(list(Scenario(1, county, hours=0.1).messages())) > 0


def test_durations_survive_writing_and_reading(folder: Path, small_county: County) -> None:
    critical_rain, _ = county_files.read_thresholds(
        folder / "thresholds.csv", small_county.stations, small_county.villages
    )
    assert critical_rain.duration_s.tolist() == [600, 1800, 3600, 10_800, 21_600]
    assert (critical_rain.critical_mm == small_county.critical_rain.critical_mm).all()


def test_village_outlines_hold_their_village(tmp_path: Path) -> None:
    county = build_county(3, CountyPlan(n_stations=20, n_villages=30, village_polygons=True))
    county.write(tmp_path)
    for row in rows_of(tmp_path / "villages.csv"):
        polygon = shapely.from_wkt(row["polygon_wkt"])
        assert polygon.distance(shapely.Point(float(row["longitude"]), float(row["latitude"]))) < 1e-4


def test_true_outlines_replace_the_invented_ones(tmp_path: Path) -> None:
    square = shapely.box(119.0, 28.0, 119.5, 28.5)
    feature = {
        "type": "Feature",
        "properties": {"name": "松阳县"},
        "geometry": shapely.geometry.mapping(square),
    }
    path = tmp_path / "counties.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    county = build_county(1, CountyPlan(counties_file=path))
    assert set(county.villages.county) == {"Songyang"}
    assert len(county.villages) == 414
    assert shapely.contains_xy(square.buffer(1e-3), county.stations.longitude, county.stations.latitude).all()


def test_a_file_that_is_no_geojson_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "counties.geojson"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(CountyFileError, match="expected a GeoJSON FeatureCollection"):
        build_county(1, CountyPlan(counties_file=path))


@pytest.mark.real_data
def test_the_true_outlines_of_lishui_carry_the_full_county(shared_data: Path) -> None:
    file = shared_data / "lishui_geo" / "counties_wgs84.geojson"
    county = build_county(1, CountyPlan(counties_file=file))
    assert len(county.villages) == 2_855
    assert set(county.villages.county) == {seat.name for seat in outline.COUNTY_SEATS}
    assert 660 <= sum(code.startswith("R") for code in county.stations.code) <= 720
