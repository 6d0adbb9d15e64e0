"""Who is notified of the node's own alarms: the posts named for it, or the county's first rank."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from warnstream.model.hands.roster import Roster
from warnstream.model.network import ChainPost, Network


def duty_posts(network: Network, named: Sequence[str] = ()) -> tuple[ChainPost, ...]:
    """Posts that are notified of alarms, each once on each of its channels.

    Parameters
    ----------
    network : Network
    named : sequence of str
        Codes of ``node.duty_posts``. Without any: the lowest rank among the posts that answer for a
        whole county or for everything; nobody where there is no such post.
    """
    if named:
        chosen = [post for post in network.chain if post.post in named]
    else:
        counties = {*network.villages.county, "*"}
        central = [post for post in network.chain if post.area in counties]
        first = min((post.rank for post in central), default=0)
        chosen = [post for post in central if post.rank == first]
    unique: dict[tuple[str, str], ChainPost] = {}
    for post in chosen:
        unique.setdefault((post.post, post.channel), post)
    return tuple(unique.values())


def as_held(posts: Iterable[ChainPost], roster: Roster, at_s: int) -> tuple[ChainPost, ...]:
    """Posts with the way that rings at a time: the phone of whoever holds one, each of these once."""
    found: dict[tuple[str, str], ChainPost] = {}
    for post in posts:
        shift = roster.at(post.post, at_s)
        rung = post if shift is None else replace(post, channel=shift.channel, address=shift.phone)
        found.setdefault((rung.post, rung.channel), rung)
    return tuple(found.values())
