"""The smpp channel against an SMSC of other people's making, and against one that misbehaves."""

import socket
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import trustme

from tests.conftest import free_port
from tests.integration.smsc import PASSWORD, Smsc, smsc
from tests.unit.adapters.county import SENT_S, outgoing_message
from warnstream.adapters.channels.channel import OutgoingMessage, Surroundings
from warnstream.adapters.channels.smpp.channel import SmppChannel
from warnstream.config.channels.smpp import SmppChannelSection
from warnstream.delivery.dispatch.outcome import SENT, Verdict
from warnstream.model.digests import FieldReport
from warnstream.model.effects import Answer
from warnstream.model.errors import StoreError

LONG = "上村溪边的人马上走！往两边高处，不顺溪跑、不过桥，到村委会。不要返回拿东西。求助13800000000。" * 3


class Returned:
    """What came back over the channel."""

    def __init__(self) -> None:
        self.delivered_keys: list[str] = []
        self.undelivered_keys: list[tuple[str, str]] = []
        self.texts: list[tuple[str, tuple[str, ...], str, str]] = []
        self.answers: list[tuple[str, Answer]] = []
        self.reports: list[tuple[str, FieldReport]] = []
        self.is_disk_full = False

    def _keep(self) -> None:
        if self.is_disk_full:
            raise StoreError("the disk is full", retryable=True)

    def delivered(self, key: str) -> None:
        self._keep()
        self.delivered_keys.append(key)

    def undelivered(self, key: str, reason: str) -> None:
        self._keep()
        self.undelivered_keys.append((key, reason))

    def unread(self, channel: str, recipients: Sequence[str], text: str, why: str) -> None:
        self._keep()
        self.texts.append((channel, tuple(recipients), text, why))

    def answered(self, token: str, answer: Answer) -> bool:
        self._keep()
        self.answers.append((token, answer))
        return True

    def reported(self, token: str, report: FieldReport) -> str:
        self._keep()
        self.reports.append((token, report))
        return "more than there are" if (report.to_move or 0) > 999 else ""


