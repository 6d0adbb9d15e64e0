"""The record of an event, put together from what was told, asked, heard and measured."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import isnan
from pathlib import Path

from warnstream.adapters.audit.files import FOLDER as AUDIT
from warnstream.adapters.audit.files import year_files
from warnstream.adapters.audit.verify import verify
from warnstream.adapters.outbox.reader import read_sent_to_posts
from warnstream.config.settings import Configuration
from warnstream.model.level import Level, parse_level
from warnstream.model.warning import WarningMessage
from warnstream.review.events import Event
from warnstream.review.record.links import Passage, links_of
from warnstream.review.record.masking import Names
from warnstream.review.record.model import (
    Caveat,
    ConfigurationRecord,
    EventRecord,
    LevelStep,
    ScoreRow,
    VillageRecord,
    WarningRecord,
)
from warnstream.review.record.verdicts import Verdict, Verdicts, judge_each
from warnstream.review.verification import HazardScore, VerificationPolicy, score_warnings
from warnstream.runners.afterwards.gauges import Arrivals
from warnstream.runners.afterwards.hidden import Minute, look_behind
from warnstream.runners.afterwards.people import People
from warnstream.runners.afterwards.scope import Scope, ended_s, messages_in
from warnstream.runners.afterwards.timeline import timeline_of
from warnstream.runners.afterwards.told import OfMessage, Told
from warnstream.runners.explain.one_line import describe_reason


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the record comes from.

    `configuration` is that of `bundle` (0: CONFIG_DIR as it is now), `directory` the storage directory.
    """

    configuration: Configuration
    bundle: int
    directory: Path
    told: Told
    arrivals: Arrivals


@dataclass(frozen=True, slots=True)
class Asking:
    """How the record is to be: its question in words, names shown, events, minutes to look behind."""

    question: str
    names: Names
    events: list[Event] | None
    n_minutes: int


def record_of(
    sources: Sources, scope: Scope, asking: Asking, on_progress: Callable[[int], None]
) -> EventRecord:
    """Everything of the scope.

    Raises
    ------
    StoreError
        If outbox or audit cannot be read.
    """
    building = _Building(sources, scope, asking)
    return building.record(on_progress)


