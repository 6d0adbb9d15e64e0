import asyncio
import base64
import logging
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec
import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families
from starlette.routing import Route

from tests.doors import LoggedOutbox as Outbox
from tests.unit.adapters.county import GRID_MEMBER, bulletin, digest, network, rendered, told, warning_message
from warnstream.adapters.http import guard
from warnstream.adapters.http.api import REQUESTS_BURST, HttpApi
from warnstream.adapters.http.bodies import BODY_BYTES_MAX
from warnstream.adapters.http.door_page import Office
from warnstream.adapters.http.models.alerts import AlertRecord
from warnstream.adapters.http.models.county import ConfigurationRecord, StateRecord, WarningRecord
from warnstream.adapters.http.models.drills import DrillRecord, DrillsRecord, DrillTakenRecord
from warnstream.adapters.http.models.explanation import ExplanationRecord, VillageRecord
from warnstream.adapters.http.models.operations import AliveRecord, ReadinessRecord
from warnstream.adapters.http.models.orders import OrdersRecord, OrderTakenRecord, RehearsalRecord
from warnstream.adapters.http.models.post_doors import DoorSaid, DoorSaidRecord, PostDoorsRecord
from warnstream.adapters.http.models.posts import HelpCallRecord, SignRecord
from warnstream.adapters.http.models.reports import PostsRecord, ReportsRecord
from warnstream.adapters.http.models.transfers import MarkTakenRecord, TransfersRecord
from warnstream.adapters.http.node_port import PostAction
from warnstream.adapters.http.routers import ROUTES
from warnstream.adapters.http.server import HttpServer
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.sending.answer_tokens import Tokens, load_or_create_secret
from warnstream.config.settings import HttpSettings
from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import Digest, FieldReport, HelpAssign, HelpClose
from warnstream.model.effects import Answer, Effects, OperatorAffirm, RenderedBulletin, RenderedDigest
from warnstream.model.errors import StoreError
from warnstream.model.hands.requests import DrillRequest, OrderFaultsError, OrderRequest
from warnstream.model.observations.signs import SignReport, SignVerdict
from warnstream.model.times import HOUR_S, fixed_zone
from warnstream.model.warning import MessageStatus, WarningMessage

MESSAGE = warning_message()
OF_DOORS = bulletin()
"""What the doors are told of it."""
KEY = f"{OF_DOORS.identifier}|V1-H0|sms"
TOKENS = Tokens(bytes(32))
AT = "2026-06-18T00:00:00Z"
STATE = StateRecord(broker_connected=True, alarms=[], configuration=ConfigurationRecord("f", 1, 0, []))
STANDING = WarningRecord(
    MESSAGE.warning,
    "V1",
    "Village 1",
    "flood",
    "red",
    "active",
    1,
    AT,
    AT,
    2,
    0,
    None,
    waits_for_affirmation=True,
    message=MESSAGE.identifier,
    found="red",
    bound=None,
    bound_expires=None,
)
EXPLANATION = ExplanationRecord(
    VillageRecord("V1", "Village 1", "", ""), AT, ["no warning stood"], [], [], [], None
)
SEEN = SignRecord("V1.crack.20260618T000000Z", "V1", "crack", "reported", 1, AT, AT, AT)


