"""Alerts of other services over HTTP: who may bring them, what is kept, what is answered."""

import httpx
import pytest

from tests.alerts import cap
from tests.integration.test_http_api import TOKENS, Node, api, ask, node, outbox
from warnstream.adapters.http.api import HttpApi
from warnstream.ingest.cap.tree import BYTES_MAX
from warnstream.model.errors import StoreError

__all__ = ["api", "node", "outbox"]

FEED = ("met", TOKENS.for_feed("met"))


def post(api: HttpApi, document: str | bytes, auth: tuple[str, str] | None = FEED) -> httpx.Response:
    content = document if isinstance(document, bytes) else document.encode()
    return ask(api, "POST", "/api/v1/cap", content=content, auth=auth)


def test_a_feed_and_a_person_bring_alerts_with_their_tokens(api: HttpApi, node: Node) -> None:
    assert post(api, cap()).status_code == 202
    answer = post(api, cap(), ("zhang", TOKENS.for_operator("zhang")))
    assert (answer.status_code, answer.json()) == (202, {"alerts": 1, "unread": []})
    assert node.alerts_kept == [("met", cap().encode()), ("zhang", cap().encode())]


@pytest.mark.parametrize(
    "auth",
    [
        None,
        ("met", "x"),
        ("met", TOKENS.for_post("met")),
        ("other", TOKENS.for_feed("met")),
        ("", TOKENS.for_feed("")),
    ],
)
def test_nobody_else_does(api: HttpApi, node: Node, auth: tuple[str, str] | None) -> None:
    assert post(api, cap(), auth).status_code == 403
    assert node.alerts_kept == []


def test_what_cannot_be_read_is_named_and_kept_all_the_same(api: HttpApi, node: Node) -> None:
    answer = post(api, "<!DOCTYPE a><a/>")
    assert answer.status_code == 400
    assert answer.json()["unread"][0]["reason"] == "forbidden_xml"
    feed = f"<feed><entry>{cap()}</entry><entry><link href='http://x/a'/></entry></feed>"
    answer = post(api, feed)
    assert answer.status_code == 202
    assert [alert["reason"] for alert in answer.json()["unread"]] == ["link_only"]
    assert post(api, "<feed/>").json() == {"alerts": 0, "unread": []}
    assert len(node.alerts_kept) == 3


def test_ten_megabytes_are_not_taken(api: HttpApi, node: Node) -> None:
    assert post(api, b" " * (BYTES_MAX + 1)).status_code == 413
    assert node.alerts_kept == []


def test_what_cannot_be_kept_is_to_be_sent_again(api: HttpApi, node: Node) -> None:
    node.refuse = StoreError("the disk is full", retryable=True)
    assert post(api, cap()).status_code == 503


def test_alerts_that_stand_are_listed_for_everybody(api: HttpApi) -> None:
    (listed,) = ask(api, "GET", "/api/v1/cap").json()
    assert listed["identifier"] == "A1"
