"""The command ``warnstream diff``: two configurations, by what their difference means. Read only."""

import json
from pathlib import Path

from warnstream.config.differences.report import differences
from warnstream.runners.bundles.frozen import load_all


def show_diff(old: str, new: str, storage: Path | None, *, as_json: bool) -> str:
    """What changed from one to the other, as text or JSON.

    Raises
    ------
    WarnstreamError
        If one of them is not there, or has faults.
    """
    loaded = load_all((old, new), storage)
    before, after = loaded[old], loaded[new]
    found = differences(before.configuration, after.configuration, before.path_of_file, after.path_of_file)
    if as_json:
        record = {
            "old": before.title,
            "new": after.title,
            "meaning": list(found.meaning),
            "files": found.files,
        }
        return json.dumps(record, ensure_ascii=False)
    if not found.files:
        return f"{before.title} and {after.title} are the same"
    lines = [f"from {before.title}", f"to   {after.title}"]
    lines += found.meaning or ("nothing that judges or tells has changed",)
    return "\n".join([*lines, *(f"file {name}: {what}" for name, what in found.files.items())])
