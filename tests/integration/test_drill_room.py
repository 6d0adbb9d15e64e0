"""The drill's thread beside a node: begun and stopped once, ended by what is real, harmless if it breaks."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.ledger.beside import MainOutbox
from warnstream.adapters.metrics import Metrics
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.desk import WarningStatus
from warnstream.engine import Engine
from warnstream.lifecycle.machine import State
from warnstream.model.effects import Answer, RecipientAnswer
from warnstream.model.errors import StoreError
from warnstream.model.hands.drills import DRILLS_MAX, DrillAct, DrillOrder, DrillStep
from warnstream.model.hands.orders import HandOrder, OrderKind
from warnstream.model.level import Level
from warnstream.model.warning import MessageStatus
from warnstream.runners.build import build_engine
from warnstream.runners.drill.entries import OVER, decode_over
from warnstream.runners.drill.folders import SCORES, drill_folders, entries_of
from warnstream.runners.drill.scores import DrillScores, last_drills, scores_of
from warnstream.runners.live.drill import stage as stage_module
from warnstream.runners.live.drill.room import DrillRoom

T0 = 1_781_740_800


class Alarms:
    def __init__(self) -> None:
        self.standing: dict[str, bool] = {}

    def raise_alarm(self, key: str, _text: str, *, is_blocking: bool = True, zh: str = "") -> None:
        del zh
        self.standing[key] = is_blocking

    def end_alarm(self, key: str) -> None:
        self.standing.pop(key, None)


@dataclass
class Node:
    """What the room sees of a node."""

    people: Configuration
    now_s: int = T0
    warnings: list[WarningStatus] = field(default_factory=list)
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = build_engine(self.people, self.people.network)


@dataclass
class Life:
    """One process of a node, with its drill."""

    configuration: Configuration
    node: Node = field(init=False)
    alarms: Alarms = field(default_factory=Alarms)

    def __post_init__(self) -> None:
        self.node = Node(self.configuration)
        directory = self.configuration.storage.directory
        self.journal = Journal(directory, segment_bytes=1 << 20)
        self.outbox = MainOutbox.open_or_begin_anew(directory, "node")
        self.outbox.open_doors(
            directory, self.configuration.network, lambda _payload: pytest.fail("no doors")
        )
        self.room = DrillRoom(
            self.configuration, self.outbox, self.alarms, Metrics(), lambda: None, self.journal
        )
        self.room.start()
        self.sequence = self.journal.last_sequence()

    def hand(self, *given: object) -> int:
        self.sequence = self.journal.append_many([("tick", b"\x00")])
        self.room.hand(self.sequence, given)  # type: ignore[arg-type]
        return self.sequence

    def pass_time(self, seconds: int) -> None:
        self.node.now_s += seconds
        self.room.look(self.node)

    def until(self, is_so: Callable[[], object]) -> None:
        deadline = time.monotonic() + 30
        while not is_so():
            assert time.monotonic() < deadline, (self.alarms.standing, self.overs())
            self.pass_time(5)
            time.sleep(0.02)

    @property
    def folder(self) -> Path:
        return drill_folders(self.configuration.storage.directory)[0]

    def has_scores(self) -> bool:
        return (self.folder / SCORES).exists()

    def overs(self) -> dict[str, str]:
        """Villages in which the newest drill has ended, and why."""
        found: dict[str, str] = {}
        for folder in drill_folders(self.configuration.storage.directory)[:1]:
            for _, kind, payload in entries_of(folder):
                if kind == OVER:
                    said = decode_over(payload)
                    found |= {code: said.why for code in said.villages if code not in found}
        return found

    def posts(self) -> list[str]:
        scores = scores_of(self.folder, self.configuration)
        return [post.post for village in scores.villages for post in village.posts]

    def end(self) -> None:
        self.room.stop()
        self.outbox.close()
        self.journal.close()


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    build_county(1, CountyPlan(n_stations=9, n_villages=3, n_gauges=1)).write(tmp_path)
    write_demo_config(tmp_path)
    found = load_configuration(tmp_path)
    (tmp_path / "data").mkdir(exist_ok=True)
    return replace(
        found,
        storage=replace(found.storage, directory=tmp_path / "data"),
        message=replace(found.message, status=MessageStatus.ACTUAL),
    )


@pytest.fixture
def life(configuration: Configuration) -> Iterator[Life]:
    opened = Life(configuration)
    yield opened
    opened.end()


def order(
    configuration: Configuration, name: str = "d1", for_s: int = 3600, where: slice = slice(2)
) -> DrillOrder:
    codes = configuration.network.villages.code[where]
    steps = (DrillStep(0, "flash_flood", Level.RED),)
    return DrillOrder(name, DrillAct.START, "zhang", "yearly", codes, steps, for_s)


def standing(village: int) -> WarningStatus:
    return WarningStatus(
        "ws.x", village, "flash_flood", State.ACTIVE, Level.RED, 1, T0, T0, True, (), (), 0, False, "", "", 0
    )


def test_a_drill_begins_is_stopped_and_its_scores_are_kept(life: Life) -> None:
    life.hand(order(life.configuration))
    life.until(lambda: drill_folders(life.configuration.storage.directory) and life.posts())
    assert life.room.notice().startswith("drill is on in 2 villages")
    codes = life.configuration.network.villages.code
    assert life.room.faults_of(order(life.configuration, "d2")) == [
        f"villages: drill d1 is on in {codes[0]} and 1 more: stop it first"
    ]
    assert life.room.faults_of(order(life.configuration)) == [], "the same order again"
    life.hand(DrillOrder("s1", DrillAct.STOP, "zhang", "enough"))
    life.until(life.has_scores)
    assert set(life.overs().values()) == {"stopped"}
    assert life.room.notice() == ""
    assert set(last_drills(life.configuration.storage.directory)) == set(life.overs())


def test_something_real_ends_it_in_its_village_alone_and_mutes_its_doors(life: Life) -> None:
    codes = life.configuration.network.villages.code
    life.hand(order(life.configuration))
    life.until(lambda: drill_folders(life.configuration.storage.directory) and life.posts())
    life.node.warnings = [standing(0)]
    life.until(life.overs)
    assert life.overs() == {codes[0]: "real"}
    assert life.outbox.muted == {codes[0]}
    assert life.room.faults_of(order(life.configuration, "d2"))[-1].endswith(f"stands in {codes[0]}")


def test_a_transfer_ends_it_where_people_are_moved(life: Life) -> None:
    codes = life.configuration.network.villages.code
    life.hand(order(life.configuration))
    life.until(lambda: drill_folders(life.configuration.storage.directory) and life.posts())
    moved = HandOrder("o1", OrderKind.TRANSFER, "officer-1", "it rains", (codes[0],))
    life.node.engine.desk.step([moved], life.node.now_s)
    life.until(life.overs)
    assert life.overs() == {codes[0]: "real"}
    assert life.outbox.muted == {codes[0]}


def test_it_ends_by_itself_when_its_time_is_over(life: Life) -> None:
    life.hand(order(life.configuration, for_s=600))
    life.until(lambda: life.overs() and (life.folder / SCORES).exists())
    assert set(life.overs().values()) == {"lapsed"}


def test_what_is_handed_over_again_after_a_restart_is_taken_once(configuration: Configuration) -> None:
    first = Life(configuration)
    begun = first.hand(order(configuration))
    first.until(lambda: drill_folders(configuration.storage.directory) and first.posts())
    told = next(
        digest
        for _, kind, payload in entries_of(first.folder)
        if kind == "issued"
        for digest in _digests(payload)
    )
    answered = first.hand(RecipientAnswer(told[0], told[1], Answer.ACKNOWLEDGED, first.node.now_s))
    first.until(lambda: _n_answers(first))
    first.hand(DrillOrder("s1", DrillAct.STOP, "zhang", "enough"))
    first.until(first.has_scores)
    first.end()
    second = Life(configuration)
    second.node.now_s = first.node.now_s + 60
    second.room.hand(begun, [order(configuration)])
    second.room.hand(answered, [RecipientAnswer(told[0], told[1], Answer.ACKNOWLEDGED, T0)])
    for _ in range(30):
        second.pass_time(5)
        time.sleep(0.02)
    assert len(drill_folders(configuration.storage.directory)) == 1, "the same order begins no second drill"
    assert _n_answers(second) == 1
    second.end()


def _digests(payload: bytes) -> list[tuple[str, str]]:
    from warnstream.runners.intake.history_entries import decode_issued

    return [
        (digest.identifier, digest.post) for digest in decode_issued(payload).digests if digest.needs_answer
    ]


def _n_answers(life: Life) -> int:
    return sum(kind == "answer" for _, kind, _ in entries_of(life.folder))


def test_a_refusing_disk_holds_the_drill_and_says_so_and_it_goes_on(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    life.hand(order(life.configuration))
    life.until(lambda: drill_folders(life.configuration.storage.directory) and life.posts())
    stage = life.room._playing["d1"].stage

    def refuse(_new: object) -> int:
        raise StoreError("no space left on device", retryable=True)

    with monkeypatch.context() as full:
        full.setattr(stage._journal, "append_many", refuse)
        life.hand(DrillOrder("s1", DrillAct.STOP, "zhang", "enough"))
        life.until(lambda: life.alarms.standing)
        assert life.alarms.standing == {"exercise:d1:disk": False}, "the node stays ready"
    life.until(lambda: life.overs() and not life.alarms.standing)
    assert set(life.overs().values()) == {"stopped"}


def test_a_drill_that_a_full_disk_kept_closed_at_the_start_goes_on_once_it_is_free(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Life(configuration)
    first.hand(order(configuration))
    first.until(lambda: drill_folders(configuration.storage.directory) and first.posts())
    first.end()
    with monkeypatch.context() as full:
        full.setattr(stage_module, "NodeOutbox", SimpleNamespace(open_or_begin_anew=refuse_room))
        second = Life(configuration)
        second.node.now_s = first.node.now_s
        second.until(lambda: second.alarms.standing)
        assert second.alarms.standing == {"exercise:disk": False}
        stopped = second.hand(DrillOrder("s1", DrillAct.STOP, "zhang", "enough"))
    second.until(lambda: second.overs() and not second.alarms.standing)
    assert set(second.overs().values()) == {"stopped"}, "what came meanwhile is taken"
    assert stopped == second.sequence
    second.end()


def test_a_drill_whose_beginning_the_disk_cuts_off_begins_once(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr(stage_module, "NodeOutbox", SimpleNamespace(open_or_begin_anew=refuse_room))
        life.hand(order(life.configuration))
        life.until(lambda: life.alarms.standing)
    life.until(lambda: life.room.running() and life.posts())
    assert len(drill_folders(life.configuration.storage.directory)) == 1
    life.until(lambda: not life.alarms.standing)


def test_what_channels_did_is_refused_at_once_while_the_drill_stands_still(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A channel that waits for the drill's disk has real warnings to send."""
    life.hand(order(life.configuration))
    life.until(lambda: drill_folders(life.configuration.storage.directory) and life.posts())
    playing = life.room._playing["d1"]
    stage = playing.stage
    with monkeypatch.context() as full:
        full.setattr(stage._journal, "append_many", refuse_room)
        full.setattr(stage, "pay", refuse_room)
        life.until(lambda: life.alarms.standing)
        with pytest.raises(StoreError, match="no space"):
            playing.outcomes.keep(b"").result(5)


