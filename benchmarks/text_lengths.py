"""Situations of a county's nights as its doors read them, with the longest names, and how long the texts are.

Run: ``python -m benchmarks.text_lengths [--texts]`` (``make text-lengths``). A village of 5 characters, a
shelter of 6, a phone of 11, an issuer of 5: the limits of orders.yaml. One short message holds 70 UCS-2
characters in Chinese, its signature counted, and 160 GSM-7 characters in English. An exercise bears four
characters more and may take two. Exit status 1 where a text is longer than that.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from warnstream.config.orders import LONGEST_EN, LONGEST_ZH, order_table
from warnstream.delivery.bulletin_texts import GSM7, UCS2, BulletinWording, bulletin_texts
from warnstream.model.bulletins import (
    Action,
    Bulletin,
    BulletinCause,
    BulletinPolicy,
    Standing,
    Wording,
)
from warnstream.model.changes import Reason, Relayed
from warnstream.model.level import Level
from warnstream.model.network import Households, Network, Stations, Villages
from warnstream.model.times import fixed_zone
from warnstream.model.warning import MessageStatus

AT_S = 1_781_764_500
"""14:35 in China."""

_RELAYED_ZH = MappingProxyType({Level.ORANGE: "暴雨橙色预警", Level.RED: "暴雨红色预警"})
_RELAYED_EN = MappingProxyType({Level.ORANGE: "rainstorm ORANGE", Level.RED: "rainstorm RED"})


@dataclass(frozen=True, slots=True)
class Situation:
    """What happens in a village; `name` as people call it."""

    name: str
    action: Action
    standing: tuple[tuple[str, Level], ...]
    cause: BulletinCause = BulletinCause.FIRST
    ended: tuple[str, ...] = ()
    has_moved: bool = False
    is_relayed: bool = False


RAISED, LOWERED, REMINDER = BulletinCause.RAISED, BulletinCause.LOWERED, BulletinCause.REMINDER
ENDED, CORRECTED, RETURNED = BulletinCause.ENDED, BulletinCause.CORRECTED, BulletinCause.RETURNED
FLOOD, SLIDE, RIVER, POOL = "flash_flood", "landslide", "river_flood", "waterlogging"

SITUATIONS: Sequence[Situation] = (
    Situation("flash flood expected", Action.PREPARE, ((FLOOD, Level.YELLOW),)),
    Situation("flash flood expected", Action.LEAVE, ((FLOOD, Level.ORANGE),)),
    Situation("flash flood seen", Action.LEAVE, ((FLOOD, Level.RED),), RAISED),
    Situation("flash flood lowered", Action.STAY, ((FLOOD, Level.ORANGE),), LOWERED, has_moved=True),
    Situation("still in force at night", Action.LEAVE, ((FLOOD, Level.RED),), REMINDER, has_moved=True),
    Situation("return released", Action.RETURN, (), RETURNED, (FLOOD,), has_moved=True),
    Situation("over, not yet back", Action.CLEAR, (), ENDED, (FLOOD,), has_moved=True),
    Situation("an error", Action.CORRECT, (), CORRECTED, (FLOOD,)),
    Situation("landslide expected", Action.PREPARE, ((SLIDE, Level.YELLOW),)),
    Situation("landslide expected", Action.LEAVE, ((SLIDE, Level.ORANGE),)),
    Situation("landslide", Action.LEAVE, ((SLIDE, Level.RED),), RAISED),
    Situation("rain over, slopes not", Action.STAY, ((SLIDE, Level.YELLOW),), LOWERED, has_moved=True),
    Situation("slopes over, not yet back", Action.CLEAR, (), ENDED, (SLIDE,), has_moved=True),
    Situation("river expected", Action.LEAVE, ((RIVER, Level.ORANGE),)),
    Situation("river is there", Action.LEAVE, ((RIVER, Level.RED),), RAISED),
    Situation("rainstorm signal", Action.READY, (("rainstorm", Level.ORANGE),), is_relayed=True),
    Situation("rainstorm signal", Action.READY, (("rainstorm", Level.RED),), RAISED, is_relayed=True),
    Situation("waterlogging", Action.READY, ((POOL, Level.ORANGE),)),
    Situation("waterlogging", Action.READY, ((POOL, Level.RED),), RAISED),
    Situation("fire danger", Action.READY, (("forest_fire", Level.RED),)),
    Situation("typhoon", Action.LEAVE, (("strong_wind", Level.ORANGE),)),
    Situation("typhoon", Action.READY, (("strong_wind", Level.RED),), RAISED),
    Situation("flood first, slope too", Action.LEAVE, ((FLOOD, Level.RED), (SLIDE, Level.ORANGE)), RAISED),
)
"""Those of a county's plan that orders.yaml has words for; `NOT_SAID` has the others."""

