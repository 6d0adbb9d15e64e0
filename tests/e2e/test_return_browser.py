"""People are let back at the console: in words that one person has read, once another one has agreed."""

from typing import Any

import pytest

from tests.e2e.axes import findings
from tests.e2e.consoles import Watched
from tests.e2e.test_acts_live import act
from tests.e2e.test_chain_live import FAR, Town
from tests.e2e.test_console_browser import Officer, browser  # noqa: F401
from tests.e2e.test_orders_live import doors_of
from tests.e2e.test_pages_browser import go
from tests.pictures import keep_picture

pytestmark = [pytest.mark.server, pytest.mark.slow]

FORM = "details[data-key=places] form"


def look(officer: Officer, word: str) -> None:
    officer.page.select_option(f"{FORM} [name=act]", word)
    officer.page.fill(f"{FORM} [name=villages]", FAR)
    officer.page.fill(f"{FORM} [name=reason]", "walked the slope")
    officer.page.click(f"{FORM} button:has-text('Who would be told')")


def go_on(officer: Officer, town: Town, said: str) -> None:
    officer.page.wait_for_selector(f"{FORM} .go:not([disabled])")
    officer.page.click(f"{FORM} .go")
    officer.wait_for(f"{FORM} .hand-done", said)
    town.minutes(1)


def test_two_persons_let_people_back_by_the_words_that_doors_read(
    town: Town,
    watched: Watched,
    browser: Any,  # noqa: F811
) -> None:
    town.minutes(5)
    client = watched.signed_in("chief")
    ordered = act(client, "transfer", FAR, by="23:00")
    assert ordered.status_code == 200, ordered.text
    town.minutes(1)
    officer = Officer(browser, watched.url)
    go(officer, "#/transfers")
    officer.page.click("details[data-key=places] > summary")
    # As the command refuses it: not over yet, then not assessed.
    look(officer, "return")
    officer.wait_for(f"{FORM} .hand-problem", "not over")
    assert officer.page.is_disabled(f"{FORM} .go")
    assert act(client, "transfer-over", FAR).status_code == 200
    town.minutes(1)
    look(officer, "return")
    officer.wait_for(f"{FORM} .hand-problem", "was not assessed")
    look(officer, "safe")
    go_on(officer, town, "Taken, entry")

    look(officer, "return")
    officer.page.wait_for_selector(f"{FORM} blockquote")
    read = officer.text(f"{FORM} blockquote")
    assert findings(officer.page) == []
    keep_picture(officer.page, "return-read-en")
    told = len(doors_of(town, FAR))
    go_on(officer, town, "waits for a second person")
    assert len(doors_of(town, FAR)) == told, "nobody is told to come back by one person"

    second = Officer(browser, watched.url, person="agrees", language="zh", theme="dark")
    second.wait_for(".proposal", "可以返回")
    second.page.click(".proposal")
    second.page.wait_for_selector("#hand blockquote")
    agreed_to = second.text("#hand blockquote")
    keep_picture(second.page, "return-agree-zh-dark")
    second.page.click("#hand .go")
    second.wait_for(".hand-done", "已受理")
    town.minutes(1)
    back = doors_of(town, FAR, "return")[-1]
    assert back["text_en"] in read
    assert back["text_zh"] in agreed_to, "the second person reads the words of the return, no others"
    assert officer.wrong == second.wrong == []
