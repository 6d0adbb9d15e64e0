"""What a configuration would do to the county as it is now, before it goes live. Read only.

The node's newest snapshot and the entries after it are taken by an engine of that configuration, as a start
would take them, and one step is judged. The same is done with the bundle that runs: what that would do
anyhow is not the change's doing. The node may be running; it is asked for nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from warnstream import __version__
from warnstream.adapters.bundles.store import BundleStore
from warnstream.adapters.journal.extents import find_extent, read_entries
from warnstream.adapters.journal.snapshots import SnapshotFiles
from warnstream.config.settings import Configuration
from warnstream.model.effects import Effects
from warnstream.model.errors import WarnstreamError
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.observations.readings import empty_batch
from warnstream.runners.bundles.frozen import load_bundle
from warnstream.runners.history.start import begin, entry_of
from warnstream.runners.intake.history_entries import CONFIGURATION, encode
from warnstream.runners.replay.journal_entries import journal_folder

Warned = tuple[str, str]
"""Village code and hazard."""


class NothingJudgedError(WarnstreamError):
    """There was no step yet: nothing stands, and nobody can be told anything by a change."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a configuration finds at one step after its start.

    Attributes
    ----------
    now_s : int
        Engine time.
    risen : dict of (str, str) to Level
        Warnings that would open or rise, by village code and hazard.
    falling : set of (str, str)
        Levels that fall, or stand below their clear value and fall when the hold time is over.
    told : dict of str to int
        Villages whose doors would be told something, and how many doors those are.
    blind : set of str
        Villages that hear no gauge of their own.
    notes : list of str
        What of the state begins anew.
    """

    now_s: int
    risen: dict[Warned, Level] = field(default_factory=dict)
    falling: set[Warned] = field(default_factory=set)
    told: dict[str, int] = field(default_factory=dict)
    blind: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def beside(self, other: "Found") -> "Found":
        """What is here and not there."""
        return Found(
            self.now_s,
            {key: level for key, level in self.risen.items() if other.risen.get(key) != level},
            self.falling - other.falling,
            {village: doors for village, doors in self.told.items() if village not in other.told},
            self.blind - other.blind,
            self.notes,
        )


def look_ahead(configuration: Configuration, storage: Path) -> Found:
    """What a node would find if it were started with a configuration now, on the storage directory given.

    Raises
    ------
    WarnstreamError
        If the storage directory has no journal yet, or it cannot be read.
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
    asked = list[Effects]()
    if start.is_changed and (changed := intake.consume(CONFIGURATION, encode(present)).changed_over):
        asked.append(changed)
    step = intake.engine.step(empty_batch(), [], intake.now_s)
    found = Found(intake.now_s, notes=start.notes)
    for effects in (*asked, step.effects):
        _take(found, effects, network)
    codes, assessment = network.villages.code, intake.engine.assessment
    found.blind.update(codes[village] for village in np.flatnonzero(step.assessment.sight.is_blind))
    for rule in assessment.rules:
        found.falling.update((codes[village], rule.name) for village in assessment.level(rule.name).falling())
    return found


def _take(found: Found, effects: Effects, network: Network) -> None:
    """What would be issued."""
    codes, first = network.villages.code, network.households.first_of_village
    for message in effects.messages:
        warned = codes[message.village], message.hazard
        if message.level > message.previous:
            found.risen[warned] = message.level
        elif message.level < message.previous:
            found.falling.add(warned)
    for bulletin in effects.bulletins:
        found.told[codes[bulletin.village]] = int(first[bulletin.village + 1] - first[bulletin.village])
