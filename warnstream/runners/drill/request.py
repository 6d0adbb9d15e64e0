"""What a person asks of drills, by command or HTTP, becomes an order of the log, or every fault at once."""

import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence

from warnstream.config.drill_script import step_faults
from warnstream.config.settings import Configuration
from warnstream.config.yaml.quantities import format_duration, parse_duration_s
from warnstream.config.yaml.value_types import choice_of
from warnstream.delivery.texts import clean
from warnstream.model.hands.drills import END_S, LASTS_S_MAX, DrillAct, DrillOrder, DrillStep
from warnstream.model.hands.orders import REASON_CHARACTERS_MAX
from warnstream.model.hands.requests import (
    DrillRequest,
    DrillStepRequest,
    OrderFaultsError,
    OrderRequest,
)
from warnstream.model.level import Level, level_named
from warnstream.model.times import HOUR_S
from warnstream.model.warning import MessageStatus
from warnstream.runners.orders.request import duration_of, order_of

SIMPLE_FOR_S = HOUR_S
"""A simple rise lasts so long, where nothing is said."""

ALL = "all"
"""In the place of a drill's name: every drill that is on."""

Running = Mapping[str, Sequence[str]]
"""Villages in which drills are on, by name of the drill."""

StepsOf = Callable[[tuple[str, ...]], tuple[DrillStep, ...]]


def drill_order(
    request: DrillRequest, configuration: Configuration, running: Running, steps_of: StepsOf | None = None
) -> DrillOrder:
    """The order that a request asks for.

    Parameters
    ----------
    request, configuration
    running : Running
        What could be stopped.
    steps_of : callable, optional
        The simulated changes of a drill in these villages, instead of those of the request.

    Raises
    ------
    OrderFaultsError
        With everything that is wrong with it.
    """
    if request.act == str(DrillAct.STOP):
        return _stop(request, configuration, running)
    if request.act == str(DrillAct.START):
        return _start(request, configuration, steps_of)
    raise OrderFaultsError(
        [f"act: expected {choice_of([str(act) for act in DrillAct])}, got {request.act!r}"]
    )


def stopped_by(order: DrillOrder, running: Running) -> list[str]:
    """Names of the drills that an order ends."""
    if order.act is DrillAct.START:
        return []
    return [order.drill] if order.drill else sorted(running)


def _start(request: DrillRequest, configuration: Configuration, steps_of: StepsOf | None) -> DrillOrder:
    faults = _faults_of_words(request, has_script=steps_of is not None)
    if configuration.message.status is MessageStatus.EXERCISE:
        faults.append("messages.status is Exercise: the whole node is in an exercise")
    issue = OrderRequest(
        kind="issue",
        author=request.author,
        reason=request.reason,
        villages=list(request.villages),
        townships=list(request.townships),
        hazard=request.hazard,
        level=request.level,
    )
    villages: tuple[str, ...] = ()
    try:
        villages = order_of(issue, configuration).villages
    except OrderFaultsError as error:
        faults += error.faults
    if not villages and not faults:
        faults.append("villages: expected codes of villages, or townships")
    lasts_s = _lasts_s(request.lasts, faults)
    steps = tuple(_step(at, said, faults) for at, said in enumerate(request.steps))
    faults += [
        f"steps[{at}].{field}: {text}" for at, field, text in step_faults(steps, villages, configuration)
    ]
    if faults:
        raise OrderFaultsError(faults)
    if steps_of is not None:
        steps = steps_of(villages)
    is_simple = not steps
    steps = steps or (DrillStep(0, request.hazard, level_named(request.level) or Level.NONE),)
    last_s = max(step.after_s for step in steps)
    for_s = lasts_s or (SIMPLE_FOR_S if is_simple else last_s + END_S)
    if for_s <= last_s:
        raise OrderFaultsError([f"lasts: the last step comes after {format_duration(last_s)}"])
    return DrillOrder(
        _identifier(request),
        DrillAct.START,
        request.author,
        clean(request.reason),
        villages,
        steps,
        min(for_s, LASTS_S_MAX),
        request.announced,
    )


def _identifier(request: DrillRequest) -> str:
    """Twelve characters that names of files, topics and messages can hold."""
    if request.identifier:
        return hashlib.sha256(request.identifier.encode()).hexdigest()[:12]
    return uuid.uuid4().hex[:12]


def _faults_of_words(request: DrillRequest, *, has_script: bool) -> list[str]:
    faults = []
    if not clean(request.reason) or len(request.reason) > REASON_CHARACTERS_MAX:
        faults.append(f"reason: expected 1 to {REASON_CHARACTERS_MAX} characters")
    has_steps = has_script or bool(request.steps)
    if not has_steps and not (request.hazard and request.level):
        faults.append("expected hazard and level, or a script of steps")
    if has_steps and (request.hazard or request.level):
        faults.append("a script says hazards and levels: hazard and level cannot stand beside it")
    if request.drill:
        faults.append("drill: a start has none, it gets a name")
    return faults


def _step(at: int, said: DrillStepRequest, faults: list[str]) -> DrillStep:
    after_s = 0
    try:
        after_s = int(parse_duration_s(said.at))
    except ValueError as error:
        faults.append(f"steps[{at}].at: {error}")
    if not 0 <= after_s <= LASTS_S_MAX:
        faults.append(f"steps[{at}].at: expected up to {format_duration(LASTS_S_MAX)}, got {said.at!r}")
    level = Level.NONE if said.level == Level.NONE.word else level_named(said.level)
    if level is None:
        words = [level.word for level in Level]
        faults.append(f"steps[{at}].level: expected {choice_of(words)}, got {said.level!r}")
    return DrillStep(after_s, said.hazard, level or Level.NONE, tuple(said.villages))


def _lasts_s(text: str, faults: list[str]) -> int:
    seconds = duration_of(text, faults)
    if seconds > LASTS_S_MAX:
        faults.append(f"lasts: expected up to {format_duration(LASTS_S_MAX)}, got {text!r}")
    return seconds


def _stop(request: DrillRequest, configuration: Configuration, running: Running) -> DrillOrder:
    faults = [] if clean(request.reason) else ["reason: expected a text"]
    said = ("villages", "townships", "hazard", "level", "steps", "lasts", "announced")
    faults += [f"{name}: a stop has none" for name in said if getattr(request, name)]
    names = _named(request.drill, running, faults)
    villages = [code for name in names for code in running[name]]
    known = set(configuration.network.villages.code)
    end = OrderRequest(
        kind="end",
        author=request.author,
        reason=request.reason,
        villages=[code for code in villages if code in known],
    )
    try:
        order_of(end, configuration)
    except OrderFaultsError as error:
        faults += error.faults
    if faults:
        raise OrderFaultsError(faults)
    return DrillOrder(
        _identifier(request),
        DrillAct.STOP,
        request.author,
        clean(request.reason),
        tuple(villages),
        drill="" if request.drill == ALL else names[0],
    )


def _named(drill: str, running: Running, faults: list[str]) -> list[str]:
    """Drills that a stop means."""
    if not running:
        faults.append("no drill is on")
    elif drill == ALL:
        return sorted(running)
    elif drill in running:
        return [drill]
    elif drill:
        faults.append(f"drill: {drill!r} is not on; on: {', '.join(sorted(running))}")
    elif len(running) > 1:
        faults.append(f"drill: several are on, name one of {', '.join(sorted(running))}, or {ALL}")
    else:
        return list(running)
    return []
