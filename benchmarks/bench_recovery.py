"""How long a killed node needs until it is ready again, with so many journal entries after its snapshot.

    python -m benchmarks.bench_recovery [--entries N] [--stations N] [--repeats N]

A node takes messages through its own listener until its journal has grown by so many entries, is killed
with SIGKILL, and is started again. The time until /readyz is 200 is told beside that of a start with an empty
journal on the same configuration, and what the node itself says its replay took.
"""

import argparse
import re
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.processes import NodeProcess, free_port, start_load
from benchmarks.table import Row, add_rows_option, write_rows
from station_sim.county.wide_network import SCALES, Scale, write_wide_network

LISTENER = "\nlistener: {messages_per_s: 1000000, inflight_max: 65535}\n"
NAME = "warnstream_journal_sequence"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--entries", type=int, default=2_000, help="journal entries; default 2,000")
    parser.add_argument("--stations", type=int, default=SCALES["county"].n_stations, help="default 700")
    parser.add_argument("--repeats", type=int, default=3, help="kills; default 3")
    add_rows_option(parser)
    options = parser.parse_args()
    empty_s, full_s, replay_s, entries, messages = [], [], [], [], []
    for _ in range(options.repeats):
        with tempfile.TemporaryDirectory() as name:
            node = prepare(Path(name), options.stations)
            with node:
                empty_s.append(node.ready_after_s)
                messages.append(fill(node, options))
                node.kill()
                node.start()
                full_s.append(node.ready_after_s)
                replayed = re.findall(r"recovered.*?entries=(\d+).*?took_s=([\d.]+)", node.log())
                if not replayed:
                    raise RuntimeError(f"the node did not say that it replayed its journal:\n{node.log()}")
                entries.append(float(replayed[-1][0]))
                replay_s.append(float(replayed[-1][1]))
    per_s = [n / max(s, 0.01) for n, s in zip(entries, replay_s, strict=True)]
    print("| what | median | min | max |\n|---|---|---|---|")
    for label, values in (
        ("ready with an empty journal, s", empty_s),
        ("ready after kill -9, s", full_s),
        ("of that replaying, as the node says, s", replay_s),
        ("journal entries replayed", entries),
        ("messages in them", messages),
        ("entries a second", per_s),
    ):
        print(f"| {label} | {statistics.median(values):,.2f} | {min(values):,.2f} | {max(values):,.2f} |")
    entries_ = f"{statistics.median(entries):,.0f} entries"
    empty = statistics.median(empty_s)
    rows = [
        Row(f"ready after kill -9 with {entries_}", "s", full_s, "with an empty journal", empty),
        Row("replaying the journal", "entries/s", per_s),
    ]
    write_rows(options.rows, rows)


def prepare(directory: Path, n_stations: int) -> NodeProcess:
    county = SCALES["county"]
    scale = Scale(n_stations, max(1, round(n_stations * county.n_villages / county.n_stations)))
    http_port = free_port()
    settings = {"snapshot_every: 10min": "snapshot_every: 24h"}
    write_wide_network(
        directory,
        scale,
        settings=settings,
        broker_port=free_port(),
        http_port=http_port,
        embedded_broker=True,
    )
    with (directory / "warnstream.yaml").open("a", encoding="utf-8") as file:
        file.write(LISTENER)
    return NodeProcess(directory, http_port, ("--log-level", "INFO"))


def fill(node: NodeProcess, options: argparse.Namespace) -> float:
    """Send a steady load until the journal is long enough; messages that the node received."""
    text = (node.directory / "warnstream.yaml").read_text(encoding="utf-8")
    port = re.search(r"^  port: (\d+)", text, re.MULTILINE)
    assert port is not None, "warnstream.yaml names the broker's port"
    rate = min(options.stations, 170)
    arguments = ["--stations", str(options.stations), "--port", port[1], "--rate", str(rate)]
    # Every 20 ms at the most there is a batch, and with rain in it a tick every tenth of a second.
    load = start_load([*arguments, "--minutes", str(max(options.entries / 20 / 60, 0.2))])
    while node.metrics().get(NAME, 0.0) < options.entries and load.poll() is None:
        time.sleep(0.1)
    load.terminate()
    load.communicate()
    return node.metrics()["warnstream_messages_received_total"]


if __name__ == "__main__":
    main()
