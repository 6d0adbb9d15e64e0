"""The audit follows a journal: through kills, full disks, lost entries and files that somebody changed."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.integration.journal_files import FullDisk, flip, segments, small
from warnstream.adapters.audit.files import FOLDER, year_files
from warnstream.adapters.audit.verify import verify
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.metrics import Metrics
from warnstream.model.hands.orders import HandOrder, OrderKind
from warnstream.model.times import parse_iso
from warnstream.runners.audit import writer as audit_writer
from warnstream.runners.audit.writer import AuditWriter
from warnstream.runners.intake import entries

KEEP_S = 3_653 * 86_400
NOW = parse_iso("2026-06-18T14:00:00Z")
WAIT_S = 20.0
TICK = (entries.TICK, entries.encode_tick(NOW))


class Alarms:
    """Alarms that do not block, as they stand."""

    def __init__(self) -> None:
        self.standing: dict[str, str] = {}
        self.begun: list[str] = []

    def raise_alarm(self, key: str, text: str, *, is_blocking: bool = True, zh: str = "") -> None:  # noqa: ARG002
        assert not is_blocking, "a record keeps no node from being ready"
        if key not in self.standing:
            self.begun.append(key)
        self.standing[key] = text

    def end_alarm(self, key: str) -> None:
        self.standing.pop(key, None)


class Node:
    """A journal and what follows it."""

    def __init__(self, directory: Path, journal: Journal, alarms: Alarms) -> None:
        self.journal, self.metrics, self.alarms = journal, Metrics(), alarms
        self.audit = AuditWriter(directory, KEEP_S, journal, alarms, self.metrics)
        journal.followed_by = self.audit.take

    def is_written(self) -> bool:
        return self.audit.wait_until_written(WAIT_S)


@contextmanager
def running(directory: Path, alarms: Alarms | None = None) -> Iterator[Node]:
    with closing(small(directory, lambda: float(NOW))) as journal:
        node = Node(directory, journal, alarms or Alarms())
        node.audit.start()
        try:
            yield node
        finally:
            node.audit.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_writer, "RETRY_S", 0.05)
    monkeypatch.setattr(audit_writer, "GATHER_S", 0.01)
    monkeypatch.setattr(audit_writer, "HEAD_EVERY_S", 0.0)


def order(n: int) -> tuple[str, bytes]:
    return entries.ORDER, entries.encode_order(HandOrder(f"o{n}", OrderKind.SILENCE, "zhang", "sleep" * 30))


def orders_in(directory: Path) -> list[str]:
    content = [json.loads(line)["content"] for line in said(directory)]
    return [line["identifier"] for line in content if "identifier" in line]


def said(directory: Path) -> list[bytes]:
    return [line for path in year_files(directory / FOLDER) for line in path.read_bytes().splitlines()]


def kinds(directory: Path) -> list[str]:
    return [json.loads(line)["kind"] for line in said(directory)]


def wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def names(n: int) -> list[str]:
    return [f"o{k}" for k in range(n)]


def test_what_the_journal_takes_is_written_in_order_and_the_rest_is_not(tmp_path: Path) -> None:
    with running(tmp_path) as node:
        assert node.is_written()
        for n in range(30):
            node.journal.append_many([TICK, order(n), ("messages", b"")])
        assert node.is_written()
        wait_until(lambda: node.audit.state.followed == 90)
        state = node.audit.state
    assert orders_in(tmp_path) == names(30)
    assert kinds(tmp_path)[0] == "audit_begun"
    found = verify(tmp_path / FOLDER)
    assert (found.faults, found.head) == ([], state.head)
    text = node.metrics.exposition().decode()
    assert "warnstream_audit_lines_total 30.0" in text
    (shown,) = [line.split()[1] for line in text.splitlines() if line.startswith("warnstream_audit_head ")]
    assert f"{int(float(shown)):013x}" == found.head[:13]


def test_what_came_while_no_audit_ran_is_caught_up_with_once(tmp_path: Path) -> None:
    with closing(small(tmp_path, lambda: float(NOW))) as journal:
        journal.append_many([order(n) for n in range(5)])
    for _ in range(3):
        with running(tmp_path) as node:
            assert node.is_written()
    with running(tmp_path) as node:
        node.journal.append(*order(5))
        assert node.is_written()
    assert orders_in(tmp_path) == names(6)


def test_followed_live_or_caught_up_with_the_lines_are_the_same(tmp_path: Path) -> None:
    live, later = tmp_path / "live", tmp_path / "later"
    with running(live) as node:
        assert node.is_written()
        for n in range(20):
            node.journal.append_many([TICK, order(n)])
        assert node.is_written()
    with closing(small(later, lambda: float(NOW))) as journal:
        for n in range(20):
            journal.append_many([TICK, order(n)])
    with running(later) as node:
        assert node.is_written()
    without_chain = [
        [{**json.loads(line), "previous": "", "hash": ""} for line in said(folder)[1:]]
        for folder in (live, later)
    ]
    assert without_chain[0] == without_chain[1]


def test_more_than_memory_holds_is_read_from_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_writer, "WAITING_BYTES_MAX", 500)
    with running(tmp_path) as node:
        for n in range(0, 100, 10):
            node.journal.append_many([order(k) for k in range(n, n + 10)])
        assert node.is_written()
    assert orders_in(tmp_path) == names(100)


def test_a_full_disk_is_an_alarm_with_an_end_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path) as node:
        node.journal.append(*order(0))
        assert node.is_written()
        disk, takes, of_journal = os.pwrite, FullDisk(monkeypatch, room_bytes=2_000), threading.get_ident()

        def pwrite(descriptor: int, data: bytes, offset: int) -> int:
            has_room = threading.get_ident() == of_journal  # only what the audit appends is refused
            return (disk if has_room else takes.pwrite)(descriptor, data, offset)

        monkeypatch.setattr(os, "pwrite", pwrite)
        started = time.monotonic()
        for n in range(1, 20):
            node.journal.append(*order(n))
        assert time.monotonic() - started < WAIT_S / 4, "nobody waits for a record"
        wait_until(lambda: "audit" in node.alarms.standing)
        assert "the disk is full" in node.alarms.standing["audit"]
        takes.is_full = False
        assert node.is_written()
        wait_until(lambda: not node.alarms.standing)
    assert orders_in(tmp_path) == names(20)
    assert verify(tmp_path / FOLDER).faults == []


def test_entries_that_the_journal_has_lost_are_a_line_that_says_so(tmp_path: Path) -> None:
    with running(tmp_path) as node:
        node.journal.append(*order(0))
        assert node.is_written()
    with closing(small(tmp_path, lambda: float(NOW))) as journal:
        for n in range(1, 40):
            journal.append(*order(n))
        journal.save_snapshot(journal.last_sequence(), b"")
        journal.prune(keep_from_sequence=30)
        first = journal.first_sequence()
    with running(tmp_path) as node:
        assert node.is_written()
    assert orders_in(tmp_path) == ["o0", *names(40)[first - 1 :]]
    found = verify(tmp_path / FOLDER)
    assert found.faults == []
    (gap,) = found.gaps
    assert gap.line == 3
    assert gap.text == f"entries 2 to {first - 1} were pruned from the journal before the audit had them"


def test_a_damaged_entry_costs_its_file_of_the_journal_and_no_more(tmp_path: Path) -> None:
    with closing(small(tmp_path, lambda: float(NOW))) as journal:
        for n in range(60):
            journal.append(*order(n))
    second = int(segments(tmp_path)[1].stem.removeprefix("entries-"))
    third = int(segments(tmp_path)[2].stem.removeprefix("entries-"))
    flip(segments(tmp_path)[1], segments(tmp_path)[1].stat().st_size // 2)
    with running(tmp_path) as node:
        assert node.is_written()
    found = orders_in(tmp_path)
    assert found[: second - 1] == names(second - 1)
    assert found[-(60 - third + 1) :] == names(60)[third - 1 :]
    assert len(verify(tmp_path / FOLDER).gaps) == 1


def test_a_journal_that_counts_anew_is_followed_from_its_beginning(tmp_path: Path) -> None:
    with running(tmp_path) as node:
        node.journal.append_many([order(n) for n in range(5)])
        assert node.is_written()
    for path in segments(tmp_path):
        path.unlink()
    with running(tmp_path) as node:
        node.journal.append(*order(7))
        assert node.is_written()
    assert orders_in(tmp_path) == [*names(5), "o7"]
    assert kinds(tmp_path)[-2:] == ["journal_anew", "order"]
    assert verify(tmp_path / FOLDER).faults == []


def test_a_changed_line_is_an_alarm_at_the_start_and_warnings_go_on(tmp_path: Path) -> None:
    with running(tmp_path) as node:
        node.journal.append_many([order(n) for n in range(5)])
        assert node.is_written()
    path = year_files(tmp_path / FOLDER)[-1]
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"o2"', b'"o9"'))
    alarms = Alarms()
    with running(tmp_path, alarms) as node:
        wait_until(lambda: "audit:chain" in alarms.standing)
        assert f"{path.name}:" in alarms.standing["audit:chain"]
        node.journal.append(*order(5))
        assert node.is_written()
    path.write_bytes(path.read_bytes().replace(b'"o9"', b'"o2"'))
    with running(tmp_path, alarms):
        wait_until(lambda: not alarms.standing)


def test_lines_that_were_cut_off_are_an_alarm_and_come_back_from_the_journal(tmp_path: Path) -> None:
    with running(tmp_path) as node:
        node.journal.append_many([order(n) for n in range(5)])
        assert node.is_written()
    path = year_files(tmp_path / FOLDER)[-1]
    whole = path.read_bytes()
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:-2]))
    with running(tmp_path) as node:
        wait_until(lambda: "audit:chain" in node.alarms.standing)
        assert node.is_written()
    assert path.read_bytes() == whole


def test_files_that_were_taken_away_while_it_runs_are_an_alarm_and_written_again(tmp_path: Path) -> None:
    with running(tmp_path) as node:
        node.journal.append(*order(0))
        assert node.is_written()
        year_files(tmp_path / FOLDER)[-1].unlink()
        node.journal.append(*order(1))
        wait_until(lambda: "audit" in node.alarms.begun)
        assert node.is_written()
        wait_until(lambda: "audit:chain" in node.alarms.standing)
    assert orders_in(tmp_path) == names(2)


CHILD = """
import sys, time
from pathlib import Path
from tests.integration import test_audit_writer as here
here.audit_writer.GATHER_S = 0.002
with here.running(Path(sys.argv[1])) as node:
    for n in range(node.journal.last_sequence(), 1_000_000):
        print(node.journal.append(*here.order(n)), flush=True)
"""


@pytest.mark.slow
def test_a_process_that_is_killed_again_and_again_leaves_one_chain_without_a_hole(tmp_path: Path) -> None:
    rng = random.Random(7)
    for _ in range(12):
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline().strip().isdigit()
            time.sleep(rng.uniform(0.0, 0.25))
            child.kill()
        assert [fault for fault in verify(tmp_path / FOLDER).faults if "not whole" not in fault.text] == []
    with running(tmp_path) as node:
        assert node.is_written()
        count = node.journal.last_sequence()
    assert count >= 12, "it was killed at work"
    assert orders_in(tmp_path) == names(count)
    assert verify(tmp_path / FOLDER).faults == []


def test_it_writes_on_after_more_came_than_memory_holds_while_nobody_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_writer, "WAITING_BYTES_MAX", 10)
    with running(tmp_path) as node:
        assert node.is_written()
        time.sleep(0.1)  # it sleeps
        node.journal.append(*order(0))
        assert node.is_written()
    assert orders_in(tmp_path) == ["o0"]
