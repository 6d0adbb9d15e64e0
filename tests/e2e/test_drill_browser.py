"""A drill at the console beside real operation: read before it begins, scored while it is on, stopped."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Mosquitto
from tests.e2e.axes import findings
from tests.e2e.consoles import Watched
from tests.e2e.test_chain_live import NEAR_TOWN
from tests.e2e.test_console_browser import SIZES, Officer, browser  # noqa: F401
from tests.e2e.test_drill_live import DrillTown
from tests.e2e.test_pages_browser import go
from tests.pictures import keep_picture

pytestmark = [pytest.mark.server, pytest.mark.slow]

REASON = "autumn <b>drill</b>"


@pytest.fixture
def town(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[DrillTown]:
    opened = DrillTown(tmp_path, mosquitto.port)
    try:
        yield opened
    finally:
        opened.close()


def begin(officer: Officer) -> str:
    """Start a drill in a township; the words that were shown before."""
    page = officer.page
    page.click("details.page-section > summary:has-text('Start a drill')")
    page.select_option(
        "[name=town]", label=page.locator("[name=town] option", has_text=NEAR_TOWN).inner_text()
    )
    page.click(".page-section form button:has-text('Who would be told')")
    officer.wait_for(".page-section form .hand-problem", "say why")
    page.fill(".page-section form [name=reason]", REASON)
    page.click(".page-section form button:has-text('Who would be told')")
    page.wait_for_selector(".page-section form blockquote")
    assert page.inner_text(".page-section form .go") == "Start as DRILL"
    return str(page.locator(".page-section form blockquote").first.inner_text())


def test_a_township_is_drilled_scored_and_released_from_it(
    town: DrillTown,
    watched: Watched,
    browser: Any,  # noqa: F811
) -> None:
    town.minutes(2)
    officer = Officer(browser, watched.url)
    page = officer.page
    go(officer, "#/drill")
    officer.wait_for(".drill-banner", "No drill is on")
    read = begin(officer)
    assert "[EXERCISE]" in read
    assert not town.everything(), "who reads what would be told tells nobody"
    # News of the page take nothing that is typed, nor the focus.
    page.focus(".page-section form [name=reason]")
    page.wait_for_timeout(11_000)
    assert page.input_value(".page-section form [name=reason]") == REASON
    assert page.evaluate("document.activeElement.name") == "reason"

    page.click(".page-section form .go")
    officer.wait_for(".hand-done", "Taken, entry")
    town.minutes(1)
    officer.wait_for(".drill-banner.on", "1 drill is on in 2 villages")
    officer.wait_for(".drill-frame h2", REASON)
    officer.wait_for(".nav-note", "drill in 2")
    assert officer.text("#mode") == "LIVE", "the real operation goes on beside it"
    door = next(name for name in sorted(town.drilled) if name.startswith("H"))
    told = town.drilled[door][-1]
    assert told["text_en"] in read
    posts = [name for name in town.drilled if not name.startswith("H")]
    assert posts, "nobody was told first, and posts are rung"
    town.answer_drill(door, "moving")
    town.answer_drill(posts[0])
    town.minutes(1)
    officer.wait_for(".drill-frame .drill-score", "1 / 8")
    assert page.locator(".drill-frame b").count() == 0, "a reason is text"
    page.locator(".drill-frame td details summary").first.click()
    officer.wait_for(".drill-post", "after")
    keep_picture(page, "drill-on-en-light")

    looks: dict[str, Any] = {}
    for language, theme, width in (("zh", "light", 1366), ("en", "dark", 1440), ("zh", "dark", 390)):
        page.set_viewport_size({"width": width, "height": SIZES[width]})
        page.goto(f"{watched.url}/?language={language}&theme={theme}#/drill")
        page.wait_for_selector(".drill-frame")
        page.wait_for_selector("#nav .nav-note:not([hidden])")
        looks[f"{language} {theme} {width}"] = findings(page), officer.overflows()
        keep_picture(page, f"drill-{language}-{theme}-{width}")
    assert set(map(str, looks.values())) == {"([], False)"}, looks

    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(f"{watched.url}/?language=en&theme=light#/drill")
    page.click(".drill-stop")
    page.fill("#ask [name=reason]", "seen enough")
    page.click("#ask .go")
    town.minutes(2)
    officer.wait_for(".drill-banner", "No drill is on")
    officer.wait_for("#page", "stopped")
    assert "演练到此结束" in town.until(door, "演练到此结束")["text_zh"]
    assert officer.wrong == []


def test_a_page_that_is_opened_before_the_map_is_read_gets_its_form_then(
    town: DrillTown,
    watched: Watched,
    browser: Any,  # noqa: F811
) -> None:
    town.minutes(2)
    officer = Officer(browser, watched.url)
    held: list[Any] = []
    officer.page.route("**/api/v1/geo", lambda route: held.append(route))  # noqa: PLW0108  # it is marked
    officer.page.goto(f"{watched.url}/?language=en&theme=dark#/drill")
    officer.wait_for(".drill-banner", "No drill is on")
    officer.wait_for("#mode", "LIVE")
    assert officer.page.locator(".page-section form").count() == 0
    for route in held:
        route.continue_()
    officer.page.wait_for_selector(".page-section form [name=reason]", state="attached")
    assert officer.wrong == []


def test_who_may_not_start_one_has_no_form_and_is_refused(
    town: DrillTown,
    watched: Watched,
    browser: Any,  # noqa: F811
) -> None:
    town.minutes(2)
    for person in ("agrees", "looks"):
        seen = Officer(browser, watched.url, person=person)
        go(seen, "#/drill")
        seen.wait_for(".drill-banner", "No drill is on")
        assert seen.page.locator("#page form").count() == 0
        client = watched.signed_in(person)
        said = {"kind": "drill_start", "reason": "x", "villages": ["331102901201"], "hazard": "flash_flood"}
        answer = client.post("/api/v1/acts", json=said, headers={"Idempotency-Key": "0123456789"})
        assert answer.status_code == 403
    assert "drills" not in str(town.node.get("/readyz"))
