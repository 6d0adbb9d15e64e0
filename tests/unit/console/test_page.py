"""What the page is made of: texts in both languages, no markup from data, nothing of anybody else's."""

import re

import pytest

from warnstream.console.pages import FOLDER
from warnstream.delivery.ledger.states import Delivery, People

FILES = sorted(FOLDER.iterdir())
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in FILES if path.suffix == ".js"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_of_the_page_names_no_other_host(path: object) -> None:
    text = path.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    foreign = set(re.findall(r"(?:https?:)?//[\w.]+\.\w+", text)) - {"http://www.w3.org"}
    assert foreign == set()


@pytest.mark.parametrize("name", SCRIPTS)
def test_nothing_is_read_as_markup_or_run_as_code(name: str) -> None:
    banned = (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "DOMParser",
    )
    assert [word for word in banned if word in SCRIPTS[name]] == []
    assert "style=" not in SCRIPTS[name]


def test_the_page_has_no_script_or_style_of_its_own() -> None:
    page = (FOLDER / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", page) == []


def words(language: str) -> list[str]:
    text = SCRIPTS["words.js"]
    block = text.partition(f"const {language} = {{\n")[2].partition("\n};")[0]
    found = re.findall(r"(?:^|[,{]) *(\w+): ", block, re.MULTILINE)
    return [word for word in found if word not in {"s", "n", "at", "of", "text"}]


def test_both_languages_have_the_same_words() -> None:
    assert words("ZH") == words("EN")
    assert len(words("ZH")) > 80


def test_every_word_that_a_script_asks_for_is_there() -> None:
    known = set(words("ZH"))
    asked = {word for text in SCRIPTS.values() for word in re.findall(r"\bw\.(\w+)", text)}
    assert asked <= known
    assert known - asked <= {
        "data",
        "stations",
        "villages",
        "channels",
        "step",
        "shift",
        "waiting",
        "overdue",
        "asked",
        "answered",
        "ageLong",
        "townOne",
        "help",
        "dry",
        "silent",
        "unseen",
        "release",
        *("raise", "lower", "end", "correct", "issue", "extend", "assign", "hold", "reject", "close"),
        *("return", "transfer"),
        *("rise", "channel", "node", "on", "off", "suspended"),
        *(state.word for state in (*Delivery, *People)),
    }


def test_a_level_is_a_character_everywhere_and_never_a_colour_alone() -> None:
    for name in ("queue.js", "detail.js", "head.js", "main.js"):
        assert SCRIPTS[name].count("level-${") <= SCRIPTS[name].count("w.letter["), name


def test_what_moves_respects_those_who_do_not_want_it() -> None:
    style = (FOLDER / "console.css").read_text(encoding="utf-8")
    before, _, after = style.partition("prefers-reduced-motion: no-preference")
    assert "transition" not in before
    assert "transition" in after
    assert "animation" not in before
    blinking = re.findall(r"([^{}]*){ *animation: [\w-]+ (\d+)s steps\(2, jump-none\) infinite; *}", after)
    found = [(rule.strip(), seconds) for rule, seconds in blinking]
    assert found == [(".row.unseen", "1"), (".alarm-a", "1")], (
        "an unseen alarm of class A alone, once a second"
    )
