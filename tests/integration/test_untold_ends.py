"""Who was told of a warning hears its end, however often digests are replaced before they are sent."""

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.alarms import RecordedAlarms
from tests.unit.adapters.county import sent
from tests.unit.bulletins.village import wording
from tests.unit.desk.county import MESSAGE_POLICY, T0, answer, county, desk_of, fall, rise
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.delivery.render import render_any
from warnstream.desk import DeskInput
from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import Digest
from warnstream.model.effects import RenderedBulletin, RenderedDigest, RenderedMessage
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.warning import WarningMessage
from warnstream.runners.live.recording.recorder import Desk, Recorder

NETWORK = county()
WORDING = wording(network=NETWORK)
CHANNELS = ("sms", "terminal")
POSTS = ("grid-a", "grid-b", "town", "leader")
ENDS = {"ended", "cancelled"}


class EmptyLog:
    """A log that holds nothing: everything is recorded as it is issued."""

    def first_sequence(self) -> int:
        return 1

    def last_sequence(self) -> int:
        return 0

    def since(self, _sequence: int) -> Iterator[tuple[int, str, bytes]]:
        return iter(())


def render(one: WarningMessage | Bulletin | Digest) -> RenderedMessage | RenderedBulletin | RenderedDigest:
    return render_any(one, WORDING, MESSAGE_POLICY, "")


