"""The officer of `warnstream demo`: moves the people of one township, by HTTP, as a person would.

Waits for the first warning at orange or above, orders the transfer of its township for the hour after,
lets posts fetch who is still there, and at zero open says that it is over, has the places looked at, and
tells people to come back, as far as the storm allows it in the demo's time.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from rich.console import Console

from warnstream.adapters.sending.answer_tokens import Tokens, load_or_create_secret
from warnstream.config.settings import Configuration
from warnstream.model.hands.orders import Role
from warnstream.model.level import Level, parse_level
from warnstream.model.times import HOUR_S, iso_utc, parse_iso
from warnstream.runners.live.node import Node

LOOK_S = 0.25
"""Between two looks, in real time."""

FETCHED_SHARE = 5
"""One in so many of who is open is fetched at each look, at least one."""

LIST = "demo"
SHELTERED = "at the shelter"


class DemoOfficer:
    """One officer and a second of the county, at work on a node through its HTTP interface.

    Parameters
    ----------
    node : Node
    configuration : Configuration
    """

    def __init__(self, node: Node, configuration: Configuration) -> None:
        self._node, self._places = node, configuration.network.villages
        tokens = Tokens(load_or_create_secret(configuration.storage.directory))
        county = {
            operator.area: operator.person
            for operator in configuration.operators
            if operator.role is Role.OFFICER
        }
        second = {
            operator.area: operator.person
            for operator in configuration.operators
            if operator.role is Role.SECOND
        }
        self._officer_of, self._second_of = county, second
        self._token = tokens.for_operator
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo officer", daemon=True)
        self._villages: list[str] = []
        self._county = ""
        self.seen: dict[str, Any] = {}

    def start(self) -> None:
        """Look from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join(10)

    def summary(self) -> dict[str, object]:
        """What became of the transfer; empty where nobody was moved."""
        if not self.seen:
            return {}
        figures = self.seen["figures"]
        return {
            "villages": len(self._villages),
            "rows": figures["rows"],
            "open": figures["open"],
            "persons": figures["persons"],
            "state": self.seen["state"],
            "returned": self.seen["closed"] is not None,
        }

    def _run(self) -> None:
        with httpx.Client(trust_env=False, timeout=10) as client:
            while not self._stop.wait(LOOK_S):
                try:
                    self._look(client)
                except (httpx.HTTPError, KeyError, ValueError):  # the node starts, or has stopped
                    continue

    def _look(self, client: httpx.Client) -> None:
        if not self._villages:
            self._order(client)
            return
        record = self._get(client, f"/api/v1/transfers/{self._person}-{LIST}")
        if not record["lists"]:
            return
        (self.seen,) = record["lists"]
        if self.seen["closed"] is not None:
            return
        still = [row for row in self.seen["rows"] if row["state"] != "safe"]
        if still:
            fetched = still[: max(len(still) // FETCHED_SHARE, 1)]
            rows = [row["code"] for row in fetched]
            self._post(client, "/api/v1/transfers/marks", rows=rows, word="safe", note=SHELTERED)
            return
        self._bring_back(client)

    def _order(self, client: httpx.Client) -> None:
        """Move the township of the worst warning."""
        standing = self._get(client, "/api/v1/warnings")
        urgent = [warning for warning in standing if parse_level(warning["level"]) >= Level.ORANGE]
        if not urgent:
            return
        number = self._places.index_of_code()[urgent[0]["village"]]
        township, self._county = self._places.township[number], self._places.county[number]
        by = iso_utc(self._now_s() + HOUR_S)
        taken = self._post(
            client,
            "/api/v1/orders",
            key=LIST,
            kind="transfer",
            townships=[township],
            by=by,
            reason="the first orange of the storm",
        )
        if taken is not None:
            self._villages = [
                code
                for code, name in zip(self._places.code, self._places.township, strict=True)
                if name == township
            ]

    def _bring_back(self, client: httpx.Client) -> None:
        """Over, looked at, and back: each once the one before has been taken."""
        where: dict[str, Any] = {"villages": self._villages, "reason": "all are counted"}
        if not all(village["over"] for village in self.seen["villages"]):
            self._post(client, "/api/v1/orders", key="over", kind="transfer-over", **where)
            return
        places = [place for village in self.seen["villages"] for place in village["places"]]
        if not all(place["safe"] for place in places):
            self._post(client, "/api/v1/orders", key="look", kind="assess", verdict="safe", **where)
            return
        second = self._second_of[self._county]
        agreed = {"second": second, "second_token": self._token(second)}
        self._post(client, "/api/v1/orders", kind="return", **where, **agreed)

    def _now_s(self) -> int:
        now = self._node.status.state().now
        return parse_iso(str(now))

    def _get(self, client: httpx.Client, path: str) -> Any:  # JSON
        found = client.get(self._url(path), auth=(self._person, self._token(self._person)))
        return found.raise_for_status().json()

    def _post(self, client: httpx.Client, path: str, key: str = "", **said: object) -> Any | None:
        """What the node has taken; None where it refused it, as things stand."""
        who = "author" if path.endswith("orders") else "person"
        body = {who: self._person, "token": self._token(self._person), **said}
        headers = {"Idempotency-Key": key} if key else {}
        answered = client.post(self._url(path), json=body, headers=headers)
        return answered.json() if answered.is_success else None

    @property
    def _person(self) -> str:
        return self._officer_of.get(self._county) or next(iter(self._officer_of.values()))

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._node.http.port}{path}"


@contextmanager
def officer_beside(node: Node, configuration: Configuration, terminal: Console) -> Iterator[DemoOfficer]:
    """An officer at work while the demo runs; at its end it is said what became of the transfer."""
    officer = DemoOfficer(node, configuration)
    officer.start()
    try:
        yield officer
    finally:
        officer.stop()
        if said := officer.summary():
            back = "people were told to come back" if said["returned"] else "nobody was told to come back yet"
            terminal.print(
                f"An officer moved {said['villages']} villages: {said['rows']} doors and objects, "
                f"{said['open']} of them open at the end; {back}.",
                highlight=False,
            )
