"""What a log says of doors beside the bulletins: outcomes of attempts."""

import zlib
from collections.abc import Sequence

import msgspec

from warnstream.delivery.ledger.states import Result
from warnstream.model.bulletins import N_BITS


class DoorOutcome(msgspec.Struct, frozen=True, array_like=True):
    """What became of attempts to tell doors of one village one bulletin on one channel."""

    village: str
    opened_s: int
    n: int
    channel: str
    at_s: int
    result: Result
    doors: list[str]

    @property
    def sequence(self) -> int:
        """(opened, n) as one number."""
        return (self.opened_s << N_BITS) | self.n


def encode_outcomes(outcomes: Sequence[DoorOutcome]) -> bytes:
    """As the log keeps them: some three bytes a door."""
    return zlib.compress(msgspec.msgpack.encode(list(outcomes)), level=1)


def decode_outcomes(payload: bytes) -> list[DoorOutcome]:
    """What `encode_outcomes` has made. ValueError if it is none."""
    try:
        return msgspec.msgpack.decode(zlib.decompress(payload), type=list[DoorOutcome])
    except (msgspec.MsgspecError, zlib.error) as error:
        raise ValueError(f"not an entry of outcomes: {error}") from None
