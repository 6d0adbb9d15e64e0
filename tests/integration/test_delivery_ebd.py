"""Village loudspeakers against a platform that keeps to what is known of such platforms (`ebd_platform`)."""

import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import free_port
from tests.integration.ebd_platform import Platform, serving
from tests.unit.adapters.county import outgoing_message
from warnstream.adapters.channels.channel import OutgoingMessage
from warnstream.adapters.channels.ebd.channel import EbdChannel
from warnstream.adapters.channels.ebd.platform import Platform as Sending
from warnstream.config.channels.ebd import EbdChannelSection
from warnstream.delivery.dispatch.outcome import SENT, Verdict
from warnstream.model.digests import FieldReport
from warnstream.model.effects import Answer
from warnstream.model.errors import StoreError
from warnstream.model.warning import MessageStatus

AREA, OTHER = "331124001001", "331124001002"
TEXT = (
    "【松阳县防指】上垟村溪边的人马上走！往两边高处，不顺溪跑、不过桥，到村小学。"
    "不要返回拿东西。求助13800001234"
)


class Told:
    """What the channel has reported."""

    def __init__(self) -> None:
        self.played: list[str] = []
        self.failed: list[str] = []
        self.refuses = 0

    def delivered(self, key: str) -> None:
        if self.refuses:
            self.refuses -= 1
            raise StoreError("no space left on device", retryable=True)
        self.played.append(key)

    def undelivered(self, key: str, reason: str) -> None:  # noqa: ARG002
        self.failed.append(key)

    def unread(self, channel: str, recipients: Sequence[str], text: str, why: str) -> None:  # noqa: ARG002
        raise AssertionError("nobody replies from a loudspeaker")

    def answered(self, token: str, answer: Answer) -> bool:  # noqa: ARG002
        raise AssertionError("played is not heard")

    def reported(self, token: str, report: FieldReport) -> str:  # noqa: ARG002
        raise AssertionError("nobody reports from a loudspeaker")


def section(url: str, **keys: object) -> EbdChannelSection:
    given: dict[str, object] = {
        "kind": "ebd",
        "url": url,
        "source": "010333112400000001",
        "destination": "010233110000000001",
        "sender_name": "松阳县防指",
        "sender_code": "33112400000",
        "heartbeat": "5s",
        "poll": "100ms",
        "timeout": "5s",
    }
    return EbdChannelSection.model_validate(given | keys)


@contextmanager
def opened(url: str, told: Told, directory: Path = Path(), **keys: object) -> Iterator[EbdChannel]:
    own = section(url, **keys)
    with closing(EbdChannel(own, Sending(own, directory))) as channel:
        channel.open(told)
        yield channel


def bulletin(
    number: int = 1, area: str = AREA, status: MessageStatus = MessageStatus.ACTUAL
) -> OutgoingMessage:
    return replace(
        outgoing_message(status, address=area), key=f"ws.{area}.x.{number}|LS-{area}|ebd", text_zh=TEXT
    )


