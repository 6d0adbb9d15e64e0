"""The ways to a door in households.csv: ``device:d7; sms:+8613800001234; voice:+8613800001234``.

In the order in which they are tried. A way that somebody has asked us to stop stays in the row and is named
in `stopped`: it is not used, the others are.
"""

from collections.abc import Mapping

from warnstream.config.channels.section import ChannelSection
from warnstream.config.faults import FaultLog, unknown

WAYS_MAX = 16
WAY_COLUMNS = ("ways", "stopped")

Way = tuple[str, str]
"""Channel and address."""

EXPECTED = "expected ways such as device:d7; sms:+8613800001234, each a channel, a colon and an address on it"


class WayCells:
    """Reads the cells of one file; addresses are never named in faults, which go to logs and screens.

    Parameters
    ----------
    file : str
        Name for faults.
    sections : mapping of str to type of ChannelSection, or None
        Channels of channels.yaml; None where that could not be read: then channels are not checked.
    faults : FaultLog
    """

    def __init__(
        self, file: str, sections: Mapping[str, type[ChannelSection]] | None, faults: FaultLog
    ) -> None:
        self._file, self._sections, self._faults = file, sections, faults

    def read(self, line: int, ways: str, stopped: str) -> tuple[Way, ...] | None:
        """The ways that are used, in order; None, and every fault noted, where a cell is wrong."""
        n_before = len(self._faults)
        found = [
            way
            for place, text in enumerate(ways.rstrip("; ").split(";"), 1)
            if (way := self._way(line, place, text.strip())) is not None
        ]
        channels = [channel for channel, _ in found]
        if len(found) > WAYS_MAX:
            self._fault(line, "ways", f"expected at most {WAYS_MAX} ways, got {len(found)}")
        for channel in sorted({channel for channel in channels if channels.count(channel) > 1}):
            # A message, a door and a channel are one key, which is shown once.
            self._fault(line, "ways", f"channel {channel!r} twice: a door is told once on each channel")
        off = {name.strip() for name in stopped.split(";") if name.strip()}
        for name in sorted(off - set(channels)):
            self._fault(line, "stopped", unknown("channel", name, channels))
        left = tuple(way for way in found if way[0] not in off)
        if len(self._faults) == n_before and not left:
            self._fault(line, "stopped", "every way is stopped: take the row out, or leave one way")
        return left if len(self._faults) == n_before else None

    def _way(self, line: int, place: int, text: str) -> Way | None:
        channel, colon, address = text.partition(":")
        way = channel.strip(), address.strip()
        if not colon or not way[0] or not way[1]:
            self._fault(line, "ways", f"{EXPECTED}: way {place} is none")
            return None
        if self._sections is None:
            return way
        section = self._sections.get(way[0])
        if section is None:
            self._fault(line, "ways", unknown("channel", way[0], self._sections))
        elif not section.is_address(way[1]):
            expected = section.address_expected or "an address of its kind"
            self._fault(line, "ways", f"way {place}: expected {expected}, because of channel {way[0]!r}")
        return way

    def _fault(self, line: int, column: str, expected: str) -> None:
        self._faults.add(self._file, line, column, expected)
