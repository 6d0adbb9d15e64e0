"""One of two boxes from its start to its end: it leads, stands by, or waits because the other one leads.

A box that led leads again, unless the other one says that it leads by a later right. A
box that stood by stands by until somebody says `warnstream takeover`. Nobody leads by
itself because the other one is silent: without a third party a cut cable cannot be told
from a dead machine.
"""

import logging
import ssl
import threading
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path

from msgspec import structs

from warnstream.adapters.http.starting import FrontDoor
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.metrics.standby import StandbyMetrics
from warnstream.adapters.private_files import make_private
from warnstream.adapters.standby.away import AwayListener
from warnstream.adapters.standby.connection import Connection, client_context, connect, server_context
from warnstream.adapters.standby.doorway import Doorway
from warnstream.adapters.standby.frames import ProtocolError
from warnstream.adapters.standby.leadership import Leadership, read_leadership, write_leadership
from warnstream.adapters.standby.messages import ASKS, LEADS, STANDS_BY, Hello, Refused
from warnstream.config.settings import Configuration
from warnstream.model.errors import DamagedError, WarnstreamError
from warnstream.runners.standby.bundles.in_force import configured_on
from warnstream.runners.standby.follower import Follower
from warnstream.runners.standby.leading import Leading
from warnstream.runners.standby.link import PUT_ASIDE, Ending, hello_of
from warnstream.runners.standby.sowing import clear_unfinished, plant
from warnstream.runners.standby.tail import keep_tail
from warnstream.runners.standby.takeover import Takeover, note_until_kept, still_leads
from warnstream.runners.standby.waiting_room import WaitingRoom
from warnstream.runners.witness.claims import claims_of

log = logging.getLogger(__name__)

PEEK_S = 2.0
"""A box that leads and is not followed looks so often whether the other one leads, too."""

HTTP_CONNECTIONS_MAX = 64

RunNode = Callable[[Configuration, Leading, FrontDoor], None]


