"""JSON Schemas of the YAML files, for editors that complete and check while one types.

They are made of the sections that check a configuration, and a test keeps the copies in configs/schema/
fresh. Checks between keys and between files are not in them: only
`warnstream check` does those.
"""

import json
from pathlib import Path
from typing import Any

from warnstream.config.channels.registry import ChannelsDocument
from warnstream.config.node.document import NodeDocument
from warnstream.config.orders import OrdersDocument
from warnstream.config.thresholds.document import ThresholdsDocument
from warnstream.config.yaml.sections import Section

_DOCUMENT_OF_NAME: dict[str, type[Section]] = {
    "warnstream": NodeDocument,
    "thresholds": ThresholdsDocument,
    "channels": ChannelsDocument,
    "orders": OrdersDocument,
}


def schemas() -> dict[str, dict[str, Any]]:
    """JSON Schema (2020-12) by name of the YAML file without its ending."""
    return {
        name: {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
        for name, model in _DOCUMENT_OF_NAME.items()
    }


def write_schemas(directory: Path) -> list[Path]:
    """Write each schema to ``{name}.schema.json``.

    Parameters
    ----------
    directory : Path
        Created if it is not there.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    files = []
    for name, schema in schemas().items():
        file = directory / f"{name}.schema.json"
        file.write_text(schema_text(schema), encoding="utf-8")
        files.append(file)
    return files


def schema_text(schema: dict[str, Any]) -> str:
    """A schema as it stands in its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
