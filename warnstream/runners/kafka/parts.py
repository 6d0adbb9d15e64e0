"""The parts of a county that is cut: one configuration for each shard, all derived once from the whole.

A part has its villages and *all* stations. It never works anything out from its own villages: their mean and
their box are others than those of the county, and so would be its levels.
"""

from collections import defaultdict
from dataclasses import replace

import numpy as np

from warnstream.config.settings import Configuration, CountyPart
from warnstream.model.arrays import Int64Array
from warnstream.model.errors import WarnstreamError
from warnstream.model.network import Network
from warnstream.model.rules.policies import DeskPart
from warnstream.model.transfers.duties import NO_AREA
from warnstream.runners.build import Derived, derive


def parts_of(configuration: Configuration) -> tuple[Configuration, ...]:
    """One configuration for each shard, in the order of partitions; the county itself if it is whole."""
    if not configuration.shards:
        return (configuration,)
    shards = np.array(configuration.shards)
    homes = _homes(configuration)
    return tuple(
        _part(configuration, number, np.flatnonzero(shards == number), homes)
        for number in range(int(shards.max()) + 1)
    )


def part_of(configuration: Configuration, number: int | None) -> Configuration:
    """The part that has a number; the county itself where it is whole and none is given.

    Raises
    ------
    WarnstreamError
        If there is no such part, or the county is cut and no number is given.
    """
    parts = parts_of(configuration)
    if len(parts) == 1 and number is None:
        return parts[0]
    if number is None:
        raise WarnstreamError(
            f"{configuration.directory}: shards.csv cuts this county into {len(parts)} shards, each has "
            f"delivery nodes of its own: say which with --shard 0 to {len(parts) - 1}"
        )
    if not configuration.shards or number not in range(len(parts)):
        known = f"0 to {len(parts) - 1}" if configuration.shards else "none, the county is whole"
        raise WarnstreamError(f"{configuration.directory}: no shard {number}: there is {known}")
    return parts[number]


def derive_parts(configuration: Configuration) -> list[Derived]:
    """Each part of a county from what is derived once from the whole."""
    whole = derive(configuration)
    parts = parts_of(configuration)
    return [whole] if len(parts) == 1 else [whole.of_part(part) for part in parts]


def name_of(configuration: Configuration) -> str:
    """The county's name, and which part of it."""
    name = configuration.node.name
    return name if configuration.part is None else f"{name} shard {configuration.part.number}"


def cut_of(configuration: Configuration) -> dict[str, int]:
    """Partition of every village of the whole county, by code."""
    whole = configuration if configuration.part is None else configuration.part.whole
    assert whole.kafka is not None
    codes, first = whole.network.villages.code, whole.kafka.partition
    shards = whole.shards or (0,) * len(codes)
    return {code: first + shard for code, shard in zip(codes, shards, strict=True)}


def _part(
    configuration: Configuration, number: int, villages: Int64Array, homes: dict[str, set[int]]
) -> Configuration:
    kafka, network = configuration.kafka, configuration.network
    assert kafka is not None
    places = network.places.of_villages(villages)
    own = frozenset(post for post, shards in homes.items() if shards == {number})
    return replace(
        configuration,
        network=network.of_villages(villages),
        rules=tuple(rule.of_places(places) for rule in configuration.rules),
        routing=replace(configuration.routing, part=DeskPart(number, own)),
        kafka=replace(kafka, partition=kafka.partition + number, shards=1),
        shards=(),
        part=CountyPart(configuration, villages, number),
    )


def _homes(configuration: Configuration) -> dict[str, set[int]]:
    """Shards that may tell a post anything: of its area, and of those whom it fetches by name."""
    network, shards = configuration.network, configuration.shards
    of_area: defaultdict[str, set[int]] = defaultdict(set)
    villages = network.villages
    for code, town, county, shard in zip(
        villages.code, villages.township, villages.county, shards, strict=True
    ):
        for area in (code, town, county, "*"):
            of_area[area].add(shard)
    found: defaultdict[str, set[int]] = defaultdict(set)
    for post in network.chain:
        area = post.team.area if post.team is not None else post.area
        if area != NO_AREA:
            found[post.post] |= of_area[area]
    for helper, village in _helpers(network):
        found[helper].add(shards[village])
    return dict(found)


def _helpers(network: Network) -> list[tuple[str, int]]:
    """Posts that fetch people by name, each with their village."""
    found = [(listed.helper, listed.village) for listed in network.objects if listed.helper]
    doors = network.households
    if doors.facts is not None:
        for village in range(len(network.villages)):
            found += [
                (doors.facts.helper[door], village)
                for door in doors.of_village(village)
                if doors.facts.helper[door]
            ]
    return list(dict.fromkeys(found))
