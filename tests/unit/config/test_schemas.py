import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.config.conftest import FILES
from warnstream.config.orders import built_in_orders
from warnstream.config.schemas import schema_text, schemas, write_schemas

REPOSITORY = Path(__file__).parents[3]
NAMES = ("warnstream", "thresholds", "channels", "orders")
known_schemas = cache(schemas)


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_in_the_tree_is_fresh(name: str) -> None:
    """If this fails, run `warnstream check CONFIG_DIR --schema configs/schema`."""
    path = REPOSITORY / "configs" / "schema" / f"{name}.schema.json"
    assert path.read_text(encoding="utf-8") == schema_text(known_schemas()[name])


def test_schemas_are_written_one_file_each(tmp_path: Path) -> None:
    files = write_schemas(tmp_path / "schema")
    assert [file.name for file in files] == [f"{name}.schema.json" for name in NAMES]
    assert json.loads(files[0].read_text(encoding="utf-8")) == known_schemas()["warnstream"]


def _keys(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for part in (schema, *schema["$defs"].values()):
        yield from part.get("properties", {}).items()


@pytest.mark.parametrize("name", NAMES)
def test_every_key_is_described(name: str) -> None:
    whole = known_schemas()[name]
    section = {f"#/$defs/{key}": schema for key, schema in whole["$defs"].items()}
    # A key that is a section is described there if the words are the same.
    bare = [
        key
        for key, schema in _keys(whole)
        if not (schema.get("description") or section[schema["$ref"]].get("description"))
    ]
    assert bare == []


@pytest.mark.parametrize("name", NAMES)
def test_every_key_and_its_default_are_in_the_documentation(name: str) -> None:
    lines = (REPOSITORY / "docs" / "configuration.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| `")]
    documented = {(row[0].strip("`").rpartition(".")[2], row[2].strip("`")) for row in rows if len(row) == 4}
    missing = [
        (key, default)
        for key, schema in _keys(known_schemas()[name])
        if (default := _written(schema)) is not None and (key, default) not in documented
    ]
    assert missing == []


def _written(schema: dict[str, Any]) -> str | None:
    """Default of a key as an operator writes it; None for those that have none or none to write."""
    default = schema.get("default")
    if default is None or default == "":
        return None
    return str(default).lower() if isinstance(default, bool) else str(default)


@pytest.mark.parametrize("name", NAMES)
def test_editors_know_every_key_that_a_right_file_has(name: str) -> None:
    known = {key for key, _ in _keys(known_schemas()[name])}
    files = FILES | {"orders.yaml": (REPOSITORY / "warnstream" / "config" / "orders.yaml").read_text("utf-8")}
    written = set(_names(yaml.safe_load(files[f"{name}.yaml"]))) - set(built_in_orders().hazards)
    assert written - {"flash_flood", "river_flood", "device", "sms"} <= known


def _names(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner)
