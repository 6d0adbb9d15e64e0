"""Weekly test calls of a running node: once, over a kill; who answers, who does not, who calls for help."""

import csv
import io
import json

import pytest

from tests.e2e.test_chain_live import FAR, NEAR, Notice, Town
from tests.simulation.changed_county import Phones

pytestmark = [pytest.mark.server, pytest.mark.slow]

ANSWERS, SLEEPS, CALLS = f"G{NEAR[0]}", f"V{NEAR[0]}", f"G{FAR}"
SETTINGS = """
test_calls:
  weekday: thursday
  at: "14:03"
  until: "17:00"
  within: 10min
  source: county plan 2026
"""


def prepared(town: Town, port: int) -> None:
    """Satellite phones at a gateway; the night begins on a Thursday at 14:00."""
    folder = town.directory
    rows = [f"{post},sms,+099000000{number}" for number, post in enumerate((ANSWERS, SLEEPS, CALLS))]
    (folder / "test_ways.csv").write_text("\n".join(["post,channel,address", *rows]) + "\n", "utf-8")
    yaml, channels = folder / "warnstream.yaml", folder / "channels.yaml"
    yaml.write_text(yaml.read_text("utf-8") + SETTINGS, "utf-8")
    text = channels.read_text("utf-8")
    url = text.partition("url: ")[2].partition("\n")[0]
    channels.write_text(text.replace(url, f"http://127.0.0.1:{port}/sms"), "utf-8")


def rung(gateway: Phones) -> dict[str, list[str]]:
    """Test calls by post: their messages."""
    found: dict[str, list[str]] = {}
    for shown in gateway.shown:
        if ".@test." in shown.message:
            found.setdefault(shown.recipient, []).append(shown.message)
    return found


def answer(town: Town, post: str, message: str, word: str = "acknowledged") -> None:
    to: Notice = {"message": message}
    town.answer(post, word, to)


def test_a_week_s_test_calls(town: Town, gateway: Phones) -> None:
    prepared(town, gateway.port)
    town.node.start()
    town.minutes(2)
    assert rung(gateway) == {}
    town.minutes(3)
    town.node.wait_for(lambda: len(rung(gateway)) == 3)
    calls = rung(gateway)
    texts = {shown.text for shown in gateway.shown if ".@test." in shown.message}
    assert len(texts) == 1
    assert "测试，不是预警" in texts.pop()

    # One answers, one calls for help: a real call, which rings real posts. The node is killed.
    answer(town, ANSWERS, calls[ANSWERS][0])
    answer(town, CALLS, calls[CALLS][0], "need_help")
    town.minutes(1)
    assert town.chain()["help_open"] == 1
    assert CALLS in town.wait_for(f"V{FAR}", "求助")["text_zh"]
    town.node.kill()
    town.node.start()
    town.minutes(12)
    assert rung(gateway) == calls, "nobody is called twice"
    assert f"test call not answered: {SLEEPS} by sms" in town.tell("who", str(town.directory))
    table = town.tell("duty", str(town.directory), "--tests")
    results = {row["post"]: row["result"] for row in csv.DictReader(io.StringIO(table))}
    assert results == {SLEEPS: "silent", ANSWERS: "answered", CALLS: "answered"}
    assert "+0990" not in table
    assert town.node.metric('warnstream_test_calls{result="silent"}') == 1
    assert town.chain()["dry_villages"] == 0, "a test call climbs nowhere"

    # What is answered to a test call answers nothing real.
    town.rain()
    assert town.wait_for(ANSWERS, "红")
    answer(town, ANSWERS, calls[ANSWERS][0])
    town.minutes(1)
    assert f"rank 1 {ANSWERS}: owes an answer" in town.tell("who", str(town.directory), NEAR[0])
    record = json.loads(town.tell("who", str(town.directory), "--json"))
    assert [row["post"] for row in record["tests_silent"]] == [SLEEPS]
    assert town.node.stop() == 0


def test_under_orange_a_test_call_is_put_off_and_said(town: Town, gateway: Phones) -> None:
    prepared(town, gateway.port)
    yaml = town.directory / "warnstream.yaml"
    yaml.write_text(yaml.read_text("utf-8").replace('at: "14:03"', 'at: "14:22"'), "utf-8")
    town.node.start()
    town.rain()
    town.wait_for(ANSWERS, "红")
    town.minutes(5)
    assert rung(gateway) == {}
    table = town.tell("duty", str(town.directory), "--tests")
    assert [row["result"] for row in csv.DictReader(io.StringIO(table))] == ["put_off"] * 3
    assert town.node.metric('warnstream_test_calls{result="put_off"}') == 3
    assert town.node.stop() == 0
