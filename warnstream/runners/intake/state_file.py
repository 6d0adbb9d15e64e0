"""A snapshot's bytes: parts of a node's state, each with its own version and fingerprint, compressed.

A part whose fingerprint or version is another's is not taken up, and costs the
others nothing: what people were told is kept by the codes of villages and fits
any configuration; levels and rain are kept by number, and are carried
(`warnstream.runners.carry`) where another configuration numbers otherwise.
"""

import hashlib
import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from warnstream.model.network import Network
from warnstream.model.rules.hazard_names import called_now
from warnstream.model.warning import MessageStatus

ArrayOf = dict[str, np.ndarray]

JUDGED, PEOPLE = "judged", "people"
"""Parts: what readings led to (rain, levels, what waits), and what people were told (warnings, alarms)."""

VERSIONS = {JUDGED: 1, PEOPLE: 1}
"""Raised when a part changes so that an older one cannot be read."""

_TABLE = "parts"

OF_HAZARDS = ("desk", "actions", "past_crossings")
"""Names of contents in msgpack that speak of hazards."""

LEVELS_OF = ("level.", "late.")
"""Parts of a state that are a hazard's, by its name."""


class PartLabel(msgspec.Struct, frozen=True):
    """What a part of a snapshot fits to."""

    version: int
    fingerprint: str = ""
    status: str = ""
    configuration: str = ""


class StateFile:
    """A snapshot, opened.

    Parameters
    ----------
    snapshot : bytes or StateCopy

    Raises
    ------
    ValueError
        If it is none.
    """

    def __init__(self, snapshot: "bytes | StateCopy") -> None:
        if isinstance(snapshot, StateCopy):  # as if it had been written and read again
            self._arrays: ArrayOf = dict(snapshot.arrays)
            self._labels = labels_of(snapshot.register, snapshot.status, snapshot.configuration)
            return
        try:
            content = zlib.decompress(snapshot)
        except zlib.error as error:
            raise ValueError(str(error)) from None
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            self._arrays = {path: arrays[path] for path in arrays}
        self._labels = {}
        if _TABLE in self._arrays:
            table = self._arrays.pop(_TABLE).tobytes()
            self._labels = msgspec.json.decode(table, type=dict[str, PartLabel])

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def bytes_of(self, name: str) -> bytes:
        """Content of a name that holds bytes. KeyError if it is not there."""
        return bytes(self._arrays[name].tobytes())

    def under_names_now(self, now: Mapping[str, str]) -> "StateFile":
        """Itself, with what it holds of hazards under their names now; `now` is by the earlier one."""
        for name in OF_HAZARDS if now else ():
            if name in self._arrays:
                content = called_now(self.bytes_of(name), now)
                self._arrays[name] = np.frombuffer(content, dtype=np.uint8)
        for path in [path for path in self._arrays if path.startswith(LEVELS_OF)] if now else ():
            part, _, rest = path.partition("/")
            kind, _, hazard = part.partition(".")
            if hazard in now:
                self._arrays[f"{kind}.{now[hazard]}/{rest}"] = self._arrays.pop(path)
        return self

    def arrays_by_part(self) -> dict[str, ArrayOf]:
        """Arrays by part and name."""
        state: dict[str, ArrayOf] = {}
        for path, array in self._arrays.items():
            part, _, name = path.partition("/")
            if name:
                state.setdefault(part, {})[name] = array
        return state

    @property
    def time_s(self) -> int:
        """Engine time; -1 if it was taken before the first step."""
        return int(self._arrays["clock/now_s"][0])

    def check_judged(self, status: MessageStatus) -> None:
        """Refuse what was judged by another version, or in an exercise by a node that warns for real now.

        Raises
        ------
        ValueError
            Saying what differs.
        """
        label = self._judged()
        if label is None or label.version != VERSIONS[JUDGED]:
            raise ValueError("what was judged is of another version")
        if label.status == MessageStatus.EXERCISE and status is MessageStatus.ACTUAL:
            raise ValueError("what was judged is of an exercise")

    def is_of(self, register: bytes, configuration: str) -> bool:
        """Whether the state was judged by that configuration, so that it fits as it is.

        Raises
        ------
        ValueError
            If it was not, and does not say what its numbers mean (an earlier version).
        """
        label = self._judged()
        is_same = label is not None and label.fingerprint == register.hex()
        if "names" not in self._arrays:
            if not is_same:
                raise ValueError("stations or villages are others, or in another order, than in the snapshot")
            return True
        return label is not None and is_same and label.configuration == configuration

    def _judged(self) -> PartLabel | None:
        if self._labels:
            return self._labels.get(JUDGED)
        # Snapshots before the parts had labels of their own: one register for everything.
        return PartLabel(VERSIONS[JUDGED], self._arrays["register"].tobytes().hex())

    def check_people(self) -> None:
        """Refuse warnings of another version. ValueError."""
        label = self._labels.get(PEOPLE)
        if label is not None and label.version != VERSIONS[PEOPLE]:
            raise ValueError("the warnings in the snapshot are of another version")


def labels_of(register: bytes, status: MessageStatus, configuration: str) -> dict[str, PartLabel]:
    """What the parts of a snapshot fit to."""
    return {
        JUDGED: PartLabel(VERSIONS[JUDGED], register.hex(), str(status), configuration),
        PEOPLE: PartLabel(VERSIONS[PEOPLE]),
    }


def pack_state(
    arrays: Mapping[str, np.ndarray], register: bytes, status: MessageStatus, configuration: str = ""
) -> bytes:
    """A snapshot of named arrays; `register`, `status` and `configuration` are those of what was judged."""
    labels = labels_of(register, status, configuration)
    table = np.frombuffer(msgspec.json.encode(labels), dtype=np.uint8)
    file = Deflating()
    np.savez(file, allow_pickle=False, **arrays, **{_TABLE: table})
    return file.content()


@dataclass(frozen=True, slots=True)
class StateCopy:
    """The arrays of one moment, which nothing changes any more, and what they are judged under."""

    arrays: ArrayOf
    register: bytes
    status: MessageStatus
    configuration: str

    def packed(self) -> bytes:
        """A snapshot of them; in any thread."""
        return pack_state(self.arrays, self.register, self.status, self.configuration)


def arrays_of(parts: Mapping[str, ArrayOf], contents: Mapping[str, bytes], rest: ArrayOf) -> ArrayOf:
    """Arrays of a state: those of its parts by name, packed contents, and copies of the rest."""
    found = {f"{part}/{name}": array for part, named in parts.items() for name, array in named.items()}
    found |= {name: np.frombuffer(content, dtype=np.uint8) for name, content in contents.items()}
    return found | {name: array.copy() for name, array in rest.items()}


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
