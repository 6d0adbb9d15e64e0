"""Relayed signals: the issuer's level, in the villages that its alert names."""

from dataclasses import replace

import numpy as np
import pytest

from tests.alerts import AREA, SENDER, alert, info, relay_table, relayed_rule
from tests.networks import T0, network_of
from warnstream.hazards import relayed
from warnstream.hazards.registry import needs_of, relay_tables
from warnstream.model.alerts.alert import DIVISION_CODE, Alert, AlertArea, Circle
from warnstream.model.alerts.relaying import (
    RelayedSignal,
    StandingAlerts,
    StandingInfo,
    division_prefix,
)
from warnstream.model.level import Level
from warnstream.model.warning import MessageType

VILLAGES = network_of(4, 4).villages
"""On the equator, 5 km apart: V0 at 0 degrees east, V3 at 0.135."""

RULE = relayed_rule(VILLAGES)
TABLE = relay_table(VILLAGES)
ONE = MessageType.ALERT


def standing(*alerts: Alert) -> StandingAlerts:
    return StandingAlerts(tuple(StandingInfo(alert, block) for alert in alerts for block in alert.infos))


def levels(*alerts: Alert) -> list[int]:
    found: list[int] = relayed.evaluate(RULE, standing(*alerts), 4).level.tolist()
    return found


def names(*numbers: int) -> AlertArea:
    return AlertArea("x", tuple(("v", str(number)) for number in numbers))


def concerned(area: AlertArea) -> list[bool]:
    found: list[bool] = TABLE.concerns(info(areas=(area,))).tolist()
    return found


def test_the_worst_signal_of_each_village_counts() -> None:
    everywhere = alert("A1", 0, ONE, info("Minor", areas=(names(0, 1, 2, 3),)))
    two = alert("A2", 1, ONE, info("Severe", areas=(names(1),)), info("Extreme", areas=(names(2),)))
    assert levels() == [0, 0, 0, 0]
    assert levels(everywhere, two) == [1, 3, 4, 1]


def test_what_is_held_is_what_is_in_force_so_that_an_end_falls_at_once() -> None:
    found = relayed.evaluate(RULE, standing(alert()), 4)
    assert found.holding.tolist() == found.level.tolist() == [3, 0, 0, 0]
    assert found.can_fall.all()
    assert not found.is_blind.any()
    assert not TABLE.defined(4).any()


def test_of_two_blocks_with_different_events_only_the_signal_counts() -> None:
    mixed = alert("A1", 0, ONE, info("Extreme", event="Gale"), info("Moderate", event="RAINSTORM"))
    assert levels(mixed) == [2, 0, 0, 0]


def test_alerts_of_somebody_else_count_for_nothing() -> None:
    assert levels(alert(sender="other@example.org")) == [0, 0, 0, 0]


def test_the_reason_names_the_issuer_its_signal_and_its_time() -> None:
    minor = alert("A0", 5, ONE, info("Minor"))
    reason = relayed.reason(RULE, standing(minor, alert(), alert("A2", 2)), 0)
    assert reason is not None
    said = reason.relayed
    assert said is not None
    assert (said.issuer_zh, said.issuer_en, said.sender) == ("县气象台", "County met office", SENDER)
    assert (said.signal_zh, said.signal_en) == ("暴雨橙色预警", "orange rainstorm warning")
    assert (said.identifier, said.sent_s, reason.observed_until_s) == ("A2", T0 + 120, T0 + 120)
    assert (reason.certainty, reason.confirmed, reason.value) == ("Likely", True, 3.0)
    assert relayed.reason(RULE, standing(alert()), 1) is None


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("Observed", "Observed"), ("Likely", "Likely"), ("Unlikely", "Possible"), ("Unknown", "Likely")],
)
def test_our_certainty_is_never_above_the_issuers(theirs: str, ours: str) -> None:
    reason = relayed.reason(RULE, standing(alert("A1", 0, ONE, info(certainty=theirs))), 0)
    assert reason is not None
    assert reason.certainty == ours


