"""Messages per second into a node, beside a C subscriber that only counts, in one interleaved run.

    python -m benchmarks.bench_ingest [--messages N] [--repeats N]

Starts mosquitto with the settings of docs/operating.md. A publisher blasts precomputed
frames over one raw socket. The node does all its work: decode, durable journal append,
quality, windows, a judgement every second, PUBACK. About five minutes.
"""

import argparse
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


@dataclass(frozen=True, slots=True)
class Result:
    """One run of one subscriber."""

    per_s: float
    cpu_us: float
    lost: int


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


def blast(port: int, data: bytes, n_acknowledged: int) -> "subprocess.Popen[bytes]":
    """A process that sends frames as fast as they are taken, and reads acknowledgements."""
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(data)
    arguments = [
        sys.executable,
        str(Path(__file__)),
        "--blast",
        str(port),
        file.name,
        str(4 * n_acknowledged),
    ]
    return subprocess.Popen(arguments, cwd=HERE.parent)


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


def run_blaster(port: int, file: str, answer_bytes: int) -> None:
    data = memoryview(Path(file).read_bytes())
    Path(file).unlink()
    client = connect(port, "blaster")
    client.setblocking(False)
    at, answered = 0, 0
    while at < len(data) or answered < answer_bytes:
        readable, writable, _ = select.select([client], [client] if at < len(data) else [], [], 20)
        if not readable and not writable:
            break
        if readable:
            part = client.recv(1 << 20)
            if not part:
                break
            answered += len(part)
        if writable:
            at += client.send(data[at : at + (1 << 18)])
    client.setblocking(True)
    client.sendall(b"\xe0\x00")
    client.close()


def run_yardstick(program: Path, port: int, data: bytes, n: int, qos: int) -> Result:
    subscriber = subprocess.Popen([program, str(port), str(qos), str(n)], stdout=subprocess.PIPE, text=True)
    assert subscriber.stdout is not None
    subscriber.stdout.readline()
    blaster = blast(port, data, n * qos)
    received, seconds, cpu = subscriber.stdout.readline().split()
    blaster.wait()
    subscriber.wait()
    subscriber.stdout.close()
    return Result(int(received) / float(seconds), 1e6 * float(cpu) / int(received), n - int(received))


def run_node(directory: Path, port: int, data: bytes, n: int, qos: int) -> Result:
    """A node on a fresh storage directory; time from the first message seen to the last."""
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
        cpu = cpu_s(node.pid)
        blaster = blast(port, data, n * qos)
        started = changed = time.perf_counter()
        count = 0
        while count < n and time.perf_counter() - changed < STALLED_S:
            time.sleep(0.1)
            found = received()
            if count <= 0 < found:
                started = time.perf_counter() - 0.05
            if found > count:
                count, changed = found, time.perf_counter()
        cpu = cpu_s(node.pid) - cpu
        blaster.wait()
    finally:
        client.close()
        node.send_signal(signal.SIGTERM)
        node.wait(60)
    forget_session(port, client_id)
    return Result(count / max(changed - started, 1e-9), 1e6 * cpu / max(count, 1), n - count)


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
    parser.add_argument("--blast", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.blast:
        run_blaster(int(options.blast[0]), options.blast[1], int(options.blast[2]))
        return
    program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")
    if program is None:
        sys.exit("mosquitto is not on this machine: nothing to measure through")
    results: dict[tuple[str, str], list[Result]] = {}
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o777)
        port = free_port()
        broker = start_mosquitto(program, port, directory)
        yardstick = compile_yardstick(directory)
        if yardstick is None:
            print("no C subscriber: gcc or libmosquitto-dev is not on this machine\n")
        ways = prepare(directory, port)
        for _ in range(options.repeats):
            for load, qos, pack in (("QoS 1", 1, 1), ("QoS 0", 0, 1), ("QoS 1 packs", 1, options.pack)):
                n = options.messages // (4 if pack > 1 else 1)
                data = frames(directory / "bulk", n, qos, pack)
                if yardstick is not None:
                    found = run_yardstick(yardstick, port, data, n, qos)
                    results.setdefault((load, "C subscriber, counts only"), []).append(found)
                for way, (folder, way_port) in ways.items():
                    found = run_node(folder, way_port, data, n, qos)
                    results.setdefault((load, f"node, {way}"), []).append(found)
        broker.terminate()
        broker.wait(10)
    report(results, options.messages, options.pack)


def report(results: dict[tuple[str, str], list[Result]], messages: int, pack: int) -> None:
    versions = f"Python {platform.python_version()}, numpy {np.__version__}"
    print(f"{platform.machine()}, {os.cpu_count()} cores, {versions}")
    print(
        f"{messages} messages of one observation of 8 values, a quarter as many packs of {pack}; "
        "one publisher\n"
    )
    print("| load | who | messages/s median (min-max) | of C | CPU µs/message | not received |")
    print("|---|---|---|---|---|---|")
    for (load, who), runs in results.items():
        rates = [run.per_s for run in runs]
        rate = statistics.median(rates)
        yardstick = results.get((load, "C subscriber, counts only"))
        ratio = rate / statistics.median(run.per_s for run in yardstick) if yardstick else float("nan")
        cpu = statistics.median(run.cpu_us for run in runs)
        lost = max(run.lost for run in runs)
        spread = f"{rate:,.0f} ({min(rates):,.0f}-{max(rates):,.0f})"
        print(f"| {load} | {who} | {spread} | {ratio:.2f} | {cpu:.1f} | {lost} |")


if __name__ == "__main__":
    main()
