"""Which shard an entry goes to: what concerns one village to its own, what all need to all."""

import json
from dataclasses import replace

import pytest

from tests.unit.config.conftest import FILES
from warnstream.config.load import load_configuration
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.alarms import AlarmSignal
from warnstream.model.digests import HelpAssign
from warnstream.model.effects import Answer, OperatorCancel
from warnstream.model.hands.orders import HandOrder, OrderKind
from warnstream.model.level import Level
from warnstream.model.observations.signs import SignVerdict
from warnstream.runners.intake import entries
from warnstream.runners.kafka.addressing import Addressing, addressing_of
from warnstream.runners.kafka.parts import parts_of

KAFKA = '\nkafka: {servers: ["127.0.0.1:9092"], partition: 0, partitions: 4}\n'
SHARDS = "village,shard\n001,0\n002,0\n003,1\n"
ALL = [0, 1]


@pytest.fixture(scope="module")
def addressing(tmp_path_factory: pytest.TempPathFactory) -> Addressing:
    folder = tmp_path_factory.mktemp("county")
    for name, text in {**FILES, "shards.csv": SHARDS}.items():
        more = KAFKA if name == "warnstream.yaml" else ""
        (folder / name).write_text(text + more, encoding="utf-8")
    (folder / "zones.csv").write_text(
        "zone,village,name,latitude,longitude\nup,001,Up,28.4,119.9\nhill,003,Hill,28.45,119.95\n"
    )
    configuration = load_configuration(folder)
    return addressing_of(configuration, parts_of(configuration))


def shards(addressing: Addressing, kind: str, payload: bytes) -> list[int]:
    divided = addressing.divide([(kind, payload)])
    assert all((name, own) == (kind, payload) for _, name, own in divided)
    return [shard for shard, _, _ in divided]


def messages(*pairs: tuple[str, object]) -> bytes:
    return entries.encode_messages(
        [
            RawMessage(topic, body if isinstance(body, bytes) else json.dumps(body).encode())
            for topic, body in pairs
        ]
    )


READING = ("ws/County/rain/S1/obs", {"station": "S1", "time": "2026-06-18T06:00:00Z", "rain": 1})


def test_readings_times_and_what_is_of_nobody_go_to_every_shard(addressing: Addressing) -> None:
    for kind, payload in (
        (entries.MESSAGES, messages(READING)),
        (entries.TICK, entries.encode_tick(7)),
        (entries.GRID, b"a frame"),
        ("configuration", b"x"),
        ("of a later version", b"x"),
    ):
        assert shards(addressing, kind, payload) == ALL, kind


@pytest.mark.parametrize(
    ("kind", "payload", "expected"),
    [
        ("answer", entries.encode_answer("ws.003.20260618T060000Z.1", "h9", Answer.SAFE), [1]),
        ("answer", entries.encode_answer("ws.002.flash_flood.20260618T060000Z.1", "h2", Answer.SAFE), [0]),
        ("answer", entries.encode_answer("ws.@post.p2.20260618T060000Z.4", "p2", Answer.SAFE), [0]),
        ("answer", entries.encode_answer("ws.@post-1.p3.20260618T060000Z.4", "p3", Answer.SAFE), [1]),
        ("answer", entries.encode_answer("ws.@post.p3.20260618T060000Z.4", "p3", Answer.SAFE), ALL),
        ("answer", entries.encode_answer("what", "h2", Answer.SAFE), [0]),
        ("answer", entries.encode_answer("what", "nobody", Answer.SAFE), ALL),
        ("answer", b"\xc1", ALL),
        ("cancel", entries.encode_cancel(OperatorCancel("ws.003.flood.20260618T060000Z", "o", "")), [1]),
        ("sign", entries.encode_sign(SignVerdict("003.crack.20260618T060000Z", True, "p2", "")), [1]),
        ("help", entries.encode_help(HelpAssign("h1-20260618T060000Z-1", "p3", "Li")), [1]),
        ("help", entries.encode_help(HelpAssign("h20260618T060000Z-1", "p3", "Li")), ALL),
        ("alarm", entries.encode_alarm(AlarmSignal("disk", "full", 5, True)), [0]),
    ],
)
def test_what_concerns_one_village_goes_to_its_shard(
    addressing: Addressing, kind: str, payload: bytes, expected: list[int]
) -> None:
    assert shards(addressing, kind, payload) == expected


def test_messages_of_people_are_taken_apart_and_keep_their_order(addressing: Addressing) -> None:
    first = ("ws/answer/h2", {"message": "ws.002.20260618T060000Z.1", "answer": "safe"})
    second = ("ws/sign/p2", {"village": "003", "kind": "crack"})
    bad = ("ws/answer/h1", b"{")
    clock = ("ws/clock", {"time": "2026-06-18T06:01:00Z"})
    found = addressing.divide([(entries.MESSAGES, messages(first, READING, second, bad, clock))])
    assert [
        (shard, [topic for topic, _ in entries.decode_messages(payload)]) for shard, _, payload in found
    ] == [
        (0, ["ws/answer/h2", READING[0], "ws/answer/h1", "ws/clock"]),
        (1, [READING[0], "ws/sign/p2", "ws/clock"]),
    ]


def test_an_order_on_villages_of_two_shards_is_one_in_each_of_its_own(addressing: Addressing) -> None:
    order = HandOrder(
        "o1", OrderKind.TRANSFER, "li", "rain", ("001", "003"), level=Level.RED, zones=("hill", "up")
    )
    found = addressing.divide([(entries.ORDER, entries.encode_order(order))])
    assert [(shard, entries.decode_order(payload)) for shard, _, payload in found] == [
        (0, replace(order, villages=("001",), zones=("up",))),
        (1, replace(order, villages=("003",), zones=("hill",))),
    ]
    whole = replace(order, villages=(), zones=(), kind=OrderKind.RELEASE, order="o1")
    assert [shard for shard, _, _ in addressing.divide([("order", entries.encode_order(whole))])] == ALL
    one = replace(order, villages=("003",), zones=("hill",))
    assert [shard for shard, _, _ in addressing.divide([("order", entries.encode_order(one))])] == [1]
