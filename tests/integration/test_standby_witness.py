"""The line, the follower and a witness in one process: nothing counts that neither of the two agrees to."""

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest

from tests.conftest import free_port
from tests.integration.test_standby_line import Alarms as Kept
from tests.integration.test_standby_line import First, folders, follower, heard, wait_for
from warnstream.config.settings import Configuration, WitnessSettings
from warnstream.model.errors import StoreError
from warnstream.runners.standby.line import Line
from warnstream.runners.standby.link import hello_of
from warnstream.runners.standby.replicated import ReplicatedLog
from warnstream.runners.witness.server import Place, Witness
from warnstream.runners.witness.watch import WitnessWatch

assert folders

LEASE_S, PATIENCE_S = 5.0, 1.5


class Alarms(Kept):
    """A box that may not lead is not ready."""

    def raise_alarm(self, key: str, text: str, *, is_blocking: bool = True, zh: str = "") -> None:
        assert is_blocking == (key == "right")
        super().raise_alarm(key, text, is_blocking=False, zh=zh)


@dataclass
class By:
    """As of a box: the process lives until it is told."""

    watch: WitnessWatch
    ending: threading.Event

    def may_lead(self) -> bool:
        return self.watch.may_lead()

    def confirmed(self, sent_s: float) -> None:
        self.watch.confirmed(sent_s)

    def said(self) -> str:
        return self.watch.said()

    def is_ending(self) -> bool:
        return self.ending.is_set()


@pytest.fixture
def first(folders: tuple[Configuration, Configuration]) -> Iterator[tuple[First, By]]:
    """A first box whose witness does not run."""
    opened = First(folders[0])
    opened.alarms = Alarms()
    settings = WitnessSettings("127.0.0.1", free_port(), LEASE_S, PATIENCE_S)
    greeting = hello_of(folders[0], opened.leadership, "leads", 0, "")
    by = By(WitnessWatch(settings, None, lambda: greeting), threading.Event())
    opened.line = Line(
        folders[0], opened.leadership, opened.journal, opened.alarms, opened.metrics, opened.wanted, by
    )
    opened.log = ReplicatedLog(opened.journal, opened.line)
    with closing(opened):
        yield opened, by
    by.watch.close()


def test_by_the_word_of_the_other_box_alone_and_no_longer_than_that(
    folders: tuple[Configuration, Configuration], first: tuple[First, By]
) -> None:
    box, by = first
    with follower(folders[1]):
        wait_for(lambda: box.line.is_linked)
        box.log.append_many([heard("protected")])
        wait_for(by.watch.may_lead)
        box.line.look()
        assert "witness" in box.alarms.standing
    wait_for(lambda: not by.watch.may_lead())
    threading.Timer(1.0, by.ending.set).start()
    with pytest.raises(StoreError, match="may not lead now"):
        box.log.append_many([heard("to nobody")])
    assert "right" in box.alarms.standing or not by.watch.may_lead()


def test_by_the_word_of_the_witness_alone(
    first: tuple[First, By], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, by = first
    monkeypatch.setattr("warnstream.runners.witness.server.LEASE_S_MAX", LEASE_S)
    port = by.watch._settings.port
    witness = Witness(Place(tmp_path_factory.mktemp("witness"), "127.0.0.1", port))
    refused: list[str] = []
    by.watch.lead(1, refused.append)
    wait_for(by.watch.may_lead)
    box.log.append_many([heard("alone, and lent")])
    assert by.watch.said() == ""
    assert "right" not in box.alarms.standing
    witness.close()
    wait_for(lambda: not by.watch.may_lead())
    box.line.look()
    assert {"witness", "right"} <= set(box.alarms.standing)
    assert refused == []
