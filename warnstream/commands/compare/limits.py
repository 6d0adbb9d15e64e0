"""``--fail-if``: a comparison as a check in CI."""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from warnstream.model.errors import WarnstreamError
from warnstream.model.level import LEVELS, Level, level_named
from warnstream.review.compare.comparison import Comparison
from warnstream.review.episodes import Outcome

OUTCOMES = (*(str(outcome) for outcome in Outcome), "split", "merged")
RELATIONS: dict[str, Callable[[int, int], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
_FORM = re.compile(r"\s*(\w+)\.(?:([\w-]+)\.)?(\w+)\s*(>=|<=|==|>|<)\s*(\d+)\s*")


@dataclass(frozen=True, slots=True)
class Limit:
    """A count of episodes that must not be.

    >>> limit = limit_of("added.slide.orange > 20", ("slide",))
    >>> limit.outcome, limit.hazard, limit.level, limit.relation, limit.number
    ('added', 'slide', <Level.ORANGE: 3>, '>', 20)
    """

    text: str
    outcome: str
    hazard: str | None
    level: Level
    relation: str
    number: int

    def holds(self, comparison: Comparison) -> bool:
        """Whether a comparison is what must not be."""
        count = comparison.count(self.outcome, self.level, self.hazard)
        return RELATIONS[self.relation](count, self.number)


def limit_of(text: str, hazards: Sequence[str]) -> Limit:
    """Read one rule.

    Parameters
    ----------
    text : str
    hazards : sequence of str
        Names of hazards that any of the configurations has.

    Raises
    ------
    WarnstreamError
        Naming what was expected.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise WarnstreamError(
            f"--fail-if {text!r}: expected OUTCOME[.HAZARD].LEVEL, one of {' '.join(RELATIONS)}, a number"
        )
    outcome, hazard, word, relation, number = found.groups()
    if outcome not in OUTCOMES:
        raise WarnstreamError(f"--fail-if {text!r}: {outcome!r}: expected one of {', '.join(OUTCOMES)}")
    if hazard is not None and hazard not in hazards:
        raise WarnstreamError(f"--fail-if {text!r}: {hazard!r}: expected one of {', '.join(hazards)}")
    level = level_named(word)
    if level is None:
        words = ", ".join(level.word for level in LEVELS)
        raise WarnstreamError(f"--fail-if {text!r}: {word!r}: expected one of {words}")
    return Limit(text.strip(), outcome, hazard, level, relation, int(number))
