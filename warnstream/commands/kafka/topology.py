"""`warnstream topology`: who has which county, how far it is judged and told, and how old its snapshot is."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from warnstream.adapters.kafka.client import client_settings
from warnstream.adapters.kafka.library import (
    AIOKafkaAdminClient,
    ConsumerProtocolMemberAssignment,
    KafkaError,
    demand,
)
from warnstream.adapters.kafka.reading import PartitionReader
from warnstream.adapters.kafka.schema import Topics
from warnstream.adapters.kafka.states import MANIFEST, Manifest
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration, KafkaSettings
from warnstream.model.errors import StoreError, WarnstreamError
from warnstream.runners.kafka.parts import name_of, parts_of
from warnstream.runners.kafka.worker import MARK, MARK_LOOKS_BACK
from warnstream.runners.kafka.workforce import kafka_of, one_kafka

JUDGES = ("judges", "judges-faust")


class CountyRecord(msgspec.Struct):
    """One county in its Kafka.

    Attributes
    ----------
    node : str
        The county, and the shard where it is cut.
    partition : int
    entries : int
        Number of the newest entry; 0 without any.
    kept_from : int
        Number of the oldest entry that is kept.
    judged : int
        Number of the entry up to which events are told; 0: not known.
    snapshot : int
        Number of the last entry in the newest snapshot; 0 without one.
    snapshot_age_s : int
        -1 without one.
    set_aside : int
        Entries in the dead-letter topic.
    judges, bridges, deliverers : list of str
        Clients of the groups, as the brokers know them: client and address.
    problems : list of str
        What somebody has to do.
    """

    node: str
    partition: int
    entries: int = 0
    kept_from: int = 1
    judged: int = 0
    snapshot: int = 0
    snapshot_age_s: int = -1
    set_aside: int = 0
    judges: list[str] = []
    bridges: list[str] = []
    deliverers: list[str] = []
    problems: list[str] = []


def topology(directories: Sequence[Path]) -> list[CountyRecord]:
    """The counties of these folders, as their Kafka has them.

    Raises
    ------
    WarnstreamError
        If the brokers cannot be asked, or counties do not share a Kafka.
    """
    demand()
    configurations = [load_configuration(directory) for directory in directories]
    settings = one_kafka(configurations)
    try:
        return asyncio.run(_topology(configurations, settings))
    except (KafkaError, OSError) as error:
        raise WarnstreamError(f"Kafka at {', '.join(settings.servers)} cannot be asked: {error!r}") from error


def lines(records: Sequence[CountyRecord]) -> list[str]:
    """As text: a line for each county, what is wrong below it."""
    found = []
    for county in records:
        age = (
            "no snapshot"
            if county.snapshot_age_s < 0
            else f"snapshot of {county.snapshot} {county.snapshot_age_s} s ago"
        )
        found.append(
            f"{county.node}: partition {county.partition}, entries {county.kept_from} to {county.entries}, "
            f"{max(0, county.entries - county.judged)} not judged, {age}; judged by {_who(county.judges)}, "
            f"bridge {_who(county.bridges)}, told by {_who(county.deliverers)}"
        )
        found += [f"  {problem}" for problem in county.problems]
    return found


def _who(members: Sequence[str]) -> str:
    return ", ".join(members) or "nobody"


async def _topology(configurations: Sequence[Configuration], settings: KafkaSettings) -> list[CountyRecord]:
    admin = AIOKafkaAdminClient(**client_settings(settings, "warnstream-topology"))
    await admin.start()
    try:
        return [
            await _county(admin, part) for configuration in configurations for part in parts_of(configuration)
        ]
    finally:
        await admin.close()


async def _county(admin: Any, configuration: Configuration) -> CountyRecord:
    settings, node = kafka_of(configuration), configuration.node.name
    found = CountyRecord(name_of(configuration), settings.partition)
    part = "" if configuration.part is None else f"-{configuration.part.number}"
    topics = Topics(settings.prefix)
    entries, events, states, aside = (
        PartitionReader(settings, topic, settings.partition, is_compacted=topic == topics.state)
        for topic in (topics.entries, topics.events, topics.state, topics.dlq)
    )
    try:
        first, found.entries = await entries.bounds()
        found.kept_from = first + 1
        mark = await events.newest_of_kind(MARK, MARK_LOOKS_BACK)
        found.judged = 0 if mark is None else int(mark.value)
        manifest = await states.newest_of_kind(MANIFEST, MARK_LOOKS_BACK)
        if manifest is not None and manifest.value is not None:
            found.snapshot = msgspec.json.decode(manifest.value, type=Manifest).number
            found.snapshot_age_s = int(time.time() - manifest.timestamp / 1000)
        begin, end = await aside.bounds()
        found.set_aside = end - begin
    except StoreError as error:
        found.problems.append(f"{error}: has a bridge or a judge ever run?")
    finally:
        for reader in (entries, events, states, aside):
            await reader.close()
    prefix, partition = settings.prefix, settings.partition
    for group in JUDGES:
        found.judges += await _members(admin, f"{prefix}-{group}", topics.entries, partition)
    found.bridges = await _members(admin, f"{prefix}-bridge-{node}", topics.entries, partition)
    found.deliverers = await _members(admin, f"{prefix}-deliver-{node}{part}", topics.entries, partition)
    found.problems += _problems(found)
    return found


async def _members(admin: Any, group: str, topic: str, partition: int) -> list[str]:
    """Who has a partition in a group, as client and address."""
    found = []
    for answer in await admin.describe_consumer_groups([group]):
        for described in answer.groups:
            for member, client, host, _metadata, assignment in described[5]:
                if _has(assignment, topic, partition):
                    found.append(f"{client or member}{host}")
    return found


def _has(assignment: bytes, topic: str, partition: int) -> bool:
    if not assignment:
        return False
    decoded = ConsumerProtocolMemberAssignment.decode(assignment)
    return any(name == topic and partition in numbers for name, numbers in decoded.assignment)


def _problems(county: CountyRecord) -> list[str]:
    found = []
    if not county.judges:
        found.append("nobody judges it")
    if len(county.judges) > 1:
        found.append("two groups judge it: use one client for all workers")
    if not county.bridges:
        found.append("no bridge takes what comes in")
    if not county.deliverers:
        found.append("nobody tells its people")
    if county.snapshot + 1 < county.kept_from:
        found.append(f"entries {county.snapshot + 1} to {county.kept_from - 1} are gone and in no snapshot")
    if county.set_aside:
        found.append(f"{county.set_aside} entries could not be judged: topic for dead letters")
    return found
