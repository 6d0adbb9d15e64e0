"""What the hazards of thresholds.yaml are checked against, and what a checked one is built from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from warnstream.config.faults import FaultLog
from warnstream.config.folder import Folder
from warnstream.config.thresholds.rows import Threshold
from warnstream.config.yaml.tree import Location, YamlTree, path_text
from warnstream.model.network import Stations, Villages, Zone
from warnstream.model.rules.rules import Thresholds


@dataclass(frozen=True, slots=True)
class ValidationContext:
    """What thresholds are checked against; None where the file that says it is wrong.

    `has_chances`: a table of probabilities is named. `model_reach_s` is as of `RuleContext`.
    """

    villages: Villages | None
    zones: tuple[Zone, ...]
    stations: Stations | None
    longest_s: int | None
    stage_m_range: tuple[float, float] | None
    has_chances: bool | None = None
    model_reach_s: int | None = None


Build = Callable[[Sequence[Threshold], Villages, Stations], Thresholds]
"""Thresholds of a hazard without fault, from its rows, over all places that are judged (`Places.site`)."""


class RuleReader(Protocol):
    """Reads the conditions of a hazard that is a rule of the operator's own."""

    def read(self, hazard: Any, context: "HazardContext") -> Build:
        """Note what is wrong; what builds its thresholds."""
        ...


@dataclass(frozen=True, slots=True)
class HazardContext:
    """One hazard among the files of a configuration.

    Attributes
    ----------
    name : str
    tree : YamlTree
        thresholds.yaml.
    folder : Folder
    around : ValidationContext
    rows : tuple of Threshold
        Its rows of its table, without fault.
    is_whole : bool
        No row of its table has a fault: what is missing is missing.
    evaluators : frozenset of str
        Those of all hazards.
    rules : RuleReader
    faults : FaultLog
    """

    name: str
    tree: YamlTree
    folder: Folder
    around: ValidationContext
    rows: tuple[Threshold, ...]
    is_whole: bool
    evaluators: frozenset[str]
    rules: RuleReader
    faults: FaultLog

    def fault(self, key: Location, expected: str) -> None:
        """Note what was expected at a key of the hazard."""
        location: Location = ("hazards", self.name, *key)
        self.faults.add(self.tree.file, self.tree.line_of(location), path_text(location), expected)

    def require(self, key: str, file: str | None) -> bool:
        """Whether a file that a key names is there; a fault where it is not."""
        if file is None:
            return False
        location: Location = ("hazards", self.name, key)
        self.folder.require(file, self.tree.file, self.tree.line_of(location), path_text(location))
        return self.folder.has(file)
