"""The sections ``chain:`` and ``test_calls:``: whose answers a village needs, and which ways are tested."""

import re
from typing import Annotated

from warnstream.config.yaml import value_types
from warnstream.config.yaml.quantities import format_duration
from warnstream.config.yaml.sections import Section, default, part
from warnstream.model.digests import Need
from warnstream.model.hands.weekly_calls import WEEKDAYS
from warnstream.model.level import Level

WAITS_MAX = 20
NEED_WORDS = tuple(str(need) for need in Need)


class NeedSection(Section):
    """Whose answers a village needs, by level."""

    blue: Annotated[str, value_types.one_of(*NEED_WORDS)] = default(
        "one", description="Whose answers a village needs: nobody's, any one, one of each rank, everybody's."
    )
    yellow: Annotated[str, value_types.one_of(*NEED_WORDS)] = default("one", description="At level yellow.")
    orange: Annotated[str, value_types.one_of(*NEED_WORDS)] = default(
        "each_rank", description="At level orange."
    )
    red: Annotated[str, value_types.one_of(*NEED_WORDS)] = default("each_rank", description="At level red.")


class SpotCheckSection(Section):
    """Some digests carry a two-digit code that the answer has to repeat."""

    share: Annotated[float, value_types.decimal(0, 1)] = default(
        0, description="Share of the digests that demand an answer, by chance; 0 checks nobody."
    )
    within_s: Annotated[int, value_types.duration("1min", "24h")] = default(
        "15min", alias="within", description="How long a post has to repeat the code."
    )


class SendPersonSection(Section):
    """When somebody has to go to a village from which no post answers."""

    orange_s: Annotated[int | None, value_types.duration("1min", "24h")] = default(
        None,
        alias="orange",
        description="So long after a raise to orange without an answer of any post of a village somebody has "
        "to go there: a call that posts take, like one for help. None: never.",
    )
    red_s: Annotated[int | None, value_types.duration("1min", "24h")] = default(
        None, alias="red", description="The same at red."
    )
    source: Annotated[str | None, value_types.text()] = default(
        None, description="Who has decided that: the county's plan, with its date."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Minutes are somebody's decision."""
        if (self.orange_s or self.red_s) and self.source is None:
            return [("source", "expected who has decided these times, such as a plan with its date")]
        return []


class ChainSection(Section):
    """Duty posts: one numbered digest each, until everybody needed has answered."""

    need: NeedSection = part(
        NeedSection, "Whose answers a village needs: none, one, each_rank (one of each) or all."
    )
    all_ranks_from: Annotated[Level, value_types.level()] = default(
        "orange", description="From this level on all ranks are asked at once, below it one after the other."
    )
    again: list[Annotated[int, value_types.duration("1min", "24h")]] = part(
        lambda: [300, 300, 600, 1200, 1800],
        "Waits before a silent post is rung again at orange and red; the last one repeats.",
    )
    digest_every_s: Annotated[int, value_types.duration("10s", "1h")] = default(
        "2min", alias="digest_every", description="A post gets at most one digest in this time."
    )

    on_duty_s: Annotated[int, value_types.duration("1h", "72h")] = default(
        "12h",
        alias="on_duty",
        description="A post that has signed in (到岗) is on duty for so long, unless it signs in again.",
    )

    spot_check: SpotCheckSection = part(
        SpotCheckSection, "Spot checks (抽查): does somebody read what a post is sent."
    )

    send_person: SendPersonSection = part(
        SendPersonSection, "When somebody has to go to a village from which no post answers."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """At least one wait, and none that ends before a digest may go out."""
        if not 1 <= len(self.again) <= WAITS_MAX:
            return [("again", f"expected 1 to {WAITS_MAX} durations, got {len(self.again)}")]
        if min(self.again) < self.digest_every_s:
            every = format_duration(self.digest_every_s)
            return [("again", f"expected no wait shorter than digest_every ({every})")]
        return []

    @property
    def needs(self) -> tuple[Need, Need, Need, Need, Need]:
        """By level, none to red."""
        need = self.need
        return Need.NONE, Need(need.blue), Need(need.yellow), Need(need.orange), Need(need.red)

    @property
    def send_person_s(self) -> tuple[int, int, int, int, int]:
        """By level, none to red; 0: never."""
        return 0, 0, 0, self.send_person.orange_s or 0, self.send_person.red_s or 0


_HOUR = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def hour() -> value_types.Form:
    """An hour of the day such as ``"10:00"``; parsed to seconds after midnight."""

    def parse(value: object) -> int:
        found = _HOUR.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ValueError(f'expected an hour in quotes such as "10:00", got {value_types.shown(value)}')
        return int(found[1]) * 3600 + int(found[2]) * 60

    return value_types.Form(parse, {"type": "string", "pattern": _HOUR.pattern}, 'an hour such as `"10:00"`')


class TestCallsSection(Section):
    """Once a week each way rings its post, which has to answer."""

    __test__ = False  # pytest takes the name for a test's

    weekday: Annotated[str, value_types.one_of(*WEEKDAYS)] = default(
        "tuesday", description="From this day of the week on, until each way was called once."
    )
    at_s: Annotated[int, hour()] = default("10:00", alias="at", description="Nobody is called before.")
    until_s: Annotated[int, hour()] = default(
        "17:00", alias="until", description="Nor from this hour on: what is left is called the next day."
    )
    within_s: Annotated[int, value_types.duration("1min", "4h")] = default(
        "30min", alias="within", description="How long a post has to answer."
    )
    channels: list[Annotated[str, value_types.code()]] = part(
        list,
        "Channels of chain.csv on which posts are tested by their own way, beside test_ways.csv.",
    )
    source: Annotated[str | None, value_types.text()] = default(
        None, description="Who has decided these times: the county's plan, with its date."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """There is time in a day, and the times are somebody's decision."""
        faults = []
        if self.until_s <= self.at_s:
            faults.append(("until", "expected a later hour than `at`"))
        if self.source is None:
            faults.append(("source", "expected who has decided these times, such as a plan with its date"))
        return faults
