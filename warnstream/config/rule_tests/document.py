"""Keys of a file of tests."""

from typing import Annotated, Any

from pydantic import Field

from warnstream.config.rule_tests.moments import parse_start
from warnstream.config.rule_tests.written import WrittenReadings, readings_form
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default, part
from warnstream.config.yaml.value_types import Form, shown
from warnstream.model.bulletins import Action, BulletinCause
from warnstream.model.effects import Answer
from warnstream.model.level import Level
from warnstream.model.warning import Cause, MessageType


def start_form() -> Form:
    """The minute at which a test begins; parsed to seconds UTC."""

    def parse(value: object) -> int:
        if not isinstance(value, str):
            expected = "a time with its zone such as 2026-06-17T20:00+08:00"
            raise ValueError(f"expected {expected}, got {shown(value)}")  # noqa: TRY004
        return parse_start(value)

    return Form(parse, {"type": "string"}, "ISO 8601 with a zone")


def moment_form() -> Form:
    """A time in a test, as written; what it means depends on the start."""

    def parse(value: object) -> str:
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"expected a time such as 90min or 03:10, got {shown(value)}")
        return value.strip()

    return Form(parse, {"type": "string"}, "time after the start, time of day or date")


def stretch_form() -> Form:
    """Two times, both included."""
    one = moment_form()

    def parse(value: object) -> tuple[str, str]:
        if not isinstance(value, list) or len(value) != 2:
            raise ValueError(f"expected two times such as [60min, 75min], got {shown(value)}")
        return one.parse(value[0]), one.parse(value[1])

    return Form(parse, {"type": "array", "minItems": 2, "maxItems": 2}, "[from, to]")


def not_yet(what: str) -> Form:
    """A key that is refused for now, with a reason."""

    def parse(_value: object) -> None:
        raise ValueError(f"not yet: a test cannot bring {what}; leave this key out")

    return Form(parse, {"not": {}}, "not yet")


def name_form(what: str) -> Form:
    """A code or word of the configuration; digits that YAML took for a number are its text."""

    def parse(value: object) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
            raise ValueError(f"expected {what}, got {shown(value)}")
        return str(value).strip()

    return Form(parse, {"type": ["string", "integer"]}, what)


def table_form() -> Form:
    """A table as it stands in a CSV file: its header and its rows."""

    def parse(value: object) -> str:
        if not isinstance(value, str) or "\n" not in value:
            raise ValueError(f"expected a header and rows behind `|`, got {shown(value)}")
        return value

    return Form(parse, {"type": "string"}, "header and rows of a table")


_LEVEL = value_types.level(none_allowed=True)


def step_form() -> Form:
    """How often the engine steps; parsed to seconds."""
    return value_types.duration("1min", "24h", whole_minutes=True)