@dataclass
class Node:
    """A running node as the HTTP interface sees it; `refuse` is what its disk says."""

    reasons: list[str] = field(default_factory=list)
    refuse: StoreError | None = None
    answers: list[tuple[str, str, Answer]] = field(default_factory=list)
    alerts_kept: list[tuple[str, bytes]] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    said: list[PostAction] = field(default_factory=list)
    ordered: list[OrderRequest] = field(default_factory=list)
    marks: list[tuple[tuple[str, ...], str, str, bool]] = field(default_factory=list)
    asked_doors: list[tuple[str, str]] = field(default_factory=list)

    def alive(self) -> AliveRecord:
        return AliveRecord(alive=True, node="test")

    def ready(self) -> ReadinessRecord:
        return ReadinessRecord(ready=not self.reasons, reasons=self.reasons)

    def state(self) -> StateRecord:
        return STATE

    def warnings(self) -> list[WarningRecord]:
        return [STANDING]

    def explanation(self, village_code: str) -> ExplanationRecord | None:
        if self.refuse:
            raise self.refuse
        return EXPLANATION if village_code == "V1" else None

    def submit_answer(self, message: str, recipient: str, answer: Answer) -> None:
        if self.refuse:
            raise self.refuse
        self.answers.append((message, recipient, answer))

    def signs(self, post: str) -> list[SignRecord]:
        return [replace(SEEN, reporter="grid-1") if post else SEEN]

    def alerts(self) -> list[AlertRecord]:
        return [AlertRecord("A1", "met", AT, "Actual", "Alert", "Rainstorm", "Severe", "", None, [])]

    def submit_alerts(self, source: str, content: bytes) -> None:
        if self.refuse:
            raise self.refuse
        self.alerts_kept.append((source, content))

    def office(self) -> Office:
        return Office("12345", fixed_zone(8 * HOUR_S))

    def post_doors(self, post: str, message: str) -> PostDoorsRecord | None:
        self.asked_doors.append((post, message))
        return None

    def say_for_doors(self, post: str, said: Sequence[DoorSaid]) -> list[DoorSaidRecord]:
        return [DoorSaidRecord(answer.door, "taken", post) for answer in said]

    def who_comes(self, _caller: str) -> str:
        return ""

    def help_calls(self) -> list[HelpCallRecord]:
        return [HelpCallRecord("h1", "V1", "Village 1", "V1-H0", AT, None, None, is_untaken=False, heads=3)]

    def action_fault(self, action: PostAction) -> str:
        if isinstance(action, OperatorAffirm):
            return "" if action.warning == MESSAGE.warning else "no such warning stands"
        if isinstance(action, HelpAssign | HelpClose):
            return "" if action.help == "h1" else f"no call for help {action.help!r} is open"
        if isinstance(action, FieldReport):
            return "" if (action.to_move or 0) < 999 else "more than there are"
        known = isinstance(action, SignVerdict) or action.village == "V1"
        return "" if known else "unknown village 'V9'"

    def submit_action(self, action: PostAction) -> None:
        if self.refuse:
            raise self.refuse
        self.said.append(action)

    def reports(self) -> ReportsRecord:
        return ReportsRecord("Actual", PostsRecord(1, {}, ["grid-1"]), {}, [], [], [], [])

    def transfers(self, only: str | None) -> TransfersRecord:
        return TransfersRecord(None if only else AT, [], [], [])

    def mark_rows(
        self, rows: Sequence[str], word: str, by: str, note: str, *, is_post: bool
    ) -> MarkTakenRecord:
        if word == "flown":
            raise OrderFaultsError(["word: expected moving, got 'flown'"])
        self.marks.append((tuple(rows), word, f"{by}:{note}", is_post))
        return MarkTakenRecord("m1", len(rows))

    def submit_report(self, report: FieldReport) -> str:
        fault = self.action_fault(report)
        if not fault:
            self.submit_action(report)
        return fault

    def drills(self) -> DrillsRecord:
        return DrillsRecord(
            [DrillRecord("d1", "zhang", "yearly", False, AT, AT, ["V1"], [], {"V1": "lapsed"})]
        )

    def order_drill(self, request: DrillRequest) -> DrillTakenRecord:
        if request.act == "stop":
            raise OrderFaultsError(["no drill is on"])
        return DrillTakenRecord(request.act, [request.identifier], len(request.villages))

    def orders(self) -> OrdersRecord:
        return OrdersRecord([], [], [], [], None)

    def rehearse_order(self, request: OrderRequest) -> RehearsalRecord:
        return RehearsalRecord(request.kind, request.villages, {"sms": 2}, {"sms": 0.5})

    def give_order(self, request: OrderRequest) -> OrderTakenRecord:
        if self.refuse:
            raise self.refuse
        faults = [f"villages: no village {code!r}" for code in request.villages if code != "V1"]
        if request.version and request.version != MESSAGE.identifier:
            faults.append(f"version: the last message is {MESSAGE.identifier}: look again")
        if faults:
            raise OrderFaultsError(faults)
        self.ordered.append(request)
        return OrderTakenRecord(request.identifier or "new", request.kind, len(request.villages))

    def receipt(self, key: str) -> None:
        if self.refuse:
            raise self.refuse
        self.receipts.append(key)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with closing(Outbox(tmp_path)) as opened:
        opened.record(told(MESSAGE), network(), rendered)
        yield opened


@pytest.fixture
def node() -> Node:
    return Node()


@pytest.fixture
def api(node: Node, outbox: Outbox) -> HttpApi:
    """Its clock stands still: a rate that is used up stays so, however slow the machine is."""
    return HttpApi(node, outbox, TOKENS, Metrics(), clock=lambda: 1_000.0)


def ask(
    api: HttpApi, method: str, path: str, *, client: tuple[str, int] = ("127.0.0.1", 5), **arguments: object
) -> httpx.Response:
    """One request straight to the application, from an address."""

    async def one() -> httpx.Response:
        transport = httpx.ASGITransport(app=api.app, client=client)
        async with httpx.AsyncClient(transport=transport, base_url="http://node") as asking:
            return await asking.request(method, path, **arguments)  # type: ignore[arg-type]

    return asyncio.run(one())


def token_of(outbox: Outbox, key: str = KEY) -> str:
    number = outbox.number_of(key)
    assert number is not None
    message, recipient, _ = key.split("|")
    return TOKENS.issue(number, message, recipient)


def answer_body(outbox: Outbox, **changes: object) -> dict[str, object]:
    body: dict[str, object] = {"message": OF_DOORS.identifier, "recipient": "V1-H0", "answer": "moving"}
    return body | {"token": token_of(outbox)} | changes


def test_a_living_node_says_so(api: HttpApi) -> None:
    response = ask(api, "GET", "/healthz")
    assert (response.status_code, response.json()) == (200, {"alive": True, "node": "test"})


def test_a_node_that_is_not_ready_gives_the_reasons(api: HttpApi, node: Node) -> None:
    node.reasons = ["the broker is not connected"]
    response = ask(api, "GET", "/readyz")
    assert response.status_code == 503
    assert response.json() == {
        "ready": False,
        "reasons": ["the broker is not connected"],
        "bundle": 0,
        "details": [],
    }


