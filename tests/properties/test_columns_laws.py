"""The quick way through a message and the one that explains say the same."""

import json
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from warnstream.ingest.flat_json.columns import FlatColumns
from warnstream.ingest.flat_json.decoder import Decoder, RawMessage
from warnstream.model.network import Stations
from warnstream.model.observations.readings import VARIABLE_OF_WORD, ReadingBatch

STATIONS = Stations(
    ("R1", "G1"), np.zeros(2), np.zeros(2), np.full(2, 300, dtype=np.int32), np.ones(2, dtype=np.bool_),
    np.ones(2, dtype=np.bool_),
)  # fmt: skip

values = st.one_of(
    st.none(), st.integers(-5, 5), st.floats(-1e6, 1e6), st.just(10**30), st.booleans(), st.just("wet")
)
observations = st.fixed_dictionaries(
    {"station": st.sampled_from(["R1", "G1", "R1", "G1", "X9", 7])},
    optional={
        "time": st.sampled_from([0, 60, 60.0, "2026-06-18T16:05:00+08:00", "now", -1, True]),
        "sequence": st.integers(),
        "unit": st.sampled_from([{"rain": "mm"}, {"rain": "inch"}]),
        **dict.fromkeys(VARIABLE_OF_WORD, values),
        "snow": st.just(1),
    },
)  # fmt: skip
payloads = st.one_of(observations, st.lists(observations, max_size=4), st.just(5), st.just("text"), st.none())


class Nothing(FlatColumns):
    """Leaves every message to the decoder that explains."""

    def decode(self, payloads: Any, *_speakers: Any) -> Any:
        empty, message, _ = super().decode([])
        return empty, message, list(range(len(payloads)))


def rows(readings: ReadingBatch) -> list[tuple[int, int, int, float]]:
    return list(
        zip(
            readings.station.tolist(),
            readings.variable.tolist(),
            readings.observed_at_s.tolist(),
            readings.value.tolist(),
            strict=True,
        )
    )


@given(st.lists(payloads, max_size=6), st.sampled_from([-2, -1, 0, 1]))
def test_both_ways_give_the_same_readings_and_refusals(contents: list[Any], speaker: int) -> None:
    messages = [RawMessage("ws/c/rain/R1/obs", json.dumps(content).encode()) for content in contents]
    quick, slow = Decoder(STATIONS), Decoder(STATIONS)
    slow._columns = Nothing(STATIONS.index_of_code(), slow._parse_time, 0)
    speakers = [speaker] * len(messages)
    expected = slow.decode(messages, speakers)
    found = quick.decode(messages, speakers)
    assert found.refusals == expected.refusals
    assert found.n_without == expected.n_without
    # Within a message the quick way follows the order of variables, not that of the text.
    assert sorted(rows(found.readings)) == sorted(rows(expected.readings))


def test_messages_keep_their_order_whichever_way_they_took() -> None:
    contents = [
        {"station": "R1", "time": n, "rain": n, **({"unit": {"rain": "mm"}} if n % 2 else {})}
        for n in range(9)
    ]
    messages = [RawMessage("t", json.dumps(content).encode()) for content in contents]
    assert Decoder(STATIONS).decode(messages).readings.observed_at_s.tolist() == list(range(9))
