"""The project's source files, each parsed once for all tests of the architecture."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


@cache
def text_of(path: Path) -> str:
    """A file's text."""
    return path.read_text(encoding="utf-8")


@cache
def tree_of(path: Path) -> ast.Module:
    """A module's syntax tree."""
    return ast.parse(text_of(path))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of a module."""
    return tuple(ast.walk(tree_of(path)))


def statements_of(parent: ast.AST) -> Iterator[ast.stmt]:
    """The statements within a node at any depth, without the expressions: these are most nodes of a tree."""
    for field in ("body", "orelse", "handlers", "finalbody", "cases"):
        for child in getattr(parent, field, None) or ():
            if isinstance(child, ast.stmt):
                yield child
            yield from statements_of(child)
