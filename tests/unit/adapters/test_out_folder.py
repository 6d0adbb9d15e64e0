"""A place that cannot be written to is named before the work, not after it."""

from pathlib import Path

import pytest

from warnstream.adapters.out_folder import demand_file, demand_folder
from warnstream.model.errors import WarnstreamError


def test_a_folder_that_is_there_or_can_be_made_is_taken_and_nothing_is_made(tmp_path: Path) -> None:
    demand_folder(None)
    demand_folder(tmp_path)
    demand_folder(tmp_path / "a" / "b")
    demand_file(tmp_path / "a" / "forecast.csv")
    assert list(tmp_path.iterdir()) == []


def test_what_is_a_file_or_lies_below_one_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for out in (tmp_path / "file", tmp_path / "file" / "deeper"):
        with pytest.raises(WarnstreamError, match="expected a folder"):
            demand_folder(out)
    with pytest.raises(WarnstreamError, match="expected a file"):
        demand_file(tmp_path)


def test_a_folder_that_takes_nothing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(WarnstreamError, match="nothing can be written"):
        demand_folder(tmp_path / "out")
