"""English texts: the same as the Chinese ones, in the same order, without a limit of length."""

from warnstream.delivery.texts import (
    NAME_MAX,
    Language,
    MessageParts,
    PlainWords,
    ReasonParts,
    Texts,
    clean,
    indicator_info,
    number,
    short,
)
from warnstream.model.changes import SILENT_RAISER, UNEXPLAINED, Relayed
from warnstream.model.forecast import Expected
from warnstream.model.level import Level
from warnstream.model.times import DAY_S, HOUR_S, MINUTE_S, TimeZone, clock_local, iso_local
from warnstream.model.warning import Cause

LONG_NAME_MAX = 3 * NAME_MAX
"""Latin letters are narrow: a name may have more of them."""

MARK = "[EXERCISE] "
ONE_GAUGE = "One gauge, not confirmed. "
BY_RADAR = ("radar", "radar and gauges")
AND_MODEL = " and model"
"""Sources of a probability that are named."""
COLOUR = ("none", "BLUE", "YELLOW", "ORANGE", "RED")
MONTH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ACTION = {
    Level.BLUE: "Stay alert and keep away from streams and steep slopes",
    Level.YELLOW: "Get ready, pack essentials, keep away from streams and steep slopes",
    Level.ORANGE: "PREPARE TO LEAVE: the old, children and the sick leave first, all others be ready to go",
    Level.RED: "LEAVE NOW: take the evacuation route to the shelter at once, do not go back for belongings",
}
ALL_CLEAR = "ALL CLEAR: return when your village officers say so, beware of standing water and slides"
EVENT = {
    Cause.FIRST: "issued",
    Cause.RAISED: "raised",
    Cause.LOWERED: "lowered",
    Cause.ISSUED_BY_HAND: "issued",
    Cause.RAISED_BY_HAND: "raised",
    Cause.LOWERED_BY_HAND: "lowered",
    Cause.RENEWED: "still in force",
    Cause.SIGHT_LOST: "held",
    Cause.SIGHT_REGAINED: "still in force",
    Cause.ENDED: "ended",
    Cause.CANCELLED: "ended",
}
DOUBT = {
    "faulty_zero": "doubted: faulty zero",
    "contradicted": "doubted: no rain while its spare is wet",
    "stuck": "doubted: stuck",
    "silent": "silent",
}
"""Why a gauge gave way to its spare, by `Fact.note`."""
UNKNOWN = "unknown"
RELAYED_ENDED = "The warning of its issuer has been cancelled or has expired."
RELAYED_MAX = 60
"""Characters of an issuer's name and of a signal's."""


def texts(parts: MessageParts) -> Texts:
    """English texts of a message."""
    message = parts.message
    mark = MARK if parts.is_exercise else ""
    mark += ONE_GAUGE if parts.is_of_one_gauge else ""
    event = parts.event.en
    names = (parts.village, parts.township, parts.county)
    place = ", ".join(part for name in names if (part := short(name, LONG_NAME_MAX)))
    warning = f"{short(event, LONG_NAME_MAX)} {COLOUR[parts.level]} warning"
    verb = EVENT[message.cause]
    action = ALL_CLEAR if parts.is_end else ACTION[message.level]
    why = _why(parts)
    until = "" if parts.is_end else f" Valid until {_until(message.expires_s, parts.time_zone)}."
    text = f"{mark}{action}. {place}: {warning} (grade {parts.level.official_grade}) {verb}. {why}{until}"
    headline = f"{mark}{parts.sender}: {warning} for {place} {verb}"
    return Texts(event, place, headline, why, f"{mark}{action}", text)


ENGLISH = Language(
    tag="en",
    texts=texts,
    plain=PlainWords(
        mark=MARK,
        warning=" warning",
        stop=". ",
        colours=COLOUR,
        actions=(
            ALL_CLEAR,
            ACTION[Level.BLUE],
            ACTION[Level.YELLOW],
            ACTION[Level.ORANGE],
            ACTION[Level.RED],
        ),
    ),
)


def _why(parts: MessageParts) -> str:
    cause = parts.message.cause
    if cause is Cause.CANCELLED:
        return "Ended by the duty officer."
    if parts.message.by_hand:
        verb = EVENT[cause if cause.is_by_hand else Cause.ISSUED_BY_HAND]
        return f"{verb.capitalize()} by the duty officer."
    if cause is Cause.ENDED:
        return _ended(parts)
    if parts.message.blind:
        return "The gauges are silent: nobody can confirm an improvement, the level is held."
    resumed = "The gauges report again. " if cause is Cause.SIGHT_REGAINED else ""
    resumed += _unaffirmed(parts)
    if parts.reason is None:
        return f"{resumed}Measurements are falling."
    return _deadline(parts) + resumed + reason_text(parts.reason)