class Box:
    """One process of ``warnstream run`` on a configuration with `standby:`.

    Parameters
    ----------
    configuration : Configuration
        With the hosts of this box.
    name : str
        Of this box.
    run_node : callable
        Runs a node that leads, of a configuration and behind a front door, until it is asked to stop; all
        is closed then.
    door : FrontDoor or None
        One that serves already.
    as_standby : bool
        Somebody said that this box is to stand by, and that its own log may go aside where it differs.

    Raises
    ------
    WarnstreamError
        If the storage belongs to the other box, or certificates cannot be used.
    OSError
        If an address cannot be listened on.
    """

    def __init__(
        self,
        configuration: Configuration,
        name: str,
        run_node: RunNode,
        door: FrontDoor | None,
        *,
        as_standby: bool = False,
    ) -> None:
        standby = configuration.standby
        assert standby is not None
        self._configuration, self._run_node, self._door = configuration, run_node, door
        self._directory, self._as_standby = configuration.storage.directory, as_standby
        make_private(self._directory)
        clear_unfinished(self._directory)
        self.leadership = read_leadership(self._directory) or Leadership(name)
        if self.leadership.box != name:
            raise WarnstreamError(
                f"{self._directory} belongs to box {self.leadership.box!r}, not to {name!r}: "
                "give each box a storage directory of its own"
            )
        self._configured = configured_on(configuration, name)
        self._own, self._other = standby.boxes[name], standby.other(name)
        self._first, self._wait_s = standby.first, standby.wait_s
        self._client: ssl.SSLContext | None = client_context(standby.tls)
        self._stopping = threading.Event()
        self._leading: Leading | None = None
        self._follower: Follower | None = None
        self._takeover = Takeover(self._directory)
        self._takeover.forget()
        self._url = ""
        self._has_met_itself = False
        self._claims = claims_of(standby, name, self._client, self._hello)
        self._doorway = Doorway(self._own, server_context(standby.tls), self._greet, self._tell_stranger)

    def run(self) -> None:
        """Until `ask_to_stop`."""
        threading.Thread(target=self._peek, name="standby-peek", daemon=True).start()
        try:
            refusal, is_leading = self._settle_role()
            while not self._stopping.is_set():
                if refusal:
                    self._wait(refusal)
                elif is_leading:
                    refusal, is_leading = self._lead(how="")
                else:
                    refusal, is_leading = self._stand_by()
        finally:
            self._stopping.set()
            if self._claims is not None:
                self._claims.watch.close()
            self._doorway.close()
            if self._door is not None:
                self._door.stop()

    def ask_to_stop(self) -> None:
        """End `run` soon; from any thread or a signal handler. A node is asked by whoever runs it."""
        self._stopping.set()
        if self._follower is not None:
            self._follower.ask_to_stop()

    def _keep(self, leadership: Leadership) -> None:
        write_leadership(self._directory, leadership)
        self.leadership = leadership

    def _settle_role(self) -> tuple[str, bool]:
        """Why this box may do nothing (empty: it may), and whether it leads."""
        known, peer = self.leadership, self._ask()
        is_own_name = peer is not None and peer.box == known.box
        if is_own_name and self._has_met_itself:
            there = f"{self._other.host}:{self._other.port}, the address of {self._other.name}"
            return (
                f"this machine answers at {there}: it is not {known.box}; give it its own name by --box",
                False,
            )
        if is_own_name:
            peer = None  # told while this box leads: see `_peek`
        if self._as_standby:
            self._keep(structs.replace(known, role=STANDS_BY))
            return "", False
        if known.is_leading:
            return self._refusal_of(peer), True
        has_led = known.term > 0 or (peer is not None and (peer.term > 0 or peer.role == LEADS))
        if has_led or known.box != self._first:
            self._keep(structs.replace(known, role=STANDS_BY))
            return "", False
        if peer is not None and peer.last:
            return (
                f"{peer.box} has a log of {peer.last} entries and this box has never led: take over there",
                False,
            )
        self._keep(structs.replace(known, role=LEADS, term=1, leader=known.box, log=uuid.uuid4().hex))
        return "", True

    def _refusal_of(self, peer: Hello | None) -> str:
        """Why this box may not lead, by what the other one says; empty: it may."""
        known = self.leadership
        if peer is None or peer.term < known.term or peer.box == known.box:
            return ""
        if peer.term == known.term and (peer.role != LEADS or known.box == self._first):
            return ""
        return (
            f"{peer.box} leads (term {peer.term}); this box led in term {known.term} and tells nobody "
            "anything any more: start it with --as-standby"
        )

    def _ask(self) -> Hello | None:
        """What the other box says of itself; None if it does not answer in time."""
        deadline = time.monotonic() + self._wait_s
        while not self._stopping.is_set():
            try:
                return self._look()
            except (OSError, ProtocolError) as error:
                log.debug("the other box does not answer", extra={"error": str(error)})
            if time.monotonic() >= deadline:
                return None
            self._stopping.wait(0.2)
        return None

    def _look(self) -> Hello:
        connection = connect(self._other, self._client)
        try:
            connection.send(self._hello())
            return connection.receive_hello()
        finally:
            connection.close()

    def _hello(self) -> Hello:
        leading, follower = self._leading, self._follower
        if leading is not None:
            return leading.hello()
        if follower is not None:
            return follower.hello()
        role = ASKS if self.leadership.is_leading else STANDS_BY
        return hello_of(self._configuration, self.leadership, role, 0, "")

    def _greet(self, connection: Connection, hello: Hello) -> None:
        """Somebody has connected and greeted. ProtocolError, OSError."""
        self._has_met_itself |= hello.box == self._own.name  # before it hears who answers
        connection.send(self._hello())
        if hello.box != self._other.name:
            raise ProtocolError(f"box {hello.box!r} has connected, expected {self._other.name!r}")
        self._heed(hello)
        leading = self._leading
        if hello.role != STANDS_BY:
            return
        if leading is not None and not leading.fenced:
            leading.serve(connection, hello)
        else:
            connection.send(Refused("role", f"{self._own.name} does not lead"))

    def _tell_stranger(self, reason: str) -> None:
        leading = self._leading
        if leading is not None:
            leading.tell_stranger(reason)

    def _peek(self) -> None:
        """Two boxes may lead after a cut cable: whoever hears of a later right stops."""
        while not self._stopping.wait(PEEK_S):
            leading = self._leading
            if leading is None or leading.fenced:
                continue
            try:
                leading.look()
                if leading.is_linked:
                    continue
                hello = self._look()
                self._heed(hello)
                if hello.box != self._other.name:
                    leading.tell_stranger(f"at its address there is a box that calls itself {hello.box!r}")
            except ProtocolError as error:
                leading.tell_stranger(str(error))
            except OSError as error:
                log.debug("the other box does not answer", extra={"error": str(error)})
            except Exception:  # who looks no more would never hear that the other box leads
                log.exception("the other box cannot be asked who leads")

    def _heed(self, hello: Hello) -> None:
        leading = self._leading
        if leading is None or leading.fenced or hello.role != LEADS:
            return
        refusal = self._refusal_of(hello)
        if refusal:
            log.critical("another box leads: this one stops", extra={"box": hello.box, "term": hello.term})
            self._url = hello.url
            leading.fence(refusal)

    def _fence_if_leading(self, why: str) -> None:
        leading = self._leading
        if leading is not None and not leading.fenced:
            log.critical("another box leads: this one stops", extra={"why": why})
            leading.fence(why)

    def _lead(self, how: str, *, is_alone: bool = False) -> tuple[str, bool]:
        configuration = self._configured.in_force() if how else self._configuration
        leading = Leading(
            configuration,
            self.leadership,
            self._keep,
            how=how,
            is_alone=is_alone,
            on_start=lambda: self._takeover.done(self.leadership) if how else None,
            is_ending=self._stopping.is_set,
            witness=None if self._claims is None else self._claims.watch,
        )
        if self._claims is not None:
            self._claims.watch.lead(self.leadership.term, self._fence_if_leading)
        door, self._door = self._front_door(), None
        door.begin_again()
        self._leading = leading
        try:
            try:
                self._run_node(configuration, leading, door)
            except WarnstreamError:
                if not leading.fenced:
                    raise
            if leading.fenced:
                return leading.fenced, False
            if leading.is_asked_to_hand_over:
                leading.hand_over()
                self._stopping.clear()
                stands_by = structs.replace(self.leadership, role=STANDS_BY, leader=self._other.name)
                keep = partial(self._keep, stands_by)
                note_until_kept(keep, self._show_idle, self._stopping, self._other.name)
                return "", False
            self._stopping.set()
            return "", True
        finally:
            leading.close()
            self._leading = None
            if self._claims is not None:
                self._claims.watch.lead_no_more()

    def _stand_by(self) -> tuple[str, bool]:
        metrics = Metrics()
        own = StandbyMetrics(metrics.registry)
        try:
            follower = Follower(
                self._configured.in_force(),
                self.leadership,
                self._client,
                (metrics, own),
                self._keep,
                may_put_aside=self._as_standby,
                configured=self._configured,
                witness=None if self._claims is None else self._claims.watch,
            )
        except DamagedError as error:
            return self._begin_anew(error), False
        self._follower = follower
        away = self._show(
            partial(self._claims.reasons, follower) if self._claims else follower.reasons,
            lambda: follower.link.url or self._other.url,
            metrics,
        )
        try:
            follower.start()
            ending = Ending.STOPPED if self._stopping.is_set() else follower.run(self._is_wanted)
        finally:
            self._follower = None
            follower.close()
            if away is not None:
                away.close()
        return self._after(ending, follower)

    def _begin_anew(self, error: DamagedError) -> str:
        """Its own log cannot be used and goes aside, where somebody said so; else why nothing is done."""
        if not self._as_standby:
            return f"{self._own.name} cannot stand by: {error}; {PUT_ASIDE}"
        self._put_log_aside(-1)
        return ""

    def _put_log_aside(self, common: int) -> None:
        """What the other box may not have is kept and told; the leave to do so is used up by it."""
        kept = keep_tail(self._directory, common)
        self._keep(structs.replace(self.leadership, log="", began=[], kept_aside=kept))
        self._as_standby = False

    def _is_wanted(self) -> bool:
        """Somebody wants this box to lead, and it can."""
        follower = self._follower
        if follower is None:
            return False
        if not self._takeover.is_asked:
            return self._claims is not None and self._claims.is_lent_by_itself(self.leadership.term)
        if not follower.journal.last_sequence():
            self._takeover.refuse(f"{self._own.name} has nothing yet: it has never followed the other box")
            return False
        why_not = "" if follower.link.is_linked else self._why_behind(follower)
        if not why_not and self._claims is not None and not follower.link.is_linked:
            why_not = self._claims.why_not_by_hand(self.leadership.term, self._stopping)
        if why_not:
            self._takeover.refuse(why_not)
        return not why_not

    def _why_behind(self, follower: Follower) -> str:
        """Why this box may not lead: the other one is there, and this one lacks entries; empty: it may."""
        try:
            other = self._look()
        except (OSError, ProtocolError):
            return ""
        if other.role != LEADS or other.box != self._other.name or other.term < self.leadership.term:
            return ""
        return still_leads(other, follower.journal.last_sequence(), "; ".join(follower.reasons()[1:]))

    def _after(self, ending: Ending, follower: Follower) -> tuple[str, bool]:
        if ending is Ending.IS_SOWN:
            assert follower.sown is not None
            folder, after = follower.sown
            self._set_aside(
                plant(folder, after, self._directory, self._configuration.storage.journal_segment_bytes)
            )
        elif ending is Ending.DIFFERS:
            refused = follower.link.refused
            self._put_log_aside(-1 if refused is None else refused.common)
        elif ending in {Ending.TAKES_OVER, Ending.IS_HANDED_OVER}:
            known = self.leadership
            how = "handed over" if ending is Ending.IS_HANDED_OVER else "taken over"
            if self._claims is not None:
                how, why_not = self._claims.settle(known.term, how, self._stopping)
                if why_not:
                    self._takeover.refuse(why_not)
                    return "", False
            log.warning("this box is to lead", extra={"box": known.box, "how": how, "after": known.leader})
            identity = known.log or uuid.uuid4().hex
            self._keep(
                structs.replace(
                    known, role=LEADS, term=known.term + 1, leader=known.box, log=identity, kept_aside=""
                )
            )
            return self._lead(how, is_alone=True)
        return "", False

    def _set_aside(self, aside: Path | None) -> None:
        if aside is not None:
            log.warning("what this box had before is aside", extra={"folder": str(aside)})

    def _wait(self, refusal: str) -> None:
        """Say why nothing is done, until somebody ends this process."""
        log.critical("this box does nothing", extra={"why": refusal})
        away = self._show_idle(lambda: [refusal])
        while not self._stopping.wait(0.2):
            if self._takeover.is_asked:
                self._takeover.refuse(refusal)
        if away is not None:
            away.close()

    def _show_idle(self, reasons: Callable[[], list[str]]) -> AwayListener | None:
        metrics = Metrics()
        StandbyMetrics(metrics.registry)
        return self._show(reasons, lambda: self._url or self._other.url, metrics)

    def _show(
        self, reasons: Callable[[], list[str]], url: Callable[[], str], metrics: Metrics
    ) -> AwayListener | None:
        """Say over HTTP and at the listener's address that this box does not lead."""
        door = self._front_door()
        room = WaitingRoom(self._configuration.node.name, reasons, url, lambda: metrics.registry)
        door.open(room, HTTP_CONNECTIONS_MAX)
        listener = self._configuration.listener
        if listener is None:
            return None
        try:
            return AwayListener(listener, f"{self._other.bind or self._other.host}:{listener.port}")
        except (OSError, WarnstreamError) as error:  # it stands by all the same
            log.error("gateways are not told that this box does not lead", extra={"error": str(error)})  # noqa: TRY400
            return None

    def _front_door(self) -> FrontDoor:
        if self._door is None:
            self._door = FrontDoor(self._configuration.node.name, self._configuration.http)
            self._door.start()
        return self._door
