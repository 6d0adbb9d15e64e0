"""The officer's alarms of a journal: as they were raised, seen once and raised anew when worse."""

from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.runners.console.test_officer_acts import HAZARD, T0, county  # noqa: F401
from warnstream.adapters.journal.journal import Journal
from warnstream.commands.console.alarms import in_numbers
from warnstream.config.settings import Configuration
from warnstream.model.errors import ArchiveError
from warnstream.model.hands.duty import DutyAct, DutyKind
from warnstream.model.hands.orders import HandOrder, OrderKind
from warnstream.model.level import Level
from warnstream.runners.console.alarm_list import AlarmList, Raised, officer_alarms
from warnstream.runners.intake import entries
from warnstream.runners.intake.duty import place_of


def ordered(configuration: Configuration, level: Level, at_s: int, village: int = 0) -> tuple[str, bytes]:
    code = configuration.network.villages.code[village]
    order = HandOrder(
        f"o{at_s}-{village}", OrderKind.ISSUE, "other", "test", (code,), HAZARD, level, is_alone=True
    )
    return entries.ORDER, entries.encode_order(order)


def ticks(first: int, last: int) -> list[tuple[str, bytes]]:
    return [(entries.TICK, entries.encode_tick(T0 + 60 * minute)) for minute in range(first, last)]


def listed(configuration: Configuration, directory: Path, *kept: tuple[str, bytes]) -> AlarmList:
    with closing(Journal(directory)) as journal:
        journal.append_many(kept)
    return officer_alarms(configuration, directory)


def test_a_rise_is_an_alarm_of_class_b_and_a_worse_one_is_news(county: Configuration, tmp_path: Path) -> None:  # noqa: F811
    villages = county.network.villages
    seen = DutyAct("s1", DutyKind.SEE, "other", place=place_of(villages, 0), urgency=2)
    found = listed(
        county,
        tmp_path,
        *ticks(0, 2),
        ordered(county, Level.ORANGE, 2),
        *ticks(2, 4),
        (entries.ACT, entries.encode_act(seen)),
        *ticks(4, 6),
        ordered(county, Level.RED, 6),
        *ticks(6, 8),
    )
    rises = [alarm for alarm in found.raised if "rise" in alarm.troubles]
    assert [(alarm.urgency, alarm.level, alarm.number) for alarm in rises] == [
        ("B", "orange", 1),
        ("B", "red", 2),
    ]
    assert rises[0].village == villages.code[0]
    assert (found.begins_s, found.ends_s) == (T0, T0 + 7 * 60)
    assert found.floods == 0
    assert "of class B" in in_numbers(found)


def test_a_quiet_node_has_none_and_no_journal_is_said(county: Configuration, tmp_path: Path) -> None:  # noqa: F811
    assert listed(county, tmp_path / "quiet", *ticks(0, 5)).raised == []
    with pytest.raises(ArchiveError, match="expected a node's journal"):
        officer_alarms(county, tmp_path / "nothing")


def test_the_most_within_ten_minutes_is_over_every_stretch() -> None:
    times = [0, 100, 599, 600, 700, 1_199, 5_000]
    found = AlarmList([Raised(at_s, "A", "", "", (), "", "", 1) for at_s in times])
    assert found.most_within(600) == 3
    assert AlarmList().most_within(600) == 0
    assert found.of_class("A") == 7
    assert found.of_class("B") == 0
