"""Routes of the pages beside the situation; what is read is cut to the person's area and role."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from warnstream.adapters.console.past import decode_past, decode_record
from warnstream.adapters.http.models.explanation import ExplanationRecord
from warnstream.console.access import Visitor
from warnstream.console.hub import Hub
from warnstream.console.reading.models import Acts
from warnstream.console.reading.past import acts_of, past_of
from warnstream.model.errors import StoreError

log = logging.getLogger(__name__)

_decode_why = msgspec.json.Decoder(ExplanationRecord).decode
Found = TypeVar("Found")
Handler = Callable[[Request], Awaitable[Response]]


class Reading:
    """What the pages read.

    Parameters
    ----------
    hub : Hub
    visitor : callable
        Who asks. HTTPException for nobody.
    """

    def __init__(self, hub: Hub, visitor: Callable[[Request], Visitor]) -> None:
        self._hub, self._visitor = hub, visitor
        self.routes: dict[tuple[str, str], Handler] = {
            ("GET", "/api/v1/villages/{code}/past"): self._past,
            ("GET", "/api/v1/acts"): self._acts,
        }

    async def _past(self, request: Request) -> Response:
        operator = self._visitor(request).operator
        village = self._hub.village_in(operator.area, request.path_params["code"])
        if village is None:
            raise HTTPException(404, "there is no such village in this area")
        code = self._hub.situation.county.code[village]
        asked = await asyncio.gather(self._hub.ask("past", code), self._explained(code))
        return answer(past_of(read(decode_past, asked[0]), asked[1], village, self._hub.situation, operator.role))

    async def _explained(self, code: str) -> ExplanationRecord | None:
        """What decided last; None of a village that nobody judges, or before the first step."""
        try:
            return _decode_why(await self._hub.ask("why", code))
        except (StoreError, msgspec.MsgspecError) as error:
            log.info("no explanation", extra={"village": code, "error": str(error)})
            return None

    async def _acts(self, request: Request) -> Response:
        operator = self._visitor(request).operator
        since = number_of(request, "since")
        facts = read(decode_record, await self._hub.ask("record", cursor=since))
        county = self._hub.situation.county
        acts = acts_of(facts.lines, county.area(operator.area), county, operator.role)
        return answer(Acts(acts, facts.is_whole))


def read(decode: Callable[[bytes], Found], content: bytes) -> Found:
    """What the node has said. StoreError if it cannot be read."""
    try:
        return decode(content)
    except msgspec.MsgspecError as error:
        log.exception("an answer of the node cannot be read")
        raise StoreError("the node's answer cannot be read", retryable=False) from error


def number_of(request: Request, name: str) -> int:
    """A whole number of the query, 0 without it. HTTPException if it is none."""
    text = request.query_params.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise HTTPException(400, f"{name}: expected a whole number")
    return int(text)


def answer(content: object, status: int = 200) -> Response:
    """A read model as JSON."""
    return Response(msgspec.json.encode(content), status, media_type="application/json")
