"""Routes of the pages beside the situation; what is read is cut to the person's area and role."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from warnstream.adapters.console.past import decode_past, decode_record
from warnstream.adapters.http.models.explanation import ExplanationRecord
from warnstream.console.access import Visitor, demand_own_fetch
from warnstream.console.accounts import Accounts
from warnstream.console.hub import Hub
from warnstream.console.reading.drills import drills_of
from warnstream.console.reading.gathering import Gathering, NotForThemError, decode_transfers, read
from warnstream.console.reading.models import Act, Acts, Moment, Review, Sheet, Table
from warnstream.console.reading.past import acts_of, past_of
from warnstream.console.reading.risk_map import risk_map
from warnstream.console.reading.sheets import as_csv, as_xlsx
from warnstream.console.reading.transfers import transfers_of
from warnstream.console.times.other import moments_of
from warnstream.model.errors import StoreError, WarnstreamError
from warnstream.model.hands.orders import Role
from warnstream.runners.drill.seen import DrillsSeen

log = logging.getLogger(__name__)

_decode_drills = msgspec.json.Decoder(DrillsSeen).decode
_decode_why = msgspec.json.Decoder(ExplanationRecord).decode
Handler = Callable[[Request], Awaitable[Response]]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LANGUAGES = ("zh", "en")


class Reading:
    """What the pages read.

    Parameters
    ----------
    hub : Hub
    accounts : Accounts
    visitor : callable
        Who asks. HTTPException for nobody.
    """

    def __init__(self, hub: Hub, accounts: Accounts, visitor: Callable[[Request], Visitor]) -> None:
        self._hub, self._visitor = hub, visitor
        self._gathering = Gathering(hub, accounts)
        self.routes: dict[tuple[str, str], Handler] = {
            ("GET", "/api/v1/villages/{code}/past"): self._past,
            ("GET", "/api/v1/acts"): self._acts,
            ("GET", "/api/v1/review"): self._review,
            ("GET", "/api/v1/drills"): self._drills,
            ("GET", "/api/v1/transfers"): self._transfers,
            ("GET", "/api/v1/transfers/{list}"): self._transfers,
            ("GET", "/api/v1/sheets/{page}"): self._sheet,
            ("GET", "/api/v1/export/{file}"): self._export,
        }

    async def _past(self, request: Request) -> Response:
        operator = self._visitor(request).operator
        village = self._hub.village_in(operator.area, request.path_params["code"])
        if village is None:
            raise HTTPException(404, "there is no such village in this area")
        code = self._hub.situation.county.code[village]
        content, explained = await asyncio.gather(self._hub.ask("past", code), self._explained(code))
        past = past_of(read(decode_past, content), explained, village, self._hub.situation, operator.role)
        return answer(past)

    async def _explained(self, code: str) -> ExplanationRecord | None:
        """What decided last; None of a village that nobody judges, or before the first step."""
        try:
            return _decode_why(await self._hub.ask("why", code))
        except (StoreError, msgspec.MsgspecError) as error:
            log.info("no explanation", extra={"village": code, "error": str(error)})
            return None

    async def _acts(self, request: Request) -> Response:
        acts, is_whole = await self._found_acts(request, number_of(request, "since"))
        return answer(Acts(acts, is_whole))

    async def _found_acts(self, request: Request, since: int) -> tuple[list[Act], bool]:
        operator, county = self._visitor(request).operator, self._hub.situation.county
        facts = read(decode_record, await self._hub.ask("record", cursor=since))
        return acts_of(facts.lines, county.area(operator.area), county, operator.role), facts.is_whole

    async def _review(self, request: Request) -> Response:
        area = self._hub.situation.county.area(self._visitor(request).operator.area)
        acts, is_whole = await self._found_acts(request, 0)
        counts = await asyncio.to_thread(moments_of, self._hub.pictures, area)
        moments = [Moment(at_s, levels) for at_s, levels in counts]
        begin_s = self._hub.pictures.begin_s
        return answer(
            Review(moments, [act for act in acts if act.at_s >= begin_s] or acts, begin_s, is_whole)
        )

    async def _transfers(self, request: Request) -> Response:
        operator = self._visitor(request).operator
        if operator.role is Role.READER:
            raise HTTPException(403, "transfer lists are for officers and seconds")
        name = request.path_params.get("list", "")
        record = read(decode_transfers, await self._hub.ask("transfers", name))
        county = self._hub.situation.county
        area = county.area(operator.area)
        found = transfers_of(
            record, self._gathering.inside(area), county.configuration, with_counters=area.is_everything
        )
        if name and not found.lists:
            raise HTTPException(404, "there is no such list in this area")
        return answer(found)

    async def _drills(self, request: Request) -> Response:
        area = self._hub.situation.county.area(self._visitor(request).operator.area)
        seen = read(_decode_drills, await self._hub.ask("drills"))
        configuration = self._hub.situation.county.configuration
        return answer(drills_of(seen, self._gathering.inside(area), configuration, self._hub.clock().now_s))

    async def _sheet(self, request: Request) -> Response:
        return answer(Sheet(await self._tables(request, request.path_params["page"])))

    async def _tables(self, request: Request, page: str) -> list[Table]:
        visitor = self._visitor(request)
        try:
            return await self._gathering.sheet(page, visitor, language_of(request))
        except KeyError:
            raise HTTPException(404, "there is no such sheet") from None
        except NotForThemError as error:
            raise HTTPException(403, str(error)) from None

    async def _export(self, request: Request) -> Response:
        visitor = self._visitor(request)
        demand_own_fetch(request)
        name, _, ending = request.path_params["file"].rpartition(".")
        language = language_of(request)
        if (name, ending) == ("map", "geojson"):
            return await self._map(request, visitor)
        if ending not in ("csv", "xlsx"):
            raise HTTPException(404, "there is no such file: expected NAME.csv, NAME.xlsx or map.geojson")
        tables = await self._tables(request, name)
        write, media = (as_csv, "text/csv; charset=utf-8") if ending == "csv" else (as_xlsx, XLSX)
        try:
            content = await asyncio.to_thread(write, tables, language)
        except WarnstreamError as error:
            raise HTTPException(501, str(error)) from None
        return _file(content, media, f"{name}.{ending}", visitor)

    async def _map(self, request: Request, visitor: Visitor) -> Response:
        (made, *_) = await self._tables(request, "situation")
        situation = self._hub.situation
        area = situation.county.area(visitor.operator.area)
        found = await asyncio.to_thread(risk_map, situation.view(area), area, situation.county, made)
        return _file(msgspec.json.encode(found), "application/geo+json", "map.geojson", visitor)


def _file(content: bytes, media: str, name: str, visitor: Visitor) -> Response:
    log.info("exported", extra={"person": visitor.operator.person, "file": name})
    headers = {"Content-Disposition": f'attachment; filename="warnstream-{name}"'}
    return Response(content, media_type=media, headers=headers)


def language_of(request: Request) -> str:
    """Chinese, or what is asked for. HTTPException for another one."""
    language = request.query_params.get("language", "zh")
    if language not in LANGUAGES:
        raise HTTPException(400, "language: expected zh or en")
    return language


def number_of(request: Request, name: str) -> int:
    """A whole number of the query, 0 without it. HTTPException if it is none."""
    text = request.query_params.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise HTTPException(400, f"{name}: expected a whole number")
    return int(text)


def answer(content: object, status: int = 200) -> Response:
    """A read model as JSON."""
    return Response(msgspec.json.encode(content), status, media_type="application/json")
