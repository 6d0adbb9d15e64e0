"""The command ``warnstream takeover``: the box that stands by leads."""

import time
from pathlib import Path

from msgspec import structs

from warnstream.adapters.journal.journal import DirectoryLock
from warnstream.adapters.standby.leadership import read_leadership, why_not_here, write_leadership
from warnstream.commands.standby.which import box_of, why_not_of_now
from warnstream.config.settings import Configuration
from warnstream.model.errors import StoreError, WarnstreamError
from warnstream.runners.standby.takeover import answer_of, ask, is_waiting, take_back

WAIT_S_MAX = 180.0
"""A box that is asked to stop ends what its channels have in hand, and a large county takes its time."""

LOOK_S = 0.1


def take_over(configuration: Configuration) -> str:
    """Let this box lead; what was done, in one line.

    Raises
    ------
    WarnstreamError
        If this machine is none of two boxes, leads already, cannot lead, or does not come to it in time.
    """
    directory = configuration.storage.directory
    known = read_leadership(directory)
    box = box_of(configuration, known.box if known else "")
    assert known is not None
    if known.is_leading:
        raise WarnstreamError(f"{box} leads already (term {known.term})")
    try:
        lock = DirectoryLock(directory)
    except StoreError:  # it runs: it does so itself
        return _wait(directory, box)
    lock.release()
    if not known.log:
        raise WarnstreamError(f"{box} has nothing yet: it has never followed the other box")
    leads = structs.replace(known, role="leads", term=known.term + 1, leader=box, kept_aside="")
    write_leadership(directory, leads)
    return f"{box} does not run; it leads from its next start on (term {leads.term})"


def _wait(directory: Path, box: str) -> str:
    ask(directory)
    deadline = time.monotonic() + WAIT_S_MAX
    try:
        while time.monotonic() < deadline:
            is_heard, answer = not is_waiting(directory), answer_of(directory)
            if answer is not None and answer.is_done:
                return answer.text
            if answer is not None:
                raise WarnstreamError(f"{box} does not take over: {answer.text}")
            if is_heard:
                raise WarnstreamError(f"{box} was started anew meanwhile and has not taken over: ask again")
            time.sleep(LOOK_S)
    finally:
        take_back(directory)
    raise WarnstreamError(f"{box} has not taken over within {WAIT_S_MAX:.0f} s; its log says why")


def demand_leading(configuration: Configuration) -> None:
    """Nothing is written by hand into the log of a box that does not lead, or beside the log that counts.

    Raises
    ------
    WarnstreamError
        If this machine is such a box; the text says who leads. If its node does not work, since the other box
        may have taken over: what waits here would never be carried out. If the log is a partition of Kafka
        and no bridge runs here, which would take it.
    """
    directory = configuration.storage.directory
    if configuration.kafka is not None:
        try:
            DirectoryLock(directory).release()
        except StoreError:  # a bridge runs: it takes the order
            return
        raise WarnstreamError(
            f"the bridge of this county does not run with {directory}: say it where it does"
        )
    if configuration.standby is None:
        return
    why = why_not_here(configuration.storage.directory)
    if why:
        raise WarnstreamError(why)
    if why := why_not_of_now(configuration):
        raise WarnstreamError(
            f"{why}: nothing is taken here before it leads; give it there, or start this one"
        )
