"""Other people's MQTT clients, unchanged, against our listener: publish, subscribe, retained messages."""

import asyncio
import shutil
import subprocess
import threading
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.integration.mqtt_listening import Opened, listening
from warnstream.adapters.mqtt.publisher import Publication

OBS = "ws/county/rain/R0001/obs"
N = 200

EXPECTED = [(OBS, b"%d" % n) for n in range(N)]


def retain_one(opened: Opened) -> None:
    opened.listener.publish([Publication("ws/warn/V1/flood", b"kept", retain=True)])


@pytest.mark.parametrize("version", [MQTTProtocolVersion.MQTTv311, MQTTProtocolVersion.MQTTv5])
@pytest.mark.parametrize("qos", [0, 1])
def test_paho(version: MQTTProtocolVersion, qos: int) -> None:
    with listening() as opened:
        opened.serve()
        retain_one(opened)
        found: list[tuple[str, bytes, bool]] = []
        both = threading.Semaphore(0)

        def take(_client: Any, _data: Any, message: paho.MQTTMessage) -> None:
            found.append((message.topic, bytes(message.payload), bool(message.retain)))
            both.release()

        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="paho", protocol=version)
        client.on_message = take
        client.connect("127.0.0.1", opened.port)
        client.loop_start()
        sent = [client.publish(topic, payload, qos=qos) for topic, payload in EXPECTED]
        client.subscribe("ws/warn/#", qos=qos)
        for info in sent:
            info.wait_for_publish(20)
        assert both.acquire(timeout=60)
        opened.listener.publish([Publication("ws/warn/V1/flood", b"new", retain=True)])
        assert both.acquire(timeout=60)
        client.disconnect()
        client.loop_stop()
        assert opened.received == EXPECTED
        assert found == [("ws/warn/V1/flood", b"kept", True), ("ws/warn/V1/flood", b"new", False)]


@pytest.mark.parametrize("version", ["mqttv311", "mqttv5"])
def test_mosquitto_pub_and_sub(version: str) -> None:
    publish, subscribe = shutil.which("mosquitto_pub"), shutil.which("mosquitto_sub")
    if publish is None or subscribe is None:
        pytest.skip("mosquitto_pub and mosquitto_sub are not on this machine")
    with listening() as opened:
        opened.serve()
        retain_one(opened)
        where = ["-h", "127.0.0.1", "-p", str(opened.port), "-V", version, "-q", "1"]
        lines = b"".join(payload + b"\n" for _, payload in EXPECTED)
        subprocess.run([publish, *where, "-t", OBS, "-l"], input=lines, check=True, timeout=90)
        read = subprocess.run(
            [subscribe, *where, "-t", "ws/warn/#", "-C", "1", "-W", "20"],
            check=True, timeout=90, capture_output=True,
        )  # fmt: skip
        assert opened.received == EXPECTED
        assert read.stdout == b"kept\n"


@pytest.mark.parametrize("is_v5", [False, True])
def test_aiomqtt(is_v5: bool) -> None:
    aiomqtt = pytest.importorskip("aiomqtt", reason="aiomqtt is not installed")

    async def talk(port: int) -> tuple[str, bytes]:
        version = aiomqtt.ProtocolVersion.V5 if is_v5 else aiomqtt.ProtocolVersion.V311
        async with aiomqtt.Client("127.0.0.1", port, protocol=version) as client:
            for topic, payload in EXPECTED:
                await client.publish(topic, payload, qos=1)
            await client.subscribe("ws/warn/#", qos=1)
            async for message in client.messages:
                return str(message.topic), message.payload
        raise AssertionError("nothing came")

    with listening() as opened:
        opened.serve()
        retain_one(opened)
        assert asyncio.run(talk(opened.port)) == ("ws/warn/V1/flood", b"kept")
        assert opened.received == EXPECTED


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("version", [4, 5])
def test_gmqtt(version: int) -> None:
    gmqtt = pytest.importorskip("gmqtt", reason="gmqtt is not installed")

    async def talk(port: int, opened: Opened) -> tuple[str, bytes]:
        client = gmqtt.Client("gmqtt-client")
        came: asyncio.Future[tuple[str, bytes]] = asyncio.get_running_loop().create_future()

        def take(_client: Any, topic: str, payload: bytes, _qos: int, _properties: Any) -> int:
            came.set_result((topic, payload))
            return 0

        client.on_message = take
        await client.connect("127.0.0.1", port, version=version)
        for topic, payload in EXPECTED:
            client.publish(topic, payload, qos=1)
        client.subscribe("ws/warn/#", qos=1)
        found = await asyncio.wait_for(came, 60)
        while len(opened.received) < N:  # noqa: ASYNC110  # filled by a thread
            await asyncio.sleep(0.01)
        await client.disconnect()
        return found

    with listening() as opened:
        opened.serve()
        retain_one(opened)
        assert asyncio.run(talk(opened.port, opened)) == ("ws/warn/V1/flood", b"kept")
        assert opened.received == EXPECTED
