"""What ``warnstream review`` is asked: ``WARNING``, ``VILLAGE DAY`` or ``BEGIN/END``."""

import re
from collections.abc import Sequence

from warnstream.commands.explain import find_village
from warnstream.config.settings import Configuration
from warnstream.model.errors import WarnstreamError
from warnstream.model.times import DAY_S, HOUR_S, TimeZone, iso_utc, local_to_utc_s, parse_iso
from warnstream.runners.afterwards.scope import Scope
from warnstream.runners.afterwards.told import Told

BEFORE_S = 2 * HOUR_S
"""A warning is reviewed from so long before its first message."""

DAYS_MAX = 31

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def scope_of(asked: Sequence[str], configuration: Configuration, told: Told) -> Scope:
    """Read the question.

    Parameters
    ----------
    asked : sequence of str
        One or two words of the command line.
    configuration : Configuration
    told : Told
        What the journal has.

    Raises
    ------
    WarnstreamError
        If it is no question, or is about what the journal does not have; says what it has.
    """
    if len(asked) == 2:
        return _village_day(asked[0], asked[1], configuration)
    (one,) = asked
    if "/" in one:
        return _stretch(one)
    return _warning(one, told)


def _village_day(village: str, day: str, configuration: Configuration) -> Scope:
    villages = configuration.network.villages
    code = villages.code[find_village(villages, village)]
    begin_s = _day(day, configuration.message.time_zone)
    return Scope(begin_s, begin_s + DAY_S - 1, frozenset([code]))


def _day(text: str, time_zone: TimeZone) -> int:
    """First second of a day of the local clock."""
    fault = WarnstreamError(f"{text!r}: expected a day of the local clock, such as 2026-06-18")
    if not _DAY.fullmatch(text):
        raise fault
    try:
        return local_to_utc_s(parse_iso(f"{text}T00:00:00Z"), time_zone)
    except ValueError:
        raise fault from None


def _stretch(text: str) -> Scope:
    try:
        begin_s, end_s = map(parse_iso, text.split("/"))
    except ValueError as error:
        form = "expected BEGIN/END such as 2026-06-18T14:00+08:00/2026-06-18T22:00+08:00"
        raise WarnstreamError(f"{text!r}: {form}; {error}") from None
    if not begin_s < end_s <= begin_s + DAYS_MAX * DAY_S:
        raise WarnstreamError(f"{text!r}: expected END after BEGIN, by at most {DAYS_MAX} days")
    return Scope(begin_s, end_s)


def _warning(name: str, told: Told) -> Scope:
    messages = [
        issued for issued in told.messages if name in (issued.message.warning, issued.message.identifier)
    ]
    if not messages:
        covered = f"the journal covers {iso_utc(told.begin_s)} to {iso_utc(told.end_s)}"
        n_warnings = len({issued.message.warning for issued in told.messages})
        raise WarnstreamError(
            f"no warning {name!r} among {n_warnings}; {covered}. "
            "Expected the name of a warning, VILLAGE DAY, or BEGIN/END"
        )
    first, last = messages[0], messages[-1]
    return Scope(
        first.message.sent_s - BEFORE_S,
        max(last.message.sent_s, min(last.message.expires_s, told.end_s)),
        frozenset([first.village]),
        first.message.warning,
    )
