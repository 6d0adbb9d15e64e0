"""People of operators.csv who prove themselves by their token, and the names of their orders."""

from starlette.exceptions import HTTPException
from starlette.requests import Request

from warnstream.adapters.http.bodies import ProblemsError
from warnstream.adapters.http.posts import basic_credentials
from warnstream.adapters.http.routes import Services

KEY_CHARACTERS_MAX = 60
"""Of an Idempotency-Key."""


def demand_person(services: Services, person: str, token: str) -> None:
    """Refuse who does not prove to be that person."""
    if not person or not services.tokens.proves_operator(token, person):
        raise HTTPException(403, "the token does not belong to this person")


def asking_person(services: Services, request: Request) -> str:
    """Person who asks, proven by their token (Basic)."""
    person, token = basic_credentials(request.headers.get("Authorization", ""))
    demand_person(services, person, token)
    return person


def name_of_order(request: Request, author: str) -> str:
    """Name of an order that its author sends with a key, the same one when it is sent again; else empty."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > KEY_CHARACTERS_MAX or not key.isprintable():
        raise ProblemsError([f"Idempotency-Key: expected at most {KEY_CHARACTERS_MAX} printable characters"])
    return f"{author}/{key}" if key else ""
