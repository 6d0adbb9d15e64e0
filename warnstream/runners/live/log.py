"""The log of a node: entries in order, numbered without a gap, and snapshots of what they led to.

The live runner needs no more of a log than this. `Journal` (segment files on the
node's own disk) is the first one.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from warnstream.adapters.bundles.store import Bundle
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.metrics import Metrics
from warnstream.config.settings import Configuration
from warnstream.model.alarms import AlarmPort


class Log(Protocol):
    """Where a node's entries become durable."""

    def append_many(self, entries: Iterable[tuple[str, bytes]]) -> int:
        """Keep entries (kind, payload) in one durable step, all or none; the number of the last one.

        Raises
        ------
        StoreError
            If they could not be kept: nothing was, do not acknowledge.
        """

    def since(self, sequence: int) -> Iterator[tuple[int, str, bytes]]:
        """Number, kind and payload of the entries after a number, in order.

        Raises
        ------
        StoreError
            If one is missing or damaged.
        """

    def first_sequence(self) -> int:
        """Number of the oldest entry that is kept; 1 for a new log."""

    def last_sequence(self) -> int:
        """Number of the newest entry ever written; 0 for a new log."""

    def save_snapshot(self, sequence: int, payload: bytes) -> None:
        """Keep a state that contains every entry up to and including a number.

        Raises
        ------
        StoreError
            If it could not be kept; earlier ones stay.
        """

    def latest_snapshot(self) -> tuple[int, bytes] | None:
        """Number and payload of the newest undamaged snapshot; None if there is none."""

    def prune(self, *, older_than_s: float | None = None, bytes_max: int | None = None) -> int:
        """Delete old entries that no kept snapshot needs; returns how many."""

    def prune_to_newest(self, bytes_max: int) -> int:
        """Delete what only older snapshots than the newest need, while there are more bytes; how many."""

    def size_bytes(self) -> int:
        """Bytes of entries and snapshots."""

    def close(self) -> None:
        """Close it; a log that only one node may write is free for another."""


class Leads(Protocol):
    """What a node is given that leads beside another box (`warnstream.runners.standby`)."""

    def over(self, journal: Journal, alarms: AlarmPort, metrics: Metrics, stop: Callable[[], None]) -> Log:
        """A log over the node's journal that both boxes have; `stop` ends the node, from any thread."""

    def begin(self, journal: Log) -> None:
        """Before anything else is written: say in the log that this box leads. StoreError."""

    def settle(self) -> None:
        """Everything that the entries up to now led to is in the log; in the thread that appends."""

    def may_send(self) -> bool:
        """Whether people may be told anything at this moment."""

    @property
    def is_new(self) -> bool:
        """Whether a box has just come to lead, so that drills of the other one may be under way."""

    def drill_begun(self, folder: Path) -> None:
        """A drill has begun, and tells nobody before the other box knows, if it is there."""

    def go_by(self, configuration: Configuration) -> None:
        """Another configuration runs from now on."""

    def of_box(self, configuration: Configuration) -> Configuration:
        """A configuration with the addresses that this machine listens on."""

    def why_alone(self) -> str:
        """Why a change cannot go to the other box now; empty: it can."""

    def hold(self, bundle: Bundle) -> str:
        """Have the other box hold and load a bundle; why it cannot, empty: it can. Not for the loop."""
