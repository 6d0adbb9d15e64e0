"""Drawings of the pages: inline SVG without a script, coloured by the classes of the page's own style."""

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from warnstream.model.times import HOUR_S, MINUTE_S, TimeZone, clock_local, iso_local, offset_at
from warnstream.review.record.model import EventRecord, Link, VillageRecord

WIDTH, LABELS, NAMES = 900, 170, 290
"""Of a drawing, in its own units, and of the part to its left that holds villages, or links."""

COURSE_HEIGHT = 170
LANE, BAR = 22, 11
LANES_MAX = 40
LEVELS = ("blue", "yellow", "orange", "red")
TICKS = (10 * MINUTE_S, 30 * MINUTE_S, HOUR_S, 2 * HOUR_S, 3 * HOUR_S, 6 * HOUR_S, 12 * HOUR_S, 24 * HOUR_S)
TICKS_MAX = 9


class Axis(NamedTuple):
    """Time from left to right."""

    begin_s: int
    end_s: int
    left: int
    time_zone: TimeZone

    def x(self, at_s: float) -> float:
        """Where a time is; what lies outside is at the edge."""
        share = (at_s - self.begin_s) / max(self.end_s - self.begin_s, 1)
        return self.left + min(max(share, 0.0), 1.0) * (WIDTH - self.left)

    def marks(self, height: int) -> str:
        """Lines and hours at whole hours of the local clock."""
        step_s = next((s for s in TICKS if (self.end_s - self.begin_s) / s <= TICKS_MAX), 24 * HOUR_S)
        ahead_s = offset_at(self.time_zone, self.begin_s)
        first_s = -(-(self.begin_s + ahead_s) // step_s) * step_s - ahead_s
        drawn = []
        for at_s in range(first_s, self.end_s + 1, step_s):
            x = self.x(at_s)
            day = iso_local(at_s, self.time_zone)[5:10]
            words = day if step_s >= 24 * HOUR_S else clock_local(at_s, self.time_zone)
            anchor = "end" if x > WIDTH - 30 else "middle"
            drawn.append(
                f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height}"/>'
                f'<text class="axis" x="{x:.1f}" y="{height + 14}" text-anchor="{anchor}">{words}</text>'
            )
        return "".join(drawn)


