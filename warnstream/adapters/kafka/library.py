"""What is used of aiokafka (extra ``[kafka]``); where it is absent, modules can be read all the same."""

import asyncio
import logging
from typing import Any

log = logging.getLogger(__name__)

LET_GO_S = 5.0
"""A client that has not ended by then is left to the end of the process."""

absent: ModuleNotFoundError | None = None
"""Why nothing of this can be used; None where it can."""

try:
    from aiokafka import (
        AIOKafkaConsumer,
        AIOKafkaProducer,
        ConsumerRebalanceListener,
        TopicPartition,
    )
    from aiokafka.admin import AIOKafkaAdminClient, NewTopic
    from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
    from aiokafka.coordinator.protocol import (
        ConsumerProtocolMemberAssignment,
        ConsumerProtocolMemberMetadata,
    )
    from aiokafka.errors import KafkaError, OffsetOutOfRangeError, TopicAlreadyExistsError
except ModuleNotFoundError as error:
    absent = error

    class KafkaError(Exception):  # type: ignore[no-redef]  # noqa: D101
        pass

    OffsetOutOfRangeError = TopicAlreadyExistsError = KafkaError
    ConsumerRebalanceListener = AbstractPartitionAssignor = object
    AIOKafkaConsumer = AIOKafkaProducer = TopicPartition = AIOKafkaAdminClient = NewTopic = Any
    ConsumerProtocolMemberAssignment = ConsumerProtocolMemberMetadata = Any


def demand() -> None:
    """Raise ModuleNotFoundError where it is not installed: a command says which extra brings it."""
    if absent is not None:
        raise absent


def is_cancelled() -> bool:
    """Whether the running task is to end; else a CancelledError is one of the library's own, which leaked."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def let_go(client: Any) -> None:
    """Stop a client, whatever it says to that; where the brokers are gone it would wait for them for ever."""
    try:
        async with asyncio.timeout(LET_GO_S):
            await client.stop()
    except asyncio.CancelledError:
        if is_cancelled():
            raise
    except Exception as error:  # noqa: BLE001  # nothing more is wanted of it
        log.debug("a client of Kafka did not stop cleanly", extra={"error": repr(error)})


__all__ = [
    "AIOKafkaAdminClient",
    "AIOKafkaConsumer",
    "AIOKafkaProducer",
    "AbstractPartitionAssignor",
    "ConsumerProtocolMemberAssignment",
    "ConsumerProtocolMemberMetadata",
    "ConsumerRebalanceListener",
    "KafkaError",
    "NewTopic",
    "OffsetOutOfRangeError",
    "TopicAlreadyExistsError",
    "TopicPartition",
    "absent",
    "demand",
    "is_cancelled",
    "let_go",
]
