"""Names that are markup, turn the text around or mean two villages: on every page they are names."""

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.consoles import Watched
from tests.e2e.test_chain_live import Town
from tests.e2e.test_console_browser import Officer, browser  # noqa: F401
from tests.e2e.test_pages_browser import PAGES, go

pytestmark = [pytest.mark.server, pytest.mark.slow]

ODD = "<img src=x onerror=alert(1)>村\u202e"
TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def rename(path: Path, column: str, name: str) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, column: name} for row in rows)


@pytest.fixture
def watched(office: Watched, town: Town) -> Watched:
    rename(town.directory / "villages.csv", "name", ODD)
    rename(town.directory / "operators.csv", "name", ODD)
    town.node.start()
    town.node.wait_for(office.is_fed)
    return office


def test_a_name_is_a_name_on_every_page(town: Town, watched: Watched, browser: Any) -> None:  # noqa: F811
    town.rain()
    officer = Officer(browser, watched.url)
    page = officer.page
    page.wait_for_selector("#facts .hazard")
    seen = 0
    for address in ("#/", *PAGES.values(), "#/drill", "#/warning/%", "#/warning/%E4%B8"):
        page.evaluate("(to) => { location.hash = to; }", address)
        page.wait_for_timeout(1_500)
        for summary in page.locator("#page summary").all():
            summary.click()
        assert page.locator("#screen img").count() == 0, address
        text = page.evaluate("document.body.textContent")
        assert not set(text) & set(TURNS), address
        seen += "<img src=x" in text
    assert seen >= 5, "the names were shown"

    # Three villages have this name: which one is meant has to be said.
    name = "同名村"
    go(officer, "#/transfers")
    page.click("details[data-key=order] > summary")
    page.fill("details[data-key=order] [name=reason]", "night")
    page.fill("details[data-key=order] [name=villages]", name)
    page.route("**/api/v1/acts", lambda route: route.abort())
    problem = page.evaluate(
        """async (name) => {
          const { villagesOf } = await import("/form.js");
          const towns = [{ name: "A" }, { name: "B" }];
          const villages = [{ code: "1", name, town: 0 }, { code: "2", name, town: 1 }];
          villages.push({ code: "3", name: "other", town: 0 });
          return [villagesOf(name, { villages, towns }), villagesOf("other, 9", { villages, towns })];
        }""",
        name,
    )
    assert problem[0]["problems"] == [f"2 villages are called {name}; give the code: 1 A, 2 B"]
    assert problem[1] == {"codes": ["3", "9"], "problems": []}
    assert officer.wrong == []
