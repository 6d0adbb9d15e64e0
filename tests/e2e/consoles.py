"""A console that `warnstream run` starts, and a person who reads it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import free_port
from tests.e2e.live import LiveNode, command
from tests.local_http import LOCAL

PASSWORD = "correct horse battery"


class Watched:
    """The console of a node's folder, and people of its operators.csv who may sign in.

    Parameters
    ----------
    directory : Path
    node : LiveNode
        Not started yet.
    """

    def __init__(self, directory: Path, node: LiveNode) -> None:
        self.directory, self.node, self.port = directory, node, free_port()
        settings = directory / "warnstream.yaml"
        text = settings.read_text(encoding="utf-8")
        settings.write_text(f"{text}\nconsole:\n  port: {self.port}\n", encoding="utf-8")
        operators = directory / "operators.csv"
        row = "chief,Chief of duty,officer,*,,\n"
        operators.write_text(operators.read_text(encoding="utf-8") + row, encoding="utf-8")
        self._clients: list[httpx.Client] = []
        self.allow("chief")

    def close(self) -> None:
        """Close every browser."""
        for client in self._clients:
            client.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def allow(self, person: str) -> str:
        """Give a person an account; what the command said."""
        return subprocess.run(
            [command("warnstream"), "console-user", "add", str(self.directory), person],
            input=f"{PASSWORD}\n",
            check=True,
            capture_output=True,
            timeout=120,
            text=True,
        ).stdout

    def signed_in(self, person: str = "chief") -> httpx.Client:
        """A browser in which a person has signed in, once the console answers."""
        client = httpx.Client(base_url=self.url, timeout=20, trust_env=False, headers={"Origin": self.url})
        self._clients.append(client)
        self.node.wait_for(self.is_fed)
        answer = client.post("/api/v1/session", json={"person": person, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return client

    def is_fed(self) -> bool:
        """Whether frames of the node come."""
        try:
            found = LOCAL.get(f"{self.url}/healthz", timeout=5).json()
        except httpx.HTTPError:
            return False
        return bool(found["is_fed"])

    def pid(self) -> int:
        """Of the console that was started last."""
        log = (self.directory / "node.log").read_text(encoding="utf-8")
        return int(
            [line for line in log.splitlines() if 'event="console started"' in line][-1].rpartition("pid=")[2]
        )


def state_of(client: httpx.Client) -> dict[str, Any]:
    """The situation, as the person may see it."""
    answer = client.get("/api/v1/state")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = json.loads(answer.content)
    return found


def people_of(watched: Watched) -> None:
    """Another officer, a second person and a reader beside the chief."""
    row = "deputy,Deputy,officer,*,,\nagrees,Agrees,second,*,,\nlooks,Looks,reader,*,,\n"
    operators = watched.directory / "operators.csv"
    operators.write_text(operators.read_text("utf-8") + row, "utf-8")
    for person in ("deputy", "agrees", "looks"):
        watched.allow(person)
