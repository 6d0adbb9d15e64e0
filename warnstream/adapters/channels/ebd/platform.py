"""One platform: packages to it by HTTP POST, and what it answers."""

import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np

from warnstream.adapters.channels.ebd.package import (
    ANSWER_BYTES_MAX,
    Header,
    Package,
    PlatformAnswer,
    Signing,
    read_answer,
    signature_file,
)
from warnstream.config.channels.ebd import EbdChannelSection

SIGN_S_MAX = 10.0


class SigningError(Exception):
    """The program that signs has not signed."""


class Platform:
    """A platform as the channel and its watch see it; any thread may ask.

    Parameters
    ----------
    section : EbdChannelSection
    directory : Path
        Where the program that signs is looked for.
    clock : callable
        Wall clock, seconds since 1970 UTC.
    """

    def __init__(
        self, section: EbdChannelSection, directory: Path, clock: Callable[[], float] = time.time
    ) -> None:
        self._section, self._directory, self._clock = section, directory, clock
        self._client: httpx.Client | None = None
        self._lock = threading.Lock()

    def open(self) -> None:
        """Get a client; connections are made when there is something to send."""
        with self._lock:
            if self._client is None:
                self._client = httpx.Client(timeout=self._section.timeout_s, follow_redirects=False)

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def header(self) -> Header:
        """Of a package of now."""
        return Header(self._section.source, self._section.destination, self.local(self._clock()))

    def local(self, at_s: float) -> str:
        """A time as packages have it."""
        text = str(np.datetime64(int(at_s) + self._section.utc_offset_s, "s"))
        return text.replace("T", " ")

    def ask(self, package: Package) -> PlatformAnswer | None:
        """Post a package; what it answers, None where the body says nothing that can be read.

        Raises
        ------
        SigningError
            If it could not be signed: nothing was sent.
        httpx.HTTPError
            If it was not taken: `httpx.HTTPStatusError` says how it was refused.
        """
        content = package.tar(self._signature(package))
        with self._lock:
            client = self._client
        if client is None:
            raise httpx.TransportError("the channel is closed")
        form = {"file": (package.name, content, "application/octet-stream")}
        response = client.post(self._section.url, files=form)
        response.raise_for_status()
        if not response.content or len(response.content) > ANSWER_BYTES_MAX:
            return None
        try:
            return read_answer(response.content)
        except ValueError:
            return None

    def _signature(self, package: Package) -> bytes:
        own = self._section.signature
        signing = Signing(own.cert_type, own.issuer, own.cert_sn, own.digest, own.algorithm)
        value = self._signed(package.body) if own.program else ""
        return signature_file(package.ebd_id, signing, value, int(self._clock()))

    def _signed(self, body: bytes) -> str:
        program = str(self._directory / str(self._section.signature.program))
        try:
            done = subprocess.run(  # noqa: S603  # the county's own program, named in its configuration
                [program], input=body, capture_output=True, timeout=SIGN_S_MAX, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SigningError(f"the program that signs: {type(error).__name__}") from error
        value = done.stdout.decode("ascii", errors="replace").strip()
        if done.returncode or not value:
            raise SigningError(f"the program that signs ended with {done.returncode}")
        return value
