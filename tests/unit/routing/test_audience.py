"""Whom a village's warning concerns."""

from tests.unit.desk.county import CHAIN, county
from warnstream.model.network import ChainPost, Network
from warnstream.routing.audience import Audience


def audience_of(*posts: ChainPost) -> Audience:
    network = county()
    return Audience(Network(network.stations, network.villages, network.households, posts))


def test_the_posts_of_a_village_are_those_of_the_network_nearest_rank_first() -> None:
    network = county()
    for village in range(3):
        assert Audience(network).posts_of_village(village) == network.posts_of_village(village)


def test_a_post_for_everywhere_answers_for_every_village() -> None:
    duty = ChainPost("duty", "duty officer", 4, "*", "terminal", "x")
    assert audience_of(*CHAIN, duty).posts_of_village(2)[-1] == duty


def test_a_post_named_for_two_areas_is_called_once_in_its_lowest_rank() -> None:
    near = ChainPost("li", "grid member", 1, "331124001001", "sms", "1")
    far = ChainPost("li", "township officer", 2, "Gushi", "sms", "1")
    assert audience_of(far, near).posts_of_village(0) == (near,)


def test_a_post_is_called_on_each_of_its_channels() -> None:
    both = (
        ChainPost("li", "grid member", 1, "Gushi", "sms", "1"),
        ChainPost("li", "grid member", 1, "Gushi", "terminal", "2"),
    )
    assert audience_of(*both).posts_of_village(0) == both


def test_a_door_belongs_to_its_own_village_only() -> None:
    audience = Audience(county())
    assert [audience.is_household_of(village, "door-4") for village in range(3)] == [False, True, False]


def test_a_post_with_several_channels_has_one_rank() -> None:
    both = (
        ChainPost("li", "grid member", 1, "Gushi", "sms", "1"),
        ChainPost("li", "grid member", 1, "Gushi", "terminal", "2"),
        ChainPost("wang", "township officer", 2, "Gushi", "sms", "3"),
    )
    assert audience_of(*both).ranked_posts(0) == (("li", 1), ("wang", 2))
