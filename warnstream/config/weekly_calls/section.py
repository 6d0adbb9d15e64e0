"""The section ``test_calls:``: when satellite phones and second ways are rung for a test."""

import re
from typing import Annotated

from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default, part
from warnstream.model.hands.weekly_calls import WEEKDAYS

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
