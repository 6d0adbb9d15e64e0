"""`kind: smtp`: mail by a server that takes it from us."""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from warnstream.config.channels.section import ChannelSection
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import default

ADDRESS = re.compile(
    r"(?=.{3,254}\Z)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64})*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\Z"
)
"""Mailbox of RFC 5321 without quotes, comments and address literals, at most 254 characters."""


class SmtpChannelSection(ChannelSection):
    """A mail server."""

    kind: Literal["smtp"] = Field(description="Messages go by mail, one mail per recipient.")
    host: Annotated[str, value_types.text()] = Field(description="Name or address of the mail server.")
    port: Annotated[int, value_types.whole(1, 65_535)] = default(587, description="Its port.")
    security: Annotated[str, value_types.one_of("starttls", "tls", "none")] = default(
        "starttls",
        description="`starttls` is demanded, not only tried: without it nothing is sent. `none` is for a "
        "server on this machine, and not with a password.",
    )
    ca: Annotated[str | None, value_types.text()] = default(
        None, description="File with the certificate authority (PEM); without it those of the system."
    )
    username: Annotated[str | None, value_types.text()] = default(None, description="Who logs in.")
    password_file: Annotated[str | None, value_types.text()] = default(
        None, description="File with the password, read at each connection."
    )
    sender: Annotated[str, value_types.text()] = Field(description="Address that mails come from.")

    address_expected: ClassVar[str] = "a mail address such as duty@county.example"

    @classmethod
    def is_address(cls, address: str) -> bool:
        """A mailbox in ASCII; it goes into commands and headers, so nothing else may be in it."""
        return ADDRESS.match(address) is not None

    def files(self) -> Mapping[str, str]:
        """Password and certificate authority."""
        named = {"password_file": self.password_file, "ca": self.ca}
        return {key: file for key, file in named.items() if file is not None}

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """A password needs a name and never travels in the open; the sender is an address."""
        faults = []
        if not self.is_address(self.sender):
            faults.append(("sender", f"expected {self.address_expected}"))
        if (self.username is None) != (self.password_file is None):
            faults.append(("username", "expected username and password_file together, or neither"))
        if self.username is not None and self.security == "none":
            faults.append(("security", "expected starttls or tls: the password would travel in the open"))
        return faults
