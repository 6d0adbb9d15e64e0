"""What `warnstream drill` does: an order for the node, or what the folders of drills say."""

import json
import time
from contextlib import closing
from pathlib import Path

import msgspec

from warnstream.adapters.journal.journal import Journal
from warnstream.commands.orders import hand_over
from warnstream.config.drill_script import read_script
from warnstream.config.settings import Configuration
from warnstream.model.errors import StoreError, WarnstreamError
from warnstream.model.hands.drills import DrillOrder
from warnstream.model.hands.requests import DrillRequest
from warnstream.model.times import DAY_S, date_and_clock_local, parse_iso
from warnstream.runners.drill.folders import SCORES, drill_folders, folders_to_reopen
from warnstream.runners.drill.request import drill_order, stopped_by
from warnstream.runners.drill.scores import (
    DrillScores,
    VillageScore,
    kept_scores,
    last_drills,
    scores_of,
)

YEAR_S = 365 * DAY_S


def start(configuration: Configuration, request: DrillRequest, script: Path | None) -> str:
    """Order a drill; what was done, in one line.

    Raises
    ------
    OrderFaultsError, ConfigError
        With everything that is wrong with it; nothing has changed.
    WarnstreamError
        If the node does not take it.
    """
    order = drill_of(configuration, request, script)
    _demand_node(configuration, order)
    done = hand_over(configuration, order)
    return f"drill {order.identifier} in {len(order.villages)} villages: {done}"


def drill_of(configuration: Configuration, request: DrillRequest, script: Path | None) -> DrillOrder:
    """The order that is asked for. OrderFaultsError, ConfigError."""
    if script is None:
        return drill_order(request, configuration, {})
    return drill_order(
        request, configuration, {}, lambda villages: read_script(script, villages, configuration)
    )


def _demand_node(configuration: Configuration, order: DrillOrder) -> None:
    """A drill is not begun by a node that is started later: nobody is surprised by one at night."""
    storage = configuration.storage
    try:
        journal = Journal(storage.directory, segment_bytes=storage.journal_segment_bytes)
    except StoreError:
        return
    with closing(journal):
        raise WarnstreamError(f"no node runs: a drill cannot {order.act}")


def stop(configuration: Configuration, request: DrillRequest) -> str:
    """Order the end of drills that are on; what was done. OrderFaultsError, WarnstreamError."""
    running = {
        scores.drill: [village.village for village in scores.villages if not village.ended]
        for scores in _on(configuration)
    }
    order = drill_order(request, configuration, running)
    _demand_node(configuration, order)
    done = hand_over(configuration, order)
    return f"drill {', '.join(stopped_by(order, running))} stopped: {done}"


def _on(configuration: Configuration) -> list[DrillScores]:
    """Drills that are on, newest first."""
    folders = folders_to_reopen(drill_folders(configuration.storage.directory))
    scores = [_scores_in(folder, configuration) for folder in reversed(folders)]
    return [drill for drill in scores if any(not village.ended for village in drill.villages)]


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
    """How the drills that are on stand, and the newest one; then all earlier ones."""
    newest = _newest(configuration)
    shown = _on(configuration)
    if newest is not None and newest.drill not in {drill.drill for drill in shown}:
        shown.insert(0, newest)
    kept = kept_scores(configuration.storage.directory)
    names = {drill.drill for drill in shown}
    earlier = [drill for drill in kept if drill.drill not in names]
    if as_json:
        found = {
            "newest": msgspec.to_builtins(newest),
            "on": msgspec.to_builtins(
                [drill for drill in shown if any(not of.ended for of in drill.villages)]
            ),
            "earlier": msgspec.to_builtins(earlier),
        }
        return json.dumps(found, ensure_ascii=False)
    if newest is None:
        return "no drill so far"
    lines = []
    for drill in shown:
        lines += [_headline(drill, configuration), *(f"  {_state_of(village)}" for village in drill.villages)]
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
