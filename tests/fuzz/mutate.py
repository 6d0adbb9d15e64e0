"""Good messages made bad: bytes flipped, cut, spliced and repeated; fields, lengths and numbers replaced.

Structure-aware where that reaches deeper: JSON and CBOR are also changed as
trees, and checksums are made right again by the target's `seal`. Everything
follows from one `random.Random`, so a seed gives the same inputs again.
"""

import datetime as dt
import decimal
import fractions
import itertools
import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

import cbor2

INPUT_BYTES_MAX = 300_000
EDITS_MAX = 6
NODES_MAX = 2_000
"""Of a tree that are candidates for a change."""

NUMBERS = (
    b"0",
    b"-1",
    b"1e308",
    b"-1e308",
    b"1e309",
    b"5e-324",
    b"9" * 25,
    b"1" + b"0" * 400,
    b"2147483648",
    b"4294967296",
    b"9223372036854775807",
    b"18446744073709551616",
    b"-9223372036854775809",
    b"99999999999",
    b"100000000000",
    b"268435455",
    b"268435456",
    b"0.1",
    b"NaN",
    b"Infinity",
    b"null",
    b"true",
    b'""',
    b"[]",
)
"""Numbers at the edges of types and limits, and what is no number."""

LENGTHS = (0, 1, 2, 7, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0xFFFFFF, 0x7FFFFFFF, 0xFFFFFFFF)

TREE_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    1e308,
    -1e308,
    10**20,
    2**63,
    -(2**63) - 1,
    10**400,
    99_999_999_999,
    1e11,
    2**28,
    2**28 - 1,
    "",
    "R1",
    "mm",
    "in",
    "K",
    "now",
    "9999-12-31T23:59:59Z",
    "0000-01-01T00:00:00Z",
    "2026-06-18T08:05:00+99:99",
    "2026-02-30T00:00:00Z",
    "\U0001f327",
    "x" * 2_000,
    [],
    {},
    [[]],
    {"a": {"b": {}}},
)

CBOR_VALUES: tuple[Any, ...] = (
    b"",
    b"\xff" * 40,
    10**6_000,
    -(10**5_000),
    decimal.Decimal("1e999999"),
    decimal.Decimal("NaN"),
    fractions.Fraction(1, 10**4_400),
    float("nan"),
    float("inf"),
    cbor2.undefined,
    cbor2.CBORSimpleValue(99),
    dt.datetime(2026, 6, 18, tzinfo=dt.UTC),
    cbor2.CBORTag(258, [1]),
    frozenset({1}),
    1,
    2,
    -3,
    6,
)


class Mutator:
    """Makes inputs of one target.

    Parameters
    ----------
    structure : str
        ``bytes``, ``json`` or ``cbor``.
    words : sequence of bytes
        Pieces that mean something in the format.
    seal : callable, optional
        Makes lengths and checksums right again; used for about half of the inputs.
    """

    def __init__(
        self, structure: str, words: Sequence[bytes], seal: Callable[[bytes], bytes] | None = None
    ) -> None:
        self._structure, self._words, self._seal = structure, tuple(words), seal

    def mutate(self, pool: Sequence[bytes], rng: Random) -> bytes:
        """One input from a pool of earlier ones."""
        payload = rng.choice(pool)
        if self._structure != "bytes" and rng.random() < 0.6:
            payload = self._mutate_tree(payload, rng)
        if self._structure == "bytes" or rng.random() < 0.5:
            for _ in range(rng.randint(1, EDITS_MAX)):
                edit = rng.choice(_EDITS)
                a, b = sorted((rng.randint(0, len(payload)), rng.randint(0, len(payload))))
                b = min(b, a + 64) if rng.random() < 0.7 else b
                pieces = _Pieces(payload, a, b, pool, self._words)
                payload = edit(pieces, rng)[:INPUT_BYTES_MAX]
        if self._seal is not None and rng.random() < 0.6:
            payload = self._seal(payload)
        return payload[:INPUT_BYTES_MAX]

    def _mutate_tree(self, payload: bytes, rng: Random) -> bytes:
        is_json = self._structure == "json"
        try:
            tree = json.loads(payload) if is_json else cbor2.loads(payload)
            values = TREE_VALUES if is_json else TREE_VALUES + CBOR_VALUES
            for _ in range(rng.randint(1, 3)):
                tree = _change(tree, values, self._words, rng)
                if _is_huge(tree):  # what was repeated may have been repeated before
                    return payload
            return json.dumps(tree).encode() if is_json else cbor2.dumps(tree)
        except (ValueError, TypeError, RecursionError, OverflowError, cbor2.CBORError):
            return payload


class _Pieces(NamedTuple):
    """An input, two places in it, and what may be put there."""

    payload: bytes
    a: int
    b: int
    pool: Sequence[bytes]
    words: Sequence[bytes]


