"""Orders that commands leave for a running node: taken once durable, or refused with every fault."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest

from warnstream.model.digests import HelpAssign, HelpClose
from warnstream.model.effects import OperatorCancel
from warnstream.model.hands.orders import HandOrder, OrderKind
from warnstream.runners.intake import entries
from warnstream.runners.live.orders import AnyOrder, Orders, leave_order, take_problems

HAND = HandOrder("o1", OrderKind.END, "zhang", "gauge is loose", ("V1",), "flash_flood")
ORDERS: list[tuple[AnyOrder, str, Callable[[bytes], object]]] = [
    (HAND, entries.ORDER, entries.decode_order),
    (HelpAssign("h1", "zhang", "li"), entries.HELP, entries.decode_help),
    (HelpClose("h1", "zhang", "wang", "home"), entries.HELP, entries.decode_help),
    (OperatorCancel("ws.V1.flood.x", "zhang", "x"), entries.CANCEL, entries.decode_cancel),
]


class Kept:
    """What a node was asked to keep."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, bytes]] = []

    def keep(self, kind: str, payload: bytes) -> Future[None]:
        self.entries.append((kind, payload))
        done: Future[None] = Future()
        done.set_result(None)
        return done


@pytest.mark.parametrize(("order", "kind", "decode"), ORDERS)
def test_an_order_becomes_an_entry_and_its_file_goes(
    tmp_path: Path, order: AnyOrder, kind: str, decode: Callable[[bytes], object]
) -> None:
    kept, left = Kept(), leave_order(tmp_path, order)
    Orders(tmp_path, kept.keep, lambda _order: [])._take(left)
    ((found, payload),) = kept.entries
    assert found == kind
    assert decode(payload) == order
    assert not left.exists()
    assert take_problems(left) == []


def test_an_order_that_cannot_be_is_refused_with_every_fault_and_kept_nowhere(tmp_path: Path) -> None:
    kept, left = Kept(), leave_order(tmp_path, HAND)
    Orders(tmp_path, kept.keep, lambda _order: ["villages: no", "level: no"])._take(left)
    assert kept.entries == []
    assert not left.exists()
    assert take_problems(left) == ["villages: no", "level: no"]
    assert take_problems(left) == [], "said once"


@pytest.mark.parametrize("content", [b"", b"{}", b'{"order": {}}', b'{"order": {"kind": "shout"}}'])
def test_what_is_no_order_is_put_aside_and_the_next_one_is_taken(tmp_path: Path, content: bytes) -> None:
    kept, good = Kept(), leave_order(tmp_path, HAND)
    bad = good.with_name("a.json")
    bad.write_bytes(content)
    orders = Orders(tmp_path, kept.keep, lambda _order: [])
    for path in (bad, good):
        orders._take(path)
    assert len(kept.entries) == 1
    assert bad.with_suffix(".refused").exists()


def left_for(directory: Path, order: AnyOrder, age_s: float) -> Path:
    left = leave_order(directory, order)
    at = time.time() - age_s
    os.utime(left, (at, at))
    return left


def test_an_end_that_nobody_took_for_hours_does_not_end_what_stands_by_then(tmp_path: Path) -> None:
    kept = Kept()
    orders = Orders(tmp_path, kept.keep, lambda _order: [])
    old, new = left_for(tmp_path, HAND, 3 * 3_600), left_for(tmp_path, HAND, 60)
    warns = left_for(tmp_path, replace(HAND, kind=OrderKind.ISSUE), 3 * 3_600)
    for path in (old, new, warns):
        orders._take(path)
    kinds = [entries.decode_order(payload).kind for _, payload in kept.entries]
    assert kinds == [OrderKind.END, OrderKind.ISSUE]
    (said,) = take_problems(old)
    assert said.startswith("it was left 180 min ago")


def test_an_order_that_cannot_even_be_checked_keeps_no_other_from_being_taken(tmp_path: Path) -> None:
    def faults_of(order: AnyOrder) -> list[str]:
        if isinstance(order, HelpAssign):
            raise KeyError("villages changed")
        return []

    kept = Kept()
    bad, good = leave_order(tmp_path, HelpAssign("h1", "zhang", "li")), leave_order(tmp_path, HAND)
    orders = Orders(tmp_path, kept.keep, faults_of)
    orders.start()
    deadline = time.monotonic() + 20
    while good.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    orders.stop()
    assert len(kept.entries) == 1
    assert "a fault of the node" in take_problems(bad)[0]


def test_a_folder_that_cannot_be_looked_into_for_a_while_ends_no_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, good = Kept(), leave_order(tmp_path, HAND)
    orders, looks = Orders(tmp_path, kept.keep, lambda _order: []), Path.glob
    failures = iter([OSError(24, "Too many open files")] * 2)

    def glob(self: Path, pattern: str) -> Iterator[Path]:
        if self == good.parent and (failure := next(failures, None)) is not None:
            raise failure
        return looks(self, pattern)

    monkeypatch.setattr(Path, "glob", glob)
    orders.start()
    deadline = time.monotonic() + 20
    while good.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    orders.stop()
    assert len(kept.entries) == 1
