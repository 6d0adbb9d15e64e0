"""review.json, and the same for people: review.zh.html and review.en.html."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from warnstream.review.record.model import EventRecord
from warnstream.review.record.page import page_of
from warnstream.review.record.words import LANGUAGES


def as_dict(record: EventRecord) -> dict[str, Any]:
    """Everything as JSON values, the schema first; unknown numbers are None."""
    content = asdict(record)
    return {"schema": content.pop("schema"), **content}


def text_of(record: EventRecord) -> str:
    """Content of review.json; equal records give equal bytes."""
    return json.dumps(as_dict(record), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def write_record(directory: Path, record: EventRecord) -> list[Path]:
    """Write all files, for the one who runs this alone; returns them."""
    directory.mkdir(parents=True, exist_ok=True)
    texts = {"review.json": text_of(record)}
    texts |= {f"review.{language}.html": page_of(record, language) for language in LANGUAGES}
    return [_write(directory / name, text) for name, text in texts.items()]


def _write(path: Path, text: str) -> Path:
    """What people did is in there: mode 0600, whole or not there."""
    unfinished = path.with_name(path.name + ".new")
    with os.fdopen(
        os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
    unfinished.replace(path)
    return path
