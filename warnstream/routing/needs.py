"""Whose answers a village still needs.

A post counts by its rank and its duty: where one answer of each is needed, a village needs one of who leads
and one of who fetches, also of the same rank. A post without a duty counts by its rank.
"""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from warnstream.model.digests import Need

Ranked = tuple[str, int]
"""A post and its rank in a village."""


NO_DUTIES: Mapping[str, str] = MappingProxyType({})


def owing(
    need: Need, posts: Sequence[Ranked], answered: Collection[str], duties: Mapping[str, str] = NO_DUTIES
) -> list[str]:
    """Posts whose answers a village needs and does not have; empty: it is complete.

    Under `Need.ONE` everybody who is asked owes until one of them has answered.

    >>> owing(Need.EACH_RANK, [("a", 1), ("b", 1), ("c", 2)], {"b"})
    ['c']
    >>> owing(Need.EACH_RANK, [("a", 1), ("b", 1), ("c", 1)], {"b"}, {"a": "lead"})
    ['a']
    """
    if need is Need.NONE:
        return []
    if need is Need.ONE:
        return [] if any(post in answered for post, _ in posts) else [post for post, _ in posts]
    if need is Need.ALL or not answered:
        return [post for post, _ in posts if post not in answered]
    heard = {(rank, duties.get(post)) for post, rank in posts if post in answered}
    return [post for post, rank in posts if (rank, duties.get(post)) not in heard]
