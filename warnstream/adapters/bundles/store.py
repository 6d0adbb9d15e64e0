"""Bundles of one storage directory: frozen whole or not at all, never changed, forgotten when not needed.

``configurations/N-FINGERPRINT/`` holds what a configuration was read from, byte for byte. It is written
into a folder beside, synced and renamed; a crash leaves what was there. What stays outside is what a
configuration only names: passwords, keys, tokens, certificates.
"""

import hashlib
import logging
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from warnstream.adapters.bundles.manifest import (
    MANIFEST,
    BundleFile,
    Manifest,
    digest_of,
    faults_of,
    open_regular,
    path_in_bundle,
    read_manifest,
)
from warnstream.adapters.bundles.uses import needed_since, read_uses
from warnstream.adapters.journal.disk import disk_error, sync_directory
from warnstream.adapters.private_files import DIRECTORY_MODE, FILE_MODE
from warnstream.model.errors import StoreError

log = logging.getLogger(__name__)

FOLDER = "configurations"
BUNDLES_MAX = 200
WAITING_MAX = 20
"""Bundles that have not run yet are kept for a while: a second person may have to sign one."""
BYTES_MAX = 4 << 30
"""Beyond either the oldest bundles go, even those that the journal still names."""

FINGERPRINT_SHOWN = 12
_UNFINISHED = ".unfinished-"
_NAME = re.compile(rf"([1-9]\d*)-[0-9a-f]{{{FINGERPRINT_SHOWN}}}")
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Bundle:
    """One bundle on disk."""

    folder: Path
    manifest: Manifest

    @property
    def number(self) -> int:
        """Its number in this storage directory."""
        return self.manifest.number

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(file.size for file in self.manifest.files)

    def faults(self) -> list[str]:
        """What is not as it was frozen."""
        return faults_of(self.folder, self.manifest)


@dataclass(frozen=True, slots=True)
class Freezing:
    """What is to be frozen, and what is said of it.

    Attributes
    ----------
    origin : Path
        CONFIG_DIR.
    sha256_of_file : mapping of str to str
        Of every file that belongs to it, by its name as seen from `origin`.
    fingerprint, version, at, who, why : str
        As in `Manifest`.
    """

    origin: Path
    sha256_of_file: Mapping[str, str]
    fingerprint: str
    version: str
    at: str
    who: str
    why: str


