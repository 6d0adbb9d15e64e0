"""One line of the audit: a JSON object whose last member is the SHA-256 of everything before it.

A line names the hash of the line before it, so that nothing can be changed, taken out or put in without
changing every later hash. The hash is that of the line's own bytes, up to ``,"hash":``, closed by a brace: a
few lines of any language check a chain, without knowing how numbers or texts are written.
"""

import hashlib
import re
from typing import NamedTuple

import msgspec

GENESIS = "0" * 64
"""Stands for the hash before the first line of all."""

BEGUN, GAP, PRUNED, JOURNAL_ANEW = "audit_begun", "audit_gap", "audit_pruned", "journal_anew"
"""Kinds of lines about the audit itself: it begins; entries were lost before it could have them; an old file
has been deleted; the journal counts from 1 again."""

LEADS = "leader"
"""Kind of a line in which one of two boxes begins to lead."""

_TAIL = re.compile(rb'(.*),"hash":"([0-9a-f]{64})"\}\n', re.DOTALL)


class AuditFact(NamedTuple):
    """What one line says: a word, and codes, times and levels by name; nobody's name, phone or address."""

    kind: str
    content: dict[str, object]


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line as it is written.

    Attributes
    ----------
    previous : str
        Hash of the line before it; `GENESIS` for the first one.
    entry : int
        Number of the journal entry that it comes from; everything up to it is in the audit.
    part, of : int
        Which of the entry's lines it is, from 0, and how many there are.
    time : str
        When the entry was written, by the node's clock (UTC).
    kind : str
    content : dict
    hash : str
        Of the line up to here.
    """

    previous: str
    entry: int
    part: int
    of: int
    time: str
    kind: str
    content: dict[str, object]
    hash: str = ""


def seal(line: Line) -> tuple[bytes, str]:
    """The bytes of a line that has no hash yet, and its hash."""
    body = msgspec.json.encode(msgspec.structs.replace(line, hash="")).removesuffix(b',"hash":""}') + b"}"
    found = hashlib.sha256(body).hexdigest()
    return body[:-1] + b',"hash":"' + found.encode() + b'"}\n', found


def unseal(raw: bytes) -> Line:
    """A line, checked against its own hash.

    Raises
    ------
    ValueError
        If it is not whole, was changed, or is none.
    """
    if not raw.endswith(b"\n"):
        raise ValueError("the line is not whole")
    match = _TAIL.fullmatch(raw)
    if match is None:
        raise ValueError("the line does not end in its hash")
    body, told = match[1] + b"}", match[2].decode()
    if hashlib.sha256(body).hexdigest() != told:
        raise ValueError("the line is not what was written: its hash is another")
    try:
        return msgspec.json.decode(raw, type=Line)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not a line of an audit: {error}") from None
