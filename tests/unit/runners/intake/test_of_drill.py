"""What belongs to a drill goes to the drill alone: by its identifier, whatever way it came."""

from warnstream.engine import Action
from warnstream.model.digests import CallFailed, FieldReport
from warnstream.model.effects import Answer, RecipientAnswer
from warnstream.model.hands.drills import DrillAct, DrillOrder, is_of_drill
from warnstream.runners.intake.entries import decode_actions, encode_actions
from warnstream.runners.intake.outcome import Outcome
from warnstream.runners.intake.said import real_actions

REAL, DRILL = "ws.V1.20260618T000000Z.1", "ws@drill-d1.V1.20260618T000000Z.1"
ORDER = DrillOrder("d1", DrillAct.START, "zhang", "yearly", ("V1",), (), 3600)


def sorted_out(*actions: Action) -> tuple[list[Action], list[object]]:
    outcome = Outcome()
    return real_actions(actions, 100, outcome), list(outcome.of_drill)


def test_an_answer_to_a_drill_never_reaches_the_real_desk_nor_the_reverse() -> None:
    real, drill = RecipientAnswer(REAL, "H1", Answer.SAFE, 1), RecipientAnswer(DRILL, "H1", Answer.SAFE, 1)
    assert sorted_out(real, drill) == ([real], [drill])


def test_a_call_for_help_reaches_both() -> None:
    call = RecipientAnswer(DRILL, "H1", Answer.NEED_HELP, 1)
    assert sorted_out(call) == ([call], [call])


def test_people_in_need_reported_in_a_drill_are_a_call_for_the_real_desk() -> None:
    report = FieldReport("grid", DRILL, moved=3, in_need=2)
    call = RecipientAnswer(DRILL, "grid", Answer.NEED_HELP, 100)
    assert sorted_out(report) == ([call], [report])
    assert sorted_out(FieldReport("grid", DRILL, moved=3))[0] == []


def test_a_report_by_itself_is_real() -> None:
    report = FieldReport("grid", on_duty=True)
    assert sorted_out(report) == ([report], [])


def test_a_digest_of_a_drill_that_cannot_be_brought_concerns_the_drill_alone() -> None:
    lost = CallFailed("ws@drill-d1.@drill.grid.20260618T000000Z.1", "grid")
    assert sorted_out(lost) == ([], [lost])


def test_the_real_desk_knows_where_a_drill_is_on_and_a_snapshot_keeps_that() -> None:
    assert sorted_out(ORDER) == ([ORDER], [ORDER])
    assert decode_actions(encode_actions([ORDER])) == [ORDER]


def test_no_name_of_a_real_message_is_one_of_a_drill() -> None:
    assert is_of_drill(DRILL)
    for real in (REAL, "ws.@drill.grid.20260618T000000Z.1", "ws.a%40drill.x.1", "@drill", ""):
        assert not is_of_drill(real) or real == "@drill"
