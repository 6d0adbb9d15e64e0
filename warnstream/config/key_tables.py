"""Tables of keys for the documentation, made of the sections that check a configuration.

A page has a table between ``<!-- keys: NAME -->`` and ``<!-- end keys -->``; ``python -m
warnstream.config.key_tables FILE...`` (`make docs-keys`) writes it anew, and a test says where one is stale.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from warnstream.config.channels.registry import SECTION_OF_KIND
from warnstream.config.channels.section import ChannelSection
from warnstream.config.node.document import NodeDocument
from warnstream.config.orders import OrdersDocument
from warnstream.config.thresholds.document import SECTION_OF_EVALUATOR
from warnstream.config.thresholds.sections import HazardSection
from warnstream.config.thresholds.signs import SignsSection
from warnstream.config.yaml.sections import Section
from warnstream.config.yaml.value_types import Form

HEAD = ("| Key | Form | Default | Meaning |", "|---|---|---|---|")
_MARKED = re.compile(r"<!-- keys: ([\w.]+) -->\n.*?<!-- end keys -->", re.DOTALL)


class Row(NamedTuple):
    """One key as a page shows it."""

    key: str
    form: str
    default: str
    meaning: str

    def __str__(self) -> str:
        return f"| `{self.key}` | {self.form} | {self.default} | {self.meaning} |"


def key_tables() -> Mapping[str, list[Row]]:
    """Tables by the name that a page asks for.

    Sections of warnstream.yaml have their own names, ``hazard`` and ``channel`` what all of them have, their
    evaluators and kinds what they have beside it, ``signs`` and ``orders`` the rest.
    """
    shown: dict[type[Section], str] = {}
    tables = {
        name: [row for row in _rows(NodeDocument, "", {name}, shown) if row.key != name]
        for name in NodeDocument.model_fields
    }
    tables["hazard"] = list(_rows(HazardSection, ""))
    tables["channel"] = list(_rows(ChannelSection, ""))
    for kinds, base in ((SECTION_OF_EVALUATOR, HazardSection), (SECTION_OF_KIND, ChannelSection)):
        for kind, section in kinds.items():
            tables[kind] = list(_rows(section, "", names=_own(section, base)))
    tables["signs"] = list(_rows(SignsSection, "signs."))
    tables["orders"] = list(_rows(OrdersDocument, ""))
    return tables


def _own(section: type[Section], base: type[Section]) -> set[str]:
    """Fields that a section has beside those of its base, or with another default."""
    known = base.model_fields
    return {
        name
        for name, field in section.model_fields.items()
        if get_origin(field.annotation) is not Literal
        and (
            name not in known
            or known[name].default != field.default
            or known[name].default_factory is not field.default_factory
        )
    }


def _rows(
    section: type[Section],
    prefix: str,
    names: set[str] | None = None,
    shown: dict[type[Section], str] | None = None,
) -> Iterator[Row]:
    """Keys of a section; a part of it that has been shown before is referred to."""
    shown = {} if shown is None else shown
    for name, field in section.model_fields.items():
        if names is None or name in names:
            yield from _rows_of(f"{prefix}{field.alias or name}", field, shown)


def _rows_of(key: str, field: FieldInfo, shown: dict[type[Section], str]) -> Iterator[Row]:
    inner, step = _inner(field.annotation)
    form = _form(field.metadata) or _form_of(inner, step)
    if not (isinstance(inner, type) and issubclass(inner, Section)):
        yield Row(f"{key}{step.strip('[]')}", form, _default(field), _meaning(field))
    elif inner in shown:
        yield Row(key, f"{form} as `{shown[inner]}`", _default(field), _meaning(field))
    else:
        shown[inner] = key
        if step or field.is_required() or field.default is not PydanticUndefined:
            # Else it is there without being written: its keys say all.
            yield Row(key, form, _default(field), _meaning(field))
        yield from _rows(inner, f"{key}{step}.", shown=shown)


def _inner(annotation: Any) -> tuple[Any, str]:
    """What a value is, or an item of a list (``[]``), or a value of a mapping (``.*``)."""
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(arg for arg in get_args(annotation) if arg is not NoneType)
    if get_origin(annotation) is list:
        return get_args(annotation)[0], "[]"
    if get_origin(annotation) is dict:
        return get_args(annotation)[1], ".*"
    return annotation, ""


def _form(metadata: Sequence[object]) -> str:
    return next((form.words for form in metadata if isinstance(form, Form)), "")


def _form_of(inner: Any, step: str) -> str:
    if isinstance(inner, type) and issubclass(inner, Section):
        return {"": "section", "[]": "list", ".*": "by name"}[step]
    words = _form(get_args(inner)[1:]) if get_origin(inner) is Annotated else ""
    if get_origin(inner) is Literal:
        words = ", ".join(f"`{word}`" for word in get_args(inner))
    return f"list of {words}" if step == "[]" and words else words or "list"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "*required*"
    written = field.get_default(call_default_factory=True)
    if isinstance(written, bool):
        written = str(written).lower()
    elif isinstance(written, list | tuple) and written:
        written = f"[{', '.join(map(str, written))}]"
    if isinstance(written, Section) or written in (None, "", {}) or (written == [] and field.default_factory):
        return "none"
    return f"`{written}`"


def _meaning(field: FieldInfo) -> str:
    return (field.description or "").rstrip(".").replace("|", "\\|")


def with_tables(page: str) -> str:
    """A page with its tables made anew; a table NAME.PART has the rows of NAME that begin so.

    Raises
    ------
    KeyError
        If it asks for a table that there is not.
    """
    tables = key_tables()
    asked = [found[1] for found in _MARKED.finditer(page)]

    def table(found: re.Match[str]) -> str:
        name = found[1]
        parts = [key for key in asked if key.startswith(f"{name}.")]
        rows = [
            row
            for row in tables[name.partition(".")[0]]
            if ("." not in name or row.key.startswith(f"{name}."))
            and not any(row.key == part or row.key.startswith(f"{part}.") for part in parts)
        ]
        lines = (*HEAD, *map(str, rows))
        return "\n".join([f"<!-- keys: {name} -->", *lines, "<!-- end keys -->"])

    return _MARKED.sub(table, page)


def main(files: Sequence[str]) -> None:
    """Write the tables of pages anew."""
    for file in map(Path, files):
        file.write_text(with_tables(file.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
