"""Orders of the duty officer that commands leave in the storage folder; the node makes them entries.

``warnstream end`` and ``warnstream clock accept`` write a file into ``orders/``: complete
under its name or not there at all. The node takes it within a second, or at its next
start, and removes it once its entry is durable. An order given twice ends a warning once.
"""

import logging
import os
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import msgspec

from warnstream.model.effects import ClockAccepted, OperatorCancel
from warnstream.model.errors import StoreError
from warnstream.runners.intake.entries import CANCEL, CLOCK, encode_cancel, encode_clock

log = logging.getLogger(__name__)

FOLDER = "orders"
SUFFIX = ".json"
CLOCK_SUFFIX = ".clock"
"""Of an order to accept the system's clock."""

LOOK_S = 0.5
"""Between two looks into the folder."""

STOP_S_MAX = 10.0


Order = OperatorCancel | ClockAccepted


def leave_order(directory: Path, order: Order) -> Path:
    """Write an order for the node of a storage folder; the file that it will remove.

    Raises
    ------
    StoreError
        If the disk refuses.
    """
    folder = directory / FOLDER
    suffix = CLOCK_SUFFIX if isinstance(order, ClockAccepted) else SUFFIX
    path = folder / f"{uuid.uuid4().hex}{suffix}"
    unfinished = path.with_suffix(".unfinished")
    try:
        folder.mkdir(exist_ok=True)
        with unfinished.open("wb") as file:
            file.write(msgspec.json.encode(order))
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror})", retryable=True) from error
    return path


class Orders:
    """Looks for orders in a thread of its own.

    Parameters
    ----------
    directory : Path
        The storage folder.
    keep : callable
        Takes kind and payload of an entry; done once it is durable.
    """

    def __init__(self, directory: Path, keep: Callable[[str, bytes], Future[None]]) -> None:
        self._folder, self._keep = directory / FOLDER, keep
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
            left = [path for suffix in (SUFFIX, CLOCK_SUFFIX) for path in self._folder.glob(f"*{suffix}")]
            for path in sorted(left):
                try:
                    self._take(path)
                except (StoreError, OSError) as error:
                    log.warning("order not taken yet", extra={"file": path.name, "error": str(error)})

    def _take(self, path: Path) -> None:
        try:
            kind, payload, told = _entry_of(path)
        except msgspec.MsgspecError as error:
            log.error("order cannot be read", extra={"file": path.name, "error": str(error)})  # noqa: TRY400
            path.rename(path.with_suffix(".refused"))
            return
        durable = self._keep(kind, payload)
        while not durable.done():
            if self._stopping.wait(LOOK_S / 10):
                return
        durable.result()
        path.unlink()
        log.warning("order carried out", extra=told)


def _entry_of(path: Path) -> tuple[str, bytes, dict[str, str]]:
    """Kind and payload of the entry that an order becomes, and what the log says of it."""
    if path.suffix == CLOCK_SUFFIX:
        accepted = msgspec.json.decode(path.read_bytes(), type=ClockAccepted)
        told = {"order": "system clock accepted", "author": accepted.operator, "reason": accepted.note}
        return CLOCK, encode_clock(accepted), told
    cancel = msgspec.json.decode(path.read_bytes(), type=OperatorCancel)
    told = {"order": "warning ended by hand", "warning": cancel.warning}
    return CANCEL, encode_cancel(cancel), told | {"author": cancel.operator, "reason": cancel.note}
