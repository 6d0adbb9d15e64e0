"""Calls for help: they ring somebody, climb, and stay open until another person closes them."""

from tests.unit.routing.villages import CODES, T0, Night, called, new_chain
from warnstream.model.digests import HelpAssign, HelpClose
from warnstream.model.effects import Answer, DoorHelp
from warnstream.model.level import Level
from warnstream.model.rules.policies import RoutingPolicy
from warnstream.model.warning import MessageStatus
from warnstream.routing.help_calls import OPEN_MAX

M = 60


def test_a_door_that_calls_rings_the_lowest_rank_at_once_with_its_name() -> None:
    night = Night()
    issued = night.help_of_door("door-7")
    assert called(issued) == ["deputy-0", "grid-0"]
    assert [(call.caller, call.assigned) for call in issued[0].helps] == [("door-7", "")]
    assert issued[0].level is Level.RED


def test_a_post_that_calls_rings_the_next_rank_and_has_answered() -> None:
    night = Night()
    night.rise(Level.YELLOW, village=1)
    issued = night.answer("grid-1", Answer.NEED_HELP)
    assert called(issued) == ["town-a"]
    assert issued[0].helps[0].caller == "grid-1"
    assert night.state(1) == "heard"


def test_a_leader_that_calls_rings_everybody_else() -> None:
    night = Night()
    night.rise(Level.RED, village=2)
    night.answer("leader", Answer.NEED_HELP, wait_s=3 * M)
    assert night.chain.debts["grid-2"].helps
    assert night.chain.debts["town-b"].helps
    assert not night.chain.debts["leader"].helps


def test_a_call_that_nobody_takes_climbs_rings_again_and_becomes_an_alarm() -> None:
    night = Night()
    night.help_of_door("door-7", village=2)
    assert called(night.wait(5 * M)) == ["grid-2", "town-b"]
    assert called(night.wait(5 * M)) == ["grid-2", "leader", "town-b"]
    assert night.chain.untaken() == []
    night.wait(5 * M)
    assert [call.caller for call in night.chain.untaken()] == ["door-7"]
    assert "leader" in called(night.wait(30 * M))


def test_a_call_that_was_taken_rings_nobody_and_whoever_heard_of_it_is_told() -> None:
    night = Night()
    night.help_of_door("door-7", village=2)
    night.wait(16 * M)
    issued = night.take("Li Si", wait_s=3 * M)
    assert called(issued) == ["grid-2", "town-b"]  # the leader gave it to Li Si and knows
    assert issued[0].helps[0].assigned == "Li Si"
    assert night.chain.untaken() == []
    assert night.wait(2 * 3600, tick_s=60) == []


def test_a_post_takes_a_call_by_answering_that_it_is_on_its_way() -> None:
    night = Night()
    night.help_of_door("door-7", village=2)
    night.answer("grid-2", Answer.MOVING)
    assert night.chain.helps.of_name[night.help].assigned == "grid-2"


def test_an_acknowledgement_does_not_take_a_call() -> None:
    night = Night()
    night.help_of_door("door-7", village=2)
    night.answer("grid-2")
    assert night.chain.helps.of_name[night.help].assigned == ""


def test_a_call_outlives_the_end_of_its_warning() -> None:
    night = Night()
    night.rise(Level.RED, village=2)
    night.help_of_door("door-7", village=2)
    night.fall(Level.NONE, village=2)
    assert "town-b" in called(night.wait(6 * M))
    assert night.chain.helps.of_name


def test_only_another_person_closes_a_call_and_only_one_that_was_taken() -> None:
    night = Night()
    night.help_of_door("door-7")
    night.close("Wang Wu")
    assert night.chain.faults[0].startswith("nobody has taken the call")
    night.take("Li Si")
    night.close(" li si ")
    assert "another person must close it" in night.chain.faults[0]
    night.close("Wang Wu")
    assert night.chain.faults == []
    assert not night.chain.helps.of_name


def test_an_unknown_call_is_refused_and_changes_nothing() -> None:
    night = Night()
    night.step()
    before = night.chain.snapshot(CODES)
    night.step(HelpAssign("h1", "leader", "Li Si"))
    assert night.chain.faults == ["no call for help 'h1' is open"]
    night.step(HelpClose("h1", "leader", "Li Si"))
    assert night.chain.snapshot(CODES) == before


def test_a_caller_that_calls_again_opens_no_second_call() -> None:
    night = Night()
    night.help_of_door("door-7")
    night.help_of_door("door-7")
    assert len(night.chain.helps.of_name) == 1
    assert night.chain.ignored == 0


def test_a_village_without_posts_is_an_alarm_at_once() -> None:
    night = Night()
    night.help_of_door("door-7", village=3)
    assert len(night.chain.untaken()) == 1


def test_calls_beyond_the_limit_are_counted() -> None:
    night = Night()
    night.step(*(DoorHelp(0, f"door-{number}") for number in range(OPEN_MAX + 3)))
    assert len(night.chain.helps.of_name) == OPEN_MAX
    assert night.chain.ignored == 3


def test_a_call_that_could_not_be_brought_climbs_at_once() -> None:
    night = Night()
    night.help_of_door("door-7", village=2)
    assert called(night.fail("grid-2")) == ["town-b"]


def test_calls_and_their_timers_survive_a_restart() -> None:
    night = Night()
    night.help_of_door("door-7", village=2)
    night.restart()
    assert called(night.wait(5 * M)) == ["grid-2", "town-b"]


def test_names_of_real_calls_and_of_exercises_differ() -> None:
    night = Night(new_chain(RoutingPolicy()))
    night.help_of_door("door-7")
    assert night.help == "h20190408T211500Z-1"
    assert night.chain.helps.of_name[night.help].opened_s == T0
    drill = Night(new_chain(status=MessageStatus.EXERCISE))
    drill.help_of_door("door-7")
    assert drill.help == "x20190408T211500Z-1"


def test_a_call_that_nobody_has_taken_rings_anew_after_a_change_of_posts() -> None:
    night = Night()
    night.help_of_door("door-7", village=2)
    night.restart(new_chain(register=1))
    assert called(night.step(wait_s=10)) == ["town-b"]
    assert set(night.chain.debts["grid-2"].helps) == {night.help}


def test_a_post_that_calls_without_a_digest_of_its_own_rings_the_rank_above_it() -> None:
    night = Night()
    assert called(night.help_of_door("grid-1", village=1)) == ["town-a"]
