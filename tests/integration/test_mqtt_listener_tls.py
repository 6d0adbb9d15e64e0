"""TLS of our own listener: certificates of stations, and those that are not."""

import contextlib
import logging
import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from tests.integration.mqtt_listening import Opened, connect_packet, listening
from warnstream.adapters.mqtt import server_packets
from warnstream.config.settings import ListenerTlsSettings
from warnstream.model.errors import WarnstreamError

OBS = "ws/county/rain/R0001/obs"
OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl is not on this machine: no certificates")


def run(*arguments: str, folder: Path) -> None:
    assert OPENSSL is not None
    subprocess.run([OPENSSL, *arguments], cwd=folder, check=True, capture_output=True)


def authority(folder: Path, name: str) -> None:
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run("req", "-x509", *key, "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "2", "-subj",
        f"/CN={name}", folder=folder)  # fmt: skip


def signed(folder: Path, name: str, ca: str) -> None:
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}", folder=folder)
    (folder / "extensions").write_text("subjectAltName=IP:127.0.0.1\n", encoding="utf-8")
    run("x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-CAcreateserial",
        "-out", f"{name}.pem", "-days", "2", "-extfile", "extensions", folder=folder)  # fmt: skip


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    authority(folder, "county")
    authority(folder, "stranger")
    for name, ca in (("listener", "county"), ("R0001", "county"), ("R0002", "stranger")):
        signed(folder, name, ca)
    return folder


def tls(folder: Path, *, required: bool = True) -> ListenerTlsSettings:
    return ListenerTlsSettings(
        folder / "listener.pem", folder / "listener.key", folder / "county.pem", required
    )


def client_socket(opened: Opened, folder: Path, name: str | None) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(folder / "county.pem"))
    if name is not None:
        context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    plain = socket.create_connection(("127.0.0.1", opened.port), 10)
    return context.wrap_socket(plain, server_hostname="127.0.0.1")


@pytest.mark.parametrize(("station", "answer"), [("R0001", b"@\x02\x00\x01"), ("R0002", b"")])
def test_a_station_s_certificate_is_its_user(certificates: Path, station: str, answer: bytes) -> None:
    with listening(tls=tls(certificates)) as opened:
        opened.serve()
        with client_socket(opened, certificates, "R0001") as client:
            client.sendall(connect_packet("any"))
            assert client.recv(4) == b"\x20\x02\x00\x00"
            client.sendall(
                server_packets.encode_publish(f"ws/county/rain/{station}/obs", b"x", 1, is_v5=False)
            )
            assert client.recv(4) == answer


@pytest.mark.parametrize("name", [None, "R0002"], ids=["no certificate", "of another authority"])
def test_a_wrong_certificate_is_refused_with_a_clear_log(
    certificates: Path, name: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), listening(tls=tls(certificates)) as opened:
        client = None
        try:
            # In TLS 1.3 the client learns of it at its first read only.
            client = client_socket(opened, certificates, name)
            client.sendall(connect_packet("a"))
            assert client.recv(4) == b""
        except (ssl.SSLError, ConnectionError):
            pass
        finally:
            if client is not None:
                client.close()
        assert opened.refused("certificate") == 1
    assert any("certificate" in str(record.__dict__.get("detail")).lower() for record in caplog.records)


def test_a_connect_in_one_flight_with_the_client_s_finished_is_answered(certificates: Path) -> None:
    """As MQTT.js, Go and Java do in TLS 1.3: the handshake ends and CONNECT comes in one segment."""
    context = ssl.create_default_context(cafile=str(certificates / "county.pem"))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with listening(tls=tls(certificates, required=False)) as opened:
        opened.serve()
        with socket.create_connection(("127.0.0.1", opened.port), 10) as plain:
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            client = context.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
            is_done = False
            while not is_done:
                try:
                    client.do_handshake()
                    is_done = True
                except ssl.SSLWantReadError:
                    plain.sendall(outgoing.read())
                    incoming.write(plain.recv(65_536))
            client.write(connect_packet("flight"))
            client.write(server_packets.encode_publish(OBS, b"x", 1, is_v5=False))
            plain.sendall(outgoing.read())
            found = b""
            while len(found) < 8:
                part = plain.recv(65_536)
                assert part, f"closed after {found!r}"
                incoming.write(part)
                with contextlib.suppress(ssl.SSLWantReadError):
                    while True:
                        found += client.read(100)
        assert found == b"\x20\x02\x00\x00" + b"@\x02\x00\x01"
        assert opened.received == [(OBS, b"x")]


def test_bytes_that_are_no_tls_are_refused(certificates: Path) -> None:
    with listening(tls=tls(certificates)) as opened:
        with socket.create_connection(("127.0.0.1", opened.port), 10) as client:
            client.sendall(connect_packet("a"))
            client.settimeout(20)
            assert client.recv(1_000)[:1] in (b"", b"\x15")
        assert opened.refused("certificate") == 1


def test_large_streams_pass_through_tls_whole(certificates: Path) -> None:
    with listening(tls=tls(certificates, required=False)) as opened:
        opened.serve()
        with client_socket(opened, certificates, None) as client:
            client.sendall(connect_packet("a"))
            client.recv(4)
            n = 3_000
            topic = "ws/county/rain/R0001/obs"
            client.sendall(
                b"".join(
                    server_packets.encode_publish(topic, bytes(200), i + 1, is_v5=False) for i in range(n)
                )
            )
            answered = 0
            while answered < 4 * n:
                answered += len(client.recv(65_536))
        assert len(opened.received) == n


def test_certificates_that_do_not_fit_are_named_at_the_start(certificates: Path) -> None:
    wrong = ListenerTlsSettings(
        certificates / "listener.pem", certificates / "R0001.key", None, require_client_certificate=False
    )
    with pytest.raises(WarnstreamError, match="certificates cannot be used"), listening(tls=wrong):
        pass
