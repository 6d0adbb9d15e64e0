"""A nation's stations into one node: 384,000 at a reading of 8 values a minute, 6,400 messages a second.

    python -m benchmarks.load_nation [--stations N] [--minutes M] [--rate R] [--json FILE]

A real `warnstream run` with its own listener (or through mosquitto) keeps every
message durable, decodes, checks, windows and judges every village by every rule
at each tick, while `station-sim load` keeps the rate. Prints what was sent,
acknowledged, received and lost, how far the node lags, its CPU share and memory.
The configuration is written first (10 s) and read by the node (a minute).

The rain ring is most of the memory: 16 bytes per station and minute of
`--longest` plus lateness, unless the node keeps older rain in longer steps.
"""

import argparse
import json
import math
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.processes import (
    BrokerProcess,
    NodeProcess,
    cpu_s,
    find_mosquitto,
    free_port,
    load_summary,
    memory_mb,
    start_load,
)
from benchmarks.table import Row, add_rows_option, write_rows
from station_sim.county.wide_network import SCALES, Scale, write_wide_network

VALUES_PER_MESSAGE = 8
GRID_KM = 5
NOWCAST_CELLS_SIDE_MAX = 250
"""The nowcast's grid has 65,536 cells at most: larger networks get larger cells."""

SAMPLE_S = 2.0
SETTLE_S_MAX = 120.0
LISTENER = "\nlistener: {messages_per_s: 1000000, inflight_max: 65535}\n"


@dataclass(slots=True)
class Watch:
    """What was seen of the node while the load ran, one entry per sample."""

    at_s: list[float] = field(default_factory=list)
    received: list[float] = field(default_factory=list)
    tick_age_s: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    nation = SCALES["nation"]
    parser.add_argument("--stations", type=int, default=nation.n_stations, help="default 384,000")
    parser.add_argument("--villages", type=int, help="default in proportion, the nation's 600,000")
    parser.add_argument("--minutes", type=float, default=10.0, help="default 10")
    parser.add_argument("--rate", type=float, help="messages/s; default one a minute of each station")
    parser.add_argument("--tick", default="30s", help="node.tick; default 30s, two judgements a minute")
    parser.add_argument("--longest", default="24h", help="windows.longest; default 24h, the rules' longest")
    parser.add_argument("--lateness", default="1h", help="windows.lateness_max; default 1h")
    parser.add_argument("--forecast", choices=("advection", "none"), default="advection")
    parser.add_argument("--way", choices=("listener", "mosquitto"), default="listener")
    parser.add_argument("--connections", type=int, default=8, help="of the load; default 8")
    parser.add_argument("--heavy", type=float, default=0.0005, help="share of stations with 96 mm/h")
    parser.add_argument("--folder", type=Path, help="keep configuration and data there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the result there")
    add_rows_option(parser)
    options = parser.parse_args()
    result = measure(options)
    print(text(result))
    if options.json:
        options.json.write_text(json.dumps(result), encoding="utf-8")
    write_rows(options.rows, rows(result))
    return 0 if result["lost"] == 0 and result["load"]["complete"] else 1


def rows(result: dict[str, Any]) -> list[Row]:
    """For the common table."""
    of = f"{result['stations']:,} stations"
    load = result["load"]
    return [
        Row(f"{of}: messages received", "messages/s", [result["received_per_s"]], "sent", load["rate_per_s"]),
        Row(f"{of}: messages lost", "messages", [result["lost"]]),
        Row(f"{of}: a judgement of every village, mean", "s", [result["step_mean_s"]]),
        Row(f"{of}: node", "cores", [result["cpu_share"]], "load", load["cpu_share"]),
        Row(f"{of}: memory of the node at most", "MB", [result["memory_max_mb"]]),
        Row(f"{of}: memory of the node per station", "kB", [result["memory_kb_per_station"]]),
    ]


