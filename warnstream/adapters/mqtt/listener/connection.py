"""One client's connection to our listener: from its CONNECT to its end.

Runs in the listener's event loop. What it sends goes through
`warnstream.adapters.mqtt.listener.incoming`. The more clients there are the
less is read from one of them at a time.
"""

import asyncio
import dataclasses
import logging
import ssl
from collections.abc import Sequence
from typing import Any

from warnstream.adapters.inbox import InboundBatch
from warnstream.adapters.mqtt import client_packets, fields, server_packets, topic_filters
from warnstream.adapters.mqtt import frames as wire
from warnstream.adapters.mqtt.client_packets import Connect
from warnstream.adapters.mqtt.fields import FrameError
from warnstream.adapters.mqtt.frames import Frame
from warnstream.adapters.mqtt.listener.incoming import ALIASES_MAX, Incoming
from warnstream.adapters.mqtt.listener.long_message import LongMessage
from warnstream.adapters.mqtt.listener.port import ListenerPort, Verdict
from warnstream.adapters.mqtt.listener.sessions import Session, Waiting

CONNECT_S_MAX = 8.0
"""A connection that has not said CONNECT by then is closed."""

STALLED_S_MAX = 30.0
"""A client that takes nothing of what is written to it for so long is closed."""

WRITE_BUFFER_BYTES = 256 * 1024
READ_BYTES_MAX = 256 * 1024
"""The most that one read takes from a client; the buffer is everybody's."""

READ_BYTES_MIN = 16 * 1024
READ_BYTES_ALL = 2 * 1024 * 1024
"""Together the clients are read that much in one round: some 15 ms of work, at least 16 KiB of each."""

CONNECT_BYTES_MAX = 16 * 1024
"""Longest packet of somebody who has not said yet who they are."""

log = logging.getLogger(__name__)


