"""One village of the page in detail: its warnings, what its doors were told, who was asked in which order."""

from collections.abc import Iterable, Mapping
from html import escape

from warnstream.model.times import clock_local, date_and_clock_local
from warnstream.review.record.model import Asked, Difference, EventRecord, VillageRecord, WarningRecord
from warnstream.review.record.words import Speaker

ASKED_MAX = 40


def detail(village: VillageRecord, record: EventRecord, say: Speaker) -> str:
    """The village as HTML."""
    place = " · ".join(filter(None, (village.township, village.code)))
    worst = f'<span class="level {village.worst}">{say.level(village.worst)}</span>'
    return (
        f"<h3>{escape(village.name or village.code)} <small>{escape(place)}</small> {worst}</h3>"
        f"{_warnings(village, record, say)}{_bulletins(village, record, say)}{_asked(village, record, say)}"
    )


def difference_words(one: Difference, say: Speaker, titles: Mapping[str, tuple[str, str]]) -> str:
    """Then and now of one thing, such as ``rain in 1 h: 25.0 → 44.7 mm``."""
    zone = f"{one.zone}: " if one.zone else ""
    if one.what == "rain":
        then, now = (f"{mm} mm" if mm else say("unknown") for mm in (one.then, one.now))
        return f"{zone}{say('rain_in')} {say.duration(float(one.window_s))}: {then} → {now}"
    return f"{zone}{say.hazard(one.hazard, titles)}: {say.level(one.then)} → {say.level(one.now)}"


def without_repeats(differences: Iterable[Difference]) -> list[Difference]:
    """Of rain over longer and longer durations that is the same the shortest alone."""
    found: list[Difference] = []
    for difference in differences:
        last = found[-1] if found else None
        is_same = last is not None and (last.what, last.zone, last.then, last.now) == (
            difference.what,
            difference.zone,
            difference.then,
            difference.now,
        )
        if difference.what != "rain" or not is_same:
            found.append(difference)
    return found


def _clock(at_s: int, record: EventRecord) -> str:
    if record.end_s - record.begin_s > 86_400:
        return date_and_clock_local(at_s, record.time_zone)[5:]
    return clock_local(at_s, record.time_zone)


def _warnings(village: VillageRecord, record: EventRecord, say: Speaker) -> str:
    if not village.warnings:
        return ""
    heads = ("hazard", "crossed", "issued", "level", "ended", "verdict", "reason")
    rows = "".join(_warning(warning, record, say) for warning in village.warnings)
    missed = (
        f'<p class="note">{say("misses")}: {escape(", ".join(village.missed))}</p>' if village.missed else ""
    )
    return _table(heads, rows, say) + missed


def _warning(one: WarningRecord, record: EventRecord, say: Speaker) -> str:
    course = " → ".join(
        f'<span class="level {step.level}">{say.level(step.level)}</span> {_clock(step.at_s, record)}'
        for step in one.steps
        if step.level != "none"
    )
    lead = "" if one.lead_min is None else f" ({one.lead_min:+.0f} min)"
    cells = (
        escape(say.hazard(one.hazard, record.titles)),
        _clock(one.crossed_s, record),
        _clock(one.issued_s, record),
        course,
        say("stands") if one.ended_s is None else _clock(one.ended_s, record),
        (say(one.verdict) if one.verdict else "–") + lead,
        escape(one.reason),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _bulletins(village: VillageRecord, record: EventRecord, say: Speaker) -> str:
    if not village.bulletins:
        return ""
    heads = ("issued", "action", "level", "why", "doors", "sent", "delivered", "failed", "untried")
    rows = "".join(
        f"<tr><td>{_clock(bulletin.issued_s, record)}</td><td>{escape(say.value(bulletin.action))}</td>"
        f"<td>{say.level(bulletin.level)}</td><td>{escape(say.value(bulletin.cause))}</td>"
        + "".join(
            f'<td class="t">{count or ""}</td>'
            for count in (
                bulletin.doors,
                bulletin.sent,
                bulletin.delivered,
                bulletin.failed,
                bulletin.untried,
            )
        )
        + "</tr>"
        for bulletin in village.bulletins
    )
    said = ", ".join(f"{say.value(word)} {count}" for word, count in sorted(village.answers.items()))
    answers = f'<p class="note">{say("answers")}: {escape(said)}</p>' if said else ""
    return f"<h4>{escape(say('bulletins'))}</h4>{_table(heads, rows, say)}{answers}"


def _asked(village: VillageRecord, record: EventRecord, say: Speaker) -> str:
    if not village.asked:
        return ""
    heads = ("at", "rank", "role", "who", "level", "deadline", "answered", "after")
    rows = "".join(_one_asked(post, record, say) for post in village.asked[:ASKED_MAX])
    n_more = len(village.asked) - ASKED_MAX
    more = f'<p class="note">{say("more", n=n_more)}</p>' if n_more > 0 else ""
    return f"<h4>{escape(say('ladder'))}</h4>{_table(heads, rows, say)}{more}"


def _one_asked(one: Asked, record: EventRecord, say: Speaker) -> str:
    again = f" · {say('again')} {one.tries}" if one.tries else ""
    is_late = one.answered_s is not None and one.answered_s > one.answer_by_s
    took = "" if one.answered_s is None else say.duration(float(one.answered_s - one.at_s))
    said = (
        say("nobody")
        if one.answered_s is None
        else f"{_clock(one.answered_s, record)} {say.value(one.answer)}"
    )
    cells = (
        _clock(one.at_s, record) + again,
        str(one.rank),
        escape(say.value(one.role)),
        escape(one.who),
        say.level(one.level),
        _clock(one.answer_by_s, record),
        escape(said),
        took + (f" ({say('n_late')})" if is_late else ""),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _table(heads: tuple[str, ...], rows: str, say: Speaker) -> str:
    numbers = {"doors", "sent", "delivered", "failed", "untried"}
    head = "".join(f"<th{' class=t' if key in numbers else ''}>{escape(say(key))}</th>" for key in heads)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
