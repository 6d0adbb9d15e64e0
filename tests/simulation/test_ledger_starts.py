"""The ledger of doors over restarts of a whole node: kills, changed registers, damaged and lost files."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.simulation.changed_county import County, Shown
from tests.simulation.test_changed_configuration import remove_village
from warnstream.adapters.ledger.kept import FOLDER
from warnstream.config.load import load_configuration
from warnstream.model.digests import HelpAssign, HelpClose
from warnstream.model.effects import Answer
from warnstream.runners.build import topics_of
from warnstream.runners.bundles.registers import Registers
from warnstream.runners.history.doors import doors_of_folder
from warnstream.runners.live.doors import REBUILT, STRANGERS

pytestmark = pytest.mark.slow


def alarms(county: County) -> set[str]:
    assert county.node is not None
    return {alarm.alarm for alarm in county.node.status.state().alarms}


def heard(county: County, door: str) -> list[Shown]:
    return [shown for shown in county.gateway.warnings() if shown.recipient == door]


def snapshots(county: County) -> list[Path]:
    return sorted((county.directory / "data" / FOLDER).glob("snapshot-*.wss"))


def damage_newest(county: County) -> None:
    newest = snapshots(county)[-1]
    newest.write_bytes(newest.read_bytes()[:-40])


def damage_all(county: County) -> None:
    for path in snapshots(county):
        path.write_bytes(b"damaged")


def lose_all(county: County) -> None:
    shutil.rmtree(county.directory / "data" / FOLDER)


@pytest.mark.parametrize("harm", [damage_newest, damage_all, lose_all])
@pytest.mark.parametrize("is_killed", [False, True])
def test_a_damaged_or_lost_ledger_is_rebuilt_from_the_log_loudly_and_tells_nobody_twice(
    county: County, harm: Callable[[County], None], is_killed: bool
) -> None:
    county.rain(12)
    assert county.find_faults() == []
    n_shown = len(county.gateway.warnings())
    county.kill() if is_killed else county.stop()
    harm(county)
    county.start()
    assert REBUILT in alarms(county)
    county.settle()
    assert (county.gateway.repeats, len(county.gateway.warnings())) == (0, n_shown)
    county.rain(6, times=2.0)
    assert county.find_faults() == []
    county.stop()
    county.start()
    county.rain(1)
    assert REBUILT not in alarms(county), "the next start finds it whole"
    county.rain(48, times=0.0)
    assert county.find_faults() == []


def test_a_lost_ledger_whose_log_was_pruned_too_says_that_doors_may_hear_again(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    county.rain(12)
    assert county.find_faults() == []
    assert county.node is not None
    county.stop()
    lose_all(county)
    first_sequence = 40
    journal = "warnstream.adapters.journal.journal.Journal.first_sequence"
    monkeypatch.setattr(journal, lambda _self: first_sequence)
    county.start()
    assert county.node is not None
    told = [alarm.text for alarm in county.node.status.state().alarms if alarm.alarm == REBUILT]
    assert any("doors may hear again what stands" in text for text in told), told
    county.settle()
    assert county.gateway.repeats > 0, "under the keys that they know"
    county.gateway.repeats = 0
    county.rain(2, times=2.0)
    assert county.find_faults() == []


def as_before(county: County) -> None:
    """The data of a stopped node as an earlier version kept it: a row for each bulletin and door."""
    lose_all(county)
    with closing(sqlite3.connect(county.directory / "data" / "outbox.sqlite3")) as connection:
        told = connection.execute(
            "SELECT number, village, level FROM messages"
            " WHERE msg_type IN ('watch', 'ready', 'prepare', 'leave')"
        ).fetchall()
        rows = [
            (number, f"H{village[1]}{door}", f"+86{village[1]}{door}", level)
            for number, village, level in told
            for door in "ab"
        ]
        connection.executemany(
            "INSERT INTO notifications"
            " (message, recipient, channel, kind, address, level, answer_by_s, state)"
            " VALUES (?, ?, 'sms', 2, ?, ?, 0, 2)",
            rows,
        )
        connection.commit()


def no_change(_county: County) -> None:
    """The earlier version's own configuration."""


