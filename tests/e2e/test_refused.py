"""What was refused for want of a station is sent again once the station is known."""

import json
import subprocess
from pathlib import Path

import httpx
import numpy as np
import pytest
from paho.mqtt import publish

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.sending.scenario import DEFAULT_START_S
from tests.conftest import Mosquitto, free_port
from tests.e2e.live import LiveNode, command, state_on_disk
from warnstream.config.load import load_configuration
from warnstream.model.times import compact_utc, iso_utc

pytestmark = [pytest.mark.server, pytest.mark.slow]

LATER_S = DEFAULT_START_S + 300


def send(port: int, topic: str, content: object) -> None:
    publish.single(topic, json.dumps(content), qos=1, hostname="127.0.0.1", port=port)


def tell_time(port: int, time_s: int) -> None:
    send(port, "ws/clock", {"time": iso_utc(time_s)})


def run(*arguments: str) -> str:
    done = subprocess.run([command("warnstream"), *arguments], capture_output=True, check=True, timeout=150)
    return done.stdout.decode()


def test_a_refused_reading_counts_after_its_station_was_added(tmp_path: Path, mosquitto: Mosquitto) -> None:
    build_county(1, CountyPlan(n_stations=9, n_villages=10, n_gauges=1)).write(tmp_path)
    write_demo_config(
        tmp_path,
        broker_port=mosquitto.port,
        http_port=(http_port := free_port()),
        embedded_broker=False,
    )
    node = LiveNode(tmp_path, http_port)
    node.start()
    send(
        mosquitto.port, "ws/c/rain/NEW/obs", {"station": "NEW", "time": iso_utc(DEFAULT_START_S), "rain": 7.0}
    )
    tell_time(mosquitto.port, DEFAULT_START_S)
    node.wait_until(iso_utc(DEFAULT_START_S), timeout_s=100)
    assert node.stop() == 0
    (listed,) = [json.loads(line) for line in run("refused", str(tmp_path), "--json").splitlines()]
    assert (listed["reason"], json.loads(listed["payload"])["rain"]) == ("unknown_station", 7.0)

    stations = tmp_path / "stations.csv"
    with stations.open("a", encoding="utf-8") as file:
        file.write("NEW,28.4,119.9,,rain,300,liandu\n")
    node.start()
    assert run("refused", str(tmp_path), "--reinject") == "1 of 1 taken again\n"
    assert run("refused", str(tmp_path), "--reinject") == "nothing to take again\n"
    tell_time(mosquitto.port, LATER_S)
    node.wait_until(iso_utc(LATER_S), timeout_s=100)
    assert node.stop() == 0
    number = load_configuration(tmp_path).network.stations.index_of_code()["NEW"]
    rain = state_on_disk(tmp_path).engine.assessment.accumulate(np.array([3600], dtype=np.int32))
    assert rain.rain_mm[number, 0] == 7.0


def test_a_refused_verdict_counts_after_its_sign_was_reported(tmp_path: Path, mosquitto: Mosquitto) -> None:
    build_county(1, CountyPlan(n_stations=9, n_villages=10, n_gauges=1)).write(tmp_path)
    write_demo_config(
        tmp_path, broker_port=mosquitto.port, http_port=(http_port := free_port()), embedded_broker=False
    )
    network = load_configuration(tmp_path).network
    village = network.villages.code[0]
    first, second = [post.post for post in network.posts_of_village(0)][:2]
    sign = f"{village}.crack.{compact_utc(LATER_S)}"
    node = LiveNode(tmp_path, http_port)
    node.start()
    send(mosquitto.port, f"ws/sign/{second}", {"sign": sign, "verdict": "validated", "note": "seen"})
    tell_time(mosquitto.port, DEFAULT_START_S)
    node.wait_until(iso_utc(DEFAULT_START_S), timeout_s=100)
    (listed,) = [json.loads(line) for line in run("refused", str(tmp_path), "--json").splitlines()]
    assert (listed["reason"], listed["topic"]) == ("bad_sign", f"ws/sign/{second}")

    send(mosquitto.port, f"ws/sign/{first}", {"village": village, "kind": "crack", "note": "wall"})
    tell_time(mosquitto.port, LATER_S)
    node.wait_until(iso_utc(LATER_S), timeout_s=100)
    assert run("refused", str(tmp_path), "--reinject", "--reason", "bad_sign") == "1 of 1 taken again\n"
    tell_time(mosquitto.port, LATER_S + 300)
    node.wait_until(iso_utc(LATER_S + 300), timeout_s=100)
    token = run("post-token", str(tmp_path), first).strip()
    url = f"http://127.0.0.1:{http_port}/api/v1/signs"
    (known,) = httpx.get(url, auth=(first, token)).json()
    assert (known["state"], known["validator"], known["note"]) == ("validated", second, "seen")
    (public,) = httpx.get(url).json()
    assert "note" not in public
    assert node.stop() == 0
