"""Three seconds: what a screen says without being touched is what the engine's own journal gives.

Ten seeded situations. Answers are read from the accessibility tree of the page; what is right is worked
out from the node's journal by an engine of the test's own, and counted here.
"""

import random
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from station_sim.county.county import CountyPlan
from tests.conftest import Mosquitto
from tests.e2e.consoles import Watched
from tests.e2e.test_acts_live import hold_everything
from tests.e2e.test_chain_live import Town
from tests.e2e.test_console_browser import Officer, browser  # noqa: F401
from tests.pictures import keep_picture
from warnstream.config.load import load_configuration
from warnstream.delivery.ledger.states import Delivery, People
from warnstream.model.level import LEVELS
from warnstream.model.times import HOUR_S
from warnstream.model.warning import MessageStatus
from warnstream.routing.turns import State
from warnstream.runners.history.doors import doors_of_folder
from warnstream.runners.intake.topics import Topics
from warnstream.runners.replay.past_engine import past_of_journal

pytestmark = [pytest.mark.server, pytest.mark.slow]

SITUATIONS = 5
"""Of each of the two nodes."""

LEVEL_S = 30.0
"""What a busy machine may take until a change is on the screen."""


class Answers(NamedTuple):
    """What an officer wants to know at a glance."""

    mode: str
    villages: tuple[int, ...]
    worst: str
    released_by: str
    answered_by: str
    help_waits: int
    dry: int
    silent: tuple[int, int]


