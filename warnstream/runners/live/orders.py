"""Orders of people that commands leave in the storage folder; the node makes them entries.

A command writes a file into ``orders/``: complete under its name or not there at
all. The node takes it within a second, or at its next start, and removes it once
its entry is durable. What cannot be is refused whole: the file is replaced by one
of the same name ending in ``.refused`` that says every fault. An order given twice
is carried out once. What takes a warning from people is refused where nobody took it
for `OLD_S`: its author looked at something else than what stands by then.
"""

import logging
import os
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import msgspec

from warnstream.desk import WarningDesk
from warnstream.model.digests import HelpAssign, HelpClose
from warnstream.model.effects import ClockAccepted, OperatorCancel
from warnstream.model.errors import StoreError
from warnstream.model.hands.drills import DrillOrder
from warnstream.model.hands.orders import HandOrder, OrderKind
from warnstream.model.times import iso_utc
from warnstream.model.transfers.marks import RowMark
from warnstream.runners.intake.entries import (
    CANCEL,
    CLOCK,
    DRILL,
    HELP,
    MARK,
    ORDER,
    encode_cancel,
    encode_clock,
    encode_drill,
    encode_help,
    encode_mark,
    encode_order,
)

log = logging.getLogger(__name__)

FOLDER = "orders"
SUFFIX = ".json"
REFUSED = ".refused"

LOOK_S = 0.5
"""Between two looks into the folder."""

STOP_S_MAX = 10.0

OLD_S = 600.0
"""An order that loosens something counts for so long; one that warns of something counts at any time."""

_WARNS = frozenset({OrderKind.ISSUE, OrderKind.RAISE, OrderKind.TRANSFER, OrderKind.RESPOND})

AnyOrder = OperatorCancel | HandOrder | HelpAssign | HelpClose | ClockAccepted | RowMark | DrillOrder


class _Left(msgspec.Struct):
    """An order as a file; of its forms one is filled in."""

    order: HandOrder | None = None
    assign: HelpAssign | None = None
    close: HelpClose | None = None
    cancel: OperatorCancel | None = None
    clock: ClockAccepted | None = None
    mark: RowMark | None = None
    drill: DrillOrder | None = None


class Problems(msgspec.Struct):
    """Why an order was refused."""

    problems: list[str]


def leave_order(directory: Path, order: AnyOrder) -> Path:
    """Write an order for the node of a storage folder; the file that it will remove.

    Raises
    ------
    StoreError
        If the disk refuses.
    """
    path = directory / FOLDER / f"{uuid.uuid4().hex}{SUFFIX}"
    _write(path, msgspec.json.encode(_left(order)))
    return path


def take_problems(path: Path) -> list[str]:
    """What the node has said against an order that was left, once; empty while it has not refused it."""
    said = path.with_suffix(REFUSED)
    try:
        problems = msgspec.json.decode(said.read_bytes(), type=Problems).problems
        said.unlink()
    except (OSError, msgspec.MsgspecError):
        return []
    return problems


def entry_of(order: AnyOrder) -> tuple[str, bytes]:
    """Kind and payload of an order's entry."""
    if isinstance(order, OperatorCancel):
        return CANCEL, encode_cancel(order)
    if isinstance(order, ClockAccepted):
        return CLOCK, encode_clock(order)
    if isinstance(order, HandOrder):
        return ORDER, encode_order(order)
    if isinstance(order, RowMark):
        return MARK, encode_mark(order)
    if isinstance(order, DrillOrder):
        return DRILL, encode_drill(order)
    return HELP, encode_help(order)


def faults_on(desk: WarningDesk, order: AnyOrder) -> list[str]:
    """Everything that keeps an order from being carried out on a desk as it stands; empty: nothing."""
    if isinstance(order, HandOrder):
        return desk.identity_faults(order) or desk.order_faults(order)
    if isinstance(order, HelpAssign | HelpClose):
        fault = desk.chains.fault_of(order)
        return [fault] if fault else []
    return desk.mark_faults(order) if isinstance(order, RowMark) else []


def _left(order: AnyOrder) -> _Left:
    if isinstance(order, OperatorCancel):
        return _Left(cancel=order)
    if isinstance(order, ClockAccepted):
        return _Left(clock=order)
    if isinstance(order, HandOrder):
        return _Left(order=order)
    if isinstance(order, RowMark):
        return _Left(mark=order)
    if isinstance(order, DrillOrder):
        return _Left(drill=order)
    return _Left(assign=order) if isinstance(order, HelpAssign) else _Left(close=order)


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_suffix(".unfinished")
    try:
        path.parent.mkdir(exist_ok=True)
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror})", retryable=True) from error


