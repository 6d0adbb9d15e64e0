"""At a change of shift what waits is addressed anew; outside of any a post keeps every way of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

from tests.unit.adapters.county import GRID_MEMBER, network
from warnstream.adapters.ledger.held_posts import HeldPosts
from warnstream.model.hands.roster import Roster, Shift, Way
from warnstream.model.times import HOUR_S
from warnstream.runners.live.recording.recorder import Recorder
from warnstream.runners.live.recording.shifts import ShiftKeeper

T0 = 1_781_740_800
SIREN = replace(GRID_MEMBER, channel="siren", address="s")
OWN = ((GRID_MEMBER.channel, GRID_MEMBER.address), ("siren", "s"))
SHIFT = Shift(GRID_MEMBER.post, T0 + HOUR_S, T0 + 2 * HOUR_S, "Li", "sms", "777")
HELD = replace(network(), chain=(GRID_MEMBER, SIREN), roster=Roster([SHIFT]))


class Asked:
    """An outbox that only notes how posts are to be rung, beside a recorder that writes at once."""

    def __init__(self) -> None:
        self.ways: list[Mapping[str, Sequence[Way]]] = []

    def ring_at(self, ways: Mapping[str, Sequence[Way]]) -> int:
        self.ways.append(ways)
        return 0


def keeper(asked: Asked) -> ShiftKeeper:
    def write(work: Callable[[], object]) -> None:
        work()

    recorder = SimpleNamespace(is_level=True, write=write)
    return ShiftKeeper(cast("HeldPosts", asked), cast("Recorder", recorder))


def test_a_gap_is_held_by_all_of_a_post_s_own_ways_and_a_shift_by_its_phone() -> None:
    asked = Asked()
    shifts = keeper(asked)
    looks = [shifts.look(HELD, T0 + at_s) for at_s in (0, 60, HOUR_S, HOUR_S + 60, 2 * HOUR_S)]
    assert looks == [True, False, True, False, True]
    post = GRID_MEMBER.post
    assert asked.ways == [{post: OWN}, {post: (("sms", "777"),)}, {post: OWN}]


def test_a_roster_that_is_gone_gives_posts_their_own_ways_back() -> None:
    asked = Asked()
    shifts = keeper(asked)
    shifts.look(HELD, T0 + HOUR_S)
    assert shifts.look(replace(HELD, roster=Roster()), T0 + HOUR_S)
    assert asked.ways[-1] == {GRID_MEMBER.post: OWN}
    assert not shifts.look(replace(HELD, roster=Roster()), T0 + HOUR_S)
