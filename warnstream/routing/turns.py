"""What a village awaits of its duty posts: one state table.

Rule 1: everything that affects the state of a village lives in this file.

QUIET: nothing stands. CALLING: answers are awaited, and time works. HEARD: everybody needed has
answered since the last raise, or nobody is needed. DRY: the top of the chain stayed silent; an alarm
until it is answered or over. What is not in `TRANSITIONS` is impossible and raises
`ImpossibleTurnError`. 4 states, 5 signals, 20 pairs, of which 4 are impossible; a test walks all.
"""

from enum import StrEnum

import msgspec

from warnstream.model.bulletins import TRANSFER
from warnstream.model.changes import Relayed
from warnstream.model.errors import WarnstreamError
from warnstream.model.level import Level
from warnstream.model.warning import WarningMessage


class State(StrEnum):
    """States of one village on the chain."""

    QUIET = "quiet"
    CALLING = "calling"
    HEARD = "heard"
    DRY = "dry"


class Signal(StrEnum):
    """What can happen to a village.

    RAISE: something has become worse. COMPLETE: nobody owes an answer any more. SILENT: nobody is left
    to ask in time. HELP: somebody there calls for help. END: nothing stands any more.
    """

    RAISE = "raise"
    COMPLETE = "complete"
    SILENT = "silent"
    HELP = "help"
    END = "end"


class Ask(StrEnum):
    """Who is asked after a signal."""

    NOBODY = "nobody"
    NEEDED = "whom the level needs"
    ALL = "all ranks"
    NEXT = "the next rank, for the call"


class ImpossibleTurnError(WarnstreamError):
    """A signal that cannot happen in this state: a fault of the chain itself."""


Transition = tuple[State, Ask]

TRANSITIONS: dict[tuple[State, Signal], Transition] = {
    (State.QUIET, Signal.RAISE): (State.CALLING, Ask.NEEDED),
    (State.QUIET, Signal.HELP): (State.QUIET, Ask.NEXT),
    (State.QUIET, Signal.END): (State.QUIET, Ask.NOBODY),
    (State.CALLING, Signal.RAISE): (State.CALLING, Ask.NEEDED),
    (State.CALLING, Signal.COMPLETE): (State.HEARD, Ask.NOBODY),
    (State.CALLING, Signal.SILENT): (State.DRY, Ask.NOBODY),
    (State.CALLING, Signal.HELP): (State.CALLING, Ask.NEXT),
    (State.CALLING, Signal.END): (State.QUIET, Ask.NOBODY),
    (State.HEARD, Signal.RAISE): (State.CALLING, Ask.NEEDED),
    (State.HEARD, Signal.HELP): (State.HEARD, Ask.NEXT),
    (State.HEARD, Signal.END): (State.QUIET, Ask.NOBODY),
    # The alarm stays until somebody answers: a raise alone wakes nobody who slept through the last one.
    (State.DRY, Signal.RAISE): (State.DRY, Ask.ALL),
    (State.DRY, Signal.COMPLETE): (State.HEARD, Ask.NOBODY),
    (State.DRY, Signal.SILENT): (State.DRY, Ask.NOBODY),
    (State.DRY, Signal.HELP): (State.DRY, Ask.NEXT),
    (State.DRY, Signal.END): (State.QUIET, Ask.NOBODY),
}
"""State and signal -> next state and who is asked."""

AWAITING = frozenset({State.CALLING, State.DRY})
"""States in which answers are awaited."""


def step(state: State, signal: Signal) -> Transition:
    """Next state, and who is asked.

    Raises
    ------
    ImpossibleTurnError
        If the signal cannot happen in this state.

    Examples
    --------
    >>> step(State.CALLING, Signal.SILENT)
    (<State.DRY: 'dry'>, <Ask.NOBODY: 'nobody'>)
    """
    try:
        return TRANSITIONS[state, signal]
    except KeyError:
        raise ImpossibleTurnError(f"a village that is {state} cannot take the signal {signal}") from None


def turn_diagram() -> str:
    """The table as a Mermaid state diagram, for the documentation."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.QUIET}"]
    for (state, signal), (after, ask) in TRANSITIONS.items():
        lines.append(f"    {state} --> {after}: {signal} / asks {ask}")
    return "\n".join(lines) + "\n"


class Turn(msgspec.Struct):
    """One village on the chain.

    Attributes
    ----------
    state : State
    number : int
        Counts its raises; it never goes back.
    level : Level
        The worst that stands and concerns posts.
    asked_rank : int
        Highest rank asked since it was last quiet; 0: none. Posts up to it know of the village.
    answered : list of str
        Posts that have answered since the last raise, in order.
    silent : list of str
        Posts that were asked since the last raise and did not answer in time, in order.
    since_s : int
        When its state last changed.
    told : list of str
        Posts that were told of it since it was last quiet; they hear its ends, registered for it or not.
    standing : dict of str to Level
        Hazard -> level of everything that stands, also what is below the posts' level.
    relayed : dict of str to Relayed
        Hazard -> whose signal it is, of what stands and another service has issued.
    by_s : int
        By when people are to be away, of a transfer that stands; 0: at once, or none stands.
    """

    state: State = State.QUIET
    number: int = 0
    level: Level = Level.NONE
    asked_rank: int = 0
    answered: list[str] = []
    silent: list[str] = []
    since_s: int = -1
    told: list[str] = []
    standing: dict[str, Level] = {}
    relayed: dict[str, Relayed] = {}
    by_s: int = 0

    def hear(self, message: WarningMessage) -> Level:
        """What stands after a message; the level that its hazard had before."""
        before = self.standing.pop(message.hazard, Level.NONE)
        said = self.relayed.pop(message.hazard, None)
        if message.hazard == TRANSFER:
            self.by_s = message.onset_s if message.level else 0
        if message.level:
            self.standing[message.hazard] = message.level
            said = (message.reason.relayed if message.reason else None) or said
            if said is not None:
                self.relayed[message.hazard] = said
        return before

    def take(self, signal: Signal, now_s: int) -> Ask:
        """Change the state; who is asked."""
        after, ask = step(self.state, signal)
        if after is not self.state:
            self.state, self.since_s = after, now_s
        return ask

    def worst_first(self) -> tuple[tuple[str, Level], ...]:
        """What stands, the worst first, then by name."""
        return tuple(sorted(self.standing.items(), key=lambda one: (-one[1], one[0])))

    def relayed_in_order(self) -> tuple[tuple[str, Relayed], ...]:
        """Whose signals stand, by hazard."""
        return tuple(sorted(self.relayed.items(), key=lambda one: one[0])) if self.relayed else ()
