"""Inputs that once were findings, by target; each must pass every law of its target for ever.

A new finding goes in as the campaign prints it: ``bytes.fromhex("…")``.
"""

import cbor2

from tests.fuzz.corpus import cbor_of, frame

_HEAD = b"0001170718110000ST 0011223344 H TT 1707181005 "

REGRESSIONS: dict[str, list[bytes]] = {
    "flat_json": [
        b'{"station":"R1","time":60,"rain":1' + b"0" * 400 + b"}",
        # A time of 200,000 characters made a detail of as many.
        b'{"station":"R1","time":"' + b"x" * 200_000 + b'","rain":1}',
        b'{"station":"R1","time":60,"' + b"x" * 200_000 + b'":1}',
        b'{"station":"R1","time":60,"rain":' + b"[" * 960 + b"]" * 960 + b"}",
        # Times beyond what epoch times may be, before 1970, and in no zone.
        b'{"station":"R1","time":"9999-12-31T23:59:59Z","rain":1}',
        b'{"station":"R1","time":"0000-01-01T00:00:00Z","rain":1}',
        b'{"station":"R1","time":"2026-06-18T08:05:00+99:99","rain":1}',
    ],
    "json_array": [
        # 20,000 observations of nobody's filled the store of what was refused with one message.
        b"[" + b",".join([b"{}"] * 20_000) + b"]",
    ],
    "flat_mapped": [
        # Times its factor it is infinite.
        b'{"station":"R1","time":60,"huge":1e305}',
    ],
    "senml_json": [b"[" + b",".join([b'{"n":"stage","v":1}'] * 3_000) + b"]"],
    "senml_cbor": [
        # Each finite, infinite together.
        cbor_of([{"bn": "R1.", "bt": 1_781_769_900, "bv": 1e308, "n": "stage", "v": 1e308}]),
        # A number of 6,000 digits has no text in Python: making the detail raised.
        cbor2.dumps([{-2: "R1.", 0: "stage", 2: 10**6_000}]),
        cbor2.dumps([{-2: "R1.", 0: "stage", 10**6_000: 1, 2: 1}]),
        # True is no label 1.
        cbor2.dumps([{-2: "R1.", -3: 1_781_769_900, 0: "stage", True: "cm", 2: 1}]),
    ],
    "sl651_hex": [
        # Searching for the next start took seconds: every 7E7E searched the whole rest for an SOH.
        b"\x7e" * 250_000,
        (b"\x7e\x7e" + b"\x00" * 11 + b"\x02") * 18_000,
        # SYN without room for packet numbers.
        bytes.fromhex("7E7E05001122334403E8320000160300000000"),
    ],
    "sl651_ascii": [
        # An address with a sign stopped the node, and every restart: the message was in the journal.
        frame(0x32, b"0001170718110000ST 011223344+ H TT 1707181005 PT 4.0 ", is_ascii=True),
        # Blanks between the digits of a header: eleven bytes were expected and nine read.
        b"\x010500 112233 440332 10 \x02" + b"x" * 16 + b"\x030000",
        # A step and a number beyond what an integer and a float hold.
        frame(0x31, _HEAD + b"DRD99999999999999999999 Z 1 2 3 ", is_ascii=True),
        frame(0x32, _HEAD + b"Z " + b"9" * 400 + b" ", is_ascii=True),
    ],
}
"""Target -> inputs."""
