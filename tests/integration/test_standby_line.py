"""Two boxes in one process: what is appended while protected is on the other disk, whatever breaks."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

import pytest
from msgspec import structs

from tests.alarms import RecordedAlarms
from tests.conftest import free_port
from tests.e2e.two_boxes import Cable
from tests.simulation.changed_county import County, Phones, phones
from warnstream import __version__
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.metrics.standby import StandbyMetrics
from warnstream.adapters.sending.answer_tokens import load_or_create_secret
from warnstream.adapters.standby.connection import Connection, connect
from warnstream.adapters.standby.digest import digest_of
from warnstream.adapters.standby.doorway import Doorway
from warnstream.adapters.standby.leadership import Leadership, write_leadership
from warnstream.adapters.standby.messages import (
    LEADS,
    STANDS_BY,
    VERSION,
    Confirm,
    Entries,
    Follow,
    Hello,
    Refused,
    Secret,
    Trouble,
)
from warnstream.config.load import load_configuration
from warnstream.config.settings import BoxSettings, Configuration, StandbySettings
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.errors import StoreError
from warnstream.runners.history.outbox import open_outbox
from warnstream.runners.intake.door_entries import OUTCOME
from warnstream.runners.intake.entries import MESSAGES, TICK, encode_messages, encode_tick
from warnstream.runners.intake.standby_entries import LEADER, LeaderEntry, encode_leader
from warnstream.runners.live.alarms import Alarms as LiveAlarms
from warnstream.runners.standby.box import Box
from warnstream.runners.standby.follower import Follower
from warnstream.runners.standby.judge import Judge
from warnstream.runners.standby.line import ALARM, Line
from warnstream.runners.standby.link import Ending, hello_of
from warnstream.runners.standby.replicated import ReplicatedLog
from warnstream.runners.standby.takeover import answer_of, ask

WAIT_S = 1.0
ENOUGH_S = 30.0
LEADERSHIP = Leadership("north", LEADS, 1, "north", "one-log", [(1, 1)])


class Alarms(RecordedAlarms):
    """That this box is alone keeps it ready."""

    def raise_alarm(self, key: str, text: str, *, is_blocking: bool = True, zh: str = "") -> None:
        assert not is_blocking
        assert zh
        super().raise_alarm(key, text)


class First:
    """The side that leads: a log over a journal and a line, and a doorway behind a cable."""

    def __init__(self, configuration: Configuration, leadership: Leadership = LEADERSHIP) -> None:
        self.configuration, self.leadership = configuration, leadership
        self.alarms = Alarms()
        self.metrics = StandbyMetrics(Metrics().registry)
        self.journal = Journal(configuration.storage.directory)
        self.line = Line(configuration, leadership, self.journal, self.alarms, self.metrics, self.wanted)
        self.log = ReplicatedLog(self.journal, self.line)
        self.is_asked = threading.Event()
        assert configuration.standby is not None
        own = configuration.standby.boxes["north"]
        self.cable = Cable(("127.0.0.1", own.port), own.listens)
        self.cable.open()
        self.doorway = Doorway(own, None, self.serve)

    def wanted(self) -> None:
        self.is_asked.set()

    def serve(self, connection: Connection, hello: Hello) -> None:
        last = self.journal.last_sequence()
        connection.send(hello_of(self.configuration, self.leadership, LEADS, last, ""))
        self.line.serve(connection, hello)

    @property
    def is_protected(self) -> bool:
        return self.line.is_linked and ALARM not in self.alarms.standing

    def close(self) -> None:
        self.line.close()
        self.doorway.close()
        self.cable.close()
        self.journal.close()


def heard(text: str) -> tuple[str, bytes]:
    """An entry of a message that concerns nobody."""
    return MESSAGES, encode_messages([RawMessage("ws/elsewhere", text.encode())])


def wait_for(is_so: object) -> None:
    assert callable(is_so)
    deadline = time.monotonic() + ENOUGH_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Configuration, Configuration]:
    """The same configuration in two folders."""
    standby = StandbySettings(
        {
            "north": BoxSettings("north", "127.0.0.1", free_port(), listens=("127.0.0.1", free_port())),
            "south": BoxSettings("south", "127.0.0.1", free_port(), listens=("127.0.0.1", free_port())),
        },
        "north",
        WAIT_S,
    )
    county = County(tmp_path / "county", Phones(port=1))
    county.write()
    read = load_configuration(county.directory)
    found = []
    for name in ("north", "south"):
        storage = replace(read.storage, directory=tmp_path / name, journal_segment_bytes=65_536)
        found.append(replace(read, standby=standby, storage=storage))
    return found[0], found[1]


def keep_nothing(_known: Leadership) -> None:
    """As if it were durable."""


@contextmanager
def follower(
    configuration: Configuration,
    keep: Callable[[Leadership], None] = keep_nothing,
    *,
    may_put_aside: bool = False,
) -> Iterator[Follower]:
    """The second box, whose loop runs."""
    metrics = Metrics()
    box = Follower(
        configuration,
        Leadership("south", log="one-log", term=1),
        None,
        (metrics, StandbyMetrics(metrics.registry)),
        keep,
        may_put_aside=may_put_aside,
    )
    loop = threading.Thread(target=box.run, args=(lambda: False,))
    box.start()
    loop.start()
    try:
        yield box
    finally:
        box.ask_to_stop()
        loop.join()
        box.close()


def test_a_node_without_a_second_box_pays_nothing(tmp_path: Path) -> None:
    """Its log is the journal itself, and rows are told to nobody."""
    with phones() as gateway:
        county = County(tmp_path / "county", gateway)
        county.write()
        county.start()
        try:
            node = county.node
            assert node is not None
            assert node._log is node._journal
            assert node.outbox.tell_rows is None
            assert not [name for name in vars(node.metrics) if "standby" in name]
            assert b"warnstream_standby" not in node.metrics.exposition()
        finally:
            county.stop()


@pytest.mark.parametrize("seed", range(3))
def test_what_counts_while_protected_is_on_the_other_disk(
    folders: tuple[Configuration, Configuration], seed: int
) -> None:
    """Cables are cut and seconds restarted at random; an append that returned while protected is on both."""
    random = Random(seed)
    configuration, second = folders
    with closing(First(configuration)) as first:
        for _ in range(3):
            with follower(second) as box:
                wait_for(lambda: first.line.is_linked)
                for number in range(60):
                    if random.random() < 0.05:
                        first.cable.cut()
                        first.cable.mend()
                    batch = [heard(f"{number} {n}") for n in range(random.randint(1, 4))]
                    last = first.log.append_many(batch)
                    if first.is_protected:
                        assert box.journal.last_sequence() >= last
                    first.line.settle()
                wait_for(lambda box=box: box.journal.last_sequence() == first.journal.last_sequence())
                assert list(box.journal.since(0)) == list(first.journal.since(0))
            first.log.append_many([heard("while it was away")])


def test_links_and_tokens_of_the_first_open_on_the_second_that_began_beside_it(
    folders: tuple[Configuration, Configuration],
) -> None:
    """Both begin with nothing: no whole state goes over, and the second had made a secret of its own."""
    configuration, second = folders
    second.storage.directory.mkdir()
    own = load_or_create_secret(second.storage.directory)
    with closing(First(configuration)) as first, follower(second):
        wait_for(lambda: first.line.is_linked)
        first.log.append_many([heard("protected")])
        theirs = load_or_create_secret(configuration.storage.directory)
        wait_for(lambda: load_or_create_secret(second.storage.directory) == theirs)
    assert own != theirs


def test_a_box_that_is_not_there_costs_one_wait(folders: tuple[Configuration, Configuration]) -> None:
    with closing(First(folders[0])) as first:
        begun = time.monotonic()
        first.log.append_many([heard("1")])
        assert time.monotonic() - begun >= WAIT_S
        assert "it is not connected" in first.alarms.standing[ALARM]
        begun = time.monotonic()
        for _ in range(20):
            first.log.append_many([heard("1")])
        assert time.monotonic() - begun < WAIT_S
        with follower(folders[1]) as box:
            wait_for(lambda: first.is_protected)
            assert box.journal.last_sequence() == first.journal.last_sequence()
        assert first.alarms.standing == {}


def hello(first: First, **changed: object) -> Hello:
    """Of a box that has all that the first one has, but for what is changed."""
    last = first.journal.last_sequence()
    known: dict[str, object] = {
        "version": VERSION,
        "box": "south",
        "node": first.configuration.node.name,
        "role": STANDS_BY,
        "term": 1,
        "configuration": first.configuration.fingerprint,
        "software": __version__,
        "log": "one-log",
        "last": last,
        "digest": digest_of(first.journal, last),
    }
    return Hello(**(known | changed))  # type: ignore[arg-type]


def greeted(first: First, said: Hello) -> Connection:
    assert first.configuration.standby is not None
    connection = connect(first.configuration.standby.boxes["north"], None)
    connection.send(said)
    connection.receive_hello()
    connection.send(Follow())
    return connection


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"node": "elsewhere"}, "it is node 'elsewhere'"),
        ({"software": "0.0.1"}, "it runs warnstream 0.0.1"),
        ({"version": VERSION + 1}, "it runs warnstream"),
        ({"configuration": "f" * 64}, "its configuration is ffffffffffff"),
        ({"log": "another"}, "is another one"),
        ({"last": 99}, "its log ends with entry 99"),
        ({"digest": "1:00 4:00"}, "are not those that this one has"),
    ],
)
def test_a_box_that_cannot_follow_is_told_why_and_so_are_posts(
    folders: tuple[Configuration, Configuration], changed: dict[str, object], words: str
) -> None:
    with closing(First(folders[0])) as first:
        first.line.begin_alone("it has not come")
        first.log.append_many([heard(str(n)) for n in range(9)])
        with closing(greeted(first, hello(first, **changed))) as connection:
            said = connection.receive()
            assert isinstance(said, Refused)
            assert words in said.text
            assert words in first.alarms.standing[ALARM]
        assert not first.line.is_linked


def test_a_log_that_goes_beyond_a_later_leadership_is_refused_with_what_is_common(
    folders: tuple[Configuration, Configuration],
) -> None:
    later = replace_began(LEADERSHIP)
    with closing(First(folders[0], later)) as first:
        first.line.begin_alone("it has not come")
        first.log.append_many([heard(str(n)) for n in range(9)])
        with closing(greeted(first, hello(first, term=1))) as connection:
            said = connection.receive()
            assert isinstance(said, Refused)
            assert (said.code, said.common) == ("log", 4)


def replace_began(known: Leadership) -> Leadership:
    return Leadership(known.box, LEADS, 2, "north", known.log, [(1, 1), (2, 5)])


def test_a_box_that_cannot_keep_entries_is_not_waited_for(
    folders: tuple[Configuration, Configuration],
) -> None:
    with closing(First(folders[0])) as first, closing(greeted(first, hello(first, last=0, digest=""))) as box:
        wait_for(lambda: first.line.is_linked)
        box.send(Trouble("the disk is full"))
        wait_for(lambda: ALARM in first.alarms.standing)
        begun = time.monotonic()
        first.log.append_many([heard("1")])
        assert time.monotonic() - begun < WAIT_S
        assert "south cannot keep entries: the disk is full" in first.alarms.standing[ALARM]
        last = 0
        while ALARM in first.alarms.standing:
            said = box.receive()
            if isinstance(said, Secret):  # goes first
                continue
            assert isinstance(said, Entries)
            last += len(said.entries)
            box.send(Confirm(last))


def test_a_confirmation_of_what_was_never_sent_counts_for_nothing(
    folders: tuple[Configuration, Configuration],
) -> None:
    with closing(First(folders[0])) as first, closing(greeted(first, hello(first, last=0, digest=""))) as box:
        wait_for(lambda: first.line.is_linked)
        box.send(Confirm(10**9))
        time.sleep(0.1)
        begun = time.monotonic()
        first.log.append_many([heard("1")])
        assert time.monotonic() - begun >= WAIT_S * 0.9


def test_a_fenced_box_takes_nothing_but_what_it_has_told(
    folders: tuple[Configuration, Configuration],
) -> None:
    with closing(First(folders[0])) as first:
        first.line.begin_alone("it has not come")
        first.log.append_many([heard("1")])
        first.line.fence("south leads")
        with pytest.raises(StoreError, match="south leads"):
            first.log.append_many([heard("2")])
        assert first.journal.last_sequence() == 1
        assert first.log.append_many([(OUTCOME, b"3")]) == 2


def test_a_box_that_cannot_remember_who_leads_says_so_and_tries_again(
    folders: tuple[Configuration, Configuration],
) -> None:
    """Its disk refuses three times to keep what it learns; then it knows with which entry the term began."""
    kept: list[Leadership] = []
    refusals = [StoreError("standby.json: the disk is full", retryable=True)] * 3

    def keep(known: Leadership) -> None:
        if refusals:
            raise refusals.pop()
        kept.append(known)

    first_leads = Leadership("north", LEADS, 2, "north", "one-log", [])
    with closing(First(folders[0], first_leads)) as first:
        first.line.begin_alone("it has not come")
        entry = LeaderEntry(2, "north", 0, "one-log", "")
        first.log.append_many([heard("1"), (LEADER, encode_leader(entry)), heard("2")])
        with follower(folders[1], keep) as box:
            wait_for(lambda: "south cannot keep entries" in first.alarms.standing.get(ALARM, ""))
            wait_for(lambda: box.journal.last_sequence() == 3)
            assert kept[-1].began == [(2, 2)]
            wait_for(lambda: not box.link.trouble)


def test_a_leadership_is_known_before_its_entry_is_kept_and_only_once(
    folders: tuple[Configuration, Configuration],
) -> None:
    """A crash between the two leads to the same entry again."""
    kept: list[Leadership] = []
    with closing(First(folders[0])) as first:
        first.line.begin_alone("it has not come")
        with follower(folders[1], kept.append) as box:
            wait_for(lambda: first.line.is_linked)
            append = box.journal.append_many
            refusals = [StoreError("the disk is full", retryable=True)]

            def refuse(entries: list[tuple[str, bytes]]) -> int:
                if refusals:
                    raise refusals.pop()
                return append(entries)

            box.journal.append_many = refuse  # type: ignore[method-assign, assignment]
            entry = LeaderEntry(2, "north", 0, "one-log", "")
            first.log.append_many([(LEADER, encode_leader(entry))])
            wait_for(lambda: box.journal.last_sequence() == 1)
    assert kept[-1].began == [(2, 1)]


def replace_last(said: Hello, last: int) -> Hello:
    return structs.replace(said, last=last, digest="")


def damage_end(configuration: Configuration) -> None:
    """A byte of an entry before the last one is another one."""
    (segment,) = (configuration.storage.directory / "journal").glob("*.wsj")
    content = bytearray(segment.read_bytes())
    at = content.index(b"elsewhere")
    content[at] ^= 0xFF
    segment.write_bytes(content)


@pytest.mark.parametrize("may_put_aside", [False, True])
def test_a_second_box_whose_log_is_damaged_says_so_and_what_to_do(
    folders: tuple[Configuration, Configuration],
    may_put_aside: bool,  # a case
) -> None:
    with closing(First(folders[0])) as first:
        first.line.begin_alone("it has not come")
        with follower(folders[1]) as box:
            wait_for(lambda: first.line.is_linked)
            for number in range(1, 10):
                first.log.append_many([heard(str(number))])
                first.line.settle()
                wait_for(lambda at=number: box.taken == at)
        damage_end(folders[1])
        with follower(folders[1], may_put_aside=may_put_aside) as box:
            if may_put_aside:
                wait_for(lambda: box._ending is Ending.DIFFERS)
            else:
                wait_for(lambda: "this box's own log cannot be used" in " ".join(box.reasons()))
                assert "--as-standby" in " ".join(box.reasons())
                assert box.hello().last == 9
            assert not first.line.is_linked


def test_a_first_box_whose_log_is_damaged_says_so_and_sends_a_state_instead(
    folders: tuple[Configuration, Configuration],
) -> None:
    with closing(First(folders[0])) as first:
        first.line.begin_alone("it has not come")
        first.log.append_many([heard(str(n)) for n in range(9)])
        said = replace_last(hello(first), 0)
        damage_end(folders[0])
        first.line._recent._entries.clear()
        with follower(folders[1]) as box:
            wait_for(lambda: "own log cannot be read for it" in first.alarms.standing[ALARM])
            assert box.journal.last_sequence() == 0
        assert not first.line._is_to_be_sown(said)
        first.journal.save_snapshot(9, b"state")
        assert first.line._is_to_be_sown(said)


def test_an_entry_that_cannot_be_followed_makes_no_state_that_lacks_it(
    folders: tuple[Configuration, Configuration],
) -> None:
    """A takeover begins with what was judged without a gap, and takes longer: that is told until then."""
    with closing(First(folders[0])) as first, follower(folders[1]) as box:
        wait_for(lambda: first.line.is_linked)
        replay, intake = box._judge._intake.replay, box._judge._intake
        failing = [RuntimeError("a bug")]

        def fail_once(*arguments: object) -> object:
            if failing:
                raise failing.pop()
            return replay(*arguments)  # type: ignore[arg-type]

        intake.replay = fail_once  # type: ignore[method-assign, assignment]
        for number in range(3):
            first.log.append_many([heard(str(number))])
            first.line.settle()
            time.sleep(0.05)
        wait_for(lambda: box.journal.last_sequence() == 3)
        wait_for(lambda: "cannot judge along" in " ".join(box.reasons()))
        assert "entry 1 (messages)" in " ".join(box.reasons())
        assert box.taken == 0
    journal = Journal(folders[1].storage.directory)
    assert journal.latest_snapshot() is None
    journal.close()


def test_what_the_judges_of_a_partition_have_passed_over_too_is_an_alarm_until_a_step(
    folders: tuple[Configuration, Configuration],
) -> None:
    """A delivery node that stopped there would tell nobody anything any more."""
    configuration, alarms = folders[1], LiveAlarms(lambda _kind, _payload: None, Metrics())
    with closing(Journal(configuration.storage.directory)) as journal:
        outbox = open_outbox(configuration, lambda _payload: Future[None]())
        judge = Judge(configuration, journal, outbox, alarms, Metrics(), passes_over=True)
        replay = judge._intake.replay
        judge._intake.replay = lambda *_: 1 / 0  # type: ignore[method-assign, assignment]
        judge.take([(1, *heard("1"))])
        assert any("entry 1 (messages)" in text for text in alarms.reasons())
        judge._intake.replay = replay  # type: ignore[method-assign]
        judge.take([(2, *heard("2")), (3, TICK, encode_tick(1_781_769_900))])
        assert judge.taken == 3
        assert not alarms.reasons()
        outbox.close()


def test_a_first_box_that_has_lost_the_end_of_its_log_says_where_it_is_kept(
    folders: tuple[Configuration, Configuration],
) -> None:
    with closing(First(folders[0])) as first:
        first.line.begin_alone("it has not come")
        first.log.append_many([heard("1")])
        with closing(greeted(first, hello(first, last=9))) as connection:
            said = connection.receive()
            assert isinstance(said, Refused)
            assert "a takeover there would keep it" in said.text


def test_who_is_turned_away_is_a_reason_only_while_the_second_box_is_not_there(
    folders: tuple[Configuration, Configuration],
) -> None:
    with closing(First(folders[0])) as first:
        first.line.tell_stranger("a certificate has expired")
        assert ALARM not in first.alarms.standing, "it is waited for still"
        first.log.append_many([heard("1")])
        first.line.tell_stranger("a certificate has expired")
        assert "a certificate has expired" in first.alarms.standing[ALARM]
        with follower(folders[1]):
            wait_for(lambda: first.is_protected)
            first.line.tell_stranger("a port scanner")
            assert first.is_protected


@pytest.mark.parametrize("is_itself", [True, False])
def test_two_machines_that_go_by_one_name_do_not_both_lead_in_silence(
    folders: tuple[Configuration, Configuration],
    is_itself: bool,
) -> None:
    """CONFIG_DIR was copied with its storage: on the machine of south a box is started as north."""
    configuration = folders[0]
    assert configuration.standby is not None
    north, south = (configuration.standby.boxes[name] for name in ("north", "south"))
    answers = Doorway(south, None, partial(answer_as_north, configuration)) if not is_itself else None
    own = replace(north, listens=south.listens) if is_itself else north
    other = replace(south, port=south.listens[1])
    boxes = replace(configuration.standby, boxes={"north": own, "south": other})
    led = threading.Event()
    box = Box(replace(configuration, standby=boxes), "north", lambda *_: led.set(), None)
    thread = threading.Thread(target=box.run)
    thread.start()
    try:
        if is_itself:
            wait_for(lambda: box._has_met_itself)
            time.sleep(WAIT_S)
            assert not led.is_set()
        else:
            wait_for(led.is_set)
    finally:
        box.ask_to_stop()
        thread.join()
        if answers is not None:
            answers.close()


def answer_as_north(configuration: Configuration, connection: Connection, _hello: Hello) -> None:
    connection.send(hello_of(configuration, Leadership("north", LEADS, 1), LEADS, 0, ""))


def test_a_box_that_does_not_follow_leads_only_where_the_other_one_is_not_there(
    folders: tuple[Configuration, Configuration],
) -> None:
    """It lacks what the other one has acknowledged since: that is said, and nobody leads twice."""
    led = threading.Event()
    known = Leadership("south", STANDS_BY, 1, "north", "one-log", [(1, 1)])
    south = replace(folders[1], fingerprint="f" * 64)
    with closing(First(folders[0])) as first:
        first.line.begin_alone("it has not come")
        with follower(folders[1]) as other:
            wait_for(lambda: first.line.is_linked)
            first.log.append_many([heard("1")])
            wait_for(lambda: other.journal.last_sequence() == 1)
        first.log.append_many([heard("2"), heard("3")])
        write_leadership(south.storage.directory, known)
        box = Box(south, "south", lambda *_: led.set(), None)
        thread = threading.Thread(target=box.run)
        thread.start()
        try:
            wait_for(lambda: box._follower is not None and box._follower.link.refused is not None)
            ask(south.storage.directory)
            wait_for(lambda: answer_of(south.storage.directory) is not None)
            answer = answer_of(south.storage.directory)
            assert answer is not None
            assert not answer.is_done
            assert "north is there and leads" in answer.text
            assert "its configuration is ffffffffffff" in answer.text
            assert "it lacks 2 entries or more" in answer.text
            assert not led.is_set()
            first.cable.cut()
            ask(south.storage.directory)
            wait_for(led.is_set)
        finally:
            box.ask_to_stop()
            thread.join()
