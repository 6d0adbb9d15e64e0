"""Stations that dial in by SL 651 over TCP, beside those that publish to a broker.

Each station has a connection of its own and sends a frame only when the one
before is confirmed (M2). A node that does not answer is dialled again and gets
the frame again, so nothing is skipped: readings that come twice count once.
"""

import logging
import socket
import threading

from station_sim.mqtt_client import Transport
from station_sim.stations.rtu import EOT, ESC, read_reply
from station_sim.topics import DIALLED_TOPIC

_LOG = logging.getLogger("station_sim.stations.dial_in")

_REPLY_S_MAX = 15.0
_AGAIN_S = 0.5
_SERIAL_AND_TIME = slice(14, 22)
_END_AT = -3


class DialInTransport:
    """A transport that sends frames under ``$sl651/`` to a node's listener, everything else to a broker.

    Parameters
    ----------
    broker : Transport
    host : str
    port : int
        Of ``listeners: sl651:``.
    """

    def __init__(self, broker: Transport, host: str, port: int) -> None:
        self._broker, self._address = broker, (host, port)
        self._lines: dict[str, _Line] = {}

    @property
    def reconnects(self) -> int:
        """How often a connection was lost and made again, of the broker's and the stations'."""
        return self._broker.reconnects + sum(line.n_lost for line in self._lines.values())

    def open(self) -> None:
        """Connect to the broker; stations dial when they have something to say.

        Raises
        ------
        BrokerError
            If the broker cannot be reached or refuses us.
        """
        self._broker.open()

    def publish(self, topic: str, payload: bytes, stop: threading.Event) -> None:
        """Send; waits for the station's confirmation of the frame before, until `stop`."""
        if not topic.startswith(DIALLED_TOPIC):
            self._broker.publish(topic, payload, stop)
            return
        line = self._lines.get(topic) or self._lines.setdefault(topic, _Line(self._address))
        if line.wait_confirmed(stop):
            line.send(payload)

    def wait_acknowledged(self, stop: threading.Event) -> bool:
        """Wait until every frame is confirmed and every message acknowledged; False if `stop` came first."""
        is_confirmed = all(line.wait_confirmed(stop) for line in self._lines.values())
        return is_confirmed and self._broker.wait_acknowledged(stop)

    def close(self) -> None:
        """Hang up and disconnect."""
        for line in self._lines.values():
            line.hang_up()
        self._broker.close()


class _Line:
    """One station's connection; `waiting` is the frame that is not confirmed yet."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._connection: socket.socket | None = None
        self.waiting: bytes | None = None
        self.n_lost = 0

    def send(self, frame: bytes) -> None:
        """Send without waiting; what fails is sent again by `wait_confirmed`."""
        self.waiting = frame
        try:
            self._send()
        except OSError as error:
            self._lose(error)

    def wait_confirmed(self, stop: threading.Event) -> bool:
        """Wait for the confirmation, dialling again as often as needed; False if `stop` came first."""
        while self.waiting is not None:
            try:
                if self._connection is None:
                    self._send()
                self._take_reply()
            except OSError as error:
                self._lose(error)
                if stop.wait(_AGAIN_S):
                    return False
        return True

    def _send(self) -> None:
        assert self.waiting is not None
        if self._connection is None:
            self._connection = socket.create_connection(self._address, timeout=_REPLY_S_MAX)
        self._connection.sendall(self.waiting)

    def _take_reply(self) -> None:
        assert self.waiting is not None
        assert self._connection is not None
        reply = read_reply(self._connection)
        end = reply[_END_AT]
        if reply[_SERIAL_AND_TIME] != self.waiting[_SERIAL_AND_TIME] or end not in (ESC, EOT):
            raise ConnectionError(f"expected a confirmation of the frame, got {reply.hex()}")
        self.waiting = None
        if end == EOT:
            self.hang_up()

    def _lose(self, error: OSError) -> None:
        _LOG.warning("SL 651 to %s:%d: %s; dialling again", *self._address, error)
        self.n_lost += 1
        self.hang_up()

    def hang_up(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
