"""Whose answers a village still needs.

A post counts by its rank. Once posts have duties (lead, fetch, gate, shelter, command), one answer of
each duty is needed: `group_of` is the one place that changes then.
"""

from collections.abc import Collection, Sequence

from warnstream.model.digests import Need

Ranked = tuple[str, int]
"""A post and its rank in a village."""


def group_of(ranked: Ranked) -> int:
    """What a post stands for where one answer of each is needed: its rank."""
    return ranked[1]


def owing(need: Need, posts: Sequence[Ranked], answered: Collection[str]) -> list[str]:
    """Posts whose answers a village needs and does not have; empty: it is complete.

    Under `Need.ONE` everybody who is asked owes until one of them has answered.

    >>> owing(Need.EACH_RANK, [("a", 1), ("b", 1), ("c", 2)], {"b"})
    ['c']
    """
    if need is Need.NONE:
        return []
    if need is Need.ONE:
        return [] if any(post in answered for post, _ in posts) else [post for post, _ in posts]
    if need is Need.ALL or not answered:
        return [post for post, _ in posts if post not in answered]
    heard = {group_of(post) for post in posts if post[0] in answered}
    return [post[0] for post in posts if group_of(post) not in heard]
