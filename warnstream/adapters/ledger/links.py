"""Numbers in the answer links of doors: where to look for the door, nothing stored.

The number of a door's link has its highest bit set, which no row of the outbox has; the rest are digests of
the codes of village and door. Which bulletin it was, and that the link was made here, its token proves.
"""

import zlib

VILLAGE_BITS, DOOR_BITS = 23, 24
_MARK = 1 << (VILLAGE_BITS + DOOR_BITS)


def link_number(village: str, door: str) -> int:
    """Number of a door's links: 48 bits.

    >>> is_of_door(link_number("331124001005", "H1"))
    True
    """
    return _MARK | village_digest(village) << DOOR_BITS | door_digest(door)


def is_of_door(number: int) -> bool:
    """Whether a number in a link stands for a door, not for a row of the outbox."""
    return bool(number & _MARK)


def digests_in(number: int) -> tuple[int, int]:
    """Digests of village and door in a number."""
    return number >> DOOR_BITS & (1 << VILLAGE_BITS) - 1, number & (1 << DOOR_BITS) - 1


def village_digest(code: str) -> int:
    """Of a village's code; two villages may share one."""
    return zlib.crc32(code.encode("utf-8", "surrogatepass")) & (1 << VILLAGE_BITS) - 1


def door_digest(code: str) -> int:
    """Of a door's code; two doors of a village may share one."""
    return zlib.crc32(code.encode("utf-8", "surrogatepass")) & (1 << DOOR_BITS) - 1
