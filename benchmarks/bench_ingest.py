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

from benchmarks.processes import MOSQUITTO_SETTINGS, cpu_s, free_port
from station_sim.county import CountyPlan, build_county
from station_sim.demo_config import write_demo_config
from warnstream.adapters import mqtt_frames as wire
from warnstream.config.load import load_configuration
from warnstream.model.times import iso_utc

HERE = Path(__file__).resolve().parent
STALLED_S = 4.0
VALUES = {
    "rain": 0.2, "stage": 1.25, "temperature": 21.5, "humidity": 88, "pressure": 1001.2,
    "wind_speed": 3.4, "wind_direction": 210, "soil_moisture": 33,
}  # fmt: skip
LISTENER = """
listener:
  messages_per_s: 10000000
  inflight_max: 65535
"""


def start_mosquitto(program: str, port: int, directory: Path) -> "subprocess.Popen[bytes]":
    settings = directory / "mosquitto.conf"
    settings.write_text(MOSQUITTO_SETTINGS.format(port=port, directory=directory), encoding="utf-8")
    broker = subprocess.Popen(
        [program, "-c", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return broker
        time.sleep(0.05)
    raise RuntimeError(f"mosquitto does not listen on port {port}")


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
        parts.append(wire.encode_publish(topic, payload, (number % 65_535 + 1) * qos, is_v5=False))
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
    body = wire.text_field("MQTT") + b"\x04\x02\x00\x00" + wire.text_field(client_id)
    client.sendall(b"\x10" + wire.varint(len(body)) + body)
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


def run_blaster(port: int, file: str, answer_bytes: int, connections: int) -> None:
    parts = shares_of(Path(file).read_bytes(), connections)
    Path(file).unlink()
    left = {connect(port, f"blaster-{number}"): part for number, part in enumerate(parts)}
    clients = list(left)
    for client in clients:
        client.setblocking(False)
    answered, cpu, started = 0, time.process_time(), time.perf_counter()
    while left or answered < answer_bytes:
        readable, writable, _ = select.select(clients, list(left), [], 20)
        if not readable and not writable:
            break
        for client in readable:
            part = client.recv(1 << 20)
            if not part:
                left, answer_bytes = {}, 0
            answered += len(part)
        for client in writable:
            rest = left[client][client.send(left[client][: 1 << 18]) :]
            left[client] = rest
            if not rest:
                del left[client]
    print(time.perf_counter() - started, time.process_time() - cpu)
    for client in clients:
        client.setblocking(True)
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
        line = next(row for row in text.splitlines() if row.startswith("warnstream_messages_received_total"))
        return int(float(line.split()[1]))

    try:
        while received() < 0 or client.get(f"http://127.0.0.1:{http_port}/readyz").status_code != 200:
            time.sleep(0.1)
        time.sleep(0.5)
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
    county = build_county(1, CountyPlan(n_villages=500))
    ways = {}
    for name in ("paho", "bulk", "listener"):
        folder = directory / name
        folder.mkdir()
        county.write(folder)
        port = free_port() if name == "listener" else broker_port
        write_demo_config(
            folder,
            broker_port=port,
            http_port=free_port(),
            sms_port=free_port(),
            embedded_broker=name == "listener",
        )
        settings = folder / "warnstream.yaml"
        text = settings.read_text(encoding="utf-8").replace("clock: simulated", "clock: system")
        text = text.replace("tick: 5s", "tick: 1s")
        if name == "listener":
            text = text.replace("batch_messages_max: 500", "batch_messages_max: 5000") + LISTENER
        else:
            text = text.replace("broker:\n", f"broker:\n  reader: {name}\n", 1)
        settings.write_text(text, encoding="utf-8")
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
    parser.add_argument("--blast", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.blast:
        port, file, answer_bytes, connections = options.blast
        run_blaster(int(port), file, int(answer_bytes), int(connections))
        return
    program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")
    if program is None:
        sys.exit("mosquitto is not on this machine: nothing to measure through")
    results: dict[tuple[str, str], list[Result]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        directory.chmod(0o777)
        port = free_port()
        broker = start_mosquitto(program, port, directory)
        yardstick = compile_yardstick(directory)
        if yardstick is None:
            print("no C subscriber: gcc or libmosquitto-dev is not on this machine\n")
        ways = prepare(directory, port)
        for _ in range(options.repeats):
            for name, qos, pack in (("QoS 1", 1, 1), ("QoS 0", 0, 1), ("QoS 1 packs", 1, options.pack)):
                n = options.messages // (4 if pack > 1 else 1)
                data = frames(directory / "bulk", n, qos, pack)
                common = Load(data, n, qos, options.connections)
                if yardstick is not None:
                    found = run_yardstick(yardstick, port, common, broker.pid)
                    results.setdefault((name, "C subscriber, counts only"), []).append(found)
                for way, (folder, way_port) in ways.items():
                    is_direct = way == "listener"
                    times = LISTENER_TIMES if is_direct and pack == 1 else 1
                    load = common
                    if times > 1:
                        more = frames(folder, times * n, qos, pack)
                        load = Load(more, times * n, qos, options.connections)
                    found = run_node(folder, way_port, load, None if is_direct else broker.pid)
                    results.setdefault((name, f"node, {way}"), []).append(found)
        broker.terminate()
        broker.wait(10)
    report(results, options.messages, options.pack)


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
        yardstick = results.get((load, "C subscriber, counts only"))
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
