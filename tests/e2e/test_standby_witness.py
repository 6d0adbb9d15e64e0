"""Two real boxes and a witness: one takes over by itself, and never do both take and tell."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests import forks
from tests.conftest import free_port
from tests.e2e.test_standby_live import doors_told, kept
from tests.e2e.two_boxes import Gateway, Pair
from tests.simulation.changed_county import Phones
from warnstream.runners.intake.standby_entries import LEADER, decode_leader
from warnstream.runners.witness.server import Kept

pytestmark = pytest.mark.server

LEASE_S, PATIENCE_S = 5.0, 6.0


class Third:
    """The witness."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.port = directory, free_port()
        self.process: forks.Running | None = None

    def spawn(self) -> None:
        at = f"127.0.0.1:{self.port}"
        with Path(os.devnull).open("wb") as nowhere:
            self.process = forks.spawn(["witness", str(self.directory), "--listen", at], nowhere)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
        self.process = None


@pytest.fixture
def third(tmp_path: Path) -> Iterator[Third]:
    """It knows the county: one with a new folder lends nothing for a minute."""
    witness = Third(tmp_path / "witness")
    witness.directory.mkdir()
    (witness.directory / "county.json").write_bytes(msgspec.json.encode(Kept(0, "", LEASE_S)))
    witness.spawn()
    yield witness
    witness.kill()


@pytest.fixture
def pair(pair: Pair, third: Third) -> Pair:
    witness = f"  witness: {{host: 127.0.0.1, port: {third.port}, lease: 5s, patience: 6s}}\n"
    pair.county.put("warnstream.yaml", pair.county.text("warnstream.yaml") + witness)
    pair.copy()
    return pair


def leads_from(pair: Pair) -> list[tuple[int, str, str]]:
    begun = [decode_leader(payload) for _, kind, payload in pair.south.entries() if kind == LEADER]
    return [(beginning.term, beginning.box, beginning.how) for beginning in begun]


def test_the_second_leads_by_itself_where_the_first_is_dead(pair: Pair, gateway: Phones) -> None:
    pair.start()
    source = Gateway(pair)
    for times in (0.0, 1.0, 11.0):
        assert source.publish(pair.county.next_messages(times), pair.north) == 6
    assert pair.north.metric("warnstream_standby_may_lead") == 1
    pair.wait_for(lambda: pair.north.metric("warnstream_standby_witness") == 1)
    pair.north.kill()
    begun = time.monotonic()
    pair.wait_for(lambda: pair.south.leads)
    assert time.monotonic() - begun > PATIENCE_S - 2, "not before its patience is over"
    pair.wait_for(lambda: len(doors_told(gateway)) == 6)
    assert set(source.acknowledged) <= kept(pair, "south")
    assert leads_from(pair) == [(1, "north", ""), (2, "south", "by itself")]
    assert source.publish(pair.county.next_messages(1.0), pair.south) == 6
    assert len(gateway.shown) == len({warning.key for warning in gateway.shown})
    pair.north.spawn()
    pair.wait_for(lambda: pair.north.says("south leads (term 2)"))


def test_a_cut_cable_makes_nobody_take_over(pair: Pair) -> None:
    """Both live, and the witness has lent it to the first."""
    pair.start()
    source = Gateway(pair)
    source.publish(pair.county.next_messages(0.0), pair.north)
    pair.cut()
    pair.wait_for(lambda: pair.south.says("the witness holds the right for north"))
    pair.wait_for(lambda: pair.north.says("unprotected: south"))
    assert source.publish(pair.county.next_messages(1.0), pair.north) == 6
    done = pair.south.take_over()
    assert done.returncode == 1
    assert "that box is alive" in done.stderr
    pair.mend()
    pair.wait_for(lambda: pair.is_protected)
    pair.wait_for(lambda: pair.has_same_logs)  # the first one's clock goes on
    assert leads_from(pair) == [(1, "north", "")]


def test_a_first_that_stood_still_takes_and_tells_nothing_when_it_goes_on(
    pair: Pair, gateway: Phones
) -> None:
    pair.start()
    source = Gateway(pair)
    source.publish(pair.county.next_messages(0.0), pair.north)
    pair.north.pause()
    pair.wait_for(lambda: pair.south.leads)
    gateway.is_down = False
    pair.north.go_on()
    taken = Gateway(pair)
    assert taken.publish(pair.county.next_messages(11.0), pair.north, timeout_s=2.0) == 0
    pair.wait_for(lambda: pair.north.says("south leads (term 2)"))
    assert taken.acknowledged == []
    assert source.publish(pair.county.next_messages(1.0), pair.south) == 6
    assert set(source.acknowledged) <= kept(pair, "south")


def test_who_reaches_neither_takes_nothing_until_it_reaches_one(
    pair: Pair, third: Third, gateway: Phones
) -> None:
    pair.start()
    source = Gateway(pair)
    source.publish(pair.county.next_messages(0.0), pair.north)
    third.kill()
    pair.wait_for(lambda: pair.north.says("no witness") and pair.south.says("no witness"))
    assert source.publish(pair.county.next_messages(0.0), pair.north) == 6, "the other box's word is enough"
    pair.cut()
    pair.wait_for(lambda: pair.north.says("reaches neither the witness nor the other box"))
    assert pair.north.metric("warnstream_standby_may_lead") == 0
    messages = pair.county.next_messages(11.0)
    assert Gateway(pair).publish(messages, pair.north, timeout_s=2.0) == 0
    time.sleep(PATIENCE_S + 2)
    assert not pair.south.leads
    assert gateway.warnings() == []
    third.spawn()
    pair.wait_for(lambda: pair.north.metric("warnstream_standby_may_lead") == 1)
    pair.wait_for(lambda: pair.north.reasons() and not pair.north.says("reaches neither"))
    assert Gateway(pair).publish(messages, pair.north) == 6
    pair.wait_for(lambda: bool(gateway.warnings()))
    pair.mend()
    pair.wait_for(lambda: pair.is_protected)
    pair.wait_for(lambda: pair.has_same_logs)


def test_by_hand_where_two_of_three_are_gone(pair: Pair, third: Third) -> None:
    pair.start()
    source = Gateway(pair)
    source.publish(pair.county.next_messages(0.0), pair.north)
    third.kill()
    pair.north.kill()
    assert pair.south.take_over().returncode == 0, pair.log()
    assert source.publish(pair.county.next_messages(1.0), pair.south) == 6
    pair.wait_for(lambda: pair.south.says("no witness"))
    third.spawn()
    pair.wait_for(lambda: not pair.south.says("no witness"))


def test_they_change_places_at_once(pair: Pair) -> None:
    pair.start()
    assert pair.south.take_over().returncode == 0, pair.log()
    pair.wait_for(lambda: pair.south.leads)
    pair.wait_for(lambda: pair.north.says("standby of south"))
    pair.wait_for(lambda: pair.south.metric("warnstream_standby_protected") == 1)
    assert Gateway(pair).publish(pair.county.next_messages(0.0), pair.south) == 6
