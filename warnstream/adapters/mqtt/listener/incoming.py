"""Messages of one client on their way to the node: topics, permissions, rate, acknowledgements.

A read is scanned in one pass; messages for the node go to the inbox as columns
and are acknowledged when the node says that they are durable. A client that
sends faster than that is not read from: TCP slows it down, and nothing of QoS 1
or 2 is ever dropped. A message of QoS 2 is confirmed (PUBREC) when it is durable
and known by its identifier until the client releases it (PUBREL).

A client of which one read brings more than a few messages is a stream until
all of them are acknowledged: others go first, so that a county that empties
its memories does not delay the station that sends one reading.
"""

from collections.abc import Sequence

from warnstream.adapters.inbox import InboundBatch
from warnstream.adapters.mqtt import fields, frames, server_packets
from warnstream.adapters.mqtt.fields import FrameError
from warnstream.adapters.mqtt.frames import Columns, Publish
from warnstream.adapters.mqtt.listener.port import Client, ListenerPort
from warnstream.adapters.mqtt.listener.sessions import Session, Waiting
from warnstream.adapters.mqtt.publish_blocks import KnownTopics, scan_block
from warnstream.model.messages import PayloadsOf, TopicsOf

PROMPT_S = 0.04
PROMPT_READS = 4
"""Who sends so soon after an acknowledgement, so many times in a row, waits for each of them."""

STREAM_MESSAGES = 16
"""A read that brings more messages is part of a stream."""

TOPICS_KNOWN_MAX = 10_000
ALIASES_MAX = 1_024

_MASK = 0xF5
"""QoS 0 and 1, sent again or not; retained messages are looked at one by one."""


