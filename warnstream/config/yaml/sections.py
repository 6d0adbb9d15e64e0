"""What every section of the YAML files has: keys with defaults, unknown keys refused, all faults at once."""

from collections.abc import Callable
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

SECTION_FAULT = "section_fault"
"""Error type of faults between keys of one section; ``ctx["faults"]`` lists (key, sentence)."""


def default(written: Any, *, description: str, alias: str | None = None) -> Any:
    """A key that may be left out, with its default as an operator would write it.

    None and empty text mean that there is nothing, and are not parsed.
    """
    if written is None or written == "":
        return Field(written, alias=alias, description=description)
    return Field(written, alias=alias, description=description, validate_default=True)


def part(section: Callable[[], BaseModel | list[Any] | dict[Any, Any]], description: str) -> Any:
    """A section or list that may be left out and then has all its defaults."""
    return Field(default_factory=section, description=description)


class Section(BaseModel):
    """A mapping of the YAML: unknown keys are refused, an empty one takes all defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def empty_is_default(cls, value: object) -> object:
        """A section whose keys are all commented out is there, with its defaults."""
        return {} if value is None else value

    @model_validator(mode="after")
    def keys_agree(self) -> Self:
        """Raise all cross_field_errors between keys at once, each at its key."""
        faults = self.cross_field_errors()
        if faults:
            raise PydanticCustomError(SECTION_FAULT, "keys disagree", {"faults": faults})
        return self

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Faults between keys of this section as (key, sentence)."""
        return []
