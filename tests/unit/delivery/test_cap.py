"""CAP documents: the schema, the rules beside the schema, and a second parser."""

from dataclasses import replace

import pytest
from cap_tools.models import Certainty, MsgType, ResponseType, Severity, Urgency
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tests.unit.delivery.cap_rules import cap_schema, faults_of, parse_with_another_parser
from tests.unit.delivery.messages import one_of_each_cause
from tests.unit.desk.county import MESSAGE_POLICY, RULES, T0, county, reason, rule
from warnstream.config.orders import order_table
from warnstream.delivery import cap
from warnstream.delivery.render import render
from warnstream.model.changes import Reason
from warnstream.model.forecast import Expected
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.rules.policies import MessagePolicy
from warnstream.model.times import HOUR_S, UTC, TimeZone, fixed_zone
from warnstream.model.warning import Cause, MessageStatus, WarningMessage

SCHEMA = cap_schema()
MESSAGES = one_of_each_cause()
ALERT = MESSAGES[Cause.FIRST]
NEAR = Expected(Level.RED, share=0.9)
PROBABLE = Expected(Level.RED, 0.0, 0.6, 2 * HOUR_S, 1800, HOUR_S, "gauges", "Alerta Rio 2005-2013")


def document(
    message: WarningMessage = ALERT,
    network: Network | None = None,
    policy: MessagePolicy = MESSAGE_POLICY,
    note: str = "",
) -> str:
    return render(message, network or county(), RULES, policy, note).cap_xml


def all_faults(text: str) -> list[str]:
    SCHEMA.validate(etree.fromstring(text.encode()))
    return [*(str(entry) for entry in SCHEMA.error_log), *faults_of(text)]


@pytest.mark.parametrize(
    ("hazard", "expected"),
    [("forest_fire", "Avoid"), ("waterlogging", "Shelter"), ("flash_flood", "Evacuate"), ("own", "Evacuate")],
)
def test_the_response_is_that_of_the_order_for_hazard_and_level(hazard: str, expected: str) -> None:
    policy = replace(MESSAGE_POLICY, orders=order_table(None))
    raised = replace(MESSAGES[Cause.RAISED], hazard=hazard)
    assert cap.response(raised, policy) == expected
    assert cap.response(raised, MESSAGE_POLICY) == "Evacuate"
    assert cap.response(replace(raised, level=Level.NONE), policy) == "AllClear"


@pytest.mark.parametrize("cause", list(Cause))
def test_a_message_of_every_cause_is_a_valid_document(cause: Cause) -> None:
    assert all_faults(document(MESSAGES[cause])) == []


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("<sender>warnstream@", "<sender>warn stream@"),
        ("+08:00</sent>", "Z</sent>"),
        ("28.44,119.47</polygon>", "28.44,119.471</polygon>"),
        ("<severity>Moderate<", "<severity>Yellow<"),
        ("<msgType>Alert<", "<msgType>Update<"),
        ("<event>Flash flood<", "<event><"),
    ],
)
def test_the_checks_of_these_tests_see_a_broken_document(good: str, bad: str) -> None:
    text = document()
    assert good in text
    assert all_faults(text.replace(good, bad, 1)) != []


def test_a_second_parser_reads_what_the_message_says() -> None:
    message = MESSAGES[Cause.LOWERED]
    alert = parse_with_another_parser(document(message))
    assert (alert.identifier, alert.msg_type) == (message.identifier, MsgType.UPDATE)
    assert [(r.sender, r.identifier) for r in alert.references_to_list()] == [
        (MESSAGE_POLICY.sender, reference.identifier) for reference in message.references
    ]
    assert [info.get_language() for info in alert.infos] == ["zh-CN", "en"]


def test_a_second_parser_reads_the_times_as_the_seconds_they_are() -> None:
    alert = parse_with_another_parser(document())
    expires = alert.infos[0].expires
    assert expires is not None
    assert [int(time.to_datetime().timestamp()) for time in (alert.sent, expires)] == [T0, T0 + 6 * HOUR_S]


@pytest.mark.parametrize(
    ("time_zone", "expected"),
    [
        (fixed_zone(8 * HOUR_S), "2019-04-09T05:15:00+08:00"),
        (fixed_zone(-3 * HOUR_S), "2019-04-08T18:15:00-03:00"),
        (UTC, "2019-04-08T21:15:00+00:00"),
        (fixed_zone(20_700), "2019-04-09T03:00:00+05:45"),
    ],
)
def test_times_carry_the_offset_of_the_place_never_a_z(time_zone: TimeZone, expected: str) -> None:
    text = document(policy=replace(MESSAGE_POLICY, time_zone=time_zone))
    assert f"<sent>{expected}</sent>" in text
    assert all_faults(text) == []


