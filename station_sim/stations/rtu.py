"""A simulated SL 651-2014 station that dials in over TCP, for tests and demonstrations.

It encodes on its own, byte by byte, and shares no code with the decoder.
"""

import socket
from collections.abc import Sequence

import numpy as np

from warnstream.model.times import HOUR_S

ETX, EOT, ESC = 0x03, 0x04, 0x1B
_BEIJING_S = 8 * HOUR_S
_CLASS_RAIN, _CLASS_RIVER = 0x50, 0x48


def crc(content: bytes) -> int:
    """CRC-16 of SL 651-2014, bit by bit."""
    register = 0xFFFF
    for byte in content:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ 0xA001 if register & 1 else register >> 1
    return register


def local_digits(time_s: int) -> str:
    """``YYMMDDHHmmSS`` of Beijing.

    >>> local_digits(1_781_769_900)
    '260618160500'
    """
    text = str(np.datetime64(time_s + _BEIJING_S, "s"))
    return text[2:].translate({ord(mark): None for mark in "-T:"})


def decimal(value: float, n_bytes: int, decimals: int) -> bytes:
    """BCD digits of a number; FF in front says that it is negative (6.6.3).

    >>> decimal(123.4, 3, 1).hex(), decimal(-0.25, 4, 3).hex()
    ('001234', 'ff000250')
    """
    whole = round(value * 10**decimals)
    if whole < 0:
        return b"\xff" + bytes.fromhex(f"{-whole:0{2 * n_bytes - 2}d}")
    return bytes.fromhex(f"{whole:0{2 * n_bytes}d}")


class Rtu:
    """One station with a rain counter, a stage, or both.

    Parameters
    ----------
    address : str
        Ten digits.
    """

    def __init__(self, address: str) -> None:
        self.address = bytes.fromhex(address)
        self._serial = 0

    def frame(self, function: int, body: bytes) -> bytes:
        """An up frame with the next serial number already in its body."""
        head = (
            b"\x7e\x7e\x01"
            + self.address
            + b"\x12\x34"
            + bytes([function])
            + len(body).to_bytes(2, "big")
            + b"\x02"
        )
        whole = head + body + bytes([ETX])
        return whole + crc(whole).to_bytes(2, "big")

    def report(
        self, time_s: int, rain_total_mm: float | None, stage_m: float | None = None, function: int = 0x32
    ) -> bytes:
        """A report observed at `time_s`, to the minute: PT and Z, of those that there are."""
        self._serial = self._serial % 65_535 + 1
        digits = local_digits(time_s)
        station_class = _CLASS_RIVER if rain_total_mm is None else _CLASS_RAIN
        body = self._serial.to_bytes(2, "big") + bytes.fromhex(digits)
        body += b"\xf1\xf1" + self.address + bytes([station_class]) + b"\xf0\xf0" + bytes.fromhex(digits[:10])
        if rain_total_mm is not None:
            body += b"\x26\x19" + decimal(rain_total_mm, 3, 1)
        if stage_m is not None:
            body += b"\x39\x23" + decimal(stage_m, 4, 3)
        return self.frame(function, body)


def exchange(host: str, port: int, frames: Sequence[bytes], *, timeout_s: float = 5.0) -> list[bytes]:
    """Send frames over one connection, each after the reply to the one before; the replies.

    Raises
    ------
    OSError
        If the centre cannot be reached, or does not answer in time.
    """
    replies = []
    with socket.create_connection((host, port), timeout=timeout_s) as connection:
        for frame in frames:
            connection.sendall(frame)
            replies.append(read_reply(connection))
    return replies


def read_reply(connection: socket.socket) -> bytes:
    """The next confirmation.

    Raises
    ------
    OSError
        If none comes before the connection's timeout, or the centre hangs up.
    """
    reply = b""
    while len(reply) < 25:  # a confirmation has 8 bytes of body
        piece = connection.recv(4096)
        if not piece:
            raise ConnectionError("the centre ended the connection without a reply")
        reply += piece
    return reply
