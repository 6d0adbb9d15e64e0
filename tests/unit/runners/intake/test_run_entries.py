"""Runs of weather models in the journal: the same to the bit, or refused."""

import numpy as np
import pytest

from tests.model_runs import cells_of, run_of
from tests.networks import T0, network_of
from tests.unit.runners.intake.test_intake import N, intake_of
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.runs.model_run import UNSEEN, ModelRun
from warnstream.runners.intake import entries
from warnstream.runners.intake.grid_entries import decode_any, encode_any
from warnstream.runners.intake.runs.run_entries import decode_run, encode_run

NETWORK = network_of(N, N)
RUN = run_of(NETWORK, [[0.0, 3.2, 100.1], [1.0, 0.0, 0.0]], delay_s=3600)
RUN.rain[:, :, 0, :3] = UNSEEN


def test_a_run_is_the_same_after_the_journal_to_the_bit() -> None:
    kind, payload = encode_any(RUN, b"")
    found = decode_any(kind, payload, b"")
    assert isinstance(found, ModelRun)
    assert kind == entries.RUN
    assert (found.forecast, found.geometry, found.reference_s, found.told_s) == (
        "ens",
        cells_of(NETWORK).digest,
        T0,
        T0 + 3600,
    )
    np.testing.assert_array_equal(found.rain, RUN.rain)
    np.testing.assert_array_equal(found.lead_s, RUN.lead_s)
    assert found.rain.dtype == np.int16
    assert found.lead_s.dtype == np.int32
    assert encode_run(found) == payload


@pytest.mark.parametrize("spoilt", [b"", b"nonsense", encode_run(RUN)[:-3], encode_run(RUN)[:40]])
def test_an_entry_that_is_no_run_is_refused_and_the_step_is_made(spoilt: bytes) -> None:
    with pytest.raises(ValueError, match="no run of a model"):
        decode_run(spoilt)
    intake = intake_of(clock="system")
    intake.consume(entries.RUN, spoilt)
    outcome = intake.consume(entries.TICK, entries.encode_tick(T0 + 300))
    assert [refusal.reason for refusal in outcome.refusals] == [RefusalReason.BAD_GRID]
    assert len(outcome.steps) == 1


def test_a_run_of_a_later_version_is_refused() -> None:
    later = encode_run(RUN).replace(b"\xa7version\x01", b"\xa7version\x02")
    with pytest.raises(ValueError, match="version 2, this program reads 1"):
        decode_run(later)
