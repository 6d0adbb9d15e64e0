"""The command ``warnstream reload``: a running node takes a changed configuration, or says why not."""

import sys
from pathlib import Path

from warnstream.adapters.standby.leadership import why_not_here
from warnstream.config.faults import FaultLog
from warnstream.config.folder import Folder
from warnstream.config.http_address import NODE_FILE
from warnstream.config.node.document import StorageSection
from warnstream.config.yaml.check import valid_part
from warnstream.config.yaml.tree import read_yaml
from warnstream.model.errors import WarnstreamError
from warnstream.runners.bundles.keeping import user
from warnstream.runners.live.reloading.door import talk
from warnstream.runners.live.reloading.reloads import Wish

EXIT_REFUSED = 1


def reload_node(directory: Path, wish: Wish, storage: Path | None) -> int:
    """Ask the node of CONFIG_DIR; what it says goes to the terminal as it comes.

    Parameters
    ----------
    directory : Path
        CONFIG_DIR.
    wish : Wish
    storage : Path or None
        Storage directory of the node, where warnstream.yaml cannot be read any more.

    Raises
    ------
    WarnstreamError
        If no node answers, or it ends before all is said.
    """
    if wish.bundle < 0:
        raise WarnstreamError(f"--bundle {wish.bundle}: expected the number of a bundle")
    wish = Wish(wish.bundle, wish.is_agreed, wish.person or user(), wish.is_alone)
    storage = storage or storage_of(directory)
    if why := why_not_here(storage):
        raise WarnstreamError(why)
    for said in talk(storage, wish):
        if said.line:
            refuses = said.line.startswith("refused")
            print(said.line, file=sys.stderr if refuses else sys.stdout, flush=True)
        if said.is_live is not None:
            return 0 if said.is_live else EXIT_REFUSED
    return EXIT_REFUSED


def storage_of(directory: Path) -> Path:
    """The storage directory, of warnstream.yaml alone: all else is the node's to read."""
    faults = FaultLog()
    folder = Folder(directory.absolute(), faults)
    text = folder.read_text(NODE_FILE)
    tree = None if text is None else read_yaml(NODE_FILE, text, faults)
    section: StorageSection | None = valid_part(StorageSection, tree, "storage")
    if section is None:
        faults.raise_if_any()
        raise WarnstreamError(f"{directory / NODE_FILE}: storage cannot be read: see warnstream check")
    return directory.absolute() / section.directory
