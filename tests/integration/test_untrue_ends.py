"""No claim hands out an end where anything stands, whenever it was issued and whatever happens in between."""

import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tests.doors import LoggedOutbox
from tests.unit.adapters.county import SENT_S, again, bulletin, network, rendered, sent
from warnstream.model.bulletins import Action, BulletinCause
from warnstream.model.effects import VILLAGE_TOPIC_CHANNEL, Effects
from warnstream.model.level import Level
from warnstream.model.times import compact_utc
from warnstream.model.warning import MessageStatus

STEPS = 60
REGISTER = network((3, 2))


@pytest.mark.parametrize("seed", range(12))
def test_no_end_is_told_while_anything_stands(seed: int) -> None:
    chance, n, now, withheld = Random(seed), [0, 0], float(SENT_S), 0
    with tempfile.TemporaryDirectory() as name, closing(LoggedOutbox(Path(name), network=REGISTER)) as outbox:
        for _ in range(STEPS):
            now += chance.choice([1.0, 40.0])
            village = chance.randrange(2)
            what = chance.choice(["issue", "issue", "stands", "claim", "claim", "claim"])
            if what == "issue":
                n[village] += 1
                is_end = n[village] > 1 and chance.random() < 0.6
                one = bulletin(
                    village,
                    n[village],
                    Level.NONE if is_end else Level.ORANGE,
                    action=Action.CLEAR if is_end else Action.LEAVE,
                    cause=BulletinCause.ENDED if is_end else BulletinCause.RAISED,
                )
                one = replace(one, identifier=f"ws.V{village + 1}.{compact_utc(SENT_S)}.{n[village]}")
                outbox.record(Effects(bulletins=[one]), REGISTER, rendered)
            elif what == "stands":
                stands = chance.sample(["V1", "V2"], chance.randint(0, 2))
                outbox.forbid_ends(frozenset((code, str(MessageStatus.ACTUAL)) for code in stands))
            else:
                for channel in ("sms", VILLAGE_TOPIC_CHANNEL):
                    claimed = outbox.claim(channel, chance.randint(1, 4), now)
                    for row in claimed:
                        is_end = row.message.level == Level.NONE
                        assert not is_end or (row.message.village, row.message.status) not in outbox.no_end
                    keys = [row.key for row in claimed]
                    outbox.settle(sent(keys) if chance.random() < 0.7 else again(keys, now + 20.0), now)
            withheld += bool(outbox.no_end) and bool(outbox.doors.sending.waiting("sms"))
        outbox.forbid_ends(frozenset())
        while claimed := [*outbox.claim("sms", 9, 1e12), *outbox.claim(VILLAGE_TOPIC_CHANNEL, 9, 1e12)]:
            outbox.settle(sent([row.key for row in claimed]), now)
        assert not outbox.open_count("sms"), "what was withheld is told once it is true"
    assert withheld
