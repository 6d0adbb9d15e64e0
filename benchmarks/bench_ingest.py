"""Messages per second into a node, beside a C subscriber that only counts, in one interleaved run.

    python -m benchmarks.bench_ingest [--messages N] [--repeats N]

Starts mosquitto with the settings of docs/operating.md. A publisher blasts precomputed
frames over one raw socket, or several (`--connections`). The node does all its work: decode,
durable journal append, quality, windows, a judgement every second, PUBACK. The time of a node is
from the first message that it has counted to the last, told ten times a second; at the listener
and QoS 1 it is the publisher's, from its first byte to the last PUBACK. The listener gets
`LISTENER_TIMES` as many messages, so that its runs last as long.

CPU is told for each process that shares the machine: publisher, broker, node. What limits a
run is the process that was at work for nearly all of the time (a node's Python runs on
one core at a time), else all cores together, else waiting: for the disk or for acknowledgements.
About six minutes.
"""

import argparse
import contextlib
import itertools
import math
import os
import platform
import re
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec
import numpy as np

from benchmarks.live_county import LISTENER, write_live_county
from benchmarks.processes import (
    BrokerProcess,
    cpu_s,
    find_mosquitto,
    free_port,
    say_not_measured,
    takes_readings,
)
from benchmarks.table import Row, add_rows_option, write_rows
from station_sim.county.county import CountyPlan
from warnstream.adapters.mqtt import fields, server_packets
from warnstream.adapters.mqtt import frames as wire
from warnstream.config.load import load_configuration
from warnstream.model.times import iso_utc

HERE = Path(__file__).resolve().parent
STALLED_S = 4.0
YARDSTICK = "C subscriber, counts only"
VALUES = {
    "rain": 0.2, "stage": 1.25, "temperature": 21.5, "humidity": 88, "pressure": 1001.2,
    "wind_speed": 3.4, "wind_direction": 210, "soil_moisture": 33,
}  # fmt: skip
LISTENER_TIMES = 4
BUSY_SHARE = 0.85
"""A process at work for so much of the time is what a run waits for."""


@dataclass(frozen=True, slots=True)
class Result:
    """One run of one subscriber: messages, seconds, and seconds of CPU by process."""

    n: int
    seconds: float
    cpu_s: dict[str, float]
    lost: int

    @property
    def per_s(self) -> float:
        """Messages per second."""
        return self.n / max(self.seconds, 1e-9)

    def cpu_us(self, process: str) -> float:
        """CPU per message; NaN for a process that had no part."""
        return 1e6 * self.cpu_s.get(process, float("nan")) / max(self.n, 1)

    @property
    def limit(self) -> str:
        """What the run waited for."""
        busiest = max(self.cpu_s, key=lambda process: self.cpu_s[process])
        share = self.cpu_s[busiest] / max(self.seconds, 1e-9)
        together = sum(self.cpu_s.values()) / max(self.seconds, 1e-9)
        if share >= BUSY_SHARE:
            return f"{busiest} ({100 * share:.0f} % of a core)"
        if together >= BUSY_SHARE * (os.cpu_count() or 1):
            return f"all cores ({100 * together:.0f} %), {busiest} most"
        return f"waiting ({100 * together:.0f} % of a core in all)"


@dataclass(frozen=True, slots=True)
class Load:
    """What is published in one run."""

    data: bytes
    n: int
    qos: int
    connections: int


@dataclass(frozen=True, slots=True)
class Sent:
    """What a publisher tells of itself: seconds from its first byte to the last acknowledgement, and CPU."""

    seconds: float
    cpu_s: float


def frames(directory: Path, n: int, qos: int, pack: int) -> bytes:
    """PUBLISH frames of `n` messages with `pack` observations each, every observation a new one."""
    stations = load_configuration(directory).network.stations
    codes = [code for code, rain in zip(stations.code, stations.measures_rain, strict=True) if rain]
    minute = int(time.time()) // 60 * 60 - 60
    parts, count = [], 0
    for number in range(n):
        observations = []
        for _ in range(pack):
            code, back = codes[count % len(codes)], count // len(codes)
            # Drizzle on a mild day: warnings to a whole county are another load, which would hide this one.
            weather = {"rain": 0.1 * (back % 3 == 0), "temperature": 20 + back % 17 / 10}
            time_s = minute - back % 340 * 60 - back // 340
            observations.append({"station": code, "time": iso_utc(time_s), **VALUES, **weather})
            count += 1
        payload = msgspec.json.encode(observations if pack > 1 else observations[0])
        speaker = "gateway" if pack > 1 else observations[0]["station"]
        topic = f"ws/county/rain/{speaker}/obs"
        parts.append(server_packets.encode_publish(topic, payload, (number % 65_535 + 1) * qos, is_v5=False))
    return b"".join(parts)


