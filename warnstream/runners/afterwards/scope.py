"""The villages and the stretch of time that a review is about."""

from dataclasses import dataclass

from warnstream.model.warning import MessageType
from warnstream.runners.afterwards.told import OfMessage, Told


@dataclass(frozen=True, slots=True)
class Scope:
    """What is reviewed.

    Attributes
    ----------
    begin_s, end_s : int
        Engine time, both included.
    villages : frozenset of str or None
        Codes; None: every village that was told something, or concerned an event.
    warning : str
        Identity of the only warning that is asked about; empty: all.
    """

    begin_s: int
    end_s: int
    villages: frozenset[str] | None = None
    warning: str = ""

    def has(self, village: str) -> bool:
        """Whether a village is asked about."""
        return self.villages is None or village in self.villages

    def holds(self, at_s: int) -> bool:
        """Whether a time is asked about."""
        return self.begin_s <= at_s <= self.end_s


def messages_in(told: Told, scope: Scope) -> dict[str, list[OfMessage]]:
    """Warnings that stood in the scope at any time, with all of their messages that the journal has."""
    of_warning: dict[str, list[OfMessage]] = {}
    for message in told.messages:
        if scope.has(message.village) and scope.warning in ("", message.message.warning):
            of_warning.setdefault(message.message.warning, []).append(message)
    return {
        name: messages
        for name, messages in of_warning.items()
        if messages[0].message.sent_s <= scope.end_s and _until_s(messages) >= scope.begin_s
    }


def ended_s(messages: list[OfMessage]) -> int | None:
    """When a warning was cancelled; None where the journal does not say so."""
    last = messages[-1].message
    return last.sent_s if last.msg_type is MessageType.CANCEL else None


def _until_s(messages: list[OfMessage]) -> int:
    end_s = ended_s(messages)
    return messages[-1].message.expires_s if end_s is None else end_s
