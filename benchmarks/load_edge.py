"""What a node of a county costs on a small machine: processor and memory under a slow steady load.

    python -m benchmarks.load_edge [--way listener|mosquitto] [--per-s N] [--connections N] [--seconds N]

763 stations, 2,855 villages and 4 hazards of the demo's county; 200 messages a second of up to
8 values each (goal: below 5 % of a core and 150 MB), every station over one connection of its own or,
with --connections, that of a gateway. Prints the share of one core and the
resident memory of the node; the share without any message beside it. Two minutes.
"""

import argparse
import contextlib
import select
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.bench_ingest import connect
from benchmarks.live_county import write_live_county
from benchmarks.processes import Watch, cpu_s, memory_mb, process, wait_for, way_in, ways_in
from benchmarks.table import Row, add_rows_option, write_rows
from warnstream.adapters.mqtt import server_packets
from warnstream.config.load import load_configuration
from warnstream.model.times import iso_utc
from warnstream.runners.live.node import Node

SETTLE_S = 10.0
MODULE = "benchmarks.load_edge"
OTHERS = {
    "temperature": 21.5, "humidity": 88, "pressure": 1001.2, "wind_speed": 3.4, "wind_direction": 210,
    "soil_moisture": 33,
}  # fmt: skip


def run_node(directory: Path) -> None:
    """As ``warnstream run``."""
    node = Node(load_configuration(directory))
    signal.signal(signal.SIGTERM, lambda *_: node.ask_to_stop())
    node.start()
    node.run()


def run_publisher(directory: Path, port: int, per_s: float, connections: int) -> None:
    """Messages at a steady rate until the input ends; a station's rain once a minute."""
    stations = load_configuration(directory).network.stations
    clients = [connect(port, f"edge-{n}") for n in range(connections or len(stations))]
    minute_of = [0] * len(stations)
    begin_s, number = time.time(), 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        due_s = begin_s + number / per_s
        if due_s > time.time():
            time.sleep(min(max(due_s - time.time(), 0.0), 0.2))
            continue
        station, now_s = number % len(stations), int(time.time())
        observation: dict[str, object] = {"station": stations.code[station], "time": iso_utc(now_s), **OTHERS}
        if stations.measures_rain[station] and now_s // 60 != minute_of[station]:
            minute_of[station], observation["rain"] = now_s // 60, 0.1
        if stations.measures_stage[station]:
            observation["stage"] = 1.25
        topic = f"ws/county/rain/{stations.code[station]}/obs"
        frame = server_packets.encode_publish(
            topic, msgspec.json.encode(observation), number % 65_535 + 1, is_v5=False
        )
        client = clients[station % len(clients)]
        with contextlib.suppress(BlockingIOError):
            client.recv(1 << 16, socket.MSG_DONTWAIT)
        client.sendall(frame)
        number += 1


def share(pid: int, seconds: float) -> float:
    """Percent of one core over so many seconds."""
    before, started = cpu_s(pid), time.monotonic()
    time.sleep(seconds)
    return 100 * (cpu_s(pid) - before) / (time.monotonic() - started)


def run(directory: Path, way: str, per_s: float, connections: int, seconds: float) -> list[Row]:
    """One way in; prints what it took and returns it."""
    with contextlib.ExitStack() as stack:
        port = way_in(way, directory, stack)
        write_live_county(directory, port, is_listener=way == "listener", interval_s=60)
        node = stack.enter_context(process(MODULE, "--node", directory))
        watch = Watch(load_configuration(directory).http.port)
        stack.callback(watch.close)
        wait_for(watch.is_ready, "the node's start", 60)
        time.sleep(SETTLE_S)
        idle = share(node.pid, seconds / 2)
        publisher = stack.enter_context(process(MODULE, "--publish", directory, port, per_s, connections))
        time.sleep(SETTLE_S)
        before = watch.number("warnstream_messages_received_total")
        started = time.monotonic()
        busy = share(node.pid, seconds)
        rate = (watch.number("warnstream_messages_received_total") - before) / (time.monotonic() - started)
        resident_mb, most_mb = memory_mb(node.pid), memory_mb(node.pid, "VmHWM")
        print(
            f"{way}: {rate:.0f} messages/s take {busy:.1f} % of a core (none: {idle:.1f} %), "
            f"{resident_mb:.0f} MB resident, {most_mb:.0f} MB at most",
            flush=True,
        )
        publisher.communicate("\n", timeout=30)
        node.send_signal(signal.SIGTERM)
        node.wait(60)
    of = f"edge box, {rate:.0f} messages/s, {way}"
    return [
        Row(f"{of}: node", "% of a core", [busy], "without messages", idle),
        Row(f"{of}: node", "MB resident", [resident_mb]),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--way", choices=["listener", "mosquitto", "both"], default="both")
    parser.add_argument("--per-s", type=float, default=200.0, help="messages per second (default 200)")
    parser.add_argument("--connections", type=int, default=0, help="0 (default): one per station")
    parser.add_argument("--seconds", type=float, default=60.0, help="that are measured (default 60)")
    add_rows_option(parser)
    parser.add_argument("--node", help=argparse.SUPPRESS)
    parser.add_argument("--publish", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.node:
        run_node(Path(options.node))
    elif options.publish:
        directory, port, per_s, connections = options.publish
        run_publisher(Path(directory), int(port), float(per_s), int(connections))
    else:
        rows = []
        for way in ways_in(options.way):
            with tempfile.TemporaryDirectory() as name:
                Path(name).chmod(0o777)
                rows += run(Path(name), way, options.per_s, options.connections, options.seconds)
        write_rows(options.rows, rows)


if __name__ == "__main__":
    main()
