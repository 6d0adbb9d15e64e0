"""The command ``warnstream approve``: a second person signs what is to go live."""

import shlex
from pathlib import Path

from warnstream.adapters.bundles.approvals import (
    NAMESPACE,
    PROGRAM,
    SIGNATURE_BYTES_MAX,
    fault_of,
    keep_approval,
    sign,
)
from warnstream.adapters.bundles.store import BundleStore
from warnstream.commands.bundles.reload import storage_of
from warnstream.model.errors import WarnstreamError
from warnstream.runners.bundles.frozen import load_bundle


def approve(directory: Path, number: int, person: str, key: Path | None, signature: Path | None) -> str:
    """Keep a person's signature over a bundle; what was done, or what is to be signed, for people.

    Parameters
    ----------
    directory : Path
        CONFIG_DIR.
    number : int
        Of the bundle.
    person : str
        Of operators.csv, as the node runs with it now.
    key, signature : Path or None
        A private key to sign with, or a signature that was made elsewhere; without either it is said how.

    Raises
    ------
    WarnstreamError
        If there is no such bundle or person, or it is not their signature.
    """
    store = BundleStore(storage_of(directory))
    bundle = store.bundle(number)
    if faults := bundle.faults():
        raise WarnstreamError("; ".join(faults))
    known = {operator.person: operator for operator in load_bundle(store.present()).operators}
    if person not in known:
        people = ", ".join(sorted(known)) or "nobody"
        raise WarnstreamError(f"{person!r} is not in operators.csv that the node runs with: {people}")
    if key is None and signature is None:
        command = shlex.join([PROGRAM, "-Y", "sign", "-n", NAMESPACE, "-f", "KEY"])
        return (
            f"echo {bundle.manifest.digest} | {command} > bundle.sig\n"
            f"warnstream approve {shlex.quote(str(directory))} {number} --person {person} "
            "--signature bundle.sig"
        )
    signed = sign(bundle, key) if key is not None else _read(signature)
    if fault := fault_of(bundle, known[person], signed):
        raise WarnstreamError(f"bundle {number}: {fault}")
    keep_approval(bundle, person, signed)
    return f"bundle {number} is approved by {person}"


def _read(signature: Path | None) -> bytes:
    assert signature is not None
    with signature.open("rb") as file:
        return file.read(SIGNATURE_BYTES_MAX + 1)
