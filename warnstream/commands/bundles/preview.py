"""The command ``warnstream preview``: whom a configuration would wake if it went live now. Read only."""

import json
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warnstream.adapters.bundles.store import BundleStore
from warnstream.config.settings import Configuration
from warnstream.config.wording import count_of, count_villages, name_some
from warnstream.model.errors import WarnstreamError
from warnstream.model.level import LEVELS
from warnstream.model.times import iso_utc
from warnstream.runners.bundles.frozen import load_bundle
from warnstream.runners.bundles.preview import Found, look_ahead

EXIT_WAKES = 3
"""More households would be told than `--wakes-max` allows."""


def show_preview(
    configuration: Configuration, storage: Path | None, wakes_max: int | None, *, as_json: bool
) -> tuple[str, int]:
    """What would happen, as text or JSON, and the exit status.

    Raises
    ------
    WarnstreamError
        If the node has kept nothing yet.
    """
    with quiet():
        found, caveat = find_beside(configuration, storage or configuration.storage.directory)
    doors = sum(found.told.values())
    status = EXIT_WAKES if wakes_max is not None and doors > wakes_max else 0
    if as_json:
        return json.dumps(_record(found, caveat), ensure_ascii=False), status
    lines = [*lines_of(found), *(f"look at: {note}" for note in (*found.notes, caveat) if note)]
    if status:
        lines.append(f"{doors} doors are more than --wakes-max {wakes_max}")
    return "\n".join(lines), status


@contextmanager
def quiet() -> Iterator[None]:
    """What a start would log is told by the preview itself."""
    log = logging.getLogger("warnstream")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def find_beside(configuration: Configuration, storage: Path) -> tuple[Found, str]:
    """What is the change's doing; and a caveat where that cannot be told apart."""
    found = look_ahead(configuration, storage)
    try:
        return found.beside(look_ahead(load_bundle(BundleStore(storage).present()), storage)), ""
    except WarnstreamError as error:
        return found, f"what would happen anyhow is in it, too: the running bundle cannot be read ({error})"


def _record(found: Found, caveat: str) -> dict[str, object]:
    return {
        "time": iso_utc(found.now_s),
        "rises": [
            {"village": village, "hazard": hazard, "level": level.word}
            for (village, hazard), level in sorted(found.risen.items())
        ],
        "falls": [{"village": village, "hazard": hazard} for village, hazard in sorted(found.falling)],
        "villages_told": sorted(found.told),
        "doors_told": sum(found.told.values()),
        "villages_blind": sorted(found.blind),
        "begins_anew": found.notes,
        "caveat": caveat or None,
    }


def lines_of(found: Found) -> Iterator[str]:
    """What would happen, for people."""
    yield f"as of {iso_utc(found.now_s)}, by what the node has kept; without what comes from now on"
    for level in reversed(LEVELS):
        risen = [warned for warned, to in found.risen.items() if to == level]
        for hazard, n in sorted(Counter(hazard for _, hazard in risen).items()):
            names = sorted(village for village, of in risen if of == hazard)
            yield f"{hazard}: {count_villages(n)} would rise to {level.word} ({name_some(names)})"
    if not found.risen:
        yield "no level would rise"
    doors = sum(found.told.values())
    yield f"{count_of(doors, 'door', 'doors')} in {count_villages(len(found.told))} would be told now"
    if found.falling:
        where, n = name_some(sorted({village for village, _ in found.falling})), len(found.falling)
        yield f"{count_of(n, 'level', 'levels')} would fall, at the end of the hold time ({where})"
    if found.blind:
        where = name_some(sorted(found.blind))
        yield f"{count_villages(len(found.blind))} would hear no gauge of their own ({where})"
