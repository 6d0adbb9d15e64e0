"""A hazard is one module, one entry of the registry and one section; no hazard knows another."""

import ast
import importlib

import pytest

from tests.sources import REPOSITORY, nodes_of
from warnstream.config.thresholds.document import SECTION_OF_EVALUATOR
from warnstream.hazards.registry import HAZARD_KINDS

FOLDERS = ("warnstream.hazards", "warnstream.config.thresholds.kinds")
MODULES = [f"{folder}.{evaluator}" for folder in FOLDERS for evaluator in HAZARD_KINDS]
ONLY_THE_REGISTRY = (
    "warnstream/assessment",
    "warnstream/config/look_at",
    "warnstream/config/summary.py",
    "warnstream/desk",
)


def imported_by(name: str) -> set[str]:
    """Modules that a module imports, by any of their names."""
    path = REPOSITORY.joinpath(*name.split(".")).with_suffix(".py")
    found: set[str] = set()
    for node in nodes_of(path):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def test_every_kind_has_a_section_and_every_section_a_kind() -> None:
    assert SECTION_OF_EVALUATOR.keys() == HAZARD_KINDS.keys()


@pytest.mark.parametrize("module", MODULES)
def test_a_hazard_has_its_own_modules_and_knows_no_other(module: str) -> None:
    importlib.import_module(module)
    own = module.rpartition(".")[2]
    assert {name for name in imported_by(module) & {*MODULES} if name.rpartition(".")[2] != own} == set()


@pytest.mark.parametrize("evaluator", HAZARD_KINDS)
def test_the_page_of_hazards_has_a_row_for_every_evaluator(evaluator: str) -> None:
    page = (REPOSITORY / "docs" / "hazards.md").read_text(encoding="utf-8")
    assert f"| `{evaluator}` |" in page


def test_nobody_but_the_registry_asks_which_kind_a_hazard_is() -> None:
    files = [path for place in ONLY_THE_REGISTRY for path in sorted(REPOSITORY.glob(f"{place}*/**/*.py"))]
    files += [REPOSITORY / place for place in ONLY_THE_REGISTRY if place.endswith(".py")]
    assert len(files) > 10
    asking = {
        path.name
        for path in files
        for node in nodes_of(path)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "isinstance"
        and any(word in ast.unparse(node.args[0]) for word in ("thresholds", "table"))
    }
    assert asking == set()
