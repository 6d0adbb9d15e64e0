"""Journal entries of grids: one frame each, 1 to 15 kB for a county; one field each, 1 to 30 kB.

The entry holds the amounts at the points of the network, not the file: what
the engine saw is what a restart and a replay see, whether or not the file
still exists. Amounts are whole micrometres, -1 where the grid saw nothing.
"""

import zlib
from collections.abc import Callable
from functools import partial

import msgspec
import numpy as np

from warnstream.model.grids import GridFrame, digest_of_points
from warnstream.model.network import Network
from warnstream.model.observations.readings import UM_PER_MM
from warnstream.model.observations.refusals import Refusal, RefusalReason
from warnstream.model.radar.fields import CELLS_MAX, FieldFrame, Frame
from warnstream.model.runs.model_run import ModelRun
from warnstream.runners.intake.entries import FIELD, GRID, RUN
from warnstream.runners.intake.runs.run_entries import decode_run, encode_run

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


class _FieldEntry(msgspec.Struct):
    grid: str
    end_s: int
    interval_s: int
    geometry: bytes
    n_rows: int
    n_columns: int
    rain: bytes


def encode_field(frame: FieldFrame) -> bytes:
    """Payload of a ``field`` entry."""
    packed = zlib.compress(frame.rain.astype("<i2").tobytes(), level=1)
    entry = _FieldEntry(frame.grid, frame.end_s, frame.interval_s, frame.geometry, *_shape(frame), packed)
    return msgspec.msgpack.encode(entry)


def _shape(frame: FieldFrame) -> tuple[int, int]:
    n_rows, n_columns = frame.rain.shape
    return n_rows, n_columns


def decode_field(payload: bytes) -> FieldFrame:
    """The field of an entry. ValueError if it is no such entry, or was cut short."""
    try:
        entry = msgspec.msgpack.decode(payload, type=_FieldEntry)
        n_bytes = 2 * min(max(entry.n_rows * entry.n_columns, 1), CELLS_MAX**2)
        rain = np.frombuffer(zlib.decompressobj().decompress(entry.rain, n_bytes), dtype="<i2")
        rain = rain.reshape(entry.n_rows, entry.n_columns)
    except (msgspec.MsgspecError, zlib.error, ValueError) as error:
        raise ValueError(f"no field of a grid: {error}") from error
    return FieldFrame(entry.grid, entry.geometry, entry.end_s, entry.interval_s, rain.astype(np.int16))


def encode_any(frame: Frame, points: bytes) -> tuple[str, bytes]:
    """Kind and payload of the entry of a frame; `points` as of `encode_frame`."""
    if isinstance(frame, ModelRun):
        return RUN, encode_run(frame)
    if isinstance(frame, FieldFrame):
        return FIELD, encode_field(frame)
    return GRID, encode_frame(frame, points)


def decode_any(kind: str, payload: bytes, points: bytes) -> Frame:
    """The frame of an entry of any kind. ValueError if it was made for another network, or is none."""
    if kind == RUN:
        return decode_run(payload)
    return decode_field(payload) if kind == FIELD else decode_frame(payload, points)


class WaitingFrames:
    """Entries of grids that came since the last step, for the points of one network."""

    def __init__(self, network: Network) -> None:
        self._points = digest_of_points(network)
        self._waiting: list[tuple[str, bytes]] = []

    def add(self, kind: str, payload: bytes) -> None:
        """One more entry, of kind `GRID`, `FIELD` or `RUN`."""
        self._waiting.append((kind, payload))

    def takers(self) -> dict[str, Callable[[bytes, object], None]]:
        """What takes an entry, by kind."""
        return {kind: partial(self._taken, kind) for kind in (GRID, FIELD, RUN)}

    def _taken(self, kind: str, payload: bytes, _outcome: object) -> None:
        self.add(kind, payload)

    def take(self, refusals: list[Refusal]) -> list[Frame]:
        """The frames that wait, for a step; those made for other villages are refused."""
        frames = []
        for kind, payload in self._waiting:
            try:
                frames.append(decode_any(kind, payload, self._points))
            except ValueError as error:
                refusals.append(Refusal(RefusalReason.BAD_GRID, str(error), "", payload))
        self._waiting = []
        return frames

    def snapshot(self) -> bytes:
        """What waits."""
        return msgspec.msgpack.encode(self._waiting)

    def restore(self, state: bytes) -> None:
        """Take up a snapshot."""
        waiting = msgspec.msgpack.decode(state, type=list[bytes | tuple[str, bytes]])
        # Older snapshots have payloads alone: there were no fields.
        self._waiting = [(GRID, entry) if isinstance(entry, bytes) else entry for entry in waiting]
