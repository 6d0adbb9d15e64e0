"""Four villages of two towns in two counties, three stations, and frames about them."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import numpy as np

from tests.networks import rain_rule
from warnstream.adapters.console.frame import VERSION, Frame, Head, part_of
from warnstream.config.settings import Configuration
from warnstream.console.county import County
from warnstream.console.situation import Situation
from warnstream.delivery.ledger.states import Delivery, People
from warnstream.model.hands.orders import Operator, Role
from warnstream.model.network import Households, Network, Stations, Villages
from warnstream.model.rules.policies import MessagePolicy
from warnstream.model.times import HOUR_S, fixed_zone
from warnstream.model.warning import MessageStatus

CODES = ("V0", "V1", "V2", "V3")
HAZARDS = ("flash_flood", "river_flood")
WALL_S = 1_800_000_000.0
NOW_S = 1_800_000_000

OPERATORS = (
    Operator("chief", "Chief", Role.OFFICER, "*", ""),
    Operator("north", "North", Role.READER, "North", ""),
    Operator("town", "Town", Role.SECOND, "Lower", ""),
    Operator("village", "Village", Role.READER, "V3", ""),
)


def network() -> Network:
    stations = Stations(
        ("S0", "S1", "S2"),
        np.array([28.0, 28.1, 28.3]),
        np.array([119.0, 119.1, 119.3]),
        np.full(3, 300, dtype=np.int32),
        np.ones(3, dtype=np.bool_),
        np.zeros(3, dtype=np.bool_),
    )
    villages = Villages(
        CODES,
        ("Alder", "Birch\u202e", "<b>Cedar</b>", "Drum"),
        ("Upper", "Upper", "Lower", "Lower"),
        ("North", "North", "South", "South"),
        np.array([28.0, 28.1, 28.2, 28.3]),
        np.array([119.0, 119.1, 119.2, 119.3]),
        (
            None,
            None,
            None,
            "POLYGON ((119.29 28.29, 119.31 28.29, 119.31 28.31, 119.29 28.31, 119.29 28.29))",
        ),
    )
    doors = Households((), (), (), np.zeros(5, dtype=np.int32))
    return Network(stations, villages, doors, ())


def configuration(fingerprint: str = "f" * 64) -> Configuration:
    """As much of a configuration as the console reads."""
    return cast(
        "Configuration",
        SimpleNamespace(
            network=network(),
            rules=tuple(rain_rule(4, (10, 20, 30, 40), name=name) for name in HAZARDS),
            message=MessagePolicy(
                prefix="ws",
                sender="a@b",
                sender_name="A",
                status=MessageStatus.ACTUAL,
                time_zone=fixed_zone(8 * HOUR_S),
                validity_s=HOUR_S,
                renew_before_s=60,
                web="",
            ),
            operators=OPERATORS,
            fingerprint=fingerprint,
            node=SimpleNamespace(name="county"),
        ),
    )


def head_of(**changed: object) -> Head:
    known: dict[str, object] = {
        "node": "county",
        "fingerprint": "f" * 64,
        "is_exercise": False,
        "wall_s": WALL_S,
        "now_s": NOW_S,
        "stepped_s": 0.1,
        "is_ready": True,
        "reasons": (),
        "channels_down": (),
        "hazards": HAZARDS,
    }
    return Head(**(known | changed))  # type: ignore[arg-type]


Rows = Sequence[Sequence[int]]


def frame(
    level: Rows = ((0, 0, 0, 0), (0, 0, 0, 0)),
    *,
    doors: np.ndarray | None = None,
    chain: Rows = (),
    helps: Rows = (),
    waits: Rows = (),
    alarms: Rows = (),
    sight: Sequence[int] = (0, 0, 0, 0),
    stations: Sequence[int] = (1, 1, 1),
    ratio: np.ndarray | None = None,
    sequence: int = 1,
    **head: object,
) -> Frame:
    """A frame with every part."""
    parts = {
        "level": part_of(np.array(level), "u1"),
        "doors": part_of(np.zeros((4, 16), np.uint32) if doors is None else doors, "u4"),
        "chain": part_of(np.array(chain, dtype=np.int64).reshape(-1, 3), "i8"),
        "helps": part_of(np.array(helps, dtype=np.int64).reshape(-1, 3), "i8"),
        "waits": part_of(np.array(waits, dtype=np.int64).reshape(-1, 5), "i8"),
        "alarms": part_of(np.array(alarms, dtype=np.int64).reshape(-1, 8), "i8"),
        "sight": part_of(np.array(sight), "u1"),
        "stations": part_of(np.array(stations), "u1"),
    }
    if ratio is not None:
        parts["ratio"] = part_of(ratio, "f4")
    return Frame(VERSION, sequence, head_of(**head), parts)


def doors_of(*villages: tuple[dict[Delivery, int], dict[People, int]]) -> np.ndarray:
    """Counts of doors, by village: how far they came, what their people said."""
    counts = np.zeros((4, 16), dtype=np.uint32)
    for village, (delivery, people) in enumerate(villages):
        for state, count in delivery.items():
            counts[village, state] = count
        for said, count in people.items():
            counts[village, 8 + said] = count
    return counts


NOBODY: tuple[dict[Delivery, int], dict[People, int]] = ({}, {})


def situation(one: Frame | None = None) -> Situation:
    found = Situation(County(configuration()))
    found.take(frame() if one is None else one)
    return found
