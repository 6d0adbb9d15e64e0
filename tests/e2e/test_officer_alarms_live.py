"""What rings the officer of a running node: seen at the console, or brought to posts, even with it dead."""

import os
import signal
from collections.abc import Iterator

import pytest

from tests.e2e.consoles import Watched, state_of
from tests.e2e.test_acts_live import act
from tests.e2e.test_chain_live import FAR, NEAR, Notice, Town
from tests.e2e.test_orders_live import doors_of

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture
def watched(town: Town) -> Iterator[Watched]:
    """The chief is rung at C0001; the plan goes on to T0001."""
    opened = Watched(town.directory, town.node)
    settings = town.directory / "warnstream.yaml"
    text = settings.read_text("utf-8").replace("console:\n", "console:\n  shift_plan: [T0001]\n")
    settings.write_text(text, "utf-8")
    operators = town.directory / "operators.csv"
    head, *rows = operators.read_text("utf-8").splitlines()
    rows = [f"{row},{'C0001' if row.startswith('chief,') else ''}" for row in rows]
    operators.write_text("\n".join([f"{head},post", *rows]) + "\n", "utf-8")
    yield opened
    opened.close()


def rung(town: Town, post: str) -> list[Notice]:
    return [message for message in town.seen[post] if "值班台无人查看" in message["text_zh"]]


def test_an_alarm_is_rung_on_until_somebody_looks(town: Town, watched: Watched) -> None:
    town.prompt = {f"{kind}{village}" for village in (*NEAR, FAR) for kind in "GV"} | {
        "T0001",
        "T0002",
        "C0001",
    }
    town.prompt |= {"C0002"}
    town.node.start()
    officer = watched.signed_in("chief")
    assert "nobody has taken the shift" in town.notices()
    assert act(officer, "take_shift").status_code == 200
    town.node.wait_for(lambda: "nobody has taken the shift" not in town.notices())
    town.rain()
    town.node.wait_for(lambda: state_of(officer)["head"].get("alarms"))
    assert {alarm["urgency"] for alarm in state_of(officer)["head"]["alarms"]} == {"B"}
    door = doors_of(town, FAR)[-1]["recipient"]
    town.answer(door, "need_help")
    town.minutes(2)  # a minute for somebody to take it, then it is an alarm
    town.node.wait_for(
        lambda: {alarm["urgency"] for alarm in state_of(officer)["head"]["alarms"]} == {"A", "B"}
    )

    # The console hangs: the node rings the officer's own post, then the plan, also after a kill.
    console = watched.pid()
    os.kill(console, signal.SIGSTOP)
    town.minutes(3)
    town.node.wait_for(lambda: rung(town, "C0001"))
    assert not rung(town, "T0001")
    town.node.kill()
    os.kill(console, signal.SIGKILL)  # a process that is stopped would keep the port
    town.node.start()
    assert "nobody has taken the shift" not in town.notices(), "the shift is in the journal"
    town.minutes(3)
    town.node.wait_for(lambda: rung(town, "T0001"))
    assert len(rung(town, "C0001")) == 1
    assert town.node.metric("warnstream_officer_rings_total") >= 1

    # Seen: nobody is rung any more, until the quarter of an hour is over.
    officer = watched.signed_in("chief")
    assert act(officer, "see", urgency="A", villages=[FAR]).status_code == 200
    town.minutes(13)
    assert (len(rung(town, "C0001")), len(rung(town, "T0001"))) == (1, 1)
    town.minutes(6)
    town.node.wait_for(lambda: len(rung(town, "C0001")) == 2)

    # Somebody goes: the alarm is over.
    (call,) = officer.get(f"/api/v1/villages/{FAR}").json()["helps"]
    assert act(officer, "assign", help=call["help"], person="王五").status_code == 200
    town.minutes(1)
    town.node.wait_for(lambda: {alarm["urgency"] for alarm in state_of(officer)["head"]["alarms"]} == {"B"})
    assert town.node.stop() == 0
