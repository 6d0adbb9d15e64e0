import math
from dataclasses import replace

import msgspec

from tests.unit.review.messages import REASON, T0, message
from warnstream.adapters.outbox.history import message_of
from warnstream.model.changes import Fact
from warnstream.model.level import Level


def test_a_kept_message_is_read_as_it_was() -> None:
    issued = message(0, Level.ORANGE, T0)
    assert message_of(msgspec.json.encode(issued)) == issued


def test_a_number_that_nobody_knew_is_still_not_known_and_hides_no_message() -> None:
    facts = (Fact("stage", "G1", math.nan, 2.0, "m"),)
    issued = message(0, Level.ORANGE, T0, reason=replace(REASON, threshold=math.nan, facts=facts))
    found = message_of(msgspec.json.encode(issued)).reason
    assert found is not None
    assert math.isnan(found.threshold)
    assert math.isnan(found.facts[0].value)
    assert found.value == REASON.value
