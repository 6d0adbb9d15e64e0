"""Two real processes with one log, in other folders, time zones and locales: one dies, the other goes on."""

import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests import forks
from tests.e2e.two_boxes import PLACES, BoxProcess, Gateway, Pair, pair_of_boxes
from tests.integration.test_mqtt_listener_tls import authority, signed
from tests.local_http import LOCAL
from tests.simulation.changed_county import Phones
from tests.simulation.storage_faults import SmallDisk
from warnstream.adapters.journal.snapshots import SnapshotFiles
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.adapters.standby.leadership import read_leadership
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.runners.intake import entries
from warnstream.runners.intake.standby_entries import LEADER, decode_leader

pytestmark = pytest.mark.server


def kept(box: Pair, name: str) -> set[tuple[str, bytes]]:
    """Messages in the log of a box."""
    found = getattr(box, name).entries()
    messages = [payload for _, kind, payload in found if kind == entries.MESSAGES]
    return {pair for payload in messages for pair in entries.decode_messages(payload)}


def connack(box: BoxProcess, version: int) -> bytes:
    """What a box answers to a client that wants to connect."""
    variable = b"\x00\x04MQTT" + bytes((version, 2, 0, 60)) + (b"\x00" if version == 5 else b"")
    body, said = variable + b"\x00\x01g", b""
    with socket.create_connection((box.host, box.mqtt_port), 2) as sock:
        sock.sendall(bytes((0x10, len(body))) + body)
        while more := sock.recv(200):
            said += more
    return said


def own_certificate(directory: Path, name: str) -> None:
    for suffix in ("pem", "key"):
        shutil.copy(directory / f"{name}.{suffix}", directory / f"own.{suffix}")


def doors_told(gateway: Phones) -> set[str]:
    return {warning.recipient for warning in gateway.warnings() if warning.recipient[0] == "H"}


