"""One rain counter: readings of a total -> what rose between them, and what is not rain at all.

A total that only rises is easy. In the field totals fall: a logger restarts,
a cable breaks and 0 is sent until it holds again, two devices report under
one identity, a gauge is exchanged. What the total was before is remembered
(`Track`), so that one that comes back is a return and not rain.

- A value that goes on where the present total or the one before it stood has
  risen from there. Between two that both fit, one that came back is preferred,
  unless the present one has climbed there by itself.
- A value below both is a new beginning. What it shows, and every great rise at
  a beginning, is on trial: it counts once the next reading goes on from it with
  rain, and not at all if the next one falls back or stands still.
- Totals whose senders' numbers became millimetres in another way (`source`)
  are never compared.

Limit: two totals are remembered, the older for `RETURN_S`. What fell between
the last reading before a reset and the reset itself is unknown; of a reset
whose next interval already brings more than the total had before, what it
had is lost. Where it rains hard, the first value of a device that reports under
the identity of another can be taken for rain of that storm, once and doubtful.
"""

from typing import NamedTuple

from warnstream.model.observations.rain_limits import RainLimits
from warnstream.model.observations.readings import Flag
from warnstream.model.times import DAY_S, HOUR_S, MINUTE_S

RETURN_S = DAY_S
"""So long after its last reading a total may come back."""

BEGIN_SHARE = 1 / 8
"""A beginning that shows more than this share of the record for its time is on trial.

12 mm in 5 minutes, 50 mm in an hour: about the fixed limit of high influx in 5 minutes of PWSQC (de Vos et
al. 2019), carried to other times by the records.
"""

JUMP_SHARE = 1 / 2
"""The same of a total that has risen before: 48 mm in 5 minutes, 99 mm in 15."""

JUMP_S_MAX = 900
"""A jump is put on trial only where the next reading is that near: rain of now waits no longer."""

GOES_ON_SHARE = 1 / 4
"""Least intensity after a beginning, as a share of its own, by which it is rain."""

DAY_MOVES_S = 2 * HOUR_S
"""Summer time moves the beginning of a day by an hour; with that of a day counter's own clock."""

ANY_SOURCE = -1
"""Source of a total that was taken up from a snapshot of before sources were kept."""


class Track(NamedTuple):
    """A total that rises: one device between two resets.

    Attributes
    ----------
    value_mm : float
    at_s : int
        When it stood there.
    source : int
        By which mapping numbers became millimetres.
    start_mm : float
        Where it began.
    begun_s : int
        When it began: was reset, exchanged, or seen first.
    is_new : bool
        Nothing has risen since.
    is_over : bool
        It ended as it should, by a new day or a wrap.
    """

    value_mm: float
    at_s: int
    source: int
    start_mm: float
    begun_s: int
    is_new: bool = True
    is_over: bool = False

    def is_of(self, source: int) -> bool:
        """Whether its numbers may be compared with those of a source."""
        return self.source in (source, ANY_SOURCE)


class Rise(NamedTuple):
    """Rain of a time between two readings; `begin_s` equal to `end_s`: the station is there, no more."""

    begin_s: int
    end_s: int
    rain_mm: float = 0.0


class Trial(NamedTuple):
    """Rain that counts if the next reading rises by at least so much a second.

    `waits` lets readings pass that stand still: of a wrap to zero, which a broken
    cable looks like, the first rise tells.
    """

    rise: Rise
    next_mm_per_s: float
    waits: bool = False


class CounterDay(NamedTuple):
    """The rain day that a reading of a day counter falls in.

    `begin_s` is when it began, `resets_early` whether the next one is so near
    that a clock that is a little fast may have begun it.
    """

    begin_s: int
    resets_early: bool = False


class Reading(NamedTuple):
    """A total at a time; `day` is None of running totals, `wrap_mm` of those that never wrap."""

    at_s: int
    value_mm: float
    source: int = 0
    wrap_mm: float | None = None
    day: CounterDay | None = None


class Outcome(NamedTuple):
    """What a reading brought: rises in order, which may overlap, and its flags."""

    rises: tuple[Rise, ...]
    flags: Flag = Flag.NONE


