"""Approvals of a bundle: signatures of people over its digest, in the form of OpenSSH (``ssh-keygen -Y``).

They lie in the folder of the bundle, beside its manifest, which never changes: ``approvals/PERSON.sig``.
What is signed is one line, the digest of the manifest; it covers the names and contents of all files.
"""

import base64
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from warnstream.adapters.bundles.store import Bundle
from warnstream.adapters.journal.disk import disk_error, sync_directory
from warnstream.adapters.private_files import DIRECTORY_MODE, FILE_MODE
from warnstream.model.errors import WarnstreamError
from warnstream.model.hands.orders import Operator

FOLDER = "approvals"
NAMESPACE = "warnstream-bundle"
PROGRAM = "ssh-keygen"
SIGNATURE_BYTES_MAX = 16_384
TIME_S_MAX = 30.0
_SUFFIX = ".sig"
_KIND = b"ssh-ed25519"


def signed_text(bundle: Bundle) -> bytes:
    """What a person signs."""
    return f"{bundle.manifest.digest}\n".encode()


def sign(bundle: Bundle, key: Path) -> bytes:
    """The signature of whoever has a private key; `PROGRAM` asks for its passphrase. WarnstreamError."""
    command = [_program(), "-q", "-Y", "sign", "-n", NAMESPACE, "-f", str(key)]
    done = subprocess.run(command, input=signed_text(bundle), stdout=subprocess.PIPE, check=False)  # noqa: S603
    if done.returncode:
        raise WarnstreamError(f"{key}: {PROGRAM} has not signed with it (status {done.returncode})")
    return done.stdout


def fault_of(bundle: Bundle, person: Operator, signature: bytes) -> str:
    """Why a signature is no approval of a person; empty if it is one. WarnstreamError without `PROGRAM`."""
    if not person.public_key:
        return f"operators.csv has no public_key of {person.person}"
    if len(signature) > SIGNATURE_BYTES_MAX:
        return f"larger than {SIGNATURE_BYTES_MAX} bytes: no signature"
    command = [_program(), "-Y", "verify", "-n", NAMESPACE, "-I", person.person]
    with tempfile.TemporaryDirectory(prefix="warnstream-") as folder:
        signers, signed = Path(folder) / "signers", Path(folder) / "signature"
        signers.write_text(f'{person.person} namespaces="{NAMESPACE}" {_public(person)}\n', encoding="ascii")
        signed.write_bytes(signature)
        command += ["-f", str(signers), "-s", str(signed)]
        try:
            done = subprocess.run(  # noqa: S603
                command, input=signed_text(bundle), capture_output=True, check=False, timeout=TIME_S_MAX
            )
        except subprocess.TimeoutExpired:
            return f"{PROGRAM} took longer than {TIME_S_MAX:.0f} s"
    if done.returncode == 0:
        return ""
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return f"not signed by {person.person} ({said[-1] if said else done.returncode})"


def keep_approval(bundle: Bundle, person: str, signature: bytes) -> Path:
    """Put a signature into the bundle's folder, durably; its file. StoreError if the disk refuses."""
    folder = bundle.folder / FOLDER
    path = folder / f"{person}{_SUFFIX}"
    unfinished = path.with_suffix(".unfinished")
    try:
        folder.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(signature)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
        sync_directory(folder)
    except OSError as error:
        raise disk_error(path, error) from error
    return path


def read_approvals(bundle: Bundle) -> dict[str, bytes]:
    """Signatures by person, whoever they are of. StoreError if they cannot be read."""
    folder, found = bundle.folder / FOLDER, {}
    try:
        for path in sorted(folder.glob(f"*{_SUFFIX}")) if folder.is_dir() else ():
            with path.open("rb") as file:
                found[path.name.removesuffix(_SUFFIX)] = file.read(SIGNATURE_BYTES_MAX + 1)
    except OSError as error:
        raise disk_error(folder, error) from error
    return found


def _program() -> str:
    found = shutil.which(PROGRAM)
    if found is None:
        raise WarnstreamError(f"{PROGRAM} is not installed: approvals need OpenSSH (openssh-client)")
    return found


def _public(person: Operator) -> str:
    """The key as OpenSSH writes it (RFC 8709)."""
    raw = base64.b64decode(person.public_key)
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in (_KIND, raw))
    return f"{_KIND.decode()} {base64.b64encode(blob).decode()}"
