"""A warning prolonged again and again waits for the duty officer's word, says so, and still stands."""

from dataclasses import replace

from tests.unit.desk.county import MESSAGE_POLICY, RULES, T0, county, desk_of, rise
from warnstream.delivery.render import render
from warnstream.desk import WarningDesk
from warnstream.model.effects import OperatorAffirm
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S
from warnstream.model.warning import WarningMessage

POLICY = replace(MESSAGE_POLICY, extension_s_max=24 * HOUR_S)


def desk() -> WarningDesk:
    return desk_of(messages=POLICY)


def renewed(one: WarningDesk, first_h: int, last_h: int) -> list[WarningMessage]:
    return [
        message
        for hour in range(first_h, last_h + 1)
        for message in one.step([], T0 + hour * HOUR_S).messages
    ]


def texts(message: WarningMessage) -> tuple[str, str]:
    rendered = render(message, county(), RULES, POLICY)
    return rendered.text_zh, rendered.text_en


def test_within_the_limit_nothing_is_said() -> None:
    one = desk()
    one.step([rise(Level.ORANGE)], T0)
    messages = renewed(one, 1, 24)
    assert len(messages) == 4
    assert {message.unaffirmed_s for message in messages} == {0}
    assert one.open_warnings()[0].unaffirmed_s == 0


def test_beyond_the_limit_every_message_says_that_it_waits_and_the_warning_stands() -> None:
    one = desk()
    one.step([rise(Level.ORANGE)], T0)
    message = renewed(one, 1, 30)[-1]
    assert message.unaffirmed_s == 30 * HOUR_S
    zh, en = texts(message)
    assert "本预警已自动延续30小时，待值班人员确认。" in zh
    assert "Prolonged automatically for 30 h, to be confirmed by the duty officer." in en
    assert len(zh) <= 200
    (status,) = one.open_warnings()
    assert (status.level, status.unaffirmed_s) == (Level.ORANGE, 30 * HOUR_S)


def test_an_affirmation_begins_the_limit_anew_also_across_a_restart() -> None:
    one, other = desk(), desk()
    one.step([rise(Level.ORANGE)], T0)
    renewed(one, 1, 30)
    name = one.open_warnings()[0].warning
    one.step([OperatorAffirm(name, "leader", "still raining")], T0 + 31 * HOUR_S)
    other.restore(one.snapshot())
    for each in (one, other):
        assert each.open_warnings()[0].unaffirmed_s == 0
        assert {message.unaffirmed_s for message in renewed(each, 32, 54)} == {0}
        assert renewed(each, 55, 61)[-1].unaffirmed_s > 0


def test_a_rise_begins_the_limit_anew() -> None:
    one = desk()
    one.step([rise(Level.YELLOW)], T0)
    renewed(one, 1, 30)
    one.step([rise(Level.RED, Level.YELLOW, at_s=T0 + 31 * HOUR_S)], T0 + 31 * HOUR_S)
    assert one.open_warnings()[0].unaffirmed_s == 0


def test_what_does_not_stand_cannot_be_affirmed() -> None:
    one = desk()
    one.step([OperatorAffirm("ws.x", "leader", "")], T0)
    assert (one.refused_inputs, one.last_refusal) == (1, "no warning 'ws.x' stands that could be affirmed")
