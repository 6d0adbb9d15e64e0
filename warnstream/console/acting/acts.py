"""`POST /api/v1/acts`: one door for every act of a person; what came of it, within five seconds."""

import uuid

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request

from warnstream.adapters.console.acts import Done, Said
from warnstream.adapters.http.bodies import ProblemsError, posted
from warnstream.console.access import demand_own_fetch, demand_own_page
from warnstream.console.hub import Hub
from warnstream.delivery.texts import clean
from warnstream.model.hands.orders import Operator

KEY_CHARACTERS = (8, 60)
"""Of an Idempotency-Key: whoever sends an act anew after a silence must not do another one."""

SEES = frozenset({"release", "hold", "raise", "lower", "end", "correct", "extend"})
"""Kinds that need the version of their village, where they are about one."""

STATUS = {"taken": 200, "waits": 200, "rehearsed": 200, "refused": 400, "forbidden": 403, "stale": 409}


async def act_of(request: Request, hub: Hub, operator: Operator) -> tuple[Done, int]:
    """Do what a page asks for; what came of it, and the status that says so.

    Raises
    ------
    HTTPException
        If it is no request of our page, or is not as it must be; nothing has been done.
    StoreError
        If the node does not answer in time; the same key is safe again.
    """
    demand_own_page(request)
    demand_json(request)
    said = await posted(request, Said)
    key, seen = request.headers.get("idempotency-key", "").strip(), _seen(request)
    least, most = KEY_CHARACTERS
    if not said.rehearse and not (least <= len(key) <= most and key.isascii() and key.isprintable()):
        raise ProblemsError([f"Idempotency-Key: expected {least} to {most} printable characters"])
    if (
        said.kind in SEES
        and len(said.villages) == 1
        and not said.townships
        and not seen
        and not said.rehearse
    ):
        raise HTTPException(428, "If-Match: expected the version of the village that was looked at")
    done = await hub.act(operator, key, seen, _clean(said))
    return done, STATUS[done.status]


async def doors_of(request: Request, hub: Hub, operator: Operator) -> tuple[Done, int]:
    """A page of the doors of `village`, from `cursor` on; the node makes it a line of the audit first.

    Raises
    ------
    HTTPException
        If the request is not as it must be, or of another site's page: who only looks leaves a line, too.
    StoreError
        If the node does not answer in time.
    """
    demand_own_fetch(request)
    cursor = request.query_params.get("cursor", "0")
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 9):
        raise ProblemsError(["cursor: expected a whole number"])
    said = Said("read", villages=[request.query_params.get("village", "")[:64]], cursor=int(cursor))
    done = await hub.act(operator, uuid.uuid4().hex, "", said)
    return done, STATUS[done.status]


def demand_json(request: Request) -> None:
    """HTTPException where a body is no JSON: a form of another site can send none."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "expected application/json")


def _seen(request: Request) -> str:
    return request.headers.get("if-match", "").strip().strip('"')[:60]


def _clean(said: Said) -> Said:
    """Reasons and names go to texts and other screens: no character that turns or hides what is read."""
    return msgspec.structs.replace(said, reason=clean(said.reason), person=clean(said.person))
