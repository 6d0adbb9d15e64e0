"""ledger.parquet: one row per door that was to be told something (docs/bulletins.md).

Sorted by village and place in the register; the same ledger gives the same bytes. Where nobody sends, as in
a replay, every door waits for its village's newest bulletin: who was to hear what, not who has.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from warnstream.adapters.ledger.book import Book
from warnstream.delivery.ledger.columns import STATE_BITS
from warnstream.delivery.ledger.ledger import ADDRESSED
from warnstream.delivery.ledger.states import Delivery, People
from warnstream.model.bulletins import N_BITS, N_MAX, Bulletin
from warnstream.model.network import Network

SCHEMA_VERSION = 1
"""Counts up when a column changes its meaning or goes; new columns do not count."""

SCHEMA = pa.schema(
    [
        ("village", pa.string()),
        ("door", pa.string()),
        ("channel", pa.string()),
        ("opened", pa.timestamp("s", tz="UTC")),
        ("n", pa.uint16()),
        ("told", pa.uint16()),
        ("delivery", pa.string()),
        ("people", pa.string()),
        ("answered", pa.uint16()),
        ("tries", pa.uint8()),
        ("changed", pa.timestamp("s", tz="UTC")),
    ],
    metadata={"warnstream": "ledger", "version": str(SCHEMA_VERSION)},
)

_DELIVERY = np.array([state.word for state in Delivery])
_PEOPLE = np.array([state.word for state in People])


def write_ledger(path: Path, book: Book) -> int:
    """Write ledger.parquet; returns the number of rows."""
    table = _table(book)
    pq.write_table(table, path, compression="zstd")
    return int(table.num_rows)


def book_of(network: Network, bulletins: Iterable[Bulletin]) -> Book:
    """The ledger that bulletins alone lead to: nobody has sent and nobody has answered."""
    book = Book(network)
    for bulletin in bulletins:
        book.put_down(bulletin)
    return book


def _table(book: Book) -> pa.Table:
    with book.lock:
        ledger, register = book.ledger, book.register
        households = register.network.households
        size = np.diff(households.first_of_village)
        village = np.repeat(np.arange(len(size)), size)
        n_doors = len(village)
        rows = np.flatnonzero(ledger.state[:n_doors] & ADDRESSED)
        village = village[rows]
        sequence = ledger.sequence[village]
        state = ledger.state[rows] & STATE_BITS
        codes, channels = households.code, households.channel
        columns = {
            "village": [register.villages[number] for number in village.tolist()],
            "door": [codes[row] for row in rows.tolist()],
            "channel": [channels[row] for row in rows.tolist()],
            "opened": (sequence >> N_BITS).astype(np.int64),
            "n": (sequence & N_MAX).astype(np.uint16),
            "told": ledger.told[rows],
            "delivery": _DELIVERY[state].tolist(),
            "people": _PEOPLE[ledger.people[rows]].tolist(),
            "answered": ledger.answered[rows],
            "tries": ledger.tries[rows],
            "changed": ledger.time[rows].astype(np.int64),
        }
    return pa.table(columns, schema=SCHEMA)
