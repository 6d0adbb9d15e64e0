"""Gusts into a running node: duty posts are called, households are not, and a restart forgets nothing."""

import csv
import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from tests.conftest import free_port
from tests.e2e.in_process import T0, WAIT_S, get, levels_of, running, wait_until
from warnstream.adapters.outbox.types import KINDS
from warnstream.config.load import load_configuration
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.effects import RecipientKind
from warnstream.model.times import iso_utc
from warnstream.runners.live.node import Node

pytestmark = pytest.mark.slow

WIND = """
  wind:
    evaluator: strong_wind
    title: {zh: 大风, en: Strong wind}
    source: Beaufort 7, 9, 11 and 13
    radius_km: 15
    levels:
      - {level: blue, gust_m_per_s: 13.9}
      - {level: yellow, gust_m_per_s: 20.8}
      - {level: orange, gust_m_per_s: 28.5}
      - {level: red, gust_m_per_s: 37.0}
"""


@pytest.fixture
def county(tmp_path: Path) -> Path:
    """A small county whose first station measures gusts; wind is one of its hazards."""
    build_county(1, CountyPlan(n_stations=9, n_villages=10, n_gauges=1)).write(tmp_path)
    write_demo_config(tmp_path, broker_port=free_port(), http_port=free_port(), embedded_broker=True)
    stations = tmp_path / "stations.csv"
    with stations.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        others = [word for word in row["variables"].split() if word != "wind_gust"]
        row["variables"] = " ".join([*others, "wind_gust"] if number == 0 else others)
    with stations.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    thresholds = tmp_path / "thresholds.yaml"
    text = thresholds.read_text(encoding="utf-8")
    thresholds.write_text(text.replace("\nsigns:", f"{WIND}\nsigns:", 1), encoding="utf-8")
    return tmp_path


def send(node: Node, minute: int, gust: float) -> None:
    """A gust at the first station, and the time after it."""
    at = iso_utc(T0 + 60 * minute)
    code = node.configuration.network.stations.code[0]
    report = json.dumps({"station": code, "time": at, "wind_gust": gust}).encode()
    clock = json.dumps({"time": at}).encode()
    node.keep_messages([RawMessage(f"ws/c/wind/{code}/obs", report), RawMessage("ws/clock", clock)]).result(
        WAIT_S
    )
    wait_until(lambda: node.status.state().now == at)


def notified(directory: Path) -> Counter[RecipientKind]:
    """Who is to hear of the wind, by kind."""
    with closing(sqlite3.connect(directory / "data" / "outbox.sqlite3")) as connection:
        rows = connection.execute(
            "SELECT notifications.kind FROM notifications JOIN messages"
            " ON notifications.message = messages.number WHERE messages.hazard = 'wind'"
        ).fetchall()
    return Counter(KINDS[rank] for (rank,) in rows)


def test_gusts_call_posts_and_no_household_and_a_restart_forgets_nothing(county: Path) -> None:
    with running(load_configuration(county)) as node:
        send(node, 5, 4.0)
        assert not any(levels_of(node, "wind").values())
        send(node, 10, 29.3)
        levels = levels_of(node, "wind")
        assert levels["orange"] > 0
        assert sum(levels.values()) == levels["orange"]
        assert 'warnstream_villages{hazard="wind",level="orange"}' in get(node, "/metrics").text
        assert RecipientKind.HOUSEHOLD not in node.outbox.reach()
    assert notified(county)[RecipientKind.POST] > 0
    with running(load_configuration(county)) as node:
        send(node, 15, 5.0)  # the gust of five minutes ago still counts
        assert levels_of(node, "wind") == levels
        send(node, 20, 38.0)
        assert levels_of(node, "wind")["red"] == levels["orange"]
        assert RecipientKind.HOUSEHOLD not in node.outbox.reach()
