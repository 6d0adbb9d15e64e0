"""The script of a drill (YAML) -> simulated changes, or every fault of it at once with its line."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from warnstream.config.faults import FaultLog
from warnstream.config.settings import Configuration
from warnstream.config.yaml import value_types
from warnstream.config.yaml.check import check_document
from warnstream.config.yaml.sections import Section
from warnstream.config.yaml.tree import read_yaml
from warnstream.config.yaml.value_types import choice_of
from warnstream.model.errors import ConfigError, Fault
from warnstream.model.hands.drills import STEPS_MAX, DrillStep
from warnstream.model.level import Level


class StepSection(Section):
    """A simulated change."""

    at_s: Annotated[int, value_types.duration("0s", "12h")] = Field(
        alias="at", description="How long after the begin of the drill."
    )
    hazard: Annotated[str, value_types.text()] = Field(description="A hazard of thresholds.yaml.")
    level: Annotated[Level, value_types.level(none_allowed=True)] = Field(
        description="The level that is simulated from then on; none: the hazard is over."
    )
    villages: list[Annotated[str, value_types.text()]] = Field(
        default_factory=list, description="Codes of villages of the drill; without it all of them."
    )


class ScriptDocument(Section):
    """The script of a drill."""

    steps: list[StepSection] = Field(min_length=1, description="Simulated changes, in order of time.")


def read_script(file: Path, villages: tuple[str, ...], configuration: Configuration) -> tuple[DrillStep, ...]:
    """The changes of a script, for a drill in these villages.

    Raises
    ------
    ConfigError
        With everything that is wrong with it, each at its line.
    """
    faults, name = FaultLog(), str(file)
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([Fault(name, 0, "", f"expected a readable YAML file ({error})")]) from None
    tree = read_yaml(name, text, faults)
    document = check_document(ScriptDocument, tree, faults) if tree is not None else None
    if tree is not None and document is not None:
        steps = _steps_of(document)
        for at, field, expected in step_faults(steps, villages, configuration):
            faults.add(name, tree.line_of(("steps", at, field)), f"steps[{at}].{field}", expected)
        if len(steps) > STEPS_MAX:
            faults.add(name, tree.line_of(("steps",)), "steps", f"expected at most {STEPS_MAX} steps")
    faults.raise_if_any()
    assert document is not None, "a document without a fault"
    return _steps_of(document)


def _steps_of(document: ScriptDocument) -> tuple[DrillStep, ...]:
    return tuple(
        DrillStep(step.at_s, step.hazard, step.level, tuple(step.villages)) for step in document.steps
    )


def step_faults(
    steps: Sequence[DrillStep], villages: Collection[str], configuration: Configuration
) -> Iterator[tuple[int, str, str]]:
    """Number, field and text of everything that simulated changes cannot be in a drill of these villages."""
    hazards = [rule.name for rule in configuration.rules]
    before_s = 0
    for at, step in enumerate(steps):
        if step.hazard not in hazards:
            yield at, "hazard", f"expected {choice_of(hazards)}, got {step.hazard!r}"
        for code in step.villages:
            if code not in villages:
                yield at, "villages", f"expected a village of the drill, got {code!r}"
        if step.after_s < before_s:
            yield at, "at", "expected a time that is not before that of the step above"
        before_s = max(before_s, step.after_s)
