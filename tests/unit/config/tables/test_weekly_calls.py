"""test_ways.csv and the section test_calls: what is tested, and when."""

from collections.abc import Callable
from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.config.look_at import roster as look
from warnstream.model.hands.weekly_calls import TestWay

SECTION = """
test_calls:
  weekday: friday
  at: "09:30"
  until: "16:00"
  within: 20min
  channels: [device]
  source: county plan
"""
WAYS = "post,channel,address\np1,sms,+871\np1,sms,+872\n"


def write(config_dir: Path, section: str = SECTION, ways: str = WAYS) -> None:
    node = config_dir / "warnstream.yaml"
    node.write_text(node.read_text("utf-8") + section, "utf-8")
    (config_dir / "test_ways.csv").write_text(ways, "utf-8")


def test_own_ways_of_named_channels_and_all_rows_are_tested(config_dir: Path) -> None:
    write(config_dir)
    policy = load_configuration(config_dir).test_calls
    assert policy is not None
    assert policy.ways == (
        TestWay("p3", "County", "device", "p3"),
        TestWay("p1", "001", "sms", "+871"),
        TestWay("p1", "001", "sms", "+872"),
    )
    hours = (policy.weekday, policy.at_s, policy.until_s, policy.within_s)
    assert hours == (4, 9 * 3600 + 1800, 16 * 3600, 1200)


def test_without_the_section_nobody_is_called_and_check_says_so(config_dir: Path) -> None:
    write(config_dir, section="")
    configuration = load_configuration(config_dir)
    assert configuration.test_calls is None
    assert list(look.tests_without_hours(configuration)) == [
        "test_ways.csv: nobody is called for a test: warnstream.yaml has no section test_calls"
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("+872", "+871", "test_ways.csv:3: address: the same way of p1 as on line 2"),
        ("p1,sms,+872", "p9,sms,+872", "test_ways.csv:3: post: unknown post 'p9'"),
        ("p1,sms,+872", "p1,sat,+872", "test_ways.csv:3: channel: unknown channel 'sat'"),
    ],
)
def test_a_wrong_way_is_named(
    config_dir: Path, faults: Callable[[], list[str]], old: str, new: str, expected: str
) -> None:
    write(config_dir, ways=WAYS.replace(old, new))
    (fault,) = faults()
    assert fault.startswith(expected)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"16:00"', '"09:00"', "test_calls.until: expected a later hour than `at`"),
        ('"09:30"', "9:30", 'test_calls.at: expected an hour in quotes such as "10:00"'),
        ("[device]", "[devise]", "test_calls.channels: unknown channel 'devise': did you mean 'device'?"),
        ("friday", "fri", "test_calls.weekday: expected"),
        ("  source: county plan\n", "", "test_calls.source: expected who has decided these times"),
    ],
)
def test_wrong_hours_are_named(
    config_dir: Path, faults: Callable[[], list[str]], old: str, new: str, expected: str
) -> None:
    write(config_dir, section=SECTION.replace(old, new))
    (fault,) = faults()
    assert expected in fault
