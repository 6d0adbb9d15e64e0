"""What a bundle says of itself: its number, what it is made of, and who ran it when and why."""

import errno
import hashlib
import os
import stat
from collections.abc import Mapping
from io import FileIO
from pathlib import Path

import msgspec

from warnstream.model.errors import StoreError

MANIFEST = "manifest.json"
OUTSIDE = "outside"
"""Where a bundle has tables that lie outside of CONFIG_DIR."""


class BundleFile(msgspec.Struct, frozen=True):
    """One file: `name` as the configuration calls it, `path` inside the bundle."""

    name: str
    path: str
    sha256: str
    size: int


class Manifest(msgspec.Struct, frozen=True):
    """Content of ``manifest.json``.

    Attributes
    ----------
    number, parent : int
        1 and up in one storage directory; the bundle that ran before it, 0 for the first.
    digest : str
        SHA-256 over names and contents of all files: the same for the same content.
    fingerprint : str
        Of the files that judge alone, as `/api/v1/state` has it.
    version : str
        Of the software that froze it.
    at, who, why : str
        When it was frozen (ISO 8601, UTC), by which user, and what for.
    origin : str
        CONFIG_DIR, to which the names of passwords, keys and certificates are relative: those stay outside.
    files : list of BundleFile
    """

    number: int
    parent: int
    digest: str
    fingerprint: str
    version: str
    at: str
    who: str
    why: str
    origin: str
    files: list[BundleFile]


def digest_of(sha256_of_file: Mapping[str, str]) -> str:
    """One digest over files, whatever their order."""
    whole = hashlib.sha256()
    for name, digest in sorted(sha256_of_file.items()):
        known = name.encode("utf-8", "surrogateescape")
        whole.update(len(known).to_bytes(4, "big") + known + bytes.fromhex(digest))
    return whole.hexdigest()


def path_in_bundle(name: str, number: int) -> str:
    """Where a file lies in a bundle: as in CONFIG_DIR, or in a folder of its own if it is not in there."""
    path = Path(name)
    if path.is_absolute() or ".." in path.parts or path.parts[:1] in ((OUTSIDE,), (MANIFEST,)):
        return f"{OUTSIDE}/{number}-{path.name}"
    return name


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a bundle.

    Raises
    ------
    StoreError
        If there is none that can be read.
    """
    path = folder / MANIFEST
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}", retryable=False) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: no manifest of a configuration ({error})", retryable=False) from error
    for file in manifest.files:  # a folder from elsewhere may say anything
        if Path(file.path).is_absolute() or ".." in Path(file.path).parts:
            raise StoreError(f"{path}: {file.path!r} lies outside of the bundle", retryable=False)
    return manifest


def open_regular(path: Path) -> FileIO:
    """Open a file to be read; a pipe or a device, which would keep us waiting, is refused.

    Raises
    ------
    OSError
        If it cannot be read or is no regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file, which could be read again", str(path))
    return FileIO(descriptor, "rb")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file of any size. OSError if it cannot be read."""
    with open_regular(path) as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def faults_of(folder: Path, manifest: Manifest) -> list[str]:
    """What is not as it was frozen: files that are gone or changed; empty if all is whole.

    The digest, which people sign, is that of the files that the manifest lists.
    """
    faults = []
    try:
        digest = digest_of({file.name: file.sha256 for file in manifest.files})
    except ValueError:  # no digests at all
        digest = ""
    if digest != manifest.digest:
        faults.append(f"{folder / MANIFEST}: its digest is not that of its files")
    for file in manifest.files:
        try:
            if sha256_of(folder / file.path) != file.sha256:
                faults.append(f"{folder / file.path}: is not what was frozen")
        except OSError as error:
            faults.append(f"{folder / file.path}: {error.strerror or error}")
    return faults
