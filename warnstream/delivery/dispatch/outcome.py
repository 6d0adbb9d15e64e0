"""What became of one message on a channel, and whose fault it is that it did not get through.

A refusal by the other side says little about *whom* it refuses: an HTTP 404 may
be one wrong number or the whole gateway. Channels tell what they saw; the
`breaker` decides, by what happened to others, whether it was the recipient or
the channel. Only what is surely the recipient's own is final at once.
"""

from dataclasses import dataclass
from enum import StrEnum

RETRY_AFTER_S_MAX = 300.0
"""Longest wait that the other side can ask for: the lead of a flash flood is one to three hours, and what
fails for longer is asked again every five minutes."""


class Verdict(StrEnum):
    """Whether a message got through, and whether trying again can help."""

    SENT = "sent"
    RETRY = "retry"
    """Not sent, or nobody knows: trying again can help. It counts as an attempt."""
    REFUSED = "refused"
    """Refused for this recipient or message alone: trying again cannot help."""
    DOUBTFUL = "doubtful"
    """Refused, and it may be everybody who is refused."""
    UNAVAILABLE = "unavailable"
    """Surely not sent: the channel, or this node, can send to nobody now. It is no attempt."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message.

    `reason` is for logs and never holds an address. `retry_after_s` is the least wait
    that the receiving side asked for, 0 if it did not; more than `RETRY_AFTER_S_MAX`
    becomes that, and what is no time at all becomes 0.
    """

    verdict: Verdict
    reason: str = ""
    retry_after_s: float = 0.0

    def __post_init__(self) -> None:
        asked_s = self.retry_after_s
        object.__setattr__(self, "retry_after_s", min(asked_s, RETRY_AFTER_S_MAX) if asked_s > 0 else 0.0)

    @property
    def is_sent(self) -> bool:
        """The channel took it."""
        return self.verdict is Verdict.SENT

    @property
    def can_retry(self) -> bool:
        """Trying again can help."""
        return self.verdict not in (Verdict.SENT, Verdict.REFUSED)


SENT = Outcome(Verdict.SENT)


def retry(reason: str, retry_after_s: float = 0.0) -> Outcome:
    """Not sent, or nobody knows; trying again can help."""
    return Outcome(Verdict.RETRY, reason, retry_after_s)


def refused(reason: str) -> Outcome:
    """Not sent, and trying again cannot help this recipient."""
    return Outcome(Verdict.REFUSED, reason)


def doubtful(reason: str) -> Outcome:
    """Not sent: refused, perhaps for everybody."""
    return Outcome(Verdict.DOUBTFUL, reason)


def unavailable(reason: str, retry_after_s: float = 0.0) -> Outcome:
    """Not sent: nobody can be reached over this channel now."""
    return Outcome(Verdict.UNAVAILABLE, reason, retry_after_s)