NOT_SAID: Mapping[str, str] = MappingProxyType(
    {
        "too late to walk": "only transfer lists say it (nearest safe place, upstairs), not a bulletin",
        "a sign is seen, no gauge": "doors read the order of its level; posts read what was seen",
        "release of a dam": "no hazard of its own: an order by hand over the river's villages, or a signal",
        "next word by an hour": "a text names no hour that a renewal would have to move",
    }
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A situation's texts, for real and as an exercise."""

    situation: Situation
    zh: str
    en: str
    drill_zh: str
    drill_en: str


def rendered() -> Iterator[Rendered]:
    """Every situation with the longest names."""
    wording = longest_county()
    for situation in SITUATIONS:
        zh = _bulletin(situation)
        en = replace(zh, village=1)
        drills = (replace(real, status=MessageStatus.EXERCISE) for real in (zh, en))
        real_zh, real_en, drill_zh, drill_en = (
            bulletin_texts(bulletin, wording) for bulletin in (zh, en, *drills)
        )
        yield Rendered(situation, real_zh.zh, real_en.en, drill_zh.zh, drill_en.en)


def longest_county() -> BulletinWording:
    """Two villages whose every name is as long as one short message allows: in Chinese, in English."""
    villages = Villages(
        code=("331124001001", "331124001002"),
        name=(LONGEST_ZH["village"], LONGEST_EN["village"]),
        township=("镇" * 5,) * 2,
        county=("县" * 5,) * 2,
        latitude=np.array([28.4, 28.4]),
        longitude=np.array([119.9, 119.9]),
        polygon_wkt=(None, None),
    )
    nothing = np.zeros(0)
    stations = Stations((), nothing, nothing, np.zeros(0, np.int32), nothing > 0, nothing > 0)
    network = Network(stations, villages, Households((), (), (), np.zeros(3, np.int32)), ())
    shelter = Wording(LONGEST_ZH["shelter"], LONGEST_EN["shelter"])
    policy = BulletinPolicy(signature="县" * 5, shelter=shelter, phone=LONGEST_ZH["phone"])
    return BulletinWording(network, (), order_table(None), policy, fixed_zone(8 * 3600))


def _bulletin(situation: Situation) -> Bulletin:
    evidence = _relayed(situation.standing[0][1]) if situation.is_relayed else None
    status = MessageStatus.ACTUAL
    return Bulletin(
        identifier="ws.331124001001.20260618T063500Z.1",
        village=0,
        opened_s=AT_S,
        n=1,
        issued_s=AT_S,
        action=situation.action,
        worst=max((level for _, level in situation.standing), default=Level.NONE),
        standing=tuple(Standing(hazard, level, status) for hazard, level in situation.standing),
        ended=situation.ended,
        cause=situation.cause,
        status=status,
        evidence=evidence,
        has_moved=situation.has_moved,
    )


def _relayed(level: Level) -> Reason:
    said = Relayed(
        "县气象台", "County Met Office", _RELAYED_ZH[level], _RELAYED_EN[level], AT_S, "met", "1", "", ""
    )
    return Reason(
        indicator="relayed",
        station="",
        value=0.0,
        threshold=0.0,
        unit="",
        duration_s=0,
        forecast_value=0.0,
        lead_s=0,
        observed_until_s=AT_S,
        coverage=1.0,
        confirmed=True,
        source="",
        relayed=said,
    )


def faults() -> list[str]:
    """Texts that take more short messages than they may."""
    found = []
    for told in rendered():
        rooms = (
            ("zh", told.zh, UCS2.one),
            ("en", told.en, GSM7.one),
            ("zh, exercise", told.drill_zh, UCS2.two),
            ("en, exercise", told.drill_en, GSM7.two),
        )
        found += [
            f"{told.situation.name}, {language}: {len(text)} characters, at most {most}: {text}"
            for language, text, most in rooms
            if len(text) > most
        ]
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--texts", action="store_true", help="the texts, too")
    options = parser.parse_args(arguments)
    print(f"{'situation':27} {'hazard':13} {'level':7} {'action':8} {'zh':>3} {'en':>4} {'drill':>5} parts")
    for told in rendered():
        situation = told.situation
        hazard, level = (*situation.standing, *((name, Level.NONE) for name in situation.ended))[0]
        parts = 1 if len(told.drill_zh) <= UCS2.one else 2
        print(
            f"{situation.name:27} {hazard:13} {level.word:7} {situation.action:8} {len(told.zh):3} "
            f"{len(told.en):4} {len(told.drill_zh):5} {parts}"
        )
        if options.texts:
            print(f"    {told.zh}\n    {told.en}")
    for name, why in NOT_SAID.items():
        print(f"not said: {name}: {why}")
    found = faults()
    for fault in found:
        print(f"TOO LONG {fault}")
    print("every text is one short message, with an exercise mark at most two" if not found else "FAILED")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
