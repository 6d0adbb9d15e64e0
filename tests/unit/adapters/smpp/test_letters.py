"""Which message a receipt or reply is about, across restarts, losses and a clock of one's own."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.unit.desk.county import MESSAGE_POLICY
from warnstream.adapters.channels.smpp.letters import KEPT_S, Letter, Letters
from warnstream.adapters.sqlite import Database
from warnstream.lifecycle.alarms import AlarmBook
from warnstream.model.alarms import AlarmSignal
from warnstream.model.errors import StoreError
from warnstream.model.hands.duty import COUNTY, Ring, Trouble
from warnstream.model.warning import MessageStatus
from warnstream.runners.live.alarm_notices import notice_of_ring

PHONE = "+8613857000001"


def letter(number: int, *ids: str, phone: str = PHONE, recipient: str = "V1-H1") -> Letter:
    return Letter(ids, f"m.{number}|{recipient}|sms", phone, recipient, f"token-{number}-{recipient}")


class Told(list[tuple[str, str]]):
    def __call__(self, key: str, state: str) -> None:
        self.append((key, state))


def untold(key: str, state: str) -> None:
    pytest.fail(f"told of {key} {state}")


def full(_key: str, _state: str) -> None:
    raise StoreError("the disk is full", retryable=True)


def test_a_message_is_delivered_when_all_its_parts_are(tmp_path: Path) -> None:
    told = Told()
    with closing(Letters(tmp_path / "l.sqlite3")) as letters:
        letters.note([letter(1, "a", "b"), letter(2, "c", recipient="V1-H2")], untold)
        letters.receipt("a", "DELIVRD", told)
        letters.receipt("a", "DELIVRD", told)  # twice is once
        assert told == []
        letters.receipt("b", "DELIVRD", told)
    assert told == [("m.1|V1-H1|sms", "DELIVRD")]


def test_one_part_that_is_lost_loses_the_message_once(tmp_path: Path) -> None:
    told = Told()
    with closing(Letters(tmp_path / "l.sqlite3")) as letters:
        letters.note([letter(1, "a", "b")], untold)
        for part, state in (("b", "UNDELIV"), ("a", "DELIVRD"), ("b", "UNDELIV")):
            letters.receipt(part, state, told)
    assert told == [("m.1|V1-H1|sms", "UNDELIV")]


def test_a_receipt_that_comes_first_waits_for_its_message(tmp_path: Path) -> None:
    told = Told()
    with closing(Letters(tmp_path / "l.sqlite3")) as letters:
        letters.receipt("a", "DELIVRD", untold)
        letters.note([letter(1, "a")], told)
    assert told == [("m.1|V1-H1|sms", "DELIVRD")]


def test_a_receipt_that_came_first_and_cannot_be_told_now_is_told_with_the_next_message(
    tmp_path: Path,
) -> None:
    told = Told()
    with closing(Letters(tmp_path / "l.sqlite3")) as letters:
        letters.receipt("a", "UNDELIV", untold)
        letters.note([letter(1, "a")], full)
        letters.note([letter(2, "b")], told)
    assert told == [("m.1|V1-H1|sms", "UNDELIV")]


def test_a_message_that_is_sent_again_has_its_new_ids_alone(tmp_path: Path) -> None:
    told = Told()
    with closing(Letters(tmp_path / "l.sqlite3")) as letters:
        letters.note([letter(1, "a")], untold)
        letters.note([letter(1, "b")], untold)
        letters.receipt("a", "UNDELIV", untold)
        letters.receipt("b", "DELIVRD", told)
    assert told == [("m.1|V1-H1|sms", "DELIVRD")]


def test_what_cannot_be_told_now_is_told_at_the_next_receipt(tmp_path: Path) -> None:
    told = Told()
    with closing(Letters(tmp_path / "l.sqlite3")) as letters:
        letters.note([letter(1, "a")], untold)
        with pytest.raises(StoreError):
            letters.receipt("a", "DELIVRD", full)
        letters.receipt("a", "DELIVRD", told)
    assert told == [("m.1|V1-H1|sms", "DELIVRD")]


def test_the_newest_message_of_everybody_at_a_phone_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite3"
    with closing(Letters(path)) as letters:
        letters.note([letter(1, "a"), letter(2, "b"), letter(1, "c", recipient="V2-H9")], untold)
        letters.note([letter(3, "d", phone="+8613857000002", recipient="V3")], untold)
    with closing(Letters(path)) as letters:
        assert letters.of_phone(PHONE) == [("V1-H1", "token-2-V1-H1"), ("V2-H9", "token-1-V2-H9")]
        assert letters.of_phone("+861") == []


def test_what_is_old_is_forgotten(tmp_path: Path) -> None:
    now = [1_700_000_000.0]
    with closing(Letters(tmp_path / "l.sqlite3", clock=lambda: now[0])) as letters:
        letters.note([letter(1, "a")], untold)
        now[0] += KEPT_S + 3_601
        assert letters.of_phone(PHONE) == []
        letters.receipt("a", "DELIVRD", untold)


def test_a_full_disk_forgets_nothing_and_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()
    transaction: Callable[..., object] = Database.transaction
    with closing(Letters(tmp_path / "l.sqlite3")) as letters:
        letters.note([letter(1, "a")], untold)

        def refuse(_database: Database) -> object:
            raise StoreError("the disk is full", retryable=True)

        monkeypatch.setattr(Database, "transaction", refuse)
        letters.note([letter(2, "b")], untold)
        with pytest.raises(StoreError):
            letters.receipt("b", "DELIVRD", untold)
        monkeypatch.setattr(Database, "transaction", transaction)
        letters.receipt("b", "DELIVRD", told)
        assert letters.of_phone(PHONE) == [("V1-H1", "token-2-V1-H1")]
    assert told == [("m.2|V1-H1|sms", "DELIVRD")]


def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite3"
    path.write_bytes(b"no database" * 1_000)
    with closing(Letters(path)) as letters:
        letters.note([letter(1, "a")], untold)
        assert letters.of_phone(PHONE)
    assert any("damaged" in file.name for file in tmp_path.iterdir())


def test_a_phone_that_got_a_drill_and_something_real_is_mixed_for_half_an_hour(tmp_path: Path) -> None:
    now = [1_000.0]
    with closing(Letters(tmp_path / "letters.sqlite3", lambda: now[0])) as letters:
        drill = Letter(("a",), "ws@drill-d1.V1.x.1|door|sms", "+86138", "door", "of-drill")
        letters.note([drill], lambda _key, _state: None)
        assert not letters.is_mixed("+86138")
        real = Letter(("b",), "ws.V1.x.1|door|sms", "+86138", "door", "of-real")
        letters.note([real], lambda _key, _state: None)
        assert letters.is_mixed("+86138")
        assert letters.of_phone("+86138") == [("door", "of-real")]
        assert letters.of_phone("+86138", of_drill=True) == [("door", "of-drill")]
        assert letters.of_phone("+86138", of_drill=False) == [("door", "of-real")]
        now[0] += 1_801
        assert not letters.is_mixed("+86138")


NOTICES = ("ws.@alarm.chain:Gushi.20260618T080000Z.1", "ws.@duty.20260618T080000Z-1.1")


@pytest.mark.parametrize("notice", NOTICES)
def test_a_reply_behind_a_notice_of_the_node_is_to_what_was_asked_before_it(
    tmp_path: Path, notice: str
) -> None:
    """The post that is silent is told so by an alarm; its "received" must settle what it owes."""
    digest = Letter(("a",), "ws.@post.T1.20260618T080000Z.1|T1|sms", PHONE, "T1", "of-digest")
    told = Letter(("b",), f"{notice}|T1|sms", PHONE, "T1", "of-notice")
    alone = Letter(("c",), f"{notice}|C1|sms", PHONE, "C1", "of-notice")
    with closing(Letters(tmp_path / "l.sqlite3")) as letters:
        letters.note([digest, told, alone], untold)
        assert letters.of_phone(PHONE) == [("C1", "of-notice"), ("T1", "of-digest")]
        drill = Letter(("d",), "ws@drill.@drill.T1.x.1|T1|sms", "+86139", "T1", "of-drill")
        letters.note([drill, Letter(("e",), f"{notice}|T2|sms", "+86139", "T2", "of-notice")], untold)
        assert not letters.is_mixed("+86139"), "a notice is no warning that a drill could be taken for"


def test_names_of_notices_are_those_that_the_node_gives() -> None:
    named = AlarmBook("ws", MessageStatus.ACTUAL).apply(AlarmSignal("chain:Gushi", "", 0, is_begin=True))
    assert named is not None
    assert ".@alarm." in named.name
    configuration = SimpleNamespace(message=MESSAGE_POLICY, node=SimpleNamespace(name="county"))
    ring = Ring((COUNTY,), (Trouble.DRY,), 0, 0, 1, ("C1",))
    assert ".@duty." in notice_of_ring(ring, configuration).name  # type: ignore[arg-type]


def test_a_reply_behind_a_test_call_is_to_that_and_never_to_what_was_asked_before_it(tmp_path: Path) -> None:
    """Whoever shows that a phone works has answered no warning; a newer digest is answered first again."""
    digest = Letter(("a",), "ws.@post.T1.20260618T080000Z.1|T1|sms", PHONE, "T1", "of-digest")
    test = Letter(("b",), "ws.@test.20260618T081000Z-1.1|T1|sms", PHONE, "T1", "of-test")
    newer = Letter(("c",), "ws.@post.T1.20260618T080000Z.2|T1|sms", PHONE, "T1", "of-newer")
    with closing(Letters(tmp_path / "l.sqlite3")) as letters:
        letters.note([digest, test], untold)
        assert letters.of_phone(PHONE) == [("T1", "of-test")]
        letters.note([newer], untold)
        assert letters.of_phone(PHONE) == [("T1", "of-newer")]
