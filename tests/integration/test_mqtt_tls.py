"""TLS with client certificates, and user and password, against a real mosquitto."""

import logging
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.alarms import RecordedAlarms
from tests.conftest import Mosquitto, find_mosquitto, free_port
from warnstream.adapters.inbox import Inbox
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.mqtt.ports import NodePorts
from warnstream.adapters.mqtt.publisher import PahoPublisher, Publication
from warnstream.adapters.mqtt.source import MqttSource
from warnstream.config.settings import BrokerSettings, TlsSettings

pytestmark = pytest.mark.server

SETTINGS = """\
user {user}
listener {port} 127.0.0.1
cafile {directory}/ca.pem
certfile {directory}/server.pem
keyfile {directory}/server.key
require_certificate true
allow_anonymous false
password_file {directory}/passwords
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates of the county's authority, of a stranger's, and a password file."""
    folder = tmp_path_factory.mktemp("tls")
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    for name, issuer in (("server", authority), ("node", authority), ("stranger", stranger)):
        issued = issuer.issue_cert("127.0.0.1" if name == "server" else f"{name}.example")
        issued.private_key_pem.write_to_path(folder / f"{name}.key")
        issued.cert_chain_pems[0].write_to_path(folder / f"{name}.pem")
    (folder / "right").write_text("correct horse\n", encoding="utf-8")
    (folder / "wrong").write_text("battery staple\n", encoding="utf-8")
    return folder


@pytest.fixture
def broker(mosquitto: Mosquitto, folder: Path) -> Iterator[int]:
    """A mosquitto that asks for a certificate and a password; returns its port."""
    assert find_mosquitto() is not None
    (folder / "passwords").unlink(missing_ok=True)
    subprocess.run(
        ["mosquitto_passwd", "-b", "-c", str(folder / "passwords"), "warnstream", "correct horse"], check=True
    )
    port = free_port()
    secured = Mosquitto(mosquitto.program, port, folder, SETTINGS)
    secured.start()
    yield port
    secured.stop()


def settings(port: int, folder: Path, certificate: str = "node", password: str = "right") -> BrokerSettings:
    tls = TlsSettings(folder / "ca.pem", folder / f"{certificate}.pem", folder / f"{certificate}.key")
    password_file = folder / password
    return BrokerSettings(
        False, "127.0.0.1", port, "3.1.1", "node", "warnstream", password_file, tls, 0.02, 500
    )


def test_a_node_with_its_certificate_and_password_sends_and_receives(broker: int, folder: Path) -> None:
    inbox = Inbox()
    source = MqttSource(
        settings(broker, folder), ["ws/+/+/+/obs"], NodePorts(inbox, Metrics(), RecordedAlarms())
    )
    source.start()
    publisher = PahoPublisher(settings(broker, folder))
    publisher.start()
    assert source.wait_connected(10)
    assert publisher.wait_until_connected(10)
    assert publisher([Publication("ws/c/rain/R1/obs", b"1", retain=False)]) == [""]
    (arrived,) = inbox.take(messages_max=10, wait_s=60, gather_s=0.01)
    publisher.stop()
    source.stop()
    assert arrived.payloads == [b"1"]


@pytest.mark.parametrize(("certificate", "password"), [("node", "wrong"), ("stranger", "right")])
def test_a_wrong_password_or_certificate_is_refused_and_said(
    broker: int, folder: Path, caplog: pytest.LogCaptureFixture, certificate: str, password: str
) -> None:
    source = MqttSource(
        settings(broker, folder, certificate, password),
        ["ws/+/+/+/obs"],
        NodePorts(Inbox(), Metrics(), RecordedAlarms()),
    )
    with caplog.at_level(logging.INFO, logger="warnstream"):
        source.start()
        assert not source.wait_connected(2.5)
        source.stop()
    assert any(record.levelno >= logging.WARNING for record in caplog.records)
