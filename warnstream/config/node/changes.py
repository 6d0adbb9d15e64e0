"""The section ``changes:``: what a running node asks for before it takes a changed configuration."""

from typing import Annotated

from warnstream.config.settings import ChangePolicy
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default


class ChangesSection(Section):
    """What `warnstream reload` asks for before a changed configuration goes live."""

    reload_wakes_max: Annotated[int, value_types.whole(0, 10_000_000)] = default(
        50, description="Doors that a reload may tell at once; more want `--yes`."
    )
    strict: Annotated[bool, value_types.yes_or_no()] = default(
        False, description="What `check` says to look at, and the live configuration had not, is a fault."
    )

    def policy(self) -> ChangePolicy:
        """As the node uses it."""
        return ChangePolicy(self.reload_wakes_max, self.strict)
