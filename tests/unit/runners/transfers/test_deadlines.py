"""The hour of a transfer by a weather model: worked out, or said to be unknown, never invented."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.unit.desk.county import T0, desk_of
from tests.unit.desk.transfers_county import FIRST, REAL, SECOND, THIRD, Orders, people
from warnstream.commands.transfers.command import lines
from warnstream.desk import WarningDesk
from warnstream.hazards.expected.chances import Asked, Chance
from warnstream.hazards.expected.crossing import Crossing
from warnstream.model.bulletins import BulletinPolicy
from warnstream.model.hands.orders import OrderKind
from warnstream.model.rules.policies import TransferAhead
from warnstream.model.times import DAY_S, HOUR_S, UTC, iso_utc
from warnstream.runners.transfers.describe import describe_transfers

AHEAD = TransferAhead(DAY_S, 100.0, 0.2, "plan of the county, 2026")
NO_FORECAST = "no forecast of 24 h, deadline cannot be kept"


def desk_with(ahead: TransferAhead | None = AHEAD) -> WarningDesk:
    messages = replace(REAL, transfer=replace(REAL.transfer, ahead=ahead), time_zone=UTC)
    at_once = BulletinPolicy(settle_s=0, clear_after_s=0, remind_every_s=0)
    desk = desk_of(people(), messages=messages, bulletins=at_once)
    orders = Orders()
    desk.step([orders(OrderKind.TRANSFER, FIRST, by="23:00")], T0)
    desk.step([orders(OrderKind.TRANSFER, SECOND, by="23:00")], T0 + 60)
    return desk


def judged(early_h: list[float], probability: list[float]) -> Any:
    """An assessment that knows this at four places: two zones of the first village, and two villages."""
    found = Crossing(
        np.array(probability, dtype=np.float32),
        np.array([HOUR_S * hours for hours in early_h], dtype=np.int32),
        np.full(4, -1, dtype=np.int32),
        np.zeros(4, dtype=np.uint8),
    )
    found.early_s[found.early_s < 0] = -1
    asked = Asked("transfer", (DAY_S,), DAY_S, 0.2, is_of_model=True)
    no = np.zeros(4, dtype=np.bool_)
    return SimpleNamespace(transfer=Chance(asked, found, no, no, T0, "model", "", "ens", T0 - 2 * HOUR_S))


def test_the_hour_is_six_hours_before_a_fifth_of_the_members_and_of_the_worst_zone() -> None:
    record = describe_transfers(desk_with(), None, judged([20, 12, -1, 23], [0.3, 0.6, 0.1, 0.25]))
    forecast = record.forecast
    assert forecast is not None
    assert (forecast.forecast, forecast.run, forecast.unknown, forecast.note) == (
        "ens",
        iso_utc(T0 - 2 * HOUR_S),
        0,
        "",
    )
    first = forecast.villages[0]
    assert first.village == FIRST
    assert first.onset == iso_utc(T0 + 12 * HOUR_S)
    assert first.probability == pytest.approx(0.6)
    expected_s = T0 + 6 * HOUR_S
    assert record.lists[0].deadline is not None
    assert record.lists[0].deadline == first.deadline <= iso_utc(expected_s)
    assert [village.village for village in forecast.villages] == [FIRST, THIRD]
    assert (record.lists[1].deadline, record.lists[1].deadline_note) == (
        None,
        "100 mm not expected within 24 h",
    )


def test_without_a_forecast_no_hour_is_invented() -> None:
    for assessment in (None, SimpleNamespace(transfer=None)):
        record = describe_transfers(desk_with(), None, assessment)  # type: ignore[arg-type]
        assert [(opened.deadline, opened.deadline_note) for opened in record.lists] == [
            (None, NO_FORECAST)
        ] * 2
        assert record.forecast is not None
        assert (record.forecast.run, record.forecast.note, record.forecast.villages) == (
            None,
            NO_FORECAST,
            [],
        )


def test_a_county_that_has_not_said_what_asks_for_a_transfer_has_no_hour() -> None:
    record = describe_transfers(desk_with(None), None, None)
    assert record.forecast is None
    assert {opened.deadline_note for opened in record.lists} == {NO_FORECAST}


def test_a_village_that_the_model_does_not_reach_is_said_to_be_unknown() -> None:
    record = describe_transfers(desk_with(), None, judged([20, 12, -1, -1], [0.3, np.nan, 0.1, np.nan]))
    assert record.forecast is not None
    assert record.forecast.unknown == 2
    assert record.lists[0].deadline is not None  # the other zone has one
    assert record.lists[0].deadline_note == NO_FORECAST


def test_the_command_says_it() -> None:
    known = describe_transfers(desk_with(), None, judged([20, 12, -1, 23], [0.3, 0.6, 0.1, 0.25]))
    said = list(lines(msgspec.to_builtins(known), UTC))
    assert any(line.startswith("deadlines of transfers (100 mm in 24 h, by ens, run of ") for line in said)
    assert any(line.startswith(f"  {FIRST} ") and ": away by " in line for line in said)
    assert any("by the forecast they are to be away by " in line for line in said)
    unknown = list(lines(msgspec.to_builtins(describe_transfers(desk_with())), UTC))
    assert f"deadlines of transfers (100 mm in 24 h): {NO_FORECAST}" in unknown
    assert f"  {NO_FORECAST}" in unknown


def test_a_closed_list_has_no_hour() -> None:
    desk = desk_with()
    desk.step([Orders()(OrderKind.TRANSFER_CLOSE, identifier="o9", order="o1", second="li")], T0 + 120)
    closed = next(ended for ended in describe_transfers(desk).lists if ended.closed is not None)
    assert (closed.deadline, closed.deadline_note) == (None, "")
