"""``warnstream review`` on the storage of a node: every figure beside a plain reading of its journal.

The plain reading knows the format of segment frames alone (`warnstream.adapters.journal.extents`); what is in
an entry it unpacks by itself.
"""

import hashlib
import json
import shutil
import sqlite3
import statistics
import zlib
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.e2e import told_node as told
from warnstream.adapters.journal.extents import find_extent, read_timed_entries
from warnstream.cli import main
from warnstream.model.times import iso_utc

Record = dict[str, Any]

STRETCH = f"{iso_utc(told.BEGIN_S)}/{iso_utc(told.END_S)}"


@dataclass
class Plain:
    """A journal in plain lists and dictionaries."""

    messages: list[Record] = field(default_factory=list)
    bulletins: list[Record] = field(default_factory=list)
    digests: list[Record] = field(default_factory=list)
    outcomes: list[Record] = field(default_factory=list)
    answers: list[Record] = field(default_factory=list)


def plain_reading(storage: Path) -> Plain:
    """Every entry that is about people, unpacked here."""
    found, now_s = Plain(), -1
    extent = find_extent(storage / "journal")
    for _, written_at, kind, payload in read_timed_entries(extent, 1):
        if kind == "messages":
            for topic, content in msgspec.msgpack.decode(payload):
                if topic.endswith("/clock"):
                    time = msgspec.json.decode(content)["time"]
                    now_s = int(msgspec.convert(time, type=msgspec_time()).timestamp())
        elif kind == "issued":
            issued = msgspec.msgpack.decode(zlib.decompress(payload), strict=False)
            found.messages += [
                {"village": code, **message, "at": written_at} for code, message in issued["messages"]
            ]
            found.bulletins += [
                {**bulletin, "village": code, "at": written_at} for code, bulletin in issued["bulletins"]
            ]
            names = issued["digest_villages"]
            found.digests += [{**digest, "names": names, "at": written_at} for digest in issued["digests"]]
        elif kind == "outcome":
            for village, opened_s, n, channel, at_s, result, doors in msgspec.msgpack.decode(
                zlib.decompress(payload)
            ):
                found.outcomes += [
                    {
                        "of": (village, opened_s, n),
                        "channel": channel,
                        "at_s": at_s,
                        "result": result,
                        "door": door,
                    }
                    for door in doors
                ]
        elif kind == "answer":
            found.answers.append({**msgspec.msgpack.decode(payload), "at_s": now_s})
    return found


def msgspec_time() -> Any:
    from datetime import datetime

    return datetime


@pytest.fixture(scope="module")
def plain(node: told.ToldNode) -> Plain:
    return plain_reading(node.storage)


