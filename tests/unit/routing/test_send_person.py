"""A village from which nobody answers: somebody is to go, by name and time, until there is an answer."""

from dataclasses import replace

from tests.unit.bulletins.village import REAL, wording
from tests.unit.routing.villages import CODES, T0, Night, called, message, new_chain, numbers_of
from warnstream.delivery.digest_texts import digest_texts
from warnstream.model.digests import SILENT_CALLER, HelpAssign, HelpClose
from warnstream.model.level import Level
from warnstream.model.rules.policies import RoutingPolicy
from warnstream.model.warning import Cause
from warnstream.routing.help_calls import HelpCall

M = 60
POLICY = RoutingPolicy(send_person_s=(0, 0, 0, 20 * M, 10 * M))


def night_of(policy: RoutingPolicy = POLICY) -> Night:
    return Night(new_chain(policy))


def tasks(night: Night) -> list[HelpCall]:
    return [call for call in night.chain.helps.of_name.values() if call.caller == SILENT_CALLER]


def test_ten_minutes_after_red_without_an_answer_somebody_has_to_go() -> None:
    night = night_of()
    night.rise(Level.RED)
    night.wait(10 * M - 10)
    assert tasks(night) == []
    issued = night.wait(10)
    (task,) = tasks(night)
    assert (task.village, task.opened_s, task.assigned) == (0, T0 + 10 * M, "")
    assert {"grid-0", "deputy-0", "town-a", "leader"} <= {*called(issued), *called(night.wait(2 * M))}
    assert night.chain.debts["leader"].helps, "those below were asked in vain: the next rank is rung"


def test_orange_has_its_own_minutes_and_yellow_none() -> None:
    night = night_of()
    night.rise(Level.YELLOW, village=1)
    night.rise(Level.ORANGE, village=2)
    night.wait(20 * M, tick_s=60)
    assert [task.village for task in tasks(night)] == [2]
    night.wait(4 * 3600, tick_s=60)
    assert [task.village for task in tasks(night)] == [2]


def test_without_the_minutes_nobody_is_sent() -> None:
    night = night_of(RoutingPolicy())
    night.rise(Level.RED)
    night.wait(3600, tick_s=60)
    assert tasks(night) == []


def test_any_answer_of_the_village_before_or_after_makes_it_needless() -> None:
    night = night_of()
    night.rise(Level.RED)
    night.rise(Level.RED, village=2)
    night.wait(5 * M)
    night.answer("grid-0")
    night.wait(5 * M)
    assert [task.village for task in tasks(night)] == [2]
    night.answer("town-b")
    assert tasks(night) == []
    assert not night.chain.debts["leader"].helps
    night.wait(3600, tick_s=60)
    assert tasks(night) == [], "once a raise"


def test_a_further_raise_counts_anew() -> None:
    night = night_of()
    night.rise(Level.ORANGE)
    night.answer("grid-0")
    night.rise(Level.RED, wait_s=60)
    night.wait(10 * M)
    assert len(tasks(night)) == 1


def test_it_is_taken_by_a_person_and_closed_by_another() -> None:
    night = night_of()
    night.rise(Level.RED)
    night.wait(10 * M)
    (task,) = tasks(night)
    night.step(HelpAssign(task.name, "town-a", "Li Si"))
    assert task.assigned == "Li Si"
    night.step(HelpClose(task.name, "town-a", "Li Si", "there"))
    assert night.chain.faults, "another person must close it"
    night.step(HelpClose(task.name, "town-a", "Wang Wu", "reached them"))
    assert tasks(night) == []
    night.wait(3600, tick_s=60)
    assert tasks(night) == []


def test_the_end_closes_it_unless_somebody_is_on_the_way() -> None:
    night = night_of()
    night.rise(Level.RED)
    night.rise(Level.RED, village=2)
    night.wait(10 * M)
    gone = next(task for task in tasks(night) if task.village == 2)
    night.step(HelpAssign(gone.name, "town-b", "Li Si"))
    ends = [message(village, Level.NONE, Cause.ENDED, night.now_s) for village in (0, 2)]
    night.step(*ends)
    night.wait(M)
    assert tasks(night) == [gone]


def test_it_is_the_same_after_a_restart_at_any_step() -> None:
    whole, broken = night_of(), night_of()
    for night in (whole, broken):
        night.rise(Level.RED)
        night.rise(Level.ORANGE, village=2)
    for _ in range(25):
        kept = new_chain(POLICY)
        kept.restore(broken.chain.snapshot(CODES), numbers_of(CODES))
        broken.chain = kept
        assert whole.wait(M) == broken.wait(M)
    assert [task.name for task in tasks(whole)] == [task.name for task in tasks(broken)]
    assert len(tasks(whole)) == 2


def test_a_village_that_is_gone_from_the_register_sends_nobody() -> None:
    night = night_of()
    night.rise(Level.RED)
    night.rise(Level.RED, village=2)
    kept = new_chain(POLICY)
    kept.restore(night.chain.snapshot(CODES), numbers_of(("v1", "v2")))
    assert kept.silent.since_s == {1: T0}


def test_posts_read_where_and_since_when_and_that_a_person_has_to_go() -> None:
    night = night_of()
    night.rise(Level.RED)
    night.wait(12 * M)
    digest = night.digests["leader"][-1]
    texts = digest_texts(replace(digest, lines=(), owed=(0, 0, 0, 0, 0), status=REAL), wording())
    assert not texts.faults
    assert "上垟村：05:25起无人应答，请派人去！能去请回“正在转移”。" in texts.zh
    assert "no answer since 05:25, SEND A PERSON!" in texts.en
    assert SILENT_CALLER not in texts.zh + texts.en
