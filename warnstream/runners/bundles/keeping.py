"""The node's own bundle: frozen at its start, tried again while the disk refuses; others are forgotten.

Nothing here keeps a node from warning: a configuration that cannot be kept is an alarm that leaves it ready.
"""

import getpass
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace

from warnstream import __version__
from warnstream.adapters.bundles.manifest import sha256_of
from warnstream.adapters.bundles.store import Bundle, BundleStore, Freezing
from warnstream.adapters.bundles.uses import Use, note_use, read_uses
from warnstream.adapters.metrics import Metrics
from warnstream.config.load import load_configuration
from warnstream.config.rule_tests.read import files_of
from warnstream.config.settings import Configuration
from warnstream.model.alarms import AlarmPort
from warnstream.model.errors import ConfigError, StoreError
from warnstream.model.times import iso_utc
from warnstream.runners.bundles.frozen import load_bundle
from warnstream.runners.bundles.registers import Registers

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
    instead : str
        Fingerprint of what CONFIG_DIR has and was rolled back; empty where nothing was.
    registers : Registers
        Of configurations that have run.
    """

    def __init__(
        self, configuration: Configuration, journal: Entries, alarms: AlarmPort, metrics: Metrics
    ) -> None:
        self._configuration, self._journal = configuration, journal
        self._alarms, self._metrics = alarms, metrics
        self._store = BundleStore(configuration.storage.directory)
        self.registers = Registers(self._store)
        self._working: threading.Thread | None = None
        self._lock = threading.Lock()
        self.number, self.instead = 0, ""

    def keep(self, now_s: int) -> int:
        """Freeze what was read, if it is not yet; its number, 0 where the disk refuses."""
        if not self.number:
            try:
                with self._lock:
                    self.number = self._keep(iso_utc(now_s))
                self._alarms.end_alarm("bundle")
            except (StoreError, OSError) as error:
                text = f"the running configuration is not kept as a bundle: {error}"
                self._alarms.raise_alarm("bundle", text, is_blocking=False, zh=f"现行配置未能存档：{error}")
            self._tell()
        return self.number

    def _tell(self) -> None:
        self._metrics.configuration_info.clear()
        fingerprint = self._configuration.fingerprint[:12]
        self._metrics.configuration_info.labels(str(self.number), fingerprint, __version__).set(1)

    def frozen(self, configuration: Configuration, now_s: int, who: str, why: str) -> Bundle:
        """The bundle of another configuration that was read from CONFIG_DIR; it does not run yet.

        Raises
        ------
        StoreError
            If the disk refuses, or a file is no longer what was read.
        """
        with self._lock:
            return self._freeze(configuration, iso_utc(now_s), who, why)

    def has_run(self, number: int) -> bool:
        """Whether a bundle has run here before."""
        return any(use.number == number for use in read_uses(self._store.folder))

    def bundle(self, number: int) -> Bundle:
        """The bundle of a number. StoreError if it is not kept."""
        return self._store.bundle(number)

    def configuration_of(self, number: int) -> Configuration:
        """What a bundle holds. StoreError or ConfigError if it cannot be read."""
        return load_bundle(self._store.bundle(number))

    @contextmanager
    def noted(self, use: Use) -> Iterator[None]:
        """That bundle runs from the next entry on; if that entry cannot be kept, what has run until now does.

        Raises
        ------
        StoreError
            If the disk refuses.
        """
        with self._lock:
            before = read_uses(self._store.folder)
            note_use(self._store.folder, use)
            try:
                yield
            except StoreError:
                for known in before[-1:]:
                    note_use(self._store.folder, replace(known, entry=use.entry))
                raise

    def change_to(self, configuration: Configuration, number: int, instead: str) -> None:
        """That configuration runs now, and its bundle is kept and noted."""
        self._configuration, self.number, self.instead = configuration, number, instead
        self._alarms.end_alarm("bundle")
        self._tell()

    def look(self, now_s: int) -> None:
        """Try again what failed, and forget what nobody needs, in a thread of its own."""
        if self._working is not None and self._working.is_alive():
            return
        self._working = threading.Thread(target=self._look, args=(now_s,), name="bundles", daemon=True)
        self._working.start()

    def _look(self, now_s: int) -> None:
        self.keep(now_s)
        try:
            with self._lock:
                pruned = self._store.prune(self._journal.first_sequence())
                kept = self._store.bundles()
        except StoreError as error:
            log.warning("bundles cannot be pruned", extra={"error": str(error)})
            return
        if pruned:
            log.info("bundles pruned", extra={"bundles": pruned})
        self._metrics.configurations_kept.set(len(kept))
        self._metrics.configurations_bytes.set(sum(bundle.size for bundle in kept))

    def _keep(self, at: str) -> int:
        uses, who = read_uses(self._store.folder), user()
        if uses and is_rolled_back(uses[-1], self._configuration, self._store):
            self.instead = uses[-1].instead
            return uses[-1].number
        bundle = self._freeze(self._configuration, at, who, WHY)
        if not uses or uses[-1].number != bundle.number:
            note_use(self._store.folder, Use(bundle.number, self._journal.last_sequence(), at, who, WHY))
            log.info("configuration kept", extra={"bundle": bundle.number, "folder": str(bundle.folder)})
        return bundle.number

    def _freeze(self, configuration: Configuration, at: str, who: str, why: str) -> Bundle:
        # Their tests belong to them: a bundle can be tried as it was.
        tests = {
            str(path.relative_to(configuration.directory)): sha256_of(path)
            for path in files_of(configuration.directory)
        }
        return self._store.freeze(
            Freezing(
                configuration.directory,
                {**configuration.sha256_of_file, **tests},
                configuration.fingerprint,
                __version__,
                at,
                who,
                why,
            )
        )


def is_rolled_back(use: Use, configuration: Configuration, store: BundleStore) -> bool:
    """Whether a configuration is of the bundle that was gone back to, and runs instead of CONFIG_DIR."""
    if not use.instead:
        return False
    try:
        return store.bundle(use.number).manifest.fingerprint == configuration.fingerprint
    except StoreError:
        return False


def configuration_to_run(directory: Path) -> Configuration:
    """CONFIG_DIR, or the bundle that was gone back to, while CONFIG_DIR still has what was rolled back.

    Raises
    ------
    ConfigError
        With every fault of CONFIG_DIR.
    """
    configuration = load_configuration(directory)
    store = BundleStore(configuration.storage.directory)
    try:
        use = next(reversed(read_uses(store.folder)), None)
        if use is None or use.instead != configuration.fingerprint:
            return configuration
        found = load_bundle(store.bundle(use.number))
    except (StoreError, ConfigError) as error:
        log.error("what runs instead of CONFIG_DIR cannot be read", extra={"error": str(error)})  # noqa: TRY400
        return configuration
    log.warning("CONFIG_DIR has what was rolled back: a bundle runs instead", extra={"bundle": use.number})
    return found


def user() -> str:
    """Who runs this process, by name where the system has one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
