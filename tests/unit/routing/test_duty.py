"""Who is notified of the node's own alarms."""

from dataclasses import replace

from tests.networks import network_of
from warnstream.model.hands.roster import Roster, Shift
from warnstream.model.network import ChainPost, Network
from warnstream.routing.duty import as_held, duty_posts

GRID = ChainPost("grid", "grid member", 1, "V0", "sms", "1")
OFFICE = ChainPost("office", "duty officer", 4, "C", "sms", "2")
OFFICE_SIREN = ChainPost("office", "duty officer", 4, "C", "siren", "x")
LEADER = ChainPost("leader", "county leader", 5, "*", "sms", "3")


def county(*chain: ChainPost) -> Network:
    return replace(network_of(1, 1), chain=chain)


def test_without_names_the_first_rank_of_the_county_is_notified_on_all_its_channels() -> None:
    assert duty_posts(county(GRID, OFFICE, OFFICE_SIREN, LEADER)) == (OFFICE, OFFICE_SIREN)


def test_posts_that_are_named_are_notified_instead() -> None:
    assert duty_posts(county(GRID, OFFICE, LEADER), ["grid"]) == (GRID,)


def test_a_chain_of_village_posts_alone_notifies_nobody() -> None:
    assert duty_posts(county(GRID)) == ()


def test_a_post_of_several_areas_is_notified_once() -> None:
    assert duty_posts(county(OFFICE, replace(OFFICE, area="*"))) == (OFFICE,)


def test_whoever_holds_a_post_is_notified_once_by_the_phone_of_the_shift() -> None:
    roster = Roster([Shift("office", 100, 200, "Li", "sms", "7")])
    assert as_held((OFFICE, OFFICE_SIREN, LEADER), roster, 150) == (replace(OFFICE, address="7"), LEADER)
    assert as_held((OFFICE, OFFICE_SIREN, LEADER), roster, 200) == (OFFICE, OFFICE_SIREN, LEADER)
