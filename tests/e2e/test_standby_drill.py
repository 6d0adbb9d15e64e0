"""A drill beside a second box: after a takeover it goes on there under its names, or it is said that not."""

import pytest

from tests import forks
from tests.e2e.two_boxes import BoxProcess, Gateway, Pair
from tests.simulation.changed_county import Phones, Shown
from warnstream.runners.drill.folders import drill_folders, entries_of
from warnstream.runners.intake.entries import DRILL

pytestmark = pytest.mark.server

PEOPLE = "person,name,role,area,phone\nli,Li,officer,County,\n"


@pytest.fixture
def pair(pair: Pair) -> Pair:
    pair.county.put("operators.csv", PEOPLE)
    pair.copy()
    return pair


def drill(box: BoxProcess, act: str, *arguments: str) -> str:
    said = ["--author", "li", "--reason", "yearly exercise"]
    done = forks.run(["drill", act, str(box.directory), *arguments, *said], 60)
    assert done.returncode == 0, done.stdout + done.stderr + box.log()
    return done.stdout


def of_drills(gateway: Phones) -> list[Shown]:
    return [shown for shown in gateway.shown if "@drill-" in shown.message]


def wait_for_words(pair: Pair, gateway: Phones, box: BoxProcess, words: str) -> None:
    """Time goes on until a door was told something by a drill."""
    source = Gateway(pair)

    def is_told() -> bool:
        if any(words in shown.text for shown in of_drills(gateway) if shown.recipient == "H4a"):
            return True
        source.publish(pair.county.next_messages(0.0), box)
        return False

    pair.wait_for(is_told)


def logs_of(box: BoxProcess) -> dict[str, list[tuple[int, str, bytes]]]:
    return {folder.name: list(entries_of(folder)) for folder in drill_folders(box.data)}


def test_a_drill_goes_on_on_the_box_that_takes_over_and_back(pair: Pair, gateway: Phones) -> None:
    pair.start()
    source = Gateway(pair)
    source.publish(pair.county.next_messages(0.0), pair.north)
    drill(pair.north, "start", "V4", "--hazard", "flash_flood", "--level", "red", "--for", "10h")
    wait_for_words(pair, gateway, pair.north, "马上走")
    pair.wait_for(lambda: logs_of(pair.north) == logs_of(pair.south) != {})
    before = {shown.key: shown.text for shown in of_drills(gateway)}
    pair.north.kill()
    assert pair.south.take_over().returncode == 0, pair.log()
    pair.wait_for(lambda: pair.south.says("drill is on in 1 villages"))
    source.publish(pair.county.next_messages(1.0), pair.south)
    pair.wait_for(lambda: bool(gateway.warnings()))
    assert all("演练" in shown.text and shown.status == "Exercise" for shown in of_drills(gateway))
    real = [shown for shown in gateway.warnings() if "@drill-" not in shown.message]
    assert not [shown for shown in real if shown.status == "Exercise" or shown.text.startswith("【演练】")]
    assert {key: {shown.key: shown.text for shown in of_drills(gateway)}[key] for key in before} == before
    pair.north.spawn("--as-standby")
    pair.wait_for(lambda: pair.north.says("standby of south", "entries behind"))
    pair.wait_for(lambda: logs_of(pair.north) == logs_of(pair.south) != {})
    assert pair.north.take_over().returncode == 0, pair.log()
    pair.wait_for(lambda: pair.north.says("drill is on in 1 villages"))
    drill(pair.north, "stop")
    wait_for_words(pair, gateway, pair.north, "演练到此结束")
    keys = [shown.key for shown in of_drills(gateway)]
    assert len(keys) == len(set(keys))
    told = [shown for shown in of_drills(gateway) if shown.recipient == "H4a"]
    assert len({shown.message for shown in told}) == len(told) == 2, [shown.text for shown in told]
    said = forks.run(["audit", "verify", str(pair.north.directory)], 60)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "north leads from here on (term 1, at the first start)" in said.stdout
    assert "south leads from here on (term 2, taken over)" in said.stdout
    assert "north leads from here on (term 3, handed over)" in said.stdout


def test_a_drill_that_was_ordered_in_the_last_moment_begins_on_the_other_box(
    pair: Pair, gateway: Phones
) -> None:
    pair.start()
    source = Gateway(pair)
    source.publish(pair.county.next_messages(0.0), pair.north)
    pair.south.pause()
    drill(pair.north, "start", "V4", "--hazard", "flash_flood", "--level", "red", "--for", "10h")
    pair.north.kill()
    pair.south.go_on()
    assert pair.south.take_over().returncode == 0, pair.log()
    source.publish(pair.county.next_messages(0.0), pair.south)
    if any(kind == DRILL for _, kind, _ in pair.south.entries()):
        pair.wait_for(lambda: pair.south.says("drill is on"))
        drill(pair.south, "stop")
        wait_for_words(pair, gateway, pair.south, "演练到此结束")
    else:
        assert pair.south.says("unprotected"), "what it took alone is in its tail"


def test_a_drill_that_the_second_cannot_keep_is_said_there_and_lost_aloud(
    pair: Pair, gateway: Phones
) -> None:
    pair.start()
    source = Gateway(pair)
    source.publish(pair.county.next_messages(0.0), pair.north)
    (pair.south.data / "drill").write_text("no folder", encoding="utf-8")
    drill(pair.north, "start", "V4", "--hazard", "flash_flood", "--level", "red", "--for", "10h")
    wait_for_words(pair, gateway, pair.north, "马上走")
    pair.wait_for(lambda: pair.south.says("drills of the box that leads cannot be kept here"))
    assert pair.is_protected
    (pair.south.data / "drill").unlink()
    pair.wait_for(lambda: logs_of(pair.north) == logs_of(pair.south) != {})
    pair.wait_for(lambda: not pair.south.says("cannot be kept here"))
