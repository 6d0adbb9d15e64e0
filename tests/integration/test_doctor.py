"""``warnstream doctor``: each part broken on purpose is named, beside parts that are well."""

import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import Mosquitto, free_port
from tests.unit.rule_tests.county import FILES, write_county
from warnstream.cli import main
from warnstream.commands.doctor.command import examine
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.runners.doctor.broker import Heard, ask
from warnstream.runners.doctor.certificates import certificates
from warnstream.runners.doctor.clock import clock
from warnstream.runners.doctor.disk import disk
from warnstream.runners.doctor.finding import Finding, Health
from warnstream.runners.doctor.ports import ports

LISTENER_TLS = """
listener: {port: PORT, host: 127.0.0.1, tls: {certificate: own.pem, key: own.key}, users_file: users}
"""


def county(folder: Path, node: str = "broker: {embedded: true}", more: str = "") -> Configuration:
    """The county's folder with a broker of its own and a free port for HTTP."""
    write_county(folder)
    text = FILES["warnstream.yaml"].replace("broker: {host: broker.county.example}", node)
    (folder / "warnstream.yaml").write_text(f"{text}http: {{port: {free_port()}}}\n{more}", encoding="utf-8")
    return load_configuration(folder)


def faults(found: list[Finding]) -> list[str]:
    return [finding.words for finding in found if finding.health is Health.FAULT]


