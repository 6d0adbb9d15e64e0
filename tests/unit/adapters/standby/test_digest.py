"""Two logs that agree in the digest of their end are the same log."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from warnstream.adapters.standby.digest import N_ENTRIES, agrees, digest_of

Entry = tuple[str, bytes]
logs = st.lists(
    st.tuples(st.sampled_from(["tick", "messages"]), st.binary(max_size=4)), min_size=1, max_size=90
)


class Kept:
    """A log in memory, pruned up to `pruned`."""

    def __init__(self, entries: list[Entry], pruned: int = 0) -> None:
        self.entries, self.pruned = entries, pruned

    def since(self, sequence: int) -> Iterator[tuple[int, str, bytes]]:
        assert sequence >= self.pruned
        numbered = enumerate(self.entries, start=1)
        return ((number, kind, payload) for number, (kind, payload) in numbered if number > sequence)

    def first_sequence(self) -> int:
        return self.pruned + 1

    def last_sequence(self) -> int:
        return len(self.entries)


@given(logs, st.data())
def test_the_beginning_of_a_log_agrees_with_it(entries: list[Entry], data: st.DataObject) -> None:
    last = data.draw(st.integers(0, len(entries)))
    begin = Kept(entries[:last], data.draw(st.integers(0, last)))
    assert agrees(Kept(entries), digest_of(begin, last), last) == (last == 0 or begin.pruned < last)


@given(logs, st.data())
def test_another_entry_near_the_end_is_another_log(entries: list[Entry], data: st.DataObject) -> None:
    place = data.draw(st.integers(max(0, len(entries) - N_ENTRIES), len(entries) - 1))
    other = list(entries)
    other[place] = (entries[place][0], entries[place][1] + b"!")
    assert not agrees(Kept(entries), digest_of(Kept(other), len(other)), len(other))


def test_a_longer_log_does_not_agree() -> None:
    longer = Kept([("tick", b"1")] * 5)
    assert not agrees(Kept([("tick", b"1")] * 4), digest_of(longer, 5), 5)


def test_what_is_no_digest_agrees_with_nothing() -> None:
    for digest in ("", "x", "64:", "999999:ab", "-1:ab"):
        assert not agrees(Kept([("tick", b"1")] * 4), digest, 4)