@pytest.fixture(scope="module")
def out(node: told.ToldNode, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("record")
    events = str(node.directory / "truth.csv") if (node.directory / "truth.csv").exists() else None
    options = ["--events", events] if events else []
    command = [
        "review",
        str(node.directory),
        STRETCH,
        "--out",
        str(folder),
        "--with-names",
        "--known-now",
        "2",
    ]
    assert main([*command, *options]) == 0
    return folder


@pytest.fixture(scope="module")
def record(out: Path) -> Record:
    content: Record = json.loads((out / "review.json").read_text("utf-8"))
    return content


def link(record: Record, name: str, group: str) -> Record:
    (found,) = [link for link in record["links"] if (link["link"], link["group"]) == (name, group)]
    return dict(found)


def test_the_record_counts_what_the_journal_has(record: Record, plain: Plain) -> None:
    warned = {message["warning"] for message in plain.messages}
    assert len(warned) > 50
    assert record["schema"] == "warnstream-review/1"
    assert record["counts"]["warnings"] == len(warned)
    assert record["counts"]["messages"] == len(plain.messages)
    assert record["counts"]["bulletins"] == len(plain.bulletins)
    assert record["counts"]["digests"] == len(plain.digests)
    asked = {digest["post"] for digest in plain.digests if digest["answer_by_s"]}
    assert record["counts"]["posts_asked"] == len(asked)
    names = {digest["identifier"] for digest in (*plain.digests, *plain.bulletins)}
    assert record["counts"]["answers"] == sum(answer["message"] in names for answer in plain.answers)
    assert record["bundle_used"] == record["configurations"][0]["bundle"] == 1


def test_from_the_crossing_to_the_judgement_by_hazard(record: Record, plain: Plain) -> None:
    took_s: dict[str, list[int]] = defaultdict(list)
    for message in plain.messages:
        if message["cause"] in ("first", "raised"):
            took_s[message["hazard"]].append(message["sent_s"] - message["crossed_at_s"])
    assert len(took_s) >= 3
    for hazard, some in took_s.items():
        found = link(record, "crossed_judged", hazard)
        assert (found["n"], found["median_s"], found["worst_s"]) == (
            len(some),
            statistics.median(some),
            max(some),
        )


def test_from_the_disk_to_the_doors_by_channel(record: Record, plain: Plain) -> None:
    written = {
        (bulletin["village"], bulletin["opened_s"], bulletin["n"]): bulletin["at"]
        for bulletin in plain.bulletins
    }
    first_s: dict[tuple[Any, str, str], int] = {}
    tried: set[tuple[Any, str, str]] = set()
    for outcome in plain.outcomes:
        key = outcome["of"], outcome["door"], outcome["channel"]
        tried.add(key)
        if outcome["result"] == "sent":
            first_s.setdefault(key, outcome["at_s"])
    for channel in ("device", "sms"):
        some = [max(at_s - written[key[0]], 0.0) for key, at_s in first_s.items() if key[2] == channel]
        found = [link for link in record["links"] if (link["link"], link["kind"]) == ("written_sent", "door")]
        (mine,) = [link for link in found if link["group"] == channel]
        assert mine["n"] == len(some) > 0
        assert mine["n_none"] == sum(key[2] == channel for key in tried) - len(some)
        assert mine["median_s"] == pytest.approx(statistics.median(round(link, 1) for link in some))


def test_from_the_disk_to_the_posts_as_the_outbox_has_it(
    record: Record, plain: Plain, node: told.ToldNode
) -> None:
    written = {digest["identifier"]: digest["at"] for digest in plain.digests}
    path = f"file:{node.storage / 'outbox.sqlite3'}?immutable=1"
    with closing(sqlite3.connect(path, uri=True)) as outbox:
        rows = outbox.execute(
            "SELECT identifier, channel, sent_at FROM notifications JOIN messages"
            " ON messages.number = notifications.message WHERE kind = 1"
        ).fetchall()
    for channel in ("device", "sms"):
        some = [(name, sent_at) for name, of, sent_at in rows if of == channel and name in written]
        sent = [max(sent_at - written[name], 0.0) for name, sent_at in some if sent_at is not None]
        (mine,) = [
            link
            for link in record["links"]
            if (link["link"], link["kind"], link["group"]) == ("written_sent", "post", channel)
        ]
        assert (mine["n"], mine["n_none"]) == (len(sent), len(some) - len(sent))
        assert len(sent) > 10
        assert mine["worst_s"] == pytest.approx(max(sent), abs=0.06)
        assert mine["median_s"] == pytest.approx(statistics.median(sent), abs=0.06)


def first_answer(plain: Plain, digest: Record) -> Record | None:
    """The first answer of its post to it or to a later digest."""
    later = {
        question["identifier"]
        for question in plain.digests
        if question["post"] == digest["post"] and question["issued_s"] >= digest["issued_s"]
    }
    said = (
        answer
        for answer in plain.answers
        if answer["recipient"] == digest["post"] and answer["message"] in later
    )
    return next(said, None)


def test_who_answered_and_who_never_did_by_rank(record: Record, plain: Plain, node: told.ToldNode) -> None:
    rank: dict[str, int] = {}
    for post in sorted(node.configuration.network.chain, key=lambda post: post.rank):
        rank.setdefault(post.post, post.rank)
    took_s: dict[int, list[int]] = defaultdict(list)
    n_none: dict[int, int] = defaultdict(int)
    n_late: dict[int, int] = defaultdict(int)
    for digest in plain.digests:
        if not digest["answer_by_s"] or digest["tries"]:
            continue
        answer = first_answer(plain, digest)
        if answer is None:
            n_none[rank[digest["post"]]] += 1
            continue
        took_s[rank[digest["post"]]].append(answer["at_s"] - digest["issued_s"])
        n_late[rank[digest["post"]]] += answer["at_s"] > digest["answer_by_s"]
    assert {1, 2} <= took_s.keys()
    for link in record["links"]:
        if link["link"] == "issued_answered":
            some = took_s[link["rank"]]
            assert (link["n"], link["n_none"], link["n_late"]) == (
                len(some),
                n_none[link["rank"]],
                n_late[link["rank"]],
            )
            assert (link["median_s"], link["worst_s"]) == (statistics.median(some), max(some))
    never = {
        digest["post"]
        for digest in plain.digests
        if digest["answer_by_s"] and first_answer(plain, digest) is None
    }
    silent = {post for post in never if all(answer["recipient"] != post for answer in plain.answers)}
    assert {post["who"] for post in record["never_answered"]} == silent
    assert silent == {
        post for post in silent if told.answers_after_min(post) is None or not told.is_reached(post)
    }


def test_the_ladder_of_each_village_is_that_of_the_digests(record: Record, plain: Plain) -> None:
    asked: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    levels = ("none", "blue", "yellow", "orange", "red")
    for digest in plain.digests:
        for line in digest["lines"]:
            if line["needs_answer"]:
                village = digest["names"][line["village"]]
                asked[village].append((digest["issued_s"], digest["post"], levels[line["level"]]))
    assert asked
    for village in record["villages"]:
        found = [(post["at_s"], post["who"], post["level"]) for post in village["asked"]]
        assert sorted(found) == sorted(asked[village["code"]])
        assert found == sorted(found, key=lambda one: one[0])


def test_doors_that_were_not_reached_are_those_of_the_channel_that_did_not_get_through(
    record: Record, plain: Plain, node: told.ToldNode
) -> None:
    network = node.configuration.network
    asking = {
        bulletin["village"] for bulletin in plain.bulletins if bulletin["action"] not in ("clear", "correct")
    }
    expected = {
        network.households.code[door]
        for village, code in enumerate(network.villages.code)
        if code in asking
        for door in network.households.of_village(village)
        if not told.is_reached(network.households.code[door])
    }
    found = {door for village in record["villages"] for door, _ in village["unreached"]}
    assert found == expected
    assert {why for village in record["villages"] for _, why in village["unreached"]} == {"unreachable"}


def test_a_silenced_gauge_is_named_with_its_hour_and_the_rain_that_came_late(
    record: Record, node: told.ToldNode
) -> None:
    (gauge,) = [gauge for gauge in record["gauges"] if gauge["station"] == node.silenced]
    (silence,) = gauge["silent"]
    limit_s = 300 + node.configuration.windows.silent_after_s
    assert silence[0] == pytest.approx(told.SILENT_FROM_S + limit_s, abs=300)
    assert silence[1] == pytest.approx(told.BACK_AT_S, abs=300)
    assert gauge["late_readings"] >= (told.BACK_AT_S - told.SILENT_FROM_S - limit_s) // 300 - 1


def test_names_are_masked_unless_they_are_asked_for(
    node: told.ToldNode, record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["review", str(node.directory), STRETCH, "--out", str(tmp_path), "--known-now", "0"]) == 0
    printed = capsys.readouterr()
    network = node.configuration.network
    people = {post.post for post in network.chain} | set(network.households.code)
    people -= set(network.stations.code)  # a rescue team may be called as a gauge is
    texts = [path.read_text("utf-8") for path in tmp_path.iterdir()] + [printed.out, printed.err]
    assert len(texts) == 5
    assert [name for name in people for text in texts if name in text] == []
    shown = json.dumps(record)
    assert sum(name in shown for name in people) > 50


def test_nothing_of_the_node_is_changed_and_a_copy_elsewhere_gives_the_same_record(
    node: told.ToldNode, out: Path, tmp_path: Path
) -> None:
    def prints(folder: Path) -> dict[str, str]:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
        }

    before = prints(node.storage)
    copy = tmp_path / "copy"
    shutil.copytree(node.storage, copy)
    options = ["--journal", str(copy), "--with-names", "--known-now", "2", "--out", str(tmp_path / "out")]
    if (node.directory / "truth.csv").exists():
        options += ["--events", str(node.directory / "truth.csv")]
    assert main(["review", str(node.directory), STRETCH, *options]) == 0
    assert prints(node.storage) == before
    assert prints(tmp_path / "out") == prints(out)


