"""Every table that is keyed by an enumeration knows all of it: what is new cannot fall through an `else`."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from types import ModuleType

import pytest

import station_sim
import warnstream
from tests.sources import tree_of
from warnstream.model.level import Level

PARTIAL = {
    "warnstream.adapters.sending.sender.WORD_OF_SIGNAL": "the other signals settle nothing",
    "warnstream.adapters.ledger.sending.RESULT_OF": "the other signals leave nothing in the ledger",
    "warnstream.adapters.ledger.doors.ANSWER_OF": "the silent have given none; no link refuses",
    "warnstream.adapters.ledger.doors.STATE_OF": "who waits is pending or being sent",
    "warnstream.adapters.ledger.imported.RESULT_OF": "a row that waited or was replaced had no outcome",
    "warnstream.adapters.sending.failure_log.WORD_OF_SIGNAL": "the other signals are no failure",
    "warnstream.model.bulletins._RANK": "stay, clear and correct are asked for by no level",
    "warnstream.config.node.quality._OWN_STEP": "movement alone has keys of its own",
    "warnstream.runners.intake.refusals._REASON_OF_FLAG": "the other flags refuse nothing",
    "warnstream.config.rules.terms._WINDOW_S_MAX": "quantities whose window may be chosen",
    "warnstream.config.rules.wording._NAMES": "the others go by their word",
    "warnstream.delivery.texts_zh.BY_HAND": "the other causes are measured",
    "warnstream.desk.transfers.rows.SAID_OF_MARK": "a row that is open again has heard nothing",
    "warnstream.commands.order_options.ABOUT": "end is declared beside the other old commands",
    "warnstream.model.observations.error_values.ERROR_VALUES": "a total passes through every number",
    "warnstream.model.observations.quality_limits.VALUE_LIMITS": "rain and stage have keys of their own",
}
"""Tables that leave members out on purpose, and why."""


def assigned_in(module: ModuleType) -> list[str]:
    """Names that a module gives itself; what it imports is a table of another."""
    names = []
    for node in tree_of(Path(module.__file__ or "")).body:
        if isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.append(node.target.id)
    return names


def tables() -> Iterator[tuple[str, type[Enum], frozenset[Enum]]]:
    """Name, enumeration and keys of every table of a module."""
    for package in (warnstream, station_sim):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            by_members = {name: kind for name, value in vars(module).items() if (kind := kind_of(value))}
            for name in assigned_in(module) if by_members else ():
                if name in by_members:
                    yield f"{found.name}.{name}", by_members[name], frozenset(getattr(module, name))


def kind_of(value: object) -> type[Enum] | None:
    """The enumeration whose members alone are the keys of a table."""
    kinds = {type(key) for key in value} if isinstance(value, Mapping) else set()
    kind = kinds.pop() if len(kinds) == 1 else None
    return kind if kind is not None and issubclass(kind, Enum) else None


TABLES = list(tables())


def test_there_are_tables_to_look_at() -> None:
    names = {name for name, _, _ in TABLES}
    assert "warnstream.model.rules.indicators.INDICATORS" in names
    assert PARTIAL.keys() <= names


@pytest.mark.parametrize(("name", "kind", "keys"), TABLES, ids=[name for name, _, _ in TABLES])
def test_a_table_covers_its_enumeration(name: str, kind: type[Enum], keys: frozenset[Enum]) -> None:
    # No warning stands at level none: what is said of warnings need not speak of it.
    missing = [member.name for member in kind if member not in keys and member is not Level.NONE]
    is_partial = name in PARTIAL
    assert (missing != []) == is_partial, f"{name} lacks {missing}"
