"""What tells people: the channels of a configuration, and what they all share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from warnstream.adapters.channels.channel import Surroundings
from warnstream.adapters.channels.registry import make_channels
from warnstream.adapters.ledger.node_outbox import NodeOutbox
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.sending.answer_tokens import Tokens
from warnstream.adapters.sending.clocks import UnsettableClock
from warnstream.adapters.sending.replies import Replies
from warnstream.adapters.sending.sender import Shared
from warnstream.adapters.sending.worker import DeliveryWorker
from warnstream.config.settings import Configuration


@dataclass(frozen=True, slots=True)
class Told:
    """Who hears of what channels bring back.

    Attributes
    ----------
    status : callable
        The node, for answers.
    heard : callable
        A reply that is for a person.
    lost : callable
        A digest that no way leads to.
    now_s : callable
        Time in which warnings live.
    """

    status: Callable[[], Any]
    heard: Callable[..., None]
    lost: Callable[[str, str], None]
    now_s: Callable[[], float]


def surroundings_of(configuration: Configuration, publisher: Any) -> Surroundings:
    """What channels find around them."""
    return Surroundings(
        configuration.topic_prefix, publisher, configuration.directory, configuration.storage.directory
    )


def delivery_of(
    configuration: Configuration,
    tokens: Tokens,
    outbox: NodeOutbox,
    publisher: Any,
    metrics: Metrics,
    told: Told,
) -> DeliveryWorker:
    """The worker with a thread for each channel; nothing is opened yet."""
    around = surroundings_of(configuration, publisher)
    shared = Shared(
        outbox=outbox,
        tokens=tokens,
        metrics=metrics,
        inbound=Replies(outbox, tokens, told.status, metrics, told.lost, told.heard),
        clock=UnsettableClock(),
        event_clock=told.now_s,
        public_url=configuration.http.public_url,
        lost=told.lost,
        time_zone=configuration.message.time_zone,
    )
    return DeliveryWorker(make_channels(configuration.channels, around), shared)
