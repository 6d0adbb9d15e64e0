"""A storm over a running node in which a function at a random place raises in every minute."""

import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np
import pytest

from tests.e2e.in_process import running, wait_until
from tests.unit.assessment.test_fault_injection import FAULTS, RAIN_HAZARDS, name_of
from warnstream.adapters.channels.terminal import TerminalChannel
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.outbox.bulletins import IS_WARNING
from warnstream.adapters.outbox.history import message_of
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.adapters.refused.store import RefusedStore
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.delivery import alarm_texts, render
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.errors import StoreError
from warnstream.model.rules.rules import CriticalStage
from warnstream.model.times import iso_utc
from warnstream.model.warning import Cause
from warnstream.runners.live.node import Node
from warnstream.runners.live.views.county_state import CountyState
from warnstream.runners.live.views.judging import Judging
from warnstream.runners.live.watches.chain_watch import ChainWatch
from warnstream.runners.live.watches.past_crossings import PastCrossingWatch

T0 = 1_781_740_800
REPORT_MIN = 5
WAIT_S = 60.0


REFUSING = partial(StoreError, retryable=True)
"""A store that does not take anything for now."""


class Place(NamedTuple):
    """A function that may raise; which hazards may lose a warning by it, and what it raises."""

    owner: object
    name: str
    lost: frozenset[str]
    error: Callable[[str], Exception] = RuntimeError

    def __str__(self) -> str:
        return name_of((self.owner, self.name, set()))


FORECAST = "update_nowcast"
"""A minute without it, and rain is expected sooner or later than in a sound run: its hazards are touched."""

STAGES = [
    Place(owner, name, frozenset(lost | RAIN_HAZARDS if name == FORECAST else lost))
    for owner, name, lost in FAULTS
]
SHELL = [
    Place(render, "texts_of", frozenset()),
    Place(render, "cap_xml", frozenset()),
    Place(render, "render_bulletin", frozenset()),
    Place(render, "render_digest", frozenset()),
    Place(alarm_texts, "_clock", frozenset()),
    Place(Outbox, "record", frozenset(), REFUSING),
    Place(Outbox, "names_taken", frozenset(), REFUSING),
    Place(Outbox, "advance", frozenset(), REFUSING),
    Place(Outbox, "prune", frozenset(), REFUSING),
    Place(Outbox, "record_alarm", frozenset(), REFUSING),
    Place(RefusedStore, "keep", frozenset(), REFUSING),
    Place(Journal, "save_snapshot", frozenset(), REFUSING),
    Place(TerminalChannel, "send", frozenset()),
    Place(CountyState, "take", frozenset()),
    Place(ChainWatch, "take", frozenset()),
    Place(Judging, "take", frozenset()),
    Place(PastCrossingWatch, "take", frozenset()),
    Place(Metrics, "count_issued", frozenset()),
]
"""Texts, stores, channels, and what people look at: no warning of any hazard may be lost by these."""


@dataclass(frozen=True, slots=True)
class Told:
    """A rise that recipients were told of."""

    hazard: str
    village: str
    level: int
    crossed_at_s: int


def places_of(random: Random, victims: frozenset[str], count: int) -> list[Place]:
    """As many places, at random, by which only victims may be lost."""
    pool = [place for place in [*STAGES, *SHELL] if place.lost <= victims]
    return [random.choice(pool) for _ in range(count)]


@contextmanager
def broken(place: Place, hits: list[str]) -> Iterator[None]:
    """The function raises at every call."""

    def raises(*_args: object, **_named: object) -> None:
        hits.append(str(place))
        raise place.error("seeded fault")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place.owner, place.name, raises)
        yield


def weather(configuration: Configuration, minute: int, minutes: int) -> list[RawMessage]:
    """What stations report in a minute: rain that grows and stops, rivers that rise beyond red and fall."""
    if minute % REPORT_MIN:
        return []
    share = minute / minutes
    stations, messages = configuration.network.stations, []
    peaks_m = {
        int(station): float(np.nanmax(critical_m)) + 0.5
        for rule in configuration.rules
        if isinstance(rule.thresholds, CriticalStage)
        for station, critical_m in zip(rule.thresholds.station, rule.thresholds.critical_m, strict=True)
    }
    for number, code in enumerate(stations.code):
        values = {}
        if stations.measures_rain[number]:
            values["rain"] = 3.0 + 12.0 * share if share < 0.5 else 0.0
        if stations.measures_stage[number]:
            values["stage"] = peaks_m.get(number, 0.0) - 12.0 * abs(share - 0.5)
        content = {"station": code, "time": iso_utc(T0 + 60 * minute), **values}
        messages.append(RawMessage(f"ws/c/rain/{code}/obs", json.dumps(content).encode()))
    return messages


def storm(directory: Path, minutes: int, faults: Sequence[Place] = ()) -> tuple[set[Told], list[str]]:
    """A storm over a new node; what recipients were told, and which faults were met."""
    shutil.rmtree(directory / "data", ignore_errors=True)
    hits: list[str] = []
    with running(load_configuration(directory)) as node:
        for minute in range(1, minutes + 1):
            if minute <= len(faults):
                with broken(faults[minute - 1], hits):
                    _minute(node, minute, minutes)
            else:
                _minute(node, minute, minutes)
        # What a store did not take is tried again, a while later by the real clock, as long as entries come.
        while minute == minutes or node.alarms.standing("outbox"):
            minute += 1
            _minute(node, minute, minutes)
            time.sleep(0.3)
    return told_in(directory), hits


def _minute(node: Node, minute: int, minutes: int) -> None:
    at = iso_utc(T0 + 60 * minute)
    clock = RawMessage("ws/clock", json.dumps({"time": at}).encode())
    messages = weather(node.configuration, minute, minutes)
    node.keep_messages([*messages, clock]).result(WAIT_S)
    wait_until(lambda: node.engine.assessment.now_s >= T0 + 60 * minute)


def told_in(directory: Path) -> set[Told]:
    """Rises that went out, as the outbox has them for its channels."""
    with closing(sqlite3.connect(directory / "data" / "outbox.sqlite3")) as connection:
        rows = connection.execute(f"SELECT hazard, village, record FROM messages WHERE {IS_WARNING}")  # noqa: S608
        found = [(hazard, village, message_of(record)) for hazard, village, record in rows]
    return {
        Told(hazard, village, message.level, message.crossed_at_s)
        for hazard, village, message in found
        if message.cause in (Cause.FIRST, Cause.RAISED)
    }
