"""Every route of a running node answers what its read model says, and the OpenAPI document has the model."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from tests.alerts import cap
from tests.conftest import free_port
from tests.e2e.in_process import Storm, running, without_gateway
from tests.e2e.test_alerts_live import HAZARD, change
from warnstream.adapters.http.bodies import BODY_BYTES_MAX, LIST_BYTES_MAX
from warnstream.adapters.http.routers import ROUTES
from warnstream.adapters.http.routes import Media, RouteSpec
from warnstream.adapters.sending.answer_tokens import Tokens, load_or_create_secret
from warnstream.config.load import load_configuration
from warnstream.ingest.cap.tree import BYTES_MAX
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.level import Level
from warnstream.runners.live.node import Node

pytestmark = pytest.mark.slow

ROUTE_OF = {(route.method, route.path): route for route in ROUTES}


class Asked(NamedTuple):
    """One request that was made, and what came back."""

    route: RouteSpec
    response: httpx.Response


class People:
    """A node under a storm, and those who ask it: every request is kept."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.asked: list[Asked] = []
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{node.http.port}", trust_env=False)
        self.tokens = Tokens(load_or_create_secret(node.configuration.storage.directory))
        network = node.configuration.network
        self.village = network.villages.code[0]
        self.grid, self.leader = (post.post for post in network.posts_of_village(0)[:2])

    def ask(self, method: str, path: str, *, of: str = "", **arguments: Any) -> httpx.Response:
        """Ask `path`, which the routes have as `of`."""
        response = self._client.request(method, path, **arguments)
        self.asked.append(Asked(ROUTE_OF[method, of or path], response))
        return response

    def post_as(self, post: str, path: str, **fields: str) -> httpx.Response:
        """What a post does with its token."""
        return self.ask("POST", path, json={"post": post, "token": self.tokens.for_post(post), **fields})

    def report(self, post: str, **said: object) -> dict[str, object]:
        """The body of a post's report."""
        return {"sender": post, "token": self.tokens.for_post(post), **said}

    def key(self) -> str:
        """Key of what a door of the first village was told last."""
        told = [json.loads(record) for record, _ in self.node.outbox.bulletins()]
        name = next(warning["bulletin"] for warning in reversed(told) if warning["village"] == self.village)
        households = self.node.configuration.network.households
        door = households.of_village(0)[0]
        return f"{name}|{households.code[door]}|{households.channel[door]}"

    def token_of(self, key: str) -> str:
        """The token of an answer link."""
        number = self.node.outbox.number_of(key)
        assert number is not None
        message, recipient, _ = key.split("|")
        return self.tokens.issue(number, message, recipient)

    def close(self) -> None:
        self._client.close()


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> list[Asked]:
    """Everything that a node can be asked, before the first step, in a storm, and wrongly."""
    directory = tmp_path_factory.mktemp("county")
    build_county(1, CountyPlan(n_stations=9, n_villages=10, n_gauges=1)).write(directory)
    write_demo_config(
        directory, broker_port=free_port(), http_port=free_port(), embedded_broker=True, radar=True
    )
    change(directory / "warnstream.yaml", "status: Exercise", "status: Actual")
    without_gateway(directory)
    some_doors_wait(directory)
    change(directory / "thresholds.yaml", "\nsigns:", f"{HAZARD}\nsigns:")
    with running(load_configuration(directory)) as node:
        people = People(node)
        try:
            read_all(people)
            hold_a_drill(people)
            storm = Storm(node)
            dry = node.configuration.network.stations.code[1]
            storm.goes_on(0.4, 12, but={dry: 0.0})
            storm.goes_on(12.0, 4, but={dry: 0.0})
            key = people.key()
            answer_at_the_door(people, key)
            tap_for_a_door(people, key)
            report_a_sign(people)
            report_from_the_field(people)
            bring_an_alert(people)
            storm.goes_on(12.0, 1)
            read_all(people)
            judge_and_assign(people)
            give_orders(people)
            move_people(people)
            storm.goes_on(0.0, 1)
            mark_rows(people)
            storm.goes_on(0.0, 1)
            read_all(people)
            call = people.node.status.help_calls()[0].help
            people.post_as(people.grid, "/api/v1/help/closures", help=call, person="Wang Wu", note="home")
            ask_wrongly(people, key)
        finally:
            people.close()
    return people.asked


