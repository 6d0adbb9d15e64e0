"""What a node shows of its duty posts."""

from dataclasses import replace
from typing import Any

from tests.unit.desk.county import T0, answer, county, desk_of, fall, rise
from warnstream.adapters.metrics import Metrics
from warnstream.model.alarms import AlarmText
from warnstream.model.effects import Answer
from warnstream.model.level import Level
from warnstream.runners.live.watches.chain_watch import NAMED_MAX, ChainWatch, _said

VILLAGES = county().villages


class Board:
    """Alarms that stand, as a node keeps them."""

    def __init__(self) -> None:
        self.standing: dict[str, str] = {}
        self.zh: dict[str, str] = {}
        self.blocking: set[bool] = set()
        self.calls = 0

    def raise_alarm(self, key: str, text: str, *, is_blocking: bool = True, zh: str = "") -> None:
        self.calls += 1
        self.standing[key], self.zh[key] = text, zh
        self.blocking.add(is_blocking)

    def end_alarm(self, key: str) -> None:
        self.standing.pop(key, None)


class Watched:
    """A desk and what is shown of it."""

    def __init__(self) -> None:
        self.desk, self.board, self.metrics = desk_of(), Board(), Metrics()
        self.watch = ChainWatch(self.board, self.metrics)

    def step(self, inputs: list[Any], at_s: int, *, is_live: bool = True) -> None:
        effects = self.told = self.desk.step(inputs, at_s)
        self.metrics.count_issued(effects)
        self.watch.take(self.desk, VILLAGES, is_live=is_live)

    def metric(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)


def dry() -> Watched:
    """Two villages of one township in which nobody has answered up to the top."""
    watched = Watched()
    watched.step([rise(Level.YELLOW), rise(Level.YELLOW, village=1)], T0)
    for rank in (1, 2, 3):
        watched.step([], T0 + 1800 * rank + 300)
    return watched


def test_dry_villages_are_one_alarm_of_their_township_that_does_not_block() -> None:
    watched = dry()
    assert watched.board.standing == {
        "chain:Gushi": f"nobody on duty has answered for {VILLAGES.name[0]}, {VILLAGES.name[1]} of Gushi"
    }
    assert watched.board.blocking == {False}
    assert watched.watch.state is not None
    assert watched.watch.state.dry_villages == 2
    assert watched.metric("warnstream_villages_dry") == 2


def test_where_some_have_answered_the_alarm_says_that_answers_are_missing() -> None:
    watched = dry()
    watched.step([rise(Level.RED)], T0 + 9000)
    digest = next(found for found in watched.told.digests if found.post == "grid-a")
    watched.step([answer(digest.identifier, "grid-a")], T0 + 9060)
    first, second = VILLAGES.name[:2]
    assert watched.board.standing == {
        "chain:Gushi": f"answers are missing for {first}, nobody on duty has answered for {second} of Gushi"
    }
    assert watched.board.zh == {"chain:Gushi": f"Gushi：{first}责任人应答不齐；{second}责任人均未应答"}


def test_an_alarm_that_stands_is_not_raised_again_at_every_step() -> None:
    watched = dry()
    before = watched.board.calls
    watched.step([], T0 + 9000)
    assert watched.board.calls == before


def test_the_alarm_ends_with_the_last_village() -> None:
    watched = dry()
    watched.step([fall(Level.NONE, Level.YELLOW)], T0 + 9000)
    assert watched.board.standing == {
        "chain:Gushi": f"nobody on duty has answered for {VILLAGES.name[1]} of Gushi"
    }
    watched.step([replace(fall(Level.NONE, Level.YELLOW), village=1)], T0 + 9060)
    assert watched.board.standing == {}
    assert watched.metric("warnstream_villages_dry") == 0


def test_a_call_that_nobody_takes_is_an_alarm_until_somebody_does() -> None:
    watched = Watched()
    bulletin = watched.desk.step([rise(Level.YELLOW)], T0).bulletins[0]
    call = replace(answer(bulletin.identifier, "door-0"), answer=Answer.NEED_HELP)
    watched.step([call], T0 + 120)
    assert watched.metric("warnstream_help_open", state="waiting") == 1
    for minute in range(3, 25):
        watched.step([], T0 + 60 * minute)
    assert watched.board.standing == {
        "help:Gushi": f"nobody takes calls for help in {VILLAGES.name[0]} of Gushi"
    }
    (shown,) = watched.watch.calls
    assert (shown.caller, shown.is_untaken, shown.assigned) == ("door-0", True, None)


def test_steps_of_the_past_tell_no_alarm_and_what_is_over_ends_at_the_first_live_one() -> None:
    watched = dry()
    again = Watched()
    again.desk.restore(watched.desk.snapshot())
    again.watch.adopt(["chain:Gushi", "chain:Elsewhere", "disk"])
    again.board.standing = {"chain:Elsewhere": "", "disk": ""}
    again.step([], T0 + 9000, is_live=False)
    assert again.board.calls == 0
    again.step([], T0 + 9001)
    assert set(again.board.standing) == {"chain:Gushi", "disk"}


def test_digests_are_counted_by_what_they_are_for() -> None:
    watched = Watched()
    watched.step([rise(Level.RED)], T0)
    watched.step([], T0 + 300)
    watched.step([fall(Level.NONE, Level.RED)], T0 + 600)
    kinds = {
        kind: watched.metric("warnstream_digests_issued_total", kind=kind)
        for kind in ("demand", "reminder", "news")
    }
    assert kinds == {"demand": 4, "reminder": 4, "news": 4}


def test_of_many_villages_the_first_are_named_in_both_languages() -> None:
    what = AlarmText("nobody answers for", "无人应答")
    assert _said(what, ["a", "b"]) == ("nobody answers for a, b", "a、b无人应答")
    en, zh = _said(what, [str(n) for n in range(NAMED_MAX + 5)])
    assert en.endswith("9 and 5 more")
    assert zh.endswith("9等15村无人应答")


def test_the_short_message_of_an_alarm_is_chinese_and_names_villages() -> None:
    watched = dry()
    (zh,) = watched.board.zh.values()
    assert zh == f"Gushi：{VILLAGES.name[0]}、{VILLAGES.name[1]}责任人均未应答"


def test_the_desk_that_is_watched_is_not_changed() -> None:
    watched = dry()
    before = watched.desk.snapshot()
    watched.watch.take(watched.desk, VILLAGES, is_live=True)
    assert watched.desk.snapshot() == before