def blast(port: int, data: bytes, n_acknowledged: int, connections: int) -> "subprocess.Popen[str]":
    """A process that sends frames as fast as they are taken, and reads acknowledgements."""
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(data)
    arguments = [sys.executable, str(Path(__file__)), "--blast", str(port), file.name]
    arguments += [str(4 * n_acknowledged), str(connections)]
    return subprocess.Popen(arguments, cwd=HERE.parent, stdout=subprocess.PIPE, text=True)


def sent_by(blaster: "subprocess.Popen[str]") -> Sent:
    """Wait for a publisher's end."""
    output, _ = blaster.communicate()
    seconds, cpu = output.split()
    return Sent(float(seconds), float(cpu))


def connect(port: int, client_id: str) -> socket.socket:
    """A clean session; an earlier one of that name is forgotten by the broker."""
    client = socket.create_connection(("127.0.0.1", port))
    body = fields.text_field("MQTT") + b"\x04\x02\x00\x00" + fields.text_field(client_id)
    client.sendall(b"\x10" + fields.varint(len(body)) + body)
    client.recv(4)
    return client


def forget_session(port: int, client_id: str) -> None:
    """Else the broker would keep every later message for it."""
    try:
        with connect(port, client_id) as client:
            client.sendall(b"\xe0\x00")
    except ConnectionRefusedError:
        return  # the way in was the node's own listener


