"""Who owes what, as a command tells it."""

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

from tests.unit.desk.county import T0, answer, county, desk_of, rise
from warnstream.commands.who import Record, lines, record_of
from warnstream.config.settings import Configuration
from warnstream.desk import WarningDesk
from warnstream.model.effects import Answer
from warnstream.model.hands.roster import Roster, Shift
from warnstream.model.level import Level
from warnstream.model.rules.policies import RoutingPolicy
from warnstream.model.times import HOUR_S, fixed_zone, iso_utc

CONFIGURATION = cast("Configuration", SimpleNamespace(network=county()))


def text(record: Record) -> str:
    return "\n".join(lines({"time": iso_utc(T0), **record}, fixed_zone(8 * HOUR_S)))


def night() -> WarningDesk:
    """Red in one village: one of three ranks has answered, the others were silent; yellow in another."""
    desk = desk_of()
    effects = desk.step([rise(Level.RED), rise(Level.YELLOW, village=1)], T0)
    town = next(digest for digest in effects.digests if digest.post == "town")
    help_ = replace(answer(effects.bulletins[0].identifier, "door-0"), answer=Answer.NEED_HELP)
    desk.step([answer(town.identifier, "town"), help_], T0 + 60)
    desk.step([], T0 + 300)
    desk.step([], T0 + 310)
    return desk


def test_villages_without_an_answer_come_first_and_every_post_says_where_it_stands() -> None:
    said = text(record_of(CONFIGURATION, night()))
    assert said.splitlines()[0] == "as of 2019-04-09 05:15"
    assert "help x20190408T211600Z-1: 331124001001 door-0 since 2019-04-09 05:16, NOBODY HAS TAKEN IT" in said
    assert said.index(
        "331124001001 Shangcun red: ANSWERS ARE MISSING, nobody is left to ask, 1 raises"
    ) < said.index("331124001002")
    assert "rank 1 grid-a: owes an answer, due 2019-04-09 05:25, silent, rung again 1 times" in said
    assert "rank 2 town: answered" in said


def test_a_village_that_does_not_answer_says_that_a_person_is_to_go() -> None:
    desk = desk_of(routing=RoutingPolicy(send_person_s=(0, 0, 0, 1200, 600)))
    desk.step([rise(Level.RED)], T0)
    for minutes in range(5, 16, 5):
        desk.step([], T0 + 60 * minutes)
    said = text(record_of(CONFIGURATION, desk))
    assert "331124001001 Shangcun red: NOBODY HAS ANSWERED" in said
    task = "331124001001, no post answers, since 2019-04-09 05:25, NOBODY HAS TAKEN IT"
    assert re.search(f"SEND A PERSON x[0-9TZ]+-1: {task}", said)
    assert "@silent" not in said


def test_whoever_is_on_shift_at_a_post_is_named_with_the_end_of_the_shift() -> None:
    shifts = Roster([Shift("town", T0 - HOUR_S, T0 + 2 * HOUR_S, "Wang", "sms", "+8613900000001")])
    held = cast("Configuration", SimpleNamespace(network=replace(county(), roster=shifts)))
    said = text(record_of(held, night()))
    assert "rank 2 town (Wang until 2019-04-09 07:15): answered" in said
    assert "rank 1 grid-a: owes an answer" in said
    assert "+8613900000001" not in said


def test_one_village_is_told_alone() -> None:
    record = record_of(CONFIGURATION, night(), only=1)
    villages = record["villages"]
    assert isinstance(villages, list)
    assert [village["village"] for village in villages] == ["331124001002"]
    assert record["helps"] == []


def test_where_nothing_stands_nobody_owes() -> None:
    assert text(record_of(CONFIGURATION, desk_of())).endswith("nothing stands, nobody owes an answer")
