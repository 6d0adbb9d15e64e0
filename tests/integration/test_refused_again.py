"""Refused messages that are wanted again reach the node whole, once each, whatever way they came."""

import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path

import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from tests.stations import stations_of
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.refused.reinjections import Choice, RefusedRequests
from warnstream.adapters.refused.store import REFUSED_PAYLOAD_BYTES_MAX, RefusedStore
from warnstream.config.load import load_configuration
from warnstream.ingest.names import RawMessage
from warnstream.ingest.selection import DecoderSelection
from warnstream.model.errors import StoreError
from warnstream.model.observations.decoders import (
    LISTENER_TOPIC_SL651,
    REFUSED_READING_TOPIC,
    DecoderRule,
    default_rules,
)
from warnstream.model.observations.refusals import Refusal, RefusalReason
from warnstream.runners.build import build_decoder
from warnstream.runners.intake.entries import MESSAGES, encode_messages
from warnstream.runners.live.reinjector import Reinjector

TOPIC = "ws/c/rain/R9/obs"


class Kept:
    """A storage folder with a journal and what was refused."""

    def __init__(self, directory: Path) -> None:
        self.journal = Journal(directory)
        self.store = RefusedStore(directory, 1_000)
        self.requests = RefusedRequests(directory)
        self.kept: list[RawMessage] = []
        self.metrics = Metrics()
        self.again = Reinjector(directory, self.journal, self.keep, self.metrics)

    def keep(self, messages: Sequence[RawMessage]) -> Future[None]:
        """As a node's loop does."""
        durable: Future[None] = Future()
        self.kept += messages
        durable.set_result(None)
        return durable

    def refuse(self, *messages: RawMessage, reason: RefusalReason = RefusalReason.UNKNOWN_STATION) -> None:
        entry = self.journal.append(MESSAGES, encode_messages(messages))
        refusals = [Refusal(reason, "why", message.topic, message.payload) for message in messages]
        self.store.keep(refusals, 1_000.0 + entry, entry)

    def ask(self, choice: Choice | None = None) -> int:
        found = self.requests.find(choice or Choice())
        self.requests.ask([row.number for row in found], 5.0)
        return len(found)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    opened = Kept(tmp_path)
    yield opened
    opened.again.stop()
    for part in (opened.requests, opened.store, opened.journal):
        part.close()


def test_what_is_wanted_comes_with_its_topic_and_is_done_once(kept: Kept) -> None:
    kept.refuse(RawMessage(TOPIC, b"1"), RawMessage(LISTENER_TOPIC_SL651, b"~~2"))
    kept.ask()
    again = kept.again.due()
    assert again is not None
    assert again.messages == [RawMessage(TOPIC, b"1"), RawMessage(LISTENER_TOPIC_SL651, b"~~2")]
    kept.again.done(again)
    assert kept.again.due() is None
    assert kept.requests.n_waiting() == 0
    assert all(row.reinjected_at for row in kept.requests.find(Choice()))


def test_a_node_s_thread_takes_what_is_asked_for_while_it_runs(kept: Kept) -> None:
    kept.refuse(RawMessage(TOPIC, b"1"), RawMessage(TOPIC, b"2"))
    kept.again.start()
    kept.ask()
    deadline = time.monotonic() + 60
    while kept.requests.n_waiting() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert kept.kept == [RawMessage(TOPIC, b"1"), RawMessage(TOPIC, b"2")]
    assert kept.metrics.registry.get_sample_value("warnstream_refused_taken_again_total") == 2


def test_what_the_disk_refused_is_wanted_still(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Sequence[RawMessage]) -> Future[None]:
        durable: Future[None] = Future()
        durable.set_exception(StoreError("the disk is full", retryable=True))
        return durable

    monkeypatch.setattr(kept.again, "_keep", full)
    kept.refuse(RawMessage(TOPIC, b"1"))
    kept.ask()
    with pytest.raises(StoreError):
        kept.again.take()
    assert kept.requests.n_waiting() == 1


def test_what_was_not_made_durable_is_wanted_still(kept: Kept) -> None:
    kept.refuse(RawMessage(TOPIC, b"1"))
    kept.ask()
    first, second = kept.again.due(), kept.again.due()
    assert first == second is not None


def test_several_refusals_of_one_message_take_it_once(kept: Kept) -> None:
    message = RawMessage(TOPIC, b'[{"a":1},{"b":2}]')
    entry = kept.journal.append(MESSAGES, encode_messages([message]))
    kept.store.keep(
        [Refusal(RefusalReason.UNKNOWN_VARIABLE, word, TOPIC, message.payload) for word in "ab"], 1.0, entry
    )
    kept.ask()
    again = kept.again.due()
    assert again is not None
    assert (again.messages, len(again.taken)) == ([message], 2)


