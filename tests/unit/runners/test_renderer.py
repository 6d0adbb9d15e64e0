"""A node counts and logs what it could not write, and tells people all the same."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from tests.unit.adapters.county import bulletin, warning_message
from tests.unit.config.conftest import FILES
from tests.unit.desk.county import T0, new_desk, rise
from warnstream.adapters.metrics import Metrics
from warnstream.config.load import load_configuration
from warnstream.delivery import bulletin_texts, render
from warnstream.model.effects import OperatorCancel, RenderedBulletin, RenderedMessage
from warnstream.model.level import Level
from warnstream.model.warning import Cause, MessageType
from warnstream.runners.renderer import Renderer

PLAIN_TEXTS = "warnstream_plain_texts_total"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def renderer(tmp_path: Path, metrics: Metrics) -> Renderer:
    desk = new_desk()
    desk.step([rise(Level.RED)], T0)
    desk.step([OperatorCancel(desk.open_warnings()[0].warning, "Wang", "ended by hand")], T0 + 60)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return Renderer(load_configuration(tmp_path), metrics, lambda: desk)


def fail(*_: object) -> NoReturn:
    raise KeyError("a word")


def test_messages_and_bulletins_are_rendered_and_nothing_is_counted(
    renderer: Renderer, metrics: Metrics
) -> None:
    cancel = replace(
        warning_message(),
        warning="ws.331124001001.flash_flood.20190408T211500Z",
        level=Level.NONE,
        msg_type=MessageType.CANCEL,
        cause=Cause.CANCELLED,
    )
    message, told = renderer(cancel), renderer(bulletin())
    assert isinstance(message, RenderedMessage)
    assert isinstance(told, RenderedBulletin)
    assert "<note>" in message.cap_xml
    assert "ended by hand" in message.cap_xml
    assert metrics.registry.get_sample_value(PLAIN_TEXTS) == 0


def test_a_text_that_fails_is_replaced_counted_and_logged(
    renderer: Renderer, metrics: Metrics, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bulletin_texts, "_template", fail)
    monkeypatch.setattr(render, "cap_xml", fail)
    with caplog.at_level(logging.ERROR):
        told, message = renderer(bulletin()), renderer(warning_message())
    assert told.text_en.endswith("LEAVE NOW for the shelter.")
    assert isinstance(message, RenderedMessage)
    assert f"<identifier>{warning_message().identifier}</identifier>" in message.cap_xml
    assert metrics.registry.get_sample_value(PLAIN_TEXTS) == 2
    assert len(caplog.records) == 2