def wait_for(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_bulletin_is_played_in_its_village_with_a_text_for_ears_and_its_receipt_comes_back() -> None:
    platform, told = Platform(), Told()
    with serving(platform) as url, opened(url, told) as channel:
        assert channel.send([bulletin()]) == [SENT]
        wait_for(lambda: told.played)
    assert told.played == [bulletin().key]
    (heard,) = platform.plays()
    assert heard.areas == [AREA]
    assert heard.text == "上垟村溪边的人马上走！往两边高处，不顺溪跑、不过桥，到村小学。不要返回拿东西。"
    assert 35 <= len(heard.text) <= 50
    assert heard.severity == "1"
    assert heard.test_type == ""
    assert heard.start < heard.end
    assert platform.wrong == []


def test_an_exercise_says_so_first_and_bears_its_test_type() -> None:
    platform = Platform()
    with serving(platform) as url, opened(url, Told()) as channel:
        assert channel.send([bulletin(status=MessageStatus.EXERCISE)]) == [SENT]
    (heard,) = platform.plays()
    assert heard.text.startswith("这是演练。")
    assert heard.text.endswith("演练。")
    assert heard.test_type == "1"
    assert len(heard.text) <= 50


def test_a_newer_bulletin_stops_what_still_plays_in_its_village_and_nowhere_else() -> None:
    platform, told = Platform(course=["2"]), Told()
    with serving(platform) as url, opened(url, told) as channel:
        channel.send([bulletin(1), bulletin(1, OTHER)])
        assert channel.send([bulletin(2)]) == [SENT]
    (stop,) = platform.stops()
    first = next(play for play in platform.plays() if play.areas == [AREA])
    assert stop.related == first.ebm
    assert stop.areas == [AREA]
    assert platform.wrong == []


def test_a_repetition_has_the_same_identifiers_and_stops_nothing() -> None:
    platform = Platform(course=["2"])
    with serving(platform) as url, opened(url, Told()) as channel:
        channel.send([bulletin()])
        channel.send([bulletin()])
    assert len({play.ebm for play in platform.plays()}) == 1
    assert platform.stops() == []


def test_what_was_not_played_is_told_as_not_delivered() -> None:
    platform, told = Platform(course=["1", "4"]), Told()
    with serving(platform) as url, opened(url, told) as channel:
        channel.send([bulletin()])
        wait_for(lambda: told.failed)
    assert told.failed == [bulletin().key]
    assert told.played == []


def test_an_older_platform_counts_its_states_otherwise() -> None:
    platform, told = Platform(course=["1", "2"]), Told()
    states = {"waiting": "9", "playing": "1", "played": "2", "failed": "0"}
    with serving(platform) as url, opened(url, told, states=states) as channel:
        channel.send([bulletin()])
        wait_for(lambda: told.played)


def test_a_receipt_that_the_disk_refuses_is_asked_for_again() -> None:
    platform, told = Platform(), Told()
    told.refuses = 1
    with serving(platform) as url, opened(url, told) as channel:
        channel.send([bulletin()])
        wait_for(lambda: told.played)


@pytest.mark.parametrize(
    ("status", "verdict"), [(500, Verdict.RETRY), (403, Verdict.UNAVAILABLE), (422, Verdict.DOUBTFUL)]
)
def test_a_refusal_is_judged_by_whom_it_concerns(status: int, verdict: Verdict) -> None:
    platform = Platform(status=status)
    with serving(platform) as url, opened(url, Told()) as channel:
        (outcome,) = channel.send([bulletin()])
    assert outcome.verdict is verdict


def test_a_package_that_the_platform_finds_wrong_is_a_refusal_in_doubt() -> None:
    with serving(Platform(result="4")) as url, opened(url, Told()) as channel:
        (outcome,) = channel.send([bulletin()])
    assert outcome.verdict is Verdict.DOUBTFUL
    assert "4" in outcome.reason


def test_a_platform_that_answers_without_a_body_has_taken_it() -> None:
    with serving(Platform(is_mute=True)) as url, opened(url, Told()) as channel:
        assert channel.send([bulletin()]) == [SENT]


def test_one_village_with_a_wrong_area_costs_no_other_its_broadcast() -> None:
    platform = Platform()
    with serving(platform) as url, opened(url, Told()) as channel:
        wrong, right = channel.send([bulletin(1, "12"), bulletin(1, OTHER)])
    assert wrong.verdict is Verdict.REFUSED
    assert right == SENT


def test_a_platform_that_is_not_there_holds_the_channel_and_its_link_is_down_until_it_comes() -> None:
    with opened(f"http://127.0.0.1:{free_port()}/ebd", Told()) as channel:
        (outcome,) = channel.send([bulletin()])
        assert outcome.verdict is Verdict.UNAVAILABLE
        wait_for(channel.link_fault)


def test_heartbeats_come_while_nothing_is_sent() -> None:
    platform = Platform()
    with serving(platform) as url, opened(url, Told()) as channel:
        wait_for(lambda: platform.heartbeats)
        assert channel.link_fault() is None
    assert platform.wrong == []


def program(tmp_path: Path, text: str) -> str:
    file = tmp_path / "sign"
    file.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file.name


def test_the_countys_own_program_signs(tmp_path: Path) -> None:
    platform = Platform()
    signature = {"program": program(tmp_path, "wc -c | tr -d ' '")}
    with serving(platform) as url, opened(url, Told(), tmp_path, signature=signature) as channel:
        assert channel.send([bulletin()]) == [SENT]
    assert all(int(value) > 100 for value in platform.signatures)


def test_without_a_signature_nothing_is_sent_and_the_channel_waits(tmp_path: Path) -> None:
    platform = Platform()
    signature = {"program": program(tmp_path, "exit 3")}
    with serving(platform) as url, opened(url, Told(), tmp_path, signature=signature) as channel:
        (outcome,) = channel.send([bulletin()])
    assert outcome.verdict is Verdict.UNAVAILABLE
    assert platform.heard == []
