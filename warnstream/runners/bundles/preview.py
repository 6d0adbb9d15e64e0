"""What a configuration would do to the county as it is now, before it goes live. Read only.

The node's newest snapshot and the entries after it are taken by an engine of that configuration, as a start
would take them, and one step is judged. The same is done with the bundle that runs: what that would do
anyhow is not the change's doing. The node may be running; it is asked for nothing.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from warnstream.config.settings import Configuration
from warnstream.model.effects import Effects
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.runners.bundles.beside import take_over

Warned = tuple[str, str]
"""Village code and hazard."""


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
    beside = take_over(configuration, storage)
    network, step = beside.network, beside.step
    asked = [beside.changed] if beside.changed else []
    found = Found(beside.now_s, notes=beside.notes)
    for effects in (*asked, step.effects):
        _take(found, effects, network)
    codes, assessment = network.villages.code, beside.engine.assessment
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
