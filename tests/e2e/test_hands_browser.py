"""Hands on the page, in a real browser: read, released, ended by two, help that the door reads of."""

import time
from typing import Any

import httpx
import pytest

from tests.e2e.consoles import PASSWORD, Watched
from tests.e2e.test_acts_live import flooded, hold_everything
from tests.e2e.test_chain_live import FAR, FAR_TOWN, NEAR, Town
from tests.e2e.test_console_browser import WAIT_MS, Officer, browser, levels_in_css  # noqa: F401
from tests.e2e.test_orders_live import doors_of

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture
def watched(office: Watched) -> Watched:
    return office


def started(town: Town, watched: Watched) -> None:
    town.node.start()
    town.node.wait_for(watched.is_fed)


def sounds(officer: Officer) -> int:
    return int(officer.page.get_attribute("body", "data-sounds") or 0)


def pick(officer: Officer, town_name: str) -> None:
    officer.page.locator("#rows .row", has_text=town_name).first.click()
    officer.page.wait_for_selector("#facts .hazard")


def test_what_waits_is_read_and_released_by_keys(town: Town, watched: Watched, browser: Any) -> None:  # noqa: F811
    hold_everything(town)
    started(town, watched)
    town.rain()
    town.minutes(5)  # until nothing more rises
    officer = Officer(browser, watched.url)
    pick(officer, FAR_TOWN)
    officer.page.keyboard.press("r")
    officer.page.wait_for_selector("#hand blockquote")
    assert officer.text("#hand .go") == "Release as DRILL"
    assert "4 doors" in officer.text(".hand-reach")
    read = officer.text("#hand blockquote span")
    assert not [name for name in town.seen if name.startswith("H")], "reading tells nobody"

    # What comes meanwhile neither takes the focus nor what was typed.
    officer.page.keyboard.press("End")
    officer.page.keyboard.type(" by me")
    before = officer.page.input_value("#hand input[name=reason]")
    town.minutes(1)
    officer.page.wait_for_timeout(2_500)
    assert officer.page.evaluate("document.activeElement.name") == "reason"
    assert officer.page.input_value("#hand input[name=reason]") == before == "read and released by me"

    officer.page.keyboard.press("Enter")
    officer.wait_for(".hand-done", "Taken, entry")
    town.minutes(1)
    told = doors_of(town, FAR, "leave")[-1]["text_en"]
    assert told.endswith(read.removeprefix("[EXERCISE] ")) or read in told or told in read
    officer.wait_for("#need-release .number", "2")
    assert officer.wrong == []


def test_red_is_ended_by_two_people_at_two_screens(town: Town, watched: Watched, browser: Any) -> None:  # noqa: F811
    started(town, watched)
    town.rain()
    first = Officer(browser, watched.url)
    second = Officer(browser, watched.url, theme="dark", person="agrees")
    pick(first, FAR_TOWN)
    first.page.keyboard.press("e")
    first.page.wait_for_selector("#hand .hand-reach")
    first.wait_for("#hand .go", "Ask a second person")
    first.page.click("#hand .go")
    first.wait_for(".hand-done", "waits for a second person")
    town.minutes(1)
    assert FAR in flooded(town)
    second.wait_for(".proposal", "Waits for you")
    first.wait_for(".proposal", "waits for another person")
    second.page.click(".proposal")
    second.page.wait_for_selector("#hand .hand-reach")
    assert second.text("#hand .go") == "Agree and send as DRILL"
    second.page.click("#hand .go")
    second.wait_for(".hand-done", "Taken, entry")
    town.minutes(1)
    assert FAR not in flooded(town)
    first.page.wait_for_selector(".proposal", state="detached")
    assert first.wrong == second.wrong == []


def test_who_has_read_an_older_state_is_told_and_reads_again(
    town: Town,
    watched: Watched,
    browser: Any,  # noqa: F811
) -> None:
    started(town, watched)
    town.rain()
    first, second = Officer(browser, watched.url), Officer(browser, watched.url, person="deputy")
    for officer in (first, second):
        pick(officer, FAR_TOWN)
        officer.page.click("#hand-buttons button:has-text('Lower')")
        officer.page.wait_for_selector("#hand .hand-reach")
        officer.page.check("#hand input[name=alone]")
    first.page.click("#hand .go")
    first.wait_for(".hand-done", "Taken")
    second.page.click("#hand .go")
    second.wait_for(".hand-problem", "chief orders lower there right now")
    assert not second.page.locator("#hand .go").is_visible()
    town.minutes(1)
    second.page.wait_for_timeout(6_000)
    second.page.click("#hand .again")
    second.page.wait_for_selector("#hand .go:not([hidden])")
    assert second.wrong == []


