"""What the sections of all hazards of thresholds.yaml have: title, source, how levels fall.

A hazard's own section has ``read(context) -> Build`` beside these: it notes
what is wrong with it among the other files, and gives what builds its table.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar

from pydantic import Field

from warnstream.config.thresholds.signs import SignTriggerSection
from warnstream.config.thresholds.units import TableUnit
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default, part
from warnstream.model.level import Level
from warnstream.model.network import Stations
from warnstream.model.rules.rules import Thresholds


class TitleSection(Section):
    """Event name in texts to people."""

    zh: Annotated[str, value_types.text()] = Field(description="Event name in Chinese texts.")
    en: Annotated[str, value_types.text()] = Field(description="Event name in English texts.")


class LoweringSection(Section):
    """How a level falls: with care, and only with data."""

    clear_ratio: Annotated[float, value_types.decimal(0, 1, above=True)] = default(
        0.8, description="A level holds while its indicator is at or above this share of the threshold."
    )
    hold_s: Annotated[int, value_types.duration("0s", "7d")] = default(
        "30min", alias="hold", description="How long the indicator must have been below before a level falls."
    )
    active_s_min: Annotated[int, value_types.duration("0s", "7d")] = default(
        "60min", alias="active_min", description="A level stays at least that long after it was last reached."
    )
    coverage_min: Annotated[float, value_types.decimal(0, 1)] = default(
        0.8, description="Share of the window that must have been observed before a level falls."
    )


class HazardSection(Section):
    """What every hazard has."""

    title: TitleSection = Field(description="Event name in texts.")
    was: Annotated[str | None, value_types.code()] = default(
        None, description="Name that this hazard had before: its levels, warnings and hold times go on."
    )
    source: Annotated[str, value_types.text()] = default(
        "", description="Where the thresholds come from; named in every warning."
    )
    lowering: LoweringSection = part(LoweringSection, "How a level falls.")
    signs: SignTriggerSection | None = Field(None, description="Signs of people that raise it, too.")
    households: Annotated[bool, value_types.yes_or_no()] = default(
        True, description="Whether households are called; without it its warnings go to duty posts alone."
    )

    table_units: ClassVar[Mapping[str, TableUnit]] = MappingProxyType({})
    """Units that rows of its table may have, the usual one first."""

    is_for_every_place: ClassVar[bool] = False
    """A place without any threshold is worth an operator's look."""

    @staticmethod
    def describe_levels(thresholds: Thresholds) -> Iterator[str]:
        """What reaches each level, in words; nothing where the table says it in numbers."""
        del thresholds
        return iter(())

    @staticmethod
    def lints(thresholds: Thresholds, stations: Stations) -> Iterator[str]:
        """Sentences about what is right in form but may not be meant; nothing as a rule."""
        del thresholds, stations
        return iter(())

    def hold_s(self, thresholds: Thresholds) -> int:
        """How long a value must have been below before a level falls."""
        del thresholds
        return self.lowering.hold_s


def disordered(key: str, unit: str, values: list[tuple[Level, float]]) -> list[tuple[str, str]]:
    """Faults of a list of levels: each level once, a higher level needs more."""
    faults = []
    for number, (level, value) in enumerate(values):
        for other, before in values[:number]:
            if level == other:
                faults.append((f"{key}.{number}.level", f"duplicate level {level.word}"))
            elif (level > other) != (value > before) or value == before:
                high, low = (level, other) if level > other else (other, level)
                faults.append((f"{key}.{number}.{unit}", f"expected {high.word} above {low.word}"))
    return faults
