"""The life of one warning: one village, one hazard.

Rule 1: everything that affects the state of a warning lives in this file.

`TRANSITIONS` is the whole machine: what is not in it is impossible and raises
`ImpossibleSignalError`. In HELD nothing falls, because nobody sees: the pairs
do not exist. 4 states, 9 signals, 36 pairs, of which 10 are impossible; a test
walks all of them.
"""

from enum import StrEnum

from warnstream.model.errors import WarnstreamError
from warnstream.model.warning import Cause, MessageType


class State(StrEnum):
    """States of the warning of one village and hazard.

    QUIET: no warning. ACTIVE: a warning stands. HELD: a warning stands and
    nobody sees whether it still should. ENDED: ended by the duty officer, while
    the measured level may still stand; a further rise opens a new warning, and so does the level
    found, once what the officer ordered has expired.
    """

    QUIET = "quiet"
    ACTIVE = "active"
    HELD = "held"
    ENDED = "ended"


class Signal(StrEnum):
    """What can happen to a warning. FALL leaves a level, CLEAR leaves none; HAND_ are a person's orders."""

    RISE = "rise"
    FALL = "fall"
    CLEAR = "clear"
    SIGHT_LOST = "sight_lost"
    SIGHT_REGAINED = "sight_regained"
    RENEW = "renew"
    CANCEL = "cancel"
    HAND_RAISE = "hand_raise"
    HAND_LOWER = "hand_lower"


class ImpossibleSignalError(WarnstreamError):
    """A signal that cannot happen in this state: the sender and the desk disagree."""


Transition = tuple[State, Cause | None]

TRANSITIONS: dict[tuple[State, Signal], Transition] = {
    (State.QUIET, Signal.RISE): (State.ACTIVE, Cause.FIRST),
    (State.QUIET, Signal.SIGHT_LOST): (State.QUIET, None),
    (State.QUIET, Signal.SIGHT_REGAINED): (State.QUIET, None),
    (State.ACTIVE, Signal.RISE): (State.ACTIVE, Cause.RAISED),
    (State.ACTIVE, Signal.FALL): (State.ACTIVE, Cause.LOWERED),
    (State.ACTIVE, Signal.CLEAR): (State.QUIET, Cause.ENDED),
    (State.ACTIVE, Signal.SIGHT_LOST): (State.HELD, Cause.SIGHT_LOST),
    # A warning may have risen on the neighbours' gauges while its own were silent.
    (State.ACTIVE, Signal.SIGHT_REGAINED): (State.ACTIVE, None),
    (State.ACTIVE, Signal.RENEW): (State.ACTIVE, Cause.RENEWED),
    (State.ACTIVE, Signal.CANCEL): (State.ENDED, Cause.CANCELLED),
    # A rise has been measured, by the village's own gauges or its neighbours'.
    (State.HELD, Signal.RISE): (State.ACTIVE, Cause.RAISED),
    (State.HELD, Signal.SIGHT_LOST): (State.HELD, None),
    (State.HELD, Signal.SIGHT_REGAINED): (State.ACTIVE, Cause.SIGHT_REGAINED),
    (State.HELD, Signal.RENEW): (State.HELD, Cause.RENEWED),
    (State.HELD, Signal.CANCEL): (State.ENDED, Cause.CANCELLED),
    (State.ENDED, Signal.RISE): (State.ACTIVE, Cause.FIRST),
    (State.ENDED, Signal.FALL): (State.ENDED, None),
    (State.ENDED, Signal.CLEAR): (State.QUIET, None),
    (State.ENDED, Signal.SIGHT_LOST): (State.ENDED, None),
    (State.ENDED, Signal.SIGHT_REGAINED): (State.ENDED, None),
    # A hand changes the level, not whether gauges confirm it.
    (State.QUIET, Signal.HAND_RAISE): (State.ACTIVE, Cause.ISSUED_BY_HAND),
    (State.ACTIVE, Signal.HAND_RAISE): (State.ACTIVE, Cause.RAISED_BY_HAND),
    (State.HELD, Signal.HAND_RAISE): (State.HELD, Cause.RAISED_BY_HAND),
    (State.ENDED, Signal.HAND_RAISE): (State.ACTIVE, Cause.ISSUED_BY_HAND),
    (State.ACTIVE, Signal.HAND_LOWER): (State.ACTIVE, Cause.LOWERED_BY_HAND),
    (State.HELD, Signal.HAND_LOWER): (State.HELD, Cause.LOWERED_BY_HAND),
}
"""State and signal -> next state and the cause of a message; None: nothing is said."""

OPEN_STATES = frozenset({State.ACTIVE, State.HELD})
"""States in which people are under a warning."""

MESSAGE_TYPE: dict[Cause, MessageType] = {
    Cause.FIRST: MessageType.ALERT,
    Cause.RAISED: MessageType.UPDATE,
    Cause.LOWERED: MessageType.UPDATE,
    Cause.RENEWED: MessageType.UPDATE,
    Cause.SIGHT_LOST: MessageType.UPDATE,
    Cause.SIGHT_REGAINED: MessageType.UPDATE,
    Cause.ENDED: MessageType.CANCEL,
    Cause.CANCELLED: MessageType.CANCEL,
    Cause.ISSUED_BY_HAND: MessageType.ALERT,
    Cause.RAISED_BY_HAND: MessageType.UPDATE,
    Cause.LOWERED_BY_HAND: MessageType.UPDATE,
}


def step(state: State, signal: Signal) -> Transition:
    """Next state, and why a message is due (None: nothing is said).

    Raises
    ------
    ImpossibleSignalError
        If the signal cannot happen in this state.

    Examples
    --------
    >>> step(State.QUIET, Signal.RISE)
    (<State.ACTIVE: 'active'>, <Cause.FIRST: 'first'>)
    """
    try:
        return TRANSITIONS[state, signal]
    except KeyError:
        raise ImpossibleSignalError(f"a {state} warning cannot take the signal {signal}") from None


def state_diagram() -> str:
    """The table as a Mermaid state diagram, for the documentation."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.QUIET}"]
    for (state, signal), (after, cause) in TRANSITIONS.items():
        said = f"{MESSAGE_TYPE[cause]} ({cause})" if cause else "nothing said"
        lines.append(f"    {state} --> {after}: {signal} / {said}")
    return "\n".join(lines) + "\n"
