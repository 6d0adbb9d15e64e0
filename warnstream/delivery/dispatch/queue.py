"""In which order a channel's notifications leave: worst level first, in it the never-tried before retries.

A red retry goes before a blue first attempt, because a red household must not
wait half an hour behind everybody's blue after one lost connection. But retries
take at most half of what is sent while anybody waits for a first attempt: those
whom nobody reaches cannot keep the others waiting.
"""

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


def next_to_send(
    first: Sequence[tuple[int, Item]], again: Sequence[tuple[int, Item]], limit: int
) -> list[Item]:
    """The next items to send, at most `limit`, in order.

    Parameters
    ----------
    first, again : sequence of (level, item)
        Never tried, and due for another attempt; each in its own order, worst level first.

    Examples
    --------
    >>> next_to_send([(4, "a"), (1, "b"), (1, "c")], [(4, "x"), (4, "y"), (4, "z")], limit=4)
    ['a', 'x', 'y', 'b']
    """
    again_max = limit if not first else max(limit // 2, limit - len(first))
    chosen = [(-level, 0, item) for level, item in first[:limit]]
    chosen += [(-level, 1, item) for level, item in again[:again_max]]
    chosen.sort(key=lambda one: one[:2])
    return [item for _, _, item in chosen[:limit]]
