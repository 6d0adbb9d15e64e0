"""Frames of SL 651-2014 (hydrological telemetry, China), HEX/BCD and ASCII: found by length and checksum.

A frame is ``7E7E | centre | station 5 | password 2 | function | length 2 | STX or SYN | body | end | CRC 2``
(ASCII: SOH and the same fields as hexadecimal characters). Bytes are not
stuffed, so 7E7E may stand inside a body: a frame counts only if its length
and its checksum agree, and otherwise the search goes on one byte later.

CRC-16: X16+X15+X2+1, reflected (A001H), start FFFFH, over everything before
it from the first 7E on, high byte first (SL 651-2014, section 6.2.3).

Limit: after `CHECKSUMS_FAILED_MAX` wrong checksums the rest of a buffer is
given up, so that crafted noise costs milliseconds.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from warnstream.model.observations.refusals import RefusalReason

STX, ETX, EOT, ENQ, ACK, NAK, SYN, ETB, ESC = 0x02, 0x03, 0x04, 0x05, 0x06, 0x15, 0x16, 0x17, 0x1B
ENDS = frozenset({ETX, ETB, ENQ, ACK, NAK, EOT, ESC})

HEX_START, ASCII_START = b"\x7e\x7e", b"\x01"
FRAME_BYTES_MAX = 17 + 4095
"""Longest frame in HEX; in ASCII the longest is 29 + 4095."""

CHECKSUMS_FAILED_MAX = 64

_START = re.compile(
    rb"\x7e\x7e(?:(?=.{9}[\x00-\x0f\x80-\x8f].[\x02\x16])|(?=.{0,11}\Z))"
    rb"|\x01(?:(?=[0-9A-Fa-f]{18}[08][0-9A-Fa-f]{3}[\x02\x16])|(?=[0-9A-Fa-f]{0,22}\Z))|\x7e\Z",
    re.DOTALL,
)
"""A header as far as it is there: start, direction in the length's first digit, STX or SYN."""

_DIGITS = re.compile(rb"[0-9A-Fa-f]+")

