"""Which of several processes does what one alone may do: in a group of Kafka, who has waited longest.

One that says nothing for the session's time is out of the group, and the next one leads. One that was only
slow finds out at its next word and ends. Both may write for that moment: what comes twice changes nothing.
"""

import asyncio
import logging
import struct
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from warnstream.adapters.kafka.client import client_settings
from warnstream.adapters.kafka.library import (
    AbstractPartitionAssignor,
    AIOKafkaConsumer,
    ConsumerProtocolMemberAssignment,
    ConsumerProtocolMemberMetadata,
    ConsumerRebalanceListener,
    is_cancelled,
    let_go,
)
from warnstream.adapters.kafka.schema import Topics
from warnstream.config.settings import KafkaSettings

log = logging.getLogger(__name__)

RETRY_S = 2.0


def eldest_first(since_s: float) -> type[Any]:
    """An assignor that gives all partitions to the member that has been there longest."""

    class Eldest(AbstractPartitionAssignor):  # type: ignore[misc]  # untyped library
        name, version = "warnstream-eldest", 0

        @classmethod
        def assign(cls, cluster: Any, members: Mapping[str, Any]) -> dict[str, Any]:
            """Everything to one, nothing to the others."""

            def since(member: str) -> tuple[float, str]:
                data = members[member].user_data or b""
                return (struct.unpack(">d", data)[0] if len(data) == 8 else float("inf")), member

            first = min(members, key=since)
            topics = {topic for member in members.values() for topic in member.subscription}
            everything = [
                (topic, sorted(cluster.partitions_for_topic(topic) or ())) for topic in sorted(topics)
            ]
            return {
                member: ConsumerProtocolMemberAssignment(
                    cls.version, everything if member == first else [], b""
                )
                for member in members
            }

        @classmethod
        def metadata(cls, topics: Iterable[str]) -> Any:
            """Since when this one is there."""
            return ConsumerProtocolMemberMetadata(cls.version, list(topics), struct.pack(">d", since_s))

        @classmethod
        def on_assignment(cls, assignment: Any) -> None:
            """Nothing is to be done."""

    return Eldest


class Lease(ConsumerRebalanceListener):  # type: ignore[misc]  # untyped library
    """The place of one process among its like; for one event loop.

    Parameters
    ----------
    settings : KafkaSettings
    group : str
        What they all name: role and county.
    on_lost : callable
        Called when another one leads.

    Attributes
    ----------
    is_held : bool
    trouble : str
        Why it is not known who leads; empty if it is.
    """

    def __init__(self, settings: KafkaSettings, group: str, on_lost: Callable[[], None]) -> None:
        self._settings, self._group, self._on_lost = settings, group, on_lost
        self._topic = Topics(settings.prefix).entries
        self._since_s = time.time()
        self._unsure_since_s = float("inf")
        self.is_held = False
        self.trouble = "it has not heard yet whether another one leads"
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Keep the place until `stop`."""
        watching = asyncio.get_running_loop().create_task(self._watch())
        try:
            await self._keep()
        finally:
            watching.cancel()

    async def _keep(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._keep_place()
            except (Exception, asyncio.CancelledError) as error:  # whatever it is, the place is wanted
                if is_cancelled():
                    raise
                self.trouble = f"Kafka cannot be reached: {error!r}"
                self._unsure_since_s = min(self._unsure_since_s, time.monotonic())
                log.error("the place among others is lost", extra={"error": repr(error)})  # noqa: TRY400
                await asyncio.sleep(RETRY_S)

    async def stop(self) -> None:
        """Leave: the next one leads at once."""
        self._stopping.set()

    async def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:  # noqa: ARG002
        """The group is formed anew: whoever leads has as long for it as a silent one."""
        self._unsure_since_s = time.monotonic()

    async def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        """It is known who leads."""
        self._unsure_since_s = float("inf")
        was_held, self.is_held = self.is_held, bool(list(assigned))
        self.trouble = ""
        if was_held and not self.is_held:
            self._lose("another one leads")

    def _lose(self, why: str) -> None:
        self.is_held = False
        log.critical("this one leads no more", extra={"group": self._group, "why": why})
        self._on_lost()

    async def _watch(self) -> None:
        """One that hears nothing of its group for the session's time may have been replaced."""
        while not self._stopping.is_set():
            await asyncio.sleep(0.2)
            unsure_s = time.monotonic() - self._unsure_since_s
            if self.is_held and unsure_s > self._settings.session_s:
                self._lose(f"it has heard nothing of its group for {unsure_s:.0f} s")

    async def _keep_place(self) -> None:
        consumer = AIOKafkaConsumer(
            **client_settings(self._settings, "warnstream-lease"),
            group_id=f"{self._settings.prefix}-{self._group}",
            auto_offset_reset="latest",
            enable_auto_commit=False,
            session_timeout_ms=self._settings.session_s * 1000,
            heartbeat_interval_ms=min(3000, self._settings.session_s * 300),
            partition_assignment_strategy=(eldest_first(self._since_s),),
        )
        consumer.subscribe([self._topic], listener=self)
        try:
            await consumer.start()
            while not self._stopping.is_set():
                if held := consumer.assignment() - consumer.paused():
                    consumer.pause(*held)  # nothing is fetched: the place is all that is wanted
                await asyncio.sleep(0.2)
        finally:
            await let_go(consumer)
