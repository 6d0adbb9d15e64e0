"""Who may connect to our listener, and what they may publish and read.

A users file has one line per user, ``name:scrypt:n:r:p:salt:hash`` with salt
and hash in hexadecimal (`warnstream listener-user NAME` writes one). With client
certificates the user is the certificate's common name.

A user is a station or a device unless listed: user ``R0001`` publishes to
``{prefix}/+/+/R0001/obs``, its ``backlog`` below, ``{prefix}/answer/R0001``, ``{prefix}/report/R0001`` and
``{prefix}/sign/R0001`` and reads
``{prefix}/device/R0001``, ``{prefix}/warn/#`` and ``{prefix}/bulletin/#``. A *gateway* publishes for
every station, in every format that `decoders` names; a *trusted* user may do
everything (a simulator that tells the time, a display). Without users file and
client certificates everybody may do everything: for a closed network or a demo only.
"""

import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from warnstream.adapters.mqtt.topic_filters import matches
from warnstream.model.errors import WarnstreamError
from warnstream.model.observations.decoders import BACKLOG_LEVEL

SCRYPT_N, SCRYPT_R, SCRYPT_P = 16_384, 8, 1
"""Cost of a password check: 16 MiB and about 50 ms."""

SCRYPT_MEMORY_MAX = 64 * 1024 * 1024
PASSWORD_BYTES_MAX = 1_024


@dataclass(frozen=True, slots=True)
class _Secret:
    n: int
    r: int
    p: int
    salt: bytes
    digest: bytes

    def fits(self, password: bytes) -> bool:
        found = hashlib.scrypt(
            password, salt=self.salt, n=self.n, r=self.r, p=self.p, maxmem=SCRYPT_MEMORY_MAX, dklen=32
        )
        return hmac.compare_digest(found, self.digest)


def is_user_name(name: str) -> bool:
    """Whether a name can stand in a users file and as a level of a topic (a wildcard would open others')."""
    return bool(name) and not any(sign in name for sign in ":#+/\0\n\r")


def user_line(name: str, password: bytes) -> str:
    """A line of the users file.

    Raises
    ------
    ValueError
        If the name cannot stand in the file or in a topic, or the password is empty or too long.
    """
    if not is_user_name(name):
        raise ValueError(f"{name!r} is no user name: it must not be empty or contain : # + / or line breaks")
    if not 0 < len(password) <= PASSWORD_BYTES_MAX:
        raise ValueError(f"a password has 1 to {PASSWORD_BYTES_MAX} bytes")
    salt = os.urandom(16)
    digest = hashlib.scrypt(
        password, salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P, maxmem=SCRYPT_MEMORY_MAX, dklen=32
    )
    return f"{name}:scrypt:{SCRYPT_N}:{SCRYPT_R}:{SCRYPT_P}:{salt.hex()}:{digest.hex()}"


