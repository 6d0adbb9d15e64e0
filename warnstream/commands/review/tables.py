"""The record on the terminal: what was slow, who was not reached, who never answered, what was silent."""

from rich.console import Console

from warnstream.model.times import clock_local, date_and_clock_local
from warnstream.review.record.model import EventRecord, Link
from warnstream.review.record.villages_page import without_repeats
from warnstream.review.record.words import Speaker

SHOWN_MAX = 10


def print_record(console: Console, record: EventRecord) -> None:
    """Figures of the links first, then lists, the worst of each."""
    say = Speaker("en")
    begin, end = (date_and_clock_local(at_s, record.time_zone) for at_s in (record.begin_s, record.end_s))
    counts = record.counts
    _say(console, f"{record.node}, {begin} to {end}", style="bold")
    for caveat in record.caveats:
        at = clock_local(int(caveat.detail), record.time_zone) if caveat.detail.lstrip("-").isdigit() else ""
        _say(console, f"note: {say.caveat(caveat.word, caveat.detail, at)}")
    _say(
        console,
        f"{counts['villages']} villages, {counts['warnings']} warnings, {counts['messages']} messages, "
        f"{counts['bulletins']} bulletins to {counts['doors']} doors, {counts['digests']} digests, "
        f"{counts['answers']} answers",
    )
    _links(console, record, say)
    _say(console, f"doors not reached: {counts['doors_unreached']} of {counts['doors']}")
    _say(console, f"posts never answered: {len(record.never_answered)} of {counts['posts_asked']}")
    for silent in record.never_answered[:SHOWN_MAX]:
        first = clock_local(silent.first_s, record.time_zone)
        _say(
            console,
            f"  rank {silent.rank} {say.value(silent.role)} {silent.who} of {silent.area}: asked "
            f"{silent.n_asked} times since {first}, up to {silent.worst}",
        )
    _say(console, f"gauges silent or late: {len(record.gauges)}")
    for gauge in record.gauges[:SHOWN_MAX]:
        silent_s = sum(end_s - begin_s for begin_s, end_s in gauge.silent)
        late = f", {gauge.late_readings} readings came late" if gauge.late_readings else ""
        rain = f" with {gauge.late_mm:.1f} mm" if gauge.late_mm else ""
        _say(console, f"  {gauge.station}: silent for {say.duration(float(silent_s))}{late}{rain}")
    _hidden(console, record, say)
    _scores(console, record)


def _say(console: Console, text: str, style: str | None = None) -> None:
    console.print(text, highlight=False, soft_wrap=True, markup=False, style=style)


def _links(console: Console, record: EventRecord, say: Speaker) -> None:
    """A line each; the same widths whatever the terminal, so that none is cut."""
    heads = (
        f"{'link':<20} {'who':<30} {'n':>7} {'none':>6} {'late':>6} {'median':>13} {'worst':>13}  worst at"
    )
    _say(console, heads, style="bold")
    for link in record.links:
        where = " ".join(filter(None, (link.worst_village, link.worst_who)))
        _say(
            console,
            f"{say(link.link):<20} {_group(link, say):<30} {link.n:>7,} {link.n_none or '':>6} "
            f"{link.n_late or '':>6} {say.duration(link.median_s):>13} {say.duration(link.worst_s):>13}"
            f"  {where}",
        )


def _group(link: Link, say: Speaker) -> str:
    if link.link == "issued_answered":
        return f"rank {link.rank} {say.value(link.group)}"
    return link.group if link.kind == "warning" else f"{link.kind}s {link.group}"


def _hidden(console: Console, record: EventRecord, say: Speaker) -> None:
    worse = [hidden for hidden in record.hidden if hidden.differences]
    if record.hidden:
        _say(console, f"looked behind at {len(record.hidden)} villages; known otherwise now: {len(worse)}")
    for hidden in worse[:SHOWN_MAX]:
        said = "; ".join(
            f"{two.hazard or say.duration(float(two.window_s))} {two.then or '?'} -> {two.now or '?'}"
            for two in without_repeats(hidden.differences)
        )
        _say(console, f"  {hidden.village} at {clock_local(hidden.at_s, record.time_zone)}: {said}")


def _scores(console: Console, record: EventRecord) -> None:
    for row in record.scores:
        if row.events and row.warnings:
            lead = "-" if row.lead_min_median is None else f"{row.lead_min_median:.0f} min"
            _say(
                console,
                f"{row.hazard} from {row.level}: {row.hits} hits ({row.late} late), {row.misses} misses, "
                f"{row.false_alarms} warnings without event, median lead {lead}",
            )
