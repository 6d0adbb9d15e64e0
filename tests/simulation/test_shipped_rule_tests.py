"""Folders of configs/ carry tests of their rules: they pass, and notice slips of an operator's hand."""

from pathlib import Path

import pytest

from tests.simulation.mutants_of_configs import CONFIGS, EQUIVALENT, MUTANTS, Mutant, noticed_by
from tests.simulation.mutants_of_county_cn import COUNTY_CN
from warnstream.cli import main
from warnstream.config.rule_tests.read import files_of

FOLDERS = sorted(path.parent for path in CONFIGS.glob("*/thresholds.yaml"))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_there_are_folders_to_test() -> None:
    assert {folder.name for folder in FOLDERS} >= {"demo", "rio"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_shipped_folder_has_tests_and_they_pass(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert files_of(folder)
    status = main(["test", str(folder), "--quiet"])
    assert status == 0, capsys.readouterr().out


@pytest.mark.parametrize("mutant", [*MUTANTS, *COUNTY_CN], ids=str)
def test_a_slip_of_the_hand_is_noticed(mutant: Mutant, tmp_path: Path) -> None:
    assert noticed_by(mutant, tmp_path)


@pytest.mark.parametrize("mutant", EQUIVALENT, ids=str)
def test_a_slip_that_changes_nothing_is_known_as_such(mutant: Mutant, tmp_path: Path) -> None:
    """Once it is noticed, it belongs to the others."""
    assert noticed_by(mutant, tmp_path) == ""
