"""Times of frames: CF times of any calendar -> seconds UTC, intervals of whole minutes.

Files write times as whole numbers or as floats; a float of days holds 08:20 a few
microseconds too early, one of single precision up to two seconds off. Such times
are rounded to the second, and to a whole minute from that near.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from warnstream.adapters.grids.content import GridFileError, needs
from warnstream.config.settings import GridSettings
from warnstream.model.arrays import Int64Array
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.times import HOUR_S, MINUTE_S

STANDARD = ("standard", "gregorian", "proleptic_gregorian")
BY_LABEL = ("noleap", "365_day", "all_leap", "366_day", "360_day")
"""Calendars of models, without a moment of their own: their dates are taken as dates of ours."""
CALENDARS = (*STANDARD, "julian", *BY_LABEL)

_SLACK_S = 2


def seconds(values: Any, attributes: Mapping[str, Any], name: str) -> Int64Array:
    """UTC seconds since 1970 of CF times, shape (n,).

    Parameters
    ----------
    values : array
        Numbers as the file has them.
    attributes : mapping
        ``units`` and ``calendar``.
    name : str
        Of the variable, for errors.

    Raises
    ------
    GridFileError
        If they are no times, a time is missing, or the calendar is unknown or needs cftime.
    """
    numbers = np.atleast_1d(np.asarray(values))
    units, calendar = attributes.get("units"), str(attributes.get("calendar", "standard")).lower()
    if not isinstance(units, str) or " since " not in units or numbers.dtype.kind not in "iuf":
        detail = f"{name} is no time of the standard calendar or another (units {units!r})"
        raise GridFileError(RefusalReason.BAD_TIME, detail)
    if calendar not in CALENDARS:
        expected = f"calendar {calendar!r} of {name}, expected one of {', '.join(CALENDARS)}"
        raise GridFileError(RefusalReason.BAD_TIME, expected)
    if numbers.dtype.kind == "f" and not np.isfinite(numbers).all():
        raise GridFileError(RefusalReason.BAD_TIME, f"{name} has a missing time")
    decode = _standard_s if calendar in STANDARD else _foreign_s
    try:
        found = decode(numbers, units, calendar)
    except (ValueError, OverflowError) as error:
        raise GridFileError(RefusalReason.BAD_TIME, f"{name}: {error} (units {units!r})") from error
    return _near_minutes(found) if numbers.dtype.kind == "f" else found


def _standard_s(numbers: Any, units: str, calendar: str) -> Int64Array:
    import xarray as xr

    coded = xr.Dataset({"time": ("n", numbers.ravel(), {"units": units, "calendar": calendar})})
    moments = xr.decode_cf(coded, decode_timedelta=False)["time"].to_numpy()
    if not np.issubdtype(moments.dtype, np.datetime64) or np.isnat(moments).any():
        raise ValueError("no time between 1678 and 2262")
    nanoseconds = moments.astype("datetime64[ns]").astype(np.int64)
    return _whole((nanoseconds + 500_000_000) // 1_000_000_000)


def _foreign_s(numbers: Any, units: str, calendar: str) -> Int64Array:
    try:
        import cftime
    except ImportError:
        raise needs("cftime", f"times of the calendar {calendar}") from None
    found = []
    for date in np.atleast_1d(cftime.num2date(numbers.ravel(), units, calendar)):
        ours = date.change_calendar("proleptic_gregorian") if calendar == "julian" else date
        try:
            day = np.datetime64(f"{ours.year:04d}-{ours.month:02d}-{ours.day:02d}", "s").astype(np.int64)
        except ValueError:
            raise ValueError(f"{date} of the calendar {calendar} is no day of ours") from None
        of_day = ours.hour * HOUR_S + ours.minute * MINUTE_S + ours.second + (ours.microsecond >= 500_000)
        found.append(int(day) + of_day)
    return _whole(found)


def _whole(numbers: Any) -> Int64Array:
    whole: Int64Array = np.asarray(numbers, dtype=np.int64)
    return whole


def _near_minutes(times_s: Int64Array) -> Int64Array:
    """Times of floats: a whole minute within the slack is meant."""
    minute_s = (times_s + MINUTE_S // 2) // MINUTE_S * MINUTE_S
    return np.where(np.abs(times_s - minute_s) <= _SLACK_S, minute_s, times_s)


def intervals(
    times_s: Int64Array, bounds_s: Int64Array | None, settings: GridSettings
) -> tuple[Int64Array, Int64Array]:
    """End and length of each frame's interval in seconds, shape (n_frames,) each.

    Parameters
    ----------
    times_s : Int64Array, shape (n_frames,)
    bounds_s : Int64Array, shape (n_frames, 2), or None
        Begin and end, where the file has them; they count before `settings`.
    settings : GridSettings

    Raises
    ------
    GridFileError
        If nothing tells the length, or begin or end is within a minute.
    """
    if bounds_s is not None:
        return _checked(bounds_s[:, 1], bounds_s[:, 1] - bounds_s[:, 0])
    if settings.interval_s is None:
        detail = "no bounds of time: expected them in the file, or `interval` in warnstream.yaml"
        raise GridFileError(RefusalReason.BAD_TIME, detail)
    length_s = np.full(len(times_s), settings.interval_s, dtype=np.int64)
    return _checked(times_s if settings.time_is_end else times_s + length_s, length_s)


def _checked(end_s: Int64Array, interval_s: Int64Array) -> tuple[Int64Array, Int64Array]:
    wrong = (interval_s < MINUTE_S) | (interval_s % MINUTE_S != 0) | (end_s % MINUTE_S != 0)
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        end = np.datetime64(int(end_s[at]), "s")
        detail = f"an interval of {int(interval_s[at])} s that ends at {end}Z, expected whole minutes"
        raise GridFileError(RefusalReason.BAD_TIME, detail)
    return end_s, interval_s
