"""The outbox of a storage directory, opened with its ledger of doors."""

from collections.abc import Callable

from warnstream.adapters.ledger.beside import MainOutbox
from warnstream.adapters.ledger.book import AskLog
from warnstream.config.settings import Configuration
from warnstream.runners.history.kept import keep_rows

OWNER = "node"
"""Who sends what this outbox holds: one process alone, since its folder is locked, whatever its name."""


def open_outbox(
    configuration: Configuration, keep_outcomes: AskLog, event_clock: Callable[[], float] | None = None
) -> MainOutbox:
    """Rows and ledger; doors that an earlier version left in rows come with their villages.

    Parameters
    ----------
    configuration : Configuration
    keep_outcomes : callable
        Takes an entry of outcomes of doors; done once it is durable.
    event_clock : callable, optional
        The time in which outcomes are kept; not needed where nobody sends.

    Raises
    ------
    StoreError
        If its files cannot be used.
    """
    directory = configuration.storage.directory
    outbox = MainOutbox.open_or_begin_anew(directory, OWNER)
    known = keep_rows(configuration, (), None, outbox.villages_of_door_rows()).configuration
    outbox.open_doors(directory, known.network, keep_outcomes, event_clock, configuration.channels)
    return outbox
