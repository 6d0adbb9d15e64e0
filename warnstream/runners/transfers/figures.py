"""Heads by number and people by name, side by side: what both say, and where they contradict each other.

The officer's figure comes first, names later. A row is open until a name is confirmed; a number is what
the county reads until then. Of both the greater is shown as out, and never more than the list has.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from warnstream.adapters.http.models.transfers import TransferFiguresRecord
from warnstream.delivery.ledger.states import People
from warnstream.desk.transfers.rows import AWAY, Row
from warnstream.model.digests import HEAD_WORDS
from warnstream.routing.reports import VillageReports

DOUBTS_SHOWN = 20
"""So many contradictions of rows are listed."""


def heads_since(known: VillageReports | None, since_s: int) -> dict[str, int]:
    """The newest number of each kind that a village's posts have said since a time."""
    newest: dict[str, tuple[int, int]] = {}
    for post in list(known.posts.values()) if known is not None else ():
        for word, (number, at_s) in list(post.said.items()):
            if at_s >= since_s and (word not in newest or newest[word][1] <= at_s):
                newest[word] = number, at_s
    return {word: newest[word][0] for word in HEAD_WORDS if word in newest}


def figures_of(rows: Sequence[Row], heads: Mapping[str, int]) -> TransferFiguresRecord:
    """Figures of the rows of one village, with what its posts have reported by number."""
    by_name = persons_of(row for row in rows if row.people in AWAY)
    known, uncounted = persons_of(rows), sum(row.persons < 0 for row in rows)
    moved = heads.get("moved", 0)
    by_number = moved if uncounted else min(moved, known)
    states = Counter(row.people.word for row in rows)
    return TransferFiguresRecord(
        rows=len(rows),
        open=sum(row.is_open for row in rows),
        states=dict(sorted(states.items())),
        persons=known,
        uncounted=uncounted,
        helpless=sum(max(row.helpless, 0) for row in rows),
        out_by_name=by_name,
        confirmed=persons_of(row for row in rows if row.people is People.SAFE),
        heads=dict(heads),
        out=max(by_name, by_number),
        contradictions=list(_contradictions(rows, heads, known, by_name, is_counted=not uncounted)),
    )


def sum_of(parts: Iterable[TransferFiguresRecord]) -> TransferFiguresRecord:
    """Figures of several villages together."""
    found = list(parts)
    states: Counter[str] = Counter()
    heads: Counter[str] = Counter()
    for figures in found:
        states.update(figures.states)
        heads.update(figures.heads)
    return TransferFiguresRecord(
        rows=sum(figures.rows for figures in found),
        open=sum(figures.open for figures in found),
        states=dict(sorted(states.items())),
        persons=sum(figures.persons for figures in found),
        uncounted=sum(figures.uncounted for figures in found),
        helpless=sum(figures.helpless for figures in found),
        out_by_name=sum(figures.out_by_name for figures in found),
        confirmed=sum(figures.confirmed for figures in found),
        heads={word: heads[word] for word in HEAD_WORDS if word in heads},
        out=sum(figures.out for figures in found),
        contradictions=[said for figures in found for said in figures.contradictions],
    )


def persons_of(rows: Iterable[Row]) -> int:
    """Persons that the register has counted in rows."""
    return sum(max(row.persons, 0) for row in rows)


def _contradictions(
    rows: Sequence[Row], heads: Mapping[str, int], known: int, by_name: int, *, is_counted: bool
) -> Iterable[str]:
    place = rows[0].village if rows else ""
    moved, n_open = heads.get("moved"), sum(row.is_open for row in rows)
    to_move, refused = heads.get("to_move"), heads.get("refused", 0)
    if moved is not None and is_counted and moved > known:
        yield f"{place}: {moved} moved by number, the list has {known} persons"
    if to_move is not None and is_counted and to_move != known:
        yield f"{place}: {to_move} to move by number, the list has {known} persons"
    if moved is not None and by_name > moved:
        yield f"{place}: {by_name} out by name, {moved} by number"
    if moved is not None and to_move is not None and n_open and 0 < to_move <= moved + refused:
        yield f"{place}: by number nobody is left, {n_open} rows are open by name"
    doubts = [f"{row.code}: {row.doubt}" for row in rows if row.doubt]
    yield from doubts[:DOUBTS_SHOWN]
