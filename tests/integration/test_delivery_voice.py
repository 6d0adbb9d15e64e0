"""The voice channel against a gateway that keeps to Twilio's own description of its Calls interface.

`data/twilio-calls.json` holds what that description (twilio-oai, MIT) says of fields, statuses and answers;
whatever is asked for otherwise is refused with 400.
"""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from lxml import etree

from tests.conftest import free_port
from tests.integration.test_delivery_webhook import Receipts
from tests.unit.adapters.county import outgoing_message
from warnstream.adapters.channels.channel import OutgoingMessage
from warnstream.adapters.channels.voice import VoiceChannel
from warnstream.config.channels.voice import VoiceChannelSection
from warnstream.delivery.dispatch.outcome import SENT, Verdict

DESCRIBED = json.loads((Path(__file__).parent / "data" / "twilio-calls.json").read_text(encoding="utf-8"))
ACCOUNT, TOKEN = "AC" + "a" * 32, "secret"
TAKEN = ["queued", "ringing", "in-progress", "completed"]


@dataclass
class Lines:
    """What the gateway was asked, and how each number's call goes."""

    courses: dict[str, list[str]] = field(default_factory=dict)
    refuse: tuple[int, dict[str, str]] | None = None
    forms: list[dict[str, str]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    most_at_once: int = 0
    url: str = ""
    _open: dict[str, list[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def create(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        missing = [key for key in DESCRIBED["create"]["required"] if key not in form]
        unknown = [key for key in form if key not in DESCRIBED["create"]["fields"]]
        if missing or unknown:
            self.wrong.append(f"missing {missing}, unknown {unknown}")
            return 400, {}
        with self._lock:
            self.forms.append(form)
            sid = f"CA{len(self.forms):032x}"
            self._open[sid] = list(self.courses.get(form["To"], TAKEN))
            under_way = sum(len(course) > 1 for course in self._open.values())
            self.most_at_once = max(self.most_at_once, under_way)
        return DESCRIBED["create"]["answers"][0], self._call(sid)

    def status(self, sid: str) -> tuple[int, dict[str, Any]]:
        with self._lock:
            course = self._open[sid]
            if len(course) > 1:
                course.pop(0)
        return 200, self._call(sid)

    def update(self, sid: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if form.get("Status") not in DESCRIBED["update"]["statuses"]:
            self.wrong.append(f"update {form}")
            return 400, {}
        self.ended.append(sid)
        self._open[sid] = ["completed"]
        return 200, self._call(sid)

    def _call(self, sid: str) -> dict[str, Any]:
        status = self._open[sid][0]
        assert status in DESCRIBED["statuses"]
        return {**DESCRIBED["example"], "sid": sid, "status": status}


@contextmanager
def gateway(lines: Lines) -> Iterator[Lines]:
    calls = f"/2010-04-01/Accounts/{ACCOUNT}/Calls"
    login = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
            octets = json.dumps(body).encode()
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def _serve(self, form: dict[str, str] | None) -> None:
            if self.headers.get("Authorization") != login:
                self._answer(401, {})
            elif self.path == f"{calls}.json" and form is not None:
                self._answer(*lines.refuse[:1], {}, lines.refuse[1]) if lines.refuse else self._answer(
                    *lines.create(form)
                )
            else:
                sid = self.path.removeprefix(f"{calls}/").removesuffix(".json")
                self._answer(*(lines.status(sid) if form is None else lines.update(sid, form)))

        def do_GET(self) -> None:
            self._serve(None)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._serve({name: values[0] for name, values in parse_qs(body).items()})

        def log_message(self, *_args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    lines.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield lines
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        assert not lines.wrong


@contextmanager
def opened(url: str, folder: Path, **keys: object) -> Iterator[VoiceChannel]:
    (folder / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    written = {
        "kind": "voice", "url": url, "account": ACCOUNT, "token_file": "token", "caller": "+8657812345678",
        **keys,
    }  # fmt: skip
    section = VoiceChannelSection.model_validate(written)
    with closing(VoiceChannel(section, folder, poll_s=0.02)) as channel:
        channel.open(Receipts())
        yield channel


def door(number: int, answer_url: str = "https://county.example/a/token") -> OutgoingMessage:
    message = outgoing_message(address=f"+861385700000{number}", number=number)
    return replace(message, answer_url=answer_url)


def test_a_call_speaks_the_text_and_says_where_keys_go(tmp_path: Path) -> None:
    with gateway(Lines()) as lines, opened(lines.url, tmp_path) as channel:
        assert channel.send([replace(door(1), text_zh="走 <现在>！")]) == [SENT]
    (form,) = lines.forms
    assert (form["To"], form["From"], form["Timeout"]) == ("+8613857000001", "+8657812345678", "25")
    gather = etree.fromstring(form["Twiml"]).find("Gather")
    assert gather is not None
    assert gather.attrib["action"] == "https://county.example/a/token/keys"
    assert gather.attrib["numDigits"] == "1"
    say = gather.find("Say")
    assert say is not None
    assert say.attrib["language"] == "zh-CN"
    assert say.text == "走 <现在>！ 收到请按1，需要帮助请按2。"


def test_without_an_address_of_the_node_the_text_is_spoken_and_no_key_is_asked_for(tmp_path: Path) -> None:
    with gateway(Lines()) as lines, opened(lines.url, tmp_path, language="en") as channel:
        assert channel.send([door(1, answer_url="")]) == [SENT]
    assert lines.forms[0]["Twiml"] == '<Response><Say language="en-US" loop="2">Move now</Say></Response>'


@pytest.mark.parametrize(
    ("course", "verdict"),
    [
        (TAKEN, Verdict.SENT),
        (["queued", "ringing", "busy"], Verdict.RETRY),
        (["ringing", "no-answer"], Verdict.RETRY),
        (["queued", "canceled"], Verdict.RETRY),
        (["queued", "failed"], Verdict.DOUBTFUL),
    ],
    ids=lambda one: one[-1] if isinstance(one, list) else "",
)
def test_each_call_has_its_own_outcome(tmp_path: Path, course: list[str], verdict: Verdict) -> None:
    batch = [door(number) for number in range(3)]
    with gateway(Lines({batch[1].address: course})) as lines, opened(lines.url, tmp_path) as channel:
        outcomes = channel.send(batch)
    assert [outcome.verdict for outcome in outcomes] == [Verdict.SENT, verdict, Verdict.SENT]


def test_a_call_that_nobody_takes_in_time_is_ended_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = [door(1), door(2)]
    courses = {batch[0].address: ["ringing"], batch[1].address: ["in-progress"]}
    with gateway(Lines(courses)) as lines, opened(lines.url, tmp_path) as channel:
        short = channel._section.model_copy(update={"timeout_s": 0.3})
        monkeypatch.setattr(channel, "_section", short)
        outcomes = channel.send(batch)
    # Who listens at the end of the time has been reached, and is not cut off.
    assert [outcome.verdict for outcome in outcomes] == [Verdict.RETRY, Verdict.SENT]
    assert len(lines.ended) == 1


def test_no_more_calls_are_under_way_than_there_are_lines(tmp_path: Path) -> None:
    with gateway(Lines()) as lines, opened(lines.url, tmp_path, calls_max=4) as channel:
        assert channel.batch_max == 4
        for begin in range(0, 8, 4):
            assert channel.send([door(number) for number in range(begin, begin + 4)]) == [SENT] * 4
    assert 1 < lines.most_at_once <= 4


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(400, Verdict.DOUBTFUL), (401, Verdict.UNAVAILABLE), (403, Verdict.UNAVAILABLE),
     (404, Verdict.UNAVAILABLE), (429, Verdict.UNAVAILABLE), (500, Verdict.RETRY), (503, Verdict.RETRY),
     (307, Verdict.UNAVAILABLE)],
)  # fmt: skip
def test_a_refusal_says_whose_fault_it_is(tmp_path: Path, status: int, verdict: Verdict) -> None:
    with (
        gateway(Lines(refuse=(status, {"Retry-After": "7"}))) as lines,
        opened(lines.url, tmp_path) as channel,
    ):
        (outcome,) = channel.send([door(1)])
    assert outcome.verdict is verdict
    assert outcome.retry_after_s == (7.0 if status == 429 else 0.0)


def test_a_wrong_token_and_a_missing_file_hold_the_channel(tmp_path: Path) -> None:
    with gateway(Lines()) as lines, opened(lines.url, tmp_path) as channel:
        (tmp_path / "token").write_text("other", encoding="utf-8")
        assert channel.send([door(1)])[0].verdict is Verdict.UNAVAILABLE
        (tmp_path / "token").unlink()
        assert channel.send([door(1)])[0].verdict is Verdict.UNAVAILABLE
    assert lines.forms == []


def test_a_gateway_that_is_not_there_is_no_attempt(tmp_path: Path) -> None:
    with opened(f"http://127.0.0.1:{free_port()}", tmp_path) as channel:
        outcomes = channel.send([door(1), replace(door(2), address="x"), replace(door(3), text_zh="\ud800")])
    assert [outcome.verdict for outcome in outcomes] == [
        Verdict.UNAVAILABLE,
        Verdict.REFUSED,
        Verdict.REFUSED,
    ]
