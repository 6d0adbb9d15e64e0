"""Journal entries of grids: one frame each, 1 to 15 kB for a county.

The entry holds the amounts at the points of the network, not the file: what
the engine saw is what a restart and a replay see, whether or not the file
still exists. Amounts are whole micrometres, -1 where the grid saw nothing.
"""

import zlib

import msgspec
import numpy as np

from warnstream.model.grids import GridFrame, digest_of_points
from warnstream.model.network import Network
from warnstream.model.observations.readings import UM_PER_MM
from warnstream.model.observations.refusals import Refusal, RefusalReason

UNSEEN = -1


class _Entry(msgspec.Struct):
    grid: str
    end_s: int
    interval_s: int
    points: bytes
    rain_um: bytes


def encode_frame(frame: GridFrame, points: bytes) -> bytes:
    """Payload of a ``grid`` entry; `points` is the digest of what the amounts are for."""
    rain_um = np.where(np.isnan(frame.rain_mm), UNSEEN, np.rint(frame.rain_mm * UM_PER_MM))
    packed = zlib.compress(rain_um.astype("<i4").tobytes(), level=1)
    return msgspec.msgpack.encode(_Entry(frame.grid, frame.end_s, frame.interval_s, points, packed))


def decode_frame(payload: bytes, points: bytes) -> GridFrame:
    """The frame of an entry.

    Raises
    ------
    ValueError
        If it was made for other villages or gauges, or is no such entry.
    """
    try:
        entry = msgspec.msgpack.decode(payload, type=_Entry)
        rain_um = np.frombuffer(zlib.decompress(entry.rain_um), dtype="<i4")
    except (msgspec.MsgspecError, zlib.error) as error:
        raise ValueError(f"no frame of a grid: {error}") from error
    if entry.points != points:
        raise ValueError(f"a frame of grid {entry.grid} that was made for other villages or rain gauges")
    rain_mm = np.where(rain_um == UNSEEN, np.nan, rain_um / UM_PER_MM)
    return GridFrame(entry.grid, entry.end_s, entry.interval_s, rain_mm)


class WaitingFrames:
    """Entries of grids that came since the last step, for the points of one network."""

    def __init__(self, network: Network) -> None:
        self._points = digest_of_points(network)
        self._waiting: list[bytes] = []

    def add(self, payload: bytes) -> None:
        """One more entry."""
        self._waiting.append(payload)

    def take(self, refusals: list[Refusal]) -> list[GridFrame]:
        """The frames that wait, for a step; those made for other villages are refused."""
        frames = []
        for payload in self._waiting:
            try:
                frames.append(decode_frame(payload, self._points))
            except ValueError as error:
                refusals.append(Refusal(RefusalReason.BAD_GRID, str(error), "", payload))
        self._waiting = []
        return frames

    def snapshot(self) -> bytes:
        """What waits."""
        return msgspec.msgpack.encode(self._waiting)

    def restore(self, state: bytes) -> None:
        """Take up a snapshot."""
        self._waiting = msgspec.msgpack.decode(state, type=list[bytes])
