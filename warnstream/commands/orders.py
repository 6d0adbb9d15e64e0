"""The commands by which people lay a hand on warnings: issue, raise, lower, end, correct, extend and others.

An order is an entry of the journal: of the running node, which says what is wrong with it, or, where
none runs, appended here, for the next start to carry out.
"""

import time
from contextlib import closing

from warnstream.adapters.http.models.orders import RehearsalRecord
from warnstream.adapters.journal.journal import Journal
from warnstream.config.settings import Configuration
from warnstream.delivery.dispatch.finishing import span
from warnstream.desk import WarningDesk
from warnstream.model.digests import HelpAssign, HelpClose
from warnstream.model.errors import StoreError, WarnstreamError
from warnstream.model.hands.orders import HandOrder
from warnstream.model.hands.requests import OrderFaultsError, OrderRequest
from warnstream.runners.live.orders import AnyOrder, entry_of, faults_on, leave_order, take_problems
from warnstream.runners.orders.request import agreement_faults, order_of
from warnstream.runners.replay.past_engine import past_of_journal

WAIT_S_MAX = 20.0
"""How long a command waits for a running node."""

LOOK_S = 0.1


def give(configuration: Configuration, request: OrderRequest) -> str:
    """Give an order; what was done, in one line.

    Raises
    ------
    OrderFaultsError
        With everything that is wrong with it; nothing has changed.
    WarnstreamError
        If the disk refuses, or the node does not take it in time.
    """
    order = order_of(request, configuration)
    place = f" for {len(order.villages)} villages" if order.villages else ""
    return f"{order.kind} {order.identifier}{place}: {hand_over(configuration, order)}"


def hand_over(configuration: Configuration, order: AnyOrder) -> str:
    """Hand an order to the node, or to its journal where none runs; what became of it.

    Raises
    ------
    OrderFaultsError, WarnstreamError
        As of `give`.
    """
    directory = configuration.storage.directory
    try:
        journal = Journal(directory, segment_bytes=configuration.storage.journal_segment_bytes)
    except StoreError:  # a node runs: it takes the order itself
        return _leave(configuration, order)
    with closing(journal):
        desk = _desk_of(configuration)
        faults = faults_on(desk, order)
        if isinstance(order, HandOrder):
            faults += agreement_faults(order, desk, configuration)
        if faults:
            raise OrderFaultsError(faults)
        journal.append(*entry_of(order))
    return "no node runs; it is carried out at the next start"


def _leave(configuration: Configuration, order: AnyOrder) -> str:
    left = leave_order(configuration.storage.directory, order)
    deadline = time.monotonic() + WAIT_S_MAX
    while time.monotonic() < deadline:
        if not left.exists():
            if problems := take_problems(left):
                raise OrderFaultsError(problems)
            waits = isinstance(order, HandOrder) and order.kind.is_floor
            return "taken" if not waits else "taken; `warnstream who` shows what stands and what waits"
        time.sleep(LOOK_S)
    raise WarnstreamError(f"the order is left in {left}; the node has not taken it yet")


def _desk_of(configuration: Configuration) -> WarningDesk:
    past = past_of_journal(configuration, configuration.storage.directory, None, lambda _now_s: None)
    return past.engine.desk


def rehearsal_lines(record: RehearsalRecord) -> list[str]:
    """A rehearsal as text: villages, doors, and when the last of them is told."""
    doors = sum(record.doors.values())
    lines = [f"{record.kind}: {len(record.villages)} villages, {doors} doors; nothing was done"]
    for name, count in record.doors.items():
        took_s = record.seconds.get(name)
        speed = "no rate is configured" if took_s is None else f"the last is told after {span(took_s)}"
        lines.append(f"  {name}: {count} doors, {speed}")
    unknown = sorted(record.doors.keys() - record.seconds.keys())
    if record.seconds and not unknown:
        lines.append(
            f"finished after {span(max(record.seconds.values()))}, if nothing else waits and nothing fails"
        )
    elif unknown:
        lines.append(f"when it is finished is not known: set rate_per_s of {', '.join(unknown)}")
    return lines


def give_help(configuration: Configuration, action: HelpAssign | HelpClose) -> str:
    """Assign or close a call for help; what was done, in one line."""
    done = "closed" if isinstance(action, HelpClose) else f"goes to {action.person}"
    return f"help {action.help} {done}: {hand_over(configuration, action)}"
