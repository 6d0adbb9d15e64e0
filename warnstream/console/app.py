"""The console over HTTP: its page, signing in, the situation and its stream; nothing without a session.

What is served of a county is cut to the person's area of operators.csv, deltas and maps too.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from warnstream.adapters.http.bodies import ProblemsError, posted
from warnstream.adapters.http.guard import RateLimit, SecurityHeaders
from warnstream.console import models
from warnstream.console.access import (
    DEVICE,
    Attempts,
    Visitor,
    cookie_name,
    demand_own_page,
    device_of,
    visitor_of,
)
from warnstream.console.accounts import SESSION_S, Accounts
from warnstream.console.acting.acts import act_of, demand_json, doors_of
from warnstream.console.hub import Hub
from warnstream.console.openapi import document_of
from warnstream.console.pages import page_of
from warnstream.console.proof.devices import KNOWN_S
from warnstream.console.reading.routes import Reading
from warnstream.console.stream import Squeeze, Subscriber
from warnstream.console.times.other import NoSuchTimeError
from warnstream.model.errors import StoreError
from warnstream.model.hands.orders import Role

log = logging.getLogger(__name__)

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

REQUESTS_PER_S, REQUESTS_BURST, CLIENTS_MAX = 30.0, 200, 10_000
STREAMS_MAX, STREAMS_PER_PERSON_MAX = 200, 8
SEND_S_MAX = 20.0
"""A viewer that takes nothing for so long loses its stream."""

SESSION_LOOK_S = 15.0
"""A stream of a session that has ended ends within so long."""

PROBLEMS = models.Problems


class ConsoleApi:
    """The routes of a console, as an ASGI application in `app`.

    Parameters
    ----------
    hub : Hub
    accounts : Accounts
    attempts : Attempts, optional
    """

    def __init__(self, hub: Hub, accounts: Accounts, attempts: Attempts | None = None) -> None:
        self._hub, self._accounts = hub, accounts
        self._attempts = attempts or Attempts()
        self._rate = RateLimit(REQUESTS_PER_S, REQUESTS_BURST, CLIENTS_MAX)
        self._streams: dict[str, int] = {}
        served = {
            ("GET", "/api/v1/session"): self._session,
            ("POST", "/api/v1/session"): self._sign_in,
            ("DELETE", "/api/v1/session"): self._sign_out,
            ("GET", "/api/v1/state"): self._state,
            ("GET", "/api/v1/geo"): self._geo,
            ("GET", "/api/v1/villages/{code}"): self._village,
            ("POST", "/api/v1/acts"): self._act,
            ("GET", "/api/v1/doors"): self._doors,
            ("GET", "/api/v1/openapi.json"): self._openapi,
            ("GET", "/healthz"): self._alive,
            **Reading(hub, accounts, self._visitor).routes,
        }
        routes: list[Route] = [Route(p, self._limited(h), methods=[m]) for (m, p), h in served.items()]
        routes.append(Route("/api/v1/stream", _Raw(self._stream), methods=["GET"]))
        routes.append(Route("/{name:path}", page_of, methods=["GET"]))
        self.app = Starlette(
            routes=routes,
            middleware=[Middleware(SecurityHeaders, headers=SECURITY_HEADERS)],
            exception_handlers={HTTPException: _http_problem, StoreError: _store_problem},
        )

    def _limited(
        self, handler: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            self._demand_rate(request)
            return await handler(request)

        return endpoint

    def _demand_rate(self, request: Request) -> None:
        if not self._rate.allows(request.client.host if request.client else ""):
            raise HTTPException(429, "too many requests", headers={"Retry-After": "1"})

    def _visitor(self, request: Request) -> Visitor:
        return visitor_of(request, self._accounts, self._hub.operators)

    def _session_of(self, visitor: Visitor) -> models.Session:
        of = visitor.operator
        node = self._hub.configuration.node.name
        officers = [
            (operator.person, operator.name)
            for operator in self._hub.operators.values()
            if operator.role is Role.OFFICER
        ]
        known = officers if of.role is Role.OFFICER else []
        return models.Session(of.person, of.name, str(of.role), of.area, node, visitor.ends_s, known)

    async def _session(self, request: Request) -> Response:
        return answer(self._session_of(self._visitor(request)))

    async def _sign_in(self, request: Request) -> Response:
        demand_own_page(request)
        demand_json(request)
        given = await posted(request, models.Credentials)
        if missing := [
            name for name in ("person", "password") if not given.once and not getattr(given, name)
        ]:
            raise ProblemsError([f"{name}: expected a text" for name in missing])
        address = request.client.host if request.client else ""
        device, devices = device_of(request), self._accounts.devices
        is_known = not given.once and devices.is_known(given.person, device)
        names = [f"device {device}"] if is_known else [f"address {address}"]
        if given.person and not is_known:
            names.insert(0, f"person {given.person}")
        if waits := self._attempts.wait_s(*names):
            text = f"too many attempts; try again in {waits / 60:.0f} min"
            raise HTTPException(429, text, headers={"Retry-After": str(int(waits) + 1)})
        self._attempts.began(*names)
        person = await self._proven(given, names, address)
        operator = self._hub.operators.get(person)
        if operator is None:
            log.warning("sign-in refused", extra={"from": address})
            raise HTTPException(403, "person and password do not fit")
        self._attempts.succeeded(*names)
        with contextlib.suppress(HTTPException):  # a session that was open in this browser is over
            self._accounts.end(self._visitor(request).token)
        token = self._accounts.begin(person)
        if is_known:
            devices.forget(device)
        device = devices.know(person)
        found = self._accounts.session(token)
        assert found is not None
        log.info("signed in", extra={"person": person, "from": address})
        response = answer(self._session_of(Visitor(operator, token, found[1])))
        is_secure, name = request.url.scheme == "https", cookie_name(request)
        for cookie, content, lasts_s in ((name, token, SESSION_S), (name + DEVICE, device, KNOWN_S)):
            response.set_cookie(
                cookie, content, max_age=lasts_s, path="/", secure=is_secure, httponly=True, samesite="lax"
            )
        return response

    async def _proven(self, given: models.Credentials, names: list[str], address: str) -> str:
        """Who it is, empty for nobody. HTTPException where a second factor is missing or wrong."""
        if given.once:
            return self._accounts.once.take(given.once) or ""
        if not await asyncio.to_thread(self._accounts.proves, given.person, given.password):
            return ""
        if await asyncio.to_thread(self._has_factor, given):
            return given.person
        if not given.code:  # the password was right: that it asks for more is no failure
            self._attempts.succeeded(*names)
            raise HTTPException(401, "expected the code of the second factor")
        log.warning("second factor refused", extra={"person": given.person, "from": address})
        raise HTTPException(403, "person and password do not fit")

    def _has_factor(self, given: models.Credentials) -> bool:
        """Whether nothing is missing beside the password."""
        factors = self._accounts.factors
        return not factors.has(given.person) or factors.proves(given.person, given.code)

    async def _sign_out(self, request: Request) -> Response:
        demand_own_page(request)
        self._accounts.end(self._visitor(request).token)
        response = Response(status_code=204)
        response.delete_cookie(cookie_name(request), path="/", secure=request.url.scheme == "https")
        return response

    async def _state(self, request: Request) -> Response:
        area, at_s = self._visitor(request).operator.area, _at(request)
        try:
            return answer(self._hub.state(area) if at_s is None else self._hub.state_at(area, at_s))
        except NoSuchTimeError as error:
            raise HTTPException(404, str(error)) from None

    async def _geo(self, request: Request) -> Response:
        found = await self._hub.geo(self._visitor(request).operator.area)
        headers = {"ETag": found.tag, "Cache-Control": "private, no-cache"}
        if request.headers.get("if-none-match") == found.tag:
            return Response(status_code=304, headers=headers)
        headers["Content-Encoding"] = "gzip"
        return Response(found.content, media_type="application/json", headers=headers)

    async def _village(self, request: Request) -> Response:
        operator, at_s = self._visitor(request).operator, _at(request)
        code = request.path_params["code"]
        try:
            found = await (
                self._hub.village(operator, code)
                if at_s is None
                else self._hub.village_at(operator, code, at_s)
            )
        except NoSuchTimeError as error:
            raise HTTPException(404, str(error)) from None
        if found is None:
            raise HTTPException(404, "there is no such village in this area")
        return answer(found)

    async def _act(self, request: Request) -> Response:
        visitor = self._visitor(request)
        done, status = await act_of(request, self._hub, visitor.operator)
        return answer(done, status)

    async def _doors(self, request: Request) -> Response:
        visitor = self._visitor(request)
        done, status = await doors_of(request, self._hub, visitor.operator)
        return answer(done, status)

    async def _openapi(self, _request: Request) -> Response:
        return answer(document_of())

    async def _alive(self, _request: Request) -> Response:
        return answer(models.Alive(alive=True, is_fed=not self._hub.peer.fault))

    async def _stream(self, request: Request, send: Send) -> None:
        self._demand_rate(request)
        visitor = self._visitor(request)
        person = visitor.operator.person
        open_now = self._streams.get(person, 0)
        if open_now >= STREAMS_PER_PERSON_MAX or sum(self._streams.values()) >= STREAMS_MAX:
            raise HTTPException(429, "too many streams", headers={"Retry-After": "5"})
        last_id = request.headers.get("last-event-id") or request.query_params.get("since", "")
        channel, subscriber = self._hub.subscribe(visitor.operator.area, last_id)
        self._streams[person] = open_now + 1
        try:
            await self._pass_on(request, send, subscriber, visitor)
        finally:
            channel.leave(subscriber)
            self._streams[person] -= 1
            if not self._streams[person]:
                del self._streams[person]

    async def _pass_on(self, request: Request, send: Send, subscriber: Subscriber, visitor: Visitor) -> None:
        """Events until the viewer goes, falls behind, or is signed in no more."""
        headers = [(b"content-type", b"text/event-stream"), (b"x-accel-buffering", b"no")]
        headers.append((b"vary", b"accept-encoding"))
        squeeze = Squeeze() if "gzip" in request.headers.get("accept-encoding", "") else None
        if squeeze is not None:
            headers.append((b"content-encoding", b"gzip"))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        looked_at = asyncio.get_running_loop().time()
        gone = asyncio.create_task(_gone(request))
        try:
            while (subscriber.is_open or not subscriber.events.empty()) and not gone.done():
                event = await subscriber.events.get()
                event = event if squeeze is None else squeeze.take(event)
                async with asyncio.timeout(SEND_S_MAX):
                    await send({"type": "http.response.body", "body": event, "more_body": True})
                now = asyncio.get_running_loop().time()
                if now - looked_at >= SESSION_LOOK_S:
                    looked_at = now
                    if not self._accounts.is_open(visitor.token):
                        break
            async with asyncio.timeout(SEND_S_MAX):
                await send({"type": "http.response.body", "body": b"" if squeeze is None else squeeze.end()})
        except TimeoutError:
            log.info("a viewer takes nothing", extra={"person": visitor.operator.person})
        finally:
            gone.cancel()


def _at(request: Request) -> int | None:
    """The time that is asked for; None: now."""
    at = request.query_params.get("at")
    if at is not None and not (at.isascii() and at.isdigit() and len(at) < 12):
        raise HTTPException(400, "at: expected seconds since 1970 UTC")
    return None if at is None else int(at)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


class _Raw:
    """An ASGI application of a function that sends by itself; as a class, Starlette wraps it in nothing."""

    def __init__(self, serve: Callable[[Request, Send], Awaitable[None]]) -> None:
        self._serve = serve

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        request = Request(scope, receive, send)
        try:
            await self._serve(request, send)
        except HTTPException as error:
            await (await _http_problem(request, error))(scope, receive, send)
        except StoreError as error:
            await (await _store_problem(request, error))(scope, receive, send)


def answer(content: Any, status: int = 200) -> Response:
    """A read model as JSON."""
    return Response(msgspec.json.encode(content), status, media_type="application/json")


async def _http_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    problems = error.problems if isinstance(error, ProblemsError) else [error.detail]
    response = answer(PROBLEMS(problems), error.status_code)
    response.headers.update(error.headers or {})
    return response


async def _store_problem(_request: Request, error: Exception) -> Response:
    return Response(
        msgspec.json.encode(PROBLEMS([str(error)])),
        503,
        media_type="application/json",
        headers={"Retry-After": "2"},
    )
