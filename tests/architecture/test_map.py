"""The map equals the territory: folders, order, sizes, words."""

import ast
import importlib
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import warnstream
from tests.sources import REPOSITORY, statements_of, text_of, tree_of

PACKAGES = (REPOSITORY / "warnstream", REPOSITORY / "station_sim")
STAGES = (
    "ingest",
    "quality",
    "windows",
    "forecast",
    "hazards",
    "villages",
    "lifecycle",
    "routing",
    "delivery",
)
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 450

FOLDER_MODULES_MAX = 15
WORDS_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "core"}


def sources() -> list[Path]:
    return sorted(path for package in PACKAGES for path in package.rglob("*.py"))


def functions() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in sources():
        for node in statements_of(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def test_the_map_in_the_package_lists_the_stages_in_order() -> None:
    listed = re.findall(r"^(\d)\. `(\w+)`", warnstream.__doc__ or "", re.MULTILINE)
    assert listed == [(str(number), stage) for number, stage in enumerate(STAGES, start=1)]


@pytest.mark.parametrize(("number", "stage"), list(enumerate(STAGES, start=1)))
def test_each_stage_says_which_it_is(number: int, stage: str) -> None:
    doc = importlib.import_module(f"warnstream.{stage}").__doc__ or ""
    assert doc.startswith(f"Stage {number} of 9: ")


def test_the_contract_of_layers_knows_every_stage() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {contract["type"]: contract for contract in project["tool"]["importlinter"]["contracts"][:2]}
    layers = [layer.split()[0].removeprefix("warnstream.") for layer in contracts["layers"]["layers"]]
    assert [layer for layer in reversed(layers) if layer in STAGES] == list(STAGES)
    assert set(contracts["independence"]["modules"]) == {f"warnstream.{stage}" for stage in STAGES}


def test_architecture_page_names_every_folder() -> None:
    page = (REPOSITORY / "ARCHITECTURE.md").read_text(encoding="utf-8")
    folders = [path.name for path in (REPOSITORY / "warnstream").iterdir() if (path / "__init__.py").exists()]
    assert [folder for folder in folders if f"`{folder}/`" not in page] == []


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{path.relative_to(REPOSITORY)}:{node.lineno} {node.name} has {lines} lines"
        for path, node in functions()
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_no_file_is_more_than_one_idea() -> None:
    lines = {path.relative_to(REPOSITORY).as_posix(): len(text_of(path).splitlines()) for path in sources()}
    assert {name: count for name, count in lines.items() if count > FILE_LINES_MAX} == {}


def test_no_folder_is_longer_than_a_glance() -> None:
    crowded = {
        str(folder): count
        for folder, count in Counter(path.parent for path in sources() if path.name != "__init__.py").items()
        if count > FOLDER_MODULES_MAX
    }
    assert crowded == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [path.name for path in sources() if path.stem in WORDS_THAT_SAY_NOTHING] == []


def test_every_module_says_what_it_is() -> None:
    silent = [str(path.relative_to(REPOSITORY)) for path in sources() if not ast.get_docstring(tree_of(path))]
    assert silent == []


def test_a_loop_names_what_it_goes_over() -> None:
    """`one` is what any of them is: a village, a door, a row."""
    nameless = re.compile(r"\bfor \(?(?:\w+, \(?)*one\b(?:, \(?\w+|\))* in\b")
    folders = [*PACKAGES, *(REPOSITORY / name for name in ("tests", "benchmarks", "configs"))]
    found = [
        f"{path.relative_to(REPOSITORY)}: {match.group()}"
        for folder in folders
        for path in sorted(folder.rglob("*.py"))
        for match in nameless.finditer(text_of(path))
    ]
    assert found == []


def test_nothing_is_left_unfinished() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    found = [
        f"{path.relative_to(REPOSITORY)}:{number}"
        for path in sources()
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if marks.search(line)
    ]
    assert found == []
