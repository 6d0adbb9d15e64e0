"""Where a message's CPU goes: the path from a read to the judgement, part by part, in one process.

    python -m benchmarks.bench_message [--messages N] [--repeats N]

The frames of `bench_ingest`, cut into reads of 256 KiB, go through scanner, inbox, journal
(with its fdatasync), decoder and engine as in a node under a stream at its own listener, without
sockets, threads and metrics. CPU time, not time: a busy machine matters less. About a minute.
"""

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.bench_ingest import frames, prepare
from benchmarks.processes import free_port
from benchmarks.table import Row, add_rows_option, write_rows
from warnstream.adapters.inbox import STREAM_BATCH, InboundBatch, Inbox
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.memory import keep_freed_memory
from warnstream.adapters.mqtt import frames as wire
from warnstream.adapters.mqtt import server_packets
from warnstream.adapters.mqtt.publish_blocks import KnownTopics, scan_block
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.messages import PayloadsOf, TopicsOf
from warnstream.runners.build import build_intake
from warnstream.runners.intake import entries
from warnstream.runners.intake.backlog import SLICE
from warnstream.runners.intake.intake import Intake

READ_BYTES = 256 * 1024
BYTES_MAX = 1 << 20


class Clock:
    """Seconds of CPU by part."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def of(self, part: str) -> Iterator[None]:
        started = time.process_time()
        yield
        self.seconds[part] = self.seconds.get(part, 0.0) + time.process_time() - started


def read(data: bytes, known: KnownTopics) -> tuple[list[InboundBatch], int]:
    """What one read brings, as a peer of the listener takes it, and where the rest begins."""
    arrived, at = [], 0
    block = scan_block(data, known, mask=0xF5, is_v5=False, bytes_max=BYTES_MAX)
    if block is not None:
        at, messages = block.stop, block.messages
        arrived.append(_stream(TopicsOf(messages), PayloadsOf(messages), block.message_ids, block.size_bytes))
    begin, columns = at, wire.Columns()
    while True:
        at = wire.scan_publishes(data, at, known.names, columns, mask=0xF5, is_v5=False, bytes_max=BYTES_MAX)
        frame = wire.next_frame(data, at, bytes_max=BYTES_MAX)
        if isinstance(frame, int):
            break
        publish = wire.parse_publish(data, frame, is_v5=False)
        known.add(publish.topic, publish.topic.decode())
        columns.topics.append(known.names[publish.topic])
        columns.payloads.append(publish.payload)
        columns.message_ids.append(publish.message_id)
        at = frame.stop
    if columns.topics:
        arrived.append(_stream(columns.topics, columns.payloads, columns.message_ids, at - begin))
    return arrived, at


def _stream(
    topics: "TopicsOf | list[str]", payloads: "PayloadsOf | list[bytes]", ids: list[bytes], n: int
) -> InboundBatch:
    return InboundBatch(None, None, topics, payloads, ids, n, is_stream=True)  # type: ignore[arg-type]


def run(configuration: Configuration, data: bytes, directory: Path) -> dict[str, float]:
    """Seconds of CPU by part, for all messages."""
    clock, known, inbox = Clock(), KnownTopics(), Inbox()
    journal = Journal(directory, segment_bytes=configuration.storage.journal_segment_bytes)
    intake = build_intake(configuration)
    tick = entries.encode_tick(int(time.time()))
    intake.consume(entries.TICK, tick)
    rest = b""
    for begin in range(0, len(data), READ_BYTES):
        with clock.of("scan of frames"):
            whole = rest + data[begin : begin + READ_BYTES]
            arrived, at = read(whole, known)
            rest = whole[at:]
            for payload in arrived:
                inbox.put(payload)
        while inbox.messages >= STREAM_BATCH or (inbox.messages and begin + READ_BYTES >= len(data)):
            _turn(clock, inbox, journal, intake)
            if intake.backlog_waiting >= SLICE:
                with clock.of("step: quality, windows, villages, hazards"):
                    intake.consume(entries.TICK, tick)
    with clock.of("step: quality, windows, villages, hazards"):
        while intake.backlog_waiting or intake.fresh_waiting:
            intake.consume(entries.TICK, tick)
    journal.close()
    return clock.seconds


def _turn(clock: Clock, inbox: Inbox, journal: Journal, intake: Intake) -> None:
    with clock.of("inbox, entry of the journal"):
        batch = inbox.take(messages_max=STREAM_BATCH, wait_s=0, gather_s=0)
        entry = entries.encode_arrived((block.topics, block.payloads) for block in batch)
    with clock.of("journal: checksum, write, sync"):
        journal.append_many([(entries.MESSAGES, entry)])
    with clock.of("PUBACK"):
        server_packets.encode_pubacks(
            list(itertools.chain.from_iterable(block.message_ids for block in batch))
        )
    with clock.of("decode"):
        intake.consume(entries.MESSAGES, entry)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--messages", type=int, default=300_000, help="per run (default 300,000)")
    parser.add_argument("--repeats", type=int, default=3, help="runs, after one that warms up (default 3)")
    add_rows_option(parser)
    options = parser.parse_args()
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        folder, _ = prepare(directory, free_port())["listener"]
        configuration = load_configuration(folder)
        data = frames(folder, options.messages, 1, 1)
        runs = [
            run(configuration, data, directory / f"journal-{number}") for number in range(options.repeats + 1)
        ][1:]
    print(f"{options.messages} messages of 8 values, {len(data) / options.messages:.0f} bytes each\n")
    print("| part | CPU µs/message, median | share |\n|---|---|---|")
    part_us = {
        part: 1e6 * statistics.median(run[part] for run in runs) / options.messages for part in runs[0]
    }
    whole_us = sum(part_us.values())
    for part, each_us in part_us.items():
        print(f"| {part} | {each_us:.2f} | {100 * each_us / whole_us:.0f} % |")
    print(f"| all | {whole_us:.2f} | 100 % |")
    rows = []
    for part in part_us:
        values = [1e6 * run[part] / options.messages for run in runs]
        rows.append(Row(f"a message: {part}", "CPU µs", values, "whole message", whole_us))
    write_rows(options.rows, rows)


if __name__ == "__main__":
    main()
