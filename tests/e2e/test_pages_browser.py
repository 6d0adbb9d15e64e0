"""Pages beside the situation in a real browser: read, set back, ordered; for everybody (axe-core)."""

import itertools
import json
import re
import time
from typing import Any

import pytest

from tests.e2e.axes import findings
from tests.e2e.consoles import Watched
from tests.e2e.test_chain_live import FAR, FAR_TOWN, Town
from tests.e2e.test_console_browser import SIZES, Officer, browser  # noqa: F401
from warnstream.model.times import HOUR_S

pytestmark = [pytest.mark.server, pytest.mark.slow]

PAGES = {
    "warning": f"#/warning/{FAR}",
    "transfers": "#/transfers",
    "stations": "#/stations",
    "thresholds": "#/thresholds",
    "review": "#/review",
    "admin": "#/admin",
}


def go(officer: Officer, address: str) -> None:
    officer.page.evaluate("(to) => { location.hash = to; }", address)
    officer.page.wait_for_selector("#page .page-head h1")


def set_to(officer: Officer, minutes: int) -> None:
    officer.page.evaluate(
        """(minutes) => {
          const time = document.getElementById("time");
          time.value = String(minutes);
          time.dispatchEvent(new Event("input"));
        }""",
        minutes,
    )


def local_clock(time_s: int) -> str:
    """Hours and minutes in China."""
    return time.strftime("%H:%M", time.gmtime(time_s + 8 * HOUR_S))


def say(page: Any, button: str, town: Town) -> None:
    """An act of a row, and the step that takes it once the node has it."""
    with page.expect_response("**/api/v1/acts"):
        page.locator("button", has_text=button).first.click()
    town.minutes(1)


def look_back(officer: Officer, town: Town) -> None:
    """Another time, an earlier one than there is a picture of, and now again."""
    for _ in range(2):  # pictures come once a second at most, and only an older one is another time
        time.sleep(1.2)
        town.minutes(2)
    time.sleep(1.2)
    set_to(officer, -15)
    officer.wait_for("#mode", "REPLAY")
    officer.wait_for("#time-notice", "no hands")
    assert officer.page.locator("#need-dry .number").inner_text() == "–"
    assert not officer.page.locator("#hand-buttons").is_visible()
    assert officer.page.locator("#time-shown").inner_text() != local_clock(town.now_s), "it is the picture's"
    set_to(officer, -300)
    officer.wait_for("#time-shown", "this console has pictures from")
    officer.page.keyboard.press("Escape")
    officer.wait_for("#mode", "DRILL")
    officer.page.wait_for_selector("#hand-buttons")


def test_a_storm_is_read_on_every_page_set_back_and_exported(
    town: Town,
    watched: Watched,
    browser: Any,  # noqa: F811
) -> None:
    town.rain()
    officer = Officer(browser, watched.url)
    page = officer.page
    officer.wait_for("#rows .row", FAR_TOWN)

    # Every version of one village's warning, what was said to whom, and why it is not higher.
    go(officer, PAGES["warning"])
    page.wait_for_selector(".version")
    door = next(seen for name, seen in sorted(town.seen.items()) if name.startswith(f"H{FAR}"))
    assert door[-1]["text_en"] in officer.text(".page-columns")
    assert "reached the threshold" in officer.text(".versions")
    page.locator(".version details summary").first.click()
    assert "<alert" in page.locator(".version pre").first.inner_text()
    assert page.locator(".page-columns table tbody tr").count() > 0, "posts that were told"

    # The same screen as it was: nothing can be done, and the clock says so.
    page.evaluate("location.hash = '#/'")
    page.wait_for_selector("#rows .row")
    look_back(officer, town)

    # A transfer is looked at, ordered, and its first row confirmed by two people.
    go(officer, PAGES["transfers"])
    page.click("details.page-section > summary")
    page.fill("input[name=villages]", FAR)
    page.fill(".page-section form input[name=reason]", "night is coming")
    page.click(".page-section form button:has-text('Who would be told')")
    page.wait_for_selector(".page-section form blockquote")
    page.click(".page-section form .go")
    officer.wait_for(".hand-done", "Taken, entry")
    town.minutes(1)
    page.locator("a", has_text=re.compile(r"^\d+ rows$")).first.click()
    page.wait_for_selector("tr.move-silent, tr.move-acknowledged")
    say(page, "Say safe", town)
    officer.wait_for("#page", "you said so")
    second = Officer(browser, watched.url, person="agrees")
    go(second, page.evaluate("location.hash"))
    say(second.page, "Confirm safe (second)", town)
    second.page.wait_for_selector("tr.move-safe")

    with page.expect_download() as download:
        go(officer, PAGES["stations"])
        page.click("a.button:has-text('Excel')")
    assert download.value.suggested_filename == "warnstream-stations.xlsx"
    assert [url for url in officer.asked if not url.startswith((watched.url, "data:"))] == []
    assert officer.wrong == second.wrong == []


def test_every_page_is_for_everybody(town: Town, watched: Watched, browser: Any) -> None:  # noqa: F811
    """axe-core finds nothing and nothing runs over the edge, on every page, in both languages and themes."""
    town.rain()
    officer = Officer(browser, watched.url)
    page = officer.page
    found: dict[str, Any] = {}
    looks = list(itertools.product(("zh", "en"), ("light", "dark"), SIZES))
    for number, (language, theme, width) in enumerate(looks):
        page.set_viewport_size({"width": width, "height": SIZES[width]})
        page.goto(f"{watched.url}/?language={language}&theme={theme}")
        page.wait_for_selector(".row .badge.level-4")
        page.wait_for_selector("#facts .hazard")
        shown = f"{language} {theme} {width}"
        found[f"{shown} situation"] = findings(page)
        # Pages differ by their content, not by their size: each is looked at in turn, two in every look.
        names = list(PAGES)
        for name in (names[number % len(names)], names[(number + 3) % len(names)]):
            go(officer, PAGES[name])
            found[f"{shown} {name}"] = findings(page)
            if officer.overflows():
                found[f"{shown} {name} runs over"] = True
    assert {name: rules for name, rules in found.items() if rules} == {}, json.dumps(found, indent=1)
    assert officer.wrong == []
