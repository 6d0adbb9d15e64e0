"""What a step asks for is recorded in parts: nothing is lost or turned round, the worst goes first."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.adapters.county import bulletin, warning_message
from warnstream.model.effects import Effects
from warnstream.model.level import Level
from warnstream.runners.live.recording.parts import part_of, parts_of, warnings_of

LEVELS = st.sampled_from(list(Level))
MESSAGES = st.lists(st.tuples(st.integers(0, 4), LEVELS), max_size=20)
VILLAGES = st.lists(st.integers(0, 4), max_size=8)


def effects_of(messages: list[tuple[int, Level]], bulletins: list[int], newcomers: list[int]) -> Effects:
    return Effects(
        messages=[
            replace(warning_message(warning, n + 1), level=level)
            for n, (warning, level) in enumerate(messages)
        ],
        bulletins=[bulletin(village, n + 1) for n, village in enumerate(bulletins)],
        to_newcomers=[bulletin(village, n + 1) for n, village in enumerate(newcomers)],
    )


@given(messages=MESSAGES, bulletins=VILLAGES, newcomers=VILLAGES, size=st.integers(1, 12))
def test_parts_hold_everything_once_and_each_warning_whole_and_in_its_order(
    messages: list[tuple[int, Level]], bulletins: list[int], newcomers: list[int], size: int
) -> None:
    effects = effects_of(messages, bulletins, newcomers)
    parts = list(parts_of(effects, size))
    assert all(parts)
    names = [name for part in parts for name in warnings_of(part)]
    assert sorted(names) == sorted(warnings_of(effects))
    for part in parts:
        for name in warnings_of(part):
            assert part_of(part, name) == part_of(effects, name)


@given(messages=MESSAGES, size=st.integers(1, 12))
def test_no_part_holds_anything_worse_than_the_part_before_it(
    messages: list[tuple[int, Level]], size: int
) -> None:
    effects = effects_of(messages, [], [])
    worst = {
        name: max(message.level for message in part_of(effects, name).messages)
        for name in warnings_of(effects)
    }
    order = [[worst[name] for name in warnings_of(part)] for part in parts_of(effects, size)]
    assert all(min(before) >= max(after) for before, after in pairwise(order))


@pytest.mark.parametrize("size", [1, 3])
def test_nothing_to_tell_is_no_part(size: int) -> None:
    assert list(parts_of(Effects(settled=["w1"]), size)) == []
