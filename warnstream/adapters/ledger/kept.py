"""What a ledger leaves on disk: snapshots of it, the register of its doors, and whether it ended well.

In the folder ``ledger`` of the storage directory: the last three snapshots (``snapshot-N.wss``, N the
journal's entry that they reach), ``register/`` with the register that the last start had, from which the
address of a door that has left since is known, and ``ended-well`` after a stop in good order.
"""

import logging
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from warnstream.adapters.journal.disk import disk_error, sync_directory
from warnstream.adapters.journal.snapshots import SnapshotFiles
from warnstream.adapters.ledger.register import FormerDoor
from warnstream.model.network import Network

log = logging.getLogger(__name__)

FOLDER = "ledger"
VERSION = 1
_FINGERPRINT_BYTES = 64


class KeptArray(msgspec.Struct, frozen=True, array_like=True):
    """An array of numbers."""

    dtype: str
    shape: tuple[int, ...]
    content: bytes


class KeptLedger(msgspec.Struct, frozen=True):
    """A ledger by codes.

    Attributes
    ----------
    version : int
    villages : list of str
        Codes of the villages that had a bulletin.
    voices, statuses : list of str
        Of each of them: identity of its voice, status of the newest bulletin.
    doors : list of list of str
        Codes of the doors of each of them, in the order of the rows.
    former : list of FormerDoor
    arrays : dict of str to KeptArray
        As `delivery.ledger.parts.pack` has made them; the villages by number in `villages`.
    replaced : dict of str to list of int
        `Past.replaced` by name of channel.
    ways : list of str
        Channels by the number that they have in the array ``way``; of an earlier version none.
    fingerprint : str
        Of the configuration whose register the doors are of; empty where nobody said.
    """

    version: int
    villages: list[str]
    voices: list[str]
    statuses: list[str]
    doors: list[list[str]]
    former: list[FormerDoor]
    arrays: dict[str, KeptArray]
    replaced: dict[str, list[int]]
    ways: list[str] = []
    fingerprint: str = ""

    def unpacked(self) -> dict[str, np.ndarray]:
        """The arrays."""
        return {
            name: np.frombuffer(array.content, dtype=array.dtype).reshape(array.shape)
            for name, array in self.arrays.items()
        }


class KeptRegister(msgspec.Struct, frozen=True):
    """Every door of a register."""

    villages: list[str]
    first_of_village: list[int]
    code: list[str]
    channel: list[str]
    address: list[str]

    def vanished(self, network: Network) -> Iterator[FormerDoor]:
        """Doors that are not, or not in the same village, in another register."""
        number = network.villages.index_of_name()
        for at, village in enumerate(self.villages):
            own = range(self.first_of_village[at], self.first_of_village[at + 1])
            now: set[str] = set()
            if village in number:
                rows = network.households.of_village(number[village])
                now = set(network.households.code[rows.start : rows.stop])
            for row in own:
                if self.code[row] not in now:
                    yield FormerDoor(village, self.code[row], self.channel[row], self.address[row])


class LedgerFiles:
    """The files of one ledger.

    Parameters
    ----------
    directory : Path
        The storage directory.
    is_read_only : bool
        Nothing is made or written: the node that they belong to may be running.

    Raises
    ------
    StoreError
        If the folder cannot be made.
    """

    def __init__(self, directory: Path, *, is_read_only: bool = False) -> None:
        self.folder = directory / FOLDER
        self._registers_in = self.folder / "register"
        self._mark = self.folder / "ended-well"
        if not is_read_only:
            try:
                self._registers_in.mkdir(parents=True, exist_ok=True)
                sync_directory(directory)
                sync_directory(self.folder)
            except OSError as error:
                raise disk_error(self.folder, error) from error
        self._snapshots = SnapshotFiles(self.folder)
        self._registers = SnapshotFiles(self._registers_in)
        self.was_damaged = False

    def newest(self) -> tuple[int, KeptLedger] | None:
        """Journal entry that the newest readable snapshot reaches, and the snapshot; None without any.

        `was_damaged` says afterwards whether a newer one could not be read.
        """
        expected = max(self._snapshots.sequences(), default=None)
        for sequence, payload in self._snapshots.newest_first():
            try:
                found = msgspec.msgpack.decode(zlib.decompress(payload), type=KeptLedger)
            except (msgspec.MsgspecError, zlib.error) as error:
                log.warning("snapshot of the ledger cannot be read", extra={"error": str(error)})
                continue
            if found.version != VERSION:
                log.warning("snapshot of the ledger is of another version", extra={"found": found.version})
                continue
            self.was_damaged = sequence != expected
            return sequence, found
        self.was_damaged = expected is not None
        return None

    def save(self, sequence: int, kept: KeptLedger) -> None:
        """Keep a snapshot. StoreError if the disk refuses; earlier ones stay."""
        later = [number for number in self._snapshots.sequences() if number > sequence]
        if later:  # of a journal that was lost: it would be taken for the newest
            self._give_way(later)
        payload = zlib.compress(msgspec.msgpack.encode(kept), level=1)
        self._snapshots.save(sequence, payload, time.time())
        self._forget(later[-1:])

    def _give_way(self, later: list[int]) -> None:
        """Leave but one of the others, so that none of them takes the place of what is saved."""
        self._forget([number for number in self._snapshots.sequences() if number != later[-1]])

    def _forget(self, numbers: list[int]) -> None:
        for number in numbers:
            self._snapshots.delete(number)

    def register(self) -> tuple[str, KeptRegister | None]:
        """Fingerprint of the configuration of the last start, and its register; empty and None without."""
        found = next(self._registers.newest_first(), None)
        if found is None:
            return "", None
        payload = found[1]
        fingerprint = payload[:_FINGERPRINT_BYTES].decode("ascii", "replace").strip()
        try:
            content = zlib.decompress(payload[_FINGERPRINT_BYTES:])
            return fingerprint, msgspec.msgpack.decode(content, type=KeptRegister)
        except (msgspec.MsgspecError, zlib.error) as error:
            log.warning("register of the ledger cannot be read", extra={"error": str(error)})
            return "", None

    def save_register(self, fingerprint: str, network: Network) -> None:
        """Keep the register of this start. StoreError if the disk refuses."""
        households = network.households
        kept = KeptRegister(
            list(network.villages.code),
            households.first_of_village.tolist(),
            list(households.code),
            list(households.channel),
            list(households.address),
        )
        head = fingerprint[:_FINGERPRINT_BYTES].encode("ascii").ljust(_FINGERPRINT_BYTES)
        number = max(self._registers.sequences(), default=0) + 1
        payload = head + zlib.compress(msgspec.msgpack.encode(kept), level=1)
        self._registers.save(number, payload, time.time())

    def end_well(self) -> None:
        """Nobody sends any more, and every outcome is in the log."""
        try:
            self._mark.touch()
            sync_directory(self.folder)
        except OSError as error:
            raise disk_error(self._mark, error) from error

    def had_ended_well(self) -> bool:
        """Whether the last process did, asked once: from now on somebody may send."""
        if not self._mark.exists():
            return False
        try:
            self._mark.unlink()
            sync_directory(self.folder)
        except OSError as error:
            raise disk_error(self._mark, error) from error
        return True