class BundleStore:
    """The folder of bundles of one node.

    Parameters
    ----------
    storage : Path
        The storage directory; the folder in it is made by the first `freeze`.
    """

    def __init__(self, storage: Path) -> None:
        self.folder = storage / FOLDER

    def bundles(self) -> list[Bundle]:
        """All that can be read, by number; others are named in the log.

        Raises
        ------
        StoreError
            If the folder cannot be read.
        """
        found = []
        try:
            names = [path for path in self.folder.iterdir() if _NAME.fullmatch(path.name)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise disk_error(self.folder, error) from error
        for path in names:
            try:
                found.append(Bundle(path, read_manifest(path)))
            except StoreError as error:
                log.warning("bundle cannot be read", extra={"error": str(error)})
        return sorted(found, key=lambda bundle: bundle.number)

    def bundle(self, number: int) -> Bundle:
        """The bundle of a number. StoreError if it is not kept."""
        known = self.bundles()
        found = next((bundle for bundle in known if bundle.number == number), None)
        if found is None:
            numbers = ", ".join(str(bundle.number) for bundle in known) or "none"
            raise StoreError(f"{self.folder}: no bundle {number}; kept: {numbers}", retryable=False)
        return found

    def present(self) -> Bundle:
        """What the node runs with, or ran with last. StoreError if that is not known."""
        uses = read_uses(self.folder)
        if not uses:
            raise StoreError(f"{self.folder}: no configuration has run here yet", retryable=False)
        return self.bundle(uses[-1].number)

    def freeze(self, what: Freezing) -> Bundle:
        """Keep a configuration, durable when it returns; the same content is the same bundle.

        Raises
        ------
        StoreError
            If the disk refuses, or a file is no longer what was read.
        """
        digest, known = digest_of(what.sha256_of_file), self.bundles()
        for bundle in reversed(known):
            if bundle.manifest.digest == digest and not bundle.faults():
                return bundle
        self._make_folder()
        uses = read_uses(self.folder)
        taken = [*(bundle.number for bundle in known), *(use.number for use in uses), *self._numbers()]
        number, parent = max(taken, default=0) + 1, uses[-1].number if uses else 0
        folder = self.folder / f"{number}-{digest[:FINGERPRINT_SHOWN]}"
        unfinished = self.folder / f"{_UNFINISHED}{number}"
        try:
            files = self._copy(what, unfinished)
            manifest = Manifest(
                number,
                parent,
                digest,
                what.fingerprint,
                what.version,
                what.at,
                what.who,
                what.why,
                str(what.origin),
                files,
            )
            _write(unfinished / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
            for inside in (unfinished, *(path for path in unfinished.rglob("*") if path.is_dir())):
                sync_directory(inside)
            unfinished.rename(folder)
            sync_directory(self.folder)
        except OSError as error:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise disk_error(folder, error) from error
        except StoreError:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        return Bundle(folder, manifest)

    def prune(self, first_entry: int) -> list[int]:
        """Delete bundles that no entry from `first_entry` on was taken under, and that wait for nothing.

        Those beyond the limits go, too, the oldest first; the present one always stays.

        Raises
        ------
        StoreError
            If the disk refuses.
        """
        uses, known = read_uses(self.folder), self.bundles()
        needed = needed_since(uses, first_entry)
        newest = max((use.number for use in uses), default=0)
        waiting = [bundle.number for bundle in known if bundle.number > newest][-WAITING_MAX:]
        kept = [bundle for bundle in known if bundle.number in needed or bundle.number in waiting]
        present = uses[-1].number if uses else 0
        while len(kept) > BUNDLES_MAX or sum(bundle.size for bundle in kept) > BYTES_MAX:
            oldest = next((bundle for bundle in kept if bundle.number != present), None)
            if oldest is None:
                break
            log.warning("bundle dropped beyond the limit", extra={"bundle": oldest.number})
            kept.remove(oldest)
        gone = [bundle for bundle in known if bundle not in kept]
        for bundle in gone:
            try:
                # Under another name first: a bundle is whole, or it is not there.
                leaving = self.folder / f"{_UNFINISHED}{bundle.number}"
                bundle.folder.rename(leaving)
                shutil.rmtree(leaving)
            except OSError as error:
                raise disk_error(bundle.folder, error) from error
        return [bundle.number for bundle in gone]

    def _numbers(self) -> list[int]:
        """Numbers that folders have, readable or not: none is given twice."""
        matches = (_NAME.fullmatch(path.name) for path in self.folder.iterdir())
        return [int(match[1]) for match in matches if match]

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
            for left in self.folder.glob(f"{_UNFINISHED}*"):  # of a crash
                shutil.rmtree(left, ignore_errors=True)
        except OSError as error:
            raise disk_error(self.folder, error) from error

    def _copy(self, what: Freezing, into: Path) -> list[BundleFile]:
        into.mkdir(mode=DIRECTORY_MODE)
        files = []
        for number, (name, expected) in enumerate(sorted(what.sha256_of_file.items())):
            path = path_in_bundle(name, number)
            copy = into / path
            copy.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
            digest, size = _copy_synced(what.origin / name, copy)
            if digest != expected:
                raise StoreError(f"{what.origin / name}: was changed after it was read", retryable=False)
            files.append(BundleFile(name, path, digest, size))
        return files


def _copy_synced(source: Path, copy: Path) -> tuple[str, int]:
    """Copy a file durably, whatever its size; its SHA-256 and how many bytes it has."""
    whole, size = hashlib.sha256(), 0
    with open_regular(source) as content, open(copy, "wb", opener=_private) as file:
        while block := content.read(_BLOCK):
            whole.update(block)
            size += len(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return whole.hexdigest(), size


def _write(path: Path, content: bytes) -> None:
    with open(path, "wb", opener=_private) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, FILE_MODE)
