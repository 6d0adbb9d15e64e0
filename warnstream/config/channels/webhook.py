"""`kind: webhook`: an SMS or voice gateway that takes HTTP POST."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from warnstream.config.channels.section import PhoneChannelSection
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import default

ADDRESS_CHARACTERS_MAX = 256


class WebhookChannelSection(PhoneChannelSection):
    """A gateway that takes HTTP POST."""

    kind: Literal["webhook"] = Field(description="Messages go to a gateway by HTTP POST.")
    url: Annotated[str, value_types.url()] = Field(description="Address of the gateway.")
    redirects: Annotated[str, value_types.one_of("refuse", "same_host")] = default(
        "refuse",
        description="`same_host` follows 307 and 308 to the same scheme, host and port, three times at most. "
        "A redirect that is not followed holds the channel.",
    )

    address_expected: ClassVar[str] = (
        f"an address of the gateway, such as a number: 1 to {ADDRESS_CHARACTERS_MAX} printable characters"
    )

    @classmethod
    def is_address(cls, address: str) -> bool:
        """Whatever the gateway takes, on one line."""
        return 0 < len(address) <= ADDRESS_CHARACTERS_MAX and address.isprintable()

    @property
    def sends_links(self) -> bool:
        """The gateway puts them behind the text."""
        return True
