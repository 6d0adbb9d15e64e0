"""What a node is given that leads beside another box: its log, and the word that it leads."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from msgspec import structs

from warnstream.adapters.bundles.store import Bundle
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.metrics.standby import StandbyMetrics
from warnstream.adapters.standby.connection import Connection
from warnstream.adapters.standby.leadership import Leadership
from warnstream.adapters.standby.messages import LEADS, Hello
from warnstream.config.settings import Configuration
from warnstream.model.alarms import AlarmPort
from warnstream.runners.intake.standby_entries import LEADER, LeaderEntry, encode_leader
from warnstream.runners.live.log import Log
from warnstream.runners.standby.bundles.in_force import on_box
from warnstream.runners.standby.line import Line
from warnstream.runners.standby.link import hello_of
from warnstream.runners.standby.protection import NOT_SINCE
from warnstream.runners.standby.replicated import ReplicatedLog
from warnstream.runners.witness.watch import WitnessWatch
from warnstream.runners.witness.words import LeadsBy

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _By:
    """The witness for a line: it waits for it no longer than the process lives."""

    watch: WitnessWatch
    is_ending: Callable[[], bool]

    def may_lead(self) -> bool:
        return self.watch.may_lead()

    def confirmed(self, sent_s: float) -> None:
        self.watch.confirmed(sent_s)

    def said(self) -> str:
        return self.watch.said()


class Leading:
    """One leadership, or its going on after a restart.

    Parameters
    ----------
    configuration : Configuration
    leadership : Leadership
        In which this box leads.
    keep : callable
        Makes what is known of leading durable. StoreError.
    how : str
        How it came to lead, for the log; empty: it goes on.
    is_alone : bool
        The other box is not to be waited for before it comes.
    on_start : callable
        The node works.
    is_ending : callable
        The process is to end: a node that has just been made must not begin.
    witness : WitnessWatch, optional
        By whose word it leads.
    """

    def __init__(  # noqa: PLR0913  # what it leads by, each by name
        self,
        configuration: Configuration,
        leadership: Leadership,
        keep: Callable[[Leadership], None],
        *,
        how: str = "",
        is_alone: bool = False,
        on_start: Callable[[], None] = lambda: None,
        is_ending: Callable[[], bool] = lambda: False,
        witness: WitnessWatch | None = None,
    ) -> None:
        self._configuration, self.leadership, self._keep = configuration, leadership, keep
        self._how, self._is_alone, self.on_start, self.is_ending = how, is_alone, on_start, is_ending
        self._witness = witness
        self._line: Line | None = None
        self._stop: Callable[[], None] = lambda: None
        self._journal: Journal | None = None

    def over(self, journal: Journal, alarms: AlarmPort, metrics: Metrics, stop: Callable[[], None]) -> Log:
        """The log of the node over its journal; `stop` ends the node, from any thread."""
        own = StandbyMetrics(metrics.registry)
        own.leads.set(1)
        own.term.set(self.leadership.term)
        self._journal, self._stop = journal, stop
        line = Line(self._configuration, self.leadership, journal, alarms, own, stop, self._by())
        if self._is_alone:
            line.begin_alone(NOT_SINCE)
        self._line = line
        return ReplicatedLog(journal, line)

    def _by(self) -> LeadsBy | None:
        return None if self._witness is None else _By(self._witness, self.is_ending)

    def may_send(self) -> bool:
        """Whether people may be told anything at this moment."""
        return self._witness is None or (self._witness.may_lead() and not self.fenced)

    def begin(self, journal: Log) -> None:
        """Say in the log that this box leads, where that is new; before anything else. StoreError."""
        known = self.leadership
        if any(term == known.term for term, _ in known.began):
            return
        entry = LeaderEntry(known.term, known.box, int(time.time()), known.log, self._how)
        number = journal.append_many([(LEADER, encode_leader(entry))])
        self.leadership = structs.replace(known, began=[*known.began, (known.term, number)])
        self._keep(self.leadership)
        if self._line is not None:
            self._line.leadership = self.leadership
        log.warning("this box leads", extra={"box": known.box, "term": known.term, "entry": number})

    def go_by(self, configuration: Configuration) -> None:
        """Another configuration runs from now on."""
        self._configuration = configuration
        if self._line is not None:
            self._line.go_by(configuration)

    def of_box(self, configuration: Configuration) -> Configuration:
        """A configuration with the addresses that this box listens on."""
        return on_box(configuration, self.leadership.box)

    def why_alone(self) -> str:
        """Why a change cannot go to the other box now; empty: it can."""
        return "this box has not begun to lead" if self._line is None else self._line.why_alone()

    def hold(self, bundle: Bundle) -> str:
        """Have the other box hold and load a bundle; why it cannot, empty: it can."""
        return "" if self._line is None else self._line.hold(bundle)

    def drill_begun(self, folder: Path) -> None:
        """A drill has begun, and tells nobody before the other box knows, if it is there."""
        if self._line is not None:
            self._line.drills.begun(folder)

    @property
    def is_new(self) -> bool:
        """It did not lead before."""
        return bool(self._how)

    def settle(self) -> None:
        """Everything that the entries up to now led to is in the log; in the loop's thread."""
        if self._line is not None:
            self._line.settle()

    def look(self) -> None:
        """Now and then: see `Line.look`."""
        if self._line is not None:
            self._line.look()

    @property
    def is_linked(self) -> bool:
        """The other box follows."""
        return self._line is not None and self._line.is_linked

    @property
    def is_asked_to_hand_over(self) -> bool:
        """The other box is to lead."""
        return self._line is not None and self._line.is_asked_to_hand_over

    @property
    def fenced(self) -> str:
        """Why this box may not lead any more; empty while it may."""
        return "" if self._line is None else self._line.fenced

    def fence(self, why: str) -> None:
        """Another box leads by a later right: the node stops, and nothing of it counts any more."""
        self._stop()
        if self._line is not None:
            self._line.fence(why)

    def tell_stranger(self, reason: str) -> None:
        """As of `Line.tell_stranger`."""
        if self._line is not None:
            self._line.tell_stranger(reason)

    def hello(self) -> Hello:
        """How this box greets."""
        last = 0 if self._journal is None else self._journal.last_sequence()
        return hello_of(self._configuration, self.leadership, LEADS, last, "")

    def serve(self, connection: Connection, hello: Hello) -> None:
        """Speak with a box that stands by and has greeted. ProtocolError, OSError."""
        if self._line is not None:
            self._line.serve(connection, hello)

    def hand_over(self) -> bool:
        """The node has stopped: tell the other box that it may lead; False if it cannot be told."""
        return self._line is not None and self._line.hand_over()

    def close(self) -> None:
        """Nothing goes to the other box any more."""
        if self._line is not None:
            self._line.close()
