"""The simulator against a real mosquitto and over real sockets on 127.0.0.1."""

import json
import queue
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from station_sim.cli import main
from station_sim.county.county import CountyPlan, build_county
from station_sim.errors import BrokerError, SimulatorError
from station_sim.mqtt_client import BrokerAddress, BrokerTransport
from station_sim.people.answers import AnswerHabits
from station_sim.people.devices import BrokerDevices, People
from station_sim.people.sms_gateway import SmsGateway
from station_sim.sending.publish import Publisher
from station_sim.sending.scenario import Scenario
from tests.conftest import Mosquitto, free_port
from tests.integration.scripted_broker import ScriptedBroker
from warnstream.adapters.mqtt import server_packets

HABITS = AnswerHabits(seed=1, off_share=0.0, delay_s=5.0, speed=1000.0)


def address(broker: Mosquitto) -> BrokerAddress:
    return BrokerAddress(port=broker.port)


class Listener:
    """Collects every message under a filter in order of arrival, over a persistent session."""

    def __init__(self, port: int, topics: str) -> None:
        self.messages: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="listener", clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        subscribed = threading.Event()
        self._client.on_connect = lambda client, *_: client.subscribe(topics, qos=1)
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.on_message = lambda _c, _u, m: self.messages.put((m.topic, bytes(m.payload)))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert subscribed.wait(60)

    def collect(self, until: tuple[str, bytes]) -> list[tuple[str, bytes]]:
        found: list[tuple[str, bytes]] = []
        while not found or found[-1] != until:
            found.append(self.messages.get(timeout=60))
        return found

    def publish(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1).wait_for_publish(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    county = build_county(2, CountyPlan(n_stations=12, n_villages=12, n_gauges=2))
    return Scenario(2, county, hours=1)


@pytest.mark.server
def test_everything_arrives_in_order_through_a_broker(mosquitto: Mosquitto, scenario: Scenario) -> None:
    listener = Listener(mosquitto.port, "ws/#")
    sent = [(message.topic, message.payload) for message in scenario.messages()]
    summary = Publisher(scenario.messages(), BrokerTransport(address(mosquitto)), speed=0).run()
    received = listener.collect(until=sent[-1])
    listener.close()
    assert summary.finished
    assert received == sent


@pytest.mark.server
def test_a_restart_of_the_broker_skips_nothing(mosquitto: Mosquitto, scenario: Scenario) -> None:
    listener = Listener(mosquitto.port, "ws/#")
    sent = [(message.topic, message.payload) for message in scenario.messages()]
    half = scenario.start_s + 1800
    restarted = threading.Event()

    def restart_once(progress: object) -> None:
        if getattr(progress, "time_s", 0) == half and not restarted.is_set():
            restarted.set()
            mosquitto.stop()
            mosquitto.start()

    transport = BrokerTransport(address(mosquitto))
    summary = Publisher(scenario.messages(), transport, speed=0).run(on_progress=restart_once)
    received = listener.collect(until=sent[-1])
    listener.close()
    assert summary.reconnects >= 1
    assert set(sent) <= set(received)
    beacons = [payload for topic, payload in received if topic == "ws/clock"]
    assert beacons == sorted(beacons)


def wait_until_saved(mosquitto: Mosquitto, session: str) -> None:
    """Until the broker's file on disk has a session of that name."""
    file, deadline = mosquitto.directory / "mosquitto.db", time.monotonic() + 60
    while not (file.is_file() and session.encode() in file.read_bytes()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.server
@pytest.mark.slow
def test_what_a_killed_broker_had_acknowledged_and_lost_is_sent_again_in_order(
    mosquitto: Mosquitto, scenario: Scenario
) -> None:
    """Nobody fetches meanwhile, so everything since the broker's last save is lost with it."""
    Listener(mosquitto.port, "ws/#").close()
    wait_until_saved(mosquitto, session="listener")
    sent = [(message.topic, message.payload) for message in scenario.messages()]
    half = scenario.start_s + 1800
    killed = threading.Event()

    def kill_once(progress: object) -> None:
        if getattr(progress, "time_s", 0) == half and not killed.is_set():
            killed.set()
            mosquitto.kill()
            mosquitto.start()

    transport = BrokerTransport(address(mosquitto), resend_s=10)
    summary = Publisher(scenario.messages(), transport, speed=0).run(on_progress=kill_once)
    listener = Listener(mosquitto.port, "ws/#")
    received = listener.collect(until=sent[-1])
    listener.close()
    assert summary.finished
    assert summary.reconnects == 1
    assert list(dict.fromkeys(received)) == list(dict.fromkeys(sent))


@pytest.mark.server
def test_people_answer_what_they_are_shown_once(mosquitto: Mosquitto) -> None:
    listener = Listener(mosquitto.port, "ws/answer/+")
    people = People(BrokerDevices(address(mosquitto)), HABITS)
    people.start()
    content = {
        "key": "k",
        "message": "m1",
        "recipient": "H1",
        "type": "Alert",
        "answer_topic": "ws/answer/H1",
    }
    for _ in range(2):
        listener.publish("ws/device/H1", json.dumps(content).encode())
    topic, payload = listener.messages.get(timeout=60)
    people.stop()
    listener.close()
    assert topic == "ws/answer/H1"
    assert json.loads(payload)["message"] == "m1"
    counts = people.counts()
    assert (counts.shown, counts.repeats, counts.answered) == (1, 1, 1)


def test_answers_of_many_devices_do_not_wait_for_each_others_acknowledgement() -> None:
    """One session stands for all devices of a county; a device has one of its own and waits for nobody."""
    broker = ScriptedBroker()
    people = People(BrokerDevices(BrokerAddress(port=broker.port)), HABITS)
    accepting = threading.Thread(target=broker.accept)
    accepting.start()
    people.start()
    accepting.join()
    for number in range(100):
        content = {"key": f"k{number}", "message": "m1", "recipient": f"H{number}", "type": "Alert"}
        payload = json.dumps(content).encode()
        broker.send(server_packets.encode_publish(f"ws/device/H{number}", payload, 0, is_v5=False))
    sent = b""
    while sent.count(b'"answer": ') < 100:
        sent += broker.read(1)
    people.stop()
    broker.close()
    assert people.counts().answered == 100


@pytest.mark.server
def test_the_command_runs_a_storm_and_tells_what_it_sent(
    mosquitto: Mosquitto, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "county"
    main(["county", "--out", str(folder), "--stations", "12", "--villages", "12", "--clock", "simulated"])
    capsys.readouterr()
    port = str(mosquitto.port)
    arguments = [
        "run",
        "--config",
        str(folder),
        "--hours",
        "0.5",
        "--speed",
        "0",
        "--port",
        port,
        "--people",
        "--json",
    ]
    assert main(arguments) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["finished"]
    assert summary["beacons"] == 31
    assert (folder / "truth" / "truth.csv").exists()
    assert (folder / "truth" / "faults.csv").exists()


@pytest.mark.server
def test_the_command_replays_an_archive(
    mosquitto: Mosquitto, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "readings.csv"
    archive.write_text(
        "station,observed_at,variable,value\nA,2019-04-08T20:15:00Z,rain,1.5\n", encoding="utf-8"
    )
    listener = Listener(mosquitto.port, "rio/#")
    port = str(mosquitto.port)
    arguments = [
        "replay",
        str(archive),
        "--speed",
        "0",
        "--after",
        "2min",
        "--prefix",
        "rio",
        "--port",
        port,
        "--json",
    ]
    assert main(arguments) == 0
    received = listener.collect(until=("rio/clock", b'{"time":"2019-04-08T20:17:00Z"}'))
    listener.close()
    assert received[0] == (
        "rio/replay/rain/A/obs",
        b'{"station":"A","time":"2019-04-08T20:15:00Z","rain":1.5}',
    )
    assert len(received) == 4
    assert json.loads(capsys.readouterr().out)["readings"] == 1


def test_a_broker_that_is_not_there_is_named() -> None:
    port = free_port()
    with pytest.raises(BrokerError, match=rf"reached at 127\.0\.0\.1:{port}: "):
        BrokerTransport(BrokerAddress(port=port)).open()


def test_certificates_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match=r"the certificates for 127\.0\.0\.1:8883 cannot be used"):
        BrokerTransport(BrokerAddress(port=8883, ca=tmp_path / "absent.pem"))


@pytest.fixture
def answers() -> Iterator[tuple[str, "queue.Queue[dict[str, str]]"]]:
    """A server that takes answers, and refuses the first."""
    received: queue.Queue[dict[str, str]] = queue.Queue()
    refusals = iter([503])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = next(refusals, 200)
            if status == 200:
                received.put(content)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Nothing is logged."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/answers", received
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_sms_gateway_shows_once_and_answers_with_the_token(
    answers: tuple[str, "queue.Queue[dict[str, str]]"],
) -> None:
    url, received = answers
    gateway = SmsGateway(HABITS, port=0, answers_url=url)
    gateway.start()
    content = {
        "key": "k",
        "message": "m1",
        "recipient": "H1",
        "address": "+0",
        "text": "t",
        "token": "secret",
    }
    with httpx.Client(trust_env=False) as client:
        address = f"http://127.0.0.1:{gateway.port}/sms"
        statuses = [
            client.post(address, json=content, headers={"Idempotency-Key": "k"}).status_code for _ in "ab"
        ]
        broken = client.post(address, content=b"{").status_code
        large = client.post(address, content=b" " * 70_000).status_code
    answer = received.get(timeout=60)
    gateway.stop()
    assert (statuses, broken, large) == ([200, 200], 400, 413)
    assert (answer["message"], answer["recipient"], answer["token"]) == ("m1", "H1", "secret")
    counts = gateway.counts()
    assert (counts.shown, counts.repeats, counts.refused) == (1, 1, 2)


def test_a_sender_that_hangs_up_is_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    gateway = SmsGateway(HABITS, port=0)
    gateway.start()
    try:
        with socket.create_connection(("127.0.0.1", gateway.port)) as sender:
            sender.sendall(b"POST /sms HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
        with httpx.Client(trust_env=False) as client:
            content = {
                "key": "k",
                "message": "m",
                "recipient": "H",
                "address": "+0",
                "text": "t",
                "token": "s",
            }
            status = client.post(f"http://127.0.0.1:{gateway.port}/sms", json=content).status_code
    finally:
        gateway.stop()
    assert (status, gateway.counts().shown, gateway.counts().refused) == (200, 1, 0)
    assert capsys.readouterr().err == ""


def test_a_port_that_is_taken_is_named() -> None:
    first = SmsGateway(HABITS, port=0)
    first.start()
    second = SmsGateway(HABITS, port=first.port)
    with pytest.raises(SimulatorError, match=rf"cannot listen on 127\.0\.0\.1:{first.port}"):
        second.start()
    second.stop()
    first.stop()