class Orders:
    """Looks for orders in a thread of its own.

    Parameters
    ----------
    directory : Path
        The storage folder.
    keep : callable
        Takes kind and payload of an entry; done once it is durable.
    faults_of : callable
        Everything that keeps an order from being carried out now; empty: nothing.
    """

    def __init__(
        self,
        directory: Path,
        keep: Callable[[str, bytes], Future[None]],
        faults_of: Callable[[AnyOrder], list[str]],
    ) -> None:
        self._folder, self._keep, self._faults_of = directory / FOLDER, keep, faults_of
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="orders", daemon=True)

    def start(self) -> None:
        """Look from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; what is not durable yet is taken at the next start."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(STOP_S_MAX)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_S):
            for path in self._left():
                try:
                    self._take(path)
                except (StoreError, OSError) as error:
                    log.warning("order not taken yet", extra={"file": path.name, "error": str(error)})
                except Exception:  # nothing ends the thread but a stop
                    log.exception("order not taken yet", extra={"file": path.name})

    def _left(self) -> list[Path]:
        """Files of orders; none where the folder cannot be looked into now (no descriptor is free)."""
        try:
            return sorted(self._folder.glob(f"*{SUFFIX}"))
        except OSError as error:
            log.warning("orders cannot be looked for", extra={"error": str(error)})
            return []

    def _take(self, path: Path) -> None:
        try:
            left = msgspec.json.decode(path.read_bytes(), type=_Left)
        except msgspec.MsgspecError as error:
            self._refuse(path, [str(error)])
            return
        order: AnyOrder | None = left.order or left.assign or left.close or left.cancel or left.clock
        order = order or left.mark or left.drill
        problems = ["it holds no order"] if order is None else self._problems_of(order, path)
        if order is None or problems:
            self._refuse(path, problems)
            return
        durable = self._keep(*entry_of(order))
        while not durable.done():
            if self._stopping.wait(LOOK_S / 10):
                return
        durable.result()
        path.unlink()
        log.warning("order taken", extra=_said(order))

    def _problems_of(self, order: AnyOrder, path: Path) -> list[str]:
        """Everything that keeps an order from being carried out; whatever fails here is said as one."""
        age_s = time.time() - path.stat().st_mtime
        if age_s > OLD_S and loosens(order):
            return [f"it was left {age_s / 60:.0f} min ago and nobody took it: look again, and give it anew"]
        try:
            return self._faults_of(order)
        except Exception as error:  # one order failing never keeps the next one from being taken
            log.exception("order cannot be checked", extra={"file": path.name})
            return [f"a fault of the node; see its log: {error!r}"]

    def _refuse(self, path: Path, problems: list[str]) -> None:
        log.error("order refused", extra={"file": path.name, "problems": "; ".join(problems)})
        _write(path.with_suffix(REFUSED), msgspec.json.encode(Problems(problems)))
        path.unlink()


def loosens(order: AnyOrder) -> bool:
    """Whether an order takes something from people: a warning, a wait, a transfer, a call for help."""
    if isinstance(order, HandOrder):
        return order.kind not in _WARNS
    return isinstance(order, OperatorCancel | HelpClose)


def _said(order: AnyOrder) -> dict[str, object]:
    """What the log keeps of an order: who, what, why."""
    if isinstance(order, HandOrder):
        where = {"villages": len(order.villages), "hazard": order.hazard, "ordered_level": order.level.word}
        who = {"author": order.author, "second": order.second, "alone": order.is_alone}
        late = {"happened": iso_utc(order.happened_s)} if order.happened_s else {}
        said = {"order": order.identifier, "kind": str(order.kind), **where, **who, **late}
        return {**said, "reason": order.reason}
    if isinstance(order, OperatorCancel):
        return {"warning": order.warning, "author": order.operator, "reason": order.note}
    if isinstance(order, DrillOrder):
        who = {"author": order.author, "villages": len(order.villages)}
        return {"drill": order.identifier, "act": str(order.act), **who, "reason": order.reason}
    if isinstance(order, ClockAccepted):
        return {"order": "system clock accepted", "author": order.operator, "reason": order.note}
    if isinstance(order, RowMark):
        return {"rows": len(order.rows), "word": order.word, "author": order.by, "reason": order.note}
    return {"help": order.help, "person": order.person}
