"""One-time passwords by time: RFC 6238 with SHA-1, 30 s and 6 digits, which every authenticator knows."""

import base64
import hashlib
import hmac
from urllib.parse import quote

STEP_S = 30
DIGITS = 6
STEPS_BESIDE = 1
"""A device may be half a minute early or late."""


def code_of(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of a time step (RFC 4226, section 5.3).

    >>> code_of(b"12345678901234567890", 59 // 30, digits=8)
    '94287082'
    """
    digest = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_of(secret: bytes, code: str, now_s: float, after: int = -1) -> int | None:
    """The time step whose code this is, later than `after`; None if it is none of about now.

    A code counts once (RFC 6238, section 5.2): pass the step that was returned as `after` the next time.
    """
    now = int(now_s) // STEP_S
    found = None
    for step in range(now - STEPS_BESIDE, now + STEPS_BESIDE + 1):
        if hmac.compare_digest(code_of(secret, step), code) and step > after:
            found = step
    return found


def address_of(secret: bytes, person: str, node: str) -> str:
    """What an authenticator reads: the Key Uri Format of ``otpauth://``."""
    issuer = quote(f"warnstream {node}", safe="")
    return f"otpauth://totp/{issuer}:{quote(person, safe='')}?secret={base32(secret)}&issuer={issuer}"


def base32(secret: bytes) -> str:
    """A secret as people type it."""
    return base64.b32encode(secret).decode("ascii").rstrip("=")
