"""Rescue teams: whom red calls, whose answer ends the ringing, what an arrival is, what a restart keeps."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.unit.routing.villages import CODES, POLICY, Night, posts_of, series
from warnstream.model.digests import Digest, FieldReport
from warnstream.model.effects import Answer
from warnstream.model.level import Level
from warnstream.model.network import ChainPost, Villages
from warnstream.model.transfers.duties import NO_AREA, Team
from warnstream.model.warning import Cause, MessageStatus
from warnstream.routing.chain import Chain
from warnstream.routing.reports import PlacedReport
from warnstream.routing.rescue.teams import NOT_CALLED, Teams

FIRE, BOATS, ARMY = "R1", "R2", "R3"
AREAS = {FIRE: "county", BOATS: "town-a", ARMY: "elsewhere"}
RED_S = POLICY.answer_within_s[Level.RED]

PLACES = Villages(
    CODES,
    CODES,
    ("town-a", "town-a", "town-b", "town-b"),
    ("county",) * 4,
    np.zeros(4),
    np.zeros(4),
    (None,) * 4,
)


def new_chain(teams: dict[str, str] = AREAS, register: int = 0) -> Chain:
    posts = [
        ChainPost(code, "rescue_team", 100, NO_AREA, "device", code, Team(code, "", area, 0, 12))
        for code, area in teams.items()
    ]
    known = Teams(posts, PLACES, POLICY, MessageStatus.ACTUAL, series)
    return Chain(posts_of, POLICY, MessageStatus.ACTUAL, series, [register], teams=known)


def new_night() -> Night:
    return Night(new_chain())


def to_teams(digests: list[Digest]) -> list[str]:
    return sorted(digest.post for digest in digests if digest.post in AREAS)


def arrive(night: Night, team: str, minutes: int) -> None:
    night.step(PlacedReport(FieldReport(team, arrives_min=minutes), -1, True))


def test_red_calls_every_team_of_the_village_at_once_and_nothing_below_it_does() -> None:
    night = new_night()
    assert to_teams(night.rise(Level.ORANGE)) == []
    assert to_teams(night.rise(Level.RED)) == [FIRE, BOATS]
    digest = night.last(FIRE)
    assert digest.asks_arrival
    assert digest.answer_by_s == night.now_s + RED_S
    assert [line.village for line in digest.lines] == [0]


def test_a_village_is_heard_by_its_posts_whether_a_team_answers_or_not() -> None:
    night = new_night()
    night.rise(Level.RED)
    for post in ("grid-0", "town-a", "leader"):
        night.answer(post)
    assert night.state() == "heard"
    night.wait(3600)
    assert night.chain.dry == []


def test_who_does_not_answer_is_rung_again_with_growing_waits_until_it_does() -> None:
    night = new_night()
    night.rise(Level.RED)
    night.answer(BOATS)
    begun = night.now_s
    night.wait(4200)
    rung = [digest.issued_s - begun for digest in night.digests[FIRE]]
    assert rung == [0, 300, 600, 900, 1500, 2700]
    assert [digest.tries for digest in night.digests[FIRE]] == [0, 1, 2, 3, 4, 5]
    assert len(night.digests[BOATS]) == 1
    assert night.chain.teams.silent() == [FIRE]
    night.answer(FIRE)
    assert night.chain.teams.silent() == []
    assert to_teams(night.wait(7200)) == []


def test_an_arrival_time_is_an_answer_and_is_kept() -> None:
    night = new_night()
    night.rise(Level.RED)
    arrive(night, FIRE, 40)
    call = night.chain.teams.calls[FIRE]
    assert (call.arrives_s, call.answered_s) == (night.now_s + 2400, night.now_s)
    assert to_teams(night.wait(3600)) == [BOATS] * 5


def test_a_further_village_of_the_township_is_news_and_of_another_township_asks_anew() -> None:
    night = new_night()
    night.rise(Level.RED)
    arrive(night, FIRE, 40)
    night.rise(Level.RED, 1, wait_s=300)
    digest = night.last(FIRE)
    assert ([line.village for line in digest.lines], digest.answer_by_s) == ([1], 0)
    night.rise(Level.RED, 2, wait_s=300)
    digest = night.last(FIRE)
    assert digest.answer_by_s > 0
    assert [line.village for line in digest.lines] == [0, 1, 2]
    assert night.chain.teams.calls[FIRE].arrives_s < 0, "it is another place"


def test_an_answer_from_before_another_township_was_named_settles_nothing() -> None:
    night = new_night()
    night.rise(Level.RED)
    night.rise(Level.RED, 2, wait_s=300)
    night.answer(FIRE, n=1)
    assert night.chain.teams.calls[FIRE].answered_s < 0
    night.answer(FIRE)
    assert night.chain.teams.calls[FIRE].answered_s == night.now_s


def test_a_team_stays_called_while_anything_stands_and_hears_the_end_of_it() -> None:
    night = new_night()
    night.rise(Level.RED)
    night.answer(FIRE)
    assert FIRE not in to_teams(night.fall(Level.ORANGE, wait_s=300))
    assert night.chain.teams.is_called(FIRE)
    night.fall(Level.NONE, wait_s=300)
    digest = night.last(FIRE)
    assert digest.lines[0].changed == (("flood", Cause.ENDED),)
    assert (digest.level, digest.answer_by_s, digest.asks_arrival) == (Level.NONE, 0, False)
    assert not night.chain.teams.is_called(FIRE)
    assert FIRE not in to_teams(night.wait(3600))


def test_a_team_that_was_never_told_hears_no_end() -> None:
    night = Night(new_chain())
    night.rise(Level.RED, 2)
    night.rise(Level.RED, 0)
    night.fall(Level.NONE, 0)
    night.wait(600)
    named = {line.village for digest in night.digests[FIRE] for line in digest.lines}
    assert named == {2}


def test_a_team_that_calls_for_help_rings_the_posts() -> None:
    night = new_night()
    night.rise(Level.RED)
    night.answer(FIRE, Answer.NEED_HELP)
    (call,) = night.chain.helps.of_name.values()
    assert (call.caller, call.village) == (FIRE, 0)


def test_a_digest_that_could_not_be_brought_is_tried_again() -> None:
    night = new_night()
    night.rise(Level.RED)
    night.fail(FIRE)
    assert to_teams(night.wait(300)).count(FIRE) == 1


def test_who_is_not_called_cannot_say_when_it_comes() -> None:
    night = new_night()
    arrive(night, ARMY, 40)
    assert [said.why for said in night.chain.reports.state.unclear] == [NOT_CALLED]


@pytest.mark.parametrize("at", range(9))
def test_a_restart_at_any_time_says_the_same(at: int) -> None:
    def course(restarts_at: int | None) -> list[Digest]:
        night = new_night()
        found: list[Digest] = []
        deeds: tuple[Callable[[], list[Digest]], ...] = (
            lambda: night.rise(Level.RED),
            lambda: night.wait(400),
            lambda: night.answer(BOATS),
            lambda: night.rise(Level.RED, 1),
            lambda: night.step(PlacedReport(FieldReport(FIRE, arrives_min=30), -1, True), wait_s=60),
            lambda: night.rise(Level.RED, 2, wait_s=300),
            lambda: night.fall(Level.NONE, 0, wait_s=300),
            lambda: night.wait(1800),
            lambda: night.fall(Level.NONE, 2),
        )
        for number, deed in enumerate(deeds):
            found += deed()
            if number == restarts_at:
                night.restart(new_chain())
        return found

    assert course(at) == course(None)


def test_after_a_change_of_the_register_a_new_team_is_called_and_one_that_left_is_not() -> None:
    night = new_night()
    night.rise(Level.RED)
    night.restart(new_chain({BOATS: "town-a", ARMY: "county"}, register=1))
    assert to_teams(night.step(wait_s=60)) == [ARMY]
    assert set(night.chain.teams.calls) == {BOATS, ARMY}
