"""What of another configuration a running node cannot take, and what a change is about."""

from collections.abc import Iterator
from dataclasses import fields

from warnstream.config.settings import Configuration
from warnstream.model.hands.orders import Role
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
    "grids": "grids",
    "models": "forecasts",
    "standby": "standby",
    "kafka": "kafka",
}
"""Parts that are opened at a start: sockets, files, senders."""

SECTION_OF = {"message": "messages"}
KEY_OF = {"message.status": "messages.status", "message.time_zone": "node.time_zone"}


CONCERN_OF = {
    "signs": "thresholds",
    "routing": "routing",
    "orders": "routing",
    "bulletins": "routing",
    "hands": "routing",
    "message": "routing",
    "channels": "routing",
    "operators": "people",
    "test_calls": "people",
    "village": "places",
}
"""Of parts of a configuration, what `changes.second_person` calls a change of them; the others are `node`."""

OF_FILES = ("fingerprint", "sha256_of_file", "directory", "network", "rules", "past_days", "operators")
"""Parts whose changes are told by file."""

CONCERN_OF_FILE = {
    "warnstream.yaml": "",
    "chain.csv": "routing",
    "channels.yaml": "routing",
    "teams.csv": "routing",
    "orders.yaml": "routing",
    "households.csv": "people",
    "operators.csv": "people",
    "roster.csv": "people",
    "test_ways.csv": "people",
    "stations.csv": "places",
    "villages.csv": "places",
    "villages.geojson": "places",
    "zones.csv": "places",
    "shards.csv": "places",
}
"""The others are thresholds: thresholds.yaml and its tables."""


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


def concerns_of(old: Configuration, new: Configuration) -> set[str]:
    """What a change is about, in the words of `changes.second_person`."""
    return set(_concerns(old, new)) - {""}


def wants_second(old: Configuration, new: Configuration) -> list[str]:
    """For what a change wants another person's signature, by the policy that runs; empty: for nothing.

    A policy that asks for one is loosened, and who may sign is changed, only with a signature, too:
    else two changes would do what one may not.
    """
    policy = set(old.changes.second_person)
    if not policy:
        return []
    wanted = sorted(concerns_of(old, new) & policy)
    if policy - set(new.changes.second_person):
        wanted.append("changes.second_person")
    if _signers(old) != _signers(new) and "people" not in wanted:
        wanted.append("who may sign (operators.csv)")
    return wanted


def _signers(configuration: Configuration) -> set[tuple[str, str]]:
    """People who may sign, with their keys."""
    known = (operator for operator in configuration.operators if operator.role is not Role.READER)
    return {(operator.person, operator.public_key) for operator in known if operator.public_key}


def _concerns(old: Configuration, new: Configuration) -> Iterator[str]:
    before, now = old.sha256_of_file, new.sha256_of_file
    for file in before.keys() | now.keys():
        if before.get(file) != now.get(file):
            yield CONCERN_OF_FILE.get(file, "thresholds")
    for part in fields(Configuration):
        if part.name not in OF_FILES and getattr(old, part.name) != getattr(new, part.name):
            yield CONCERN_OF.get(part.name, "node")


def _relays_differ(old: Configuration, new: Configuration) -> bool:
    return topics_of(old).has_alerts != topics_of(new).has_alerts


def _key(part: str, name: str) -> str:
    """As it is written, as far as a name of ours tells."""
    known = KEY_OF.get(f"{part}.{name}")
    return known or f"{SECTION_OF.get(part, part)}.{name.replace('_s_max', '_max').removesuffix('_s')}"
