"""compare.html: one self-contained page for people."""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from math import isnan

from warnstream.model.times import DAY_S, fixed_zone, iso_local, offset_at
from warnstream.review.compare.comparison import Comparison, Row
from warnstream.review.episodes import Outcome

EPISODES_SHOWN_MAX = 500
"""Rows of the page's list; compare.json has all."""

WIDTH, HALF, STEP_MAX = 900, 90, 24
"""Of the timeline, in its own units: its width, the height above and below its axis, the widest day."""

OUTCOME_COLOURS = {
    Outcome.SAME: "#9a9a9a",
    Outcome.ADDED: "#b2182b",
    Outcome.EARLIER: "#ef8a62",
    Outcome.LATER: "#67a9cf",
    Outcome.REMOVED: "#2166ac",
}

UPWARDS = (Outcome.ADDED, Outcome.EARLIER)

_NOTE = (
    '<p class="note">An episode is a connected stretch in which the old or the new configuration stands at '
    "or above a level in one village and hazard. Intervals of 90 % are drawn by days on which an episode "
    "began; one storm that warns many villages is one day.</p>"
)

_HEADING = (
    "<tr><th>hazard<th>from level<th>old<th>new<th>same<th>added<th>removed<th>earlier<th>later"
    "<th>split<th>merged<th>a village-year, 90 %</tr>"
)