class Night:
    """A desk, its recorder and outbox, and channels that get through now and then."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.outbox, self.desk = directory, Outbox(directory), desk_of(NETWORK)
        self.recorder = Recorder(self.outbox, EmptyLog(), RecordedAlarms(), Metrics(), lambda: None)  # type: ignore[arg-type]
        self._around = Desk(self.desk, NETWORK, render)
        self.recorder.catch_up(self._around)
        self.now_s, self.entry = T0, 0
        self.levels = dict.fromkeys(range(3), Level.NONE)

    def restart(self, network: Network) -> None:
        """The same night under another register."""
        desk = desk_of(network)
        desk.restore(self.desk.snapshot())
        self.desk, self._around = desk, Desk(desk, network, render)

    def newest(self, post: str) -> str:
        """Identifier of the last digest of a post."""
        with closing(sqlite3.connect(self.directory / "outbox.sqlite3")) as connection:
            ((identifier,),) = connection.execute(
                "SELECT identifier FROM messages JOIN notifications ON message = messages.number"
                " WHERE msg_type = 'digest' AND recipient = ? ORDER BY version DESC LIMIT 1",
                (post,),
            ).fetchall()
        return str(identifier)

    def comes_to(self, village: int, level: Level) -> None:
        before = self.levels[village]
        change = rise(level, before) if level > before else fall(level, before)
        self.levels[village] = level
        self.step([replace(change, village=village)] if level is not before else [])

    def step(self, inputs: Sequence[DeskInput] = ()) -> None:
        self.now_s, self.entry = self.now_s + 150, self.entry + 1
        effects = self.desk.step(inputs, self.now_s)
        self.recorder.record(self.entry, effects, self._around)
        self.recorder.finish()

    def channels_get_through(self) -> None:
        for channel in CHANNELS:
            while claimed := self.outbox.claim(channel, 50, self.now_s):
                self.outbox.settle(sent(row.key for row in claimed), self.now_s)

    def heard(self, post: str) -> list[dict[str, set[str]]]:
        """What each digest that was sent to a post said, in order: hazards named, and those that ended."""
        with closing(sqlite3.connect(self.directory / "outbox.sqlite3")) as connection:
            rows = connection.execute(
                "SELECT record FROM messages JOIN notifications ON message = messages.number"
                " WHERE msg_type = 'digest' AND recipient = ? AND state = 2 ORDER BY version",
                (post,),
            ).fetchall()
        said = []
        for (record,) in rows:
            lines = msgspec.json.decode(record)["villages"]
            said.append(
                {
                    "standing": {line["village"] for line in lines if line["standing"]},
                    "ended": {
                        line["village"]
                        for line in lines
                        if not line["standing"] and ENDS & {change["cause"] for change in line["changed"]}
                    },
                }
            )
        return said


def test_an_end_in_a_digest_that_was_never_sent_is_in_the_next(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.comes_to(0, Level.RED)
    night.channels_get_through()
    night.comes_to(0, Level.NONE)
    night.comes_to(1, Level.RED)  # its digest replaces the end of village 0
    night.comes_to(2, Level.RED)  # and this one both
    night.channels_get_through()
    code = NETWORK.villages.code[0]
    assert code in night.heard("town")[-1]["ended"]


def test_an_end_that_was_sent_is_not_told_again(tmp_path: Path) -> None:
    night = Night(tmp_path)
    for level in (Level.RED, Level.NONE):
        night.comes_to(0, level)
        night.channels_get_through()
    night.comes_to(1, Level.RED)
    night.channels_get_through()
    assert [len(digest["ended"]) for digest in night.heard("town")] == [0, 1, 0]


def test_what_stands_again_is_not_told_to_have_ended(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.comes_to(0, Level.RED)
    night.channels_get_through()
    for level in (Level.NONE, Level.RED):
        night.comes_to(0, level)
    night.channels_get_through()
    assert night.heard("town")[-1]["ended"] == set()


def test_who_was_sent_no_beginning_is_sent_no_end(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.comes_to(0, Level.RED)
    night.comes_to(0, Level.NONE)
    night.channels_get_through()
    assert [night.heard(post) for post in POSTS] == [[], [], [], []]
    night.comes_to(0, Level.RED)
    night.channels_get_through()
    night.comes_to(0, Level.NONE)
    night.channels_get_through()
    assert [[len(digest["ended"]) for digest in night.heard(post)] for post in POSTS] == [[0, 1]] * 4


def test_what_was_heard_before_in_vain_is_another_matter(tmp_path: Path) -> None:
    """Village 0 was heard of and has ended; of village 1 nobody heard, and its end is not sent."""
    night = Night(tmp_path)
    night.comes_to(0, Level.RED)
    night.channels_get_through()
    night.comes_to(0, Level.NONE)
    night.channels_get_through()
    before = [len(night.heard(post)) for post in POSTS]
    night.comes_to(1, Level.RED)
    night.comes_to(1, Level.NONE)
    night.channels_get_through()
    assert [len(night.heard(post)) for post in POSTS] == before


def test_a_beginning_that_is_being_sent_may_be_heard_and_its_end_is_sent(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.comes_to(0, Level.RED)
    claimed = [row for channel in CHANNELS for row in night.outbox.claim(channel, 50, night.now_s)]
    night.comes_to(0, Level.NONE)
    night.outbox.settle(sent(row.key for row in claimed), night.now_s)
    night.channels_get_through()
    told = {row.recipient for row in claimed if row.recipient in POSTS}
    assert told
    for post in told:
        assert [len(digest["ended"]) for digest in night.heard(post)] == [0, 1]


MOVES = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 2), st.sampled_from([Level.NONE, Level.ORANGE, Level.RED])),
        st.just("channels get through"),
        st.just("nothing"),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(MOVES)
def test_who_was_told_of_a_warning_hears_its_end(moves: list[tuple[int, Level] | str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        night = Night(Path(folder))
        for move in moves:
            if isinstance(move, tuple):
                night.comes_to(*move)
            elif move == "nothing":
                night.step()
            else:
                night.channels_get_through()
        for village in night.levels:
            night.comes_to(village, Level.NONE)
        night.step()
        night.channels_get_through()
        for post in POSTS:
            known: set[str] = set()
            for said in night.heard(post):
                is_all = not said["standing"] and len(said["ended"]) == 1
                assert not is_all or said["ended"] <= known, f"{post} hears of an end alone"
                known = (known | said["standing"]) - said["ended"]
            assert known == set(), post
        night.outbox.close()


@pytest.mark.parametrize("level", [Level.YELLOW, Level.RED])
@pytest.mark.parametrize("is_answered", [False, True])
def test_a_post_that_is_taken_out_of_the_chain_hears_the_end_of_what_it_was_told(
    tmp_path: Path, level: Level, *, is_answered: bool
) -> None:
    night = Night(tmp_path)
    night.comes_to(0, level)
    night.channels_get_through()
    told = [post for post in POSTS if night.heard(post)]
    assert "grid-a" in told
    if is_answered:
        night.step([answer(night.newest("grid-a"), "grid-a")])
    left = tuple(post for post in NETWORK.chain if post.post not in {"grid-a", "town"})
    night.restart(replace(NETWORK, chain=left))
    night.comes_to(0, Level.NONE)
    night.step()
    night.channels_get_through()
    for post in told:
        assert night.heard(post)[-1]["ended"] == {NETWORK.villages.code[0]}, post


def test_a_post_that_has_left_the_chain_hears_nothing_but_ends(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.comes_to(0, Level.RED)
    night.channels_get_through()
    night.restart(replace(NETWORK, chain=tuple(post for post in NETWORK.chain if post.post != "grid-a")))
    before = len(night.heard("grid-a"))
    night.comes_to(1, Level.RED)
    for _ in range(10):
        night.step()
        night.channels_get_through()
    assert len(night.heard("grid-a")) == before
