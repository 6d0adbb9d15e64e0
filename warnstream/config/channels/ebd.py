"""`kind: ebd`: village loudspeakers of an emergency broadcast platform, by its packages."""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from warnstream.config.channels.section import ChannelSection
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default, part

AREA = re.compile(r"[0-9]{12}\Z")
RESOURCE = re.compile(r"[0-9]{18}\Z")
WORD = re.compile(r"[0-9A-Za-z]{1,16}\Z")


class SeveritySection(Section):
    """Severity of a package by level; platforms count differently."""

    blue: Annotated[str, value_types.text()] = default("4", description="At level blue, and at an end.")
    yellow: Annotated[str, value_types.text()] = default("3", description="At level yellow.")
    orange: Annotated[str, value_types.text()] = default("2", description="At level orange.")
    red: Annotated[str, value_types.text()] = default("1", description="At level red; 1 is the worst.")


class StatesSection(Section):
    """What the platform's BrdStateCode means; older platforms have 1 for playing, 2 played, 0 failed."""

    waiting: list[Annotated[str, value_types.text()]] = default(
        ["0", "1"], description="Not handled yet, or waiting."
    )
    playing: list[Annotated[str, value_types.text()]] = default(["2"], description="Playing.")
    played: list[Annotated[str, value_types.text()]] = default(["3"], description="Played.")
    failed: list[Annotated[str, value_types.text()]] = default(
        ["4", "5"], description="Failed, or cancelled."
    )


class SignatureSection(Section):
    """The signature file of each package; the county's cryptographic device signs."""

    program: Annotated[str | None, value_types.text()] = default(
        None,
        description="Program that is given the package's XML on its standard input and prints "
        "SignatureValue; without it the value is empty, which some platforms take.",
    )
    cert_type: Annotated[str, value_types.text()] = default("1", description="CertType.")
    issuer: Annotated[str, value_types.text()] = default("000000000000", description="IssuerID.")
    cert_sn: Annotated[str, value_types.text()] = default("000000000000", description="CertSN.")
    digest: Annotated[str, value_types.text()] = default("SM3", description="DigestAlgorithm.")
    algorithm: Annotated[str, value_types.text()] = default("SM2", description="SignatureAlgorithm.")


class EbdChannelSection(ChannelSection):
    """An emergency broadcast platform (应急广播)."""

    kind: Literal["ebd"] = Field(description="Village loudspeakers of an emergency broadcast platform.")
    url: Annotated[str, value_types.url()] = Field(description="Where the platform takes packages.")
    source: Annotated[str, value_types.text()] = Field(description="SRC/EBRID: 18 digits, this county's.")
    destination: Annotated[str, value_types.text()] = Field(description="DEST/EBRID: the platform's.")
    sender_name: Annotated[str, value_types.text()] = Field(description="SenderName: who speaks.")
    sender_code: Annotated[str, value_types.text()] = Field(description="SenderCode of that office.")
    event_type: Annotated[str, value_types.text()] = default(
        "11000", description="EventType where `event_types` has none for the hazard."
    )
    event_types: dict[Annotated[str, value_types.code()], Annotated[str, value_types.text()]] = part(
        dict, "EventType by hazard."
    )
    test_type: Annotated[str, value_types.text()] = default("1", description="TestType of an exercise.")
    plays_for_s: Annotated[int, value_types.duration("30s", "2h")] = default(
        "10min", alias="plays_for", description="From StartTime to EndTime: so long it is repeated."
    )
    utc_offset_s: Annotated[int, value_types.utc_offset()] = default(
        "+08:00", alias="utc_offset", description="Offset of the times in packages."
    )
    heartbeat_s: Annotated[int, value_types.duration("5s", "1h")] = default(
        "60s", alias="heartbeat", description="How often the platform is asked whether it is there."
    )
    poll_s: Annotated[float, value_types.fine_duration("100ms", "10min")] = default(
        "10s", alias="poll", description="How often it is asked what became of what it took."
    )
    severity: SeveritySection = part(SeveritySection, "Severity by level.")
    states: StatesSection = part(StatesSection, "Meaning of BrdStateCode.")
    signature: SignatureSection = part(SignatureSection, "The signature file.")

    address_expected: ClassVar[str] = "the area code of a village: 12 digits"

    @classmethod
    def is_address(cls, address: str) -> bool:
        """Area codes are joined by commas in packages, so nothing else may be in one."""
        return AREA.match(address) is not None

    def files(self) -> Mapping[str, str]:
        """The program that signs."""
        return {"signature.program": self.signature.program} if self.signature.program else {}

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Identifiers have the platform's form; every state has one meaning."""
        faults = [
            (name, "expected 18 digits")
            for name in ("source", "destination")
            if RESOURCE.match(getattr(self, name)) is None
        ]
        known = [code for codes in self.states.model_dump().values() for code in codes]
        twice = sorted({code for code in known if known.count(code) > 1})
        faults += [("states", f"{code} stands twice") for code in twice]
        return faults
