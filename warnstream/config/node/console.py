"""The keys of `console:` in warnstream.yaml."""

import ipaddress
from pathlib import Path
from typing import Annotated

from warnstream.config.settings import ConsoleSettings
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default, part

CONSOLE_PORT = 18_090


class ConsoleSection(Section):
    """The duty officer's screen, a process of its own beside the node."""

    host: Annotated[str, value_types.text()] = default(
        "127.0.0.1",
        description="Address to listen on; any other than one of this machine itself needs `certificate`.",
    )
    port: Annotated[int, value_types.whole(0, 65_535)] = default(
        CONSOLE_PORT, description="Port, not `http.port`; 0: the system chooses."
    )
    hosts: list[Annotated[str, value_types.text()]] = part(
        list, "Names under which it is reached, beside `localhost`, the machine's own, and addresses."
    )
    proxies: list[Annotated[str, value_types.network()]] = part(
        list,
        "Proxies whose `X-Forwarded-For` names the client and whose `X-Forwarded-Proto` says that it came "
        "by HTTPS; others' are ignored.",
    )
    certificate: Annotated[str | None, value_types.text()] = default(
        None, description="File with its certificate (PEM): it answers by HTTPS then."
    )
    key: Annotated[str | None, value_types.text()] = default(
        None, description="File with the key of that certificate."
    )
    shift_plan: list[Annotated[str, value_types.code()]] = part(
        list,
        "Posts of chain.csv that are rung one after the other while no officer has seen an urgent alarm; "
        "without any `node.duty_posts`.",
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Passwords go over plain connections of this machine alone."""
        if (self.certificate is None) != (self.key is None):
            return [("certificate", "expected certificate and key, or neither")]
        if self.certificate is None and not is_loopback(self.host):
            return [
                ("host", "expected an address of this machine itself, or certificate and key: passwords pass")
            ]
        return []

    def settings(self, directory: Path) -> ConsoleSettings:
        """With absolute paths."""
        return ConsoleSettings(
            self.host,
            self.port,
            tuple(self.hosts),
            tuple(self.proxies),
            directory / self.certificate if self.certificate else None,
            directory / self.key if self.key else None,
            tuple(self.shift_plan),
        )


def is_loopback(host: str) -> bool:
    """Whether an address, or ``localhost``, is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
