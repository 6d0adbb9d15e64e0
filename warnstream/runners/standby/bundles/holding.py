"""The side that stands by: bundles that the other box offers are kept, loaded by a child process, and ready.

What is loaded is without state; the judge takes its state over at the entry of the change. Entries come and
are confirmed meanwhile.
"""

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from warnstream.adapters.bundles.manifest import Manifest
from warnstream.adapters.bundles.receiving import Incoming, held, manifest_of
from warnstream.adapters.bundles.store import Bundle
from warnstream.adapters.bundles.uses import Use, note_use, read_uses
from warnstream.adapters.sending.answer_tokens import keep_secret
from warnstream.adapters.standby.connection import Connection
from warnstream.adapters.standby.frames import ProtocolError
from warnstream.adapters.standby.messages import BundlePart, Holds, Lacks, Offer, Secret
from warnstream.config.settings import Configuration
from warnstream.model.errors import StoreError, WarnstreamError, describe
from warnstream.runners.build import assemble, build_intake
from warnstream.runners.history.renamed import named_as_before
from warnstream.runners.intake.history_entries import CONFIGURATION, ConfigurationEntry, decode_configuration
from warnstream.runners.live.reloading.changeover import Change, Ready
from warnstream.runners.live.reloading.handover import Ask, joined, software_stamp
from warnstream.runners.live.reloading.preparing import Child
from warnstream.runners.live.reloading.scope import restart_faults
from warnstream.runners.standby.bundles.in_force import Configured, on_box

log = logging.getLogger(__name__)

READY_MAX = 2
"""Configurations that wait for their entry; each is an engine."""


