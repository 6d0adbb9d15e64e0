"""The deputy of a post that is silent: rung with it, answers for it, and hears the end."""

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import msgspec

from tests.unit.desk.county import RULES, T0, answer, county, desk_of, fall, rise
from warnstream.commands.who import lines, record_of
from warnstream.config.orders import order_table
from warnstream.config.settings import Configuration
from warnstream.delivery.bulletin_texts import BulletinWording
from warnstream.delivery.plan import notifications_of
from warnstream.delivery.render import render_digest
from warnstream.model.bulletins import BulletinPolicy
from warnstream.model.digests import Digest, FieldReport
from warnstream.model.effects import Effects, RecipientKind
from warnstream.model.hands.roster import Roster, Shift
from warnstream.model.level import Level
from warnstream.model.network import ChainPost, Network
from warnstream.model.rules.policies import RoutingPolicy
from warnstream.model.times import HOUR_S, fixed_zone, iso_utc
from warnstream.routing.chains import _register_of

WITHIN_S = 300
"""Of red: how long a post has to answer."""


def town(deputy: str = "stand-in") -> Network:
    """The county; grid-a has a deputy, which answers for a village of its own."""
    plain = county()
    rows = [replace(post, deputy=deputy) if post.post == "grid-a" else post for post in plain.chain]
    other = ChainPost("stand-in", "grid member", 1, "331124001003", "sms", "109")
    return replace(plain, chain=(*rows, other))


class Night:
    """A desk, and who is sent each digest."""

    def __init__(self, network: Network) -> None:
        self.network, self.desk, self.now_s = network, desk_of(network), T0
        self.sent: list[tuple[str, Digest]] = []

    def step(self, *inputs: object, wait_s: int = 0) -> set[str]:
        """Recipients of what this step tells grid-a."""
        self.now_s += wait_s
        effects: Effects = self.desk.step(list(inputs), self.now_s)  # type: ignore[arg-type]
        digests = {digest.identifier: digest for digest in effects.digests if digest.post == "grid-a"}
        rows = [row for row in notifications_of(effects, self.network) if row.kind is RecipientKind.POST]
        told = [(row.recipient, digests[row.message]) for row in rows if row.message in digests]
        self.sent += told
        return {recipient for recipient, _ in told}

    def last(self) -> Digest:
        return self.sent[-1][1]


def silent(network: Network | None = None) -> Night:
    """Red, nobody has answered in time, and the post is rung again."""
    night = Night(network or town())
    assert night.step(rise(Level.RED)) == {"grid-a"}
    assert night.step(wait_s=WITHIN_S) == {"grid-a", "stand-in"}
    return night


def test_a_deputy_is_rung_with_its_post_once_that_is_silent_by_its_own_way() -> None:
    night = silent()
    rows = notifications_of(Effects(digests=[night.last()]), night.network)
    ways = {row.recipient: (row.channel, row.address) for row in rows}
    assert ways["stand-in"] == ("sms", "109")
    assert night.last().tries == 1
    assert night.step(wait_s=WITHIN_S) == {"grid-a", "stand-in"}, "as often as the post"


def test_the_deputy_s_answer_counts_for_the_post_and_stops_the_ringing() -> None:
    night = silent()
    night.step(answer(night.last().identifier, "stand-in"), wait_s=30)
    (chain,) = [chain for chain in night.desk.chains.of.values() if chain.turns]
    assert "grid-a" in chain.turns[0].answered
    assert not chain.debts["grid-a"].owed
    assert night.desk.chains.ignored == 0
    for _ in range(10):
        assert night.step(wait_s=WITHIN_S) == set()


def test_nobody_else_answers_for_a_post() -> None:
    night = silent()
    night.step(answer(night.last().identifier, "town"), wait_s=30)
    (chain,) = [chain for chain in night.desk.chains.of.values() if chain.turns]
    assert "grid-a" not in chain.turns[0].answered


def test_the_deputy_hears_the_end_and_nothing_of_the_next_warning() -> None:
    night = silent()
    night.step(answer(night.last().identifier, "grid-a"), wait_s=30)
    assert night.step(fall(Level.NONE, Level.RED), wait_s=3600) == {"grid-a", "stand-in"}
    assert not night.last().needs_answer
    assert night.step(rise(Level.RED), wait_s=3600) == {"grid-a"}


def test_the_deputy_of_a_post_that_answers_is_left_alone() -> None:
    night = Night(town())
    night.step(rise(Level.RED))
    night.step(answer(night.last().identifier, "grid-a"), wait_s=60)
    assert night.step(fall(Level.NONE, Level.RED), wait_s=3600) == {"grid-a"}


def test_a_restart_between_the_ring_and_the_end_forgets_no_deputy() -> None:
    night = silent()
    again = desk_of(night.network)
    again.restore(night.desk.snapshot())
    night.desk = again
    assert night.step(fall(Level.NONE, Level.RED), wait_s=3600) == {"grid-a", "stand-in"}


def test_a_report_of_the_deputy_to_that_digest_is_the_post_s() -> None:
    night = silent()
    report = FieldReport("stand-in", message=night.last().identifier, to_move=3)
    _, placed = night.desk.chains.of_report(report, night.last().status)
    assert placed.report.sender == "grid-a"
    own = FieldReport("stand-in", to_move=3)
    _, placed = night.desk.chains.of_report(own, night.last().status)
    assert placed.report.sender == "stand-in"


def test_who_says_that_a_deputy_is_rung() -> None:
    night = silent()
    configuration = cast("Configuration", SimpleNamespace(network=night.network))
    said = lines(
        {"time": iso_utc(night.now_s), **record_of(configuration, night.desk)}, fixed_zone(8 * HOUR_S)
    )
    (line,) = [line for line in said if "grid-a" in line and "rank" in line]
    assert line.endswith("silent, rung again 1 times, deputy stand-in is rung, too")


def test_naming_a_deputy_asks_nobody_anew() -> None:
    policy = RoutingPolicy()
    assert _register_of(town(), policy) == _register_of(town(deputy=""), policy)


def test_without_a_deputy_nothing_changes() -> None:
    night = Night(town(deputy=""))
    night.step(rise(Level.RED))
    assert night.step(wait_s=WITHIN_S) == {"grid-a"}


def test_a_deputy_reads_for_whom_and_the_post_does_not() -> None:
    night = silent()
    zone = fixed_zone(8 * HOUR_S)
    wording = BulletinWording(night.network, RULES, order_table(None), BulletinPolicy(signature="防指"), zone)
    record = msgspec.json.decode(render_digest(night.last(), wording).record)
    assert record["for_deputy"]["text_zh"].startswith("【演练】【防指】代Shangcungrid member应答。")
    assert record["for_deputy"]["text_en"].startswith("[EXERCISE] You answer for Shangcun grid member. ")
    assert "代" not in record["text_zh"]
    first = night.sent[0][1]
    assert msgspec.json.decode(render_digest(first, wording).record)["for_deputy"] is None


def test_the_deputy_s_shift_is_rung_for_the_post_too() -> None:
    plain = town()
    roster = Roster([Shift("stand-in", T0, T0 + HOUR_S, "Wu", "sms", "777")])
    night = silent(replace(plain, roster=roster))
    rows = notifications_of(Effects(digests=[night.last()]), night.network)
    assert {row.recipient: row.address for row in rows} == {"grid-a": "101", "stand-in": "777"}
