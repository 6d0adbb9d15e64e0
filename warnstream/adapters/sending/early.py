"""What a channel says of a notification before its own batch is over: that it will not reach its recipient.

A gateway may report a wrong number within a second, while the batch that it came with still goes out for
fifteen. Until the outcome of the attempt is kept the notification is in somebody's hands, where nothing but
an outcome counts; such a report would be passed over, and who was never told would count as told. So it is
held until then. After a crash the notification is sent again, and reported again.
"""

import threading
from collections.abc import Collection, Iterable, Sequence

from warnstream.adapters.channels.channel import Inbound
from warnstream.model.digests import FieldReport
from warnstream.model.effects import Answer


class EarlyReports:
    """The inbound side of one channel (`Inbound`); reports of what is in its sender's hands wait.

    Parameters
    ----------
    inbound : Inbound
        Who is told everything.
    """

    def __init__(self, inbound: Inbound) -> None:
        self._inbound = inbound
        self._lock = threading.Lock()
        self._in_hand: set[str] = set()
        self._held: dict[str, str] = {}

    def begin(self, keys: Iterable[str]) -> None:
        """These are being sent, until `kept`."""
        with self._lock:
            self._in_hand.update(keys)

    def kept(self, keys: Collection[str]) -> None:
        """What became of these is kept; hand on what was reported of them meanwhile.

        Raises
        ------
        StoreError
            If that cannot be kept: ask again.
        """
        with self._lock:
            self._in_hand.difference_update(keys)
            reported = {key: self._held[key] for key in keys if key in self._held}
        for key, reason in reported.items():
            self._inbound.undelivered(key, reason)
            with self._lock:
                self._held.pop(key, None)

    def undelivered(self, key: str, reason: str) -> None:
        """It will not reach its recipient; at once, or when its attempt is kept."""
        with self._lock:
            if key in self._in_hand:
                self._held[key] = reason
                return
        self._inbound.undelivered(key, reason)

    def delivered(self, key: str) -> None:
        """The recipient's device has it: counts at any time."""
        self._inbound.delivered(key)

    def unread(self, channel: str, recipients: Sequence[str], text: str, why: str) -> None:
        """A reply that a person has to read."""
        self._inbound.unread(channel, recipients, text, why)

    def answered(self, token: str, answer: Answer) -> bool:
        """What the recipient replied."""
        return self._inbound.answered(token, answer)

    def reported(self, token: str, report: FieldReport) -> str:
        """What the recipient reported beside an answer."""
        return self._inbound.reported(token, report)
