"""The rule language of thresholds.yaml -> conditions; every fault at the key that is wrong.

docs/rules.md is the page for operators. A term names one quantity and compares
it with an amount that carries its unit; ``any``, ``all`` and ``first``/``then``
join terms; ``for`` asks that what it stands beside has held for a time.
"""

from warnstream.config.faults import unknown
from warnstream.config.rules.context import ParsedRule, RuleContext, RuleReader
from warnstream.config.rules.order import asks_less_or_equal
from warnstream.config.rules.terms import QUANTITIES, RELATIONS, TermReader
from warnstream.config.rules.wording import words_of
from warnstream.config.yaml.tree import Location
from warnstream.config.yaml.value_types import shown
from warnstream.model.level import LEVELS, Level
from warnstream.model.rules.expressions import (
    Expression,
    Lasting,
    LevelTerm,
    RuleLevel,
    Sequence,
    SignTerm,
    group,
)

CONDITIONS_MAX = 200
JOINTS = ("any", "all", "first")
SUBJECTS = (*QUANTITIES, "hazard", "sign", *JOINTS)
_OTHER_KEYS = frozenset(
    {
        *RELATIONS,
        "for",
        "over",
        "clear",
        "clear_ratio",
        "window",
        "then",
        "within",
        "validated",
        "of",
        "probability",
    }
)


def parse_levels(raw: list[object], context: RuleContext) -> ParsedRule:
    """Conditions of the levels of one rule.

    Parameters
    ----------
    raw : list
        As the YAML has it.
    context : RuleContext

    Returns
    -------
    ParsedRule
        Faults have locations within `raw`.
    """
    return _ConditionReader(context).parse(raw)


def _rank(item: object) -> int:
    """Number of the level of an item as it was written; 0 where that is none."""
    word = item.get("level") if isinstance(item, dict) else None
    return next((int(level) for level in LEVELS if level.word == word), 0)


class _ConditionReader(RuleReader):
    """Reads the conditions of one rule."""

    def __init__(self, context: RuleContext) -> None:
        super().__init__(context, ParsedRule())
        self._terms = TermReader(context, self.result)
        self._n_conditions = 0

    def parse(self, raw: list[object]) -> ParsedRule:
        seen: dict[Level, int] = {}
        # Higher levels first: a share of one is a part of what they ask.
        for number, item in sorted(enumerate(raw), key=lambda entry: -_rank(entry[1])):
            at: Location = (number,)
            if not isinstance(item, dict):
                self.fault(at, f"expected `level:` and a condition, got {shown(item)}")
                continue
            level = self.level((*at, "level"), item.get("level"))
            n_before = len(self.result.faults)
            self._terms.begin(level)
            when = self._condition(at, {key: value for key, value in item.items() if key != "level"})
            if level is not None and seen.setdefault(level, number) != number:
                self.fault(
                    at, f"duplicate level {level.word}, first in levels[{seen[level]}]: join them by any"
                )
            elif level is not None and when is not None and len(self.result.faults) == n_before:
                self.result.levels.append(RuleLevel(level, when, words_of(when)))
                self._terms.keep(level, when)
        self.result.levels.sort(key=lambda item: seen[item.level])
        self._check_order(seen)
        return self.result

    def _check_order(self, number_of: dict[Level, int]) -> None:
        """Of two levels that ask the same with other amounts, the higher one asks for more."""
        ordered = sorted(self.result.levels, key=lambda item: item.level)
        for index, lower in enumerate(ordered):
            for higher in ordered[index + 1 :]:
                if asks_less_or_equal(lower.when, higher.when):
                    expected = f"expected more than for {lower.level.word} ({lower.words})"
                    self.fault((number_of[higher.level],), expected)

    def _condition(self, at: Location, raw: object) -> Expression | None:
        self._n_conditions += 1
        if self._n_conditions == CONDITIONS_MAX:
            self.fault(at, f"expected fewer than {CONDITIONS_MAX} conditions in one rule")
        if self._n_conditions >= CONDITIONS_MAX:
            return None
        if not isinstance(raw, dict) or not raw:
            self.fault(at, f"expected a condition such as {{rain: 1h, at_least: 40mm}}, got {shown(raw)}")
            return None
        subjects = [key for key in raw if key in SUBJECTS]
        if len(subjects) != 1:
            keys = [key for key in raw if key not in subjects and key not in _OTHER_KEYS]
            near = unknown("condition", keys[0], SUBJECTS) if keys and not subjects else ""
            both = f"expected one of them, got {' and '.join(subjects)}" if subjects else ""
            self.fault(at, near or both or f"expected one of {', '.join(SUBJECTS)}")
            return None
        found = self._found(at, subjects[0], dict(raw))
        lasts_s = self.duration((*at, "for"), raw["for"]) if "for" in raw else 0
        return found if found is None or not lasts_s else Lasting(found, lasts_s)

    def _found(self, at: Location, subject: str, raw: dict[str, object]) -> Expression | None:
        if subject in {"any", "all"}:
            self.only(at, raw, (subject, "for"))
            return self._group(at, subject, raw[subject])
        if subject == "first":
            self.only(at, raw, ("first", "then", "within", "for"))
            first = self._condition((*at, "first"), raw["first"])
            then = self._condition((*at, "then"), self.needed(at, raw, "then"))
            within_s = self.duration((*at, "within"), self.needed(at, raw, "within"))
            return None if first is None or then is None else Sequence(first, then, within_s)
        if subject == "sign":
            self.only(at, raw, ("sign", "validated", "for"))
            return self._sign(at, raw)
        if subject == "hazard":
            self.only(at, raw, ("hazard", "at_least", "for"))
            return self._hazard(at, raw)
        return self._terms.term(at, subject, raw)

    def _group(self, at: Location, joint: str, raw: object) -> Expression | None:
        if not isinstance(raw, list) or not raw:
            self.fault((*at, joint), "expected a list of `- ` conditions")
            return None
        parts = [self._condition((*at, joint, number), item) for number, item in enumerate(raw)]
        right = [part for part in parts if part is not None]
        return group(right, is_all=joint == "all") if len(right) == len(parts) else None

    def _sign(self, at: Location, raw: dict[str, object]) -> Expression | None:
        kind, is_validated = raw["sign"], raw.get("validated", True)
        if kind not in self.context.sign_kinds:
            self.fault((*at, "sign"), unknown("kind of sign", str(kind), self.context.sign_kinds))
            return None
        if not isinstance(is_validated, bool):
            self.fault((*at, "validated"), f"expected true or false, got {shown(is_validated)}")
            return None
        return SignTerm(str(kind), is_validated)

    def _hazard(self, at: Location, raw: dict[str, object]) -> Expression | None:
        name, level = raw["hazard"], self.level((*at, "at_least"), raw.get("at_least"))
        if name == self.context.hazard:
            self.fault((*at, "hazard"), "a rule cannot read its own level")
        elif name not in self.context.hazards:
            self.fault((*at, "hazard"), unknown("hazard", str(name), self.context.hazards))
        elif level is not None:
            return LevelTerm(str(name), level)
        return None
