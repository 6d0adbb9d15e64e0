"""What `warnstream drill` does: an order for the node, or what the folders of drills say."""

import json
import time
import uuid
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec

from warnstream.adapters.journal.journal import Journal
from warnstream.commands.orders import hand_over
from warnstream.config.drill_script import read_script
from warnstream.config.settings import Configuration
from warnstream.config.yaml.quantities import format_duration, parse_duration_s
from warnstream.delivery.texts import clean
from warnstream.model.errors import StoreError, WarnstreamError
from warnstream.model.hands.drills import END_S, LASTS_S_MAX, DrillAct, DrillOrder, DrillStep
from warnstream.model.hands.orders import REASON_CHARACTERS_MAX
from warnstream.model.hands.requests import OrderFaultsError, OrderRequest
from warnstream.model.level import LEVELS
from warnstream.model.times import DAY_S, HOUR_S, date_and_clock_local, parse_iso
from warnstream.model.warning import MessageStatus
from warnstream.runners.drill.folders import SCORES, drill_folders
from warnstream.runners.drill.scores import (
    DrillScores,
    VillageScore,
    kept_scores,
    last_drills,
    scores_of,
)
from warnstream.runners.orders.request import order_of

YEAR_S = 365 * DAY_S

_SIMPLE_FOR_S = HOUR_S
"""A simple rise lasts so long, where nothing is said."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A drill as a person asks for it."""

    villages: Sequence[str]
    townships: Sequence[str]
    hazard: str
    level: str
    script: Path | None
    lasts: str
    author: str
    reason: str
    is_announced: bool


def start(configuration: Configuration, asked: Asked) -> str:
    """Order a drill; what was done, in one line.

    Raises
    ------
    OrderFaultsError, ConfigError
        With everything that is wrong with it; nothing has changed.
    WarnstreamError
        If the node does not take it.
    """
    order = drill_of(configuration, asked)
    _demand_node(configuration, order)
    done = hand_over(configuration, order)
    return f"drill {order.identifier} in {len(order.villages)} villages: {done}"


def drill_of(configuration: Configuration, asked: Asked) -> DrillOrder:
    """The order that is asked for. OrderFaultsError, ConfigError."""
    faults = _faults_of_words(asked)
    if configuration.message.status is MessageStatus.EXERCISE:
        faults.append("messages.status is Exercise: the whole node is in an exercise")
    request = OrderRequest(
        kind="issue",
        author=asked.author,
        reason=asked.reason,
        villages=list(asked.villages),
        townships=list(asked.townships),
        hazard=asked.hazard,
        level=asked.level,
    )
    villages: tuple[str, ...] = ()
    try:
        villages = order_of(request, configuration).villages
    except OrderFaultsError as error:
        faults += error.faults
    if not villages and not faults:
        faults.append("villages: expected codes of villages, or --township")
    lasts_s = _lasts_s(asked.lasts, faults)
    if faults:
        raise OrderFaultsError(faults)
    steps = (
        (DrillStep(0, asked.hazard, next(level for level in LEVELS if level.word == asked.level)),)
        if asked.script is None
        else read_script(asked.script, villages, configuration)
    )
    last_s = max(step.after_s for step in steps)
    for_s = lasts_s or (_SIMPLE_FOR_S if asked.script is None else last_s + END_S)
    if for_s <= last_s:
        raise OrderFaultsError([f"--for: the script's last step comes after {format_duration(last_s)}"])
    return DrillOrder(
        uuid.uuid4().hex[:12],
        DrillAct.START,
        asked.author,
        clean(asked.reason),
        villages,
        steps,
        min(for_s, LASTS_S_MAX),
        asked.is_announced,
    )


def _faults_of_words(asked: Asked) -> list[str]:
    faults = []
    if not clean(asked.reason) or len(asked.reason) > REASON_CHARACTERS_MAX:
        faults.append(f"reason: expected 1 to {REASON_CHARACTERS_MAX} characters")
    is_simple = bool(asked.hazard and asked.level)
    if asked.script is None and not is_simple:
        faults.append("expected --hazard and --level, or --script")
    if asked.script is not None and (asked.hazard or asked.level):
        faults.append("--script says hazards and levels: --hazard and --level cannot stand beside it")
    return faults


def _lasts_s(text: str, faults: list[str]) -> int:
    if not text:
        return 0
    try:
        seconds = int(parse_duration_s(text))
    except ValueError as error:
        faults.append(f"--for: {error}")
        return 0
    if not 0 < seconds <= LASTS_S_MAX:
        faults.append(f"--for: expected up to {format_duration(LASTS_S_MAX)}, got {text!r}")
    return seconds


def _demand_node(configuration: Configuration, order: DrillOrder) -> None:
    """A drill is not begun by a node that is started later: nobody is surprised by one at night."""
    storage = configuration.storage
    try:
        journal = Journal(storage.directory, segment_bytes=storage.journal_segment_bytes)
    except StoreError:
        return
    with closing(journal):
        raise WarnstreamError(f"no node runs: a drill cannot {order.act}")


