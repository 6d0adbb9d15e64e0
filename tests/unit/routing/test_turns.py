"""What a village awaits, over the full product of states and signals."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from tests.unit.routing.villages import T0, message
from warnstream.model.changes import Reason, Relayed
from warnstream.model.level import Level
from warnstream.model.warning import Cause, WarningMessage
from warnstream.routing.turns import (
    AWAITING,
    TRANSITIONS,
    Ask,
    ImpossibleTurnError,
    Signal,
    State,
    Turn,
    step,
    turn_diagram,
)

PAGE = Path(__file__).resolve().parents[3] / "docs" / "desk.md"

# Rows are states, columns signals in the order of `Signal`; "-" cannot happen.
EXPECTED = """
         raise           complete      silent       help          end
quiet    calling:NEEDED  -             -            quiet:NEXT    quiet:NOBODY
calling  calling:NEEDED  heard:NOBODY  dry:NOBODY   calling:NEXT  quiet:NOBODY
heard    calling:NEEDED  -             -            heard:NEXT    quiet:NOBODY
dry      dry:ALL         heard:NOBODY  dry:NOBODY   dry:NEXT      quiet:NOBODY
"""

ROWS = [line.split() for line in EXPECTED.strip().splitlines()]
CELLS = {
    (State(row[0]), Signal(name)): cell
    for row in ROWS[1:]
    for name, cell in zip(ROWS[0], row[1:], strict=True)
}


def happens(state: State, signal: Signal) -> str:
    try:
        after, ask = step(state, signal)
    except ImpossibleTurnError:
        return "-"
    return f"{after}:{ask.name}"


@pytest.mark.parametrize(("state", "signal"), list(product(State, Signal)))
def test_every_pair_of_state_and_signal_does_what_the_table_of_this_test_says(
    state: State, signal: Signal
) -> None:
    assert happens(state, signal) == CELLS[state, signal]


def test_only_a_raise_lets_a_village_call_and_only_an_answer_or_an_end_stops_it() -> None:
    for (state, signal), (after, _) in TRANSITIONS.items():
        if state not in AWAITING and after in AWAITING:
            assert signal is Signal.RAISE
        if state in AWAITING and after not in AWAITING:
            assert signal in (Signal.COMPLETE, Signal.END)


def test_the_documentation_shows_the_diagram_of_the_table() -> None:
    assert turn_diagram() in PAGE.read_text()


def test_a_turn_knows_since_when_it_is_in_its_state_and_an_impossible_signal_changes_nothing() -> None:
    turn = Turn()
    assert turn.take(Signal.RAISE, T0) is Ask.NEEDED
    assert (turn.state, turn.since_s) == (State.CALLING, T0)
    assert turn.take(Signal.HELP, T0 + 60) is Ask.NEXT
    assert (turn.state, turn.since_s) == (State.CALLING, T0), "it has called since then"
    assert turn.take(Signal.COMPLETE, T0 + 120) is Ask.NOBODY
    with pytest.raises(ImpossibleTurnError, match="a village that is heard cannot take the signal silent"):
        turn.take(Signal.SILENT, T0 + 180)
    assert (turn.state, turn.since_s) == (State.HEARD, T0 + 120)


def test_what_stands_in_a_village_is_named_the_worst_first_and_then_by_name() -> None:
    standing = {"slope": Level.YELLOW, "fire": Level.BLUE, "wind": Level.RED, "flood": Level.YELLOW}
    assert [hazard for hazard, _ in Turn(standing=standing).worst_first()] == [
        "wind",
        "flood",
        "slope",
        "fire",
    ]
    assert dict(Turn(standing=standing).worst_first()) == standing


def relayed(level: Level, signal: str, hazard: str = "rainstorm") -> WarningMessage:
    """A signal of the met service that is passed on."""
    issuer = Relayed("气象台", "Met Office", "预警信号", signal, T0, "met.example", "m-1", "signal", "")
    reason = Reason("relayed", "", 2.0, 2.0, "", 0, 0.0, 0, T0, 1.0, True, "relayed", relayed=issuer)
    return replace(message(1, level, Cause.RAISED, T0, hazard), reason=reason)


def test_whose_signal_stands_is_known_until_its_end_and_of_each_hazard_by_itself() -> None:
    turn = Turn()
    turn.hear(relayed(Level.YELLOW, "Rainstorm yellow"))
    turn.hear(relayed(Level.ORANGE, "Gale orange", "gale"))
    signals = {hazard: issuer.signal_en for hazard, issuer in turn.relayed.items()}
    assert signals == {"rainstorm": "Rainstorm yellow", "gale": "Gale orange"}
    turn.hear(relayed(Level.RED, "Rainstorm red"))
    assert turn.relayed["rainstorm"].signal_en == "Rainstorm red"
    turn.hear(message(1, Level.RED, Cause.RENEWED, T0, "rainstorm"))  # says nothing of who issued it
    assert turn.relayed["rainstorm"].signal_en == "Rainstorm red"
    assert turn.hear(message(1, Level.NONE, Cause.ENDED, T0, "rainstorm")) is Level.RED
    assert set(turn.relayed) == {"gale"}