def test_everything_that_is_in_force_is_compared() -> None:
    both = standing(alert(), alert("A2", 1, ONE, info("Minor")))
    compared = relayed.compare(RULE, both, 0)
    assert [comparison.level for comparison in compared] == [Level.ORANGE, Level.BLUE]
    assert compared[0].note == "County met office: orange rainstorm warning (A1)"
    assert compared[0].next_above(Level.YELLOW) is not None
    assert relayed.compare(RULE, both, 1) == []


def test_it_needs_no_station() -> None:
    assert not needs_of(RULE).reads_rain
    assert relay_tables([RULE]) == [RULE.thresholds]


def test_all_that_a_signal_names_must_fit() -> None:
    signal = RelayedSignal(
        Level.RED,
        frozenset({"flood"}),
        frozenset({"11B03", "FLW"}),
        frozenset({"severe"}),
        (("colour", "3"),),
        "洪水",
        "flood",
    )
    fits = info(event="FLOOD", event_codes=("x", "FLW"), parameters=(("colour", "3"), ("other", "1")))
    assert signal.fits(fits)
    for changed in (
        {"event": "floods"},
        {"event_codes": ("x",)},
        {"severity": "Minor"},
        {"parameters": (("colour", "2"),)},
    ):
        assert not signal.fits(replace(fits, **changed))
    table = replace(TABLE, signals=(signal,))
    said = table.relayed(alert(), fits, signal)
    assert (said.signal_zh, said.signal_en) == ("洪水", "flood")


def test_codes_of_the_table_and_of_divisions_name_villages() -> None:
    assert concerned(names(0, 2)) == [True, False, True, False]
    assert concerned(AlertArea("x", (("other", "0"),))) == [False] * 4
    chinese = replace(TABLE, place_code=("330329001001", "330329001002", "330329002001", "330328001001"))
    for code, found in (
        ("330329000000", [True, True, True, False]),
        ("330329", [True, True, True, False]),
        ("330329001000", [True, True, False, False]),
        ("330329001002", [False, True, False, False]),
        ("330000000000", [True] * 4),
        ("440000", [False] * 4),
    ):
        area = AlertArea("x", ((DIVISION_CODE, code),))
        assert chinese.concerns(info(areas=(area,))).tolist() == found, code
    for code in ("", "3", "V0", "３３"):
        assert concerned(AlertArea("x", ((DIVISION_CODE, code),))) == [False] * 4


def test_a_prefix_is_never_shorter_than_a_province() -> None:
    assert division_prefix("330000000000") == "33"
    assert division_prefix("000000000000") == "00"


def test_a_shape_counts_and_its_codes_then_do_not() -> None:
    def box(west: float, east: float) -> AlertArea:
        ring = ((-1.0, west), (-1.0, east), (1.0, east), (1.0, west), (-1.0, west))
        return AlertArea("x", (("v", "3"),), (ring,))

    assert concerned(box(-1, 0.02)) == [True, False, False, False]
    assert concerned(box(0.03, 0.1)) == [False, True, True, False]
    # The edge is 0.0040 degrees, 440 m, west of V1, which stands at 0.04497: within the margin of 1 km.
    assert concerned(box(-1, 0.0410)) == [True, True, False, False]
    assert concerned(box(-1, 0.0350)) == [True, False, False, False]
    assert concerned(box(10, 11)) == [False] * 4


def test_circles_and_lines_have_the_margin_too() -> None:
    at = (0.001, 0.0)
    assert concerned(AlertArea("x", circles=(Circle(at, 3000.0),))) == [True, False, False, False]
    assert concerned(AlertArea("x", circles=(Circle(at, 4100.0),))) == [True, True, False, False]
    river = AlertArea("x", lines=(((0.005, -0.1), (0.005, 0.05)),))
    assert concerned(river) == [True, True, False, False]
    assert concerned(AlertArea("x", lines=(((0.02, -0.1), (0.02, 0.05)),))) == [False] * 4


def test_some_places_have_what_all_have() -> None:
    part = TABLE.of_places(np.array([2, 0]))
    assert part.concerns(info(areas=(names(0, 1),))).tolist() == [False, True]
    shape = AlertArea("x", circles=(Circle((0.001, 0.0), 10.0),))
    assert part.concerns(info(areas=(shape,))).tolist() == [False, True]
    assert TABLE.concerns(info(areas=(AREA, names(3)))).tolist() == [True, False, False, True]
