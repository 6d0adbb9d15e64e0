"""A running node and an SMSC of other people's making: told, delivered, answered; each of the two ends."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from lxml import etree

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from tests.conftest import free_port
from tests.e2e.in_process import Storm, get, running, wait_until
from tests.integration.smsc import PASSWORD, Smsc, smsc
from warnstream.adapters.sending import sender
from warnstream.config.load import load_configuration
from warnstream.delivery.dispatch.notification import State
from warnstream.runners.live.node import Node

POST_PHONE = "+0000009999"

pytestmark = pytest.mark.slow


def written_county(directory: Path, port: int) -> Path:
    build_county(1, CountyPlan(n_stations=9, n_villages=10, n_gauges=1)).write(directory)
    write_demo_config(directory, broker_port=free_port(), http_port=free_port(), embedded_broker=True)
    (directory / "password").write_text(PASSWORD, encoding="utf-8")
    sms = {
        "kind": "smpp", "host": "127.0.0.1", "port": port, "security": "none", "system_id": "county",
        "password_file": "password", "sender": "10690001", "rate_per_s": 500,
    }  # fmt: skip
    channels = {"sms": sms, "device": {"kind": "terminal"}, "terminal": {"kind": "terminal"}}
    chain = (directory / "chain.csv").read_text(encoding="utf-8").splitlines()
    post, role, rank, area, _, _, *more = chain[1].split(",")
    chain[1] = ",".join([post, role, rank, area, "sms", POST_PHONE, *more])
    (directory / "chain.csv").write_text("\n".join(chain) + "\n", encoding="utf-8")
    (directory / "channels.yaml").write_text(yaml.safe_dump({"channels": channels}), encoding="utf-8")
    return directory


def n_sms(node: Node, state: State) -> int:
    return node.outbox.counts().get(("sms", state), 0)


def receipts_owed(node: Node) -> int:
    """Parts of messages that the gateway has taken, and has not said anything of since."""
    with closing(sqlite3.connect(node.configuration.storage.directory / "channel-sms.sqlite3")) as letters:
        return int(letters.execute("SELECT count(*) FROM parts").fetchone()[0])


def n_told_again(gateway: Smsc) -> int:
    """Messages to phones that had been told something before."""
    phones = [str(pdu["submit"]) for pdu in gateway.all("submit")]
    return len(phones) - len({*phones})


def metric(node: Node, name: str) -> float:
    lines = get(node, "/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def test_people_are_told_deliver_and_answer_and_the_feed_has_every_message(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with smsc(free_port(), receipts=True) as gateway:
        directory = written_county(tmp_path, gateway.port)
        with running(load_configuration(directory)) as node:
            # The session stands before the first message: replies of before could come.
            gateway.wait(lambda: gateway.all("bound"))
            Storm(node).goes_on(15.0, 4)
            wait_until(lambda: n_sms(node, State.DELIVERED) > 0 and node.outbox.open_count("sms") == 0)
            wait_until(lambda: not receipts_owed(node))
            # A receipt that comes after the next bulletin to the same door leaves the older one as sent.
            wait_until(lambda: n_sms(node, State.SENT) <= n_told_again(gateway))
            phones = list(dict.fromkeys(str(pdu["submit"]) for pdu in gateway.all("submit")))
            assert all(pdu["text"].startswith("【演练】") for pdu in gateway.all("submit") if not pdu["udh"])
            gateway.reply(phones[0], "收到", source_addr_ton=1)
            gateway.reply(phones[1], "救命", source_addr_ton=1)
            gateway.reply(phones[2], "水多深", source_addr_ton=1)
            wait_until(lambda: metric(node, 'warnstream_answers_total{answer="acknowledged"}') >= 1)
            wait_until(lambda: metric(node, 'warnstream_answers_total{answer="need_help"}') >= 1)
            wait_until(lambda: metric(node, 'warnstream_replies_unread_total{channel="sms"}') == 1)
            wait_until(lambda: "replies over sms that a person has to read: 1, " in get(node, "/readyz").text)
            reports = node.engine.desk.chains.of[node.engine.desk.message_status].reports
            for text in ("应３１ 已20 拒2", "到岗", "应999999"):  # a person reads the last one
                gateway.reply(POST_PHONE.removeprefix("+"), text, source_addr_ton=1)
            wait_until(lambda: metric(node, 'warnstream_replies_unread_total{channel="sms"}') == 2)
            Storm(node).goes_on(15.0, 1, first=5)
            (village,) = reports.state.villages
            assert dict(reports.heads_of(village)) == {"to_move": 31, "moved": 20, "refused": 2}
            assert len(reports.state.on_duty) == 1
            feed = etree.fromstring(get(node, "/cap/feed.atom").content)
            links = feed.xpath("//*[local-name()='link'][@rel='alternate']/@href")
            assert len(links) >= 1
            for link in links:
                path = "/" + str(link).split("/", 3)[3]
                assert b"urn:oasis:names:tc:emergency:cap:1.2" in get(node, path).content
        # A reply while the node is down waits at the gateway, and the node that comes back knows whose it is.
        with running(load_configuration(directory)) as node:
            gateway.wait(lambda: len(gateway.all("bound")) == 2)
            assert "replies over sms that a person has to read" in get(node, "/readyz").text, (
                "it outlives a restart"
            )
            gateway.reply(phones[3], "4", source_addr_ton=1)
            wait_until(lambda: metric(node, 'warnstream_answers_total{answer="safe"}') >= 1)
    told = [record for record in caplog.records if record.getMessage() == "a reply is for a person"]
    assert [record.__dict__["text"] for record in told] == ["水多深", "应999999"]
    assert not any(phone in str(record.__dict__) for record in caplog.records for phone in phones)


def test_an_smsc_that_dies_is_told_without_a_message_and_what_waits_goes_out_when_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "LINK_DOWN_S", 0.1)
    monkeypatch.setattr(sender, "REPORT_AFTER_S", 0.2)
    port = free_port()
    first = Smsc(port)
    with running(load_configuration(written_county(tmp_path, port))) as node:
        first.wait(lambda: first.all("bound"))
        storm = Storm(node)
        storm.goes_on(0.0, 1)
        first.kill()

        def reasons() -> list[str]:
            return [
                reason
                for reason in get(node, "/readyz").json()["reasons"]
                if reason.startswith("channel sms")
            ]

        wait_until(lambda: bool(reasons()))
        assert "no receipts and replies come in" in reasons()[0]
        storm.goes_on(15.0, 4)
        assert "channel:sms" in node.alarms.standing()
        assert node.outbox.open_count("sms") > 0
        with smsc(port, receipts=True):
            wait_until(lambda: node.outbox.open_count("sms") == 0)
            wait_until(lambda: not reasons())
            assert n_sms(node, State.FAILED) == 0
            storm.goes_on(0.0, 1)
            assert node.alarms.standing("channel") == []