class Holding:
    """Bundles of a box that stands by.

    Parameters
    ----------
    configured : Configured
    running : Configuration
        What the log is under.
    child : Child, optional

    Attributes
    ----------
    runs : str
        Fingerprint of what the log is under at its end.
    """

    def __init__(self, configured: Configured, running: Configuration, child: Child | None = None) -> None:
        self._configured, self._store = configured, configured.store
        self._child, self._software = child or Child(), software_stamp()
        self.runs = running.fingerprint
        self._incoming: Incoming | None = None
        self._ready: dict[int, Ready] = {}
        self._loading = threading.Lock()
        self._is_closed = False

    def said(self) -> list[str]:
        """For /readyz: that CONFIG_DIR has something else."""
        if self.runs == self._configured.in_folder:
            return []
        text = (
            f"the log is under configuration {self.runs[:12]}, CONFIG_DIR of this box has "
            f"{self._configured.in_folder[:12]}: what the log is under runs, also after a takeover; copy "
            "CONFIG_DIR from the box that leads when you can"
        )
        return [text]

    def close(self) -> None:
        """Nothing is loaded any more."""
        self._is_closed = True
        self._child.stop()
        if self._incoming is not None:
            self._incoming.drop()

    def take(self, connection: Connection, said: Offer | BundlePart | Secret) -> None:
        """What this box is to have before it may lead. ProtocolError, OSError, StoreError."""
        if isinstance(said, Offer):
            self.offered(connection, said)
        elif isinstance(said, BundlePart):
            self.take_part(connection, said)
        else:
            self._keep_secret(said.content)

    def _keep_secret(self, secret: bytes) -> None:
        try:
            is_other = keep_secret(self._configured.configuration.storage.directory, secret)
        except ValueError as error:
            raise ProtocolError(str(error)) from None
        if is_other:
            log.info("answer links and tokens of the other box open here, too")

    def offered(self, connection: Connection, said: Offer) -> None:
        """A bundle is to be held; in the thread that hears. ProtocolError, OSError."""
        try:
            manifest = manifest_of(said.manifest)
        except ValueError as error:
            raise ProtocolError(str(error)) from None
        try:
            bundle = held(self._store, manifest)
            if bundle is not None:
                self._load_beside(connection, bundle)
                return
            self._incoming = Incoming(self._store, manifest, self._configured.configuration.directory)
            if self._incoming.is_whole:
                self._load_beside(connection, self._incoming.keep())
                return
        except StoreError as error:
            self._refuse(connection, manifest, error)
            return
        connection.send(Lacks(manifest.number))

    def take_part(self, connection: Connection, said: BundlePart) -> None:
        """The next bytes of it. ProtocolError, OSError."""
        incoming = self._incoming
        if incoming is None or said.number != incoming.manifest.number:
            return  # of one that the disk has refused
        try:
            incoming.take(said.content)
            if incoming.is_whole:
                self._incoming = None
                self._load_beside(connection, incoming.keep())
        except ValueError as error:
            raise ProtocolError(str(error)) from None
        except StoreError as error:
            incoming.drop()
            self._incoming = None
            self._refuse(connection, incoming.manifest, error)

    def _refuse(self, connection: Connection, manifest: Manifest, error: StoreError) -> None:
        log.error("a bundle cannot be kept", extra={"bundle": manifest.number, "error": str(error)})
        connection.send(Holds(manifest.number, manifest.digest, f"it cannot be kept: {error}"))

    def _load_beside(self, connection: Connection, bundle: Bundle) -> None:
        log.info("bundle held", extra={"bundle": bundle.number})
        self._note_first(bundle)
        threading.Thread(
            target=self._load_and_say, args=(connection, bundle), name="standby-bundle", daemon=True
        ).start()

    def _note_first(self, bundle: Bundle) -> None:
        """What the log has been under from the beginning, as far as this box knows."""
        if bundle.manifest.fingerprint == self.runs and not read_uses(self._store.folder):
            note_use(self._store.folder, self._use(bundle.manifest, 0))

    def _load_and_say(self, connection: Connection, bundle: Bundle) -> None:
        fault = ""
        try:
            if bundle.manifest.fingerprint != self.runs:
                with self._loading:
                    self._load(bundle)
        except Exception as error:  # noqa: BLE001  # whatever it is, the other box is told
            fault = describe(error)
            log.error("a bundle cannot be loaded", extra={"bundle": bundle.number, "why": fault})  # noqa: TRY400
        with suppress(OSError):
            connection.send(Holds(bundle.number, bundle.manifest.digest, fault))

    def _load(self, bundle: Bundle) -> Ready:
        """An engine without state for a bundle; kept until its entry comes."""
        known = self._ready.get(bundle.number)
        if known is not None and known.configuration.fingerprint == bundle.manifest.fingerprint:
            return known
        own = self._configured.configuration
        ask = Ask(str(own.directory), str(own.storage.directory), bundle.number, 0, is_bare=True)
        report, parts = self._child.prepare(ask)
        if report.faults:
            raise WarnstreamError("; ".join(report.faults))
        if report.software != self._software:
            raise WarnstreamError("the software on disk is not what this box runs: it needs a restart")
        derived = joined(parts)
        derived = replace(derived, configuration=on_box(derived.configuration, self._configured.box))
        if faults := restart_faults(own, derived.configuration):
            raise WarnstreamError("; ".join(faults))
        intake = build_intake(derived.configuration, engine=assemble(derived))
        ready = Ready(derived.configuration, intake, b"", Change(bundle.number, 0, "", ""))
        self._ready[bundle.number] = ready
        while len(self._ready) > READY_MAX:
            self._ready.pop(next(iter(self._ready)))
        return ready

    def note_changes(self, first: int, entries: Sequence[tuple[str, bytes]]) -> None:
        """Entries are kept next, from a number on: what the log is under from then on. StoreError."""
        for number, (kind, payload) in enumerate(entries, start=first):
            if kind != CONFIGURATION:
                continue
            try:
                entry = decode_configuration(payload)
            except ValueError as error:  # the judge says so
                said = {"entry": number, "error": str(error)}
                log.error("entry of a configuration cannot be read", extra=said)  # noqa: TRY400
                continue
            bundle = self._held(entry)
            if entry.fingerprint == self.runs or bundle is None:
                continue
            note_use(self._store.folder, self._use(bundle.manifest, number - 1))
            self.runs = entry.fingerprint
            log.warning("the log goes on under another configuration", extra={"bundle": bundle.number})

    def ready_for(self, entry: ConfigurationEntry) -> Ready | None:
        """What the judge goes by from an entry on; None where its bundle is not held here.

        Raises
        ------
        WarnstreamError
            If it cannot be loaded.
        """
        bundle = self._held(entry)
        if bundle is None:
            return None
        with self._loading:
            ready = self._load(bundle)
            del self._ready[bundle.number]
        named = named_as_before(ready.configuration, [entry])
        return (
            ready
            if named is ready.configuration
            else replace(ready, configuration=named, intake=build_intake(named))
        )

    def _held(self, entry: ConfigurationEntry) -> Bundle | None:
        of_it = [
            bundle for bundle in self._store.bundles() if bundle.manifest.fingerprint == entry.fingerprint
        ]
        return next(
            (bundle for bundle in of_it if bundle.number == entry.bundle), of_it[-1] if of_it else None
        )

    def _use(self, manifest: Manifest, entry: int) -> Use:
        instead = self._configured.instead_of(manifest.fingerprint)
        return Use(manifest.number, entry, manifest.at, manifest.who, manifest.why, instead)