@contextmanager
def opened(
    port: int, folder: Path, returned: Returned | None = None, **keys: object
) -> Iterator[SmppChannel]:
    (folder / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    written = {
        "kind": "smpp", "host": "127.0.0.1", "port": port, "security": "none", "system_id": "county",
        "password_file": "password", "sender": "10690001", "country": "CN", "timeout": "5s", **keys,
    }  # fmt: skip
    around = Surroundings("ws", lambda _publications: [], folder, folder, channel="sms")
    with closing(SmppChannel.of(SmppChannelSection.model_validate(written), around)) as channel:
        channel.open(returned or Returned())
        yield channel


def door(number: int, text_zh: str = "立即转移") -> OutgoingMessage:
    message = outgoing_message(address=f"138570{number:05d}", number=number)
    return replace(message, text_zh=text_zh, token=f"{number:024d}")


def wait_until(condition: object, within_s: float = 20.0) -> None:
    assert callable(condition)
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "took too long"
        time.sleep(0.01)


def test_a_text_arrives_as_one_message_of_ucs_2(tmp_path: Path) -> None:
    with smsc(free_port()) as server, opened(server.port, tmp_path) as channel:
        message = door(1)
        assert channel.send([message, replace(door(2), address="+8613857000002")]) == [SENT, SENT]
        server.wait(lambda: len(server.all("submit")) == 2)
        first, second = sorted(server.all("submit"), key=lambda one: str(one["submit"]))
    assert (first["submit"], first["ton"], first["npi"]) == ("13857000001", 0, 1)
    assert (second["submit"], second["ton"], second["npi"]) == ("8613857000002", 1, 1)
    assert (first["source"], first["coding"], first["text"]) == ("10690001", 8, "立即转移")
    assert first["registered"] == 1
    # Node-smpp turns a relative time into a date of its own clock.
    lasts_s = datetime.fromisoformat(first["validity"]).timestamp() - time.time()
    assert lasts_s == pytest.approx(3_600, abs=60)
    assert server.all("bound")[0] == {"bound": "county", "version": 0x34}
    assert server.all("unbind")


@pytest.mark.parametrize("concatenation", ["parts", "payload"])
def test_a_long_text_arrives_whole(tmp_path: Path, concatenation: str) -> None:
    with smsc(free_port()) as server, opened(server.port, tmp_path, concatenation=concatenation) as channel:
        assert channel.send([door(1, LONG)]) == [SENT]
        if concatenation == "payload":
            server.wait(lambda: server.all("submit"))
            assert server.all("submit")[0]["payload"] == LONG
            return
        server.wait(lambda: len(server.all("submit")) == 3)
        parts = server.all("submit")
    assert all(part["esm"] & 0x40 for part in parts)
    assert "".join(part["text"] for part in parts) == LONG
    assert {part["udh"][:6] for part in parts} == {"000301"} or {part["udh"][:4] for part in parts} == {
        "0003"
    }


@pytest.mark.parametrize("is_first", [False, True], ids=["receipt after", "receipt before the response"])
@pytest.mark.parametrize("text", ["立即转移", LONG], ids=["one part", "parts"])
def test_receipts_say_what_became_of_each(tmp_path: Path, is_first: bool, text: str) -> None:
    gone, off = door(1, text), door(2, text)
    returned = Returned()
    rules = {"receipts": True, "receipts_first": is_first, "stat": {off.address: "UNDELIV"}}
    with smsc(free_port(), **rules) as server, opened(server.port, tmp_path, returned) as channel:
        assert channel.send([gone, off]) == [SENT, SENT]
        wait_until(lambda: returned.delivered_keys and returned.undelivered_keys)
    assert returned.delivered_keys == [gone.key]
    assert returned.undelivered_keys == [(off.key, "the gateway gave it up (UNDELIV)")]


def test_a_gateway_that_writes_ids_in_two_ways_is_understood(tmp_path: Path) -> None:
    returned, message = Returned(), door(1)
    with (
        smsc(free_port(), receipts=True, hex_ids=True, first_id=170) as server,
        opened(server.port, tmp_path, returned, receipt_ids="decimal") as channel,
    ):
        assert channel.send([message]) == [SENT]
        wait_until(lambda: returned.delivered_keys == [message.key])


def test_a_receipt_after_a_restart_still_finds_its_message(tmp_path: Path) -> None:
    returned, message = Returned(), door(1)
    with smsc(free_port()) as server:
        with opened(server.port, tmp_path) as channel:
            assert channel.send([message]) == [SENT]
        receipt = b"id:1 stat:DELIVRD err:000".hex()
        with opened(server.port, tmp_path, returned):
            server.wait(lambda: len(server.all("bound")) == 2)
            server.tell(deliver={"esm_class": 4, "source_addr": message.address, "hex": receipt})
            wait_until(lambda: returned.delivered_keys == [message.key])


def test_what_the_disk_does_not_take_is_asked_for_again(tmp_path: Path) -> None:
    returned, message = Returned(), door(1)
    returned.is_disk_full = True
    receipt = {"esm_class": 4, "source_addr": message.address, "hex": b"id:1 stat:DELIVRD".hex()}
    with smsc(free_port()) as server, opened(server.port, tmp_path, returned) as channel:
        assert channel.send([message]) == [SENT]
        server.tell(deliver=receipt)
        server.wait(lambda: server.all("deliver_resp"))
        server.reply(message.address, "救命")
        server.wait(lambda: len(server.all("deliver_resp")) == 2)
        assert [pdu["deliver_resp"] for pdu in server.all("deliver_resp")] == [0x64, 0x64]
        returned.is_disk_full = False
        server.tell(deliver=receipt)
        server.reply(message.address, "救命")
        server.wait(lambda: len(server.all("deliver_resp")) == 4)
    assert returned.delivered_keys == [message.key]
    assert returned.answers == [(message.token, Answer.NEED_HELP)]


def test_replies_are_answers_and_what_no_rule_reads_is_for_a_person(tmp_path: Path) -> None:
    returned, message = Returned(), door(1)
    neighbour = replace(door(2), address=message.address)
    with smsc(free_port()) as server, opened(server.port, tmp_path, returned) as channel:
        assert channel.send([message, neighbour, door(3)]) == [SENT] * 3
        server.reply(f"86{message.address}", "收到！", source_addr_ton=1)
        wait_until(lambda: len(returned.answers) == 2)
        # One phone, two doors: the answer is everybody's who is reached there.
        assert sorted(returned.answers) == [
            (message.token, Answer.ACKNOWLEDGED),
            (neighbour.token, Answer.ACKNOWLEDGED),
        ]
        server.reply(door(3).address, "水到哪里了")
        server.reply("13999999999", "1")
        wait_until(lambda: len(returned.texts) == 2)
        server.wait(lambda: len(server.all("deliver_resp")) == 3)
    assert returned.texts[0] == ("sms", ("V1-H3",), "水到哪里了", "not in the table of replies")
    assert returned.texts[1][1:3] == ((), "1")
    assert len(returned.answers) == 2


def test_two_thousand_under_throttling_all_arrive_and_none_counts_as_an_attempt(tmp_path: Path) -> None:
    messages = [door(number) for number in range(2_000)]
    returned = Returned()
    with smsc(free_port(), receipts=True, throttle_every=97) as server:
        with opened(server.port, tmp_path, returned, window=50) as channel:
            left = list(messages)
            while left:
                batch = left[: channel.batch_max]
                outcomes = channel.send(batch)
                assert {outcome.verdict for outcome in outcomes} <= {Verdict.SENT, Verdict.UNAVAILABLE}
                unsent = [
                    message for message, outcome in zip(batch, outcomes, strict=True) if not outcome.is_sent
                ]
                left = unsent + left[len(batch) :]
            wait_until(lambda: len(returned.delivered_keys) == len(messages), 60.0)
        assert len(server.all("throttled")) >= 20
        assert sorted(pdu["submit"] for pdu in server.all("submit")) == [
            message.address for message in messages
        ]
    assert sorted(returned.delivered_keys) == sorted(message.key for message in messages)


def test_a_gateway_that_only_throttles_costs_no_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warnstream.adapters.channels.smpp.channel.BATCH_S_MAX", 1.0)
    with smsc(free_port(), throttle_every=1) as server, opened(server.port, tmp_path) as channel:
        outcomes = channel.send([door(1), door(2)])
    assert {outcome.verdict for outcome in outcomes} == {Verdict.UNAVAILABLE}
    assert "throttling" in outcomes[0].reason


def test_a_gateway_that_dies_and_returns_gets_what_it_has_not_had(tmp_path: Path) -> None:
    port = free_port()
    messages = [door(number) for number in range(300)]
    first = Smsc(port)
    with opened(port, tmp_path, rate_per_s=200) as channel:
        threading.Timer(0.5, first.kill).start()
        outcomes = channel.send(messages)
        in_doubt = [outcome for outcome in outcomes if outcome.verdict is Verdict.RETRY]
        surely_not = [outcome for outcome in outcomes if outcome.verdict is Verdict.UNAVAILABLE]
        n_sent = sum(outcome.is_sent for outcome in outcomes)
        assert n_sent + len(in_doubt) + len(surely_not) == 300
        assert n_sent > 0
        assert surely_not
        assert len(in_doubt) <= 10  # what was on its way
        assert channel.send(messages[:1])[0].verdict is Verdict.UNAVAILABLE
        fault = channel.link_fault()
        assert fault is not None
        left = [message for message, outcome in zip(messages, outcomes, strict=True) if not outcome.is_sent]
        with smsc(port) as second:
            assert channel.send(left) == [SENT] * len(left)
            assert channel.link_fault() is None
            second.wait(lambda: len(second.all("submit")) == len(left))


def test_a_wrong_password_holds_the_channel_and_is_said(tmp_path: Path) -> None:
    with smsc(free_port(), password="other") as server, opened(server.port, tmp_path) as channel:
        (outcome,) = channel.send([door(1)])
        fault = channel.link_fault()
    assert outcome.verdict is Verdict.UNAVAILABLE
    assert "wrong password" in outcome.reason
    assert fault is not None
    assert "wrong password" in fault.reason
    assert PASSWORD not in outcome.reason


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (0x0B, Verdict.DOUBTFUL),  # invalid destination: one number, or a prefix that all lack
        (0x08, Verdict.RETRY),
        (0x0A, Verdict.UNAVAILABLE),  # our own number
        (0x411, Verdict.DOUBTFUL),  # a vendor's own
    ],
)
def test_one_refusal_changes_no_other_message(tmp_path: Path, status: int, verdict: Verdict) -> None:
    batch = [door(number) for number in range(3)]
    refusing = {"status": {batch[1].address: status}}
    with smsc(free_port(), **refusing) as server, opened(server.port, tmp_path) as channel:
        outcomes = channel.send(batch)
        assert [outcome.verdict for outcome in outcomes] == [Verdict.SENT, verdict, Verdict.SENT]
        assert channel.send([batch[0]]) == [SENT]
    assert len(server.all("bound")) == 1


