"""`kind: smpp`: short messages by an operator's or aggregator's gateway (SMSC), with receipts and replies."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from warnstream.config.channels.reply_words import ReplyWordsSection
from warnstream.config.channels.section import PhoneChannelSection
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import default, part

SENDER = re.compile(r"\+?[0-9]{1,20}\Z|(?=.*[A-Za-z])[A-Za-z0-9 ._-]{1,11}\Z")
"""A number, a short code, or a name of at most eleven characters (SMPP 3.4, 5.2.5: alphanumeric)."""

LOGIN = re.compile(r"[!-~]{1,64}\Z")


class SmppChannelSection(PhoneChannelSection):
    """A gateway for short messages, bound as a transceiver of SMPP 3.4."""

    kind: Literal["smpp"] = Field(description="Short messages by SMPP 3.4, with receipts and replies.")
    host: Annotated[str, value_types.text()] = Field(description="Name or address of the gateway (SMSC).")
    port: Annotated[int, value_types.whole(1, 65_535)] = default(2775, description="Its port.")
    security: Annotated[str, value_types.one_of("tls", "none")] = default(
        "tls", description="none is for a gateway behind a private line or VPN: nothing is encrypted."
    )
    ca: Annotated[str | None, value_types.text()] = default(
        None, description="File with the certificate authority (PEM); without it those of the system."
    )
    system_id: Annotated[str, value_types.text()] = Field(description="Who binds.")
    password_file: Annotated[str, value_types.text()] = Field(
        description="File with the password, read at each bind."
    )
    system_type: Annotated[str | None, value_types.text()] = default(
        None, description="What the gateway wants to be told of us at the bind, such as CMT."
    )
    service_type: Annotated[str | None, value_types.text()] = default(
        None, description="Service of the gateway that messages use; without it its usual one."
    )
    sender: Annotated[str, value_types.text()] = Field(
        description="Number, short code or name (at most 11 characters) that messages come from."
    )
    language: Annotated[str, value_types.one_of("zh", "en")] = default("zh", description="Text that is sent.")
    answer_link: Annotated[bool, value_types.yes_or_no()] = default(
        False, description="Put the link of the answer page behind the text; it costs a part more."
    )
    concatenation: Annotated[str, value_types.one_of("parts", "payload")] = default(
        "parts",
        description="A long text goes in parts with a header, or whole as message_payload.",
    )
    validity: Annotated[str, value_types.one_of("absolute", "relative", "none")] = default(
        "relative",
        description="How the gateway is told when a message is over; none if it drops those.",
    )
    receipt_ids: Annotated[str, value_types.one_of("same", "decimal", "hexadecimal")] = default(
        "same",
        description="How receipts write the id of a message, where the gateway wrote it otherwise at first.",
    )
    window: Annotated[int, value_types.whole(1, 1000)] = default(
        10, description="Most messages on their way to the gateway at once."
    )
    enquire_link_s: Annotated[float, value_types.fine_duration("1s", "10min")] = default(
        "30s", alias="enquire_link", description="After so long in silence the gateway is asked for a sign."
    )
    reply_words: ReplyWordsSection = part(ReplyWordsSection, "Words of replies beside those that are known.")

    def files(self) -> Mapping[str, str]:
        """Password and certificate authority."""
        named = {"password_file": self.password_file, "ca": self.ca}
        return {key: file for key, file in named.items() if file is not None}

    @property
    def sends_links(self) -> bool:
        """Where it is wanted."""
        return self.answer_link

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """What goes into the fields of the protocol fits them."""
        faults = []
        if SENDER.match(self.sender) is None:
            faults.append(("sender", "expected a number, a short code, or a name of at most 11 letters"))
        if LOGIN.match(self.system_id) is None:
            faults.append(("system_id", "expected 1 to 64 printable characters of ASCII without blanks"))
        for key, text, most in (
            ("system_type", self.system_type, 12),
            ("service_type", self.service_type, 5),
        ):
            if text is not None and (LOGIN.match(text) is None or len(text) > most):
                faults.append((key, f"expected at most {most} characters of ASCII without blanks"))
        return faults
