"""What people write back, and what it means: the table of the package with a county's own words.

A reply is compared as a whole. Beside that, words of distress count wherever they stand, because a call for
help must not be missed: "no help needed" is taken for one too, and a person finds out. A longer reply that
begins with an acknowledgement is one, and a person reads the rest. Everything else is for a person.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated

import yaml

from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, part
from warnstream.model.effects import Answer

TABLE = "reply_words.yaml"
STOP = "stop"
ANYWHERE = "anywhere"

_Words = list[Annotated[str, value_types.text()]]


class ReplyWordsSection(Section):
    """Words of the county beside those that every node knows; a word in two lists is a fault."""

    acknowledged: _Words = part(list, "They have heard.")
    moving: _Words = part(list, "They are on their way.")
    safe: _Words = part(list, "They say that they are safe.")
    need_help: _Words = part(list, "They call for help.")

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """One word, one meaning, also beside the table of the package."""
        faults = []
        meaning = dict(_built_in().meaning)
        for answer, words in self.by_answer().items():
            for word in words:
                known = meaning.setdefault(normal(word), str(answer))
                if known != answer:
                    faults.append((str(answer), f"{word!r} already means {known}"))
        return faults

    def by_answer(self) -> Mapping[Answer, Sequence[str]]:
        """The lists by answer."""
        return {
            Answer.ACKNOWLEDGED: self.acknowledged,
            Answer.MOVING: self.moving,
            Answer.SAFE: self.safe,
            Answer.NEED_HELP: self.need_help,
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply means: an answer or None, and why a person has to read it, empty if nobody has to."""

    answer: Answer | None
    for_a_person: str = ""


@dataclass(frozen=True, slots=True)
class ReplyWords:
    """A table: meaning of whole replies, and what is a call for help anywhere."""

    meaning: Mapping[str, str]
    anywhere: tuple[str, ...]

    @classmethod
    def of(cls, own: ReplyWordsSection) -> "ReplyWords":
        """The package's table with a county's words."""
        built_in = _built_in()
        added = {normal(word): str(answer) for answer, words in own.by_answer().items() for word in words}
        return cls({**built_in.meaning, **added}, built_in.anywhere)

    def read(self, text: str) -> Reading:
        """What a reply means.

        Examples
        --------
        >>> words = ReplyWords.of(ReplyWordsSection())
        >>> words.read("收到！").answer, words.read(" OK. ").answer, words.read("４").answer
        (<Answer.ACKNOWLEDGED: 'acknowledged'>, <Answer.ACKNOWLEDGED: 'acknowledged'>, <Answer.SAFE: 'safe'>)
        >>> words.read("grandma is trapped, ok?").answer
        <Answer.NEED_HELP: 'need_help'>
        >>> words.read("safe?")
        Reading(answer=None, for_a_person='a question')
        """
        said = normal(text)
        if self._is_distress(said):
            return Reading(Answer.NEED_HELP)
        if "?" in unicodedata.normalize("NFKC", text):
            return Reading(None, "a question")
        meaning = self.meaning.get(said)
        if meaning == STOP:
            return Reading(None, "asks for no more messages")
        if meaning is not None:
            return Reading(Answer(meaning))
        begins_with = self.meaning.get(re.split(r"\W+", said, maxsplit=1)[0])
        if begins_with == Answer.ACKNOWLEDGED:
            return Reading(Answer.ACKNOWLEDGED, "more than an acknowledgement")
        return Reading(None, "not in the table of replies")

    def _is_distress(self, said: str) -> bool:
        words = set(re.split(r"\W+", said))
        return any(one in words if one.isascii() else one in said for one in self.anywhere)


def normal(text: str) -> str:
    """A reply without what phones and fingers add to it.

    Examples
    --------
    >>> normal("  Got  IT!! ")
    'got it'
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.sub(r"^\W+|\W+$", "", text).split())


@cache
def _built_in() -> ReplyWords:
    written = yaml.safe_load(files("warnstream.config.channels").joinpath(TABLE).read_text(encoding="utf-8"))
    meaning: dict[str, str] = {}
    anywhere: list[str] = []
    for kind, word in _entries(written):
        if kind == ANYWHERE:
            anywhere.append(normal(word))
            meaning[normal(word)] = str(Answer.NEED_HELP)
        elif meaning.setdefault(normal(word), kind) != kind:
            raise ValueError(f"{TABLE}: {word!r} means {meaning[normal(word)]} and {kind}")
    return ReplyWords(meaning, tuple(anywhere))


def _entries(written: Mapping[str, Mapping[str, Sequence[str]]]) -> Iterator[tuple[str, str]]:
    for kinds in written.values():
        for kind, words in kinds.items():
            for word in words:
                yield kind, str(word)
