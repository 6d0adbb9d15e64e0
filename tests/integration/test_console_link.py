"""The socket between a node and its consoles: newest first, the slow, hostile and dead cost nothing."""

import asyncio
import contextlib
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.unit.console.county import head_of
from warnstream.adapters.console.frame import (
    ASK_BYTES_MAX,
    LENGTH_BYTES,
    SOCKET,
    VERSION,
    Act,
    Ask,
    Frame,
    Part,
    Reply,
    packed,
    part_of,
    read_from_node,
)
from warnstream.adapters.console.link import CONSOLES_MAX, REPLIES_MAX, ConsoleLink, socket_address
from warnstream.console.peer import Peer
from warnstream.model.errors import StoreError

WAIT_S_MAX = 20.0


class Node:
    """The node's end, and what it was asked."""

    def __init__(self, directory: Path) -> None:
        self.asked: list[Ask | Act] = []
        self.answers: list[Callable[[bytes, str], None]] = []
        self.came = threading.Semaphore(0)
        self.connections: list[socket.socket] = []
        self.link = ConsoleLink(directory, self._take, self.came.release)
        self.link.start()
        self.directory = directory

    def close(self) -> None:
        self.link.stop()
        for connection in self.connections:
            connection.close()

    def _take(self, ask: Ask | Act, answer: Callable[[bytes, str], None]) -> None:
        self.asked.append(ask)
        self.answers.append(answer)
        assert isinstance(ask, Ask)
        if ask.village == "echo":
            answer(ask.village.encode(), "")

    def publish(self, now_s: int, **parts: Part) -> None:
        self.link.publish(head_of(now_s=now_s), parts)

    def connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        self.connections.append(connection)
        connection.settimeout(WAIT_S_MAX)
        with socket_address(self.directory) as address:
            connection.connect(address)
        assert self.came.acquire(timeout=WAIT_S_MAX)
        return connection


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    opened = Node(tmp_path)
    yield opened
    opened.close()


