import asyncio
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.adapters.county import outgoing_message
from warnstream.adapters.channels.channel import (
    EXERCISE_MARK_EN,
    EXERCISE_MARK_ZH,
    Surroundings,
    with_exercise_mark,
)
from warnstream.adapters.channels.mqtt import MqttChannel
from warnstream.adapters.channels.pace import Pace
from warnstream.adapters.channels.payload import webhook_payload
from warnstream.adapters.channels.registry import CHANNEL_OF_SECTION, make_channels
from warnstream.adapters.channels.terminal import TerminalChannel
from warnstream.adapters.channels.webhook import retry_after_s
from warnstream.adapters.mqtt.publisher import NOT_CONNECTED, Publication
from warnstream.config.channels.registry import SECTION_OF_KIND, ChannelsDocument
from warnstream.delivery.dispatch.outcome import SENT, Verdict
from warnstream.model.effects import VILLAGE_TOPIC_CHANNEL, RecipientKind
from warnstream.model.level import Level
from warnstream.model.warning import MessageStatus


class Broker:
    """Takes publications; those whose topic is in `faults` are not acknowledged."""

    def __init__(self, faults: dict[str, str] | None = None) -> None:
        self.taken: list[Publication] = []
        self.faults = faults or {}

    def __call__(self, publications: Sequence[Publication]) -> Sequence[str]:
        self.taken.extend(publications)
        return [self.faults.get(publication.topic, "") for publication in publications]


@given(text=st.text(), mark=st.sampled_from([EXERCISE_MARK_ZH, EXERCISE_MARK_EN]))
def test_an_exercise_always_begins_with_the_mark_and_a_real_warning_never_holds_it(
    text: str, mark: str
) -> None:
    assert with_exercise_mark(text, mark, MessageStatus.EXERCISE).startswith(mark)
    assert mark not in with_exercise_mark(f"{mark}{text}", mark, MessageStatus.ACTUAL)


def test_a_mark_that_appears_by_taking_one_out_is_taken_out_too() -> None:
    nested = "[EXER[EXERCISE]CISE] Move now"
    assert with_exercise_mark(nested, EXERCISE_MARK_EN, MessageStatus.ACTUAL) == "Move now"


def test_marking_twice_marks_once() -> None:
    once = with_exercise_mark("Move", EXERCISE_MARK_EN, MessageStatus.EXERCISE)
    assert with_exercise_mark(once, EXERCISE_MARK_EN, MessageStatus.EXERCISE) == once


def test_an_unmarked_exercise_gets_the_mark_whatever_channel_it_takes() -> None:
    message = outgoing_message(MessageStatus.EXERCISE)
    lines: list[str] = []
    broker = Broker()
    TerminalChannel(lines.append).send([message])
    MqttChannel("ws", broker).send([message])
    device = msgspec.json.decode(broker.taken[0].payload)
    texts = [lines[0], device["text_en"], msgspec.json.decode(webhook_payload(message))["text_en"]]
    assert all("[EXERCISE] Move now" in text for text in texts)


def test_a_real_warning_loses_a_mark_that_its_text_was_given() -> None:
    message = outgoing_message(MessageStatus.ACTUAL, text_en="[EXERCISE] Move now")
    assert message.text_en == "Move now"


def test_a_cap_document_of_the_other_status_is_not_sent() -> None:
    message = outgoing_message(MessageStatus.EXERCISE, RecipientKind.VILLAGE)
    with pytest.raises(ValueError, match="does not say status Exercise"):
        replace(message, cap_xml="<alert><status>Actual</status></alert>")


def test_a_household_is_told_even_if_the_cap_document_is_broken() -> None:
    message = replace(outgoing_message(), cap_xml="")
    assert MqttChannel("ws", Broker()).send([message]) == [SENT]


def test_a_device_message_goes_to_the_device_s_topic() -> None:
    broker = Broker()
    MqttChannel("ws", broker).send([outgoing_message(address="door-7")])
    (publication,) = broker.taken
    content = msgspec.json.decode(publication.payload)
    assert publication.topic == "ws/device/door-7"
    assert not publication.retain
    assert content["answer_topic"] == "ws/answer/V1-H0"
    assert content["expires"] == "2023-11-14T23:13:20Z"


def test_a_village_gets_cap_and_json_retained_and_nobody_s_address() -> None:
    broker = Broker()
    MqttChannel("ws", broker).send([outgoing_message(kind=RecipientKind.VILLAGE)])
    topics = {publication.topic: publication for publication in broker.taken}
    assert set(topics) == {"ws/warn/V1/flash_flood", "ws/warn/V1/flash_flood/cap"}
    assert all(publication.retain for publication in broker.taken)
    assert topics["ws/warn/V1/flash_flood/cap"].payload == b"<alert><status>Actual</status></alert>"
    assert b"13800000" not in topics["ws/warn/V1/flash_flood"].payload