def test_a_ready_node_is_200(api: HttpApi) -> None:
    assert ask(api, "GET", "/readyz").status_code == 200


STAFF = ("/api/v1/state", "/api/v1/warnings", "/api/v1/villages/V1/explanation")


@pytest.mark.parametrize("path", STAFF)
@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("10.1.2.3", {}),
        ("fe80::1%eth0", {}),
        ("", {}),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
        ("::1", {"Forwarded": "for=127.0.0.1"}),
        ("127.0.0.1", {"Via": "1.1 proxy"}),
        ("127.0.0.1", {"X-Real-IP": "127.0.0.1"}),
    ],
)
def test_strangers_do_not_read_the_situation(
    api: HttpApi, path: str, address: str, headers: dict[str, str]
) -> None:
    refused = ask(api, "GET", path, client=(address, 5), headers=headers)
    assert refused.status_code == 403
    assert refused.json() == {"problems": ["name a post or an officer and the token (Basic)"]}
    for name, token in (("grid-1", TOKENS.for_post("grid-1")), ("zhang", TOKENS.for_operator("zhang"))):
        told = ask(api, "GET", path, client=(address, 5), headers=headers, auth=(name, token))
        assert told.status_code == ask(api, "GET", path).status_code
        assert told.content == ask(api, "GET", path).content


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_who_sits_at_the_machine_reads_the_situation(api: HttpApi, address: str) -> None:
    assert ask(api, "GET", "/api/v1/state", client=(address, 5)).status_code == 200


def test_state_and_warnings_are_the_node_s(api: HttpApi) -> None:
    assert ask(api, "GET", "/api/v1/state").content == msgspec.json.encode(STATE)
    assert ask(api, "GET", "/api/v1/warnings").content == msgspec.json.encode([STANDING])


def test_metrics_parse_and_count_the_outbox(api: HttpApi) -> None:
    text = ask(api, "GET", "/metrics").text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    samples = {
        (sample.labels["channel"], sample.labels["state"]): sample.value
        for sample in families["warnstream_notifications"].samples
    }
    assert samples == {("sms", "pending"): 3.0, ("village_topic", "pending"): 2.0}


def test_an_answer_reaches_the_node(api: HttpApi, node: Node, outbox: Outbox) -> None:
    response = ask(api, "POST", "/api/v1/answers", json=answer_body(outbox))
    assert (response.status_code, response.json()) == (202, {"accepted": True})
    assert node.answers == [(OF_DOORS.identifier, "V1-H0", Answer.MOVING)]


def test_every_problem_of_an_answer_is_named_at_once(api: HttpApi, node: Node) -> None:
    response = ask(api, "POST", "/api/v1/answers", json={"message": "", "answer": "fine", "extra": 1})
    assert response.status_code == 400
    assert [problem.split(":")[0] for problem in response.json()["problems"]] == [
        "message",
        "recipient",
        "answer",
        "token",
        "extra",
    ]
    assert not node.answers


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b"null"])
def test_a_body_that_is_no_object_is_a_problem_not_an_error(api: HttpApi, body: bytes) -> None:
    response = ask(api, "POST", "/api/v1/answers", content=body)
    assert response.status_code == 400
    assert "expected a JSON object" in response.json()["problems"][0]


@pytest.mark.parametrize("value", [7, None, ["safe"], {"safe": 1}])
def test_an_answer_of_another_type_is_a_problem(api: HttpApi, outbox: Outbox, value: object) -> None:
    response = ask(api, "POST", "/api/v1/answers", json=answer_body(outbox, answer=value))
    assert response.status_code == 400


@pytest.mark.parametrize("changes", [{"recipient": "V1-H1"}, {"message": "another.1"}, {"token": "x" * 24}])
def test_a_token_of_somebody_else_is_forbidden(
    api: HttpApi, node: Node, outbox: Outbox, changes: dict[str, object]
) -> None:
    response = ask(api, "POST", "/api/v1/answers", json=answer_body(outbox, **changes))
    assert response.status_code == 403
    assert not node.answers


def test_an_answer_that_is_not_durable_is_not_accepted(api: HttpApi, node: Node, outbox: Outbox) -> None:
    node.refuse = StoreError("/srv/data/journal.sqlite3: the disk is full", retryable=True)
    response = ask(api, "POST", "/api/v1/answers", json=answer_body(outbox))
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert "/srv/data" not in response.text


def test_a_body_beyond_the_limit_is_refused(api: HttpApi) -> None:
    response = ask(api, "POST", "/api/v1/answers", content=b" " * (BODY_BYTES_MAX + 1))
    assert response.status_code == 413


def test_a_receipt_reaches_the_node(api: HttpApi, node: Node, outbox: Outbox) -> None:
    response = ask(api, "POST", "/api/v1/receipts", json={"key": KEY, "token": token_of(outbox)})
    assert response.status_code == 202
    assert node.receipts == [KEY]


@pytest.mark.parametrize(("key", "status"), [("nonsense", 400), (KEY.replace("H0", "H1"), 403)])
def test_a_receipt_without_proof_is_not_believed(
    api: HttpApi, node: Node, outbox: Outbox, key: str, status: int
) -> None:
    response = ask(api, "POST", "/api/v1/receipts", json={"key": key, "token": token_of(outbox)})
    assert response.status_code == status
    assert not node.receipts


