"""Channels change while the node runs: what waits goes out by the new one, once, and nothing is lost."""

from collections.abc import Iterator

import pytest

from tests.simulation.changed_county import CHANNELS, MOMENTS, County, Phones, phones
from warnstream.runners.live.node import Node

pytestmark = pytest.mark.slow


@pytest.fixture
def other() -> Iterator[Phones]:
    """Another SMS gateway."""
    with phones() as gateway:
        yield gateway


def told(*gateways: Phones) -> list[str]:
    return [shown.key for gateway in gateways for shown in gateway.warnings()]


def waiting(county: County, channel: str) -> int:
    assert county.node is not None
    return county.node.outbox.open_count(channel)


def has(node: Node) -> set[str]:
    return set(node.delivery.reports())


def second_channel(port: int) -> str:
    rows = CHANNELS.format(sms=port).splitlines()[1:]
    patient = "\n".join(rows).replace("attempts_max: 20", "attempts_max: 1000")
    return patient.replace("sms:", "village:", 1) + "\n"


def test_a_new_channel_tells_those_that_were_moved_to_it(county: County, other: Phones) -> None:
    county.rain(4)
    county.put("channels.yaml", county.text("channels.yaml") + second_channel(other.port))
    county.replace("households.csv", "H1a,V1,sms", "H1a,V1,village")
    county.replace("chain.csv", "V1,sms,+8610", "V1,village,+8610")
    is_live, said = county.reload()
    assert is_live, said
    assert county.node is not None
    assert has(county.node) == {"sms", "village", "village_topic"}
    county.rain(10)
    county.settle()
    assert {shown.recipient for shown in other.warnings()} == {"H1a", "G1"}
    assert len(set(told(county.gateway, other))) == len(told(county.gateway, other))


def test_what_waits_at_a_dead_address_goes_to_the_new_one_once(county: County, other: Phones) -> None:
    county.replace("channels.yaml", "attempts_max: 20", "attempts_max: 1000")
    assert county.reload()[0]
    county.rain(4)
    county.settle()
    county.gateway.is_down = True
    county.rain(8)
    assert waiting(county, "sms") > 0
    n_before = len(county.gateway.warnings())
    county.replace("channels.yaml", f":{county.gateway.port}/", f":{other.port}/")
    is_live, said = county.reload()
    assert is_live, said
    county.settle()
    assert waiting(county, "sms") == 0
    assert other.warnings()
    assert len(county.gateway.warnings()) == n_before
    assert len(set(told(county.gateway, other))) == len(told(county.gateway, other))
    assert county.gateway.repeats == other.repeats == 0
    county.gateway = other
    county.rain(60, times=0.0)
    assert county.open_warnings() == []
    assert list(county.faults_of_doors()) == []


def test_a_channel_goes_with_messages_waiting_and_its_doors_hear_by_the_other_one(
    county: County, other: Phones
) -> None:
    county.put("channels.yaml", county.text("channels.yaml") + second_channel(other.port))
    county.put("households.csv", county.text("households.csv").replace(",sms,+", ",village,+"))
    is_live, said = county.reload()
    assert is_live, said
    other.is_down = True
    county.rain(12)
    assert waiting(county, "village") > 0
    county.put("channels.yaml", CHANNELS.format(sms=county.gateway.port))
    county.put("households.csv", county.text("households.csv").replace(",village,+", ",sms,+"))
    is_live, said = county.reload()
    assert is_live, said
    county.settle()
    assert county.node is not None
    assert has(county.node) == {"sms", "village_topic"}
    assert other.warnings() == []
    assert county.find_faults() == []
    county.rain(60, times=0.0)
    assert county.find_faults() == []


def test_a_bad_channel_is_refused_with_every_fault_and_the_old_one_goes_on(county: County) -> None:
    county.rain(4)
    good = county.text("channels.yaml")
    bad = "  mail: {kind: smtp, host: mail.example, sender: nobody}\n  phone: {kind: pigeon}\n"
    county.put("channels.yaml", good + bad)
    is_live, said = county.reload()
    assert not is_live
    refused = [line for line in said if line.startswith("refused: channels.yaml")]
    assert len(refused) >= 2, said
    county.put("channels.yaml", good)
    county.rain(8)
    assert county.find_faults() == []
    assert county.gateway.warnings()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_moment_of_a_changed_channel_loses_nothing_and_tells_nothing_twice(
    county: County, other: Phones, moment: str
) -> None:
    county.rain(12)
    county.settle()
    n_before = len(county.gateway.warnings())
    county.replace("channels.yaml", f":{county.gateway.port}/", f":{other.port}/")
    county.reload_killed(moment)
    county.rain(3)
    county.settle()
    assert len(county.gateway.warnings()) == n_before
    assert other.warnings()
    other.shown[:0] = county.gateway.shown
    assert len(set(told(other))) == len(told(other))
    county.gateway = other
    assert county.find_faults() == []
