"""Keys of the YAML files of two configurations, as they are written."""

from collections.abc import Collection, Iterator, Mapping

from warnstream.config.faults import FaultLog
from warnstream.config.yaml.tree import read_yaml

SHOWN_CHARACTERS_MAX = 60
_ABSENT = "none"


def key_differences(
    file: str, old: bytes | None, new: bytes | None, *, hides: bool = False, passes: Collection[str] = ()
) -> Iterator[str]:
    """One line for each key that changed.

    Parameters
    ----------
    file : str
    old, new : bytes or None
        Content; None where the file is not there.
    hides : bool
        Values are not shown: they may hold what only its owner should see.
    passes : collection of str
        Keys below which all is told elsewhere.
    """
    before, after = (dict(_flat(_read(file, content), "")) for content in (old, new))
    for key in dict.fromkeys([*before, *after]):
        was, becomes = before.get(key, _ABSENT), after.get(key, _ABSENT)
        if was == becomes or any(
            key == passed or key.startswith((f"{passed}.", f"{passed}[")) for passed in passes
        ):
            continue
        yield f"{file}: {key} changed" if hides else f"{file}: {key}: {_short(was)} -> {_short(becomes)}"


def _read(file: str, content: bytes | None) -> object:
    tree = None if content is None else read_yaml(file, content.decode("utf-8-sig"), FaultLog())
    return None if tree is None else tree.plain


def _flat(value: object, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield from _flat(below, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from _flat(below, f"{key}[{number}]")
    elif value is not None or key:
        yield key, str(value)


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS_MAX else f"{text[:SHOWN_CHARACTERS_MAX]}..."