def _flip(one: _Pieces, rng: Random) -> bytes:
    if not one.payload:
        return b""
    at = min(one.a, len(one.payload) - 1)
    return one.payload[:at] + bytes([one.payload[at] ^ 1 << rng.randrange(8)]) + one.payload[at + 1 :]


def _byte(one: _Pieces, rng: Random) -> bytes:
    byte = rng.choice((0, 1, 0x7E, 0x7F, 0x80, 0xFF, rng.randrange(256)))
    return one.payload[: one.a] + bytes([byte]) + one.payload[one.a + 1 :]


def _insert(one: _Pieces, rng: Random) -> bytes:
    return one.payload[: one.a] + rng.randbytes(rng.randint(1, 16)) + one.payload[one.a :]


def _word(one: _Pieces, rng: Random) -> bytes:
    rest = one.payload[one.a if rng.random() < 0.5 else one.b :]
    return one.payload[: one.a] + (rng.choice(one.words) if one.words else b"") + rest


def _delete(one: _Pieces, _: Random) -> bytes:
    return one.payload[: one.a] + one.payload[one.b :]


def _cut(one: _Pieces, rng: Random) -> bytes:
    return one.payload[: one.a] if rng.random() < 0.7 else one.payload[one.a :]


def _splice(one: _Pieces, rng: Random) -> bytes:
    other = rng.choice(one.pool)
    return one.payload[: one.a] + other[rng.randint(0, len(other)) :]


def _append(one: _Pieces, rng: Random) -> bytes:
    return one.payload + rng.choice(one.pool)


def _repeat(one: _Pieces, rng: Random) -> bytes:
    times = rng.randint(2, 8) if rng.random() < 0.9 else rng.randint(100, 4_000)
    piece = one.payload[one.a : one.b]
    times = min(times, INPUT_BYTES_MAX // max(len(piece), 1))
    return one.payload[: one.b] + piece * times + one.payload[one.b :]


def _move(one: _Pieces, _: Random) -> bytes:
    return one.payload[: one.a] + one.payload[one.b :] + one.payload[one.a : one.b]


def _length(one: _Pieces, rng: Random) -> bytes:
    size = rng.choice((1, 2, 4))
    number = ((rng.choice(LENGTHS) + rng.randint(-1, 1)) % (1 << 8 * size)).to_bytes(size)
    written = number if rng.random() < 0.5 else number[::-1]
    return one.payload[: one.a] + written + one.payload[one.a + size :]


def _number(one: _Pieces, rng: Random) -> bytes:
    """A number written in digits becomes another."""
    payload = one.payload
    starts = [at for at in range(min(len(payload), 4_000)) if payload[at : at + 1].isdigit()]
    if not starts:
        return payload
    begin = end = rng.choice(starts)
    while end < len(payload) and payload[end : end + 1] in b"0123456789.eE+-":
        end += 1
    return payload[:begin] + rng.choice(NUMBERS) + payload[end:]


_EDITS = (
    _flip, _flip, _byte, _insert, _word, _word, _delete, _cut, _splice, _append, _repeat, _move,
    _length, _length, _number,
)  # fmt: skip


def _change(tree: Any, values: Sequence[Any], words: Sequence[bytes], rng: Random) -> Any:
    """A tree with one node changed."""
    nodes = list(itertools.islice(_nodes(tree), NODES_MAX))
    if not nodes or rng.random() < 0.05:
        return [tree] if rng.random() < 0.5 else rng.choice(values)
    container, key = rng.choice(nodes)
    kind = rng.random()
    if kind < 0.45:
        container[key] = rng.choice(values)
    elif kind < 0.6:
        del container[key]
    elif kind < 0.75 and isinstance(container, dict):
        new: Any = (
            rng.choice(words).decode("latin-1")
            if words and rng.random() < 0.8
            else rng.choice((0, 2, -2, "x"))
        )
        container[new] = container.pop(key)
    elif isinstance(container, list):
        times = rng.randint(1, 3) if rng.random() < 0.95 else 3_000
        container.extend([container[key]] * times)
    else:
        deep: Any = container[key]
        for _ in range(rng.choice((1, 5, 200))):
            deep = [deep] if rng.random() < 0.5 else {"a": deep}
        container[key] = deep
    return tree


def _is_huge(tree: Any) -> bool:
    """Whether a tree has more nodes, or texts and numbers are longer, than an input may have bytes."""
    left = INPUT_BYTES_MAX
    waiting = [tree]
    while waiting and left > 0:
        node = waiting.pop()
        left -= len(node) + 1 if isinstance(node, str | bytes | dict | list) else 1
        if isinstance(node, dict):
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    return left <= 0


def _nodes(tree: Any) -> Any:
    keys = list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    for key in list(keys)[:200]:
        yield tree, key
        yield from _nodes(tree[key])