def read_all(people: People) -> None:
    """Everything that is read, by everybody and by a post."""
    explanation = "/api/v1/villages/{village}/explanation"
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/api/v1/state", "/api/v1/warnings"):
        people.ask("GET", path)
    for path in ("/g/", "/g/page.css", "/g/page.js"):
        page = people.ask("GET", path)
        people.ask("GET", path, headers={"If-None-Match": page.headers["ETag"]})
    credentials = (people.leader, people.tokens.for_post(people.leader))
    officer = people.node.configuration.operators[0].person
    people.ask("GET", "/api/v1/orders", auth=(officer, people.tokens.for_operator(officer)))
    people.ask("GET", "/api/v1/drills", auth=(officer, people.tokens.for_operator(officer)))
    transfer = "/api/v1/transfers/{list}"
    people.ask("GET", "/api/v1/transfers", auth=credentials)
    people.ask("GET", "/api/v1/transfers")
    for name in (f"{first_officer(people)}-evening", "unknown"):
        people.ask("GET", f"/api/v1/transfers/{name}", of=transfer, auth=credentials)
    people.ask("GET", "/api/v1/cap")
    for path in ("/api/v1/signs", "/api/v1/help", "/api/v1/reports"):
        people.ask("GET", path)
        people.ask("GET", path, auth=credentials)
        people.ask("GET", path, auth=(people.leader, "x"))
    for village in people.node.configuration.network.villages.code:
        people.ask("GET", explanation.replace("{village}", village), of=explanation)
    people.ask("GET", explanation.replace("{village}", "nowhere"), of=explanation)
    feed = people.ask("GET", "/cap/feed.atom")
    tag = {"If-None-Match": feed.headers["ETag"]}
    people.ask("GET", "/cap/feed.atom", headers=tag)
    people.ask("GET", "/cap/feed.atom", params={"before": "x"})
    identifier = feed.text.partition("/cap/messages/")[2].partition('"')[0]
    for name in (identifier, "unknown"):
        people.ask("GET", f"/cap/messages/{name}", of="/cap/messages/{identifier}")
    people.ask("GET", explanation.replace("{village}", people.village), of=explanation, params={"at": "now"})


def answer_at_the_door(people: People, key: str) -> None:
    """A household sees its message, calls for help on its page, and its device answers too."""
    message, recipient, _ = key.split("|")
    token = people.token_of(key)
    people.ask("GET", f"/a/{token}", of="/a/{token}")
    people.ask("POST", f"/a/{token}", of="/a/{token}", data={"answer": "need_help"})
    people.ask("POST", f"/a/{token}", of="/a/{token}", data={"answer": "perhaps"})
    for asked_with in (token, "nothing"):
        people.ask("POST", f"/a/{asked_with}/keys", of="/a/{token}/keys", data={"Digits": "1"})
    said = {"message": message, "recipient": recipient, "answer": "moving", "token": token}
    people.ask("POST", "/api/v1/answers", json=said)
    people.ask("POST", "/api/v1/receipts", json={"key": key, "token": token})


def tap_for_a_door(people: People, key: str) -> None:
    """A grid member reads its doors and says something for one of them."""
    auth = (people.grid, people.tokens.for_post(people.grid))
    people.ask("GET", "/api/v1/posts/doors", auth=auth)
    people.ask("GET", "/api/v1/posts/doors")
    tap = {"village": people.village, "door": key.split("|")[1], "word": "heard", "seen": "", "ago_s": 60}
    people.ask("POST", "/api/v1/posts/doors", auth=auth, json={"answers": [tap]})


def report_a_sign(people: People) -> None:
    """A post sees a crack and confirms a warning."""
    people.post_as(people.grid, "/api/v1/signs", village=people.village, kind="crack", note="wall")
    warning = people.node.status.warnings()[0].warning
    people.post_as(people.leader, "/api/v1/warnings/affirmations", warning=warning, note="rains")


def report_from_the_field(people: People) -> None:
    """A grid member tells heads and a patrol, an officer of many villages forgets to say which."""
    people.ask("POST", "/api/v1/reports", json=people.report(people.grid, on_duty=True, to_move=9, moved=4))
    people.ask("POST", "/api/v1/reports", json=people.report(people.grid, patrolled=True))
    people.node.keep_messages(
        [RawMessage(f"ws/report/{people.grid}", b'{"village": "nowhere", "moved": 1}')]
    ).result(10)
    message, door, _ = people.key().split("|")
    said = {"sender": door, "message": message, "token": people.token_of(people.key()), "in_need": 3}
    people.ask("POST", "/api/v1/reports", json=said)