_UP, _DOWN = 0x0, 0x8
_HEX_HEAD, _HEX_TAIL = 14, 3
_ASCII_HEAD, _ASCII_TAIL = 24, 5


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame whose length and checksum agree.

    Attributes
    ----------
    station : str
        The five bytes of the station's address as ten hexadecimal digits.
    centre, function, end : int
    password : bytes
        Two bytes; sent back in replies.
    is_up : bool
        From a station to the centre.
    n_packets, packet : int
        Of a message in several packets (SYN); 0 and 0 otherwise.
    body : bytes
        Between start and end character, without the packet numbers; characters if `is_ascii`.
    is_ascii : bool
    raw : bytes
        The frame as it came; empty for one that is to be built.
    """

    station: str
    centre: int
    function: int
    end: int
    password: bytes
    is_up: bool
    n_packets: int
    packet: int
    body: bytes
    is_ascii: bool
    raw: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Broken:
    """Bytes that are no frame, with the reason; `header` is what a frame with a wrong checksum claimed."""

    reason: RefusalReason
    detail: str
    content: bytes
    header: Frame | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """Frames and broken pieces in order, and how many bytes they took."""

    found: list[Frame | Broken]
    consumed: int


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        register = byte
        for _ in range(8):
            register = register >> 1 ^ 0xA001 if register & 1 else register >> 1
        table.append(register)
    return tuple(table)


_CRC = _crc_table()


def crc16(content: bytes) -> int:
    """Checksum of SL 651-2014.

    >>> f"{crc16(b'123456789'):04X}"
    '4B37'
    """
    register = 0xFFFF
    for byte in content:
        register = register >> 8 ^ _CRC[(register ^ byte) & 0xFF]
    return register


def scan(content: bytes, *, at_end: bool) -> Scan:
    """Find the frames in a stream or message.

    Parameters
    ----------
    content : bytes
    at_end : bool
        Nothing will follow: an incomplete frame is broken, not waited for.
    """
    found: list[Frame | Broken] = []
    position = lost_from = failed = 0
    lost: Broken | None = None
    while position < len(content) and failed < CHECKSUMS_FAILED_MAX:
        start = _next_start(content, position)
        step = _read(content, start) if start < len(content) else None
        if isinstance(step, Frame):
            _tell_lost(found, lost, content[lost_from:start])
            found.append(step)
            position = lost_from = start + _length_of(content, start)
            lost = None
            continue
        if step is None and start < len(content):
            if not at_end:  # it may still become a frame
                _tell_lost(found, lost, content[lost_from:start])
                return Scan(found, start)
            step = Broken(RefusalReason.BAD_FRAME, "the frame ends before its length says", b"")
        if isinstance(step, Broken):
            failed += step.reason is RefusalReason.BAD_CHECKSUM
            lost = _first(lost, step)
        position = start + 1
    _tell_lost(found, lost, content[lost_from:])
    return Scan(found, len(content))


def _first(lost: Broken | None, step: Broken) -> Broken:
    """A wrong checksum says more than noise before it or false starts within it."""
    if lost is None or (lost.header is None and step.header is not None):
        return step
    return lost


def _tell_lost(found: list[Frame | Broken], lost: Broken | None, content: bytes) -> None:
    if content:
        cause = lost or Broken(RefusalReason.BAD_FRAME, "no frame begins here", b"")
        found.append(Broken(cause.reason, cause.detail, content, cause.header))


def _next_start(content: bytes, position: int) -> int:
    """Where a frame may begin; a single 7E at the very end may be the first of two."""
    found = _START.search(content, position)
    return len(content) if found is None else found.start()


def _read(content: bytes, start: int) -> Frame | Broken | None:
    """The frame at `start`; Broken if there is none, None if more bytes are needed to tell."""
    is_ascii = content[start : start + 1] == ASCII_START
    size = _length_of(content, start)
    if size < 0 or start + size > len(content):
        return None
    whole = content[start : start + size]
    tail = _ASCII_TAIL if is_ascii else _HEX_TAIL
    if whole[-tail] not in ENDS:
        return Broken(RefusalReason.BAD_FRAME, f"no end character after {size - tail} bytes", b"")
    try:
        frame = _ascii_frame(whole) if is_ascii else _hex_frame(whole)
        told = _hexadecimal(whole[-4:]) if is_ascii else int.from_bytes(whole[-2:])
    except ValueError as error:
        return Broken(RefusalReason.BAD_FRAME, str(error), b"")
    expected = crc16(whole[: -4 if is_ascii else -2])
    if told != expected:
        detail = f"checksum {told:04X}, computed {expected:04X}"
        return Broken(RefusalReason.BAD_CHECKSUM, detail, whole, frame)
    return frame


def _length_of(content: bytes, start: int) -> int:
    """Bytes of the frame whose header begins at `start`; -1 if more are needed to tell."""
    is_ascii = content[start : start + 1] == ASCII_START
    head, tail = (_ASCII_HEAD, _ASCII_TAIL) if is_ascii else (_HEX_HEAD, _HEX_TAIL)
    if start + head > len(content):
        return -1
    if is_ascii:
        word = int(content[start + 19 : start + 23], 16)
    else:
        word = int.from_bytes(content[start + 11 : start + 13])
    return head + (word & 0xFFF) + tail


def _hexadecimal(digits: bytes) -> int:
    """A number in hexadecimal digits only (`int` alone takes signs, blanks and underlines too)."""
    if _DIGITS.fullmatch(digits) is None:
        raise ValueError(f"{digits!r} is not hexadecimal")
    return int(digits, 16)


def _hex_frame(whole: bytes) -> Frame:
    """Raises ValueError where packet numbers are missing."""
    is_up = whole[11] >> 4 == _UP
    addresses = whole[2:8]
    station = addresses[1:] if is_up else addresses[:5]
    is_split = whole[13] == SYN
    if is_split and len(whole) < _HEX_HEAD + 3 + _HEX_TAIL:
        raise ValueError("SYN without packet numbers")
    numbers = int.from_bytes(whole[14:17]) if is_split else 0
    return Frame(
        station=station.hex().upper(),
        centre=addresses[0] if is_up else addresses[5],
        function=whole[10],
        end=whole[-3],
        password=whole[8:10],
        is_up=is_up,
        n_packets=numbers >> 12,
        packet=numbers & 0xFFF,
        body=whole[17:-3] if is_split else whole[14:-3],
        is_ascii=False,
        raw=whole,
    )


def _ascii_frame(whole: bytes) -> Frame:
    """Raises ValueError where a field is not hexadecimal."""
    head = bytes.fromhex(whole[1:23].decode("ascii"))
    is_up = head[9] >> 4 == _UP
    station = head[1:6] if is_up else head[:5]
    is_split = whole[23] == SYN
    numbers = _hexadecimal(whole[24:30]) if is_split else 0
    return Frame(
        station=station.hex().upper(),
        centre=head[0] if is_up else head[5],
        function=head[8],
        end=whole[-5],
        password=head[6:8],
        is_up=is_up,
        n_packets=numbers >> 12,
        packet=numbers & 0xFFF,
        body=whole[30:-5] if is_split else whole[24:-5],
        is_ascii=True,
        raw=whole,
    )


def station_names(station: str) -> Iterator[str]:
    """Names that an address may have in stations.csv, most exact first.

    Hydrological stations are 00 and eight digits; others a county code of six
    digits and a number, which stands in the last two bytes as HEX.

    >>> list(station_names("0012345678")), list(station_names("40590235C2"))
    (['0012345678', '12345678'], ['40590235C2', '40590213762'])
    """
    yield station
    if station.startswith("00"):
        yield station[2:]
    elif station[:6].isdigit():
        yield f"{station[:6]}{int(station[6:], 16):05d}"


def build(frame: Frame) -> bytes:
    """The bytes of a frame: replies of a centre, and reports of simulated stations.

    Raises
    ------
    ValueError
        If the body is longer than 4,095 bytes.
    """
    is_split = frame.n_packets > 0
    numbers = (frame.n_packets << 12 | frame.packet) if is_split else 0
    packets = (f"{numbers:06X}".encode() if frame.is_ascii else numbers.to_bytes(3)) if is_split else b""
    content = packets + frame.body
    if len(content) > 0xFFF:
        raise ValueError(f"a body of {len(content)} bytes, expected at most 4095")
    station, centre = bytes.fromhex(frame.station), bytes([frame.centre])
    word = len(content) | (_UP if frame.is_up else _DOWN) << 12
    head = (
        (centre + station if frame.is_up else station + centre)
        + frame.password
        + bytes([frame.function])
        + word.to_bytes(2)
    )
    start = bytes([SYN if is_split else STX])
    if frame.is_ascii:
        whole = ASCII_START + head.hex().upper().encode() + start + content + bytes([frame.end])
        return whole + f"{crc16(whole):04X}".encode()
    whole = HEX_START + head + start + content + bytes([frame.end])
    return whole + crc16(whole).to_bytes(2)