class _Building:
    def __init__(self, sources: Sources, scope: Scope, asking: Asking) -> None:
        self._sources, self._scope, self._asking = sources, scope, asking
        configuration = sources.configuration
        self._network = configuration.network
        self._warnings = messages_in(sources.told, scope)
        sent = read_sent_to_posts(sources.directory, scope.begin_s, scope.end_s)
        self._people = People(sources.told, scope, self._network, asking.names, sent)
        self._verdicts = Verdicts({}, {})
        self._scores: tuple[ScoreRow, ...] = ()
        self._unscored: tuple[str, ...] = ()
        if asking.events is not None:
            self._score(asking.events)

    def record(self, on_progress: Callable[[int], None]) -> EventRecord:
        sources, scope, asking = self._sources, self._scope, self._asking
        configuration, told = sources.configuration, sources.told
        villages = tuple(self._village(code) for code in self._codes())
        minutes, n_left_out = self._minutes(villages)
        hidden, faults = look_behind(configuration, sources.directory, minutes, on_progress)
        audit, n_faults = _audit(sources.directory)
        people = self._people
        caveats = [*self._caveats(n_left_out), *(Caveat("not_looked_at", fault) for fault in faults)]
        messages = [message for found in self._warnings.values() for message in found]
        return EventRecord(
            question=asking.question,
            begin_s=scope.begin_s,
            end_s=scope.end_s,
            node=configuration.node.name,
            time_zone=tuple(configuration.message.time_zone),
            clock=configuration.node.clock,
            names_shown=asking.names.is_shown,
            configurations=tuple(self._configurations()),
            bundle_used=sources.bundle,
            audit=audit,
            audit_faults=n_faults,
            titles={rule.name: (rule.title_zh, rule.title_en) for rule in configuration.rules},
            counts={
                "villages": len(villages),
                "warnings": len(self._warnings),
                "messages": len(messages),
                "bulletins": people.n_bulletins,
                "digests": people.n_digests,
                "posts_asked": people.n_asked,
                "doors": sum(village.doors for village in villages if village.bulletins),
                "doors_unreached": sum(len(village.unreached) for village in villages),
                "answers": people.n_answers,
            },
            links=links_of([*self._judged(), *people.passages()]),
            timeline=timeline_of(
                told, scope, asking.names, self._warnings, asking.events, people.concerned()
            ),
            villages=villages,
            never_answered=people.never_answered(),
            gauges=sources.arrivals.gauges(frozenset(village.code for village in villages)),
            hidden=tuple(hidden),
            scores=self._scores,
            unscored=self._unscored,
            caveats=tuple(caveats),
        )

    def _codes(self) -> list[str]:
        """Villages of the record: what stood worst first, then by code."""
        of_warnings = {messages[0].village for messages in self._warnings.values()}
        of_events = {code for code in self._verdicts.missed if self._scope.has(code)}
        asked = self._scope.villages or frozenset()
        codes = of_warnings | of_events | self._people.villages() | asked
        return sorted(codes, key=lambda code: (-self._worst(code), code))

    def _worst(self, code: str) -> Level:
        levels = [
            message.message.level
            for messages in self._warnings.values()
            for message in messages
            if message.village == code and self._scope.holds(message.message.sent_s)
        ]
        return max(levels, default=Level.NONE)

    def _village(self, code: str) -> VillageRecord:
        villages, people = self._network.villages, self._people
        number = villages.index_of_name().get(code)
        warnings = [
            _warning(messages, self._verdicts.of_warning.get(name))
            for name, messages in self._warnings.items()
            if messages[0].village == code
        ]
        return VillageRecord(
            code=code,
            name="" if number is None else villages.name[number],
            township="" if number is None else villages.township[number],
            worst=max((parse_level(warning.worst) for warning in warnings), default=Level.NONE).word,
            warnings=tuple(sorted(warnings, key=lambda one: one.issued_s)),
            bulletins=people.bulletins(code),
            doors=len(people.doors(code)),
            unreached=people.unreached(code),
            answers=people.answers_of_doors(code),
            asked=people.asked(code),
            missed=tuple(self._verdicts.missed.get(code, ())),
        )

    def _judged(self) -> Iterator[Passage]:
        """From the crossing to the step that found it, and on to the disk, of every measured rise."""
        is_one_clock = self._sources.configuration.node.clock == "system"
        for messages in self._warnings.values():
            for issued in messages:
                message = issued.message
                if not message.cause.rises or message.by_hand or not self._scope.holds(message.sent_s):
                    continue
                took_s = float(message.sent_s - message.crossed_at_s)
                yield Passage("crossed_judged", "warning", message.hazard, took_s, issued.village)
                if is_one_clock:
                    written_s = round(max(issued.written_at - message.sent_s, 0.0), 1)
                    yield Passage("judged_written", "warning", message.hazard, written_s, issued.village)

    def _score(self, events: list[Event]) -> None:
        configuration, villages = self._sources.configuration, self._network.villages
        number = villages.index_of_name()
        policy = VerificationPolicy(hazards=tuple(rule.name for rule in configuration.rules))
        issued: list[WarningMessage] = [
            replace(message.message, village=number[message.village])
            for message in self._sources.told.messages
            if message.message.warning in self._warnings and message.village in number
        ]
        concerned = [event for event in events if self._concerns(event)]
        verification = score_warnings(issued, concerned, villages, policy)
        self._verdicts = judge_each(issued, concerned, villages, policy)
        self._scores = tuple(
            _score_row(row) for row in verification.scores if row.hits + row.misses + row.warnings
        )
        self._unscored = tuple(f"{event.event}: {event.reason}" for event in verification.unscored)

    def _concerns(self, event: Event) -> bool:
        """Whether an event is one of the scope; one without a time is listed with its reason."""
        scope = self._scope
        if event.villages and not any(scope.has(code) for code in event.villages):
            return False
        begin_s, end_s = event.window_s or (event.at_s, event.at_s)
        if begin_s is None or end_s is None:
            return True
        return begin_s <= scope.end_s and end_s >= scope.begin_s

    def _minutes(self, villages: Sequence[VillageRecord]) -> tuple[list[Minute], int]:
        """The worst minutes to look behind, and how many there were beside them."""
        found: dict[tuple[int, str], list[tuple[Level, str]]] = {}
        at_s = {event.name: event.at_s for event in self._asking.events or ()}
        for village in villages:
            for name in village.missed:
                if (missed_s := at_s.get(name)) is not None:
                    found.setdefault((missed_s, "missed"), []).append((Level.RED, village.code))
            first_s = _first_worst_s(village, self._scope)
            if first_s is not None:
                found.setdefault((first_s, "worst"), []).append((parse_level(village.worst), village.code))
        minutes = [
            Minute(when_s, why, max(level for level, _ in of), tuple(code for _, code in of))
            for (when_s, why), of in found.items()
        ]
        minutes.sort(key=lambda one: (one.why != "missed", -one.level, -len(one.villages), one.at_s))
        n_minutes = self._asking.n_minutes
        return sorted(minutes[:n_minutes], key=lambda one: one.at_s), len(minutes[n_minutes:])

    def _configurations(self) -> Iterator[ConfigurationRecord]:
        """What ran in the scope, and what was running at its begin."""
        known = self._sources.told.configurations
        before = [number for number, (at_s, _) in enumerate(known) if at_s <= self._scope.begin_s]
        for at_s, entry in known[before[-1] if before else 0 :]:
            if at_s <= self._scope.end_s:
                since_s = at_s if at_s >= 0 else None
                yield ConfigurationRecord(
                    since_s, entry.bundle, entry.fingerprint, entry.version, str(entry.status)
                )

    def _caveats(self, n_left_out: int) -> Iterator[Caveat]:
        told, scope, sources = self._sources.told, self._scope, self._sources
        if told.begin_s > scope.begin_s:
            yield Caveat("journal_begins", str(told.begin_s))
        if told.end_s < scope.end_s:
            yield Caveat("journal_ends", str(told.end_s))
        if not sources.bundle:
            yield Caveat("no_bundle")
        if len({entry.fingerprint for entry in self._configurations()}) > 1:
            yield Caveat("configuration_changed")
        if sources.configuration.node.clock != "system":
            yield Caveat("two_clocks")
        if told.n_set_aside:
            yield Caveat("set_aside", str(told.n_set_aside))
        if n_left_out:
            yield Caveat("minutes_left_out", str(n_left_out))
        if self._asking.events is None:
            yield Caveat("no_events")


