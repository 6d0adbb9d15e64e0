"""Worked examples of the Zhejiang rule with a county that asks for six hours, times of Beijing."""

from dataclasses import replace

import pytest

from tests.unit.delivery.messages import one_of_each_cause
from tests.unit.desk.county import MESSAGE_POLICY, RULES, county, reason
from warnstream.delivery.render import render
from warnstream.delivery.transfer import transfer_deadline_s
from warnstream.model.level import Level
from warnstream.model.rules.policies import TransferPolicy
from warnstream.model.times import HOUR_S, fixed_zone, iso_local, parse_iso
from warnstream.model.warning import Cause

BEIJING = fixed_zone(8 * HOUR_S)


@pytest.mark.parametrize(
    ("onset", "policy_s", "deadline"),
    [
        ("2021-06-18T23:30", 6 * HOUR_S, "2021-06-18T17:30"),
        ("2021-06-18T23:30", 3 * HOUR_S, "2021-06-18T18:00"),
        ("2021-06-19T01:00", 6 * HOUR_S, "2021-06-18T18:00"),
        ("2021-06-19T05:59", 6 * HOUR_S, "2021-06-18T18:00"),
        ("2021-06-19T06:00", 6 * HOUR_S, "2021-06-19T00:00"),
        ("2021-06-19T15:00", 6 * HOUR_S, "2021-06-19T09:00"),
        ("2021-06-19T15:00", HOUR_S, "2021-06-19T12:00"),
    ],
)
def test_the_earliest_of_county_law_and_nightfall_counts(onset: str, policy_s: int, deadline: str) -> None:
    onset_s = parse_iso(f"{onset}:00+08:00")
    found = transfer_deadline_s(onset_s, TransferPolicy(policy_s=policy_s), BEIJING)
    assert iso_local(found, BEIJING) == f"{deadline}:00+08:00"


def texts(level: Level, lead_s: int) -> tuple[str, str]:
    why = reason(indicator="stage", unit="m", value=52.3, threshold=52.0, duration_s=0, lead_s=lead_s)
    message = replace(one_of_each_cause()[Cause.RAISED], reason=why, level=level)
    rendered = render(message, county(), RULES, MESSAGE_POLICY)
    return rendered.text_zh, rendered.text_en


def test_an_expected_red_hazard_says_by_when_to_have_left() -> None:
    """At 05:15 in Beijing, nine hours ahead of 14:15."""
    zh, en = texts(Level.RED, 9 * HOUR_S)
    assert "须在9日08:15前完成转移。" in zh
    assert "are to be away by 08:15 on 9 Apr." in en


def test_a_deadline_that_has_passed_says_go_now() -> None:
    zh, en = texts(Level.ORANGE, 2 * HOUR_S)
    assert "转移时限已到，现在就走。" in zh
    assert "go now" in en


@pytest.mark.parametrize(("level", "lead_s"), [(Level.YELLOW, 9 * HOUR_S), (Level.RED, 0)])
def test_other_texts_have_no_deadline(level: Level, lead_s: int) -> None:
    zh, en = texts(level, lead_s)
    assert "转移时限" not in zh
    assert "前完成转移" not in zh
    assert "away by" not in en
