"""Entries come in order, from memory or from the log, in parts of a bounded size."""

from collections.abc import Iterator
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from warnstream.runners.live.log import Log
from warnstream.runners.standby import recent as module
from warnstream.runners.standby.recent import Recent


class Kept:
    """A log in memory that counts how often it was read."""

    def __init__(self, entries: list[tuple[str, bytes]]) -> None:
        self.entries, self.reads = entries, 0

    def last_sequence(self) -> int:
        return len(self.entries)

    def since(self, sequence: int) -> Iterator[tuple[int, str, bytes]]:
        self.reads += 1
        numbered = enumerate(self.entries[sequence:], start=sequence + 1)
        return ((number, kind, payload) for number, (kind, payload) in numbered)


@given(st.lists(st.integers(1, 5), max_size=20), st.integers(0, 4), st.integers(1, 300))
def test_whoever_goes_on_from_what_came_last_gets_everything(sizes: list[int], old: int, kept: int) -> None:
    log = Kept([("tick", bytes([n]) * 10) for n in range(old)])
    recent = Recent(cast("Log", log), kept)
    for size in sizes:
        new = [("tick", bytes([n]) * 20) for n in range(size)]
        log.entries += new
        recent.add(new)
    taken: list[tuple[str, bytes]] = []
    while chunk := recent.after(len(taken)):
        taken += chunk
    assert taken == log.entries
    assert recent.after(0, 1) == log.entries[:1]


def test_what_is_in_memory_is_not_read() -> None:
    log = Kept([])
    recent = Recent(cast("Log", log))
    log.entries += [("tick", b"1"), ("tick", b"2")]
    recent.add(log.entries)
    assert recent.after(0) == log.entries
    assert recent.after(1, 1) == []
    assert log.reads == 0


def test_a_part_is_bounded_and_never_empty() -> None:
    log = Kept([])
    recent = Recent(cast("Log", log))
    big = ("messages", bytes(module.CHUNK_BYTES + 1))
    log.entries += [big, big, ("tick", b"")]
    recent.add(log.entries)
    assert recent.after(0) == [big]
    many = [("tick", b"")] * (module.CHUNK_ENTRIES + 1)
    log.entries += many
    recent.add(many)
    assert len(recent.after(3)) == module.CHUNK_ENTRIES
