"""``warnstream explain`` on the journal of a simulated county, against what the node really told.

A node whose channels nobody serves: its journal, outbox, ledger and snapshots are the real ones.
"""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.message import Message
from station_sim.sending.scenario import DEFAULT_START_S, Scenario
from station_sim.stations.faults import NO_FAULTS
from station_sim.topics import is_clock
from tests.e2e.live import command
from tests.integration.journal_files import segments
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.ledger.node_outbox import NodeOutbox
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.cli import main
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.delivery.render import render_any
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import Digest
from warnstream.model.level import Level
from warnstream.model.observations.readings import concatenate
from warnstream.model.times import HOUR_S, MINUTE_S, iso_utc
from warnstream.model.warning import Cause, WarningMessage
from warnstream.review.archive import write_archive
from warnstream.runners.build import build_decoder, build_intake, bulletin_wording
from warnstream.runners.explain.record import reason_record
from warnstream.runners.intake import entries
from warnstream.runners.replay.past_engine import past_of_journal

HOURS = 8.0
SNAPSHOTS_AT_S = tuple(DEFAULT_START_S + round(hours * HOUR_S) for hours in (1.5, 3.0, 5.0))

Answer = dict[str, Any]


@dataclass(frozen=True)
class Lived:
    """What a node was sent and what it told."""

    directory: Path
    messages: list[Message]
    issued: list[WarningMessage]

    @property
    def configuration(self) -> Configuration:
        return load_configuration(self.directory)

    def code(self, message: WarningMessage) -> str:
        return self.configuration.network.villages.code[message.village]


def minutes(messages: list[Message]) -> Iterator[tuple[int, list[RawMessage]]]:
    """Messages up to each beacon, with its time."""
    batch: list[RawMessage] = []
    for message in messages:
        batch.append(RawMessage(message.topic, message.payload))
        if is_clock(message.topic):
            yield message.time_s, batch
            batch = []


def nobody(_payload: bytes) -> Future[None]:
    raise AssertionError("no channel sends anything here")


def live(directory: Path, messages: list[Message]) -> Lived:
    """Let a node take the messages, a few minutes in each entry, and take snapshots now and then."""
    configuration = load_configuration(directory)
    intake, issued, waiting = build_intake(configuration), [], []

    def told(one: WarningMessage | Bulletin | Digest) -> Any:
        return render_any(one, bulletin_wording(configuration), configuration.message)

    with (
        closing(Journal(configuration.storage.directory, segment_bytes=262_144)) as journal,
        closing(NodeOutbox(configuration.storage.directory)) as outbox,
    ):
        outbox.open_doors(configuration.storage.directory, configuration.network, nobody)
        for number, (time_s, batch) in enumerate(minutes(messages)):
            waiting += batch
            if number % 3 and time_s not in SNAPSHOTS_AT_S:
                continue
            payload = entries.encode_arrived(
                [([message.topic for message in waiting], [message.payload for message in waiting])]
            )
            waiting = []
            sequence = journal.append(entries.MESSAGES, payload)
            for _, step in intake.consume(entries.MESSAGES, payload).steps:
                outbox.record(step.effects, configuration.network, told)
                issued += step.effects.messages
            if time_s in SNAPSHOTS_AT_S:
                journal.save_snapshot(sequence, intake.snapshot())
        outbox.doors.save(journal.last_sequence())
    return Lived(directory, messages, issued)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    directory = tmp_path_factory.mktemp("county")
    county = build_county(5, CountyPlan(n_stations=60, n_villages=200))
    county.write(directory)
    write_demo_config(directory)
    return live(directory, list(Scenario(5, county, HOURS, DEFAULT_START_S, NO_FAULTS).messages()))


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """An explanation as JSON."""

    def one(directory: Path, village: str, at_s: int, *options: str) -> Answer:
        capsys.readouterr()
        assert main(["explain", str(directory), village, iso_utc(at_s), "--json", *options]) == 0
        found: Answer = json.loads(capsys.readouterr().out)
        return found

    return one


def hazard_of(answer: Answer, hazard: str) -> Answer:
    return next(verdict for verdict in answer["hazards"] if verdict["hazard"] == hazard)


