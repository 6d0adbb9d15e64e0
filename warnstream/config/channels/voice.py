"""`kind: voice`: calls that speak the text, by a gateway with the Calls interface of Twilio."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from warnstream.config.channels.section import PhoneChannelSection
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import default

ACCOUNT = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")

CALL_S = 60.0
"""A call that rings, speaks twice and waits for a key; our judgement, seen once calls have been made."""


class VoiceChannelSection(PhoneChannelSection):
    """A gateway that calls people and speaks."""

    kind: Literal["voice"] = Field(description="Calls that speak the text; keys 1 and 2 answer.")
    timeout_s: Annotated[float, value_types.fine_duration("10s", "5min")] = default(
        "55s", alias="timeout", description="After so long a call is given up that nobody took."
    )
    url: Annotated[str, value_types.url()] = Field(
        description="Address of the interface without /2010-04-01, such as https://api.twilio.com."
    )
    account: Annotated[str, value_types.text()] = Field(description="Account (sid) that calls.")
    token_file: Annotated[str, value_types.text()] = Field(
        description="File with the account's token, read at each batch."
    )
    caller: Annotated[str, value_types.text()] = Field(description="Number that people see.")
    calls_max: Annotated[int, value_types.whole(1, 1000)] = default(
        10, description="Most calls at the same time: the lines of the contract."
    )
    ring_s: Annotated[float, value_types.duration("5s", "2min")] = default(
        "25s", alias="ring", description="How long a phone rings."
    )
    language: Annotated[str, value_types.one_of("zh", "en")] = default(
        "zh", description="Text that is spoken."
    )
    speech: Annotated[str | None, value_types.text()] = default(
        None, description="Language of the voice; without it zh-CN or en-US."
    )

    def files(self) -> Mapping[str, str]:
        """The token's."""
        return {"token_file": self.token_file}

    @property
    def sends_links(self) -> bool:
        """The gateway reports keys to the address of the answer page."""
        return True

    @property
    def expected_per_s(self) -> float | None:
        """That many calls at once, each of `CALL_S`, and no more than its rate."""
        of_lines = self.calls_max / CALL_S
        return of_lines if self.rate_per_s is None else min(of_lines, self.rate_per_s)

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """What goes into addresses and forms fits them; a phone rings for less than the call may take."""
        faults = []
        if not self.is_address(self.caller):
            faults.append(("caller", f"expected {self.address_expected}"))
        if ACCOUNT.match(self.account) is None:
            faults.append(("account", "expected letters, digits, _ and -"))
        if self.speech is not None and LOCALE.match(self.speech) is None:
            faults.append(("speech", "expected a language such as zh-CN"))
        if self.ring_s >= self.timeout_s:
            faults.append(("ring", "expected less than timeout"))
        return faults
