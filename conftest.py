"""How tests are collected and run: quickly, and those first that take minutes."""

import gc
from collections.abc import Generator
from pathlib import Path

import pytest
from _pytest.doctest import DoctestModule

GARBAGE_AFTER = 10_000
"""Objects more than before until garbage is looked for: by Python's 700 it took a twentieth of the units."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Tests and their modules live to the end: to look for garbage among them took a third of collecting."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(GARBAGE_AFTER, *gc.get_threshold()[1:])
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes begin first: else the last one runs while all other workers have ended."""
    folders = {folder: place for place, folder in enumerate(("simulation", "e2e", "integration"))}
    items.sort(key=lambda item: folders.get(item.path.parent.name, len(folders)))


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path,
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Modules without an example are not searched for any; that took longer than all examples."""
    found = yield
    has_none = file_path.suffix == ".py" and b">>>" not in file_path.read_bytes()
    return [collector for collector in found if not (has_none and isinstance(collector, DoctestModule))]
