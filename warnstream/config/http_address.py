"""Where a node answers over HTTP, and under which names; known long before a large county is read."""

from pathlib import Path
from urllib.parse import urlsplit

from warnstream.config.faults import FaultLog
from warnstream.config.folder import Folder
from warnstream.config.node.document import NodeSection
from warnstream.config.node.http import HttpSection
from warnstream.config.node.messages import MessagesSection
from warnstream.config.settings import HttpSettings
from warnstream.config.yaml.check import valid_part
from warnstream.config.yaml.tree import read_yaml

NODE_FILE = "warnstream.yaml"


def http_address(directory: Path) -> tuple[str, HttpSettings] | None:
    """Name of a node and its HTTP interface, of warnstream.yaml alone.

    None where they are wrong or not there; `load_configuration` says why.
    """
    faults = FaultLog()
    if not directory.is_dir():
        return None
    text = Folder(directory.absolute(), faults).read_text(NODE_FILE)
    tree = None if text is None else read_yaml(NODE_FILE, text, faults)
    node, http = valid_part(NodeSection, tree, "node"), valid_part(HttpSection, tree, "http")
    messages = valid_part(MessagesSection, tree, "messages")
    if node is None or http is None:
        return None
    return node.name, http_settings(http, messages.web if messages else "")


def http_settings(http: HttpSection, web: str) -> HttpSettings:
    """The hosts of `messages.web` and `http.public_url` are where people come from, so they are ours."""
    linked = [urlsplit(link).hostname for link in (web, http.public_url) if link]
    hosts = (*http.hosts, *(host for host in linked if host))
    return HttpSettings(http.host, http.port, http.public_url.rstrip("/"), hosts, tuple(http.proxies))
