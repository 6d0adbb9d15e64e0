import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stations import stations_of
from warnstream.ingest.names import Decoded, RawMessage
from warnstream.ingest.packed import PackedDecoder, encode
from warnstream.model.observations.decoders import DecoderRule
from warnstream.model.observations.readings import Variable
from warnstream.model.observations.refusals import RefusalReason

NAMES = ("R1", "gauge-7")


def decode(payload: bytes) -> Decoded:
    rule = DecoderRule("#", "packed", {}, {"gauge-7": "G1"})
    return PackedDecoder(stations_of("R1", "G1"), rule).decode([RawMessage("a", payload)])


def packed(*rows: tuple[int, int, int, float], names: tuple[str, ...] = NAMES) -> bytes:
    station, variable, at_s, value = (np.array(column) for column in zip(*rows, strict=True))
    return encode(names, station, variable, at_s, value)


WHOLE = packed((0, Variable.RAIN, 1_781_769_900, 1.2), (1, Variable.STAGE, 1_781_769_960, 103.45))


def test_the_layout_is_that_of_the_documentation() -> None:
    expected = (
        b"WSP1" + b"\x02\x00\x00\x00" + b"\x02\x00\x00\x00" + zlib.crc32(WHOLE[16:]).to_bytes(4, "little")
        + b"\x02R1" + b"\x07gauge-7"
        + b"\x00\x00\x00\x00" + (1_781_769_900).to_bytes(4, "little") + np.float64(1.2).tobytes()
        + b"\x01\x00\x01\x00" + (1_781_769_960).to_bytes(4, "little") + np.float64(103.45).tobytes()
    )  # fmt: skip
    assert expected == WHOLE


def test_rows_are_readings() -> None:
    readings = decode(WHOLE).readings
    assert readings.station.tolist() == [0, 1]
    assert readings.variable.tolist() == [Variable.RAIN, Variable.STAGE]
    assert readings.observed_at_s.tolist() == [1_781_769_900, 1_781_769_960]
    assert readings.value.tolist() == [1.2, 103.45]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", RefusalReason.BAD_FRAME),
        (b"WSP2" + WHOLE[4:], RefusalReason.BAD_FRAME),
        (WHOLE[:-1], RefusalReason.BAD_CHECKSUM),
        (WHOLE[:-1] + b"\x00", RefusalReason.BAD_CHECKSUM),
        (WHOLE[:8] + b"\x03" + WHOLE[9:], RefusalReason.BAD_FRAME),
    ],
)
def test_a_message_that_is_none_is_refused(payload: bytes, reason: RefusalReason) -> None:
    assert [refusal.reason for refusal in decode(payload).refusals] == [reason]


def test_bad_rows_do_not_take_the_good_ones_with_them() -> None:
    rows = [(0, 0, 60, 1.0), (5, 0, 60, 1.0), (0, 99, 60, 1.0), (0, 0, 60, np.nan), (1, 0, 60, 2.0)]
    decoded = decode(packed(*rows))
    assert decoded.readings.value.tolist() == [1.0, 2.0]
    assert [refusal.reason for refusal in decoded.refusals] == [
        RefusalReason.UNKNOWN_STATION,
        RefusalReason.UNKNOWN_VARIABLE,
        RefusalReason.BAD_VALUE,
    ]


row = st.tuples(
    st.integers(0, 1),
    st.sampled_from([int(variable) for variable in Variable]),
    st.integers(0, 2**32 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
)


@given(rows=st.lists(row, min_size=1, max_size=50))
def test_what_is_encoded_is_decoded(rows: list[tuple[int, int, int, float]]) -> None:
    found = decode(packed(*rows)).readings
    columns = (found.station, found.variable, found.observed_at_s, found.value)
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == rows
