"""Levels go on from what people were told, where a changed configuration finds others.

Levels are worked out again from readings whenever the configuration changes; what
people were told is not. `align_levels` sets every level to what was told last. The
next step then finds the differences by itself and resolves them on the ordinary
path: what is found to be worse rises at once, as the next version of the warning;
what is found to be less falls with care. Nothing of the past is issued. Where a hand
binds a level, that is the machine's own level of then, not the one in force.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from warnstream.engine import Engine
from warnstream.lifecycle.machine import State
from warnstream.model.level import Level
from warnstream.model.network import Network


@dataclass(frozen=True, slots=True)
class Difference:
    """A village and hazard whose level, as the present configuration finds it, is not what people know."""

    village: str
    hazard: str
    issued: Level
    found: Level


def align_levels(engine: Engine, network: Network) -> list[Difference]:
    """Set every level to what was told last.

    Parameters
    ----------
    engine : Engine
    network : Network
        The villages that are judged.

    Returns
    -------
    list of Difference
        By hazard, then village.
    """
    n_villages = len(network.villages)
    by_hazard = defaultdict(list)
    for village, case in engine.desk.cases():
        by_hazard[case.warning.hazard].append((village, case))
    number = network.villages.index_of_code()
    differences = []
    for rule in engine.assessment.rules:
        issued = np.zeros(n_villages, dtype=np.uint8)
        is_held, is_free = np.zeros(n_villages, dtype=np.bool_), np.zeros(n_villages, dtype=np.bool_)
        for village, case in by_hazard[rule.name]:
            if village in number:
                at, state = number[village], case.warning.state
                issued[at] = case.machine_level
                is_held[at] = state is State.HELD or case.is_blind
                is_free[at] = state is State.ENDED and case.bound is None
        found = engine.assessment.level(rule.name).level.copy()
        for at in np.flatnonzero(engine.assessment.align(rule.name, issued, is_held, is_free)).tolist():
            levels = Level(int(issued[at])), Level(int(found[at]))
            differences.append(Difference(network.villages.code[at], rule.name, *levels))
    return differences
