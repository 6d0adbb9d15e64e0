"""What a child hands over is what it had; what is cut off is nothing."""

import io
import pickle
from pathlib import Path

import numpy as np
import pytest

from tests.unit.rule_tests.county import write_county
from warnstream.config.load import load_configuration
from warnstream.model.observations.readings import empty_batch
from warnstream.runners.build import assemble, derive
from warnstream.runners.live.reloading import handover
from warnstream.runners.live.reloading.handover import Report, joined, parts_of, read_parts, write_parts


@pytest.fixture
def answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    monkeypatch.setattr(handover, "POSTS_AT_ONCE", 1)
    write_county(tmp_path)
    file = io.BytesIO()
    write_parts(file, Report(looks=["one"], doors=3), parts_of(derive(load_configuration(tmp_path))))
    return file.getvalue()


def test_an_engine_of_what_was_handed_over_is_that_of_the_files(answer: bytes, tmp_path: Path) -> None:
    found = read_parts(io.BytesIO(answer))
    assert found is not None
    report, parts = found
    assert (report.looks, report.doors, report.faults) == (["one"], 3, [])
    derived, own = joined(parts), derive(load_configuration(tmp_path))
    assert derived.configuration.network.chain == own.configuration.network.chain
    assert derived.configuration.fingerprint == own.configuration.fingerprint
    assert pickle.dumps(derived.whole) == pickle.dumps(own.whole)
    engine, other = assemble(derived), assemble(own)
    for now_s in (1_781_740_800, 1_781_741_100):
        ours, theirs = (each.step(empty_batch(), [], now_s).assessment for each in (engine, other))
        assert np.array_equal(ours.sight.is_blind, theirs.sight.is_blind)


def test_an_answer_that_was_cut_off_is_none(answer: bytes) -> None:
    for length in {0, 1, 7, 8, 20, len(answer) // 2, len(answer) - 9, len(answer) - 1}:
        assert read_parts(io.BytesIO(answer[:length])) is None, length
