"""Places that are right in form and may not be meant: twins, codes that differ by case, another zone."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from warnstream.config.settings import Configuration
from warnstream.config.wording import count_of, name_some
from warnstream.config.yaml.time_zones import standard_offset_s
from warnstream.model.arrays import Float64Array
from warnstream.model.times import offset_words

TWIN_DEG = 0.0003
"""Two places are the same within about 30 m."""

ZONE_H_MAX = 3.5
"""Hours between a clock and its sun; the widest in use is 3 (Kashgar by the clock of Beijing)."""

DEGREES_PER_HOUR = 15.0


def zone_against_longitude(configuration: Configuration) -> Iterator[str]:
    """A clock that is far from the sun of the villages: the default zone of another country."""
    longitude = float(np.median(configuration.network.villages.longitude))
    offset_s = standard_offset_s(configuration.message.time_zone)
    if abs(offset_s / 3600 - longitude / DEGREES_PER_HOUR) > ZONE_H_MAX:
        yield (
            f"node.utc_offset is {offset_words(offset_s)}, the villages lie at longitude {longitude:.1f}: "
            "texts and days would go by another clock"
        )


def twin_gauges(configuration: Configuration) -> Iterator[str]:
    """Rain gauges at one place that are not gauge and spare: the same gauge twice counts twice."""
    stations = configuration.network.stations
    spares = {frozenset(pair) for pair in stations.spares}
    rain = np.flatnonzero(stations.measures_rain)
    found = [
        f"{stations.code[rain[first]]} = {stations.code[rain[other]]}"
        for first, other in _same_place(stations.latitude[rain], stations.longitude[rain])
        if frozenset((int(rain[first]), int(rain[other]))) not in spares
    ]
    if found:
        n = count_of(len(found), "pair", "pairs")
        yield f"stations.csv: {n} of rain gauges at one place, without spare_of: {name_some(found)}"


def twin_villages(configuration: Configuration) -> Iterator[str]:
    """Villages at one place: a row that was copied and not finished."""
    villages = configuration.network.villages
    found = [
        f"{villages.code[first]} = {villages.code[other]}"
        for first, other in _same_place(villages.latitude, villages.longitude)
    ]
    if found:
        yield f"villages: {count_of(len(found), 'pair', 'pairs')} at one place: {name_some(found)}"


def case_twins(configuration: Configuration) -> Iterator[str]:
    """Codes that differ by capitals only: a gateway that writes the other one feeds the wrong station."""
    network = configuration.network
    codes: dict[str, Iterable[str]] = {
        "stations.csv": network.stations.code,
        "villages": network.villages.code,
        "households.csv and chain.csv": [*network.households.code, *(post.post for post in network.chain)],
    }
    for file, own in codes.items():
        found = [" = ".join(sorted(twins)) for twins in _by_folded(own) if len(twins) > 1]
        if found:
            yield f"{file}: codes that differ only by capitals: {name_some(found)}"


def _by_folded(codes: Iterable[str]) -> Iterator[set[str]]:
    groups: dict[str, set[str]] = defaultdict(set)
    for code in codes:
        groups[unicodedata.normalize("NFKC", code).casefold()].add(code)
    yield from groups.values()


def _same_place(latitude: Float64Array, longitude: Float64Array) -> Sequence[tuple[int, int]]:
    """Pairs of places within `TWIN_DEG` of each other, each place once as the second."""
    order = np.lexsort((longitude, latitude))
    pairs = []
    for at, second in enumerate(order.tolist()):
        for first in reversed(order[:at].tolist()):
            if latitude[second] - latitude[first] > TWIN_DEG:
                break
            if abs(longitude[second] - longitude[first]) <= TWIN_DEG:
                pairs.append((min(first, second), max(first, second)))
                break
    return sorted(pairs)
