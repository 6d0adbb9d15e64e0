"""What is real goes first, and no fault of a drill's outbox costs it anything."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from warnstream.adapters.ledger.beside import MainOutbox
from warnstream.adapters.ledger.node_outbox import NodeOutbox
from warnstream.adapters.outbox.types import Claimed, StoredMessage
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.delivery.dispatch.notification import Settlement, Signal
from warnstream.model.effects import RecipientKind
from warnstream.model.errors import StoreError

CHANNEL = "sms"


def claimed(prefix: str, village: str) -> Claimed:
    name = f"{prefix}.{village}.20260618T000000Z.1"
    message = StoredMessage(
        name, name, 1, village, "flash_flood", 4, "leave", "Exercise", 0, 9, "", "走", "go"
    )
    key = f"{name}|H1|{CHANNEL}"
    return Claimed(1, key, message, "H1", RecipientKind.HOUSEHOLD, CHANNEL, "1", 4, 0, 1)


class Drill:
    """A drill's outbox that holds these, or is broken."""

    def __init__(self, *waiting: Claimed) -> None:
        self.waiting, self.settled, self.is_broken = list(waiting), dict[str, Settlement](), False

    def claim(self, _channel: str, limit: int, _now: float) -> list[Claimed]:
        if self.is_broken:
            raise StoreError("damaged", retryable=False)
        found, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return found

    def settle(self, settlements: Mapping[str, Settlement], _now: float) -> None:
        if self.is_broken:
            raise StoreError("damaged", retryable=False)
        self.settled |= dict(settlements)

    def next_due(self, _channel: str) -> float | None:
        if self.is_broken:
            raise StoreError("damaged", retryable=False)
        return 5.0 if self.waiting else None


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    directory = tmp_path_factory.mktemp("county")
    build_county(1, CountyPlan(n_stations=9, n_villages=3, n_gauges=1)).write(directory)
    write_demo_config(directory)
    return load_configuration(directory)


@pytest.fixture
def outbox(configuration: Configuration, tmp_path: Path) -> Iterator[MainOutbox]:
    (tmp_path / "data").mkdir()
    opened = MainOutbox.open_or_begin_anew(tmp_path / "data", "node")
    opened.open_doors(tmp_path / "data", configuration.network, lambda _payload: pytest.fail("nobody sends"))
    yield opened
    opened.close()


def beside(outbox: MainOutbox, drill: Drill) -> None:
    outbox.drills = {"d1": drill}  # type: ignore[dict-item]


def test_a_drill_is_handed_out_where_nothing_real_waits(outbox: MainOutbox) -> None:
    one = claimed("ws@drill-d1", "V1")
    beside(outbox, Drill(one))
    assert outbox.next_due(CHANNEL) == 5.0
    assert outbox.claim(CHANNEL, 10, 0.0) == [one]


def test_what_is_real_goes_first(outbox: MainOutbox, monkeypatch: pytest.MonkeyPatch) -> None:
    real = claimed("ws", "V1")
    beside(outbox, Drill(claimed("ws@drill-d1", "V2")))
    monkeypatch.setattr(NodeOutbox, "claim", lambda *_: [real])
    assert outbox.claim(CHANNEL, 10, 0.0) == [real]


def test_a_village_that_hears_something_real_is_told_nothing_more_of_a_drill(outbox: MainOutbox) -> None:
    muted, other = claimed("ws@drill-d1", "V1"), claimed("ws@drill-d1", "V2")
    drill = Drill(muted, other)
    beside(outbox, drill)
    outbox.muted = frozenset({"V1"})
    assert outbox.claim(CHANNEL, 10, 0.0) == [other]
    assert drill.settled[muted.key].signal is Signal.EXPIRED


def test_a_broken_outbox_of_a_drill_holds_up_nothing(outbox: MainOutbox) -> None:
    drill = Drill(claimed("ws@drill-d1", "V1"))
    drill.is_broken = True
    beside(outbox, drill)
    assert outbox.claim(CHANNEL, 10, 0.0) == []
    outbox.settle({claimed("ws@drill-d1", "V1").key: Settlement(Signal.SENT)}, 0.0)
    assert outbox.next_due(CHANNEL) is None
    drill.is_broken = False
    assert outbox.claim(CHANNEL, 10, 0.0) == [], "it pauses"


def test_outcomes_of_a_drill_never_reach_the_real_rows(
    outbox: MainOutbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    drill, real = Drill(), claimed("ws", "V1")
    beside(outbox, drill)
    kept: list[str] = []
    monkeypatch.setattr(NodeOutbox, "settle", lambda _self, some, _now: kept.extend(some))
    of_drill = claimed("ws@drill-d1", "V1")
    sent = Settlement(Signal.SENT)
    outbox.settle({real.key: sent, of_drill.key: sent}, 0.0)
    assert kept == [real.key]
    assert list(drill.settled) == [of_drill.key]
    assert not outbox.hand_in({of_drill.key: sent}, 0.0), "its outcome is waited for"


def test_keys_of_a_drill_mean_nothing_without_one(outbox: MainOutbox) -> None:
    key = claimed("ws@drill-d1", "V1").key
    assert not outbox.mark_delivered(key, 0.0)
    assert outbox.number_of(key) is None


def test_drills_are_handed_out_in_turn_and_a_broken_one_holds_up_no_other(outbox: MainOutbox) -> None:
    first = Drill(claimed("ws@drill-d1", "V1"), claimed("ws@drill-d1", "V2"))
    second = Drill(claimed("ws@drill-d2", "V3"), claimed("ws@drill-d2", "V4"))
    broken = Drill(claimed("ws@drill-d0", "V5"))
    broken.is_broken = True
    outbox.drills = {"d0": broken, "d1": first, "d2": second}  # type: ignore[dict-item]
    told = [claim.message.village for _ in range(4) for claim in outbox.claim(CHANNEL, 1, 0.0)]
    assert told == ["V1", "V3", "V2", "V4"]


def test_outcomes_go_to_the_drill_whose_key_it_is(outbox: MainOutbox) -> None:
    first, second = Drill(), Drill()
    outbox.drills = {"d1": first, "d2": second}  # type: ignore[dict-item]
    keys = [claimed(f"ws@drill-{name}", "V1").key for name in ("d1", "d2", "gone")]
    outbox.settle(dict.fromkeys(keys, Settlement(Signal.SENT)), 0.0)
    assert (list(first.settled), list(second.settled)) == (keys[:1], keys[1:2])
