"""Signs that people report, in thresholds.yaml: which kinds there are, and what they mean for a hazard."""

from typing import Annotated

from pydantic import Field

from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default, part
from warnstream.model.level import Level


class SignTriggerSection(Section):
    """What signs that people see mean for a hazard."""

    kinds: Annotated[list[Annotated[str, value_types.code()]], Field(min_length=1)] = Field(
        description="Kinds of signs that count, of signs.kinds."
    )
    reported_level: Annotated[Level, value_types.level(none_allowed=True)] = default(
        "blue", description="Level of a sign that nobody has validated yet; none: no level."
    )
    validated_level: Annotated[Level, value_types.level()] = default(
        "orange", description="Level of a validated sign, at once."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """A validated sign counts at least as much as a reported one."""
        if self.reported_level <= self.validated_level:
            return []
        return [("reported_level", f"expected at most validated_level ({self.validated_level.word})")]


class SignKindSection(Section):
    """Name of a kind of sign in texts."""

    zh: Annotated[str, value_types.text()] = Field(description="Chinese.")
    en: Annotated[str, value_types.text()] = Field(description="English.")


class SignsSection(Section):
    """Signs that people may report: cracks, muddy springs, sounds."""

    kinds: dict[Annotated[str, value_types.code()], SignKindSection] = part(
        dict, "Kinds that may be reported, beside `hazards`."
    )
    expires_s: Annotated[int, value_types.duration("10min", "30d", whole_minutes=True)] = default(
        "24h", alias="expires", description="A sign that nobody renews is over after that time."
    )
