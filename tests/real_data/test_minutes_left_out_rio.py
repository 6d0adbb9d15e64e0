"""What a comparison leaves out of the rain of Rio changes nothing: gauges in step (2013), and not (2010)."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.review.compare.comparison import Judged
from warnstream.runners.replay.judging import judge, stretches_of

pytestmark = [pytest.mark.real_data, pytest.mark.slow, pytest.mark.timeout(1800)]

REPOSITORY = Path(__file__).resolve().parents[2]
DAYS = {"2010-04-05": ("2010-04-03", "2010-04-07"), "2013-12-11": ("2013-12-08", "2013-12-12")}


@pytest.fixture(scope="module")
def folder(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("rio") / "rio"
    program = REPOSITORY / "configs" / "rio" / "prepare.py"
    subprocess.run([sys.executable, program, shared_data / "rio_alerta_gauges", out], check=True)
    return out


def told(judged: Judged) -> tuple[object, ...]:
    """All that was found, told and seen."""
    return judged.messages, judged.bulletins, judged.parts, judged.observed_min.tolist(), judged.failures


def as_it_would_be(configuration: Configuration, archive: Path, *, every_minute: bool) -> Judged:
    stretches = stretches_of([archive], [configuration], 6 * 3600)
    (judged,) = judge({"rio": configuration}, stretches, every_minute=every_minute)
    return judged


@pytest.mark.parametrize("event", DAYS)
def test_the_same_is_told_whatever_is_left_out(event: str, folder: Path, tmp_path: Path) -> None:
    configuration = load_configuration(folder)
    readings = pd.read_parquet(folder / f"readings_{event}.parquet")
    begin, end = (pd.Timestamp(day, tz="UTC") for day in DAYS[event])
    part = readings[readings["observed_at"].between(begin, end)]
    assert len(part) > 3000
    part.to_parquet(tmp_path / "part.parquet", index=False)
    whole = as_it_would_be(configuration, tmp_path / "part.parquet", every_minute=True)
    some = as_it_would_be(configuration, tmp_path / "part.parquet", every_minute=False)
    assert len(whole.messages) > 20
    assert told(some) == told(whole)
    print(event, f"{whole.cpu_s:.1f} -> {some.cpu_s:.1f} CPU s")
