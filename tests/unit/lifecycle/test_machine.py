"""The life of a warning over the full product of states and signals."""

from itertools import product
from pathlib import Path

import pytest

from warnstream.lifecycle.machine import (
    MESSAGE_TYPE,
    OPEN_STATES,
    TRANSITIONS,
    ImpossibleSignalError,
    Signal,
    State,
    state_diagram,
    step,
)
from warnstream.model.warning import Cause, MessageType

PAGE = Path(__file__).resolve().parents[3] / "docs" / "lifecycle.md"

# Rows are states, columns signals in the order of `Signal`; "-" cannot happen, "." says nothing.
EXPECTED = """
         rise           fall            clear         sight_lost        sight_regained         renew          cancel          hand_raise              hand_lower
quiet    active:first   -               -             quiet:.           quiet:.                -              -               active:issued_by_hand   -
active   active:raised  active:lowered  quiet:ended   held:sight_lost   active:.               active:renewed ended:cancelled active:raised_by_hand   active:lowered_by_hand
held     active:raised  -               -             held:.            active:sight_regained  held:renewed   ended:cancelled held:raised_by_hand     held:lowered_by_hand
ended    active:first   ended:.         quiet:.       ended:.           ended:.                -              -               active:issued_by_hand   -
"""  # noqa: E501

ROWS = [line.split() for line in EXPECTED.strip().splitlines()]
CELLS = {
    (State(row[0]), Signal(name)): cell
    for row in ROWS[1:]
    for name, cell in zip(ROWS[0], row[1:], strict=True)
}


def happens(state: State, signal: Signal) -> str:
    try:
        after, cause = step(state, signal)
    except ImpossibleSignalError:
        return "-"
    return f"{after}:{cause or '.'}"


@pytest.mark.parametrize(("state", "signal"), list(product(State, Signal)))
def test_every_pair_of_state_and_signal_does_what_the_table_of_this_test_says(
    state: State, signal: Signal
) -> None:
    assert happens(state, signal) == CELLS[state, signal]


def test_people_come_under_a_warning_only_by_an_alert() -> None:
    for (state, _), (after, cause) in TRANSITIONS.items():
        opens = state not in OPEN_STATES and after in OPEN_STATES
        assert opens == (cause is not None and cause.opens)
        assert opens == (cause is not None and MESSAGE_TYPE[cause] is MessageType.ALERT)


def test_people_leave_a_warning_only_by_a_cancel() -> None:
    for (state, _), (after, cause) in TRANSITIONS.items():
        closes = state in OPEN_STATES and after not in OPEN_STATES
        assert closes == (cause is not None and MESSAGE_TYPE[cause] is MessageType.CANCEL)


def test_nothing_falls_while_nobody_sees() -> None:
    causes = {cause for (state, _), (_, cause) in TRANSITIONS.items() if state is State.HELD}
    assert not causes & {Cause.LOWERED, Cause.ENDED}


def test_a_hand_changes_a_level_and_not_whether_gauges_confirm_it() -> None:
    for (state, signal), (after, cause) in TRANSITIONS.items():
        if signal in (Signal.HAND_RAISE, Signal.HAND_LOWER) and state in OPEN_STATES:
            assert after is state
            assert cause is not None
            assert cause.is_by_hand


def test_every_cause_has_a_message_type() -> None:
    assert set(MESSAGE_TYPE) == set(Cause)


def test_an_impossible_signal_names_the_state_and_the_signal() -> None:
    with pytest.raises(ImpossibleSignalError, match=r"held warning .* fall"):
        step(State.HELD, Signal.FALL)


def test_the_page_shows_the_diagram_of_this_very_table() -> None:
    assert f"```mermaid\n{state_diagram()}```" in PAGE.read_text(encoding="utf-8")
