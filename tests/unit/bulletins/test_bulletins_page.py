"""The page about bulletins shows what is really sent, and every member of the record."""

import json
import re
from pathlib import Path

import pytest

from tests.unit.bulletins.test_bulletin_texts import every_bulletin, first
from tests.unit.bulletins.village import message, wording
from warnstream.delivery.bulletin_texts import bulletin_texts
from warnstream.delivery.render import render_bulletin
from warnstream.lifecycle.bulletins import Bulletins
from warnstream.model.bulletins import Action, Bulletin, BulletinCause
from warnstream.model.level import Level
from warnstream.review.bulletins import bulletin_line

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "bulletins.md").read_text(encoding="utf-8")
FLOOD = every_bulletin("flash_flood")


@pytest.mark.parametrize(
    "bulletin",
    [
        FLOOD[3],
        next(bulletin for bulletin in FLOOD if bulletin.action is Action.STAY),
        FLOOD[-1],
        first(message("waterlogging", Level.RED)),
        first(message("forest_fire", Level.RED)),
    ],
)
def test_the_page_quotes_texts_as_they_are_sent(bulletin: Bulletin) -> None:
    texts = bulletin_texts(bulletin, wording())
    assert f"> {texts.zh}\n>\n> {texts.en}\n" in PAGE


def test_the_page_names_every_action_and_every_cause() -> None:
    for word in (*Action, *BulletinCause):
        assert f"`{word}`" in PAGE


def test_the_page_names_every_member_of_a_line() -> None:
    table = PAGE.partition("## bulletins.jsonl")[2].partition("\n## ")[0]
    named = {
        name
        for row in re.findall(r"^\| (`.*?`) \|", table, flags=re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    line = bulletin_line(render_bulletin(FLOOD[3], wording()).record, 4)
    assert set(json.loads(line)) == named


def test_the_page_is_about_the_file_it_names() -> None:
    assert "warnstream/lifecycle/bulletins.py" in PAGE
    assert Bulletins.__module__ == "warnstream.lifecycle.bulletins"
