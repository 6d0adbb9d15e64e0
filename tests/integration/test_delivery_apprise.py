"""The apprise channel: Apprise itself, sending its JSON to a server on this machine."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import free_port
from tests.integration.test_delivery_webhook import Receipts
from tests.unit.adapters.county import outgoing_message
from warnstream.adapters.channels.apprise import AppriseChannel
from warnstream.adapters.channels.channel import OutgoingMessage
from warnstream.config.channels.apprise import AppriseChannelSection
from warnstream.delivery.dispatch.outcome import SENT, Verdict
from warnstream.model.level import Level
from warnstream.model.warning import MessageStatus

pytest.importorskip("apprise", reason="the extra apprise is not installed")

# Apprise imports what later Pythons will not have, and looks for it first.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

Taken = list[tuple[str, dict[str, Any]]]


@contextmanager
def service(status_of: Callable[[str], int] = lambda _path: 200) -> Iterator[tuple[int, Taken]]:
    taken: Taken = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = status_of(self.path)
            if status == 200:
                taken.append((self.path, json.loads(body)))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address[1], taken
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def opened(url: str, folder: Path, **keys: object) -> Iterator[AppriseChannel]:
    (folder / "url").write_text(url + "\n", encoding="utf-8")
    section = AppriseChannelSection.model_validate({"kind": "apprise", "url_file": "url", **keys})
    with closing(AppriseChannel(section, folder)) as channel:
        channel.open(Receipts())
        yield channel


def post(number: int, **fields: Any) -> OutgoingMessage:
    return replace(outgoing_message(address=f"room-{number}", number=number), **fields)


def test_a_post_reads_text_and_link_in_its_room(tmp_path: Path) -> None:
    with service() as (port, taken), opened(f"json://127.0.0.1:{port}/{{address}}", tmp_path) as channel:
        drill = replace(
            outgoing_message(MessageStatus.EXERCISE, address="room-2"),
            level=Level.BLUE,
            answer_url="https://n/a/t",
        )
        assert channel.send([post(1), drill]) == [SENT, SENT]
    (first, one), (second, two) = sorted(taken, key=lambda item: item[0])
    assert (first.strip("/"), second.strip("/")) == ("room-1", "room-2")
    assert (one["message"], one["type"]) == ("立即转移", "warning")
    assert (two["message"], two["type"]) == ("【演练】立即转移\nhttps://n/a/t", "info")


def test_one_room_that_refuses_keeps_no_other_from_its_message(tmp_path: Path) -> None:
    with service(lambda path: 404 if "room-1" in path else 200) as (port, taken):
        url = f"json://127.0.0.1:{port}/{{address}}"
        with opened(url, tmp_path) as channel:
            outcomes = channel.send([post(0), post(1), post(2, address="a/b"), post(3, text_zh="\ud800")])
    assert [outcome.verdict for outcome in outcomes] == [
        Verdict.SENT,
        Verdict.DOUBTFUL,
        Verdict.REFUSED,
        Verdict.REFUSED,
    ]
    assert len(taken) == 1


def test_a_service_that_is_not_there_is_in_doubt(tmp_path: Path) -> None:
    with opened(f"json://127.0.0.1:{free_port()}/", tmp_path) as channel:
        assert channel.send([post(1)])[0].verdict is Verdict.DOUBTFUL


@pytest.mark.parametrize("url", ["", "nonsense://x", "two urls"])
def test_a_file_without_a_url_holds_the_channel(tmp_path: Path, url: str) -> None:
    with opened(url, tmp_path) as channel:
        assert channel.send([post(1)])[0].verdict is Verdict.UNAVAILABLE
        (tmp_path / "url").unlink()
        assert channel.send([post(1)])[0].verdict is Verdict.UNAVAILABLE


def test_a_slow_service_does_not_hold_the_batch_beyond_its_time(tmp_path: Path) -> None:
    def slow(_path: str) -> int:
        time.sleep(2.5)
        return 200

    with service(slow) as (port, _), opened(f"json://127.0.0.1:{port}/", tmp_path, timeout="1s") as channel:
        begun_at = time.monotonic()
        assert channel.send([post(1)])[0].verdict is Verdict.RETRY
        assert time.monotonic() - begun_at < 2.4


def test_the_token_in_a_url_is_in_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with opened(f"json://user:SECRET@127.0.0.1:{free_port()}/", tmp_path) as channel:
        (outcome,) = channel.send([post(1)])
    assert "SECRET" not in outcome.reason
    assert not [
        record for record in caplog.records if record.name != "apprise" and "SECRET" in record.getMessage()
    ]
    assert not [
        record
        for record in caplog.records
        if record.levelno > logging.DEBUG and "SECRET" in record.getMessage()
    ]
