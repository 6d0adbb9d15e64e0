"""Two logs that agree in the digest of their end are the same log."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.adapters.standby.digest import COUNTS, agrees, digest_of

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
    last = data.draw(st.integers(1, len(entries)))
    begin = Kept(entries[:last], data.draw(st.integers(0, last - 1)))
    longer = Kept(entries, data.draw(st.integers(0, last - 1)))
    assert agrees(longer, digest_of(begin, last), last)


@given(logs, st.data())
def test_another_entry_near_the_end_is_another_log(entries: list[Entry], data: st.DataObject) -> None:
    n_compared = max(count for count in COUNTS if count <= len(entries))
    place = data.draw(st.integers(len(entries) - n_compared, len(entries) - 1))
    other = list(entries)
    other[place] = (entries[place][0], entries[place][1] + b"!")
    assert not agrees(Kept(entries), digest_of(Kept(other), len(other)), len(other))


def test_a_longer_log_does_not_agree() -> None:
    longer = Kept([("tick", b"1")] * 5)
    assert not agrees(Kept([("tick", b"1")] * 4), digest_of(longer, 5), 5)


def test_where_nothing_can_be_compared_nothing_agrees() -> None:
    log = Kept([("tick", b"1")] * 4, pruned=4)
    assert digest_of(log, 4) == ""
    assert not agrees(log, digest_of(Kept([("tick", b"1")] * 4), 4), 4)


@pytest.mark.parametrize("digest", ["", "x", "64:", "999999:ab", "-1:ab", "1:", "1", ": :", "4:ab 1:cd"])
def test_what_is_no_digest_agrees_with_nothing(digest: str) -> None:
    assert not agrees(Kept([("tick", b"1")] * 4), digest, 4)
