"""研判一张单 of a month or a quarter: rain, warnings, gauges, judgement, risks, drills.

What nobody knows is said, and is never 0.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from warnstream.commands.sheets.periods.facts import Facts, Issued
from warnstream.commands.sheets.periods.rain import (
    OBSERVED_MIN,
    GaugeFigures,
    RainTables,
    stations_of_townships,
)
from warnstream.commands.sheets.risks import COLUMNS, by_day, cells_of
from warnstream.commands.sheets.sheet import Cell, Part, Sheet, Table
from warnstream.commands.sheets.words.say import Say
from warnstream.config.settings import Configuration
from warnstream.model.level import LEVELS
from warnstream.model.times import DAY_S, HOUR_S, clock_local, date_and_clock_local, parse_iso
from warnstream.model.warning import MessageStatus, WarningMessage
from warnstream.review.events import Event
from warnstream.review.verification import (
    ANY_HAZARD,
    HazardScore,
    Verification,
    VerificationPolicy,
    score_warnings,
)
from warnstream.runners.afterwards.long_run import STEP_S


def period_sheet(configuration: Configuration, facts: Facts, township: str | None, say: Say) -> Sheet:
    """The sheet of a period, of one township or of all."""
    made = _Making(configuration, facts, township, say)
    title = f"{say(facts.period.kind)} {facts.period.label}"
    tables = tuple(made.tables())
    part = Part(title, tuple(made.lines()), tables, notes=tuple(made.notes()))
    return Sheet(facts.period.kind, title, (part,))


@dataclass(frozen=True, slots=True)
class _Scored:
    """Events of the period by all warnings that may have been in time; its warnings by all events."""

    of_events: Verification
    of_warnings: Verification

    def rows(self) -> Iterator[tuple[HazardScore, HazardScore]]:
        """Of each hazard and level both."""
        return zip(self.of_events.scores, self.of_warnings.scores, strict=True)


class _Making:
    def __init__(self, configuration: Configuration, facts: Facts, township: str | None, say: Say) -> None:
        self._configuration, self._facts, self._say = configuration, facts, say
        villages = configuration.network.villages
        self._where = say("whole") if township is None else township
        townships = sorted(set(villages.township)) if township is None else [township]
        self._villages = [at for at, name in enumerate(villages.township) if name in set(townships)]
        self._stations_of = stations_of_townships(configuration, townships)
        self._figures: GaugeFigures | None = None
        if facts.gauges is not None:
            speaking = {station for some in self._stations_of.values() for station in some}
            n_stations = len(configuration.network.stations)
            own = range(n_stations) if township is None else sorted(speaking)
            self._figures = GaugeFigures(configuration, facts.gauges, list(own))
        self._issued = _of_villages(facts.issued, frozenset(self._villages))
        self._scored = self._score()

    def lines(self) -> Iterator[str]:
        """What the sheet is about, where its figures are from, and what is not known."""
        say, facts, period = self._say, self._facts, self._facts.period
        days = {"begin": period.edges[0], "end": period.last_day}
        yield say("period_line", label=period.label, where=self._where, n=len(self._villages), **days)
        yield from self._lines_of_rain()
        yield from self._lines_of_warnings()
        if facts.events is None:
            yield say("not_judged")
        elif self._scored is None:
            yield say("judged_nothing")
        else:
            yield say("judged", n=len(self._inside()))
            if self._scored.of_events.unscored:
                told = (f"{event.event}: {event.reason}" for event in self._scored.of_events.unscored)
                yield say("not_scored", events=say("join").join(told))
        if facts.risks is None:
            yield say("no_risks")

    def _lines_of_rain(self) -> Iterator[str]:
        say, found = self._say, self._facts.gauges
        if found is None:
            yield say("no_rain")
            return
        hours, recorded = (found.end_s - found.begin_s) / HOUR_S, found.recorded_s / HOUR_S
        share = f"{recorded / hours:.0%}"
        sources = say("comma").join(self._facts.archives)
        yield say("rain_from", sources=sources, hours=f"{hours:g}", recorded=f"{recorded:.1f}", share=share)
        if recorded < hours:
            yield say("rain_gap", hours=f"{hours - recorded:.1f}")

    def notes(self) -> Iterator[str]:
        """How figures of rain were worked out."""
        say, found = self._say, self._facts.gauges
        if found is None:
            return
        day_s = found.begin_s // DAY_S * DAY_S + self._configuration.windows.day_begins_s
        day = clock_local(day_s, self._zone)
        yield say("rain_how", share=f"{OBSERVED_MIN:.0%}")
        yield say("days_how", day=day)
        if found.refused:
            reasons = say("comma").join(f"{reason} {n}" for reason, n in sorted(found.refused.items()))
            yield say("refused", reasons=reasons)

    def _lines_of_warnings(self) -> Iterator[str]:
        say, issued = self._say, self._facts.issued
        if issued is None:
            yield say("no_warnings")
            return
        since = say("unknown")
        if issued.since_s is not None:
            since = date_and_clock_local(issued.since_s, self._zone)
        yield say("warnings_from", source=issued.source, since=since)
        if issued.since_s is not None and issued.since_s > self._facts.period.begin_s:
            yield say("warnings_gap", since=since)
        is_exercise = self._configuration.message.status is MessageStatus.EXERCISE
        if is_exercise:
            yield say("is_exercise")
        if issued.n_other:
            yield say("real_ones" if is_exercise else "exercises", n=issued.n_other)
        if issued.n_gone:
            yield say("gone", n=issued.n_gone)

    def tables(self) -> Iterator[Table]:
        """Everything that is known."""
        words = None if self._figures is None else RainTables(self._figures, self._say)
        if words is not None:
            yield words.by_township(self._stations_of)
        if len(self._facts.period.months) > 1:
            yield self._by_month()
        if self._issued is not None:
            yield self._by_hazard(self._issued.messages)
            yield self._by_township(self._issued.messages)
        if words is not None:
            yield words.silent()
            yield words.doubted()
        if self._scored is not None:
            yield self._scores(self._scored)
            yield self._missed(self._scored)
        if self._facts.risks is not None:
            yield self._risks()
        yield self._drills()
        if words is not None:
            yield words.by_gauge()

    @property
    def _zone(self) -> tuple[tuple[int, int], ...]:
        return self._configuration.message.time_zone

    def _by_month(self) -> Table:
        say, figures = self._say, self._figures
        columns = say.columns("month", "hours_recorded", "mean_mm", "hours_silent", "n_warnings", "red")
        rows: list[tuple[Cell, ...]] = []
        for name, begin_s, end_s in self._facts.period.months:
            rain: tuple[Cell, ...] = (say("unknown"),) * 3
            if figures is not None:
                found = figures.found
                first, end = ((at_s - found.begin_s) // STEP_S for at_s in (begin_s, end_s))
                mean = figures.mean_mm(self._speaking(), first, end)
                silent = float(found.is_silent[first:end][:, figures.own].sum()) * STEP_S / HOUR_S
                recorded = float(found.is_recorded[first:end].sum()) * STEP_S / HOUR_S
                rain = recorded, say("unknown") if mean is None else mean, silent
            warned: tuple[Cell, ...] = (say("unknown"),) * 2
            if self._issued is not None:
                opened = _warnings(self._issued.messages)
                began = [told for told in opened.values() if begin_s <= told[0].sent_s < end_s]
                warned = len(began), sum(_worst(told) == 4 for told in began)
            rows.append((name, *rain, *warned))
        return Table(say("months_table"), columns, rows)

    def _speaking(self) -> list[int]:
        return sorted({station for some in self._stations_of.values() for station in some})

    def _by_hazard(self, messages: Sequence[WarningMessage]) -> Table:
        say = self._say
        title = {rule.name: say.of((rule.title_zh, rule.title_en)) for rule in self._configuration.rules}
        keyed = {
            name: title.get(told[0].hazard, told[0].hazard) for name, told in _warnings(messages).items()
        }
        return self._counted("warnings_table", "hazard", messages, keyed)

    def _by_township(self, messages: Sequence[WarningMessage]) -> Table:
        township = self._configuration.network.villages.township
        keyed = {name: township[told[0].village] for name, told in _warnings(messages).items()}
        return self._counted("warnings_by_township", "township", messages, keyed)

    def _counted(
        self, heading: str, by: str, messages: Sequence[WarningMessage], key_of: dict[str, str]
    ) -> Table:
        say, warnings = self._say, _warnings(messages)
        levels = [level.word for level in LEVELS]
        columns = say.columns(by, *levels, "n_warnings", "village", "n_messages")
        rows: list[tuple[Cell, ...]] = []
        for key in sorted(set(key_of.values())):
            own = [warnings[name] for name in warnings if key_of[name] == key]
            worst = Counter(_worst(told) for told in own)
            n_villages = len({told[0].village for told in own})
            counts = (worst[int(level)] for level in LEVELS)
            rows.append((key, *counts, len(own), n_villages, sum(map(len, own))))
        return Table(say(heading), columns, rows, say("no_warning_opened"))

    def _inside(self) -> list[Event]:
        """Events of the period and the area; one without a time is listed with its reason."""
        period, villages = self._facts.period, self._configuration.network.villages
        codes = {villages.code[at] for at in self._villages}
        return [
            event
            for event in self._facts.events or ()
            if _begins_in(event.window_s, event.at_s, period.begin_s, period.end_s)
            and (not event.villages or codes & set(event.villages))
        ]

    def _score(self) -> _Scored | None:
        events, issued = self._facts.events, self._issued
        if events is None or issued is None:
            return None
        villages = self._configuration.network.villages
        policy = VerificationPolicy(hazards=tuple(rule.name for rule in self._configuration.rules))
        every = [*issued.before, *issued.messages]
        return _Scored(
            score_warnings(every, self._inside(), villages, policy),
            score_warnings(list(issued.messages), events, villages, policy),
        )

    def _scores(self, scored: _Scored) -> Table:
        say = self._say
        title = {rule.name: say.of((rule.title_zh, rule.title_en)) for rule in self._configuration.rules}
        columns = say.columns(
            "hazard", "level", "events", "hits", "late", "misses", "n_warnings", "false_alarms",
            "undecided_warnings",
        )  # fmt: skip
        rows = [
            (
                title[of.hazard],
                say(of.level.word),
                of.hits + of.misses,
                of.hits,
                of.late,
                of.misses,
                own.warnings,
                own.false_alarms,
                own.undecided,
            )
            for of, own in scored.rows()
            if of.hazard != ANY_HAZARD and of.hits + of.misses + own.warnings
        ]
        return Table(say("scores_table"), columns, rows)

    def _missed(self, scored: _Scored) -> Table:
        """Events that no warning of any level was in time for."""
        say, events = self._say, {event.name: event for event in self._facts.events or ()}
        found: dict[str, bool] = {}
        for row in scored.of_events.scores:
            if row.hazard == ANY_HAZARD:
                for outcome in row.outcomes:
                    was_hit = outcome.lead_min is not None
                    found[outcome.event] = found.get(outcome.event, False) or was_hit
        rows = [
            (name, events[name].time, events[name].kind, say("comma").join(events[name].villages))
            for name, was_hit in found.items()
            if not was_hit
        ]
        columns = say.columns("event", "time", "kind", "village")
        return Table(say("missed_table"), columns, rows, say("nothing_missed"))

    def _risks(self) -> Table:
        """Those that were open at the end of the period."""
        say, villages, day = self._say, self._configuration.network.villages, self._facts.period.last_day
        codes = {villages.code[at] for at in self._villages}
        opened = [
            risk
            for risk in by_day(self._facts.risks or ())
            if risk.village in codes and _was_open(risk.found, risk.closed, day)
        ]
        rows = [(*cells_of(risk, villages, say), max((day - risk.due).days, 0)) for risk in opened]
        return Table(say("open_risks", day=day), say.columns(*COLUMNS, "days_over"), rows)

    def _drills(self) -> Table:
        say, codes = self._say, {self._configuration.network.villages.code[at] for at in self._villages}
        columns = say.columns("drill", "begun", "reason", "villages_in", "doors_answered", "posts_answered")
        rows: list[tuple[Cell, ...]] = []
        for drill in self._facts.drills:
            own = [village for village in drill.villages if village.village in codes]
            if own:
                doors = f"{sum(place.doors_answered for place in own)}/{sum(place.doors for place in own)}"
                posts = [post for place in own for post in place.posts]
                answered = sum(post.answered_after_s is not None for post in posts)
                begun = date_and_clock_local(parse_iso(drill.begun), self._zone)
                reached = f"{answered}/{len(posts)}"
                rows.append((drill.drill, begun, drill.reason, len(own), doors, reached))
        return Table(say("drills_table"), columns, rows, say("no_drills"))


def _of_villages(issued: Issued | None, villages: frozenset[int]) -> Issued | None:
    if issued is None:
        return None
    own, before = (
        tuple(message for message in some if message.village in villages)
        for some in (issued.messages, issued.before)
    )
    return replace(issued, messages=own, before=before)


def _warnings(messages: Sequence[WarningMessage]) -> dict[str, list[WarningMessage]]:
    found: dict[str, list[WarningMessage]] = {}
    for message in messages:
        found.setdefault(message.warning, []).append(message)
    return found


def _worst(messages: Sequence[WarningMessage]) -> int:
    return max(int(message.level) for message in messages)


def _was_open(found: date | None, closed: date | None, day: date) -> bool:
    return (found is None or found <= day) and (closed is None or closed > day)


def _begins_in(window_s: tuple[int, int] | None, at_s: int | None, begin_s: int, end_s: int) -> bool:
    """Whether an event is one of a period; one without a time is listed with its reason."""
    first_s = at_s if window_s is None else window_s[0]
    return first_s is None or begin_s <= first_s < end_s