@pytest.mark.parametrize(
    ("level", "severity", "response"),
    [
        (Level.BLUE, Severity.MINOR, ResponseType.MONITOR),
        (Level.YELLOW, Severity.MODERATE, ResponseType.PREPARE),
        (Level.ORANGE, Severity.SEVERE, ResponseType.PREPARE),
        (Level.RED, Severity.EXTREME, ResponseType.EVACUATE),
    ],
)
def test_colours_are_severities_and_say_what_to_do(
    level: Level, severity: Severity, response: ResponseType
) -> None:
    info = parse_with_another_parser(document(replace(ALERT, level=level))).infos[0]
    assert (info.severity, info.response_types) == (severity, [response])


@pytest.mark.parametrize(
    ("why", "level", "urgency", "certainty"),
    [
        (reason(), Level.RED, Urgency.IMMEDIATE, Certainty.OBSERVED),
        (reason(), Level.YELLOW, Urgency.EXPECTED, Certainty.OBSERVED),
        (reason(confirmed=False), Level.RED, Urgency.IMMEDIATE, Certainty.LIKELY),
        (reason(lead_s=HOUR_S), Level.YELLOW, Urgency.EXPECTED, Certainty.POSSIBLE),
        (reason(expected=NEAR), Level.ORANGE, Urgency.EXPECTED, Certainty.POSSIBLE),
        (
            reason(expected=replace(PROBABLE, probability=0.5)),
            Level.RED,
            Urgency.EXPECTED,
            Certainty.POSSIBLE,
        ),
        (reason(expected=PROBABLE), Level.RED, Urgency.EXPECTED, Certainty.LIKELY),
        (
            reason(expected=replace(PROBABLE, calibrated_on="")),
            Level.RED,
            Urgency.EXPECTED,
            Certainty.POSSIBLE,
        ),
        (
            reason(expected=replace(PROBABLE, onset_early_s=2 * HOUR_S)),
            Level.RED,
            Urgency.FUTURE,
            Certainty.LIKELY,
        ),
        (reason(lead_s=2 * HOUR_S), Level.YELLOW, Urgency.FUTURE, Certainty.POSSIBLE),
        (None, Level.YELLOW, Urgency.EXPECTED, Certainty.LIKELY),
    ],
)
def test_what_is_only_expected_is_less_urgent_and_less_certain(
    why: Reason | None, level: Level, urgency: Urgency, certainty: Certainty
) -> None:
    info = parse_with_another_parser(document(replace(ALERT, reason=why, level=level))).infos[0]
    assert (info.urgency, info.certainty) == (urgency, certainty)


@pytest.mark.parametrize(
    ("cause", "certainty"), [(Cause.ENDED, Certainty.OBSERVED), (Cause.CANCELLED, Certainty.UNKNOWN)]
)
def test_a_cancel_is_an_all_clear_with_everything_a_receiver_needs(
    cause: Cause, certainty: Certainty
) -> None:
    alert = parse_with_another_parser(document(MESSAGES[cause]))
    info = alert.infos[0]
    assert (alert.msg_type, info.response_types) == (MsgType.CANCEL, [ResponseType.ALL_CLEAR])
    assert (info.urgency, info.certainty) == (Urgency.PAST, certainty)
    assert alert.references_to_list()


def test_a_held_level_is_only_possible() -> None:
    info = parse_with_another_parser(document(MESSAGES[Cause.SIGHT_LOST])).infos[0]
    assert (info.certainty, info.parameters_to_dict()["blind"]) == (Certainty.POSSIBLE, "true")


def test_the_reason_travels_as_parameters() -> None:
    told = parse_with_another_parser(document(MESSAGES[Cause.RAISED])).infos[0].parameters_to_dict()
    expected = {
        "level": "red",
        "previous_level": "yellow",
        "station": "S1",
        "value": "83",
        "threshold": "80",
        "unit": "mm",
        "duration_s": "3600",
        "lead_s": "0",
        "threshold_source": "county table 2019",
    }
    assert {name: told[name] for name in expected} == expected


def test_a_reason_without_a_station_leaves_the_parameter_out() -> None:
    text = document(replace(ALERT, reason=reason(station="")))
    assert "<valueName>station<" not in text
    assert all_faults(text) == []