class _Balanced(HTMLParser):
    """Every element that is opened is closed, in order."""

    VOID = ("meta", "line", "rect", "circle", "path", "polygon", "br", "link")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_are_whole_without_script_or_request_and_hold_the_figures(
    out: Path, record: Record, language: str
) -> None:
    text = (out / f"review.{language}.html").read_text("utf-8")
    page = _Balanced()
    page.feed(text)
    assert page.open == []
    assert not page.seen & {"script", "img", "iframe"}
    assert "http" not in text.replace("http-equiv", "")
    for link in record["links"]:
        assert f"{link['n']:,}</td>" in text
    assert all(post["who"] in text for post in record["never_answered"][:50])
    assert (out / "review.json").stat().st_mode & 0o777 == 0o600


def test_on_paper_it_is_a_file_for_its_owner_alone(
    node: told.ToldNode, record: Record, tmp_path: Path
) -> None:
    pytest.importorskip("weasyprint", reason="the extra `report` is not installed")
    warning = record["villages"][0]["warnings"][0]["warning"]
    options = ["--pdf", "--known-now", "0", "--out", str(tmp_path)]
    assert main(["review", str(node.directory), warning, *options]) == 0
    for language in ("zh", "en"):
        page = tmp_path / f"review.{language}.pdf"
        assert page.read_bytes().startswith(b"%PDF-")
        assert page.stat().st_mode & 0o777 == 0o600