def refuse_room(*_anything: object) -> None:
    raise StoreError("no space left on device", retryable=True)


def test_a_damaged_drill_is_an_alarm_and_keeps_no_node_from_working(configuration: Configuration) -> None:
    first = Life(configuration)
    first.hand(order(configuration))
    first.until(lambda: drill_folders(configuration.storage.directory) and first.posts())
    first.end()
    for segment in (first.folder / "journal").glob("entries-*"):
        content = bytearray(segment.read_bytes())
        content[40:400] = b"\xff" * 360
        segment.write_bytes(content)
    second = Life(configuration)
    deadline = time.monotonic() + 20
    while not second.alarms.standing:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    for _ in range(50):  # it is not taken back by the thread's going on
        second.pass_time(5)
        time.sleep(0.02)
    assert second.alarms.standing == {"exercise:d1:lost": False}
    assert not second.outbox.drills
    assert second.outbox.claim("sms", 10, 0.0) == []
    second.end()


def test_scores_are_a_file_that_reads_back(life: Life) -> None:
    life.hand(order(life.configuration, for_s=300))
    life.until(lambda: life.overs() and (life.folder / SCORES).exists())
    scores = msgspec.json.decode((life.folder / SCORES).read_bytes(), type=DrillScores)
    assert scores.schema == 1
    assert [village.village for village in scores.villages] == list(order(life.configuration).villages)
    assert all(village.first_told and village.ended_why == "lapsed" for village in scores.villages)