def wait_for(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_S_MAX
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def read(connection: socket.socket) -> Frame | Reply:
    def exactly(n: int) -> bytes:
        found = b""
        while len(found) < n:
            more = connection.recv(n - len(found))
            if not more:
                raise ConnectionError
            found += more
        return found

    return read_from_node(exactly(int.from_bytes(exactly(LENGTH_BYTES), "big")))


def is_closed(connection: socket.socket) -> bool:
    """Whether the node has hung up, whatever it had sent before."""
    try:
        while connection.recv(1 << 16):
            pass
    except (ConnectionError, BrokenPipeError):
        return True
    return True


BIG = part_of(np.zeros(4 << 20, np.uint8), "u1")
"""More than the system keeps for a reader that does not read."""


def test_the_socket_is_for_the_nodes_user_and_group_alone(node: Node) -> None:
    found = (node.directory / SOCKET).stat()
    assert stat.S_ISSOCK(found.st_mode)
    assert stat.S_IMODE(found.st_mode) == 0o600


def test_a_console_gets_frames_in_order(node: Node) -> None:
    connection = node.connect()
    for now_s in range(3):
        node.publish(now_s)
        frame = read(connection)
        assert isinstance(frame, Frame)
        assert frame.head.now_s == now_s


def test_who_comes_late_gets_every_part_that_is_known(node: Node) -> None:
    first = node.connect()
    node.publish(1, level=part_of(np.array([1]), "u1"), sight=part_of(np.array([2]), "u1"))
    read(first)
    late = node.connect()
    node.publish(2, level=part_of(np.array([3]), "u1"))
    for connection, names in ((first, {"level"}), (late, {"level", "sight"})):
        frame = read(connection)
        assert isinstance(frame, Frame)
        assert frame.parts.keys() == names


def test_a_console_that_does_not_read_gets_the_newest_of_each_part_and_costs_nothing(node: Node) -> None:
    stopped, reading = node.connect(), node.connect()
    took = []
    for now_s in range(60):
        began = time.perf_counter()
        node.publish(now_s, level=BIG, **({"sight": part_of(np.array([7]), "u1")} if now_s == 30 else {}))
        took.append(time.perf_counter() - began)
        frame = read(reading)
        assert isinstance(frame, Frame)
        assert frame.head.now_s == now_s, "a slow one does not slow down another"
    assert sorted(took)[len(took) // 2] < 0.01
    assert node.link.replaced > 50
    seen, has_sight = -1, False
    while seen < 59:
        frame = read(stopped)
        assert isinstance(frame, Frame)
        assert frame.head.now_s > seen
        seen, has_sight = frame.head.now_s, has_sight or "sight" in frame.parts
    assert has_sight, "what comes seldom is not lost with the frame that brought it"


def test_a_console_that_is_killed_is_forgotten(node: Node) -> None:
    connection = node.connect()
    node.publish(1)
    read(connection)
    connection.close()
    wait_for(lambda: not node.link.is_watched)
    node.publish(2)


@pytest.mark.parametrize(
    "said",
    [
        b"\xff\xff\xff\xff",
        (ASK_BYTES_MAX + 1).to_bytes(4, "big") + b"x" * 100,
        b"\x00\x00\x00\x04abcd",
        b"GET / HTTP/1.1\r\n\r\n",
        packed(Ask(VERSION + 1, 1, "V0")),
        packed(Reply(VERSION, 1, b"", "")),
    ],
)
def test_who_breaks_the_layout_is_closed_and_the_others_stay(node: Node, said: bytes) -> None:
    good, bad = node.connect(), node.connect()
    bad.sendall(said)
    assert is_closed(bad)
    node.publish(1)
    assert isinstance(read(good), Frame)
    assert node.asked == []


def test_a_question_that_comes_byte_by_byte_is_a_question(node: Node) -> None:
    connection = node.connect()
    for byte in packed(Ask(VERSION, 7, "echo")):
        connection.sendall(bytes([byte]))
    reply = read(connection)
    assert reply == Reply(VERSION, 7, b"echo", "")


def test_a_flood_of_questions_is_taken_at_its_rate(node: Node) -> None:
    connection = node.connect()
    began = time.monotonic()
    with contextlib.suppress(OSError):
        connection.sendall(packed(Ask(VERSION, 1, "V0")) * 2_000)
    wait_for(lambda: time.monotonic() - began > 1)
    assert 1 <= len(node.asked) <= 40
    connection.close()


def test_who_takes_no_answers_is_closed(node: Node) -> None:
    connection = node.connect()
    connection.sendall(packed(Ask(VERSION, 1, "V0")))
    wait_for(lambda: node.answers)
    for _ in range(REPLIES_MAX + 200):
        node.answers[0](b"x" * 100_000, "")
    wait_for(lambda: not node.link.is_watched)


def test_of_too_many_consoles_the_one_goes_that_has_taken_nothing_for_the_longest(node: Node) -> None:
    old = node.connect()
    others = [node.connect() for _ in range(CONSOLES_MAX - 1)]
    newest = node.connect()
    assert is_closed(old)
    node.publish(1)
    assert all(isinstance(read(console), Frame) for console in (*others, newest))


def test_a_folder_with_a_long_name_has_a_socket_too(tmp_path: Path) -> None:
    directory = tmp_path / ("long" * 40)
    directory.mkdir()
    node = Node(directory)
    connection = node.connect()
    node.publish(5)
    assert isinstance(read(connection), Frame)
    node.close()
    assert not (directory / SOCKET).exists()


def test_a_socket_that_a_killed_node_left_is_no_obstacle(tmp_path: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    with socket_address(tmp_path) as address:
        left.bind(address)
    left.close()
    node = Node(tmp_path)
    assert node.connect()
    node.close()


def test_a_console_finds_its_node_again_and_says_why_it_had_none(tmp_path: Path) -> None:
    taken: list[Frame] = []

    async def watch() -> None:
        peer = Peer(tmp_path, taken.append)
        running = asyncio.create_task(peer.run())
        try:
            await until(lambda: "not there" in peer.fault)
            for round_ in range(2):
                node = await asyncio.to_thread(Node, tmp_path)
                await until(lambda node=node: node.link.is_watched)  # type: ignore[misc]
                node.publish(round_)
                await until(lambda round_=round_: taken and taken[-1].head.now_s == round_)  # type: ignore[misc]
                assert peer.fault == ""
                assert 0 <= peer.age_s < WAIT_S_MAX
                assert await peer.ask("echo") == b"echo"
                asking = asyncio.create_task(peer.ask("nothing comes"))
                await until(lambda node=node: len(node.asked) == 2)  # type: ignore[misc]
                await asyncio.to_thread(node.link.stop)
                with pytest.raises(StoreError):
                    await asking
                await until(lambda: "not there" in peer.fault)
        finally:
            running.cancel()

    async def until(is_so: Callable[[], object]) -> None:
        async with asyncio.timeout(WAIT_S_MAX):
            while not is_so():  # noqa: ASYNC110  # what is waited for has no event
                await asyncio.sleep(0.01)

    asyncio.run(watch())
