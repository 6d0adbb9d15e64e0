"""A change while running beside a second box: both go by it from the same entry on, whoever is killed."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import IO, Self

import pytest

from tests import forks
from tests.e2e.two_boxes import PLACES, BoxProcess, Gateway, Pair
from tests.simulation.changed_county import County, Phones
from tests.simulation.test_carry_live import longer_windows
from tests.simulation.test_changed_configuration import (
    add_village,
    households_change,
    lower_thresholds,
    reorder_stations,
)
from warnstream.adapters.bundles.uses import read_uses
from warnstream.adapters.journal.snapshots import SnapshotFiles
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.runners.intake.history_entries import CONFIGURATION, decode_configuration

pytestmark = pytest.mark.server

LETTERS_OF_FIRST = ("keeping the state", "reading", "bundle 2", "the second box is given it", "is live")
LETTERS_OF_SECOND = ("bundle held", "the log goes on under another", "this box goes by another")


def changed(pair: Pair, change: Callable[[County], None], box: BoxProcess) -> None:
    """The files of one box alone are changed."""
    change(County(box.directory, pair.county.gateway))


@dataclass
class Reload:
    """`warnstream reload` on a box: its process, and its lines as they come."""

    process: forks.Running
    lines: IO[str]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.lines.close()
        self.process.wait(120)

    def said(self) -> tuple[int, str]:
        """Its exit status, and everything it has said."""
        with self.lines:
            said = self.lines.read()
        return self.process.wait(120), said


def reload_of(box: BoxProcess, *options: str) -> Reload:
    ours, theirs = os.pipe()
    words = ["reload", str(box.directory), "--person", "li", "--yes", *options]
    with os.fdopen(theirs, "wb") as told:
        process = forks.spawn(words, told, place=PLACES[box.name][1])
    return Reload(process, os.fdopen(ours, encoding="utf-8"))


def reloaded(box: BoxProcess, *options: str) -> tuple[int, str]:
    return reload_of(box, *options).said()


def changes_of(box: BoxProcess) -> list[tuple[int, int, bool]]:
    """Entry, bundle, and whether the node was running, of every change in a log."""
    found = [
        (number, decode_configuration(payload))
        for number, kind, payload in box.entries()
        if kind == CONFIGURATION
    ]
    return [(number, entry.bundle, entry.is_live) for number, entry in found]


def demand_same_state(pair: Pair) -> None:
    """Both end in good order: logs, engines, ledgers and rows are the same."""
    pair.wait_for(lambda: pair.has_same_logs)
    pair.north.stop()
    pair.wait_for(lambda: pair.south.metric("warnstream_standby_unjudged_entries") == 0)
    pair.south.stop()
    assert pair.has_same_logs
    for folder in ("journal", "ledger"):
        north, south = (SnapshotFiles(box.data / folder).latest() for box in (pair.north, pair.south))
        assert north is not None
        assert north == south, folder
    with closing(Outbox(pair.north.data)) as north_rows, closing(Outbox(pair.south.data)) as south_rows:
        assert list(north_rows.records()) == list(south_rows.records())


@pytest.mark.parametrize(
    "change", [lower_thresholds, add_village, reorder_stations, longer_windows, households_change]
)
def test_both_go_by_it_from_the_same_entry_and_come_to_the_same_state(
    pair: Pair, change: Callable[[County], None]
) -> None:
    pair.start()
    source = Gateway(pair)
    for times in (0.0, 1.0, 3.0):
        source.publish(pair.county.next_messages(times), pair.north)
    changed(pair, change, pair.north)
    status, said = reloaded(pair.north)
    assert status == 0, said + pair.log()
    assert "the second box is given it" in said
    for times in (1.0, 11.0, *(0.0,) * 14):
        source.publish(pair.county.next_messages(times), pair.north)
    assert pair.is_protected
    assert pair.south.says("CONFIG_DIR of this box has")
    demand_same_state(pair)
    assert changes_of(pair.north) == changes_of(pair.south)
    assert [(bundle, is_live) for _, bundle, is_live in changes_of(pair.south)][-1] == (2, True)


def test_who_takes_over_judges_under_the_bundle_in_force_and_so_does_its_restart(
    pair: Pair, gateway: Phones
) -> None:
    pair.start()
    source = Gateway(pair)
    source.publish(pair.county.next_messages(0.0), pair.north)
    changed(pair, lower_thresholds, pair.north)
    assert reloaded(pair.north)[0] == 0
    fingerprint = pair.north.get("/api/v1/state")["configuration"]["fingerprint"]
    pair.north.kill()
    assert pair.south.take_over().returncode == 0, pair.log()
    for is_restarted in (False, True):
        if is_restarted:
            pair.south.kill()
            pair.south.spawn()
            pair.wait_for(lambda: pair.south.leads and not pair.south.says("starting"))
        found = pair.south.get("/api/v1/state")["configuration"]
        assert (found["fingerprint"], found["bundle"]) == (fingerprint, 2), pair.log()
    assert pair.south.says("bundle 2 runs: CONFIG_DIR of this box has another one, older or rolled back")
    for _ in range(3):
        source.publish(pair.county.next_messages(1.0), pair.south)
    pair.wait_for(lambda: bool(gateway.warnings()))


def test_a_second_that_is_away_refuses_the_change_unless_somebody_says_so_and_then_catches_up(
    pair: Pair,
) -> None:
    pair.start()
    source = Gateway(pair)
    source.publish(pair.county.next_messages(0.0), pair.north)
    pair.south.stop()
    changed(pair, lower_thresholds, pair.north)
    status, said = reloaded(pair.north)
    assert status == 1
    assert "the second box is not there (south: it is not connected): mend that, or say --alone" in said
    assert "nothing was changed: bundle 1 runs on" in said
    status, said = reloaded(pair.north, "--alone")
    assert status == 0, said
    source.publish(pair.county.next_messages(1.0), pair.north)
    changed(pair, longer_windows, pair.north)
    assert reloaded(pair.north, "--alone")[0] == 0
    pair.south.spawn()
    pair.wait_for(lambda: pair.is_protected)
    for times in (11.0, 0.0):
        source.publish(pair.county.next_messages(times), pair.north)
    demand_same_state(pair)
    assert [use.number for use in read_uses(pair.south.data / "configurations")] == [1, 2, 3]


def test_a_second_that_cannot_go_by_it_refuses_it(pair: Pair) -> None:
    """It cannot keep it; once it can, the same word is heeded."""
    pair.start()
    changed(pair, lower_thresholds, pair.north)
    pair.wait_for((pair.south.data / "configurations").exists)
    (pair.south.data / "configurations").rename(pair.south.data / "was")
    (pair.south.data / "configurations").write_text("no folder", encoding="utf-8")
    status, said = reloaded(pair.north)
    assert status == 1, said
    assert "refused: south cannot take bundle 2" in said
    assert "bundle 1 runs on" in said
    (pair.south.data / "configurations").unlink()
    (pair.south.data / "was").rename(pair.south.data / "configurations")
    status, said = reloaded(pair.north)
    assert status == 0, said


def test_back_to_a_bundle_of_before_and_a_word_to_the_wrong_box(pair: Pair) -> None:
    pair.start()
    source = Gateway(pair)
    changed(pair, lower_thresholds, pair.north)
    assert reloaded(pair.north)[0] == 0
    source.publish(pair.county.next_messages(1.0), pair.north)
    status, said = reloaded(pair.north, "--bundle", "1")
    assert status == 0, said
    status, said = reloaded(pair.south)
    assert status == 1
    assert "this box (south) stands by: north leads" in said
    assert pair.south.process is not None
    pair.south.process.send_signal(signal.SIGHUP)
    source.publish(pair.county.next_messages(1.0), pair.north)
    demand_same_state(pair)
    assert [bundle for _, bundle, is_live in changes_of(pair.south) if is_live] == [2, 1]


def test_a_signal_does_the_same(pair: Pair) -> None:
    pair.start()
    source = Gateway(pair)
    source.publish(pair.county.next_messages(0.0), pair.north)
    changed(pair, longer_windows, pair.north)
    assert pair.north.process is not None
    pair.north.process.send_signal(signal.SIGHUP)
    pair.wait_for(lambda: pair.north.get("/api/v1/state").get("configuration", {}).get("bundle") == 2)
    source.publish(pair.county.next_messages(1.0), pair.north)
    demand_same_state(pair)


@pytest.mark.slow
@pytest.mark.parametrize("letter", LETTERS_OF_FIRST)
def test_the_first_is_killed_at_any_letter_and_both_come_to_one_end(
    pair: Pair, gateway: Phones, letter: str
) -> None:
    """Started again it has either of the two configurations, and so has the second."""
    pair.start()
    source = Gateway(pair)
    for times in (0.0, 1.0):
        source.publish(pair.county.next_messages(times), pair.north)
    changed(pair, lower_thresholds, pair.north)
    with reload_of(pair.north) as reload:
        for line in reload.lines:
            if letter in line:
                pair.north.kill()
    pair.north.spawn()
    pair.wait_for(lambda: pair.is_protected)
    for times in (1.0, 0.0):
        source.publish(pair.county.next_messages(times), pair.north)
    pair.wait_for(lambda: pair.has_same_logs)
    assert changes_of(pair.north) == changes_of(pair.south)
    assert changes_of(pair.north)[-1][1] == 2, "a restart takes CONFIG_DIR, and the second follows that, too"
    pair.north.kill()
    assert pair.south.take_over().returncode == 0, pair.log()
    assert pair.south.get("/api/v1/state")["configuration"]["bundle"] == 2
    assert len(gateway.shown) == len({shown.key for shown in gateway.shown})


@pytest.mark.slow
@pytest.mark.parametrize("letter", LETTERS_OF_SECOND)
def test_the_second_is_killed_at_any_letter_and_both_come_to_one_end(pair: Pair, letter: str) -> None:
    pair.start()
    source = Gateway(pair)
    for times in (0.0, 1.0):
        source.publish(pair.county.next_messages(times), pair.north)
    changed(pair, lower_thresholds, pair.north)
    seen = (pair.south.directory / "node.log").read_text(encoding="utf-8").count(letter)
    reload = reload_of(pair.north)
    if (
        letter == LETTERS_OF_SECOND[-1]
    ):  # it judges what is settled, and the next entry says that of the change
        reload.process.wait(120)
        source.publish(pair.county.next_messages(1.0), pair.north)
    until = time.monotonic() + 60
    while (pair.south.directory / "node.log").read_text(encoding="utf-8").count(letter) == seen:
        assert time.monotonic() < until, pair.log()
        time.sleep(0.002)
    pair.south.kill()
    status, said = reload.said()
    pair.south.spawn()
    pair.wait_for(lambda: pair.is_protected)
    if status:
        assert "nothing was changed" in said
        status, said = reloaded(pair.north)
        assert status == 0, said
    for times in (1.0, 0.0):
        source.publish(pair.county.next_messages(times), pair.north)
    demand_same_state(pair)
    assert changes_of(pair.north) == changes_of(pair.south)