class ClientConnection(asyncio.BufferedProtocol):
    """A connection; `outlet` of its session once it is accepted."""

    def __init__(self, listener: ListenerPort) -> None:
        self._listener = listener
        self._stream = wire.StreamBuffer()
        self._transport: asyncio.Transport | None = None
        self._session: Session | None = None
        self._connect: Connect | None = None
        self.user: str | None = None
        self.is_v5 = False
        self._pauses: set[str] = set()
        self._incoming: Incoming | None = None
        self._long: LongMessage | None = None
        self._early = b""
        self._is_authenticating = False
        self._is_closed = False
        self._can_write = True
        self.address = self.host = ""
        self.deadline_s = 0.0
        self._heard_within_s = CONNECT_S_MAX

    # The connection.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is there; they have `CONNECT_S_MAX` to say who."""
        assert isinstance(transport, asyncio.Transport)
        if self._is_closed:  # it ended within its handshake
            return
        self._transport = transport
        remote = transport.get_extra_info("peername")
        self.host = str(remote[0]) if remote else "unknown"
        self.address = f"{self.host}:{remote[1]}" if remote else self.host
        transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self.deadline_s = self._listener.now_s() + CONNECT_S_MAX
        self._listener.admit(self)
        early, self._early = self._early, b""
        if early and not self._is_closed:
            self._read(early)

    def connection_lost(self, error: Exception | None) -> None:
        """It ended; a client that did not say goodbye has its will published."""
        self._is_closed = True
        self._listener.leave(self)
        session, connect = self._session, self._connect
        if session is None or connect is None or session.outlet is not self:
            return
        session.outlet = None
        self._listener.end_connection(session, connect)
        if connect.will is not None:
            will = connect.will
            message = Waiting(will.topic, will.payload, will.retain)
            self._listener.publish_from_client(self, message, will.qos)
        if error is not None:
            log.info("client lost", extra={"client": session.client_id, "error": str(error)})

    def get_buffer(self, _sizehint: int) -> memoryview:
        """Where the next bytes go; they are taken out before anybody else is read from."""
        share = READ_BYTES_ALL // self._listener.connections
        return self._listener.read_buffer[: min(max(share, READ_BYTES_MIN), READ_BYTES_MAX)]

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes of the client, cut anywhere."""
        data = bytes(self._listener.read_buffer[:nbytes])
        if self._transport is None:
            # TLS 1.3: a CONNECT that travels with the client's Finished is here before the connection is.
            self._early += data
        else:
            self._read(data)

    def _read(self, data: bytes) -> None:
        if self._session is not None:
            self.deadline_s = self._listener.now_s() + self._heard_within_s
        while data:
            if self._long is not None:
                data = self._pass_over(self._long, data)
            whole = self._stream.join(data) if data else None
            data = self._take(whole) if whole is not None else b""

    def pause_writing(self) -> None:
        """The client does not read: it gets STALLED_S_MAX, and is not read from meanwhile."""
        self._can_write = False
        self.pause("slow")
        self._heard_within_s, self.deadline_s = STALLED_S_MAX, self._listener.now_s() + STALLED_S_MAX

    def resume_writing(self) -> None:
        """The client reads again."""
        self._can_write = True
        self._set_keepalive()
        self.resume("slow")
        if self._session is not None:
            self._session.pump()

    @property
    def is_held(self) -> bool:
        """We do not read from it for a reason of our own: its silence is not its fault."""
        return self._is_authenticating or bool(self._pauses - {"slow"})

    @property
    def is_answering(self) -> bool:
        """It has said who it is and waits for the check of its password."""
        return self._is_authenticating

    @property
    def is_closed(self) -> bool:
        """It ended, or is about to."""
        return self._is_closed

    def turn_away(self, reason: str, detail: str) -> None:
        """There is no room for somebody who has not said who they are."""
        self.refuse(reason, detail)

    def socket(self) -> Any:
        """The socket below, for its options; None if there is none."""
        return None if self._transport is None else self._transport.get_extra_info("socket")

    @property
    def client_id(self) -> str:
        """Of the accepted CONNECT; empty before."""
        return self._session.client_id if self._session is not None else ""

    @property
    def certificate_user(self) -> str | None:
        """Common name of the client's certificate, if it showed one."""
        assert self._transport is not None
        tls = self._transport.get_extra_info("ssl_object")
        certificate: dict[str, Any] | None = tls.getpeercert() if isinstance(tls, ssl.SSLObject) else None
        for part in (certificate or {}).get("subject", ()):
            for key, value in part:
                if key == "commonName":
                    return str(value)
        return None

    def expire(self) -> None:
        """Its time is over: no CONNECT, no keepalive, or nothing read."""
        reason = "timeout" if self._session is not None else "no_connect"
        self.refuse(reason, "silent for too long")

    def refuse(self, reason: str, detail: str, code: int = 0x80) -> None:
        """Log, count and close."""
        self._listener.tell_refused(reason, detail, self.address, self.user, self.client_id)
        if self.is_v5 and self._session is not None:
            self.write(server_packets.encode_disconnect(code))
        self.close()

    def close(self) -> None:
        """Close after what was written; at once if the client does not read."""
        if self._transport is None or self._is_closed:
            return
        self._is_closed = True
        if self._can_write:
            self._transport.close()
        else:
            self._transport.abort()

    def write(self, data: bytes) -> None:
        """Send bytes, unless the connection is closing."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def pause(self, reason: str) -> None:
        """Do not read from it."""
        if not self._pauses and self._transport is not None:
            self._transport.pause_reading()
        self._pauses.add(reason)

    def resume(self, reason: str) -> None:
        """Read from it again, unless there is another reason not to."""
        if reason not in self._pauses:
            return
        self._pauses.discard(reason)
        if not self._pauses and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
            # Time while we did not listen is not the client's silence.
            self.deadline_s = self._listener.now_s() + self._heard_within_s

    # Frames.

    def _take(self, data: bytes) -> bytes:
        """Handle frames; what is returned begins with a message that is passed over."""
        if self._session is None and not self._is_authenticating and data[0] != wire.CONNECT << 4:
            self.refuse("protocol", "the first packet is no CONNECT")
            return b""
        at, need = (self._incoming.take_block(data) if self._incoming and not self._is_closed else 0), 0
        handed = at
        try:
            while not self._is_closed and not self._is_authenticating:
                bytes_max = self._listener.settings.message_bytes_max
                if self._incoming is None:
                    bytes_max = CONNECT_BYTES_MAX
                else:
                    at = self._incoming.scan(data, at)
                frame = wire.next_frame(data, at, bytes_max=bytes_max)
                if isinstance(frame, int):
                    need = frame
                    break
                at = frame.stop
                self._handle(data, frame)
        except FrameError as error:
            self._hand_over(at - handed)
            if error.code == fields.TOO_LARGE and self._lets_pass(data[at:]):
                return data[at:] if self._long is not None else b""
            if self._session is None and error.code == fields.VERSION_UNSUPPORTED:
                # A mosquitto bridge that is told so comes again with 3.1.1 proper.
                self.write(server_packets.encode_connack(1, session_present=False, properties=None))
            self.refuse("protocol", str(error), error.code)
            return b""
        self._hand_over(at - handed)
        if not self._is_closed:
            self._stream.keep(data[at:], need)
            # Read on while a password is checked, to see the client go; but no more than it may send.
            if self._is_authenticating and len(data) - at > CONNECT_BYTES_MAX:
                self.pause("password")
        return b""

    def _lets_pass(self, rest: bytes) -> bool:
        """A message of 3.1.1 that is too long is passed over; a client of MQTT 5 was told what is taken."""
        found = None if self._incoming is None or self.is_v5 else wire.publish_head(rest)
        if isinstance(found, int):
            self._stream.keep(rest, found)
        elif found is not None:
            self._long = LongMessage(*found)
        return found is not None

    def _pass_over(self, long: LongMessage, data: bytes) -> bytes:
        """What follows the message that is passed over."""
        data = long.drop(data)
        if long.is_over and self._incoming is not None:
            self._long = None
            self._incoming.pass_over(long.publish, long.size_bytes)
            self._hand_over(0)
        return data

    def _hand_over(self, size_bytes: int) -> None:
        if self._incoming is not None:
            self._incoming.hand_over(size_bytes)

    def _handle(self, data: bytes, frame: Frame) -> None:
        if self._session is None or self._incoming is None:
            if frame.kind != wire.CONNECT:
                raise FrameError(fields.PROTOCOL_ERROR, "the first packet is no CONNECT")
            self._begin(client_packets.parse_connect(data, frame))
        elif frame.kind == wire.PUBLISH:
            self._incoming.handle(wire.parse_publish(data, frame, is_v5=self.is_v5))
        elif frame.kind == wire.PUBACK:
            message_id, _ = client_packets.parse_puback(data, frame)
            self._session.acknowledged(int.from_bytes(message_id, "big"))
        elif frame.kind == wire.PUBREL:
            self._release(client_packets.parse_pubrel(data, frame))
        elif frame.kind == wire.PINGREQ:
            self.write(server_packets.PINGRESP_PACKET)
        elif frame.kind == wire.SUBSCRIBE:
            self._handle_subscribe(*client_packets.parse_subscribe(data, frame, is_v5=self.is_v5))
        elif frame.kind == wire.UNSUBSCRIBE:
            message_id, filters = client_packets.parse_unsubscribe(data, frame, is_v5=self.is_v5)
            session = self._session
            codes = [0 if self._listener.hub.unsubscribe(session, name) else 0x11 for name in filters]
            self.write(server_packets.encode_suback(message_id, codes, is_v5=self.is_v5, kind=wire.UNSUBACK))
        elif frame.kind == wire.DISCONNECT:
            self._say_goodbye(data[frame.start : frame.stop])
        else:
            raise FrameError(fields.PROTOCOL_ERROR, f"packet type {frame.kind} is not a client's")

    def _release(self, message_id: bytes) -> None:
        assert self._session is not None
        is_known = self._session.released(message_id)
        code = 0 if is_known or not self.is_v5 else fields.ID_NOT_FOUND
        self.write(server_packets.encode_pubcomp(message_id, code))

    def _say_goodbye(self, body: bytes) -> None:
        # MQTT 5 reason 4 asks for the will all the same.
        if self._connect is not None and body[:1] != b"\x04":
            self._connect = dataclasses.replace(self._connect, will=None)
        self.close()

    # CONNECT.

    def _begin(self, connect: Connect) -> None:
        self.is_v5 = connect.is_v5
        self.user = self.certificate_user or connect.username
        if not self._listener.needs_password(self, connect):
            self.accept(connect)
            return
        self._is_authenticating = True
        self._listener.check_password(self, connect)

    def password_checked(self, connect: Connect, verdict: Verdict) -> None:
        """The slow check is done: the client goes on, or is told and closed."""
        self._is_authenticating = False
        if self._is_closed:
            return
        if verdict is Verdict.BUSY:
            self.reject(connect, "busy", "too many passwords wait to be checked", v5=0x89, v3=3)
            return
        if verdict is Verdict.WRONG:
            self.reject(connect, "password", "wrong user name or password", v5=0x86, v3=4)
            return
        self.accept(connect)
        self.resume("password")
        rest = self._stream.join(b"")
        if rest:
            self._read(rest)

    def accept(self, connect: Connect) -> None:
        """Open the session and say so."""
        settings = self._listener.settings
        opened = self._listener.open_session(self, connect, self.user)
        if isinstance(opened, str):
            self.reject(connect, "client_id", opened, v5=0x85, v3=2)
            return
        self._session, is_present = opened
        self._connect = connect
        will_topic = connect.will.topic if connect.will else ""
        self._incoming = Incoming(self._listener, self, self._session, will_topic)
        if will_topic and not self._listener.permissions.may_publish(self.user, will_topic):
            detail = f"may not have a will for {will_topic}"
            self._listener.tell_refused("notice", detail, self.address, self.user, self.client_id)
            self._connect = dataclasses.replace(connect, will=None)
        self._listener.accept(self)
        self._set_keepalive()
        properties: dict[int, int | str] | None = None
        if connect.is_v5:
            properties = {
                fields.RECEIVE_MAXIMUM: settings.inflight_max,
                fields.MAXIMUM_PACKET: settings.message_bytes_max,
                fields.TOPIC_ALIAS_MAXIMUM: ALIASES_MAX,
                fields.SUBSCRIPTION_ID_AVAILABLE: 0,
                fields.SHARED_AVAILABLE: 0,
            }
            if not connect.client_id:
                properties[fields.ASSIGNED_CLIENT] = self._session.client_id
        self.write(server_packets.encode_connack(0, session_present=is_present, properties=properties))
        self._session.resume(self, connect.receive_max)

    def reject(self, connect: Connect, reason: str, detail: str, *, v5: int, v3: int) -> None:
        """Answer a CONNECT with a refusal and close."""
        code, properties = (v5, dict[int, int | str]()) if connect.is_v5 else (v3, None)
        self.write(server_packets.encode_connack(code, session_present=False, properties=properties))
        self.refuse(reason, detail)

    def _set_keepalive(self) -> None:
        keepalive_s = self._connect.keepalive_s if self._connect is not None else CONNECT_S_MAX
        # Without keepalive only TCP's own probes find out that a client is gone.
        self._heard_within_s = keepalive_s * 1.5 if keepalive_s else 10 * 365 * 86_400.0
        self.deadline_s = self._listener.now_s() + self._heard_within_s

    # Messages in.

    @property
    def is_streaming(self) -> bool:
        """Messages of a stream of this client are not durable yet."""
        return self._incoming is not None and self._incoming.is_streaming

    def acknowledge(self, arrived: Sequence[InboundBatch]) -> None:
        """These are durable."""
        assert self._incoming is not None, "only an accepted client has messages"
        self._incoming.acknowledge(arrived)

    def send_received(self, message_ids: Sequence[bytes]) -> None:
        """Write PUBRECs: messages of QoS 2 are durable."""
        self.write(server_packets.encode_pubrecs(message_ids))

    # Messages out.

    @property
    def can_write(self) -> bool:
        """The connection takes more just now."""
        return self._can_write and not self._is_closed

    def send_publish(self, message: Waiting, message_id: int, *, dup: bool) -> None:
        """Write a PUBLISH; QoS 0 if `message_id` is 0."""
        self.write(
            server_packets.encode_publish(
                message.topic, message.payload, message_id, is_v5=self.is_v5, retain=message.retain, dup=dup
            )
        )

    def _handle_subscribe(self, message_id: bytes, wanted: list[tuple[str, int]]) -> None:
        session, listener = self._session, self._listener
        assert session is not None
        codes, granted = [], []
        for topic_filter, options in wanted:
            if topic_filter.startswith("$share/"):
                codes.append(0x9E if self.is_v5 else 0x80)
                continue
            if not topic_filters.is_filter(topic_filter) or not listener.permissions.may_subscribe(
                self.user, topic_filter
            ):
                detail = f"may not subscribe to {topic_filter}"
                listener.tell_refused("permission", detail, self.address, self.user, self.client_id)
                codes.append(fields.NOT_AUTHORIZED if self.is_v5 else 0x80)
                continue
            qos = min(options & 3, 1)
            is_new = topic_filter not in session.filters
            if not listener.hub.subscribe(session, topic_filter, qos):
                codes.append(0x97 if self.is_v5 else 0x80)
                continue
            codes.append(qos)
            # MQTT 5: retained messages always (0), only for a new subscription (1), never (2).
            handling = options >> 4 & 3
            if handling == 0 or (handling == 1 and is_new):
                granted.append((topic_filter, qos))
        self.write(server_packets.encode_suback(message_id, codes, is_v5=self.is_v5))
        for topic_filter, qos in granted:
            listener.hub.send_retained(session, topic_filter, qos)
