"""The console over HTTP, without a node: who may read what, and what a stranger's page cannot do."""

import asyncio
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import pytest
from argon2 import PasswordHasher

from tests.unit.console.county import NOW_S, OPERATORS, configuration, frame
from warnstream.adapters.console.facts import HazardFacts, PostFacts, VillageFacts, WordsFacts, encode_facts
from warnstream.config.settings import Configuration
from warnstream.console.access import COOKIE, DEVICE, FAILURES_MAX
from warnstream.console.accounts import Accounts
from warnstream.console.app import ConsoleApi
from warnstream.console.hub import Hub
from warnstream.model.changes import Reason
from warnstream.model.errors import StoreError

PASSWORD = "correct horse battery"
HERE = {"Origin": "http://testserver"}
READ = ("/api/v1/state", "/api/v1/geo", "/api/v1/villages/V0", "/api/v1/stream", "/api/v1/session")

REASON = Reason("rain", "S0", 52.0, 50.0, "mm", 3600, 0.0, 0, NOW_S, 1.0, True, "test")


class Client:
    """A browser without a network: it asks the application itself."""

    def __init__(self, app: Any, base_url: str = "http://testserver") -> None:
        self._app, self._base_url, self.cookies = app, base_url, httpx.Cookies()

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self._ask("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self._ask("POST", path, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self._ask("DELETE", path, **options)

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(
                transport=transport, base_url=self._base_url, cookies=self.cookies
            ) as client:
                answer = await client.request(method, path, **options)
                self.cookies = client.cookies
                return answer

        return asyncio.run(ask())


class Console:
    """A console over a hub that was given frames by hand."""

    def __init__(self, directory: Path) -> None:
        settings = cast("Any", configuration())
        settings.storage = cast("Any", type("Storage", (), {"directory": directory}))
        self.hub = Hub(directory, cast("Configuration", settings))
        self.accounts = Accounts(directory, hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        for operator in OPERATORS:
            self.accounts.set_password(operator.person, PASSWORD)
        self.app = ConsoleApi(self.hub, self.accounts).app
        self.asked: list[str] = []
        self.told: dict[str, bytes] = {}
        self.hub.peer.ask = self.ask  # type: ignore[method-assign]

    async def ask(self, village: str, what: str = "village", cursor: int = 0) -> bytes:
        assert cursor >= 0
        self.asked.append(village)
        if what in self.told:
            return self.told[what]
        assert what == "village"
        hazard = HazardFacts("flash_flood", 4, 4, "active", NOW_S, NOW_S + 60, REASON, True, "", "", -1)
        posts = [PostFacts("grid-1", "grid_member", 1, "asked", NOW_S + 300)]
        words = WordsFacts("ws.V0.x.1", NOW_S, "立即转移\u202e", "LEAVE NOW")
        return encode_facts(VillageFacts(village, NOW_S, [hazard], posts, words, None, True))

    def client(self, person: str = "") -> Client:
        client = Client(self.app)
        if person:
            client.cookies.set(COOKIE, self.accounts.begin(person))
        return client


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    with console_in(tmp_path) as opened:
        yield opened


@contextmanager
def console_in(directory: Path) -> Iterator[Console]:
    """A console that has had one frame."""
    opened = Console(directory)
    opened.hub._take(frame(level=((4, 3, 2, 1), (0, 0, 0, 0)), reasons=("nobody of Upper",)))
    yield opened
    opened.accounts.close()


def sign_in(client: Client, person: str = "chief", password: str = PASSWORD, **headers: str) -> Any:
    return client.post(
        "/api/v1/session", json={"person": person, "password": password}, headers=headers or HERE
    )


def test_a_person_signs_in_reads_and_signs_out(console: Console) -> None:
    client = console.client()
    answer = sign_in(client)
    assert answer.status_code == 200
    assert answer.json()["area"] == "*"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert client.get("/api/v1/state").json()["levels"] == "4321"
    assert client.delete("/api/v1/session", headers=HERE).status_code == 204
    assert client.get("/api/v1/state").status_code == 401


def test_over_https_the_cookie_is_one_that_no_other_page_can_set(console: Console) -> None:
    client = Client(console.app, base_url="https://testserver")
    cookie = sign_in(client, Origin="https://testserver").headers["set-cookie"]
    assert cookie.startswith("__Host-")
    assert "Secure" in cookie
    assert client.get("/api/v1/session").status_code == 200


def test_a_county_whose_files_the_node_has_not_read_is_not_shown(console: Console) -> None:
    with pytest.raises(ValueError, match="CONFIG_DIR cannot be read: see warnstream check"):
        console.hub._take(frame(level=((0, 0, 0, 0), (0, 0, 0, 0)), fingerprint="e" * 64))
    assert console.client("chief").get("/api/v1/state").json()["levels"] == "4321"


@pytest.mark.parametrize("path", READ)
def test_nothing_is_read_without_a_session(console: Console, path: str) -> None:
    for client in (console.client(), console.client()):
        client.cookies.set(COOKIE, "guessed")
        assert client.get(path).status_code == 401


@pytest.mark.parametrize("path", READ)
def test_who_left_operators_csv_reads_nothing_any_more(console: Console, path: str) -> None:
    client = console.client("north")
    del console.hub.operators["north"]
    assert client.get(path).status_code == 401


@pytest.mark.parametrize(
    ("person", "seen"), [("chief", "V0 V1 V2 V3"), ("north", "V0 V1"), ("town", "V2 V3"), ("village", "V3")]
)
def test_every_route_is_cut_to_the_persons_area(console: Console, person: str, seen: str) -> None:
    client = console.client(person)
    state, geo = client.get("/api/v1/state").json(), client.get("/api/v1/geo").json()
    assert [place["code"] for place in geo["villages"]] == seen.split()
    assert len(state["levels"]) == len(state["sight"]) == len(seen.split())
    assert len(state["stations"]) == len(geo["stations"])
    assert sum(state["head"]["levels"]) == len(seen.split())
    named = msgspec.json.encode([state, geo]).decode()
    others = {"V0": "Alder", "V1": "Birch", "V2": "Cedar", "V3": "Drum"}
    assert not any(name in named for code, name in others.items() if code not in seen)
    for code in others:
        expected = 200 if code in seen else 404
        assert client.get(f"/api/v1/villages/{code}").status_code == expected
    assert set(console.asked) == set(seen.split()), "the node is not asked for what is not shown"


def test_deltas_are_cut_to_the_area_too(console: Console) -> None:
    north, lower = (console.hub.subscribe(area, "")[1] for area in ("North", "Lower"))
    for officer in (north, lower):
        while not officer.events.empty():
            officer.events.get_nowait()
    console.hub._take(frame(level=((0, 3, 2, 1), (0, 0, 0, 0))))
    assert b'"villages":[[0,0,0]]' in north.events.get_nowait()
    assert lower.events.empty()


def test_a_village_is_told_in_the_words_of_its_message(console: Console) -> None:
    village = console.client("chief").get("/api/v1/villages/V0").json()
    (hazard,) = village["hazards"]
    assert "52" in hazard["why"]["zh"]
    assert hazard["why"]["over_zh"] == "阈值 50 毫米 · 超出 2 毫米"
    assert hazard["why"]["over_en"] == "Threshold 50 mm · beyond by 2 mm"
    assert village["posts"] == [
        {"post": "grid-1", "role": "grid_member", "rank": 1, "state": "asked", "due_s": NOW_S + 300}
    ]
    assert village["words"]["zh"] == "立即转移", "no mark that turns the direction of reading"
    assert village["is_dry"] is True


def test_names_lose_what_turns_the_direction_of_reading_and_stay_text(console: Console) -> None:
    names = [place["name"] for place in console.client("chief").get("/api/v1/geo").json()["villages"]]
    assert names == ["Alder", "Birch", "<b>Cedar</b>", "Drum"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://elsewhere.example"},
        {"Origin": "https://testserver"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_another_sites_page_changes_nothing(console: Console, headers: dict[str, str]) -> None:
    client = console.client("chief")
    body = {"person": "chief", "password": PASSWORD}
    assert client.post("/api/v1/session", json=body, headers=headers).status_code == 403
    assert client.delete("/api/v1/session", headers=headers).status_code == 403
    assert client.get("/api/v1/session").status_code == 200


def test_a_form_of_another_site_is_no_json(console: Console) -> None:
    content = '{"person":"chief","password":"x"}'
    headers = {**HERE, "Content-Type": "text/plain"}
    assert console.client().post("/api/v1/session", content=content, headers=headers).status_code == 415


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b'{"person":1,"password":"x"}',
        b'{"person":"a"}',
        b'{"person":"a","password":"b","x":1}',
    ],
)
def test_a_wrong_body_is_refused_by_its_fields(console: Console, content: bytes) -> None:
    headers = {**HERE, "Content-Type": "application/json"}
    answer = console.client().post("/api/v1/session", content=content, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["problems"]


def test_unknown_and_wrong_are_answered_alike(console: Console) -> None:
    client = console.client()
    unknown, wrong = sign_in(client, "nobody"), sign_in(client, "chief", "another password")
    assert (
        (unknown.status_code, unknown.content) == (wrong.status_code, wrong.content) == (403, wrong.content)
    )
    assert "set-cookie" not in wrong.headers


def test_guessing_is_slowed_down_also_for_the_right_password(console: Console) -> None:
    client = console.client()
    for _ in range(FAILURES_MAX):
        assert sign_in(client, "chief", "another password").status_code == 403
    late = sign_in(client)
    assert late.status_code == 429
    assert int(late.headers["retry-after"]) > 800


def test_a_stranger_who_guesses_keeps_nobody_out_of_a_browser_that_is_known(console: Console) -> None:
    known, stranger = console.client(), console.client()
    assert sign_in(known).status_code == 200
    for _ in range(FAILURES_MAX):
        assert sign_in(stranger, "chief", "another password").status_code == 403
    assert sign_in(stranger).status_code == 429
    assert sign_in(known).status_code == 200, "the officer, from the same address"
    assert sign_in(known, "north", "another password").status_code == 429, "known for its own person alone"
    for _ in range(FAILURES_MAX):
        assert sign_in(known, "chief", "another password").status_code == 403
    assert sign_in(known).status_code == 429, "and has a count of its own"
    assert len(console.accounts.session(known.cookies[COOKIE]) or ()) == 2


def test_another_password_forgets_the_browsers(console: Console) -> None:
    client = console.client()
    assert sign_in(client).status_code == 200
    device = client.cookies[COOKIE + DEVICE]
    assert console.accounts.devices.is_known("chief", device)
    assert not console.accounts.devices.is_known("north", device)
    console.accounts.set_password("chief", PASSWORD)
    assert not console.accounts.devices.is_known("chief", device)


def test_a_new_sign_in_ends_the_session_that_the_browser_had(console: Console) -> None:
    client = console.client("north")
    before = client.cookies[COOKIE]
    assert sign_in(client).status_code == 200
    assert console.accounts.session(before) is None


def test_the_page_may_load_and_run_nothing_but_its_own(console: Console) -> None:
    client = console.client()
    for path in ("/", "/console.css", "/main.js", "/api/v1/state", "/nothing"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/../app.py",
        "/%2e%2e/app.py",
        "/static/main.js",
        "/index.html/",
        "/main.js%00",
        "//etc/passwd",
        "/__init__.py",
    ],
)
def test_no_path_leads_out_of_the_page(console: Console, path: str) -> None:
    assert console.client().get(path).status_code == 404


def test_the_map_is_sent_packed_once_and_not_again_while_it_is_the_same(console: Console) -> None:
    client = console.client("chief")
    first = client.get("/api/v1/geo")
    assert first.headers["content-encoding"] == "gzip"
    again = client.get("/api/v1/geo", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert gzip.compress(first.content)


def test_before_the_first_frame_the_console_says_why_it_shows_nothing(tmp_path: Path) -> None:
    console = Console(tmp_path)
    client = console.client("chief")
    for path in ("/api/v1/state", "/api/v1/stream"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert answer.json()["problems"] == ["the node has not been reached yet"]
    assert client.get("/healthz").json() == {"alive": True, "is_fed": False}
    console.accounts.close()


def test_a_node_that_does_not_answer_is_a_503_and_no_wrong_village(console: Console) -> None:
    async def silent(_village: str, _what: str, _cursor: int) -> bytes:
        raise StoreError("the node does not answer", retryable=True)

    console.hub.peer.ask = silent  # type: ignore[method-assign, assignment]
    assert console.client("chief").get("/api/v1/villages/V0").status_code == 503


def test_the_document_names_every_route_and_every_field(console: Console) -> None:
    document = console.client().get("/api/v1/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    served = {route.path for route in console.app.routes if hasattr(route, "path")} - {"/{name:path}"}
    assert document["paths"].keys() == served
    schemas = document["components"]["schemas"]
    assert {"State", "Delta", "Clock", "Village", "Geo", "Problems", "Credentials"} <= schemas.keys()
    state = console.client("chief").get("/api/v1/state").json()
    assert state.keys() <= schemas["State"]["properties"].keys()
