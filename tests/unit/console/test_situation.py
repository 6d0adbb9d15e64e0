"""What a frame means for an area: counts, needs, the order of the queue, and nothing of anybody else's."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.console.county import NOBODY, NOW_S, Rows, doors_of, frame, situation
from warnstream.adapters.console.frame import Frame, part_of
from warnstream.console import models
from warnstream.console.situation import View
from warnstream.delivery.ledger.states import Delivery, People

RED, ORANGE = 4, 3


def view(one: Frame, area: str = "*") -> View:
    found = situation(one)
    return found.view(found.county.area(area))


def towns(found: View, area: str = "*") -> list[str]:
    names = situation().county.area(area).towns
    return [names[town].name for town in found.order]


def test_the_worst_hazard_is_the_level_of_a_village() -> None:
    found = view(frame(level=((1, 0, 0, 4), (3, 2, 0, 0))))
    assert found.level.tolist() == [3, 2, 0, 4]
    assert found.head.levels == (0, 1, 1, 1)
    assert found.head.towns == (0, 0, 1, 1)


def test_doors_are_four_numbers_and_who_was_never_to_be_told_is_not_silent() -> None:
    delivery = {
        Delivery.NONE: 1,
        Delivery.DELIVERED: 4,
        Delivery.SENT: 1,
        Delivery.QUEUED: 1,
        Delivery.UNREACHABLE: 1,
    }
    people = {
        People.SILENT: 4,
        People.ACKNOWLEDGED: 1,
        People.MOVING: 1,
        People.SAFE: 1,
        People.HELP: 1,
    }
    doors = doors_of(NOBODY, NOBODY, NOBODY, (delivery, people))
    found = view(frame(level=((0, 0, 0, RED), (0, 0, 0, 0)), doors=doors))
    (row,) = found.rows.values()
    assert row.doors == models.Doors(addressed=7, reached=5, answered=4, safe=2, failed=1, help=1)
    assert found.head.needs.silent == models.Silent(doors=3, of=7)


def test_needs_are_counted_once_each() -> None:
    found = view(
        frame(
            level=((RED, 0, 0, 0), (0, 0, 0, 0)),
            chain=((0, 3, -1), (1, 1, NOW_S + 60)),
            helps=((0, NOW_S - 90, 0), (0, NOW_S - 30, 0), (1, NOW_S - 500, 1)),
            waits=((2, 3, NOW_S, NOW_S + 300, 0), (3, 3, NOW_S, -1, 0)),
            sight=(0, 1, 2, 2),
            stations=(1, 3, 0),
            channels_down=("sms",),
        )
    )
    needs = found.head.needs
    assert needs.help == models.Help(open=3, unassigned=2, oldest_s=NOW_S - 90)
    assert needs.release == models.Release(villages=2, first_due_s=NOW_S + 300)
    assert needs.dry == 1
    assert needs.unseen == models.Unseen(villages=2, channels=["sms"])
    assert (found.head.stations, found.head.reporting, found.head.doubted) == (3, 2, 1)
    assert found.head.partly_blind == 1


ALL_RED: Rows = ((RED, RED, RED, RED), (0, 0, 0, 0))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"helps": ((2, NOW_S, 0),)}, {"waits": ((0, 4, NOW_S, NOW_S + 60, 0),)}),
        ({"waits": ((2, 4, NOW_S, NOW_S + 60, 0),)}, {"waits": ((0, 4, NOW_S, NOW_S + 90, 0),)}),
        ({"waits": ((2, 4, NOW_S, NOW_S + 60, 0),)}, {"waits": ((0, 4, NOW_S, -1, 0),)}),
        ({"waits": ((2, 4, NOW_S, -1, 0),)}, {"chain": ((0, 3, -1),)}),
        ({"chain": ((2, 3, -1),)}, {"chain": ((0, 1, NOW_S + 60),)}),
        ({"chain": ((2, 1, NOW_S + 60),)}, {"chain": ((0, 1, NOW_S + 90),)}),
    ],
)
def test_what_waits_more_urgently_stands_first(first: dict[str, Rows], second: dict[str, Rows]) -> None:
    both = {name: (*first.get(name, ()), *second.get(name, ())) for name in first.keys() | second.keys()}
    assert towns(view(frame(level=ALL_RED, **both))) == ["Lower", "Upper"]  # type: ignore[arg-type]


def test_a_worse_level_stands_before_doors_without_an_answer_and_these_before_the_rest() -> None:
    silent = {Delivery.DELIVERED: 9}, {People.SILENT: 9}
    doors = doors_of(silent)
    assert towns(view(frame(level=((ORANGE, 0, RED, 0), (0, 0, 0, 0)), doors=doors))) == ["Lower", "Upper"]
    doors = doors_of(NOBODY, NOBODY, NOBODY, silent)
    assert towns(view(frame(level=((RED, 0, 0, RED), (0, 0, 0, 0)), doors=doors))) == ["Lower", "Upper"]


def test_a_call_for_help_that_somebody_has_is_less_urgent_than_one_of_a_blue_village_is_told() -> None:
    found = view(frame(level=((1, 0, RED, 0), (0, 0, 0, 0)), helps=((0, NOW_S, 0), (2, NOW_S, 1))))
    assert towns(found) == ["Lower", "Upper"], "help below orange does not outrank red"
    upper = found.rows[0]
    assert (upper.help, upper.help_unassigned) == (1, 1)


@pytest.mark.parametrize(
    ("area", "villages", "stations"),
    [("*", 4, 3), ("North", 2, 2), ("Lower", 2, 1), ("V3", 1, 1), ("nowhere", 0, 0)],
)
def test_an_area_holds_its_own_villages_and_the_stations_beside_them(
    area: str, villages: int, stations: int
) -> None:
    found = view(
        frame(level=ALL_RED, helps=((0, NOW_S, 0), (3, NOW_S, 0)), reasons=("nobody of Upper",)), area
    )
    assert (len(found.level), len(found.stations)) == (villages, stations)
    assert found.head.levels == (0, 0, 0, villages)
    helps = {"*": 2, "nowhere": 0}.get(area, 1)
    assert found.head.needs.help.open == helps
    assert bool(found.head.reasons) is (area == "*"), "reasons name places of everybody"


def test_what_is_near_to_a_threshold_is_listed_only_while_nothing_stands() -> None:
    ratio = np.array([[0.5, np.nan, 0.9, 0.004], [0.1, np.nan, 0.2, np.inf]])
    calm = view(frame(ratio=ratio))
    assert calm.near == [models.Near(2, "flash_flood", 90), models.Near(0, "flash_flood", 50)]
    assert view(frame(level=ALL_RED, ratio=ratio)).near == []


@pytest.mark.parametrize(
    ("name", "array", "form"),
    [
        ("level", np.zeros((2, 5)), "u1"),
        ("doors", np.zeros((4, 15)), "u4"),
        ("helps", np.array([[4, 0, 0]]), "i8"),
        ("waits", np.array([[-1, 0, 0, 0, 0]]), "i8"),
        ("chain", np.zeros((1, 4)), "i8"),
        ("stations", np.zeros(2), "u1"),
        ("sight", np.zeros(5), "u1"),
        ("ratio", np.zeros((1, 4)), "f4"),
    ],
)
def test_a_frame_of_another_county_is_refused_whole(name: str, array: np.ndarray, form: str) -> None:
    found = situation(frame(level=ALL_RED))
    whole = frame()
    broken = msgspec.structs.replace(whole, parts={**whole.parts, name: part_of(array, form)})
    with pytest.raises(ValueError, match=name):
        found.take(broken)
    assert found.levels().tolist() == [RED] * 4


def test_parts_that_a_frame_leaves_out_stay_as_they_were() -> None:
    found = situation(frame(level=ALL_RED))
    found.take(msgspec.structs.replace(frame(now_s=NOW_S + 1), parts={}))
    assert found.levels().tolist() == [RED] * 4
    assert found.head is not None
    assert found.head.now_s == NOW_S + 1


@given(st.lists(st.integers(0, 4), min_size=8, max_size=8))
def test_counts_of_areas_add_up_to_those_of_everywhere(levels: list[int]) -> None:
    one = frame(level=(levels[:4], levels[4:]))
    whole, north, lower = (view(one, area).head.levels for area in ("*", "North", "Lower"))
    assert tuple(a + b for a, b in zip(north, lower, strict=True)) == whole
