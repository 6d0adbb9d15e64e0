"""The page in a real browser: a storm rises on it, the node stops and comes back, nothing else is loaded."""

import os
import shutil
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.consoles import PASSWORD, Watched
from tests.e2e.test_chain_live import FAR, FAR_TOWN, Town

pytestmark = [pytest.mark.server, pytest.mark.slow]

WAIT_MS = 60_000
BANNER_MS = 8_000
"""Five seconds of the page's own, and what a busy machine takes to show it."""

SIZES = {1366: 768, 1440: 900, 390: 844}
PHONE = 760
"""Up to that width there is no map."""


def chromium() -> str:
    """The system's browser; skipped where it or its driver is not installed, a failure in CI."""
    pytest.importorskip("playwright", reason="playwright is not installed")
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        reason = "no Chromium on this machine"
        if os.environ.get("WARNSTREAM_REQUIRE_CHROMIUM"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture
def browser() -> Iterator[Any]:
    program = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def watched(town: Town) -> Iterator[Watched]:
    opened = Watched(town.directory, town.node)
    town.node.start()
    town.node.wait_for(opened.is_fed)
    yield opened
    opened.close()


class Officer:
    """A person at a screen; remembers what the page asked for, and what went wrong in it."""

    def __init__(
        self,
        browser: Any,
        url: str,
        width: int = 1366,
        language: str = "en",
        theme: str = "light",
        person: str = "chief",
    ) -> None:
        context = browser.new_context(viewport={"width": width, "height": SIZES[width]})
        context.set_default_timeout(WAIT_MS)
        self.page = context.new_page()
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", self._hear)
        self.page.goto(f"{url}/?language={language}&theme={theme}")
        self.page.fill("#person", person)
        self.page.fill("#password", PASSWORD)
        self.page.press("#password", "Enter")
        self.page.wait_for_selector("#screen:not([hidden])")
        self.page.wait_for_selector("#calm h2, #rows .row", state="attached")
        if width > PHONE:
            self.page.wait_for_selector("#map[data-drawn]")

    def _hear(self, said: Any) -> None:
        # That nobody is signed in yet, or that a console which is gone does not answer, is no fault of it.
        if said.type == "error" and "Failed to load resource" not in said.text:
            self.wrong.append(said.text)

    def text(self, selector: str) -> str:
        return str(self.page.inner_text(selector))

    def wait_for(self, selector: str, text: str, timeout: int = WAIT_MS) -> None:
        self.page.locator(selector, has_text=text).first.wait_for(timeout=timeout)

    def overflows(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def colours(page: Any) -> set[str]:
    """Colours of levels and of help among the pixels of the map."""
    return set(
        page.evaluate(
            """() => {
              const style = getComputedStyle(document.documentElement);
              const canvas = document.querySelector("#map");
              const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
              const names = {};
              for (const name of ["blue", "yellow", "orange", "red", "help"]) {
                const hex = style.getPropertyValue(`--${name}`).trim();
                names[parseInt(hex.slice(1), 16)] = name;
              }
              const found = new Set();
              for (let at = 0; at < pixels.length; at += 4) {
                const name = names[(pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2]];
                if (name) found.add(name);
              }
              return [...found];
            }"""
        )
    )


def backgrounds(page: Any) -> set[str]:
    """Background colours of everything shown outside of the legend."""
    return set(
        page.evaluate(
            """() => [...document.querySelectorAll("#screen *")]
              .filter((one) => !one.closest("#legend") && one.offsetParent)
              .map((one) => getComputedStyle(one).backgroundColor)"""
        )
    )


def levels_in_css(page: Any) -> set[str]:
    return set(
        page.evaluate(
            """() => ["blue", "yellow", "orange", "red", "help"].map((name) => {
              const probe = document.createElement("span");
              probe.style.backgroundColor = `var(--${name})`;
              document.body.append(probe);
              const colour = getComputedStyle(probe).backgroundColor;
              probe.remove();
              return colour;
            })"""
        )
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_quiet_night_is_grey_and_a_storm_rises_without_a_reload(
    town: Town, watched: Watched, browser: Any, theme: str
) -> None:
    officer = Officer(browser, watched.url, theme=theme)
    town.minutes(5)
    officer.wait_for("#calm", "no warning stands")
    assert colours(officer.page) == set()
    assert backgrounds(officer.page).isdisjoint(levels_in_css(officer.page))
    assert officer.text("#mode") == "DRILL"
    officer.wait_for("#need-unseen .number", "0")  # gauges are heard of one after the other
    assert officer.page.locator(".tile.none .number").all_inner_texts() == ["0"] * 5

    town.rain()
    officer.wait_for("#rows .row", FAR_TOWN)
    officer.wait_for("#levels .level-item >> nth=0", "3")
    officer.page.wait_for_selector(".row .badge.level-4")
    assert "red" in colours(officer.page)
    assert officer.page.locator("#rows .row").count() == 2

    # By keys alone: down to the last town, into its village, and back.
    officer.page.keyboard.press("k")
    officer.page.keyboard.press("j")
    officer.page.keyboard.press("j")
    selected = officer.page.locator(".row.selected")
    assert selected.count() == 1
    officer.page.keyboard.press("Enter")
    assert officer.page.evaluate("document.activeElement.id") == "detail"
    officer.wait_for("#detail", "reached the threshold")
    officer.wait_for("#detail", "Last words sent")
    officer.page.keyboard.press("Escape")
    assert officer.page.evaluate("document.activeElement.id") == "rows"
    officer.page.keyboard.press("t")
    officer.wait_for("#table tbody tr", "Red")
    assert officer.page.locator("#table tbody tr").count() == 3
    officer.page.keyboard.press("?")
    officer.wait_for("#keys", "next / previous town")
    officer.page.keyboard.press("Escape")

    assert [url for url in officer.asked if not url.startswith((watched.url, "data:"))] == []
    assert officer.wrong == []


def test_an_old_picture_says_so_within_seconds_and_recovers_without_a_reload(
    town: Town, watched: Watched, browser: Any
) -> None:
    town.minutes(5)
    officer = Officer(browser, watched.url)
    officer.page.evaluate("window.samePage = true")
    officer.page.wait_for_selector("#banner", state="hidden")
    assert town.node.process is not None
    console, node = watched.pid(), town.node.process.pid

    # The node hangs: the console lives and has nothing new.
    os.kill(node, signal.SIGSTOP)
    try:
        officer.wait_for("#banner", "the node sends nothing", BANNER_MS)
        assert officer.text("#mode") == "STALE"
    finally:
        os.kill(node, signal.SIGCONT)
    officer.page.wait_for_selector("#banner", state="hidden", timeout=WAIT_MS)
    assert officer.text("#mode") == "DRILL"

    # The console hangs and is killed: the node starts another one, and the page finds it.
    os.kill(console, signal.SIGSTOP)
    officer.wait_for("#banner", "what you see is old", BANNER_MS)
    os.kill(console, signal.SIGKILL)
    officer.page.wait_for_selector("#banner", state="hidden", timeout=WAIT_MS)

    # What happens then is shown on the same page, still signed in.
    town.rain()
    officer.wait_for("#rows .row", FAR_TOWN)
    assert officer.page.evaluate("window.samePage") is True
    assert officer.wrong == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_runs_over_the_edge_on_a_desk_or_a_phone(
    town: Town, watched: Watched, browser: Any, language: str
) -> None:
    town.rain()
    for width in SIZES:
        officer = Officer(browser, watched.url, width, language)
        officer.page.wait_for_selector(".row .badge.level-4")
        officer.wait_for("#detail", "最近一次发出的话" if language == "zh" else "Last words sent")
        assert not officer.overflows(), width
        cut = officer.page.evaluate(
            """() => [...document.querySelectorAll("button, .tile strong, .level-item, #mode, #clock")]
              .filter((one) => one.offsetParent && one.clientWidth && one.scrollWidth > one.clientWidth + 1)
              .map((one) => one.outerHTML)"""
        )
        assert cut == [], width
        assert officer.page.locator("#map").is_visible() is (width > PHONE)
        assert officer.wrong == []


def test_who_signs_out_or_whose_session_ends_sees_nothing_more(
    town: Town, watched: Watched, browser: Any
) -> None:
    town.rain()
    officer = Officer(browser, watched.url)
    officer.wait_for("#rows .row", FAR_TOWN)
    officer.page.click("#sign-out")
    officer.page.wait_for_selector("#sign-in:not([hidden])")
    assert not officer.page.locator("#screen").is_visible()
    officer.page.fill("#person", "chief")
    officer.page.fill("#password", "a wrong password")
    officer.page.press("#password", "Enter")
    officer.wait_for("#sign-in-problem", "do not fit")
    officer.page.fill("#password", PASSWORD)
    officer.page.press("#password", "Enter")
    officer.wait_for("#rows .row", FAR_TOWN)
    watched.allow("chief")  # another password ends every session of the person
    officer.page.wait_for_selector("#sign-in:not([hidden])", timeout=WAIT_MS)
    assert FAR not in officer.text("body")
