"""Whatever happens to an audit: a kill loses no line and writes none twice, and no byte changes unseen."""

import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from warnstream.adapters.audit.files import FOLDER, AuditEntry, AuditFiles, year_files
from warnstream.adapters.audit.lines import AuditFact
from warnstream.adapters.audit.verify import verify

KEEP_S = 3_653 * 86_400
NEW_YEAR = 1_767_225_600  # 2026-01-01T00:00:00Z

contents = st.dictionaries(
    st.text(max_size=5),
    st.one_of(st.text(max_size=8), st.integers(0, 99), st.booleans(), st.none()),
    max_size=3,
)
facts = st.builds(AuditFact, st.sampled_from(["warning", "order", "alarm"]), contents)
entry_facts = st.lists(st.lists(facts, max_size=4), min_size=1, max_size=8)


def entries_of(of_entry: list[list[AuditFact]]) -> list[AuditEntry]:
    """Numbered, four hours apart, over a new year."""
    return [AuditEntry(n, NEW_YEAR + 14_400 * (n - 3), facts) for n, facts in enumerate(of_entry, start=1)]


def write(directory: Path, entries: list[AuditEntry], batch: int = 1) -> None:
    """What a node does from a start to its end: everything that is not followed yet."""
    with closing(AuditFiles(directory, KEEP_S)) as files:
        due = [entry for entry in entries if entry.entry > files.followed and entry.facts]
        for first in range(0, len(due), batch):
            files.append(due[first : first + batch])
            files.followed = due[first : first + batch][-1].entry
        files.write_head()


def content(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in year_files(directory / FOLDER)}


@given(entry_facts, st.data())
@settings(max_examples=80, deadline=None)
def test_a_kill_at_any_byte_and_a_restart_give_the_same_files(
    of_entry: list[list[AuditFact]], data: st.DataObject
) -> None:
    entries = entries_of(of_entry)
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as other:
        undisturbed, killed = Path(name), Path(other)
        write(undisturbed, entries)
        for _ in range(data.draw(st.integers(1, 3))):
            write(killed, entries[: data.draw(st.integers(0, len(entries)))], data.draw(st.integers(1, 3)))
            if files := year_files(killed / FOLDER):
                size = files[-1].stat().st_size
                files[-1].write_bytes(files[-1].read_bytes()[: data.draw(st.integers(0, size))])
        write(killed, entries, data.draw(st.integers(1, 9)))
        assert content(killed) == content(undisturbed)
        assert verify(killed / FOLDER).faults == []


@given(entry_facts, st.data())
@settings(max_examples=150, deadline=None)
def test_a_byte_that_is_changed_anywhere_is_found(
    of_entry: list[list[AuditFact]], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write(directory, entries_of([*of_entry, [AuditFact("order", {})]]))
        path = data.draw(st.sampled_from(year_files(directory / FOLDER)))
        changed = bytearray(path.read_bytes())
        place = data.draw(st.integers(0, len(changed) - 1))
        changed[place] ^= data.draw(st.integers(1, 255))
        path.write_bytes(changed)
        found = verify(directory / FOLDER)
        assert found.faults
        line = path.read_bytes()[:place].count(b"\n") + 1
        assert (found.faults[0].file, found.faults[0].line) == (path.name, line)


@given(entry_facts, st.data())
@settings(max_examples=80, deadline=None)
def test_a_line_that_is_taken_out_anywhere_is_found(
    of_entry: list[list[AuditFact]], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write(directory, entries_of([*of_entry, [AuditFact("order", {})]]))
        path = data.draw(st.sampled_from(year_files(directory / FOLDER)))
        lines = path.read_bytes().splitlines(keepends=True)
        del lines[data.draw(st.integers(0, len(lines) - 1))]
        path.write_bytes(b"".join(lines))
        assert verify(directory / FOLDER).faults
