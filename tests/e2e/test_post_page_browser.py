"""A grid member's page in a real browser: taps that wait for a network, and never undo a call for help."""

import json
import re
from typing import Any

import httpx
import msgspec
import pytest

from tests.e2e.axes import findings
from tests.e2e.test_chain_live import FAR, NEAR, Town
from tests.e2e.test_console_browser import browser  # noqa: F401
from tests.e2e.test_orders_live import doors_of
from tests.pictures import keep_picture
from warnstream.adapters.journal.journal import Journal
from warnstream.config.load import load_configuration
from warnstream.model.effects import Answer
from warnstream.runners.intake import entries

pytestmark = [pytest.mark.server, pytest.mark.slow]

WAIT_MS = 60_000
POST = f"G{FAR}"


class Member:
    """A grid member with a phone, at the link of a digest."""

    def __init__(self, browser: Any, url: str, *, is_small: bool = True) -> None:  # noqa: F811
        size = {"width": 360 if is_small else 1366, "height": 740}
        self.context = browser.new_context(viewport=size, locale="zh-CN")
        self.context.set_default_timeout(WAIT_MS)
        self.page = self.context.new_page()
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", self._hear)
        self.page.goto(url)

    def _hear(self, said: Any) -> None:
        if said.type == "error" and "Failed to load resource" not in said.text:
            self.wrong.append(said.text)

    def wait_for(self, selector: str, text: str) -> None:
        self.page.locator(selector, has_text=text).first.wait_for()

    def tap(self, door: str, word: str) -> None:
        self.page.click(f"[data-tap='{door} {word}']")

    def door(self, code: str) -> Any:
        return self.page.locator(".door", has=self.page.locator(f"strong:text-is('{code}')"))


@pytest.fixture
def running(town: Town) -> Town:
    town.node.start()
    town.rain()
    return town


def link_of(town: Town) -> str:
    """The page of the doors, as the page of the digest links to it."""
    link = town.digests(POST)[-1]["answer_url"]
    page = httpx.get(link, trust_env=False, timeout=20).text
    found = re.search('href="\\.\\./g/#([^"]+)"', page)
    assert found, page
    return f"{link.partition('/a/')[0]}/g/#{found[1]}"


def said_of(town: Town) -> list[entries.AnswerEntry]:
    """Answers in the journal that a post has given for doors."""
    found = []
    journal = Journal(load_configuration(town.directory).storage.directory)
    for _, kind, payload in journal.since(0):
        if kind == entries.ANSWER:
            found.append(msgspec.msgpack.decode(payload, type=entries.AnswerEntry))
    journal.close()
    return [said for said in found if said.by]


def test_doors_are_told_of_by_taps_that_wait_for_a_network(running: Town, browser: Any) -> None:  # noqa: F811
    town = running
    calls, moves, hears, helped = doors = [f"H{FAR}-{number:03}" for number in range(1, 5)]
    member = Member(browser, link_of(town))
    page = member.page
    member.wait_for("h2", "红色")
    assert page.locator(".door").count() == len(doors) == 4
    assert findings(page) == []
    sizes = page.evaluate(
        """() => [...document.querySelectorAll("button, input")]
          .map((one) => [one.offsetWidth, one.offsetHeight])"""
    )
    assert min(min(size) for size in sizes) >= 48
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    member.tap(moves, "moving")
    town.minutes(1)
    page.click("#again")
    member.door(moves).get_by_text("转移中").wait_for()
    keep_picture(page, "post-page-zh-360")

    # Without a network: taps stay, with their own time; a door calls for help meanwhile.
    member.context.set_offline(True)
    member.tap(calls, "safe")
    member.tap(hears, "heard")
    member.wait_for("#status", "没有网络")
    member.wait_for("#status", "2 条待发")
    page.wait_for_selector("#old:not([hidden])")
    keep_picture(page, "post-page-offline-zh-360")
    town.answer(calls, "need_help")
    town.minutes(3)
    page.wait_for_timeout(3_000)

    member.context.set_offline(False)
    member.door(calls).locator(".conflict").wait_for()
    member.door(hears).get_by_text("已知晓").wait_for()
    assert "求助中" in member.door(calls).inner_text()
    assert page.is_disabled(f"[data-tap='{calls} safe']"), "a call is ended by another person alone"
    keep_picture(page, "post-page-conflict-zh-360")
    member.tap(helped, "help")
    page.wait_for_timeout(2_000)
    town.minutes(1)
    n_calls = town.node.get("/api/v1/state")["chain"]["help_open"]
    assert n_calls == 2

    # Heads by number go the same way, in English, on a wide screen.
    page.click("#language")
    page.fill("input[name=to_move]", "31")
    page.fill("input[name=moved]", "20")
    page.click("form button")
    member.wait_for("#status", "Reported")
    assert all(url.startswith(town_url(town)) for url in member.asked if not url.startswith("data:"))
    assert member.wrong == []

    town.node.stop()
    taken = {said.recipient: said for said in said_of(town)}
    assert set(taken) == {moves, hears, helped}
    assert {said.by for said in taken.values()} == {POST}
    assert taken[moves].answer is Answer.MOVING
    assert taken[hears].happened_s > 0, "it was tapped earlier than it was sent"
    assert calls not in taken, "the conflict left nothing"


def town_url(town: Town) -> str:
    return f"http://127.0.0.1:{town.node.http_port}"


def test_a_link_of_another_post_or_a_door_opens_no_list(running: Town, browser: Any) -> None:  # noqa: F811
    town = running
    door_link = doors_of(town, FAR)[-1]["answer_url"].rpartition("/")[2]
    member = Member(browser, f"{town_url(town)}/g/#{door_link}")
    member.wait_for("#status", "链接已失效")
    assert member.page.locator(".door").count() == 0
    said = {"answers": [{"village": NEAR[0], "door": f"H{NEAR[0]}-001", "word": "safe"}]}
    token = link_of(town).rpartition("#")[2]
    answer = httpx.post(
        f"{town_url(town)}/api/v1/posts/doors",
        content=json.dumps(said),
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
    )
    assert answer.json()["answers"][0]["result"] == "refused"
    assert member.wrong == []