def certificate(folder: Path, days: int) -> None:
    """own.pem and own.key, good for some days."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not on this machine: no certificates")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    command = [openssl, "req", "-x509", *key, "-keyout", "own.key", "-out", "own.pem", "-days", str(days)]
    subprocess.run([*command, "-subj", "/CN=own"], cwd=folder, check=True, capture_output=True)
    (folder / "own.key").chmod(0o600)


def with_certificate(folder: Path, days: int) -> Configuration:
    certificate(folder, days)
    (folder / "users").write_text("", encoding="utf-8")
    (folder / "users").chmod(0o600)
    return county(folder, more=LISTENER_TLS.replace("PORT", str(free_port())))


def test_a_machine_that_lacks_nothing_has_no_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    county(tmp_path)
    assert main(["doctor", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "ok    disk" in out
    assert "0 faults" in out


def test_findings_are_json_lines_and_a_fault_is_the_exit_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configuration = county(tmp_path)
    with socket.socket() as other:
        other.bind((configuration.http.host, configuration.http.port))
        other.listen()
        assert main(["doctor", str(tmp_path), "--json"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["part"] for line in lines if line["health"] == "fault"] == ["ports"]


def test_files_of_tomorrow_say_that_the_clock_is_behind(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    late = tmp_path / "journal" / "000001.log"
    late.write_bytes(b"")
    os.utime(late, (time.time() + 86_400, time.time() + 86_400))
    assert "set the clock before the node starts" in faults(list(clock(tmp_path)))[0]
    os.utime(late, (time.time() - 86_400, time.time() - 86_400))
    assert faults(list(clock(tmp_path))) == []


def test_a_slow_disk_deserves_a_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configuration = county(tmp_path)
    now_s = iter(number * 0.04 for number in range(1_000))
    monkeypatch.setattr("warnstream.runners.doctor.disk.time.perf_counter", lambda: next(now_s))
    found = list(disk(configuration))
    assert (found[0].health, "every gateway waits" in found[0].words) == (Health.LOOK, True)


def test_a_disk_that_refuses_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configuration = county(tmp_path)

    def refuses(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("warnstream.runners.doctor.disk.sync_data", refuses)
    assert faults(list(disk(configuration))) == [f"{tmp_path}: cannot be written: No space left on device"]


def test_room_is_what_the_stations_send_while_the_journal_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = county(tmp_path)
    full = shutil.disk_usage(tmp_path)._replace(free=10**8)
    monkeypatch.setattr("warnstream.runners.doctor.disk.shutil.disk_usage", lambda _path: full)
    (found,) = [finding for finding in disk(configuration) if "are needed" in finding.words]
    assert (found.health, "journal_keep" in found.words) == (Health.LOOK, True)


@pytest.mark.parametrize(("days", "health"), [(400, Health.OK), (10, Health.LOOK)])
def test_a_certificate_says_how_long_it_is_good(tmp_path: Path, days: int, health: Health) -> None:
    (found,) = certificates(with_certificate(tmp_path, days))
    assert found.health is health
    assert f"good for {days} days" in found.words


def test_a_key_of_another_certificate_and_a_key_for_everybody_are_faults(tmp_path: Path) -> None:
    configuration = with_certificate(tmp_path, 400)
    other = tmp_path / "other"
    other.mkdir()
    certificate(other, 400)
    (tmp_path / "own.key").write_bytes((other / "own.key").read_bytes())
    (tmp_path / "own.key").chmod(0o644)
    told = faults(list(certificates(configuration)))
    assert len(told) == 2
    assert "listener:" in told[0]
    assert "chmod" in told[1]


def test_a_certificate_of_the_past_is_a_fault(tmp_path: Path) -> None:
    configuration = with_certificate(tmp_path, 400)
    openssl = shutil.which("openssl")
    assert openssl is not None
    command = [openssl, "x509", "-in", "own.pem", "-signkey", "own.key", "-days", "-1", "-out", "own.pem"]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)
    if done.returncode:
        pytest.skip("this openssl makes no certificate of the past")
    assert "expired" in faults(list(certificates(configuration)))[0]


def test_a_port_that_somebody_else_has_is_a_fault(tmp_path: Path) -> None:
    configuration = county(tmp_path)
    with socket.socket() as other:
        other.bind((configuration.http.host, configuration.http.port))
        other.listen()
        told = faults(list(ports(configuration)))
    assert told == [f"http {configuration.http.host}:{configuration.http.port}: Address already in use"]


def test_a_part_that_cannot_be_looked_at_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = county(tmp_path)
    monkeypatch.setattr("warnstream.runners.doctor.disk._room", lambda *_: 1 / 0)
    found = list(examine(configuration))
    assert [words for words in faults(found) if "ZeroDivisionError" in words]
    assert {"clock", "ports"} <= {finding.part for finding in found}


def test_a_broker_that_nobody_runs_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warnstream.runners.doctor.broker.WAIT_S", 1.0)
    configuration = county(tmp_path, node=f"broker: {{host: 127.0.0.1, port: {free_port()}}}")
    assert "no connection within 1 s" in faults([*examine(configuration)])[-1]


@pytest.mark.server
def test_a_broker_that_lets_the_node_hear_its_topics_is_well(tmp_path: Path, mosquitto: Mosquitto) -> None:
    configuration = county(tmp_path, node=f"broker: {{host: 127.0.0.1, port: {mosquitto.port}}}")
    found = [finding for finding in examine(configuration) if finding.part == "broker"]
    assert [finding.health for finding in found] == [Health.OK, Health.OK]
    assert "at QoS 1" in found[1].words


@pytest.mark.server
def test_a_broker_that_refuses_the_node_is_a_fault_in_its_words(tmp_path: Path, mosquitto: Mosquitto) -> None:
    configuration = county(tmp_path, node=f"broker: {{host: 127.0.0.1, port: {mosquitto.port}}}")
    mosquitto.stop()
    mosquitto.settings = mosquitto.settings.replace("allow_anonymous true", "allow_anonymous false")
    mosquitto.start()
    (found,) = [finding for finding in examine(configuration) if finding.part == "broker"]
    assert "it refuses: Not authorized" in found.words


@pytest.mark.parametrize(
    ("codes", "says"),
    [
        ([1, 1], "2 topics at QoS 1"),
        ([1, 135], "refuses ws/b: its access list"),
        ([0, 1], "QoS 0 at most for ws/a: readings would be lost"),
    ],
)
def test_what_the_broker_grants_is_told_topic_by_topic(codes: list[int], says: str) -> None:
    heard = Heard()
    heard.answered.set()

    class Broker:
        def subscribe(self, topics: list[tuple[str, int]]) -> None:
            assert topics == [("ws/a", 1), ("ws/b", 1)]
            heard.codes = codes
            heard.granted.set()

    *_, last = ask(Broker(), heard, "broker:1883", ["ws/a", "ws/b"])
    assert says in last.words
