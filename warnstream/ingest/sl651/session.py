"""What a centre answers to a station that dials in, and what it keeps before (SL 651-2014, 6.3).

- M1 and M2: a report in one frame is kept, then confirmed with its own serial
  number and time; what arrives broken gets no answer, the station sends again.
- M3: packets are gathered (only the first of a message has its serial number, so a packet that is there
  already with other bytes begins a new message); once all are there they are kept together and
  confirmed once. After the last packet a missing or broken one is asked for
  with NAK and its number, one at a time, at most `RESENDS_MAX` times each.
- M4 (answers to queries) and heartbeats get no answer.

Pure: bytes in, messages and replies out. Limit: `PACKETS_MAX` packets, `GATHERED_BYTES_MAX` bytes.
"""

from dataclasses import dataclass, field, replace

from warnstream.ingest.sl651.frame import ACK, EOT, ESC, ETB, ETX, NAK, Broken, Frame, build, scan

RESENDS_MAX = 2
PACKETS_MAX = 256
GATHERED_BYTES_MAX = 200 * 1024
"""All packets of one message; a picture of an RTU has some tens of KiB."""

_REPORTS = frozenset(range(0x30, 0x37))
_SERIAL_AND_TIME = {False: 8, True: 16}


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes to make durable, and what to send once they are; empty replies say nothing."""

    content: bytes
    reply: bytes
    end: int = 0


@dataclass(slots=True)
class _Gathering:
    """Packets of one message so far; `resends` counts how often each was asked for."""

    head: Frame
    packets: dict[int, Frame] = field(default_factory=dict)
    resends: dict[int, int] = field(default_factory=dict)

    def has_another(self, frame: Frame) -> bool:
        """Whether the packet of that number is there with other bytes: then a new message has begun."""
        known = self.packets.get(frame.packet)
        return known is not None and known.body != frame.body


class Session:
    """One connection of a station.

    Parameters
    ----------
    stays_online : bool
        Confirm with ESC (the station stays connected for queries) instead of EOT.
    """

    def __init__(self, *, stays_online: bool) -> None:
        self._end = ESC if stays_online else EOT
        self._buffer = b""
        self._gathering: _Gathering | None = None

    def take(self, content: bytes) -> list[Kept]:
        """Everything that became complete with these bytes, in order."""
        found = scan(self._buffer + content, at_end=False)
        self._buffer = (self._buffer + content)[found.consumed :]
        kept = []
        for item in found.found:
            if isinstance(item, Broken):
                kept.append(Kept(item.content, *self._ask_again(item)))
            elif item.is_up and item.n_packets > 1:
                kept += self._gather(item)
            else:
                kept.append(Kept(item.raw, *self._confirm(item)))
        return kept

    def close(self) -> list[Kept]:
        """What was incomplete when the connection ended: kept, so that nothing disappears unseen."""
        content = self._incomplete() + self._buffer
        self._buffer = b""
        return [Kept(content, b"")] if content else []

    def _incomplete(self) -> bytes:
        """Packets of a message that will not become whole; gathering begins anew."""
        packets = self._gathering.packets.values() if self._gathering else ()
        self._gathering = None
        return b"".join(frame.raw for frame in packets)

    def _confirm(self, frame: Frame) -> tuple[bytes, int]:
        if not frame.is_up or frame.function not in _REPORTS:
            return b"", 0
        end = ACK if frame.end == ETB else self._end
        return self._reply(frame, end, frame.body, 0), end

    def _reply(self, frame: Frame, end: int, first_body: bytes, packet: int) -> bytes:
        body = first_body[: _SERIAL_AND_TIME[frame.is_ascii]]
        return build(replace(frame, is_up=False, end=end, body=body, packet=packet))

    def _gather(self, frame: Frame) -> list[Kept]:
        """Add a packet; the whole message once it is there."""
        if not 1 <= frame.packet <= frame.n_packets <= PACKETS_MAX:
            return [Kept(frame.raw, b"")]
        gathering, kept = self._gathering, []
        if gathering is None or not _belongs(frame, gathering.head) or gathering.has_another(frame):
            lost = self._incomplete()
            kept = [Kept(lost, b"")] if lost else []
            gathering = self._gathering = _Gathering(frame)
        gathering.packets[frame.packet] = frame
        if sum(len(packet.body) for packet in gathering.packets.values()) > GATHERED_BYTES_MAX:
            self._gathering = None
            return [*kept, *(Kept(packet.raw, b"") for packet in gathering.packets.values())]
        if len(gathering.packets) == frame.n_packets:
            self._gathering = None
            ordered = [gathering.packets[number] for number in sorted(gathering.packets)]
            reply = self._reply(frame, self._end, ordered[0].body, frame.n_packets)
            return [*kept, Kept(b"".join(part.raw for part in ordered), reply, self._end)]
        if frame.end == ETX:
            kept.append(Kept(b"", *self._negate(gathering)))
        return kept

    def _ask_again(self, broken: Broken) -> tuple[bytes, int]:
        """NAK for the last packet of a message if that is what arrived broken."""
        gathering, header = self._gathering, broken.header
        if gathering is None or header is None or header.end != ETX or not _belongs(header, gathering.head):
            return b"", 0
        return self._negate(gathering)

    def _negate(self, gathering: _Gathering) -> tuple[bytes, int]:
        head = gathering.head
        missing = next(n for n in range(1, head.n_packets + 1) if n not in gathering.packets)
        asked = gathering.resends.get(missing, 0)
        if asked >= RESENDS_MAX:
            return b"", 0
        gathering.resends[missing] = asked + 1
        first = gathering.packets.get(1)
        body = first.body if first is not None else bytes(_SERIAL_AND_TIME[head.is_ascii])
        return self._reply(head, NAK, body, missing), NAK


def _belongs(frame: Frame, head: Frame) -> bool:
    """Whether a packet is one of the message that another began."""
    return (frame.station, frame.function, frame.n_packets) == (head.station, head.function, head.n_packets)


def join_packets(frames: list[Frame]) -> list[Frame]:
    """Frames with the packets of each complete message as one; other packets stay as they are."""
    joined: list[Frame] = []
    at = 0
    while at < len(frames):
        head = frames[at]
        run = frames[at : at + head.n_packets] if head.n_packets > 1 else []
        numbers = [frame.packet for frame in run if _belongs(frame, head)]
        if run and numbers == list(range(1, head.n_packets + 1)):
            body = b"".join(frame.body for frame in run)
            joined.append(replace(head, n_packets=0, packet=0, end=run[-1].end, body=body))
            at += len(run)
        else:
            joined.append(head)
            at += 1
    return joined
