"""What a test found against what it expects."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from warnstream.config.rule_tests.plan import (
    DOORS,
    CallPattern,
    Expectation,
    LevelAt,
    MessagePattern,
    NeverReached,
    RuleTest,
    Told,
)
from warnstream.delivery.bulletin_texts import BulletinWording, bulletin_texts
from warnstream.delivery.digest_texts import digest_texts
from warnstream.delivery.render import texts_of
from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import Digest, DigestLine
from warnstream.model.level import Level
from warnstream.model.rules.policies import MessagePolicy
from warnstream.model.warning import WarningMessage
from warnstream.runners.rule_tests.run import Record


@dataclass(frozen=True, slots=True)
class Miss:
    """One expectation that was not met.

    Attributes
    ----------
    expectation : Expectation or None
        None where the test itself could not be carried out.
    line : int
    got : str
        Level word, or why; empty where nothing came.
    at_s : int
        When to look: of a level the time, else when it came, or the begin of the stretch.
    came : WarningMessage, Bulletin, Digest or None
        What came and never should.
    """

    expectation: Expectation | None
    line: int
    got: str
    at_s: int
    came: WarningMessage | Bulletin | Digest | None = None


@dataclass(frozen=True, slots=True)
class Texts:
    """Writes what was told, as it would have been sent."""

    wording: BulletinWording
    policy: MessagePolicy

    def of(self, told: WarningMessage | Bulletin | Digest) -> tuple[str, ...]:
        """Chinese and English text."""
        if isinstance(told, Bulletin):
            texts = bulletin_texts(told, self.wording)
            return texts.zh, texts.en
        if isinstance(told, Digest):
            texts = digest_texts(told, self.wording)
            return texts.zh, texts.en
        written = texts_of(told, self.wording.network, self.wording.rules, self.policy)
        return tuple(text.text for text in written.texts.values())


def misses_of(test: RuleTest, record: Record, texts: Texts) -> list[Miss]:
    """Everything that is not as expected, in the order of the file; empty: the test has passed."""
    found = [Miss(None, line, why, test.start_s) for line, why in record.missed]
    found += [Miss(None, test.line, f"could not be evaluated: {why}", test.start_s) for why in record.failed]
    for expectation in test.expectations:
        found += _miss_of(expectation, record, texts)
    return sorted(found, key=lambda miss: miss.line)


def level_at(messages: Sequence[WarningMessage], village: int, hazard: str, at_s: int) -> Level:
    """The level that people are told stands, after the step of that minute."""
    return next(
        (
            message.level
            for message in reversed(messages)
            if message.sent_s <= at_s and (message.village, message.hazard) == (village, hazard)
        ),
        Level.NONE,
    )


def _miss_of(expectation: Expectation, record: Record, texts: Texts) -> Iterator[Miss]:
    if isinstance(expectation, LevelAt):
        one = expectation
        level = level_at(record.messages, one.village, one.hazard, one.at_s)
        if level is not one.level:
            yield Miss(one, one.line, level.word, one.at_s)
    elif isinstance(expectation, NeverReached):
        yield from _reached(expectation, record)
    else:
        yield from _told(expectation, record, texts)


def _reached(never: NeverReached, record: Record) -> Iterator[Miss]:
    """The first time that a level stood which never should."""
    standing = level_at(record.messages, never.village, never.hazard, never.begin_s)
    if standing >= never.level:
        yield Miss(never, never.line, standing.word, never.begin_s)
        return
    for message in record.messages:
        is_here = (message.village, message.hazard) == (never.village, never.hazard)
        if is_here and never.begin_s <= message.sent_s <= never.end_s and message.level >= never.level:
            yield Miss(never, never.line, message.level.word, message.sent_s)
            return


def _told(told: Told, record: Record, texts: Texts) -> Iterator[Miss]:
    pattern = told.pattern
    candidates = candidates_of(pattern, record)
    fitting = [
        candidate
        for candidate in candidates
        if told.begin_s <= time_of(candidate) <= told.end_s and not differences(candidate, pattern, texts)
    ]
    if told.is_never and fitting:
        yield Miss(told, told.line, "it came", time_of(fitting[0]), fitting[0])
    elif not told.is_never and not fitting:
        yield Miss(told, told.line, "", told.begin_s)


def candidates_of(
    pattern: MessagePattern | CallPattern, record: Record
) -> Sequence[WarningMessage | Bulletin | Digest]:
    """Everything of the kind that a pattern is about."""
    if isinstance(pattern, MessagePattern):
        return record.messages
    return record.bulletins if pattern.to == DOORS else record.digests


def time_of(told: WarningMessage | Bulletin | Digest) -> int:
    """When it was issued, seconds UTC."""
    return told.sent_s if isinstance(told, WarningMessage) else told.issued_s


def differences(
    told: WarningMessage | Bulletin | Digest, pattern: MessagePattern | CallPattern, texts: Texts
) -> list[str]:
    """Keys of a pattern that do not fit what was told."""
    if isinstance(told, WarningMessage):
        assert isinstance(pattern, MessagePattern), pattern
        found = _of_message(told, pattern)
    else:
        assert isinstance(pattern, CallPattern), pattern
        found = _of_bulletin(told, pattern) if isinstance(told, Bulletin) else _of_digest(told, pattern)
    if pattern.text and not found and not any(pattern.text in text for text in texts.of(told)):
        found.append("text")
    return found


def _of_message(told: WarningMessage, pattern: MessagePattern) -> list[str]:
    return _unequal(
        village=(pattern.village, told.village),
        hazard=(pattern.hazard or None, told.hazard),
        level=(pattern.level, told.level),
        type=(pattern.type or None, str(told.msg_type)),
        cause=(pattern.cause or None, str(told.cause)),
    )


def _of_bulletin(told: Bulletin, pattern: CallPattern) -> list[str]:
    hazards = {*(warning.hazard for warning in told.standing), *told.ended}
    found = _unequal(
        village=(pattern.village, told.village),
        level=(pattern.level, told.worst),
        cause=(pattern.cause or None, str(told.cause)),
        action=(pattern.action or None, str(told.action)),
    )
    return [*found, "hazard"] if pattern.hazard and pattern.hazard not in hazards else found


def _of_digest(told: Digest, pattern: CallPattern) -> list[str]:
    found = _unequal(
        to=(pattern.to, told.post),
        again=(pattern.again, told.tries),
        answer=(pattern.needs_answer, told.needs_answer),
    )
    about = pattern.village, pattern.hazard, pattern.level, pattern.cause, pattern.escalated_from
    if all(level in (None, "") for level in about):
        return found
    lines = [_of_line(line, pattern) for line in told.lines]
    return found + min(lines, key=len, default=["village"])


def _of_line(line: DigestLine, pattern: CallPattern) -> list[str]:
    """Keys that do not fit one village of a digest; of a hazard that is named its own level and cause."""
    standing, changed = dict(line.standing), dict(line.changed)
    level, causes = line.level, {str(cause) for cause in changed.values()}
    if pattern.hazard:
        level = standing.get(pattern.hazard, Level.NONE)
        causes = {str(changed[pattern.hazard])} if pattern.hazard in changed else set()
    found = _unequal(village=(pattern.village, line.village), level=(pattern.level, level))
    if pattern.hazard and pattern.hazard not in {*standing, *changed}:
        found.append("hazard")
    if pattern.cause and pattern.cause not in causes:
        found.append("cause")
    if pattern.escalated_from and pattern.escalated_from not in line.silent:
        found.append("escalated_from")
    return found


def _unequal(**pairs: tuple[object, object]) -> list[str]:
    """Names of the pairs of wanted and found that differ; nothing wanted fits anything."""
    return [name for name, (wanted, found) in pairs.items() if wanted is not None and wanted != found]
