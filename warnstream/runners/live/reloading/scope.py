"""What of another configuration a running node cannot take."""

from warnstream.config.settings import Configuration
from warnstream.runners.build import topics_of

AT_START = {
    "node": ("name", "clock", "tick_s", "react_within_s", "judging_share", "replies_s", "clock_jump_s_max"),
    "message": ("status", "prefix", "sender", "time_zone"),
}
"""Keys of sections that are otherwise taken at once: who this node is, and by which clock it goes."""

WHOLE_AT_START = {
    "broker": "broker",
    "listener": "listener",
    "topic_prefix": "topics.prefix",
    "topic_gateways": "topics.gateways",
    "sl651": "listeners.sl651",
    "storage": "storage",
    "http": "http",
    "console": "console",
    "channels": "channels.yaml",
    "grids": "grids",
}
"""Parts that are opened at a start: sockets, files, senders."""

SECTION_OF = {"message": "messages"}
KEY_OF = {"message.status": "messages.status", "message.time_zone": "node.time_zone"}


def restart_faults(old: Configuration, new: Configuration) -> list[str]:
    """What differs that only a start can take, each by its key; empty: nothing."""
    keys = [key for part, key in WHOLE_AT_START.items() if getattr(old, part) != getattr(new, part)]
    for part, names in AT_START.items():
        before, now = getattr(old, part), getattr(new, part)
        keys += [_key(part, name) for name in names if getattr(before, name) != getattr(now, name)]
    if not keys and topics_of(old) != topics_of(new):
        keys.append("decoders (other topics)" if not _relays_differ(old, new) else "alerts that are relayed")
    if old.directory != new.directory:
        return [f"the node runs from {old.directory}, not from {new.directory}"]
    return [f"{key}: needs a restart" for key in keys]


def _relays_differ(old: Configuration, new: Configuration) -> bool:
    return topics_of(old).has_alerts != topics_of(new).has_alerts


def _key(part: str, name: str) -> str:
    """As it is written, as far as a name of ours tells."""
    known = KEY_OF.get(f"{part}.{name}")
    return known or f"{SECTION_OF.get(part, part)}.{name.replace('_s_max', '_max').removesuffix('_s')}"