def test_paper_needs_a_folder(node: told.ToldNode, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", str(node.directory), STRETCH, "--pdf"]) == 1
    assert "--pdf: expected --out DIR" in capsys.readouterr().err


def test_a_warning_and_a_village_s_day_are_parts_of_the_whole(
    node: told.ToldNode, record: Record, tmp_path: Path
) -> None:
    village = record["villages"][0]
    warning = village["warnings"][0]["warning"]
    asked = ([warning], [village["code"], "2026-06-18"])
    for number, words in enumerate(asked):
        out = tmp_path / str(number)
        options = ["--with-names", "--known-now", "0", "--out", str(out)]
        assert main(["review", str(node.directory), *words, *options]) == 0
        part = json.loads((out / "review.json").read_text("utf-8"))
        (mine,) = part["villages"]
        assert mine["code"] == village["code"]
        whole = {warning["warning"] for warning in village["warnings"]}
        assert {warning["warning"] for warning in mine["warnings"]} == ({warning} if number == 0 else whole)
        assert [post for post in mine["asked"] if post not in village["asked"]] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ws.nothing.like.it"], "expected the name of a warning"),
        (["331102901201", "18.6.2026"], "expected a day of the local clock"),
        (["nowhere", "2026-06-18"], "no village"),
        (["2026-06-18T14:00Z/2026-06-18T13:00Z"], "expected end after begin"),
        (["2026-06-18T14:00/2026-06-18T15:00"], "expected begin/end"),
        (["a", "b", "c"], "expected warning, village day, or begin/end"),
    ],
)
def test_a_question_that_is_none_is_answered_with_what_was_expected(
    node: told.ToldNode, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["review", str(node.directory), *words]) == 1
    assert said in capsys.readouterr().err.lower()
