"""YAML text -> plain values with the line of every key; refuses what would be misread.

Numbers, booleans and null are those of YAML 1.2's core schema: ``no`` and
``10:30`` stay text here, where YAML 1.1 makes them false and 630. Duplicate
keys, anchors and nesting beyond 20 levels are faults.
"""

import re
from dataclasses import dataclass

import yaml

from warnstream.config.faults import FaultLog

Location = tuple[str | int, ...]
"""Keys and list positions from the top of a file down to a value."""

DEPTH_MAX = 20
READ_DIFFERENTLY = re.compile(r"[\t?!\ufeff]|[|>]#")
_WHOLE = re.compile(r"[+-]?(?:0|[1-9]\d{0,14})", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:0|[1-9]\d{0,14})(?:\.\d{0,15})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_WORDS: dict[str, object] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True, slots=True)
class YamlTree:
    """A YAML file as plain values, and where each key stands.

    Attributes
    ----------
    file : str
        Name for faults.
    plain : object
        dict, list, str, int, float, bool or None.
    line : dict of Location to int
        Line of each key or list item, counted from 1.
    """

    file: str
    plain: object
    line: dict[Location, int]

    def line_of(self, location: Location) -> int:
        """Line of a key; of the nearest one above it where the key itself is missing."""
        while location and location not in self.line:
            location = location[:-1]
        return self.line.get(location, 1)


def path_text(location: Location) -> str:
    """A location as people read it.

    >>> path_text(("hazards", "flash_flood", "levels", 2, "rain_mm"))
    'hazards.flash_flood.levels[2].rain_mm'
    """
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            key = part if part.isprintable() else repr(part)
            text += f".{key}" if text else key
    return text


def read_yaml(file: str, text: str, faults: FaultLog) -> YamlTree | None:
    """Parse one YAML file.

    Parameters
    ----------
    file : str
        Name for faults.
    text : str
    faults : FaultLog
        Receives syntax errors, duplicate keys, anchors and foreign tags.

    Returns
    -------
    YamlTree or None
        None if the text is not YAML at all.
    """
    try:
        node = composed(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(part for part in (error.context, error.problem) if part)
        faults.add(file, mark.line + 1 if mark else 1, "", f"not valid YAML: {said}")
        return None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        faults.add(file, line, "", f"not valid YAML: character #x{error.character:04x} is not allowed")
        return None
    if node is None:
        faults.add(file, 1, "", "the file is empty: expected `key: value` lines")
        return None
    builder = _Builder(file, faults)
    return YamlTree(file, builder.plain_of(node, ()), builder.line)


def composed(text: str) -> yaml.Node | None:
    """The nodes of a text.

    libyaml cuts it into events where PyYAML was built with it, in a sixth of the time. The composer is the
    same, so anchors and depth are refused alike. Its scanner takes a little more than PyYAML's own (tabs
    between words, `?` within a word, a byte order mark in the middle, a comment glued to `|`): texts with
    these go to that one, and so does what libyaml refuses, for the words and lines that faults speak in.

    Raises
    ------
    yaml.YAMLError
        If the text is no YAML, uses anchors or is nested too deep.
    """
    if not READ_DIFFERENTLY.search(text):
        try:
            return FastLoader(text).get_single_node()
        except (yaml.YAMLError, UnicodeEncodeError):
            pass
    return PlainLoader(text).get_single_node()


class _Composer(yaml.composer.Composer):
    """Composes nodes only; never constructs objects."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[attr-defined]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise yaml.composer.ComposerError(
                None,
                None,
                "anchors (&) and aliases (*) are not used here: write the values out",
                event.start_mark,
            )
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise yaml.composer.ComposerError(
                None, None, f"nested deeper than {DEPTH_MAX} levels", event.start_mark
            )
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


class PlainLoader(_Composer, yaml.SafeLoader):
    """Events by PyYAML's own scanner."""

    def __init__(self, text: str) -> None:
        yaml.SafeLoader.__init__(self, text)


class FastLoader(_Composer, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Events by libyaml, where PyYAML was built with it."""

    def __init__(self, text: str) -> None:
        getattr(yaml, "CSafeLoader", yaml.SafeLoader).__init__(self, text)
        self.anchors: dict[
            str, yaml.Node
        ] = {}  # libyaml's parser keeps its own where the composer does not look


class _Builder:
    """Plain values and lines of a composed tree."""

    def __init__(self, file: str, faults: FaultLog) -> None:
        self.line: dict[Location, int] = {}
        self._file = file
        self._faults = faults

    def plain_of(self, node: yaml.Node, location: Location) -> object:
        self.line.setdefault(location, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping_of(node, location)
        if isinstance(node, yaml.SequenceNode):
            return [self.plain_of(item, (*location, index)) for index, item in enumerate(node.value)]
        return _scalar_of(node)

    def _mapping_of(self, node: yaml.MappingNode, location: Location) -> dict[str, object]:
        plain: dict[str, object] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._faults.add(self._file, line, path_text(location), "expected a plain word as key")
                continue
            inner = (*location, str(key_node.value))
            if inner in self.line:
                first = self.line[inner]
                self._faults.add(self._file, line, path_text(inner), f"duplicate key, first on line {first}")
                continue
            self.line[inner] = line
            plain[str(key_node.value)] = self.plain_of(value_node, inner)
        return plain


def _scalar_of(node: yaml.Node) -> object:
    text = str(node.value)
    if getattr(node, "style", None):  # quoted or block text is text
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def entries_under(tree: "YamlTree | None", key: str) -> dict[str, object] | None:
    """Entries under a key as written, right or wrong; None where there are none."""
    plain = tree.plain if tree else None
    entries = plain.get(key) if isinstance(plain, dict) else None
    return entries if isinstance(entries, dict) else None
