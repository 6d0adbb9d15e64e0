"""Refused messages and readings, kept for the operator: written by the node, as journal entries lead to them.

Who looks for some of them or wants them again does it by `warnstream.adapters.refused.reinjections`.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from warnstream.adapters.sqlite import Database
from warnstream.model.observations.refusals import Refusal, RefusalReason

REFUSED_PAYLOAD_BYTES_MAX = 4_096
"""Bytes kept of a refused payload; its true length is kept beside them."""

ENTRY_ROWS_MAX = 1_000
"""Rows kept of one entry and reason; the others are counted. A backlog of a day refused as too late is
hundreds of thousands alike: each would cost more than a reading that is taken, and drive out all others."""

REFUSED_SCHEMA = """
CREATE TABLE IF NOT EXISTS refused (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    entry INTEGER NOT NULL,
    received_at REAL NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    payload_bytes INTEGER NOT NULL,
    reinjected_at REAL
);
CREATE TABLE IF NOT EXISTS totals (reason TEXT PRIMARY KEY, refused INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS progress (one INTEGER PRIMARY KEY CHECK (one = 1), entry INTEGER NOT NULL);
INSERT OR IGNORE INTO progress VALUES (1, 0);
"""


class RefusedStore:
    """Refused messages and readings, the newest `refused_max` of them, each with its reason.

    All are counted; of one entry and reason the newest `ENTRY_ROWS_MAX` are kept.

    Parameters
    ----------
    directory : Path
        Folder of ``refused.sqlite3``; must exist.
    refused_max : int
        Rows kept; beyond it the oldest are dropped and counted. 100,000 rows
        of the longest payload take about 430 MB.
    """

    def __init__(self, directory: Path, refused_max: int) -> None:
        if refused_max < 1:
            raise ValueError(f"refused_max must be at least 1, got {refused_max}")
        self._refused_max = refused_max
        self._database = Database(directory / "refused.sqlite3", REFUSED_SCHEMA, version=1)

    def keep(self, refusals: Sequence[Refusal], received_at: float, entry: int) -> None:
        """Keep the refusals of one journal entry; durable when it returns.

        Entries must come in order; one that was kept before (the journal is
        being replayed) changes nothing.

        Raises
        ------
        StoreError
            If the disk refuses.
        """
        if not refusals:
            return
        counts = Counter(str(refusal.reason) for refusal in refusals)
        rows = [
            (
                entry,
                received_at,
                str(refusal.reason),
                refusal.detail,
                refusal.topic,
                refusal.payload[:REFUSED_PAYLOAD_BYTES_MAX],
                len(refusal.payload),
            )
            for refusal in newest_of_each_reason(refusals, min(ENTRY_ROWS_MAX, self._refused_max))
        ]
        with self._database.transaction() as connection:
            if entry <= int(connection.execute("SELECT entry FROM progress").fetchone()[0]):
                return
            connection.execute("UPDATE progress SET entry = ?", (entry,))
            connection.executemany(
                "INSERT INTO refused (entry, received_at, reason, detail, topic, payload, payload_bytes)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            connection.executemany(
                "INSERT INTO totals (reason, refused) VALUES (?, ?)"
                " ON CONFLICT (reason) DO UPDATE SET refused = refused + excluded.refused",
                counts.items(),
            )
            connection.execute(
                "DELETE FROM refused WHERE number <= (SELECT max(number) FROM refused) - ?",
                (self._refused_max,),
            )

    def counts(self) -> dict[str, int]:
        """Refusals ever, by reason, including those dropped since."""
        with self._database.reading() as connection:
            return dict(connection.execute("SELECT reason, refused FROM totals").fetchall())

    def dropped(self) -> int:
        """Refusals that had to make room for newer ones."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT (SELECT coalesce(sum(refused), 0) FROM totals) - (SELECT count(*) FROM refused)"
            ).fetchone()
        return int(row[0])

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def newest_of_each_reason(refusals: Sequence[Refusal], most: int) -> list[Refusal]:
    """The last so many of each reason, in their order."""
    if len(refusals) <= most:
        return list(refusals)
    left = Counter(dict.fromkeys(RefusalReason, most))
    kept = []
    for refusal in reversed(refusals):
        if left[refusal.reason] > 0:
            left[refusal.reason] -= 1
            kept.append(refusal)
    return kept[::-1]
