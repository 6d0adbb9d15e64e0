"""Packs: observations that a gateway sends in one array, taken apart into messages of their own.

A pack is cut wherever an object ends and the next one begins, without reading
what is in it. What is cut wrongly (inside a text, around spaces that others
write) fits no form and is left: then the whole pack goes to the decoders that
read it as it came. So nothing is trusted that was not before.
"""

import numpy as np

from warnstream.model.arrays import Int64Array
from warnstream.model.messages import MessageColumns

_SHORTEST = 4
"""``[{}]``"""


def unpacked(messages: MessageColumns, bytes_max: int) -> tuple[MessageColumns, Int64Array]:
    """Observations of packs as messages, in order, among the messages that are none.

    Parameters
    ----------
    messages : MessageColumns
    bytes_max : int
        Longer packs are left as they are.

    Returns
    -------
    observations : MessageColumns
        In the same content.
    message : Int64Array, shape (n_observations,)
        The message that each came in.

    Examples
    --------
    >>> from warnstream.model.messages import columns_of
    >>> found, message = unpacked(columns_of(["a", "b"], [b'{"x":1}', b'[{"x":2},{"x":3}]']), 1_000)
    >>> [found.payload(row) for row in range(3)], message.tolist()
    ([b'{"x":1}', b'{"x":2}', b'{"x":3}'], [0, 1, 1])
    """
    begin, end = messages.begin.astype(np.int64), messages.end.astype(np.int64)
    text = np.frombuffer(messages.content, dtype=np.uint8)
    size = end - begin
    rows = np.flatnonzero((size >= _SHORTEST) & (size <= bytes_max))
    opens, closes = text[begin[rows]], text[end[rows] - 1]
    begins, ends = text[begin[rows] + 1], text[end[rows] - 2]
    rows = rows[(opens == ord("[")) & (begins == ord("{")) & (ends == ord("}")) & (closes == ord("]"))]
    if len(rows) == 0:
        return messages, np.arange(len(messages))
    cut, row = _cuts(text, begin[rows], end[rows])
    counts = np.ones(len(messages), dtype=np.int64)
    np.add.at(counts, rows[row], 1)
    message = np.repeat(np.arange(len(messages)), counts)
    begin[rows] += 1
    end[rows] -= 1
    first_of, end_of = np.cumsum(counts) - counts, np.cumsum(counts) - 1
    begins_at, ends_at = begin[message], end[message]
    is_inner = np.ones(len(message), dtype=np.bool_)
    is_inner[first_of] = False
    begins_at[is_inner] = cut + 2
    is_inner[:] = True
    is_inner[end_of] = False
    ends_at[is_inner] = cut + 1
    observations = MessageColumns(
        messages.topics,
        messages.topic[message],
        messages.content,
        begins_at.astype(np.int32),
        ends_at.astype(np.int32),
    )
    return observations, message


def _cuts(text: np.ndarray, begin: Int64Array, end: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Where ``},{`` stands in packs, pack by pack, and in which of them; shape (n,) each."""
    order = np.argsort(begin, kind="stable")
    first, last = int(begin.min()), int(end.max())
    comma = np.flatnonzero(text[first:last] == ord(",")) + first
    comma = comma[(text[comma - 1] == ord("}")) & (text[np.minimum(comma + 1, len(text) - 1)] == ord("{"))]
    row = order[np.maximum(np.searchsorted(begin[order], comma, side="right") - 1, 0)]
    is_inside = (comma > begin[row]) & (comma < end[row])
    comma, row = comma[is_inside], row[is_inside]
    by_pack = np.argsort(row, kind="stable")
    return comma[by_pack] - 1, row[by_pack]