class Incoming:
    """What a connection has sent and is not durable yet.

    Parameters
    ----------
    listener : ListenerPort
    client : Client
        The connection.
    session : Session
        Its session, which outlives it.
    will_topic : str
        Where it says that it is there, or gone; empty where it has none.
    """

    def __init__(self, listener: ListenerPort, client: Client, session: Session, will_topic: str) -> None:
        self._listener = listener
        self._client = client
        self._session = session
        self._will_topic = will_topic
        self._topics = KnownTopics()
        self._topics_version = -1
        self._topic_of_alias: dict[int, str] = {}
        self._columns, self._exact = Columns(), Columns()
        self._unacknowledged = 0
        self._acknowledged_at_s = 0.0
        self._prompt_reads = 0
        self._streams = 0
        self._tokens = float(listener.settings.messages_per_s)
        self._tokens_at_s = listener.now_s()
        self._is_slowed = False

    @property
    def is_streaming(self) -> bool:
        """Messages of a stream of this client are not durable yet."""
        return self._streams > 0

    def take_block(self, data: bytes) -> int:
        """What can be taken at once from the first byte on: to the inbox; returns where it ends."""
        if self._topics_version != self._listener.hub.version:
            self._topics.clear()
            self._topics_version = self._listener.hub.version
        bytes_max = self._listener.settings.message_bytes_max
        block = scan_block(data, self._topics, mask=_MASK, is_v5=self._client.is_v5, bytes_max=bytes_max)
        if block is None:
            return 0
        messages = block.messages
        self._put(TopicsOf(messages), PayloadsOf(messages), block.message_ids, block.size_bytes)
        return block.stop

    def scan(self, data: bytes, at: int) -> int:
        """Plain messages to known topics from `at` on; returns where the first other frame begins."""
        if not self._topics.names:
            return at
        return frames.scan_publishes(
            data,
            at,
            self._topics.names,
            self._columns,
            mask=_MASK,
            is_v5=self._client.is_v5,
            bytes_max=self._listener.settings.message_bytes_max,
        )

    def handle(self, publish: Publish) -> None:
        """One message that needs a look of its own; FrameError where it breaks the protocol."""
        topic, listener = self._topic(publish), self._listener
        if not listener.permissions.may_publish(self._client.user, topic):
            self._refuse(publish, topic)
            return
        if publish.qos == 2 and not self._session.is_new(publish.message_id):
            return
        columns = self._exact if publish.qos == 2 else self._columns
        has_others = listener.hub.has_subscribers(topic)
        if listener.is_wanted(topic):
            columns.topics.append(topic)
            columns.payloads.append(publish.payload)
            if not has_others and publish.topic:
                if len(self._topics.names) >= TOPICS_KNOWN_MAX:
                    self._topics.clear()
                self._topics.add(publish.topic, topic)
        elif not has_others and not publish.retain:
            # Acknowledged, as a broker would: only the log and the count can say that a topic is misspelt.
            listener.count_unclaimed()
            self._tell_refused("unclaimed", f"nobody takes {topic}")
        if publish.message_id:
            columns.message_ids.append(publish.message_id)
        if has_others or publish.retain:
            message = Waiting(topic, publish.payload, publish.retain)
            listener.publish_from_client(self._client, message, publish.qos)

    def pass_over(self, publish: Publish, size_bytes: int) -> None:
        """A message of 3.1.1 that was too long to be kept: counted, told, and acknowledged in its turn."""
        topic = self._topic(publish)
        if not self._listener.permissions.may_publish(self._client.user, topic):
            self._refuse(publish, topic)
            return
        bytes_max = self._listener.settings.message_bytes_max
        self._tell_refused("too_large", f"{size_bytes} bytes to {topic}, at most {bytes_max} are taken")
        self._confirm_unread(publish)

    def _confirm_unread(self, publish: Publish) -> None:
        """Acknowledged in its turn, by way of the inbox, like any other message that nobody takes."""
        if publish.message_id:
            is_new = publish.qos < 2 or self._session.is_new(publish.message_id)
            (self._exact if publish.qos == 2 else self._columns).message_ids += [publish.message_id] * is_new

    def _tell_refused(self, reason: str, detail: str) -> None:
        client = self._client
        self._listener.tell_refused(reason, detail, client.address, client.user, client.client_id)

    def _refuse(self, publish: Publish, topic: str) -> None:
        """A message that this client may not publish.

        What a client says of itself (retained, to the topic of its will, or below `$SYS` as bridges do) is
        dropped and it stays. A reading is not: 3.1.1 has no way to say no, and an acknowledgement would be
        a lie.
        """
        client, is_notice = self._client, self._is_notice(publish, topic)
        self._tell_refused("notice" if is_notice else "permission", f"may not publish to {topic}")
        if client.is_v5 and publish.message_id:
            self.hand_over(0)
            client.write(
                server_packets.encode_refused(publish.message_id, publish.qos, fields.NOT_AUTHORIZED)
            )
        elif is_notice:
            self._confirm_unread(publish)
        elif not client.is_v5:
            client.close()

    def _is_notice(self, publish: Publish, topic: str) -> bool:
        if topic.startswith("$"):
            return True
        return not self._listener.is_wanted(topic) and (publish.retain or topic == self._will_topic)

    def _topic(self, publish: Publish) -> str:
        if publish.alias > ALIASES_MAX:
            raise FrameError(
                fields.ALIAS_INVALID, f"topic alias {publish.alias}, at most {ALIASES_MAX} are kept"
            )
        if not publish.topic:
            known = self._topic_of_alias.get(publish.alias)
            if known is None:
                raise FrameError(
                    fields.PROTOCOL_ERROR, f"topic alias {publish.alias} was never given a topic"
                )
            return known
        topic = fields.text_of(publish.topic)
        if publish.alias:
            self._topic_of_alias[publish.alias] = topic
        return topic

    def hand_over(self, size_bytes: int) -> None:
        """What this read brought: to the inbox, with its acknowledgements waiting."""
        for columns, qos in ((self._columns, 1), (self._exact, 2)):
            if not columns.topics and not columns.message_ids:
                continue
            if columns.topics or self._unacknowledged:
                self._put(columns.topics, columns.payloads, columns.message_ids, size_bytes, qos)
            else:
                self._spend(1)
                self._confirm(columns.message_ids, qos)
        self._columns, self._exact = Columns(), Columns()

    def _put(
        self,
        topics: Sequence[str],
        payloads: Sequence[bytes],
        message_ids: list[bytes],
        size_bytes: int,
        qos: int = 1,
    ) -> None:
        """Messages to the inbox; their acknowledgements keep their order, so those of others wait too."""
        self._spend(max(len(topics), 1))
        self._unacknowledged += len(message_ids)
        # What follows a stream stays behind it.
        is_stream = self._streams > 0 or len(topics) > STREAM_MESSAGES
        self._streams += is_stream
        is_prompt = self._tokens_at_s - self._acknowledged_at_s < PROMPT_S
        self._prompt_reads = self._prompt_reads + 1 if is_prompt else 0
        self._listener.put(
            InboundBatch(
                self._listener,
                self._client,
                topics,
                payloads,
                message_ids,
                size_bytes,
                qos,
                is_stream=is_stream,
                is_awaited=is_stream or self._prompt_reads >= PROMPT_READS,
            )
        )
        if self._unacknowledged >= self._listener.settings.inflight_max:
            self._client.pause("inflight")

    def acknowledge(self, arrived: Sequence[InboundBatch]) -> None:
        """These are durable."""
        self._streams -= sum(batch.is_stream for batch in arrived)
        for qos in (1, 2):
            message_ids = [mid for batch in arrived if batch.qos == qos for mid in batch.message_ids]
            self._unacknowledged -= len(message_ids)
            self._confirm(message_ids, qos)
        self._acknowledged_at_s = self._listener.now_s()
        if self._unacknowledged < self._listener.settings.inflight_max:
            self._client.resume("inflight")

    def _confirm(self, message_ids: Sequence[bytes], qos: int) -> None:
        if qos == 1:
            self._client.write(server_packets.encode_pubacks(message_ids))
        elif message_ids:
            self._session.made_durable(message_ids)

    def _spend(self, messages: int) -> None:
        """Count against the client's rate; one that sent too much is not read from for a while."""
        rate = self._listener.settings.messages_per_s
        now_s = self._listener.now_s()
        self._tokens = min(self._tokens + (now_s - self._tokens_at_s) * rate, rate) - messages
        self._tokens_at_s = now_s
        if self._tokens < 0 and not self._is_slowed:
            self._is_slowed = True
            self._listener.count_throttled()
            self._client.pause("rate")
            self._listener.call_later(-self._tokens / rate, self._slowed_enough)

    def _slowed_enough(self) -> None:
        self._is_slowed = False
        self._client.resume("rate")
