from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.adapters.county import SENT_S, bulletin
from tests.unit.desk.county import reason
from warnstream.delivery.dispatch.queue import (
    ROWS,
    Place,
    Urgency,
    arrival_s,
    next_to_send,
    rows_before,
    urgency_kept,
    urgency_of,
)
from warnstream.model.bulletins import Action, BulletinCause
from warnstream.model.level import Level


def at(urgency: int, quarter: int = 0, level: int = 4, grade: int = 0) -> Place:
    return Place(-urgency, quarter, -level, grade)


LEVELS = st.lists(st.integers(0, 4), max_size=40).map(lambda levels: sorted(levels, reverse=True))


def test_within_a_level_the_never_tried_go_before_retries() -> None:
    assert next_to_send([(at(3), "new")], [(at(3), "again")], 2) == ["new", "again"]


def test_a_worse_level_goes_first_even_as_a_retry() -> None:
    assert next_to_send([(at(1), "blue")], [(at(4), "red again")], 2) == ["red again", "blue"]


def test_retries_take_at_most_half_while_anybody_waits_for_a_first_attempt() -> None:
    chosen = next_to_send([(at(1), "first")] * 100, [(at(4), "again")] * 100, 64)
    assert (chosen.count("first"), chosen.count("again")) == (32, 32)


def test_a_probe_is_never_a_retry_while_anybody_waits_for_a_first_attempt() -> None:
    assert next_to_send([(at(1), "first")], [(at(4), "again")], 1) == ["first"]


def test_where_nobody_waits_for_a_first_attempt_retries_take_all() -> None:
    assert next_to_send([], [(at(4), "again")] * 3, 3) == ["again"] * 3


@given(first=LEVELS, again=LEVELS, limit=st.integers(1, 30))
def test_laws_of_the_queue(first: list[int], again: list[int], limit: int) -> None:
    """As many as there is room for, each once, levels falling, the never-tried never squeezed out."""
    chosen = next_to_send(
        [(at(level), ("first", n, level)) for n, level in enumerate(first)],
        [(at(level), ("again", n, level)) for n, level in enumerate(again)],
        limit,
    )
    assert len(chosen) == min(limit, len(first) + len(again))
    assert len(set(chosen)) == len(chosen)
    levels = [level for _, _, level in chosen]
    assert levels == sorted(levels, reverse=True)
    tried = sum(kind == "again" for kind, _, _ in chosen)
    assert len(chosen) - tried >= min(len(first), limit - limit // 2)
    for kind in ("first", "again"):
        assert [n for word, n, _ in chosen if word == kind] == list(
            range(sum(w == kind for w, _, _ in chosen))
        )


def test_what_is_asked_orders_first_then_the_arrival_then_the_level_then_who_lives_there() -> None:
    ordered = [
        ("leave, there, red", at(Urgency.LEAVE, level=4, grade=5)),
        ("leave, there, orange", at(Urgency.LEAVE, level=3)),
        ("leave, coming", at(Urgency.LEAVE, quarter=9, grade=5)),
        ("prepare, soon", at(Urgency.PREPARE, quarter=1, grade=5)),
        ("prepare, later, helpless", at(Urgency.PREPARE, quarter=2, grade=0)),
        ("prepare, later", at(Urgency.PREPARE, quarter=2, grade=5)),
        ("stay", at(Urgency.STAY)),
        ("ready", at(Urgency.READY)),
        ("watch", at(Urgency.WATCH)),
        ("clear", at(Urgency.END)),
        ("reminder", at(Urgency.REMINDER)),
    ]
    mixed = sorted(ordered, key=lambda one: one[0])
    found = next_to_send(sorted((place, name) for name, place in mixed), [], 20)
    assert found == [name for name, _ in ordered]


@pytest.mark.parametrize(
    ("action", "cause", "urgency"),
    [
        (Action.LEAVE, BulletinCause.RAISED, Urgency.LEAVE),
        (Action.PREPARE, BulletinCause.FIRST, Urgency.PREPARE),
        (Action.STAY, BulletinCause.LOWERED, Urgency.STAY),
        (Action.READY, BulletinCause.FIRST, Urgency.READY),
        (Action.WATCH, BulletinCause.FIRST, Urgency.WATCH),
        (Action.CLEAR, BulletinCause.ENDED, Urgency.END),
        (Action.CORRECT, BulletinCause.CORRECTED, Urgency.END),
        (Action.LEAVE, BulletinCause.REMINDER, Urgency.REMINDER),
    ],
)
def test_every_action_has_its_urgency(action: Action, cause: BulletinCause, urgency: Urgency) -> None:
    assert urgency_of(bulletin(action=action, cause=cause)) is urgency


def test_every_action_there_is_has_an_urgency_and_only_ends_have_that_of_an_end() -> None:
    ends = {action for action in Action if urgency_of(bulletin(action=action)) is Urgency.END}
    assert ends == {action for action in Action if action.is_end}


def test_a_forecast_arrives_when_it_says_and_what_is_measured_has_arrived() -> None:
    forecast = replace(reason(), observed_until_s=SENT_S, lead_s=5_400)
    coming = replace(bulletin(), issued_s=SENT_S + 60, evidence=forecast)
    assert arrival_s(coming) == SENT_S + 5_400
    assert arrival_s(replace(coming, evidence=replace(forecast, lead_s=0))) == 0
    assert arrival_s(replace(coming, action=Action.CLEAR)) == 0


def test_posts_go_before_doors_that_are_asked_as_much_and_behind_those_asked_more() -> None:
    assert [rows_before(urgency) for urgency in Urgency] == [0, 0, 1, 1, 2, 2, 3]
    assert all(ROWS[lower] <= ROWS[other] for lower, other in pairwise(Level))


def test_urgencies_of_snapshots_of_an_earlier_version_are_understood() -> None:
    levels = [urgency_kept(2 * level + 1) for level in Level]
    assert levels == [Urgency.END, Urgency.WATCH, Urgency.READY, Urgency.PREPARE, Urgency.LEAVE]
    assert {urgency_kept(2 * level) for level in Level} == {Urgency.REMINDER}
    assert [urgency_kept(urgency) for urgency in Urgency] == list(Urgency)
