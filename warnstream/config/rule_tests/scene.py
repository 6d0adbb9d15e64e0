"""What a test is checked against: one configuration, one file, and the faults found in it."""

from collections.abc import Collection
from dataclasses import dataclass, field

from warnstream.config.faults import FaultLog
from warnstream.config.settings import Configuration
from warnstream.config.yaml.tree import Location, YamlTree, path_text


@dataclass(slots=True)
class Scene:
    """One file of tests and the configuration that it is about.

    Attributes
    ----------
    configuration : Configuration
    tree : YamlTree
    faults : FaultLog
    village, station : dict of str to int
        Numbers by code.
    """

    configuration: Configuration
    tree: YamlTree
    faults: FaultLog
    village: dict[str, int] = field(init=False)
    station: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.village = self.configuration.network.villages.index_of_code()
        self.station = self.configuration.network.stations.index_of_code()

    @property
    def hazards(self) -> list[str]:
        """Names of all hazards."""
        return [rule.name for rule in self.configuration.rules]

    @property
    def posts(self) -> set[str]:
        """Codes of all posts."""
        return {post.post for post in self.configuration.network.chain}

    def line_of(self, location: Location) -> int:
        """Line of a key of the file."""
        return self.tree.line_of(location)

    def fault(self, location: Location, expected: str) -> None:
        """Note a fault at a key."""
        self.faults.add(self.tree.file, self.line_of(location), path_text(location), expected)

    def known(self, location: Location, value: str, words: Collection[str]) -> bool:
        """Whether a word is among the known ones; a fault that suggests the nearest if not."""
        if value in words:
            return True
        self.faults.add_unknown(self.tree.file, self.line_of(location), path_text(location), value, words)
        return False