def shares_of(data: bytes, n: int) -> list[memoryview]:
    """Frames in `n` parts of about one size, whole frames each."""
    ends, at, step = [0], 0, -(-len(data) // n)
    while at < len(data):
        frame = wire.next_frame(data, at, bytes_max=wire.FRAME_BYTES_LIMIT)
        assert isinstance(frame, wire.Frame)
        at = frame.stop
        if at >= ends[-1] + step or at == len(data):
            ends.append(at)
    return [memoryview(data)[begin:end] for begin, end in itertools.pairwise(ends)]


def send_all(left: dict[socket.socket, memoryview], answer_bytes: int) -> int:
    """Send everything on each connection as fast as it is taken, and read acknowledgements.

    `left` is used up. Returns how many bytes of acknowledgements are missing in the end.
    """
    clients = list(left)
    for client in clients:
        client.setblocking(False)
    answered, is_open = 0, True
    while is_open and (left or answered < answer_bytes):
        readable, writable, _ = select.select(clients, list(left), [], 20)
        is_open = bool(readable or writable)
        for client in readable:
            part = client.recv(1 << 20)
            is_open &= bool(part)
            answered += len(part)
        for client in writable:
            rest = left[client][client.send(left[client][: 1 << 18]) :]
            left[client] = rest
            if not rest:
                del left[client]
    for client in clients:
        client.setblocking(True)
    return answer_bytes - answered


def run_blaster(port: int, file: str, answer_bytes: int, connections: int) -> None:
    parts = shares_of(Path(file).read_bytes(), connections)
    Path(file).unlink()
    left = {connect(port, f"blaster-{number}"): part for number, part in enumerate(parts)}
    clients = list(left)
    cpu, started = time.process_time(), time.perf_counter()
    send_all(left, answer_bytes)
    print(time.perf_counter() - started, time.process_time() - cpu)
    for client in clients:
        client.sendall(b"\xe0\x00")
        client.close()


def run_yardstick(program: Path, port: int, load: Load, broker: int) -> Result:
    n = load.n
    subscriber = subprocess.Popen(
        [program, str(port), str(load.qos), str(n)], stdout=subprocess.PIPE, text=True
    )
    assert subscriber.stdout is not None
    subscriber.stdout.readline()
    broker_s = cpu_s(broker)
    blaster = blast(port, load.data, n * load.qos, load.connections)
    received, seconds, cpu = subscriber.stdout.readline().split()
    broker_s = cpu_s(broker) - broker_s
    sent = sent_by(blaster)
    subscriber.wait()
    subscriber.stdout.close()
    spent = {"publisher": sent.cpu_s, "broker": broker_s, "subscriber": float(cpu)}
    return Result(int(received), float(seconds), spent, n - int(received))


def run_node(directory: Path, port: int, load: Load, broker: int | None) -> Result:
    """A node on a fresh storage directory; `broker` is the process between, if there is one."""
    n = load.n
    shutil.rmtree(directory / "data", ignore_errors=True)
    # Another name at the broker each time: no session of an earlier run brings its messages along.
    settings = directory / "warnstream.yaml"
    client_id = f"bench-{time.monotonic_ns()}"
    text = re.sub(r"client_id: \S+", f"client_id: {client_id}", settings.read_text("utf-8"))
    settings.write_text(text, encoding="utf-8")
    http_port = load_configuration(directory).http.port
    command = [str(Path(sys.executable).parent / "warnstream"), "run", str(directory), "--log-level", "ERROR"]
    node = subprocess.Popen(command)
    client = httpx.Client(trust_env=False, timeout=20)

    def received() -> int:
        try:
            text = client.get(f"http://127.0.0.1:{http_port}/metrics").text
        except httpx.HTTPError:
            return -1
        rows = (row for row in text.splitlines() if row.startswith("warnstream_messages_received_total"))
        line = next(rows, None)  # a node that starts serves no metrics yet
        return -1 if line is None else int(float(line.split()[1]))

    try:
        readiness = f"http://127.0.0.1:{http_port}/readyz"
        while received() < 0 or not takes_readings(client.get(readiness).json()):
            time.sleep(0.1)
        time.sleep(1.5)  # until its subscription stands: at QoS 0 nothing is kept for it
        spent = {"node": -cpu_s(node.pid), **({"broker": -cpu_s(broker)} if broker else {})}
        blaster = blast(port, load.data, n * load.qos, load.connections)
        started = changed = time.perf_counter()
        count = 0
        while count < n and time.perf_counter() - changed < STALLED_S:
            time.sleep(0.1)
            found = received()
            if count <= 0 < found:
                started = time.perf_counter() - 0.05
            if found > count:
                count, changed = found, time.perf_counter()
        spent["node"] += cpu_s(node.pid)
        if broker:
            spent["broker"] += cpu_s(broker)
        sent = sent_by(blaster)
    finally:
        client.close()
        node.send_signal(signal.SIGTERM)
        node.wait(60)
    forget_session(port, client_id)
    # Through a broker the publisher's acknowledgements are the broker's, not the node's.
    seconds = sent.seconds if load.qos and broker is None and count == n else changed - started
    return Result(count, seconds, {"publisher": sent.cpu_s, **spent}, n - count)


def prepare(directory: Path, broker_port: int) -> dict[str, tuple[Path, int]]:
    """A county of 700 stations in a folder per way in; name -> folder and port to publish to."""
    ways = {}
    for name in ("paho", "bulk", "listener"):
        folder = directory / name
        folder.mkdir()
        is_listener = name == "listener"
        port = free_port() if is_listener else broker_port
        settings = {"tick: 5s": "tick: 1s"}
        if is_listener:
            settings["batch_messages_max: 500"] = "batch_messages_max: 5000"
        else:
            settings["broker:\n"] = f"broker:\n  reader: {name}\n"
        plan = CountyPlan(n_villages=500)
        write_live_county(folder, port, is_listener=is_listener, plan=plan, settings=settings)
        if is_listener:
            with (folder / "warnstream.yaml").open("a", encoding="utf-8") as file:
                file.write(LISTENER)
        ways[name] = folder, port
    return ways


def compile_yardstick(directory: Path) -> Path | None:
    program = directory / "ingest_subscriber"
    compiler = shutil.which("gcc") or "gcc"
    source = HERE / "ingest_subscriber.c"
    try:
        done = subprocess.run(
            [compiler, "-O2", "-o", str(program), str(source), "-lmosquitto"],
            capture_output=True,
            check=False,
        )
    except OSError:
        return None
    return program if done.returncode == 0 else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--messages", type=int, default=200_000, help="per run (default 200,000)")
    parser.add_argument("--repeats", type=int, default=3, help="rounds, interleaved (default 3)")
    parser.add_argument("--pack", type=int, default=20, help="observations of a pack (default 20)")
    parser.add_argument("--connections", type=int, default=1, help="of the publisher (default 1)")
    add_rows_option(parser)
    parser.add_argument("--blast", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.blast:
        port, file, answer_bytes, connections = options.blast
        run_blaster(int(port), file, int(answer_bytes), int(connections))
        return
    program = find_mosquitto()
    if program is None:
        sys.exit("mosquitto is not on this machine: nothing to measure through")
    results: dict[tuple[str, str], list[Result]] = {}
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as stack:
        directory = Path(temporary)
        directory.chmod(0o777)
        broker = stack.enter_context(BrokerProcess(program, directory / "broker"))
        port = broker.port
        yardstick = compile_yardstick(directory)
        if yardstick is None:
            say_not_measured("C subscriber", "gcc or libmosquitto-dev is not on this machine")
        ways = prepare(directory, port)
        for _ in range(options.repeats):
            for name, qos, pack in (("QoS 1", 1, 1), ("QoS 0", 0, 1), ("QoS 1 packs", 1, options.pack)):
                n = options.messages // (4 if pack > 1 else 1)
                data = frames(directory / "bulk", n, qos, pack)
                common = Load(data, n, qos, options.connections)
                if yardstick is not None:
                    found = run_yardstick(yardstick, port, common, broker.pid)
                    results.setdefault((name, YARDSTICK), []).append(found)
                for way, (folder, way_port) in ways.items():
                    is_direct = way == "listener"
                    times = LISTENER_TIMES if is_direct and pack == 1 else 1
                    load = common
                    if times > 1:
                        more = frames(folder, times * n, qos, pack)
                        load = Load(more, times * n, qos, options.connections)
                    found = run_node(folder, way_port, load, None if is_direct else broker.pid)
                    results.setdefault((name, f"node, {way}"), []).append(found)
    report(results, options.messages, options.pack)
    write_rows(options.rows, rows(results))


def rows(results: dict[tuple[str, str], list[Result]]) -> list[Row]:
    """For the common table; a node's messages beside those of the C subscriber."""
    found = []
    for (load, who), runs in results.items():
        yardstick = results.get((load, YARDSTICK), [])
        beside = statistics.median(run.per_s for run in yardstick) if yardstick else float("nan")
        found.append(Row(f"{load}: {who}", "messages/s", [run.per_s for run in runs], "C subscriber", beside))
    return found


def report(results: dict[tuple[str, str], list[Result]], messages: int, pack: int) -> None:
    versions = f"Python {platform.python_version()}, numpy {np.__version__}"
    print(f"{platform.machine()}, {os.cpu_count()} cores, {versions}")
    print(
        f"{messages} messages of one observation of 8 values, "
        f"{LISTENER_TIMES} times as many at the listener; a quarter as many packs of {pack}\n"
    )
    print(
        "| load | who | messages/s median (min-max) | of C | CPU µs/message: publisher | broker "
        "| node or subscriber | what limits | not received |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for (load, who), runs in results.items():
        rates = [run.per_s for run in runs]
        rate = statistics.median(rates)
        yardstick = results.get((load, YARDSTICK))
        ratio = rate / statistics.median(run.per_s for run in yardstick) if yardstick else float("nan")
        taker = "node" if who.startswith("node") else "subscriber"
        cpu = [
            statistics.median(run.cpu_us(process) for run in runs)
            for process in ("publisher", "broker", taker)
        ]
        told = " | ".join("-" if math.isnan(each) else f"{each:.1f}" for each in cpu)
        lost = max(run.lost for run in runs)
        limit = sorted(runs, key=lambda run: run.per_s)[len(runs) // 2].limit
        spread = f"{rate:,.0f} ({min(rates):,.0f}-{max(rates):,.0f})"
        print(f"| {load} | {who} | {spread} | {ratio:.2f} | {told} | {limit} | {lost} |")


if __name__ == "__main__":
    main()
