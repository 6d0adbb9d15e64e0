"""A comparison on the terminal."""

from collections.abc import Mapping
from math import isnan

from rich.console import Console
from rich.table import Table

from warnstream.model.times import iso_local
from warnstream.review.compare.comparison import EVENT_DAYS_MIN, Comparison, Judged, Row, Told, VillageEpisode
from warnstream.review.episodes import Outcome
from warnstream.review.verification import ANY_HAZARD, Verification

CHANGED_SHOWN_MAX = 10


def print_comparison(
    console: Console, comparison: Comparison, scores: Mapping[str, Verification | None]
) -> None:
    """Counts by hazard and level, whom it tells, the worst of what is different."""
    old, new = comparison.old, comparison.new
    console.print(f"\n{old.name} -> {new.name}", style="bold", highlight=False)
    for judged in (old, new):
        _print_odd(console, judged)
    for words, codes in (("only in OLD", comparison.only_old), ("only in NEW", comparison.only_new)):
        if codes:
            shown = ", ".join(codes[:CHANGED_SHOWN_MAX]) + (" ..." if len(codes) > CHANGED_SHOWN_MAX else "")
            console.print(f"villages {words} ({len(codes)}): {shown}", highlight=False)
    console.print(_counts(comparison))
    console.print(_rates(comparison))
    console.print(_people(comparison.told_old, comparison.told_new))
    changed = comparison.changed
    for entry in changed[:CHANGED_SHOWN_MAX]:
        console.print("  " + line_of(entry, comparison), highlight=False, soft_wrap=True)
    if len(changed) > CHANGED_SHOWN_MAX:
        console.print(f"  and {len(changed) - CHANGED_SHOWN_MAX} more episodes", highlight=False)
    if not changed:
        console.print("nothing differs", highlight=False)
    for judged in (old, new):
        verification = scores.get(judged.name)
        if verification is not None:
            _print_scores(console, judged.name, verification)


def line_of(entry: VillageEpisode, comparison: Comparison) -> str:
    """One episode in words: when, where, what, and what became of it."""
    episode = entry.episode
    when = iso_local(episode.during.begin_s, comparison.old.time_zone)
    what = (
        f"{when} {comparison.name_of(entry.village)} {entry.hazard} {episode.level.word}: {episode.outcome}"
    )
    shift = episode.shift_min
    return what if isnan(shift) or not shift else f"{what} by {abs(shift):.0f} min"


def _print_odd(console: Console, judged: Judged) -> None:
    for reason, count in judged.n_refused.items():
        console.print(f"{judged.name}: refused {count} {reason}", highlight=False)
    for name, count in judged.failures.items():
        console.print(f"{judged.name}: could not be evaluated: {name} at {count} minutes", style="bold red")


def _counts(comparison: Comparison) -> Table:
    table = Table(title="episodes at or above each level", title_justify="left")
    table.add_column("hazard")
    table.add_column("level")
    for heading in ("old", "new", "same", "added", "removed", "earlier", "later"):
        table.add_column(heading, justify="right")
    for row in comparison.rows:
        outcomes = row.outcomes
        counts = (
            row.old,
            row.new,
            *(outcomes[name] for name in (Outcome.SAME, Outcome.ADDED, Outcome.REMOVED)),
        )
        shifts = (
            _with_minutes(outcomes[Outcome.EARLIER], row.earlier_min),
            _with_minutes(outcomes[Outcome.LATER], row.later_min),
        )
        table.add_row(row.hazard, row.level.word, *(str(count) for count in counts), *shifts)
    return table


def _rates(comparison: Comparison) -> Table:
    table = Table(title="episodes a village-year observed", title_justify="left")
    table.add_column("hazard")
    table.add_column("level")
    for heading in ("old", "new", "new less old, 90 %"):
        table.add_column(heading, justify="right")
    for row in comparison.rows:
        table.add_row(row.hazard, row.level.word, *_rates_of(row))
    return table


def _with_minutes(count: int, minutes: float) -> str:
    return f"{count} ({minutes:.0f} min)" if count else "0"


def _rates_of(row: Row) -> tuple[str, str, str]:
    """Old, new and their difference; of few days none of them says anything of a year."""
    rate = row.rate
    if rate.low is None or rate.high is None:
        return "-", "-", f"too few: {rate.event_days} days of {EVENT_DAYS_MIN}"
    difference = f"{rate.difference:+.2f} [{rate.low:+.2f}, {rate.high:+.2f}]"
    return f"{rate.old:.2f}", f"{rate.new:.2f}", difference


def _people(old: Told, new: Told) -> Table:
    table = Table(title="told", title_justify="left")
    table.add_column("")
    for heading in ("old", "new"):
        table.add_column(heading, justify="right")
    table.add_row("messages of warnings", str(old.messages), str(new.messages))
    table.add_row("bulletins to villages", str(old.bulletins), str(new.bulletins))
    table.add_row("villages told", str(old.villages), str(new.villages))
    table.add_row("texts to households", str(old.households), str(new.households))
    table.add_row("of them at night", str(old.households_at_night), str(new.households_at_night))
    return table


def _print_scores(console: Console, name: str, verification: Verification) -> None:
    for score in verification.scores:
        if score.hazard != ANY_HAZARD and score.hits + score.misses and score.warnings:
            console.print(
                f"{name}: {score.hazard} from {score.level.word}: POD {score.pod:.2f}, FAR {score.far:.2f}, "
                f"CSI {score.csi:.2f} ({score.hits} hits, {score.misses} misses, "
                f"{score.false_alarms} warnings without event)",
                highlight=False,
                soft_wrap=True,
            )
    console.print(f"{name}: {verification.note}", highlight=False, soft_wrap=True)
