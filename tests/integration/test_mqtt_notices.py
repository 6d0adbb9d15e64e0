"""What clients say of themselves (birth, will, a bridge's state) outside their topics: dropped, they stay."""

import getpass
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import free_port
from tests.integration.mqtt_listening import RawClient, connect_packet, listening
from warnstream.adapters.mqtt.listener.access import user_line
from warnstream.adapters.mqtt.server_packets import encode_publish

OBS = "ws/county/rain/R0001/obs"
OTHERS = "ws/county/rain/R0002/obs"


@pytest.fixture(scope="module")
def users_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("users") / "users"
    path.write_text(user_line("R0001", b"secret") + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("is_v5", [False, True])
def test_a_birth_and_a_will_outside_its_topics_are_dropped_and_the_client_stays(
    users_file: Path, is_v5: bool
) -> None:
    with listening(users_file=users_file) as opened:
        opened.serve()
        will = ("status/R0001", "offline")
        packet = connect_packet("a", is_v5=is_v5, user=("R0001", "secret"), will=will)
        with RawClient(opened.port, packet) as client:
            head = client.read(2)
            assert client.read(head[1])[1] == 0
            client.send(encode_publish("status/R0001", b"online", 1, is_v5=is_v5))
            client.send(encode_publish("info/R0001", b"v1.2", 2, is_v5=is_v5, retain=True))
            client.send(encode_publish(OBS, b"x", 3, is_v5=is_v5))
            if is_v5:
                assert client.read(10) == b"@\x03\0\1\x87" + b"@\x03\0\2\x87"
            else:
                assert client.read(8) == b"@\2\0\1" + b"@\2\0\2"
            assert client.read(4) == b"@\2\0\3"
        assert opened.received == [(OBS, b"x")]
        assert opened.refused("notice", at_least=3) == 3
        assert opened.listener.hub.retained == {}


def test_a_reading_of_another_station_is_never_a_notice_though_it_is_retained(users_file: Path) -> None:
    with listening(users_file=users_file) as opened:
        packet = connect_packet("a", user=("R0001", "secret"))
        with RawClient(opened.port, packet) as client:
            client.read(4)
            client.send(encode_publish(OTHERS, b"x", 1, is_v5=False, retain=True))
            assert client.read(1) == b""
        assert opened.refused("permission") == 1


@pytest.mark.parametrize(
    "version", [b"\x00\x06MQIsdp\x03", b"\x00\x04MQTT\x84", b"\x00\x04MQTT\x07"], ids=["3.1", "bridge", "7"]
)
def test_a_version_that_is_not_taken_is_answered_by_its_number(version: bytes) -> None:
    body = version + b"\x02\x00\x3c\x00\x01a"
    with listening() as opened, RawClient(opened.port, b"\x10" + bytes((len(body),)) + body) as client:
        assert client.read(4) == b"\x20\x02\x00\x01"
        assert client.is_closed()
        assert opened.refused("protocol") == 1


@pytest.mark.server
def test_a_mosquitto_bridge_with_its_defaults_passes_readings_on(tmp_path: Path) -> None:
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    send = shutil.which("mosquitto_pub")
    if program is None or send is None:
        pytest.skip("mosquitto and mosquitto_pub are not on this machine")
    port = free_port()
    with listening() as opened:
        opened.serve()
        settings = tmp_path / "mosquitto.conf"
        settings.write_text(
            f"user {getpass.getuser()}\nlistener {port} 127.0.0.1\nallow_anonymous true\n"
            f"connection county\naddress 127.0.0.1:{opened.port}\ntopic ws/# out 1\nrestart_timeout 1\n",
            encoding="utf-8",
        )
        with (tmp_path / "log").open("wb") as log:
            broker = subprocess.Popen([program, "-v", "-c", str(settings)], stdout=log, stderr=log)
        try:
            wait = [send, "-h", "127.0.0.1", "-p", str(port), "-q", "1", "-t", OBS, "--repeat", "1"]
            for n in range(30):
                subprocess.run([*wait, "-m", str(n)], check=n > 5, timeout=30, capture_output=True)
                if len(opened.received) >= 3:
                    break
                time.sleep(0.5)  # the bridge connects anew once a second
        finally:
            broker.terminate()
            broker.wait(10)
        assert len(opened.received) >= 3, (tmp_path / "log").read_text()
        assert {topic for topic, _ in opened.received} == {OBS}
        assert opened.refused("notice") >= 1
