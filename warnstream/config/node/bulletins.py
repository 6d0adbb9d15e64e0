"""The section ``bulletins:``: when households hear of changes, and what their texts name."""

from typing import Annotated

from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default, part
from warnstream.model.bulletins import BulletinPolicy, Wording
from warnstream.model.hands.orders import ReleasePolicy
from warnstream.model.level import Level


class ShelterSection(Section):
    """Where people go in villages whose shelter column is empty."""

    zh: Annotated[str, value_types.text()] = default(
        "村里指定地点", description="Where people go whose village has no `shelter` in villages.csv."
    )
    en: Annotated[str, value_types.text()] = default(
        "the village shelter", description="The same in English."
    )


class BulletinsSection(Section):
    """What households are told: one voice per village over all of its hazards."""

    settle_s: Annotated[int, value_types.duration("0s", "6h")] = default(
        "10min", alias="settle", description="How long a fall must stand before people hear of it."
    )
    clear_after_s: Annotated[int, value_types.duration("0s", "24h")] = default(
        "10min", alias="clear_after", description="How long nothing may stand before the end is said."
    )
    remind_every_s: Annotated[int, value_types.duration("0s", "24h")] = default(
        "3h",
        alias="remind_every",
        description="Prepare and leave are repeated that often to who has answered neither moving nor safe; "
        "0s: never.",
    )
    signature: Annotated[str | None, value_types.text()] = default(
        None,
        description="Issuer that begins each Chinese text; up to 5 characters: a text is one short message.",
    )
    phone: Annotated[str | None, value_types.text()] = default(
        None, description="Number to call for help; without it texts name none."
    )
    shelter: ShelterSection = part(ShelterSection, "Where people go whose village names no shelter.")

    def policy(self, level_min: Level, release: ReleasePolicy) -> BulletinPolicy:
        """The section as the machine takes it."""
        return BulletinPolicy(
            level_min=level_min,
            settle_s=self.settle_s,
            clear_after_s=self.clear_after_s,
            remind_every_s=self.remind_every_s,
            signature=self.signature or "",
            shelter=Wording(self.shelter.zh, self.shelter.en),
            phone=self.phone or "",
            release=release,
        )
