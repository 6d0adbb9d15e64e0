"""Journal entries of runs of weather models: a whole run each, 0.1 to 4 MB for a county.

What is written are the differences from lead to lead, most of them nothing; they add up to the very totals
that the engine saw, whether or not the files still exist.
"""

import zlib

import msgspec
import numpy as np

from warnstream.model.arrays import Int16Array
from warnstream.model.runs.model_run import CELLS_MAX, LEADS_MAX, MEMBERS_MAX, ModelRun

VERSION = 1
VALUES_MAX = MEMBERS_MAX * LEADS_MAX * CELLS_MAX**2


class _RunEntry(msgspec.Struct):
    version: int
    forecast: str
    geometry: bytes
    reference_s: int
    told_s: int
    lead_s: list[int]
    shape: tuple[int, int, int, int]
    rain: bytes


def encode_run(run: ModelRun) -> bytes:
    """Payload of a ``run`` entry."""
    packed = zlib.compress(np.diff(run.rain, axis=1, prepend=np.int16(0)).astype("<i2").tobytes(), level=1)
    n_members, n_leads, n_rows, n_columns = run.rain.shape
    return msgspec.msgpack.encode(
        _RunEntry(
            VERSION,
            run.forecast,
            run.geometry,
            run.reference_s,
            run.told_s,
            [int(lead_s) for lead_s in run.lead_s],
            (n_members, n_leads, n_rows, n_columns),
            packed,
        )
    )


def decode_run(payload: bytes) -> ModelRun:
    """The run of an entry. ValueError if it is no such entry, was cut short, or is of a later version."""
    try:
        entry = msgspec.msgpack.decode(payload, type=_RunEntry)
        rain = _unpacked(entry)
    except (msgspec.MsgspecError, zlib.error, ValueError) as error:
        raise ValueError(f"no run of a model: {error}") from error
    lead_s = np.array(entry.lead_s, dtype=np.int32)
    return ModelRun(entry.forecast, entry.geometry, entry.reference_s, entry.told_s, lead_s, rain)


def _unpacked(entry: _RunEntry) -> Int16Array:
    if entry.version != VERSION:
        raise ValueError(f"version {entry.version}, this program reads {VERSION}")
    n_values = int(np.prod(entry.shape, dtype=np.int64))
    if min(entry.shape) < 1 or n_values > VALUES_MAX or entry.shape[1] != len(entry.lead_s):
        raise ValueError(f"{len(entry.lead_s)} leads and an array of {entry.shape}")
    plain = zlib.decompressobj().decompress(entry.rain, 2 * n_values)
    steps = np.frombuffer(plain, dtype="<i2").reshape(entry.shape)
    rain: Int16Array = np.cumsum(steps, axis=1, dtype=np.int16)
    return rain
