"""The console's OpenAPI, asked at random (schemathesis): no fault of a server, and answers as described."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from tests.unit.console.reading.test_sheets import office  # noqa: F401
from tests.unit.console.test_app import HERE, Console, console  # noqa: F401
from warnstream.console.access import COOKIE
from warnstream.console.openapi import ANSWERS

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

EXAMPLES = 12


def asked_at_random(operation: Any, headers: dict[str, str]) -> set[int]:
    """Statuses of an operation's answers, each of which was as the document says."""
    from schemathesis.specs.openapi.checks import status_code_conformance

    checks = [schemathesis.checks.not_a_server_error, status_code_conformance]
    model = ANSWERS[operation.method.lower(), operation.path][1]
    statuses: set[int] = set()

    @given(case=operation.as_strategy())
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def ask(case: Any) -> None:
        response = case.call(headers=headers)
        statuses.add(response.status_code)
        if response.status_code != 503:  # there is no node behind this console that could act
            case.validate_response(response, checks=checks)
        if response.status_code == 200 and model is not None:
            msgspec.json.decode(response.content, type=model)

    ask()
    return statuses


@pytest.mark.parametrize("person", ["chief", "village"])
def test_whatever_is_asked_is_answered_as_described(office: Console, person: str) -> None:  # noqa: F811
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", office.app)
    headers = {**HERE, "Cookie": f"{COOKIE}={office.accounts.begin(person)}"}
    operations = [found.ok() for found in schema.get_all_operations()]
    seen = {
        f"{operation.method.upper()} {operation.path}": asked_at_random(operation, headers)
        for operation in operations
        # The stream has no end, and a session that is ended asks nothing more.
        if not operation.path.endswith("/stream") and operation.method.lower() != "delete"
    }
    assert len(seen) > 12
    away = {name for name, statuses in seen.items() if 503 in statuses}
    assert away <= {"POST /api/v1/acts", "GET /api/v1/doors"}, "what needs a node that acts"
    assert 200 in seen["GET /api/v1/state"]
