"""Our own MQTT endpoint over real sockets on 127.0.0.1."""

import contextlib
import logging
import socket
import time

import pytest

from tests.integration.mqtt_listening import Opened, RawClient, connect_packet, listening
from warnstream.adapters.inbox import Inbox
from warnstream.adapters.mqtt import fields, server_packets
from warnstream.adapters.mqtt import frames as wire
from warnstream.adapters.mqtt.listener import connection as mqtt_peer
from warnstream.adapters.mqtt.listener.access import user_line
from warnstream.adapters.mqtt.publisher import Publication
from warnstream.model.errors import WarnstreamError

OBS = "ws/county/rain/R0001/obs"
CONNACK_OK = b"\x20\x02\x00\x00"


def subscribe_packet(topic_filter: str, qos: int, number: int = 1) -> bytes:
    body = number.to_bytes(2, "big") + fields.text_field(topic_filter) + bytes((qos,))
    return b"\x82" + fields.varint(len(body)) + body


def read_publish(client: RawClient, *, is_v5: bool = False) -> wire.Publish:
    head = client.read(2)
    data = head + client.read(head[1])
    frame = wire.next_frame(data, 0, bytes_max=1_000)
    assert isinstance(frame, wire.Frame), data
    return wire.parse_publish(data, frame, is_v5=is_v5)


def test_an_acknowledgement_waits_for_the_node() -> None:
    with listening() as opened, RawClient(opened.port, connect_packet("a")) as client:
        assert client.read(4) == CONNACK_OK
        client.send(
            b"".join(server_packets.encode_publish(OBS, b"%d" % n, n, is_v5=False) for n in (1, 2, 3))
        )
        batch = opened.take_arrived()
        assert client.is_silent(0.2)
        opened.listener.acknowledge(batch)
        assert client.read(12) == server_packets.encode_pubacks([b"\0\1", b"\0\2", b"\0\3"])


def test_acknowledgements_keep_the_order_of_their_messages() -> None:
    with listening() as opened, RawClient(opened.port, connect_packet("a")) as client:
        client.read(4)
        client.send(server_packets.encode_publish(OBS, b"1", 1, is_v5=False))
        batch = opened.take_arrived()
        client.send(server_packets.encode_publish("nobody/wants/this", b"2", 2, is_v5=False))
        assert client.is_silent(0.2)
        opened.listener.acknowledge(batch)
        opened.listener.acknowledge(opened.take_arrived())
        assert client.read(8) == server_packets.encode_pubacks([b"\0\1", b"\0\2"])
        assert opened.metrics.registry.get_sample_value("warnstream_listener_unclaimed_total") == 1
        assert opened.refused("unclaimed") == 1


@pytest.mark.parametrize("is_v5", [False, True])
def test_a_stream_in_single_bytes_is_as_good_as_one_in_large_writes(is_v5: bool) -> None:
    with listening() as opened, RawClient(opened.port) as client:
        packets = connect_packet("a", is_v5=is_v5)
        packets += b"".join(server_packets.encode_publish(OBS, bytes(40), n, is_v5=is_v5) for n in (0, 1, 2))
        for byte in packets:
            client.send(bytes((byte,)))
        assert opened.take(count=3) == [(OBS, bytes(40))] * 3


def test_topic_aliases_of_mqtt_5_are_followed() -> None:
    with listening() as opened, RawClient(opened.port, connect_packet("a", is_v5=True)) as client:
        topic = fields.text_field(OBS)
        for head in (topic, b"\0\0"):
            body = head + b"\0\1" + b"\x03\x23\x00\x05" + b"x"
            client.send(b"\x32" + fields.varint(len(body)) + body)
        assert opened.take(count=2) == [(OBS, b"x")] * 2


@pytest.mark.parametrize(
    ("packet", "reason"),
    [(b"\x30\x03\x00\x01a", "protocol"),
     (connect_packet("a", is_v5=True) + b"\x30\xff\xff\xff\x7f", "protocol"),
     (connect_packet("a") + b"\x36\x06\x00\x01a\x00\x01x", "protocol"),
     (b"GET / HTTP/1.1\r\n\r\n", "protocol"),
     (connect_packet("a") + connect_packet("a"), "protocol"), (connect_packet("", clean=False), "client_id")],
    ids=["no CONNECT", "too long", "QoS 3", "HTTP", "CONNECT twice", "session without a name"],
)  # fmt: skip
def test_a_client_that_breaks_the_protocol_is_closed_and_counted(packet: bytes, reason: str) -> None:
    with listening() as opened, RawClient(opened.port, packet) as client:
        assert client.is_closed()
        assert opened.refused(reason) == 1


