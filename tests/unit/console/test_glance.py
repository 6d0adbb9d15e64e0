"""The situation in a terminal: old is told as old, what waits stands there, nothing of it is invented."""

import re

import msgspec

from tests.unit.console.county import NOBODY, NOW_S, doors_of, frame, situation
from warnstream.adapters.console.frame import Frame
from warnstream.console import models
from warnstream.console.glance import Glance
from warnstream.console.stream import state_of
from warnstream.delivery.ledger.states import Delivery, People
from warnstream.model.times import HOUR_S, fixed_zone

RED = 4


def glance(of: Frame, *, age_s: float = 0.4, fault: str = "", stepped_s: float = 3.0) -> Glance:
    found = situation(of)
    area = found.county.area("*")
    clock = models.Clock(wall_s=NOW_S, now_s=NOW_S, age_s=age_s, stepped_s=stepped_s, fault=fault)
    return Glance(state_of(found.view(area), "1", clock), area.towns, fixed_zone(8 * HOUR_S))


def text(found: Glance) -> str:
    return "\n".join(found.lines())


def test_a_calm_ready_node_says_so_and_ends_well() -> None:
    found = glance(frame())
    assert found.is_well
    assert "  ready" in text(found).splitlines()
    assert "villages  none; towns  none" in text(found)
    assert "calls for help  0 open, 0 with nobody" in text(found)
    assert "OLD" not in text(found)


def test_what_is_old_is_told_as_old_and_never_ends_well() -> None:
    for found in (
        glance(frame(), age_s=5.1),
        glance(frame(), age_s=-1),
        glance(frame(), fault="the node is not there"),
    ):
        assert not found.is_well
        assert "OLD" in text(found)
    assert "nothing has come from the node" in text(glance(frame(), age_s=-1))


def test_a_node_that_is_not_ready_gives_its_reasons_and_one_that_never_judged_says_so() -> None:
    calm = frame()
    head = msgspec.structs.replace(calm.head, is_ready=False, reasons=("broker: not connected",))
    found = glance(msgspec.structs.replace(calm, head=head), stepped_s=-1)
    assert not found.is_well
    assert "NOT READY: broker: not connected" in text(found)
    assert "it has not judged yet" in text(found)


def test_what_keeps_a_node_from_being_ready_stands_apart_from_what_is_said_besides() -> None:
    calm = frame()
    reasons = ("channel sms is held", "broker: not connected", "nobody has taken the shift")
    head = msgspec.structs.replace(calm.head, is_ready=False, reasons=reasons, n_blocking=2)
    lines = text(glance(msgspec.structs.replace(calm, head=head))).splitlines()
    assert [line.strip().partition(":")[0] for line in lines[1:4]] == ["NOT READY", "NOT READY", "besides"]


def test_reasons_of_a_ready_node_are_said_too() -> None:
    calm = frame()
    head = msgspec.structs.replace(calm.head, is_ready=True, reasons=("unprotected: no second box",))
    found = glance(msgspec.structs.replace(calm, head=head))
    assert found.is_well
    assert "ready, but: unprotected: no second box" in text(found)


def test_more_reasons_than_a_screen_holds_are_counted() -> None:
    calm = frame()
    head = msgspec.structs.replace(calm.head, is_ready=False, reasons=tuple(f"fault {n}" for n in range(11)))
    shown = text(glance(msgspec.structs.replace(calm, head=head)))
    assert "fault 7" in shown
    assert "fault 8" not in shown
    assert "and 3 more reasons" in shown


def test_the_worst_town_comes_with_its_doors_and_what_waits() -> None:
    delivery = {Delivery.DELIVERED: 5, Delivery.QUEUED: 2}
    people = {People.SILENT: 4, People.ACKNOWLEDGED: 2, People.HELP: 1}
    doors = doors_of(NOBODY, NOBODY, NOBODY, (delivery, people))
    found = glance(
        frame(
            level=((1, 0, 0, RED), (0, 2, 0, 0)),
            doors=doors,
            helps=((3, NOW_S - 600, 0),),
            waits=((3, 0, RED, NOW_S + 120, 0),),
        )
    )
    shown = text(found)
    assert "villages  1 red, 1 yellow, 1 blue; towns  1 red, 1 yellow" in shown
    lower, upper = (shown.index(name) for name in ("Lower", "Upper"))
    assert lower < upper
    assert "5 of 7 doors reached, 3 answered" in shown
    assert "1 open, 1 with nobody, the oldest since " in shown
    assert re.search(r"wait for release  1 villages, the first goes out by itself \d\d:\d\d", shown)
    assert "silent doors  4 of 7 in red villages" in shown
