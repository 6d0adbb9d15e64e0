"""An explanation as a record: what ``warnstream explain --json`` and the HTTP interface give.

Times are UTC, unknown numbers null, levels words. Addresses of people are not
in it; posts are named by their codes, doors only counted.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict

import msgspec

from warnstream.adapters.http.models.explanation import (
    ComparisonRecord,
    ConditionRecord,
    DowngradeRecord,
    ExpectedRecord,
    ExplanationRecord,
    FactRecord,
    FindingRecord,
    GaugeRainRecord,
    GaugeRecord,
    HazardRecord,
    NextLevelRecord,
    PlaceRainRecord,
    PlaceRecord,
    RainAheadRecord,
    ReasonRecord,
    RelayedRecord,
    RuleLevelRecord,
    StandingRecord,
    VillageRecord,
)
from warnstream.assessment.explanation import (
    HazardView,
    PlaceFinding,
    PlaceView,
    StationView,
    VillageView,
)
from warnstream.config.wording import days_words
from warnstream.delivery.render import texts_of
from warnstream.delivery.texts import title_of
from warnstream.delivery.texts_en import ENGLISH
from warnstream.desk import WarningStatus
from warnstream.model.changes import Fact, Reason, Relayed
from warnstream.model.forecast import Expected
from warnstream.model.level import LEVELS, Level
from warnstream.model.observations.days import DayWindow
from warnstream.model.observations.station_quality import WHY
from warnstream.model.rules.comparison import Comparison, ConditionFound
from warnstream.model.rules.expressions import Group, Lasting, LevelTerm, SignTerm, Term
from warnstream.model.rules.expressions import Sequence as Following
from warnstream.model.times import HOUR_S, iso_local, iso_utc
from warnstream.model.warning import WarningMessage
from warnstream.runners.explain.records import sign_record
from warnstream.runners.explain.verdict import Verdict, Wording, describe_blindness

Record = dict[str, object]
"""JSON values."""


def view_record(
    configuration: Wording,
    view: VillageView,
    warnings: Sequence[tuple[WarningStatus, WarningMessage]],
    *,
    names_posts: bool = True,
) -> ExplanationRecord:
    """What decided on a village at one step, and the warnings that stood or had stood there.

    Without `names_posts` nobody is named: posts are counted, and what an operator wrote is left out.
    """
    villages, village = configuration.network.villages, view.village
    of_hazard = {warning.hazard: warning for warning, _ in warnings}
    return ExplanationRecord(
        village=VillageRecord(
            code=villages.code[village],
            name=villages.name[village],
            township=villages.township[village],
            county=villages.county[village],
        ),
        judged=iso_utc(view.now_s),
        answer=answer_of(configuration, view, warnings),
        hazards=[
            _hazard(
                configuration, view, hazard, _warning(of_hazard.get(hazard.hazard), names_posts=names_posts)
            )
            for hazard in view.hazards
        ],
        places=[_place(configuration, place) for place in view.places],
        signs=[sign_record(sign, villages.code, names_posts=names_posts) for sign in view.signs],
        forecast_failure=view.forecast_failure or None,
    )


def answer_of(
    configuration: Wording,
    view: VillageView,
    warnings: Iterable[tuple[WarningStatus, WarningMessage]],
) -> list[str]:
    """The short answer: what people were under, and what came nearest to a first level otherwise."""
    standing = [warning for warning, _ in warnings if warning.level > Level.NONE]
    said = [_stands(configuration, warning) for warning in sorted(standing, key=lambda one: -one.level)]
    told = {warning.hazard for warning in standing}
    for hazard in view.hazards:
        if hazard.standing.level and hazard.hazard not in told:
            said.append(f"{hazard.hazard}: {hazard.standing.level.word} is measured, no warning stands")
        if not hazard.adds_up:
            said.append(
                f"{hazard.hazard}: the explanation does not add up to the judgement; please report it"
            )
    if standing:
        return said + describe_blindness(view)
    verdicts = [Verdict(configuration, view, hazard) for hazard in view.hazards]
    nearest = [(verdict.nearest()[0].ahead.ratio, verdict) for verdict in verdicts if verdict.nearest()]
    said.append("no warning stood")
    if nearest and not any(hazard.standing.level for hazard in view.hazards):
        verdict = max(nearest, key=lambda one: one[0])[1]
        said.append(f"nearest: {verdict.rule.name} {verdict.why_not_higher()[0]}")
    return said + describe_blindness(view)


def message_record(configuration: Wording, message: WarningMessage, sent_en: str | None = None) -> Record:
    """A message as people were sent it; `sent_en` is the text that was sent, where that is known."""
    if sent_en is None:
        written = texts_of(message, configuration.network, configuration.rules, configuration.message)
        sent_en = written.texts[ENGLISH.tag].text
    return {
        "identifier": message.identifier,
        "hazard": message.hazard,
        "level": message.level.word,
        "previous": message.previous.word,
        "msg_type": message.msg_type.value,
        "cause": message.cause.value,
        "issued_at": iso_utc(message.sent_s),
        "crossed_at": iso_utc(message.crossed_at_s),
        "expires": iso_utc(message.expires_s),
        "blind": message.blind,
        "confirmed": message.confirmed,
        "reason": msgspec.to_builtins(reason_record(message.reason)),
        "text_en": sent_en,
    }


def reason_record(reason: Reason | None) -> ReasonRecord | None:
    """A reason with the names that warnings.jsonl uses."""
    if reason is None:
        return None
    return ReasonRecord(
        indicator=reason.indicator,
        station=reason.station,
        value=_number(reason.value),
        threshold=_number(reason.threshold),
        unit=reason.unit,
        duration_s=reason.duration_s,
        forecast_value=_number(reason.forecast_value),
        lead_s=reason.lead_s,
        coverage=_number(reason.coverage),
        confirmed=reason.confirmed,
        source=reason.source,
        zone=reason.zone,
        facts=[_fact(fact) for fact in reason.facts],
        ratio=None if reason.ratio is None else _number(reason.ratio),
        grid=reason.grid,
        gauge_value=_number(reason.gauge_value),
        certainty=reason.certainty,
        lone_gauge=reason.lone_gauge,
        relayed=_relayed(reason.relayed),
        observed_until=iso_utc(reason.observed_until_s),
        expected=_expected(reason.expected),
    )


def _expected(expected: Expected | None) -> ExpectedRecord | None:
    if expected is None:
        return None
    return ExpectedRecord(
        level=expected.level.word,
        share=expected.share,
        probability=round(expected.probability, 3),
        within_s=expected.within_s,
        onset_early_s=expected.onset_early_s,
        onset_s=expected.onset_s,
        source=expected.source,
        calibrated_on=expected.calibrated_on,
        model=expected.model,
        run_s=expected.run_s,
        amount_mm=expected.amount_mm,
    )


def _relayed(said: Relayed | None) -> RelayedRecord | None:
    if said is None:
        return None
    return RelayedRecord(
        issuer_zh=said.issuer_zh,
        issuer_en=said.issuer_en,
        signal_zh=said.signal_zh,
        signal_en=said.signal_en,
        sent=iso_utc(said.sent_s),
        sender=said.sender,
        identifier=said.identifier,
        event=said.event,
        headline=said.headline,
    )


def _fact(fact: Fact) -> FactRecord:
    return FactRecord(
        indicator=fact.indicator,
        station=fact.station,
        value=_number(fact.value),
        threshold=_number(fact.threshold),
        unit=fact.unit,
        duration_s=fact.duration_s,
        lead_s=fact.lead_s,
        held_since_s=fact.held_since_s,
        note=fact.note,
        coverage=_number(fact.coverage),
        grid=fact.grid,
    )


def _stands(configuration: Wording, one: WarningStatus) -> str:
    routing = configuration.routing
    doors = (
        "doors were told"
        if one.households_told
        else f"doors are told from {routing.household_level_min.word} on"
    )
    posts = f"posts called: {len(one.posts_called)}, answered: {len(one.posts_answered)}"
    if not one.posts_called:
        posts = f"posts are called from {routing.chain_level_min.word} on"
    crossed_at = iso_local(one.crossed_at_s, configuration.message.time_zone)
    hand = ""
    if (bound := one.bound) is not None:
        until = iso_local(bound.expires_s, configuration.message.time_zone)
        hand = (
            f"; by hand: {bound.kind} {bound.level.word} until {until} by {bound.author} ({bound.reason}), "
            f"the gauges say {one.found.word}"
        )
    return (
        f"{one.hazard} {one.level.word} stood ({one.state}), crossed at {crossed_at}; {doors}; {posts}{hand}"
    )


def _hazard(
    configuration: Wording, village: VillageView, view: HazardView, warning: StandingRecord | None
) -> HazardRecord:
    verdict = Verdict(configuration, village, view)
    rule, standing = verdict.rule, view.standing
    return HazardRecord(
        hazard=view.hazard,
        title=title_of(view.hazard, configuration.rules).en,
        evaluator=rule.evaluator,
        source=rule.source,
        level=standing.level.word,
        found=view.found.word,
        held_up=view.holds.word,
        why=verdict.why(),
        why_not_lower=verdict.why_not_lower(),
        why_not_higher=verdict.why_not_higher(),
        failure=view.failure or None,
        is_blind=view.is_blind,
        can_fall=view.can_fall,
        reached_at=_time(standing.reached_at_s),
        below_since=_time(standing.below_since_s),
        falls_at=_time(standing.falls_at_s),
        forecast_level_max=rule.forecast_level_max.word,
        lowering=DowngradeRecord(**asdict(rule.lowering)),
        reason=reason_record(view.reason),
        places=[
            _finding(configuration, verdict, place, speaks=number == view.speaks)
            for number, place in enumerate(view.places)
        ],
        adds_up=view.adds_up,
        warning=warning,
    )


def _warning(status: WarningStatus | None, *, names_posts: bool) -> StandingRecord | None:
    if status is None:
        return None
    record = StandingRecord(
        warning=status.warning,
        state=str(status.state),
        level=status.level.word,
        version=status.version,
        households_told=status.households_told,
        posts_called=len(status.posts_called),
        posts_answered=len(status.posts_answered),
        answer_by=iso_utc(status.answer_by_s) if status.answer_by_s else None,
    )
    if not names_posts:
        return record
    return msgspec.structs.replace(
        record,
        called=list(status.posts_called),
        answered=list(status.posts_answered),
        ended_or_affirmed_by=status.operator or None,
        note=status.note or None,
    )


def _finding(configuration: Wording, verdict: Verdict, place: PlaceFinding, *, speaks: bool) -> FindingRecord:
    return FindingRecord(
        zone=place.zone,
        level=place.level.word,
        speaks=speaks,
        note=place.note,
        comparisons=[_comparison(configuration, comparison) for comparison in place.comparisons],
        conditions=[
            RuleLevelRecord(
                condition.level.word,
                condition.words,
                *msgspec.structs.astuple(_condition(verdict, condition.found)),
            )
            for condition in place.conditions
        ],
    )


def _comparison(configuration: Wording, one: Comparison) -> ComparisonRecord:
    ahead = one.next_above(one.level)
    return ComparisonRecord(
        indicator=one.indicator.word,
        unit=one.indicator.info.unit,
        value=_number(one.value),
        duration_s=one.duration_s,
        lead_s=one.lead_s,
        forecast_value=_number(one.forecast_value),
        station=configuration.network.stations.code[one.station] if one.station >= 0 else "",
        coverage=_number(one.coverage),
        level=one.level.word,
        thresholds=_by_level(one.critical),
        clear_values=_by_level(one.clear),
        next=None
        if ahead is None
        else NextLevelRecord(ahead.level.word, _number(ahead.threshold), _number(ahead.ratio)),
        note=one.note,
    )


def _condition(verdict: Verdict, found: ConditionFound) -> ConditionRecord:
    condition = found.condition
    words = {Group: "", Lasting: "lasting", Following: "first, then"}.get(type(condition), "")
    if isinstance(condition, Group):
        words = "all" if condition.is_all else "any"
    elif isinstance(condition, Term):
        words = verdict.term(found)
    elif isinstance(condition, SignTerm):
        words = f"sign {condition.kind}{', validated' if condition.is_validated else ''}"
    elif isinstance(condition, LevelTerm):
        words = f"{condition.hazard} at {condition.level.word} or above"
    return ConditionRecord(
        condition=words,
        reached=found.is_reached,
        holding=found.is_holding,
        since=_time(found.since_s),
        parts=[_condition(verdict, part) for part in found.parts],
    )


def _place(configuration: Wording, place: PlaceView) -> PlaceRecord:
    windows = zip(place.window, place.rain_mm, place.coverage, place.grid, strict=True)
    return PlaceRecord(
        zone=place.zone,
        heard=_number(place.heard),
        blind=place.is_blind,
        partly_blind=place.is_partly_blind,
        rain=[
            PlaceRainRecord(*_window(window), _number(rain_mm), _number(coverage), grid)
            for window, rain_mm, coverage, grid in windows
        ],
        rain_ahead=[
            RainAheadRecord(lead_s, _number(rain_mm))
            for lead_s, rain_mm in zip(place.leads_s, place.ahead_mm, strict=True)
        ],
        soil_water_mm=_number(place.soil_water_mm),
        earlier_rain_coverage=_number(place.antecedent_coverage),
        stations=[_station(configuration, place.window, station) for station in place.stations],
    )


def _station(configuration: Wording, window: tuple[int | DayWindow, ...], one: StationView) -> GaugeRecord:
    return GaugeRecord(
        station=configuration.network.stations.code[one.station],
        state=station_state(one),
        weight=_number(one.weight),
        own_weight=_number(one.own_weight),
        distance_m=_number(one.distance_m),
        observed_at=_time(one.observed_at_s),
        flags=[flag.word for flag in one.flags],
        why_doubted=[WHY[flag] for flag in one.flags],
        confidence=_number(one.confidence),
        rain=[
            GaugeRainRecord(*_window(over), _number(rain_mm), _number(coverage), _number(unmeasured))
            for over, rain_mm, coverage, unmeasured in zip(
                window, one.rain_mm, one.coverage, one.unmeasured, strict=True
            )
        ],
    )


def station_state(one: StationView) -> str:
    """In a word: what a gauge said for its village."""
    if one.observed_at_s < 0:
        return "never reported"
    if not one.is_reporting:
        return "silent, its spare speaks" if one.is_usable else "silent"
    if one.confidence == 0.0:
        return "set aside, its spare speaks" if one.is_usable else "set aside"
    return "doubted" if one.confidence < 1.0 else "reports"


def _window(window: int | DayWindow) -> tuple[int, str | None]:
    """A duration, or whole days by their numbers: 0 is today so far."""
    if isinstance(window, DayWindow):
        return window.duration_s, days_words(window)
    return window, None


def _by_level(values: tuple[float, ...]) -> dict[str, float | None]:
    """Values by the word of the level; levels without one are left out."""
    return {
        level.word: _number(value)
        for level, value in zip(LEVELS, values, strict=False)
        if not math.isnan(value)
    }


def _time(time_s: int) -> str | None:
    return iso_utc(time_s) if time_s >= 0 else None


def _number(value: float) -> float | None:
    """A number that JSON can hold: rounded, unknown ones as None."""
    return round(float(value), 3) if math.isfinite(value) else None


def hour_of(record: Sequence[Record]) -> Record:
    """The window of one hour among those of a place or a station."""
    return next(sum_ for sum_ in record if sum_["duration_s"] == HOUR_S and sum_["days"] is None)