def _ended(parts: MessageParts) -> str:
    """Why a warning has ended by itself."""
    if parts.is_relayed:
        return RELAYED_ENDED
    silent = _silent_raisers(parts.reason) if parts.reason is not None else ""
    return f"Measurements are below the warning values again.{silent}"


def _unaffirmed(parts: MessageParts) -> str:
    hours = parts.unaffirmed_h
    return f"Prolonged automatically for {hours} h, to be confirmed by the duty officer. " if hours else ""


def _deadline(parts: MessageParts) -> str:
    if parts.deadline_s is None:
        return ""
    if parts.is_deadline_past:
        return "The time to leave in safety is running out: go now. "
    return f"All who must leave are to be away by {_until(parts.deadline_s, parts.time_zone)}. "


def reason_text(parts: ReasonParts) -> str:
    """Why, in whole sentences."""
    if parts.reason.indicator == UNEXPLAINED:
        return "A warning value has been reached; by how much cannot be told now, unconfirmed."
    if (said := parts.reason.relayed) is not None:
        return relayed_text(said, parts.clock)
    silent = _silent_raisers(parts)
    if parts.reason.indicator == SILENT_RAISER:
        return f"Measurements are falling.{silent}"
    signs = _signs(parts)
    info = indicator_info(parts.reason.indicator)
    if info is None or not info.words_en:
        return signs or "The warning level of another hazard has been reached."
    others = f"{_others(parts)}{_travel(parts)}{_spare(parts)}{silent}"
    return f"{_measured(parts)}{others}{' ' if signs else ''}{signs}"


def relayed_text(said: Relayed, clock: str) -> str:
    """Whose signal it is, and when it was issued."""
    issuer, signal = clean(said.issuer_en)[:RELAYED_MAX], clean(said.signal_en)[:RELAYED_MAX]
    return f"{issuer}, {clock}: {signal}."


def _signs(parts: ReasonParts) -> str:
    if not parts.signs:
        return ""
    known = "validated" if parts.reason.confirmed else "not yet validated"
    names = ", ".join(short(sign.en, LONG_NAME_MAX) for sign in parts.signs)
    return f"People have seen: {names} ({parts.clock}, {known})."


def _travel(parts: ReasonParts) -> str:
    way = next(iter(parts.facts_of("travel")), None)
    if way is None:
        return ""
    least, most = number(way.value, UNKNOWN), number(way.threshold, UNKNOWN)
    return f" The flood takes {least} to {most} min from that gauge."


def _others(parts: ReasonParts) -> str:
    others = [
        what
        for fact in parts.reason.facts[1:]
        if (
            what := _what(
                fact.indicator, f"{number(fact.value, UNKNOWN)} {fact.unit}".strip(), fact.duration_s
            )
        )
    ]
    return f" Also: {'; '.join(others)}." if others else ""


