"""Warning messages of every cause, as the desk issues them."""

from tests.unit.desk.county import (
    T0,
    change,
    fall,
    lose_sight,
    new_desk,
    reason,
    regain_sight,
    rise,
)
from warnstream.desk import DeskInput
from warnstream.model.changes import Change
from warnstream.model.effects import OperatorCancel
from warnstream.model.hands.orders import HandOrder, OrderKind
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S
from warnstream.model.warning import Cause, WarningMessage


def by_hand(kind: OrderKind, level: Level) -> HandOrder:
    """An order about the second village."""
    return HandOrder(str(kind), kind, "zhang", "seen", ("331124001002",), "rainstorm", level, is_alone=True)


def one_of_each_cause() -> dict[Cause, WarningMessage]:
    """One message of each cause, from two warnings."""
    desk = new_desk()
    expected = change(Change.RISE, Level.YELLOW, Level.NONE, why=reason(lead_s=HOUR_S, forecast_value=30.0))
    steps: list[tuple[list[DeskInput], int]] = [
        ([expected], T0),
        ([rise(Level.RED, Level.YELLOW)], T0 + 300),
        ([lose_sight(Level.RED)], T0 + 600),
        ([regain_sight(Level.RED)], T0 + 900),
        ([fall(Level.ORANGE, Level.RED)], T0 + 1200),
        ([], T0 + 7 * HOUR_S),
        ([fall(Level.NONE, Level.ORANGE)], T0 + 8 * HOUR_S),
        ([rise(Level.BLUE, village=2)], T0 + 8 * HOUR_S),
        ([OperatorCancel("ws.331124001003.flash_flood.20190408T211500Z", "Wang", "")], T0 + 9 * HOUR_S),
        ([by_hand(OrderKind.ISSUE, Level.ORANGE)], T0 + 10 * HOUR_S),
        ([by_hand(OrderKind.RAISE, Level.RED)], T0 + 10 * HOUR_S + 60),
        ([by_hand(OrderKind.LOWER, Level.YELLOW)], T0 + 10 * HOUR_S + 120),
    ]
    messages = [message for inputs, now_s in steps for message in desk.step(inputs, now_s).messages]
    return {message.cause: message for message in reversed(messages)}