def _warning(messages: list[OfMessage], verdict: Verdict | None) -> WarningRecord:
    first = messages[0].message
    worst = max(
        (message.message for message in messages), key=lambda one: one.level
    )  # the first of its level
    return WarningRecord(
        warning=first.warning,
        hazard=first.hazard,
        worst=worst.level.word,
        crossed_s=first.crossed_at_s,
        issued_s=first.sent_s,
        ended_s=ended_s(messages),
        steps=tuple(
            LevelStep(message.message.sent_s, message.message.level.word, str(message.message.cause))
            for message in messages
            if message.message.level != message.message.previous
        ),
        reason="" if worst.reason is None else describe_reason(worst.reason),
        verdict="" if verdict is None else verdict.word,
        lead_min=None if verdict is None else verdict.lead_min,
    )


def _first_worst_s(village: VillageRecord, scope: Scope) -> int | None:
    """When the village was first told its worst level, within the scope."""
    steps = [step for warning in village.warnings for step in warning.steps if step.level == village.worst]
    return min((step.at_s for step in steps if scope.holds(step.at_s)), default=None)


def _score_row(row: HazardScore) -> ScoreRow:
    return ScoreRow(
        hazard=row.hazard,
        level=row.level.word,
        events=row.hits + row.misses,
        hits=row.hits,
        late=row.late,
        misses=row.misses,
        warnings=row.warnings,
        false_alarms=row.false_alarms,
        undecided=row.undecided,
        pod=_known(row.pod),
        far=_known(row.far),
        csi=_known(row.csi),
        lead_min_median=_known(row.lead_min_median),
    )


def _known(number: float) -> float | None:
    return None if isnan(number) else round(number, 4)


def _audit(directory: Path) -> tuple[str, int]:
    """Newest hash of the audit and how many faults it has; nothing where there is none."""
    folder = directory / AUDIT
    if not year_files(folder):
        return "", 0
    found = verify(folder, "")
    return found.head, len(found.faults)
