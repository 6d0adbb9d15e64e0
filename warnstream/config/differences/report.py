"""Two configurations beside each other: by what the change means, and file by file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from warnstream.config.differences.keys import key_differences
from warnstream.config.differences.people import people_differences
from warnstream.config.differences.places import place_differences
from warnstream.config.differences.thresholds import has_numbers, threshold_differences
from warnstream.config.load import CHANNELS_FILE, NODE_FILE, THRESHOLDS_FILE
from warnstream.config.orders import ORDERS_FILE
from warnstream.config.settings import Configuration

_YAML = (NODE_FILE, THRESHOLDS_FILE, CHANNELS_FILE, ORDERS_FILE)


@dataclass(frozen=True, slots=True)
class Differences:
    """What is different.

    Attributes
    ----------
    meaning : tuple of str
        Lines for operators.
    files : dict of str to str
        By name: ``changed``, ``new`` or ``gone``.
    """

    meaning: tuple[str, ...]
    files: dict[str, str]


def differences(
    old: Configuration, new: Configuration, old_files: Mapping[str, Path], new_files: Mapping[str, Path]
) -> Differences:
    """What changed from `old` to `new`, with where their files lie by name.

    Raises
    ------
    OSError
        If a file cannot be read.
    """
    before, after = (
        {name: path.read_bytes() for name, path in files.items()} for files in (old_files, new_files)
    )
    files = {
        name: "gone" if name not in after else "new" if name not in before else "changed"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    }
    meaning = [
        *threshold_differences(old, new),
        *place_differences(old, new),
        *people_differences(old, new),
    ]
    told = tuple(f"hazards.{rule.name}.levels" for rule in new.rules if has_numbers(rule))
    for name in _YAML:
        if name in files:
            hides = name == CHANNELS_FILE
            passes = told if name == THRESHOLDS_FILE else ()
            meaning += key_differences(name, before.get(name), after.get(name), hides=hides, passes=passes)
    return Differences(tuple(dict.fromkeys(meaning)), files)
