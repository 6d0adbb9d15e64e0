"""What is used of aiokafka (extra ``[kafka]``); where it is absent, modules can be read all the same."""

from typing import Any

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
]
