"""The inbound side of every channel: receipts go to the outbox, answers to the journal."""

import time
from collections.abc import Callable
from contextlib import suppress

from warnstream.adapters.outbox.outbox import Outbox
from warnstream.adapters.sending.answer_tokens import Tokens
from warnstream.model.effects import Answer


class Replies:
    """What a channel reports of recipients (`Inbound`).

    Parameters
    ----------
    outbox : Outbox
    tokens : Tokens
    submit : callable
        Takes message, recipient and answer; returns once the answer is durable.
    """

    def __init__(self, outbox: Outbox, tokens: Tokens, submit: Callable[[str, str, Answer], None]) -> None:
        self._outbox = outbox
        self._tokens = tokens
        self._submit = submit

    def delivered(self, key: str) -> None:
        """The recipient's device has it. A key that nobody knows is passed over."""
        with suppress(ValueError):  # a text that is no key at all
            self._outbox.mark_delivered(key, time.time())

    def answered(self, token: str, answer: Answer) -> bool:
        """Take a reply by the token of its message; False if the token was not made here."""
        number = self._tokens.number_in(token)
        addressed = None if number is None else self._outbox.addressed(number)
        if addressed is None or not self._tokens.proves(
            token, addressed.message.identifier, addressed.recipient
        ):
            return False
        self._submit(addressed.message.identifier, addressed.recipient, answer)
        return True
