"""A snapshot's bytes: compressed, with the register that it belongs to."""

import hashlib
import io
import zlib
from typing import Any

import numpy as np

from warnstream.model.network import Network


def snapshot_time_s(snapshot: bytes) -> int:
    """Engine time of a snapshot; -1 if it was taken before the first step. ValueError if it is none."""
    try:
        content = zlib.decompress(snapshot)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return int(arrays["clock/now_s"][0])


class Deflating(io.RawIOBase):
    """A file that is compressed as it is written: the state is not in memory twice."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(level=1)
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """It is only written to."""
        return True

    def write(self, data: Any) -> int:
        """Take the next bytes."""
        self._parts.append(self._deflate.compress(data))
        return len(data)

    def content(self) -> bytes:
        """Everything, compressed."""
        return b"".join([*self._parts, self._deflate.flush()])


def register_of(network: Network) -> bytes:
    """What the numbers of stations and villages mean: state is kept by number, so these must agree."""
    names = "\n".join((*network.stations.code, "", *network.villages.code, *_names_of_zones(network)))
    return hashlib.sha256(names.encode()).digest()


def _names_of_zones(network: Network) -> tuple[str, ...]:
    return ("", *(zone.code for zone in network.zones)) if network.zones else ()
