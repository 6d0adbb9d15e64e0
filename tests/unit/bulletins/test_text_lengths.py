"""Every situation of a night is one short message with the longest names, as an exercise at most two."""

import pytest

from benchmarks import text_lengths
from benchmarks.text_lengths import NOT_SAID, SITUATIONS, faults, main, rendered
from warnstream.delivery.bulletin_texts import GSM7, UCS2


def test_every_situation_of_the_county_s_plan_is_one_short_message() -> None:
    assert faults() == []
    assert len(SITUATIONS) >= 23
    for told in rendered():
        assert "ERROR" not in told.zh
        assert told.zh.startswith("【县县县县县】"), "issuer first"
        assert told.drill_zh.startswith("【演练】【县县县县县】")
        assert told.en.isascii(), "GSM-7 has no Chinese"


def test_texts_that_are_longer_would_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_lengths, "UCS2", UCS2.__class__(60, 70))
    monkeypatch.setattr(text_lengths, "GSM7", GSM7.__class__(100, 110))
    assert len(faults()) > len(SITUATIONS)


def test_the_table_names_every_situation_and_what_cannot_be_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--texts"]) == 0
    printed = capsys.readouterr().out
    for situation in SITUATIONS:
        assert situation.name in printed
    for name in NOT_SAID:
        assert f"not said: {name}: " in printed
    assert "every text is one short message, with an exercise mark at most two" in printed


def test_a_relayed_signal_names_station_and_time_and_fits_with_its_orders() -> None:
    relayed = [told for told in rendered() if told.situation.is_relayed]
    assert len(relayed) == 2
    for told in relayed:
        assert told.zh.startswith("【县县县县县】县气象台14:35发布暴雨")
        assert told.en.startswith("County Met Office, 14:35: rainstorm ")
        assert "1" * 11 in told.zh, "the phone is there"
