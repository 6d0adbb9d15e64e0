"""What a failed test says: wanted and got, the course of the level, what came nearest, how to ask why."""

from collections.abc import Iterator
from dataclasses import dataclass
from shlex import quote

from warnstream.config.rule_tests.plan import (
    CallPattern,
    Expectation,
    LevelAt,
    MessagePattern,
    NeverReached,
    RuleTest,
    Told,
)
from warnstream.config.settings import Configuration
from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import Digest, DigestLine
from warnstream.model.level import Level
from warnstream.model.times import DAY_S, HOUR_S, MINUTE_S, date_and_clock_local, iso_local
from warnstream.model.warning import WarningMessage
from warnstream.runners.explain.one_line import describe_reason
from warnstream.runners.rule_tests.judge import Miss, Texts, candidates_of, differences, time_of
from warnstream.runners.rule_tests.run import Record

COURSE_LINES_MAX = 12
"""So many changes of a level are shown, those nearest to the time asked for."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Writes the failures of one test.

    Parameters
    ----------
    test : RuleTest
    record : Record
    configuration : Configuration
    texts : Texts
    readings, folder : str
        The kept readings and the CONFIG_DIR to explain with, as `explain` must be given them.
    """

    test: RuleTest
    record: Record
    configuration: Configuration
    texts: Texts
    readings: str
    folder: str

    def lines(self, miss: Miss) -> Iterator[str]:
        """One failure, its first line with file and line."""
        wanted = miss.expectation
        if wanted is None:
            yield f"{self.test.file}:{miss.line}: {miss.got}"
            return
        got = self.told(miss.came) if miss.came is not None else miss.got or "nothing like it came"
        yield f"{self.test.file}:{miss.line}: wanted {self.wanted(wanted)}"
        yield f"  got      {got}{self._when(wanted, miss)}"
        village, hazard = _place_of(wanted)
        if village is not None and hazard:
            yield from self._course(village, hazard, miss.at_s)
        nearest = self._nearest(wanted)
        if nearest:
            yield f"  nearest  {nearest}"
        if village is not None:
            yield f"  explain  {self._explain(village, hazard, miss.at_s)}"

    def refused(self) -> Iterator[str]:
        """Readings of the test that the engine did not take: more often a slip than the point of a test."""
        for (station, flag), count in self.record.refused.items():
            yield f"  readings {station}: {count} not taken ({flag})"

    def wanted(self, wanted: Expectation) -> str:
        """An expectation in words."""
        if isinstance(wanted, LevelAt):
            where = self._place(wanted.village, wanted.hazard)
            return f"{wanted.level.word} at {self.clock(wanted.at_s)}, {where}"
        if isinstance(wanted, NeverReached):
            where = self._place(wanted.village, wanted.hazard)
            return f"never {wanted.level.word} or worse {self._stretch(wanted)}, {where}"
        never = "never " if wanted.is_never else ""
        return f"{never}{self._pattern(wanted.pattern)} {self._stretch(wanted)}"

    def clock(self, time_s: int) -> str:
        """Local time, and how long after the start."""
        local = date_and_clock_local(time_s, self.configuration.message.time_zone)
        began = date_and_clock_local(self.test.start_s, self.configuration.message.time_zone)
        shown = local[11:] if local[:10] == began[:10] else local
        return f"{shown} (+{after(time_s - self.test.start_s)})"

    def _when(self, wanted: Expectation, miss: Miss) -> str:
        is_told = isinstance(wanted, NeverReached)
        return f" at {self.clock(miss.at_s)}" if is_told else ""

    def _stretch(self, one: NeverReached | Told) -> str:
        return f"from {self.clock(one.begin_s)} to {self.clock(one.end_s)}"

    def _place(self, village: int, hazard: str) -> str:
        return f"{hazard} in {self._code(village)}"

    def _code(self, village: int) -> str:
        return self.configuration.network.villages.code[village]

    def _pattern(self, pattern: MessagePattern | CallPattern) -> str:
        given = {key: getattr(pattern, key) for key in pattern.__slots__ if key != "to"}
        words = [
            f"{key.removeprefix('needs_')} {self._shown(key, value)}"
            for key, value in given.items()
            if value is not None and value != ""
        ]
        kind = "a message" if isinstance(pattern, MessagePattern) else f"a call to {pattern.to}"
        return f"{kind} ({', '.join(words)})" if words else kind

    def _shown(self, key: str, value: object) -> str:
        """A value of a pattern as tests write it."""
        if key == "village":
            assert isinstance(value, int), value
            return self._code(value)
        if isinstance(value, Level):
            return value.word
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _course(self, village: int, hazard: str, at_s: int) -> Iterator[str]:
        """Every change of the level that people are told, with its reason."""
        moves = [
            message
            for message in self.record.messages
            if (message.village, message.hazard) == (village, hazard)
            and message.level is not message.previous
        ]
        first = min(max(sum(move.sent_s <= at_s for move in moves) - COURSE_LINES_MAX // 2, 0), len(moves))
        shown = moves[first : first + COURSE_LINES_MAX]
        yield (
            f"  course   {self.clock(self.test.start_s)} none"
            if not first
            else f"  course   ... {first} earlier"
        )
        for message in shown:
            why = f": {describe_reason(message.reason)}" if message.reason is not None else ""
            yield f"           {self.clock(message.sent_s)} {message.level.word}{why}"
        if len(moves) > first + len(shown):
            yield f"           ... {len(moves) - first - len(shown)} later"

    def _nearest(self, wanted: Expectation) -> str:
        if isinstance(wanted, LevelAt):
            return self._nearest_level(wanted)
        if not isinstance(wanted, Told) or wanted.is_never:
            return ""
        ranked = []
        for candidate in candidates_of(wanted.pattern, self.record):
            unlike = differences(candidate, wanted.pattern, self.texts)
            away_s = max(wanted.begin_s - time_of(candidate), time_of(candidate) - wanted.end_s, 0)
            ranked.append(("to" in unlike, "village" in unlike, len(unlike), away_s, candidate, unlike))
        if not ranked:
            return "none of its kind was issued at all"
        *_, away_s, one, unlike = min(ranked, key=lambda rank: rank[:4])
        notes = [f"other {', '.join(unlike)}"] if unlike else []
        if away_s:
            notes.append(f"{after(away_s)} too {'early' if time_of(one) < wanted.begin_s else 'late'}")
        said = f": {' | '.join(self.texts.of(one))}" if "text" in unlike else ""
        return f"{self.told(one)} ({'; '.join(notes)}){said}"

    def _nearest_level(self, wanted: LevelAt) -> str:
        """When the level that was wanted did begin."""
        moves = [
            message
            for message in self.record.messages
            if (message.village, message.hazard) == (wanted.village, wanted.hazard)
            and message.level is wanted.level
            and message.level is not message.previous
        ]
        if not moves:
            return f"{wanted.level.word} never began"
        one = min(moves, key=lambda move: abs(move.sent_s - wanted.at_s))
        side = "earlier" if one.sent_s < wanted.at_s else "later"
        return f"{self.told(one)} ({after(abs(one.sent_s - wanted.at_s))} {side})"

    def told(self, one: WarningMessage | Bulletin | Digest) -> str:
        """A message, bulletin or digest in a line."""
        if isinstance(one, WarningMessage):
            where = self._place(one.village, one.hazard)
            return f"{self.clock(one.sent_s)} {one.msg_type} {one.level.word} ({one.cause}), {where}"
        if isinstance(one, Bulletin):
            what = f"{one.action}, {one.worst.word} ({one.cause})"
            return f"{self.clock(one.issued_s)} doors of {self._code(one.village)}: {what}"
        lines = "; ".join(map(self._line, one.lines)) or "no village"
        again = f", rung again {one.tries} times" if one.tries else ""
        until = f", answer by {self.clock(one.answer_by_s)}" if one.needs_answer else ", no answer needed"
        return f"{self.clock(one.issued_s)} {one.post} is told: {lines}{again}{until}"

    def _line(self, line: DigestLine) -> str:
        changed = ", ".join(f"{hazard} {cause}" for hazard, cause in line.changed)
        silent = f", silent {' '.join(line.silent)}" if line.silent else ""
        return f"{self._code(line.village)} {line.level.word}{f' ({changed})' if changed else ''}{silent}"

    def _explain(self, village: int, hazard: str, at_s: int) -> str:
        at = iso_local(at_s, self.configuration.message.time_zone)
        words = ["warnstream", "explain", self.folder, self._code(village), at]
        words += ["--hazard", hazard] if hazard else []
        return " ".join(map(quote, [*words, "--readings", self.readings]))


def _place_of(wanted: Expectation) -> tuple[int | None, str]:
    one = wanted.pattern if isinstance(wanted, Told) else wanted
    return one.village, one.hazard


def after(seconds: int) -> str:
    """A time after the start as tests write it.

    >>> after(0), after(5400), after(90_000)
    ('0min', '1h30min', '1d1h')
    """
    days, rest = divmod(seconds, DAY_S)
    hours, rest = divmod(rest, HOUR_S)
    parts = [(days, "d"), (hours, "h"), (rest // MINUTE_S, "min")]
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0min"
