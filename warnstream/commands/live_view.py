"""The picture of a running node at a terminal: stations, villages by level, notifications, newest warnings.

`warnstream demo` and `warnstream run` show the same. Limit: the newest `NEWEST_SHOWN` warnings are shown.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import msgspec
from rich.console import Group
from rich.table import Table
from rich.text import Text

from warnstream.adapters.http.models.county import StationsRecord, VillagesRecord
from warnstream.config.settings import Configuration
from warnstream.delivery.dispatch.notification import State
from warnstream.engine import EngineStep
from warnstream.model.digests import Digest
from warnstream.model.errors import StoreError
from warnstream.model.level import LEVELS, Level
from warnstream.model.times import clock_local, parse_iso
from warnstream.model.warning import MessageStatus, WarningMessage
from warnstream.runners.explain.one_line import describe
from warnstream.runners.live.node import Node

NEWEST_SHOWN = 6

COLOUR_OF_LEVEL = {
    Level.BLUE: "bold white on blue",
    Level.YELLOW: "bold black on yellow",
    Level.ORANGE: "bold black on dark_orange",
    Level.RED: "bold white on red",
}


class LiveView:
    """What `warnstream run` shows at a terminal; `render` may be called from any thread.

    Parameters
    ----------
    people : callable
        The configuration whose villages messages name, those of removed rows included.
    """

    def __init__(self, people: Callable[[], Configuration]) -> None:
        self._people = people
        self._newest: deque[WarningMessage] = deque(maxlen=NEWEST_SHOWN)
        self._last = Group()

    def take_step(self, step: EngineStep) -> None:
        """Remember what a step issued."""
        self._newest.extend(step.effects.messages)

    def render(self, node: Node) -> Group:
        """The picture now; the last one where the stores of the node cannot be read, or are closed."""
        with suppress(StoreError):
            self._last = self._now(node)
        return self._last

    def _now(self, node: Node) -> Group:
        ready = node.status.ready()
        now = node.status.state().now
        time_zone = node.configuration.message.time_zone
        clock = clock_local(parse_iso(now), time_zone) if isinstance(now, str) else "--:--"
        exercise = node.configuration.message.status is MessageStatus.EXERCISE
        head = f" {'EXERCISE  ' if exercise else ''}{node.configuration.node.name}  {clock}"
        why = [] if ready.ready else ["not ready:"]
        told = [Text(line, style="yellow") for line in (*why, *ready.reasons)]
        return Group(picture(node, head, tuple(self._newest), self._people()), *told)


def picture(node: Node, head: str, newest: Sequence[WarningMessage], configuration: Configuration) -> Group:
    """A head line with stations and notifications, villages by hazard and level, the newest warnings."""
    stations, _ = situation(node)
    sent, waiting = sent_and_waiting(node)
    line = Text(
        f"{head}   stations reporting {stations}   notifications sent {sent}, waiting {waiting} ",
        style="bold reverse",
    )
    table = Table("hazard", expand=True)
    for level in LEVELS:
        table.add_column(Text(level.word, style=COLOUR_OF_LEVEL[level]))
    villages = node.status.state().villages
    if isinstance(villages, VillagesRecord):
        for hazard, counts in villages.levels.items():
            table.add_row(hazard, *(str(counts[level.word]) for level in LEVELS))
    texts = [
        Text(describe(message, configuration), style=COLOUR_OF_LEVEL.get(message.level, "dim"))
        for message in newest[-NEWEST_SHOWN:]
    ]
    return Group(line, table, *texts)


def situation(node: Node) -> tuple[str, dict[Level, int]]:
    """Stations reporting, and warned villages by level (a village counts once per hazard)."""
    state = node.status.state()
    if not isinstance(state.stations, StationsRecord) or not isinstance(state.villages, VillagesRecord):
        return "-", dict.fromkeys(LEVELS, 0)
    by_hazard = state.villages.levels.values()
    levels = {level: sum(counts[level.word] for counts in by_hazard) for level in LEVELS}
    return f"{state.stations.reporting}/{state.stations.total}", levels


def sent_and_waiting(node: Node) -> tuple[int, int]:
    """Notifications that have left, and those that are still to leave."""
    counts = node.outbox.counts()
    sent = sum(n for (_, state), n in counts.items() if state in (State.SENT, State.DELIVERED))
    waiting = sum(n for (_, state), n in counts.items() if state in (State.PENDING, State.SENDING))
    return sent, waiting


def duty_of(node: Node, digests: Iterable[Digest]) -> dict[str, object]:
    """The chain at the end; rescue teams that were called, and that have said when they come."""
    called = {digest.post for digest in digests if digest.asks_arrival}
    calls = [call for chain in node.engine.desk.chains.of.values() for call in chain.teams.calls.values()]
    coming = sum(call.arrives_s >= 0 for call in calls)
    found: dict[str, object] = msgspec.to_builtins(node.status.state().chain)
    return {**found, "teams_called": len(called), "teams_coming": coming}
