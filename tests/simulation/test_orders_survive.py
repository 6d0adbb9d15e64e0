"""Orders by hand through kills and changed configurations: what binds goes on, what is owed is done."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulation.changed_county import County, phones
from warnstream.model.hands.orders import BoundKind
from warnstream.model.hands.requests import OrderRequest
from warnstream.model.level import Level

pytestmark = pytest.mark.slow

PEOPLE = "person,name,role,area,phone\nzhang,Zhang,officer,*,\nli,Li,second,*,\n"
MILDER = ("rain_mm: 60", "rain_mm: 61")
"""A changed threshold that changes no level of this storm: the configuration is another all the same."""


@pytest.fixture
def county(tmp_path: Path) -> Iterator[County]:
    with phones() as gateway:
        opened = County(tmp_path / "county", gateway)
        opened.write()
        opened.put("operators.csv", PEOPLE)
        yield opened
        if opened.node is not None:
            opened.stop()


def order(county: County, kind: str, **said: object) -> None:
    words: dict[str, object] = {
        "author": "zhang",
        "reason": "seen",
        "hazard": "flash_flood",
        "villages": ["V1"],
    }
    assert county.node is not None
    county.node.status.give_order(OrderRequest(kind=kind, **(words | said)))  # type: ignore[arg-type]


def told(county: County, village: str, hazard: str = "flash_flood") -> Level:
    assert county.node is not None
    codes = county.node.people.network.villages.code
    found = [
        warning
        for warning in county.open_warnings()
        if (codes[warning.village], warning.hazard) == (village, hazard)
    ]
    return found[0].level if found else Level.NONE


def bounds(county: County) -> list[tuple[BoundKind, Level, Level]]:
    assert county.node is not None
    found = county.node.engine.desk.bound_cases()
    return [(case.bound.kind, case.bound.level, case.found) for case in found if case.bound is not None]


@pytest.mark.parametrize("is_changed", [False, True])
@pytest.mark.parametrize("has_snapshot", [False, True])
def test_a_ceiling_goes_on_through_a_kill_and_ends_in_its_time(
    county: County, is_changed: bool, has_snapshot: bool
) -> None:
    county.start()
    county.rain(12)
    assert told(county, "V1") is Level.RED
    order(county, "lower", level="yellow")
    county.rain(1)
    assert bounds(county) == [(BoundKind.CEILING, Level.YELLOW, Level.RED)]
    if has_snapshot:
        county.write_snapshot()
    county.kill()
    if is_changed:
        county.replace("thresholds.yaml", *MILDER)
    county.start()
    assert bounds(county) == [(BoundKind.CEILING, Level.YELLOW, Level.RED)]
    county.rain(1)
    assert told(county, "V1") is Level.YELLOW
    assert told(county, "V2") is Level.ORANGE
    county.rain(6)
    assert told(county, "V1") is Level.RED, "half an hour is over"
    assert bounds(county) == []
    assert county.find_faults() == []


@pytest.mark.parametrize("is_changed", [False, True])
def test_an_order_that_no_step_has_carried_out_is_carried_out_after_the_kill(
    county: County, is_changed: bool
) -> None:
    county.start()
    county.rain(3)
    order(county, "issue", level="orange", villages=["V4"], lasts="2h")
    county.kill()
    if is_changed:
        county.replace("thresholds.yaml", *MILDER)
    county.start()
    county.rain(1)
    assert told(county, "V4") is Level.ORANGE
    county.kill()
    county.replace("thresholds.yaml", "rain_mm: 30", "rain_mm: 31")
    county.start()
    county.rain(1)
    assert bounds(county) == [(BoundKind.FLOOR, Level.ORANGE, Level.NONE)]
    assert county.find_faults() == []
    issued = [warning for warning in county.gateway.warnings() if warning.recipient == "H4a"]
    assert len(issued) == 1, "once"


def test_red_that_waits_for_a_second_person_waits_on_and_is_agreed_to_after_a_kill(county: County) -> None:
    county.start()
    county.rain(2)
    order(county, "issue", level="red", villages=["V4"], identifier="red-1")
    county.rain(1)
    assert told(county, "V4") is Level.NONE
    county.kill()
    county.start()
    order(county, "release", order="red-1", author="li", villages=[])
    county.rain(1)
    assert told(county, "V4") is Level.RED
    county.settle()  # an alarm that was on its way at the kill may come twice, under one key
    assert list(county.faults_of_doors()) == []


@pytest.mark.parametrize("is_village", [False, True])
def test_an_order_about_what_a_configuration_has_lost_does_no_harm(county: County, is_village: bool) -> None:
    county.start()
    county.rain(12)
    order(county, "end", villages=["V2"], hazard="storm")
    order(county, "issue", level="orange", villages=["V4"], hazard="storm", lasts="1h")
    county.rain(1)
    county.stop()
    if is_village:
        county.rows("villages.csv", lambda row: row["village"] not in ("V2", "V4"))
        county.rows("households.csv", lambda row: row["village"] not in ("V2", "V4"))
        county.rows("chain.csv", lambda row: row["area"] not in ("V2", "V4"))
    else:
        county.put("thresholds.yaml", county.text("thresholds.yaml").partition("  storm:")[0])
    county.start()
    county.rain(17)
    county.settle()
    assert told(county, "V1") is Level.RED
    assert told(county, "V4", "storm") is Level.NONE, "a bound never outlives its expiry"
    assert bounds(county) == []
    assert list(county.faults_of_doors()) == []