class County(Town):
    """Twelve villages under gauges that each have their own rain."""

    def __init__(self, directory: Path, port: int, seed: int) -> None:
        super().__init__(directory, port, CountyPlan(n_stations=16, n_villages=12, n_gauges=1))
        self._random = random.Random(seed)  # weather, no secret
        self._totals = dict.fromkeys(self._codes, 100.0)

    def total_of(self, code: str) -> float:
        return self._totals[code]

    def next(self) -> None:
        """Rain in places, answers and calls for help: another situation."""
        wet = self._random.sample(self._codes, self._random.randint(3, len(self._codes) // 2))
        for _ in range(self._random.randint(1, 3)):
            for code in wet:
                self._totals[code] += self._random.uniform(20, 34)
            self.minutes(5)
        told = sorted(name for name in self.seen if name.startswith("H"))
        posts = sorted(name for name in self.seen if name[0] in "GVTC" and self.digests(name))
        for door in self._random.sample(told, min(len(told), self._random.randint(0, 6))):
            self.answer(door, self._random.choice(["acknowledged", "moving", "safe", "need_help"]))
        for post in self._random.sample(posts, min(len(posts), self._random.randint(0, 4))):
            self.answer(post)
        self.minutes(1)


def clock(at_s: int) -> str:
    """Hours and minutes in China."""
    return time.strftime("%H:%M", time.gmtime(at_s + 8 * HOUR_S))


def first(due_s: list[int]) -> str:
    known = [at_s for at_s in due_s if at_s >= 0]
    return clock(min(known)) if known else ""


def engines_answers(directory: Path) -> Answers:
    """What an engine of our own makes of the node's journal, and its ledger of doors."""
    configuration = load_configuration(directory)
    storage = configuration.storage.directory
    desk = past_of_journal(configuration, storage, None, lambda _: None).engine.desk
    doors = doors_of_folder(storage, configuration.network, Topics(configuration.topic_prefix))
    level: dict[int, int] = {}
    for warning in desk.open_warnings():
        level[warning.village] = max(int(warning.level), level.get(warning.village, 0))
    red = [door for village, at in level.items() if at == 4 for door in doors.list_of(village)]
    told = [door for door in red if door.state is not Delivery.NONE]
    turns = [(chain, at, turn) for chain in desk.chains.of.values() for at, turn in chain.turns.items()]
    due_s = [
        owed.due_s
        for chain in desk.chains.of.values()
        for debt in chain.debts.values()
        for village, owed in debt.owed.items()
        if chain.turns[village].state is State.CALLING
    ]
    counts = tuple(sum(at == wanted for at in level.values()) for wanted in reversed(LEVELS))
    worst = max(level.values(), default=0)
    return Answers(
        mode="DRILL" if configuration.message.status is MessageStatus.EXERCISE else "LIVE",
        villages=counts,
        worst="·BYOR"[worst],
        released_by=first([held.due_s for _, held in desk.bulletins.waiting()]),
        answered_by=first(due_s),
        help_waits=sum(not call.assigned for call in desk.chains.calls),
        dry=sum(turn.state is State.DRY for _, _, turn in turns),
        silent=(sum(door.said is People.SILENT for door in told), len(told)),
    )


def screens_answers(page: Any) -> Answers:
    """The same from what a screen reader is told of the page."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    said: dict[str, list[str]] = {}
    for node in nodes:
        if not node["ignored"] and (name := node.get("name", {}).get("value")):
            said.setdefault(node["role"]["value"], []).append(name)
    groups, pictures = said.get("group", []), said.get("image", [])

    def tile(name: str) -> tuple[int, str]:
        (whole,) = [group for group in groups if re.match(rf"[0-9,]+ {name} ·", group)]
        number, _, note = whole.partition(f" {name} · ")
        return int(number.replace(",", "")), note

    (mode,) = [group.removeprefix("Mode ") for group in groups if group.startswith("Mode ")]
    levels = tuple(
        int(name.rpartition(" ")[2])
        for name in pictures
        if re.match("(Red|Orange|Yellow|Blue) [0-9]+$", name)
    )
    rows = said.get("option", [])
    helps, releases, dry, silent = (
        tile(name) for name in ("call for help", "wait for release", "answers missing", "red doors silent")
    )
    of = re.search(r"([0-9]+) doors|of ([0-9]+)", silent[1])
    released = re.search("goes out at ([0-9:]+)", releases[1])
    answered = re.search("answer due ([0-9:]+)", dry[1])
    return Answers(
        mode=mode,
        villages=levels,
        worst=max((row[0] for row in rows), key="·BYOR".index, default="·"),
        released_by=released[1] if released else "",
        answered_by=answered[1] if answered else "",
        help_waits=helps[0],
        dry=dry[0],
        silent=(silent[0], int(next(filter(None, of.groups()))) if of else 0),
    )


@pytest.fixture(params=["drill", "live"])
def county(
    request: pytest.FixtureRequest, tmp_path: Path, mosquitto: Mosquitto
) -> Iterator[tuple[County, Watched]]:
    """An exercise where doors hear at once, and a county for real where they wait for an officer."""
    is_live = request.param == "live"
    opened = County(tmp_path, mosquitto.port, seed=2 if is_live else 1)
    watched = Watched(tmp_path, opened.node)
    if is_live:
        hold_everything(opened)
        file = tmp_path / "warnstream.yaml"
        text = file.read_text("utf-8")
        assert "status: Exercise" in text
        file.write_text(text.replace("status: Exercise", "status: Actual").replace("20min", "10min"), "utf-8")
    try:
        opened.node.start()
        opened.node.wait_for(watched.is_fed)
        yield opened, watched
    finally:
        watched.close()
        opened.close()


def test_five_situations_are_read_as_the_engine_has_them(
    county: tuple[County, Watched],
    browser: Any,  # noqa: F811
    request: pytest.FixtureRequest,
) -> None:
    town, watched = county
    town.minutes(5)
    officer = Officer(browser, watched.url)
    seen = []
    for number in range(SITUATIONS):
        town.next()
        deadline = time.monotonic() + LEVEL_S
        shown, true = screens_answers(officer.page), engines_answers(town.directory)
        while shown != true and time.monotonic() < deadline:
            officer.page.wait_for_timeout(500)
            shown, true = screens_answers(officer.page), engines_answers(town.directory)
        assert shown == true, number
        seen.append(true)
        keep_picture(officer.page, f"three-seconds-{request.node.callspec.params['county']}-{number}")
    # Situations that say nothing would prove nothing.
    assert len(set(seen)) == SITUATIONS
    assert any(answers.worst == "R" for answers in seen)
    assert any(answers.answered_by for answers in seen)
    assert officer.wrong == []
