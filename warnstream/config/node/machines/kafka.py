"""The keys of `kafka:` in warnstream.yaml: the county's log is a partition of Kafka, judged by workers."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from warnstream.config.node.broker import TlsSection
from warnstream.config.node.console import is_loopback
from warnstream.config.settings import KafkaSettings, TlsSettings
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default

PORT_MAX = 65_535


class KafkaSection(Section):
    """A log of many counties that other processes judge: `warnstream bridge`, `judge` and `deliver`."""

    servers: list[Annotated[str, value_types.text()]] = Field(
        description="Brokers as host:port, some of them; the others are learnt of."
    )
    partition: Annotated[int, value_types.whole(0, 9_999)] = Field(
        description="Partition of this county in every topic; each county has another one."
    )
    prefix: Annotated[str, value_types.code()] = default("ws", description="First word of the topics.")
    partitions: Annotated[int, value_types.whole(1, 10_000)] = default(
        12, description="Partitions of topics that are made because they are not there."
    )
    copies: Annotated[int, value_types.whole(1, 5)] = default(
        3,
        description="Copies of every partition of topics that are made; all but one must have an entry "
        "before it is acknowledged. 1 for a Kafka of one node.",
    )
    session_s: Annotated[int, value_types.duration("6s", "5min")] = default(
        "10s",
        alias="session",
        description="A worker that says nothing for so long is dead, and others judge its counties.",
    )
    bridge_port: Annotated[int, value_types.whole(0, PORT_MAX)] = default(
        18091, description="Port of the bridge's /healthz, /readyz and /metrics, at `http.host`."
    )
    judge_port: Annotated[int, value_types.whole(0, PORT_MAX)] = default(
        18092, description="The same of a worker that judges; `judge --port` gives another one its own."
    )
    deliver_port: Annotated[int, value_types.whole(0, PORT_MAX)] = default(
        18093, description="The same of a delivery node."
    )
    username: Annotated[str | None, value_types.text()] = default(
        None, description="User at the brokers (SCRAM-SHA-512)."
    )
    password_file: Annotated[str | None, value_types.text()] = default(
        None, description="File whose first line is that user's password; needs `username`."
    )
    tls: TlsSection | None = default(
        None, description="Certificates; without them the brokers must be on this machine itself."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Addresses can be used, there is such a partition, nothing of people crosses a network in plain."""
        found = [
            (f"servers.{number}", f"expected host:port, got {server!r}")
            for number, server in enumerate(self.servers)
            if not _is_address(server)
        ]
        if not self.servers:
            found.append(("servers", "expected at least one broker as host:port"))
        if self.partition >= self.partitions:
            found.append(("partition", f"expected a number below partitions ({self.partitions})"))
        if self.tls is None:
            found += [
                (f"servers.{number}", "expected tls beside it, or an address of this machine itself")
                for number, server in enumerate(self.servers)
                if _is_address(server) and not is_loopback(server.rpartition(":")[0])
            ]
        if (self.username is None) != (self.password_file is None):
            lone, other = ("username", "password_file") if self.username else ("password_file", "username")
            found.append((lone, f"expected {other} beside it"))
        return found

    def settings(self, directory: Path) -> KafkaSettings:
        """With absolute paths."""
        tls = self.tls
        return KafkaSettings(
            servers=tuple(self.servers),
            partition=self.partition,
            prefix=self.prefix,
            partitions=self.partitions,
            copies=self.copies,
            session_s=self.session_s,
            bridge_port=self.bridge_port,
            judge_port=self.judge_port,
            deliver_port=self.deliver_port,
            username=self.username,
            password_file=None if self.password_file is None else directory / self.password_file,
            tls=None
            if tls is None
            else TlsSettings(
                directory / tls.ca,
                None if tls.certificate is None else directory / tls.certificate,
                None if tls.key is None else directory / tls.key,
            ),
        )


def _is_address(server: str) -> bool:
    host, _, port = server.rpartition(":")
    return bool(host) and port.isdigit() and 0 < int(port) <= PORT_MAX
