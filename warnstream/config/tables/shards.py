"""shards.csv: which villages of a county are judged together, where several workers share one county.

A cut must mislead nobody. What several villages share on the ground (a township, a post below the county,
a shelter) is in one shard; who answers for whole counties is told by each shard of them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from warnstream.config.faults import FaultLog
from warnstream.config.folder import Folder
from warnstream.config.tables.csv_rows import Columns, Row, read_rows
from warnstream.config.tables.households_and_chain import EVERYWHERE
from warnstream.config.wording import name_some
from warnstream.model.network import Households, Network, Villages
from warnstream.model.transfers.duties import NO_AREA

SHARDS_FILE = "shards.csv"
SHARD_COLUMNS = Columns(("village", "shard"))
SHARD_MAX = 999


@dataclass(slots=True)
class Cut:
    """The rows of shards.csv: number of the shard and line by village, where that is right."""

    shard_of: dict[int, int]
    line_of: dict[int, int]
    line_of_shard: dict[int, int]


def read_shards(folder: Folder, villages: Villages | None, faults: FaultLog) -> Cut | None:
    """Rows of shards.csv; None without it. Villages without a row, and numbers without a village, are faults.

    Parameters
    ----------
    folder : Folder
    villages : Villages or None
        None where they could not be read: then codes are not checked.
    faults : FaultLog
    """
    if not folder.has(SHARDS_FILE) or (data := folder.read(SHARDS_FILE)) is None:
        return None
    known = villages.index_of_code() if villages else None
    cut, seen = Cut({}, {}, {}), dict[str, int]()
    for row in read_rows(SHARDS_FILE, data, SHARD_COLUMNS, faults):
        _take(row, known, seen, cut, faults)
    if villages is not None and known is not None:
        if missing := [code for code in villages.code if code not in seen]:
            faults.add(SHARDS_FILE, 0, "", f"expected a row of every village, none of {name_some(missing)}")
        for shard in sorted(set(range(max(cut.line_of_shard, default=-1))) - cut.line_of_shard.keys()):
            faults.add(
                SHARDS_FILE, 0, "shard", f"expected numbers from 0 without a gap, no village has {shard}"
            )
    return cut


def _take(
    row: Row, known: Mapping[str, int] | None, seen: dict[str, int], cut: Cut, faults: FaultLog
) -> None:
    code, shard = row.text("village"), row.whole("shard", 0, SHARD_MAX)
    if code in seen:
        row.fault("village", f"duplicate village {code!r}, first on line {seen[code]}")
        return
    seen[code] = row.line
    if shard is not None:
        cut.line_of_shard.setdefault(shard, row.line)
    if known is None or not code:
        return
    village = known.get(code)
    if village is None:
        faults.add_unknown(SHARDS_FILE, row.line, "village", code, known)
    elif shard is not None:
        cut.shard_of[village], cut.line_of[village] = shard, row.line


def check_cut(cut: Cut, network: Network, faults: FaultLog) -> None:
    """Say what is cut that is one thing: townships, posts and teams below counties, ways to shelters."""
    for villages, words in _undivided(network):
        _check_together(cut, villages, words, network, faults)
    for village, shelter_village, words in _ways_to_shelters(network):
        own, other = cut.shard_of.get(village), cut.shard_of.get(shelter_village)
        if own is not None and other is not None and own != other:
            text = f"{words} is in a village of shard {other}, they are of shard {own}: put both into one"
            faults.add(SHARDS_FILE, cut.line_of[village], "shard", text)


def check_partitions(cut: Cut, kafka: tuple[int, int] | None, faults: FaultLog) -> None:
    """Each shard has a partition: `kafka.partition` and those after it, below `kafka.partitions`."""
    if kafka is None:
        text = "expected a section kafka in warnstream.yaml: shards are partitions of Kafka, a node has none"
        faults.add(SHARDS_FILE, 0, "", text)
        return
    first, partitions = kafka
    for shard, line in sorted(cut.line_of_shard.items()):
        if first + shard >= partitions:
            text = (
                f"shard {shard} has partition {first} + {shard}: expected one below kafka.partitions, which "
                f"is {partitions}"
            )
            faults.add(SHARDS_FILE, line, "shard", text)
            return


def _check_together(
    cut: Cut, villages: Sequence[int], words: str, network: Network, faults: FaultLog
) -> None:
    """Villages of one thing have one shard; the first that has another one is named."""
    known = [village for village in villages if village in cut.shard_of]
    other = next((v for v in known if cut.shard_of[v] != cut.shard_of[known[0]]), None)
    if other is None:
        return
    first, code = known[0], network.villages.code
    text = (
        f"{words} is cut in two: {code[first]} has shard {cut.shard_of[first]} (line {cut.line_of[first]}), "
        f"{code[other]} has {cut.shard_of[other]}: put them into one"
    )
    faults.add(SHARDS_FILE, cut.line_of[other], "shard", text)


_Towns = dict[tuple[str, str], list[int]]


def _undivided(network: Network) -> Iterator[tuple[Sequence[int], str]]:
    """Villages that stay together, and what they are the villages of."""
    villages, of_area, of_town = network.villages, defaultdict[str, list[int]](list), _Towns()
    for village, (code, town, county) in enumerate(
        zip(villages.code, villages.township, villages.county, strict=True)
    ):
        of_area[code].append(village)
        if town:
            of_area[town].append(village)
            of_town.setdefault((county, town), []).append(village)
    for (_, town), those in of_town.items():
        yield those, f"township {town!r}"
    counties = {*villages.county, EVERYWHERE}
    of_post: dict[str, set[int]] = {}
    wide = set()
    for post in network.chain:
        area = post.team.area if post.team is not None else post.area
        if area in counties:
            wide.add(post.post)
        elif area != NO_AREA:
            of_post.setdefault(post.post, set()).update(of_area[area])
    for post_code, those_of_post in of_post.items():
        if post_code not in wide:
            yield sorted(those_of_post), f"what post {post_code!r} answers for"


def _ways_to_shelters(network: Network) -> Iterator[tuple[int, int, str]]:
    """Village of those who go, village of their shelter, and what it is."""
    home = {shelter.code: shelter.village for shelter in network.shelters}
    for listed in network.objects:
        if listed.shelter in home:
            yield listed.village, home[listed.shelter], f"shelter {listed.shelter!r} of {listed.code!r}"
    yield from _doors_to_shelters(network.households, home)


def _doors_to_shelters(households: Households, home: Mapping[str, int]) -> Iterator[tuple[int, int, str]]:
    if households.facts is None:
        return
    told = set()
    for village in range(len(households.first_of_village) - 1):
        for door in households.of_village(village):
            shelter = households.facts.shelter[door]
            if shelter in home and (village, shelter) not in told:
                told.add((village, shelter))
                yield village, home[shelter], f"shelter {shelter!r} of door {households.code[door]!r}"


def shards_by_village(cut: Cut | None, n_villages: int) -> tuple[int, ...]:
    """Number of every village's shard; empty where the county is not cut. Every fault has been told."""
    if cut is None or len(cut.line_of_shard) < 2:
        return ()
    return tuple(cut.shard_of[village] for village in range(n_villages))
