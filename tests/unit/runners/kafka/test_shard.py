"""One county as a worker judges it: the same entries give the same events, wherever it begins."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.conftest import REPOSITORY
from tests.unit.config.conftest import FILES
from warnstream.config.load import load_configuration
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.times import iso_utc
from warnstream.runners.build import Derived, derive
from warnstream.runners.history.start import entry_of
from warnstream.runners.intake import entries
from warnstream.runners.intake.history_entries import CONFIGURATION, decode_issued, encode
from warnstream.runners.kafka.shard import Event, OtherConfigurationError, Shard

T0 = 1_781_740_800
FALLS_MM = (10, 30, 40, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

HAZARDS = "".join(
    f"""\
  {name}:
    evaluator: critical_rainfall
    title: {{zh: 山洪, en: {name}}}
    source: test
    levels: [{{level: yellow, duration: 1h, rain_mm: 20}}, {{level: red, duration: 1h, rain_mm: 60}}]
"""
    for name in ("cloudburst", "downpour", "deluge", "torrent")
)


@pytest.fixture(scope="module")
def derived(tmp_path_factory: pytest.TempPathFactory) -> Derived:
    folder = tmp_path_factory.mktemp("county")
    for name, text in FILES.items():
        more = HAZARDS if name == "thresholds.yaml" else ""
        (folder / name).write_text(text + more, encoding="utf-8")
    return derive(load_configuration(folder))


@pytest.fixture(scope="module")
def whole(derived: Derived) -> Sequence[Event]:
    """What the whole log tells."""
    return tuple(told(Shard(derived), storm(derived)))


def storm(derived: Derived) -> list[tuple[str, bytes]]:
    """A configuration, then every five minutes a reading and a tick."""
    found = [(CONFIGURATION, encode(entry_of(derived.configuration, "1", T0)))]
    for number, rain_mm in enumerate(FALLS_MM, start=1):
        at_s = T0 + 300 * number
        content = {"station": "S1", "time": iso_utc(at_s), "rain": rain_mm}
        message = RawMessage("ws/County/rain/S1/obs", json.dumps(content).encode())
        found.append((entries.MESSAGES, entries.encode_messages([message])))
        found.append((entries.TICK, entries.encode_tick(at_s)))
    return found


def told(shard: Shard, taken: Sequence[tuple[str, bytes]]) -> list[Event]:
    found = []
    for kind, payload in taken:
        one = shard.take(kind, payload)
        assert one.error == ""
        found += one.events
    return found


def test_events_name_their_entry_and_are_told_once_each(whole: Sequence[Event]) -> None:
    keys = [event.key for event in whole]
    assert len(set(keys)) == len(keys)
    assert {event.kind for event in whole} == {"change", "message", "issued"}
    first = next(event for event in whole if event.kind == "change")
    assert (first.of, json.loads(first.value)["village"]) == (5, "002")
    issued = [event for event in whole if event.kind == "issued"]
    assert all(decode_issued(event.value).of == event.of for event in issued)


def test_wherever_a_snapshot_was_taken_what_follows_is_told_byte_for_byte(
    derived: Derived, whole: Sequence[Event]
) -> None:
    log, first, taken = storm(derived), Shard(derived), 0
    for cut in (1, 5, 6, 9, 12, 25):
        told(first, log[taken:cut])
        taken = cut
        second = Shard(derived)
        assert second.restore(cut, first.copied().packed(), is_own=True) == []
        assert second.next == cut + 1
        assert told(second, log[cut:]) == [event for event in whole if event.of > cut]
    assert told(first, log[taken:]) == [event for event in whole if event.of > taken]


def test_a_snapshot_of_other_software_is_carried(derived: Derived, whole: Sequence[Event]) -> None:
    log = storm(derived)
    first, second = Shard(derived), Shard(derived)
    told(first, log[:20])
    second.restore(20, first.copied().packed(), is_own=False)
    assert told(second, log[20:]) == [event for event in whole if event.of > 20]


def test_a_time_that_is_over_and_a_configuration_that_judges_already_are_passed_over(
    derived: Derived,
) -> None:
    shard, log = Shard(derived), storm(derived)
    told(shard, log)
    before = shard.copied().packed()
    assert shard.take(entries.TICK, entries.encode_tick(T0)).n_steps == 0
    assert shard.take(*log[0]).events == []
    assert shard.copied().packed() == before
    assert shard.next == len(log) + 3


def test_another_configuration_is_not_judged_by_this_one(derived: Derived) -> None:
    shard = Shard(derived)
    told(shard, storm(derived))
    number = shard.next
    other = entry_of(replace(derived.configuration, fingerprint="f" * 64), "1", T0)
    with pytest.raises(OtherConfigurationError, match=f"from entry {number} on configuration ffffffffffff"):
        shard.take(CONFIGURATION, encode(other))
    assert shard.next == number


def test_a_changed_configuration_goes_on_from_the_state_right_before_its_entry(
    derived: Derived, tmp_path: Path
) -> None:
    """The old worker stops before the entry; the new one carries its state and judges by other thresholds."""
    for name, text in FILES.items():
        more = HAZARDS.replace("60", "90") if name == "thresholds.yaml" else ""
        (tmp_path / name).write_text(text + more, encoding="utf-8")
    changed, log = derive(load_configuration(tmp_path)), storm(derived)
    entry = CONFIGURATION, encode(entry_of(changed.configuration, "1", T0 + 900))
    old, new = Shard(derived), Shard(changed)
    told(old, log[:6])
    with pytest.raises(OtherConfigurationError):
        old.take(*entry)
    new.restore(old.next - 1, old.copied().packed(), is_own=False)
    assert new.next == 7
    told(new, [entry])
    messages = [json.loads(event.value) for event in told(new, log[6:]) if event.kind == "message"]
    red = {message["hazard"] for message in messages if message["level"] == 4}
    assert "flash_flood" in red
    first = [json.loads(event.value) for event in told(Shard(derived), log[:6]) if event.kind == "message"]
    known = {message["warning"] for message in first}
    assert known & {message["warning"] for message in messages}


@pytest.mark.parametrize(
    ("kind", "payload"),
    [("magic", b""), (entries.TICK, b"\xc1"), (CONFIGURATION, b"x"), (entries.MESSAGES, b"\xc1")],
)
def test_what_cannot_be_judged_is_said_and_the_next_entry_counts(
    derived: Derived, whole: Sequence[Event], kind: str, payload: bytes
) -> None:
    shard, log = Shard(derived), storm(derived)
    found = told(shard, log[:3])
    poison = shard.take(kind, payload)
    assert poison.error
    assert poison.events == []
    found += told(shard, log[3:])
    assert [event.key.replace("/", "") for event in found if event.kind == "message"] == [
        event.key.replace("/", "") for event in whole if event.kind == "message"
    ]


def test_a_folder_is_no_partition(tmp_path: Path) -> None:
    from warnstream.model.errors import WarnstreamError
    from warnstream.runners.kafka.workforce import one_kafka

    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(WarnstreamError, match="has no section kafka"):
        one_kafka([load_configuration(tmp_path)])


IN_ANOTHER_PROCESS = """
import hashlib, sys
from pathlib import Path
import msgspec
from warnstream.config.load import load_configuration
from warnstream.runners.build import derive
from warnstream.runners.kafka.shard import Shard
shard, sha = Shard(derive(load_configuration(Path(sys.argv[1])))), hashlib.sha256()
for kind, payload in msgspec.msgpack.decode(Path(sys.argv[2]).read_bytes()):
    for event in shard.take(kind, payload).events:
        sha.update(event.value)
print(sha.hexdigest())
"""


def test_another_process_tells_the_same_bytes(
    derived: Derived, whole: Sequence[Event], tmp_path: Path
) -> None:
    """Python's sets of words have another order in every process."""
    log = tmp_path / "log"
    log.write_bytes(msgspec.msgpack.encode(storm(derived)))
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    said = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS, derived.configuration.directory, log],
        env=os.environ | {"PYTHONHASHSEED": seed},
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
        text=True,
        timeout=120,
    ).stdout
    assert said.strip() == hashlib.sha256(b"".join(event.value for event in whole)).hexdigest()