def test_help_is_given_to_a_person_whom_the_door_reads_of(town: Town, watched: Watched, browser: Any) -> None:  # noqa: F811
    started(town, watched)
    town.rain()
    door = doors_of(town, FAR)[-1]
    town.answer(door["recipient"], "need_help")
    town.minutes(1)
    officer = Officer(browser, watched.url, 390, "zh")
    officer.wait_for("#need-help .number", "1")
    pick(officer, FAR_TOWN)
    officer.page.wait_for_selector("#facts .helps")
    officer.page.click("#facts button:has-text('住户名单')")
    officer.wait_for("#doors tbody tr >> nth=0", "求助")
    assert officer.page.locator("#doors tbody tr").count() == 4
    assert not officer.overflows()
    officer.page.click("#doors button:has-text('关闭')")
    assert officer.page.locator("#doors table").count() == 0, "what is personal goes with the list"
    officer.page.click("#hand-buttons button:has-text('派人')")
    officer.page.fill("#hand input[name=person]", "王五<b>\u202e")
    officer.page.click("#hand .go")
    officer.wait_for(".hand-done", "已受理")
    town.minutes(1)
    officer.wait_for("#facts .helps", "王五<b> 前往")
    page = httpx.get(door["answer_url"], trust_env=False, timeout=20).text
    assert "王五&lt;b&gt; 正在赶来 is on the way" in page
    assert len(page.encode()) < 3_072
    assert not officer.overflows()
    assert officer.wrong == []


def test_an_alarm_sounds_until_it_is_seen_and_readers_have_no_hands(
    town: Town,
    watched: Watched,
    browser: Any,  # noqa: F811
) -> None:
    posts = {f"{kind}{village}" for village in (*NEAR, FAR) for kind in "GV"}
    town.prompt = posts | {"T0001", "T0002", "C0001", "C0002"}  # nobody is silent: no other alarm of class A
    started(town, watched)
    officer = Officer(browser, watched.url)
    assert officer.text("#to-sound") == "Sound off"
    officer.page.click("#to-shift")
    officer.wait_for("#shift", "Do you hear it?")
    officer.page.click("#shift .go")
    officer.wait_for("#to-shift", "You: on duty")
    assert officer.text("#to-sound") == "Sound on"
    assert officer.page.get_attribute("body", "data-sound") == "test"
    town.rain()
    officer.page.wait_for_selector("body[data-sound=B]")
    town.answer(doors_of(town, FAR)[-1]["recipient"], "need_help")
    town.minutes(2)
    officer.wait_for("#alarms .alarm-a", "help, nobody goes")
    officer.page.wait_for_selector("body[data-sound=A]")
    played = sounds(officer)
    began = time.monotonic()
    while sounds(officer) == played:
        officer.page.wait_for_timeout(200)
        assert time.monotonic() - began < WAIT_MS / 1_000
    assert time.monotonic() - began > 5, "never two within ten seconds"
    pick(officer, FAR_TOWN)
    officer.page.keyboard.press("m")
    officer.page.wait_for_selector("#alarms .alarm-a", state="detached")
    played = sounds(officer)
    officer.page.wait_for_timeout(12_000)
    assert sounds(officer) == played, "seen is silent"

    reader = Officer(browser, watched.url, person="looks")
    pick(reader, FAR_TOWN)
    assert reader.page.locator("#hand-buttons button").count() == 0
    reader.page.keyboard.press("e")
    assert not reader.page.locator("#hand").is_visible()
    assert not reader.page.locator("#to-shift").is_visible()
    assert reader.page.locator("#facts .helps").count() == 0, "readers are told how many, not which"
    assert officer.wrong == reader.wrong == []


def test_with_nothing_wrong_a_shift_leaves_the_page_grey(town: Town, watched: Watched, browser: Any) -> None:  # noqa: F811
    started(town, watched)
    town.minutes(5)
    officer = Officer(browser, watched.url)
    officer.page.click("#to-shift")
    officer.page.click("#shift .go")
    officer.wait_for("#to-shift", "You: on duty")
    officer.wait_for("#calm", "Chief of duty")
    shown = officer.page.evaluate(
        """() => [...document.querySelectorAll("#screen *")]
          .filter((one) => !one.closest("#legend") && one.offsetParent)
          .map((one) => getComputedStyle(one).backgroundColor)"""
    )
    assert set(shown).isdisjoint(levels_in_css(officer.page))


__all__ = ["PASSWORD"]
