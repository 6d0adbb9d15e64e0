"""A test as the engine runs it: what is sent and said when, and what must be found."""

from dataclasses import dataclass, field

from warnstream.model.arrays import Int64Array
from warnstream.model.effects import Answer
from warnstream.model.level import Level
from warnstream.model.observations.readings import ReadingBatch

DOORS = "doors"
"""In the place of a post: the households of a village."""


@dataclass(frozen=True, slots=True)
class PlannedAnswer:
    """A post or household answers the last that it was told. Times are seconds UTC."""

    line: int
    at_s: int
    by: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class PlannedSign:
    """Somebody reports a sign (`is_validated` None), or says whether it is one."""

    line: int
    at_s: int
    village: str
    kind: str
    by: str
    is_validated: bool | None


@dataclass(frozen=True, slots=True)
class MessagePattern:
    """What a warning message must have; None and empty: anything."""

    village: int | None
    hazard: str
    level: Level | None
    type: str
    cause: str
    text: str


@dataclass(frozen=True, slots=True)
class CallPattern:
    """What a digest to a post, or a bulletin to doors, must have; None and empty: anything.

    `escalated_from` is a post that was asked before and did not answer; `again` how often the post was
    rung again.
    """

    to: str
    village: int | None
    hazard: str
    level: Level | None
    cause: str
    action: str
    escalated_from: str
    again: int | None
    needs_answer: bool | None
    text: str


@dataclass(frozen=True, slots=True)
class LevelAt:
    """The level that stands in a village at a time."""

    line: int
    at_s: int
    village: int
    hazard: str
    level: Level


@dataclass(frozen=True, slots=True)
class NeverReached:
    """A level, or a worse one, that a village never stands at from `begin_s` to `end_s`."""

    line: int
    begin_s: int
    end_s: int
    village: int
    hazard: str
    level: Level


@dataclass(frozen=True, slots=True)
class Told:
    """A message or call that comes from `begin_s` to `end_s`, both included, or one that never does."""

    line: int
    begin_s: int
    end_s: int
    pattern: MessagePattern | CallPattern
    is_never: bool = False


Expectation = LevelAt | NeverReached | Told


@dataclass(frozen=True, slots=True, eq=False)
class RuleTest:
    """One test.

    Attributes
    ----------
    file, line, name
        Where it stands, and what it says.
    start_s, end_s, step_s : int
        The first and the last minute, and how often the engine steps; seconds.
    readings : ReadingBatch
        In the order of sending.
    sent_s : Int64Array, shape (n_readings,)
        When each is sent; ascending.
    answers, signs, expectations
    """

    file: str
    line: int
    name: str
    start_s: int
    end_s: int
    step_s: int
    readings: ReadingBatch
    sent_s: Int64Array
    expectations: tuple[Expectation, ...]
    answers: tuple[PlannedAnswer, ...] = field(default=())
    signs: tuple[PlannedSign, ...] = field(default=())
