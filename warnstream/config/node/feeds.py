"""The keys of `feeds:` in warnstream.yaml: who brings alerts of other services, and how often."""

from typing import Annotated

from pydantic import Field

from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section


class FeedSection(Section):
    """A program or service that brings alerts."""

    every_s: Annotated[int, value_types.duration("1min", "30d")] = Field(
        alias="every",
        description="It brings something at least so often, if only that there is nothing new; longer "
        "silence is an alarm.",
    )