def test_opening_the_page_answers_nothing(api: HttpApi, node: Node, outbox: Outbox) -> None:
    for method in ("GET", "HEAD"):
        assert ask(api, method, f"/a/{token_of(outbox)}").status_code == 200
    assert not node.answers


def test_the_page_shows_both_texts_and_four_buttons(api: HttpApi, outbox: Outbox) -> None:
    page = ask(api, "GET", f"/a/{token_of(outbox)}").text
    assert "<div class=b3><h1>" in page
    assert "<p>马上走，第1次</p>" in page
    assert "Go now, number 1" in page
    assert page.count("<button") == 4
    assert "<script" not in page


def test_a_pressed_button_is_an_answer_and_the_page_says_so(api: HttpApi, node: Node, outbox: Outbox) -> None:
    response = ask(api, "POST", f"/a/{token_of(outbox)}", data={"answer": "need_help"})
    assert response.status_code == 200
    assert node.answers == [(OF_DOORS.identifier, "V1-H0", Answer.NEED_HELP)]
    assert "✓ 需要帮助" in response.text


def test_the_page_shows_the_answer_given_before(api: HttpApi, outbox: Outbox) -> None:
    outbox.answer(OF_DOORS.identifier, "V1-H0", Answer.SAFE, 1)
    assert "✓ 已安全" in ask(api, "GET", f"/a/{token_of(outbox)}").text


@pytest.mark.parametrize("data", [{}, {"answer": "fine"}, {"answer": ["safe", "moving"]}, {"other": "safe"}])
def test_a_post_without_one_of_the_answers_answers_nothing(
    api: HttpApi, node: Node, outbox: Outbox, data: dict[str, object]
) -> None:
    assert ask(api, "POST", f"/a/{token_of(outbox)}", data=data).status_code == 400
    assert not node.answers


def test_a_page_whose_answer_is_not_kept_asks_again(api: HttpApi, node: Node, outbox: Outbox) -> None:
    node.refuse = StoreError("disk", retryable=True)
    response = ask(api, "POST", f"/a/{token_of(outbox)}", data={"answer": "safe"})
    assert response.status_code == 503
    assert "press again" in response.text
    assert "✓" not in response.text


@pytest.mark.parametrize("token", ["x", "A" * 24, "%00" * 8, "é" * 24])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_token_has_no_page(api: HttpApi, method: str, token: str) -> None:
    assert ask(api, method, f"/a/{token}", data={"answer": "safe"}).status_code == 404


def test_a_token_for_another_row_has_no_page(api: HttpApi, outbox: Outbox) -> None:
    other = outbox.number_of(KEY.replace("H0", "H1"))
    assert other is not None
    forged = TOKENS.issue(other, OF_DOORS.identifier, "V1-H0")
    assert ask(api, "GET", f"/a/{forged}").status_code == 404


def page_of(
    outbox: Outbox, api: HttpApi, text_zh: str, text_en: str, status: MessageStatus
) -> httpx.Response:
    message = bulletin(village=1, status=status)

    def render(_one: WarningMessage | Bulletin | Digest) -> RenderedBulletin:
        return RenderedBulletin(message, "V2", b"{}", text_zh, text_en)

    outbox.record(Effects(bulletins=[message]), network(), render)
    return ask(api, "GET", f"/a/{token_of(outbox, f'{message.identifier}|V2-H0|sms')}")


def test_the_longest_page_stays_below_two_kilobytes(outbox: Outbox, api: HttpApi) -> None:
    response = page_of(outbox, api, "转" * 200, "x" * 400, MessageStatus.EXERCISE)
    assert len(response.content) < 2_048


def test_an_exercise_s_page_is_marked_even_if_the_stored_text_is_not(outbox: Outbox, api: HttpApi) -> None:
    page = page_of(outbox, api, "立即转移", "Move now", MessageStatus.EXERCISE).text
    assert "【演练】立即转移" in page
    assert "[EXERCISE] Move now" in page


def test_a_text_cannot_bring_markup_into_the_page(outbox: Outbox, api: HttpApi) -> None:
    page = page_of(outbox, api, "<script>alert(1)</script>", "a<b", MessageStatus.ACTUAL).text
    assert "<script" not in page
    assert "a&lt;b" in page


@pytest.mark.parametrize("path", ["/healthz", "/a/unknown", "/nowhere", "/openapi.json"])
def test_every_answer_has_the_security_headers(api: HttpApi, path: str) -> None:
    headers = ask(api, "GET", path).headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"


