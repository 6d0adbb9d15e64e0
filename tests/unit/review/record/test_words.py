"""Words of the record: whatever a person can do has words in both languages."""

from enum import StrEnum

import pytest

from warnstream.model.bulletins import Action, BulletinCause
from warnstream.model.hands.drills import DrillAct
from warnstream.model.hands.orders import OrderKind
from warnstream.model.transfers.marks import MarkWord
from warnstream.model.warning import Cause
from warnstream.review.record.words import VALUES


@pytest.mark.parametrize("words", [Action, BulletinCause, Cause, DrillAct, MarkWord, OrderKind])
def test_every_word_that_a_timeline_can_hold_is_written_in_both_languages(words: type[StrEnum]) -> None:
    missing = [str(word) for word in words if str(word) not in VALUES]
    assert missing == []
    assert all(not VALUES[str(word)][0].isascii() for word in words)
