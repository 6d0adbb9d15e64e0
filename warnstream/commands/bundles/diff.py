"""The command ``warnstream diff``: two configurations, by what their difference means. Read only."""

import json
from pathlib import Path

from warnstream.adapters.bundles.manifest import MANIFEST
from warnstream.config.differences.report import differences
from warnstream.model.errors import ConfigError, WarnstreamError
from warnstream.runners.bundles.frozen import LIVE, Named, load_named


def show_diff(old: str, new: str, storage: Path | None, *, as_json: bool) -> str:
    """What changed from one to the other, as text or JSON.

    Raises
    ------
    WarnstreamError
        If one of them is not there, or has faults.
    """
    names = (old, new)
    # Folders first: theirs is the storage in which numbers are sought.
    loaded = {name: _load(name, storage) for name in names if _is_folder(name)}
    storage = storage or _storage_of(loaded)
    loaded |= {name: _load(name, storage) for name in names if name not in loaded}
    before, after = loaded[old], loaded[new]
    found = differences(before.configuration, after.configuration, before.path_of_file, after.path_of_file)
    if as_json:
        record = {
            "old": before.title,
            "new": after.title,
            "meaning": list(found.meaning),
            "files": found.files,
        }
        return json.dumps(record, ensure_ascii=False)
    if not found.files:
        return f"{before.title} and {after.title} are the same"
    lines = [f"from {before.title}", f"to   {after.title}"]
    lines += found.meaning or ("nothing that judges or tells has changed",)
    return "\n".join([*lines, *(f"file {name}: {what}" for name, what in found.files.items())])


def _load(name: str, storage: Path | None) -> Named:
    try:
        return load_named(name, storage)
    except ConfigError as error:
        raise WarnstreamError(f"{name} has faults:\n{error}") from error


def _is_folder(name: str) -> bool:
    return name != LIVE and not (name.isascii() and name.isdigit())


def _storage_of(loaded: dict[str, Named]) -> Path | None:
    """The storage directory of a folder that somebody runs; a bundle's own folder comes second."""
    ordered = sorted(loaded.items(), key=lambda one: (Path(one[0]) / MANIFEST).is_file())
    return next((named.configuration.storage.directory for _, named in ordered), None)
