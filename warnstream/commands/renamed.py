"""What ``warnstream check`` says where a node has run: earlier codes (`was`) that no row of what runs has."""

from collections.abc import Collection, Iterator, Mapping

from warnstream.adapters.bundles.store import BundleStore
from warnstream.adapters.bundles.uses import read_uses
from warnstream.config.load import THRESHOLDS_FILE
from warnstream.config.settings import Configuration
from warnstream.config.tables.households_and_chain import CHAIN_FILE
from warnstream.config.tables.stations_and_villages import STATIONS_FILE, VILLAGES_FILE
from warnstream.config.wording import name_some
from warnstream.model.errors import ConfigError, StoreError
from warnstream.model.network import Network
from warnstream.runners.bundles.frozen import load_bundle


def renamed_looks(configuration: Configuration) -> Iterator[str]:
    """Sentences about rows that were called by a code which is not known; none where no bundle has run."""
    own = _earlier(configuration.network)
    if not any(own.values()):
        return
    store = BundleStore(configuration.storage.directory)
    try:
        uses = read_uses(store.folder)
        if not uses:
            return
        ran = load_bundle(store.bundle(uses[-1].number))
    except (StoreError, ConfigError):  # told elsewhere
        return
    live = ran.network
    before = _earlier(live)
    known: Mapping[str, Collection[str]] = {
        STATIONS_FILE: {*live.stations.code, *before[STATIONS_FILE]},
        VILLAGES_FILE: {*live.villages.code, *before[VILLAGES_FILE]},
        CHAIN_FILE: {*(row.post for row in live.chain), *before[CHAIN_FILE]},
        THRESHOLDS_FILE: {*(rule.name for rule in ran.rules), *before[THRESHOLDS_FILE]},
    }
    for file, codes in own.items():
        if unknown := sorted(set(codes) - set(known[file])):
            yield (
                f"{file}: was: {name_some(unknown)}: no row of what runs (bundle {uses[-1].number}) has or "
                "had that code, so nothing is kept of it"
            )


def _earlier(network: Network) -> dict[str, Collection[str]]:
    """Earlier codes by file."""
    return {
        STATIONS_FILE: set(network.stations.was.values()),
        VILLAGES_FILE: set(network.villages.was),
        CHAIN_FILE: set(network.posts_were),
        THRESHOLDS_FILE: set(network.hazards_were),
    }
