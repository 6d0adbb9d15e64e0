"""What a child process hands over to the node: what it found, and a configuration with what is derived.

Everything is without state and in pieces: unpickling one holds the interpreter, so none may be large.
"""

import hashlib
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

import warnstream
from warnstream.model.network import ChainPost
from warnstream.runners.build import Derived

POSTS_AT_ONCE = 500
PART_BYTES_MAX = 1 << 32
_LENGTH = 8
_END = bytes(_LENGTH)


DOORS_UNKNOWN = -1


class Ask(msgspec.Struct, frozen=True):
    """What the child is to prepare.

    Attributes
    ----------
    directory, storage : str
        CONFIG_DIR, and the storage directory of the node.
    bundle : int
        Number of the bundle that is wanted instead of CONFIG_DIR as it is; 0: none.
    live : int
        Number of the bundle that runs; 0: it was not kept.
    is_bare : bool
        Another box has checked it: load and derive alone.
    """

    directory: str
    storage: str
    bundle: int
    live: int
    is_bare: bool = False


class Report(msgspec.Struct, frozen=True):
    """What the child found.

    Attributes
    ----------
    faults : list of str
        Why it is refused; nothing is handed over then.
    looks : list of str
        What deserves a look and the live configuration had not.
    preview : list of str
        Whom it would wake.
    doors : int
        That would be told now; `DOORS_UNKNOWN` where that cannot be said.
    tests : str
        What became of the tests of the folder.
    fingerprint : str
    software : str
        What the child is of, as of `software_stamp`.
    """

    faults: list[str] = []
    looks: list[str] = []
    preview: list[str] = []
    doors: int = 0
    tests: str = ""
    fingerprint: str = ""
    software: str = ""


def software_stamp() -> str:
    """Of all modules of this program as they lie on disk: after an upgrade they are not those that run."""
    folder, whole = Path(warnstream.__file__).parent, hashlib.sha256(warnstream.__version__.encode())
    for path in sorted(folder.rglob("*.py")):
        status = path.stat()
        whole.update(f"{path.relative_to(folder)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return whole.hexdigest()


def parts_of(derived: Derived) -> Iterator[bytes]:
    """What is handed over, piece by piece."""
    configuration = derived.configuration
    network, chain = configuration.network, configuration.network.chain
    bare = replace(configuration, network=replace(network, chain=()), rules=())
    yield _dumped(bare)
    yield _dumped(configuration.rules)
    for start in range(0, len(chain), POSTS_AT_ONCE):
        yield _dumped(chain[start : start + POSTS_AT_ONCE])
    yield _dumped((derived.weights, derived.whole))
    yield _dumped((derived.nowcast, derived.ahead, derived.radar, derived.models))


def joined(parts: list[bytes]) -> Derived:
    """What was handed over."""
    loaded = (pickle.loads(part) for part in parts)  # noqa: S301  # of our own child
    bare, rules, *posts, (weights, whole), (nowcast, ahead, radar, models) = loaded
    chain: tuple[ChainPost, ...] = tuple(post for some in posts for post in some)
    configuration = replace(bare, network=replace(bare.network, chain=chain), rules=rules)
    return Derived(configuration, weights, nowcast, ahead, radar, models, whole)


def write_parts(file: BinaryIO, report: Report, parts: Iterator[bytes]) -> None:
    """The child's answer."""
    file.writelines(
        len(part).to_bytes(_LENGTH, "big") + part for part in (msgspec.json.encode(report), *parts)
    )
    file.write(_END)
    file.flush()


def read_parts(file: BinaryIO) -> tuple[Report, list[bytes]] | None:
    """The child's answer; None if it ended before it had given one."""
    parts = []
    while (head := file.read(_LENGTH)) != _END:
        size = int.from_bytes(head, "big")
        part = file.read(size) if len(head) == _LENGTH and size < PART_BYTES_MAX else b""
        if not part or len(part) < size:
            return None
        parts.append(part)
    return msgspec.json.decode(parts[0], type=Report), parts[1:]


def _dumped(part: Any) -> bytes:
    return pickle.dumps(part, protocol=pickle.HIGHEST_PROTOCOL)
