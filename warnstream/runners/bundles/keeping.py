"""The node's own bundle: frozen at its start, tried again while the disk refuses; others are forgotten.

Nothing here keeps a node from warning: a configuration that cannot be kept is an alarm that leaves it ready.
"""

import getpass
import logging
import os
import threading
from typing import Protocol

from warnstream import __version__
from warnstream.adapters.bundles.manifest import sha256_of
from warnstream.adapters.bundles.store import BundleStore, Freezing
from warnstream.adapters.bundles.uses import Use, note_use, read_uses
from warnstream.adapters.metrics import Metrics
from warnstream.config.rule_tests.read import files_of
from warnstream.config.settings import Configuration
from warnstream.model.alarms import AlarmPort
from warnstream.model.errors import StoreError
from warnstream.model.times import iso_utc

log = logging.getLogger(__name__)

WHY = "start"


class Entries(Protocol):
    """How far a journal reaches."""

    def first_sequence(self) -> int:
        """Number of the oldest entry that is kept."""

    def last_sequence(self) -> int:
        """Number of the newest entry; 0 for a new journal."""


class OwnBundle:
    """Keeps the configuration of one node as a bundle.

    Parameters
    ----------
    configuration : Configuration
    journal : Entries
    alarms : AlarmPort
    metrics : Metrics

    Attributes
    ----------
    number : int
        Of the bundle that runs; 0 while it could not be kept.
    """

    def __init__(
        self, configuration: Configuration, journal: Entries, alarms: AlarmPort, metrics: Metrics
    ) -> None:
        self._configuration, self._journal = configuration, journal
        self._alarms, self._metrics = alarms, metrics
        self._store = BundleStore(configuration.storage.directory)
        self._working: threading.Thread | None = None
        self.number = 0

    def keep(self, now_s: int) -> int:
        """Freeze what was read, if it is not yet; its number, 0 where the disk refuses."""
        if not self.number:
            try:
                self.number = self._freeze(iso_utc(now_s))
                self._alarms.end_alarm("bundle")
            except (StoreError, OSError) as error:
                text = f"the running configuration is not kept as a bundle: {error}"
                self._alarms.raise_alarm("bundle", text, is_blocking=False, zh=f"现行配置未能存档：{error}")
            self._metrics.configuration_info.clear()
            fingerprint = self._configuration.fingerprint[:12]
            self._metrics.configuration_info.labels(str(self.number), fingerprint, __version__).set(1)
        return self.number

    def look(self, now_s: int) -> None:
        """Try again what failed, and forget what nobody needs, in a thread of its own."""
        if self._working is not None and self._working.is_alive():
            return
        self._working = threading.Thread(target=self._look, args=(now_s,), name="bundles", daemon=True)
        self._working.start()

    def _look(self, now_s: int) -> None:
        self.keep(now_s)
        try:
            pruned = self._store.prune(self._journal.first_sequence())
            kept = self._store.bundles()
        except StoreError as error:
            log.warning("bundles cannot be pruned", extra={"error": str(error)})
            return
        if pruned:
            log.info("bundles pruned", extra={"bundles": pruned})
        self._metrics.configurations_kept.set(len(kept))
        self._metrics.configurations_bytes.set(sum(bundle.size for bundle in kept))

    def _freeze(self, at: str) -> int:
        configuration, who = self._configuration, _user()
        # Their tests belong to them: a bundle can be tried as it was.
        tests = {
            str(path.relative_to(configuration.directory)): sha256_of(path)
            for path in files_of(configuration.directory)
        }
        bundle = self._store.freeze(
            Freezing(
                configuration.directory,
                {**configuration.sha256_of_file, **tests},
                configuration.fingerprint,
                __version__,
                at,
                who,
                WHY,
            )
        )
        uses = read_uses(self._store.folder)
        if not uses or uses[-1].number != bundle.number:
            entry = self._journal.last_sequence()
            note_use(self._store.folder, Use(bundle.number, entry, at, who, WHY))
            log.info("configuration kept", extra={"bundle": bundle.number, "folder": str(bundle.folder)})
        return bundle.number


def _user() -> str:
    """Who runs this process, by name where the system has one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