def measure(options: argparse.Namespace) -> dict[str, Any]:
    with ExitStack() as stack:
        directory = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        directory.mkdir(parents=True, exist_ok=True)
        port = free_port()
        if options.way == "mosquitto":
            program = find_mosquitto()
            if program is None:
                sys.exit("mosquitto is not on this machine: use --way listener")
            port = stack.enter_context(BrokerProcess(program, directory / "broker")).port
        scale = scale_of(options)
        begun = time.monotonic()
        node = prepare(directory / "network", scale, options, port)
        written_s = time.monotonic() - begun
        stack.enter_context(node)
        idle_mb = memory_mb(node.pid)
        result = run(node, options, scale, port, {"written_s": written_s, "idle_mb": idle_mb})
        # Asked to stop it would write a last snapshot of gigabytes, which nobody reads.
        node.kill()
        return result


def scale_of(options: argparse.Namespace) -> Scale:
    nation = SCALES["nation"]
    share = options.stations / nation.n_stations
    return Scale(options.stations, options.villages or max(1, round(share * nation.n_villages)))


def prepare(directory: Path, scale: Scale, options: argparse.Namespace, port: int) -> NodeProcess:
    http_port = free_port()
    side_km = GRID_KM * math.ceil(math.sqrt(scale.n_stations))
    cell_km = max(GRID_KM, math.ceil(side_km / NOWCAST_CELLS_SIDE_MAX))
    is_embedded = options.way == "listener"
    settings = {
        "tick: 5s": f"tick: {options.tick}",
        "longest: 72h": f"longest: {options.longest}",
        "# lateness_max: 24h": f"lateness_max: {options.lateness}",
        "method: advection": f"method: {options.forecast}",
        "cell_km: 5": f"cell_km: {cell_km}",
        "client_id: warnstream-demo-county": f"client_id: nation-{time.monotonic_ns()}",
        # A snapshot of the nation is gigabytes: it is part of the load, but not every ten minutes of a test.
        "snapshot_every: 10min": "snapshot_every: 1h",
    }
    if is_embedded:
        settings["batch_messages_max: 500"] = "batch_messages_max: 5000"
    shutil.rmtree(directory, ignore_errors=True)
    write_wide_network(
        directory,
        scale,
        settings=settings,
        broker_port=port,
        http_port=http_port,
        embedded_broker=is_embedded,
    )
    if is_embedded:
        with (directory / "warnstream.yaml").open("a", encoding="utf-8") as file:
            file.write(LISTENER)
    return NodeProcess(directory, http_port)


def run(
    node: NodeProcess, options: argparse.Namespace, scale: Scale, port: int, prepared: dict[str, float]
) -> dict[str, Any]:
    rate = options.rate or scale.n_stations / 60
    arguments = ["--stations", str(scale.n_stations), "--port", str(port), "--rate", str(rate)]
    arguments += ["--minutes", str(options.minutes), "--connections", str(options.connections)]
    arguments += ["--heavy", str(options.heavy)]
    before, used, begun = node.metrics(), cpu_s(node.pid), time.monotonic()
    load = start_load(arguments)
    watch = Watch()
    for _ in samples(lambda: load.poll() is None):
        look(node, watch, begun)
    summary = load_summary(load, 60)
    took_s, used = time.monotonic() - begun, cpu_s(node.pid) - used
    after = settle(node, before, summary["sent"])

    def grown(name: str) -> float:
        return after.get(name, 0.0) - before.get(name, 0.0)

    received = grown("warnstream_messages_received_total")
    steps = grown("warnstream_tick_seconds_count")
    flagged = {
        name.partition('"')[2].partition('"')[0]: round(grown(name))
        for name in after
        if name.startswith("warnstream_readings_flagged_total") and grown(name)
    }
    return {
        "stations": scale.n_stations,
        "villages": scale.n_villages,
        **{name: round(value, 1) for name, value in prepared.items()},
        "ready_after_s": round(node.ready_after_s, 1),
        "load": summary,
        "received": round(received),
        "received_per_s": round(steady_rate(watch), 1),
        "lost": round(summary["sent"] - received),
        "values": round(grown("warnstream_readings_accepted_total")),
        "values_expected": summary["sent"] * VALUES_PER_MESSAGE,
        "flagged": flagged,
        "refused": round(sum(grown(n) for n in after if n.startswith("warnstream_readings_refused_total"))),
        "steps": round(steps),
        "step_mean_s": round(grown("warnstream_tick_seconds_sum") / max(steps, 1), 3),
        "tick_age_max_s": round(max(watch.tick_age_s, default=math.nan), 1),
        "messages_issued": round(
            sum(grown(n) for n in after if n.startswith("warnstream_messages_issued_total"))
        ),
        "cpu_share": round(used / took_s, 2),
        "memory_mb": round(statistics.median(watch.memory_mb), 0) if watch.memory_mb else math.nan,
        "memory_max_mb": round(memory_mb(node.pid, "VmHWM"), 0),
        "memory_kb_per_station": round(1024 * memory_mb(node.pid, "VmHWM") / scale.n_stations, 1),
    }


