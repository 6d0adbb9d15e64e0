"""The record as a page for people: self-contained, without a script, readable on paper and in the dark."""

from collections.abc import Iterable, Sequence
from html import escape

from warnstream.model.times import clock_local, date_and_clock_local
from warnstream.review.record.chart import bars, course, lanes
from warnstream.review.record.model import EventRecord, Link, Moment
from warnstream.review.record.style import STYLE
from warnstream.review.record.villages_page import detail, difference_words, without_repeats
from warnstream.review.record.words import TAGS, Speaker

ROWS_MAX = 60
"""Of a list of doors, posts or gauges."""

TIMELINE_MAX = 300

DETAILS_MAX = 12
"""Villages told in detail, the worst first; review.json has all."""


def page_of(record: EventRecord, language: str) -> str:
    """The page in one language, ``zh`` or ``en``."""
    return _Page(record, Speaker(language)).whole()


class _Page:
    def __init__(self, record: EventRecord, say: Speaker) -> None:
        self._record, self._say = record, say
        self._name = {village.code: village.name or village.code for village in record.villages}

    def whole(self) -> str:
        """Head, figures, sections."""
        record, say = self._record, self._say
        title = f"{say('title')} · {record.node}"
        sections = "".join(
            (
                self._caveats(),
                self._links(),
                self._figure("course", course(record, say("course"))),
                self._figure("lanes", lanes(record, say("lanes")), say("lanes_note")),
                self._scores(),
                self._never(),
                self._unreached(),
                self._gauges(),
                self._hidden(),
                self._details(),
                self._timeline(),
            )
        )
        other = "en" if say.tag == "zh" else "zh"
        return (
            f'<!doctype html><html lang="{TAGS[say.tag]}"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width,initial-scale=1">'
            f'<meta name="color-scheme" content="light dark"><title>{escape(title)}</title>'
            f"<style>{STYLE}</style></head><body><header>"
            f'<a class="other" href="review.{other}.html" hreflang="{TAGS[other]}">'
            f"{say('other_language')}</a>"
            f"<h1>{escape(title)}</h1>{self._head()}</header>{self._cards()}{sections}</body></html>\n"
        )

    def _at(self, at_s: int | None) -> str:
        return "–" if at_s is None else date_and_clock_local(at_s, self._record.time_zone)

    def _clock(self, at_s: int) -> str:
        """Hours and minutes; with the date where the stretch is longer than a day."""
        record = self._record
        if record.end_s - record.begin_s > 86_400:
            return self._at(at_s)[5:]
        return clock_local(at_s, record.time_zone)

    def _village(self, code: str) -> str:
        return escape(self._name.get(code, code))

    def _head(self) -> str:
        record, say = self._record, self._say
        ran = ", ".join(
            f"{say('bundle')} {used.bundle or '–'} ({used.fingerprint[:12]}, {used.version}, {used.status})"
            for used in record.configurations
        )
        audit = record.audit[:16] if record.audit else say("no_audit")
        if record.audit_faults:
            audit = f"{audit} · {say('audit_faults')}: {record.audit_faults}"
        rows = (
            (say("stretch"), f"{self._at(record.begin_s)} – {self._at(record.end_s)}"),
            (say("asked_for"), record.question),
            (say("configuration"), ran or "–"),
            (say("audit"), audit),
        )
        listed = "".join(f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>" for key, value in rows)
        note = say("shown") if record.names_shown else say("masked")
        return f'<dl>{listed}</dl><p class="note">{escape(note)}</p>'

    def _cards(self) -> str:
        record, say = self._record, self._say
        counts = record.counts
        cards = [
            (counts["villages"], "villages_warned", False),
            (counts["doors"], "doors_told", False),
            (counts["doors_unreached"], "doors_unreached", True),
            (counts["posts_asked"], "posts_asked", False),
            (len(record.never_answered), "posts_silent", True),
            (len(record.gauges), "gauges_silent", True),
        ]
        if record.scores:
            cards.append((sum(bool(village.missed) for village in record.villages), "missed_events", True))
        drawn = "".join(
            f'<div class="card{" bad" if is_bad and number else ""}"><b>{number:,}</b>'
            f"{escape(say(key))}</div>"
            for number, key, is_bad in cards
        )
        return f'<div class="cards">{drawn}</div>'

    def _caveats(self) -> str:
        say = self._say
        said = []
        for caveat in self._record.caveats:
            at = self._at(int(caveat.detail)) if caveat.detail.lstrip("-").isdigit() else caveat.detail
            said.append(f"<li>{escape(say.caveat(caveat.word, caveat.detail, at))}</li>")
        return self._section("caveats", f"<ul>{''.join(said)}</ul>") if said else ""

    def _links(self) -> str:
        record, say = self._record, self._say
        names = [f"{say(link.link)} · {self._group(link)}" for link in record.links]
        ends = [f"{say.duration(link.median_s)} / {say.duration(link.worst_s)}" for link in record.links]
        drawn = bars(record.links, names, ends, say("links"))
        heads = ("link", "who", "n", "n_none", "n_late", "median", "worst", "where")
        rows = [
            (
                escape(say(link.link)),
                escape(self._group(link)),
                f"{link.n:,}",
                f"{link.n_none:,}" if link.n_none else "",
                f"{link.n_late:,}" if link.n_late else "",
                say.duration(link.median_s),
                say.duration(link.worst_s),
                " ".join(filter(None, (self._village(link.worst_village), escape(link.worst_who)))),
            )
            for link in record.links
        ]
        keys = " ".join(f'<span class="key {key}"></span> {say(key)}' for key in ("median", "worst"))
        key = f'<p class="note">{keys}</p>'
        return self._section("links", (key + drawn if drawn else "") + self._table(heads, rows, "lltttttl"))

    def _group(self, link: Link) -> str:
        say = self._say
        if link.link == "issued_answered":
            return f"{say('rank')} {link.rank} {say.value(link.group)}"
        if link.kind == "warning":
            return say.hazard(link.group, self._record.titles)
        return f"{say(link.kind)} {link.group}"

    def _figure(self, key: str, drawn: str, note: str = "") -> str:
        if not drawn:
            return ""
        levels = "".join(
            f'<span class="key fill-{level}"></span> {self._say.level(level)} '
            for level in ("blue", "yellow", "orange", "red")
        )
        said = f'<p class="note">{levels}{escape("· " + note) if note else ""}</p>'
        return self._section(key, said + drawn)

    def _scores(self) -> str:
        record, say = self._record, self._say
        if not record.scores:
            return ""
        heads = ("hazard", "level", "events", "hits", "late", "misses", "warnings", "false", "undecided")
        rows = [
            (
                escape(say.hazard(row.hazard, record.titles)),
                say.level(row.level),
                *(
                    f"{number:,}"
                    for number in (row.events, row.hits, row.late, row.misses, row.warnings, row.false_alarms)
                ),
                f"{row.undecided:,}",
                *(_share(figure) for figure in (row.pod, row.far, row.csi)),
                "–" if row.lead_min_median is None else f"{row.lead_min_median:.0f}",
            )
            for row in record.scores
        ]
        table = self._table((*heads, "=POD", "=FAR", "=CSI", "lead"), rows, "ll" + "t" * 11)
        unscored = "".join(f"<li>{escape(line)}</li>" for line in record.unscored[:ROWS_MAX])
        return self._section(
            "scores", table + (f"<ul>{unscored}</ul>" if unscored else ""), say("scores_note")
        )

    def _never(self) -> str:
        say = self._say
        heads = ("rank", "role", "who", "area", "asked_times", "first_asked", "level")
        rows = [
            (
                str(post.rank),
                escape(say.value(post.role)),
                escape(post.who),
                self._village(post.area),
                f"{post.n_asked:,}",
                self._clock(post.first_s),
                say.level(post.worst),
            )
            for post in self._record.never_answered
        ]
        return self._section("never", self._table(heads, rows, "tlllttl"))

    def _unreached(self) -> str:
        say = self._say
        rows = [
            (self._village(village.code), escape(door), escape(say.value(why)))
            for village in self._record.villages
            for door, why in village.unreached
        ]
        return self._section(
            "unreached", self._table(("village", "doors", "why"), rows, "lll"), say("unreached_note")
        )

    def _gauges(self) -> str:
        say = self._say
        heads = ("station", "silent_for", "silent_when", "late_readings", "late_mm", "speaks_for")
        rows = [
            (
                escape(gauge.station),
                say.duration(float(sum(end_s - begin_s for begin_s, end_s in gauge.silent)))
                if gauge.silent
                else "",
                ", ".join(f"{self._clock(begin_s)}–{self._clock(end_s)}" for begin_s, end_s in gauge.silent),
                f"{gauge.late_readings:,}" if gauge.late_readings else "",
                "" if gauge.late_mm is None or not gauge.late_readings else f"{gauge.late_mm:.1f}",
                f"{gauge.villages:,}",
            )
            for gauge in self._record.gauges
        ]
        return self._section("gauges", self._table(heads, rows, "ltlttt"))

    def _hidden(self) -> str:
        record, say = self._record, self._say
        if not record.hidden:
            return ""
        heads = ("at", "village", "why", "heard", "silent", "doubted", "late_readings", "difference")
        rows = []
        for moment in record.hidden:
            doubted = "; ".join(f"{key} ({', '.join(flags)})" for key, flags in moment.doubted.items())
            differences = "<br>".join(
                escape(difference_words(two, say, record.titles))
                for two in without_repeats(moment.differences)
            )
            rows.append(
                (
                    self._clock(moment.at_s),
                    self._village(moment.village),
                    escape(say.value(moment.why)),
                    f"{moment.heard:.0%}" + (f" {say('blind')}" if moment.is_blind else ""),
                    escape(", ".join(moment.silent)),
                    escape(doubted),
                    f"{moment.late_readings:,}" if moment.late_readings else "",
                    differences or say("nothing_hidden"),
                )
            )
        return self._section("hidden", self._table(heads, rows, "tllllltl"), say("hidden_note"))

    def _details(self) -> str:
        shown = [village for village in self._record.villages if village.warnings or village.asked]
        told = "".join(detail(village, self._record, self._say) for village in shown[:DETAILS_MAX])
        more = self._more(len(shown) - DETAILS_MAX)
        return self._section("details", told + more) if told else ""

    def _timeline(self) -> str:
        say, record = self._say, self._record
        heads = ("at", "what", "village", "hazard", "level", "who", "why")
        rows = [self._moment(moment) for moment in record.timeline[:TIMELINE_MAX]]
        table = self._table(heads, rows, "tllllll", n_max=TIMELINE_MAX)
        return self._section("timeline", table + self._more(len(record.timeline) - TIMELINE_MAX)) + (
            "" if rows else f"<p>{say('nothing')}</p>"
        )

    def _moment(self, one: Moment) -> tuple[str, ...]:
        say = self._say
        words = say.value(one.word) if one.kind not in ("alarm", "alarm_ended", "configuration") else one.word
        text = one.text_zh if say.tag == "zh" and one.text_zh else one.text
        text = say.value(text) if one.kind == "bulletin" else text
        return (
            self._clock(one.at_s),
            escape(" ".join(filter(None, (say.kind(one.kind), words)))),
            self._village(one.village),
            escape(say.hazard(one.hazard, self._record.titles)) if one.hazard else "",
            f'<span class="level {one.level}">{say.level(one.level)}</span>' if one.level else "",
            escape(one.who),
            escape(text),
        )

    def _more(self, n: int) -> str:
        return f'<p class="note">{self._say("more", n=f"{n:,}")}</p>' if n > 0 else ""

    def _section(self, key: str, content: str, note: str = "") -> str:
        said = f'<p class="note">{escape(note)}</p>' if note else ""
        return f'<section id="{key}"><h2>{escape(self._say(key))}</h2>{said}{content}</section>'

    def _table(
        self, heads: Sequence[str], rows: Sequence[Iterable[str]], sides: str, n_max: int = ROWS_MAX
    ) -> str:
        """Cells are HTML already; a head with ``=`` stands as it is; `sides`: l left, t right (figures)."""
        say = self._say
        if not rows:
            return f"<p>{escape(say('nothing'))}</p>"
        classes = [' class="t"' if side == "t" else "" for side in sides]
        head = "".join(
            f"<th{side}>{escape(key[1:] if key.startswith('=') else say(key))}</th>"
            for key, side in zip(heads, classes, strict=True)
        )
        body = "".join(
            "<tr>"
            + "".join(f"<td{side}>{cell}</td>" for cell, side in zip(row, classes, strict=True))
            + "</tr>"
            for row in rows[:n_max]
        )
        more = self._more(len(rows) - n_max) if n_max == ROWS_MAX else ""
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return f'<div class="wide">{table}</div>{more}'


def _share(number: float | None) -> str:
    return "–" if number is None else f"{number:.2f}"
