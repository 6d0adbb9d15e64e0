"""Stations that dial in send a frame until it is confirmed."""

import socket
import threading
from collections.abc import Iterator

import pytest

from station_sim.stations.dial_in import DialInTransport
from station_sim.stations.rtu import Rtu, crc
from station_sim.topics import DIALLED_TOPIC

AT_S = 1_781_769_900


class Broker:
    """Takes what is published."""

    reconnects = 0

    def __init__(self) -> None:
        self.published: list[str] = []

    def open(self) -> None:
        """Nothing to connect."""

    def publish(self, topic: str, payload: bytes, stop: threading.Event) -> None:
        del payload, stop
        self.published.append(topic)

    def wait_acknowledged(self, stop: threading.Event) -> bool:
        del stop
        return True

    def close(self) -> None:
        """Nothing to end."""


def confirmation(frame: bytes, end: int = 0x1B) -> bytes:
    """What a centre answers: station first, direction down, serial number and time (6.3.2)."""
    head = b"\x7e\x7e" + frame[3:8] + frame[2:3] + frame[8:11] + b"\x80\x08\x02"
    whole = head + frame[14:22] + bytes([end])
    return whole + crc(whole).to_bytes(2, "big")


class Centre:
    """Hangs up on the first connections, then confirms every frame."""

    def __init__(self, hangs_up: int) -> None:
        self.frames: list[bytes] = []
        self._hangs_up = hangs_up
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection:
                while frame := connection.recv(4096):
                    self.frames.append(frame)
                    if self._hangs_up:
                        self._hangs_up -= 1
                        break
                    connection.sendall(confirmation(frame))

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(5)


@pytest.fixture
def centre() -> Iterator[Centre]:
    centre = Centre(hangs_up=2)
    yield centre
    centre.close()


def test_a_frame_is_sent_again_until_it_is_confirmed_and_the_next_waits_for_that(centre: Centre) -> None:
    broker, stop = Broker(), threading.Event()
    transport = DialInTransport(broker, "127.0.0.1", centre.port)
    rtu = Rtu("0000000001")
    first, second = (rtu.report(AT_S + 300 * step, 10.0 + step) for step in range(2))
    transport.open()
    transport.publish("ws/c/rain/R2/obs", b"{}", stop)
    transport.publish(f"{DIALLED_TOPIC}0000000001", first, stop)
    transport.publish(f"{DIALLED_TOPIC}0000000001", second, stop)
    assert transport.wait_acknowledged(stop)
    transport.close()
    assert centre.frames == [first, first, first, second]
    assert transport.reconnects == 2
    assert broker.published == ["ws/c/rain/R2/obs"]


def test_who_is_told_to_stop_does_not_wait_for_a_centre_that_never_answers() -> None:
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = server.getsockname()[1]
    transport = DialInTransport(Broker(), "127.0.0.1", nobody)
    transport.publish(f"{DIALLED_TOPIC}0000000001", Rtu("0000000001").report(AT_S, 10.0), stop)
    stop.set()
    assert not transport.wait_acknowledged(stop)
    transport.close()
