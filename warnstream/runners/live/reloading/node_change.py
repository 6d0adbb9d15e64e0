"""What a change does to all of a node: the keeper of its state first, then who shows or tells by names."""

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Protocol

from warnstream.adapters.sending.worker import DeliveryWorker
from warnstream.config.settings import Configuration
from warnstream.runners.live.clock import NodeClock
from warnstream.runners.live.reloading.changeover import Ready
from warnstream.runners.live.reloading.channels import ChannelChange, Drills
from warnstream.runners.live.reloading.errands import Errands
from warnstream.runners.live.snapshots.keeping import Snapshots

log = logging.getLogger(__name__)


class Takes(Protocol):
    """A part of the node that goes by names and numbers."""

    def go_by(self, configuration: Configuration) -> None:
        """Another configuration runs from now on; in the loop's thread."""


class Changed(Protocol):
    """The keeper of the state, in the loop's thread."""

    snapshots: Snapshots

    def change_over(self, ready: Ready) -> list[str] | None:
        """As of `Keeper.change_over`."""

    def retire_channels(self) -> None:
        """As of `Keeper.retire_channels`."""


class NodeChange:
    """The node, as far as a change needs it (`Changing`).

    Parameters
    ----------
    keeper : Changed
    read : Configuration
        What runs, as it was read.
    clock : NodeClock
    parts : callable
        Who takes the change after the keeper.
    on_change : callable, optional
        Told last.
    """

    def __init__(
        self,
        keeper: Changed,
        read: Configuration,
        clock: NodeClock,
        parts: Callable[[], Iterable[Takes]],
        on_change: Callable[[Configuration], None] | None = None,
    ) -> None:
        self._keeper, self.read, self._clock = keeper, read, clock
        self._parts, self._on_change = parts, on_change
        self._channels: ChannelChange | None = None

    def exchange(self, delivery: DeliveryWorker, publisher: Any, drills: Drills, errands: Errands) -> None:
        """Have channels exchanged by a change, too."""
        retire = partial(errands.do_later, self._keeper.retire_channels)
        self._channels = ChannelChange(self.read, delivery, publisher, drills, retire)

    def prepare(self, new: Configuration) -> list[str]:
        """Make what takes time or may fail; why that cannot be, in lines."""
        return [] if self._channels is None else self._channels.prepare(new)

    def wall_s(self) -> int:
        """Seconds since 1970 UTC by this node's clock."""
        return int(self._clock())

    def begin_snapshot(self) -> bool:
        """Have the state written; False if that cannot be now."""
        return self._keeper.snapshots.begin()

    def snapshot_state(self) -> bool | None:
        """Whether the last one that was begun is on disk; None while it is on its way."""
        snapshots = self._keeper.snapshots
        return None if snapshots.is_writing else snapshots.is_kept

    def change_over(self, ready: Ready) -> list[str] | None:
        """Go on under another configuration; what begins anew. Where it is None or raises nothing changed."""
        notes = self._keeper.change_over(ready)
        if notes is None:
            return None
        self.read = ready.configuration
        takers: list[Callable[[Configuration], None]] = [part.go_by for part in self._parts()]
        if self._channels is not None:
            takers.insert(0, self._channels.go_by)
        if self._on_change is not None:
            takers.append(self._on_change)
        for take in takers:
            try:
                take(ready.configuration)
            except Exception:  # one view that fails undoes no change and stops no other
                log.exception("a part of the node does not follow the change")
        return notes