def test_an_mqtt_5_client_is_told_the_limits() -> None:
    with (
        listening(inflight_max=77, message_bytes_max=9_000) as opened,
        RawClient(opened.port, connect_packet("a", is_v5=True)) as client,
    ):
        head = client.read(2)
        cursor = fields.Cursor(body := client.read(head[1]), 2, len(body))
        told = cursor.properties()
        assert (told[fields.RECEIVE_MAXIMUM], told[fields.MAXIMUM_PACKET]) == (77, 9_000)
        assert fields.MAXIMUM_QOS not in told, "QoS 2 is taken"
        assert told[fields.SHARED_AVAILABLE] == 0
        assert told[fields.TOPIC_ALIAS_MAXIMUM]


def test_an_mqtt_5_device_gets_no_more_at_once_than_it_asked_for() -> None:
    packet = connect_packet("device", is_v5=True)
    begin = packet.index(b"MQTT") + 8  # behind name, version, flags and keepalive
    properties = b"\x03\x21\x00\x02"  # receive maximum 2
    body = packet[2:begin] + properties + packet[begin + 1 :]
    with listening() as opened, RawClient(opened.port, b"\x10" + fields.varint(len(body)) + body) as client:
        head = client.read(2)
        client.read(head[1])
        wanted = b"\0\1\0" + fields.text_field("ws/device/H1") + b"\1"
        client.send(b"\x82" + fields.varint(len(wanted)) + wanted)
        client.read(6)
        opened.listener.publish([Publication("ws/device/H1", b"%d" % n, retain=False) for n in range(5)])
        first = [read_publish(client, is_v5=True) for _ in range(2)]
        assert client.is_silent(0.3)
        client.send(b"@\x02" + first[0].message_id)
        assert read_publish(client, is_v5=True).payload == b"2"
        assert client.is_silent(0.2)


def test_a_retained_reading_counts_as_any_other() -> None:
    with listening() as opened, RawClient(opened.port, connect_packet("a")) as client:
        client.read(4)
        client.send(server_packets.encode_publish(OBS, b"1", 1, is_v5=False, retain=True))
        client.send(server_packets.encode_publish(OBS, b"2", 2, is_v5=False))
        assert opened.take(count=2) == [(OBS, b"1"), (OBS, b"2")]


@pytest.mark.parametrize("is_v5", [False, True])
def test_a_shared_subscription_is_refused(is_v5: bool) -> None:
    with listening() as opened, RawClient(opened.port, connect_packet("a", is_v5=is_v5)) as client:
        head = client.read(2)
        client.read(head[1])
        body = b"\0\1" + (b"\0" if is_v5 else b"") + fields.text_field("$share/g/ws/#") + b"\1"
        client.send(b"\x82" + fields.varint(len(body)) + body)
        assert client.read(6 if is_v5 else 5)[-1] == (0x9E if is_v5 else 0x80)


def test_a_client_that_pings_is_not_silent() -> None:
    """For longer than one and a half keepalives, and with as much time to spare as between two pings."""
    with listening() as opened, RawClient(opened.port, connect_packet("a", keepalive_s=3)) as client:
        client.read(4)
        for _ in range(3):
            time.sleep(1.6)  # a little more than half a keepalive
            client.send(b"\xc0\x00")
            assert client.read(2) == server_packets.PINGRESP_PACKET
        assert opened.metrics.registry.get_sample_value("warnstream_listener_connections") == 1


def test_half_open_connections_are_found_by_tcp() -> None:
    with listening() as opened, RawClient(opened.port, connect_packet("a", keepalive_s=0)) as client:
        client.read(4)
        (peer,) = opened.listener._peers
        found = peer.socket()
        assert found.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        if hasattr(socket, "TCP_KEEPIDLE"):
            idle_s, every_s, probes = (
                found.getsockopt(socket.IPPROTO_TCP, option)
                for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            )
            assert idle_s + every_s * probes <= 120


def test_many_clients_are_read_a_little_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_peer, "READ_BYTES_ALL", 64 * 1024)
    with listening(Inbox(), messages_per_s=1_000_000, inflight_max=65_535) as opened:
        clients = [RawClient(opened.port, connect_packet(f"c{n}")) for n in range(4)]
        for client in clients:
            client.read(4)  # all four are in before the first of them sends: they share what is read at once
        for client in clients:
            client.send(publishes(4_000))
        wait_for(opened, 16_000)
        batch = opened.inbox.take(messages_max=1, wait_s=1, gather_s=0, streams_max=16_000)
        assert max(block.size_bytes for block in batch) <= 2 * mqtt_peer.READ_BYTES_MIN
        for client in clients:
            client.socket.close()


