"""Channels of a changed configuration: made before the change, exchanged at it, one by one.

What cannot be made refuses the change with every fault named. A channel whose section is the same goes on
untouched, with its sessions and its holds.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from warnstream.adapters.channels.channel import ConfiguredChannel
from warnstream.adapters.channels.registry import make_channels
from warnstream.adapters.sending.worker import DeliveryWorker
from warnstream.config.settings import Configuration
from warnstream.model.errors import describe
from warnstream.runners.live.recording.delivering import surroundings_of

log = logging.getLogger(__name__)

Made = dict[str, ConfiguredChannel]


class Drills(Protocol):
    """Drills of the node."""

    def records(self) -> Sequence[object]:
        """Those that are on or still take answers."""


class ChannelChange:
    """What a change of the configuration means for senders.

    Parameters
    ----------
    configuration : Configuration
        That runs.
    delivery : DeliveryWorker
    publisher
        Publishes to the broker.
    drills : Drills
        Doors of a drill that is on wait for the channels that it began with.
    retire : callable
        Told in any thread once a channel that is gone has ended: what waits for it has failed.
    """

    def __init__(
        self,
        configuration: Configuration,
        delivery: DeliveryWorker,
        publisher: Any,
        drills: Drills,
        retire: Callable[[], None],
    ) -> None:
        self._live, self._delivery, self._drills, self._retire = configuration, delivery, drills, retire
        self._around = surroundings_of(configuration, publisher)
        self._ready: tuple[str, Made] = "", {}

    def prepare(self, new: Configuration) -> list[str]:
        """Make what is new or another; why that cannot be, each by its channel. Any thread but the loop's."""
        faults: list[str] = []
        gone = self._gone(new)
        if gone and self._drills.records():
            faults = [f"channel {name}: a drill tells people by it: end the drill first" for name in gone]
        made: Made = {}
        for name in self._others(new):
            try:
                made |= {name: make_channels({name: new.channels[name]}, self._around)[name]}
            except Exception as error:  # noqa: BLE001  # foreign code: whatever it is refuses the change
                faults.append(f"channel {name}: {describe(error)}")
        self._ready = new.fingerprint, made
        return faults

    def go_by(self, new: Configuration) -> None:
        """Another configuration runs from now on; in the loop's thread."""
        fingerprint, made = self._ready
        if fingerprint != new.fingerprint:
            others = {name: new.channels[name] for name in self._others(new)}
            made = {
                name: channel
                for name, channel in make_channels(others, self._around).items()
                if name in others
            }
        gone, self._live, self._ready = self._gone(new), new, ("", {})
        if made or gone:
            log.info("channels are exchanged", extra={"channels": [*made], "gone": gone})
            self._delivery.change(made, gone, self._retire)

    def _others(self, new: Configuration) -> list[str]:
        before = self._live.channels
        return [name for name, section in new.channels.items() if before.get(name) != section]

    def _gone(self, new: Configuration) -> list[str]:
        return [name for name in self._live.channels if name not in new.channels]
