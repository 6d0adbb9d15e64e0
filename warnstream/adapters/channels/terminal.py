"""A channel for demonstrations and first steps: one line of text per message, no address in it."""

import logging
from collections.abc import Callable, Sequence
from typing import Self

from warnstream.adapters.channels.channel import Inbound, OutgoingMessage, Surroundings
from warnstream.config.channels.terminal import TerminalChannelSection
from warnstream.delivery.dispatch.outcome import SENT, Outcome
from warnstream.model.level import Level

logger = logging.getLogger(__name__)


class TerminalChannel:
    """Writes each message as one line.

    Parameters
    ----------
    write : callable, optional
        Takes a line without its end; the node's log if absent.
    """

    batch_max = 100

    def __init__(self, write: Callable[[str], None] | None = None) -> None:
        self._write = write or logger.info

    @classmethod
    def of(cls, _section: TerminalChannelSection, around: Surroundings) -> Self:
        """As configured."""
        return cls(around.write_line)

    def open(self, inbound: Inbound) -> None:
        """Nothing to open; nobody replies to a log."""

    def send(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
        """Write the lines; writing is sending."""
        for message in batch:
            self._write(line_of(message))
        return [SENT] * len(batch)

    def close(self) -> None:
        """Nothing to give back."""


def line_of(message: OutgoingMessage) -> str:
    """To whom and what, both texts, on one line."""
    level = "ALL CLEAR" if message.level is Level.NONE else message.level.name
    text = " ".join(f"{message.text_zh} {message.text_en}".split())
    return f"{level} to {message.kind} {message.recipient}: {text}"
