from collections.abc import Callable
from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.config.look_at.transfers import nowhere_to_go, uncounted
from warnstream.config.summary import summarise
from warnstream.model.transfers.objects import UNKNOWN, ObjectKind

OBJECTS = "object,village,kind,zone,class,persons,helpless,helper,shelter\n"
SHELTERS = "shelter,name,village,capacity\n"
ZONES = "zone,village,name,latitude,longitude,polygon_wkt\n001-up,001,上游,28.42,119.92,\n"


def write(directory: Path, **tables: str) -> None:
    for name, text in tables.items():
        (directory / f"{name}.csv").write_text(text, encoding="utf-8")


def test_objects_and_shelters_are_read_with_their_defaults(
    config_dir: Path, faults: Callable[[], list[str]]
) -> None:
    rows = "o1,001,hut,001-up,,12,3,p1,s1\no2,002,dangerous_house,,,,,,\no3,002,boat,,D,4,,,\n"
    write(config_dir, objects=OBJECTS + rows, shelters=SHELTERS + "s1,村小学,001,80\n", zones=ZONES)
    assert faults() == []
    first, second, third = load_configuration(config_dir).network.objects
    assert (first.kind, first.grade, first.village, first.zone) == (ObjectKind.HUT, "A", 0, "001-up")
    assert (first.persons, first.helpless, first.helper, first.shelter) == (12, 3, "p1", "s1")
    assert (second.grade, second.persons, second.helpless) == ("B", UNKNOWN, UNKNOWN)
    assert third.grade == "D"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("o1,009,hut,,,1,,,", "village: unknown village '009'"),
        ("o1,001,castle,,,1,,,", "kind: expected hut, site,"),
        ("o1,001,hut,001-xx,,1,,,", "zone: no zone '001-xx' in zones.csv"),
        ("o1,002,hut,001-up,,1,,,", "zone: zone '001-up' is of another village"),
        ("o1,001,hut,,E,1,,,", "class: expected A, B, C or D or nothing, got 'E'"),
        ("o1,001,hut,,,-1,,,", "persons: expected a whole number from 0 to 100000, got -1"),
        ("o1,001,hut,,,2,3,,", "helpless: expected at most the 2 persons, got 3"),
        ("o1,001,hut,,,2,,p9,", "helper: 'p9' is not in chain.csv"),
        ("o1,001,hut,,,2,,,s9", "shelter: 's9' is not in shelters.csv"),
        ("h1,001,hut,,,2,,,", "object: 'h1' is in households.csv already, line 3"),
        ("p1,001,hut,,,2,,,", "object: 'p1' is in chain.csv already, line 2"),
        ("o0,001,hut,,,2,,,", "object: duplicate object 'o0', first on line 2"),
    ],
)
def test_a_wrong_object_is_named(
    row: str, expected: str, config_dir: Path, faults: Callable[[], list[str]]
) -> None:
    write(config_dir, objects=f"{OBJECTS}o0,001,hut,,,2,,,\n{row}\n", zones=ZONES)
    (fault,) = faults()
    assert fault.startswith(f"objects.csv:3: {expected}")


def test_every_fault_is_told_at_once(config_dir: Path, faults: Callable[[], list[str]]) -> None:
    write(
        config_dir,
        objects=OBJECTS + "o1,009,castle,,E,x,,,\n",
        shelters=SHELTERS + "s1,,001,-5\ns1,School,007,10\n",
    )
    places = [fault.split(":")[0:3] for fault in faults()]
    assert [place[:2] for place in places] == [["objects.csv", "2"]] * 4 + [["shelters.csv", "2"]] * 2 + [
        ["shelters.csv", "3"]
    ] * 2


def test_households_say_grade_and_persons_in_the_order_of_their_villages(
    config_dir: Path, faults: Callable[[], list[str]]
) -> None:
    text = (
        "household,village,channel,address,class,persons,helpless\n"
        "h2,002,device,h2,D,5,\nh1,001,sms,+8610,A,3,2\nh4,002,sms,+8611,,,\n"
    )
    write(config_dir, households=text)
    assert faults() == []
    households = load_configuration(config_dir).network.households
    assert households.code == ("h1", "h2", "h4")
    assert households.facts is not None
    assert households.facts.grade == ("A", "D", "")
    assert households.facts.persons == (3, 5, UNKNOWN)
    write(config_dir, households=text.replace(",A,3,2", ",F,3,9"))
    assert [fault.split(" expected")[0] for fault in faults()] == [
        "households.csv:3: class:",
        "households.csv:3: helpless:",
    ]


def test_a_register_without_grades_says_nothing_of_its_people(config_dir: Path) -> None:
    assert load_configuration(config_dir).network.households.facts is None


def test_check_says_what_is_missing_and_too_small(config_dir: Path) -> None:
    rows = "o1,001,hut,001-up,,120,3,,s1\no2,002,site,,,,,,\no3,003,camp,,,9,,,\n"
    shelters = SHELTERS + "s1,School,001,80\ns2,Hall,002,50\n"
    write(config_dir, objects=OBJECTS + rows, shelters=shelters, zones=ZONES)
    configuration = load_configuration(config_dir)
    assert list(nowhere_to_go(configuration)) == [
        "shelters.csv: no shelter for 1 village with people: 003",
        "shelters.csv: 1 shelter too small: s1 (120 for 80)",
    ]
    assert list(uncounted(configuration)) == [
        "objects.csv: nobody has counted the persons of 1 object: o2",
        "objects.csv: 1 object with helpless persons and no helper: o1",
    ]
    said = summarise(configuration)
    assert "objects    3 (1 camp, 1 hut, 1 site; 129 persons, 3 helpless)" in said
    assert "shelters   2 (room for 130 persons)" in said


def test_a_zone_whose_people_have_no_shelter_is_named(config_dir: Path) -> None:
    rows = "o1,001,hut,001-up,,12,,,\n"
    write(config_dir, objects=OBJECTS + rows, shelters=SHELTERS + "s2,Hall,002,50\n", zones=ZONES)
    (first, *_) = nowhere_to_go(load_configuration(config_dir))
    assert first == "shelters.csv: no shelter for 1 zone with people: 001-up"
