"""A YAML tree against the keys of `documents`: every fault at the line of its key.

Pydantic finds the faults; here they are given their lines and said in the
words of an operator.
"""

from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from warnstream.config.faults import FaultLog, unknown
from warnstream.config.yaml.sections import SECTION_FAULT, Section
from warnstream.config.yaml.tree import Location, YamlTree, path_text
from warnstream.config.yaml.value_types import choice_of, shown

SomeSection = TypeVar("SomeSection", bound=Section)

_EXPECTED_OF_TYPE = {
    "model_type": "expected indented `key: value` lines",
    "model_attributes_type": "expected indented `key: value` lines",
    "dict_type": "expected indented `name:` entries",
    "list_type": "expected a list of `- ` items",
    "too_short": "expected at least one entry",
}


def check_document(model: type[SomeSection], tree: YamlTree, faults: FaultLog) -> SomeSection | None:
    """Validate a whole file.

    Parameters
    ----------
    model : type of Section
        The file's keys.
    tree : YamlTree
    faults : FaultLog
        Receives every fault of the file, each at its line.

    Returns
    -------
    Section or None
        None if anything is wrong.
    """
    try:
        return model.model_validate(tree.plain)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            for location, expected in _faults_of(model, detail):
                faults.add(tree.file, tree.line_of(location), path_text(location), expected)
        return None


def valid_part(form: type[SomeSection], tree: YamlTree | None, key: str) -> SomeSection | None:
    """One section of a file whose other sections may be wrong; None if it is wrong itself.

    Checks between files go on with the parts that are right, so that a slip
    in one section does not hide the faults of another file.
    """
    plain = tree.plain if tree else None
    if not isinstance(plain, dict):
        return None
    try:
        return form.model_validate(plain.get(key))
    except ValidationError:
        return None


def _faults_of(model: type[BaseModel], detail: ErrorDetails) -> list[tuple[Location, str]]:
    raw = tuple(detail["loc"])
    location = _without_tags(model, raw)
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == SECTION_FAULT:
        return [
            ((*location, *_parts_of(key)) if key else location, sentence)
            for key, sentence in context["faults"]
        ]
    if kind == "missing":
        field = _model_at(model, raw[:-1]).model_fields
        meaning = next(f.description for name, f in field.items() if (f.alias or name) == raw[-1])
        return [(location, f"missing. {meaning}")]
    if kind == "extra_forbidden":
        return [(location, unknown("key", str(raw[-1]), _keys_of(_model_at(model, raw[:-1]))))]
    if kind in {"union_tag_not_found", "union_tag_invalid"}:
        return [_fault_of_tag(model, location, detail)]
    if kind in _EXPECTED_OF_TYPE:
        return [(location, _EXPECTED_OF_TYPE[kind])]
    return [(location, str(context.get("error", detail["msg"])))]


def _parts_of(key: str) -> tuple[str | int, ...]:
    """A dotted key as a location; numbers are places in a list."""
    return tuple(int(part) if part.isdigit() else part for part in key.split("."))


def _fault_of_tag(model: type[BaseModel], location: Location, detail: ErrorDetails) -> tuple[Location, str]:
    name = detail["ctx"]["discriminator"].strip("'")
    words = _tags_of(_annotation_at(model, location))
    choice = choice_of(words)
    if detail["type"] == "union_tag_not_found":
        return location, f"missing. {name}: {choice}"
    return (*location, name), f"expected {choice}, got {shown(detail['input'].get(name))}"


def _without_tags(model: type[BaseModel], raw: Location) -> Location:
    """Drop what pydantic adds to a location: the chosen member of a union, and ``[key]``."""
    location: list[str | int] = []
    at: Any = model
    for part in raw:
        if part == "[key]" or (_is_union(at) and part in _tags_of(at)):
            at = _step(at, part)
            continue
        location.append(part)
        at = _step(at, part)
    return tuple(location)


def _annotation_at(model: type[BaseModel], raw: Location) -> Any:
    at: Any = model
    for part in raw:
        at = _step(at, part)
    return at


def _model_at(model: type[BaseModel], raw: Location) -> type[BaseModel]:
    found = _annotation_at(model, raw)
    assert isinstance(found, type), found
    assert issubclass(found, BaseModel), found
    return found


def _step(at: Any, part: str | int) -> Any:
    """The annotation one step down a location."""
    if isinstance(at, type) and issubclass(at, BaseModel):
        for name, field in at.model_fields.items():
            if (field.alias or name) == part:
                return _bare(field.annotation)
        return None
    if _is_union(at):
        return next((m for m in get_args(at) if part in _tags_of(m)), None)
    inner = get_args(at)
    return _bare(inner[-1]) if inner else None


def _bare(annotation: Any) -> Any:
    """Without `Annotated` and without the None of an optional value."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if _is_union(annotation):
        members = [member for member in get_args(annotation) if member is not type(None)]
        if len(members) == 1:
            return _bare(members[0])
    return annotation


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in {Union, UnionType}


def _tags_of(annotation: Any) -> list[str]:
    """Words that choose a member of a union of sections."""
    if _is_union(annotation):
        return [tag for member in get_args(annotation) for tag in _tags_of(member)]
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return []
    kinds = (field.annotation for field in annotation.model_fields.values())
    return [tag for kind in kinds if get_origin(kind) is Literal for tag in get_args(kind)]


def _keys_of(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]
