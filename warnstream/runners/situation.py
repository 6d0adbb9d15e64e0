"""What a node tells people of its county: stations, villages by level, open warnings, as JSON values."""

from collections.abc import Sequence

import numpy as np

from warnstream.config.settings import Configuration
from warnstream.desk import WarningStatus
from warnstream.engine import EngineStep
from warnstream.model.level import Level
from warnstream.model.network import Network, Villages
from warnstream.model.times import iso_utc

CODES_SHOWN_MAX = 50
"""Silent stations and blind villages that are named; the count is always complete."""


def describe_step(
    configuration: Configuration, step: EngineStep, now_s: int, levels: dict[str, dict[str, int]]
) -> dict[str, object]:
    """The county after a step; `levels` are villages by hazard and word of their level."""
    network, assessed = configuration.network, step.assessment
    return {
        "node": configuration.node.name,
        "now": iso_utc(now_s),
        "clock": configuration.node.clock,
        "stations": _describe_stations(network, np.flatnonzero(~assessed.is_reporting)),
        "villages": {**_describe_villages(network, np.flatnonzero(assessed.is_blind)), "levels": levels},
    }


def _describe_stations(network: Network, silent: np.ndarray) -> dict[str, object]:
    total = len(network.stations)
    named = [network.stations.code[index] for index in silent[:CODES_SHOWN_MAX]]
    return {"total": total, "reporting": total - len(silent), "silent": named}


def _describe_villages(network: Network, blind: np.ndarray) -> dict[str, object]:
    named = [network.villages.code[index] for index in blind[:CODES_SHOWN_MAX]]
    return {"total": len(network.villages), "blind": len(blind), "blind_codes": named}


def count_levels(level: np.ndarray) -> dict[Level, int]:
    """Villages at each level, those without one too."""
    counts = np.bincount(level, minlength=len(Level))
    return {one: int(counts[one]) for one in Level}


def describe_warnings(warnings: Sequence[WarningStatus], villages: Villages) -> list[dict[str, object]]:
    """Open warnings in the order given."""
    return [
        {
            "warning": warning.warning,
            "village": villages.code[warning.village],
            "name": villages.name[warning.village],
            "hazard": warning.hazard,
            "level": warning.level.word,
            "state": str(warning.state),
            "version": warning.version,
            "crossed_at": iso_utc(warning.crossed_at_s),
            "expires": iso_utc(warning.expires_s),
            "posts_called": len(warning.posts_called),
            "posts_answered": len(warning.posts_answered),
            "answer_by": iso_utc(warning.answer_by_s) if warning.answer_by_s else None,
            "waits_for_affirmation": warning.unaffirmed_s > 0,
        }
        for warning in warnings
    ]