def test_a_payload_that_was_cut_comes_whole_from_the_journal(kept: Kept) -> None:
    head = b"x" * REFUSED_PAYLOAD_BYTES_MAX
    messages = [RawMessage(TOPIC, head + tail) for tail in (b"other", b"one", b"longer ones", b"two")]
    kept.refuse(*messages)
    kept.ask()
    again = kept.again.due()
    assert again is not None
    assert sorted(again.messages, key=repr) == sorted(messages, key=repr)
    assert (len(again.taken), again.lost) == (4, [])


def test_a_cut_payload_that_the_journal_has_dropped_is_told(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    kept.store.keep([Refusal(RefusalReason.NOT_JSON, "why", TOPIC, b"x" * 5_000)], 1.0, 99)
    kept.ask()
    again = kept.again.due()
    assert again is not None
    assert (again.messages, again.taken, len(again.lost)) == ([], [], 1)
    kept.again.done(again)
    assert "no longer in the journal" in caplog.text
    assert kept.requests.find(Choice())[0].reinjected_at is None


def test_a_single_reading_that_was_refused_is_read_in_our_own_words_whatever_the_decoders(
    kept: Kept,
) -> None:
    reading = json.dumps({"station": "R1", "time": "2026-06-18T08:05:00Z", "rain": 1.2}).encode()
    kept.store.keep([Refusal(RefusalReason.FUTURE, "rain of R1", "", reading)], 1.0, 3)
    kept.ask()
    again = kept.again.due()
    assert again is not None
    assert again.messages == [RawMessage(REFUSED_READING_TOPIC, reading)]
    rules = [DecoderRule("gw/#", "sl651", {}, {}), DecoderRule(REFUSED_READING_TOPIC, "flat_json", {}, {})]
    decoded = DecoderSelection(stations_of("R1"), rules).decode(again.messages)
    assert decoded.readings.value.tolist() == [1.2]
    assert not decoded.refusals


def test_refusals_are_found_by_reason_topic_and_time(kept: Kept) -> None:
    for number, (topic, reason) in enumerate(
        [("ws/a/rain/R1/obs", RefusalReason.NOT_JSON), ("ws/b/rain/R1/obs", RefusalReason.NOT_JSON),
         ("ws/a/rain/R2/obs", RefusalReason.BAD_TIME), ("", RefusalReason.FUTURE)]
    ):  # fmt: skip
        kept.refuse(RawMessage(topic, str(number).encode()), reason=reason)

    def found(**choice: object) -> list[bytes]:
        return [row.payload for row in kept.requests.find(Choice(**choice))]  # type: ignore[arg-type]

    assert found() == [b"3", b"2", b"1", b"0"]
    assert found(reason="not_json") == [b"1", b"0"]
    assert found(topic="ws/a/#") == [b"2", b"0"]
    assert found(since_s=1_002.0, until_s=1_004.0) == [b"2", b"1"]
    assert [row.payload for row in kept.requests.find(Choice(topic="ws/+/rain/R1/obs"), 1)] == [b"1"]


def test_a_command_and_a_node_may_have_the_file_open_at_once(kept: Kept, tmp_path: Path) -> None:
    kept.refuse(RawMessage(TOPIC, b"1"))
    with closing(RefusedRequests(tmp_path)) as command:
        command.ask([row.number for row in command.find(Choice())], 5.0)
        again = kept.again.due()
        assert again is not None
        kept.again.done(again)
        assert command.n_waiting() == 0


def test_a_refused_message_counts_once_its_station_is_known(kept: Kept) -> None:
    payload = json.dumps({"station": "R9", "time": "2026-06-18T08:05:00Z", "rain": 1.2}).encode()
    before = DecoderSelection(stations_of("R1"), default_rules("ws"))
    (refusal,) = before.decode([RawMessage(TOPIC, payload)]).refusals
    kept.store.keep([refusal], 1.0, 1)
    kept.ask()
    again = kept.again.due()
    assert again is not None
    after = DecoderSelection(stations_of("R1", "R9"), default_rules("ws"))
    assert after.decode(again.messages).readings.station.tolist() == [1]


def test_every_node_reads_single_readings_again_in_our_own_words(tmp_path: Path) -> None:
    build_county(1, CountyPlan(n_stations=9, n_villages=10, n_gauges=1)).write(tmp_path)
    write_demo_config(tmp_path, broker_port=1, http_port=1, embedded_broker=False)
    with (tmp_path / "warnstream.yaml").open("a", encoding="utf-8") as file:
        file.write("\ndecoders:\n  - {topic: rtu/#, format: sl651}\n")
    configuration = load_configuration(tmp_path)
    code = configuration.network.stations.code[3]
    reading = json.dumps({"station": code, "time": "2026-06-18T08:05:00Z", "rain": 1.2}).encode()
    decoded = build_decoder(configuration).decode([RawMessage(REFUSED_READING_TOPIC, reading)])
    assert decoded.readings.station.tolist() == [3]
