"""Orders of drills in the log of a box that has taken over, which the other one may not have carried out."""

from pathlib import Path

from warnstream.adapters.journal.journal import Journal
from warnstream.model.alarms import AlarmPort
from warnstream.model.hands.drills import DrillAct, DrillOrder, drill_name
from warnstream.runners.drill.folders import has_begun
from warnstream.runners.intake.entries import DRILL, decode_drill

LOOKS_BACK = 50_000
"""Entries; a county writes some hundred thousand a day."""

RECENT_S = 120.0
"""A drill that was ordered so shortly before the end of the log may not have begun on the other box yet."""


def orders_left(journal: Journal, storage: Path, alarms: AlarmPort) -> list[tuple[int, DrillOrder]]:
    """Orders of the newest entries that drills are to be given, with their entries; each is taken once.

    A drill that was ordered longer ago, and whose log is not here, cannot be gone on with: an alarm says so.
    StoreError if the log cannot be read.
    """
    last = journal.last_sequence()
    after = max(last - LOOKS_BACK, journal.first_sequence() - 1)
    newest_s, found = 0.0, list[tuple[int, float, DrillOrder]]()
    for number, at_s, kind, payload in journal.timed_since(after):
        newest_s = max(newest_s, at_s)
        if kind == DRILL:
            found.append((number, at_s, decode_drill(payload)))
    left = []
    for number, at_s, order in found:
        age_s, name = newest_s - at_s, drill_name(order.identifier)
        is_known = order.act is DrillAct.STOP or has_begun(storage, order.identifier)
        if is_known or age_s <= RECENT_S:
            left.append((number, order))
        elif age_s <= order.for_s:
            text = f"drill {name} was on under the other box, its log is not here: its doors hear no end"
            alarms.raise_alarm(f"exercise:{name}:lost", text, is_blocking=False)
    return left