class Users:
    """Passwords of a users file.

    A password that was right once is known by a keyed hash from then on: a
    county that reconnects after a power cut does not wait for 700 slow checks.
    What was right stays known in `renewed`, which reads the file again.

    Raises
    ------
    WarnstreamError
        If the file cannot be read or a line is not as described above; names file and line.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._secrets = _read(path)
        self._key = os.urandom(32)
        self._right: dict[str, bytes] = {}
        self._nobody = _Secret(SCRYPT_N, SCRYPT_R, SCRYPT_P, os.urandom(16), bytes(32))

    def renewed(self) -> "Users":
        """The users of the file as it is now.

        Raises
        ------
        WarnstreamError
            As for a new one; this one stays as it is.
        """
        users = Users(self._path)
        users._key = self._key  # of the same class
        users._right = {name: mark for name, mark in self._right.items() if not self.differs(users, name)}
        return users

    def differs(self, other: "Users", name: str) -> bool:
        """Whether a user has another password there, or is not there."""
        return self._secrets.get(name) != other._secrets.get(name)  # noqa: SLF001  # of the same class

    def knows(self, name: str) -> bool:
        """Whether there is such a user."""
        return name in self._secrets

    def is_quick(self, name: str, password: bytes) -> bool:
        """Whether this very password is known to be right (no slow check is needed)."""
        known = self._right.get(name)
        return known is not None and hmac.compare_digest(known, self._mark(name, password))

    def check(self, name: str, password: bytes) -> bool:
        """Whether name and password belong together; slow, call it outside the event loop."""
        if self.is_quick(name, password):
            return True
        if len(password) > PASSWORD_BYTES_MAX:
            return False
        # An unknown name costs the same time, so that names cannot be found out.
        secret = self._secrets.get(name, self._nobody)
        if not secret.fits(password) or secret is self._nobody:
            return False
        self._right[name] = self._mark(name, password)
        return True

    def _mark(self, name: str, password: bytes) -> bytes:
        return hmac.digest(self._key, name.encode() + b"\0" + password, "sha256")


def _read(path: Path) -> dict[str, _Secret]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise WarnstreamError(f"{path}: the users file cannot be read ({error})") from error
    secrets: dict[str, _Secret] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            name, scheme, n, r, p, salt, digest = line.strip().split(":")
            secret = _Secret(int(n), int(r), int(p), bytes.fromhex(salt), bytes.fromhex(digest))
            is_good = scheme == "scrypt" and len(secret.digest) == 32 and bool(name)
        except ValueError:
            is_good = False
        if not is_good:
            raise WarnstreamError(f"{path}:{number}: expected name:scrypt:n:r:p:salt:hash")
        if name in secrets:
            raise WarnstreamError(f"{path}:{number}: user {name} stands here twice")
        secrets[name] = secret
    return secrets


@dataclass(frozen=True, slots=True)
class Permissions:
    """What each user may publish and subscribe to.

    Attributes
    ----------
    prefix : str
        First level(s) of every topic.
    is_open : bool
        Nobody is asked who they are: everything is allowed.
    gateways, trusted : frozenset of str
    observations : tuple of str
        Filters that gateways publish under beside our own form of topic (other formats have other topics).
    """

    prefix: str
    is_open: bool
    gateways: frozenset[str]
    trusted: frozenset[str]
    observations: tuple[str, ...] = ()

    def may_publish(self, user: str | None, topic: str) -> bool:
        """Whether a user may publish to a topic."""
        if topic.startswith("$"):
            return False
        return self._is_free(user) or any(matches(allowed, topic) for allowed in self._writes(user))

    def may_subscribe(self, user: str | None, topic_filter: str) -> bool:
        """Whether a user may subscribe to a filter: every topic of it must be theirs."""
        if topic_filter.startswith("$"):
            return False
        return self._is_free(user) or any(_covers(allowed, topic_filter) for allowed in self._reads(user))

    def _is_free(self, user: str | None) -> bool:
        return self.is_open or user in self.trusted

    def _writes(self, user: str | None) -> Sequence[str]:
        if user is None or not is_user_name(user):
            return ()
        topic = f"{self.prefix}/+/+/{user}/obs"
        own = (
            topic,
            f"{topic}/{BACKLOG_LEVEL}",
            f"{self.prefix}/answer/{user}",
            f"{self.prefix}/drill/answer/{user}",
            f"{self.prefix}/sign/{user}",
            f"{self.prefix}/report/{user}",
        )
        if user not in self.gateways:
            return own
        every = f"{self.prefix}/+/+/+/obs"
        return (*own, every, f"{every}/{BACKLOG_LEVEL}", *self.observations)

    def _reads(self, user: str | None) -> Sequence[str]:
        if user is None or not is_user_name(user):
            return ()
        real = (f"{self.prefix}/device/{user}", f"{self.prefix}/warn/#", f"{self.prefix}/bulletin/#")
        return (*real, *(topic.replace(self.prefix, f"{self.prefix}/drill", 1) for topic in real))


def _covers(allowed: str, topic_filter: str) -> bool:
    """Whether every topic of a filter is one of another filter's."""
    wanted, given = allowed.split("/"), topic_filter.split("/")
    for n, level in enumerate(wanted):
        if level == "#":
            return True
        if n >= len(given) or given[n] == "#" or (level != "+" and given[n] != level):
            return False
    return len(wanted) == len(given)
