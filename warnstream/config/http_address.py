"""Where a node answers over HTTP, known long before a large county is read."""

from pathlib import Path

from warnstream.config.faults import FaultLog
from warnstream.config.folder import Folder
from warnstream.config.load import NODE_FILE
from warnstream.config.node.document import NodeSection
from warnstream.config.node.http import HttpSection
from warnstream.config.yaml.check import valid_part
from warnstream.config.yaml.tree import read_yaml


def http_address(directory: Path) -> tuple[str, str, int] | None:
    """Name, host and port of a node, of warnstream.yaml alone: known long before a large county is read.

    None where they are wrong or not there; `load_configuration` says why.
    """
    faults = FaultLog()
    if not directory.is_dir():
        return None
    text = Folder(directory.absolute(), faults).read_text(NODE_FILE)
    tree = None if text is None else read_yaml(NODE_FILE, text, faults)
    node, http = valid_part(NodeSection, tree, "node"), valid_part(HttpSection, tree, "http")
    return None if node is None or http is None else (node.name, http.host, http.port)
