"""A desk that was stopped and started again."""

from dataclasses import replace

import msgspec
import pytest

from tests.unit.desk.county import (
    CHAIN,
    RULES,
    T0,
    called,
    county,
    desk_of,
    fall,
    lose_sight,
    new_desk,
    reason,
    rise,
)
from warnstream.model.bulletins import Action
from warnstream.model.changes import Change, LevelChange
from warnstream.model.effects import OperatorCancel
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.warning import Cause

NAME = "ws.331124001001.flash_flood.20190408T211500Z"


def stopped() -> bytes:
    desk = new_desk()
    desk.step([rise(Level.ORANGE), rise(Level.BLUE, village=2)], T0)
    desk.step([lose_sight(Level.ORANGE)], T0 + 60)
    return desk.snapshot()


def test_a_restored_desk_gives_the_same_snapshot() -> None:
    desk = new_desk()
    desk.restore(stopped())
    assert desk.snapshot() == stopped()


def test_a_climb_goes_on_after_a_restart() -> None:
    desk = new_desk()
    desk.restore(stopped())
    assert called(desk.step([], T0 + 600)) == ["grid-a", "grid-b", "leader", "town"]


def test_a_value_that_nobody_has_survives_a_restart() -> None:
    desk = new_desk()
    unknown = reason(value=float("nan"))
    desk.step([LevelChange(Change.RISE, "flash_flood", 0, Level.RED, Level.NONE, T0, T0, unknown)], T0)
    again = new_desk()
    again.restore(desk.snapshot())
    assert again.snapshot() == desk.snapshot()


@pytest.mark.parametrize("damaged", [b"", b"nonsense", stopped()[:-9]])
def test_damaged_bytes_are_refused_and_change_nothing(damaged: bytes) -> None:
    desk = new_desk()
    desk.restore(stopped())
    with pytest.raises(ValueError, match="not a snapshot"):
        desk.restore(damaged)
    assert desk.snapshot() == stopped()


def test_a_snapshot_of_another_format_is_refused() -> None:
    other = msgspec.msgpack.encode(msgspec.msgpack.decode(stopped()) | {"format": 4})
    with pytest.raises(ValueError, match="format 4, expected 3"):
        new_desk().restore(other)


def test_posts_called_by_a_desk_without_digests_are_asked_anew_unless_they_have_answered() -> None:
    """A snapshot of format 2 says of each warning whom it had called."""
    yellow = new_desk()
    yellow.step([rise(Level.YELLOW), rise(Level.YELLOW, village=1)], T0)
    before = msgspec.msgpack.decode(yellow.snapshot())
    del before["chains"]
    before["format"] = 2
    for case, answered in zip(before["cases"], (["grid-b"], []), strict=True):
        case["chain"] = {"called": ["grid-a", "town"], "answered": answered, "rank": 2, "answer_by_s": T0}
    desk = new_desk()
    desk.restore(msgspec.msgpack.encode(before))
    effects = desk.step([], T0 + 60)
    assert called(effects) == ["town"]
    assert {line.village for digest in effects.digests for line in digest.lines} == {1}


def test_doors_told_by_a_desk_without_bulletins_hear_every_rise_and_the_end() -> None:
    """A snapshot of format 1 says of each warning whether its doors were told."""
    before = msgspec.msgpack.decode(stopped())
    del before["bulletins"]
    before["format"] = 1
    for case, told in zip(before["cases"], (True, False), strict=True):
        case["households_told"] = told
    desk = new_desk()
    desk.restore(msgspec.msgpack.encode(before))
    assert desk.bulletins.open_villages() == [0]
    assert desk.step([], T0 + 120).bulletins == []
    (raised,) = desk.step([rise(Level.RED, Level.ORANGE)], T0 + 180).bulletins
    assert (raised.n, raised.action) == (1, Action.LEAVE)
    (end,) = desk.step([fall(Level.NONE, Level.RED)], T0 + 240).bulletins
    assert end.action is Action.CLEAR


def test_villages_are_found_by_code_when_the_register_is_reordered() -> None:
    code = ("331124001003", "331124001002", "331124001001")
    desk = desk_of(county(code=code))
    desk.restore(stopped())
    message = desk.latest_message(NAME)
    assert message is not None
    assert (message.village, desk.open_warnings()[0].village) == (2, 2)


def test_a_standing_warning_of_a_village_that_is_gone_is_not_forgotten_silently() -> None:
    desk = desk_of(county(code=("x", "y", "331124001003")))
    with pytest.raises(ValueError, match="no village '331124001001'"):
        desk.restore(stopped())


def test_a_standing_warning_of_a_hazard_that_is_gone_is_kept_until_it_is_ended_by_hand() -> None:
    desk = desk_of(rules=RULES[1:])
    desk.restore(stopped())
    assert [message.cause for message in desk.change_over(T0 + 600).messages] == [Cause.SIGHT_LOST]
    assert desk.change_over(T0 + 660).messages == []
    effects = desk.step([OperatorCancel(NAME, "officer", "the hazard is no longer warned of")], T0 + 700)
    assert [message.cause for message in effects.messages] == [Cause.CANCELLED]


def test_an_ended_warning_of_a_village_that_is_gone_is_forgotten() -> None:
    ended = new_desk()
    ended.step([rise(Level.ORANGE)], T0)
    ended.step([fall(Level.NONE, Level.ORANGE)], T0 + 60)
    desk = desk_of(county(code=("x", "y", "z")))
    desk.restore(ended.snapshot())
    assert desk.status(NAME) is None


def test_a_post_that_left_the_chain_is_not_called_and_its_successor_is() -> None:
    network = county()
    chain = tuple(replace(post, post=post.post.replace("grid-a", "grid-c")) for post in CHAIN)
    desk = desk_of(Network(network.stations, network.villages, network.households, chain))
    desk.restore(stopped())
    assert called(desk.step([], T0 + 300)) == ["grid-b", "grid-c", "leader", "town"]
    assert "grid-a" not in called(desk.step([], T0 + 2 * 3600))