@pytest.mark.parametrize("change", [no_change, remove_village])
def test_the_data_of_an_earlier_version_is_taken_over_once_and_nobody_is_told_twice(
    county: County, change: Callable[[County], None]
) -> None:
    county.rain(12)
    assert county.find_faults() == []
    n_doors = len([shown for shown in county.gateway.warnings() if shown.recipient[0] == "H"])
    county.stop()
    as_before(county)
    change(county)
    county.start()
    county.settle()
    assert county.gateway.repeats == 0
    assert len([warning for warning in county.gateway.warnings() if warning.recipient[0] == "H"]) == n_doors
    with closing(sqlite3.connect(county.directory / "data" / "outbox.sqlite3")) as connection:
        assert connection.execute("SELECT count(*) FROM notifications WHERE kind = 2").fetchone() == (0,)
    county.stop()
    county.start()
    county.rain(2)
    assert county.find_faults() == []
    if change is no_change:
        county.rain(48, times=0.0)
        assert county.find_faults() == []
        assert {heard(county, door)[-1].level for door in ("H1a", "H2b", "H3a")} == {"none"}


def remove(county: County) -> None:
    county.rows("households.csv", lambda row: row["household"] != "H1a")


def move(county: County) -> None:
    county.rows("households.csv", lambda row: row["household"] != "H1a", ("H1a,V4,sms,+861a",))


def add(county: County) -> None:
    county.rows("households.csv", lambda _row: True, ("H1c,V1,sms,+861c",))


@pytest.mark.parametrize("is_killed", [False, True])
@pytest.mark.parametrize("change", [remove, move, add])
def test_a_door_is_added_removed_or_moved_under_a_warning(
    county: County, change: Callable[[County], None], is_killed: bool
) -> None:
    county.rain(12)
    assert county.find_faults() == []
    n_before = len(heard(county, "H1a"))
    county.kill() if is_killed else county.stop()
    change(county)
    county.start()
    county.rain(2)
    assert county.find_faults() == []
    if change is add:
        assert heard(county, "H1c")[-1].level == "red"
    else:
        assert len(heard(county, "H1a")) == n_before, "it has left the village"
    county.rain(48, times=0.0)
    assert county.find_faults() == []
    last = [shown for shown in heard(county, "H1a") if shown.voice == "ws.V1"][-1]
    assert last.level == "none", "who was told hears the end, wherever it lives now"


def test_a_door_that_left_just_after_it_was_told_hears_the_end_though_no_snapshot_knew_it(
    county: County,
) -> None:
    county.rain(12)
    county.kill()
    remove(county)
    county.start()
    county.kill()
    county.start()
    county.rain(48, times=0.0)
    assert county.find_faults() == []
    assert heard(county, "H1a")[-1].level == "none"


@pytest.mark.parametrize("is_bundle_kept", [True, False])
def test_a_door_that_a_reload_had_added_hears_the_end_though_the_next_start_does_not_know_it(
    county: County, monkeypatch: pytest.MonkeyPatch, *, is_bundle_kept: bool
) -> None:
    county.rain(12)
    county.settle()
    before = county.text("households.csv")
    add(county)
    assert county.node is not None
    monkeypatch.setattr(county.node.reloads, "_keep_state", lambda: None)
    monkeypatch.setattr(county.node.reloads, "_keep_new_state", lambda _say: None)  # killed before it is
    is_live, said = county.reload()
    assert is_live, said
    county.rain(1)
    county.settle()
    assert heard(county, "H1c")[-1].level == "red"
    county.kill()
    county.put("households.csv", before)
    if not is_bundle_kept:
        for bundle in (county.directory / "data" / "configurations").glob("2-*"):
            shutil.rmtree(bundle)
    county.start()
    assert (STRANGERS in alarms(county)) == (not is_bundle_kept)
    county.rain(48, times=0.0)
    county.settle()
    if is_bundle_kept:
        assert county.find_faults() == []
        assert heard(county, "H1c")[-1].level == "none"