def _what(indicator: str, value: str, duration_s: int) -> str:
    """What was measured, with its value; empty where nothing was."""
    info = indicator_info(indicator)
    if info is None:
        return ""
    return info.words_en.format(value=value, over=_duration(duration_s), days=duration_s // DAY_S)


def _spare(parts: ReasonParts) -> str:
    found = ""
    for fact in parts.reason.facts:
        station = short(fact.station, LONG_NAME_MAX)
        if fact.indicator == "replaced":
            found += f" Main gauge {station} {DOUBT.get(fact.note, 'doubted')}; its spare is used."
        elif fact.indicator == "spare":
            found += f" Its spare {station} measured {number(fact.value, UNKNOWN)} {short(fact.unit)}."
    return found


def _silent_raisers(parts: ReasonParts) -> str:
    return "".join(
        f" Not confirmed: {short(fact.station, LONG_NAME_MAX)} has been silent since "
        f"{clock_local(fact.held_since_s, parts.time_zone)} "
        f"(last {number(fact.value, UNKNOWN)} {short(fact.unit)})."
        for fact in parts.facts_of(SILENT_RAISER)
    )


def _measured(parts: ReasonParts) -> str:
    reason = parts.reason
    where = _where(parts)
    if clean(reason.zone):
        where = f"{where} for {short(reason.zone, LONG_NAME_MAX)}"
    unit = short(reason.unit)
    value, threshold = number(reason.value, UNKNOWN), number(reason.threshold, UNKNOWN)
    what = _what(reason.indicator, f"{value} {unit}", reason.duration_s)
    silent = ": the gauges are silent" if clean(reason.grid) else ""
    doubt = "" if reason.confirmed else f", unconfirmed{silent}"
    if parts.is_seen:
        verb = "reached" if parts.reaches else "close to"
        return f"{where}: {what}, {verb} the threshold of {threshold} {unit} (observed {parts.clock}{doubt})."
    if reason.expected is not None and reason.expected.amount_mm:
        return _by_model(parts, reason.expected, doubt)
    if reason.expected is not None:
        return f"{where}: {what}{_expected(parts, reason.expected, doubt)}"
    ahead = number(reason.forecast_value, UNKNOWN)
    return (
        f"Expected within {_duration(reason.lead_s)} at {where[0].lower()}{where[1:]}: {what} "
        f"({ahead} {unit} of it forecast), threshold {threshold} {unit} (forecast of {parts.clock}{doubt})."
    )


def _expected(parts: ReasonParts, expected: Expected, doubt: str) -> str:
    """What has not been reached, and why it is expected all the same."""
    reason = parts.reason
    threshold = f"{number(reason.threshold, UNKNOWN)} {short(reason.unit)} of {expected.level.word}"
    share = f"{reason.value / reason.threshold:.0%}" if reason.threshold > 0 else UNKNOWN
    if expected.probability:
        known = f", by {seen}" if (seen := _seen_by(expected)) in BY_RADAR else ""
        known += f", {_run(parts, expected)}" if expected.model else ""
        known += "" if expected.calibrated_on else ", not calibrated here"
        early = clock_local(reason.observed_until_s + max(expected.onset_early_s, 0), parts.time_zone)
        when = f", at the earliest about {early}" if expected.onset_early_s >= 0 else ""
        return (
            f"; the threshold of {threshold} has not been reached, it will be within "
            f"{_duration(expected.within_s)} with a probability of {expected.probability:.0%}{when} "
            f"(observed {parts.clock}{doubt}{known})."
        )
    return (
        f", {share} of the threshold of {threshold}, which has not been reached "
        f"(observed {parts.clock}{doubt})."
    )


def _by_model(parts: ReasonParts, expected: Expected, doubt: str) -> str:
    """What a weather model makes probable; nothing of it has been observed."""
    zone = f" for {short(parts.reason.zone, LONG_NAME_MAX)}" if clean(parts.reason.zone) else ""
    known = "" if expected.calibrated_on else ", not calibrated here"
    amount = f"{number(expected.amount_mm, UNKNOWN)} mm or more"
    return (
        f"Forecast {short(expected.model)}{zone}: {amount} in the next "
        f"{_duration(expected.within_s)} with a probability of {expected.probability:.0%} "
        f"({_run(parts, expected)}{known}{doubt})."
    )


def _run(parts: ReasonParts, expected: Expected) -> str:
    age_h = (parts.reason.observed_until_s - expected.run_s) // HOUR_S
    return f"model run of {clock_local(expected.run_s, parts.time_zone)}, {age_h} h old"


def _seen_by(expected: Expected) -> str:
    """Source of what is seen now; empty of what a model alone says."""
    return expected.source.partition(AND_MODEL)[0]


def _where(parts: ReasonParts) -> str:
    reason = parts.reason
    if clean(reason.grid):
        gauges_mm = number(reason.gauge_value, UNKNOWN)
        before = f" after {gauges_mm} mm at gauges" if reason.gauge_value > 0 else ""
        return f"Rain grid {short(reason.grid, LONG_NAME_MAX)}{before}"
    station = short(reason.station, LONG_NAME_MAX)
    return f"Gauge {station}" if station else "Nearby gauges"


def _duration(duration_s: int) -> str:
    if duration_s > 3 * DAY_S and duration_s % DAY_S == 0:
        return f"{duration_s // DAY_S} days"
    whole = duration_s % HOUR_S == 0
    return f"{duration_s // HOUR_S} h" if whole else f"{duration_s // MINUTE_S} min"


def _until(time_s: int, time_zone: TimeZone) -> str:
    date = iso_local(time_s, time_zone)
    return f"{clock_local(time_s, time_zone)} on {int(date[8:10])} {MONTH[int(date[5:7]) - 1]}"
