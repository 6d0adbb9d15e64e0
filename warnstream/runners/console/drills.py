"""Drills as officers at consoles begin, end and read them; their rules are those of every other way."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from warnstream.adapters.console.acts import WORDS_MAX, Done, Rehearsed, Said, Words
from warnstream.adapters.http.models.drills import DrillRecord
from warnstream.config.settings import Configuration
from warnstream.delivery.render import render_bulletin
from warnstream.model.hands.drills import DrillAct, DrillOrder
from warnstream.model.hands.orders import HandOrder, Operator, OrderKind
from warnstream.model.hands.requests import DrillRequest, OrderFaultsError
from warnstream.runners.build import bulletin_wording
from warnstream.runners.drill.request import drill_order
from warnstream.runners.drill.setting import build_drill_desk, drill_configuration
from warnstream.runners.orders.rehearsal import doors_of

START, STOP = "drill_start", "drill_stop"
KINDS = {START: DrillAct.START, STOP: DrillAct.STOP}


class DrillsPort(Protocol):
    """What is asked of the node's drills, from any thread."""

    def running(self) -> Mapping[str, Sequence[str]]:
        """Villages in which drills are on, by drill."""

    def faults_of(self, order: DrillOrder) -> list[str]:
        """What keeps an order from being carried out; villages of a start are kept for it."""

    def faults_now(self, order: DrillOrder) -> list[str]:
        """The same, and nothing is kept."""

    def records(self) -> list[DrillRecord]:
        """Drills that are on or take late answers, newest first."""


def drill_of(
    said: Said, operator: Operator, key: str, configuration: Configuration, drills: DrillsPort
) -> DrillOrder | Done:
    """The order that an act asks for, or what is wrong with it; nothing has changed."""
    request = DrillRequest(
        act=str(KINDS[said.kind]),
        author=operator.person,
        reason=said.reason,
        villages=said.villages,
        townships=said.townships,
        hazard=said.hazard,
        level=said.level,
        lasts=said.lasts,
        announced=said.announced,
        drill=said.order,
        identifier=key,
    )
    try:
        order = drill_order(request, configuration, drills.running())
    except OrderFaultsError as error:
        return _refused(error.faults)
    faults = drills.faults_now(order) if said.rehearse else drills.faults_of(order)
    return _refused(faults) if faults else order


def _refused(faults: list[str]) -> Done:
    is_forbidden = any(fault.startswith("author:") for fault in faults)
    return Done("forbidden" if is_forbidden else "refused", problems=faults)


def rehearsed(
    order: DrillOrder, configuration: Configuration, rates: Mapping[str, float], now_s: int
) -> Rehearsed:
    """Whom the first step of a drill would reach, in which words: a desk as the drill will have takes it."""
    if order.act is DrillAct.STOP:
        return Rehearsed(len(order.villages), {}, {}, 0, [], is_exercise=True)
    setting = drill_configuration(configuration, order)
    desk, places = build_drill_desk(setting), setting.network.villages
    first_s = min(step.after_s for step in order.steps)
    steps = [step for step in order.steps if step.after_s == first_s]
    effects = desk.step_drill([], steps, (), max(now_s, 0) + first_s)
    wording = bulletin_wording(setting)
    words = []
    for bulletin in effects.to_doors[:WORDS_MAX]:
        said, at = render_bulletin(bulletin, wording), bulletin.village
        words.append(Words(places.code[at], places.name[at], said.text_zh, said.text_en, first_s))
    told = HandOrder(order.identifier, OrderKind.ISSUE, order.author, order.reason, order.villages)
    doors, seconds = doors_of(told, configuration, rates)
    posts = len({digest.post for digest in effects.digests})
    return Rehearsed(
        villages=len(order.villages),
        doors=doors,
        seconds=seconds,
        posts=posts,
        words=words,
        more=max(len(effects.to_doors) - len(words), 0),
        is_exercise=True,
    )
