"""Suggestions on the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from warnstream.config.yaml.quantities import format_duration
from warnstream.review.suggest.files import Asked
from warnstream.review.suggest.suggestion import Score, Suggested, Suggestion

SHOWN_MAX = 40


def print_suggestions(
    console: Console, suggestions: Sequence[Suggestion], asked: Asked, events: Sequence[Mapping[str, Any]]
) -> None:
    """Region by region: what it rests on, each village's value, and how the fit did on unseen years."""
    what = f"{asked.rule.name} {asked.level.word}, {format_duration(asked.duration_s)}: {asked.wish}"
    _say(console, what, style="bold")
    _say(console, "measured rain over this duration alone, apart by the rule's own fall; nothing is applied")
    for suggestion in suggestions:
        _region(console, suggestion)
    missed = [event for event in events if event["missed"]]
    if events:
        _say(console, f"events: {len(events)}; the values would have missed {len(missed)}")
    for event in missed[:SHOWN_MAX]:
        _say(
            console,
            f"  {event['event']}: at most {event['rain_mm']:g} mm in {event['village']}, "
            f"value {event['value_mm']:g}",
        )


def _region(console: Console, one: Suggestion) -> None:
    _say(console, "")
    _say(
        console,
        f"{one.region}: {one.n_villages} villages, {one.years:.1f} village-years "
        f"{one.first_year}-{one.last_year}",
        style="bold",
    )
    pooled = "no value keeps it" if one.pooled_mm is None else f"{one.pooled_mm:g} mm"
    _say(
        console,
        f"one value for all: {pooled}; {one.events} alarms there, begun on {one.storm_days} days, "
        f"{one.together:g} villages on the median one: that many storms are known, not {one.events}",
    )
    if one.too_few:
        _say(console, one.too_few, style="bold")
        return
    _say(console, f"a median village's own count weighs {one.own_weight:.0%}, the region the rest")
    _say(
        console,
        f"{'village':<16} {'value':>7} {'90 %':>15} {'keeps':>6} {'alone':>7} {'now':>7} {'a year':>7} "
        f"{'years':>6}",
    )
    for village in one.villages[:SHOWN_MAX]:
        _village(console, village)
    if len(one.villages) > SHOWN_MAX:
        _say(console, f"and {len(one.villages) - SHOWN_MAX} more villages (--out)")
    if one.score is None:
        _say(console, "not judged on unseen years: half of them are too few")
    else:
        _score(console, one.score)


def _village(console: Console, one: Suggested) -> None:
    low, high = (_mm(mm) for mm in (one.low_mm, one.high_mm))
    now = "" if one.now_per_year is None else f"{one.now_mm:g}"
    rate = "" if one.now_per_year is None else f"{one.now_per_year:.2f}"
    _say(
        console,
        f"{one.code:<16} {_mm(one.value_mm):>7} {f'{low} to {high}':>15} {one.keeps:>6.0%} "
        f"{_mm(one.own_mm):>7} {now:>7} {rate:>7} {one.years:>6.1f}",
    )


def _score(console: Console, score: Score) -> None:
    _say(
        console,
        f"fitted on {score.fitted[0]}-{score.fitted[1]}, judged on {score.unseen[0]}-{score.unseen[1]}: the "
        f"90 % ranges held {score.covered:.0%} of the counts of {score.villages} villages (least "
        f"{score.covered_least:.0%}, {score.thresholds_mm[0]:g} to {score.thresholds_mm[-1]:g} mm)",
    )
    _say(
        console,
        f"at the values of then: {score.pooled_per_year:.2f} alarms a year, {score.pooled_above} villages "
        f"above the wish, off it by {score.pooled_off:.2f}; each village alone {score.own_per_year:.2f}, "
        f"{score.own_above}, {score.own_off:.2f}; one value for all {score.one_per_year:.2f}, "
        f"{score.one_above}, {score.one_off:.2f}",
    )


def _mm(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _say(console: Console, text: str, style: str | None = None) -> None:
    console.print(text, highlight=False, soft_wrap=True, markup=False, style=style)
