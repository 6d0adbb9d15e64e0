"""A node's state as of now, beside it: what it has kept, taken over by a configuration. Read only."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from warnstream import __version__
from warnstream.adapters.bundles.store import BundleStore
from warnstream.adapters.journal.extents import find_extent, read_entries
from warnstream.adapters.journal.snapshots import SnapshotFiles
from warnstream.config.settings import Configuration
from warnstream.engine import Engine, EngineStep
from warnstream.model.effects import Effects
from warnstream.model.errors import WarnstreamError
from warnstream.model.network import Network
from warnstream.model.observations.readings import empty_batch
from warnstream.runners.bundles.frozen import load_bundle
from warnstream.runners.history.start import begin, entry_of
from warnstream.runners.intake.history_entries import CONFIGURATION, encode
from warnstream.runners.replay.journal_entries import journal_folder


class NothingJudgedError(WarnstreamError):
    """There was no step yet: nothing stands, and nobody can be told anything by a change."""


@dataclass(frozen=True, slots=True)
class Beside:
    """An engine after one step without news.

    Attributes
    ----------
    now_s : int
        Engine time.
    engine : Engine
    network : Network
        Villages of the configuration by their numbers; those that are gone and have a warning follow.
    changed : Effects or None
        What the change of the configuration asked for; None where it is the one that ran.
    step : EngineStep
    notes : list of str
        What of the state begins anew.
    """

    now_s: int
    engine: Engine
    network: Network
    changed: Effects | None
    step: EngineStep
    notes: list[str]


def take_over(configuration: Configuration, storage: Path) -> Beside:
    """The state of a storage directory under a configuration, as a start would take it.

    Raises
    ------
    WarnstreamError
        If the storage directory has no journal yet, or it cannot be read.
    NothingJudgedError
        If there was no step.
    """
    folder = journal_folder(storage)
    extent = find_extent(folder)
    first = extent.segments[0].first_sequence

    def entries_after(number: int) -> Iterator[tuple[int, str, bytes]]:
        return read_entries(extent, max(number + 1, first))

    snapshot = next(SnapshotFiles(folder).newest_first(), None)
    present = entry_of(configuration, __version__, 0)
    store = BundleStore(storage)

    def bundle_of(number: int) -> Configuration:
        return load_bundle(store.bundle(number))

    start = begin(configuration, present, snapshot, entries_after, [], bundle_of=bundle_of)
    for _ in start.replay(entries_after(start.begins_after)):
        pass
    intake, network = start.intake, start.kept.configuration.network
    if intake.now_s < 0:
        raise NothingJudgedError(f"{folder}: nothing has been judged yet")
    changed = intake.consume(CONFIGURATION, encode(present)).changed_over if start.is_changed else None
    step = intake.engine.step(empty_batch(), [], intake.now_s)
    return Beside(intake.now_s, intake.engine, network, changed or None, step, start.notes)