def test_the_duty_officers_reason_stands_in_the_note_behind_the_exercise_mark() -> None:
    alert = parse_with_another_parser(document(MESSAGES[Cause.CANCELLED], note="gauge broken"))
    assert alert.note == "【演练】[EXERCISE] gauge broken"


def test_a_real_warning_bears_no_exercise_mark() -> None:
    text = document(replace(ALERT, status=MessageStatus.ACTUAL))
    assert "演练" not in text
    assert "EXERCISE" not in text
    assert "<note>" not in text


def test_an_exercise_is_marked_by_the_message_whatever_the_policy_says_today() -> None:
    text = document(policy=replace(MESSAGE_POLICY, status=MessageStatus.ACTUAL))
    assert "<status>Exercise</status>" in text
    assert "【演练】" in text


def test_a_village_with_an_outline_is_a_polygon_in_latitude_longitude() -> None:
    area = parse_with_another_parser(document()).infos[0].areas[0]
    assert area.polygons == ["28.44,119.47 28.44,119.49 28.46,119.49 28.46,119.47 28.44,119.47"]
    assert area.circles == []


def test_a_village_in_two_parts_is_two_polygons_without_their_holes() -> None:
    area = parse_with_another_parser(document(replace(ALERT, village=1))).infos[0].areas[0]
    assert area.polygons == [
        "28.5,119.5 28.5,119.6 28.6,119.6 28.5,119.5",
        "28.7,119.7 28.7,119.8 28.8,119.8 28.7,119.7",
    ]


@pytest.mark.parametrize("outline", [None, "", "POINT (1 2)", "POLYGON EMPTY", "POLYGON ((1 2, 3 4))", "((("])
def test_a_village_without_a_readable_outline_is_a_circle_about_its_point(outline: str | None) -> None:
    text = document(network=county(polygon_wkt=(outline, None, None)))
    assert parse_with_another_parser(text).infos[0].areas[0].circles == ["28.45,119.48 1"]
    assert all_faults(text) == []


def test_a_share_of_a_threshold_has_no_onset_and_says_what_it_is_a_share_of() -> None:
    text = document(replace(ALERT, reason=reason(value=75.0, expected=NEAR)))
    info = parse_with_another_parser(text).infos[0]
    told = info.parameters_to_dict()
    assert (told["share_of_threshold"], told["expected_level"], told["value"]) == ("0.9", "red", "75")
    assert "<onset>" not in text
    assert all_faults(text) == []


def test_a_probability_is_told_with_its_source_and_whether_it_was_calibrated_here() -> None:
    text = document(replace(ALERT, reason=reason(value=75.0, expected=PROBABLE)))
    told = parse_with_another_parser(text).infos[0].parameters_to_dict()
    assert (told["probability"], told["within_s"], told["p_source"], told["calibrated_on"]) == (
        "0.600",
        "7200",
        "gauges",
        "Alerta Rio 2005-2013",
    )
    assert "<onset>" in text
    elsewhere = document(replace(ALERT, reason=reason(expected=replace(PROBABLE, calibrated_on=""))))
    assert parse_with_another_parser(elsewhere).infos[0].parameters_to_dict()["calibrated_on"] == (
        "not calibrated here"
    )


def test_the_village_is_named_by_its_code() -> None:
    codes = parse_with_another_parser(document()).infos[0].areas[0].geocodes_to_dict()
    assert dict(codes) == {"village": "331124001001"}


def test_an_address_that_is_not_configured_is_left_out() -> None:
    text = document(policy=replace(MESSAGE_POLICY, web=""))
    assert "<web>" not in text
    assert all_faults(text) == []


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_no_text_from_a_table_can_break_a_document(name: str, title: str, station: str) -> None:
    network = county(name=(name, name, name), township=(title,) * 3)
    rules = (rule("flash_flood", title, name),)
    message = replace(ALERT, reason=reason(station=station, unit=name, source=title))
    rendered = render(message, network, rules, MESSAGE_POLICY, note=station)
    assert all_faults(rendered.cap_xml) == []


@pytest.mark.parametrize("hostile", ["</event><x>", "&lt;", "]]>", "<!-- -->", '"><script>'])
def test_markup_in_a_name_stays_text(hostile: str) -> None:
    text = document(network=county(name=(hostile,) * 3))
    assert all_faults(text) == []
    assert hostile in parse_with_another_parser(text).infos[1].areas[0].area_desc


def test_the_same_message_gives_the_same_bytes() -> None:
    assert document() == document()
