"""What consoles ask beside the situation: answered in the loop or in a thread, never by neither."""

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.unit.runners.console.test_officer_acts import Node, county, derived, first_of, node  # noqa: F401
from warnstream.adapters.audit.lines import GENESIS, Line, seal
from warnstream.adapters.console.frame import LOOKS, VERSION, Ask
from warnstream.adapters.console.past import decode_past, decode_record
from warnstream.adapters.http.models.drills import DrillRecord
from warnstream.model.errors import StoreError
from warnstream.runners.console import looks as module
from warnstream.runners.console.looks import Looks


class Status:
    """What the node says of itself: nothing, or a fault."""

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.asked: list[str | None] = []
        self.drill_room: Any = self

    def records(self) -> list[DrillRecord]:
        return []

    def state(self) -> Any:
        if self.fault is not None:
            raise self.fault
        return {"alarms": []}

    def transfers(self, only: str | None) -> Any:
        self.asked.append(only)
        return {"lists": []}


class Asking:
    def __init__(self, node: Node, directory: Path) -> None:  # noqa: F811
        configuration = cast("Any", SimpleNamespace(**{name: getattr(node.people, name) for name in NAMES}))
        configuration.storage = SimpleNamespace(directory=directory)
        self.status = Status()
        self.looks = Looks(configuration, node, self.status, cast("Any", SimpleNamespace()))
        self.looks.start()

    def __call__(self, what: str, village: str = "", cursor: int = 0) -> tuple[bytes, str]:
        told: list[tuple[bytes, str]] = []
        done = threading.Event()

        def answer(content: bytes, fault: str) -> None:
            told.append((content, fault))
            done.set()

        self.looks.take(Ask(VERSION, 1, village, what, cursor), answer)
        assert done.wait(10)
        return told[0]


NAMES = ("network", "rules", "message", "routing")


@pytest.fixture
def asking(node: Node, tmp_path: Path) -> Any:  # noqa: F811
    found = Asking(node, tmp_path)
    yield found
    found.looks.stop()


def line(entry: int, kind: str, /, **content: object) -> bytes:
    return seal(Line(GENESIS, entry, 0, 1, "2026-06-18T08:00:00Z", kind, content))[0]


def test_everything_that_can_be_asked_is_answered(asking: Asking, node: Node) -> None:  # noqa: F811
    village = first_of(node)
    for what in LOOKS.keys() - {"village", "why"}:  # those are told in the loop
        content, fault = asking(what, village if what == "past" else "")
        assert content, what
        assert not fault
    assert asking.status.asked == [None]
    assert asking("transfers", "t1") == (b'{"lists":[]}', "")
    assert asking.status.asked[-1] == "t1"
    assert asking("weather")[1] == "nothing is known of 'weather'"


def test_the_past_has_the_acts_of_its_village(asking: Asking, node: Node, tmp_path: Path) -> None:  # noqa: F811
    village, other = node.people.network.villages.code[0], node.people.network.villages.code[1]
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "2026.jsonl").write_bytes(
        line(1, "order", kind="end", author="chief", villages=[village, other])
        + line(2, "order", kind="end", author="chief", villages=[other])
        + line(3, "help_assigned", help=f"h.{village}.1", person="chief")
        + line(4, "duty", kind="read", person="chief", note=f"doors of {village} from 0")
        + line(5, "duty", kind="take_shift", person="chief")
        + line(6, "warning", village=village)
    )
    past = decode_past(asking("past", village)[0])
    assert [line.entry for line in past.acts] == [4, 3, 1]
    assert not any((past.versions, past.bulletins, past.digests))
    assert past.is_whole
    record = decode_record(asking("record")[0])
    assert [line.entry for line in record.lines] == [5, 4, 3, 2, 1]
    assert [line.entry for line in decode_record(asking("record", cursor=3)[0]).lines] == [5, 4]


def test_why_is_told_in_the_loop_and_an_unknown_village_is_said(asking: Asking, node: Node) -> None:  # noqa: F811
    asked = asking.looks
    with pytest.raises(StoreError, match="no such village"):
        asked.take(Ask(VERSION, 1, "nowhere", "why"), lambda _content, _fault: None)


@pytest.mark.parametrize("fault", [StoreError("the disk", retryable=True), ZeroDivisionError("odd")])
def test_a_fault_is_told_and_the_next_one_is_answered(asking: Asking, fault: Exception) -> None:
    asking.status.fault = fault
    content, said = asking("state")
    assert content == b""
    assert str(fault) in said
    asking.status.fault = None
    assert asking("state") == (b'{"alarms":[]}', "")


def test_of_too_many_the_last_are_told_so_at_once(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> Any:
        begun.set()
        go_on.wait(10)
        return {}

    monkeypatch.setattr(asking.status, "state", slow)
    said: list[str] = []
    for number in range(module.WAITING_MAX + 3):
        asking.looks.take(Ask(VERSION, number, "", "state"), lambda _content, fault: said.append(fault))
        if number == 0:
            assert begun.wait(10)
    assert said == ["too many ask"] * 2
    go_on.set()