RECORD = '{"n":1,"status":"Exercise"}'


def test_a_village_s_bulletin_is_its_record_retained_on_one_topic() -> None:
    broker = Broker()
    village = outgoing_message(kind=RecipientKind.VILLAGE, status=MessageStatus.EXERCISE)
    MqttChannel("ws", broker).send([replace(village, msg_type="leave", cap_xml=RECORD)])
    (publication,) = broker.taken
    assert (publication.topic, publication.payload) == ("ws/bulletin/V1", RECORD.encode())
    assert publication.retain


def test_a_bulletin_s_record_of_another_status_is_no_message() -> None:
    village = outgoing_message(kind=RecipientKind.VILLAGE)
    with pytest.raises(ValueError, match="does not say status Actual"):
        replace(village, msg_type="leave", cap_xml=RECORD)


@pytest.mark.parametrize(
    ("n", "level", "action", "expected"),
    [
        (1, Level.RED, "leave", "Alert"),
        (2, Level.RED, "stay", "Update"),
        (11, Level.NONE, "clear", "Cancel"),
        (1, Level.NONE, "correct", "Cancel"),
    ],
)
def test_a_bulletin_is_of_a_type_of_cap_too(n: int, level: Level, action: str, expected: str) -> None:
    door = replace(outgoing_message(), message=f"ws.V1.20231114T221320Z.{n}", msg_type=action, level=level)
    assert door.cap_type == expected


def test_a_door_s_bulletin_is_marked_in_an_exercise_and_says_its_action() -> None:
    broker = Broker()
    door = replace(outgoing_message(status=MessageStatus.EXERCISE), msg_type="stay")
    MqttChannel("ws", broker).send([door])
    content = msgspec.json.decode(broker.taken[0].payload)
    assert (content["type"], content["action"]) == ("Alert", "stay")
    assert content["text_zh"].startswith("【演练】")


def test_a_cancel_is_retained_so_that_the_end_is_as_visible_as_the_beginning() -> None:
    broker = Broker()
    cancel = replace(outgoing_message(kind=RecipientKind.VILLAGE), msg_type="Cancel", level=Level.NONE)
    MqttChannel("ws", broker).send([cancel])
    content = msgspec.json.decode(broker.taken[-1].payload)
    assert broker.taken[-1].retain
    assert (content["type"], content["level"]) == ("Cancel", "none")
    assert content["expires"] == "2023-11-14T23:13:20Z"


def test_a_village_message_is_sent_only_when_both_topics_are_acknowledged() -> None:
    broker = Broker({"ws/warn/V1/flash_flood": "the broker did not acknowledge in time"})
    (outcome,) = MqttChannel("ws", broker).send([outgoing_message(kind=RecipientKind.VILLAGE)])
    assert not outcome.is_sent
    assert outcome.can_retry


def test_an_address_with_a_wildcard_is_refused_and_the_others_are_sent() -> None:
    batch = [outgoing_message(address="door/+"), outgoing_message(address="door-2", number=1)]
    wrong, right = MqttChannel("ws", Broker()).send(batch)
    assert not wrong.can_retry
    assert right == SENT


def test_outcomes_stay_with_their_messages_when_one_topic_fails() -> None:
    batch = [outgoing_message(address=f"door-{n}", number=n) for n in range(3)]
    outcomes = MqttChannel("ws", Broker({"ws/device/door-1": "lost"})).send(batch)
    assert [outcome.is_sent for outcome in outcomes] == [True, False, True]


def test_a_terminal_line_has_the_text_and_not_the_address() -> None:
    lines: list[str] = []
    TerminalChannel(lines.append).send([outgoing_message(text_en="Move\nnow")])
    assert lines == ["RED to household V1-H0: 立即转移 Move now"]


def test_an_alarm_of_the_node_is_no_all_clear() -> None:
    lines: list[str] = []
    alarm = replace(outgoing_message(), msg_type="Alarm", level=Level.NONE)
    cancel = replace(outgoing_message(), msg_type="Cancel", level=Level.NONE)
    TerminalChannel(lines.append).send([alarm, cancel])
    assert [line.split(" to ")[0] for line in lines] == ["ALARM", "ALL CLEAR"]


