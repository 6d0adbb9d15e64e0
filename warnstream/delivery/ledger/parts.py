"""A ledger as arrays for a snapshot, and back, also under another register.

Only villages that ever had a bulletin are kept. Rows are found again by the code of the door, so a register
may grow, shrink and change its order; who has left it and was told something is kept as a *former* door.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from warnstream.delivery.dispatch.queue import urgency_kept
from warnstream.delivery.ledger.columns import STATE_BITS
from warnstream.delivery.ledger.doors import NO_WAY
from warnstream.delivery.ledger.ledger import Ledger
from warnstream.delivery.ledger.past import Tally
from warnstream.delivery.ledger.states import IS_WAITING, Delivery
from warnstream.model.arrays import Arrays, Int64Array, UInt8Array
from warnstream.model.bulletins import N_MAX

WAY = "way"
COLUMNS = ("told", "answered", "state", "people", "tries", "time")
VILLAGES = ("sequence", "issued_s", "urgency", "is_end", "arrives_s", "level")
_TALLY = ("addressed", "sent", "delivered", "unreachable", "answered")


def pack(ledger: Ledger) -> Arrays:
    """Columns of every village that had a bulletin, one village after the other; numbers are today's."""
    villages = np.flatnonzero(ledger.sequence)
    rows = [ledger.rows_of(int(village)) for village in villages]
    sizes = [row.stop - row.start if isinstance(row, slice) else len(row) for row in rows]
    arrays: Arrays = {"village": villages, "size": np.array(sizes, dtype=np.int64)}
    for name in (*COLUMNS, WAY):
        column = getattr(ledger, name)
        parts = [column[row] for row in rows]
        arrays[name] = np.concatenate(parts) if parts else column[:0]
    for name in VILLAGES:
        arrays[name] = getattr(ledger, name)[villages]
    tallies = [
        (village, n, *(getattr(tally, name) for name in _TALLY))
        for village, of_village in sorted(ledger.tallies.items())
        for n, tally in of_village.items()
    ]
    arrays["tally"] = np.array(tallies, dtype=np.int64).reshape(-1, 2 + len(_TALLY))
    earlier = [
        (village, sequence, *(getattr(tally, name) for name in _TALLY))
        for village, of_village in sorted(ledger.past.tallies.items())
        for sequence, tally in of_village.items()
    ]
    arrays["past"] = np.array(earlier, dtype=np.int64).reshape(-1, 2 + len(_TALLY))
    return arrays


def unpack(
    ledger: Ledger,
    arrays: Mapping[str, np.ndarray],
    village_now: Sequence[int],
    row_now: Int64Array,
    way_now: Sequence[int | None] = (),
) -> None:
    """Write what `pack` has made into a new ledger.

    Parameters
    ----------
    ledger : Ledger
        Without any bulletin.
    arrays : mapping
    village_now : sequence of int
        Number of each kept village in this ledger; -1: it is gone, and so are its rows.
    row_now : Int64Array
        Row in this ledger of each kept row; -1: nobody knows the door any more.
    way_now : sequence of int or None
        Number of each kept channel in this ledger; None: it is gone. Without any, every door is on its first.
    """
    now = np.asarray(village_now, dtype=np.int64)
    known = now >= 0
    before = dict(arrays)
    before["urgency"] = np.array(
        [urgency_kept(urgency) for urgency in arrays["urgency"].tolist()], dtype=np.uint8
    )
    for name in ("arrives_s", "level"):  # earlier versions had none
        before.setdefault(name, np.zeros_like(arrays["sequence"]))
    for name in VILLAGES:
        getattr(ledger, name)[now[known]] = before[name][known]
    rows_known = (row_now >= 0) & np.repeat(known, arrays["size"])
    for name in COLUMNS:
        getattr(ledger, name)[row_now[rows_known]] = arrays[name][rows_known]
    if WAY in arrays and way_now:
        kept = np.array([NO_WAY if way is None else way for way in way_now], dtype=np.uint8)
        _find_ways(ledger, row_now[rows_known], kept[arrays[WAY][rows_known]])
    number_of = dict(zip(arrays["village"].tolist(), now.tolist(), strict=True))
    ledger.tallies = {village: {} for village in now[known].tolist()}
    for village, n, *counts in arrays["tally"].tolist():
        if (number := number_of.get(village, -1)) >= 0:
            ledger.tallies[number][n] = Tally(*counts)
    for village, sequence, *counts in arrays["past"].tolist():
        if (number := number_of.get(village, -1)) >= 0:
            ledger.past.tallies.setdefault(number, {})[sequence] = Tally(*counts)
    ledger.recount()


def _find_ways(ledger: Ledger, rows: Int64Array, way: UInt8Array) -> None:
    """Doors that had gone on to another channel are there again, where it still comes after their first."""
    at = ledger.first_way[rows]
    for _ in range(ledger.n_ways):
        at = np.where(at == way, at, ledger.next_way[np.minimum(at, ledger.n_ways - 1)])
        at = np.where(at == NO_WAY, ledger.first_way[rows], at)
    is_there = at == way
    ledger.way[rows[is_there]] = way[is_there]
    lost = rows[~is_there]
    told = ledger.told[lost] == (ledger.sequence[ledger.village[lost]] & N_MAX)
    lost = lost[told & IS_WAITING[ledger.state[lost] & STATE_BITS]]  # they were to be called, and were told
    ledger.state[lost] = (ledger.state[lost] & ~np.uint8(STATE_BITS)) | Delivery.SENT
