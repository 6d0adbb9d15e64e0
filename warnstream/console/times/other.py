"""The situation of another time than now: as it was, or the rain that is expected; it has no hands."""

import msgspec
import numpy as np

from warnstream.adapters.console.frame import UNKNOWN
from warnstream.console import models
from warnstream.console.county import Area
from warnstream.console.situation import Situation, View
from warnstream.console.stream import state_of
from warnstream.console.times.pictures import Pictures
from warnstream.model.errors import WarnstreamError
from warnstream.model.times import MINUTE_S

MOMENT_S = 5 * MINUTE_S
AHEAD_MIN = 10
"""In tenths of mm: less rain than that is not shown."""


class NoSuchTimeError(WarnstreamError):
    """There is no picture of that time."""


def past_situation(now: Situation, pictures: Pictures, at_s: int) -> Situation:
    """The situation as it was at a time. NoSuchTimeError where nothing of it is known."""
    frame = pictures.at(at_s)
    if frame is None:
        raise NoSuchTimeError("there is no picture of that time")
    situation = Situation(now.county)
    situation.take(frame)
    return situation


def past_state(situation: Situation, area: Area) -> models.State:
    """What the screen showed of an area then, with what has been found out since left out."""
    assert situation.head is not None
    view = situation.view(area)
    state = state_of(_still(view, "replay"), "", models.Clock(now_s=situation.head.now_s))
    queue = [
        msgspec.structs.replace(row, due="", due_s=0) if row.due_s < situation.head.now_s else row
        for row in state.queue
    ]
    return msgspec.structs.replace(state, queue=queue, near=[])


def expected_state(situation: Situation, area: Area, lead_s: int) -> models.State:
    """Rain that is expected within a lead of the forecast. NoSuchTimeError where there is no such lead."""
    head, ahead = situation.head, situation.parts.get("ahead")
    if head is None or ahead is None or lead_s not in head.leads_s:
        raise NoSuchTimeError("no rain is expected for that time: there is no such lead")
    tenths = ahead[head.leads_s.index(lead_s)][area.villages].astype(np.int64)
    wet = np.flatnonzero((tenths != UNKNOWN) & (tenths >= AHEAD_MIN))
    order = wet[np.argsort(-tenths[wet], kind="stable")]
    view = situation.view(area)
    calm = View(view.head, np.zeros_like(view.level), view.sight, view.stations)
    state = state_of(_still(calm, "expected"), "", models.Clock(now_s=head.now_s + lead_s))
    quiet = msgspec.structs.replace(state.head, levels=(0, 0, 0, 0), towns=(0, 0, 0, 0))
    return msgspec.structs.replace(
        state, head=quiet, ahead=[(int(at), int(tenths[at])) for at in order.tolist()]
    )


def moments_of(pictures: Pictures, area: Area) -> list[tuple[int, tuple[int, int, int, int]]]:
    """Villages of an area by level, blue to red, at each picture; every `MOMENT_S` at most."""
    found: list[tuple[int, tuple[int, int, int, int]]] = []
    for at_s in list(pictures.times_s):
        if found and at_s - found[-1][0] < MOMENT_S:
            continue
        frame = pictures.at(at_s)
        if frame is None or "level" not in frame.parts:
            continue
        worst = frame.parts["level"].array().max(axis=0, initial=0)
        inside = area.villages[area.villages < len(worst)]
        blue, yellow, orange, red = np.bincount(worst[inside], minlength=5)[1:5].tolist()
        found.append((at_s, (blue, yellow, orange, red)))
    return found


def _still(view: View, mode: models.Mode) -> View:
    """Without anything that waits for a person: another time has no hands."""
    head = msgspec.structs.replace(
        view.head, mode=mode, needs=models.Needs(), proposals=[], alarms=[], shifts=[], is_flood=False
    )
    return View(head, view.level, view.sight, view.stations, view.rows, view.near)
