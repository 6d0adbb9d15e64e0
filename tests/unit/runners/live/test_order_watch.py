"""What a node shows of orders by hand: alarms by township, counts, and their end."""

from dataclasses import dataclass, field, replace

from tests.unit.desk.county import T0, county, desk_of, rise
from warnstream.adapters.metrics import Metrics
from warnstream.desk import WarningDesk
from warnstream.model.bulletins import BulletinPolicy
from warnstream.model.hands.orders import HandOrder, OrderKind, ReleasePolicy, ReleaseRule
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S, fixed_zone
from warnstream.runners.live.views.orders_json import describe_orders
from warnstream.runners.live.watches.order_watch import OrderWatch

VILLAGES = county().villages
ORDER = HandOrder("o1", OrderKind.END, "zhang", "gauge is loose", (VILLAGES.code[0],), "flash_flood")


@dataclass
class Alarms:
    """Takes alarms, and knows which stand."""

    standing: dict[str, str] = field(default_factory=dict)
    zh: dict[str, str] = field(default_factory=dict)

    def raise_alarm(self, key: str, text: str, *, is_blocking: bool = True, zh: str = "") -> None:
        assert not is_blocking, "a node with orders on it works"
        assert zh
        assert zh.isascii() is False
        self.standing[key] = text
        self.zh[key] = zh

    def end_alarm(self, key: str) -> None:
        del self.standing[key]


@dataclass
class Watched:
    """A desk and what is shown of it."""

    desk: WarningDesk
    alarms: Alarms = field(default_factory=Alarms)
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        self.watch = OrderWatch(self.alarms, self.metrics, (), fixed_zone(8 * HOUR_S))

    def step(self, now_s: int, *inputs: object) -> None:
        self.desk.step(inputs, now_s)  # type: ignore[arg-type]
        self.watch.take(self.desk, VILLAGES, is_live=True)

    def metric(self, kind: str) -> float | None:
        return self.metrics.registry.get_sample_value("warnstream_hands", {"kind": kind})


def test_a_ceiling_is_named_with_its_author_until_it_expires() -> None:
    watched = Watched(desk_of())
    watched.step(T0, rise(Level.RED))
    assert watched.alarms.standing == {}
    watched.step(T0 + 60, ORDER)
    assert watched.alarms.standing == {
        "ceiling:Gushi": "by hand in Gushi: 331124001001 flash_flood red held at none until 05:46 by zhang"
    }
    assert watched.metric("ceiling") == 1
    watched.step(T0 + HOUR_S)
    assert watched.alarms.standing == {}
    assert watched.metric("ceiling") == 0


def test_what_waits_for_a_person_is_named_with_the_command_that_helps() -> None:
    policy = BulletinPolicy(release=ReleasePolicy(ReleaseRule(rise=(0, 0, 0, 300, 0))))
    watched = Watched(desk_of(bulletins=policy))
    red = replace(ORDER, identifier="o2", kind=OrderKind.ISSUE, level=Level.RED, villages=(VILLAGES.code[1],))
    watched.step(T0, rise(Level.ORANGE), red)
    assert watched.alarms.standing == {
        "release:Gushi": "doors of Gushi wait for a release (warnstream release): "
        "331124001001 leave flash_flood orange until 05:20",
        "second:o2": "an order waits for a second person until 05:25: issue flash_flood red in 1 villages, "
        "by zhang: warnstream release --order o2",
    }
    assert (watched.metric("release"), watched.metric("second_person")) == (1, 1)
    watched.step(T0 + HOUR_S)
    assert watched.alarms.standing == {}
    lapsed = watched.metrics.registry.get_sample_value("warnstream_orders_lapsed")
    assert lapsed == 1


def test_an_end_that_waits_for_a_second_person_is_not_told_as_a_red_that_is_issued() -> None:
    watched = Watched(desk_of())
    watched.step(T0, rise(Level.RED))
    watched.step(T0 + 60, replace(ORDER, asks_second=True))
    assert "end flash_flood in 1 villages" in watched.alarms.standing["second:o1"]
    assert "要求解除1村" in watched.alarms.zh["second:o1"]
    assert "红" not in watched.alarms.zh["second:o1"]


def test_an_order_that_was_taken_and_does_not_fit_any_more_is_told_for_an_hour() -> None:
    """Two orders of one moment fit what stands, each alone; the second one finds the first one's work."""
    watched = Watched(desk_of())
    watched.step(T0, rise(Level.RED))
    other = replace(ORDER, identifier="o2", author="li", kind=OrderKind.LOWER, level=Level.YELLOW)
    assert watched.desk.order_faults(ORDER) == watched.desk.order_faults(other) == []
    watched.step(T0 + 60, ORDER, other)
    assert watched.alarms.standing["order"] == (
        "orders that were taken and not carried out: 1; lower by li: order o2: villages: nothing above "
        "yellow of flash_flood stands in any village named"
    )
    watched.step(T0 + 60 + HOUR_S)
    assert "order" not in watched.alarms.standing


def test_everything_that_binds_or_waits_is_listed() -> None:
    watched = Watched(desk_of())
    silence = replace(ORDER, identifier="o3", kind=OrderKind.SILENCE)
    respond = HandOrder("o4", OrderKind.RESPOND, "zhang", "plan 4.2", response="III")
    watched.step(T0, rise(Level.RED))
    watched.step(T0 + 60, ORDER, silence, respond)
    found = describe_orders(watched.desk, VILLAGES)
    (bound,) = found.bounds
    assert (bound.village, bound.kind, bound.bound, bound.found, bound.level) == (
        VILLAGES.code[0],
        "ceiling",
        "none",
        "red",
        "none",
    )
    assert [silence.villages for silence in found.silences] == [1]
    assert found.response is not None
    assert found.response.response == "III"
    assert watched.alarms.standing["silence"].startswith(
        "posts are not told of rises up to orange: flash_flood"
    )
    assert "response:III" in watched.alarms.standing
