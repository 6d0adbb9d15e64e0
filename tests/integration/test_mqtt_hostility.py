"""Floods, idle connections and changed files: what strangers and operators do to an open listener."""

import contextlib
import threading
import time
from pathlib import Path

import pytest

from tests.integration.mqtt_listening import Opened, RawClient, connect_packet, listening
from warnstream.adapters.mqtt.listener.access import user_line
from warnstream.adapters.mqtt.publisher import Publication
from warnstream.adapters.mqtt.server_packets import encode_publish

OBS = "ws/county/rain/R0001/obs"
CONNACK_OK = b"\x20\x02\x00\x00"


@pytest.fixture
def users_file(tmp_path: Path) -> Path:
    path = tmp_path / "users"
    write_users(path, "R0001", "R0002")
    return path


def write_users(path: Path, *names: str, secret: str = "secret") -> None:
    path.write_text("".join(f"{user_line(name, secret.encode())}\n" for name in names), encoding="utf-8")


def answer(opened: Opened, user: str, secret: str = "secret") -> bytes:
    with RawClient(opened.port, connect_packet(f"{user}-x", user=(user, secret))) as client:
        return client.read(4)


def wait_for_answer(opened: Opened, user: str, secret: str, wanted: bytes) -> None:
    deadline = time.monotonic() + 30
    while answer(opened, user, secret) != wanted:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_idle_connections_make_room_for_a_station(users_file: Path) -> None:
    with listening(users_file=users_file, connections_max=40) as opened:
        idle = [RawClient(opened.port) for _ in range(200)]
        assert answer(opened, "R0001") == CONNACK_OK
        assert opened.refused("too_many", at_least=190) >= 190
        for connection in idle:
            connection.socket.close()


def test_a_drip_of_bytes_is_no_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    from warnstream.adapters.mqtt.listener import connection

    monkeypatch.setattr(connection, "CONNECT_S_MAX", 1.0)
    packet = connect_packet("a" * 100)
    with listening() as opened, RawClient(opened.port) as client:
        with contextlib.suppress(OSError):
            for byte in packet:
                client.send(bytes((byte,)))
                time.sleep(0.1)  # the drip itself
        assert opened.refused("no_connect") == 1


def test_one_address_has_no_more_connections_than_its_share() -> None:
    with listening(connections_per_address_max=3) as opened:
        clients = [RawClient(opened.port, connect_packet(f"c{n}")) for n in range(4)]
        assert [client.read(4) for client in clients[:3]] == [CONNACK_OK] * 3
        assert clients[3].is_closed()
        assert opened.refused("too_many") == 1
        for client in clients:
            client.socket.close()


def test_a_flood_of_wrong_passwords_does_not_keep_a_station_out(users_file: Path) -> None:
    with listening(users_file=users_file) as opened:
        stopping = threading.Event()

        def flood(number: int) -> None:
            n = 0
            while not stopping.is_set():
                n += 1
                user = ("R0002", "nobody")[n % 2]
                packet = connect_packet(f"f{number}", user=(user, f"guess {number} {n}"))
                with contextlib.suppress(OSError), RawClient(opened.port, packet) as client:
                    client.read(4)

        threads = [threading.Thread(target=flood, args=(n,)) for n in range(60)]
        for thread in threads:
            thread.start()
        try:
            assert opened.refused("password", at_least=20) >= 20
            before = opened.refused("password")
            assert answer(opened, "R0001") == CONNACK_OK
            # Not after all who waited before it, and most certainly not after those who came since.
            assert opened.refused("password") - before < 40
        finally:
            stopping.set()
            for thread in threads:
                thread.join(60)


def test_a_stranger_s_retained_messages_leave_room_for_warnings(users_file: Path) -> None:
    with listening(users_file=users_file, gateways=("R0001",), messages_per_s=1_000_000) as opened:
        opened.serve()
        packet = connect_packet("a", user=("R0001", "secret"))
        with RawClient(opened.port, packet) as client:
            client.read(4)
            for n in range(300):
                topic = f"ws/a/b/X{n:05d}/obs"
                client.send(encode_publish(topic, bytes(60_000), 0, is_v5=False, retain=True))
            client.send(b"\xc0\x00")
            assert client.read(2) == b"\xd0\x00"
        assert sum(map(len, opened.listener.hub.retained.values())) < 4 * 1024 * 1024
        assert opened.listener.publish([Publication("ws/warn/V1/flood", b"red", retain=True)]) == [""]
        deadline = time.monotonic() + 30
        while len(opened.received) < 300:
            assert time.monotonic() < deadline, "what is not retained is a reading all the same"
            time.sleep(0.05)


def test_a_users_file_that_changes_is_read_again(users_file: Path, tmp_path: Path) -> None:
    with listening(users_file=users_file) as opened:
        assert answer(opened, "R0009") != CONNACK_OK
        packet = connect_packet("stays", user=("R0001", "secret"))
        with (
            RawClient(opened.port, packet) as stays,
            RawClient(opened.port, connect_packet("goes", user=("R0002", "secret"))) as goes,
        ):
            assert stays.read(4) == goes.read(4) == CONNACK_OK
            kept = users_file.read_text(encoding="utf-8").splitlines()[0]
            added = user_line("R0009", b"secret")
            users_file.write_text(f"{kept}\n{added}\n", encoding="utf-8")
            wait_for_answer(opened, "R0009", "secret", CONNACK_OK)
            assert goes.is_closed(), "who is no user any more is not one until the next reconnect"
            stays.send(b"\xc0\x00")
            assert stays.read(2) == b"\xd0\x00"


def test_a_users_file_that_cannot_be_read_changes_nothing_and_is_seen(users_file: Path) -> None:
    with listening(users_file=users_file) as opened:
        whole = users_file.read_text(encoding="utf-8")
        users_file.write_text("R0001:plain:secret\n", encoding="utf-8")
        opened.listener.reload()
        deadline = time.monotonic() + 30
        while not opened.alarms.standing:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert "users:1: expected name:scrypt" in opened.alarms.standing["listener:files"]
        assert answer(opened, "R0001") == CONNACK_OK
        users_file.write_text(whole, encoding="utf-8")
        while opened.alarms.standing:
            assert time.monotonic() < deadline
            time.sleep(0.05)
