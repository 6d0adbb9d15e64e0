"""Throttling, numbers, validity."""

from dataclasses import replace

import pytest

from tests.unit.adapters.county import outgoing_message
from warnstream.adapters.channels.smpp.channel import sender_of
from warnstream.adapters.channels.smpp.pdu import Number
from warnstream.adapters.channels.smpp.phones import Phones
from warnstream.adapters.channels.smpp.statuses import meaning
from warnstream.adapters.channels.smpp.throttle import WAIT_FIRST_S, WAIT_S_MAX, Throttle
from warnstream.adapters.channels.smpp.validity import validity_period
from warnstream.delivery.dispatch.outcome import Verdict


def test_a_window_that_is_throttled_at_once_waits_once() -> None:
    throttle = Throttle()
    for _ in range(10):
        throttle.told(100.0, "slower")
    assert throttle.wait_s(100.0) == WAIT_FIRST_S


def test_waits_double_until_something_passes() -> None:
    throttle, now, waits = Throttle(), 0.0, []
    for _ in range(8):
        throttle.told(now, "slower")
        waits.append(throttle.wait_s(now))
        now += waits[-1]
    assert waits == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert waits[-1] == WAIT_S_MAX
    assert throttle.reason
    throttle.took_one()
    assert not throttle.reason
    throttle.told(now, "slower")
    assert throttle.wait_s(now) == WAIT_FIRST_S


@pytest.mark.parametrize(
    ("country", "written"),
    [
        ("CN", ["13857012345", "8613857012345", "+8613857012345"]),
        ("BR", ["21987654321", "5521987654321", "+5521987654321"]),
    ],
)
def test_one_phone_is_one_phone_however_it_is_written(country: str, written: list[str]) -> None:
    phones = Phones(country)
    forms = {phones.of(Number(number)) for number in written}
    forms.add(phones.of(Number(written[2][1:], ton=1)))
    assert forms == {written[2]}


def test_without_a_country_digits_are_compared() -> None:
    assert Phones(None).of(Number("13857012345")) == "13857012345"
    assert Phones(None).of(Number("8613857012345", ton=1)) == "8613857012345"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("10690001", Number("10690001", 0, 1)),
        ("+8610690", Number("8610690", 1, 1)),
        ("FLOOD", Number("FLOOD", 5)),
    ],
)
def test_a_sender_is_a_number_a_short_code_or_a_name(text: str, number: Number) -> None:
    assert sender_of(text) == number


def test_a_validity_counts_from_when_the_message_leaves() -> None:
    late = replace(outgoing_message(), late_s=1_800)
    assert validity_period(late, "relative") == "000000003000000R"
    assert validity_period(replace(late, late_s=9_999), "relative") == "000000000100000R"
    assert validity_period(late, "none") == ""


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(0x58, Verdict.UNAVAILABLE), (0x14, Verdict.UNAVAILABLE), (0x0E, Verdict.UNAVAILABLE),
     (0x64, Verdict.RETRY), (0x0B, Verdict.DOUBTFUL), (0x45, Verdict.DOUBTFUL), (0x500, Verdict.DOUBTFUL)],
)  # fmt: skip
def test_a_status_says_whose_fault_it_is(status: int, verdict: Verdict) -> None:
    assert meaning(status).verdict is verdict
