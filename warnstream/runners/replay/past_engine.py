"""An engine as it was at a past minute: from a node's journal, or from an archive of readings.

A journal gives what the node knew: its newest snapshot before that minute, then
the entries after it, through the same `Intake`. The last entry is cut where
the next step would be later; what had arrived and was not judged yet waits in
the intake. Read only: no lock is taken, nothing is repaired or written, so the
node may be running and the folder may be a copy or on a read-only disk.

An archive gives what a node would have known if every reading had come in time.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import numpy as np

from warnstream.adapters.journal.extents import Extent, find_extent, read_entries
from warnstream.adapters.journal.snapshots import SnapshotFiles
from warnstream.config.settings import Configuration
from warnstream.duty.weekly_calls import TestCalls
from warnstream.engine import Engine, EngineStep
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.alarms import Alarm
from warnstream.model.effects import Effects
from warnstream.model.errors import ArchiveError, describe
from warnstream.model.observations.readings import ReadingBatch, concatenate, empty_batch
from warnstream.model.times import MINUTE_S, iso_utc
from warnstream.runners.build import build_decoder, build_intake, topics_of
from warnstream.runners.intake import entries
from warnstream.runners.intake.state_file import snapshot_time_s
from warnstream.runners.intake.topics import Topics
from warnstream.runners.replay.journal_entries import journal_folder, observations_between_times, told_s
from warnstream.runners.replay.replay import Replay

Entry = tuple[str, bytes]
Progress = Callable[[int], None]
"""Told the engine time that has been reached."""


@dataclass(slots=True)
class EngineAt:
    """An engine right after the last step at or before the minute asked for.

    Attributes
    ----------
    asked_s, judged_s : int
        The minute asked for, and the time of the step.
    begins_s : int
        Since when messages and effects are known: the time of the snapshot, or of the first step.
    snapshot_s : int or None
        Time of the snapshot it was continued from; None: from the first entry or reading on.
    effects : list of Effects
        What the steps since then asked for, in order.
    caveats : list of str
        What keeps this from being all that the node knew; empty as a rule.
    alarms : list of Alarm
        Of the node itself, that stood then.
    tests : TestCalls
        Weekly test calls.
    waiting : ReadingBatch
        Arrived by then and not judged yet.
    later : iterator of (int, ReadingBatch)
        Readings that arrived after that, with the engine time of their arrival; to be gone through once.
    """

    engine: Engine
    asked_s: int
    judged_s: int
    begins_s: int
    snapshot_s: int | None = None
    effects: list[Effects] = field(default_factory=list)
    caveats: list[str] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    tests: TestCalls = field(default_factory=TestCalls)
    waiting: ReadingBatch = field(default_factory=empty_batch)
    later: Iterator[tuple[int, ReadingBatch]] = field(default_factory=lambda: iter(()))


def past_of_archive(
    configuration: Configuration, path: Path, asked_s: int | None, on_progress: Progress
) -> EngineAt:
    """The engine of a replay at a minute of an archive; of its last minute if None.

    Raises
    ------
    ArchiveError
        If it cannot be read, holds nothing, or the minute lies outside of it.
    """
    from warnstream.review.logger_files import read_readings

    readings = read_readings(path, configuration).readings
    if len(readings) == 0:
        raise ArchiveError(f"{path}: holds no usable reading")
    first_s = -(-int(readings.observed_at_s[0]) // MINUTE_S) * MINUTE_S
    last_s = -(-int(readings.observed_at_s[-1]) // MINUTE_S) * MINUTE_S
    asked_s = last_s if asked_s is None else asked_s
    _check_range(path, asked_s, first_s, last_s + MINUTE_S - 1)
    until_s = asked_s // MINUTE_S * MINUTE_S
    n_until = int(np.searchsorted(readings.observed_at_s, until_s, side="right"))
    replay = Replay(configuration, readings.select(slice(0, n_until)), until_s)
    past = EngineAt(replay.engine, asked_s, until_s, first_s)
    for minute in replay.steps():
        if minute.step.effects:
            past.effects.append(minute.step.effects)
        on_progress(minute.now_s)
    return past


def past_of_journal(
    configuration: Configuration, directory: Path, asked_s: int | None, on_progress: Progress
) -> EngineAt:
    """The engine of a node at a minute of its journal; as its last step left it if None.

    Parameters
    ----------
    configuration : Configuration
        That of the node, best as it was then.
    directory : Path
        A node's storage directory, its folder ``journal``, or a copy of either.
    asked_s : int or None
    on_progress : callable

    Raises
    ------
    ArchiveError
        If there is no journal, or it does not cover the minute: the message says what it covers.
    StoreError
        If an entry that is needed is missing or damaged.
    """
    folder = journal_folder(directory)
    extent = find_extent(folder)
    run = _Run(configuration, asked_s)
    first = run.begin(SnapshotFiles(folder), extent)
    recorded = ((kind, payload) for _, kind, payload in read_entries(extent, first))
    rest = run.until_asked(recorded, on_progress)
    intake, begins_s = run.intake, run.begins_s
    if begins_s is None or intake.now_s < 0:
        _refuse_outside(configuration, directory, extent, asked_s)
    if asked_s is not None and not run.is_over:
        # The journal may end with that minute: a node judges every few seconds.
        resolution_s = max(configuration.node.tick_s, MINUTE_S)
        if asked_s > intake.now_s + resolution_s:
            _refuse_outside(configuration, directory, extent, asked_s)
    past = run.past()
    past.waiting = intake.waiting()
    past.later = _later(configuration, rest, intake.now_s)
    return past


class _Run:
    """Entries through an intake, up to the last step that is not later than the minute asked for."""

    def __init__(self, configuration: Configuration, asked_s: int | None) -> None:
        self._configuration = configuration
        self._asked_s = asked_s
        self._topics = topics_of(configuration)
        self.intake = build_intake(self._configuration)
        self.begins_s: int | None = None
        self.is_over = False
        self._snapshot_s: int | None = None
        self._has_stepped = False
        self._effects: list[Effects] = []
        self._caveats: list[str] = []
        self._failures: list[str] = []

    def begin(self, snapshots: SnapshotFiles, extent: Extent) -> int:
        """Take up the newest snapshot that fits; returns the number of the first entry after it."""
        first = extent.segments[0].first_sequence
        for sequence, payload in snapshots.newest_first():
            if sequence + 1 < first or sequence > extent.last_sequence:
                continue
            try:
                time_s = snapshot_time_s(payload)
                if time_s < 0 or (self._asked_s is not None and time_s > self._asked_s):
                    continue
                self._caveats += self.intake.restore(payload)
            except (ValueError, LookupError) as error:
                self._caveats.append(f"a snapshot does not fit this configuration ({error})")
                self.intake = build_intake(self._configuration)
                continue
            self._snapshot_s = self.begins_s = time_s
            return sequence + 1
        if first > 1:
            self._caveats.append(
                "no snapshot lies before that minute and the journal has lost its beginning: "
                "earlier rain, levels and warnings are not known here"
            )
        return first

    def until_asked(self, remaining: Iterator[Entry], on_progress: Progress) -> Iterator[Entry]:
        """Take entries until the next step would be too late; returns what is left of them."""
        for kind, payload in remaining:
            now, after = self._cut(kind, payload)
            if now is not None:
                self._take(kind, now)
                on_progress(self.intake.now_s)
            if after is not None:
                self.is_over = True
                return itertools.chain([(kind, after)], remaining)
        return iter(())

    def past(self) -> EngineAt:
        """The engine after a step; one without anything new if there was none since the snapshot."""
        engine, judged_s = self.intake.engine, self.intake.now_s
        assert self.begins_s is not None
        if not self._has_stepped:
            self._effects.append(engine.step(empty_batch(), [], judged_s).effects)
        if self._failures:
            failed = f"the engine failed at {len(self._failures)} entries, which were passed over"
            self._caveats.append(f"{failed}: {self._failures[0]}")
        asked_s = judged_s if self._asked_s is None else self._asked_s
        return EngineAt(
            engine,
            asked_s,
            judged_s,
            self.begins_s,
            self._snapshot_s,
            self._effects,
            self._caveats,
            list(self.intake.alarms.standing.values()),
            tests=self.intake.duty.desk.tests,
        )

    def _take(self, kind: str, payload: bytes) -> None:
        try:
            outcome = self.intake.consume(kind, payload)
        except Exception as error:  # noqa: BLE001  # as the node does: the next entry is taken, and it is told
            self._failures.append(describe(error))
            return
        self._has_stepped |= bool(outcome.steps)
        self._effects += [step.effects for _, step in outcome.steps if step.effects]
        if outcome.steps and self.begins_s is None:
            self.begins_s = self.intake.now_s

    def _cut(self, kind: str, payload: bytes) -> tuple[bytes | None, bytes | None]:
        """An entry up to the minute asked for, and what comes after it; None where that is nothing."""
        if self._asked_s is None:
            return payload, None
        if kind == entries.TICK:
            is_late = entries.decode_tick(payload) > self._asked_s
            return (None, payload) if is_late else (payload, None)
        if kind == entries.MESSAGES and self._configuration.node.clock == "simulated":
            return _cut_messages(payload, self._topics, self._asked_s)
        return payload, None


def _cut_messages(payload: bytes, topics: Topics, asked_s: int) -> tuple[bytes | None, bytes | None]:
    """Messages before the first that tells a later time, and the others."""
    messages = [RawMessage(topic, content) for topic, content in entries.decode_messages(payload)]
    for number, message in enumerate(messages):
        if message.topic == topics.clock and told_s(message.payload) > asked_s:
            before, after = messages[:number], messages[number:]
            return (entries.encode_messages(before) if before else None), entries.encode_messages(after)
    return payload, None


def _later(
    configuration: Configuration, remaining: Iterator[Entry], now_s: int
) -> Iterator[tuple[int, ReadingBatch]]:
    """Readings of the entries, with the engine time at which they arrived."""
    decoder, topics = build_decoder(configuration), topics_of(configuration)
    for kind, payload in remaining:
        if kind == entries.TICK:
            now_s = max(now_s, entries.decode_tick(payload))
        if kind == entries.MESSAGES:
            for time_s, messages in observations_between_times(payload, topics):
                yield now_s, decoder.decode(messages, now_s).readings
                now_s = max(now_s, time_s)


def _refuse_outside(
    configuration: Configuration, directory: Path, extent: Extent, asked_s: int | None
) -> NoReturn:
    """Say what the journal covers; it is gone through once for that."""
    topics, first_s, last_s = topics_of(configuration), None, -1
    for _, kind, payload in read_entries(extent, extent.segments[0].first_sequence):
        for time_s in _times(kind, payload, topics, is_simulated=configuration.node.clock == "simulated"):
            first_s = time_s if first_s is None else first_s
            last_s = max(last_s, time_s)
    if first_s is None:
        raise ArchiveError(f"{directory}: the journal holds no step yet: nothing has been judged")
    _check_range(directory, first_s if asked_s is None else asked_s, first_s, last_s)
    raise ArchiveError(f"{directory}: the journal tells times, but no step of them could be repeated")


def _times(kind: str, payload: bytes, topics: Topics, *, is_simulated: bool) -> Iterator[int]:
    """Times of the steps that an entry causes."""
    if kind == entries.TICK:
        yield entries.decode_tick(payload)
    elif kind == entries.MESSAGES and is_simulated:
        for time_s, _ in observations_between_times(payload, topics):
            if time_s >= 0:
                yield time_s


def _check_range(place: Path, asked_s: int, first_s: int, last_s: int) -> None:
    if not first_s <= asked_s <= last_s:
        raise ArchiveError(
            f"{place}: {iso_utc(asked_s)} is not in it; it covers {iso_utc(first_s)} to {iso_utc(last_s)}"
        )


def later_readings(past: EngineAt) -> list[tuple[int, ReadingBatch]]:
    """What was observed by the minute asked for and was not judged by then; with the time of arrival.

    What had arrived and waited for its step comes first, with the time of the step.
    """
    found = []
    for arrived_s, batch in itertools.chain([(past.judged_s, past.waiting)], past.later):
        rows = np.flatnonzero(batch.observed_at_s <= past.asked_s)
        if len(rows):
            found.append((arrived_s, batch.select(rows)))
    return found


def judge_with(past: EngineAt, later: list[tuple[int, ReadingBatch]]) -> EngineStep:
    """One more step at the minute asked for, with what came later: what it is known to be by now.

    Rain is free of the order of arrival, so its sums are those of readings in
    time. Levels go on from those that stood then.
    """
    readings = concatenate([batch for _, batch in later])
    order = np.lexsort((readings.station, readings.observed_at_s))
    return past.engine.step(readings.select(order), [], max(past.asked_s, past.judged_s))
