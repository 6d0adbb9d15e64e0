"""What people read."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.delivery.messages import one_of_each_cause
from tests.unit.desk.county import MESSAGE_POLICY, RULES, county, reason, rule
from warnstream.delivery.render import render
from warnstream.delivery.texts_zh import TEXT_MAX
from warnstream.model.changes import Fact, Reason
from warnstream.model.forecast import Expected
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S, clock_local
from warnstream.model.warning import Cause, MessageStatus, WarningMessage

MESSAGES = one_of_each_cause()
RAISED = MESSAGES[Cause.RAISED]


def zh(message: WarningMessage = RAISED) -> str:
    return render(message, county(), RULES, MESSAGE_POLICY).text_zh


def en(message: WarningMessage = RAISED) -> str:
    return render(message, county(), RULES, MESSAGE_POLICY).text_en


def test_a_red_warning_says_first_what_to_do_then_where_what_why_and_until_when() -> None:
    assert zh() == (
        "【演练】立即转移：马上按转移路线到安置点，不要返回取物。SongyangGushiShangcun升级为山洪红色预警（I级）。"
        "S1站1小时雨量83毫米，达到阈值80毫米（05:15观测）。有效至9日11:20。"
    )


def test_english_says_the_same() -> None:
    assert en() == (
        "[EXERCISE] LEAVE NOW: take the evacuation route to the shelter at once, do not go back for "
        "belongings. Shangcun, Gushi, Songyang: Flash flood RED warning (grade I) raised. Gauge S1: 83 mm of "
        "rain in 1 h, reached the threshold of 80 mm (observed 05:15). Valid until 11:20 on 9 Apr."
    )


def test_what_is_only_forecast_is_called_expected() -> None:
    message = MESSAGES[Cause.FIRST]
    assert "预计1小时内S1站1小时雨量将达83毫米（含预报30毫米），阈值80毫米（05:15起报）" in zh(message)
    assert "Expected within 1 h at gauge S1: 83 mm of rain in 1 h (30 mm of it forecast)" in en(message)


def test_a_share_of_a_threshold_is_never_called_reached() -> None:
    near = replace(RAISED, reason=reason(value=72.5, expected=Expected(Level.RED, share=0.9)))
    assert "S1站1小时雨量72.5毫米，为红色阈值80毫米的91%，尚未达到（05:15观测）。" in zh(near)
    assert (
        "Gauge S1: 72.5 mm of rain in 1 h, 91% of the threshold of 80 mm of red, which has not been reached "
        "(observed 05:15)." in en(near)
    )
    assert "leave in safety" not in en(near)


def test_what_a_model_gives_is_told_with_its_run_and_has_a_deadline() -> None:
    run_s = RAISED.sent_s - 4 * HOUR_S
    why = reason(value=43.0, threshold=30.0, unit="%", indicator="model_rain", station="")
    expected = Expected(
        Level.RED, 0.0, 0.43, 24 * HOUR_S, 20 * HOUR_S, 23 * HOUR_S, "model", "", "ens", run_s, 100.0
    )
    told = replace(RAISED, reason=replace(why, expected=expected, observed_until_s=RAISED.sent_s))
    clock = clock_local(run_s, MESSAGE_POLICY.time_zone)
    assert (
        "Forecast ens: 100 mm or more in the next 24 h with a probability of 43% "
        f"(model run of {clock}, 4 h old, not calibrated here)." in en(told)
    )
    assert (
        f"ens模式预报：未来24小时降雨达100毫米的概率为43%（模式{clock}起报，已4小时，未经本地检验）。"
        in zh(told)
    )
    assert "All who must leave are to be away by " in en(told)
    assert "前完成转移" in zh(told)
    near = replace(expected, amount_mm=0.0, source="radar and model", within_s=2 * HOUR_S)
    blended = replace(told, reason=replace(told.reason or why, expected=near))
    assert f", by radar, model run of {clock}, 4 h old, not calibrated here)" in en(blended)
    assert f"，依据雷达，模式{clock}起报，已4小时，未经本地检验）" in zh(blended)
    assert "are to be away by" not in en(blended)


def test_a_probability_is_told_with_its_time_and_without_a_deadline() -> None:
    expected = Expected(Level.RED, 0.0, 0.3, 2 * HOUR_S, 1500, 3600, "gauges", "Alerta Rio 2005-2013")
    probable = replace(RAISED, reason=reason(value=40.0, expected=expected))
    assert (
        "Gauge S1: 40 mm of rain in 1 h; the threshold of 80 mm of red has not been reached, it will be "
        "within 2 h with a probability of 30%, at the earliest about 05:40 (observed 05:15)." in en(probable)
    )
    assert "尚未达到红色阈值80毫米，2小时内达到的概率为30%，最早约05:40（05:15观测）。" in zh(probable)
    assert "转移时限" not in zh(probable)
    unknown = replace(expected, calibrated_on="", onset_early_s=-1)
    assert "30% (observed 05:15, not calibrated here)." in en(
        replace(RAISED, reason=reason(value=40.0, expected=unknown))
    )


def test_a_water_level_is_told_in_metres() -> None:
    stage = reason(indicator="stage", unit="m", value=52.3, threshold=52.0, duration_s=0)
    assert "S1站水位52.3米，达到阈值52米" in zh(replace(RAISED, reason=stage))
    assert "Gauge S1: water level 52.3 m, reached the threshold of 52 m" in en(replace(RAISED, reason=stage))


def test_a_value_below_its_threshold_is_not_said_to_have_reached_it() -> None:
    falling = replace(RAISED, reason=reason(value=70.0))
    assert "接近阈值80毫米" in zh(falling)
    assert "close to the threshold of 80 mm" in en(falling)


def test_a_doubtful_value_is_called_unconfirmed() -> None:
    doubtful = replace(RAISED, reason=reason(confirmed=False))
    assert "待核实" in zh(doubtful)
    assert "unconfirmed" in en(doubtful)


@pytest.mark.parametrize(
    ("note", "said_zh", "said_en"),
    [
        (
            "faulty_zero",
            "S0站疑似堵塞，改用备用站。",
            "Main gauge S0 doubted: faulty zero; its spare is used.",
        ),
        ("stuck", "S0站读数卡滞，改用备用站。", "Main gauge S0 doubted: stuck; its spare is used."),
        ("silent", "S0站无数据，改用备用站。", "Main gauge S0 silent; its spare is used."),
        ("outlier", "S0站存疑，改用备用站。", "Main gauge S0 doubted; its spare is used."),
    ],
)
def test_a_gauge_that_gave_way_to_its_spare_is_named_with_what_is_wrong(
    note: str, said_zh: str, said_en: str
) -> None:
    fact = Fact("replaced", "S0", 0.0, 83.0, "mm", HOUR_S, note=note)
    replaced = replace(RAISED, reason=reason(facts=(fact,)))
    assert said_zh in zh(replaced)
    assert said_en in en(replaced)


def test_what_the_spare_of_a_doubted_gauge_says_is_told() -> None:
    fact = Fact("spare", "S9", 0.2, 83.0, "mm", HOUR_S, note="high_influx")
    doubted = replace(RAISED, reason=reason(confirmed=False, facts=(fact,)))
    assert "备用站S9测得0.2毫米。" in zh(doubted)
    assert "Its spare S9 measured 0.2 mm." in en(doubted)


def test_without_a_station_the_gauges_nearby_speak() -> None:
    nearby = replace(RAISED, reason=reason(station=""))
    assert "周边站1小时雨量" in zh(nearby)
    assert "Nearby gauges: 83 mm" in en(nearby)


def test_a_blind_village_is_told_that_the_level_is_held_because_gauges_are_silent() -> None:
    assert "监测站失联，无法确认是否好转，预警等级维持不变" in zh(MESSAGES[Cause.SIGHT_LOST])
    assert "The gauges are silent" in en(MESSAGES[Cause.SIGHT_LOST])


def test_regained_sight_is_told() -> None:
    assert "监测已恢复" in zh(MESSAGES[Cause.SIGHT_REGAINED])
    assert "The gauges report again" in en(MESSAGES[Cause.SIGHT_REGAINED])


@pytest.mark.parametrize("cause", [Cause.ENDED, Cause.CANCELLED])
def test_a_cancel_begins_with_the_all_clear_and_has_no_end_of_validity(cause: Cause) -> None:
    assert zh(MESSAGES[cause]).startswith("【演练】预警解除")
    assert en(MESSAGES[cause]).startswith("[EXERCISE] ALL CLEAR")
    assert "有效至" not in zh(MESSAGES[cause])


def test_a_cancel_names_the_level_that_has_ended() -> None:
    assert "解除山洪橙色预警（II级）" in zh(MESSAGES[Cause.ENDED])


@pytest.mark.parametrize("cause", list(Cause))
def test_every_message_of_an_exercise_begins_with_the_mark(cause: Cause) -> None:
    assert zh(MESSAGES[cause]).startswith("【演练】")
    assert en(MESSAGES[cause]).startswith("[EXERCISE] ")


@pytest.mark.parametrize("cause", list(Cause))
def test_no_real_message_bears_the_mark(cause: Cause) -> None:
    real = replace(MESSAGES[cause], status=MessageStatus.ACTUAL)
    assert "演练" not in zh(real)
    assert "EXERCISE" not in en(real)


@pytest.mark.parametrize("level", [Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED])
def test_every_level_has_an_action_of_its_own(level: Level) -> None:
    others = {
        zh(replace(RAISED, level=other)).partition("。")[0] for other in Level if other not in (level, 0)
    }
    assert zh(replace(RAISED, level=level)).partition("。")[0] not in others


ANY_NAME = st.text(max_size=60)
ANY_NUMBER = st.floats(allow_nan=True, allow_infinity=True)


@st.composite
def reasons(draw: st.DrawFn) -> Reason | None:
    if draw(st.booleans()):
        return None
    return reason(
        indicator=draw(st.sampled_from(["rain", "stage"])),
        station=draw(ANY_NAME),
        value=draw(ANY_NUMBER),
        threshold=draw(ANY_NUMBER),
        unit=draw(st.sampled_from(["mm", "m", "a very long unit of rain"])),
        duration_s=draw(st.integers(0, 30 * 24 * HOUR_S)),
        forecast_value=draw(ANY_NUMBER),
        lead_s=draw(st.integers(0, 72 * HOUR_S)),
        confirmed=draw(st.booleans()),
    )


@settings(max_examples=settings().max_examples * 3 // 2)
@given(st.sampled_from(list(Cause)), ANY_NAME, ANY_NAME, reasons())
def test_a_chinese_text_is_short_and_clean_whatever_the_tables_contain(
    cause: Cause, name: str, title: str, why: Reason | None
) -> None:
    network = county(name=(name,) * 3, township=(title,) * 3, county=(name,) * 3)
    message = replace(MESSAGES[cause], reason=why)
    text = render(message, network, (rule("flash_flood", title, name),), MESSAGE_POLICY).text_zh
    assert len(text) <= TEXT_MAX
    assert text.isprintable()


def test_a_reason_that_is_too_long_is_cut_and_the_end_of_validity_is_not() -> None:
    long = "长" * 60
    network = county(name=(long,) * 3, township=(long,) * 3, county=(long,) * 3)
    why = reason(station=long, unit=long, lead_s=600, value=123456.78, threshold=99999.99, confirmed=False)
    message = replace(RAISED, reason=why)
    text = render(message, network, (rule("flash_flood", long, long),), MESSAGE_POLICY).text_zh
    assert len(text) == TEXT_MAX
    assert text.endswith("…。有效至9日11:20。")


def test_the_longest_chinese_text_is_within_the_limit() -> None:
    long = "长" * 60
    network = county(name=(long,) * 3, township=(long,) * 3, county=(long,) * 3)
    why = reason(
        station=long,
        value=123456.78,
        threshold=123456.78,
        forecast_value=123456.78,
        lead_s=10_740,
        duration_s=258_840,
        confirmed=False,
    )
    message = replace(MESSAGES[Cause.SIGHT_REGAINED], reason=why)
    text = render(message, network, (rule("flash_flood", long, long),), MESSAGE_POLICY).text_zh
    assert 150 < len(text) <= TEXT_MAX


def test_what_a_person_has_set_says_so_and_gives_no_measurement() -> None:
    assert zh(MESSAGES[Cause.ISSUED_BY_HAND]).endswith("由值班人员发布。有效至9日21:15。")
    assert "由值班人员升级。" in zh(MESSAGES[Cause.RAISED_BY_HAND])
    assert "Raised by the duty officer." in en(MESSAGES[Cause.RAISED_BY_HAND])
    renewed = replace(MESSAGES[Cause.RAISED_BY_HAND], cause=Cause.RENEWED)
    assert "由值班人员发布。" in zh(renewed), "not: measurements are falling"
    assert "Issued by the duty officer." in en(renewed)
