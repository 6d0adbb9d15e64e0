"""Where a node answers over HTTP, and under which names; known long before a large county is read."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from warnstream.config.faults import FaultLog
from warnstream.config.folder import Folder
from warnstream.config.node.document import NodeSection, StorageSection
from warnstream.config.node.http import HttpSection
from warnstream.config.node.machines.standby import StandbySection
from warnstream.config.node.messages import MessagesSection
from warnstream.config.settings import HttpSettings
from warnstream.config.yaml.check import valid_part
from warnstream.config.yaml.tree import YamlTree, read_yaml

NODE_FILE = "warnstream.yaml"


def http_address(directory: Path, box: str = "") -> tuple[str, HttpSettings] | None:
    """Name of a node and its HTTP interface, of warnstream.yaml alone; of two boxes that of `box`.

    None where they are wrong or not there; `load_configuration` says why.
    """
    tree = _tree(directory)
    node, http = valid_part(NodeSection, tree, "node"), valid_part(HttpSection, tree, "http")
    messages = valid_part(MessagesSection, tree, "messages")
    if node is None or http is None:
        return None
    settings = http_settings(http, messages.web if messages else "")
    standby = valid_part(StandbySection, tree, "standby") if box else None
    own = standby.boxes.get(box) if standby is not None else None
    return node.name, settings if own is None else replace(settings, host=own.bind or settings.host)


def storage_directory(directory: Path) -> Path:
    """Where a node keeps what must survive it, of warnstream.yaml alone; the default where that is wrong."""
    storage = valid_part(StorageSection, _tree(directory), "storage") or StorageSection()
    return directory.absolute() / storage.directory


def _tree(directory: Path) -> YamlTree | None:
    faults = FaultLog()
    if not directory.is_dir():
        return None
    text = Folder(directory.absolute(), faults).read_text(NODE_FILE)
    return None if text is None else read_yaml(NODE_FILE, text, faults)


def http_settings(http: HttpSection, web: str) -> HttpSettings:
    """The hosts of `messages.web` and `http.public_url` are where people come from, so they are ours."""
    linked = [urlsplit(link).hostname for link in (web, http.public_url) if link]
    hosts = (*http.hosts, *(host for host in linked if host))
    return HttpSettings(http.host, http.port, http.public_url.rstrip("/"), hosts, tuple(http.proxies))
