"""An MQTT 3.1.1 and 5 endpoint of our own: stations publish straight to the node, without a broker between.

An event loop in one thread. A message for the node is acknowledged only after
the node has made it durable, many with one sync; devices may subscribe, with
sessions and retained messages in memory (`warnstream.adapters.mqtt.listener.sessions`).

When the node cannot keep up, nothing is read from clients that stream until
there is room, and then from nobody: TCP and missing acknowledgements slow the
senders down, and no QoS 1 message is dropped. Connections, message size, rate, unacknowledged messages
and silence of each client are limited (`listener:` in the configuration).
"""

import asyncio
import concurrent.futures
import logging
import os
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from warnstream.adapters.descriptors import listening_sockets
from warnstream.adapters.doorstep import Doorstep
from warnstream.adapters.inbox import InboundBatch
from warnstream.adapters.mqtt.client_packets import SESSION_WITHOUT_END, Connect
from warnstream.adapters.mqtt.listener import passwords
from warnstream.adapters.mqtt.listener.access import Permissions, Users
from warnstream.adapters.mqtt.listener.back_pressure import BackPressure
from warnstream.adapters.mqtt.listener.connection import READ_BYTES_MAX, ClientConnection
from warnstream.adapters.mqtt.listener.passwords import PasswordDesk
from warnstream.adapters.mqtt.listener.port import Client
from warnstream.adapters.mqtt.listener.refusals import Refusals
from warnstream.adapters.mqtt.listener.selector import CoalescingSelector
from warnstream.adapters.mqtt.listener.sessions import Session, SessionStore, Waiting
from warnstream.adapters.mqtt.listener.tls import TlsGate, tls_context
from warnstream.adapters.mqtt.listener.watched_files import WatchedFiles
from warnstream.adapters.mqtt.ports import NodePorts
from warnstream.adapters.mqtt.publisher import Publication
from warnstream.adapters.mqtt.topic_filters import matches
from warnstream.config.settings import ListenerSettings
from warnstream.model.errors import WarnstreamError

START_S_MAX = 20.0
PUBLISH_S_MAX = 10.0
SWEEP_S = 1.0
SESSION_KEPT_S_MAX = 7 * 86_400
"""Sessions of clients that stay away are forgotten then, whatever they asked for."""

UNKNOWN_SHARE = 4
"""One in so many of the connections may be of somebody who has not said who they are."""

FILES_ALARM = "listener:files"

log = logging.getLogger(__name__)


