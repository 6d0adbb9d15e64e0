"""The wire form of SMPP 3.4: the few protocol data units that a transceiver needs, to and from bytes.

Section and table numbers are those of the "Short Message Peer to Peer Protocol Specification v3.4",
issue 1.2 (SMPP Developers Forum, 12 October 1999). Numbers that the document does not list are kept as
numbers: gateways have statuses, types of number and codings of their own, and none of them may end a
session. What cannot be read at all is a `PduError`.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

HEADER = struct.Struct("!IIII")
"""Length of the whole, command, status, sequence number (3.2)."""

PDU_BYTES_MAX = 65_536 + 1_024
"""A payload of 64 KiB and what stands around it; whoever announces more is not speaking SMPP."""

VERSION = 0x34
RESPONSE = 0x8000_0000
SEQUENCE_MAX = 0x7FFF_FFFF


class Command(IntEnum):
    """Requests; their responses have the highest bit set (5.1.2.1)."""

    GENERIC_NACK = 0x8000_0000
    SUBMIT_SM = 0x4
    DELIVER_SM = 0x5
    UNBIND = 0x6
    BIND_TRANSCEIVER = 0x9
    ENQUIRE_LINK = 0x15
    ALERT_NOTIFICATION = 0x102


class Tag(IntEnum):
    """Optional parameters (5.3.1)."""

    RECEIPTED_MESSAGE_ID = 0x001E
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


class PduError(ValueError):
    """Bytes that are no protocol data unit."""


@dataclass(frozen=True, slots=True)
class Pdu:
    """One protocol data unit; `body` is everything after the header."""

    command: int
    status: int
    sequence: int
    body: bytes = b""

    @property
    def is_response(self) -> bool:
        """It answers a request of ours."""
        return bool(self.command & RESPONSE)

    def encode(self) -> bytes:
        """The bytes on the wire."""
        return HEADER.pack(HEADER.size + len(self.body), self.command, self.status, self.sequence) + self.body


@dataclass(frozen=True, slots=True)
class Number:
    """An address with its type of number and numbering plan (5.2.5, 5.2.6)."""

    digits: str
    ton: int = 0
    npi: int = 0

    def encode(self) -> bytes:
        """As it stands in a message."""
        return bytes((self.ton, self.npi)) + _c_octets(self.digits)


@dataclass(frozen=True, slots=True)
class Submission:
    """A message to one phone, or a part of one (4.4.1).

    `validity` is empty or a time as in 7.1.1. `payload` goes in the place of `text` where it is not empty.
    """

    source: Number
    destination: Number
    text: bytes
    coding: int
    esm_class: int = 0
    service_type: str = ""
    validity: str = ""
    wants_receipt: bool = True
    payload: bytes = b""

    def encode(self) -> bytes:
        """The body of a submit_sm."""
        if len(self.text) > 254:
            raise PduError(f"a short message of {len(self.text)} bytes, expected 254 at most")
        optional = b""
        if self.payload:
            optional = struct.pack("!HH", Tag.MESSAGE_PAYLOAD, len(self.payload)) + self.payload
        return b"".join(
            (
                _c_octets(self.service_type),
                self.source.encode(),
                self.destination.encode(),
                bytes((self.esm_class, 0, 0)),  # protocol_id and priority: the gateway's own
                _c_octets(""),  # sent at once
                _c_octets(self.validity),
                bytes((int(self.wants_receipt), 0, self.coding, 0, len(self.text))),
                self.text,
                optional,
            )
        )


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a phone or the gateway sends us: a reply or a receipt (4.6.1)."""

    source: Number
    esm_class: int
    coding: int
    text: bytes
    optional: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def is_receipt(self) -> bool:
        """The gateway reports of a message of ours (5.2.12)."""
        return self.esm_class & 0x3C == 0x04

    @property
    def is_message(self) -> bool:
        """A person has written it; acknowledgements of phones and notes of the network are neither."""
        return self.esm_class & 0x3C == 0

    @property
    def has_user_data_header(self) -> bool:
        """The text begins with a header of the phone's."""
        return bool(self.esm_class & 0x40)


@dataclass(frozen=True, slots=True)
class Login:
    """What a transceiver binds with (4.1.5)."""

    system_id: str
    password: str
    system_type: str = ""

    def encode(self) -> bytes:
        """The body of a bind_transceiver; every address is ours."""
        words = _c_octets(self.system_id) + _c_octets(self.password) + _c_octets(self.system_type)
        return words + bytes((VERSION, 0, 0)) + _c_octets("")


def length_of(header: bytes) -> int:
    """Bytes of a whole unit whose header has come.

    Raises
    ------
    PduError
        If no unit is that long.
    """
    length = int(HEADER.unpack(header)[0])
    if not HEADER.size <= length <= PDU_BYTES_MAX:
        raise PduError(f"a unit of {length} bytes, expected {HEADER.size} to {PDU_BYTES_MAX}")
    return length


def decode(header: bytes, body: bytes) -> Pdu:
    """A unit from its two pieces."""
    _, command, status, sequence = HEADER.unpack(header)
    return Pdu(command, status, sequence, body)


def message_id_of(body: bytes) -> str:
    """The gateway's name for a message, in a submit_sm_resp (4.4.2); empty where it gives none."""
    return body.partition(b"\0")[0].decode("latin-1")


def delivery_of(body: bytes) -> Delivery:
    """The body of a deliver_sm.

    Raises
    ------
    PduError
        If it ends too early.
    """
    reader = _Reader(body)
    reader.c_octets()  # service type
    ton, npi = reader.octets(2)
    source = Number(reader.c_octets(), ton, npi)
    reader.octets(2)
    reader.c_octets()  # to us
    esm_class, _, _ = reader.octets(3)
    reader.c_octets()
    reader.c_octets()  # times of a submission
    _, _, coding, _, length = reader.octets(5)
    text = reader.octets(length)
    optional = reader.optional()
    return Delivery(source, esm_class, coding, text or optional.get(Tag.MESSAGE_PAYLOAD, b""), optional)


class _Reader:
    """Takes fields off the front of a body."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def octets(self, count: int) -> bytes:
        taken = self._body[self._at : self._at + count]
        if len(taken) < count:
            raise PduError(f"ends after {len(self._body)} bytes, in the middle of a field")
        self._at += count
        return taken

    def c_octets(self) -> str:
        end = self._body.find(b"\0", self._at)
        if end < 0:
            raise PduError("a text has no end")
        text = self._body[self._at : end].decode("latin-1")
        self._at = end + 1
        return text

    def optional(self) -> dict[int, bytes]:
        """Parameters after the fixed part; what follows a broken one is left."""
        found: dict[int, bytes] = {}
        while len(self._body) - self._at >= 4:
            tag, length = struct.unpack("!HH", self.octets(4))
            if length > len(self._body) - self._at:
                break
            found[tag] = self.octets(length)
        return found


def _c_octets(text: str) -> bytes:
    """A text that ends with a zero (3.1).

    Raises
    ------
    PduError
        If it cannot be one.
    """
    if not text.isascii() or "\0" in text:
        raise PduError("expected a text in ASCII")
    return text.encode("ascii") + b"\0"