def test_a_pace_spreads_requests_over_the_second() -> None:
    slept: list[float] = []
    now = [100.0]

    async def sleep(wait_s: float) -> None:
        slept.append(wait_s)
        now[0] += wait_s

    async def nine_in_a_row() -> None:
        pace = Pace(4.0, clock=lambda: now[0], sleep=sleep)
        for _ in range(9):
            await pace.wait()

    asyncio.run(nine_in_a_row())
    assert sum(slept) == pytest.approx(2.0)


def test_a_pace_does_not_save_up_for_a_burst() -> None:
    slept: list[float] = []
    now = [0.0]

    async def sleep(wait_s: float) -> None:
        slept.append(wait_s)

    async def three_after_a_pause() -> None:
        pace = Pace(2.0, clock=lambda: now[0], sleep=sleep)
        await pace.wait()
        now[0] = 1_000.0
        await pace.wait()
        await pace.wait()

    asyncio.run(three_after_a_pause())
    assert slept == [0.5]


def test_a_slow_gateway_gets_batches_that_end_within_seconds() -> None:
    assert Pace(0.1).room(64, 15.0) == 1
    assert Pace(2.0).room(64, 15.0) == 30
    assert Pace(None).room(64, 15.0) == 64


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [(None, 0.0), ("7", 7.0), ("soon", 0.0), ("-3", 0.0), ("1" * 400, math.inf), ("Mon, 99", 0.0)],
)
def test_retry_after_is_read_as_far_as_it_can_be_trusted(header: str | None, wait_s: float) -> None:
    assert retry_after_s(header, now=0.0) == wait_s


def test_a_retry_after_date_counts_from_now() -> None:
    # The date of RFC 9110 section 10.2.3: 1999-12-31T23:59:59Z is 946684799.
    assert retry_after_s("Fri, 31 Dec 1999 23:59:59 GMT", now=946_684_769.0) == 30.0


def _channels(written: dict[str, object]) -> ChannelsDocument:
    return ChannelsDocument.model_validate({"channels": written})


def test_every_configured_channel_is_made_beside_the_built_in_one(tmp_path: Path) -> None:
    document = _channels(
        {
            "device": {"kind": "mqtt"},
            "sms": {"kind": "webhook", "url": "http://127.0.0.1:9/"},
            "t": {"kind": "terminal", "late_after": "1h", "retry": {"attempts_max": 3}},
        }
    )
    channels = make_channels(document.channels, Surroundings("ws", Broker(), tmp_path, tmp_path))
    for configured in channels.values():
        configured.channel.close()
    assert set(channels) == {VILLAGE_TOPIC_CHANNEL, "device", "sms", "t"}
    assert (channels["t"].late_after_s, channels["t"].retry.attempts_max) == (3_600, 3)


def test_the_built_in_name_is_taken(tmp_path: Path) -> None:
    document = _channels({VILLAGE_TOPIC_CHANNEL: {"kind": "mqtt"}})
    with pytest.raises(ValueError, match="built in"):
        make_channels(document.channels, Surroundings("ws", Broker(), tmp_path, tmp_path))


def test_every_kind_that_can_be_configured_can_be_made() -> None:
    assert set(CHANNEL_OF_SECTION) == set(SECTION_OF_KIND.values())


def test_a_broker_that_is_away_takes_no_attempt_of_a_message() -> None:
    outcome = MqttChannel("ws", lambda all_of_them: [NOT_CONNECTED] * len(all_of_them)).send(
        [outgoing_message()]
    )
    assert [result.verdict for result in outcome] == [Verdict.UNAVAILABLE]


def test_one_text_that_cannot_be_written_keeps_no_other_from_its_device() -> None:
    batch = [outgoing_message(address=f"door-{n}", number=n) for n in range(3)]
    batch[1] = replace(batch[1], text_zh="\ud800")
    broker = Broker()
    outcomes = MqttChannel("ws", broker).send(batch)
    assert [outcome.verdict for outcome in outcomes] == [Verdict.SENT, Verdict.REFUSED, Verdict.SENT]
    assert len(broker.taken) == 2


def test_one_line_that_a_terminal_cannot_write_keeps_no_other_from_it() -> None:
    lines: list[str] = []

    def write(line: str) -> None:
        if "two" in line:
            raise UnicodeEncodeError("ascii", line, 0, 1, "not here")
        if "three" in line:
            raise BrokenPipeError
        lines.append(line)

    batch = [
        outgoing_message(text_en=text, number=n) for n, text in enumerate(("one", "two", "three", "four"))
    ]
    outcomes = TerminalChannel(write).send(batch)
    assert [outcome.verdict for outcome in outcomes] == [
        Verdict.SENT,
        Verdict.REFUSED,
        Verdict.RETRY,
        Verdict.SENT,
    ]
    assert len(lines) == 2