def test_a_client_that_asks_without_end_is_told_to_wait(api: HttpApi) -> None:
    async def many() -> list[int]:
        transport = httpx.ASGITransport(app=api.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
            return [(await client.get("/a/x")).status_code for _ in range(REQUESTS_BURST + 200)]

    statuses = asyncio.run(many())
    assert statuses[0] == 404
    assert 429 in statuses


def test_health_is_told_even_to_a_client_beyond_its_rate(api: HttpApi) -> None:
    for _ in range(REQUESTS_BURST + 1):
        api._rate.allows("127.0.0.1")
    assert ask(api, "GET", "/healthz").status_code == 200


def test_the_openapi_document_and_the_routes_agree(api: HttpApi) -> None:
    document = ask(api, "GET", "/openapi.json").json()
    documented = {
        (path, method.upper()) for path, operations in document["paths"].items() for method in operations
    }
    served = {
        (route.path, method)
        for route in api.app.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert documented == served == {(spec.path, spec.method) for spec in ROUTES}


def test_every_schema_that_the_document_refers_to_is_in_it(api: HttpApi) -> None:
    response = ask(api, "GET", "/openapi.json")
    referred = {part.split('"')[0] for part in response.text.split("#/components/schemas/")[1:]}
    assert referred == set(response.json()["components"]["schemas"])


async def never_whole() -> AsyncIterator[bytes]:
    yield b"{"
    await asyncio.sleep(5)  # longer than the node waits for the rest


def test_the_documented_statuses_are_those_that_are_given(
    api: HttpApi, node: Node, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = ask(api, "GET", "/openapi.json").json()
    documented = set(document["paths"]["/api/v1/answers"]["post"]["responses"])
    given = {
        ask(api, "POST", "/api/v1/answers", json=answer_body(outbox)).status_code,
        ask(api, "POST", "/api/v1/answers", json={}).status_code,
        ask(api, "POST", "/api/v1/answers", json=answer_body(outbox, token="x")).status_code,
        ask(api, "POST", "/api/v1/answers", content=b" " * (BODY_BYTES_MAX + 1)).status_code,
    }
    monkeypatch.setattr(guard, "BODY_S_MAX", 0.05)
    given.add(ask(api, "POST", "/api/v1/answers", content=never_whole()).status_code)
    monkeypatch.undo()
    node.refuse = StoreError("disk", retryable=True)
    given.add(ask(api, "POST", "/api/v1/answers", json=answer_body(outbox)).status_code)
    for _ in range(REQUESTS_BURST + 1):
        api._rate.allows("127.0.0.1")
    given.add(ask(api, "POST", "/api/v1/answers", json=answer_body(outbox)).status_code)
    assert {str(status) for status in given} == documented


def test_a_real_socket_serves_answers_from_several_threads(
    api: HttpApi, node: Node, outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = HttpServer(api.app, HttpSettings("127.0.0.1", 0))
    server.start()
    path = f"http://127.0.0.1:{server.port}/a/{token_of(outbox)}"

    def press() -> None:
        with httpx.Client() as client:
            for _ in range(5):
                client.post(path, data={"answer": "safe"}, timeout=20).raise_for_status()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.stop()
    assert len(node.answers) == 20
    own = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert not any(token_of(outbox) in record.getMessage() for record in own)


def test_a_port_in_use_is_named(api: HttpApi) -> None:
    server = HttpServer(api.app, HttpSettings("127.0.0.1", 0))
    with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1 port {server.port}"):
        HttpServer(api.app, HttpSettings("127.0.0.1", server.port))
    server.stop()


def test_the_secret_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    secret = load_or_create_secret(tmp_path)
    assert load_or_create_secret(tmp_path) == secret
    assert len(secret) == 32
    assert (tmp_path / "answer_token.key").stat().st_mode & 0o777 == 0o600


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    load_or_create_secret(tmp_path)
    (tmp_path / "answer_token.key").chmod(0o644)
    with pytest.raises(StoreError, match="others may read it"):
        load_or_create_secret(tmp_path)


def test_a_cut_secret_is_refused(tmp_path: Path) -> None:
    load_or_create_secret(tmp_path)
    (tmp_path / "answer_token.key").write_bytes(b"short")
    with pytest.raises(StoreError, match="5 bytes, expected 32"):
        load_or_create_secret(tmp_path)


SIGN = {"post": "grid-1", "village": "V1", "kind": "crack", "note": "behind the school"}


def test_a_post_reports_a_sign_with_its_token(api: HttpApi, node: Node) -> None:
    answer = ask(api, "POST", "/api/v1/signs", json={**SIGN, "token": TOKENS.for_post("grid-1")})
    assert answer.status_code == 202
    assert node.said == [SignReport("V1", "crack", "grid-1", "behind the school")]


def test_signs_are_listed_for_everybody_and_for_a_post_by_its_token(api: HttpApi) -> None:
    seen = msgspec.to_builtins(SEEN)
    assert ask(api, "GET", "/api/v1/signs").json() == [seen]
    credentials = ("grid-1", TOKENS.for_post("grid-1"))
    assert ask(api, "GET", "/api/v1/signs", auth=credentials).json() == [{**seen, "reporter": "grid-1"}]


@pytest.mark.parametrize(
    "said",
    ["Basic !", "Basic /w==", "Bearer x", "", f"Basic {base64.b64encode(b'grid-1').decode()}"],
)
def test_signs_are_not_listed_for_who_cannot_say_who_they_are(api: HttpApi, said: str) -> None:
    assert ask(api, "GET", "/api/v1/signs", headers={"Authorization": said}).status_code == 403


def test_the_token_of_another_post_lists_no_signs(api: HttpApi) -> None:
    for token in (TOKENS.for_post("town-1"), TOKENS.issue(1, OF_DOORS.identifier, "grid-1"), "", "é"):
        assert ask(api, "GET", "/api/v1/signs", auth=("grid-1", token)).status_code == 403
    assert ask(api, "GET", "/api/v1/signs", auth=("", TOKENS.for_post("grid-1"))).status_code == 403


def test_a_post_judges_a_sign_with_its_token(api: HttpApi, node: Node) -> None:
    said = {
        "post": "town-1",
        "sign": "s",
        "verdict": "validated",
        "note": "seen",
        "token": TOKENS.for_post("town-1"),
    }
    assert ask(api, "POST", "/api/v1/signs/verdicts", json=said).status_code == 202
    assert node.said == [SignVerdict("s", is_validated=True, validator="town-1", note="seen")]


def test_the_token_of_another_post_and_of_an_answer_is_refused(api: HttpApi, node: Node) -> None:
    for token in (TOKENS.for_post("town-1"), TOKENS.issue(1, OF_DOORS.identifier, "grid-1"), "x"):
        assert ask(api, "POST", "/api/v1/signs", json={**SIGN, "token": token}).status_code == 403
    assert node.said == []


def test_a_sign_that_cannot_be_says_why(api: HttpApi) -> None:
    said = {**SIGN, "village": "V9", "token": TOKENS.for_post("grid-1")}
    answer = ask(api, "POST", "/api/v1/signs", json=said)
    assert (answer.status_code, answer.json()) == (400, {"problems": ["unknown village 'V9'"]})


def test_a_sign_that_cannot_be_kept_is_to_be_sent_again(api: HttpApi, node: Node) -> None:
    node.refuse = StoreError("disk full", retryable=True)
    said = {**SIGN, "token": TOKENS.for_post("grid-1")}
    assert ask(api, "POST", "/api/v1/signs", json=said).status_code == 503


def test_a_post_affirms_a_warning_with_its_token(api: HttpApi, node: Node) -> None:
    said = {"post": "town-1", "warning": MESSAGE.warning, "note": "still raining"}
    assert ask(api, "POST", "/api/v1/warnings/affirmations", json={**said, "token": "x"}).status_code == 403
    said["token"] = TOKENS.for_post("town-1")
    assert ask(api, "POST", "/api/v1/warnings/affirmations", json=said).status_code == 202
    assert node.said == [OperatorAffirm(MESSAGE.warning, "town-1", "still raining")]
    said["warning"] = "another"
    assert ask(api, "POST", "/api/v1/warnings/affirmations", json=said).status_code == 400


def test_an_explanation_is_the_node_s_and_of_the_last_step_only(api: HttpApi, node: Node) -> None:
    path = "/api/v1/villages/V1/explanation"
    assert ask(api, "GET", path).content == msgspec.json.encode(EXPLANATION)
    past = ask(api, "GET", f"{path}?at=2026-06-18T14:30Z")
    assert (past.status_code, "warnstream explain" in past.text) == (400, True)
    assert ask(api, "GET", "/api/v1/villages/V9/explanation").status_code == 404
    node.refuse = StoreError("nothing has been judged yet", retryable=True)
    assert ask(api, "GET", path).status_code == 503


def test_open_calls_for_help_are_listed_for_a_post_that_proves_itself(api: HttpApi) -> None:
    assert ask(api, "GET", "/api/v1/help").status_code == 403
    listed = ask(api, "GET", "/api/v1/help", auth=("grid-1", TOKENS.for_post("grid-1")))
    assert [call["help"] for call in listed.json()] == ["h1"]


def test_a_post_gives_a_call_for_help_to_a_person_and_another_closes_it(api: HttpApi, node: Node) -> None:
    said = {"post": "grid-1", "help": "h1", "person": "Li Si", "token": TOKENS.for_post("grid-1")}
    assert ask(api, "POST", "/api/v1/help/assignments", json=said).status_code == 202
    closing_ = {**said, "person": "Wang Wu", "note": "home again"}
    assert ask(api, "POST", "/api/v1/help/closures", json=closing_).status_code == 202
    assert node.said == [
        HelpAssign("h1", "grid-1", "Li Si"),
        HelpClose("h1", "grid-1", "Wang Wu", "home again"),
    ]


@pytest.mark.parametrize("path", ["assignments", "closures"])
def test_a_call_for_help_is_moved_by_nobody_without_the_posts_token(
    api: HttpApi, node: Node, path: str
) -> None:
    said = {"post": "grid-1", "help": "h1", "person": "Li", "token": TOKENS.for_post("grid-2")}
    said |= {"note": "x"} if path == "closures" else {}
    assert ask(api, "POST", f"/api/v1/help/{path}", json=said).status_code == 403
    assert node.said == []


def test_a_call_for_help_that_is_not_open_says_so(api: HttpApi) -> None:
    said = {"post": "grid-1", "help": "h9", "person": "Li", "token": TOKENS.for_post("grid-1")}
    answer = ask(api, "POST", "/api/v1/help/assignments", json=said)
    assert (answer.status_code, answer.json()["problems"]) == (400, ["no call for help 'h9' is open"])


def test_the_page_of_a_digest_lists_what_it_names(api: HttpApi, outbox: Outbox) -> None:
    message = digest(GRID_MEMBER)
    named = [
        {"village": place, "level": "red", "text_zh": f"{place}：山洪红", "text_en": f"{place}: <flood>"}
        for place in "ab"
    ]
    record = msgspec.json.encode({"helps": [], "villages": named, "not_listed": 3})

    def render(_one: WarningMessage | Bulletin | Digest) -> RenderedDigest:
        return RenderedDigest(message, "", record, "2村待应答", "2 villages")

    outbox.record(Effects(digests=[message]), network(), render)
    page = ask(api, "GET", f"/a/{token_of(outbox, f'{message.identifier}|grid-1|sms')}").text
    assert "<li class=red>a：山洪红<br><span lang=en>a: &lt;flood&gt;</span>" in page
    assert page.count("<li") == 3
    assert "<li>… 3" in page


def test_a_post_reports_numbers_on_the_page_of_its_digest_and_an_absurd_one_is_told(
    api: HttpApi, node: Node, outbox: Outbox
) -> None:
    message = digest(GRID_MEMBER)
    record = msgspec.json.encode({"helps": [], "villages": [], "not_listed": 0})
    outbox.record(
        Effects(digests=[message]),
        network(),
        lambda _one: RenderedDigest(message, "", record, "待应答", "answer"),
    )
    path = f"/a/{token_of(outbox, f'{message.identifier}|grid-1|sms')}"
    said = {"answer": "heads", "village": "V1", "to_move": "３１", "moved": "20", "refused": ""}
    assert "已收到您的上报" in ask(api, "POST", path, data=said).text
    report = FieldReport("grid-1", message.identifier, "V1", to_move=31, moved=20)
    assert node.said == [report]
    assert node.answers == [(message.identifier, "grid-1", Answer.ACKNOWLEDGED)]
    absurd = ask(api, "POST", path, data=said | {"to_move": "9999"})
    assert (absurd.status_code, "more than there are" in absurd.text) == (400, True)
    for wrong in ({"to_move": "many"}, {"to_move": "", "moved": ""}, {"to_move": "3.5"}):
        refused = ask(api, "POST", path, data=said | wrong)
        assert (refused.status_code, "Whole numbers of people" in refused.text) == (400, True)
    assert node.said == [report]
    ask(api, "POST", path, data={"answer": "on_duty"})
    ask(api, "POST", path, data={"answer": "patrolled", "village": "V1"})
    assert node.said[1:] == [
        FieldReport("grid-1", message.identifier, on_duty=True),
        FieldReport("grid-1", message.identifier, "V1", patrolled=True),
    ]


def test_a_report_over_http_needs_its_proof_and_something_to_say(api: HttpApi, node: Node) -> None:
    own = {"sender": "grid-1", "token": TOKENS.for_post("grid-1")}
    assert ask(api, "POST", "/api/v1/reports", json=own | {"on_duty": True}).status_code == 202
    assert node.said == [FieldReport("grid-1", on_duty=True)]
    answering = {"sender": "V1-H0", "message": "m", "token": "x", "in_need": 3}
    assert ask(api, "POST", "/api/v1/reports", json=answering).status_code == 403
    assert ask(api, "POST", "/api/v1/reports", json=own | {"token": "x", "on_duty": True}).status_code == 403
    nothing = ask(api, "POST", "/api/v1/reports", json=own)
    assert (nothing.status_code, "expected on_duty, patrolled, code, to_move" in nothing.text) == (400, True)
    absurd = ask(api, "POST", "/api/v1/reports", json=own | {"to_move": 9_999})
    assert absurd.json() == {"problems": ["more than there are"]}
    assert ask(api, "GET", "/api/v1/reports").status_code == 403
    assert ask(api, "GET", "/api/v1/reports", auth=("grid-1", own["token"])).json()["posts"]["missing"] == [
        "grid-1"
    ]
    officer = ("zhang", TOKENS.for_operator("zhang"))
    assert ask(api, "GET", "/api/v1/reports", auth=officer).status_code == 200


ORDER = {
    "kind": "end",
    "author": "zhang",
    "reason": "gauge cleaned",
    "hazard": "flood",
    "villages": ["V1"],
    "token": TOKENS.for_operator("zhang"),
}


def test_a_person_gives_an_order_with_a_token_of_their_own(api: HttpApi, node: Node) -> None:
    headers = {"If-Match": f'"{MESSAGE.identifier}"', "Idempotency-Key": "k1"}
    taken = ask(api, "POST", "/api/v1/orders", json=ORDER, headers=headers)
    assert taken.status_code == 202
    assert taken.json() == {"order": "zhang/k1", "kind": "end", "villages": 1}
    (given,) = node.ordered
    assert (given.version, given.identifier) == (MESSAGE.identifier, "zhang/k1")


@pytest.mark.parametrize(
    ("changed", "status", "problem"),
    [
        ({"token": TOKENS.for_post("zhang")}, 403, "does not belong to this person"),
        ({"second": "li", "second_token": TOKENS.for_operator("zhang")}, 403, "this person"),
        ({"villages": ["V8", "V9"]}, 400, "no village 'V9'"),
        ({"colour": "red"}, 400, "colour: unknown field"),
        ({"reason": ""}, 400, "reason: expected a text"),
    ],
)
def test_an_order_that_cannot_be_is_refused_with_every_fault(
    api: HttpApi, node: Node, changed: dict[str, object], status: int, problem: str
) -> None:
    refused = ask(api, "POST", "/api/v1/orders", json=ORDER | changed)
    assert refused.status_code == status
    assert any(problem in found for found in refused.json()["problems"])
    assert node.ordered == []


def test_an_order_about_an_older_message_is_stale(api: HttpApi, node: Node) -> None:
    refused = ask(api, "POST", "/api/v1/orders", json=ORDER, headers={"If-Match": "older"})
    assert refused.status_code == 412
    assert node.ordered == []


def test_an_order_is_rehearsed_and_what_binds_is_read_by_people_alone(api: HttpApi) -> None:
    rehearsed = ask(api, "POST", "/api/v1/orders", json=ORDER | {"rehearse": True})
    assert rehearsed.json() == {
        "kind": "end",
        "villages": ["V1"],
        "doors": {"sms": 2},
        "seconds": {"sms": 0.5},
    }
    assert ask(api, "GET", "/api/v1/orders").status_code == 403
    found = ask(api, "GET", "/api/v1/orders", auth=("zhang", TOKENS.for_operator("zhang")))
    assert found.json()["bounds"] == []


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"person": "zhang", "token": TOKENS.for_operator("zhang")}, 202),
        ({"post": "grid-1", "token": TOKENS.for_post("grid-1")}, 202),
        ({"post": "grid-1", "token": TOKENS.for_operator("grid-1")}, 403),
        ({"post": "grid-1", "person": "zhang", "token": TOKENS.for_post("grid-1")}, 400),
        ({"token": TOKENS.for_post("grid-1")}, 400),
        ({"person": "zhang", "token": TOKENS.for_operator("zhang"), "word": "flown"}, 400),
        ({"person": "zhang", "token": TOKENS.for_operator("zhang"), "rows": [""]}, 400),
    ],
)
def test_rows_are_marked_by_who_proves_to_be_a_post_or_an_officer(
    said: dict[str, object], status: int, api: HttpApi, node: Node
) -> None:
    answered = ask(api, "POST", "/api/v1/transfers/marks", json={"rows": ["h1"], "word": "safe", **said})
    assert answered.status_code == status
    assert len(node.marks) == (status == 202)


