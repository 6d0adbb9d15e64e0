"""Who holds a post by time."""

from dataclasses import replace

import pytest

from warnstream.model.hands.roster import NOBODY, OWN, Roster, Shift
from warnstream.model.network import ChainPost
from warnstream.model.times import DAY_S, HOUR_S, NEVER_DUE_S
from warnstream.routing.duty import as_held

T0 = 1_781_740_800
OWN_WAY = ("device", "p1")


def shift(begin_h: int, end_h: int, person: str = "Li", phone: str = "+01", post: str = "p1") -> Shift:
    return Shift(post, T0 + begin_h * HOUR_S, T0 + end_h * HOUR_S, person, "sms", phone)


def test_the_person_on_shift_is_rung_from_the_first_second_to_the_last_and_the_post_s_own_way_outside() -> (
    None
):
    roster = Roster([shift(8, 16), shift(16, 24, "Wu", "+02")])
    post = ChainPost("p1", "grid member", 1, "V1", *OWN_WAY)

    def rung(of: ChainPost, at_s: int) -> list[tuple[str, str]]:
        return [(held.channel, held.address) for held in as_held([of], roster, T0 + at_s)]

    ways = [rung(post, at_s) for at_s in (0, 8 * HOUR_S, 16 * HOUR_S - 1, 16 * HOUR_S, DAY_S)]
    assert ways == [[OWN_WAY], [("sms", "+01")], [("sms", "+01")], [("sms", "+02")], [OWN_WAY]]
    assert rung(replace(post, post="p2"), 8 * HOUR_S) == [OWN_WAY], "another post has no shifts"
    assert roster.begin_s("p1", T0 + 9 * HOUR_S) == T0 + 8 * HOUR_S
    assert roster.begin_s("p1", T0) == 0


def test_two_shifts_of_one_person_have_one_key_and_the_post_s_own_way_another() -> None:
    roster = Roster([shift(0, 8), shift(8, 16), shift(16, 24, "Wu")])
    first, second, third = (roster.key("p1", T0 + at_h * HOUR_S) for at_h in (1, 9, 17))
    assert first == second
    assert len({first, third, OWN}) == 3
    assert roster.key("p1", T0 + 2 * DAY_S) == OWN


def test_the_next_change_is_the_next_begin_or_end_of_anybody() -> None:
    roster = Roster([shift(8, 16), shift(12, 20, post="p2")])
    assert [roster.next_change_s(T0 + at_h * HOUR_S) - T0 for at_h in (0, 8, 12, 16)] == [
        8 * HOUR_S,
        12 * HOUR_S,
        16 * HOUR_S,
        20 * HOUR_S,
    ]
    assert roster.next_change_s(T0 + 20 * HOUR_S) == NEVER_DUE_S == NOBODY.next_change_s(T0)


def test_posts_whose_last_shift_is_over_soon_are_named_the_first_one_first() -> None:
    roster = Roster([shift(0, 30, post="late"), shift(0, 10, post="soon"), shift(0, 99, post="long")], DAY_S)
    assert roster.ending(T0) == ["soon"]
    assert roster.ending(T0 + 8 * HOUR_S) == ["soon", "late"]
    assert roster.ending(T0 + 500 * HOUR_S) == ["soon", "late", "long"], "one that is over is told, too"
    assert Roster([shift(0, 1)]).ending(T0) == []


@pytest.mark.parametrize("wrong", [[shift(0, 8), shift(7, 9)], [shift(8, 8)]])
def test_two_persons_at_one_post_are_refused(wrong: list[Shift]) -> None:
    with pytest.raises(ValueError, match="p1"):
        Roster(wrong)
