"""What holds people up: how long a node's loop stands still, and what a warning waits for meanwhile.

    python -m benchmarks.bench_stall [--before CHECKOUT] [--villages N] [--doors N]   (`make bench-stall`)

A node on the system's clock, its own listener, stations on a 5 km grid. While something heavy happens, gauges
of their own report a red crossing now and then; the clock stops when the device of the household beside
has the warning. The loop is held from the moment its inbox gives it a batch until it asks for the next one
(`stall_node.py`); the longest hold of each event is told, whatever caused it.

- *calm*: the crossings alone.
- *front, first* and *second*: half of the stations report 48 mm at once (yellow), then 16 mm more (orange).
- *start*: kill -9 while the second one is told; the time until the node is ready again.
- *front after kill -9*: the other half reports 48 mm, while doors of the second front may still wait.
- *snapshots*: one every second.
- *backlog*: an hour of the whole network at once.
- *replay of refused readings*: readings too old to count, refused before; `warnstream refused --reinject`.
- *answer storm*: doors answer, as fast as they are taken.

What the door of a crossing waits for is told beside: its way in stages (`STAGES`), median and longest of
each, and of the longest hold the parts that took longest.

With `--before` the same is done with the product of another checkout first, and stands in the same table.
The defaults take less than five minutes; a county is `--stations 700 --villages 2855 --doors 900000`.
"""

import argparse
import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.bench_latency import LISTENER, Probe, probe_code
from benchmarks.processes import REPOSITORY, NodeProcess, free_port, load_summary, start_load, wait_for
from benchmarks.table import Row, add_rows_option, number, write_rows
from station_sim.county.wide_network import Scale, station_code, station_places, write_wide_network
from station_sim.sending.load_frames import varint
from warnstream.model.times import MINUTE_S, iso_utc

CROSSING_MM = 90.0
"""Of a probe in five minutes: red, so that it goes before a front, and what the range check believes."""

FRONT_MM = 16.0
"""In a minute. Three of them are yellow of one hour, a fourth is orange."""

QUIET_S_MAX = 120.0
SETTLE_S = 2.0
INFLIGHT = 20_000
"""Unacknowledged messages of a sender."""

DAYS_TOO_OLD = 6
STAGES = ("reported", "taken", "issued", "claimed", "handed", "sent", "kept")
"""Of the way of a warning to its door: its gauge reports, the loop takes the reading, the bulletin is in log
and ledger, a channel claims the door, is given the batch (the device has it soon after), has sent it, the
outcome is kept."""
EVENTS = (
    "calm",
    "front, first",
    "front, second",
    "front after kill -9",
    "snapshots",
    "backlog",
    "replay of refused readings",
    "answer storm",
)


@dataclass(frozen=True, slots=True)
class Size:
    """How large everything is."""

    stations: int
    villages: int
    doors: int
    samples: int
    refused: int
    answers: int
    backlog_h: float
    is_of_fronts_alone: bool = False


@dataclass(slots=True)
class Result:
    """What one event did: milliseconds, NaN where there is nothing to tell."""

    event: str
    hold_ms: float
    held_share: float
    p50_ms: float
    p99_ms: float
    missing: int
    first_door_ms: float = float("nan")
    took_s: float = float("nan")
    hold_parts: str = ""
    stages_ms: dict[str, list[float]] = field(default_factory=dict)


@dataclass(slots=True)
class County:
    """A node under measurement and everybody around it."""

    node: NodeProcess
    port: int
    probe: Probe
    size: Size
    product: Path
    used: int = 0
    results: list[Result] = field(default_factory=list)

    def close(self) -> None:
        """End the connections."""
        self.probe.close()


