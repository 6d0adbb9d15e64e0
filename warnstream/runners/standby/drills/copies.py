"""The side that leads: what drills write into logs of their own goes to the other box, a moment later.

Nothing waits for it but the first entry of a drill: nobody is told of one that the other box does not know.
"""

import logging
import threading
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from warnstream.adapters.standby.connection import Connection
from warnstream.adapters.standby.digest import agrees
from warnstream.adapters.standby.messages import DrillEntries, DrillsHeld, DrillsKept
from warnstream.model.errors import StoreError
from warnstream.runners.drill.folders import drill_folders
from warnstream.runners.standby.drills.shelf import SENT_MAX, DrillLog

log = logging.getLogger(__name__)

LOOK_S, AGAIN_S = 0.2, 2.0
ENTRIES_AT_ONCE = 200


class DrillCopies:
    """Copies of the drills of one leadership.

    Parameters
    ----------
    storage : Path
        Storage directory of this box.
    wait_s : float
        Longest wait for the first entry of a drill.
    """

    def __init__(self, storage: Path, wait_s: float) -> None:
        self._storage, self._wait_s = storage, wait_s
        self._news = threading.Condition()
        self._sent: dict[str, int] = {}
        self._kept: dict[str, int] = {}
        self._again_at: dict[str, float] = {}
        self._connection: Connection | None = None

    def begin(self, connection: Connection, held: DrillsHeld, is_there: Callable[[], bool]) -> None:
        """The other box says what it has: it is sent the rest, until it goes."""
        with self._news:
            self._connection = connection
            self._sent, self._kept = self._in_common(held), {}
        threading.Thread(
            target=self._run, args=(connection, is_there), name="standby-drills", daemon=True
        ).start()

    def take(self, said: DrillsKept) -> None:
        """The other box has a log up to an entry."""
        with self._news:
            self._kept[said.folder] = said.last
            if not said.last:  # its disk has refused: all of it again, after a pause
                self._sent.pop(said.folder, None)
                self._again_at[said.folder] = time.monotonic() + AGAIN_S
            self._news.notify_all()

    def begun(self, folder: Path) -> None:
        """A drill has begun and tells nobody yet: wait until the other box knows, if it is there."""
        with self._news:
            self._news.notify_all()
            is_known = self._news.wait_for(
                lambda: self._connection is None or self._kept.get(folder.name, 0) > 0, self._wait_s
            )
        if not is_known:
            log.warning("the other box does not know of a drill yet", extra={"drill": folder.name})

    def end(self, connection: Connection) -> None:
        """It has gone."""
        with self._news:
            if self._connection is connection:
                self._connection = None
            self._news.notify_all()

    def _in_common(self, held: DrillsHeld) -> dict[str, int]:
        """How far the other box's logs are those of this one; another one begins anew."""
        common = {}
        for name, (last, digest) in held.folders.items():
            own = DrillLog(self._storage, name)
            try:
                common[name] = last if last and agrees(own, digest, last) else 0
            except StoreError:
                common[name] = 0
        return common

    def _run(self, connection: Connection, is_there: Callable[[], bool]) -> None:
        told = ""
        while is_there():
            try:
                while self._send_some(connection):
                    if not is_there():
                        return
                told = ""
            except StoreError as error:  # a drill of which nothing can be read ends nothing else
                if str(error) != told:
                    log.warning("a drill cannot be copied", extra={"error": str(error)})
                told = str(error)
            except OSError:
                return
            with self._news:
                self._news.wait(LOOK_S)

    def _send_some(self, connection: Connection) -> bool:
        """Some of what is new; whether there was anything."""
        has_sent = False
        for folder in drill_folders(self._storage)[:SENT_MAX]:
            name = folder.name
            if time.monotonic() < self._again_at.get(name, 0.0):
                continue
            after = self._sent.get(name, 0)
            own = DrillLog(self._storage, name)
            if own.last_sequence() <= after:
                continue
            found = list(islice(own.since(after), ENTRIES_AT_ONCE))
            if found:
                connection.send(
                    DrillEntries(name, found[0][0], [(kind, payload) for _, kind, payload in found])
                )
                self._sent[name] = found[-1][0]
                has_sent = True
        return has_sent
