"""Several configurations over one stream of readings; those that observe alike share what they observe.

Gauges, windows, quality, forecast and the rain of places are worked out once where
configurations agree in all of it, and levels where a hazard's rule is the same, too; warnings and texts are
each configuration's own.
Every one finds what it would find by itself, byte for byte.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace

import numpy as np

from warnstream.assessment.rule_needs import Whole, known_stages_m, noon_of
from warnstream.config.settings import Configuration
from warnstream.engine import Engine, EngineStep
from warnstream.hazards.registry import kind_of
from warnstream.model.observations.readings import ReadingBatch
from warnstream.model.radar.fields import Frame
from warnstream.model.rules.rules import HazardRule
from warnstream.runners.build import Derived, assemble, derive


class SideBySide:
    """Engines of configurations that observe alike.

    Parameters
    ----------
    derived : sequence of Derived
        Of the configurations of one group of `alike`.

    Attributes
    ----------
    engines : list of Engine
        In the order of the configurations.
    """

    def __init__(self, derived: Sequence[Derived]) -> None:
        needs = tuple(need for derivation in derived for need in derivation.whole.needs)
        self.engines = [_assembled(part, needs) for part in derived]
        first, *others = self.engines
        for engine in others:
            engine.assessment.share(first.assessment)
        self._share_rules(derived)

    def step(self, readings: ReadingBatch, now_s: int, frames: Sequence[Frame] = ()) -> list[EngineStep]:
        """What each engine found, in the order of the configurations."""
        observed = self.engines[0].assessment.observe(readings, now_s, (), frames)
        found = []
        for engine in self.engines:
            assessed = engine.assessment.judge(observed)
            effects = engine.desk.step(assessed.changes, now_s, engine.assessment.reason_now)
            found.append(EngineStep(assessed, effects))
        return found

    def dry_until_s(self, wet_s: int) -> int:
        """Before when no minute can change anything in which only dry reports come (`MinutesThatCount`).

        Parameters
        ----------
        wet_s : int
            Time of the newest minute in which anything else came.
        """
        due_s = min(engine.desk.due_s() for engine in self.engines)
        for engine in self.engines if due_s else ():
            due_s = min(due_s, engine.assessment.dry_until_s(wet_s))
        return due_s

    def _share_rules(self, derived: Sequence[Derived]) -> None:
        """What the same rule finds is found once, by the first that has it."""
        judges: dict[bytes, Engine] = {}
        for engine, part in zip(self.engines, derived, strict=True):
            for rule in part.configuration.rules:
                if not _is_shareable(rule):
                    continue
                digest = hashlib.sha256(repr(rule.name in part.whole.numberless).encode())
                _add(digest, rule)
                judge = judges.setdefault(digest.digest(), engine)
                if judge is not engine:
                    engine.assessment.share_rule(rule.name, judge.assessment)


def _is_shareable(rule: HazardRule) -> bool:
    """Whether what a rule finds rests on it and on what is observed alone.

    Conditions of an operator's own rules remember beside each other and may read other hazards' levels;
    probabilities are worked out for all rules together.
    """
    return not kind_of(rule).has_conditions and not rule.expected


def alike(configurations: Sequence[Configuration]) -> list[list[int]]:
    """Numbers of configurations in groups that observe alike, in order."""
    groups: dict[bytes, list[int]] = {}
    for number, configuration in enumerate(configurations):
        groups.setdefault(_observed_by(derive(configuration)), []).append(number)
    return list(groups.values())


def _assembled(derived: Derived, needs: Sequence[object]) -> Engine:
    whole: Whole = replace(derived.whole, needs=needs)  # type: ignore[arg-type]
    return assemble(replace(derived, whole=whole))


def _observed_by(derived: Derived) -> bytes:
    """Digest of all that decides on what is observed.

    Of the rules these are the stages that they think possible at a gauge, and the noon of fire
    weather; that they ask for other windows changes none that another asks for.
    """
    configuration, network = derived.configuration, derived.configuration.network
    digest = hashlib.sha256()
    for part in (
        network.stations,
        network.places,
        network.villages.code,
        configuration.windows,
        configuration.quality,
        configuration.counters,
        configuration.forecast,
        configuration.village,
        configuration.signs,
        configuration.past_days,
        [grid.policy for grid in configuration.grids],
        configuration.logger_files,
        derived.weights,
        configuration.chance_table.digest if derived.ahead and configuration.chance_table else "",
        derived.radar is not None,
        known_stages_m(derived.whole.needs, len(network.stations)),
        noon_of(derived.whole.needs),
    ):
        _add(digest, part)
    return digest.digest()


def _add(digest: "hashlib._Hash", part: object) -> None:
    """A part and all that it holds; arrays by their bytes, whatever else by its words."""
    if isinstance(part, np.ndarray):
        digest.update(f"{part.dtype}{part.shape}".encode() + np.ascontiguousarray(part).tobytes())
    elif is_dataclass(part):
        digest.update(type(part).__name__.encode())
        for field in fields(part):
            _add(digest, getattr(part, field.name))
    elif isinstance(part, Mapping):
        for key, value in part.items():
            _add(digest, (key, value))
    elif isinstance(part, Iterable) and not isinstance(part, str | bytes | frozenset):
        digest.update(b"(")
        for member in part:
            _add(digest, member)
        digest.update(b")")
    else:
        digest.update(repr(sorted(part) if isinstance(part, frozenset) else part).encode())
