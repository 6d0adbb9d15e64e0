"""A producer whose brokers are gone: it says so, though the library would ask them without end."""

import asyncio
from typing import Any, cast

import pytest

from warnstream.adapters.kafka import producer
from warnstream.adapters.kafka.producer import Producer, Record
from warnstream.config.settings import KafkaSettings
from warnstream.model.errors import StoreError


class Endless:
    """As the library's idempotent producer while nobody answers."""

    def __init__(self) -> None:
        self.has_stopped = False

    async def send(self, *_: Any, **__: Any) -> "asyncio.Future[Any]":
        return asyncio.get_running_loop().create_future()

    async def stop(self) -> None:
        self.has_stopped = True


def test_what_no_broker_confirms_is_told_as_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producer, "SEND_S_MAX", 0.01)
    endless = Endless()

    async def sends() -> None:
        sending = Producer(cast("KafkaSettings", None), "judge")
        sending._producer = endless
        await sending.send([Record("events", 0, b"told")])

    with pytest.raises(StoreError, match="Kafka does not take what is written"):
        asyncio.run(asyncio.wait_for(sends(), 20))
    assert endless.has_stopped, "what was not confirmed is sent again by a new one"