THIRD = slice(2, 3)


def begun(life: Life, *names: str) -> None:
    life.until(lambda: set(names) <= {name for name, codes in life.room.running().items() if codes})


def test_several_drills_go_on_at_once_each_with_its_own_end(life: Life) -> None:
    life.hand(order(life.configuration))
    begun(life, "d1")
    assert life.room.faults_of(order(life.configuration, "d2", where=THIRD)) == []
    assert life.room.faults_of(order(life.configuration, "d3", where=THIRD))[0].startswith(
        "villages: drill d2 is on in"
    ), "its villages are kept for the drill that was found possible"
    life.hand(order(life.configuration, "d2", where=THIRD))
    begun(life, "d1", "d2")
    assert life.room.notice().startswith("drills are on: 2, in 3 villages")
    assert set(life.outbox.drills) == {"d1", "d2"}
    life.hand(DrillOrder("s1", DrillAct.STOP, "zhang", "enough", drill="d1"))
    life.until(lambda: set(life.room.running()) == {"d2"})
    assert [record.drill for record in life.room.records() if record.running] == ["d2"]
    assert life.room.faults_of(DrillOrder("s2", DrillAct.STOP, "zhang", "enough", drill="d1")) == [
        "drill: 'd1' is not on; on: d2"
    ]
    life.hand(DrillOrder("s3", DrillAct.STOP, "zhang", "enough"))
    life.until(lambda: not life.room.running())


