"""The command ``warnstream end``, and what ``check`` says of rows removed under a warning that stands.

Ending by hand is an entry of the journal: of the running node, or, where none
runs, appended here, for the next start to carry out.
"""

import shlex
import time
from collections.abc import Iterator
from contextlib import closing

from warnstream.adapters.journal.journal import Journal
from warnstream.commands.orders import give
from warnstream.commands.standby.takeover import demand_leading
from warnstream.config.settings import Configuration
from warnstream.config.tables.stations_and_villages import VILLAGES_FILE
from warnstream.desk import Case
from warnstream.model.effects import OperatorCancel
from warnstream.model.errors import Fault, StoreError, WarnstreamError
from warnstream.model.hands.requests import OrderRequest
from warnstream.runners.history.issued_history import IssuedHistory, read_history_of_folder
from warnstream.runners.history.renamed import named_as_before
from warnstream.runners.intake.entries import CANCEL, encode_cancel
from warnstream.runners.live.orders import leave_order

THRESHOLDS_FILE = "thresholds.yaml"

WAIT_S_MAX = 10.0
"""How long the command waits for a running node."""

LOOK_S = 0.2


def end_warning(configuration: Configuration, village: str, hazard: str, order: tuple[str, str]) -> str:
    """End the warning of a village and hazard by hand; what was done, in one line.

    Parameters
    ----------
    configuration : Configuration
    village, hazard : str
        As in messages; the configuration need not have them any more.
    order : (str, str)
        Author and reason; both are kept.

    Raises
    ------
    WarnstreamError
        If no such warning stands, or the node does not take the order in time.
    """
    demand_leading(configuration)
    hazard = configuration.network.hazards_were.get(hazard, hazard)
    author, reason = (text.strip() for text in order)
    if not author or not reason:
        raise WarnstreamError("expected --author and --reason: both are kept with the warning")
    standing = _standing_now(configuration)
    case = standing.get((village, hazard))
    if case is None:
        known = ", ".join(f"{code} {name}" for code, name in sorted(standing)) or "none"
        raise WarnstreamError(f"no warning of {hazard} stands for {village}; standing: {known}")
    cancel = OperatorCancel(case.warning.warning, author, reason)
    directory = configuration.storage.directory
    try:
        journal = Journal(directory, segment_bytes=configuration.storage.journal_segment_bytes)
    except StoreError:  # a node runs: it takes the order itself
        left = leave_order(directory, cancel)
        deadline = time.monotonic() + WAIT_S_MAX
        while time.monotonic() < deadline:
            if (village, hazard) not in _standing_now(configuration):
                return f"{cancel.warning} ended by {author}"
            time.sleep(LOOK_S)
        return f"{cancel.warning}: the order is left in {left}; the node has not carried it out yet"
    with closing(journal):
        journal.append(CANCEL, encode_cancel(cancel))
    return f"{cancel.warning}: no node runs; it ends at the next start"


def end_by_hand(
    configuration: Configuration,
    village: str,
    hazard: str,
    order: tuple[str, str],
    lasts: str = "",
    happened_at: str = "",
) -> str:
    """End a warning by hand, for a time where it is judged and people are named; what was done, in one line.

    Of a village or hazard that the configuration has no more, and in a county without operators.csv,
    it ends until a further rise.

    Raises
    ------
    WarnstreamError
        As of `end_warning` and of an order.
    """
    hazard = configuration.network.hazards_were.get(hazard, hazard)
    is_judged = village in configuration.network.villages.code
    is_judged = is_judged and hazard in {rule.name for rule in configuration.rules}
    if not (is_judged and configuration.operators):
        if happened_at:
            raise WarnstreamError("--happened-at: only what is judged, by a person of operators.csv")
        return end_warning(configuration, village, hazard, order)
    author, reason = order
    request = OrderRequest(
        kind="end",
        author=author,
        reason=reason,
        villages=[village],
        hazard=hazard,
        lasts=lasts,
        happened_at=happened_at,
    )
    return give(configuration, request)


def removal_faults(configuration: Configuration) -> Iterator[Fault]:
    """Villages and hazards that a node's warnings still need and the configuration has no more."""
    history = read_history_of_folder(configuration.storage.directory)
    named = named_as_before(configuration, [change for _, change in history.changes])
    villages, now = named.network.villages.index_of_name(), named.network.hazards_were
    hazards = {rule.name for rule in configuration.rules}
    for (village, hazard), case in sorted(_standing(history).items()):
        if village in villages and now.get(hazard, hazard) in hazards:
            continue
        where, what = (VILLAGES_FILE, village) if village not in villages else (THRESHOLDS_FILE, hazard)
        command = shlex.join(["warnstream", "end", str(configuration.directory), village, hazard])
        yield Fault(
            where,
            0,
            what,
            f"removed while a {case.warning.level.word} warning of {hazard} stands for {village}: "
            f"end it first with {command} --reason TEXT --author NAME",
        )


def _standing_now(configuration: Configuration) -> dict[tuple[str, str], Case]:
    """What stands in the storage directory, by the names that hazards have in a configuration."""
    history = read_history_of_folder(configuration.storage.directory)
    history.call_hazards(configuration.network.hazards_were)
    return _standing(history)


def _standing(history: IssuedHistory) -> dict[tuple[str, str], Case]:
    """Warnings that stand and have not been ended by hand."""
    return {
        key: case
        for key, case in history.open_cases().items()
        if case.warning.warning not in history.cancelled
    }