def test_more_connections_than_allowed_are_refused() -> None:
    with listening(connections_max=1) as opened, RawClient(opened.port, connect_packet("a")) as client:
        assert client.read(4) == CONNACK_OK
        with RawClient(opened.port, connect_packet("b")) as other:
            assert other.is_closed()
        assert opened.refused("too_many") == 1


def test_a_silent_client_is_closed_after_one_and_a_half_keepalives() -> None:
    started = time.monotonic()
    with listening() as opened, RawClient(opened.port, connect_packet("a", keepalive_s=1)) as client:
        assert client.read(4) == CONNACK_OK
        client.socket.settimeout(60)
        assert client.is_closed()
        assert time.monotonic() - started >= 1.5
        assert opened.refused("timeout") == 1


def test_overload_holds_the_senders_back_and_drops_nothing() -> None:
    inbox = Inbox(messages_max=100)
    with listening(inbox, inflight_max=65_535, messages_per_s=1_000_000) as opened:
        with RawClient(opened.port, connect_packet("a")) as client:
            client.read(4)
            sent = 60_000
            block = [
                server_packets.encode_publish(OBS, bytes(100), n % 60_000 + 1, is_v5=False)
                for n in range(sent)
            ]
            client.socket.settimeout(0.1)
            data, written = b"".join(block), 0
            deadline = time.monotonic() + 60
            while not opened.metrics.registry.get_sample_value("warnstream_listener_held_total"):
                assert time.monotonic() < deadline
                assert written < len(data), "all was taken and nobody was held back"
                with contextlib.suppress(TimeoutError):
                    written += client.socket.send(data[written : written + 65_536])
            client.socket.settimeout(None)
            opened.serve()
            client.send(data[written:])
            assert len(client.read(4 * sent)) == 4 * sent
        assert len(opened.received) == sent


def publishes(count: int, first: int = 1) -> bytes:
    numbers = range(first, first + count)
    return b"".join(server_packets.encode_publish(OBS, b"%d" % n, n, is_v5=False) for n in numbers)


def wait_for(opened: Opened, messages: int) -> None:
    deadline = time.monotonic() + 60
    while opened.inbox.messages < messages:
        assert time.monotonic() < deadline, f"{opened.inbox.messages} of {messages} messages wait"
        time.sleep(0.005)


def test_a_lone_reading_goes_before_another_client_s_backlog() -> None:
    with (
        listening() as opened,
        RawClient(opened.port, connect_packet("a")) as many,
        RawClient(opened.port, connect_packet("b")) as one,
    ):
        many.read(4)
        one.read(4)
        many.send(publishes(500))
        wait_for(opened, 500)
        one.send(server_packets.encode_publish(OBS, b"fresh", 1, is_v5=False))
        many.send(publishes(1, 501))  # of the same client, after its backlog: stays behind it
        wait_for(opened, 502)
        batch = opened.take_arrived()
        assert batch[0].payloads == [b"fresh"]
        assert batch[-1].payloads[-1] == b"501"
        opened.listener.acknowledge(batch)
        assert many.read(4 * 501) == server_packets.encode_pubacks(
            [n.to_bytes(2, "big") for n in range(1, 502)]
        )


def test_backlogs_that_fill_the_inbox_are_held_and_a_lone_reading_is_not() -> None:
    with (
        listening(Inbox(messages_max=1_000), messages_per_s=1_000_000, inflight_max=65_535) as opened,
        RawClient(opened.port, connect_packet("a")) as many,
        RawClient(opened.port, connect_packet("b")) as one,
    ):
        many.read(4)
        one.read(4)
        many.send(publishes(800))
        wait_for(opened, 800)
        many.send(publishes(100, 801))
        time.sleep(0.2)  # in which they would be read, were their client not held
        one.send(server_packets.encode_publish(OBS, b"fresh", 1, is_v5=False))
        wait_for(opened, 801)
        assert opened.inbox.messages == 801
        assert opened.inbox.take(messages_max=1, wait_s=1, gather_s=0, streams_max=0)[0].payloads == [
            b"fresh"
        ]
        opened.serve()
        assert len(many.read(4 * 900)) == 4 * 900


def test_one_client_s_unacknowledged_messages_are_limited() -> None:
    with listening(inflight_max=10) as opened, RawClient(opened.port, connect_packet("a")) as client:
        client.read(4)
        for n in range(1, 31):
            client.send(server_packets.encode_publish(OBS, b"", n, is_v5=False))
            time.sleep(0.002)  # each is read by itself
        assert len(opened.take(acknowledge=False)) <= 30
        opened.serve()


