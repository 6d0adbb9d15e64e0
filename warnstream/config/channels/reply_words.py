"""What people write back, and what it means: the table of the package with a county's own words.

A reply is compared as a whole. Beside that, words of distress count wherever they stand, because a call for
help must not be missed: "no help needed" is taken for one too, and a person finds out. So does a longer reply
that begins with the key for help ("2, my mother cannot walk") or says in Chinese that help is needed; only
"needed" with a no in front of it is left to a person. Reports of a post
(``到岗``, ``应31 已20 拒2``) are read by `warnstream.config.channels.reply_reports`. A longer reply that
begins with an acknowledgement is one, and a person reads the rest. Everything else is for a person.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Annotated

import yaml

from warnstream.config.channels.reply_reports import COUNTED, REPORTED, ReportWords, in_need_of
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, part
from warnstream.model.digests import FieldReport
from warnstream.model.effects import Answer

TABLE = "reply_words.yaml"
STOP = "stop"
ANYWHERE = "anywhere"

_Words = list[Annotated[str, value_types.text()]]

_LETTER = "[a-z\u00df-\u00f6\u00f8-\u00ff]"
"""What a word in Latin letters may not touch; signs, digits and Chinese characters end it."""

_NO = re.compile(r"(?:不|无|没|没有|不用|不太|别)$")
_NO_KEY = re.compile(
    r"\s*(?:[-~.:]\s*\d|人|名|位|口|户|people|persons|households|doors|houses|pessoas|casas)"
)
"""Behind a digit: it is a number of people or houses, a time or a fraction, and no key."""


class ReplyWordsSection(Section):
    """Words of the county beside those that every node knows; a word in two lists is a fault."""

    acknowledged: _Words = part(list, "They have heard.")
    moving: _Words = part(list, "They are on their way.")
    safe: _Words = part(list, "They say that they are safe.")
    need_help: _Words = part(list, "They call for help.")
    on_duty: _Words = part(list, "A post is at its place.")
    patrolled: _Words = part(list, "A post has walked its round and has seen nothing.")
    to_move: _Words = part(list, "Stands before the number of people who are to go.")
    moved: _Words = part(list, "Stands before the number of people who have gone.")
    refused: _Words = part(list, "Stands before the number of people who will not go.")

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """One word, one meaning, also beside the table of the package."""
        faults = []
        built_in = _built_in()
        known_as = {
            is_counted: dict(built_in.words_of(is_counted=is_counted)) for is_counted in (False, True)
        }
        for kind, words in self.by_kind().items():
            meaning = known_as[kind in COUNTED]
            for word in words:
                known = meaning.setdefault(normal(word), kind)
                if known != kind:
                    faults.append((kind, f"{word!r} already means {known}"))
        return faults

    def by_kind(self) -> Mapping[str, Sequence[str]]:
        """The lists by their keys."""
        return {kind: getattr(self, kind) for kind in type(self).model_fields}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply means.

    Attributes
    ----------
    answer : Answer or None
    for_a_person : str
        Why a person has to read it; empty if nobody has to.
    report : FieldReport or None
        What it reports beside its answer, without sender and message.
    """

    answer: Answer | None
    for_a_person: str = ""
    report: FieldReport | None = None


