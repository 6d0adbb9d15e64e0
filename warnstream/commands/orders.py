"""The commands by which people lay a hand on warnings: issue, raise, lower, end, correct, extend and others.

An order is an entry of the journal: of the running node, which says what is wrong with it, or, where
none runs, appended here, for the next start to carry out.
"""

import time
from collections import Counter
from contextlib import closing

from warnstream.adapters.journal.journal import Journal
from warnstream.config.settings import Configuration
from warnstream.desk import WarningDesk
from warnstream.model.digests import HelpAssign, HelpClose
from warnstream.model.errors import StoreError, WarnstreamError
from warnstream.model.orders import HandOrder, OrderKind
from warnstream.runners.live.orders import AnyOrder, entry_of, faults_on, leave_order, problems_of
from warnstream.runners.orders.request import OrderFaultsError, OrderRequest, order_of
from warnstream.runners.replay.past_engine import past_of_journal

WAIT_S_MAX = 20.0
"""How long a command waits for a running node."""

LOOK_S = 0.1

Record = dict[str, object]


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
        if faults := faults_on(_desk_of(configuration), order):
            raise OrderFaultsError(faults)
        journal.append(*entry_of(order))
    return "no node runs; it is carried out at the next start"


def _leave(configuration: Configuration, order: AnyOrder) -> str:
    left = leave_order(configuration.storage.directory, order)
    deadline = time.monotonic() + WAIT_S_MAX
    while time.monotonic() < deadline:
        if not left.exists():
            if problems := problems_of(left):
                raise OrderFaultsError(problems)
            waits = isinstance(order, HandOrder) and order.kind.is_floor
            return "taken" if not waits else "taken; `warnstream who` shows what stands and what waits"
        time.sleep(LOOK_S)
    raise WarnstreamError(f"the order is left in {left}; the node has not taken it yet")


def _desk_of(configuration: Configuration) -> WarningDesk:
    past = past_of_journal(configuration, configuration.storage.directory, None, lambda _now_s: None)
    return past.engine.desk


def rehearse(configuration: Configuration, request: OrderRequest) -> Record:
    """What an order would reach: villages, doors by channel, and how long telling them takes.

    Raises
    ------
    OrderFaultsError
        With everything that is wrong with it by itself; what stands is not looked at.
    """
    order = order_of(request, configuration)
    network = configuration.network
    number = network.villages.index_of_code()
    households = network.households
    doors = Counter(
        households.channel[door] for code in order.villages for door in households.of_village(number[code])
    )
    rates = {name: configuration.channels[name].rate_per_s for name in doors}
    seconds = {name: count / rate for name, count in doors.items() if (rate := rates[name])}
    return {
        "kind": str(order.kind),
        "villages": list(order.villages),
        "doors": dict(sorted(doors.items())),
        "seconds": {name: round(value, 1) for name, value in sorted(seconds.items())},
        "no_rate": sorted(name for name, rate in rates.items() if not rate),
        "tells_doors": order.kind not in (OrderKind.SILENCE, OrderKind.RESPOND),
    }


def rehearsal_lines(record: Record) -> list[str]:
    """A rehearsal as text."""
    villages, doors, seconds = record["villages"], record["doors"], record["seconds"]
    assert isinstance(villages, list)
    assert isinstance(doors, dict)
    assert isinstance(seconds, dict)
    lines = [f"{record['kind']}: {len(villages)} villages, {sum(doors.values())} doors; nothing was done"]
    for name, count in doors.items():
        took = f"done {seconds[name]:g} s after the first" if name in seconds else "no rate is configured"
        lines.append(f"  {name}: {count} doors, {took}")
    return lines


def give_help(configuration: Configuration, action: HelpAssign | HelpClose) -> str:
    """Assign or close a call for help; what was done, in one line."""
    done = "closed" if isinstance(action, HelpClose) else f"goes to {action.person}"
    return f"help {action.help} {done}: {hand_over(configuration, action)}"
