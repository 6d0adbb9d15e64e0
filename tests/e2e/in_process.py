"""A node in this process, with its journal, snapshot, HTTP interface and metrics; the broker is passed over.

Messages go straight into the journal, as those of a listener do.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import MappingProxyType

import httpx

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from tests.conftest import free_port
from tests.local_http import LOCAL
from warnstream.config.settings import Configuration
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.times import iso_utc
from warnstream.runners.live.node import Node

T0 = 1_781_740_800
STEP_S = 300
WAIT_S = 60.0


def write_small_county(directory: Path) -> Path:
    """The demo county of ten villages, whose people have terminals."""
    build_county(1, CountyPlan(n_stations=9, n_villages=10, n_gauges=1)).write(directory)
    write_demo_config(directory, broker_port=free_port(), http_port=free_port(), embedded_broker=True)
    without_gateway(directory)
    return directory


def without_gateway(directory: Path) -> None:
    """Nobody is told by SMS: no gateway runs here, and a held channel is not ready."""
    for name in ("households.csv", "chain.csv"):
        table = directory / name
        text = table.read_text(encoding="utf-8")
        table.write_text(text.replace(",sms,", ",terminal,"), encoding="utf-8")


@contextmanager
def running(configuration: Configuration, wall: Callable[[], float] = time.time) -> Iterator[Node]:
    """A node in this process; closed whatever happens."""
    node = Node(configuration, wall=wall)
    node.start()
    loop = threading.Thread(target=node.run, name="node")
    loop.start()
    try:
        yield node
    finally:
        node.ask_to_stop()
        loop.join(WAIT_S)
        assert not loop.is_alive()


class Storm:
    """The same rain at every station of a node, interval by interval."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.number = 0

    def goes_on(
        self,
        rain_mm: float,
        intervals: int,
        *,
        first: int | None = None,
        but: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        """Send so many intervals, each with the time after it, and wait until the node has judged them."""
        self.number = self.number if first is None else first - 1
        for _ in range(intervals):
            self.number += 1
            at = iso_utc(T0 + STEP_S * self.number)
            messages = [
                RawMessage(
                    f"ws/c/rain/{code}/obs",
                    json.dumps({"station": code, "time": at, "rain": but.get(code, rain_mm)}).encode(),
                )
                for code in self.node.configuration.network.stations.code
            ]
            self._send(messages, at)

    def nobody_reports(self, intervals: int) -> None:
        """Time alone goes on."""
        self.number += intervals
        self._send([], iso_utc(T0 + STEP_S * self.number))

    def _send(self, messages: list[RawMessage], at: str) -> None:
        clock = RawMessage("ws/clock", json.dumps({"time": at}).encode())
        self.node.keep_messages([*messages, clock]).result(WAIT_S)
        wait_until(lambda: self.node.status.state().now == at)


def wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def get(node: Node, path: str) -> httpx.Response:
    return LOCAL.get(f"http://127.0.0.1:{node.http.port}{path}", timeout=5)


def state_of(node: Node) -> dict[str, object]:
    content: dict[str, object] = get(node, "/api/v1/state").json()
    return content


def levels_of(node: Node, hazard: str) -> dict[str, int]:
    villages = state_of(node)["villages"]
    assert isinstance(villages, dict)
    found: dict[str, int] = villages["levels"][hazard]
    return found


def sent_alarms(directory: Path, kind: str = "") -> dict[str, int]:
    """How many messages of each alarm, by key, each county duty officer was to get."""
    with closing(sqlite3.connect(directory / "data" / "outbox.sqlite3")) as connection:
        rows = connection.execute(
            "SELECT warning, recipient, count(*) FROM messages JOIN notifications"
            " ON notifications.message = messages.number WHERE msg_type = 'Alarm' GROUP BY warning, recipient"
        ).fetchall()
    assert all(recipient.startswith("C0") for _, recipient, _ in rows), "county duty officers alone"
    sent = {warning.split(".")[2]: count for warning, _, count in rows}
    return {key: count for key, count in sent.items() if not kind or key.partition(":")[0] == kind}
