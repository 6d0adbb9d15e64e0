"""People who have moved, by name, as two persons at screens confirm it."""

from warnstream.adapters.console.acts import Done, Said
from warnstream.delivery.ledger.states import People
from warnstream.desk import WarningDesk
from warnstream.model.hands.orders import Operator
from warnstream.model.network import Villages
from warnstream.model.transfers.marks import MARKED_MAX, MarkWord, RowMark
from warnstream.runners.orders.request import outside_of

CONFIRM = "confirm_move"


def mark_of(
    operator: Operator, said: Said, key: str, desk: WarningDesk, villages: Villages
) -> RowMark | Done:
    """The mark that an act asks for, or what is wrong with it.

    Without a `word` it confirms a move: the first of two different persons says that the rows are safe,
    the second one that they are.
    """
    rows = {code: desk.transfers.row(code) for code in dict.fromkeys(said.rows)}
    known = {code: row for code, row in rows.items() if row is not None}
    if not rows or len(rows) > MARKED_MAX:
        return Done("refused", problems=[f"rows: expected 1 to {MARKED_MAX}"])
    if unknown := [code for code in rows if code not in known]:
        return Done("stale", problems=[f"version: {code!r} is on no open transfer list" for code in unknown])
    number = villages.index_of_code()
    codes = list(dict.fromkeys(row.village for row in known.values()))
    if outside_of(operator, [code for code in codes if code in number], villages):
        return Done("forbidden", problems=[f"a row lies outside the area of {operator.person!r}"])
    word = said.word
    if not word:
        confirmed = {row.people is People.SAID_SAFE for row in known.values()}
        if len(confirmed) > 1:
            return Done(
                "refused", problems=["rows: some were said to be safe and others not: confirm them apart"]
            )
        word = MarkWord.SAFE if confirmed == {True} else MarkWord.SAID_SAFE
    mark = RowMark(key, tuple(rows), word, operator.person, said.reason.strip()[:200])
    faults = desk.mark_faults(mark)
    return Done("refused", problems=faults) if faults else mark
