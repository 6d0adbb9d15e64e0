"""What the outbox remembers of the past, and who hears the end of a warning."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.doors import LoggedOutbox as Outbox
from tests.unit.adapters.county import (
    GRID_MEMBER,
    SENT_S,
    bulletin,
    network,
    rendered,
    sent,
    told,
    warning_message,
)
from warnstream.adapters.outbox import outbox as outbox_module
from warnstream.adapters.outbox.types import AlarmNotice
from warnstream.adapters.sqlite import DamagedError, Database
from warnstream.commands.warnings import export_warnings
from warnstream.delivery.dispatch.notification import State
from warnstream.model.bulletins import Action
from warnstream.model.effects import Answer, Effects
from warnstream.model.errors import StoreError
from warnstream.model.level import Level
from warnstream.model.network import Households, Network
from warnstream.model.warning import Cause, MessageType, WarningMessage

NOW = 1_000.0
NETWORK = network()
CODES = NETWORK.villages.code
FIRST, SECOND = warning_message(), warning_message(version=2)
END = replace(warning_message(version=3, level=Level.NONE), msg_type=MessageType.CANCEL, cause=Cause.ENDED)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with closing(Outbox(tmp_path, "node-a")) as opened:
        yield opened


def claimed(outbox: Outbox) -> list[str]:
    return [row.key for row in outbox.claim("sms", 100, NOW)]


def without(*gone: str) -> Network:
    """The county, some of whose households have left the register."""
    doors = NETWORK.households
    kept = [door for door in range(len(doors)) if doors.code[door] not in gone]
    village = np.repeat([0, 1], [3, 2])[kept]
    first = np.searchsorted(village, [0, 1, 2]).astype(np.int32)
    households = Households(
        tuple(doors.code[door] for door in kept),
        tuple(doors.channel[door] for door in kept),
        tuple(doors.address[door] for door in kept),
        first,
    )
    return replace(NETWORK, households=households)


def ending(message: WarningMessage = END) -> Effects:
    return told(message)


def test_progress_only_rises_and_is_kept_with_what_was_recorded(outbox: Outbox) -> None:
    assert outbox.progress() == 0
    outbox.record(told(FIRST), NETWORK, rendered, entry=7)
    outbox.record(told(SECOND), NETWORK, rendered, entry=5)
    assert outbox.progress() == 7
    outbox.advance(9)
    assert outbox.progress() == 9


def test_a_name_with_another_content_is_seen(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    outbox.record(told(SECOND), NETWORK, rendered)
    assert outbox.names_taken([FIRST, SECOND, END], CODES) == []
    other = replace(FIRST, level=Level.RED)
    (found,) = outbox.names_taken([other], CODES)
    assert (found.message, found.newest_version) == (other, 2)


def test_a_village_that_got_another_number_is_no_other_content(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    assert outbox.names_taken([replace(FIRST, village=1)], ("V2", "V1")) == []


def test_open_warnings_are_those_whose_end_nobody_was_told_and_that_still_hold(outbox: Outbox) -> None:
    other = warning_message(village=1)
    outbox.record(told(FIRST, other, posts=(GRID_MEMBER,)), NETWORK, rendered)
    outbox.record(told(SECOND), NETWORK, rendered)
    outbox.answer(FIRST.identifier, GRID_MEMBER.post, Answer.ACKNOWLEDGED, SENT_S + 60)
    found = {known.message.identifier: known for known in outbox.open_warnings(SENT_S)}
    assert set(found) == {SECOND.identifier, other.identifier}
    known = found[SECOND.identifier]
    assert (known.village, known.posts, known.is_households) == ("V1", (), False), "bulletins and digests do"
    assert outbox.open_warnings(FIRST.expires_s) == []
    outbox.record(ending(), NETWORK, rendered)
    assert [known.message for known in outbox.open_warnings(SENT_S)] == [other]


def test_a_bulletin_is_no_open_warning_and_the_last_one_says_what_doors_wait_for(outbox: Outbox) -> None:
    outbox.record(Effects(bulletins=[bulletin(n=1), bulletin(n=2), bulletin(village=1)]), NETWORK, rendered)
    assert outbox.open_warnings(0) == []
    found = {known.village: known for known in outbox.open_bulletins()}
    assert sorted(found) == ["V1", "V2"]
    assert found["V1"].bulletin == replace(bulletin(n=2), village=-1)
    end = bulletin(n=3, level=Level.NONE, action=Action.CLEAR)
    outbox.record(Effects(bulletins=[end]), NETWORK, rendered)
    assert [known.village for known in outbox.open_bulletins()] == ["V2"]


def test_the_end_of_an_episode_is_for_those_who_had_a_bulletin_of_it(outbox: Outbox) -> None:
    """What doors got in an earlier episode, and its end, do not make an end of the next one one of theirs."""
    ended = bulletin(n=2, level=Level.NONE, action=Action.CLEAR)
    for message in (bulletin(n=1), ended):
        outbox.record(Effects(bulletins=[message]), NETWORK, rendered)
        outbox.settle(sent(claimed(outbox)), NOW)
    later = SENT_S + 86_400
    began, end = (
        replace(
            message,
            opened_s=later,
            issued_s=later + message.n,
            identifier=f"ws.V1.20231115T221320Z.{message.n}",
        )
        for message in (bulletin(n=1), ended)
    )
    outbox.record(Effects(bulletins=[began]), NETWORK, rendered)
    outbox.record(Effects(bulletins=[end]), NETWORK, rendered)
    assert claimed(outbox) == [], "the later episode was never heard of"


def test_what_doors_had_last_goes_to_new_doors_alone(outbox: Outbox) -> None:
    outbox.record(Effects(bulletins=[bulletin()]), without("V1-H0"), rendered)
    outbox.settle(sent(claimed(outbox)), NOW)
    outbox.record(Effects(to_newcomers=[bulletin()]), NETWORK, rendered)
    assert [key.split("|")[1] for key in claimed(outbox)] == ["V1-H0"]


def test_an_alarm_is_no_open_warning_and_no_record(outbox: Outbox) -> None:
    outbox.record_alarm(
        AlarmNotice("ws.@alarm.disk.x", 1, "Actual", SENT_S, SENT_S + 60, "z", "e"), (GRID_MEMBER,)
    )
    assert outbox.open_warnings(0) == []
    assert list(outbox.records()) == []
    assert len(claimed(outbox)) == 1


def test_the_end_of_an_alarm_replaces_a_begin_that_was_not_sent(outbox: Outbox) -> None:
    for version in (1, 2):
        notice = AlarmNotice("ws.@alarm.disk.x", version, "Actual", SENT_S, SENT_S + 60, "z", "e")
        outbox.record_alarm(notice, (GRID_MEMBER,))
    assert claimed(outbox) == ["ws.@alarm.disk.x.2|grid-1|sms"]


def test_who_was_told_and_left_the_register_is_told_the_end_alone(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    outbox.settle(sent(claimed(outbox)), NOW)
    smaller = without("V1-H0")
    outbox.record(told(SECOND), smaller, rendered)
    keys = claimed(outbox)
    assert not any("V1-H0" in key for key in keys)
    outbox.settle(sent(keys), NOW)
    outbox.record(ending(), smaller, rendered)
    assert sorted(key.split("|")[1] for key in claimed(outbox)) == ["V1-H0", "V1-H1", "V1-H2"]


def test_where_a_whole_village_left_the_register_its_people_are_told_everything(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    outbox.settle(sent(claimed(outbox)), NOW)
    outbox.record(told(SECOND), without("V1-H0", "V1-H1", "V1-H2"), rendered)
    assert sorted(key.split("|")[1] for key in claimed(outbox)) == ["V1-H0", "V1-H1", "V1-H2"]


def test_nobody_is_told_the_end_of_what_never_went_out(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    outbox.record(ending(), NETWORK, rendered)
    assert claimed(outbox) == []
    assert outbox.counts()[("sms", State.SUPERSEDED)] == 3


def test_what_is_being_sent_may_arrive_so_its_end_goes_out(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    (first,) = outbox.claim("sms", 1, NOW)
    outbox.record(ending(), NETWORK, rendered)
    assert claimed(outbox) == [], "the end never overtakes what is in hand"
    outbox.settle(sent([first.key]), NOW)
    assert [row.recipient for row in outbox.claim("sms", 10, NOW)] == [first.recipient]


def test_only_its_owner_sends_again_what_was_being_sent(tmp_path: Path) -> None:
    with closing(Outbox(tmp_path, "node-a")) as one:
        one.record(told(FIRST, posts=(GRID_MEMBER,)), NETWORK, rendered)
        assert len(claimed(one)) == 4
    with closing(Outbox(tmp_path, "node-b")) as other:
        assert other.recover() == 0
    with closing(Outbox(tmp_path, "node-a")) as again:
        assert again.recover() == 1


def test_a_damaged_outbox_of_a_node_is_put_aside_and_one_of_a_command_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "outbox.sqlite3").write_bytes(b"x" * 5_000)
    with pytest.raises(DamagedError):
        Outbox(tmp_path)
    with closing(Outbox.open_or_begin_anew(tmp_path, "node-a")) as outbox:
        assert outbox.put_aside is not None
        assert outbox.put_aside.read_bytes() == b"x" * 5_000
        assert outbox.progress() == 0


def test_an_outbox_that_a_full_disk_refuses_is_tried_again_and_again_and_not_without_a_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun_at, opened = time.monotonic(), Outbox._open
    tries = 0

    def refuse(outbox: Outbox) -> Database:
        nonlocal tries
        tries += 1
        if time.monotonic() < begun_at + 0.3:
            raise StoreError("the disk is full", retryable=True)
        return opened(outbox)

    monkeypatch.setattr(outbox_module, "OPEN_PAUSE_S", 0.1)
    monkeypatch.setattr(Outbox, "_open", refuse)
    with closing(Outbox.open_or_begin_anew(tmp_path, "node-a")):
        assert 2 <= tries <= 5


def test_what_was_issued_is_exported_under_its_own_village_whatever_villages_there_are_now(
    outbox: Outbox, tmp_path: Path
) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    fewer = SimpleNamespace(storage=SimpleNamespace(directory=tmp_path), network=Network.__new__(Network))
    assert export_warnings(fewer, tmp_path / "w.jsonl") == 1  # type: ignore[arg-type]
    line = json.loads((tmp_path / "w.jsonl").read_text("utf-8"))
    (sent,) = outbox.issued_warnings()
    assert (line["identifier"], line["village"]) == (FIRST.identifier, CODES[FIRST.village])
    assert (line["text_zh"], line["text_en"]) == (sent.text_zh, sent.text_en)