def test_what_is_no_number_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with smsc(free_port()) as server, opened(server.port, tmp_path) as channel:
        outcomes = channel.send(
            [replace(door(1), address="1 3"), replace(door(2), text_zh="\ud800"), door(3)]
        )
    assert [outcome.verdict for outcome in outcomes] == [Verdict.REFUSED, Verdict.REFUSED, Verdict.SENT]
    assert len(server.all("submit")) == 1


def test_a_gateway_that_has_fallen_silent_is_left_and_bound_anew(tmp_path: Path) -> None:
    with (
        smsc(free_port()) as server,
        opened(server.port, tmp_path, enquire_link="1s", timeout="1s") as channel,
    ):
        assert channel.send([door(1)]) == [SENT]
        server.tell(rules={"silent": True})
        server.wait(lambda: server.all("closed"))
        server.tell(rules={"silent": False})
        server.wait(lambda: len(server.all("bound")) == 2)
        assert channel.send([door(2)]) == [SENT]


def test_a_sign_of_life_is_given_and_silence_is_no_fault(tmp_path: Path) -> None:
    with smsc(free_port()) as server, opened(server.port, tmp_path, enquire_link="1s") as channel:
        server.wait(lambda: len(server.all("enquire_link")) >= 2)
        assert channel.link_fault() is None
    assert len(server.all("bound")) == 1


