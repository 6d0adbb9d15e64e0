"""What people did stands in the line of time, whatever it was."""

from typing import get_args

import pytest

from tests.networks import network_of
from warnstream.model.digests import CallFailed, FieldReport, HelpAssign, HelpClose
from warnstream.model.effects import OperatorAffirm, OperatorCancel
from warnstream.model.hands.drills import DrillAct, DrillOrder
from warnstream.model.hands.orders import HandOrder, OrderKind
from warnstream.model.observations.signs import SignReport, SignVerdict
from warnstream.model.transfers.marks import RowMark
from warnstream.review.record.masking import Names
from warnstream.review.record.model import Moment
from warnstream.review.record.words import KINDS
from warnstream.runners.afterwards.scope import Scope
from warnstream.runners.afterwards.timeline import timeline_of
from warnstream.runners.afterwards.told import Act, Told

AT_S = 1_781_700_000
VILLAGE = "V0"

ACTS = (
    HandOrder("zhang/1", OrderKind.ISSUE, "zhang", "gauge dead", (VILLAGE,), "flash_flood"),
    OperatorCancel("ws.V0.flash_flood.1", "zhang", ""),
    OperatorAffirm("ws.V0.flash_flood.1", "zhang", ""),
    HelpAssign("V0.h1", "grid-0", "li"),
    HelpClose("V0.h1", "grid-0", "li", ""),
    FieldReport("grid-0", village=VILLAGE, on_duty=True),
    SignReport(VILLAGE, "crack", "grid-0", ""),
    SignVerdict("V0.s1", True, "grid-0", ""),  # the field is a flag
    CallFailed("d1", "grid-0"),
    RowMark("m1", ("V0-H0", "hut"), "safe", "grid-0", is_post=True),
    DrillOrder("zhang/2", DrillAct.START, "zhang", "autumn", (VILLAGE,)),
)


def timeline(act: Act, scope: Scope, concerned: frozenset[str] = frozenset()) -> tuple[Moment, ...]:
    names = Names(network_of(1, 1), (), is_shown=True)
    return timeline_of(Told(acts=[(AT_S, act)]), scope, names, {}, None, concerned)


def test_every_kind_of_act_is_tried_here() -> None:
    assert {type(act) for act in ACTS} == set(get_args(Act))


@pytest.mark.parametrize("act", ACTS, ids=lambda act: type(act).__name__)
def test_what_somebody_did_is_one_line_with_a_word_for_its_kind(act: Act) -> None:
    found = timeline(act, Scope(AT_S - 60, AT_S + 60))
    of_a_warning_that_is_not_there = isinstance(act, OperatorCancel | OperatorAffirm)
    assert len(found) == (0 if of_a_warning_that_is_not_there else 1)
    assert all(moment.at_s == AT_S and moment.kind in KINDS for moment in found)
    assert timeline(act, Scope(AT_S + 1, AT_S + 60)) == ()


@pytest.mark.parametrize("act", ACTS, ids=lambda act: type(act).__name__)
def test_a_review_of_another_village_does_not_hold_it(act: Act) -> None:
    assert timeline(act, Scope(AT_S - 60, AT_S + 60, frozenset({"V9"})), frozenset({"V9", "grid-9"})) == ()


def test_rows_that_were_marked_are_counted_and_said_in_both_languages() -> None:
    (moment,) = timeline(ACTS[9], Scope(AT_S, AT_S, frozenset({VILLAGE})), frozenset({VILLAGE, "hut"}))
    assert (moment.kind, moment.word, moment.who) == ("mark", "safe", "grid-0")
    assert (moment.text, moment.text_zh) == ("2 rows of a transfer list", "转移名单 2 行")
