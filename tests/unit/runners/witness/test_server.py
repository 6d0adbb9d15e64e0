"""The witness as a process: what it has lent is on disk, and a start forgets nothing that it has lent."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import free_port
from warnstream import __version__
from warnstream.adapters.standby.connection import connect
from warnstream.adapters.standby.messages import VERSION, Hello, LeaseAsk, LeaseSaid
from warnstream.config.settings import BoxSettings, WitnessSettings
from warnstream.model.errors import StoreError
from warnstream.runners.witness import server
from warnstream.runners.witness.claims import Claims
from warnstream.runners.witness.server import Place, Witness
from warnstream.runners.witness.watch import WitnessWatch


class Clock:
    """Goes on when it is told."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(server, "steady_s", made)
    return made


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, "127.0.0.1", free_port())


@pytest.fixture
def witness(place: Place, clock: Clock) -> Iterator[Witness]:
    serving = Witness(place)
    yield serving
    serving.close()


def asked(witness: Witness, box: str, term: int, *, is_given: bool = False) -> LeaseSaid:
    return witness.answer("county", box, LeaseAsk(term, 10.0, is_given))


def test_it_lends_to_one_at_a_time(witness: Witness, clock: Clock) -> None:
    assert not asked(witness, "north", 1).is_lent, "what was lent before it was made is not known"
    clock.now_s += 60.0
    assert asked(witness, "north", 1).is_lent
    assert asked(witness, "south", 2) == LeaseSaid(False, 1, "north", 10.0)
    clock.now_s += 9.9
    assert not asked(witness, "south", 2).is_lent
    clock.now_s += 0.1
    assert asked(witness, "south", 2).is_lent
    assert asked(witness, "north", 1) == LeaseSaid(False, 2, "south", 10.0)
    assert asked(witness, "north", 3, is_given=True).is_lent
    assert witness.answer("other-county", "south", LeaseAsk(2, 10.0)).is_lent, "counties do not meet"


def test_a_start_holds_what_was_lent_for_the_whole_time_once_more(place: Place, clock: Clock) -> None:
    first = Witness(place)
    clock.now_s += 60.0
    assert asked(first, "north", 4).is_lent
    with pytest.raises(StoreError):
        Witness(place)
    first.close()
    clock.now_s += 9.0
    again = Witness(place)
    clock.now_s += 9.0
    assert not asked(again, "south", 5).is_lent
    assert asked(again, "north", 4).is_lent, "who has it goes on at once"
    clock.now_s += 10.0
    assert asked(again, "south", 5).is_lent
    again.close()


def test_a_disk_that_refuses_lends_nothing(witness: Witness, clock: Clock, tmp_path: Path) -> None:
    clock.now_s += 60.0
    (tmp_path / "county.new").mkdir()
    with pytest.raises(StoreError):
        asked(witness, "north", 1)
    (tmp_path / "county.new").rmdir()
    assert asked(witness, "south", 1).is_lent
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match=r"broken\.json"):
        witness.answer("broken", "north", LeaseAsk(1, 10.0))


def test_over_the_line_and_a_stranger_is_turned_away(place: Place, witness: Witness, clock: Clock) -> None:
    clock.now_s += 60.0
    greeting = Hello(VERSION, "south", "county", "standby", 1, "", __version__, "", 0, "")
    watch = WitnessWatch(WitnessSettings("127.0.0.1", place.port, 10.0, 20.0), None, lambda: greeting)
    claims = Claims(watch, "north")
    stopping = threading.Event()
    assert claims.settle(1, "taken over", stopping) == ("taken over", "")
    assert watch.may_lead()
    assert watch.said() == ""
    watch.lead_no_more()
    assert not watch.may_lead()
    watch.close()
    line = connect(BoxSettings("witness", "127.0.0.1", place.port), None)
    line.send(Hello(VERSION, "x", "../etc", "standby", 1, "", __version__, "", 0, ""))
    with pytest.raises(OSError, match="closed"):
        line.receive()
    line.close()


def test_where_nobody_answers_a_person_s_word_counts_and_no_other(place: Place) -> None:
    greeting = Hello(VERSION, "south", "county", "standby", 1, "", __version__, "", 0, "")
    watch = WitnessWatch(WitnessSettings("127.0.0.1", place.port, 10.0, 0.0), None, lambda: greeting)
    claims = Claims(watch, "north")
    watch.begin_confirming(is_level=True)
    assert not claims.is_lent_by_itself(1)
    assert watch.begin_confirming(is_level=True), "it may follow again"
    assert not watch.may_lead()
    assert claims.settle(1, "taken over", threading.Event()) == ("taken over", "")
    assert watch.may_lead()
    assert watch.said().startswith("no witness: 127.0.0.1:")
    watch.close()


def test_old_or_half_knowledge_does_not_lead_by_itself(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    greeting = Hello(VERSION, "south", "county", "standby", 1, "", __version__, "", 0, "")
    watch = WitnessWatch(WitnessSettings("127.0.0.1", place.port, 10.0, 0.0), None, lambda: greeting)
    watch.begin_confirming(is_level=False)
    assert "did not have everything" in watch.why_not_by_itself()
    watch.begin_confirming(is_level=True)
    assert watch.why_not_by_itself() == ""
    now = server.steady_s()
    monkeypatch.setattr("warnstream.runners.witness.watch.steady_s", lambda: now + 901.0)
    assert "nothing was heard for more than 900 s" in watch.why_not_by_itself()
    watch.close()
