"""A day of backlog of a whole county released at once, while fresh readings keep coming.

    python -m benchmarks.load_backlog [--way listener|mosquitto|both] [--connections N]

Every station sends 24 h of readings of one minute as fast as they are taken (1,008,000
messages for 700 stations), one connection each or a few dozen gateways; over other
connections every station sends a fresh reading each minute. A node of the demo's county does
all its work. Printed: time to drain, readings lost (accumulations of the node against those
of an engine that is fed directly), and the delay from publishing a fresh reading to the end
of the step that judged it. Through mosquitto the backlog has its own topic (`.../obs/backlog`);
--plain sends it to the ordinary topic instead, which shows why. Two to five minutes.
"""

import argparse
import contextlib
import json
import resource
import select
import signal
import socket
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.bench_ingest import connect
from benchmarks.live_county import write_live_county
from benchmarks.processes import Watch, memory_mb, process, wait_for, way_in, ways_in
from benchmarks.table import Row, add_rows_option, write_rows
from station_sim.county.county import CountyPlan
from warnstream.adapters.mqtt import server_packets
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.engine import EngineStep
from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.observations.readings import Variable, batch_of, empty_batch
from warnstream.model.times import iso_utc
from warnstream.runners.build import build_assessment
from warnstream.runners.live.node import Node

