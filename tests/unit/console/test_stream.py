"""The stream: a state and the deltas after it are the newer state; nobody waits for a slow viewer."""

import asyncio
import json
import zlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.console.county import NOW_S, frame, situation
from warnstream.console import models
from warnstream.console.situation import View
from warnstream.console.stream import QUEUE_MAX, RING_MAX, Channel, Squeeze, event_of, state_of

LEVELS = st.lists(st.integers(0, 4), min_size=4, max_size=4)
HELPS = st.lists(st.tuples(st.integers(0, 3), st.just(NOW_S), st.integers(0, 1)), max_size=3)
FRAMES = st.lists(
    st.tuples(LEVELS, HELPS, st.lists(st.integers(0, 3), min_size=3, max_size=3)), min_size=2, max_size=6
)


def view(level: list[int], helps: list[tuple[int, int, int]] = [], stations: list[int] = [1, 1, 1]) -> View:  # noqa: B006
    found = situation(frame(level=(level, [0] * 4), helps=helps, stations=stations))
    return found.view(found.county.area("*"))


def state(channel: Channel) -> dict[str, Any]:
    assert channel.view is not None
    found: dict[str, Any] = msgspec.to_builtins(state_of(channel.view, channel.id, models.Clock()))
    return found


def parsed(event: bytes) -> tuple[str, str, dict[str, Any]]:
    """Name, id and content."""
    assert event.endswith(b"\n\n")
    fields: dict[str, str] = dict(line.split(": ", 1) for line in event.decode().strip().split("\n"))
    return fields["event"], fields.get("id", ""), json.loads(fields["data"])


def applied(before: dict[str, Any], delta: dict[str, Any], identifier: str) -> dict[str, Any]:
    """As the page does it."""
    after: dict[str, Any] = json.loads(json.dumps(before)) | {"id": identifier}
    levels, sight = list(after["levels"]), list(after["sight"])
    for at, level, seen in delta.get("villages", []):
        levels[at], sight[at] = str(level), str(seen)
    stations = list(after["stations"])
    for at, condition in delta.get("stations", []):
        stations[at] = str(condition)
    after |= {"levels": "".join(levels), "sight": "".join(sight), "stations": "".join(stations)}
    after["head"] = delta.get("head", after["head"])
    rows = {row["town"]: row for row in (*after["queue"], *delta.get("rows", []))}
    order = delta.get("order", [row["town"] for row in after["queue"]])
    after["queue"] = [rows[town] for town in order]
    return after


@given(FRAMES)
def test_a_state_and_the_deltas_after_it_are_the_newer_state(frames: list[Any]) -> None:
    channel = Channel()
    channel.advance(view(*frames[0]))
    shown, viewer = state(channel), channel.subscribe(channel.id)
    for facts in frames[1:]:
        channel.advance(view(*facts))
    while not viewer.events.empty():
        name, identifier, content = parsed(viewer.events.get_nowait())
        assert name == "delta"
        shown = applied(shown, content, identifier)
    assert json.loads(json.dumps(shown)) == json.loads(json.dumps(state(channel)))


def test_nothing_is_said_while_nothing_changes() -> None:
    channel = Channel()
    for _ in range(3):
        channel.advance(view([4, 0, 0, 0]))
    viewer = channel.subscribe(channel.id)
    channel.advance(view([4, 0, 0, 0]))
    assert viewer.events.empty()


def test_all_viewers_are_given_the_same_bytes() -> None:
    channel = Channel()
    channel.advance(view([0, 0, 0, 0]))
    viewers = [channel.subscribe(channel.id) for _ in range(3)]
    channel.advance(view([4, 0, 0, 0]))
    first, *others = [viewer.events.get_nowait() for viewer in viewers]
    assert all(viewer is first for viewer in others)


def test_who_comes_back_goes_on_where_the_stream_broke() -> None:
    channel = Channel()
    channel.advance(view([0, 0, 0, 0]))
    known = channel.id
    channel.advance(view([1, 0, 0, 0]))
    channel.advance(view([2, 0, 0, 0]))
    viewer = channel.subscribe(known)
    assert [parsed(viewer.events.get_nowait())[2]["villages"] for _ in range(2)] == [[[0, 1, 0]], [[0, 2, 0]]]


@pytest.mark.parametrize(
    "last", ["", "nonsense", "00000000-1", "-", "{epoch}-", "{epoch}-9", "{epoch}-²", "{epoch}--1"]
)
def test_who_names_an_event_that_is_not_known_reads_the_state_anew(last: str) -> None:
    channel = Channel()
    channel.advance(view([0, 0, 0, 0]))
    viewer = channel.subscribe(last.replace("{epoch}", channel.id.partition("-")[0]))
    assert parsed(viewer.events.get_nowait())[0] == "resync"


def test_what_is_older_than_the_ring_is_read_anew() -> None:
    channel = Channel()
    channel.advance(view([0, 0, 0, 0]))
    known = channel.id
    for number in range(RING_MAX + 1):
        channel.advance(view([1 + number % 2, 0, 0, 0]))
    assert parsed(channel.subscribe(known).events.get_nowait())[0] == "resync"


def test_a_viewer_that_takes_nothing_loses_its_stream_and_the_others_keep_theirs() -> None:
    channel = Channel()
    channel.advance(view([0, 0, 0, 0]))
    slow, quick = channel.subscribe(channel.id), channel.subscribe(channel.id)
    for number in range(QUEUE_MAX + 1):
        channel.advance(view([1 + number % 2, 0, 0, 0]))
        assert quick.events.get_nowait()
    assert not slow.is_open
    assert quick.is_open
    assert len(channel) == 1


def test_a_change_of_the_county_ends_every_stream_with_a_word() -> None:
    channel = Channel()
    channel.advance(view([0, 0, 0, 0]))
    viewer = channel.subscribe(channel.id)
    channel.end()
    assert parsed(viewer.events.get_nowait())[0] == "resync"
    assert not viewer.is_open


def test_an_event_is_one_line_whatever_it_holds() -> None:
    name, identifier, content = parsed(
        event_of("beat", msgspec.json.encode({"fault": "a\nb\r\n\ndata: x"}), "e-1")
    )
    assert (name, identifier, content["fault"]) == ("beat", "e-1", "a\nb\r\n\ndata: x")


def test_queues_of_viewers_belong_to_no_event_loop_until_they_are_read() -> None:
    channel = Channel()
    channel.advance(view([0, 0, 0, 0]))
    viewer = channel.subscribe("")

    async def read() -> bytes:
        return await viewer.events.get()

    assert parsed(asyncio.run(read()))[0] == "resync"


@given(st.lists(st.binary(min_size=1, max_size=3_000), max_size=12))
def test_a_compressed_stream_shows_each_event_as_soon_as_it_is_sent(events: list[bytes]) -> None:
    squeeze, reading = Squeeze(), zlib.decompressobj(zlib.MAX_WBITS + 16)
    for event in events:
        assert reading.decompress(squeeze.take(event)) == event
    assert reading.decompress(squeeze.end()) == b""
    assert reading.eof
