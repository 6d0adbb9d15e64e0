"""What operations and machines are answered: alive, ready, accepted, refused."""

from typing import Literal

import msgspec

from warnstream.adapters.http.models.words import Text


class AliveRecord(msgspec.Struct, frozen=True):
    """The process answers."""

    alive: Literal[True]
    node: str


class ReasonRecord(msgspec.Struct, frozen=True):
    """A reason: its code (of an alarm its key), Chinese and English; `blocks`: the node is not ready."""

    code: Text
    zh: str
    en: Text
    blocks: bool


class ReadinessRecord(msgspec.Struct, frozen=True):
    """Whether warnings would go out now; reasons why not, and troubles that leave the node ready.

    `bundle` is the number of the configuration that judges; 0: it is not kept, or the node is starting.
    `details` are the reasons again, in their order, with codes and in both languages.
    """

    ready: bool
    reasons: list[Text]
    bundle: int = 0
    details: list[ReasonRecord] = []


class AcceptedRecord(msgspec.Struct, frozen=True):
    """What was posted is durable."""

    accepted: Literal[True] = True


class ProblemsRecord(msgspec.Struct, frozen=True):
    """Everything that is wrong with a request, or why it cannot be served now."""

    problems: list[Text]
