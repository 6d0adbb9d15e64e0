"""One warning message in one line, for terminals: when, what, where, and why."""

from warnstream.config.settings import Configuration
from warnstream.model.changes import SILENT_RAISER, Reason
from warnstream.model.times import DAY_S, HOUR_S, MINUTE_S, clock_local, iso_utc
from warnstream.model.warning import WarningMessage


def describe(message: WarningMessage, configuration: Configuration) -> str:
    """A line such as ``18:15 Alert orange landslide Gavea: gavea 41.2 mm in 1 h >= 40``."""
    village = configuration.network.villages.name[message.village]
    clock = clock_local(message.crossed_at_s, configuration.message.time_zone)
    text = f"{clock} {message.msg_type} {message.level.word} {message.hazard} {village}"
    return text if message.reason is None else f"{text}: {describe_reason(message.reason)}"


def describe_reason(reason: Reason) -> str:
    """What was measured against which threshold, such as ``gavea 41.2 mm in 1 h >= 40``."""
    window = f" in {describe_duration(reason.duration_s)}" if reason.duration_s else ""
    zone = f"{reason.zone}: " if reason.zone else ""
    if (said := reason.relayed) is not None:
        return f"{zone}{said.issuer_en}: {said.signal_en} of {iso_utc(said.sent_s)} ({said.identifier})"
    if reason.indicator in {"sign", "level"}:
        seen = ", ".join(f"{fact.indicator} {fact.note}" for fact in reason.facts)
        return f"{zone}{seen}{'' if reason.confirmed else ', not validated'}"
    if reason.indicator == SILENT_RAISER:
        return f"{zone}not confirmed, silent: {', '.join(fact.station for fact in reason.facts)}"
    who = reason.grid or reason.station
    expected = reason.expected
    if expected is not None and expected.amount_mm:
        ahead, run = describe_duration(expected.within_s), iso_utc(expected.run_s)
        amount = f"{expected.amount_mm:g} mm in the next {ahead}"
        return f"{zone}{expected.model} gives {amount} {expected.probability:.0%} (run of {run})"
    relation = ">=" if expected is None else f"of {expected.level.word} expected at"
    text = f"{zone}{who} {reason.value:g} {reason.unit}{window} {relation} {reason.threshold:g}"
    if expected is not None and expected.share:
        text += f" (from {expected.share:.0%} of it on)"
    if expected is not None and expected.probability:
        text += f" ({expected.probability:.0%} within {describe_duration(expected.within_s)})"
    if reason.coverage < 0.995:
        text += f" ({reason.coverage:.0%} observed)"
    if reason.is_observed or expected is not None:
        return text
    return f"{text}, {reason.forecast_value:g} of it expected within {reason.lead_s // HOUR_S} h"


def describe_duration(duration_s: int) -> str:
    """Days from four on, hours, or minutes below one hour."""
    if duration_s > 3 * DAY_S and duration_s % DAY_S == 0:
        return f"{duration_s // DAY_S} d"
    return f"{duration_s / HOUR_S:g} h" if duration_s >= HOUR_S else f"{duration_s // MINUTE_S} min"