MODULE = "benchmarks.load_backlog"
WARM_UP_S = 10.0
AFTER_S = 5.0
SETTLE_S_MAX = 60.0
DRAIN_S_MAX = 900.0
FRESH_CONNECTIONS = 20
DURATIONS_S = np.array([3_600, 6 * 3_600, 24 * 3_600], dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent: stations, hours of a reading a minute, connections of the backlog."""

    stations: int
    hours: float
    connections: int
    villages: int | None = None

    @property
    def minutes(self) -> int:
        """Readings of each station."""
        return int(self.hours * 60)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run found.

    `missing` counts readings that the engine never saw,
    `delay_s` has one entry per fresh reading (infinite: never judged), in order of time;
    `lost_mm` is the rain missing in the node's accumulations, `differing` how many of them differ.
    """

    messages: int
    missing: int
    drained_s: float
    delay_s: Float64Array
    lost_mm: float
    differing: int
    rss_mb: float


def rain_mm(station: int | Int64Array, minute: int | Int64Array) -> Float64Array:
    """Rain of a station in a minute since 1970, known on both sides: showers that warn nobody.

    Warnings to a whole county are another load (the outbox), which would hide this one.
    """
    turn = np.asarray(station * 7 + minute * 3)
    return np.where(turn % 13 == 0, turn % 11, 0) / 10


def rain_stations(configuration: Configuration) -> list[str]:
    stations = configuration.network.stations
    return [code for code, rain in zip(stations.code, stations.measures_rain, strict=True) if rain]


def publish_frame(code: str, time_s: int, amount_mm: float, message_id: int, below: str = "") -> bytes:
    payload = b'{"station":"%b","time":"%b","rain":%.1f}' % (
        code.encode(),
        iso_utc(time_s).encode(),
        amount_mm,
    )
    return server_packets.encode_publish(
        f"ws/county/rain/{code}/obs{below}", payload, message_id, is_v5=False
    )


# The processes beside the node.


def run_node(directory: Path) -> None:
    """A node that writes down when each station's newest reading was judged, and its rain at the end."""
    node: Node | None = None
    with (directory / "judged.jsonl").open("w", encoding="utf-8") as file:
        known: Int64Array = np.zeros(0, dtype=np.int64)

        def watch(_: EngineStep) -> None:
            nonlocal known
            assert node is not None
            newest = node.engine.assessment.last_observed_s()
            changed = np.flatnonzero(newest != known) if len(known) else np.arange(len(newest))
            known = newest.copy()
            row = [time.time(), changed.tolist(), newest[changed].tolist()]
            file.write(json.dumps(row) + "\n")

        node = Node(load_configuration(directory), on_step=watch)
        signal.signal(signal.SIGTERM, lambda *_: node.ask_to_stop())
        node.start()
        node.run()
    assessment = node.engine.assessment
    rain = assessment.accumulate(DURATIONS_S)
    np.savez(directory / "rain.npz", now_s=assessment.now_s, rain_mm=rain.rain_mm, coverage=rain.coverage)


def run_fresh(directory: Path, port: int) -> None:
    """A reading of every station each minute, spread over the minute; until the input ends."""
    codes = rain_stations(load_configuration(directory))
    clients = [connect(port, f"fresh-{n}") for n in range(FRESH_CONNECTIONS)]
    begin_s = time.time()
    with (directory / "fresh.jsonl").open("w", encoding="utf-8", buffering=1) as file:
        number = 0
        while not select.select([sys.stdin], [], [], 0)[0]:
            due_s = begin_s + number * 60 / len(codes)
            if due_s > time.time():
                time.sleep(min(due_s - time.time(), 0.2))
                continue
            station, now_s = number % len(codes), int(time.time())
            amount = float(rain_mm(station, now_s // 60))
            client = clients[number % len(clients)]
            with contextlib.suppress(BlockingIOError):
                client.recv(1 << 16, socket.MSG_DONTWAIT)
            # Written down before it is sent: what waits in the socket has been published.
            file.write(json.dumps([time.time(), codes[station], now_s, amount]) + "\n")
            client.sendall(publish_frame(codes[station], now_s, amount, number % 65_535 + 1))
            number += 1
    for client in clients:
        client.sendall(b"\xe0\x00")
        client.close()


def run_flood(directory: Path, port: int, minutes: int, connections: int, below: str) -> None:
    """Every station's backlog, oldest first, all at once when a line is read; until all is acknowledged."""
    codes = rain_stations(load_configuration(directory))
    end_min = int(time.time()) // 60 - 1
    streams = []
    for place in range(connections):
        mine = range(place, len(codes), connections)
        rows = [(n, minute) for minute in range(end_min - minutes + 1, end_min + 1) for n in mine]
        frames = [
            publish_frame(codes[n], minute * 60, float(rain_mm(n, minute)), number % 65_535 + 1, below)
            for number, (n, minute) in enumerate(rows)
        ]
        client = connect(port, f"flood-{place}")
        client.setblocking(False)
        streams.append(_Stream(client, memoryview(b"".join(frames)), 4 * len(frames)))
    (directory / "flood.json").write_text(json.dumps([end_min, minutes]), encoding="utf-8")
    print("ready", flush=True)
    sys.stdin.readline()
    poll = select.epoll()
    of_number = {stream.client.fileno(): stream for stream in streams}
    for number in of_number:
        poll.register(number, select.EPOLLIN | select.EPOLLOUT)
    while of_number:
        for number, events in poll.poll():
            stream = of_number[number]
            if stream.go_on(events):
                poll.modify(number, select.EPOLLIN)
            if stream.is_done:
                del of_number[number]
                poll.unregister(number)
                stream.client.close()
    print("done", flush=True)


@dataclass(slots=True)
class _Stream:
    """One connection of the flood: bytes still to send, bytes of acknowledgements still to come."""

    client: socket.socket
    left: memoryview
    answers: int

    @property
    def is_done(self) -> bool:
        """Everything is acknowledged."""
        return self.answers <= 0

    def go_on(self, events: int) -> bool:
        """Send and read as far as it goes; True once everything is sent."""
        if events & ~(select.EPOLLIN | select.EPOLLOUT):
            raise RuntimeError("a connection of the backlog was ended by the other side")
        if events & select.EPOLLIN:
            self.answers -= len(self.client.recv(1 << 16))
        if events & select.EPOLLOUT and self.left:
            self.left = self.left[self.client.send(self.left[: 1 << 14]) :]
        return bool(events & select.EPOLLOUT) and not self.left


# The run.


def run(directory: Path, load: Load, way: str, below: str) -> Outcome:
    """One release of the backlog."""
    with contextlib.ExitStack() as stack:
        port = way_in(way, directory, stack)
        write_live_county(
            directory,
            port,
            is_listener=way == "listener",
            plan=CountyPlan(n_stations=load.stations, n_villages=load.villages),
            interval_s=60,
            settings={"# lateness_max: 24h": "lateness_max: 26h"},
        )
        configuration = load_configuration(directory)
        messages = len(rain_stations(configuration)) * load.minutes
        node = stack.enter_context(process(MODULE, "--node", directory))
        watch = Watch(configuration.http.port)
        stack.callback(watch.close)
        wait_for(watch.is_ready, "the node's start", 60)
        flood = stack.enter_context(
            process(MODULE, "--flood", directory, port, load.minutes, load.connections, below or "-")
        )
        assert flood.stdout is not None
        assert flood.stdin is not None
        if flood.stdout.readline() != "ready\n":
            raise RuntimeError("the backlog could not be prepared")
        fresh = stack.enter_context(process(MODULE, "--fresh", directory, port))
        time.sleep(WARM_UP_S)
        started = time.monotonic()
        flood.stdin.write("\n")
        flood.stdin.flush()
        # Fresh readings are few: what is missing of them is at most what was sent in the last seconds.
        wait_for(
            lambda: watch.accepted() >= messages + fresh_sent(directory) - load.stations,
            "the end of the backlog",
            DRAIN_S_MAX,
        )
        drained_s = time.monotonic() - started
        time.sleep(AFTER_S)
        fresh.communicate("\n", timeout=30)
        with contextlib.suppress(TimeoutError):  # then the report says what is missing
            wait_for(lambda: watch.accepted() >= messages + fresh_sent(directory), "the rest", SETTLE_S_MAX)
        accepted = int(watch.accepted())
        rss_mb = memory_mb(node.pid, "VmHWM")
        node.send_signal(signal.SIGTERM)
        node.wait(120)
    delay_s = delays_s(directory, configuration)
    lost_mm, differing = compare(directory, configuration)
    sent = messages + fresh_sent(directory)
    return Outcome(messages, sent - accepted, drained_s, delay_s, lost_mm, differing, rss_mb)


def fresh_sent(directory: Path) -> int:
    return (directory / "fresh.jsonl").read_bytes().count(b"\n")


def delays_s(directory: Path, configuration: Configuration) -> Float64Array:
    """From publishing each fresh reading to the end of the step after which the node knew it."""
    number_of = configuration.network.stations.index_of_code()
    waiting: dict[int, list[tuple[int, float, int]]] = {}
    sent = [json.loads(line) for line in (directory / "fresh.jsonl").read_text("utf-8").splitlines()]
    for place, (sent_s, code, observed_s, _) in enumerate(sent):
        waiting.setdefault(number_of[code], []).append((observed_s, sent_s, place))
    delay: Float64Array = np.full(len(sent), np.inf)
    for line in (directory / "judged.jsonl").read_text("utf-8").splitlines():
        judged_s, stations, newest = json.loads(line)
        for station, newest_s in zip(stations, newest, strict=True):
            queue = waiting.get(station, [])
            while queue and queue[0][0] <= newest_s:
                _, sent_s, place = queue.pop(0)
                delay[place] = judged_s - sent_s
    return delay


def compare(directory: Path, configuration: Configuration) -> tuple[float, int]:
    """Rain missing in the node, and differing accumulations, against an engine that is fed directly."""
    codes, number_of = rain_stations(configuration), configuration.network.stations.index_of_code()
    stations = np.array([number_of[code] for code in codes])
    end_min, minutes = json.loads((directory / "flood.json").read_text("utf-8"))
    minute = np.repeat(np.arange(end_min - minutes + 1, end_min + 1), len(codes))
    place = np.tile(np.arange(len(codes)), minutes)
    fresh = [json.loads(line) for line in (directory / "fresh.jsonl").read_text("utf-8").splitlines()]
    station = np.concatenate([stations[place], [number_of[row[1]] for row in fresh]])
    at_s = np.concatenate([minute * 60, [row[2] for row in fresh]])
    amount = np.concatenate([rain_mm(place, minute), [row[3] for row in fresh]])
    with np.load(directory / "rain.npz") as found:
        assessment = build_assessment(configuration)
        assessment.step(empty_batch(), int(at_s.min()) - 60)
        kind = np.full(len(station), int(Variable.RAIN))
        assessment.step(batch_of(station, kind, at_s, amount), int(found["now_s"]))
        wanted = assessment.accumulate(DURATIONS_S)
        missing = np.maximum(wanted.rain_mm - found["rain_mm"], 0)[:, -1].sum()
        differing = (wanted.rain_mm != found["rain_mm"]) | (wanted.coverage != found["coverage"])
        return float(missing), int(differing.sum())


def report(way: str, load: Load, outcome: Outcome) -> None:
    judged = outcome.delay_s[np.isfinite(outcome.delay_s)]
    p50, p99 = np.percentile(judged, [50, 99]) if len(judged) else (np.inf, np.inf)
    print(
        f"{way}, {load.connections} connections: {outcome.messages:,} messages of backlog drained in "
        f"{outcome.drained_s:.1f} s ({outcome.messages / outcome.drained_s:,.0f}/s)"
    )
    print(
        f"  lost {outcome.missing} readings and {outcome.lost_mm:.1f} mm of rain, {outcome.differing} "
        "accumulations differ from an engine that was fed directly"
    )
    print(
        f"  {len(outcome.delay_s)} fresh readings, {len(outcome.delay_s) - len(judged)} never judged; from "
        f"publishing to judged p50 {p50:.2f} s, p99 {p99:.2f} s, max {outcome.delay_s.max(initial=0):.2f} s"
    )
    print(f"  the node's greatest resident memory {outcome.rss_mb:.0f} MB", flush=True)


def rows_of(way: str, load: Load, outcome: Outcome) -> list[Row]:
    """For the common table."""
    of = f"{load.hours:g} h of backlog, {way}"
    p50, p99 = np.percentile(outcome.delay_s, [50, 99]) if len(outcome.delay_s) else (np.nan, np.nan)
    return [
        Row(f"{of}: drained", "messages/s", [outcome.messages / outcome.drained_s]),
        Row(f"{of}: readings lost", "readings", [float(outcome.missing)]),
        Row(f"{of}: fresh reading to judged, p50", "s", [float(p50)]),
        Row(f"{of}: fresh reading to judged, p99", "s", [float(p99)]),
        Row(f"{of}: memory of the node at most", "MB", [outcome.rss_mb]),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--way", choices=["listener", "mosquitto", "both"], default="both")
    parser.add_argument("--stations", type=int, default=700)
    parser.add_argument("--hours", type=float, default=24.0, help="of backlog (default 24)")
    parser.add_argument("--connections", type=int, default=700, help="that send the backlog (default 700)")
    parser.add_argument("--plain", action="store_true", help="backlog on the ordinary topic of mosquitto")
    add_rows_option(parser)
    parser.add_argument("--node", help=argparse.SUPPRESS)
    parser.add_argument("--fresh", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--flood", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    files_max = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files_max, files_max))
    if options.node:
        run_node(Path(options.node))
    elif options.fresh:
        run_fresh(Path(options.fresh[0]), int(options.fresh[1]))
    elif options.flood:
        directory, port, minutes, connections, below = options.flood
        run_flood(Path(directory), int(port), int(minutes), int(connections), "" if below == "-" else below)
    else:
        load = Load(options.stations, options.hours, min(options.connections, options.stations))
        lost, rows = 0, []
        for way in ways_in(options.way):
            with tempfile.TemporaryDirectory() as name:
                Path(name).chmod(0o777)
                below = "/backlog" if way == "mosquitto" and not options.plain else ""
                outcome = run(Path(name), load, way, below)
                report(way, load, outcome)
                rows += rows_of(way, load, outcome)
                lost += outcome.differing
        write_rows(options.rows, rows)
        return 1 if lost else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