def said_by(box: BoxProcess, command: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command on the machine of a box."""
    return forks.run([command, str(box.directory), *arguments], 60, PLACES[box.name][1])


def test_the_second_goes_on_where_the_first_was_killed(pair: Pair, gateway: Phones) -> None:
    pair.start()
    source = Gateway(pair)
    for times in (0.0, 1.0, 11.0):
        assert source.publish(pair.county.next_messages(times), pair.north) == 6
    pair.wait_for(lambda: doors_told(gateway))
    told_before = [(shown.message, shown.recipient) for shown in gateway.warnings()]
    pair.north.kill()
    done = pair.south.take_over()
    assert done.returncode == 0, pair.log()
    assert "south leads: term 2" in done.stdout
    pair.wait_for(lambda: len(doors_told(gateway)) == 6)
    assert set(source.acknowledged) <= kept(pair, "south")
    assert pair.south.says("unprotected: north")
    assert source.publish(pair.county.next_messages(1.0), pair.south) == 6
    assert len(gateway.shown) == len({warning.key for warning in gateway.shown})
    for message, recipient in told_before:
        token = gateway.tokens[message, recipient]
        answer = {"message": message, "recipient": recipient, "token": token, "answer": "need_help"}
        url = f"http://{pair.south.host}:{pair.south.http_port}/api/v1/answers"
        assert LOCAL.post(url, json=answer).status_code == 202, "a link that the dead box sent opens here"
    begun = [decode_leader(payload) for _, kind, payload in pair.south.entries() if kind == LEADER]
    assert [(beginning.term, beginning.box, beginning.how) for beginning in begun] == [
        (1, "north", ""),
        (2, "south", "taken over"),
    ]


def test_the_second_has_come_to_the_very_same_state(pair: Pair, gateway: Phones) -> None:
    """Rise, fall, end and rise again: engine, desk and ledger byte for byte, and what became of every row."""
    pair.start()
    source = Gateway(pair)
    for times in (0.0, 1.0, 3.0, 11.0, 1.0, *(0.0,) * 30, 11.0, 0.0):
        source.publish(pair.county.next_messages(times), pair.north)
    pair.wait_for(lambda: len(doors_told(gateway)) == 6)
    pair.north.stop()
    pair.wait_for(lambda: pair.south.metric("warnstream_standby_unjudged_entries") == 0)
    pair.south.stop()
    assert pair.has_same_logs
    for folder in ("journal", "ledger"):
        north, south = (SnapshotFiles(box.data / folder).latest() for box in (pair.north, pair.south))
        assert north is not None
        assert north == south, folder
    with closing(Outbox(pair.north.data)) as north_rows, closing(Outbox(pair.south.data)) as south_rows:
        assert north_rows.counts() == south_rows.counts()
        assert list(north_rows.records()) == list(south_rows.records())


def test_an_old_leader_does_nothing_until_somebody_says_that_it_stands_by(
    pair: Pair, gateway: Phones
) -> None:
    pair.start()
    source = Gateway(pair)
    source.publish(pair.county.next_messages(0.0), pair.north)
    pair.south.stop()
    pair.wait_for(lambda: pair.north.says("unprotected: south"))
    alone = pair.county.next_messages(1.0)
    assert source.publish(alone, pair.north) == 6
    pair.north.kill()
    pair.south.spawn()
    pair.wait_for(lambda: pair.south.says("not connected"))
    assert pair.south.take_over().returncode == 0, pair.log()
    pair.north.spawn()
    pair.wait_for(lambda: pair.north.says("south leads (term 2)", "--as-standby"))
    for words, reads in (("end V3 storm --author li --reason over", False), ("status", False), ("who", True)):
        said = said_by(pair.north, *words.split())
        assert said.returncode == (0 if reads else 1), said
        assert "south may lead by now" in said.stdout + said.stderr
    for command in ("status", "who"):
        assert "south may lead" not in said_by(pair.south, command).stdout
    assert connack(pair.north, 4)[3] == 3
    n_shown = len(gateway.shown)
    pair.north.stop()
    pair.north.spawn("--as-standby")
    pair.wait_for(lambda: pair.north.says("standby of south", "entries behind"))
    for command in ("status", "who"):
        said = said_by(pair.north, command)
        assert "this box (north) stands by: south leads" in said.stdout + said.stderr
    pair.wait_for(lambda: pair.north.says("entries of this box that the other one never had"))
    tail = next((pair.north.data / "aside").rglob("tail.jsonl")).read_text(encoding="utf-8").splitlines()
    assert any(json.loads(line)["kind"] == entries.MESSAGES for line in tail)
    pair.wait_for(lambda: not pair.south.says("unprotected"))
    pair.wait_for(lambda: pair.has_same_logs)
    assert len(gateway.shown) >= n_shown


def test_the_boxes_change_places_and_back(pair: Pair, gateway: Phones) -> None:
    pair.start()
    source = Gateway(pair)
    source.publish(pair.county.next_messages(0.0), pair.north)
    source.publish(pair.county.next_messages(11.0), pair.north)
    pair.wait_for(lambda: len(doors_told(gateway)) == 6)
    assert pair.south.take_over().returncode == 0, pair.log()
    pair.wait_for(lambda: pair.north.says("standby of south", "entries behind"))
    pair.wait_for(lambda: not pair.south.says("unprotected"))
    n_before = len(gateway.shown)
    assert pair.north.take_over().returncode == 0, pair.log()
    pair.wait_for(lambda: pair.south.says("standby of north", "entries behind"))
    source.publish(pair.county.next_messages(1.0), pair.north)
    pair.wait_for(lambda: pair.has_same_logs)
    told_again = [warning for warning in gateway.shown[n_before:] if warning.recipient[0] == "H"]
    assert told_again == []
    assert gateway.repeats == 0
    known = read_leadership(pair.south.data)
    assert known is not None
    assert (known.term, known.leader, known.role) == (3, "north", "standby")


def test_a_second_that_was_away_catches_up(pair: Pair) -> None:
    pair.start()
    source = Gateway(pair)
    source.publish(pair.county.next_messages(0.0), pair.north)
    pair.south.kill()
    begun = time.monotonic()
    assert source.publish(pair.county.next_messages(1.0), pair.north) == 6
    assert time.monotonic() - begun < 20
    pair.wait_for(lambda: pair.north.says("unprotected: south", "not connected"))
    assert pair.north.get("/readyz")["ready"]
    assert pair.north.metric("warnstream_standby_protected") == 0
    pair.south.spawn()
    pair.wait_for(lambda: pair.is_protected)
    assert not pair.north.says("unprotected")
    pair.wait_for(lambda: pair.has_same_logs)
    kinds = [kind for _, kind, _ in pair.south.entries()]
    assert kinds.count(entries.ALARM) >= 2


def test_a_second_whose_entries_are_gone_is_sent_a_whole_state(pair: Pair, gateway: Phones) -> None:
    pair.start()
    source = Gateway(pair)
    source.publish(pair.county.next_messages(0.0), pair.north)
    source.publish(pair.county.next_messages(11.0), pair.north)
    pair.wait_for(lambda: len(doors_told(gateway)) == 6)
    pair.south.stop()
    pair.north.stop()
    for path in (pair.south.data / "journal").iterdir():
        path.unlink()
    (pair.south.data / "standby.json").unlink()
    pair.north.spawn()
    pair.south.spawn()
    pair.wait_for(lambda: pair.is_protected)
    assert list((pair.south.data / "journal").glob("snapshot-*.wss"))
    assert source.publish(pair.county.next_messages(1.0), pair.north) == 6
    pair.north.kill()
    n_before = len(gateway.shown)
    assert pair.south.take_over().returncode == 0, pair.log()
    assert source.publish(pair.county.next_messages(1.0), pair.south) == 6
    told_again = [warning for warning in gateway.shown[n_before:] if warning.recipient[0] == "H"]
    assert told_again == []
    assert gateway.repeats == 0


@contextmanager
def on_small_disk(tmp_path: Path, gateway: Phones, name: str) -> Iterator[tuple[Pair, SmallDisk]]:
    """Two boxes that work, one of them on a disk that can be filled, with small segments of the journal."""
    with pair_of_boxes(tmp_path, gateway) as pair:
        pair.county.replace("warnstream.yaml", "storage: {", "storage: {journal_segment_bytes: 65536, ")
        pair.copy()
        disk = SmallDisk({"north": pair.north, "south": pair.south}[name].data, 64_000_000)
        if reason := disk.mount():
            pytest.skip(f"a tmpfs cannot be mounted here ({reason})")
        try:
            pair.start()
            yield pair, disk
        finally:
            pair.end()
            disk.unmount()


def test_a_second_whose_disk_is_full_is_told_of_and_comes_back(tmp_path: Path, gateway: Phones) -> None:
    with on_small_disk(tmp_path, gateway, "south") as (pair, disk):
        source = Gateway(pair)
        disk.fill()
        large = RawMessage("ws/c/rain/S1/obs", bytes(200_000))  # needs a file of its own
        assert source.publish([large], pair.north) == 1
        pair.wait_for(lambda: pair.north.says("unprotected: south", "cannot keep entries", "disk is full"))
        pair.wait_for(lambda: pair.south.says("entries cannot be kept", "disk is full"))
        assert source.publish(pair.county.next_messages(0.0), pair.north) == 6
        disk.free()
        pair.wait_for(lambda: pair.is_protected)
        pair.wait_for(lambda: pair.has_same_logs)


def test_a_first_whose_disk_is_full_hands_over_and_stands_by_once_there_is_room(
    tmp_path: Path, gateway: Phones
) -> None:
    with on_small_disk(tmp_path, gateway, "north") as (pair, disk):
        source = Gateway(pair)
        assert source.publish(pair.county.next_messages(0.0), pair.north) == 6
        disk.fill()
        large = RawMessage("ws/c/rain/S1/obs", bytes(200_000))  # needs a file of its own
        assert source.publish([large], pair.north, timeout_s=2.0) == 0
        pair.wait_for(lambda: pair.north.says("readings are not acknowledged", "disk is full"))
        assert pair.south.take_over().returncode == 0, pair.log()
        assert source.publish(pair.county.next_messages(1.0), pair.south) == 6
        pair.wait_for(lambda: pair.north.says("south leads", "cannot be noted", "disk is full"))
        assert connack(pair.north, 4)[3] == 3
        disk.free()
        pair.wait_for(lambda: pair.north.says("standby of south", "entries behind"))
        pair.wait_for(lambda: pair.south.metric("warnstream_standby_protected") == 1)
        pair.wait_for(lambda: pair.has_same_logs)
        assert set(source.acknowledged) <= kept(pair, "south")


def test_another_configuration_is_refused_in_words(pair: Pair) -> None:
    text = (pair.south.directory / "thresholds.yaml").read_text(encoding="utf-8")
    (pair.south.directory / "thresholds.yaml").write_text(text.replace("rain_mm: 20", "rain_mm: 21"), "utf-8")
    pair.north.spawn()
    pair.south.spawn()
    pair.wait_for(lambda: pair.south.says("north refuses this box", "its configuration is"))
    pair.wait_for(lambda: pair.north.says("unprotected: south", "its configuration is"))
    failed = pair.south.take_over()
    assert failed.returncode == 1
    assert "has nothing yet" in failed.stderr


def test_the_box_that_stands_by_sends_everybody_to_the_one_that_leads(pair: Pair) -> None:
    pair.start()
    url = f"http://{pair.south.host}:{pair.south.http_port}"
    answer = httpx.get(f"{url}/a/some-token?x=1", trust_env=False)
    assert answer.status_code == 503
    leader = f"http://127.0.0.1:{pair.north.http_port}"
    assert answer.headers["location"] == f"{leader}/a/some-token?x=1"
    assert "standby of north" in answer.json()["problems"][0]
    assert httpx.get(f"{url}/healthz", trust_env=False).status_code == 200
    assert httpx.get(f"{url}/readyz", trust_env=False).status_code == 503
    assert pair.south.metric("warnstream_standby_linked") == 1


@pytest.mark.parametrize(("version", "code"), [(4, 3), (5, 0x9C)])
def test_a_gateway_is_told_at_once_that_the_box_does_not_lead(pair: Pair, version: int, code: int) -> None:
    pair.start()
    said = connack(pair.south, version)
    assert said[0] == 0x20
    assert said[3] == code
    if version == 5:
        assert f"127.0.0.1:{pair.north.mqtt_port}".encode() in said


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not on this machine: no certificates")
def test_over_tls_each_knows_the_other_by_its_certificate(tmp_path: Path, gateway: Phones) -> None:
    with pair_of_boxes(tmp_path, gateway) as pair:
        county = pair.county.directory
        authority(county, "pair")
        authority(county, "stranger")
        for name, ca in (("north", "pair"), ("south", "pair"), ("north2", "pair"), ("other", "stranger")):
            signed(county, name, ca)
        section = "  tls: {ca: pair.pem, certificate: own.pem, key: own.key}\n"
        pair.county.put("warnstream.yaml", pair.county.text("warnstream.yaml") + section)
        pair.copy()
        for box in (pair.north, pair.south):
            own_certificate(box.directory, box.name)
        pair.start()
        source = Gateway(pair)
        assert source.publish(pair.county.next_messages(0.0), pair.north) == 6
        pair.wait_for(lambda: pair.has_same_logs)
        pair.south.stop()
        own_certificate(pair.south.directory, "other")
        pair.south.spawn()
        pair.wait_for(lambda: pair.north.says("unprotected: south"))
        pair.wait_for(lambda: "refused at the doorway" in pair.north.log())
        pair.south.stop()
        own_certificate(pair.south.directory, "north2")
        pair.south.spawn()
        pair.wait_for(lambda: "calls itself 'south' has the certificate of 'north2'" in pair.north.log())
        assert not pair.south.says("entries behind")


def test_strangers_at_the_doorway_change_nothing(pair: Pair) -> None:
    pair.start()
    known = (pair.north.directory / "warnstream.yaml").read_text(encoding="utf-8")
    port = int(known.split("listen_port: ")[1].split(",")[0])
    for said in (b"GET / HTTP/1.1\r\n\r\n", b"WSb1" + b"\xff" * 40, b"WS", b"\x00" * 5_000):
        with socket.create_connection(("127.0.0.1", port), 2) as sock:
            sock.sendall(said)
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_WR)
                sock.settimeout(6)
                assert sock.recv(10) == b""
    source = Gateway(pair)
    assert source.publish(pair.county.next_messages(0.0), pair.north) == 6
    assert pair.is_protected
