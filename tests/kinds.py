"""A kind of hazard whose evaluator is another one, for tests of what goes wrong."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from warnstream.hazards.registry import HAZARD_KINDS
from warnstream.hazards.sources import HazardSources
from warnstream.model.rules.indicators import HazardLevels, VillageRain
from warnstream.model.rules.rules import HazardRule


def judge_by(
    monkeypatch: pytest.MonkeyPatch,
    evaluator: str,
    evaluate: Callable[[HazardRule, VillageRain], HazardLevels],
) -> None:
    """Judge all hazards of an evaluator by a function of their rain, for as long as the test runs."""

    def by_rain(rule: HazardRule, sources: HazardSources) -> HazardLevels:
        return evaluate(rule, sources.rain)

    monkeypatch.setitem(HAZARD_KINDS, evaluator, replace(HAZARD_KINDS[evaluator], evaluate=by_rain))
