"""From the publish of the crossing reading to the message on the household's device, p50 and p99.

    python -m benchmarks.bench_latency [--samples N] [--scales 1,10] [--json FILE]

A real `warnstream run` on the system clock judges a county of 700 stations and
2,855 villages (and one ten times as large) while `station-sim load` sends the
network's other readings: 170 messages a second per county, 8 values each. Now
and then one reading of 50 mm is published for a gauge of its own; the clock
stops when the device of the household beside it has the warning. "Stored" is until
the gauge's reading was acknowledged, by the broker or, at the listener, by the node. Steady, and
while six hours of backlog come in at once; through mosquitto and through the
node's own listener. Six minutes.
"""

import argparse
import csv
import json
import random
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from benchmarks.processes import (
    BrokerProcess,
    NodeProcess,
    find_mosquitto,
    free_port,
    load_summary,
    say_not_measured,
    start_load,
)
from benchmarks.table import Row, add_rows_option, write_rows
from station_sim.county.wide_network import SCALES, Scale, station_places, write_wide_network
from warnstream.model.times import iso_utc

COUNTY_MESSAGES_PER_S = 170
"""Upper end of what a county's stations and sensors send."""

CROSSING_MM = 50.0
"""In five minutes: above yellow of one hour (45 mm), within what the range check believes."""

BACKLOG_H = 6
PAUSE_S = (0.15, 0.45)
ANSWER_S_MAX = 30.0
LISTENER = "\nlistener: {messages_per_s: 1000000, inflight_max: 65535}\n"


@dataclass(frozen=True, slots=True)
class Result:
    """Latencies of one condition, milliseconds; `stored` is until the reading was acknowledged."""

    way: str
    scale: int
    condition: str
    samples: int
    missing: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    stored_p50_ms: float
    journal_ms: float
    step_ms: float
    load_per_s: float
    load_acknowledged: int
    load_short: int


def _folder_of(topic: str) -> str:
    return topic.rpartition("/")[0] + "/+"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--samples", type=int, default=120, help="crossings per condition (default 120)")
    parser.add_argument("--scales", default="1,10", help="counties (default 1,10)")
    parser.add_argument("--ways", default="mosquitto,listener", help="ways in (default both)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    add_rows_option(parser)
    options = parser.parse_args()
    results = []
    for way in options.ways.split(","):
        if way == "mosquitto" and find_mosquitto() is None:
            say_not_measured("through mosquitto", "it is not on this machine")
            continue
        for scale in (int(word) for word in options.scales.split(",")):
            results += measure(way, scale, options.samples)
    print(table(results))
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in results]), encoding="utf-8")
    write_rows(options.rows, rows(results))


def rows(results: Sequence[Result]) -> list[Row]:
    """For the common table: to the device, beside the time until the reading was stored."""
    found = []
    for result in results:
        where = f"gauge to door, {result.scale} counties, {result.way}, {result.condition}"
        stored = result.stored_p50_ms
        for label, value in (("p50", result.p50_ms), ("p99", result.p99_ms)):
            found.append(Row(f"{where}, {label} of {result.samples}", "ms", [value], "stored, p50", stored))
    return found


