"""Without the extra every module can be imported, and a command says what brings it."""

import importlib
import pkgutil

import pytest

from tests.plain_installation import without
from warnstream.cli import main

PACKAGES = ("warnstream.adapters.kafka", "warnstream.runners.kafka", "warnstream.commands.kafka")


def test_a_command_names_the_extra_that_it_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without(monkeypatch, "aiokafka", "faust", anew=PACKAGES)
    for package in PACKAGES:
        for found in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
            importlib.import_module(found.name)
    assert main(["judge", "no-such-folder"]) == 1
    assert capsys.readouterr().err == (
        "warnstream: this command needs aiokafka, which an extra brings: pip install 'warnstream[kafka]'\n"
    )