def drawn_stretch(record: EventRecord) -> tuple[int, int]:
    """The part of the stretch in which anything happened, with a margin: a quiet night needs no paper."""
    times_s = [moment.at_s for moment in record.timeline if moment.kind != "configuration"]
    if not times_s:
        return record.begin_s, record.end_s
    ends_s = [w.ended_s or record.end_s for village in record.villages for w in village.warnings]
    first_s, last_s = min(times_s), max([*times_s, *(end_s for end_s in ends_s if end_s <= record.end_s)])
    margin_s = max((last_s - first_s) // 30, 5 * MINUTE_S)
    return max(first_s - margin_s, record.begin_s), min(last_s + margin_s, record.end_s)


def course(record: EventRecord, title: str) -> str:
    """How many villages stood at each level, as people were told it; empty where none did."""
    changes = _changes(record)
    if not changes:
        return ""
    axis = Axis(*drawn_stretch(record), 40, record.time_zone)
    times_s, stacks = _stacks(changes, axis)
    highest = max(max(stack) for stack in stacks)
    scale = (COURSE_HEIGHT - 8) / highest
    areas = []
    below = [0.0] * len(times_s)
    for level, counts in reversed(list(zip(LEVELS, stacks, strict=True))):
        # Stacks count the level and all above it: red is drawn at the bottom, where it is read first.
        above = [count * scale for count in counts]
        areas.append(_area(axis, times_s, below, above, level))
        below = above
    labels = "".join(
        f'<text class="axis" x="34" y="{COURSE_HEIGHT - count * scale + 4:.1f}" '
        f'text-anchor="end">{count}</text>'
        for count in sorted({0, highest // 2, highest})
    )
    return _svg(COURSE_HEIGHT + 20, axis.marks(COURSE_HEIGHT) + "".join(areas) + labels, title)


def _changes(record: EventRecord) -> list[tuple[int, str, str, str]]:
    """Time, village, hazard and new level of every step."""
    found = []
    for village in record.villages:
        for warning in village.warnings:
            found += [(step.at_s, village.code, warning.hazard, step.level) for step in warning.steps]
    return sorted(found)


def _stacks(changes: Sequence[tuple[int, str, str, str]], axis: Axis) -> tuple[list[int], list[list[int]]]:
    """Times, and for each level how many villages stood at it or above from then on."""
    standing: dict[str, dict[str, int]] = {}
    times_s: list[int] = []
    stacks: list[list[int]] = [[] for _ in LEVELS]
    rank = {level: number for number, level in enumerate(LEVELS, start=1)}
    counts = [0] * len(LEVELS)
    for at_s, village, hazard, level in changes:
        before = max(standing.get(village, {}).values(), default=0)
        standing.setdefault(village, {})[hazard] = rank.get(level, 0)
        after = max(standing[village].values())
        for number in range(len(LEVELS)):
            counts[number] += (after > number) - (before > number)
        times_s.append(max(at_s, axis.begin_s))
        for number, stack in enumerate(stacks):
            stack.append(counts[number])
    return times_s, stacks


def _area(axis: Axis, times_s: list[int], below: list[float], above: list[float], level: str) -> str:
    """Steps from `below` up to `above`."""
    ends_s = [*times_s[1:], axis.end_s]
    over, under = [], []
    for at_s, end_s, low, high in zip(times_s, ends_s, below, above, strict=True):
        left, right = axis.x(at_s), axis.x(end_s)
        over += [(left, COURSE_HEIGHT - high), (right, COURSE_HEIGHT - high)]
        under += [(left, COURSE_HEIGHT - low), (right, COURSE_HEIGHT - low)]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (*over, *reversed(under)))
    return f'<polygon class="fill-{level}" points="{points}"/>'


def lanes(record: EventRecord, title: str) -> str:
    """A lane for each of the worst villages: its level, when its doors were told, when posts answered."""
    shown = [village for village in record.villages if village.warnings or village.missed][:LANES_MAX]
    if not shown:
        return ""
    axis = Axis(*drawn_stretch(record), LABELS, record.time_zone)
    height = LANE * len(shown)
    events_s = {moment.text: moment.at_s for moment in record.timeline if moment.kind == "event"}
    drawn = "".join(
        _lane(village, axis, number * LANE, events_s, record.end_s) for number, village in enumerate(shown)
    )
    return _svg(height + 20, axis.marks(height) + drawn, title)


def _lane(village: VillageRecord, axis: Axis, top: int, events_s: dict[str, int], end_s: int) -> str:
    middle = top + LANE / 2
    name = escape(village.name or village.code)
    parts = [f'<text class="name" x="{LABELS - 8}" y="{middle + 4:.1f}" text-anchor="end">{name}</text>']
    for begin_s, until_s, level in _worst_stretches(village, end_s):
        left, right = axis.x(begin_s), axis.x(until_s)
        if right > left:
            parts.append(
                f'<rect class="fill-{level}" x="{left:.1f}" y="{middle - BAR / 2:.1f}" '
                f'width="{right - left:.1f}" height="{BAR}"/>'
            )
    for bulletin in village.bulletins:
        x = axis.x(bulletin.issued_s)
        parts.append(
            f'<line class="told" x1="{x:.1f}" x2="{x:.1f}" y1="{middle - 9:.1f}" y2="{middle + 9:.1f}"/>'
        )
    answered = {asked.answered_s for asked in village.asked if asked.answered_s is not None}
    parts += [
        f'<circle class="answered" cx="{axis.x(at_s):.1f}" cy="{middle:.1f}" r="2.2"/>'
        for at_s in sorted(answered)
    ]
    for event in village.missed:
        if event in events_s:
            x = axis.x(events_s[event])
            parts.append(f'<path class="missed" d="M{x:.1f} {middle - 6:.1f}l6 6l-6 6l-6 -6z"/>')
    return "".join(parts)


def _worst_stretches(village: VillageRecord, end_s: int) -> list[tuple[int, int, str]]:
    """Begin, end and level of each stretch, of all hazards the worst."""
    rank = {level: number for number, level in enumerate(LEVELS, start=1)}
    steps = sorted(
        (step.at_s, warning.hazard, rank.get(step.level, 0))
        for warning in village.warnings
        for step in warning.steps
    )
    standing: dict[str, int] = {}
    found = []
    for number, (at_s, hazard, level) in enumerate(steps):
        standing[hazard] = level
        until_s = steps[number + 1][0] if number + 1 < len(steps) else end_s
        worst = max(standing.values())
        if worst and until_s > at_s:
            found.append((at_s, until_s, LEVELS[worst - 1]))
    return found


def bars(links: Sequence[Link], names: Sequence[str], ends: Sequence[str], title: str) -> str:
    """Median (filled) and worst (outline) of each link, each power of ten as long as the other."""
    longest_s = max((link.worst_s or 0.0 for link in links), default=0.0)
    if longest_s <= 0:
        return ""
    left, room = NAMES, WIDTH - NAMES - 140
    top_power = math.log10(max(longest_s, 1.0)) + 1
    drawn = []
    for number, (link, name, end) in enumerate(zip(links, names, ends, strict=True)):
        middle = number * LANE + LANE / 2
        top = middle - BAR / 2
        median, worst = (_length(took_s, room, top_power) for took_s in (link.median_s, link.worst_s))
        drawn.append(
            f'<text class="name" x="{left - 8}" y="{middle + 4:.1f}" text-anchor="end">{escape(name)}</text>'
            f'<rect class="worst" x="{left}" y="{top:.1f}" width="{worst:.1f}" height="{BAR}"/>'
            f'<rect class="median" x="{left}" y="{top:.1f}" width="{median:.1f}" height="{BAR}"/>'
            f'<text class="axis" x="{left + worst + 6:.1f}" y="{middle + 4:.1f}">{escape(end)}</text>'
        )
    return _svg(LANE * len(links), "".join(drawn), title)


def _length(took_s: float | None, room: float, top_power: float) -> float:
    """From a tenth of a second up, each power of ten is as long as the other."""
    if took_s is None or took_s <= 0.1:
        return 1.0
    return max((math.log10(took_s) + 1) / top_power * room, 1.0)


def _svg(height: int, content: str, title: str) -> str:
    return f'<svg viewBox="0 -4 {WIDTH} {height + 4}" role="img" aria-label="{escape(title)}">{content}</svg>'
