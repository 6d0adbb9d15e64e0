"""What is known of places and people together."""

from dataclasses import replace

from tests.networks import network_of
from warnstream.model.network import ChainPost


def test_what_a_log_hides_is_no_name_of_a_station_or_village() -> None:
    """A box whose address is its code must not make every line about the gauge beside it illegible."""
    network = network_of(2, 2)
    station, village = network.stations.code[0], network.villages.code[0]
    addresses = (station, village, "13800000001")
    posts = tuple(ChainPost(f"p{at}", "", 1, "*", "device", address) for at, address in enumerate(addresses))
    told = replace(network, chain=posts).private_addresses()
    assert "13800000001" in told
    assert not told & {station, village, ""}


def test_the_code_by_which_the_device_of_a_post_goes_is_shown_unless_it_may_be_a_number() -> None:
    codes = ("RT0005", "13800000001")
    posts = tuple(ChainPost(code, "", 1, "*", "device", code) for code in codes)
    told = replace(network_of(1, 1), chain=posts).private_addresses()
    assert told == {"13800000001"}