def main() -> None:
    options = _options()
    size = Size(
        options.stations,
        options.villages,
        options.doors,
        options.samples,
        options.refused,
        options.answers,
        options.backlog_hours,
        options.fronts,
    )
    found: dict[str, list[Result]] = {}
    for label, product in (("before", options.before), ("now", REPOSITORY)):
        if product is not None:
            found[label] = measure(size, product.resolve())
    print(table(size, found))
    print(ways_table(found))
    write_rows(options.rows, rows(found["now"]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--before", type=Path, metavar="CHECKOUT", help="measure this one's product first")
    parser.add_argument("--stations", type=int, default=200, help="default 200")
    parser.add_argument("--villages", type=int, default=600, help="default 600")
    parser.add_argument("--doors", type=int, default=30_000, help="of all villages; default 30,000")
    parser.add_argument("--samples", type=int, default=20, help="crossings per event; default 20")
    parser.add_argument("--refused", type=int, default=5_000, help="readings refused; default 5,000")
    parser.add_argument("--answers", type=int, default=20_000, help="of the storm; default 20,000")
    parser.add_argument("--backlog-hours", type=float, default=1.0, help="default 1")
    parser.add_argument("--fronts", action="store_true", help="calm and fronts alone")
    add_rows_option(parser)
    return parser.parse_args()


def table(size: Size, found: dict[str, list[Result]]) -> str:
    """All events of all checkouts, as Markdown."""
    told = (
        f"{size.stations:,} stations, {size.villages:,} villages, {size.doors:,} doors, "
        f"{size.refused:,} refused readings, {size.answers:,} answers, {size.backlog_h:g} h of backlog, "
        f"{size.samples} crossings per event; load average at the end {os.getloadavg()[0]:.1f}.\n"
    )
    columns = (
        "during",
        "checkout",
        "longest hold, ms",
        "loop held",
        "gauge to device p50, ms",
        "p99, ms",
        "not warned",
        "first door of the front, ms",
        "took, s",
    )
    lines = [told, f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    for event in [*EVENTS, "start"]:
        for label, results in found.items():
            lines += [_line(label, result) for result in results if result.event == event]
    return "\n".join(lines)


def _line(label: str, one: Result) -> str:
    told = [one.hold_ms, one.p50_ms, one.p99_ms, one.first_door_ms, one.took_s]
    hold, p50, p99, first, took = (number(value) for value in told)
    return (
        f"| {one.event} | {label} | {hold} | {one.held_share:.0%} | {p50} | {p99} | {one.missing} "
        f"| {first} | {took} |"
    )


def ways_table(found: dict[str, list[Result]]) -> str:
    """What doors of crossings waited for, and what the longest hold was: Markdown."""
    columns = ("during", "checkout", *(f"{a} to {b}" for a, b in pairwise(STAGES)), "longest hold, ms")
    lines = ["", "Median and longest, ms:", "", f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    for event in EVENTS:
        for label, results in found.items():
            for row in results:
                if row.event == event:
                    cells = [_cell(row.stages_ms.get(stage, [])) for stage in STAGES[1:]]
                    lines.append(f"| {event} | {label} | {' | '.join(cells)} | {row.hold_parts} |")
    return "\n".join(lines)


def _cell(waits_ms: Sequence[float]) -> str:
    return f"{number(float(np.median(waits_ms)))}, {number(max(waits_ms))}" if waits_ms else "-"


def rows(results: Sequence[Result]) -> list[Row]:
    """For the common table."""
    found = []
    for result in results:
        if result.event == "start":
            found.append(Row("ready after kill -9 in a front", "s", [result.took_s]))
            continue
        found.append(Row(f"{result.event}: longest hold of the loop", "ms", [result.hold_ms]))
        found.append(Row(f"{result.event}: gauge to device, p99", "ms", [result.p99_ms]))
    return found


def measure(size: Size, product: Path) -> list[Result]:
    """Every event on one node of a checkout."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        port, n_probes = free_port(), size.samples * len(EVENTS)
        node = stack.enter_context(prepare(Path(name) / "county", size, n_probes, port, product))
        probe = Probe(port, list(_devices(size, n_probes)), CROSSING_MM)
        county = County(node, port, probe, size, product)
        stack.callback(county.close)
        with closing(Sender(port, "dry")) as sender:
            sender.send(_readings(range(size.stations), [0], 0.0))
        probe.report_dry(range(n_probes))
        _during(county, "calm", lambda: None)
        _front(county, "front, first", 0, (3, 2, 1))
        _quiet(county)
        _front(county, "front, second", 0, (0,))
        _killed(county, n_probes)
        _front(county, "front after kill -9", 1, (3, 2, 1))
        _quiet(county)
        if size.is_of_fronts_alone:
            return county.results
        _during(county, "snapshots", lambda: _snapshots(node))
        _during(county, "backlog", lambda: _backlog(county))
        _refuse(county)
        _during(county, "replay of refused readings", lambda: _reinject(county))
        answers = list(_answers(county))
        _during(county, "answer storm", lambda: _send(port, "answers", answers))
        return county.results


def _devices(size: Size, n_probes: int) -> Iterator[str]:
    yield from (f"ws/device/HP{n:05d}" for n in range(n_probes))
    yield from (f"ws/device/HV{n + 1:07d}" for n in range(size.villages))


def prepare(directory: Path, size: Size, n_probes: int, port: int, product: Path) -> NodeProcess:
    """A CONFIG_DIR, and the node that will run on it."""
    http_port = free_port()
    settings = {
        "method: inverse_distance": "method: nearest",
        "neighbours: 3": "neighbours: 1",
        "method: advection": "method: none",
        "batch_messages_max: 500": "batch_messages_max: 5000",
        "snapshot_every: 10min": "snapshot_every: 24h",
    }
    write_wide_network(
        directory,
        Scale(size.stations, size.villages),
        settings=settings,
        broker_port=port,
        http_port=http_port,
        embedded_broker=True,
    )
    with (directory / "warnstream.yaml").open("a", encoding="utf-8") as file:
        file.write(LISTENER)
    south = float(station_places(size.stations)[0].min())
    added: dict[str, list[list[object]]] = {"stations": [], "villages": [], "households": []}
    for n in range(n_probes):  # just south of the network; a village has its own gauge and no other's
        place = [f"{south - 0.1 - n // 16 * 0.02:.5f}", f"{104 + n % 16 * 0.02:.5f}"]
        added["stations"].append([probe_code(n), *place, 300, "rain", 300, "c9999"])
        added["villages"].append([f"P{n:05d}", f"P{n:05d}", *place, "c9999", "c9999"])
        added["households"].append([f"HP{n:05d}", f"P{n:05d}", "device", f"HP{n:05d}"])
    for n in range(size.doors - size.villages):
        village, door = f"V{n % size.villages + 1:07d}", n // size.villages + 2
        added["households"].append([f"H{village}-{door}", village, "device", f"H{village}-{door}"])
    for name, more in added.items():
        with (directory / f"{name}.csv").open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(more)
    program = [sys.executable, str(REPOSITORY / "benchmarks" / "stall_node.py")]
    return NodeProcess(directory, http_port, (), program, {"PYTHONPATH": str(product)})


# Events.


def _during(county: County, event: str, do: Callable[[], object]) -> Result:
    """Crossings while something is done beside them, and what the loop did meanwhile."""
    failed: list[BaseException] = []

    def work() -> None:
        try:
            do()
        except BaseException as error:
            failed.append(error)
            raise

    begun_s = time.monotonic()
    thread = threading.Thread(target=work, name=event)
    thread.start()
    first = county.used
    county.used += county.size.samples
    ways, _, missing = county.probe.cross(range(first, county.used), lambda: True)
    thread.join()
    if failed:
        raise RuntimeError(f"{event}: {failed[0]}") from failed[0]
    took_s = time.monotonic() - begun_s
    time.sleep(0.2)
    held_s = holds_s(county.node.directory, begun_s, time.monotonic())
    p50, p99 = np.percentile(ways, [50, 99]) if ways else (np.nan, np.nan)
    result = Result(
        event,
        hold_ms=1e3 * max(held_s, default=0.0),
        held_share=sum(held_s) / took_s,
        p50_ms=float(p50),
        p99_ms=float(p99),
        missing=missing,
        took_s=took_s,
        hold_parts=longest_hold(county.node.directory, begun_s, time.monotonic()),
        stages_ms=stages_ms(county, [f"HP{n:05d}" for n in range(first, county.used)]),
    )
    county.results.append(result)
    return result


def holds_s(directory: Path, begun_s: float, ended_s: float) -> list[float]:
    """Holds of the loop that fall into a span, in seconds; of one that had begun before it, all of it."""
    lines = (directory / "holds.txt").read_text(encoding="ascii").splitlines()
    found = [(float(end), float(held)) for end, held, *_ in (line.split() for line in lines)]
    return [held for end, held in found if begun_s <= end <= ended_s]


def longest_hold(directory: Path, begun_s: float, ended_s: float) -> str:
    """The longest hold of a span, and what took longest in it."""
    lines = (directory / "holds.txt").read_text(encoding="ascii").splitlines()
    found = [line.split(" ") for line in lines]
    spans = [(float(held), cpu, parts) for end, held, cpu, parts in found if begun_s <= float(end) <= ended_s]
    if not spans:
        return ""
    held_s, cpu_s, parts = max(spans)
    told = sorted((part.split("=") for part in parts.split(",") if part), key=lambda part: -float(part[1]))
    words = ", ".join(f"{name} {took}" for name, took in told[:6])
    return f"{1e3 * held_s:.0f} (processor {1e3 * float(cpu_s):.0f}): {words}"


def stages_ms(county: County, doors: Sequence[str]) -> dict[str, list[float]]:
    """Of each stage how long doors took to reach it from the one before, milliseconds."""
    at_s: dict[str, dict[str, float]] = {door: {"reported": county.probe.way_of(door)[0]} for door in doors}
    path = county.node.directory / "stages.txt"
    for line in path.read_text(encoding="ascii").splitlines():
        time_s, stage, door = line.split(" ")
        if door in at_s and float(time_s) >= at_s[door]["reported"]:  # before that it was dry
            at_s[door].setdefault(stage, float(time_s))
    return {
        after: [1e3 * (way[after] - way[before]) for way in at_s.values() if before in way and after in way]
        for before, after in pairwise(STAGES)
    }


def _front(county: County, event: str, half: int, minutes_ago: Sequence[int]) -> None:
    """Every other station reports `FRONT_MM` for each of some minutes, all at once."""
    names = [f"HV{n + 1:07d}" for n in range(county.size.villages)]
    county.probe.forget(names)
    messages = _readings(range(half, county.size.stations, 2), minutes_ago, FRONT_MM)
    begun_s = time.perf_counter()
    result = _during(county, event, lambda: _send(county.port, "front", messages))
    result.first_door_ms = 1e3 * (county.probe.first_of(names) - begun_s)


def _readings(stations: Sequence[int], minutes_ago: Sequence[int], rain_mm: float) -> list[tuple[str, bytes]]:
    now_min = int(time.time()) // MINUTE_S
    found = []
    for ago in minutes_ago:
        at = iso_utc((now_min - ago) * MINUTE_S)
        for n in stations:
            code = station_code(n)
            content = {"station": code, "time": at, "rain": rain_mm}
            found.append((f"ws/c0001/weather/{code}/obs", json.dumps(content).encode()))
    return found


def _quiet(county: County) -> None:
    """Wait until no door waits any more."""

    def is_quiet() -> bool:
        found = county.node.metrics()
        waiting = [
            value for name, value in found.items() if re.match(r"warnstream_notifications.*pending", name)
        ]
        return bool(found) and not sum(waiting)

    wait_for(is_quiet, "the end of telling", QUIET_S_MAX * max(county.size.doors / 30_000, 1))
    time.sleep(SETTLE_S)


def _killed(county: County, n_probes: int) -> None:
    county.node.kill()
    county.probe.close()
    county.node.start()
    nothing = float("nan")
    county.results.append(
        Result("start", nothing, 0.0, nothing, nothing, 0, took_s=county.node.ready_after_s)
    )
    county.probe = Probe(county.port, list(_devices(county.size, n_probes)), CROSSING_MM)


def _snapshots(node: NodeProcess) -> None:
    for _ in range(5):
        assert node.process is not None
        node.process.send_signal(signal.SIGUSR1)
        time.sleep(1.0)


def _backlog(county: County) -> None:
    size = county.size
    arguments = ["--stations", str(size.stations), "--port", str(county.port), "--wet", "0.2"]
    summary = load_summary(start_load([*arguments, "--backlog", f"{60 * size.backlog_h:.0f}min"]), 900)
    if summary["unacknowledged"] or summary["shortfall"]:
        raise RuntimeError(f"the backlog was not taken whole: {summary}")


def _refuse(county: County) -> None:
    """Readings too old to count, each of a minute of its own, and wait until they are kept aside."""
    size, at_s = county.size, int(time.time()) - DAYS_TOO_OLD * 86_400
    messages = []
    for n in range(size.refused):
        code = station_code(n % size.stations)
        content = {"station": code, "time": iso_utc(at_s + n // size.stations * MINUTE_S), "rain": 1.0}
        messages.append((f"ws/c0001/weather/{code}/obs", json.dumps(content).encode()))
    _send(county.port, "refused", messages)
    wait_for(lambda: _refused(county.node) >= size.refused, "the end of refusing", 300)


def _refused(node: NodeProcess) -> float:
    found = node.metrics()
    return sum(value for name, value in found.items() if name.startswith("warnstream_readings_refused_total"))


def _reinject(county: County) -> None:
    before = _refused(county.node)
    words = ["-c", "from warnstream.cli import main; raise SystemExit(main())"]
    done = subprocess.run(
        [sys.executable, *words, "refused", str(county.node.directory), "--reinject"],
        check=False,  # it waits ten seconds for the node, and says so
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(county.product)},
    )
    wanted = re.search(r"of (\d+) taken again", done.stdout)  # of a batch a node keeps the newest thousand
    if wanted is None:
        raise RuntimeError(f"nothing was taken again: {done.stdout!r}")
    wait_for(lambda: _refused(county.node) >= before + int(wanted[1]), "the end of the replay", 600)


def _answers(county: County) -> Iterator[tuple[str, bytes]]:
    """An answer of one door after the other to its village's newest bulletin."""
    size = county.size
    newest = newest_bulletins(county.port)
    doors = [(f"V{at % size.villages + 1:07d}", at // size.villages) for at in range(size.doors)]
    told = [(village, door) for village, door in doors if village in newest]
    for n in range(size.answers):
        village, door = told[n % len(told)]
        content = {"message": newest[village], "answer": "acknowledged"}
        recipient = f"H{village}-{door + 1}" if door else f"H{village}"
        yield f"ws/answer/{recipient}", json.dumps(content).encode()


def newest_bulletins(port: int) -> dict[str, str]:
    """Identifier of each village's newest bulletin, as it is retained."""
    found: dict[str, str] = {}

    def take(client: Client, userdata: object, message: MQTTMessage) -> None:
        del client, userdata
        content = json.loads(message.payload)
        found[content["village"]] = content["bulletin"]

    client = Client(CallbackAPIVersion.VERSION2, client_id="stall-bulletins")
    client.on_message = take
    client.connect("127.0.0.1", port)
    client.loop_start()
    client.subscribe("ws/bulletin/+", qos=1)
    known = -1
    while known < len(found) or not found:
        known = len(found)
        time.sleep(SETTLE_S)
    client.disconnect()
    client.loop_stop()
    return found


# Sending as fast as it is taken.


def _send(port: int, name: str, messages: Sequence[tuple[str, bytes]]) -> None:
    with closing(Sender(port, f"stall-{name}")) as sender:
        sender.send(messages)


class Sender:
    """One MQTT connection that publishes at QoS 1 as fast as it is taken."""

    def __init__(self, port: int, client_id: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        name = client_id.encode()
        body = b"\x00\x04MQTT\x04\x02\x00\x00" + len(name).to_bytes(2, "big") + name
        self._socket.sendall(b"\x10" + varint(len(body)) + body)
        self._read(4)

    def send(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Returns once everything is acknowledged."""
        for begin in range(0, len(messages), INFLIGHT):
            part = messages[begin : begin + INFLIGHT]
            frames = b"".join(_frame(n + 1, *message) for n, message in enumerate(part))
            sending = threading.Thread(target=self._socket.sendall, args=(frames,))
            sending.start()
            self._read(4 * len(part))
            sending.join()

    def _read(self, n_bytes: int) -> None:
        while n_bytes > 0:
            content = self._socket.recv(1 << 16)
            if not content:
                raise ConnectionError("the node closed the connection of a sender")
            n_bytes -= len(content)

    def close(self) -> None:
        """End the connection."""
        self._socket.close()


def _frame(number_: int, topic: str, payload: bytes) -> bytes:
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + number_.to_bytes(2, "big") + payload
    return b"\x32" + varint(len(body)) + body


if __name__ == "__main__":
    main()
