"""What operations and machines are answered: alive, ready, accepted, refused."""

from typing import Literal

import msgspec

from warnstream.adapters.http.models.words import Text


class AliveRecord(msgspec.Struct, frozen=True):
    """The process answers."""

    alive: Literal[True]
    node: str


class ReadinessRecord(msgspec.Struct, frozen=True):
    """Whether warnings would go out now; reasons why not, and troubles that leave the node ready.

    `bundle` is the number of the configuration that judges; 0: it is not kept, or the node is starting.
    """

    ready: bool
    reasons: list[Text]
    bundle: int = 0


class AcceptedRecord(msgspec.Struct, frozen=True):
    """What was posted is durable."""

    accepted: Literal[True] = True


class ProblemsRecord(msgspec.Struct, frozen=True):
    """Everything that is wrong with a request, or why it cannot be served now."""

    problems: list[Text]
