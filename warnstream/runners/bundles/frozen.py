"""A configuration by what people call it: a folder, the number of a bundle, or ``live``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from warnstream.adapters.bundles.manifest import MANIFEST, read_manifest
from warnstream.adapters.bundles.store import Bundle, BundleStore
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.errors import ConfigError, StoreError, WarnstreamError

LIVE = "live"


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """A configuration that was asked for.

    Attributes
    ----------
    title : str
        For people.
    configuration : Configuration
    path_of_file : dict of str to Path
        Where its files lie, by the names that the configuration has for them.
    """

    title: str
    configuration: Configuration
    path_of_file: dict[str, Path]


def load_bundle(bundle: Bundle) -> Configuration:
    """The configuration of a bundle; what it names outside is sought where it lay.

    Raises
    ------
    StoreError
        If a file is gone or is not what was frozen.
    ConfigError
        If this version of the software does not take what an earlier one took.
    """
    faults = bundle.faults()
    if faults:
        raise StoreError("; ".join(faults), retryable=False)
    return load_configuration(Path(bundle.manifest.origin), frozen=paths_of(bundle))


def paths_of(bundle: Bundle) -> dict[str, Path]:
    """Where the files of a bundle lie, by name."""
    return {file.name: bundle.folder / file.path for file in bundle.manifest.files}


def load_named(name: str, storage: Path | None) -> Named:
    """Load what somebody names.

    Parameters
    ----------
    name : str
        A folder with a configuration or a bundle, a number, or ``live``.
    storage : Path or None
        Where numbers and ``live`` are sought.

    Raises
    ------
    WarnstreamError
        If there is no such configuration, or it has faults.
    """
    if is_number(name):
        if storage is None:
            raise WarnstreamError(f"{name}: of which node? give a folder beside it, or --storage DIRECTORY")
        store = BundleStore(storage)
        return _named(store.present() if name == LIVE else store.bundle(int(name)))
    folder = Path(name)
    if (folder / MANIFEST).is_file():
        return _named(Bundle(folder, read_manifest(folder)))
    configuration = load_configuration(folder)
    paths = {file: configuration.directory / file for file in configuration.files_read}
    return Named(str(folder), configuration, paths)


def load_all(names: Sequence[str], storage: Path | None) -> dict[str, Named]:
    """Load several; numbers and ``live`` among them mean the storage directory of a folder beside them.

    Parameters
    ----------
    names : sequence of str
    storage : Path or None
        Where numbers and ``live`` are sought instead.

    Raises
    ------
    WarnstreamError
        If one of them is not there, or has faults.
    """
    loaded = {name: _load(name, storage) for name in names if not is_number(name)}
    storage = storage or storage_of(loaded)
    return {name: loaded[name] if name in loaded else _load(name, storage) for name in names}


def is_number(name: str) -> bool:
    """Whether a name means a bundle of a node, not a folder."""
    return name == LIVE or (name.isascii() and name.isdigit())


def _load(name: str, storage: Path | None) -> Named:
    try:
        return load_named(name, storage)
    except ConfigError as error:
        raise WarnstreamError(f"{name} has faults:\n{error}") from error


def storage_of(loaded: Mapping[str, Named]) -> Path | None:
    """The storage directory of a folder that somebody runs; a bundle's own folder comes second."""
    folders = [name for name in loaded if not is_number(name)]
    folders.sort(key=lambda name: (Path(name) / MANIFEST).is_file())
    return next((loaded[name].configuration.storage.directory for name in folders), None)


def _named(bundle: Bundle) -> Named:
    title = f"bundle {bundle.number} of {bundle.manifest.at} ({bundle.manifest.why})"
    return Named(title, load_bundle(bundle), paths_of(bundle))