def samples(goes_on: Callable[[], bool]) -> Iterator[None]:
    while goes_on():
        yield
        time.sleep(SAMPLE_S)


def look(node: NodeProcess, watch: Watch, begun: float) -> None:
    metrics = node.metrics()
    if not metrics:
        return
    watch.at_s.append(time.monotonic() - begun)
    watch.received.append(metrics.get("warnstream_messages_received_total", 0.0))
    last = metrics.get("warnstream_last_tick_timestamp_seconds", 0.0)
    if last > 0:
        watch.tick_age_s.append(time.time() - last)
    watch.memory_mb.append(memory_mb(node.pid))


def steady_rate(watch: Watch) -> float:
    """Messages a second between the first and the last sample with messages."""
    rows = [(at, n) for at, n in zip(watch.at_s, watch.received, strict=True) if n > 0]
    if len(rows) < 2:
        return math.nan
    return (rows[-1][1] - rows[0][1]) / max(rows[-1][0] - rows[0][0], 1e-9)


def settle(node: NodeProcess, before: dict[str, float], sent: int) -> dict[str, float]:
    """Wait until everything sent has been received and judged, or nothing changes any more."""
    deadline = time.monotonic() + SETTLE_S_MAX
    name = "warnstream_messages_received_total"
    steps = "warnstream_tick_seconds_count"
    received_at_step: float | None = None
    while time.monotonic() < deadline:
        metrics = node.metrics()
        if metrics and metrics[name] - before.get(name, 0.0) >= sent:
            if received_at_step is None:
                received_at_step = metrics[steps]
            elif metrics[steps] > received_at_step:
                return metrics
        time.sleep(0.5)
    return node.metrics()


def text(result: dict[str, Any]) -> str:
    load = result["load"]
    network = f"{result['stations']:,} stations, {result['villages']:,} villages"
    ready = f"node ready after {result['ready_after_s']} s with {result['idle_mb']:,} MB"
    lines = [
        f"{network}; configuration written in {result['written_s']} s, {ready}",
        "",
        "| what | |",
        "|---|---|",
        f"| planned, sent, acknowledged | {load['planned']:,}, {load['sent']:,}, {load['acknowledged']:,} |",
        f"| rate sent, messages/s | {load['rate_per_s']:,} (shortfall {load['shortfall']:,}) |",
        f"| rate received, messages/s | {result['received_per_s']:,} |",
        f"| lost (sent, never received) | {result['lost']:,} |",
        f"| values counted of those sent | {result['values']:,} of {result['values_expected']:,} |",
        f"| flagged, refused | {result['flagged'] or 'none'}, {result['refused']} |",
        f"| acknowledged after, p50 / p99 ms | {load['ack_p50_ms']} / {load['ack_p99_ms']} |",
        f"| judgements of every village | {result['steps']}, mean {result['step_mean_s']} s |",
        f"| oldest judgement seen, s | {result['tick_age_max_s']} |",
        f"| warning messages issued | {result['messages_issued']:,} |",
        f"| CPU, cores: node, load | {result['cpu_share']}, {load['cpu_share']} |",
        f"| memory, MB: median, most | {result['memory_mb']:,}, {result['memory_max_mb']:,} |",
        f"| memory per station, kB | {result['memory_kb_per_station']} |",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