def test_after_a_stop_in_good_order_no_bundle_is_read_for_who_has_left(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    county.rain(12)
    county.stop()
    remove(county)

    def nobody_asks(*_arguments: object) -> None:
        raise AssertionError("a bundle is read, which takes a county seconds")

    monkeypatch.setattr(Registers, "__call__", nobody_asks)
    county.start()
    county.rain(48, times=0.0)
    assert county.find_faults() == []
    assert heard(county, "H1a")[-1].level == "none"


def test_a_kill_long_after_an_end_tells_it_to_nobody_who_never_heard_of_anything(county: County) -> None:
    port = county.gateway.port
    county.stop()
    county.replace("channels.yaml", f":{port}/", ":9/")
    county.start()
    county.rain(12)
    county.rain(48, times=0.0)
    assert county.node is not None
    assert county.node.outbox.doors.counts(), "they waited until it was over"
    county.kill_at_once()
    county.replace("channels.yaml", ":9/", f":{port}/")
    county.start()
    county.rain(1, times=0.0)
    county.settle()
    assert not [shown for shown in county.gateway.warnings() if shown.recipient[0] == "H"]


def test_a_kill_while_nobody_can_be_reached_loses_no_word_and_turns_no_order_round(county: County) -> None:
    port = county.gateway.port
    county.rain(6)
    county.settle()
    county.stop()
    county.replace("channels.yaml", f":{port}/", ":9/")
    county.start()
    county.rain(6, times=3.0)
    assert county.node is not None
    waiting = county.node.outbox.open_count("sms")
    assert waiting > 0
    county.kill_at_once()
    county.replace("channels.yaml", ":9/", f":{port}/")
    county.start()
    county.rain(1, times=3.0)
    assert county.find_faults() == []
    for door in ("H1a", "H2a", "H3a"):
        told = [shown for shown in heard(county, door) if shown.voice.endswith(door[1])]
        numbers = [(shown.warning, int(shown.message.rpartition(".")[2])) for shown in told]
        assert numbers == sorted(numbers), "an older bulletin after a newer one"
        assert told


def test_a_ledger_is_read_beside_the_running_node(county: County) -> None:
    county.rain(12)
    county.settle()
    assert county.node is not None
    configuration = load_configuration(county.directory)
    found = doors_of_folder(configuration.storage.directory, configuration.network, topics_of(configuration))
    assert found.counts() == county.node.outbox.doors.counts()
    assert found.reach() == county.node.outbox.doors.reach()


def test_a_door_s_call_for_help_is_open_until_it_is_closed_also_over_a_kill(county: County) -> None:
    county.rain(12)
    county.settle()
    message = heard(county, "H1a")[-1].message

    def helps() -> int:
        assert county.node is not None
        return len(county.node.outbox.doors._book.ledger.helps())

    assert county.node is not None
    county.node.status.submit_answer(message, "H1a", Answer.NEED_HELP)
    county.step()
    assert helps() == 1
    county.kill_at_once()
    county.start()
    assert helps() == 1
    assert county.node is not None
    (call,) = county.node.status.help_calls()
    county.node.status.submit_action(HelpAssign(call.help, "G1", "zhang"))
    county.step()
    county.node.status.submit_action(HelpClose(call.help, "G1", "zhang", "the same person may not"))
    county.step()
    assert helps() == 1
    county.node.status.submit_action(HelpClose(call.help, "G1", "li", "seen at the school"))
    county.step()
    assert helps() == 0
    county.kill_at_once()
    county.start()
    assert helps() == 0
