"""Stations, villages and zones of two configurations: who came, who went, who moved."""

from collections.abc import Iterable, Iterator

import numpy as np

from warnstream.config.settings import Configuration
from warnstream.config.wording import count_of, name_some
from warnstream.config.yaml.quantities import format_duration
from warnstream.model.geodesy import local_xy_m
from warnstream.model.network import Stations, Villages

MOVED_M = 1.0
"""Less is a digit more or less of the coordinates."""


def place_differences(old: Configuration, new: Configuration) -> Iterator[str]:
    """Lines of what changed; nothing where all is as it was."""
    was, becomes = old.network, new.network
    renamed = {before: code for code, before in becomes.stations.was.items() if before in was.stations.code}
    yield from (f"station {code}: was {before}" for before, code in renamed.items())
    known = [renamed.get(code, code) for code in was.stations.code]
    yield from _rows("station", "stations", known, becomes.stations.code)
    yield from _stations(was.stations, becomes.stations)
    called = {before: code for before, code in becomes.villages.was.items() if before in was.villages.code}
    yield from (f"village {code}: was {before}" for before, code in called.items())
    known = [called.get(code, code) for code in was.villages.code]
    yield from _rows("village", "villages", known, becomes.villages.code)
    yield from _villages(was.villages, becomes.villages)
    zones = ([zone.code for zone in network.zones] for network in (was, becomes))
    yield from _rows("zone", "zones", *zones)


def _rows(one: str, many: str, old: Iterable[str], new: Iterable[str]) -> Iterator[str]:
    before, after = set(old), set(new)
    for word, codes in (("more", after - before), ("fewer", before - after)):
        if codes:
            noun = one if len(codes) == 1 else many
            yield f"{many}: {len(codes)} {noun} {word} ({name_some(sorted(codes))})"


def _stations(old: Stations, new: Stations) -> Iterator[str]:
    number = old.index_of_code()
    for at, code in enumerate(new.code):
        known = code if code in number else new.was.get(code, code)
        if known not in number:
            continue
        was = number[known]
        if moved := _moved(old, was, new, at):
            yield f"station {code}: {moved}"
        if old.interval_s[was] != new.interval_s[at]:
            before, after = (
                format_duration(int(interval_s)) for interval_s in (old.interval_s[was], new.interval_s[at])
            )
            yield f"station {code}: reports every {before} -> {after}"


def _villages(old: Villages, new: Villages) -> Iterator[str]:
    number, outlines = old.index_of_code(), 0
    before_of = {code: before for before, code in new.was.items() if before in number}
    for at, code in enumerate(new.code):
        known = code if code in number else before_of.get(code, code)
        if known not in number:
            continue
        was = number[known]
        if moved := _moved(old, was, new, at):
            yield f"village {code}: {moved}"
        for word in ("name", "township", "county"):
            before, after = getattr(old, word)[was], getattr(new, word)[at]
            if before != after:
                yield f"village {code}: {word} {before or 'none'} -> {after or 'none'}"
        outlines += old.polygon_wkt[was] != new.polygon_wkt[at]
    if outlines:
        yield f"villages: {count_of(outlines, 'outline', 'outlines')} changed"


def _moved(old: Stations | Villages, was: int, new: Stations | Villages, at: int) -> str:
    here = new.latitude[at : at + 1], new.longitude[at : at + 1]
    distance_m = float(np.hypot(*local_xy_m(*here, float(old.latitude[was]), float(old.longitude[was]))[0]))
    return f"moved by {distance_m:.0f} m" if distance_m >= MOVED_M else ""