class MessageSection(Section):
    """A warning message; every key that is given must fit."""

    village: Annotated[str | None, name_form("a village")] = default(None, description="Code of the village.")
    hazard: Annotated[str | None, name_form("a hazard")] = default(None, description="Name of the hazard.")
    level: Annotated[Level | None, _LEVEL] = default(None, description="Its level; an end has none.")
    type: Annotated[str | None, value_types.one_of(*MessageType)] = default(None, description="Type of CAP.")
    cause: Annotated[str | None, value_types.one_of(*Cause)] = default(None, description="Why it was issued.")
    text: Annotated[str | None, value_types.text()] = default(
        None, description="Part of its Chinese or English text."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Anything at all would fit an empty one."""
        return [] if self.model_fields_set else [("", "expected at least one key such as village")]


class CallSection(Section):
    """A digest to a post, or a bulletin to the doors of a village; every key that is given must fit."""

    to: Annotated[str, name_form("a post, or doors")] = Field(description="Code of a post, or `doors`.")
    village: Annotated[str | None, name_form("a village")] = default(None, description="Code of the village.")
    hazard: Annotated[str | None, name_form("a hazard")] = default(
        None, description="A hazard that it names."
    )
    level: Annotated[Level | None, _LEVEL] = default(None, description="Level of the village in it.")
    cause: Annotated[str | None, value_types.one_of(*dict.fromkeys([*Cause, *BulletinCause]))] = default(
        None, description="Why: of a post what changed, of doors why they are told."
    )
    action: Annotated[str | None, value_types.one_of(*Action)] = default(
        None, description="What doors are asked to do."
    )
    escalated_from: Annotated[str | None, name_form("a post")] = default(
        None, description="A post that was asked before and did not answer."
    )
    again: Annotated[int | None, value_types.whole(0, 1000)] = default(
        None, description="How often the post has been rung again."
    )
    answer: Annotated[bool | None, value_types.yes_or_no()] = default(
        None, description="Whether the post must answer."
    )
    text: Annotated[str | None, value_types.text()] = default(
        None, description="Part of its Chinese or English text."
    )


class NeverSection(Section):
    """What never happens: a level or a worse one, a message, or a call."""

    village: Annotated[str | None, name_form("a village")] = default(None, description="Code of the village.")
    hazard: Annotated[str | None, name_form("a hazard")] = default(None, description="Name of the hazard.")
    level: Annotated[Level | None, value_types.level()] = default(
        None, description="This level or a worse one is never reached."
    )
    message: MessageSection | None = default(None, description="No such message is issued.")
    call: CallSection | None = default(None, description="No such call is made.")

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """One of three."""
        return _one_form(self, ("message", "call"))


class ExpectSection(Section):
    """One thing that must be found."""

    at: Annotated[str | None, moment_form()] = default(None, description="When a level stands.")
    village: Annotated[str | None, name_form("a village")] = default(None, description="Code of the village.")
    hazard: Annotated[str | None, name_form("a hazard")] = default(None, description="Name of the hazard.")
    level: Annotated[Level | None, _LEVEL] = default(None, description="The level that stands.")
    within: Annotated[tuple[str, str] | None, stretch_form()] = default(
        None, description="From when to when, both included; of `never` the whole test if left out."
    )
    message: MessageSection | None = default(None, description="A message that is issued.")
    call: CallSection | None = default(None, description="A post or doors that are told.")
    never: NeverSection | None = default(None, description="What must not happen.")

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Each form has its keys."""
        faults = _one_form(self, ("message", "call", "never"))
        told = self.message is not None or self.call is not None
        if told and self.within is None:
            faults.append(("", "missing within: expected [from, to]"))
        if self.at is not None and (told or self.never is not None):
            faults.append(("at", "only a level stands at a time: expected within: [from, to]"))
        if not (told or self.never is not None):
            if self.at is None:
                faults.append(("", "missing at: when the level stands"))
            if self.within is not None:
                faults.append(("within", "only of a message, a call or never: expected at"))
        return faults


def _one_form(section: Section, others: tuple[str, ...]) -> list[tuple[str, str]]:
    """A level of a village and hazard, or exactly one of the others."""
    given = [key for key in others if getattr(section, key) is not None]
    of_level = [key for key in ("village", "hazard", "level") if getattr(section, key) is not None]
    if len(given) > 1 or (given and of_level):
        return [("", f"expected one thing to test, got {' and '.join([*of_level, *given])}")]
    if not given and len(of_level) < 3:
        return [("", f"expected village, hazard and level, or one of {value_types.choice_of(others)}")]
    return []


class AnswerSection(Section):
    """Somebody answers the last that they were told."""

    at: Annotated[str, moment_form()] = Field(description="When the answer arrives.")
    by: Annotated[str, name_form("a post or household")] = Field(description="Code of a post or household.")
    answer: Annotated[str, value_types.one_of(*Answer)] = default(
        "acknowledged", description="What is answered."
    )


class SignSection(Section):
    """Somebody sees a sign, or judges one that was reported."""

    at: Annotated[str, moment_form()] = Field(description="When.")
    village: Annotated[str, name_form("a village")] = Field(description="Code of the village.")
    kind: Annotated[str, name_form("a kind of sign")] = Field(description="Kind of the sign.")
    by: Annotated[str, name_form("a post")] = Field(description="Post that reports or judges.")
    validated: Annotated[bool | None, value_types.yes_or_no()] = default(
        None, description="true or false: a post judges it; left out: it is reported."
    )


class TestSection(Section):
    """One test."""

    __test__ = False  # no test of pytest's

    name: Annotated[str, value_types.text()] = Field(description="A sentence that says what is so.")
    start: Annotated[int | None, start_form()] = default(
        None, description="When it begins, with a zone; that of the file if left out."
    )
    until: Annotated[str | None, moment_form()] = default(
        None, description="When it ends, where that is later than all that it expects and sends."
    )
    readings: dict[Annotated[str, value_types.text()], Annotated[WrittenReadings, readings_form()]] = part(
        dict, description="By station (or a pattern) and variable."
    )
    others: Annotated[str | None, value_types.one_of("dry", "silent")] = default(
        None, description="What rain gauges without readings here do."
    )
    step: Annotated[int | None, step_form()] = default(
        None, description="How often the engine steps; that of the file if left out."
    )
    answers: list[AnswerSection] = part(list, description="Who answers when.")
    signs: list[SignSection] = part(list, description="What people see.")
    officer: Annotated[Any, not_yet("orders of an officer")] = default(None, description="Not yet.")
    forecast: Annotated[Any, not_yet("a forecast; that of the gauges counts")] = default(
        None, description="Not yet."
    )
    grids: Annotated[Any, not_yet("grids of rain")] = default(None, description="Not yet.")
    expect: list[ExpectSection] = Field(description="What must be found; at least one.")

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """A test that expects nothing tests nothing."""
        return [] if self.expect else [("expect", "expected at least one thing: this tests nothing")]


class TestsDocument(Section):
    """A file of tests."""

    __test__ = False

    places: dict[Annotated[str, value_types.text()], Annotated[str, table_form()]] | None = default(
        None, description="Tables of these tests alone, by name; none of the folder's is read then."
    )
    start: Annotated[int | None, start_form()] = default(
        None, description="When tests begin that do not say it themselves."
    )
    others: Annotated[str, value_types.one_of("dry", "silent")] = default(
        "dry", description="What rain gauges without readings do in tests that do not say it."
    )
    step: Annotated[int, step_form()] = default("1min", description="How often the engine steps.")
    tests: list[TestSection] = Field(description="The tests.")

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """A file without tests tests nothing."""
        return [] if self.tests else [("tests", "expected at least one test: this tests nothing")]
