"""The command ``warnstream clock accept``: the duty officer says that the system's clock is right.

An entry of the journal, like an end by hand: of the running node, or, where none
runs, appended here, for the next start to go by.
"""

import time
from contextlib import closing

from warnstream.adapters.journal.journal import Journal
from warnstream.commands.standby.takeover import demand_leading
from warnstream.config.settings import Configuration
from warnstream.model.effects import ClockAccepted
from warnstream.model.errors import StoreError, WarnstreamError
from warnstream.model.times import iso_utc
from warnstream.runners.intake.entries import CLOCK, encode_clock
from warnstream.runners.live.orders import leave_order

WAIT_S_MAX = 10.0
"""How long the command waits for a running node."""

LOOK_S = 0.2


def accept_clock(configuration: Configuration, author: str, reason: str) -> str:
    """Let a node take the time of the system's clock, whatever jump it made; what was done, in one line.

    Raises
    ------
    WarnstreamError
        If author or reason is missing, or the disk refuses.
    """
    author, reason = author.strip(), reason.strip()
    if not author or not reason:
        raise WarnstreamError("expected --author and --reason: both are kept in the journal")
    if configuration.node.clock != "system":
        raise WarnstreamError("node.clock is simulated: this node goes by the time that it is told")
    demand_leading(configuration)
    accepted, directory = ClockAccepted(author, reason), configuration.storage.directory
    now = iso_utc(int(time.time()))
    try:
        journal = Journal(directory, segment_bytes=configuration.storage.journal_segment_bytes)
    except StoreError:  # a node runs: it takes the order itself
        left = leave_order(directory, accepted)
        deadline = time.monotonic() + WAIT_S_MAX
        while time.monotonic() < deadline:
            if not left.exists():
                return f"the system clock, {now}, is accepted by {author}"
            time.sleep(LOOK_S)
        return f"the order is left in {left}; the node has not carried it out yet"
    with closing(journal):
        journal.append(CLOCK, encode_clock(accepted))
    return f"no node runs; the system clock, {now}, counts at the next start"