def test_a_client_above_its_rate_is_slowed_down() -> None:
    with listening(messages_per_s=200) as opened, RawClient(opened.port, connect_packet("a")) as client:
        client.read(4)
        opened.serve()
        started = time.monotonic()
        for start in (1, 201):
            client.send(
                b"".join(
                    server_packets.encode_publish(OBS, b"", n, is_v5=False) for n in range(start, start + 200)
                )
            )
            client.read(4 * 200)
        client.send(server_packets.encode_publish(OBS, b"", 500, is_v5=False))
        client.read(4)
        assert time.monotonic() - started > 0.8
        assert opened.metrics.registry.get_sample_value("warnstream_listener_throttled_total")


def test_a_slow_subscriber_does_not_fill_the_memory() -> None:
    with listening(session_messages_max=50) as opened, RawClient(opened.port, connect_packet("a")) as client:
        client.read(4)
        client.send(subscribe_packet("ws/device/a", 1))
        client.read(5)
        batch = [Publication("ws/device/a", bytes(50_000), retain=False)] * 2_000
        faults = opened.listener.publish(batch)
        assert faults.count("") < 1_100
        assert faults[-1] == "too many messages wait for a subscriber"


def test_devices_get_what_is_retained_and_what_comes() -> None:
    with listening() as opened, RawClient(opened.port, connect_packet("d")) as client:
        client.read(4)
        assert opened.listener.publish([Publication("ws/warn/V1/flood", b"old", retain=True)]) == [""]
        client.send(subscribe_packet("ws/warn/+/#", 1))
        assert client.read(5) == b"\x90\x03\x00\x01\x01"
        found = read_publish(client)
        assert (found.topic, found.payload, found.qos, found.retain) == (b"ws/warn/V1/flood", b"old", 1, True)
        opened.listener.publish([Publication("ws/warn/V1/flood", b"new", retain=True)])
        assert read_publish(client).retain is False


def test_what_a_device_did_not_acknowledge_comes_again_when_it_is_back() -> None:
    with listening() as opened:
        with RawClient(opened.port, connect_packet("d", clean=False)) as client:
            assert client.read(4) == CONNACK_OK
            client.send(subscribe_packet("ws/device/d", 1))
            client.read(5)
            opened.listener.publish([Publication("ws/device/d", b"1", retain=False)])
            assert read_publish(client).payload == b"1"
        opened.listener.publish([Publication("ws/device/d", b"2", retain=False)])
        with RawClient(opened.port, connect_packet("d", clean=False)) as client:
            assert client.read(4) == b"\x20\x02\x01\x00"
            again = [read_publish(client) for _ in range(2)]
            assert [publish.payload for publish in again] == [b"1", b"2"]
            client.send(server_packets.encode_pubacks([publish.message_id for publish in again]))
            opened.listener.publish([Publication("ws/device/d", b"3", retain=False)])
            assert read_publish(client).payload == b"3"


def test_a_new_connection_of_a_client_ends_the_old_one() -> None:
    with listening() as opened, RawClient(opened.port, connect_packet("a")) as first:
        first.read(4)
        with RawClient(opened.port, connect_packet("a")) as second:
            assert second.read(4) == CONNACK_OK
            assert first.is_closed()
            assert opened.refused("taken_over") == 1


def test_the_will_of_a_vanished_client_is_published_and_that_of_a_polite_one_is_not() -> None:
    with listening() as opened, RawClient(opened.port, connect_packet("w")) as watcher:
        watcher.read(4)
        watcher.send(subscribe_packet("state/#", 0))
        watcher.read(5)
        for goodbye, will in ((b"\xe0\x00", "polite"), (b"", "gone")):
            packet = connect_packet(will, will=(f"state/{will}", "bye"))
            with RawClient(opened.port, packet) as client:
                client.read(4)
                client.send(goodbye)
                if goodbye:
                    assert client.is_closed()
        assert read_publish(watcher).topic == b"state/gone"