DRILL = {
    "act": "start",
    "author": "zhang",
    "token": TOKENS.for_operator("zhang"),
    "reason": "yearly",
    "villages": ["V1"],
    "steps": [{"at": "0min", "hazard": "flash_flood", "level": "red"}],
}


def test_a_drill_is_ordered_by_a_person_who_proves_to_be_one(api: HttpApi) -> None:
    taken = ask(api, "POST", "/api/v1/drills", json=DRILL, headers={"Idempotency-Key": "k1"})
    assert (taken.status_code, taken.json()["drills"]) == (202, ["zhang/k1"])
    assert ask(api, "POST", "/api/v1/drills", json=DRILL | {"token": "x"}).status_code == 403
    refused = ask(api, "POST", "/api/v1/drills", json=DRILL | {"act": "stop"})
    assert (refused.status_code, refused.json()["problems"]) == (400, ["no drill is on"])
    assert ask(api, "POST", "/api/v1/drills", json=DRILL | {"act": "pause"}).status_code == 400


def test_drills_are_listed_for_people_alone(api: HttpApi) -> None:
    assert ask(api, "GET", "/api/v1/drills").status_code == 403
    found = ask(api, "GET", "/api/v1/drills", auth=("zhang", TOKENS.for_operator("zhang")))
    assert found.json()["drills"][0]["ended"] == {"V1": "lapsed"}


