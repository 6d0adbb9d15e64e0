"""A language is one module, knows every word that a message can need, and never costs a message."""

from dataclasses import replace
from types import ModuleType
from typing import NoReturn
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.delivery.messages import one_of_each_cause
from tests.unit.delivery.portuguese import PORTUGUESE
from tests.unit.desk.county import MESSAGE_POLICY, RULES, county, reason
from warnstream.delivery import texts_en, texts_zh
from warnstream.delivery.cap import NAMESPACE
from warnstream.delivery.plain import plain_texts
from warnstream.delivery.render import LANGUAGES, render, texts_of
from warnstream.delivery.texts import Language, MessageParts
from warnstream.model.level import LEVELS, Level
from warnstream.model.rules.indicators import Indicator
from warnstream.model.warning import Cause, MessageStatus, WarningMessage

MESSAGES = one_of_each_cause()
RAISED = MESSAGES[Cause.RAISED]
OF_LANGUAGE = [texts_zh, texts_en]
MEASURED = {indicator.word for indicator in Indicator} - {"sign", "level", "relayed"}


def fail(_parts: MessageParts) -> NoReturn:
    raise KeyError("a word that is in no table")


def broken(*tags: str) -> list[Language]:
    return [replace(language, texts=fail) if language.tag in tags else language for language in LANGUAGES]


def infos(document: str) -> dict[str, ET.Element]:
    space = {"cap": NAMESPACE}
    found = ET.fromstring(document).findall("cap:info", space)  # noqa: S314  # our own document
    return {str(info.findtext("cap:language", namespaces=space)): info for info in found}


@pytest.mark.parametrize("module", OF_LANGUAGE)
def test_every_cause_and_every_level_has_its_word(module: ModuleType) -> None:
    assert set(module.EVENT) == set(Cause)
    assert set(module.ACTION) == set(LEVELS)
    assert len(module.COLOUR) == len(Level)


@pytest.mark.parametrize("indicator", Indicator)
def test_every_indicator_that_is_measured_has_its_words(indicator: Indicator) -> None:
    info = indicator.info
    assert bool(info.words_zh) == bool(info.words_en) == (indicator.word in MEASURED)
    assert ("{value}" in info.words_en) == (indicator.word in MEASURED)


def test_every_unit_has_a_chinese_word() -> None:
    assert set(texts_zh.UNIT) == {indicator.info.unit for indicator in Indicator} - {""}


@pytest.mark.parametrize("indicator", sorted(MEASURED))
def test_the_words_of_every_indicator_take_value_time_and_days(indicator: str) -> None:
    measured = replace(RAISED, reason=reason(indicator=indicator, duration_s=5 * 86_400))
    written = texts_of(measured, county(), RULES, MESSAGE_POLICY)
    assert written.faults == ()
    for texts in written.texts.values():
        assert "83" in texts.why
        assert "{" not in texts.why


def test_a_third_language_is_one_file_and_one_more_block_of_the_cap_document() -> None:
    rendered = render(RAISED, county(), RULES, MESSAGE_POLICY, languages=(*LANGUAGES, PORTUGUESE))
    assert rendered.faults == ()
    found = infos(rendered.cap_xml)
    assert list(found) == ["zh-CN", "en", "pt-BR"]
    assert found["pt-BR"].findtext(f"{{{NAMESPACE}}}description") == "Valor: 83 (05:15)."


@pytest.mark.parametrize("cause", list(Cause))
@pytest.mark.parametrize("tag", ["zh-CN", "en"])
def test_a_language_that_fails_is_replaced_by_plain_words_and_the_other_is_untouched(
    cause: Cause, tag: str
) -> None:
    whole = render(MESSAGES[cause], county(), RULES, MESSAGE_POLICY)
    rendered = render(MESSAGES[cause], county(), RULES, MESSAGE_POLICY, languages=broken(tag))
    assert rendered.faults == (f"{tag}: KeyError: 'a word that is in no table'",)
    if tag == "zh-CN":
        assert rendered.text_en == whole.text_en
        assert rendered.text_zh.partition("。")[0] == whole.text_zh.partition("。")[0]
    else:
        assert rendered.text_zh == whole.text_zh
        assert rendered.text_en.partition(". ")[0] == whole.text_en.partition(". ")[0]
    assert set(infos(rendered.cap_xml)) == {"zh-CN", "en"}


def test_the_plain_text_says_mark_action_village_and_level() -> None:
    rendered = render(RAISED, county(), RULES, MESSAGE_POLICY, languages=broken("zh-CN", "en"))
    assert rendered.text_zh == (
        "【演练】立即转移：马上按转移路线到安置点，不要返回取物。Shangcun。红色预警。"
    )
    assert rendered.text_en.startswith("[EXERCISE] LEAVE NOW: take the evacuation route")
    assert rendered.text_en.endswith(". Shangcun. RED warning.")


def test_the_plain_text_of_an_end_is_an_all_clear_of_the_level_that_has_ended() -> None:
    ended = texts_of(MESSAGES[Cause.ENDED], county(), RULES, MESSAGE_POLICY, broken("en")).texts["en"]
    assert ended.text.startswith("[EXERCISE] ALL CLEAR")
    assert ended.text.endswith("ORANGE warning.")


def test_a_cap_document_that_cannot_be_written_leaves_out_what_failed_and_stays_one() -> None:
    unformattable = replace(RAISED, reason=reason(coverage="most of it"))
    rendered = render(unformattable, county(), RULES, MESSAGE_POLICY)
    (fault,) = rendered.faults
    assert fault.startswith("CAP: ValueError")
    whole = render(RAISED, county(), RULES, MESSAGE_POLICY)
    assert (rendered.text_zh, rendered.text_en) == (whole.text_zh, whole.text_en)
    alert = ET.fromstring(rendered.cap_xml)  # noqa: S314  # our own document
    assert alert.findtext(f"{{{NAMESPACE}}}identifier") == RAISED.identifier
    assert alert.findtext(f"{{{NAMESPACE}}}references")
    area = infos(rendered.cap_xml)["en"].find(f"{{{NAMESPACE}}}area")
    assert area is not None
    assert area.findtext(f"{{{NAMESPACE}}}geocode/{{{NAMESPACE}}}value") == "331124001001"


@given(
    st.one_of(st.integers(), st.none(), st.text(max_size=3), st.floats()),
    st.one_of(st.integers(), st.none(), st.text(max_size=3)),
    st.sampled_from(list(MessageStatus)),
    st.text(max_size=80),
)
def test_the_plain_text_cannot_fail_whatever_the_message_holds(
    level: object, village: object, status: MessageStatus, name: str
) -> None:
    message: WarningMessage = replace(RAISED, level=level, village=village, status=status)  # type: ignore[arg-type]
    for language in LANGUAGES:
        found = plain_texts(message, county(name=(name,) * 3), language.plain)
        assert found.text.startswith(language.plain.mark.strip() if status is MessageStatus.EXERCISE else "")
        assert any(action in found.text for action in language.plain.actions)
        assert found.place
