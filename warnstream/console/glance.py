"""The situation as lines of text, for a terminal without a browser: is it live, who waits, what is worst."""

from collections.abc import Iterator
from dataclasses import dataclass

from warnstream.console import models
from warnstream.console.county import Town
from warnstream.model.level import Level
from warnstream.model.times import TimeZone, clock_local, date_and_clock_local

STALE_S = 5.0
"""A frame comes once a second: an older one is told as old, as on the page."""

TOWNS_SHOWN = 12
REASONS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Glance:
    """What is told of a node at one moment.

    Attributes
    ----------
    state : models.State
    towns : tuple of Town
        By the numbers of `state`.
    zone : TimeZone
        Of the times.
    """

    state: models.State
    towns: tuple[Town, ...]
    zone: TimeZone

    @property
    def is_stale(self) -> bool:
        """Nothing has come from the node for a while: what is shown was."""
        clock = self.state.clock
        return bool(clock.fault) or not 0 <= clock.age_s <= STALE_S

    @property
    def is_well(self) -> bool:
        """The node is live and ready."""
        return self.state.head.is_ready and not self.is_stale

    def lines(self) -> Iterator[str]:
        """Four questions in the order in which an officer asks them."""
        yield from self._is_this_live()
        yield from self._who_waits()
        yield from self._where_is_it_worst()

    def _is_this_live(self) -> Iterator[str]:
        head, clock = self.state.head, self.state.clock
        mode = {"live": "LIVE", "drill": "EXERCISE"}.get(head.mode, head.mode.upper())
        judged = "it has not judged yet" if clock.stepped_s < 0 else f"judged {_span(clock.stepped_s)} before"
        at = date_and_clock_local(clock.now_s, self.zone) if clock.now_s else "no time yet"
        yield f"{head.node}: {mode}, {at}, {judged}"
        if self.is_stale:
            age = "nothing has come from the node" if clock.age_s < 0 else f"{_span(clock.age_s)} old"
            yield f"  OLD: {age}" + (f"; {clock.fault}" if clock.fault else "")
        if head.is_ready and not head.reasons:
            yield "  ready"
        for number, reason in enumerate(head.reasons[:REASONS_SHOWN]):
            blocks = "NOT READY" if number < max(head.blocking, 1) else "besides"
            yield f"  {'ready, but' if head.is_ready else blocks}: {reason}"
        if len(head.reasons) > REASONS_SHOWN:
            yield f"  and {len(head.reasons) - REASONS_SHOWN} more reasons: --json and /readyz have all"
        if not head.is_ready and not head.reasons:
            yield "  NOT READY"
        for shift in head.shifts:
            yield f"  on shift: {shift.person} ({'everywhere' if shift.area == '*' else shift.area})"
        if not head.shifts:
            yield "  on shift: nobody"

    def _who_waits(self) -> Iterator[str]:
        head = self.state.head
        needs = head.needs
        calls, release = needs.help, needs.release
        waits = f", the oldest since {self._clock(calls.oldest_s)}" if calls.oldest_s else ""
        yield f"calls for help  {calls.open} open, {calls.unassigned} with nobody{waits}"
        goes = (
            f", the first goes out by itself {self._clock(release.first_due_s)}"
            if release.first_due_s
            else ""
        )
        yield f"wait for release  {release.villages} villages{goes}"
        if head.proposals:
            yield f"wait for a second person  {len(head.proposals)} orders"
        yield f"answers missing  {needs.dry} villages"
        yield f"silent doors  {needs.silent.doors} of {needs.silent.of} in red villages"
        if unseen := [alarm for alarm in head.alarms if not alarm.seen_until_s]:
            of_class = {name: sum(alarm.urgency == name for alarm in unseen) for name in ("A", "B")}
            yield f"alarms unseen  {of_class['A']} of class A, {of_class['B']} of class B"

    def _where_is_it_worst(self) -> Iterator[str]:
        head = self.state.head
        yield f"villages  {_by_level(head.levels)}; towns  {_by_level(head.towns)}"
        for row in self.state.queue[:TOWNS_SHOWN]:
            yield f"  {self._town(row)}"
        if len(self.state.queue) > TOWNS_SHOWN:
            yield f"  and {len(self.state.queue) - TOWNS_SHOWN} more towns"
        unseen = head.needs.unseen
        silent = head.stations - head.reporting
        yield (
            f"unseen  {unseen.villages} villages blind, {head.partly_blind} partly; "
            f"{silent} of {head.stations} stations silent, {head.doubted} doubted"
        )
        if unseen.channels:
            yield f"channels down  {', '.join(unseen.channels)}"

    def _town(self, row: models.TownRow) -> str:
        doors = row.doors
        words = [f"{self.towns[row.town].name}  {_by_level(row.villages)}"]
        if doors.addressed:
            words.append(f"{doors.reached} of {doors.addressed} doors reached, {doors.answered} answered")
        waits = (
            (doors.help, "call for help"),
            (row.release, "wait for release"),
            (row.dry, "lack answers"),
        )
        words += [f"{number} {text}" for number, text in waits if number]
        if row.due_s:
            words.append(f"{row.due} due {self._clock(row.due_s)}")
        return "; ".join(words)

    def _clock(self, at_s: int) -> str:
        return clock_local(at_s, self.zone)


def _by_level(numbers: tuple[int, int, int, int]) -> str:
    """Worst first; "none" where nothing stands."""
    found = zip((Level.RED, Level.ORANGE, Level.YELLOW, Level.BLUE), reversed(numbers), strict=True)
    words = [f"{number} {level.word}" for level, number in found if number]
    return ", ".join(words) or "none"


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"
