"""Starts that are not ordinary: a drill ends, rows were removed, stores are gone or damaged."""

import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.simulation.changed_county import CHANNELS, WAIT_S, County, phones
from tests.simulation.test_changed_configuration import remove_hazard, remove_village
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.outbox.history import message_of
from warnstream.adapters.sqlite import DamagedError
from warnstream.assessment import Assessment
from warnstream.cli import main
from warnstream.commands.end import end_warning
from warnstream.config.load import load_configuration
from warnstream.delivery.dispatch.notification import OPEN_STATES
from warnstream.model.effects import Effects
from warnstream.model.errors import WarnstreamError
from warnstream.runners.intake import entries
from warnstream.runners.intake.intake import Intake
from warnstream.runners.live.recording.parts import warnings_of

pytestmark = pytest.mark.slow


@pytest.fixture
def county(tmp_path: Path) -> Iterator[County]:
    with phones() as gateway:
        found = County(tmp_path / "county", gateway)
        found.write()
        yield found
        if found.node is not None:
            found.stop()


def change_status(county: County, old: str, new: str) -> None:
    county.replace("warnstream.yaml", f"status: {old}", f"status: {new}")


def statuses(county: County) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for shown in county.gateway.warnings():
        found.setdefault(shown.warning, set()).add(shown.status)
    return found


@pytest.mark.parametrize("is_killed", [False, True])
def test_the_warnings_of_a_drill_end_as_a_drill_and_never_become_real(
    county: County, is_killed: bool
) -> None:
    change_status(county, "Actual", "Exercise")
    county.start()
    county.rain(12)
    assert len(county.open_warnings()) == 5
    county.kill() if is_killed else county.stop()
    change_status(county, "Exercise", "Actual")
    county.start()
    county.rain(2, times=0.0)
    assert county.find_faults() == []
    assert county.open_warnings() == []
    assert set(map(frozenset, statuses(county).values())) == {frozenset({"Exercise"})}
    last = county.gateway.last().values()
    assert all("演练" in shown.text and shown.level == "none" for shown in last)
    county.rain(12)
    assert county.find_faults() == []
    assert len(county.open_warnings()) == 5, "the drill has suppressed nothing"
    assert frozenset({"Actual"}) in map(frozenset, statuses(county).values())


def test_a_real_warning_stays_real_through_an_exercise_and_is_not_moved_by_it(county: County) -> None:
    county.start()
    county.rain(12)
    real = {warning.warning for warning in county.open_warnings()}
    county.stop()
    change_status(county, "Actual", "Exercise")
    county.start()
    assert county.node is not None
    assert any("real warnings stand" in reason for reason in county.node.status.ready().reasons)
    county.rain(4, times=3.0)
    county.rain(30, times=0.0)
    assert county.find_faults() == []
    assert real <= {warning.warning for warning in county.open_warnings()}, "dry hours of a drill end none"
    county.stop()
    change_status(county, "Exercise", "Actual")
    county.start()
    county.rain(30, times=0.0)
    assert county.find_faults() == []
    assert county.open_warnings() == []
    assert all(len(seen) == 1 for seen in statuses(county).values())