@dataclass(frozen=True)
class ReplyWords:
    """A table: meaning of whole replies, what is a call for help anywhere, and the words of reports."""

    meaning: Mapping[str, str]
    anywhere: tuple[str, ...]
    reports: ReportWords

    @classmethod
    def of(cls, own: ReplyWordsSection) -> "ReplyWords":
        """The package's table with a county's words."""
        built_in = _built_in()
        added = [(normal(word), kind) for kind, words in own.by_kind().items() for word in words]
        whole = {word: kind for word, kind in added if kind not in COUNTED}
        counted = {word: kind for word, kind in added if kind in COUNTED}
        return _table(
            {**built_in.words_of(is_counted=False), **whole},
            {**built_in.words_of(is_counted=True), **counted},
            built_in.anywhere,
        )

    def words_of(self, *, is_counted: bool) -> Mapping[str, str]:
        """Words that stand before a number, or all others, with what they mean."""
        return self.reports.counted if is_counted else {**self.meaning, **self.reports.reported}

    def read(self, text: str) -> Reading:
        """What a reply means.

        Examples
        --------
        >>> words = ReplyWords.of(ReplyWordsSection())
        >>> words.read("收到！").answer, words.read(" OK. ").answer, words.read("４").answer
        (<Answer.ACKNOWLEDGED: 'acknowledged'>, <Answer.ACKNOWLEDGED: 'acknowledged'>, <Answer.SAFE: 'safe'>)
        >>> words.read("grandma is trapped, ok?").answer
        <Answer.NEED_HELP: 'need_help'>
        >>> words.read("safe?").for_a_person
        'a question'
        >>> report = words.read("上垟村 应３１ 已20 拒2").report
        >>> report.village, report.heads
        ('上垟村', {'to_move': 31, 'moved': 20, 'refused': 2})
        """
        said = normal(text)
        is_distress = self._is_distress(said)
        if is_distress or self._begins_with_help(said) or self._says_help_is_needed(said):
            in_need = in_need_of(said, self.anywhere)
            report = FieldReport("", in_need=in_need) if in_need else None
            is_whole = is_distress or self.meaning.get(said) == Answer.NEED_HELP
            return Reading(Answer.NEED_HELP, "" if is_whole else "more than a call for help", report)
        if "?" in unicodedata.normalize("NFKC", text):
            return Reading(None, "a question")
        meaning = self.meaning.get(said) or self.meaning.get(_once(said))
        if meaning is not None:
            return _whole(meaning)
        return self._longer(said)

    def _longer(self, said: str) -> Reading:
        """A reply that no word of the table is as a whole."""
        if (reported := self.reports.read(said, self._is_acknowledgement)) is not None:
            # A number alone is an answer only where it is the code that was asked for.
            answer = None if said.isdigit() else Answer.ACKNOWLEDGED
            return Reading(answer, reported.for_a_person, reported.report)
        if self._is_acknowledgement(re.split(r"\W+", said, maxsplit=1)[0]):
            return Reading(Answer.ACKNOWLEDGED, "more than an acknowledgement")
        return Reading(None, "not in the table of replies")

    def _is_acknowledgement(self, word: str) -> bool:
        return self.meaning.get(word) == Answer.ACKNOWLEDGED

    def _is_distress(self, said: str) -> bool:
        joined = re.sub(r"\W+", "", said)
        return any(
            word == joined or _stands_alone(word, said) if word.isascii() else word in joined
            for word in self.anywhere
        )

    def _begins_with_help(self, said: str) -> bool:
        """The key or a word for help, and whatever else; "2 people" is a number of people."""
        word, rest = re.fullmatch(r"(\w*)(.*)", said, re.DOTALL).groups()  # type: ignore[union-attr]
        if self.meaning.get(word) == Answer.NEED_HELP:
            return _NO_KEY.match(rest) is None
        return said.startswith(tuple(word for word in self._calls if len(word) > 1))

    def _says_help_is_needed(self, said: str) -> bool:
        """A phrase that says so, wherever it stands, without a no in front of it."""
        joined = re.sub(r"\W+", "", said)
        found = re.finditer("|".join(sorted(self._phrases, key=len, reverse=True)) or "(?!)", joined)
        return any(_NO.search(joined[: phrase.start()]) is None for phrase in found)

    @cached_property
    def _calls(self) -> tuple[str, ...]:
        """Calls in characters without blanks between words, of which a longer reply may begin with one."""
        return tuple(
            word for word, kind in self.meaning.items() if kind == Answer.NEED_HELP and not word.isascii()
        )

    @cached_property
    def _phrases(self) -> tuple[str, ...]:
        return tuple(word for word in self._calls if "要" in word)


def _stands_alone(word: str, said: str) -> bool:
    """Whether a word in Latin letters stands in a reply and is no part of another one.

    >>> _stands_alone("sos", "sos我们在屋顶"), _stands_alone("help", "helpful")
    (True, False)
    """
    return re.search(rf"(?<!{_LETTER}){re.escape(word)}(?!{_LETTER})", said) is not None


def normal(text: str) -> str:
    """A reply without what phones and fingers add to it; digits of any script are ours.

    Examples
    --------
    >>> normal("  Got  IT!! "), normal("２"), normal("٢")
    ('got it', '2', '2')
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    text = "".join(str(unicodedata.decimal(sign, sign)) for sign in text)
    return " ".join(re.sub(r"^\W+|\W+$", "", text).split())


def _once(said: str) -> str:
    """A reply of characters without blanks between them, and said once.

    >>> _once("收 到"), _once("收到 收到"), _once("got it")
    ('收到', '收到', 'got it')
    """
    if said.isascii():
        return said
    said = re.sub(r"\W+", "", said)
    repeated = re.fullmatch(r"(.{2,}?)\1+", said)
    return said if repeated is None else repeated[1]


def _whole(meaning: str) -> Reading:
    return Reading(None, "asks for no more messages") if meaning == STOP else Reading(Answer(meaning))


def _table(whole: Mapping[str, str], counted: Mapping[str, str], anywhere: tuple[str, ...]) -> ReplyWords:
    reported = {word: kind for word, kind in whole.items() if kind in REPORTED}
    meaning = {word: kind for word, kind in whole.items() if kind not in REPORTED}
    return ReplyWords(meaning, anywhere, ReportWords(reported, counted))


@cache
def _built_in() -> ReplyWords:
    written = yaml.safe_load(files("warnstream.config.channels").joinpath(TABLE).read_text(encoding="utf-8"))
    whole: dict[str, str] = {}
    counted: dict[str, str] = {}
    anywhere: list[str] = []
    for kind, word in _entries(written):
        meaning = counted if kind in COUNTED else whole
        if kind == ANYWHERE:
            anywhere.append(normal(word))
            whole[normal(word)] = str(Answer.NEED_HELP)
        elif meaning.setdefault(normal(word), kind) != kind:
            raise ValueError(f"{TABLE}: {word!r} means {meaning[normal(word)]} and {kind}")
    return _table(whole, counted, tuple(anywhere))


def _entries(written: Mapping[str, Mapping[str, Sequence[str]]]) -> Iterator[tuple[str, str]]:
    for kinds in written.values():
        for kind, words in kinds.items():
            for word in words:
                yield kind, str(word)
