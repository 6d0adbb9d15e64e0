"""Descriptors: what clients may take, and where theirs are."""

import resource
import select
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.adapters import descriptors
from warnstream.adapters.descriptors import LOW, listening_sockets, share_descriptors, shares

doors = st.dictionaries(st.sampled_from(["listener", "sl651", "http"]), st.integers(1, 10_000), min_size=1)


@given(doors, st.integers(16, 100_000))
def test_clients_never_get_what_is_kept_for_sending_and_disk(wanted: dict[str, int], limit: int) -> None:
    given_ = shares(wanted, limit)
    free = limit - min(descriptors.RESERVED, limit // 2) - descriptors.BURST * len(wanted)
    assert sum(given_.values()) <= max(free, 0) + len(wanted), "at least one each"
    assert all(1 <= given_[door] <= n for door, n in wanted.items())


@pytest.fixture
def low_limit() -> Iterator[int]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    yield 256
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_limit_is_raised_as_far_as_the_doors_need(low_limit: int) -> None:
    assert share_descriptors({"listener": 100}) == {"listener": 100}
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > low_limit


def test_less_than_configured_is_logged_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 256))
    assert share_descriptors({"listener": 5_000}) == {"listener": 128 - descriptors.BURST}
    assert "LimitNOFILE" in caplog.text
    assert caplog.records[0].__dict__["needed"] == 5_000 + LOW + descriptors.BURST


def test_a_client_s_descriptor_is_above_those_that_select_can_watch() -> None:
    share_descriptors({"listener": 100})
    (opened,) = listening_sockets("127.0.0.1", 0, 10)
    with opened, socket.create_connection(opened.getsockname()) as client:
        connection, address = opened.accept()
        with connection:
            assert connection.fileno() >= LOW
            assert address == client.getsockname()
            client.sendall(b"x")
            assert connection.recv(1) == b"x"
            connection.sendall(b"y")
        assert client.recv(2) == b"y"
        assert client.recv(2) == b"", "no copy of the connection is left open"
        assert select.select([client], [], [], 0)[0] == [client]


def test_a_burst_is_not_accepted_before_those_too_many_are_refused() -> None:
    (opened,) = listening_sockets("127.0.0.1", 0, 3)
    opened.setblocking(False)
    with opened:
        clients = [socket.create_connection(opened.getsockname()) for _ in range(3 + descriptors.BURST + 5)]
        accepted = [opened.accept()[0] for _ in range(3 + descriptors.BURST)]
        with pytest.raises(BlockingIOError):
            opened.accept()
        accepted.pop().close()
        accepted.append(opened.accept()[0])
        for socket_ in [*clients, *accepted]:
            socket_.close()


def test_a_taken_port_is_named() -> None:
    (opened,) = listening_sockets("127.0.0.1", 0, 10)
    port = opened.getsockname()[1]
    with opened, pytest.raises(OSError, match=rf"cannot listen on 127\.0\.0\.1 port {port}"):
        listening_sockets("127.0.0.1", port, 10)


def open_files() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def test_no_descriptor_is_lost_where_a_port_is_taken() -> None:
    (opened,) = listening_sockets("127.0.0.1", 0, 10)
    before = open_files()
    for _ in range(5):
        with pytest.raises(OSError, match="cannot listen"):
            listening_sockets("127.0.0.1", opened.getsockname()[1], 10)
    after = open_files()
    opened.close()
    assert before == after
