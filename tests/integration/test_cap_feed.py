"""The Atom feed, read back with lxml as RFC 4287 says, and the keys of a telephone."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from lxml import etree

from tests.doors import LoggedOutbox as Outbox
from tests.integration.test_http_api import OF_DOORS, TOKENS, Node, ask
from tests.unit.adapters.county import SENT_S, network, rendered, told, warning_message
from warnstream.adapters.http import atom
from warnstream.adapters.http.api import HttpApi
from warnstream.adapters.http.routers import public
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.outbox.cap_messages import FEED_S
from warnstream.model.effects import Answer
from warnstream.model.errors import StoreError
from warnstream.model.level import Level
from warnstream.model.warning import MessageStatus, WarningMessage

ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with closing(Outbox(tmp_path)) as opened:
        yield opened


@pytest.fixture
def node() -> Node:
    return Node()


@pytest.fixture
def api(node: Node, outbox: Outbox) -> HttpApi:
    return HttpApi(node, outbox, TOKENS, Metrics(), public_url="https://county.example")


def issue(outbox: Outbox, *messages: WarningMessage) -> None:
    outbox.record(told(*messages), network(), rendered)


def read(api: HttpApi, path: str = "/cap/feed.atom") -> etree._Element:
    response = ask(api, "GET", path)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("application/atom+xml")
    return etree.fromstring(response.content)


def texts(document: etree._Element, path: str) -> list[str]:
    return [str(element) for element in document.xpath(path, namespaces=ATOM)]


def test_every_message_is_an_entry_with_its_document(outbox: Outbox, api: HttpApi) -> None:
    first, second = warning_message(), warning_message(version=2, level=Level.RED)
    issue(outbox, first)
    issue(outbox, second, warning_message(village=1, status=MessageStatus.EXERCISE))
    document = read(api)
    titles = texts(document, "a:entry/a:title/text()")
    assert titles == ["【演练】立即转移，版本1", "立即转移，版本2", "立即转移，版本1"]
    links = texts(document, "a:entry/a:link[@rel='alternate']/@href")
    assert links[1:] == [
        f"https://county.example/cap/messages/{alert.identifier}" for alert in (second, first)
    ]
    # Bulletins of doors are no CAP, and nobody's address is in it.
    assert OF_DOORS.identifier not in ask(api, "GET", "/cap/feed.atom").text
    path = links[1].removeprefix("https://county.example")
    answer = ask(api, "GET", path)
    assert answer.headers["Content-Type"].startswith("application/cap+xml")
    assert etree.fromstring(answer.content).tag == "alert"


def test_the_feed_has_what_atom_demands(outbox: Outbox, api: HttpApi) -> None:
    issue(outbox, warning_message())
    document = read(api)
    for path in ("a:id", "a:title", "a:updated", "a:author/a:name", "a:link[@rel='self']"):
        assert len(document.findall(path, ATOM)) == 1, path
    for path in ("a:id", "a:title", "a:updated", "a:link[@rel='alternate']", "a:summary"):
        assert len(document.findall(f"a:entry/{path}", ATOM)) == 1, path
    assert texts(document, "a:updated/text()") == texts(document, "a:entry/a:updated/text()")


def test_ids_stay_when_the_node_moves(outbox: Outbox, node: Node, api: HttpApi) -> None:
    issue(outbox, warning_message())
    moved = HttpApi(node, outbox, TOKENS, Metrics(), public_url="https://elsewhere.example")
    assert texts(read(api), "//a:id/text()") == texts(read(moved), "//a:id/text()")


def test_an_empty_feed_is_a_feed(api: HttpApi) -> None:
    document = read(api)
    assert texts(document, "a:updated/text()") == ["1970-01-01T00:00:00Z"]
    assert texts(document, "a:entry") == []


def test_who_has_it_is_told_so_until_there_is_news(outbox: Outbox, api: HttpApi) -> None:
    issue(outbox, warning_message())
    tag = ask(api, "GET", "/cap/feed.atom").headers["ETag"]
    for wanted in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = ask(api, "GET", "/cap/feed.atom", headers={"If-None-Match": wanted})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    issue(outbox, warning_message(version=2))
    news = ask(api, "GET", "/cap/feed.atom", headers={"If-None-Match": tag})
    assert news.status_code == 200


def test_a_long_feed_is_turned_page_by_page(
    outbox: Outbox, api: HttpApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (atom, public):
        monkeypatch.setattr(module, "PAGE_MAX", 2)
    for version in range(1, 6):
        issue(outbox, warning_message(version=version))
    path, found, pages = "/cap/feed.atom", [], 0
    while path:
        document = read(api, path)
        found += texts(document, "a:entry/a:title/text()")
        following = texts(document, "a:link[@rel='next']/@href")
        path = following[0].removeprefix("https://county.example") if following else ""
        pages += 1
    assert found == [f"立即转移，版本{version}" for version in range(5, 0, -1)]
    assert pages == 3


def test_the_feed_ends_days_before_its_newest_message(outbox: Outbox, api: HttpApi) -> None:
    old = warning_message()
    issue(outbox, old)
    with outbox._database.transaction() as connection:
        connection.execute("UPDATE messages SET sent_s = ?", (SENT_S - FEED_S,))
    issue(outbox, warning_message(village=1, version=3))
    assert len(texts(read(api), "a:entry/a:id/text()")) == 1
    assert ask(api, "GET", f"/cap/messages/{old.identifier}").status_code == 200


@pytest.mark.parametrize("before", ["", "-1", "x", "９", "1" * 19])
def test_a_page_that_nobody_linked_to_is_refused(api: HttpApi, before: str) -> None:
    assert ask(api, "GET", f"/cap/feed.atom?before={before}").status_code == 400


def test_a_document_that_is_none_is_not_found(outbox: Outbox, api: HttpApi) -> None:
    issue(outbox, warning_message())
    for name in ("unknown", OF_DOORS.identifier):
        assert ask(api, "GET", f"/cap/messages/{name}").status_code == 404


def token_of(outbox: Outbox) -> str:
    number = outbox.number_of(f"{OF_DOORS.identifier}|V1-H0|sms")
    assert number is not None
    return TOKENS.issue(number, OF_DOORS.identifier, "V1-H0")


KEYS = [
    ("1", Answer.ACKNOWLEDGED),
    ("2", Answer.NEED_HELP),
    ("2#", Answer.NEED_HELP),
    (" １", Answer.ACKNOWLEDGED),
]


@pytest.mark.parametrize(("key", "answer"), KEYS)
def test_a_key_is_an_answer(outbox: Outbox, node: Node, api: HttpApi, key: str, answer: Answer) -> None:
    issue(outbox, warning_message())
    form = {"Digits": key, "CallSid": "CA1", "From": "+8657", "To": "+8613"}
    response = ask(api, "POST", f"/a/{token_of(outbox)}/keys", data=form)
    assert response.headers["Content-Type"].startswith("application/xml")
    spoken = etree.fromstring(response.content)
    assert [element.tag for element in spoken] == ["Say"]
    assert node.answers == [(OF_DOORS.identifier, "V1-H0", answer)]


@pytest.mark.parametrize("form", [{}, {"Digits": ""}, {"Digits": "9"}, {"Digits": "12"}, {"digits": "1"}])
def test_another_key_is_asked_for_again(
    outbox: Outbox, node: Node, api: HttpApi, form: dict[str, str]
) -> None:
    issue(outbox, warning_message())
    response = ask(api, "POST", f"/a/{token_of(outbox)}/keys", data=form)
    assert "<Gather" in response.text
    assert node.answers == []


def test_a_key_that_cannot_be_kept_is_asked_for_again(outbox: Outbox, node: Node, api: HttpApi) -> None:
    issue(outbox, warning_message())
    node.refuse = StoreError("disk", retryable=True)
    response = ask(api, "POST", f"/a/{token_of(outbox)}/keys", data={"Digits": "2"})
    assert "没有收到" in response.text
    assert "<Gather" in response.text


def test_a_key_with_another_s_token_is_nobody_s(outbox: Outbox, node: Node, api: HttpApi) -> None:
    issue(outbox, warning_message())
    assert ask(api, "POST", f"/a/{'x' * 24}/keys", data={"Digits": "1"}).status_code == 404
    assert node.answers == []
