"""What became of each warning, and which events nobody was warned of, against a list of what happened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from warnstream.model.level import LEVELS
from warnstream.model.network import Villages
from warnstream.model.times import MINUTE_S
from warnstream.model.warning import WarningMessage
from warnstream.review.events import Event
from warnstream.review.verification import (
    Happened,
    Spell,
    VerificationPolicy,
    matches,
    spells_of,
    truth_of,
)

HIT, LATE, FALSE, UNDECIDED = "hit", "late", "false", "undecided"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one warning.

    ``hit``; ``late``: it began at the event or after it; ``false``; ``undecided``: it only matches an event
    of which no exact time is known. `lead_min` is the first event less the issue, None where it met none.
    """

    word: str
    lead_min: float | None = None
    event: str = ""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Verdicts by name of the warning; missed events by code of each village that they concern."""

    of_warning: dict[str, Verdict]
    missed: dict[str, list[str]]


def judge_each(
    warnings: Sequence[WarningMessage],
    events: Sequence[Event],
    villages: Villages,
    policy: VerificationPolicy,
) -> Verdicts:
    """Hold every warning against every event, by the rules of `score_warnings`.

    An event of one level is met by a warning while it stands at that level; one without by any warning.

    Parameters
    ----------
    warnings : sequence of WarningMessage
        All messages of all warnings, in the order of issue.
    events : sequence of Event
    villages : Villages
    policy : VerificationPolicy
    """
    truth, _ = truth_of(events, villages, policy)
    spells = _Spells(warnings, policy)
    of_warning = {warning.warning: Verdict(FALSE) for warning in spells_of(warnings, LEVELS[0])}
    of_warning |= {
        spell.warning: Verdict(UNDECIDED) for vague in truth.vague for spell in spells.that_match(vague)
    }
    missed: dict[str, list[str]] = {}
    for happened in sorted(truth.exact, key=lambda one: one.begin_s, reverse=True):
        met = list(spells.that_match(happened))
        for spell in met:  # the first event of a warning is taken last
            lead_min = (happened.begin_s - spell.begin_s) / MINUTE_S
            word = HIT if lead_min > 0 else LATE
            of_warning[spell.warning] = Verdict(word, lead_min, happened.event.name)
        for village in () if met else sorted(happened.villages):
            missed.setdefault(villages.code[village], []).append(happened.event.name)
    return Verdicts(of_warning, {code: names[::-1] for code, names in missed.items()})


class _Spells:
    """Warnings while they stood at or above each level, by village."""

    def __init__(self, warnings: Sequence[WarningMessage], policy: VerificationPolicy) -> None:
        self._policy = policy
        self._of = {level: self._by_village(spells_of(warnings, level)) for level in LEVELS}

    def that_match(self, happened: Happened) -> Iterator[Spell]:
        """Those that were in time, or late, for an event, in the order of their begins."""
        of_village = self._of[happened.event.level or LEVELS[0]]
        near = [spell for village in happened.villages for spell in of_village.get(village, ())]
        return (spell for spell in sorted(near, key=_begin) if matches(spell, happened, self._policy))

    @staticmethod
    def _by_village(spells: list[Spell]) -> dict[int, list[Spell]]:
        found: dict[int, list[Spell]] = {}
        for spell in spells:
            found.setdefault(spell.village, []).append(spell)
        return found


def _begin(spell: Spell) -> tuple[int, str]:
    return spell.begin_s, spell.warning