def bring_an_alert(people: People) -> None:
    """The met service issues a signal, and a document that is none."""
    auth = ("met", people.tokens.for_feed("met"))
    villages = people.node.configuration.network.villages
    at = f"{villages.latitude[0]:.5f},{villages.longitude[0]:.5f}"
    signal = cap(
        status=people.node.configuration.message.status,
        area=f"<areaDesc>here</areaDesc><circle>{at} 1</circle>",
    )
    for document in (signal, "<a/>"):
        people.ask("POST", "/api/v1/cap", content=document.encode(), auth=auth)
    people.ask("POST", "/api/v1/cap", content=b" " * (BYTES_MAX + 1), auth=auth)


def some_doors_wait(directory: Path) -> None:
    """Ends wait for an officer for ever, and for nothing else."""
    file = directory / "warnstream.yaml"
    before, after = (
        "  clear: {red: 5min}",
        "  clear: {blue: manual, yellow: manual, orange: manual, red: manual}",
    )
    text = file.read_text("utf-8")
    assert before in text
    text = text.replace("  clear_after: 10min", "  clear_after: 0s")
    file.write_text(text.replace(before, after), "utf-8")


def give_orders(people: People) -> None:
    """Everything that can bind or wait for a person, by the officers of two counties."""
    configuration = people.node.configuration
    villages = configuration.network.villages
    person = first_officer(people)
    area = next(operator.area for operator in configuration.operators if operator.person == person)
    codes = [code for code, county in zip(villages.code, villages.county, strict=True) if county == area]
    token = people.tokens.for_operator(person)
    said = {"author": person, "token": token, "reason": "seen"}
    for order in (
        {"kind": "issue", "hazard": "landslide", "level": "yellow", "villages": codes[:1]},
        {"kind": "issue", "hazard": "landslide", "level": "red", "villages": codes[:1]},
        {"kind": "silence", "villages": codes},
        {"kind": "respond", "response": "III"},
        {"kind": "correct", "hazard": "rainstorm", "townships": list(villages.township), "rehearse": True},
    ):
        people.ask("POST", "/api/v1/orders", json=said | order)
    for hazard in (rule.name for rule in configuration.rules):
        people.ask("POST", "/api/v1/orders", json=said | {"kind": "end", "hazard": hazard, "villages": codes})


def first_officer(people: People) -> str:
    """A person who orders for a county."""
    configuration = people.node.configuration
    counties = configuration.network.villages.county
    return next(
        operator.person
        for operator in configuration.operators
        if operator.role == "officer" and operator.area in counties
    )


def move_people(people: People) -> None:
    """An evening's list; then a row of it that is marked."""
    person, villages = first_officer(people), people.node.configuration.network.villages
    area = next(
        operator.area for operator in people.node.configuration.operators if operator.person == person
    )
    codes = [code for code, county in zip(villages.code, villages.county, strict=True) if county == area]
    token = people.tokens.for_operator(person)
    said = {"author": person, "token": token, "reason": "seen", "villages": codes[-1:], "kind": "transfer"}
    people.ask("POST", "/api/v1/orders", json=said, headers={"Idempotency-Key": "evening"})


def hold_a_drill(people: People) -> None:
    """One before the storm, which ends it; then what cannot be."""
    person = first_officer(people)
    said = {"author": person, "token": people.tokens.for_operator(person), "reason": "yearly"}
    code = people.node.configuration.network.villages.code[0]
    rise = {"act": "start", "villages": [code], "hazard": "flash_flood", "level": "red"}
    for order in (rise, {"act": "stop", "drill": "unknown"}, {"act": "pause"}):
        people.ask("POST", "/api/v1/drills", json=said | order)


def mark_rows(people: People) -> None:
    """A post says of the first row of the list that it has seen its people."""
    row = people.node.status.transfers(f"{first_officer(people)}-evening").lists[0].rows[0]
    fields = {"rows": [row.code], "word": "safe", "note": "at the school"}
    person = first_officer(people)
    token = people.tokens.for_operator(person)
    people.ask("POST", "/api/v1/transfers/marks", json=fields | {"person": person, "token": token})


def judge_and_assign(people: People) -> None:
    """Another post validates the sign; the call for help is given to a person."""
    (sign,) = people.node.status.signs("")
    call = people.node.status.help_calls()[0]
    fields = {"sign": sign.sign, "verdict": "validated", "note": "seen"}
    people.post_as(people.leader, "/api/v1/signs/verdicts", **fields)
    people.post_as(people.grid, "/api/v1/help/assignments", help=call.help, person="Li Si")


