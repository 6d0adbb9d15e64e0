"""Links that let one recipient answer one message, without an account and without a list of links.

A token is 18 bytes in 24 URL-safe characters: the number of the notification
(6 bytes: its row in the outbox, or where a door is to be looked for), and the first 12 bytes of
HMAC-SHA-256 over message and recipient under the node's secret. The number finds them; the
96 bits prove that the link was made here for exactly that message and
recipient. Nothing about tokens is stored: whoever reads the database cannot
make them, and a row number that is used anew does not open an old link.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from warnstream.adapters.journal.disk import disk_error
from warnstream.model.errors import StoreError

FILE = "answer_token.key"
SECRET_BYTES = 32
NUMBER_BYTES = 6
MAC_BYTES = 12
TOKEN_CHARACTERS = 24
SIGNS_SUBJECT = "/signs"
"""Stands where an answer token has its message; no message can be called that."""

ORDERS_SUBJECT = "/orders"
"""The same for people who give orders."""

FEEDS_SUBJECT = "/feeds"
"""The same for programs that bring alerts of other services."""


def load_or_create_secret(directory: Path) -> bytes:
    """The node's secret from ``answer_token.key`` (mode 0600), made on first use.

    Raises
    ------
    StoreError
        If the file cannot be written, is not 32 bytes, or others may read it.
    """
    path = directory / FILE
    try:
        if not path.exists():
            _write_secret(path, secrets.token_bytes(SECRET_BYTES))
        if path.stat().st_mode & 0o077:
            raise StoreError(f"{path}: others may read it; run chmod 600 on it", retryable=False)
        secret = path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}", retryable=False) from error
    if len(secret) != SECRET_BYTES:
        raise StoreError(f"{path}: {len(secret)} bytes, expected {SECRET_BYTES}", retryable=False)
    return secret


def keep_secret(directory: Path, secret: bytes) -> bool:
    """Go by the secret of another box from the next start of a node here on; whether that is another one.

    Raises
    ------
    ValueError
        If it is none.
    StoreError
        If the file cannot be written.
    """
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a secret of {len(secret)} bytes, expected {SECRET_BYTES}")
    path = directory / FILE
    try:
        if path.exists() and path.read_bytes() == secret:
            return False
        _write_secret(path, secret)
    except OSError as error:
        raise disk_error(path, error) from error
    return True


def _write_secret(path: Path, secret: bytes) -> None:
    """Complete under another name first: a crash leaves no half secret behind."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


class Tokens:
    """Makes and checks answer tokens with one secret."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < SECRET_BYTES:
            raise ValueError(f"a secret of {len(secret)} bytes, expected at least {SECRET_BYTES}")
        self._secret = secret

    def issue(self, number: int, message: str, recipient: str) -> str:
        """Token for a row of the outbox.

        Raises
        ------
        ValueError
            If `number` does not fit into 6 bytes or is negative.
        """
        if not 0 <= number < 1 << 8 * NUMBER_BYTES:
            raise ValueError(f"row number {number} does not fit into {NUMBER_BYTES} bytes")
        raw = number.to_bytes(NUMBER_BYTES, "big") + self._mac(message, recipient)
        return base64.urlsafe_b64encode(raw).decode("ascii")

    def for_post(self, post: str) -> str:
        """Token with which a post reports and judges signs; it stays the same while the secret does."""
        return self.issue(0, SIGNS_SUBJECT, post)

    def proves_post(self, token: str, post: str) -> bool:
        """Whether the token was made here for that post."""
        return self.proves(token, SIGNS_SUBJECT, post)

    def for_operator(self, person: str) -> str:
        """Token with which a person gives orders; it stays the same while the secret does."""
        return self.issue(0, ORDERS_SUBJECT, person)

    def proves_operator(self, token: str, person: str) -> bool:
        """Whether the token was made here for that person."""
        return self.proves(token, ORDERS_SUBJECT, person)

    def for_feed(self, source: str) -> str:
        """Token with which a program brings alerts; it stays the same while the secret does."""
        return self.issue(0, FEEDS_SUBJECT, source)

    def proves_feed(self, token: str, source: str) -> bool:
        """Whether the token was made here for that program."""
        return self.proves(token, FEEDS_SUBJECT, source)

    def number_in(self, token: str) -> int | None:
        """Row number that a token names, not yet proven; None if it is no token at all."""
        raw = _decode(token)
        return None if raw is None else int.from_bytes(raw[:NUMBER_BYTES], "big")

    def proves(self, token: str, message: str, recipient: str) -> bool:
        """Whether the token was made here for that message and recipient (constant time)."""
        raw = _decode(token)
        return raw is not None and hmac.compare_digest(raw[NUMBER_BYTES:], self._mac(message, recipient))

    def _mac(self, message: str, recipient: str) -> bytes:
        # NUL cannot occur in either, so no two pairs give one text.
        text = f"{message}\x00{recipient}".encode()
        return hmac.new(self._secret, text, hashlib.sha256).digest()[:MAC_BYTES]


def _decode(token: str) -> bytes | None:
    if len(token) != TOKEN_CHARACTERS or not token.isascii():
        return None
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True)
    except binascii.Error:
        return None
