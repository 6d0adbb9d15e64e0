"""Households, posts and officers of two configurations, by number: whose phone it is stands in no report."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from warnstream.config.settings import Configuration
from warnstream.config.wording import name_some
from warnstream.model.transfers.objects import Shelter, TransferObject

Row = tuple[object, ...]


def people_differences(old: Configuration, new: Configuration) -> Iterator[str]:
    """Lines of what changed; addresses are compared and never shown."""
    yield from _households(old, new)
    yield from _told("posts", *(_posts(of, are_teams=False) for of in (old, new)))
    yield from _told("rescue teams", *(_posts(of, are_teams=True) for of in (old, new)))
    yield from _told("rosters of posts", *(_shifts(of) for of in (old, new)))
    known = (
        {officer.person: (officer,) for officer in officers} for officers in (old.operators, new.operators)
    )
    yield from _told("officers", *known)
    yield from _told("objects", *(_placed(of, of.network.objects) for of in (old, new)))
    yield from _told("shelters", *(_placed(of, of.network.shelters) for of in (old, new)))


def _posts(of: Configuration, *, are_teams: bool) -> dict[str, Row]:
    return {post.post: (post,) for post in of.network.chain if (post.team is not None) is are_teams}


def _shifts(of: Configuration) -> dict[str, Row]:
    """Shifts by post, of each post in order."""
    found: dict[str, Row] = {}
    for shift in of.network.roster:
        found[shift.post] = (*found.get(shift.post, ()), shift)
    return found


def _households(old: Configuration, new: Configuration) -> Iterator[str]:
    before, after = _doors(old), _doors(new)
    if more := len(after.keys() - before.keys()):
        yield f"households: {more} more"
    if fewer := len(before.keys() - after.keys()):
        yield f"households: {fewer} fewer"
    common = before.keys() & after.keys()
    for column, words in enumerate(
        ("in another village", "on another channel", "with another address", "with other further ways")
    ):
        if n := sum(before[code][column] != after[code][column] for code in common):
            yield f"households: {n} {words}"


def _doors(of: Configuration) -> dict[str, Row]:
    households, villages = of.network.households, of.network.villages.code
    return {
        households.code[door]: (code, *households.ways(door)[0], households.ways(door)[1:])
        for village, code in enumerate(villages)
        for door in households.of_village(village)
    }


def _placed(of: Configuration, rows: Sequence[TransferObject | Shelter]) -> dict[str, Row]:
    """Rows of objects.csv or shelters.csv by code; their villages by code too, since numbers shift."""
    codes = of.network.villages.code
    return {row.code: (codes[row.village], replace(row, village=0)) for row in rows}


def _told(many: str, old: Mapping[str, Row], new: Mapping[str, Row]) -> Iterator[str]:
    changed = [name for name in old.keys() & new.keys() if old[name] != new[name]]
    for word, names in (
        ("more", new.keys() - old.keys()),
        ("fewer", old.keys() - new.keys()),
        ("changed", changed),
    ):
        if names:
            yield f"{many}: {len(names)} {word} ({name_some(sorted(names))})"
