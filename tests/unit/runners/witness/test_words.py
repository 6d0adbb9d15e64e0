"""What an officer reads of a box that may not lead is how it stands at that moment."""

from dataclasses import dataclass, field

import pytest

from warnstream.adapters.metrics import Metrics
from warnstream.adapters.metrics.standby import StandbyMetrics
from warnstream.runners.witness.words import NO_RIGHT, NO_WITNESS, Words


@dataclass
class By:
    """The right to lead, as a test says it."""

    may: bool = True
    trouble: str = ""

    def may_lead(self) -> bool:
        return self.may

    def confirmed(self, sent_s: float) -> None:
        """Not asked here."""

    def said(self) -> str:
        return self.trouble

    def is_ending(self) -> bool:
        return False


@dataclass
class Alarms:
    """What stands, and how often it was raised."""

    standing: dict[str, str] = field(default_factory=dict)
    raised: int = 0

    def raise_alarm(self, key: str, text: str, *, is_blocking: bool = True, zh: str = "") -> None:
        assert zh
        assert is_blocking == (key == NO_RIGHT)
        self.standing[key] = text
        self.raised += key == NO_RIGHT

    def end_alarm(self, key: str) -> None:
        self.standing.pop(key, None)


@pytest.fixture
def by() -> By:
    return By()


@pytest.fixture
def alarms() -> Alarms:
    return Alarms()


@pytest.fixture
def words(by: By, alarms: Alarms) -> Words:
    return Words(by, alarms, StandbyMetrics(Metrics().registry))


def test_nobody_is_said_to_be_out_of_reach_who_answers(words: Words, by: By, alarms: Alarms) -> None:
    """A witness that has just been started answers, and lends nothing until what it may have lent is over."""
    by.may, by.trouble = False, "no witness: it does not answer"
    words.look()
    assert "reaches neither" in alarms.standing[NO_RIGHT]
    assert NO_WITNESS in alarms.standing
    by.trouble = ""
    words.look()
    assert "reaches neither" not in alarms.standing[NO_RIGHT]
    assert "the witness answers and does not lend" in alarms.standing[NO_RIGHT]
    assert "acknowledges and sends nothing" in alarms.standing[NO_RIGHT]
    assert NO_WITNESS not in alarms.standing
    by.may = True
    words.look()
    assert alarms.standing == {}


def test_what_stays_as_it_is_is_said_once(words: Words, by: By, alarms: Alarms) -> None:
    by.may, by.trouble = False, "gone"
    for _ in range(3):
        words.look()
    assert alarms.raised == 1
