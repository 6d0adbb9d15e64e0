"""The section ``changes:``: what a running node asks for before it takes a changed configuration."""

from typing import Annotated

from warnstream.config.settings import ChangePolicy
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default, part

CONCERNS = ("thresholds", "routing", "people", "places", "node")
"""What a change can be about, as `changes.second_person` names it."""


class ChangesSection(Section):
    """What `warnstream reload` asks for before a changed configuration goes live."""

    second_person: list[Annotated[str, value_types.one_of(*CONCERNS)]] = part(
        list,
        "Changes that go live only after another person of operators.csv has signed them: `thresholds`, "
        "`routing` (posts, waits, release, orders, texts), `people` (households, operators), `places` "
        "(stations, villages, zones), `node` (all other keys).",
    )
    reload_wakes_max: Annotated[int, value_types.whole(0, 10_000_000)] = default(
        50, description="Doors that a reload may tell at once; more want `--yes`."
    )
    strict: Annotated[bool, value_types.yes_or_no()] = default(
        False, description="What `check` says to look at, and the live configuration had not, is a fault."
    )

    def policy(self) -> ChangePolicy:
        """As the node uses it."""
        return ChangePolicy(tuple(self.second_person), self.reload_wakes_max, self.strict)
