"""A broker in this process, for the demo and for users without one.

amqtt on an event loop in a thread. It is slow (thousands of messages a
second) and keeps nothing when the process ends: with gateways in the field,
configure a real broker.
"""

import asyncio
import logging
import threading
from typing import Any

from warnstream.config.settings import BrokerSettings
from warnstream.model.errors import WarnstreamError

START_TIMEOUT_S = 20.0


class EmbeddedBroker:
    """An MQTT 3.1.1 broker on host and port of the settings."""

    def __init__(self, broker: BrokerSettings) -> None:
        self._settings = broker
        self._loop: asyncio.AbstractEventLoop | None = None
        self._broker: Any = None
        self._started = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="embedded-broker", daemon=True)

    def start(self) -> None:
        """Start and wait until it listens.

        Raises
        ------
        WarnstreamError
            If amqtt is not installed or the port is taken.
        """
        self._thread.start()
        if not self._started.wait(START_TIMEOUT_S):
            raise WarnstreamError("the embedded broker did not start in time")
        if self._error is not None:
            address = f"{self._settings.host}:{self._settings.port}"
            raise WarnstreamError(f"the embedded broker cannot listen on {address}: {self._error}")

    def stop(self) -> None:
        """Close every connection and end the thread."""
        if self._loop is not None and self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._broker.shutdown(), self._loop).result(START_TIMEOUT_S)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(START_TIMEOUT_S)

    def _run(self) -> None:
        try:
            from amqtt.broker import Broker
        except ImportError:
            self._error = WarnstreamError("install warnstream[demo] for the embedded broker")
            self._started.set()
            return
        for noisy in ("amqtt", "transitions"):
            logging.getLogger(noisy).setLevel(logging.ERROR)
        self._loop = asyncio.new_event_loop()
        try:
            self._loop.run_until_complete(self._start_broker(Broker))
        except Exception as error:  # noqa: BLE001  # whatever amqtt raises is told to the starter
            self._error = error
            self._started.set()
        else:
            self._started.set()
            self._loop.run_forever()
        finally:
            self._loop.close()

    async def _start_broker(self, broker_type: Any) -> None:
        config = {
            "listeners": {"default": {"type": "tcp", "bind": f"{self._settings.host}:{self._settings.port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
        self._broker = broker_type(config)
        await self._broker.start()
