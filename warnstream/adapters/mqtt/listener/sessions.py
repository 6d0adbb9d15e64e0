"""Who subscribed to what at our listener, what is retained, and what waits for a client.

Everything is in memory: a restart forgets sessions, retained messages and
what was not delivered yet. That is enough for stations (which only publish,
and publish again what was not acknowledged) and for a demo's devices;
household devices in the field want a broker with persistence.

Pure: no sockets, no clock; all calls come from the listener's thread.

A session belongs to its user: two users with one client identifier have two
sessions, and neither can take over the other's or keep it out.

Limits: `messages_max` messages and `SESSION_BYTES_MAX` wait per session, and
`SESSIONS_MAX` sessions (`USER_SESSIONS_MAX` of one user) with `FILTERS_MAX`
filters each are kept.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from warnstream.adapters.mqtt.listener.retained import NODE, Retained
from warnstream.adapters.mqtt.topic_filters import matches

SESSIONS_MAX = 100_000
USER_SESSIONS_MAX = 10_000
SESSION_BYTES_MAX = 16 * 1024 * 1024
"""What waits for one client that is away or slow."""

FILTERS_MAX = 100
WINDOW_MAX = 1_000
"""Messages on their way to one client without an acknowledgement; less if the client asks for less."""


class Waiting(NamedTuple):
    """A message for one client."""

    topic: str
    payload: bytes
    retain: bool


class Outlet(Protocol):
    """A connected client."""

    @property
    def can_write(self) -> bool:
        """Its connection takes more just now."""

    def send_publish(self, message: Waiting, message_id: int, *, dup: bool) -> None:
        """Write a PUBLISH; QoS 0 if `message_id` is 0."""

    def send_received(self, message_ids: Sequence[bytes]) -> None:
        """Write PUBRECs: messages of QoS 2 are durable."""


@dataclass(slots=True, eq=False)
class Session:
    """What is kept of a client between its connections.

    `received` holds the identifiers of its QoS 2 messages until it releases them, and whether they are
    durable: who sends one again, over whatever connection, is not taken twice. A restart of the node
    forgets them; a reading that comes again then is known by its content.
    """

    client_id: str
    username: str | None
    messages_max: int
    filters: dict[str, int] = field(default_factory=dict)
    queue: deque[Waiting] = field(default_factory=deque)
    in_flight: OrderedDict[int, Waiting] = field(default_factory=OrderedDict)
    received: dict[bytes, bool] = field(default_factory=dict)
    outlet: Outlet | None = None
    window: int = WINDOW_MAX
    expires_at_s: float = 0.0
    last_id: int = 0
    waiting_bytes: int = 0
    is_kept: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """User and client identifier."""
        return self.username or "", self.client_id

    def offer(self, message: Waiting, qos: int) -> bool:
        """Send or queue; False if it had to be dropped (QoS 0 to a slow or absent client, a full queue)."""
        if qos == 0:
            if self.outlet is None or not self.outlet.can_write:
                return False
            self.outlet.send_publish(message, 0, dup=False)
            return True
        size_bytes = len(message.topic) + len(message.payload)
        if len(self.queue) >= self.messages_max or self.waiting_bytes + size_bytes > SESSION_BYTES_MAX:
            return False
        self.queue.append(message)
        self.waiting_bytes += size_bytes
        self.pump()
        return True

    def pump(self) -> None:
        """Send what waits, as far as the client lets us."""
        while (
            self.queue
            and self.outlet is not None
            and self.outlet.can_write
            and len(self.in_flight) < min(self.window, WINDOW_MAX)
        ):
            message = self.queue.popleft()
            self.last_id = self._free_id()
            self.in_flight[self.last_id] = message
            self.outlet.send_publish(message, self.last_id, dup=False)

    def resume(self, outlet: Outlet, window: int) -> None:
        """A client is back: what it never acknowledged comes first, marked as a repetition."""
        self.outlet, self.window = outlet, window
        for message_id, message in self.in_flight.items():
            outlet.send_publish(message, message_id, dup=True)
        self.pump()

    def acknowledged(self, message_id: int) -> None:
        """The client has it; an identifier that is not in flight changes nothing."""
        message = self.in_flight.pop(message_id, None)
        if message is not None:
            self.waiting_bytes -= len(message.topic) + len(message.payload)
        self.pump()

    def is_new(self, message_id: bytes) -> bool:
        """Whether a QoS 2 message did not come before; one that is durable is confirmed again."""
        if message_id not in self.received:
            self.received[message_id] = False
            return True
        if self.received[message_id] and self.outlet is not None:
            self.outlet.send_received([message_id])
        return False

    def made_durable(self, message_ids: Sequence[bytes]) -> None:
        """QoS 2 messages are durable: the client is told over the connection that it has now."""
        still = [message_id for message_id in message_ids if message_id in self.received]
        self.received.update(dict.fromkeys(still, True))
        if self.outlet is not None and still:
            self.outlet.send_received(still)

    def released(self, message_id: bytes) -> bool:
        """The client will not send a QoS 2 message again; whether it was known."""
        return self.received.pop(message_id, None) is not None

    def _free_id(self) -> int:
        found = self.last_id
        while True:
            found = found % 65_535 + 1
            if found not in self.in_flight:
                return found


class SessionStore:
    """Sessions by client, subscriptions by filter, retained messages by topic."""

    def __init__(self) -> None:
        self.sessions: dict[tuple[str, str], Session] = {}
        self._sessions_of: Counter[str] = Counter()
        self.retained = Retained()
        self.version = 0
        self.dropped = 0
        self._exact: dict[str, dict[Session, int]] = {}
        self._wild: dict[str, dict[Session, int]] = {}

    def open(
        self, client_id: str, user: str | None, *, is_clean: bool, messages_max: int
    ) -> tuple[Session, Outlet | None] | str:
        """A user's session of that name, and who was connected to it; or why there can be none."""
        found = Session(client_id, user, messages_max)
        known, displaced = self.sessions.get(found.key), None
        if known is not None:
            displaced, known.outlet = known.outlet, None
            if is_clean:
                self.forget(known)
                known = None
        elif len(self.sessions) >= SESSIONS_MAX:
            return f"{SESSIONS_MAX} sessions are kept already"
        elif user and self._sessions_of[user] >= USER_SESSIONS_MAX:
            return f"{USER_SESSIONS_MAX} sessions of this user are kept already"
        if known is None:
            self.sessions[found.key] = found
            self._sessions_of[found.key[0]] += 1
        return known or found, displaced

    def subscribers(self, topic: str) -> dict[Session, int]:
        """Who wants a topic, at which QoS; overlapping filters count once, at the highest."""
        found = dict(self._exact.get(topic, ()))
        for topic_filter, sessions in self._wild.items():
            if matches(topic_filter, topic):
                for session, qos in sessions.items():
                    found[session] = max(qos, found.get(session, 0))
        return found

    def has_subscribers(self, topic: str) -> bool:
        """Whether anybody wants a topic."""
        return topic in self._exact or any(matches(topic_filter, topic) for topic_filter in self._wild)

    def publish(self, topic: str, payload: bytes, qos: int, *, retain: bool, owner: str = NODE) -> bool:
        """To all who subscribed, and to those who will; False if a session or the store was full.

        `owner` pays for what is retained: the node, or a user.
        """
        whole = True
        if retain and not self.retained.put(topic, payload, owner):
            self.dropped += 1
            whole = False
        for session, granted in self.subscribers(topic).items():
            if not session.offer(Waiting(topic, payload, retain=False), min(qos, granted)) and min(
                qos, granted
            ):
                self.dropped += 1
                whole = False
        return whole

    def subscribe(self, session: Session, topic_filter: str, qos: int) -> bool:
        """Add or change a subscription; False if the session has too many."""
        if topic_filter not in session.filters and len(session.filters) >= FILTERS_MAX:
            return False
        session.filters[topic_filter] = qos
        self._table(topic_filter).setdefault(topic_filter, {})[session] = qos
        self.version += 1
        return True

    def send_retained(self, session: Session, topic_filter: str, qos: int) -> None:
        """What is retained under a filter that was just subscribed to."""
        for topic, payload in self.retained.under(topic_filter):
            if not session.offer(Waiting(topic, payload, retain=True), qos) and qos:
                self.dropped += 1

    def unsubscribe(self, session: Session, topic_filter: str) -> bool:
        """Remove a subscription; False if there was none."""
        if session.filters.pop(topic_filter, None) is None:
            return False
        table = self._table(topic_filter)
        table[topic_filter].pop(session, None)
        if not table[topic_filter]:
            del table[topic_filter]
        self.version += 1
        return True

    def forget(self, session: Session) -> None:
        """End a session with all it has."""
        for topic_filter in list(session.filters):
            self.unsubscribe(session, topic_filter)
        if self.sessions.get(session.key) is session:
            del self.sessions[session.key]
            self._sessions_of[session.key[0]] -= 1

    def forget_expired(self, now_s: float) -> None:
        """End the sessions of clients that stayed away for too long."""
        gone = [
            session
            for session in self.sessions.values()
            if session.outlet is None and session.expires_at_s <= now_s
        ]
        for session in gone:
            self.forget(session)

    def _table(self, topic_filter: str) -> dict[str, dict[Session, int]]:
        return self._wild if "+" in topic_filter or "#" in topic_filter else self._exact