def stop(configuration: Configuration, author: str, reason: str) -> str:
    """Order the end of the drill that is on; what was done. OrderFaultsError, WarnstreamError."""
    newest = _newest(configuration)
    villages = [village.village for village in newest.villages] if newest else []
    known = set(configuration.network.villages.code)
    request = OrderRequest(
        kind="end", author=author, reason=reason, villages=[code for code in villages if code in known]
    )
    faults = [] if reason.strip() else ["reason: expected a text"]
    try:
        order_of(request, configuration)
    except OrderFaultsError as error:
        faults += error.faults
    if faults:
        raise OrderFaultsError(faults)
    order = DrillOrder(uuid.uuid4().hex[:12], DrillAct.STOP, author, reason.strip())
    _demand_node(configuration, order)
    return f"drill stopped: {hand_over(configuration, order)}"


def _newest(configuration: Configuration) -> DrillScores | None:
    folder = next(iter(drill_folders(configuration.storage.directory)), None)
    return None if folder is None else _scores_in(folder, configuration)


def _scores_in(folder: Path, configuration: Configuration) -> DrillScores:
    """Of a drill that is over what was kept, else what its log says now."""
    try:
        return msgspec.json.decode((folder / SCORES).read_bytes(), type=DrillScores)
    except (OSError, msgspec.MsgspecError):
        pass
    try:
        return scores_of(folder, configuration)
    except ValueError as error:
        raise WarnstreamError(str(error)) from error


def show(configuration: Configuration, *, as_json: bool) -> str:
    """How the newest drill stands, then all earlier ones."""
    newest = _newest(configuration)
    kept = kept_scores(configuration.storage.directory)
    earlier = [drill for drill in kept if newest is None or drill.drill != newest.drill]
    if as_json:
        found = {"newest": msgspec.to_builtins(newest), "earlier": msgspec.to_builtins(earlier)}
        return json.dumps(found, ensure_ascii=False)
    if newest is None:
        return "no drill so far"
    lines = [_headline(newest, configuration)]
    lines += [f"  {_state_of(village)}" for village in newest.villages]
    lines += [_headline(drill, configuration) for drill in earlier]
    return "\n".join([*lines, _of_the_year(configuration)])


def _of_the_year(configuration: Configuration) -> str:
    """How many villages of the register have had a drill that is over in the last year."""
    codes = set(configuration.network.villages.code)
    since_s = time.time() - YEAR_S
    drilled = last_drills(configuration.storage.directory)
    count = sum(code in codes and parse_iso(begun) >= since_s for code, begun in drilled.items())
    return f"{count} of {len(codes)} villages have had a drill in the last year"


def _headline(scores: DrillScores, configuration: Configuration) -> str:
    running = sum(village.ended is None for village in scores.villages)
    state = f"on in {running}" if running else "over"
    begun = date_and_clock_local(parse_iso(scores.begun), configuration.message.time_zone)
    kind = "announced" if scores.announced else "unannounced"
    return f"drill {scores.drill}, {begun}, {kind}, {len(scores.villages)} villages, {state}: {scores.reason}"


def _state_of(village: VillageScore) -> str:
    why = f"over ({village.ended_why})" if village.ended else "on"
    answered = sum(post.answered_after_s is not None for post in village.posts)
    doors = f"{village.doors_answered} of {village.doors} doors"
    posts = f"{answered} of {len(village.posts)} posts"
    return f"{village.village} {village.name}: {why}; {posts}, {doors} have answered"


def score(configuration: Configuration, drill: str, *, as_json: bool) -> str:
    """What came of a drill.

    Raises
    ------
    WarnstreamError
        If there is no such drill.
    """
    found = None
    for folder in drill_folders(configuration.storage.directory):
        scores = _scores_in(folder, configuration)
        if drill in ("", scores.drill):
            found = scores
            break
    if found is None:
        raise WarnstreamError(f"no drill {drill!r}" if drill else "no drill so far")
    if as_json:
        return msgspec.json.encode(found).decode()
    return "\n".join([_headline(found, configuration), *_table(found)])


def _table(scores: DrillScores) -> list[str]:
    lines = [f"{'village':<14} {'who':<24} {'asked':<21} {'answered after':>14} {'again':>6} check"]
    for village in scores.villages:
        share = "-" if village.share_answered is None else f"{village.share_answered:.0%}"
        first = "-" if village.first_answer_after_s is None else f"{village.first_answer_after_s} s"
        told = village.first_told or "not told"
        doors = f"doors {village.doors}: {share}"
        lines.append(f"{village.village:<14} {doors:<24} {told:<21} {first:>14}")
        for post in village.posts:
            after = "never" if post.answered_after_s is None else f"{post.answered_after_s} s"
            check = {None: "-", True: "repeated", False: "not repeated"}[post.spot_check]
            lines.append(f"{'':<14} {post.post:<24} {post.asked:<21} {after:>14} {post.reminders:>6} {check}")
    return lines
