"""The keys of `standby:` in warnstream.yaml: two boxes with one log, of which one leads.

The section, as the whole folder, is the same on both boxes; which of them a
machine is, ``warnstream run --box NAME`` says once, and its storage remembers.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from warnstream.config.node.console import is_loopback
from warnstream.config.settings import BoxSettings, StandbySettings, TlsSettings, WitnessSettings
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default

N_BOXES = 2


class StandbyTlsSection(Section):
    """Certificates by which the boxes know each other."""

    ca: Annotated[str, value_types.text()] = Field(
        description="Authority that has signed the certificates of the two boxes, and of nobody else (PEM)."
    )
    certificate: Annotated[str, value_types.text()] = Field(
        description="File with this machine's certificate (PEM); its common name is the name of its box."
    )
    key: Annotated[str, value_types.text()] = Field(description="File with the key of that certificate.")


class BoxSection(Section):
    """One of the two boxes."""

    host: Annotated[str, value_types.text()] = Field(
        description="Address under which the other box reaches this one; it listens there."
    )
    port: Annotated[int, value_types.whole(1, 65_535)] = Field(
        description="Port under which the other box reaches this one."
    )
    listen_host: Annotated[str | None, value_types.text()] = default(
        None, description="Address that it listens on for the other box, where that is not `host` (NAT)."
    )
    listen_port: Annotated[int | None, value_types.whole(1, 65_535)] = default(
        None, description="Port that it listens on, where that is not `port`."
    )
    url: Annotated[str, value_types.url(empty_allowed=True)] = default(
        "", description="Address of its HTTP interface; who asks the box that does not lead is sent there."
    )
    bind: Annotated[str | None, value_types.text()] = default(
        None,
        description="Address on which its HTTP interface and its listener listen, instead of `http.host` and "
        "`listener.host`.",
    )


class WitnessSection(Section):
    """A third machine that says which box may lead, so that one takes over by itself."""

    host: Annotated[str, value_types.text()] = Field(description="Address of the witness.")
    port: Annotated[int, value_types.whole(1, 65_535)] = Field(description="Port of the witness.")
    lease_s: Annotated[float, value_types.fine_duration("5s", "60s")] = default(
        "15s",
        alias="lease",
        description="For how long it lends the right to lead. A box that reaches neither it nor the other "
        "box for four fifths of that acknowledges and sends nothing.",
    )
    patience_s: Annotated[float, value_types.fine_duration("5s", "10min")] = default(
        "20s",
        alias="patience",
        description="After so long without a word of the other box the one that stands by asks to lead.",
    )


class StandbySection(Section):
    """A second box that has everything the first one has, and can take over."""

    boxes: dict[Annotated[str, value_types.code()], BoxSection] = Field(description="The two boxes by name.")
    first: Annotated[str, value_types.code()] = Field(
        description="Name of the box that leads before anybody has ever led."
    )
    wait_s: Annotated[float, value_types.fine_duration("100ms", "30s")] = default(
        "2s",
        alias="wait",
        description="How long the box that leads waits for the other one to have an entry on disk before it "
        "goes on alone and says `unprotected`.",
    )
    tls: StandbyTlsSection | None = default(
        None, description="Certificates; without them both boxes must be on this machine itself."
    )

    witness: WitnessSection | None = default(
        None, description="A third machine; without it nobody takes over without a person's word."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """There are two, one of them is first, and nothing of people goes over a network in plain."""
        found = []
        if len(self.boxes) != N_BOXES:
            found.append(("boxes", f"expected {N_BOXES} boxes, got {len(self.boxes)}"))
        if self.first not in self.boxes:
            found.append(("first", f"expected one of the boxes ({', '.join(self.boxes)})"))
        addresses = [(box.host, box.port) for box in self.boxes.values()]
        if len(set(addresses)) < len(addresses):
            found.append(("boxes", "expected another host or port for each box"))
        if self.tls is None:
            found += [
                (f"boxes.{name}.host", "expected tls beside it, or an address of this machine itself")
                for name, box in self.boxes.items()
                if not is_loopback(box.host) or not is_loopback(box.listen_host or box.host)
            ]
            if self.witness is not None and not is_loopback(self.witness.host):
                found.append(("witness.host", "expected tls beside it, or an address of this machine itself"))
        return found

    def settings(self, directory: Path) -> StandbySettings:
        """With absolute paths."""
        tls = self.tls
        return StandbySettings(
            boxes={
                name: BoxSettings(
                    name,
                    box.host,
                    box.port,
                    box.url.rstrip("/"),
                    box.bind,
                    (box.listen_host or box.host, box.listen_port or box.port),
                )
                for name, box in self.boxes.items()
            },
            first=self.first,
            wait_s=self.wait_s,
            tls=None
            if tls is None
            else TlsSettings(directory / tls.ca, directory / tls.certificate, directory / tls.key),
            witness=None
            if self.witness is None
            else WitnessSettings(
                self.witness.host, self.witness.port, self.witness.lease_s, self.witness.patience_s
            ),
        )
