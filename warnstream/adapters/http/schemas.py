"""What may be posted: schemas of the fields, and what is wrong with the ones that came."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.exceptions import HTTPException

from warnstream.model.effects import Answer

ANSWER_WORDS = [str(answer) for answer in Answer]


TEXT_SCHEMA = {"type": "string", "minLength": 1}


SCHEMAS: dict[str, dict[str, Any]] = {
    "Object": {"type": "object"},
    "Objects": {"type": "array", "items": {"type": "object"}},
    "Accepted": {"type": "object", "properties": {"accepted": {"const": True}}, "required": ["accepted"]},
    "Readiness": {
        "type": "object",
        "properties": {"ready": {"type": "boolean"}, "reasons": {"type": "array", "items": TEXT_SCHEMA}},
        "required": ["ready", "reasons"],
    },
    "Problems": {
        "type": "object",
        "properties": {"problems": {"type": "array", "items": TEXT_SCHEMA}},
        "required": ["problems"],
    },
    "AnswerRequest": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "message": TEXT_SCHEMA,
            "recipient": TEXT_SCHEMA,
            "answer": {"enum": ANSWER_WORDS},
            "token": TEXT_SCHEMA,
        },
        "required": ["message", "recipient", "answer", "token"],
    },
    "Affirmation": {
        "type": "object",
        "additionalProperties": False,
        "properties": dict.fromkeys(("post", "warning", "note", "token"), TEXT_SCHEMA),
        "required": ["post", "warning", "note", "token"],
    },
    "SignReport": {
        "type": "object",
        "additionalProperties": False,
        "properties": dict.fromkeys(("post", "village", "kind", "note", "token"), TEXT_SCHEMA),
        "required": ["post", "village", "kind", "note", "token"],
    },
    "SignVerdict": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **dict.fromkeys(("post", "sign", "note", "token"), TEXT_SCHEMA),
            "verdict": {"enum": ["validated", "rejected"]},
        },
        "required": ["post", "sign", "verdict", "note", "token"],
    },
    "HelpAssignment": {
        "type": "object",
        "additionalProperties": False,
        "properties": dict.fromkeys(("post", "help", "person", "token"), TEXT_SCHEMA),
        "required": ["post", "help", "person", "token"],
    },
    "HelpClosure": {
        "type": "object",
        "additionalProperties": False,
        "properties": dict.fromkeys(("post", "help", "person", "note", "token"), TEXT_SCHEMA),
        "required": ["post", "help", "person", "note", "token"],
    },
    "ReceiptRequest": {
        "type": "object",
        "additionalProperties": False,
        "properties": {"key": TEXT_SCHEMA, "token": TEXT_SCHEMA},
        "required": ["key", "token"],
    },
}


class ProblemsError(HTTPException):
    """A request with several faults; `problems` lists all of them."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(400, "; ".join(problems))


def checked_fields(body: bytes, schema: Mapping[str, Any]) -> dict[str, str]:
    """The text fields of a JSON object, each as `schema` demands.

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
    expected: Mapping[str, Any] = schema["properties"]
    problems = [
        f"{name}: {problem}"
        for name, rule in expected.items()
        if (problem := _field_problem(decoded, name, rule))
    ]
    problems += [f"{name}: unknown field" for name in decoded if name not in expected]
    if problems:
        raise ProblemsError(problems)
    return decoded


def _field_problem(decoded: Mapping[str, object], name: str, rule: Mapping[str, Any]) -> str:
    value = decoded.get(name)
    if "enum" in rule:
        return "" if value in rule["enum"] else f"expected one of {', '.join(rule['enum'])}"
    return "" if isinstance(value, str) and value else "expected a text that is not empty"
