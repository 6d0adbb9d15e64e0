"""``warnstream clock accept`` where no node runs: an entry of the journal, by which the next start goes."""

from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.config.conftest import FILES
from warnstream.adapters.journal.journal import Journal
from warnstream.cli import main
from warnstream.commands.clock import accept_clock
from warnstream.config.load import load_configuration
from warnstream.model.errors import WarnstreamError
from warnstream.runners.build import build_intake
from warnstream.runners.intake.entries import CLOCK, TICK, encode_tick

T0 = 1_781_740_800


@pytest.fixture
def county(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_it_is_an_entry_that_counts_until_the_next_step(
    county: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["clock", "accept", str(county), "--author", "zhang", "--reason", "new battery"])
    assert "counts at the next start" in capsys.readouterr().out
    configuration = load_configuration(county)
    intake = build_intake(configuration)
    with closing(Journal(configuration.storage.directory)) as journal:
        ((_, kind, payload),) = journal.since(0)
    assert kind == CLOCK
    assert b"zhang" in payload
    assert b"new battery" in payload
    intake.consume(kind, payload)
    assert intake.is_clock_accepted
    intake.consume(TICK, encode_tick(T0))
    assert not intake.is_clock_accepted


@pytest.mark.parametrize(("author", "reason"), [("", "why"), ("zhang", " ")])
def test_author_and_reason_are_needed(county: Path, author: str, reason: str) -> None:
    with pytest.raises(WarnstreamError, match="--author and --reason"):
        accept_clock(load_configuration(county), author, reason)


def test_a_node_that_is_told_the_time_has_no_clock_to_accept(county: Path) -> None:
    path = county / "warnstream.yaml"
    path.write_text(
        path.read_text("utf-8").replace("name: county", "name: county\n  clock: simulated"), "utf-8"
    )
    with pytest.raises(WarnstreamError, match="simulated"):
        accept_clock(load_configuration(county), "zhang", "why")
