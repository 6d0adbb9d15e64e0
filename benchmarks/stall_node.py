"""The node that `bench_stall` looks at, with a stopwatch at its loop: a program of its own, not a module.

    PYTHONPATH=CHECKOUT python benchmarks/stall_node.py CONFIG_DIR

It imports nothing but `warnstream`, so that PYTHONPATH decides whose: an older checkout is measured by the
same program. The loop is held from the moment its inbox hands it a batch until it asks for the next one.
Holds of a millisecond and more are lines of ``holds.txt`` in CONFIG_DIR: when they ended by the monotonic
clock, how long they were, the processor time of the loop in them, all in seconds, and what took longest in
them (`PARTS`). What one door waits for (`DOORS`, a prefix of codes) is in ``stages.txt``: the monotonic
clock, the stage, the door. SIGUSR1 asks for a snapshot.
"""

import functools
import gc
import importlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from warnstream.adapters.inbox import Inbox
from warnstream.adapters.log import configure_logging
from warnstream.config.load import load_configuration
from warnstream.runners.live.node import Node

TOLD_S = 0.001
DOORS = "HP"
FEW = 100
"""Messages of a batch in which a crossing is looked for."""

PARTS = (
    ("log", "warnstream.adapters.journal.journal", "Journal.append_many"),
    ("judge", "warnstream.runners.intake.intake", "Intake.consume"),
    ("ledger", "warnstream.adapters.ledger.doors", "DoorStore.issue"),
    ("outcomes", "warnstream.adapters.ledger.doors", "DoorStore.take_outcomes"),
    ("answers", "warnstream.adapters.ledger.doors", "DoorStore.answer_many"),
    ("rows", "warnstream.adapters.outbox.outbox", "Outbox.record"),
    ("audit", "warnstream.runners.audit.writer", "AuditWriter.take"),
    ("views", "warnstream.runners.live.views.guard", "ViewGuard.update"),
    ("issued", "warnstream.runners.live.keeper", "issued_of"),
    ("ends", "warnstream.runners.live.keeper", "no_end_of"),
    ("copy", "warnstream.runners.live.snapshots.keeping", "Snapshots.begin"),
    ("console", "warnstream.runners.console.feed", "ConsoleFeed.look"),
)
"""Work of the loop: its name, and where it is."""