def measure(way: str, scale: int, samples: int) -> list[Result]:
    """Steady, then during a backlog, on one node."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        directory = Path(name)
        directory.chmod(0o777)
        port = free_port()
        program = find_mosquitto()
        if way == "mosquitto":
            assert program is not None
            port = stack.enter_context(BrokerProcess(program, directory / "broker")).port
        node = prepare(directory / "county", scale, 2 * samples, port, embedded=way == "listener")
        stack.enter_context(node)
        probe = Probe(port)
        stack.callback(probe.close)
        probe.report_dry(range(2 * samples))
        n_stations = SCALES["county"].n_stations * scale
        common = ["--stations", str(n_stations), "--port", str(port), "--wet", "0.2"]
        results = []
        for condition in ("steady", "backlog"):
            if condition == "steady":
                seconds = samples * (sum(PAUSE_S) / 2 + 0.15) + 5
                rate = COUNTY_MESSAGES_PER_S * scale
                arguments = [*common, "--rate", str(rate), "--minutes", f"{seconds / 60:.3f}"]
            else:
                # As much as can come while the crossings are published; a county's six hours are 252,000.
                arguments = [*common, "--backlog", f"{BACKLOG_H}h"]
            load = start_load(arguments)
            time.sleep(2.0 if condition == "steady" else 1.0)
            before = node.metrics()
            numbers = range(samples) if condition == "steady" else range(samples, 2 * samples)
            found = probe.cross(numbers, lambda load=load: load.poll() is None)  # type: ignore[misc]
            after = node.metrics()
            summary = load_summary(load, 900)
            results.append(result_of(way, scale, condition, found, (before, after), summary))
        return results


def prepare(directory: Path, scale: int, n_probes: int, port: int, *, embedded: bool) -> NodeProcess:
    county, http_port = SCALES["county"], free_port()
    # One gauge speaks for a village, so that one reading decides.
    settings = {
        "method: inverse_distance": "method: nearest",
        "neighbours: 3": "neighbours: 1",
        "client_id: warnstream-demo-county": f"client_id: latency-{time.monotonic_ns()}",
    }
    if embedded:
        settings["batch_messages_max: 500"] = "batch_messages_max: 5000"
    write_wide_network(
        directory,
        Scale(county.n_stations * scale, county.n_villages * scale),
        settings=settings,
        broker_port=port,
        http_port=http_port,
        embedded_broker=embedded,
    )
    if embedded:
        with (directory / "warnstream.yaml").open("a", encoding="utf-8") as file:
            file.write(LISTENER)
    south = float(station_places(county.n_stations * scale)[0].min())
    rows: dict[str, list[list[object]]] = {"stations": [], "villages": [], "households": []}
    for number in range(n_probes):
        # Just south of the network, 2 km apart; a village has its own gauge and no other's.
        place = [f"{south - 0.1 - number // 16 * 0.02:.5f}", f"{104 + number % 16 * 0.02:.5f}"]
        rows["stations"].append([probe_code(number), *place, 300, "rain", 300, "c9999"])
        rows["villages"].append([f"P{number:05d}", f"P{number:05d}", *place, "c9999", "c9999"])
        rows["households"].append([f"HP{number:05d}", f"P{number:05d}", "device", f"HP{number:05d}"])
    for name, added in rows.items():
        with (directory / f"{name}.csv").open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(added)
    return NodeProcess(directory, http_port)


def probe_code(number: int) -> str:
    return f"P{number:05d}G"


class Probe:
    """Publishes crossings and watches the devices, over two connections.

    Parameters
    ----------
    port : int
    topics : sequence of str
        Of the devices.
    crossing_mm : float
        What a gauge reports in five minutes.
    """

    def __init__(
        self, port: int, topics: Sequence[str] = ("ws/device/+",), crossing_mm: float = CROSSING_MM
    ) -> None:
        self._crossing_mm = crossing_mm
        self._changed = threading.Condition()
        self._arrived: dict[str, float] = {}
        self.reported: dict[str, float] = {}
        self._stored: dict[int, float] = {}
        self._devices = Client(CallbackAPIVersion.VERSION2, client_id="latency-devices")
        self._devices.on_message = self._on_device
        self._gateway = Client(CallbackAPIVersion.VERSION2, client_id="latency-gateway")
        self._gateway.on_publish = self._on_stored
        for client in (self._devices, self._gateway):
            client.connect("127.0.0.1", port)
            client.loop_start()
        # A listener takes so many filters of a client; those of one folder are one.
        self._devices.subscribe([(topic, 1) for topic in sorted({_folder_of(topic) for topic in topics})])
        time.sleep(0.5)

    def report_dry(self, numbers: Sequence[int]) -> None:
        """Every gauge reports once without rain: none is silent, no village is blind."""
        for number in numbers:
            self._publish(number, 0.0).wait_for_publish(ANSWER_S_MAX)

    def _publish(self, number: int, rain_mm: float) -> MQTTMessageInfo:
        content = {"station": probe_code(number), "time": iso_utc(int(time.time())), "rain": rain_mm}
        topic = f"ws/c9999/rain/{probe_code(number)}/obs"
        return self._gateway.publish(topic, json.dumps(content).encode(), qos=1)

    def cross(
        self, numbers: Sequence[int], goes_on: Callable[[], bool]
    ) -> tuple[list[float], list[float], int]:
        """Latencies and times until stored, ms, and how many warnings never came.

        Ends early when `goes_on()` says that the load has ended.
        """
        random_ = random.Random(1)
        published: list[tuple[str, float, MQTTMessageInfo]] = []
        for number in numbers:
            if not goes_on():
                break
            at = time.perf_counter()
            self.reported[f"HP{number:05d}"] = at
            published.append((f"HP{number:05d}", at, self._publish(number, self._crossing_mm)))
            time.sleep(random_.uniform(*PAUSE_S))
        with self._changed:
            self._changed.wait_for(
                lambda: all(name in self._arrived for name, _, _ in published), ANSWER_S_MAX
            )
        ways = [1e3 * (self._arrived[name] - at) for name, at, _ in published if name in self._arrived]
        stored = [
            1e3 * (self._stored[info.mid] - at) for _, at, info in published if info.mid in self._stored
        ]
        return ways, stored, len(published) - len(ways)

    def forget(self, devices: Sequence[str]) -> None:
        """What arrived at these devices so far is of the past."""
        with self._changed:
            for name in devices:
                self._arrived.pop(name, None)

    def first_of(self, devices: Sequence[str]) -> float:
        """When the first of these devices got something, by `time.perf_counter`; NaN if none has."""
        with self._changed:
            return min(
                (self._arrived[name] for name in devices if name in self._arrived), default=float("nan")
            )

    def way_of(self, device: str) -> tuple[float, float]:
        """When its gauge reported and when it was warned, by `time.perf_counter`; NaN if never."""
        with self._changed:
            return self.reported[device], self._arrived.get(device, float("nan"))

    def _on_device(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        del client, userdata
        now = time.perf_counter()
        with self._changed:
            self._arrived.setdefault(message.topic.rpartition("/")[2], now)
            self._changed.notify()

    def _on_stored(
        self, client: Client, userdata: object, mid: int, reason: ReasonCode, properties: Properties
    ) -> None:
        del client, userdata, reason, properties
        self._stored[mid] = time.perf_counter()

    def close(self) -> None:
        for client in (self._devices, self._gateway):
            client.disconnect()
            client.loop_stop()


def result_of(
    way: str,
    scale: int,
    condition: str,
    found: tuple[list[float], list[float], int],
    metrics: tuple[dict[str, float], dict[str, float]],
    load: dict[str, object],
) -> Result:
    ways, stored, missing = found
    before, after = metrics

    def mean_ms(name: str) -> float:
        count = after[f"{name}_count"] - before[f"{name}_count"]
        return 1e3 * (after[f"{name}_sum"] - before[f"{name}_sum"]) / max(count, 1)

    p50, p99 = np.percentile(ways, [50, 99]) if ways else (np.nan, np.nan)
    return Result(
        way=way,
        scale=scale,
        condition=condition,
        samples=len(ways),
        missing=missing,
        p50_ms=round(float(p50), 1),
        p99_ms=round(float(p99), 1),
        max_ms=round(max(ways, default=np.nan), 1),
        stored_p50_ms=round(float(np.median(stored)), 1) if stored else np.nan,
        journal_ms=round(mean_ms("warnstream_journal_append_seconds"), 2),
        step_ms=round(mean_ms("warnstream_tick_seconds"), 2),
        load_per_s=float(str(load["rate_per_s"])),
        load_acknowledged=int(str(load["acknowledged"])),
        load_short=int(str(load["shortfall"])) + int(str(load["unacknowledged"])),
    )


def table(results: list[Result]) -> str:
    head = (
        "| way | counties | condition | crossings | p50 ms | p99 ms | max ms | until stored, p50 ms | "
        "journal append, mean ms | step, mean ms | load messages/s | not warned | load not taken |"
    )
    rows = [
        f"| {result.way} | {result.scale} | {result.condition} | {result.samples} | {result.p50_ms:,.1f} | "
        f"{result.p99_ms:,.1f} | {result.max_ms:,.1f} | {result.stored_p50_ms:,.1f} | "
        f"{result.journal_ms:.2f} | {result.step_ms:.2f} | "
        f"{result.load_per_s:,.0f} | {result.missing} | {result.load_short} |"
        for result in results
    ]
    return "\n".join([head, "|" + "---|" * 13, *rows])


if __name__ == "__main__":
    main()
