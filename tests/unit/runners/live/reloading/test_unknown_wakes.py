"""Where nobody can say whom a change would wake, it is not taken for a change that wakes nobody."""

from pathlib import Path

import pytest

from tests.unit.rule_tests.county import write_county
from warnstream.commands.bundles import prepare
from warnstream.config.load import load_configuration
from warnstream.config.settings import ChangePolicy
from warnstream.model.errors import DamagedError
from warnstream.runners.bundles.beside import NothingJudgedError
from warnstream.runners.live.reloading.handover import Report
from warnstream.runners.live.reloading.reloads import _wants


def test_a_journal_that_cannot_be_read_wants_a_word_and_one_without_a_step_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_county(tmp_path)
    configuration = load_configuration(tmp_path)

    def damaged(*_arguments: object) -> None:
        raise DamagedError("entry 7 cannot be read")

    for failing, wants in (
        (damaged, ["whom it would wake cannot be said"]),
        (_not_yet, []),
    ):
        monkeypatch.setattr(prepare, "find_beside", failing)
        preview, doors = prepare._look_ahead(configuration, tmp_path)
        assert len(preview) == 1
        assert list(_wants(Report(doors=doors), ChangePolicy())) == wants


def _not_yet(*_arguments: object) -> None:
    raise NothingJudgedError("nothing has been judged yet")
