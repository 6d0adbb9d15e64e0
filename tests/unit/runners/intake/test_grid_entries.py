import msgspec
import numpy as np
import pytest

from tests.networks import T0, network_of
from tests.unit.runners.intake.test_intake import N, intake_of
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.grids import GridFrame, digest_of_points
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.radar.fields import FieldFrame
from warnstream.runners.intake import entries, topics
from warnstream.runners.intake.grid_entries import decode_field, decode_frame, encode_field, encode_frame

POINTS = digest_of_points(network_of(N, N))
FRAME = GridFrame("radar", T0 + 300, 300, np.array([0.0, 1.2345, np.nan, 7.0, np.nan, 0.001]))


def test_a_frame_is_the_same_after_the_journal_to_the_micrometre() -> None:
    found = decode_frame(encode_frame(FRAME, POINTS), POINTS)
    assert (found.grid, found.end_s, found.interval_s) == ("radar", T0 + 300, 300)
    np.testing.assert_allclose(found.rain_mm, FRAME.rain_mm, atol=5e-4)
    np.testing.assert_array_equal(np.isnan(found.rain_mm), np.isnan(FRAME.rain_mm))
    assert encode_frame(found, POINTS) == encode_frame(FRAME, POINTS)


FIELD = FieldFrame(
    "radar", b"geometry", T0 + 300, 300, np.array([[0, -1, 120], [9, 32767, 1]], dtype=np.int16)
)


def test_a_field_is_the_same_after_the_journal_to_the_bit() -> None:
    found = decode_field(encode_field(FIELD))
    assert (found.grid, found.geometry, found.end_s, found.interval_s) == (
        "radar",
        b"geometry",
        T0 + 300,
        300,
    )
    np.testing.assert_array_equal(found.rain, FIELD.rain)
    assert found.rain.dtype == np.int16
    assert encode_field(found) == encode_field(FIELD)


@pytest.mark.parametrize("spoilt", [b"", b"nonsense", encode_field(FIELD)[:-3], encode_frame(FRAME, POINTS)])
def test_an_entry_that_is_no_field_is_refused_and_the_step_is_made(spoilt: bytes) -> None:
    intake = intake_of(clock="system")
    intake.consume(entries.FIELD, spoilt)
    outcome = intake.consume(entries.TICK, entries.encode_tick(T0 + 300))
    assert [refusal.reason for refusal in outcome.refusals] == [RefusalReason.BAD_GRID]
    assert len(outcome.steps) == 1


def test_a_field_that_waits_for_a_step_is_in_the_snapshot_and_older_snapshots_are_read() -> None:
    before, after = intake_of(clock="system"), intake_of(clock="system")
    before.consume(entries.FIELD, b"nonsense")
    before.consume(entries.GRID, b"nonsense")
    after.restore(before.snapshot())
    tick = entries.encode_tick(T0 + 300)
    found = [intake.consume(entries.TICK, tick).refusals for intake in (before, after)]
    assert found[0] == found[1]
    assert len(found[0]) == 2
    after._frames.restore(msgspec.msgpack.encode([encode_frame(FRAME, POINTS)]))
    assert [frame.grid for frame in after._frames.take([])] == ["radar"]


def test_a_frame_of_other_villages_is_refused_and_the_step_is_made() -> None:
    intake = intake_of(clock="system")
    other = digest_of_points(network_of(N, N + 1))
    intake.consume(entries.GRID, encode_frame(FRAME, other))
    intake.consume(entries.GRID, b"nonsense")
    outcome = intake.consume(entries.TICK, entries.encode_tick(T0 + 300))
    assert [refusal.reason for refusal in outcome.refusals] == [RefusalReason.BAD_GRID] * 2
    assert len(outcome.steps) == 1


def test_a_frame_of_a_grid_that_is_not_configured_is_refused() -> None:
    intake = intake_of(clock="system")
    intake.consume(entries.GRID, encode_frame(FRAME, POINTS))
    outcome = intake.consume(entries.TICK, entries.encode_tick(T0 + 300))
    assert "'radar' is not in warnstream.yaml" in outcome.refusals[0].detail


def test_a_frame_that_waits_for_a_step_is_in_the_snapshot() -> None:
    before, after = intake_of(clock="system"), intake_of(clock="system")
    before.consume(entries.TICK, entries.encode_tick(T0))
    before.consume(entries.GRID, encode_frame(FRAME, POINTS))
    after.restore(before.snapshot())
    tick = entries.encode_tick(T0 + 300)
    found = [intake.consume(entries.TICK, tick).refusals for intake in (before, after)]
    assert found[0] == found[1]
    assert len(found[0]) == 1


@pytest.mark.parametrize("content", [b"", b'{"file":"../../etc/passwd"}', b"\xff"])
def test_an_announcement_only_says_look_whatever_it_holds(content: bytes) -> None:
    intake = intake_of()
    message = entries.encode_messages([RawMessage("ws/grid/county_radar", content)])
    outcome = intake.consume(entries.MESSAGES, message)
    assert outcome.announced == ["county_radar"]
    assert not outcome.refusals
    assert intake.fresh_waiting == 0


def test_topics_of_grids_are_listened_to_only_where_there_are_grids() -> None:
    assert "ws/grid/+" in topics.Topics("ws", has_grids=True).subscriptions
    assert "ws/grid/+" not in topics.Topics("ws").subscriptions
