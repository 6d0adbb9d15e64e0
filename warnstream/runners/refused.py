"""The command ``warnstream refused``: what was kept aside, why, and how to send it again.

Re-injecting publishes a kept message to the broker as it first came, on its
own topic: when the station has been added, the unit declared or the variable
mapped, the readings take the way of all readings, and duplicates stay
duplicates. What was refused as a single reading is published as flat JSON on
the topic of its station.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from warnstream.adapters.channels.mqtt import PahoPublisher, Publication
from warnstream.adapters.store import REFUSED_PAYLOAD_BYTES_MAX, RefusedRow, RefusedStore
from warnstream.config.settings import Configuration
from warnstream.model.errors import WarnstreamError
from warnstream.model.times import iso_utc

CONNECT_S_MAX = 10.0
BATCH = 200


def list_refused(configuration: Configuration, reason: str | None, limit: int, *, as_json: bool) -> int:
    """Print the newest refusals, oldest of them first; returns how many."""
    with closing(_open(configuration)) as store:
        rows = list(reversed(store.recent(limit, reason)))
        counts, dropped = store.counts(), store.dropped()
    for row in rows:
        sys.stdout.write((_as_json(row) if as_json else _as_text(row)) + "\n")
    if not as_json:
        told = ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "nothing"
        sys.stdout.write(f"refused since the beginning: {told}; {dropped} no longer kept\n")
    return len(rows)


def reinject(configuration: Configuration, reason: str | None, limit: int) -> tuple[int, int]:
    """Publish the newest refusals that were not sent again yet; returns how many were, and were not.

    Raises
    ------
    WarnstreamError
        If the broker cannot be reached; nothing is marked then.
    """
    with closing(_open(configuration)) as store:
        rows = [row for row in reversed(store.recent(limit, reason)) if row.reinjected_at is None]
        whole = [row for row in rows if row.payload_bytes <= REFUSED_PAYLOAD_BYTES_MAX]
        done = _publish_all(configuration, whole, store)
    return done, len(rows) - done


def _publish_all(configuration: Configuration, rows: Sequence[RefusedRow], store: RefusedStore) -> int:
    publisher = PahoPublisher(configuration.broker, role="reinject")
    publisher.start()
    try:
        if not publisher.wait_until_connected(CONNECT_S_MAX):
            address = f"{configuration.broker.host}:{configuration.broker.port}"
            raise WarnstreamError(f"the broker at {address} cannot be reached; is the node's broker running?")
        return sum(
            _publish(rows[begin : begin + BATCH], configuration.topic_prefix, publisher, store)
            for begin in range(0, len(rows), BATCH)
        )
    finally:
        publisher.stop()


def _publish(
    rows: Sequence[RefusedRow],
    prefix: str,
    publish: Callable[[Sequence[Publication]], Sequence[str]],
    store: RefusedStore,
) -> int:
    faults = publish([Publication(_topic(row, prefix), row.payload, retain=False) for row in rows])
    sent = [row.number for row, fault in zip(rows, faults, strict=True) if not fault]
    store.mark_reinjected(sent, time.time())
    return len(sent)


def _topic(row: RefusedRow, prefix: str) -> str:
    if row.topic:
        return row.topic
    return f"{prefix}/refused/reading/{json.loads(row.payload)['station']}/obs"


def _open(configuration: Configuration) -> RefusedStore:
    directory: Path = configuration.storage.directory
    if not (directory / "refused.sqlite3").exists():
        raise WarnstreamError(f"{directory}: no node has kept anything there yet")
    return RefusedStore(directory, configuration.storage.refused_max)


def _as_text(row: RefusedRow) -> str:
    shown = row.payload[:200].decode("utf-8", "backslashreplace")
    again = f" [sent again {iso_utc(int(row.reinjected_at))}]" if row.reinjected_at else ""
    where = row.topic or "(reading)"
    return f"{iso_utc(int(row.received_at))} {row.reason} {where}: {row.detail}{again}\n    {shown}"


def _as_json(row: RefusedRow) -> str:
    return json.dumps(
        {
            "received_at": iso_utc(int(row.received_at)),
            "reason": row.reason,
            "detail": row.detail,
            "topic": row.topic,
            "payload": row.payload.decode("utf-8", "backslashreplace"),
            "payload_bytes": row.payload_bytes,
            "sent_again_at": iso_utc(int(row.reinjected_at)) if row.reinjected_at else None,
        },
        ensure_ascii=False,
    )