def ask_wrongly(people: People, key: str) -> None:
    """Without fields, with too many bytes, with another's token, of a page that is not there."""
    for method in ("GET", "POST"):
        people.ask(method, "/a/nothing", of="/a/{token}")
    people.ask("POST", f"/a/{people.token_of(key)}", of="/a/{token}", content=b"x" * (BODY_BYTES_MAX + 1))
    for route in ROUTES:
        if route.method == "POST" and route.path.startswith("/api"):
            people.ask("POST", route.path, json={})
            people.ask("POST", route.path, content=b" " * (LIST_BYTES_MAX + 1))
            if route.body is None:
                assert route.media is Media.CAP
                continue
            fields = dict.fromkeys(route.body.__struct_fields__, "x")
            words = {"answer": "safe", "verdict": "rejected", "key": key}
            people.ask(
                "POST", route.path, json=fields | {name: words[name] for name in fields if name in words}
            )


def test_every_route_was_asked_and_answered_well(asked: list[Asked]) -> None:
    served = {(request.route.method, request.route.path) for request in asked if request.response.is_success}
    assert served == ROUTE_OF.keys()


def test_every_answer_has_a_status_that_its_route_declares(asked: list[Asked]) -> None:
    undeclared = [
        (request.route.method, request.route.path, request.response.status_code)
        for request in asked
        if request.response.status_code not in request.route.answers
    ]
    assert undeclared == []


def test_every_answer_is_its_read_model_and_nothing_else(asked: list[Asked]) -> None:
    """Decoded without any coercion and encoded again it is the same, byte for byte."""
    for request in asked:
        content = request.route.answers[request.response.status_code]
        if isinstance(content, Media):
            assert request.response.headers["content-type"].startswith(content.value)
            continue
        decoded = msgspec.json.decode(request.response.content, type=content, strict=True)
        assert msgspec.json.encode(decoded) == request.response.content, request.route.path


def test_the_storm_filled_every_part_of_the_answers(asked: list[Asked]) -> None:
    """An empty list proves nothing about what it would hold."""
    empty = {f"{name}.{path}" for name, paths in EXPECTED.items() for path in paths}
    for request in asked:
        content = request.route.answers[request.response.status_code]
        if not isinstance(content, Media) and request.response.is_success:
            empty -= set(filled(request.route.handler.__name__, request.response.json()))
    assert empty == set()


EXPECTED = {
    "state": ("grids", "alarms", "stations.doubted_why", "villages.levels", "ratio_to_critical", "forecast"),
    "warnings": ("warning",),
    "signs": ("sign", "validator"),
    "alerts": ("identifier", "areas"),
    "post_alerts": ("alerts",),
    "help_calls": ("help", "heads"),
    "reports": (
        "posts.on_duty",
        "heads.to_move",
        "villages.posts",
        "villages.doors",
        "villages.patrols",
        "unclear",
    ),
    "orders": ("bounds", "silences", "waiting_second", "waiting_release", "response"),
    "give_order": ("order", "villages"),
    "drills": ("drills.villages", "drills.ended"),
    "order_drill": ("drills",),
    "transfers": ("counters.missing", "lists.villages.places", "lists.figures.states"),
    "one_transfer": ("lists.rows.at", "lists.rows.note"),
    "mark": ("mark", "rows"),
    "explanation": (
        "signs",
        "hazards.places.comparisons.next",
        "hazards.reason",
        "hazards.warning",
        "places.rain_ahead.rain_mm",
        "places.stations.rain",
    ),
}


def filled(name: str, value: object) -> Iterator[str]:
    """Dotted names of everything that is there, members of lists under the name of their list."""
    if isinstance(value, list):
        for member in value:
            yield from filled(name, member)
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from filled(f"{name}.{key}", member)
    elif value is not None:
        parts = name.split(".")
        yield from (".".join(parts[:number]) for number in range(1, len(parts) + 1))


def test_the_document_has_the_schema_of_every_answer(asked: list[Asked]) -> None:
    document = next(request.response.json() for request in asked if request.route.path == "/openapi.json")
    schemas = document["components"]["schemas"]
    for route in ROUTES:
        operation = document["paths"][route.path][route.method.lower()]
        for status, content in route.answers.items():
            described = operation["responses"][str(status)]["content"]
            if isinstance(content, Media):
                assert described == {content.value: {}}
                continue
            schema = described["application/json"]["schema"]
            name = schema.get("items", schema)["$ref"].rpartition("/")[2]
            assert schemas[name]["properties"], name
            assert schemas[name]["description"], name


def test_levels_in_the_schema_are_the_levels() -> None:
    words = "|".join(level.word for level in Level)
    schema = msgspec.json.schema(ROUTE_OF["GET", "/api/v1/warnings"].answers[200])
    assert schema["$defs"]["WarningRecord"]["properties"]["level"]["pattern"] == f"^({words})$"