def test_both_go_on_after_a_restart_and_each_takes_the_answers_to_its_own_messages(
    configuration: Configuration,
) -> None:
    first = Life(configuration)
    first.hand(order(configuration))
    begun(first, "d1")
    first.hand(order(configuration, "d2", where=THIRD))
    begun(first, "d1", "d2")
    first.until(lambda: all(len(_told(folder)) for folder in drill_folders(configuration.storage.directory)))
    first.end()
    second = Life(configuration)
    second.node.now_s = first.node.now_s
    begun(second, "d1", "d2")
    for folder in drill_folders(configuration.storage.directory):
        message, post = _told(folder)[0]
        second.hand(RecipientAnswer(message, post, Answer.ACKNOWLEDGED, T0))
    second.until(lambda: all(map(_answers_in, drill_folders(configuration.storage.directory))))
    assert [_answers_in(folder) for folder in drill_folders(configuration.storage.directory)] == [1, 1]
    second.end()


def test_a_drill_that_cannot_go_on_holds_up_no_other(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    life.hand(order(life.configuration))
    life.hand(order(life.configuration, "d2", where=THIRD))
    begun(life, "d1", "d2")
    with monkeypatch.context() as broken:
        broken.setattr(life.room._playing["d1"].stage, "step", lambda _now_s: 1 // 0)
        life.until(lambda: life.alarms.standing)
        assert life.alarms.standing == {"exercise:d1:fault": False}
        life.hand(DrillOrder("s1", DrillAct.STOP, "zhang", "enough", drill="d2"))
        life.until(lambda: set(life.room.running()) == {"d1"})
    life.until(lambda: not life.alarms.standing)


def test_a_damaged_drill_keeps_no_other_from_being_gone_on_with(configuration: Configuration) -> None:
    first = Life(configuration)
    first.hand(order(configuration))
    first.hand(order(configuration, "d2", where=THIRD))
    begun(first, "d1", "d2")
    first.end()
    damaged = next(
        folder for folder in drill_folders(configuration.storage.directory) if folder.name.endswith("d1")
    )
    for segment in (damaged / "journal").glob("entries-*"):
        content = bytearray(segment.read_bytes())
        content[40:400] = b"\xff" * 360
        segment.write_bytes(content)
    second = Life(configuration)
    second.node.now_s = first.node.now_s
    begun(second, "d2")
    assert list(second.alarms.standing) == ["exercise:d1:lost"]
    second.end()


def test_more_drills_than_there_can_be_are_refused(life: Life) -> None:
    for number in range(DRILLS_MAX):
        ordered = DrillOrder(f"d{number}", DrillAct.START, "zhang", "yearly", (f"V{number}",))
        assert life.room.faults_of(ordered) == []
    assert life.room.faults_of(order(life.configuration, "more")) == [
        f"{DRILLS_MAX} drills are on, as many as there can be: stop one first"
    ]


def _told(folder: Path) -> list[tuple[str, str]]:
    issued = (payload for _, kind, payload in entries_of(folder) if kind == "issued")
    return [digest for payload in issued for digest in _digests(payload)]


def _answers_in(folder: Path) -> int:
    return sum(kind == "answer" for _, kind, _ in entries_of(folder))