def test_a_post_reads_its_doors_by_its_token_or_its_newest_link_and_nobody_else_does(
    api: HttpApi, node: Node
) -> None:
    path, said = "/api/v1/posts/doors", {"answers": [{"village": "V1", "door": "H1", "word": "heard"}]}
    for headers in ({}, {"Authorization": "Bearer x"}, basic("grid-7", TOKENS.for_post("grid-8"))):
        assert ask(api, "GET", path, headers=headers).status_code == 403
        assert ask(api, "POST", path, json=said, headers=headers).status_code == 403
    own = basic("grid-7", TOKENS.for_post("grid-7"))
    assert ask(api, "GET", path, headers=own).status_code == 404, "it answers for no village"
    assert node.asked_doors == [("grid-7", "")]
    taken = ask(api, "POST", path, json=said, headers=own)
    assert taken.json()["answers"] == [{"door": "H1", "result": "taken", "said": "grid-7", "problem": ""}]
    many = {"answers": said["answers"] * 41}
    assert ask(api, "POST", path, json=many, headers=own).status_code == 400
    odd = {"answers": [{"village": "V1", "door": "H1", "word": "back"}]}
    assert ask(api, "POST", path, json=odd, headers=own).status_code == 400


def test_the_page_of_a_post_runs_nothing_from_elsewhere(api: HttpApi) -> None:
    for path in ("/g/", "/g/page.js", "/g/page.css"):
        got = ask(api, "GET", path)
        assert got.status_code == 200
        policy = got.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "require-trusted-types-for 'script'" in policy
        again = ask(api, "GET", path, headers={"If-None-Match": got.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert len(got.content) < 20_000


def basic(name: str, token: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{token}'.encode()).decode()}"}
