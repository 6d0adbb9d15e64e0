"""Reports in people's words: ``到岗``, ``上垟村巡查无异常``, ``应31 已20 拒2``.

Whoever reports has heard. What stands before the first word of it names a village; what else is written is
for a person, and the numbers count all the same. Digits are needed, of whatever width; words for numbers,
households instead of people, or one number said twice are not guessed: a person reads them.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from warnstream.model.digests import MINUTES_MAX, FieldReport

REPORTED = frozenset({"on_duty", "patrolled"})
"""Kinds of words that are reports by themselves."""

COUNTED = frozenset({"to_move", "moved", "refused"})
"""Kinds of words that stand before a number of people."""

DIGITS_MAX = 9
PLACE_CHARACTERS_MAX = 20
_PEOPLE = r"人|名|位|口|people|persons|pessoas"
_HOUSES = r"户|家|households|doors|casas"
_NUMERALS = "零〇一二三四五六七八九十百千两"
_ARRIVES = re.compile(
    r"(?:eta|预计|约|大约)?\s*(?<!\d)(?P<minutes>\d{1,4})\s*(?:分钟|minutes|minute|mins|min|minutos)\s*"
    r"(?:以内|之内|内|后)?\s*(?:能|可)?(?:到达|赶到|到)?"
)
_CODE = re.compile(r"(?P<code>(?<!\d)\d{2}(?!\d))")
_BREAK = re.compile(r"[\s,.;:、。!/|+]+")


@dataclass(frozen=True, slots=True)
class Reported:
    """A report, None where its numbers cannot be read, and why a person has to read it (empty: nobody)."""

    report: FieldReport | None
    for_a_person: str = ""


@dataclass(frozen=True)
class ReportWords:
    """Words of reports by themselves, and words that stand before numbers, with what they mean."""

    reported: Mapping[str, str]
    counted: Mapping[str, str]

    def read(self, said: str, is_nothing: Callable[[str], bool]) -> Reported | None:
        """The report in a reply in normal form; None if it is none.

        `is_nothing` says of a word that it may stand beside a report and adds nothing to it.
        """
        arrives = list(_ARRIVES.finditer(said))
        if len(arrives) == 1 and int(arrives[0]["minutes"]) <= MINUTES_MAX:
            others = _BREAK.split(_ARRIVES.sub(" ", said).strip())
            beside = [part for part in others if part and not is_nothing(part)]
            report = FieldReport("", arrives_min=int(arrives[0]["minutes"]))
            return Reported(report, "more than an arrival" if beside else "")
        found = list(self._pattern.finditer(said))
        if not found:
            if code := code_in(said, is_nothing):
                return Reported(FieldReport("", code=code))
            return Reported(None, "a number in digits is expected") if self._has_numeral(said) else None
        values: dict[str, int | bool] = {}
        for item in found:
            kind = self.reported.get(item["word"] or "") or self.counted[item["counted"]]
            if fault := _fault_of(item, is_known=kind in values and kind in COUNTED):
                return Reported(None, fault)
            values[kind] = int(item["number"].rstrip(".")) if kind in COUNTED else True
        begins = said[: found[0].start()]
        first = _CODE.match(begins)
        begins = begins if first is None else begins[first.end() :]
        before = [part for part in _BREAK.split(begins) if part and not is_nothing(part)]
        ends = [*(item.start() for item in found[1:]), len(said)]
        behind = [said[item.end() : end] for item, end in zip(found, ends, strict=True)]
        rest = [part for piece in behind for part in _BREAK.split(piece) if part and not is_nothing(part)]
        codes = [*([first["code"]] if first else []), *(part for part in rest if _CODE.fullmatch(part))]
        rest = [part for part in rest if part not in codes]
        place = " ".join(before)
        if len(place) > PLACE_CHARACTERS_MAX:
            return Reported(None, "more than a report")
        code_said = codes[0] if len(codes) == 1 else ""
        report = FieldReport("", village=place, code=code_said, **values)  # type: ignore[arg-type]
        return Reported(report, "more than a report" if rest else "")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        digits = r"-?\d[\d.]*(?:,\d{3}|e[+-]?\d+)*"
        whom = rf"(?:(?P<people>{_PEOPLE})|(?P<houses>{_HOUSES}))?"
        number = rf"[:=]?\s*(?P<number>{digits})\s*{whom}"
        return re.compile(
            rf"(?P<counted>{_any_of(self.counted)})\s*{number}|(?P<word>{_any_of(self.reported)})"
        )

    def _has_numeral(self, said: str) -> bool:
        return re.match(rf"(?:{_any_of(self.counted)})\s*[{_NUMERALS}]+", said) is not None


def code_in(said: str, is_nothing: Callable[[str], bool]) -> str:
    """The two digits of a spot check that stand alone or beside an acknowledgement; empty if there are none.

    >>> code_in("收到37", "收到".__eq__), code_in("37", "收到".__eq__), code_in("37 houses", "收到".__eq__)
    ('37', '37', '')
    """
    codes = re.findall(r"(?<!\d)\d{2}(?!\d)", said)
    if len(codes) != 1:
        return ""
    beside = " ".join(part for part in _BREAK.split(said.replace(codes[0], " ")) if part)
    return codes[0] if not beside or is_nothing(beside) else ""


def in_need_of(said: str, distress: Iterable[str]) -> int:
    """How many people a call for help in normal form speaks of; 0 if it says none, or several numbers.

    >>> in_need_of("求助3人", ["求助"]), in_need_of("5 people trapped", ["trapped"])
    (3, 5)
    >>> in_need_of("求助13800001234", ["求助"])
    0
    """
    number = r"(?<!\d)(\d{1,4})(?!\d)"
    found = {int(digits) for digits in re.findall(rf"{number}\s*(?:{_PEOPLE}|个)", said)}
    found |= {int(digits) for digits in re.findall(rf"(?:{_any_of(distress)})\D{{0,2}}{number}$", said)}
    return found.pop() if len(found) == 1 else 0


def _fault_of(item: re.Match[str], *, is_known: bool) -> str:
    number = item["number"] or ""
    if item["houses"]:
        return "a number of households, expected people"
    if "." in number.rstrip(".") or "," in number or "e" in number or len(number) > DIGITS_MAX:
        return "expected a whole number of people"
    return "one number said twice" if is_known else ""


def _any_of(words: Iterable[str]) -> str:
    """A pattern for any of some words, the longest first; words of letters only where they stand alone."""
    ordered = sorted(words, key=lambda word: (-len(word), word))
    return "|".join(
        rf"(?<![a-z]){re.escape(word)}(?![a-z])" if word.isascii() else re.escape(word) for word in ordered
    )
