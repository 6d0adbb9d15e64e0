"""The side that leads: the other box holds a bundle, and could load it, before an entry of it goes there."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from warnstream.adapters.bundles.receiving import contents_of
from warnstream.adapters.bundles.store import Bundle, BundleStore
from warnstream.adapters.bundles.uses import read_uses
from warnstream.adapters.standby.connection import Connection
from warnstream.adapters.standby.messages import BundlePart, Hello, Holds, Lacks, Offer
from warnstream.model.errors import StoreError
from warnstream.runners.intake.history_entries import CONFIGURATION, decode_configuration
from warnstream.runners.standby.bundles.in_force import use_at

log = logging.getLogger(__name__)

HOLD_S_MAX = 300.0
"""A large county takes a minute to load; what takes longer hangs."""

BEAT_S = 1.0


class NotHeldError(Exception):
    """The other box cannot go on with the log: it lacks a configuration, or cannot go by it."""


class Offering:
    """Bundles offered over the line, one at a time.

    Parameters
    ----------
    storage : Path
        Storage directory of this box.
    hold_s_max : float
    """

    def __init__(self, storage: Path, hold_s_max: float = HOLD_S_MAX) -> None:
        self._store, self._hold_s_max = BundleStore(storage), hold_s_max
        self._turn, self._news = threading.Lock(), threading.Condition()
        self._said: Lacks | Holds | None = None
        self._held: set[tuple[int, str]] = set()
        self._runs_there = ""

    def begin(self, runs_there: str) -> None:
        """Another connection, of a box that goes by a configuration; nothing is known of what it holds."""
        with self._news:
            self._held.clear()
            self._said, self._runs_there = None, runs_there

    def take(self, said: Lacks | Holds) -> None:
        """What the other box says to an offer; from the thread that hears it."""
        with self._news:
            self._said = said
            self._news.notify_all()

    def can_follow(self, hello: Hello, runs: str) -> bool:
        """Whether a box that greets goes by what runs, or by what the log was under where its own ends."""
        if hello.configuration == runs:
            return True
        try:
            known = {bundle.manifest.fingerprint: bundle.number for bundle in self._store.bundles()}
            if not hello.last or hello.configuration not in known:
                return hello.configuration in known
            use = use_at(read_uses(self._store.folder), hello.last)
            return use is not None and self._bundle_of(use.number, hello.configuration) is not None
        except StoreError as error:
            log.warning("bundles cannot be read", extra={"error": str(error)})
            return False

    def offer_present(
        self, connection: Connection, is_there: Callable[[], bool], beat: Callable[[], None]
    ) -> None:
        """What it goes by already, if that is kept: it can follow changes from there after a restart, too."""
        try:
            kept = [
                bundle for bundle in self._store.bundles() if bundle.manifest.fingerprint == self._runs_there
            ]
        except StoreError as error:
            log.warning("bundles cannot be read", extra={"error": str(error)})
            return
        if kept:
            self.hold(connection, kept[-1], is_there, beat)

    def offer_changes(
        self,
        connection: Connection,
        entries: Sequence[tuple[str, bytes]],
        runs: str,
        is_there: Callable[[], bool],
        beat: Callable[[], None],
    ) -> None:
        """No change goes to the other box before it holds what that is a change to; `runs`: what runs here.

        Raises
        ------
        NotHeldError
            If it cannot go on with the log.
        StoreError, OSError
            If bundles cannot be read, or it has gone.
        """
        for kind, payload in entries:
            if kind != CONFIGURATION:
                continue
            entry = decode_configuration(payload)
            bundle = self._bundle_of(entry.bundle, entry.fingerprint)
            if bundle is None and self._runs_there not in {runs, entry.fingerprint}:
                raise NotHeldError(
                    f"the log goes on under configuration {entry.fingerprint[:12]} (bundle {entry.bundle}), "
                    "which is not kept: copy CONFIG_DIR, restart it"
                )
            if bundle is None:
                continue  # it goes by that already, or was started with what runs now
            if fault := self.hold(connection, bundle, is_there, beat):
                raise NotHeldError(f"it cannot take bundle {bundle.number}: {fault}")
            self._runs_there = entry.fingerprint

    def _bundle_of(self, number: int, fingerprint: str) -> Bundle | None:
        known = [bundle for bundle in self._store.bundles() if bundle.manifest.fingerprint == fingerprint]
        return next((bundle for bundle in known if bundle.number == number), None)

    def hold(
        self,
        connection: Connection,
        bundle: Bundle,
        is_there: Callable[[], bool],
        beat: Callable[[], None] = lambda: None,
    ) -> str:
        """Have the other box hold a bundle; why it cannot go by it, empty: it can.

        Parameters
        ----------
        connection : Connection
        bundle : Bundle
        is_there : callable
            The connection is still the one that the other box follows by.
        beat : callable
            Called once a second meanwhile.

        Raises
        ------
        OSError
            If the other box is gone, or a file of the bundle cannot be read.
        """
        key = (bundle.number, bundle.manifest.digest)
        while not self._turn.acquire(timeout=BEAT_S):
            beat()
        try:
            if key in self._held:
                return ""
            with self._news:
                self._said = None
            connection.send(Offer(msgspec.json.encode(bundle.manifest)))
            until, is_sent = time.monotonic() + self._hold_s_max, False
            while is_there():
                with self._news:
                    self._news.wait_for(lambda: self._said is not None, BEAT_S)
                    said, self._said = self._said, None
                beat()
                if isinstance(said, Lacks) and said.number == bundle.number and not is_sent:
                    is_sent = True
                    self._send(connection, bundle, beat)
                elif isinstance(said, Holds) and (said.number, said.digest) == key:
                    if not said.fault:
                        self._held.add(key)
                    return said.fault
                if time.monotonic() > until:
                    return f"it has not said within {self._hold_s_max:.0f} s that it holds it"
        finally:
            self._turn.release()
        raise ConnectionResetError("the other box has gone")

    def _send(self, connection: Connection, bundle: Bundle, beat: Callable[[], None]) -> None:
        beaten = time.monotonic()
        for content in contents_of(bundle):
            connection.send(BundlePart(bundle.number, content))
            if time.monotonic() - beaten > BEAT_S:
                beat()
                beaten = time.monotonic()
        log.info("a bundle was sent to the other box", extra={"bundle": bundle.number, "bytes": bundle.size})
