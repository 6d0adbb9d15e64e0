"""The page about messages shows what is really sent."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.unit.delivery.messages import one_of_each_cause
from tests.unit.desk.county import MESSAGE_POLICY, RULES, county
from warnstream.delivery.render import render
from warnstream.model.effects import RenderedMessage
from warnstream.model.warning import Cause

PAGE = Path(__file__).resolve().parents[3] / "docs" / "messages.md"
CHINESE_COUNTY = county(name=("上村", "下村", "中村"), township=("古市镇",) * 3, county=("松阳县",) * 3)
PAGE_MESSAGES = one_of_each_cause()


def rendered(cause: Cause) -> RenderedMessage:
    return render(PAGE_MESSAGES[cause], CHINESE_COUNTY, RULES, MESSAGE_POLICY)


@pytest.mark.parametrize("cause", [Cause.FIRST, Cause.RAISED, Cause.SIGHT_LOST, Cause.ENDED])
def test_the_page_quotes_texts_as_they_are_sent(cause: Cause) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert f"> {rendered(cause).text_zh}\n" in page
    assert f"> {rendered(cause).text_en}\n" in page


def test_the_page_shows_a_cap_document_as_it_is_sent() -> None:
    shown = PAGE.read_text(encoding="utf-8").partition("```xml\n")[2].partition("```")[0]
    sent = rendered(Cause.RAISED).cap_xml
    assert ET.canonicalize(shown, strip_text=True) == ET.canonicalize(sent, strip_text=True)
