"""The configuration that a box's log is under at its end: what CONFIG_DIR has, or a bundle instead.

A change of the running node reaches the box that stands by as a bundle and an entry; its CONFIG_DIR stays as
it was. So that box goes by its log, and so does the one that takes over.
"""

import logging
from dataclasses import dataclass, replace

from warnstream.adapters.bundles.receiving import settle_origins
from warnstream.adapters.bundles.store import BundleStore
from warnstream.adapters.bundles.uses import Use, note_use, read_uses
from warnstream.adapters.journal.conversion import FOLDER as JOURNAL
from warnstream.adapters.journal.extents import find_extent
from warnstream.config.settings import Configuration
from warnstream.model.errors import ConfigError, StoreError
from warnstream.runners.bundles.frozen import load_bundle
from warnstream.runners.bundles.keeping import is_rolled_back
from warnstream.runners.live.reloading.scope import restart_faults

log = logging.getLogger(__name__)


def on_box(configuration: Configuration, box: str) -> Configuration:
    """The configuration with the addresses that this box listens on."""
    standby = configuration.standby
    bind = None if standby is None or box not in standby.boxes else standby.boxes[box].bind
    if bind is None:
        return configuration
    listener = configuration.listener
    return replace(
        configuration,
        http=replace(configuration.http, host=bind),
        listener=None if listener is None else replace(listener, host=bind),
    )


def use_at(uses: list[Use], last: int) -> Use | None:
    """What a log that ends with an entry is under.

    >>> uses = [Use(1, 0, "", "", ""), Use(2, 70, "", "", "")]
    >>> [use_at(uses, last).number for last in (0, 70, 71)]
    [1, 1, 2]
    """
    within = [use for use in uses if use.entry < last] or uses[:1]
    return within[-1] if within else None


@dataclass(frozen=True, slots=True, eq=False)
class Configured:
    """What a machine was started with.

    Attributes
    ----------
    configuration : Configuration
        With the addresses of its box: what its servers were opened by.
    box : str
    in_folder : str
        Fingerprint of what CONFIG_DIR has; another one than the configuration's where that is a bundle.
    """

    configuration: Configuration
    box: str
    in_folder: str

    @property
    def store(self) -> BundleStore:
        """Of this box's storage."""
        return BundleStore(self.configuration.storage.directory)

    def instead_of(self, fingerprint: str) -> str:
        """What a use of that configuration says of CONFIG_DIR: a restart does not take that."""
        return "" if fingerprint == self.in_folder else self.in_folder

    def at(self, last: int) -> Configuration:
        """What a log that ends with an entry is under; what was started with where that is not known."""
        own, store = self.configuration, self.store
        try:
            use = use_at(read_uses(store.folder), last)
            if use is None:
                return own
            bundle = store.bundle(use.number)
            if bundle.manifest.fingerprint == own.fingerprint:
                return own
            found = on_box(load_bundle(bundle), self.box)
        except (StoreError, ConfigError) as error:
            log.warning("what the log is under cannot be read", extra={"error": str(error)})
            return own
        if faults := restart_faults(own, found):
            log.warning("CONFIG_DIR is taken, not what the log is under", extra={"why": "; ".join(faults)})
            return own
        log.warning("a bundle runs, not what CONFIG_DIR has", extra={"bundle": use.number})
        return found

    def in_force(self) -> Configuration:
        """What this box goes by from here on; noted, so that a restart does, too. StoreError."""
        journal = self.configuration.storage.directory / JOURNAL
        last = find_extent(journal).last_sequence if journal.is_dir() else 0
        settle_origins(self.store, self.configuration.directory)
        found = self.at(last)
        self.pin(found, last)
        return found

    def pin(self, running: Configuration, last: int) -> None:
        """Note what runs from here on, where the newest use says anything else.

        The newest one may be of a change whose entry this log never had. StoreError.
        """
        store = self.store
        uses = read_uses(store.folder)
        if not uses:
            return
        use, instead = use_at(uses, last), self.instead_of(running.fingerprint)
        if use is None or _fingerprint_of(store, use.number) != running.fingerprint:
            return  # the node notes its own
        if (uses[-1].number, uses[-1].instead) != (use.number, instead):
            note_use(store.folder, replace_use(use, last, instead))


def replace_use(use: Use, entry: int, instead: str) -> Use:
    """The same use, from another entry on."""
    return Use(use.number, entry, use.at, use.who, use.why, instead)


def configured_on(configuration: Configuration, box: str) -> Configured:
    """What this machine was started with. StoreError."""
    store = BundleStore(configuration.storage.directory)
    settle_origins(store, configuration.directory)
    newest = next(reversed(read_uses(store.folder)), None)
    is_instead = newest is not None and is_rolled_back(newest, configuration, store)
    in_folder = newest.instead if newest is not None and is_instead else configuration.fingerprint
    return Configured(configuration, box, in_folder)


def _fingerprint_of(store: BundleStore, number: int) -> str:
    try:
        return store.bundle(number).manifest.fingerprint
    except StoreError:
        return ""