@pytest.mark.parametrize("remove", [remove_village, remove_hazard])
@pytest.mark.parametrize("is_running", [False, True])
def test_a_row_removed_under_a_warning_is_refused_by_check_and_its_warning_ends_by_hand(
    county: County, remove: object, is_running: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    county.start()
    county.rain(12)
    county.stop()
    remove(county)  # type: ignore[operator]
    assert main(["check", str(county.directory)]) == 2
    said = capsys.readouterr().err
    assert "warnstream end" in said
    assert "--reason TEXT --author NAME" in said
    if is_running:
        county.start()
        assert county.node is not None
        assert any("the configuration has no more" in reason for reason in county.node.status.ready().reasons)
        county.rain(1)
        county.settle()
        assert county.node.status.ready().ready
    configuration = load_configuration(county.directory)
    pairs = [("V1", "storm"), ("V1", "flash_flood") if remove is remove_village else ("V2", "storm")]
    for village, hazard in pairs:
        say(county, configuration, village, hazard, is_running)
    assert main(["check", str(county.directory)]) == 0
    if not is_running:
        county.start()
    county.rain(3)
    assert county.find_faults() == []
    if remove is remove_hazard:
        assert county.node is not None
        digests = [json.loads(record) for record in county.node.outbox.digests()]
        changes = [
            change["cause"]
            for digest in digests
            if digest["post"] == "G1"
            for village in digest["villages"]
            for change in village["changed"]
        ]
        assert "cancelled" in changes
    if remove is remove_village:
        doors = county.gateway.of_doors()
        assert {doors[door, "ws.V1"].level for door in ("H1a", "H1b")} == {"none"}, "nor are they"
    assert troubles(county) == []


def troubles(county: County) -> list[str]:
    """What the node says is wrong with it, but that nobody on duty answers: in these storms nobody does."""
    assert county.node is not None
    found = county.node.status.ready()
    assert found.ready
    return [
        reason for reason in found.reasons if not reason.startswith(("nobody on duty", "answers are missing"))
    ]


def say(county: County, configuration: object, village: str, hazard: str, is_running: bool) -> None:
    """End a warning by the command; a running node of a simulated clock carries it out at its next step."""
    results: list[str] = []
    order = ("zhang", "the village has moved away")
    call = threading.Thread(
        target=lambda: results.append(end_warning(configuration, village, hazard, order))  # type: ignore[arg-type]
    )
    call.start()
    while call.is_alive() and is_running:
        county.rain(1)
    call.join(30)
    assert results
    assert "ended by zhang" in results[0] or "no node runs" in results[0]


def test_a_policy_that_concerns_more_people_tells_them_what_stands(county: County) -> None:
    settings = county.text("warnstream.yaml")
    county.put("warnstream.yaml", settings + "routing: {household_level_min: red, chain_level_min: red}\n")
    county.start()
    county.rain(12)
    assert not any(shown.recipient in {"H3a", "G3"} for shown in county.gateway.warnings())
    county.stop()
    county.put("warnstream.yaml", settings)
    county.start()
    county.rain(1)
    assert county.find_faults() == []
    assert {"G2", "G3"} <= {shown.recipient for shown in county.gateway.warnings()}
    assert {("H3a", "ws.V3"), ("H2b", "ws.V2")} <= county.gateway.of_doors().keys()


def test_what_waits_for_a_channel_that_was_removed_has_failed_and_the_new_one_brings_it(
    county: County,
) -> None:
    county.put(
        "channels.yaml", county.text("channels.yaml").replace("sms:", "old:", 1).replace("/sms", "/nowhere:x")
    )
    county.replace("channels.yaml", f"127.0.0.1:{county.gateway.port}", "127.0.0.1:9")
    for name in ("households.csv", "chain.csv"):
        county.replace(name, ",sms,", ",old,")
    county.start()
    county.rain(12)
    county.stop()
    assert county.gateway.warnings() == []
    county.put("channels.yaml", CHANNELS.format(sms=county.gateway.port))
    for name in ("households.csv", "chain.csv"):
        county.replace(name, ",old,", ",sms,")
    county.start()
    county.rain(2)
    assert county.find_faults() == []
    assert county.node is not None
    counts = county.node.outbox.counts()
    assert not any(channel == "old" and state in OPEN_STATES for channel, state in counts)


@pytest.mark.parametrize("part", ["parts_of", "cap_xml"])
def test_a_text_that_cannot_be_written_goes_out_plain_and_ends_no_node(
    county: County, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def fails(*_arguments: object) -> object:
        raise RuntimeError("seeded fault")

    monkeypatch.setattr(f"warnstream.delivery.render.{part}", fails)
    county.start()
    county.rain(12)
    assert county.find_faults() == []
    assert len(county.open_warnings()) == 5
    county.kill()
    county.start()
    county.rain(1)
    assert county.find_faults() == []
    assert {"H1a", "H2a", "H3a"} <= {shown.recipient for shown in county.gateway.warnings()}


def test_a_name_that_people_know_with_another_content_is_seen_and_the_next_version_goes_out(
    county: County, tmp_path: Path
) -> None:
    with phones() as other:
        past = County(tmp_path / "past", other)
        past.write()
        past.start()
        past.rain(12)
        past.stop()
        (county.directory / "data").mkdir(parents=True)
        for file in (past.directory / "data").glob("outbox.sqlite3*"):
            shutil.copy(file, county.directory / "data")
    with closing(sqlite3.connect(county.directory / "data" / "outbox.sqlite3")) as connection:
        connection.execute("UPDATE messages SET level = 1, sent_s = sent_s - 60, expires_s = 1")
        connection.commit()
    county.start()
    county.rain(13)
    assert county.node is not None
    taken = county.node.metrics.registry.get_sample_value("warnstream_names_taken_total")
    assert taken
    assert taken >= 5
    county.rain(1)
    county.settle()
    issued = {message.warning: message for message in map(message_of, county.node.outbox.records())}
    for warning in county.open_warnings():
        assert issued[warning.warning].level is warning.level
    assert list(county.faults_of_doors()) == []
    assert county.node.status.ready().ready


def test_only_a_warning_that_stands_can_be_ended(county: County) -> None:
    county.start()
    county.rain(12)
    county.stop()
    configuration = load_configuration(county.directory)
    with pytest.raises(WarnstreamError, match="standing: V1 flash_flood"):
        end_warning(configuration, "V4", "flash_flood", ("zhang", "x"))
    with pytest.raises(WarnstreamError, match="--author"):
        end_warning(configuration, "V1", "flash_flood", (" ", "x"))


def damage(path: Path) -> None:
    """A file that SQLite cannot read any more, and nothing beside it that could mend it."""
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.write_bytes(b"damaged" * 1000)


def test_a_damaged_outbox_is_put_aside_and_filled_from_the_log(county: County) -> None:
    county.start()
    county.rain(12)
    assert county.find_faults() == []
    county.kill()
    damage(county.directory / "data" / "outbox.sqlite3")
    county.start()
    assert county.node is not None
    assert any(alarm.alarm == "outbox_rebuilt" for alarm in county.node.status.state().alarms)
    assert list((county.directory / "data").glob("outbox.sqlite3.damaged-*"))
    county.settle()
    # What was sent before is sent again under the same keys: a phone shows a key once.
    assert county.gateway.repeats > 0
    county.gateway.repeats = 0
    county.rain(3)
    assert county.find_faults() == []
    county.stop()
    county.start()
    county.rain(1)
    county.settle()
    assert county.node.status.ready().ready


def test_an_outbox_found_damaged_in_mid_storm_is_rebuilt_and_that_very_warning_goes_out(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    county.start()
    county.rain(4)
    assert county.node is not None
    outbox, record = county.node.outbox, county.node.outbox.record
    failed: list[object] = []

    def fails_once(*arguments: object) -> int:
        if not failed:
            failed.append(arguments)
            raise DamagedError("outbox.sqlite3: the file is damaged", retryable=False)
        return record(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(outbox, "record", fails_once)
    county.rain(8)
    assert failed
    assert outbox.put_aside is not None
    rain_until_ready(county)
    county.settle()
    county.gateway.repeats = 0
    assert county.find_faults() == []


def test_a_message_that_cannot_be_recorded_keeps_no_other_from_its_people(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    county.start()
    assert county.node is not None
    outbox, record = county.node.outbox, county.node.outbox.record

    def refuses_v2(effects: Effects, *arguments: object) -> int:
        if any("V2.flash_flood" in warning for warning in warnings_of(effects)):
            raise RuntimeError("seeded fault")
        return record(effects, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(outbox, "record", refuses_v2)
    county.rain(12)
    county.settle()
    kept = {message_of(record).warning for record in outbox.records()}
    told = {" ".join(warning.split(".")[1:3]) for warning in kept}
    assert told == {"V1 flash_flood", "V1 storm", "V2 storm", "V3 flash_flood"}
    assert list(county.faults_of_doors()) == [], "doors hear what stands though machines do not"
    assert "G2" in {shown.recipient for shown in county.gateway.warnings()}, "and so do posts"
    assert any("V2.flash_flood" in reason for reason in county.node.status.ready().reasons)
    monkeypatch.undo()
    county.rain(1, times=4.0)
    county.settle()
    (name,) = [w.warning for w in county.open_warnings() if "V2.flash" in w.warning]
    assert name in {message_of(record).warning for record in outbox.records()}
    assert troubles(county) == []


def test_an_entry_that_cannot_be_judged_is_set_aside_and_not_tried_at_every_start(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    county.start()
    county.rain(6)
    assert county.node is not None
    county.node._requests.ask_and_wait("answer", b"not msgpack")
    wait_for(lambda: any("set aside" in reason for reason in county.node.status.ready().reasons))
    county.rain(6)
    assert troubles(county) == [], "the next step has succeeded"
    county.kill()
    tried: list[bytes] = []
    monkeypatch.setattr(Intake, "_take_answer_entry", lambda _self, payload, _outcome: tried.append(payload))
    county.start()
    assert tried == []
    assert county.find_faults() == []


def test_readings_of_a_step_that_failed_once_are_judged_at_the_next(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    county.start()
    county.rain(11)
    step = Assessment.step
    failed: list[object] = []

    def fails_once(self: Assessment, *arguments: object) -> object:
        if not failed:
            failed.append(arguments)
            raise RuntimeError("seeded fault")
        return step(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Assessment, "step", fails_once)
    county.step(1.0, is_judged=False)
    county.rain(1, times=0.0)
    assert failed
    assert county.node is not None
    rain = county.node.engine.assessment.accumulate(np.array([3600], dtype=np.int32))
    assert rain.rain_mm[0, 0] == pytest.approx(11 * 6.0), "nothing of the failed step is lost"
    assert county.find_faults() == []


def test_a_locked_outbox_holds_up_no_reading_and_is_caught_up_with(county: County) -> None:
    county.start()
    county.rain(3)
    assert county.node is not None
    path = county.directory / "data" / "outbox.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        county.rain(9)
        assert len(county.open_warnings()) == 5, "judging goes on"
        assert any("not handed to the channels" in reason for reason in county.node.status.ready().reasons)
        other.execute("ROLLBACK")
    rain_until_ready(county)
    assert county.find_faults() == []


def test_what_a_locked_outbox_missed_before_a_kill_is_told_after_it(county: County) -> None:
    county.start()
    county.rain(3)
    path = county.directory / "data" / "outbox.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        county.rain(9)
        assert county.node is not None
        doors = county.node.outbox.doors.sending
        deadline = time.monotonic() + WAIT_S
        while doors.open_count("sms"):  # posts and topics wait for the outbox
            assert time.monotonic() < deadline
            time.sleep(0.01)
        county.kill_at_once()
        other.execute("ROLLBACK")
    assert {shown.recipient[0] for shown in county.gateway.warnings()} == {"H"}, "doors need no outbox"
    # The node was killed between an entry and what it asks for: a rise that nobody has issued yet.
    configuration = load_configuration(county.directory)
    with closing(Journal(configuration.storage.directory)) as journal:
        journal.append(entries.MESSAGES, entries.encode_messages(county.next_messages(5.0)))
    county.start()
    county.rain(1)
    assert county.find_faults() == []
    assert {"H1a", "H2a", "H3a", "G1", "G2", "G3"} <= {shown.recipient for shown in county.gateway.warnings()}


def test_a_lost_journal_is_no_lost_warning_the_outbox_knows_what_was_told(county: County) -> None:
    county.start()
    county.rain(12)
    before = {warning.warning: warning.level for warning in county.open_warnings()}
    assert county.find_faults() == []
    county.stop()
    shutil.rmtree(county.directory / "data" / "journal")
    county.replace("warnstream.yaml", "clock: simulated", "clock: simulated, tick: 6s")
    # The outbox judges by the wall clock what still holds; the story is of another year.
    with closing(sqlite3.connect(county.directory / "data" / "outbox.sqlite3")) as connection:
        connection.execute("UPDATE messages SET expires_s = expires_s + 1000000000")
        connection.commit()
    county.start()
    assert {warning.warning: warning.level for warning in county.open_warnings()} == before
    county.rain(2)
    assert county.find_faults() == []


def test_a_start_waits_for_a_backup_that_holds_the_outbox(county: County) -> None:
    county.start()
    county.rain(12)
    county.stop()
    path = county.directory / "data" / "outbox.sqlite3"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(2.0, lambda: other.execute("ROLLBACK"))
    release.start()
    county.start()
    release.join()
    other.close()
    county.rain(1)
    assert county.find_faults() == []


@pytest.mark.parametrize("how", ["damaged", "locked", "folder"])
def test_refusals_that_cannot_be_kept_stop_neither_a_start_nor_a_reading(county: County, how: str) -> None:
    path = county.directory / "data" / "refused.sqlite3"
    path.parent.mkdir(parents=True)
    other = None
    if how == "damaged":
        damage(path)
    elif how == "folder":
        path.mkdir()
    else:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("CREATE TABLE x (y)")
        other.execute("BEGIN EXCLUSIVE")
    county.start()
    county.rain(12)  # S5 is unknown: every interval refuses a message
    assert county.node is not None
    assert len(county.open_warnings()) == 5
    assert county.node.status.ready().ready
    if how == "damaged":
        wait_for(lambda: list(path.parent.glob("refused.sqlite3.damaged-*")))
        county.node._refused.wait_until_written(20)
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT count(*) FROM refused").fetchone()[0] == 12
    else:
        wait_for(lambda: any("not kept" in reason for reason in county.node.status.ready().reasons))
    if other is not None:
        other.close()


def rain_until_ready(county: County) -> None:
    """Interval by interval, until nothing keeps the node from being ready."""
    assert county.node is not None
    for _ in range(200):
        if county.node.status.ready().ready:
            return
        county.rain(1)
        time.sleep(0.05)
    raise AssertionError(county.node.status.ready())


def wait_for(reached: object) -> None:
    """Until something has come true."""
    deadline = time.monotonic() + 60
    while not reached():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)
