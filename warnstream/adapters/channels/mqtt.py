"""The broker as a channel: one topic per device, two retained topics per village and hazard.

A device subscribes to ``{prefix}/device/{address}`` and answers on
``{prefix}/answer/{recipient}``. Whoever comes late finds a village's current
message of each hazard retained at ``{prefix}/warn/{village}/{hazard}`` (JSON)
and ``…/cap`` below it (CAP 1.2); a Cancel is retained too, so that the end of a
warning is as visible as its beginning, and hides no other hazard's Alert. What the
village's doors were told last is retained at ``{prefix}/bulletin/{village}``. A
message of a drill goes to the same topics below ``{prefix}/drill``, which nobody but a drill uses. A
message counts as sent when the broker has acknowledged it (QoS 1); a device may
get it twice, with one key.
"""

from collections.abc import Sequence
from typing import Self

from warnstream.adapters.channels.channel import Inbound, OutgoingMessage, Surroundings
from warnstream.adapters.channels.payload import device_payload, village_payload
from warnstream.adapters.mqtt.publisher import NOT_CONNECTED, Publication, Publish
from warnstream.config.channels.mqtt import MqttChannelSection
from warnstream.delivery.dispatch.outcome import SENT, Outcome, refused, retry, unavailable
from warnstream.model.effects import OF_HAZARD, RecipientKind
from warnstream.model.hands.drills import is_of_drill


class MqttChannel:
    """Villages' retained topics and devices' own topics.

    Parameters
    ----------
    prefix : str
        First level(s) of every topic.
    publish : Publish
    """

    batch_max = 500

    def __init__(self, prefix: str, publish: Publish) -> None:
        self._prefix = prefix
        self._publish = publish

    @classmethod
    def of(cls, _section: MqttChannelSection, around: Surroundings) -> Self:
        """As configured; the broker is the node's own."""
        return cls(around.topic_prefix, around.publish)

    def open(self, inbound: Inbound) -> None:
        """Nothing to open; answers come in with the readings, at the node's own door to the broker."""

    def send(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
        """Publish a batch; a message is sent when all its publications are acknowledged."""
        publications: list[Publication] = []
        spans: list[range | Outcome] = []
        for message in batch:
            try:
                own = self._publications(message)
            except ValueError as error:  # an address that is none, a text that is not Unicode
                spans.append(refused(f"{type(error).__name__}: {error}"))
                continue
            spans.append(range(len(publications), len(publications) + len(own)))
            publications.extend(own)
        faults = self._publish(publications) if publications else []
        return [span if isinstance(span, Outcome) else _outcome([faults[i] for i in span]) for span in spans]

    def close(self) -> None:
        """Nothing to do: the connection belongs to whoever opened it."""

    def _publications(self, message: OutgoingMessage) -> list[Publication]:
        """What is to be published; ValueError if the address cannot be part of a topic."""
        prefix = f"{self._prefix}/drill" if is_of_drill(message.message) else self._prefix
        if message.kind is RecipientKind.VILLAGE and message.is_bulletin:
            topic = f"{prefix}/bulletin/{message.recipient}"
            return [Publication(topic, message.cap_xml.encode(), retain=True)]
        if message.kind is RecipientKind.VILLAGE:
            village, _, before = message.recipient.partition(OF_HAZARD)
            topic = f"{prefix}/warn/{village}/{before or message.hazard}"
            return [
                Publication(f"{topic}/cap", message.cap_xml.encode(), retain=True),
                Publication(topic, village_payload(message), retain=True),
            ]
        if not MqttChannelSection.is_address(message.address):
            raise ValueError(f"the address is not {MqttChannelSection.address_expected}")
        topic = f"{prefix}/device/{message.address}"
        return [Publication(topic, device_payload(message, prefix), retain=False)]


def _outcome(faults: Sequence[str]) -> Outcome:
    fault = next((fault for fault in faults if fault), "")
    if fault == NOT_CONNECTED:
        return unavailable(fault)
    return retry(fault) if fault else SENT
