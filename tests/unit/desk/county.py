"""A county of three villages with a chain of three ranks, and short ways to say what happens in it."""

from dataclasses import replace

import numpy as np

from warnstream.config.orders import order_table
from warnstream.desk import WarningDesk
from warnstream.lifecycle.bulletins import Bulletins
from warnstream.model.bulletins import BulletinPolicy
from warnstream.model.changes import Change, LevelChange, Reason
from warnstream.model.effects import Answer, Effects, RecipientAnswer
from warnstream.model.level import Level
from warnstream.model.network import ChainPost, Households, Network, Stations, Villages
from warnstream.model.rules.policies import MessagePolicy, RoutingPolicy
from warnstream.model.rules.rules import CriticalRain, DowngradePolicy, HazardRule
from warnstream.model.times import HOUR_S, MINUTE_S, fixed_zone
from warnstream.model.warning import MessageStatus

T0 = 1_554_758_100
"""2019-04-09 05:15 Beijing time."""

SQUARE = "POLYGON ((119.47 28.44, 119.49 28.44, 119.49 28.46, 119.47 28.46, 119.47 28.44))"
TWO_PARTS = (
    "MULTIPOLYGON (((119.5 28.5, 119.6 28.5, 119.6 28.6, 119.5 28.5), (119.55 28.52, 119.57 28.52, 119.57 "
    "28.54, 119.55 28.52)), ((119.7 28.7, 119.8 28.7, 119.8 28.8, 119.7 28.7)))"
)

CHAIN = (
    ChainPost("leader", "county leader", 3, "Songyang", "sms", "103"),
    ChainPost("grid-a", "grid member", 1, "331124001001", "sms", "101"),
    ChainPost("grid-b", "grid member", 1, "331124001001", "terminal", "b"),
    ChainPost("town", "township officer", 2, "Gushi", "sms", "102"),
)


def county(**changed: object) -> Network:
    """Three villages; the first has four doors and two grid members, the others two doors and none."""
    villages: dict[str, object] = {
        "code": ("331124001001", "331124001002", "331124001003"),
        "name": ("Shangcun", "Xiacun", "Zhongcun"),
        "township": ("Gushi", "Gushi", "Gushi"),
        "county": ("Songyang", "Songyang", "Songyang"),
        "latitude": np.array([28.45, 28.55, 28.65]),
        "longitude": np.array([119.48, 119.55, 119.58]),
        "polygon_wkt": (SQUARE, TWO_PARTS, None),
    }
    stations = Stations(
        ("S1",),
        np.array([28.45]),
        np.array([119.48]),
        np.array([300], dtype=np.int32),
        np.array([True]),
        np.array([False]),
    )
    doors = Households(
        tuple(f"door-{number}" for number in range(8)),
        ("sms", "device") * 4,
        tuple(f"1380000000{number}" for number in range(8)),
        np.array([0, 4, 6, 8], dtype=np.int32),
    )
    return Network(stations, Villages(**(villages | changed)), doors, CHAIN)  # type: ignore[arg-type]


def rule(name: str, title_zh: str, title_en: str) -> HazardRule:
    nothing = CriticalRain(np.array([HOUR_S], dtype=np.int32), np.full((3, 1, 4), np.nan))
    lowering = DowngradePolicy(0.8, 30 * MINUTE_S, HOUR_S, 0.8)
    return HazardRule(
        name, "critical_rainfall", title_zh, title_en, nothing, 0.0, Level.YELLOW, lowering, "test"
    )


RULES = (rule("flash_flood", "山洪", "Flash flood"), rule("rainstorm", "暴雨", "Rainstorm"))

MESSAGE_POLICY = MessagePolicy(
    prefix="ws",
    sender="warnstream@county.example",
    sender_name="County flood control office",
    status=MessageStatus.EXERCISE,
    time_zone=fixed_zone(8 * HOUR_S),
    validity_s=6 * HOUR_S,
    renew_before_s=30 * MINUTE_S,
    web="https://county.example/warnings",
)

ROUTING_POLICY = RoutingPolicy(
    household_level_min=Level.YELLOW,
    chain_level_min=Level.BLUE,
    answer_within_s=(0, 3600, 1800, 600, 300),
)


def reason(**changed: object) -> Reason:
    """83 mm in one hour against 80, observed at T0."""
    facts: dict[str, object] = {
        "indicator": "rain",
        "station": "S1",
        "value": 83.0,
        "threshold": 80.0,
        "unit": "mm",
        "duration_s": HOUR_S,
        "forecast_value": 0.0,
        "lead_s": 0,
        "observed_until_s": T0,
        "coverage": 1.0,
        "confirmed": True,
        "source": "county table 2019",
    }
    return Reason(**(facts | changed))  # type: ignore[arg-type]


AT_ONCE = BulletinPolicy(settle_s=0, clear_after_s=0, remind_every_s=0)
"""Doors hear of falls and ends in the step of the message, and nothing in between."""


def desk_of(
    network: Network | None = None,
    rules: tuple[HazardRule, ...] = RULES,
    messages: MessagePolicy = MESSAGE_POLICY,
    routing: RoutingPolicy = ROUTING_POLICY,
    bulletins: BulletinPolicy = AT_ONCE,
    n_judged: int | None = None,
) -> WarningDesk:
    network = network or county()
    policy = replace(bulletins, level_min=routing.household_level_min)
    voices = Bulletins(messages.prefix, network.villages.code, order_table(None), policy)
    return WarningDesk(network, rules, messages, routing, voices, n_judged)


def new_desk() -> WarningDesk:
    return desk_of()


def change(
    kind: Change,
    level: Level,
    previous: Level,
    *,
    at_s: int = T0,
    village: int = 0,
    hazard: str = "flash_flood",
    why: Reason | None = None,
) -> LevelChange:
    return LevelChange(kind, hazard, village, level, previous, at_s, at_s, why)


def rise(level: Level, previous: Level = Level.NONE, *, at_s: int = T0, village: int = 0) -> LevelChange:
    return change(Change.RISE, level, previous, at_s=at_s, village=village, why=reason())


def fall(level: Level, previous: Level, *, at_s: int = T0) -> LevelChange:
    return change(Change.FALL, level, previous, at_s=at_s)


def lose_sight(level: Level) -> LevelChange:
    return change(Change.SIGHT_LOST, level, level)


def regain_sight(level: Level, previous: Level | None = None) -> LevelChange:
    return change(Change.SIGHT_REGAINED, level, level if previous is None else previous)


def answer(message: str, recipient: str, at_s: int = T0) -> RecipientAnswer:
    return RecipientAnswer(message, recipient, Answer.ACKNOWLEDGED, at_s)


def called(effects: Effects) -> list[str]:
    """Posts that got a digest by a step."""
    return sorted(digest.post for digest in effects.digests)
