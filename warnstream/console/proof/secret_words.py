"""Words that prove something because nobody can guess them; only their SHA-256 is kept."""

import hashlib
import secrets

BYTES = 32


def secret_word() -> str:
    """A new one, of 256 random bits."""
    return secrets.token_urlsafe(BYTES)


def hashed(word: str) -> bytes:
    """What is kept of it."""
    return hashlib.sha256(word.encode()).digest()
