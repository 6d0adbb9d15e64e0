"""A bundle from the other box: it comes in parts, is whole or not there, and keeps its number.

Numbers are given by the box that leads. One of this box's own that has the number of another content and has
never run is renamed; one that has run keeps it, and the other box's is refused.
"""

import logging
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import structs

from warnstream.adapters.bundles.manifest import MANIFEST, Manifest, faults_of, read_manifest
from warnstream.adapters.bundles.store import FINGERPRINT_SHOWN, Bundle, BundleStore
from warnstream.adapters.bundles.uses import read_uses
from warnstream.adapters.journal.disk import disk_error, sync_directory
from warnstream.adapters.private_files import DIRECTORY_MODE, FILE_MODE
from warnstream.model.errors import StoreError

PART_BYTES = 64 * 1024
"""Entries go between two parts: a bundle may be large, and none waits for it."""

INCOMING = ".incoming-"
REPLACED = "replaced-"
FILES_MAX = 10_000
_DIGEST = re.compile(r"[0-9a-f]{64}")

log = logging.getLogger(__name__)


def contents_of(bundle: Bundle) -> Iterator[bytes]:
    """Its files in the order of the manifest, in parts. OSError if one cannot be read."""
    for file in bundle.manifest.files:
        with (bundle.folder / file.path).open("rb") as content:
            while part := content.read(PART_BYTES):
                yield part


def manifest_of(content: bytes) -> Manifest:
    """What a bundle from elsewhere says of itself.

    Raises
    ------
    ValueError
        If it is no manifest, or names what no bundle may have.
    """
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except msgspec.MsgspecError as error:
        raise ValueError(f"no manifest of a configuration: {error}") from None
    if manifest.number < 1 or not _DIGEST.fullmatch(manifest.digest) or len(manifest.files) > FILES_MAX:
        raise ValueError(
            f"a bundle {manifest.number} with {len(manifest.files)} files, digest {manifest.digest!r}"
        )
    for file in manifest.files:
        path = Path(file.path)
        is_inside = (
            file.path and not path.is_absolute() and ".." not in path.parts and "\x00" not in file.path
        )
        if not is_inside or file.size < 0 or file.path == MANIFEST:
            raise ValueError(f"{file.path!r} lies outside of the bundle")
    return manifest


def held(store: BundleStore, manifest: Manifest) -> Bundle | None:
    """The bundle of this number and content, where it is whole here. StoreError."""
    for bundle in store.bundles():
        if (bundle.number, bundle.manifest.digest) == (
            manifest.number,
            manifest.digest,
        ) and not bundle.faults():
            return bundle
    return None


class Incoming:
    """One bundle on its way in.

    Parameters
    ----------
    store : BundleStore
    manifest : Manifest
        As the other box has it.
    origin : Path
        CONFIG_DIR of this box: what the configuration names by path lies there.

    Raises
    ------
    StoreError
        If the disk refuses.
    """

    def __init__(self, store: BundleStore, manifest: Manifest, origin: Path) -> None:
        self._store, self._origin = store, origin
        self.manifest = structs.replace(manifest, origin=str(origin))
        self._folder = store.folder / f"{INCOMING}{manifest.number}"
        self._left = [(file.path, file.size) for file in manifest.files]
        self._at = 0
        try:
            free = shutil.disk_usage(store.folder.parent).free
            n_bytes = sum(file.size for file in manifest.files)
            if n_bytes > free:
                raise StoreError(
                    f"{store.folder}: a bundle of {n_bytes >> 20} MB was sent, {free >> 20} MB are free",
                    retryable=True,
                )
            store.folder.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(mode=DIRECTORY_MODE)
            self._pass_empty()
        except OSError as error:
            raise disk_error(self._folder, error) from error

    @property
    def is_whole(self) -> bool:
        """Every file is here."""
        return not self._left

    def take(self, content: bytes) -> None:
        """The next part.

        Raises
        ------
        ValueError
            If it is more than was announced.
        StoreError
            If the disk refuses.
        """
        if not self._left or not content or self._at + len(content) > self._left[0][1]:
            raise ValueError(
                f"a part of {len(content)} bytes that bundle {self.manifest.number} does not have"
            )
        path = self._folder / self._left[0][0]
        try:
            path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
            with open(path, "ab" if self._at else "wb", opener=_private) as file:
                file.write(content)
                self._at += len(content)
                if self._at == self._left[0][1]:
                    file.flush()
                    os.fsync(file.fileno())
            if self._at == self._left[0][1]:
                self._left.pop(0)
                self._at = 0
                self._pass_empty()
        except OSError as error:
            raise disk_error(path, error) from error

    def keep(self) -> Bundle:
        """Give it its name; durable when it returns.

        Raises
        ------
        StoreError
            If it is not what its manifest says, its number is one's that has run, or the disk refuses.
        """
        faults = faults_of(self._folder, self.manifest)
        if faults:
            self.drop()
            raise StoreError("; ".join(faults), retryable=True)
        self._clear_number()
        folder = self._store.folder / f"{self.manifest.number}-{self.manifest.digest[:FINGERPRINT_SHOWN]}"
        try:
            with open(self._folder / MANIFEST, "wb", opener=_private) as file:
                file.write(msgspec.json.format(msgspec.json.encode(self.manifest)) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            for inside in (self._folder, *(path for path in self._folder.rglob("*") if path.is_dir())):
                sync_directory(inside)
            self._folder.rename(folder)
            sync_directory(self._store.folder)
        except OSError as error:
            raise disk_error(folder, error) from error
        return Bundle(folder, self.manifest)

    def drop(self) -> None:
        """It does not come any more."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _clear_number(self) -> None:
        number = self.manifest.number
        has_run = any(use.number == number for use in read_uses(self._store.folder))
        for known in self._store.folder.glob(f"{number}-*"):
            is_same = known.name == f"{number}-{self.manifest.digest[:FINGERPRINT_SHOWN]}"
            if has_run and not is_same:
                self.drop()
                raise StoreError(f"bundle {number} of this box is another one, and has run", retryable=False)
            aside = self._store.folder / f"{REPLACED}{known.name}"
            log.warning("a bundle of this box gives way to the other box's", extra={"aside": str(aside)})
            try:
                shutil.rmtree(aside, ignore_errors=True)
                known.rename(aside)
            except OSError as error:
                raise disk_error(known, error) from error

    def _pass_empty(self) -> None:
        """Files without content have no parts."""
        while self._left and not self._left[0][1]:
            path = self._folder / self._left.pop(0)[0]
            path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
            with open(path, "wb", opener=_private):
                pass


def settle_origins(store: BundleStore, origin: Path) -> None:
    """Bundles that came with a whole state name files beside them where this box has them. StoreError."""
    for bundle in store.bundles():
        if bundle.manifest.origin == str(origin):
            continue
        path = bundle.folder / MANIFEST
        moved = structs.replace(read_manifest(bundle.folder), origin=str(origin))
        unfinished = path.with_suffix(".new")
        try:
            with open(unfinished, "wb", opener=_private) as file:
                file.write(msgspec.json.format(msgspec.json.encode(moved)) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(path)
        except OSError as error:
            raise disk_error(path, error) from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, FILE_MODE)
