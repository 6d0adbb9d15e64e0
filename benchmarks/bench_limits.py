"""What no program on this machine can beat: copying memory, syncing a file, the broker itself.

    python -m benchmarks.bench_limits [--repeats N]

Copying 256 MB; fdatasync after 4 KiB on the disk of the temporary folder; mosquitto (settings of
docs/operating.md) taking and acknowledging QoS 1 messages of one observation from one connection while
nobody is subscribed. What a broker and a subscriber reach together is in `benchmarks.bench_ingest`.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.bench_ingest import connect, send_all
from benchmarks.processes import BrokerProcess, find_mosquitto, say_not_measured
from benchmarks.table import Row, add_rows_option, rows_as_table, write_rows
from warnstream.adapters.mqtt import server_packets

COPY_BYTES = 256 * 1024 * 1024
BLOCK = b"x" * 4096
PAYLOAD = (
    b'{"station":"R00001","time":"2026-06-18T08:05:00Z","rain":0.2,"stage":1.25,"temperature":21.5,'
    b'"humidity":88,"pressure":1001.2,"wind_speed":3.4,"wind_direction":210,"soil_moisture":33}'
)
MESSAGES = 100_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="default 5")
    parser.add_argument("--messages", type=int, default=MESSAGES, help="into the broker; default 100,000")
    add_rows_option(parser)
    options = parser.parse_args()
    rows = [Row("limit: memory copied", "GB/s", [copied_gb_per_s() for _ in range(options.repeats)])]
    waits = [sync_ms(80) for _ in range(options.repeats)]
    for share in (50, 99):
        values = [float(np.percentile(wait, share)) for wait in waits]
        rows.append(Row(f"limit: fdatasync after 4 KiB, p{share}", "ms", values))
    program = find_mosquitto()
    if program is not None:
        rates = [broker_per_s(program, options.messages) for _ in range(options.repeats)]
        rows.append(Row("limit: broker alone, QoS 1, nobody subscribed", "messages/s", rates))
    print(rows_as_table(rows))
    if program is None:
        say_not_measured("the broker alone", "mosquitto is not on this machine")
    write_rows(options.rows, rows)


def copied_gb_per_s() -> float:
    """Read and written once each; counted once."""
    source = np.ones(COPY_BYTES // 8)
    target = np.empty_like(source)
    np.copyto(target, source)
    started = time.perf_counter()
    np.copyto(target, source)
    return COPY_BYTES / (time.perf_counter() - started) / 1e9


def sync_ms(n: int) -> list[float]:
    """Milliseconds of each of `n` syncs of a growing file."""
    waits = []
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(n):
            file.write(BLOCK)
            file.flush()
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            waits.append(1e3 * (time.perf_counter() - started))
    return waits


def broker_per_s(program: str, n: int) -> float:
    """Messages a second until the last is acknowledged.

    Raises
    ------
    RuntimeError
        If the broker did not acknowledge all of them.
    """
    topic = "ws/county/rain/R00001/obs"
    data = b"".join(
        server_packets.encode_publish(topic, PAYLOAD, number % 65_535 + 1, is_v5=False) for number in range(n)
    )
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        with BrokerProcess(program, Path(name) / "broker") as broker:
            client = connect(broker.port, "limit")
            started = time.perf_counter()
            missing = send_all({client: memoryview(data)}, 4 * n)
            took_s = time.perf_counter() - started
            client.close()
    if missing:
        raise RuntimeError(f"{missing // 4} of {n} messages were never acknowledged")
    return n / took_s


if __name__ == "__main__":
    main()