def fingerprint(directory: Path) -> dict[str, str]:
    """Every file of a folder and its content."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def several(issued: list[WarningMessage], cause: Cause, n: int) -> list[WarningMessage]:
    """Messages of one cause, spread over the storm."""
    chosen = [message for message in issued if message.cause is cause]
    return chosen[:: max(len(chosen) // n, 1)][:n]


def test_before_in_and_after_a_warning_the_answer_is_what_the_messages_said(
    lived: Lived, ask: Callable[..., Answer]
) -> None:
    ended = {message.warning: message for message in lived.issued if message.cause is Cause.ENDED}
    firsts = [message for message in several(lived.issued, Cause.FIRST, 60) if message.warning in ended]
    of_hazards = {first.hazard: first for first in firsts}  # one warning of every hazard
    assert {"flash_flood", "rainstorm", "river_flood"} <= of_hazards.keys()
    for alert in of_hazards.values():
        village = lived.code(alert)
        before = hazard_of(ask(lived.directory, village, alert.sent_s - 1), alert.hazard)
        assert (before["level"], before["why"]) == ("none", [])
        assert before["why_not_higher"]
        during = ask(lived.directory, village, alert.sent_s)
        told = hazard_of(during, alert.hazard)
        assert told["level"] == alert.level.word
        assert told["reason"] == msgspec.to_builtins(reason_record(alert.reason))
        assert any(line.startswith(f"{alert.hazard} {alert.level.word} stood") for line in during["answer"])
        assert alert.identifier in {message["identifier"] for message in during["messages"]}
        if alert.level >= Level.YELLOW:
            *_, last = during["bulletins"]
            assert alert.hazard in {warning["hazard"] for warning in last["standing"]}
            (doors,) = [notification for notification in last["told"] if notification["kind"] == "household"]
            assert doors["addressed"] == 4
        over = ended[alert.warning]
        after = ask(lived.directory, village, over.sent_s)
        assert hazard_of(after, alert.hazard)["level"] == "none"
        causes = [message["cause"] for message in after["messages"] if message["hazard"] == alert.hazard]
        assert causes[-1] == "ended"
        assert not during["caveats"] + after["caveats"]


@pytest.mark.parametrize("cause", [Cause.RAISED, Cause.LOWERED])
def test_at_a_raise_the_reason_is_the_message_s_and_before_a_fall_its_time_is_known(
    lived: Lived, ask: Callable[..., Answer], cause: Cause
) -> None:
    messages = several(lived.issued, cause, 4)
    assert len(messages) == 4
    for message in messages:
        village = lived.code(message)
        if cause is Cause.RAISED:
            told = hazard_of(ask(lived.directory, village, message.sent_s), message.hazard)
            assert told["level"] == message.level.word
            assert told["reason"] == msgspec.to_builtins(reason_record(message.reason))
        else:
            waits = hazard_of(ask(lived.directory, village, message.sent_s - MINUTE_S), message.hazard)
            assert (waits["level"], waits["falls_at"]) == (message.previous.word, iso_utc(message.sent_s))
            assert "; falls to " in waits["why_not_lower"][-1]


def test_what_was_sent_is_shown_as_it_was_sent_whatever_villages_there_are_now(
    lived: Lived, tmp_path: Path, ask: Callable[..., Answer]
) -> None:
    alert = several(lived.issued, Cause.RAISED, 1)[0]
    village = lived.code(alert)
    before = ask(lived.directory, village, alert.sent_s)["messages"]
    shutil.copytree(lived.directory, tmp_path / "county")
    villages = tmp_path / "county" / "villages.csv"
    header, first, *rest = villages.read_text("utf-8").splitlines()
    new = first.replace(first.split(",")[0], "999").replace(first.split(",")[1], "New")
    villages.write_text("\n".join([header, new, first, *rest, ""]), "utf-8")
    assert ask(tmp_path / "county", village, alert.sent_s)["messages"] == before


def test_of_every_village_the_parts_add_up_to_the_judgement(lived: Lived) -> None:
    """Forecasts, wet ground, rivers and all, at three minutes of the storm."""
    configuration = lived.configuration
    n_villages, at_levels = len(configuration.network.villages), 0
    for hours in (0.75, 2.0, 6.0):
        asked_s = DEFAULT_START_S + round(hours * HOUR_S)
        past = past_of_journal(configuration, lived.directory / "data", asked_s, lambda _: None)
        for village in range(n_villages):
            for view in past.engine.assessment.view(village).hazards:
                assert view.adds_up, (village, view)
                at_levels += view.found > 0
    assert at_levels > 100


def test_an_answer_from_a_snapshot_is_that_of_the_whole_journal(
    lived: Lived, tmp_path: Path, ask: Callable[..., Answer]
) -> None:
    shutil.copytree(lived.directory / "data", tmp_path / "data")
    for path in (tmp_path / "data" / "journal").glob("*.wss"):
        path.unlink()
    alert = several(lived.issued, Cause.RAISED, 1)[0]
    village, at_s = lived.code(alert), SNAPSHOTS_AT_S[1] + 10 * MINUTE_S
    short = ask(lived.directory, village, at_s)
    whole = ask(lived.directory, village, at_s, "--journal", str(tmp_path / "data"))
    assert (short["source"]["snapshot"], whole["source"]["snapshot"]) == (iso_utc(SNAPSHOTS_AT_S[1]), None)
    for name in ("answer", "hazards", "places", "messages", "signs", "caveats"):
        assert short[name] == whole[name]
    # Right at a snapshot, where no step follows; and where no snapshot fits.
    at_snapshot = ask(lived.directory, village, SNAPSHOTS_AT_S[0])
    assert at_snapshot["source"]["snapshot"] == iso_utc(SNAPSHOTS_AT_S[0])
    again = ask(lived.directory, village, SNAPSHOTS_AT_S[0], "--journal", str(tmp_path / "data"))
    assert at_snapshot["hazards"] == again["hazards"]
    assert ask(lived.directory, village, SNAPSHOTS_AT_S[0] - 60)["source"]["snapshot"] is None


@contextmanager
def opened(directory: Path) -> Iterator[None]:
    """As a running node has its files open, with a write-ahead log that is not empty."""
    with closing(Journal(directory)) as journal, closing(Outbox(directory)) as outbox:
        journal.append(entries.MESSAGES, entries.encode_messages([RawMessage("ws/answer/H1", b"{}")]))
        outbox.recover()
        yield


def test_nothing_is_written_beside_a_running_node_nor_beside_one_that_stopped(
    lived: Lived, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(lived.directory / "data", data)
    alert = several(lived.issued, Cause.FIRST, 1)[0]
    question = [str(lived.directory), lived.code(alert), iso_utc(alert.sent_s), "--journal", str(data)]
    arguments = [command("warnstream"), "explain", *question, "--json"]

    def told() -> int:
        done = subprocess.run(arguments, capture_output=True, check=True, timeout=60)
        answer = json.loads(done.stdout)
        assert answer["caveats"] == []
        return len(answer["messages"])

    before = fingerprint(data)
    assert told() > 0
    assert fingerprint(data) == before
    with opened(data):
        before = fingerprint(data)
        assert f"{data}/outbox.sqlite3-wal" in before
        assert told() > 0
        assert fingerprint(data) == before


def test_a_village_whose_gauges_were_silent_was_not_warned_and_the_answer_says_so(
    lived: Lived, tmp_path: Path, ask: Callable[..., Answer]
) -> None:
    """The gauges around a village keep what they measure for themselves for two hours of cloudburst."""
    alert = next(
        message
        for message in lived.issued
        if message.cause is Cause.FIRST
        and message.hazard == "flash_flood"
        and message.reason is not None
        and message.reason.is_observed
    )
    village, at_s = lived.code(alert), alert.sent_s + 30 * MINUTE_S
    seen = ask(lived.directory, village, at_s)
    gauges = {station["station"] for station in seen["places"][0]["stations"]}
    silent = [alert.sent_s - HOUR_S, at_s + HOUR_S]

    def delayed(one: Message) -> bool:
        return silent[0] < one.time_s <= silent[1] and one.topic.split("/")[-2] in gauges

    kept = [message for message in lived.messages if delayed(message)]
    assert kept
    on_time = [message for message in lived.messages if not delayed(message)]
    place = next(number for number, message in enumerate(on_time) if message.time_s > silent[1])
    late = [replace_time(message, silent[1] + 1) for message in kept]
    directory = tmp_path / "county"
    directory.mkdir()
    for path in lived.directory.iterdir():
        if path.is_file():
            shutil.copy(path, directory)
    dark = live(directory, [*on_time[:place], *late, *on_time[place:]])
    assert not any(
        message.village == alert.village and message.hazard == "flash_flood" and message.sent_s <= at_s
        for message in dark.issued
    )
    answer = ask(directory, village, at_s, "--known-now")
    assert answer["places"][0]["blind"]
    assert any(line.startswith("blind: none of its own gauges reports") for line in answer["answer"])
    states = {station["station"]: station["state"] for station in answer["places"][0]["stations"]}
    assert {states[gauge] for gauge in gauges} == {"silent"}
    later = answer["later"]
    assert {station["station"] for station in later["stations"]} == gauges
    assert all(station["arrived_by"] > iso_utc(at_s) for station in later["stations"])
    # As known now it is, to the micrometre, the rain that the other node saw at the time.
    rain = {sum_["duration_s"]: sum_ for sum_ in later["places"][0]["rain"]}
    for window in seen["places"][0]["rain"]:
        assert rain[window["duration_s"]] == window
    now, then = hazard_of(later, "flash_flood"), hazard_of(seen, "flash_flood")
    observed = [
        [comparison for comparison in of["places"][0]["comparisons"] if not comparison["lead_s"]]
        for of in (now, then)
    ]
    assert observed[0] == observed[1]
    assert max(comparison["level"] != "none" for comparison in observed[0])
    assert any("as known now" in difference for difference in later["differences"])


def replace_time(message: Message, time_s: int) -> Message:
    return message._replace(time_s=time_s)


def test_another_table_than_the_node_had_is_noticed(
    lived: Lived, tmp_path: Path, ask: Callable[..., Answer]
) -> None:
    directory = tmp_path / "county"
    directory.mkdir()
    for path in lived.directory.iterdir():
        if path.is_file():
            shutil.copy(path, directory)
    rules = directory / "thresholds.yaml"
    text = rules.read_text(encoding="utf-8")
    changed = text.replace("rain_mm: 50}", "rain_mm: 500}").replace(
        "red, duration: 3h, rain_mm: 100}", "red, duration: 3h, rain_mm: 600}"
    )
    rules.write_text(changed, encoding="utf-8")
    alert = next(
        message for message in lived.issued if message.hazard == "rainstorm" and message.cause is Cause.FIRST
    )
    answer = ask(directory, lived.code(alert), alert.sent_s, "--journal", str(lived.directory / "data"))
    assert f"the node issued {alert.identifier}, which this configuration does not" in answer["caveats"]


def test_an_archive_answers_too(lived: Lived, tmp_path: Path, ask: Callable[..., Answer]) -> None:
    decoder = build_decoder(lived.configuration)
    raw = [
        RawMessage(message.topic, message.payload)
        for message in lived.messages
        if not is_clock(message.topic)
    ]
    archive = tmp_path / "readings.parquet"
    batch = concatenate([decoder.decode(raw).readings])
    write_archive(archive, batch, lived.configuration.network.stations)
    alert = several(lived.issued, Cause.RAISED, 3)[1]
    village = lived.code(alert)
    answer = ask(lived.directory, village, alert.sent_s, "--readings", str(archive), "--hazard", alert.hazard)
    assert [hazard["hazard"] for hazard in answer["hazards"]] == [alert.hazard]
    assert answer["known"] == "if every reading had come in time"
    known = ask(lived.directory, village, alert.sent_s)
    assert answer["hazards"] == [hazard_of(known, alert.hazard)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["V", "2026-06-18T14:30Z"], "no village 'V' in villages.csv"),
        (
            ["{village}", "2026-06-19T14:30Z"],
            "2026-06-19T14:30:00Z is not in it; it covers 2026-06-18T06:00:00Z to",
        ),
        (
            ["{village}", "2026-06-17T14:30Z"],
            "2026-06-17T14:30:00Z is not in it; it covers 2026-06-18T06:00:00Z to",
        ),
        (["{village}", "14:30"], "has no time zone"),
        (
            ["{village}", "2026-06-18T08:30Z", "--hazard", "flood"],
            "no hazard 'flood' in thresholds.yaml; it has",
        ),
        (["{village}", "2026-06-18T08:30Z", "--journal", "{nothing}"], "expected a node's journal"),
        (["{village}", "--readings", "x.csv", "--known-now"], "an archive has no times of arrival"),
    ],
)
def test_a_question_that_has_no_answer_is_told_what_has(
    lived: Lived, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    village = lived.configuration.network.villages.code[0]
    filled = [argument.format(village=village, nothing=tmp_path) for argument in arguments]
    assert main(["explain", str(lived.directory), *filled]) == 1
    assert said in capsys.readouterr().err


def test_without_a_minute_the_newest_is_told_as_a_page(
    lived: Lived, capsys: pytest.CaptureFixture[str]
) -> None:
    village = lived.configuration.network.villages.code[0]
    assert main(["explain", str(lived.directory), village]) == 0
    page = capsys.readouterr().out
    assert f"at 2026-06-18T22:00:00+08:00 ({iso_utc(DEFAULT_START_S + 8 * HOUR_S)})" in page
    for part in ("flash_flood: ", "not higher", "rain: ", "weight ", "messages"):
        assert part in page


def test_a_journal_that_lost_its_beginning_says_so(
    lived: Lived, tmp_path: Path, ask: Callable[..., Answer]
) -> None:
    shutil.copytree(lived.directory / "data", tmp_path / "data")
    first = segments(tmp_path / "data")[0]
    assert len(segments(tmp_path / "data")) > 1
    first.unlink()
    for path in (tmp_path / "data" / "journal").glob("*.wss"):
        path.unlink()
    village = lived.configuration.network.villages.code[0]
    answer = ask(lived.directory, village, lived.messages[-1].time_s, "--journal", str(tmp_path / "data"))
    assert "the journal has lost its beginning" in answer["caveats"][0]
