"""What every kind of channel has: keys for sending again, and a rule that its addresses must keep.

A validated section is frozen and is at the same time the settings with which the
channel is opened; durations in it are seconds.
"""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from warnstream.config.yaml import value_types
from warnstream.config.yaml.quantities import format_duration, parse_duration_s
from warnstream.config.yaml.sections import Section, default, part
from warnstream.model.rules.policies import RetryPolicy

PHONE = re.compile(r"\+?[0-9]{3,15}\Z")
"""Short codes have three digits, E.164 allows fifteen."""


class RetrySection(Section):
    """Sending again: waits double from first_wait to wait_max."""

    attempts_max: Annotated[int, value_types.whole(1, 1000)] = default(
        40, description="Attempts in all; with the waits below that is an hour."
    )
    first_wait_s: Annotated[float, value_types.fine_duration("1ms", "1h")] = default(
        "2s", alias="first_wait", description="Wait after the first failure; doubles each time."
    )
    wait_s_max: Annotated[float, value_types.fine_duration("1ms", "24h")] = default(
        "120s", alias="wait_max", description="Longest wait; at least `first_wait`."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Waits only grow."""
        if self.wait_s_max >= self.first_wait_s:
            return []
        return [("wait_max", f"expected at least first_wait ({format_duration(self.first_wait_s)})")]


class NextSection(Section):
    """The channel that goes on where this one has not led to an answer."""

    channel: Annotated[str, value_types.code()] = Field(
        description="Another channel of this file, which can use the same addresses."
    )
    after_s: Annotated[int, value_types.duration("1min", "24h")] = default(
        "10min",
        alias="after",
        description="A household that was asked to prepare or leave and has not answered for so long is told "
        "by the next channel, those first who cannot go alone. One that this channel has failed to reach "
        "for good is told at once, whatever is asked.",
    )
    source: Annotated[str, value_types.text()] = Field(
        description="Who has decided that: the county's plan, with its date."
    )


class ForSilentSection(Section):
    """A channel for households that were told by another of their ways and have not answered."""

    after_s: Annotated[int, value_types.duration("1min", "24h")] = default(
        "10min",
        alias="after",
        description="A household with several `ways` that was asked to prepare or leave and has not answered "
        "for so long is called by this one of them, wherever it stands behind the way it was told by.",
    )
    source: Annotated[str, value_types.text()] = Field(
        description="Who has decided that: the county's plan, with its date."
    )


HAND_ON_AFTER = "1min"
"""A gateway that is started anew is back before; a county may set less, never more."""


class IfHeldSection(Section):
    """What becomes of households whose channel reaches nobody."""

    after_s: Annotated[int, value_types.duration("1s", HAND_ON_AFTER)] = default(
        HAND_ON_AFTER,
        alias="after",
        description="Once nothing has got through for so long, a household that is asked to prepare or "
        "leave is told by the next of its `ways` that works.",
    )
    source: Annotated[str, value_types.text()] = Field(
        description="Who has decided that: the county's plan, with its date."
    )


class ChannelSection(Section):
    """What every channel has."""

    kind: str = Field(
        description="To `{prefix}/device/{address}`, by HTTP POST, by mail, or printed by this node."
    )
    timeout_s: Annotated[float, value_types.fine_duration("10ms", "5min")] = default(
        "5s",
        alias="timeout",
        description="How long one attempt may take in all, from the connection to the last byte of the "
        "answer.",
    )
    rate_per_s: Annotated[float | None, value_types.decimal(0, 100_000, above=True)] = default(
        None, description="Most messages per second; without it there is no limit."
    )
    late_after_s: Annotated[int, value_types.duration("1min", "24h")] = default(
        "10min", alias="late_after", description="A message that leaves longer after its issue says so."
    )
    retry: RetrySection = part(RetrySection, "Sending again.")
    next: NextSection | None = Field(
        None,
        description="Households with one way: which channel goes on at the same address, and when; such as "
        "voice after text.",
    )
    for_silent: ForSilentSection | None = Field(
        None,
        description="Households with several `ways`: this channel is for those who do not answer, such as "
        "voice. Without it a further way is for those alone whom no earlier one reaches.",
    )

    if_held: IfHeldSection | None = Field(
        None,
        description="How soon households with another way are told by that while this channel reaches "
        f"nobody; {HAND_ON_AFTER} without it.",
    )

    is_for_posts_only: ClassVar[bool] = False
    """It has no receipts and people cannot answer on it: `check` tells of households that use it."""

    address_expected: ClassVar[str] = ""
    """What an address of this kind is, for faults; empty if every address will do."""

    @classmethod
    def is_address(cls, address: str) -> bool:
        """Whether a message can go there; the same rule when files are checked and when one is sent."""
        del address
        return True

    def files(self) -> Mapping[str, str]:
        """Files that must exist, by the key that names them."""
        return {}

    @property
    def sends_links(self) -> bool:
        """Whether people are sent the address of their answer page."""
        return False

    @property
    def expected_per_s(self) -> float | None:
        """Messages a second that it will send, as far as its keys tell; None: that is seen once it does."""
        return self.rate_per_s

    @property
    def hand_on_after_s(self) -> int:
        """How long it may be held before who has another way is told by that."""
        return int(parse_duration_s(HAND_ON_AFTER)) if self.if_held is None else self.if_held.after_s

    @property
    def policy(self) -> RetryPolicy:
        """How often and how soon a message is sent again."""
        return RetryPolicy(**self.retry.model_dump())


class PhoneChannelSection(ChannelSection):
    """A channel whose addresses are numbers of phones, as a rule."""

    country: Annotated[str | None, value_types.country()] = default(
        None, description="Country of numbers without +, such as CN: `check` looks at them by its plan."
    )

    address_expected: ClassVar[str] = "a phone number: 3 to 15 digits, with + before a country's code"

    @classmethod
    def is_address(cls, address: str) -> bool:
        """Digits, perhaps with a plus; they go into fields of protocols, so nothing else may be in it."""
        return PHONE.match(address) is not None
