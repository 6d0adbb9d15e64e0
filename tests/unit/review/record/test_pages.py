"""The pages of a record: the same figures in both languages, and nothing from outside is taken for HTML."""

import json
import re
import string
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.unit.review.record.records import EVIL, T0, record
from warnstream.review.record import words
from warnstream.review.record.files import text_of, write_record
from warnstream.review.record.page import page_of
from warnstream.review.record.words import Speaker

LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])


@LANGUAGES
def test_what_comes_from_outside_stays_text(language: str) -> None:
    page = page_of(record(), language)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 10
    assert re.findall(r"""(?:src|href)="(?!review\.)""", page) == []


@LANGUAGES
def test_every_section_of_a_bad_night_is_there(language: str) -> None:
    page, say = page_of(record(), language), Speaker(language)
    for key in ("links", "course", "lanes", "scores", "never", "unreached", "gauges", "hidden", "timeline"):
        assert f'<section id="{key}"><h2>{say(key)}</h2>' in page
    assert say.duration(840.0) in page
    assert f"{say.duration(3600.0)}: 25.0 mm → 44.7 mm" in page
    assert say.duration(10800.0) not in page, "the same over a longer duration is no news"
    assert "-4 min" in page


def test_the_chinese_page_says_alarms_in_chinese_and_the_english_one_in_english() -> None:
    assert "磁盘拒绝写入" in page_of(record(), "zh")
    assert "the disk refuses" in page_of(record(), "en")


@LANGUAGES
def test_a_night_without_anything_is_a_page_too(language: str) -> None:
    empty = record(
        links=(), timeline=(), villages=(), never_answered=(), gauges=(), hidden=(), scores=(), caveats=()
    )
    page = page_of(empty, language)
    assert Speaker(language)("nothing") in page
    assert "<svg" not in page


def test_every_key_has_both_languages_with_the_same_places() -> None:
    tables: tuple[Mapping[str, tuple[str, str]], ...] = (
        words.WORDS,
        words.KINDS,
        words.LEVELS,
        words.VALUES,
        words.CAVEATS,
    )
    for table in tables:
        for key, (chinese, english) in table.items():
            places = [
                {name for _, name, _, _ in string.Formatter().parse(text) if name}
                for text in (chinese, english)
            ]
            assert places[0] == places[1], key
            assert english.isascii() or "→" in english or key == "other_language", key


def test_the_json_is_the_record_with_its_schema_first() -> None:
    content = json.loads(text_of(record()))
    assert next(iter(content)) == "schema"
    assert content["schema"] == "warnstream-review/1"
    assert content["villages"][0]["asked"][1]["answered_s"] is None
    assert content["question"] == EVIL
    assert content["begin_s"] == T0


def test_files_are_for_their_owner_alone_and_replace_older_ones(tmp_path: Path) -> None:
    (tmp_path / "review.json").write_text("old", encoding="utf-8")
    written = write_record(tmp_path, record())
    assert [path.name for path in written] == ["review.json", "review.zh.html", "review.en.html"]
    assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
    assert sorted(tmp_path.iterdir()) == sorted(written)
    assert json.loads((tmp_path / "review.json").read_text("utf-8"))["node"] == EVIL
