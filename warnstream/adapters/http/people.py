"""People of operators.csv and posts who prove themselves by their token, and the names of people's orders."""

import ipaddress

from starlette.exceptions import HTTPException
from starlette.requests import Request

from warnstream.adapters.http.bodies import ProblemsError
from warnstream.adapters.http.posts import basic_credentials
from warnstream.adapters.http.routes import Services

PASSED_ON = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
"""A proxy on this machine says by these that somebody else asks (RFC 7239, RFC 9110)."""

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


def demand_somebody(services: Services, request: Request) -> None:
    """Refuse who is neither a post nor an officer, by their token (Basic)."""
    name, token = basic_credentials(request.headers.get("Authorization", ""))
    tokens = services.tokens
    if not name or not (tokens.proves_post(token, name) or tokens.proves_operator(token, name)):
        raise HTTPException(403, "name a post or an officer and the token (Basic)")


def demand_reader(services: Services, request: Request) -> None:
    """Refuse who neither sits at this machine nor proves to be a post or an officer.

    The situation of a county is for its staff, while the address of this interface is for everybody: answer
    links lead there.
    """
    if not is_of_this_machine(request):
        demand_somebody(services, request)


def is_of_this_machine(request: Request) -> bool:
    """Whether the connection comes from this machine, and nobody says that it is passed on."""
    if request.client is None or any(name in request.headers for name in PASSED_ON):
        return False
    try:
        address = ipaddress.ip_address(request.client.host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_loopback or bool(mapped and mapped.is_loopback)


def name_of_order(request: Request, author: str) -> str:
    """Name of an order that its author sends with a key, the same one when it is sent again; else empty."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > KEY_CHARACTERS_MAX or not key.isprintable():
        raise ProblemsError([f"Idempotency-Key: expected at most {KEY_CHARACTERS_MAX} printable characters"])
    return f"{author}/{key}" if key else ""
