"""What is posted as JSON: a struct says which fields; everything that is wrong is named at once."""

from collections.abc import Iterator
from typing import TypeVar

import msgspec
from msgspec import inspect
from starlette.exceptions import HTTPException
from starlette.requests import Request

from warnstream.adapters.http.guard import read_body

BODY_BYTES_MAX = 8_192

LIST_BYTES_MAX = 262_144
"""Of a body that names villages or rows: an order for a whole county, a mark of a thousand rows."""

Body = TypeVar("Body", bound=msgspec.Struct)


class ProblemsError(HTTPException):
    """A request with several faults; `problems` lists all of them."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(400, "; ".join(problems))


async def posted(request: Request, expected: type[Body], bytes_max: int = BODY_BYTES_MAX) -> Body:
    """The body of a request, of at most so many bytes.

    Raises
    ------
    HTTPException
        If it is too long, too slow, or not as `expected` demands.
    """
    return checked_body(await read_body(request, bytes_max), expected)


def checked_body(body: bytes, expected: type[Body]) -> Body:
    """A JSON object whose fields are those of a struct.

    Raises
    ------
    ProblemsError
        If the body is no JSON object or any field is missing, unknown or wrong; all are named.
    """
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProblemsError([f"body: expected a JSON object ({error})"]) from None
    if not isinstance(decoded, dict):
        raise ProblemsError(["body: expected a JSON object"])
    problems = list(_problems(decoded, expected))
    if problems:
        raise ProblemsError(problems)
    return msgspec.convert(decoded, expected)


def _problems(decoded: dict[str, object], expected: type[msgspec.Struct]) -> Iterator[str]:
    fields = msgspec.structs.fields(expected)
    for field in fields:
        if field.encode_name not in decoded and not field.required:
            continue
        try:
            msgspec.convert(decoded.get(field.encode_name), field.type)
        except msgspec.ValidationError as error:
            yield f"{field.encode_name}: {_expectation(field.type) or str(error)}"
    known = {field.encode_name for field in fields}
    yield from (f"{name}: unknown field" for name in decoded if name not in known)


def _expectation(annotation: object) -> str:
    """What a text must be; empty for other types, whose faults msgspec words."""
    found = inspect.type_info(annotation)
    if isinstance(found, inspect.LiteralType):
        return f"expected one of {', '.join(map(str, found.values))}"
    if isinstance(found, inspect.EnumType):
        return f"expected one of {', '.join(str(member.value) for member in found.cls)}"
    return "expected a text that is not empty" if isinstance(found, inspect.StrType) else ""