_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1a1a1a}
h1{font-size:1.4rem}h2{font-size:1.15rem;margin-top:2.2rem}
table{border-collapse:collapse;margin:.6rem 0 1.2rem}
th,td{padding:.2rem .7rem;text-align:right;border-bottom:1px solid #ddd}
th:first-child,td:first-child,th:nth-child(2),td:nth-child(2){text-align:left}
th{font-weight:600;border-bottom:2px solid #888}
.same{color:#666}.note{color:#555;max-width:46rem}svg{max-width:100%;height:auto}
"""


def page_of(comparisons: Sequence[Comparison]) -> str:
    """The comparisons of one OLD as HTML: no script, no request, readable on paper."""
    old = comparisons[0].old
    parts = "; ".join(
        f"{iso_local(part.begin_s, old.time_zone)[:16]} to {iso_local(part.end_s, old.time_zone)[:16]}"
        for part in old.parts
    )
    body = "".join(_section(comparison) for comparison in comparisons)
    title = escape(f"What would change: {old.name}")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style><h1>{title}</h1>"
        f"<p>{old.n_readings:,} readings, {old.village_years:.2f} village-years observed, "
        f"{escape(parts)}.</p>{_NOTE}"
        f"{body}</html>\n"
    )


def _section(comparison: Comparison) -> str:
    old, new = comparison.told_old, comparison.told_new
    told = "".join(
        f"<tr><td>{words}<td><td>{before:,}<td>{after:,}</tr>"
        for words, before, after in (
            ("messages of warnings", old.messages, new.messages),
            ("bulletins to villages", old.bulletins, new.bulletins),
            ("villages told", old.villages, new.villages),
            ("texts to households", old.households, new.households),
            ("of them at night", old.households_at_night, new.households_at_night),
        )
    )
    return (
        f"<h2>{escape(comparison.old.name)} &rarr; {escape(comparison.new.name)}</h2>"
        f"{_timeline(comparison)}{_table(comparison.rows)}"
        f"<table><tr><th>told<th><th>old<th>new</tr>{told}</table>{_list(comparison)}"
    )


def _table(rows: Sequence[Row]) -> str:
    cells = []
    for row in rows:
        rate = f"- ({row.rate.event_days} days)"
        if row.rate.low is not None and row.rate.high is not None:
            rate = f"{row.rate.difference:+.2f} [{row.rate.low:+.2f}, {row.rate.high:+.2f}]"
        counts = [row.old, row.new, *(row.outcomes[outcome] for outcome in Outcome), row.split, row.merged]
        figures = "".join(f"<td>{count:,}" for count in counts)
        cells.append(f"<tr><td>{escape(row.hazard)}<td>{row.level.word}{figures}<td>{rate}</tr>")
    return f"<table>{_HEADING}{''.join(cells)}</table>"


def _timeline(comparison: Comparison) -> str:
    """Bars by local day: what is added or earlier upwards, what is removed or later downwards."""
    level = min((entry.episode.level for entry in comparison.changed), default=None)
    if level is None:
        return "<p>Nothing differs.</p>"
    by_day: dict[int, Counter[Outcome]] = {}
    for entry in comparison.changed:
        begin_s = entry.episode.during.begin_s
        day = (begin_s + offset_at(comparison.old.time_zone, begin_s)) // DAY_S
        by_day.setdefault(day, Counter())[entry.episode.outcome] += entry.episode.level is level
    by_day = {day: counts for day, counts in sorted(by_day.items()) if counts.total()}
    highest = max(max(_up(counts), _down(counts)) for counts in by_day.values())
    step = min(WIDTH / len(by_day), STEP_MAX)
    bars = "".join(
        _bars(_date(day), counts, number * step, step, HALF * 0.95 / highest)
        for number, (day, counts) in enumerate(by_day.items())
    )
    legend = " ".join(
        f'<tspan fill="{colour}">&#9632;</tspan> {outcome} '
        for outcome, colour in OUTCOME_COLOURS.items()
        if outcome is not Outcome.SAME
    )
    first, *_, last = (*by_day, *by_day)
    return (
        f"<p>Days on which something differs, from {level.word}: up to {highest} episodes a day.</p>"
        f'<svg viewBox="0 0 {WIDTH} {2 * HALF + 24}" role="img" aria-label="days that differ">{bars}'
        f'<line x1="0" x2="{WIDTH}" y1="{HALF}" y2="{HALF}" stroke="#444"/>'
        f'<text x="0" y="{2 * HALF + 18}" font-size="13">{legend} &#160; '
        f"{_date(first)} ... {_date(last)}</text></svg>"
    )


def _bars(date: str, counts: Mapping[Outcome, int], left: float, step: float, scale: float) -> str:
    """The bars of one day, one upon the other from the axis."""
    bars = []
    up = down = float(HALF)
    for outcome, colour in OUTCOME_COLOURS.items():
        size = scale * counts.get(outcome, 0)
        if outcome in UPWARDS:
            up -= size
        top = up if outcome in UPWARDS else down
        if outcome not in UPWARDS:
            down += size
        if size:
            bars.append(
                f'<rect x="{left:.1f}" y="{top:.1f}" width="{max(step - 1, 0.8):.1f}" height="{size:.1f}" '
                f'fill="{colour}"><title>{date}: {counts[outcome]} {outcome}</title></rect>'
            )
    return "".join(bars)


def _date(day: int) -> str:
    return iso_local(day * DAY_S, fixed_zone(0))[:10]


def _up(counts: Mapping[Outcome, int]) -> int:
    return sum(count for outcome, count in counts.items() if outcome in UPWARDS)


def _down(counts: Mapping[Outcome, int]) -> int:
    return sum(count for outcome, count in counts.items() if outcome not in UPWARDS)


def _list(comparison: Comparison) -> str:
    changed = comparison.changed
    rows = "".join(
        f"<tr><td>{iso_local(entry.episode.during.begin_s, comparison.old.time_zone)[:16].replace('T', ' ')}"
        f"<td>{escape(comparison.name_of(entry.village))}<td>{escape(entry.hazard)}<td>{entry.episode.level.word}"
        f"<td>{entry.episode.outcome}"
        f"<td>{'' if isnan(entry.episode.shift_min) else f'{entry.episode.shift_min:+.0f} min'}</tr>"
        for entry in changed[:EPISODES_SHOWN_MAX]
    )
    if not changed:
        return ""
    more = len(changed) - EPISODES_SHOWN_MAX
    note = f"<p>and {more:,} more in compare.json</p>" if more > 0 else ""
    return (
        "<table><tr><th>begins<th>village<th>hazard<th>level<th>becomes<th>by</tr>" + rows + f"</table>{note}"
    )
