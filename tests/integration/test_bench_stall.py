"""`make bench-stall` at its smallest: every event is measured, beside another checkout."""

import sys
from pathlib import Path

import pytest

from benchmarks import bench_stall
from benchmarks.bench_stall import EVENTS
from benchmarks.table import read_rows


@pytest.mark.slow
def test_every_event_is_told_with_hold_and_latency_before_and_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout, rows = Path(bench_stall.__file__).parents[1], tmp_path / "rows.json"
    sizes = (
        "--stations 20 --villages 40 --doors 200 --samples 2 --refused 40 --answers 100 --backlog-hours 0.05"
    )
    words = ["bench_stall", *sizes.split(), "--before", str(checkout), "--rows", str(rows)]
    monkeypatch.setattr(sys, "argv", words)
    bench_stall.main()
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    for event in EVENTS:
        before, now, *_ = (line.split(" | ") for line in told if line.startswith(f"| {event} |"))
        assert (before[1], now[1]) == ("before", "now")
        for line in (before, now):
            assert float(line[4].replace(",", "")) > 0, "gauge to device"
            assert line[6] == "0", "every crossing was warned of"
    values = {row.what: row.median for row in read_rows(rows)}
    assert values["front, first: longest hold of the loop"] > 0
    assert values["ready after kill -9 in a front"] > 0