class RainCounter:
    """The totals of one counter.

    Attributes
    ----------
    now, before : Track or None
        The total that was read last, and the one before it.
    trial : Trial or None
    """

    __slots__ = ("_limits", "_reset_late_s", "_small_mm", "before", "now", "trial")

    def __init__(self, limits: RainLimits, reset_late_s_max: int) -> None:
        self._limits = limits
        self._reset_late_s = reset_late_s_max
        # What is sound in a minute is so in any time: most rises need no further look.
        self._small_mm = min(limits.mm_per_min_max, JUMP_SHARE * limits.record_of(MINUTE_S))
        self.now: Track | None = None
        self.before: Track | None = None
        self.trial: Trial | None = None

    def goes_on_plainly(self, at_s: int, value_mm: float, source: int) -> Track | None:
        """Take a newer reading of a running total where there is nothing to decide.

        Returns the total that it rose from; None, and nothing taken, where `read` must look at it.
        """
        # Invariant: exactly what `read` makes of it, tested side by side. Why: nearly all readings rise a
        # little from the last one, and every question that `read` asks of them costs as much as the answer.
        now = self.now
        if now is None or self.before is not None or self.trial is not None:
            return None
        rise_mm = value_mm - now.value_mm
        if not 0 <= rise_mm <= self._small_mm or (now.is_new and rise_mm) or not now.is_of(source):
            return None
        self.now = Track(value_mm, at_s, source, now.start_mm, now.begun_s, now.is_new)
        return now

    def read(self, one: Reading) -> Outcome:
        """Take a reading that is newer than all before it."""
        now = self.now
        if now is None:
            self.now = Track(one.value_mm, one.at_s, one.source, one.value_mm, one.at_s)
            return Outcome((Rise(one.at_s, one.at_s),))
        if self.before is not None and one.at_s - self.before.at_s > RETURN_S:
            self.before = None
        if one.day is not None and now.is_of(one.source) and self._is_new_day(now, one, one.day):
            return self._begin_day(now, one, self._day_since_s(now, one, one.day))
        track = self._goes_on(one)
        if track is now:
            return self._rise(now, one, Flag.NONE)
        fell = Flag.COUNTER_FELL if one.value_mm < now.value_mm else Flag.NONE
        if track is not None:
            self.trial = None
            self.before = now
            return self._rise(track, one, fell | Flag.COUNTER_RETURNED)
        return self._fall(now, one)

    def _goes_on(self, one: Reading) -> Track | None:
        """The total that a reading goes on from; None: neither."""
        now, before = self.now, self.before
        assert now is not None
        fits = now.is_of(one.source) and one.value_mm >= now.value_mm
        if before is None or not before.is_of(one.source) or one.value_mm < before.value_mm:
            return now if fits else None
        if one.value_mm - before.value_mm > self._limits.impossible_of(one.at_s - before.at_s):
            return now if fits else None
        if fits and before.value_mm <= now.value_mm:
            return now
        rise_mm = one.value_mm - now.value_mm
        if before.is_over:
            climbed = rise_mm <= self._begin_mm(one.at_s - now.at_s)
        else:
            climbed = not now.is_new and rise_mm <= now.value_mm - now.start_mm
        return now if fits and climbed else before

    def _rise(self, track: Track, one: Reading, flags: Flag) -> Outcome:
        """A reading that goes on from a total."""
        rise_mm = one.value_mm - track.value_mm
        apart_s = one.at_s - track.at_s
        rise = Rise(track.at_s, one.at_s, rise_mm)
        if rise_mm <= self._small_mm and not track.is_new:
            settled = self._settled(rise_mm / apart_s) if self.trial is not None else ()
            self.now = Track(one.value_mm, one.at_s, one.source, track.start_mm, track.begun_s, False)
            return Outcome((*settled, rise), flags)
        if rise_mm > self._limits.impossible_of(apart_s):
            return self._begin_anew(track, one, None, flags | Flag.OUT_OF_RANGE)
        is_sound = rise_mm <= self._sound_mm(track, one, apart_s)
        if self.trial is not None and self.trial.waits and not is_sound:
            self.trial = None
        settled = self._settled(rise_mm / apart_s)
        flags |= self._record_flag(rise_mm, apart_s)
        if not is_sound:
            need = GOES_ON_SHARE * rise_mm / apart_s
            outcome = self._begin_anew(track, one, Trial(rise, need), flags | Flag.COUNTER_BEGAN)
            assert self.now is not None
            self.now = self.now._replace(is_new=track.is_new)
            return Outcome((*settled, *outcome.rises), outcome.flags)
        is_new = track.is_new and rise_mm == 0
        self.now = Track(one.value_mm, one.at_s, one.source, track.start_mm, track.begun_s, is_new)
        return Outcome((*settled, rise), flags)

    def _fall(self, now: Track, one: Reading) -> Outcome:
        """A reading that goes on from nothing known: a wrap, a late reset, or a fall that had no reason."""
        if not now.is_of(one.source):
            return self._begin_anew(now, one, None, Flag.COUNTER_BEGAN)
        if one.day is not None and self._is_late_or_early(now, one, one.day):
            return self._begin_day(now, one, now.at_s)
        apart_s = one.at_s - now.at_s
        if one.wrap_mm is not None and one.day is None:
            wrapped_mm = one.value_mm + one.wrap_mm - now.value_mm
            if 0 <= wrapped_mm <= self._limits.impossible_of(apart_s):
                return self._wrap(now, one, Rise(now.at_s, one.at_s, wrapped_mm))
        trial = None
        if one.value_mm <= self._begin_mm(apart_s) and one.value_mm < now.value_mm / 2:
            rise = Rise(now.at_s, one.at_s, one.value_mm)
            trial = Trial(rise, GOES_ON_SHARE * one.value_mm / apart_s)
        return self._begin_anew(now, one, trial, Flag.COUNTER_FELL)

    def _wrap(self, now: Track, one: Reading, rise: Rise) -> Outcome:
        """A running total that began again at zero; a great wrap waits for a reading that goes on."""
        settled = self._settled(rise.rain_mm / (rise.end_s - rise.begin_s))
        self.before = now._replace(is_over=True)
        self.now = Track(one.value_mm, one.at_s, one.source, one.value_mm, one.at_s, is_new=False)
        apart_s = rise.end_s - rise.begin_s
        is_zero = one.value_mm == 0  # a broken cable reads zero, a wrap hardly ever does
        if is_zero or rise.rain_mm > self._begin_mm(apart_s):
            self.trial = Trial(rise, 0.0, waits=is_zero)
            return Outcome((*settled, Rise(one.at_s, one.at_s)), Flag.COUNTER_FELL)
        return Outcome((*settled, rise))

    def _begin_anew(self, before: Track, one: Reading, trial: Trial | None, flags: Flag) -> Outcome:
        """A total of which nothing is known: no rain yet."""
        self.before = before
        self.now = Track(one.value_mm, one.at_s, one.source, one.value_mm, one.at_s)
        self.trial = trial
        return Outcome((Rise(one.at_s, one.at_s),), flags)

    def _begin_day(self, now: Track, one: Reading, begin_s: int) -> Outcome:
        """A day counter that was reset when it should: its value fell since then."""
        apart_s = one.at_s - begin_s
        if one.value_mm > self._limits.impossible_of(apart_s):
            return self._begin_anew(now, one, None, Flag.OUT_OF_RANGE)
        settled = self._settled(one.value_mm / apart_s)
        rise = Rise(begin_s, one.at_s, one.value_mm)
        flags = self._record_flag(one.value_mm, apart_s)
        if one.value_mm > self._jump_mm(apart_s):
            need = GOES_ON_SHARE * one.value_mm / apart_s
            outcome = self._begin_anew(now, one, Trial(rise, need), flags | Flag.COUNTER_BEGAN)
            return Outcome((*settled, *outcome.rises), outcome.flags)
        self.before = now._replace(is_over=True)
        self.now = Track(one.value_mm, one.at_s, one.source, 0.0, begin_s + 1, is_new=False)
        return Outcome((*settled, rise), flags)

    def _is_new_day(self, now: Track, one: Reading, day: CounterDay) -> bool:
        """Whether the day of a day counter has begun since its last reading, and its reset with it.

        A total that does not fall just after the day began has not been reset yet.
        """
        if now.at_s > day.begin_s:
            return False
        if one.value_mm < now.value_mm:
            return True
        since_s = one.at_s - day.begin_s
        if day.begin_s - now.at_s >= DAY_S:
            return True
        # Hardly any rain brings exactly what there was, or so much in so short a time.
        is_old = one.value_mm == now.value_mm or one.value_mm > self._begin_mm(since_s)
        return not (since_s <= self._reset_late_s or (is_old and since_s <= DAY_MOVES_S))

    def _day_since_s(self, now: Track, one: Reading, day: CounterDay) -> int:
        """Since when what a day counter shows fell, after a reset in between."""
        not_yet_reset = one.at_s - day.begin_s <= self._reset_late_s and one.value_mm >= now.value_mm
        begin_s = day.begin_s - DAY_S if not_yet_reset else day.begin_s
        return max(now.at_s, begin_s)

    def _is_late_or_early(self, now: Track, one: Reading, day: CounterDay) -> bool:
        """Whether a fall is the day's reset by a clock that is not quite ours."""
        is_late = now.begun_s <= day.begin_s and one.at_s - day.begin_s <= DAY_MOVES_S
        return is_late or day.resets_early

    def _settled(self, mm_per_s: float) -> tuple[Rise, ...]:
        """What was on trial and counts, now that the total goes on with that intensity."""
        trial = self.trial
        if trial is None or (trial.waits and mm_per_s == 0):
            return ()
        self.trial = None
        return (trial.rise,) if mm_per_s >= trial.next_mm_per_s else ()

    def _sound_mm(self, track: Track, one: Reading, apart_s: int) -> float:
        """Greatest rise of a total that needs no trial."""
        if not track.is_new:
            return self._jump_mm(apart_s)
        sound_mm = self._begin_mm(apart_s)
        other = self.before
        if other is not None and other.is_of(one.source) and track.value_mm < other.value_mm / 2:
            # Near the total of before it is rather that one, a little off, than rain.
            return min(sound_mm, other.value_mm / 2 - track.value_mm)
        return sound_mm

    def _begin_mm(self, apart_s: int) -> float:
        return BEGIN_SHARE * self._limits.record_of(max(apart_s, MINUTE_S))

    def _jump_mm(self, apart_s: int) -> float:
        if apart_s > JUMP_S_MAX:
            return float("inf")
        return JUMP_SHARE * self._limits.record_of(max(apart_s, MINUTE_S))

    def _record_flag(self, rise_mm: float, apart_s: int) -> Flag:
        return Flag.RECORD if rise_mm > self._limits.record_of(max(apart_s, MINUTE_S)) else Flag.NONE