class Stopwatch:
    """Stands between a node's loop and its inbox."""

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._begun_s: float | None = None
        self._cpu_s = 0.0
        self._thread = 0
        self._parts: dict[str, float] = {}
        self.before: list[Callable[[], object]] = []
        gc.callbacks.append(self._collected)

    def part(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Some work of the loop, timed."""

        @functools.wraps(work)
        def timed(*given: Any, **named: Any) -> Any:
            begun_s = time.monotonic()
            try:
                return work(*given, **named)
            finally:
                if threading.get_ident() == self._thread:
                    self._add(name, time.monotonic() - begun_s)

        return timed

    def _add(self, name: str, took_s: float) -> None:
        self._parts[name] = self._parts.get(name, 0.0) + took_s

    def _collected(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self._collecting_s = time.monotonic()
        elif threading.get_ident() == self._thread:
            self._add("garbage", time.monotonic() - self._collecting_s)

    def around(self, take: Callable[..., Any]) -> Callable[..., Any]:
        """`Inbox.take`, timed."""

        def timed(*given: Any, **named: Any) -> Any:
            while self.before:
                self.before.pop()()
            self._came_back(time.monotonic())
            taken = take(*given, **named)
            self._thread = threading.get_ident()
            self._begun_s, self._cpu_s = time.monotonic(), time.thread_time()
            self._parts.clear()
            return taken

        return timed

    def _came_back(self, now_s: float) -> None:
        if self._begun_s is None or now_s - self._begun_s < TOLD_S:
            return
        cpu_s = time.thread_time() - self._cpu_s
        parts = ",".join(f"{name}={1e3 * took_s:.1f}" for name, took_s in self._parts.items())
        line = f"{now_s:.6f} {now_s - self._begun_s:.6f} {cpu_s:.6f} {parts}\n"
        os.write(self._file, line.encode("ascii"))


class Stages:
    """When doors whose codes begin with `DOORS` reach each stage of their way."""

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def tell(self, stage: str, codes: Iterable[str]) -> None:
        """These doors are there now."""
        now_s = time.monotonic()
        lines = [f"{now_s:.6f} {stage} {code}\n" for code in codes if code.startswith(DOORS)]
        if lines:
            os.write(self._file, "".join(lines).encode("ascii"))

    def watch(self) -> None:
        """From now on."""
        from warnstream.adapters.ledger.doors import DoorStore
        from warnstream.adapters.ledger.sending import DoorSending
        from warnstream.adapters.sending.guarded_channel import GuardedChannel
        from warnstream.runners.live.ingress import Ingress

        take, issue, claim = Ingress.take, DoorStore.issue, DoorSending.claim
        send, settle = GuardedChannel.send, DoorSending.settle

        def took(ingress: Any, *given: Any, **named: Any) -> Any:
            turn = take(ingress, *given, **named)
            for batch in turn.arrived:
                if len(batch.topics) < FEW:  # a front is none of them, and long
                    stations = [str(topic).split("/")[-2] for topic in batch.topics]
                    self.tell("taken", (f"H{code.removesuffix('G')}" for code in stations))
            return turn

        def issued(store: Any, bulletins: Any) -> Any:
            done, codes = issue(store, bulletins), store.network.villages.code
            self.tell("issued", (f"H{codes[bulletin.village]}" for bulletin in bulletins))
            return done

        def claimed(sending: Any, *given: Any, **named: Any) -> Any:
            rows = claim(sending, *given, **named)
            self.tell("claimed", (row.recipient for row in rows))
            return rows

        def sent(channel: Any, batch: Any) -> Any:
            self.tell("handed", (message.recipient for message in batch))
            outcomes = send(channel, batch)
            self.tell("sent", (message.recipient for message in batch))
            return outcomes

        def settled(sending: Any, settlements: Any, now: float) -> Any:
            done = settle(sending, settlements, now)
            self.tell("kept", (key.split("|")[1] for key in settlements))
            return done

        wrapped = (
            (Ingress, "take", took),
            (DoorStore, "issue", issued),
            (DoorSending, "claim", claimed),
            (GuardedChannel, "send", sent),
            (DoorSending, "settle", settled),
        )
        for owner, name, around in wrapped:
            setattr(owner, name, around)


def watch_parts(watch: Stopwatch) -> None:
    """Time the parts of the loop's work, as far as this checkout has them."""
    for name, module_name, path in PARTS:
        try:
            owner: Any = importlib.import_module(module_name)
            *outer, last = path.split(".")
            for step in outer:
                owner = getattr(owner, step)
            setattr(owner, last, watch.part(name, getattr(owner, last)))
        except (ImportError, AttributeError) as error:
            print(f"not timed: {name} ({error})", file=sys.stderr)


def main() -> None:
    directory = Path(sys.argv[1])
    watch = Stopwatch(directory / "holds.txt")
    Inbox.take = watch.around(Inbox.take)  # type: ignore[method-assign]
    watch_parts(watch)
    Stages(directory / "stages.txt").watch()
    configuration = load_configuration(directory)
    configure_logging(as_json=False, level="WARNING")
    node = Node(configuration)
    keeper: Any = node._keeper  # noqa: SLF001  # nothing else asks for a snapshot
    beside = getattr(keeper, "snapshots", None)  # older ones write it in the loop
    snapshot = keeper.snapshot if beside is None else beside.begin
    signal.signal(signal.SIGUSR1, lambda _signal, _frame: watch.before.append(snapshot))
    signal.signal(signal.SIGTERM, lambda _signal, _frame: node.ask_to_stop())
    node.start()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # as `warnstream run` does
    node.run()


if __name__ == "__main__":
    main()
