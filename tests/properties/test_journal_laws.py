"""Whatever happens to the bytes of a journal: what is read is what was written, or an error."""

import os
import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.journal_files import flip, segments, small
from warnstream.model.errors import StoreError

Entries = list[tuple[str, bytes]]

kinds = st.sampled_from(["messages", "tick", "answer"])
payloads = st.one_of(st.binary(max_size=40), st.just(b"p" * 1_300), st.just(b"wsf1" * 10), st.just(bytes(60)))
groups = st.lists(st.lists(st.tuples(kinds, payloads), min_size=1, max_size=3), min_size=1, max_size=6)


def write(directory: Path, batches: list[Entries]) -> None:
    with closing(small(directory)) as journal:
        for batch in batches:
            journal.append_many(batch)


def read(directory: Path) -> Entries | None:
    """What a restart sees; None if it is told that something is wrong."""
    try:
        with closing(small(directory)) as journal:
            entries = list(journal.since(0))
            assert [sequence for sequence, _, _ in entries] == list(range(1, len(entries) + 1))
            return [(kind, payload) for _, kind, payload in entries]
    except StoreError:
        return None


def whole(batches: list[Entries]) -> Entries:
    return [entry for batch in batches for entry in batch]


def is_prefix_of_whole_batches(found: Entries, batches: list[Entries]) -> bool:
    ends = [whole(batches[:n]) for n in range(len(batches) + 1)]
    return found in ends


@given(groups, st.data())
@settings(max_examples=80, deadline=None)
def test_a_bit_flip_anywhere_gives_whole_batches_from_the_beginning_or_an_error(
    batches: list[Entries], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write(directory, batches)
        path = data.draw(st.sampled_from(segments(directory)))
        flip(path, data.draw(st.integers(0, path.stat().st_size - 1)), data.draw(st.integers(0, 7)))
        found = read(directory)
        assert found is None or is_prefix_of_whole_batches(found, batches)
        if found is not None and path != segments(directory)[-1]:
            assert found == whole(batches)  # damage before the last segment is never passed over
        assert found is None or read(directory) == found  # the repair is stable


@given(groups, st.data())
@settings(max_examples=80, deadline=None)
def test_a_truncation_anywhere_gives_whole_batches_from_the_beginning_or_an_error(
    batches: list[Entries], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write(directory, batches)
        path = data.draw(st.sampled_from(segments(directory)))
        os.truncate(path, data.draw(st.integers(0, path.stat().st_size)))
        found = read(directory)
        assert found is None or is_prefix_of_whole_batches(found, batches)
        if found is not None and path != segments(directory)[-1]:
            assert found == whole(batches)


@given(groups, st.binary(min_size=1, max_size=200), st.integers(0, 300))
@settings(max_examples=60, deadline=None)
def test_anything_after_the_last_append_changes_nothing(
    batches: list[Entries], garbage: bytes, distance: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with closing(small(directory)) as journal:
            for batch in batches:
                journal.append_many(batch)
            end = journal._log.extent().end
        with segments(directory)[-1].open("r+b") as file:
            file.seek(end + distance)
            file.write(garbage)
        assert read(directory) == whole(batches)
        write(directory, [[("tick", b"more")]])
        assert read(directory) == [*whole(batches), ("tick", b"more")]
