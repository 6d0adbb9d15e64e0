"""Slow, many and lying HTTP clients against the real server."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from warnstream.adapters.http import connections, guard
from warnstream.adapters.http.bodies import ProblemsError, checked_body
from warnstream.adapters.http.guard import read_body
from warnstream.adapters.http.routers.machines import AnswerRequest
from warnstream.adapters.http.server import HttpServer
from warnstream.adapters.http.starting import STARTING_CONNECTIONS_MAX, FrontDoor
from warnstream.config.settings import HttpSettings


async def say_who(request: Request) -> Response:
    return JSONResponse({"client": request.client.host if request.client else None})


async def take(request: Request) -> Response:
    return JSONResponse({"bytes": len(await read_body(request, 1_000))})


async def problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"problems": [error.detail]}, error.status_code)


APP = Starlette(
    routes=[
        Route("/healthz", say_who),
        Route("/a/token", say_who),
        Route("/take", take, methods=["POST"]),
    ],
    exception_handlers={HTTPException: problem},
)


@contextmanager
def serving(
    connections_max: int = 1_000, *, hosts: tuple[str, ...] = (), proxies: tuple[str, ...] = ()
) -> Iterator[int]:
    settings = HttpSettings("127.0.0.1", 0, hosts=hosts, proxies=proxies)
    server = HttpServer(APP, settings, connections_max)
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


def is_closed(client: socket.socket) -> bool:
    """Wait until the other side ends the connection."""
    client.settimeout(30)
    try:
        while client.recv(1_000):
            pass
    except ConnectionResetError:
        return True
    return True


def get(port: int, path: str = "/healthz", **headers: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port}{path}", headers=headers, timeout=30, trust_env=False)


def drip(client: socket.socket, data: bytes, is_over: Callable[[], bool]) -> None:
    """A byte now and then."""
    for byte in data:
        if is_over():
            return
        try:
            client.sendall(bytes((byte,)))
        except OSError:
            return
        time.sleep(0.1)  # the drip itself


def test_a_head_in_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADER_S_MAX", 1.0)
    with serving() as port, socket.create_connection(("127.0.0.1", port)) as client:
        drip(client, b"GET /healthz HTTP/1.1\r\n" + b"X-Drip: x\r\n" * 100, lambda: False)
        assert is_closed(client)
        assert get(port).status_code == 200


def test_a_second_request_in_drips_is_cut_off_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADER_S_MAX", 1.0)
    with serving() as port, socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.recv(1_000).startswith(b"HTTP/1.1 200")
        drip(client, b"GET /healthz HTTP/1.1\r\n" + b"X-Drip: x\r\n" * 100, lambda: False)
        assert is_closed(client)


def test_a_body_in_drips_is_answered_408(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_S_MAX", 0.5)
    with serving() as port, socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"POST /take HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx")
        client.settimeout(30)
        assert client.recv(1_000).startswith(b"HTTP/1.1 408")


def test_a_request_that_is_never_done_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "REQUEST_S_MAX", 0.5)
    with serving() as port, socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"POST /take HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx")
        assert is_closed(client)


def test_idle_connections_make_room_for_those_that_ask() -> None:
    with serving(connections_max=20) as port:
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
        assert [get(port).status_code for _ in range(5)] == [200] * 5
        for connection in idle:
            connection.close()


def test_a_front_door_that_is_opened_allows_its_share_and_holds_few_before() -> None:
    door = FrontDoor("county", HttpSettings("127.0.0.1", 0))
    door.start()
    try:
        idle = [socket.create_connection(("127.0.0.1", door.port)) for _ in range(200)]
        assert get(door.port).json()["alive"] is True
        assert len(door._server._connections.open) <= STARTING_CONNECTIONS_MAX + 1
        door.open(APP, 150)
        idle += [socket.create_connection(("127.0.0.1", door.port)) for _ in range(100)]
        assert get(door.port).json() == {"client": "127.0.0.1"}
        assert len(door._server._connections.open) > STARTING_CONNECTIONS_MAX + 1
        for connection in idle:
            connection.close()
    finally:
        door.stop()


def test_requests_on_one_connection_go_on_as_ever() -> None:
    with serving() as port, httpx.Client(trust_env=False) as client:
        answers = [client.get(f"http://127.0.0.1:{port}/healthz").status_code for _ in range(20)]
        assert answers == [200] * 20


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [("/healthz", "evil.example", 400), ("/healthz", "warn.example", 200), ("/healthz", "10.0.0.7:80", 200),
     ("/a/token", "evil.example", 200)],
)  # fmt: skip
def test_a_request_for_another_host_is_refused_but_no_answer_link(path: str, host: str, status: int) -> None:
    with serving(hosts=("warn.example",)) as port:
        answer = get(port, path, Host=host)
        assert answer.status_code == status
        if status == 400:
            assert "http.hosts" in answer.json()["problems"][0]


@pytest.mark.parametrize(("proxies", "client"), [((), "127.0.0.1"), (("127.0.0.0/8",), "203.0.113.7")])
def test_a_forwarded_address_counts_only_from_a_declared_proxy(proxies: tuple[str, ...], client: str) -> None:
    with serving(proxies=proxies) as port:
        assert get(port, **{"X-Forwarded-For": "203.0.113.7"}).json() == {"client": client}


@pytest.mark.parametrize("deep", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 4_000 + b"]" * 4_000])
def test_deep_json_is_a_problem_of_the_request(deep: bytes) -> None:
    with pytest.raises(ProblemsError) as caught:
        checked_body(deep, AnswerRequest)
    assert caught.value.status_code == 400
