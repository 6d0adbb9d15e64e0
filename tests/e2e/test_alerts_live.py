"""Alerts into a running node: told in their issuer's name, a kill forgets nothing, a cancel ends them."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from paho.mqtt import publish

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.sending.scenario import DEFAULT_START_S
from tests.alerts import SENDER, cap
from tests.conftest import Mosquitto, free_port
from tests.e2e.live import LiveNode, command
from tests.local_http import LOCAL
from warnstream.config.load import load_configuration
from warnstream.model.times import HOUR_S, fixed_zone, iso_local, iso_utc

pytestmark = [pytest.mark.server, pytest.mark.slow]

T0 = DEFAULT_START_S
HAZARD = """
  met_signal:
    evaluator: relayed
    title: {zh: 暴雨, en: rainstorm}
    source: signals of the met office
    issuers:
      - {sender: met@example.org, zh: 县气象台, en: County met office}
    signals:
      - {level: orange, events: [Rainstorm], severities: [Severe]}
      - {level: red, events: [Rainstorm], severities: [Extreme]}
"""


class Town:
    """A node of the demo county whose rainstorm signals are the met office's."""

    def __init__(self, directory: Path, broker_port: int) -> None:
        self.directory, self.port = directory, broker_port
        build_county(1, CountyPlan(n_stations=9, n_villages=10, n_gauges=1)).write(directory)
        http_port = free_port()
        write_demo_config(directory, broker_port=broker_port, http_port=http_port, embedded_broker=False)
        change(directory / "thresholds.yaml", "\nsigns:", f"{HAZARD}\nsigns:")
        change(directory / "warnstream.yaml", "status: Exercise", "status: Actual")
        self.node = LiveNode(directory, http_port)
        villages = load_configuration(directory).network.villages
        self.village = villages.code[0]
        at = f"{villages.latitude[0]:.5f},{villages.longitude[0]:.5f}"
        self.area = f"<areaDesc>here</areaDesc><circle>{at} 0.1</circle>"

    def bring(self, document: str) -> None:
        publish.single("ws/cap/in/met-service", document, qos=1, hostname="127.0.0.1", port=self.port)

    def post(self, document: str, token: str | None = None) -> httpx.Response:
        url = f"http://127.0.0.1:{self.node.http_port}/api/v1/cap"
        auth = ("met-service", token or run("feed-token", str(self.directory), "met-service").strip())
        with httpx.Client(trust_env=False, timeout=30) as client:
            return client.post(url, content=document.encode(), auth=auth)

    def at(self, after_s: int) -> None:
        told = json.dumps({"time": iso_utc(T0 + after_s)})
        publish.single("ws/clock", told, qos=1, hostname="127.0.0.1", port=self.port)
        self.node.wait_until(iso_utc(T0 + after_s), timeout_s=100)

    def warnings(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.node.get("/api/v1/warnings")
        return [warning for warning in found if warning["hazard"] == "met_signal"]

    def alerts(self) -> list[str]:
        return [alert["identifier"] for alert in self.node.get("/api/v1/cap")]

    def metrics(self) -> str:
        url = f"http://127.0.0.1:{self.node.http_port}/metrics"
        return LOCAL.get(url, timeout=10).text

    def messages(self) -> list[dict[str, Any]]:
        lines = run("warnings", str(self.directory)).splitlines()
        return [line for line in map(json.loads, lines) if line["hazard"] == "met_signal"]


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")


def run(*arguments: str) -> str:
    done = subprocess.run([command("warnstream"), *arguments], capture_output=True, check=True, timeout=150)
    return done.stdout.decode()


@pytest.fixture
def town(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Town]:
    opened = Town(tmp_path, mosquitto.port)
    yield opened
    opened.node.end()


def check_what_was_told_and_refused(town: Town) -> None:
    """Every text names issuer and time; every refusal has its reason."""
    clock = iso_local(T0, fixed_zone(8 * HOUR_S))[11:16]
    said = f"县气象台{clock}发布暴雨橙色预警。"
    (message,) = town.messages()
    assert said in message["text_zh"]
    (bulletin,) = map(json.loads, run("bulletins", str(town.directory)).splitlines())
    assert said in bulletin["text_zh"]
    refused = [json.loads(line) for line in run("refused", str(town.directory), "--json").splitlines()]
    assert {alert["reason"] for alert in refused} == {"forbidden_xml", "elsewhere"}
    assert 'warnstream_alerts_total{outcome="taken"} 1.0' in town.metrics()
    assert 'warnstream_readings_refused_total{reason="elsewhere"} 1.0' in town.metrics()


def test_a_signal_is_told_in_its_issuers_name_survives_kills_and_ends_with_its_cancel(town: Town) -> None:
    node = town.node
    node.start()
    town.bring(cap(sent_s=T0, expires_s=T0 + 6 * HOUR_S, area=town.area))
    town.bring("<!DOCTYPE a><a/>")
    away = "<areaDesc>Atlantis</areaDesc><circle>0,0 1</circle>"
    town.bring(cap(identifier="away", sent_s=T0, expires_s=T0 + HOUR_S, area=away))
    town.at(60)
    (warning,) = town.warnings()
    assert (warning["village"], warning["level"]) == (town.village, "orange")
    assert town.alerts() == ["A1"]
    check_what_was_told_and_refused(town)

    # Killed: it stands, by the journal, and nobody is told again.
    node.kill()
    node.start()
    town.at(120)
    assert [warning["warning"] for warning in town.warnings()] == [warning["warning"]]
    assert town.alerts() == ["A1"]
    explained = node.get(f"/api/v1/villages/{town.village}/explanation")
    hazard = next(hazard for hazard in explained["hazards"] if hazard["hazard"] == "met_signal")
    assert hazard["reason"]["relayed"]["issuer_en"] == "County met office"
    assert len(town.messages()) == 1

    # An update by HTTP, kept before the step that takes it, and killed at once.
    assert town.post(cap(identifier="X"), token="x" * 24).status_code == 403
    broken = town.post("<alert/>")  # kept aside all the same
    assert (broken.status_code, broken.json()["unread"][0]["reason"]) == (400, "wrong_shape")
    reference = f"{SENDER},A1,{iso_local(T0, fixed_zone(8 * HOUR_S))}"
    higher = cap(
        identifier="A2",
        sent_s=T0 + 120,
        expires_s=T0 + 6 * HOUR_S,
        msg_type="Update",
        severity="Extreme",
        references=reference,
        area=town.area,
    )
    taken = town.post(higher)
    assert (taken.status_code, taken.json()) == (202, {"alerts": 1, "unread": []})
    node.kill()
    node.start()
    town.at(180)
    (raised,) = town.warnings()
    assert (raised["warning"], raised["level"]) == (warning["warning"], "red")
    assert town.alerts() == ["A2"]

    # Whole again after a proper stop; a cancel of what was replaced ends nothing, that of what stands does.
    assert node.stop() == 0
    node.start()
    town.bring(cap(identifier="C1", sent_s=T0 + 180, msg_type="Cancel", references=reference))
    town.at(240)
    assert [warning["level"] for warning in town.warnings()] == ["red"]
    newest = f"{SENDER},A2,{iso_local(T0 + 120, fixed_zone(8 * HOUR_S))}"
    assert town.post(cap(identifier="C2", sent_s=T0 + 240, msg_type="Cancel", references=newest)).is_success
    town.at(300)
    assert town.warnings() == []
    assert town.alerts() == []
    assert [message["msg_type"] for message in town.messages()] == ["Alert", "Update", "Cancel"]
    assert "发布单位的预警已解除或到期。" in town.messages()[-1]["text_zh"]
    assert node.stop() == 0


def test_a_feed_that_falls_silent_is_an_alarm_until_it_brings_what_can_be_read(town: Town) -> None:
    feeds = "feeds:\n  met-service: {every: 10min}\n"
    change(town.directory / "warnstream.yaml", "\nrouting:", f"\n{feeds}routing:")
    node, silent = town.node, "no alerts can come in from feed met-service"
    node.start()
    town.bring("<feed/>")  # nothing new is a sign of life
    for minute in range(11):
        town.at(60 * minute)
    assert silent not in str(node.get("/readyz"))
    town.bring("<html>502 Bad Gateway</html>")  # and this is none
    town.at(660)
    told = node.get("/readyz")
    assert f"{silent}: nothing that can be read since 2026-06-18 14:00" in str(told["reasons"])
    assert 'warnstream_feed_unheard_seconds{feed="met-service"} 660.0' in town.metrics()
    node.kill()
    node.start()
    assert silent in str(node.get("/readyz"))
    assert town.post(cap(sent_s=T0 + 660, expires_s=T0 + HOUR_S, area=town.area)).is_success
    town.at(720)
    assert silent not in str(node.get("/readyz"))
    assert 'warnstream_feed_unheard_seconds{feed="met-service"} 0.0' in town.metrics()
    assert node.stop() == 0


def test_a_replay_judges_readings_with_the_alerts_of_a_folder_and_those_of_a_journal(town: Town) -> None:
    """The same warnings at the same times, whether a node was brought the alerts or a folder has them."""
    node = town.node
    document = cap(sent_s=T0 + 90, expires_s=T0 + 6 * HOUR_S, area=town.area)
    node.start()
    station = load_configuration(town.directory).network.stations.code[0]
    for minute in range(6):
        reading = {"station": station, "time": iso_utc(T0 + 60 * minute), "rain": 0.0}
        topic = f"ws/c/rain/{station}/obs"
        publish.single(topic, json.dumps(reading), qos=1, hostname="127.0.0.1", port=town.port)
        if minute == 2:
            town.bring(document)
        town.at(60 * minute)
    told = [(message["village"], message["level"], message["issued_at"]) for message in town.messages()]
    assert node.stop() == 0
    alerts = town.directory / "alerts"
    alerts.mkdir()
    (alerts / "a.xml").write_text(document, "utf-8")
    (alerts / "b.xml").write_text(document.replace("met@example.org", "stranger"), "utf-8")
    rows = [f"{station},{iso_utc(T0 + 60 * minute)},rain,0" for minute in range(6)]
    readings = town.directory / "readings.csv"
    readings.write_text("\n".join(["station,observed_at,variable,value", *rows]) + "\n", "utf-8")
    for way in ([str(readings), "--alerts", str(alerts)], ["--journal", str(town.directory / "data")]):
        out = town.directory / "out"
        said = run("replay", str(town.directory), *way, "--out", str(out))
        lines = [json.loads(line) for line in (out / "warnings.jsonl").read_text("utf-8").splitlines()]
        signals = [line for line in lines if line["hazard"] == "met_signal"]
        found = [(signal["village"], signal["level"], signal["issued_at"]) for signal in signals]
        assert found == told, way
        assert "alerts taken: 1" in said
    assert json.loads((out / "summary.json").read_text("utf-8"))["alerts"] == {"taken": 1}