class MqttListener:
    """Listens on host and port of the settings.

    Parameters
    ----------
    settings : ListenerSettings
    topics : sequence of str
        Filters of what the node wants; everything else is for subscribers only.
    ports : NodePorts

    Raises
    ------
    WarnstreamError
        If users file or certificates cannot be used.
    """

    name = "listener"

    def __init__(self, settings: ListenerSettings, topics: Sequence[str], ports: NodePorts) -> None:
        inbox, metrics = ports.inbox, ports.metrics
        self.settings = settings
        self.hub = SessionStore()
        self._topics = tuple(topics)
        self._metrics = metrics
        self.permissions = Permissions(
            prefix=settings.topic_prefix,
            is_open=settings.is_open,
            gateways=frozenset(settings.gateways),
            trusted=frozenset(settings.trusted),
            observations=tuple(
                topic
                for topic in topics
                if topic not in {f"{settings.topic_prefix}/clock", f"{settings.topic_prefix}/answer/+"}
            ),
        )
        self.read_buffer = memoryview(bytearray(READ_BYTES_MAX))
        self._peers: set[Client] = set()
        self._of_host: Counter[str] = Counter()
        self.doorstep = Doorstep(max(settings.connections_max // UNKNOWN_SHARE, 1))
        self._refusals = Refusals(metrics)
        self._pressure = BackPressure(inbox, self._peers, self.call_later, metrics.listener_held.inc)
        self._is_listening = threading.Event()
        self._error: Exception | None = None
        self._taken, self._has_acknowledged = 0, False
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._passwords = concurrent.futures.ThreadPoolExecutor(
            passwords.THREADS, "listener-password", passwords.begin_thread
        )
        self._desk: PasswordDesk | None = None
        self._tls: ssl.SSLContext | None = None
        self._files = WatchedFiles(_files_of(settings))
        self._alarms = ports.alarms
        self._read_files()
        # After what may fail: a loop that is not closed holds descriptors.
        self._loop = asyncio.SelectorEventLoop(CoalescingSelector(self._take_count))
        self._thread = threading.Thread(target=self._run, name="mqtt-listener", daemon=True)
        self.port = settings.port
        inbox.when_room(self._tell_room)

    # What the node calls, from its thread.

    @property
    def is_connected(self) -> bool:
        """Clients can connect."""
        return self._is_listening.is_set() and self._thread.is_alive()

    def start(self) -> None:
        """Start and wait until it listens.

        Raises
        ------
        WarnstreamError
            If the port is taken or the address is not this machine's.
        """
        self._thread.start()
        self._is_listening.wait(START_S_MAX)
        if self._error is not None or not self._is_listening.is_set():
            address = f"{self.settings.host}:{self.settings.port}"
            raise WarnstreamError(f"the MQTT listener cannot listen on {address}: {self._error}")
        log.info("MQTT listener open", extra={"host": self.settings.host, "port": self.port})

    def stop(self) -> None:
        """Close every connection and end the thread; unacknowledged messages come again."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(START_S_MAX)
        self._passwords.shutdown(wait=False, cancel_futures=True)

    def look(self) -> None:
        """Nothing to do: the event loop looks by itself."""

    def reload(self) -> None:
        """Read users and certificates again; what cannot be read leaves all as it was."""
        self._call(self._reload)

    def acknowledge(self, arrived: Sequence[InboundBatch]) -> None:
        """These are durable: one write per client."""
        of_peer: dict[Client, list[InboundBatch]] = {}
        for batch in arrived:
            if batch.message_ids or batch.is_stream:
                of_peer.setdefault(batch.connection, []).append(batch)
        if of_peer:
            self._call(lambda: self._acknowledge(of_peer))

    def publish(self, publications: Sequence[Publication]) -> Sequence[str]:
        """Give messages to whoever subscribed; why each was not taken, empty where it was."""
        done: concurrent.futures.Future[list[str]] = concurrent.futures.Future()
        if not self.is_connected or not self._call(lambda: done.set_result(self._publish_all(publications))):
            return ["the listener is not open"] * len(publications)
        try:
            return done.result(PUBLISH_S_MAX)
        except TimeoutError:
            return ["the listener did not answer in time"] * len(publications)

    def _call(self, function: Callable[[], object]) -> bool:
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:  # the loop is closed: the node is stopping
            return False
        return True

    def _tell_room(self) -> None:
        if self._pressure.is_holding:
            self._call(self._pressure.go_on)

    # The event loop's thread.

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except Exception as error:
            self._error = error
            if self._is_listening.is_set():
                log.exception("MQTT listener failed")
            self._is_listening.set()
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        sockets = listening_sockets(self.settings.host, self.settings.port, self.settings.connections_max)
        self.port = sockets[0].getsockname()[1]
        servers = [await self._loop.create_server(self._new_protocol, sock=socket_) for socket_ in sockets]
        self._is_listening.set()
        try:
            while not self._stop.is_set():
                self._sweep()
                try:
                    await asyncio.wait_for(self._stop.wait(), SWEEP_S)
                except TimeoutError:
                    continue
        finally:
            for server in servers:
                server.close()
            for peer in list(self._peers):
                peer.close()
            await asyncio.sleep(0)
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _new_protocol(self) -> asyncio.BaseProtocol:
        return self.new_connection() if self._tls is None else TlsGate(self, self._tls)

    def new_connection(self) -> ClientConnection:
        """A connection in the clear, or behind its handshake."""
        return ClientConnection(self)

    def _read_files(self) -> None:
        """Users and certificates as the files are now; WarnstreamError where one cannot be used."""
        tls = tls_context(self.settings.tls) if self.settings.tls else None
        if self._desk is not None:
            users = self._desk.users.renewed()
            gone = {peer for peer in self._peers if peer.user and self._desk.users.differs(users, peer.user)}
            self._desk.users = users
            for peer in gone:
                if peer.certificate_user is None:
                    peer.refuse("password", "the users file has changed", 0x87)
        elif self.settings.users_file is not None:
            self._desk = PasswordDesk(Users(self.settings.users_file), self._in_pool, self.now_s)
        self._tls = tls

    def _reload(self) -> None:
        self._files.note_read()
        try:
            self._read_files()
        except WarnstreamError as error:
            self._alarms.raise_alarm(FILES_ALARM, f"the listener keeps what it read earlier: {error}")
            return
        self._alarms.end_alarm(FILES_ALARM)
        log.info("listener read its users and certificates again")

    def _in_pool(self, function: Callable[[], bool]) -> "asyncio.Future[bool]":
        return self._loop.run_in_executor(self._passwords, function)

    def _sweep(self) -> None:
        if self._files.have_changed():
            self._reload()
        now_s = self.now_s()
        for peer in [peer for peer in self._peers if peer.deadline_s < now_s and not peer.is_held]:
            peer.expire()
        self.hub.forget_expired(now_s)

    def now_s(self) -> float:
        """A clock that never goes back."""
        return time.monotonic()

    def call_later(self, delay_s: float, function: Callable[[], object]) -> None:
        """Call in the event loop after a while."""
        self._loop.call_later(delay_s, function)

    def run_task(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run in the event loop; ended with the listener."""
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _acknowledge(self, of_peer: dict[Client, list[InboundBatch]]) -> None:
        self._has_acknowledged = True
        for peer, arrived in of_peer.items():
            peer.acknowledge(arrived)

    def _publish_all(self, publications: Sequence[Publication]) -> list[str]:
        full = "too many messages wait for a subscriber"
        return [
            ""
            if self.hub.publish(publication.topic, publication.payload, 1, retain=publication.retain)
            else full
            for publication in publications
        ]

    # What peers call.

    def admit(self, peer: Client) -> None:
        """A connection was made; too many are closed at once."""
        self._peers.add(peer)
        self._of_host[peer.host] += 1
        self._metrics.listener_connections.set(len(self._peers))
        _probe_when_idle(peer)
        if fault := self.crowd_fault(peer.host):
            peer.refuse("too_many", fault)
            return
        self.doorstep.enter(peer)
        self._pressure.admit(peer)

    def accept(self, peer: Client) -> None:
        """It has said who it is."""
        self.doorstep.leave(peer)

    def crowd_fault(self, host: str) -> str:
        """Why one more connection of an address cannot stay; empty if it can."""
        most, each = self.settings.connections_max, self.settings.connections_per_address_max
        if self._of_host[host] > each:
            return f"more than {each} connections of one address (listener.connections_per_address_max)"
        if len(self._peers) <= most or self.doorstep.make_room("too_many", f"more than {most} connections"):
            return ""
        return f"more than {most} connections (listener.connections_max)"

    @property
    def connections(self) -> int:
        """Clients there are, at least one."""
        return max(len(self._peers), 1)

    def leave(self, peer: Client) -> None:
        """A connection ended."""
        self.doorstep.leave(peer)
        if peer in self._peers:
            self._peers.discard(peer)
            self._of_host[peer.host] -= 1
            if not self._of_host[peer.host]:
                del self._of_host[peer.host]
        self._metrics.listener_connections.set(len(self._peers))

    def needs_password(self, peer: Client, connect: Connect) -> bool:
        """Whether the client must wait for the slow check of its password."""
        if self._desk is None or peer.certificate_user is not None:
            return False
        if connect.username is None or connect.password is None:
            return True
        return not self._desk.users.is_quick(connect.username, connect.password)

    def check_password(self, peer: Client, connect: Connect) -> None:
        """Check outside the event loop, then tell the peer."""
        assert self._desk is not None, "asked for by `needs_password`"
        self._desk.check(peer, connect)

    def open_session(self, peer: Client, connect: Connect, user: str | None) -> tuple[Session, bool] | str:
        """The client's session and whether it was there before; or why it cannot have one."""
        if not connect.client_id and not connect.is_v5 and not connect.is_clean:
            return "an empty client identifier needs a clean session"
        # Where nobody proves who they are a name that is given means nothing.
        owner = None if self.permissions.is_open else user
        opened = self.hub.open(
            connect.client_id or f"auto-{os.urandom(8).hex()}",
            owner,
            is_clean=connect.is_clean,
            messages_max=self.settings.session_messages_max,
        )
        if isinstance(opened, str):
            return opened
        session, displaced = opened
        if isinstance(displaced, ClientConnection):
            displaced.refuse("taken_over", f"client {session.client_id} connected again", 0x8E)
        is_present = session.is_kept
        session.outlet, session.is_kept = peer, True
        return session, is_present

    def end_connection(self, session: Session, connect: Connect) -> None:
        """Keep the session for as long as the client asked, at most `SESSION_KEPT_S_MAX`."""
        kept_s = connect.session_expiry_s
        if kept_s == 0:
            self.hub.forget(session)
            return
        kept_s = SESSION_KEPT_S_MAX if kept_s == SESSION_WITHOUT_END else min(kept_s, SESSION_KEPT_S_MAX)
        session.expires_at_s = self.now_s() + kept_s

    def is_wanted(self, topic: str) -> bool:
        """Whether the node itself takes a topic."""
        return any(matches(wanted, topic) for wanted in self._topics)

    def publish_from_client(self, peer: Client, message: Waiting, qos: int) -> None:
        """To subscribers, and retained on the account of its user; what cannot be taken is counted."""
        before = self.hub.dropped
        owner = f"user {peer.user}" if peer.user is not None else f"address {peer.host}"
        self.hub.publish(message.topic, message.payload, qos, retain=message.retain, owner=owner)
        self._metrics.listener_dropped.inc(self.hub.dropped - before)

    def put(self, arrived: InboundBatch) -> None:
        """To the inbox; when it is full of streams these are not read from, when it is full nobody is."""
        self._taken += len(arrived.topics)
        self._pressure.put(arrived)

    def _take_count(self) -> int:
        """Messages that were put since this was last asked; none after an acknowledgement.

        Whoever has waited for it sends again at once, and is to be read from.
        """
        taken = 0 if self._has_acknowledged else self._taken
        self._taken, self._has_acknowledged = 0, False
        return taken

    def count_unclaimed(self) -> None:
        """A message to a topic that nobody takes."""
        self._metrics.listener_unclaimed.inc()

    def count_throttled(self) -> None:
        """A client above its rate."""
        self._metrics.listener_throttled.inc()

    def tell_refused(self, reason: str, detail: str, address: str, user: str | None, client_id: str) -> None:
        """Count a refusal, and log it unless many of its kind were just logged."""
        self._refusals.tell(
            reason, self.now_s(), {"detail": detail, "client": client_id, "user": user, "from": address}
        )


def _probe_when_idle(peer: Client) -> None:
    """TCP's own probes find half-open connections of clients without keepalive."""
    found = peer.socket()
    if found is None:
        return
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 20)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)


def _files_of(settings: ListenerSettings) -> list[Path]:
    """Files that may change while the listener is open."""
    tls = settings.tls
    of_tls = [] if tls is None else [tls.certificate, tls.key, tls.ca]
    return [path for path in (settings.users_file, *of_tls) if path is not None]
