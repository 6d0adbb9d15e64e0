"""A channel for demonstrations and first steps: one line of text per message, no address in it."""

import logging
from collections.abc import Callable, Sequence
from typing import Self

from warnstream.adapters.channels.channel import Inbound, OutgoingMessage, Surroundings
from warnstream.config.channels.terminal import TerminalChannelSection
from warnstream.delivery.dispatch.outcome import SENT, Outcome, refused, retry
from warnstream.model.level import Level
from warnstream.model.warning import MessageType

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
        return [self._send_one(message) for message in batch]

    def _send_one(self, message: OutgoingMessage) -> Outcome:
        try:
            self._write(line_of(message))
        except ValueError as error:  # a sign that this terminal does not have
            return refused(f"the line cannot be written ({type(error).__name__})")
        except OSError as error:
            return retry(f"the terminal does not take it ({type(error).__name__})")
        return SENT

    def close(self) -> None:
        """Nothing to give back."""


def line_of(message: OutgoingMessage) -> str:
    """To whom and what, both texts, on one line."""
    over = "ALL CLEAR" if message.msg_type == MessageType.CANCEL else message.msg_type.upper()
    level = over if message.level is Level.NONE else message.level.name
    text = " ".join(f"{message.text_zh} {message.text_en}".split())
    return f"{level} to {message.kind} {message.recipient}: {text}"
