"""MQTT clients of other languages against our listener: plain and TLS, QoS 0 to 2, with a will of their own.

They are built by `tests/integration/clients/build.sh`; a client that is not there is skipped, unless
WARNSTREAM_REQUIRE_CLIENTS is set (CI, where the registries have them).
"""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import trustme

from tests.integration.mqtt_listening import listening
from warnstream.adapters.mqtt.publisher import Publication
from warnstream.config.settings import ListenerTlsSettings

BUILT = Path(__file__).resolve().parents[2] / "build" / "clients"
OBS = "ws/county/rain/R0001/obs"
N = 30


def command(client: str) -> list[str]:
    """How it is run; the test is skipped where it was not built."""
    node = shutil.which("node")
    if client == "mqttjs" and node is not None and (BUILT / "mqttjs" / "node_modules").is_dir():
        return [node, str(BUILT / "mqttjs" / "talk.js")]
    if client == "gopaho" and (BUILT / "gopaho").is_file():
        return [str(BUILT / "gopaho")]
    reason = f"{client} is not built: tests/integration/clients/build.sh, which wants npm and go"
    if os.environ.get("WARNSTREAM_REQUIRE_CLIENTS"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> ListenerTlsSettings:
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    own = authority.issue_cert("127.0.0.1", "localhost")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    own.private_key_pem.write_to_path(folder / "key.pem")
    with (folder / "own.pem").open("wb") as file:
        for part in own.cert_chain_pems:
            file.write(part.bytes())
    return ListenerTlsSettings(folder / "own.pem", folder / "key.pem", None, require_client_certificate=False)


@pytest.mark.parametrize(("client", "version"), [("mqttjs", 4), ("mqttjs", 5), ("gopaho", 4)])
@pytest.mark.parametrize("qos", [0, 1, 2])
@pytest.mark.parametrize("is_tls", [False, True], ids=["plain", "TLS"])
def test_every_reading_comes_once_and_a_warning_goes_back(
    client: str, version: int, qos: int, is_tls: bool, certificates: ListenerTlsSettings
) -> None:
    program = command(client)
    with listening(tls=certificates if is_tls else None) as opened:
        opened.serve()
        opened.listener.publish([Publication("ws/warn/V1/flood", b"kept", retain=True)])
        ca = str(certificates.certificate.with_name("ca.pem")) if is_tls else "-"
        where = ["127.0.0.1", str(opened.port), ca, str(version), str(qos), str(N), OBS, "ws/warn/#"]
        done = subprocess.run([*program, *where], capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr.decode()
        assert done.stdout == b"ws/warn/V1/flood kept"
        deadline = time.monotonic() + 20
        while len(opened.received) < N and time.monotonic() < deadline:  # nobody waits for QoS 0
            time.sleep(0.02)
        assert opened.received == [(OBS, b"%d" % n) for n in range(N)]
