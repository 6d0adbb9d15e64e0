"""The Chinese page is Chinese: every page is walked, and English words that are left are names and codes."""

import re
from typing import Any

import pytest

from tests.e2e.consoles import Watched
from tests.e2e.test_acts_live import act
from tests.e2e.test_chain_live import FAR, Town
from tests.e2e.test_console_browser import Officer, browser  # noqa: F401
from tests.e2e.test_pages_browser import PAGES, go
from tests.pictures import keep_picture

pytestmark = [pytest.mark.server, pytest.mark.slow]

WORD = re.compile(r"(?<![A-Za-z0-9_.-])[A-Za-z][a-z]{2,}(?![A-Za-z0-9_-])")
NAMES = {"chief", "deputy", "agrees", "looks", "Chief", "Deputy", "Agrees", "Looks", "duty"}
"""People of operators.csv of the test; a name is as it is written."""

COUNTIES = {"Yunhe", "Liandu", "Songyang"}
WORDS = {
    *("English", "Excel", "warnstream", "review", "prepare", "approve", "reload", "docs", "Enter", "Esc"),
    *("sms", "device", "voice", "mail", "terminal"),
}
"""The other language's button, names of programs, commands and keys; channels as channels.yaml has them."""

SHOWN = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.querySelector("#screen"), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const place = walk.currentNode.parentElement;
    if (place.closest("pre, [lang=en], script, option, [data-own]") || place.closest("[hidden]")) continue;
    found.push(walk.currentNode.textContent);
  }
  for (const one of document.querySelectorAll("#screen :is([aria-label], [title], [placeholder])")) {
    if (one.closest("[hidden], [data-own]")) continue;
    found.push(...["aria-label", "title", "placeholder"].map((name) => one.getAttribute(name) ?? ""));
  }
  return found;
}"""


def english_of(page: Any) -> dict[str, str]:
    """English words on the page, each with a text that it stands in."""
    found: dict[str, str] = {}
    for text in page.evaluate(SHOWN):
        for word in WORD.findall(text):
            if word not in NAMES | COUNTIES | WORDS:
                found.setdefault(word, text[:160])
    return found


def test_no_page_leaves_its_reader_with_english(town: Town, watched: Watched, browser: Any) -> None:  # noqa: F811
    town.rain()
    client = watched.signed_in("chief")
    assert (
        act(
            client, "lower", FAR, hazard="flash_flood", level="yellow", alone=True, reason="水位回落"
        ).status_code
        == 200
    )
    town.minutes(1)
    assert act(client, "transfer", FAR, by="23:00", reason="夜间").status_code == 200
    town.minutes(2)
    ready = town.node.get("/readyz")
    assert [reason["en"] for reason in ready["details"]] == ready["reasons"]
    left_zh = [reason["zh"] for reason in ready["details"] if set(WORD.findall(reason["zh"])) - WORDS - NAMES]
    assert left_zh == []
    officer = Officer(browser, watched.url, language="zh")
    page = officer.page
    page.wait_for_selector("#facts .hazard")
    left = {"situation": english_of(page)}
    keep_picture(page, "chinese-situation")
    for name, address in {**PAGES, "drill": "#/drill"}.items():
        go(officer, address)
        for summary in page.locator("#page summary").all():
            summary.click()
        left[name] = english_of(page)
        keep_picture(page, f"chinese-{name}")
    page.evaluate("location.hash = '#/'")
    page.keyboard.press("?")
    left["keys"] = english_of(page)
    assert {name: words for name, words in left.items() if words} == {}
    assert officer.wrong == []
