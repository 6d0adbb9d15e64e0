"""Rosters that are right in form and leave posts to sleeping phones: gaps, ends, one phone in two ranks.

Numbers and persons are never named, only posts and rows.
"""

import time
from collections import defaultdict
from collections.abc import Iterator

from warnstream.config.settings import Configuration
from warnstream.config.weekly_calls.table import TEST_WAYS_FILE
from warnstream.config.wording import count_of, name_some
from warnstream.model.hands.roster import Roster, Shift
from warnstream.model.network import ChainPost
from warnstream.model.times import NEVER_DUE_S, date_and_clock_local

FILE = "roster.csv"
ROWS_TOLD_MAX = 5
"""So many rows are named one by one; of more their number."""

_Held = tuple[int, int, str, int]
"""From when, until before when, which post, and the line of its shift (0: its own phone)."""


def gaps(configuration: Configuration) -> Iterator[str]:
    """Hours between two shifts of a post that nobody holds."""
    zone, roster = configuration.message.time_zone, configuration.network.roster
    found = [
        (before, after)
        for before, after in zip(roster, list(roster)[1:], strict=False)
        if before.post == after.post and before.end_s < after.begin_s
    ]
    for before, after in found[:ROWS_TOLD_MAX]:
        hours = " to ".join(date_and_clock_local(at_s, zone) for at_s in (before.end_s, after.begin_s))
        yield f"{FILE}:{after.line}: from: nobody holds {before.post} from {hours}: its own way rings"
    if (more := len(found) - ROWS_TOLD_MAX) > 0:
        posts = list(dict.fromkeys(before.post for before, _ in found))
        yield f"{FILE}: {count_of(more, 'gap', 'gaps')} more, at {name_some(posts)}"


def runs_out(configuration: Configuration) -> Iterator[str]:
    """Posts whose last shift is over soon. A simulated clock is asked by the running node alone."""
    roster = configuration.network.roster
    if configuration.node.clock == "simulated" or not (ending := roster.ending(int(time.time()))):
        return
    until = date_and_clock_local(roster.last_s(ending[0]), configuration.message.time_zone)
    n = count_of(len(ending), "post", "posts")
    yield (
        f"{FILE}: the shifts of {n} are over soon, the first at {until}, then the own way of the post rings: "
        f"{name_some(ending)}"
    )


def one_phone_in_several_ranks(configuration: Configuration) -> Iterator[str]:
    """A person who holds two ranks in one hour is two steps of the ladder that sleep at once."""
    network = configuration.network
    rank_of = {post.post: post.rank for post in network.chain}
    found = set[tuple[int, str, str]]()
    posts = [post for post in network.chain if post.team is None]
    for held in _held_by_way(network.roster, posts).values():
        open_now: list[_Held] = []
        for shift in sorted(held):
            open_now = [other for other in open_now if other[1] > shift[0]]
            for other in open_now:
                if rank_of[other[2]] != rank_of[shift[2]] and (line := max(shift[3], other[3])):
                    found.add((line, min(shift[2], other[2]), max(shift[2], other[2])))
            open_now.append(shift)
    several = sorted(found)
    for line, first, second in several[:ROWS_TOLD_MAX]:
        ranks = f"rank {rank_of[first]}) and {second} (rank {rank_of[second]})"
        yield f"{FILE}:{line}: phone: one phone rings for {first} ({ranks} at the same hour"
    if (more := len(several) - ROWS_TOLD_MAX) > 0:
        yield f"{FILE}: {count_of(more, 'row', 'rows')} more with a phone of several ranks at the same hour"


def tests_without_hours(configuration: Configuration) -> Iterator[str]:
    """Ways that are to be tested, and nobody has said when."""
    if configuration.test_calls is None and TEST_WAYS_FILE in configuration.sha256_of_file:
        yield f"{TEST_WAYS_FILE}: nobody is called for a test: warnstream.yaml has no section test_calls"


def _held_by_way(roster: Roster, posts: list[ChainPost]) -> dict[tuple[str, str], list[_Held]]:
    """By channel and address: when it rings for which post."""
    found: defaultdict[tuple[str, str], list[_Held]] = defaultdict(list)
    shifts: defaultdict[str, list[Shift]] = defaultdict(list)
    for shift in roster:
        shifts[shift.post].append(shift)
        found[shift.channel, shift.phone].append((shift.begin_s, shift.end_s, shift.post, shift.line))
    rung = set(found)
    for post in posts:
        own = (post.channel, post.address)
        if own not in rung:
            continue
        free_s = -NEVER_DUE_S
        for shift in shifts[post.post]:
            if free_s < shift.begin_s:
                found[own].append((free_s, shift.begin_s, post.post, 0))
            free_s = shift.end_s
        found[own].append((free_s, NEVER_DUE_S, post.post, 0))
    return found
