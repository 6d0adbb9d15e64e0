"""What a node keeps is for its own user only."""

import stat
from pathlib import Path

import pytest

from warnstream.adapters.private_files import make_private
from warnstream.model.errors import StoreError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_directory_is_private(tmp_path: Path) -> None:
    make_private(tmp_path / "a" / "data")
    assert mode(tmp_path / "a" / "data") == 0o700


def test_what_an_earlier_version_left_open_is_closed(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    (directory / "journal").mkdir(parents=True)
    files = [directory / "outbox.sqlite3", directory / "journal" / "entries-1.wsj"]
    for file in files:
        file.write_bytes(b"")
        file.chmod(0o666)
    secret = directory / "answer_token.key"
    secret.write_bytes(b"")
    secret.chmod(0o644)
    directory.chmod(0o755)
    make_private(directory)
    assert mode(directory) == mode(directory / "journal") == 0o700
    assert {mode(file) for file in files} == {0o600}
    assert mode(secret) == 0o644, "refused by whoever reads it: others may know it"


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="cannot be made"):
        make_private(tmp_path / "file" / "data")