@pytest.mark.parametrize("phrase", [b"HTTP/1.1 400 Bad\r\n\r\n", struct.pack("!I", 8) + bytes(12), b"\x00"])
def test_what_speaks_no_smpp_is_a_fault_of_the_channel(tmp_path: Path, phrase: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(phrase)

        thread = threading.Thread(target=serve)
        thread.start()
        with opened(listener.getsockname()[1], tmp_path, timeout="1s") as channel:
            (outcome,) = channel.send([door(1)])
        thread.join()
    assert outcome.verdict is Verdict.UNAVAILABLE


def test_over_tls_the_gateway_must_be_who_it_says(tmp_path: Path) -> None:
    authority, other = trustme.CA(), trustme.CA()
    own = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    other.cert_pem.write_to_path(tmp_path / "other.pem")
    own.private_key_pem.write_to_path(tmp_path / "key.pem")
    own.cert_chain_pems[0].write_to_path(tmp_path / "own.pem")
    files = {"key": str(tmp_path / "key.pem"), "cert": str(tmp_path / "own.pem")}
    with smsc(free_port(), **files) as server:
        with opened(server.port, tmp_path, security="tls", ca="ca.pem") as channel:
            assert channel.send([door(1)]) == [SENT]
        with opened(server.port, tmp_path, security="tls", ca="other.pem", timeout="1s") as channel:
            (outcome,) = channel.send([door(2)])
    assert outcome.verdict is Verdict.UNAVAILABLE
    assert len(server.all("submit")) == 1


def test_no_gateway_is_no_attempt(tmp_path: Path) -> None:
    with opened(free_port(), tmp_path, timeout="500ms") as channel:
        (outcome,) = channel.send([door(1)])
    assert outcome.verdict is Verdict.UNAVAILABLE
    assert "not reached" in outcome.reason


def test_an_absolute_validity_is_in_utc(tmp_path: Path) -> None:
    with smsc(free_port()) as server, opened(server.port, tmp_path, validity="absolute") as channel:
        assert channel.send([replace(door(1), expires_s=SENT_S)]) == [SENT]
        server.wait(lambda: server.all("submit"))
    assert server.all("submit")[0]["validity"] == "2023-11-14T22:13:20.000Z"  # 1,700,000,000 s