@pytest.fixture
def users_file(tmp_path_factory: pytest.TempPathFactory) -> object:
    path = tmp_path_factory.mktemp("users") / "users"
    lines = [user_line(name, f"{name}-secret".encode()) for name in ("R0001", "gateway", "sim")]
    path.write_text("# users\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("user", [None, ("R0001", "wrong"), ("nobody", "R0001-secret")])
def test_a_wrong_password_is_refused_with_a_clear_log(
    users_file: object, user: tuple[str, str] | None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), listening(users_file=users_file) as opened:
        with RawClient(opened.port, connect_packet("a", user=user)) as client:
            assert client.read(4) == b"\x20\x02\x00\x04"
            assert client.is_closed()
        assert opened.refused("password") == 1
    assert any(
        record.message == "client refused" and "password" in str(record.__dict__) for record in caplog.records
    )


@pytest.mark.parametrize(
    ("user", "topic", "allowed"),
    [("R0001", OBS, True), ("R0001", "ws/county/rain/R0002/obs", False),
     ("gateway", "ws/a/b/R0002/obs", True),
     ("gateway", "ws/clock", False), ("sim", "ws/clock", True), ("R0001", "ws/warn/V1/flood", False),
     ("gateway", "ws/bulletin/V1", False),
     ("R0001", "ws/answer/R0001", True), ("R0001", "ws/answer/H1", False)],
)  # fmt: skip
@pytest.mark.parametrize("is_v5", [False, True])
def test_a_user_publishes_only_what_is_theirs(
    users_file: object, user: str, topic: str, allowed: bool, is_v5: bool
) -> None:
    with listening(users_file=users_file, gateways=("gateway",), trusted=("sim",)) as opened:
        packet = connect_packet("a", is_v5=is_v5, user=(user, f"{user}-secret"))
        # Sent before the slow check of the password is done, on purpose.
        with RawClient(
            opened.port, packet + server_packets.encode_publish(topic, b"x", 1, is_v5=is_v5)
        ) as client:
            head = client.read(2)
            assert client.read(head[1])[1] == 0
            if allowed:
                assert opened.take() == [(topic, b"x")]
                assert client.read(4) == b"@\x02\x00\x01"
            elif is_v5:
                assert client.read(5) == b"@\x03\x00\x01\x87"
            else:
                assert client.read(1) == b""
            times = 0 if allowed else 1
            assert opened.refused("permission", at_least=times) == times


@pytest.mark.parametrize(
    ("topic_filter", "code"),
    [("ws/device/R0001", 1), ("ws/warn/#", 1), ("ws/warn/V1/+", 1), ("ws/bulletin/V1", 1),
     ("ws/bulletin/+", 1), ("ws/device/+", 0x80), ("#", 0x80),
     ("ws/+/R0001", 0x80), ("ws/warn", 1), ("$share/g/ws/warn/#", 0x80), ("ws/#/x", 0x80)],
)  # fmt: skip
def test_a_user_reads_only_what_is_theirs(users_file: object, topic_filter: str, code: int) -> None:
    with listening(users_file=users_file) as opened:
        packet = connect_packet("a", user=("R0001", "R0001-secret"))
        with RawClient(opened.port, packet + subscribe_packet(topic_filter, 1)) as client:
            assert client.read(9)[-1] == code


def test_a_client_identifier_belongs_to_its_user(users_file: object) -> None:
    """Two users with one identifier: neither takes over the other's session, nor keeps the other out."""
    with listening(users_file=users_file, gateways=("gateway",)) as opened:
        opened.serve()
        thief = connect_packet("R0001", clean=False, user=("gateway", "gateway-secret"))
        with RawClient(opened.port, thief) as other:
            assert other.read(4) == CONNACK_OK
            packet = connect_packet("R0001", clean=False, user=("R0001", "R0001-secret"))
            with RawClient(opened.port, packet) as client:
                assert client.read(4) == CONNACK_OK
                client.send(subscribe_packet("ws/device/R0001", 1))
                client.read(5)
            other.send(server_packets.encode_publish(OBS, b"x", 1, is_v5=False))
            assert other.read(4) == b"@\x02\x00\x01"
            opened.listener.publish([Publication("ws/device/R0001", b"kept", retain=False)])
            with RawClient(opened.port, packet) as client:
                assert client.read(4) == b"\x20\x02\x01\x00"
                assert read_publish(client).payload == b"kept"


def test_a_users_file_is_checked_line_by_line(tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "users"
    path.write_text("R0001:plain:secret\n", encoding="utf-8")
    with pytest.raises(WarnstreamError, match=r"users:1: expected name:scrypt"), listening(users_file=path):
        pass


def test_a_taken_port_is_named() -> None:
    from tests.alarms import RecordedAlarms
    from warnstream.adapters.metrics import Metrics
    from warnstream.adapters.mqtt.listener.listener import MqttListener
    from warnstream.adapters.mqtt.ports import NodePorts
    from warnstream.config.settings import ListenerSettings

    with listening() as opened:
        settings = ListenerSettings("127.0.0.1", opened.port, "ws")
        second = MqttListener(settings, [], NodePorts(Inbox(), Metrics(), RecordedAlarms()))
        with pytest.raises(WarnstreamError, match=rf"cannot listen on 127\.0\.0\.1:{opened.port}"):
            second.start()
        second.stop()
