"""What a person asks for becomes an order, or is refused with every fault."""

from dataclasses import replace

import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.hands.orders import Operator, OrderKind, Role
from warnstream.model.hands.requests import OrderFaultsError, OrderRequest
from warnstream.model.level import Level
from warnstream.runners.build import build_desk
from warnstream.runners.orders.rehearsal import rehearse
from warnstream.runners.orders.request import agreement_faults, order_of


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    directory = tmp_path_factory.mktemp("county")
    build_county(1, CountyPlan(n_stations=9, n_villages=6, n_gauges=1)).write(directory)
    write_demo_config(directory)
    found = load_configuration(directory)
    people = (
        Operator("zhang", "张三", Role.OFFICER, "*", ""),
        Operator("li", "李四", Role.SECOND, "*", ""),
        Operator("wang", "王五", Role.READER, "*", ""),
        Operator("zhao", "赵六", Role.OFFICER, found.network.villages.code[0], ""),
    )
    return replace(found, operators=people)


def request(**said: object) -> OrderRequest:
    words: dict[str, object] = {"kind": "issue", "author": "zhang", "reason": "seen", "level": "orange"}
    return OrderRequest(**(words | {"hazard": "flash_flood"} | said))  # type: ignore[arg-type]


def faults_of(county: Configuration, asked: OrderRequest) -> list[str]:
    with pytest.raises(OrderFaultsError) as error:
        order_of(asked, county)
    return error.value.faults


def test_the_demo_county_names_its_officers(county: Configuration) -> None:
    roles = {operator.role for operator in load_configuration(county.directory).operators}
    assert roles == {Role.OFFICER, Role.SECOND}


def test_a_reason_has_no_character_that_turns_or_hides_what_is_read(county: Configuration) -> None:
    village = county.network.villages.code[0]
    found = order_of(request(villages=[village], reason=" loose \u202e\x00 gauge\n"), county)
    assert found.reason == "loose gauge"
    empty = order_of(request(villages=[village], reason="\x00\u2066"), county)
    assert empty.reason == "", "the desk refuses it"


def test_an_order_has_every_village_that_it_means_once(county: Configuration) -> None:
    villages = county.network.villages
    order = order_of(
        request(villages=[villages.code[0]] * 2, townships=[villages.township[0]], lasts="45min"), county
    )
    expected = [
        code
        for code, township in zip(villages.code, villages.township, strict=True)
        if township == villages.township[0]
    ]
    assert order.villages == tuple(expected)
    assert (order.kind, order.level, order.for_s) == (OrderKind.ISSUE, Level.ORANGE, 2700)
    assert order.identifier


