"""Rules as an operator writes them, judged without files."""

from dataclasses import dataclass, field

import numpy as np

from tests.networks import LOWERING, QUALITY, T0, WINDOWS, nearest_weights, network_of, rain
from warnstream.assessment import Assessment, Weights
from warnstream.config.faults import FaultLog
from warnstream.config.rules.context import ParsedRule, RuleContext
from warnstream.config.rules.parser import parse_levels
from warnstream.config.thresholds.rows import duration_fault
from warnstream.config.yaml.tree import read_yaml
from warnstream.model.changes import LevelChange
from warnstream.model.level import Level
from warnstream.model.network import ChainPost
from warnstream.model.observations.readings import ReadingBatch, empty_batch
from warnstream.model.observations.signs import SignKind, SignPolicy, SignReport, SignVerdict
from warnstream.model.rules.expressions import RuleTable, Term
from warnstream.model.rules.rules import HazardRule

SIGNS = SignPolicy((SignKind("crack", "裂缝", "Crack"), SignKind("sound", "异响", "Sound")), 24 * 3600)


def plain(text: str) -> list[object]:
    """Levels of a rule as the YAML reader of configurations gives them."""
    faults = FaultLog()
    tree = read_yaml("thresholds.yaml", text, faults)
    faults.raise_if_any()
    assert tree is not None
    assert isinstance(tree.plain, list)
    return tree.plain


def parse(text: str, **context: object) -> ParsedRule:
    facts: dict[str, object] = {
        "hazard": "own",
        "hazards": ("own", "landslide", "other"),
        "sign_kinds": ("crack", "sound"),
        "clear_ratio": 0.8,
        "stale_after_s": 1800,
        "longest_s": 24 * 3600,
        "duration_fault": duration_fault,
    }
    return parse_levels(plain(text), RuleContext(**(facts | context)))  # type: ignore[arg-type]


def rule_of(text: str, name: str = "own", n_villages: int = 2, **context: object) -> HazardRule:
    """A rule over villages that hear one station each; columns are ``{name: values}``."""
    columns = context.pop("amounts", {})
    assert isinstance(columns, dict)
    parsed = parse(text, hazard=name, **context)
    assert parsed.faults == []
    table = RuleTable(
        tuple(parsed.levels), {f":{key}": np.array(values) for key, values in columns.items()}, {}
    )
    stations = {
        leaf.quantity.station: np.full(
            n_villages, int(leaf.quantity.station.removeprefix("station S")), np.int32
        )
        for leaf in table.leaves()
        if isinstance(leaf, Term) and leaf.quantity.station
    }
    table = RuleTable(table.levels, table.columns, stations)
    return HazardRule(name, "rule", "规则", "Rule", table, 0.0, Level.NONE, LOWERING, "test")


@dataclass
class County:
    """Two villages, two stations, time in minutes after T0."""

    rules: tuple[HazardRule, ...]
    assessment: Assessment = field(init=False)

    def __post_init__(self) -> None:
        self.assessment = self._new()

    def _new(self) -> Assessment:
        weights = nearest_weights(2, 2)
        network = network_of(2, 2)
        posts = (
            ChainPost("p1", "grid member", 1, "V0", "sms", ""),
            ChainPost("p2", "leader", 2, "T", "sms", ""),
        )
        network = type(network)(network.stations, network.villages, network.households, posts)
        return Assessment(
            network,
            self.rules,
            weights=Weights(weights, weights),
            windows=WINDOWS,
            quality=QUALITY,
            nowcast=None,
            signs=SIGNS,
        )

    def at(
        self,
        minute: int,
        readings: ReadingBatch | None = None,
        *said: SignReport | SignVerdict,
        restart: bool = False,
    ) -> list[LevelChange]:
        """One step; with `restart` from a snapshot."""
        if restart:
            state, self.assessment = self.assessment.snapshot(), self._new()
            self.assessment.restore(state)
        batch = empty_batch() if readings is None else readings
        return self.assessment.step(batch, T0 + 60 * minute, said).changes

    def fall(self, minute: int, *mm: float) -> list[LevelChange]:
        """Rain of the last five minutes at S0, S1."""
        return self.at(minute, rain(*((s, 60 * minute, amount) for s, amount in enumerate(mm))))

    def level(self, hazard: str = "own") -> list[int]:
        return [int(level) for level in self.assessment.level(hazard).level]
