"""The line to the other box, from the side that leads: entries go out, confirmations come back.

An entry is on this box's disk first, then on the other one's, and only then it takes
effect (`ReplicatedLog`). Several batches that wait are sent and confirmed together.
What the other box lacks it is sent again from the log; where that is gone it is sent
a whole state (`sowing`). Nothing here sends to people or judges.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from warnstream import __version__
from warnstream.adapters.bundles.store import Bundle
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.metrics.standby import StandbyMetrics
from warnstream.adapters.sending.answer_tokens import load_or_create_secret
from warnstream.adapters.standby.connection import Connection
from warnstream.adapters.standby.digest import agrees
from warnstream.adapters.standby.leadership import Leadership
from warnstream.adapters.standby.messages import (
    VERSION,
    Confirm,
    DrillsHeld,
    DrillsKept,
    Entries,
    Follow,
    HandedOver,
    HandOver,
    Hello,
    Holds,
    Lacks,
    Refused,
    Secret,
    Trouble,
)
from warnstream.config.settings import Configuration
from warnstream.model.alarms import AlarmPort
from warnstream.model.errors import DamagedError
from warnstream.runners.standby.bundles.offering import NotHeldError, Offering
from warnstream.runners.standby.drills.copies import DrillCopies
from warnstream.runners.standby.protection import GONE, Guard, Protection, reason_zh
from warnstream.runners.standby.recent import Recent
from warnstream.runners.standby.sowing import sow
from warnstream.runners.witness.words import LeadsBy, Words

log = logging.getLogger(__name__)

ALARM = "standby"

BEAT_S = 1.0
"""A sign of life at least so often."""

HAND_OVER_S_MAX = 10.0
CLOSE_S_MAX = 2.0

Entry = tuple[str, bytes]


class Line:
    """What the box that leads does for the other one.

    Parameters
    ----------
    configuration : Configuration
    leadership : Leadership
        In which this box leads.
    journal : Journal
    alarms : AlarmPort
    metrics : StandbyMetrics
    on_hand_over : callable
        Somebody wants the other box to lead: stop, from any thread.
    beside : LeadsBy, optional
        There is a witness: by whose word this box leads.

    Attributes
    ----------
    leadership : Leadership
        Replaced once the entry with which it begins is known.
    fenced : str
        Why this box may not lead any more; empty while it may.

    Raises
    ------
    StoreError
        If what answer links are proven with cannot be read or made.
    """

    def __init__(
        self,
        configuration: Configuration,
        leadership: Leadership,
        journal: Journal,
        alarms: AlarmPort,
        metrics: StandbyMetrics,
        on_hand_over: Callable[[], None],
        beside: LeadsBy | None = None,
    ) -> None:
        standby = configuration.standby
        assert standby is not None
        self._configuration, self.leadership, self._journal = configuration, leadership, journal
        self._alarms, self._metrics, self._on_hand_over = alarms, metrics, on_hand_over
        self._other = standby.other(leadership.box).name
        self._recent = Recent(journal)
        self._witness = None if beside is None else Words(beside, alarms, metrics)
        metrics.may_lead.set(1)
        self._secret = load_or_create_secret(configuration.storage.directory)
        self.offering = Offering(configuration.storage.directory)
        self.drills = DrillCopies(configuration.storage.directory, standby.wait_s)
        self._news = threading.Condition()
        self._protection = Protection(standby.wait_s)
        self._confirmed = self._settled = 0
        self._unconfirmed: deque[tuple[int, float]] = deque()
        self._session: Connection | None = None
        self._is_asked_to_hand_over = False
        self._is_protected = True
        self._is_closing = False
        self._unreadable_after = -1
        self.fenced = ""
        metrics.is_protected.set(1)

    @property
    def is_linked(self) -> bool:
        """The other box follows."""
        return self._session is not None

    def go_by(self, configuration: Configuration) -> None:
        """Another configuration runs from now on."""
        self._configuration = configuration

    def why_alone(self) -> str:
        """Why the other box is not waited for; empty while it is."""
        with self._news:
            if self._protection.guard is Guard.PROTECTED and self._session is not None:
                return ""
            return f"{self._other}: {self._protection.reason or GONE}"

    def hold(self, bundle: Bundle) -> str:
        """Have the other box hold a bundle and load it; why it cannot, empty: it can. Not for the loop."""
        session = self._session
        if session is None:
            return f"{self._other}: {GONE}"
        try:
            fault = self.offering.hold(session, bundle, lambda: self._session is session)
        except OSError as error:
            return f"{self._other} has gone meanwhile: {error}"
        return f"{self._other} cannot take bundle {bundle.number}: {fault}" if fault else ""

    @property
    def is_asked_to_hand_over(self) -> bool:
        """The other box is to lead."""
        return self._is_asked_to_hand_over

    def begin_alone(self, reason: str) -> None:
        """Do not wait for the other box before it comes."""
        self._cannot(reason)

    def added(self, entries: Sequence[Entry]) -> None:
        """Entries that this box's disk has; on their way from now on."""
        with self._news:
            self._recent.add(entries)
            if self._session is not None:
                self._unconfirmed.append((self._recent.last, time.monotonic()))
            self._metrics.behind.set(self._recent.last - self._confirmed)
            self._news.notify_all()

    def wait_until_confirmed(self, last: int) -> None:
        """Until the other box has everything up to `last`, or it is not to be waited for any more."""
        begun_s = time.monotonic()
        with self._news:
            while self._protection.guard is Guard.PROTECTED and self._confirmed < last and not self.fenced:
                if self._protection.waited(time.monotonic(), begun_s):
                    self._go_on_alone()
                    break
                left_s = begun_s + self._protection.wait_s - time.monotonic()
                self._news.wait(max(left_s, 0.001))
            if self._witness is not None:
                self._witness.wait(self._news, lambda: self._confirmed >= last or bool(self.fenced))
        self._metrics.wait.observe(time.monotonic() - begun_s)

    def look(self) -> None:
        """Now and then, from any thread: a box that is gone is told of, whether entries come or not."""
        with self._news:
            if self._witness is not None:
                self._witness.look()
            if self._protection.look(time.monotonic()):
                self._go_on_alone()
                self._news.notify_all()

    def tell_stranger(self, reason: str) -> None:
        """Something is at the other box's address, or came, that is not that box: why this one is alone."""
        with self._news:
            if self._protection.is_alone_unlinked and self._protection.cannot(time.monotonic(), reason):
                self._go_on_alone()

    def settle(self) -> None:
        """Everything that the entries up to now led to is in the log; in the thread that appends."""
        with self._news:
            self._settled = self._recent.last

    def fence(self, why: str) -> None:
        """Another box leads by a later right: nothing waits here any more."""
        with self._news:
            self.fenced = why
            self._news.notify_all()

    def serve(self, connection: Connection, hello: Hello) -> None:
        """Speak with a box that has greeted, until it goes. ProtocolError, OSError."""
        asked = connection.receive()
        if isinstance(asked, Trouble):
            self._cannot(f"{hello.box} cannot keep entries: {asked.text}")
            asked = connection.receive()
        if not isinstance(asked, Follow):
            return
        refused = self._refusal(hello)
        if refused is not None:
            log.warning("the other box is refused", extra={"box": hello.box, "why": refused.text})
            self._cannot(f"{hello.box} is refused: {refused.text}")
            connection.send(refused)
            return
        begins_after = hello.last
        if self._is_to_be_sown(hello):
            begins_after = sow(connection, self._configuration.storage.directory, self._journal)
        self._follow(connection, begins_after, hello.configuration)

    def hand_over(self) -> bool:
        """The node has stopped: tell the other box once it has everything; False if it cannot be told."""
        deadline = time.monotonic() + HAND_OVER_S_MAX
        with self._news:
            session = self._session
            has_all = self._news.wait_for(
                lambda: self._confirmed >= self._recent.last or self._session is not session,
                max(0.0, deadline - time.monotonic()),
            )
        if session is None or not has_all or self._session is not session:
            return False
        try:
            session.send(HandedOver(self._recent.last))
        except OSError as error:
            log.warning("the other box cannot be told to lead", extra={"error": str(error)})
            return False
        return True

    def close(self) -> None:
        """No entries go out any more; the other box is told how far the last ones are settled."""
        with self._news:
            session, self._is_closing = self._session, True
            self._news.notify_all()
            if session is not None:
                self._news.wait_for(lambda: self._session is not session, CLOSE_S_MAX)
            self._session = None
        if session is not None:
            session.close()

    def _refusal(self, hello: Hello) -> Refused | None:
        """Why the other box cannot follow this one; None if it can."""
        own = self._configuration
        if hello.node != own.node.name:
            return Refused("configuration", f"it is node {hello.node!r}, this is {own.node.name!r}")
        if hello.software != __version__ or hello.version != VERSION:
            return Refused("configuration", f"it runs warnstream {hello.software}, this one {__version__}")
        if not self.offering.can_follow(hello, own.fingerprint):
            theirs, ours = hello.configuration[:12], own.fingerprint[:12]
            return Refused(
                "configuration",
                f"its configuration is {theirs}, this one's {ours}: copy CONFIG_DIR, restart it",
            )
        return self._refusal_of_log(hello)

    def _refusal_of_log(self, hello: Hello) -> Refused | None:
        journal, leadership = self._journal, self.leadership
        if not hello.last:
            return None
        last = journal.last_sequence()
        common = leadership.common_with(hello.term, last)
        if hello.log != leadership.log:
            return Refused("log", f"its log ({hello.last} entries) is another one, not this one's copy", 0)
        if hello.last > common:
            text = f"its log ends with entry {hello.last}, only {common} of this one's {last} can be in both"
            if hello.term == leadership.term:
                text += ": this box has lost the end of its log, and a takeover there would keep it"
            return Refused("log", text, common)
        is_pruned = hello.last < journal.first_sequence()
        if hello.digest and not is_pruned and not agrees(journal, hello.digest, hello.last):
            return Refused("log", f"its entries up to {hello.last} are not those that this one has")
        return None

    def _is_to_be_sown(self, hello: Hello) -> bool:
        """It lacks what cannot be read any more; or it is new, and a state is shorter than the log."""
        newest = self._journal.latest_snapshot()
        reaches = 0 if newest is None else newest[0]
        is_gone = (
            hello.last + 1 < self._journal.first_sequence() or hello.last <= self._unreadable_after < reaches
        )
        return is_gone or (not hello.last and newest is not None)

    def _follow(self, connection: Connection, begins_after: int, runs_there: str) -> None:
        with self._news:
            earlier, self._session = self._session, connection
            self._confirmed = begins_after
            self._unconfirmed.clear()
            self.offering.begin(runs_there)
            if self._witness is not None:
                self._witness.begin()
            self._protection.linked()
            self._news.notify_all()
        if earlier is not None:
            earlier.close()
        self._metrics.linked.set(1)
        log.warning("the other box follows", extra={"box": self._other, "after": begins_after})
        sender = threading.Thread(
            target=self._send, args=(connection, begins_after), name="standby-send", daemon=True
        )
        sender.start()
        try:
            while self._session is connection:
                self._hear(connection)
        finally:
            self._leave(connection)
            self.drills.end(connection)
            connection.close()
            sender.join()

    def _hear(self, connection: Connection) -> None:
        said = connection.receive()
        if isinstance(said, Confirm):
            self._take_confirmed(said.last)
        elif isinstance(said, Trouble):
            self._cannot(f"{self._other} cannot keep entries: {said.text}")
        elif isinstance(said, Lacks | Holds):
            self.offering.take(said)
        elif isinstance(said, DrillsHeld):
            self.drills.begin(connection, said, lambda: self._session is connection)
        elif isinstance(said, DrillsKept):
            self.drills.take(said)
        elif isinstance(said, HandOver):
            log.warning("the other box is to lead: this one stops", extra={"box": self._other})
            self._is_asked_to_hand_over = True
            self._on_hand_over()

    def _take_confirmed(self, last: int) -> None:
        now_s = time.monotonic()
        with self._news:
            self._confirmed = max(self._confirmed, min(last, self._recent.last))
            if self._witness is not None:
                self._witness.confirmed()
            while self._unconfirmed and self._unconfirmed[0][0] <= self._confirmed:
                self._unconfirmed.popleft()
            if self._confirmed >= self._recent.last:
                oldest_s = None
            else:
                oldest_s = now_s - self._unconfirmed[0][1] if self._unconfirmed else float("inf")
            self._metrics.behind.set(self._recent.last - self._confirmed)
            is_again = self._protection.confirmed(now_s, oldest_s)
            self._is_protected = self._is_protected or is_again
            self._news.notify_all()
        if is_again:
            log.warning("protected again: entries wait for the other box", extra={"box": self._other})
            self._metrics.is_protected.set(1)
            self._alarms.end_alarm(ALARM)

    def _leave(self, connection: Connection) -> None:
        with self._news:
            if self._session is connection:
                self._session = None
                self._protection.unlinked(time.monotonic())
                self._metrics.linked.set(0)
            self._news.notify_all()
        log.warning("the other box does not follow any more", extra={"box": self._other})

    def _send(self, connection: Connection, after: int) -> None:
        try:
            is_there, beat = lambda: self._session is connection, partial(self._beat, connection, after)
            connection.send(Secret(self._secret))
            self.offering.offer_present(connection, is_there, beat)
            while self._session is connection:
                self._wait_for_more(connection, after)
                chunk = self._recent.after(after)
                beat = partial(self._beat, connection, after)
                self.offering.offer_changes(
                    connection, chunk, self._configuration.fingerprint, is_there, beat
                )
                self._say(connection, after, chunk)
                after += len(chunk)
                if self._is_closing and after >= self._recent.last:
                    connection.close()
                    return
        except NotHeldError as refused:
            self._cannot(f"{self._other} is refused: {refused}")
            with suppress(OSError):
                connection.send(Refused("configuration", str(refused)))
            connection.close()
        except DamagedError as error:
            self._unreadable_after = max(self._unreadable_after, after)
            self._cannot(f"this box's own log cannot be read for it: {error}")
            connection.close()
        except Exception as error:  # noqa: BLE001  # whatever it is: the line is closed, and it comes again
            if self._session is connection:
                log.warning("entries cannot be sent to the other box", extra={"error": str(error)})
            connection.close()

    def _beat(self, connection: Connection, after: int) -> None:
        self._say(connection, after, [])

    def _say(self, connection: Connection, after: int, chunk: list[Entry]) -> None:
        """Each is confirmed once, in turn; what that is worth is counted from before it went out."""
        if self._witness is not None:
            self._witness.sends()
        connection.send(Entries(after + 1, self._settled, self.leadership.term, chunk))

    def _wait_for_more(self, connection: Connection, after: int) -> None:
        with self._news:
            self._news.wait_for(
                lambda: self._recent.last > after or self._is_closing or self._session is not connection,
                BEAT_S,
            )

    def _cannot(self, reason: str) -> None:
        with self._news:
            if self._protection.cannot(time.monotonic(), reason):
                self._go_on_alone()
            self._news.notify_all()

    def _go_on_alone(self) -> None:
        """Say that this box is alone; with the lock held."""
        if self._is_protected:
            self._metrics.unprotected.inc()
        self._is_protected = False
        self._metrics.is_protected.set(0)
        reason = self._protection.reason
        log.error("unprotected: this box goes on alone", extra={"other": self._other, "why": reason})
        en = f"unprotected: {self._other} does not have what this box has: {reason}"
        zh = f"无备机保护：{self._other} 未同步本机记录：{reason_zh(reason)}"
        self._alarms.raise_alarm(ALARM, en, is_blocking=False, zh=zh)
