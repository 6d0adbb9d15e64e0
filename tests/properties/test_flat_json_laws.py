"""Read by its forms, a batch of messages and packs says what each says when read by itself."""

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.ingest.flat_json.test_templates import EPOCH, PLAIN, SPACED, STATIONS, same
from warnstream.ingest.flat_json.decoder import Decoder, RawMessage
from warnstream.ingest.flat_json.templates import BATCH_MIN
from warnstream.ingest.speakers import ANY, NOBODY
from warnstream.model.messages import columns_of

NUMBERS = [
    "0", "-0", "-0.0", "0.0", "00", "01", "1.", ".5", "-", "--1", "1-2", "1.2.3", "1e3", "+1", "-0.5", "null",
    "true", "1234567", "12345678", "-123456", "1.23456", "9" * 30, "", " 1", "1 ", "7",
    "21.5", "-3.25", "1001.2",
]  # fmt: skip
CODES = [
    "R1", "G1", "R1", "0011223344556677", "S2345678", "中", "X9", "", 'q\\"x', "b\\\\x", "b\\x",
    "R1\0", "R1 ",
]  # fmt: skip
TIMES = [
    "2026-06-18T08:05:00Z", "2024-02-29T23:59:59Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z", "2026-00-10T00:00:00Z", "2026-06-31T00:00:00Z", "2026-06-00T00:00:00Z",
    "2026-06-18T24:00:00Z", "2026-06-18T23:60:00Z", "2026-06-18T23:59:60Z", "1969-12-31T23:59:59Z",
    "1970-01-01T00:00:00Z", "2169-12-31T23:59:59Z", "2170-01-01T00:00:00Z", "2026-06-18 08:05:00Z",
    "2026-06-18T08:05:00", "2026-06-18T08:05:00.5Z", "2026-06-18T08:05:00+08:00", "2026/06/18T08:05Z",
]  # fmt: skip
SIGNS = list(b'0159-.,:"{}[] eE\\\0\x7f\xff\nRGZT+')


def number(rng: Random) -> str:
    usual = [str(rng.randint(-200, 10**9)), f"{rng.uniform(-9999, 9999):.{rng.randint(0, 3)}f}", "1.2"]
    return rng.choice([*usual, rng.choice(NUMBERS)])


def alike(rng: Random) -> bytes:
    """Nearly of the form of `PLAIN`."""
    values = ",".join(f'"{word}":{number(rng)}' for word in ("rain", "temperature", "pressure"))
    code, time = (rng.choice(some[: rng.choice((1, 99))]) for some in (CODES, TIMES))
    return f'{{"station":"{code}","time":"{time}",{values}}}'.encode()


def mutated(rng: Random) -> bytes:
    """A good message with a few bytes changed, cut out or put in."""
    text = bytearray(rng.choice([PLAIN, SPACED, EPOCH]))
    for _ in range(rng.randint(1, 3)):
        place, sign = rng.randrange(len(text)), rng.choice(SIGNS)
        text[place : place + rng.choice((0, 1))] = rng.choice((b"", bytes((sign,))))
    return bytes(text)


@settings(max_examples=40)
@given(st.integers(0, 2**32))
def test_a_batch_says_what_its_messages_say_one_by_one(seed: int) -> None:
    rng = Random(seed)
    some = [rng.choice((alike, mutated))(rng) for _ in range(100)]
    contents = [*some, *[PLAIN, SPACED] * BATCH_MIN, EPOCH, b"", b"{}", b"[]"]
    rng.shuffle(contents)
    speakers = rng.choices([ANY, ANY, ANY, NOBODY, 0, 1], k=len(contents))
    topics = [f"ws/c/rain/{index % 7}/obs" for index in range(len(contents))]
    messages = [RawMessage(topic, content) for topic, content in zip(topics, contents, strict=True)]
    decoder = Decoder(STATIONS)
    for _ in range(2):  # learning, then knowing the forms
        found = decoder.decode_columns(columns_of(topics, contents), np.array(speakers, dtype=np.int32))
        same(found, Decoder(STATIONS).decode(messages, speakers))


BETWEEN = [b",", b",", b",", b",", b", ", b" ,", b",,", b"", b"}", b",{}", b",[],", b"],["]
AROUND = [(b"[", b"]"), (b"[", b"]"), (b"[", b"]"), (b"[[", b"]]"), (b"[", b"]]"), (b"", b"]"), (b"[", b"")]
AROUND += [(b" [", b"]"), (b"[", b"] "), (b"[ ", b"]"), (b'{"a":[', b"]}"), (b"[", b",]")]


def pack_of(rng: Random) -> bytes:
    """Observations in one array, most of them good and well joined."""
    good = [PLAIN, PLAIN, EPOCH]
    some = [rng.choice(good) if rng.random() < 0.9 else rng.choice((alike, mutated))(rng) for _ in range(4)]
    some = some[: rng.randint(1, 4)]
    text = some[0]
    for message in some[1:]:
        text += rng.choice(BETWEEN if rng.random() < 0.2 else [b","]) + message
    before, behind = rng.choice(AROUND if rng.random() < 0.2 else AROUND[:1])
    return before + text + behind


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_a_batch_of_packs_says_what_its_messages_say_one_by_one(seed: int) -> None:
    rng = Random(seed)
    contents = [rng.choice((pack_of, pack_of, pack_of, alike, mutated))(rng) for _ in range(90)]
    contents += [b"[" + b",".join([PLAIN, SPACED, EPOCH]) + b"]", b"[]", b"[{}]", b"[{},{}]", b"", b"[{"]
    rng.shuffle(contents)
    speakers = rng.choices([ANY, ANY, ANY, NOBODY, 0, 1], k=len(contents))
    topics = [f"ws/c/rain/{index % 7}/obs" for index in range(len(contents))]
    messages = [RawMessage(topic, content) for topic, content in zip(topics, contents, strict=True)]
    decoder = Decoder(STATIONS)
    for _ in range(2):  # learning, then knowing the forms
        found = decoder.decode_columns(columns_of(topics, contents), np.array(speakers, dtype=np.int32))
        same(found, Decoder(STATIONS).decode(messages, speakers))