def test_a_polygon_and_a_river_gauge_name_villages(county: Configuration) -> None:
    villages = county.network.villages
    x, y = villages.longitude[2], villages.latitude[2]
    ring = [[x - 1e-4, y - 1e-4], [x + 1e-4, y - 1e-4], [x + 1e-4, y + 1e-4], [x - 1e-4, y - 1e-4]]
    ring.insert(3, [x - 1e-4, y + 1e-4])
    polygon = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    assert villages.code[2] in order_of(request(polygon=polygon), county).villages
    stations = county.network.stations
    gauge = next(code for code, has in zip(stations.code, stations.measures_stage, strict=True) if has)
    assert order_of(request(rivers=[gauge]), county).villages


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"kind": "shout", "level": "pink"}, ["kind: expected issue", "level: expected blue"]),
        ({"author": "nobody"}, ["author: 'nobody' is no person of operators.csv"]),
        ({"author": "wang"}, ["author: 'wang' is reader: that role may not issue"]),
        ({"author": "li"}, ["author: 'li' is second: that role may not issue"]),
        ({"second": "wang"}, ["second: 'wang' is reader"]),
        ({"hazard": "snow", "lasts": "soon"}, ["lasts: ", "hazard: expected"]),
        ({"villages": ["nowhere", "neither"]}, ["no village 'nowhere'", "no village 'neither'"]),
        ({"townships": ["nowhere"], "rivers": ["R0"]}, ["townships: ", "rivers: "]),
        ({"polygon": {"type": "Point", "coordinates": [0, 0]}}, ["polygon: expected a GeoJSON polygon"]),
        ({"polygon": {"type": "Polygon", "coordinates": "x"}}, ["polygon: expected a GeoJSON polygon"]),
        ({"polygon": {}}, ["polygon: expected a GeoJSON polygon"]),
        ({"kind": "silence", "level": "", "post": "nobody"}, ["post: 'nobody' is no post of chain.csv"]),
        ({"kind": "end", "level": "blue"}, ["level: end has no level"]),
        ({"kind": "silence", "level": "", "alone": True}, ["alone: silence has no word of its own on red"]),
        ({"response": "II", "order": "red-1"}, ["response: issue has no response", "order: issue has no"]),
        ({"kind": "release", "level": "", "lasts": "1h"}, ["lasts: release has no time that it lasts"]),
        ({"lasts": "48h"}, ["lasts: expected at most 24h, got '48h'"]),
        ({"kind": "lower", "level": "blue", "lasts": "3h"}, ["lasts: expected at most 2h, got '3h'"]),
        ({"kind": "silence", "level": "", "lasts": "3h"}, ["lasts: expected at most 2h, got '3h'"]),
    ],
)
def test_what_cannot_be_is_refused_with_every_fault(
    county: Configuration, said: dict[str, object], words: list[str]
) -> None:
    found = faults_of(county, request(**said))
    assert len(found) == len(words), found
    assert all(word in fault for word, fault in zip(words, found, strict=True)), found


def test_people_order_in_their_own_area_alone(county: Configuration) -> None:
    codes = county.network.villages.code
    assert order_of(request(author="zhao", villages=[codes[0]]), county)
    (fault,) = faults_of(county, request(author="zhao", villages=list(codes)))
    assert "outside the area" in fault
    silence = request(kind="silence", author="zhao", level="")
    assert "name its villages" in faults_of(county, silence)[0]


def test_a_rehearsal_counts_doors_and_seconds_where_a_rate_is_known(county: Configuration) -> None:
    codes = list(county.network.villages.code)
    found = rehearse(county, request(villages=codes))
    assert found.villages == codes
    assert sum(found.doors.values()) == len(county.network.households)
    for channel, seconds in found.seconds.items():
        rate = county.channels[channel].rate_per_s
        assert rate is not None
        assert seconds == pytest.approx(found.doors[channel] / rate, abs=0.1)
    assert rehearse(county, request(kind="silence", villages=codes, level="")).doors == {}


def test_the_second_person_answers_for_the_villages_of_the_order_that_waits(county: Configuration) -> None:
    codes = county.network.villages.code
    desk = build_desk(county)
    red = order_of(request(level="red", villages=[codes[1]], identifier="red-1"), county)
    desk.step([red], 1_781_740_800)
    agreed = request(kind="release", author="zhao", order="red-1", hazard="", level="")
    (fault,) = agreement_faults(order_of(agreed, county), desk, county)
    assert "outside the area" in fault
    by_second = request(kind="release", author="li", order="red-1", hazard="", level="")
    assert agreement_faults(order_of(by_second, county), desk, county) == []


def test_the_true_time_of_what_is_told_late_is_local_or_has_an_offset(county: Configuration) -> None:
    told = replace(county, node=replace(county.node, clock="simulated"))
    local = order_of(
        request(villages=[county.network.villages.code[0]], happened_at="2026-06-18T02:10"), told
    )
    utc = order_of(request(villages=[county.network.villages.code[0]], happened_at="2026-06-17T18:10Z"), told)
    assert local.happened_s == utc.happened_s == 1_781_719_800


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01T00:00", "1999-01-01T00:00"])
def test_a_true_time_that_cannot_be_is_refused(county: Configuration, text: str) -> None:
    there = replace(county, node=replace(county.node, clock="system"))
    assert any("happened_at" in fault for fault in faults_of(there, request(happened_at=text)))
