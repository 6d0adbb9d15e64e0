"""Who asks, and whether the request is one of our own page."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from warnstream.console.accounts import Accounts
from warnstream.model.hands.orders import Operator
from warnstream.model.times import MINUTE_S

COOKIE = "ws_console"
SECURE_COOKIE = "__Host-ws_console"
"""Where the console answers by HTTPS."""

DEVICE = "_device"
"""Behind the name of the session's: the cookie of a browser in which somebody has signed in before."""

FAILURES_MAX = 5
WITHIN_S = 15 * MINUTE_S
REMEMBERED_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is signed in."""

    operator: Operator
    token: str
    ends_s: int


class Attempts:
    """Failed sign-ins by account and by address: five in a quarter of an hour, then the next waits.

    A browser that is known for a person has a count of its own instead: strangers keep nobody out.

    Both are remembered in memory, at most `REMEMBERED_MAX`; who has not tried for longest goes first.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, *names: str) -> float:
        """How long none of these may try; 0: now."""
        now, waits = self._clock(), [0.0]
        for name in names:
            failed = self._failed.get(name)
            while failed and now - failed[0] >= WITHIN_S:
                failed.popleft()
            if failed and len(failed) >= FAILURES_MAX:
                waits.append(failed[-FAILURES_MAX] + WITHIN_S - now)
        return max(waits)

    def began(self, *names: str) -> None:
        """An attempt counts as failed until it has succeeded, so that many at once are no way around."""
        for name in names:
            self._failed.setdefault(name, deque(maxlen=FAILURES_MAX)).append(self._clock())
            self._failed.move_to_end(name)
        while len(self._failed) > REMEMBERED_MAX:
            self._failed.popitem(last=False)

    def succeeded(self, *names: str) -> None:
        """The newest attempt of each was none."""
        for name in names:
            failed = self._failed.get(name)
            if failed:
                failed.pop()


def demand_own_page(request: Request) -> None:
    """HTTPException where a request that changes something may come from another site's page."""
    fetch_site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    is_own = fetch_site == "same-origin" or (
        fetch_site is None
        and origin is not None
        and urlsplit(origin).netloc == request.headers.get("host", "")
        and urlsplit(origin).scheme == request.url.scheme
    )
    if not is_own:
        raise HTTPException(403, "expected a request of this page: Sec-Fetch-Site same-origin, or its Origin")


def demand_own_fetch(request: Request) -> None:
    """HTTPException where a browser says that another site's page, or a link of one, asks."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise HTTPException(403, "expected a request of this page")


def cookie_name(request: Request) -> str:
    """Of the session; a browser lets nobody but us set the one of HTTPS."""
    return SECURE_COOKIE if request.url.scheme == "https" else COOKIE


def device_of(request: Request) -> str:
    """Token of the browser; empty for one that is new."""
    return request.cookies.get(cookie_name(request) + DEVICE, "")


def visitor_of(request: Request, accounts: Accounts, operators: dict[str, Operator]) -> Visitor:
    """Who has signed in and still stands in operators.csv. HTTPException 401 for everybody else."""
    scheme, _, word = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _machine_of(request, word.strip(), accounts, operators)
    token = request.cookies.get(cookie_name(request), "")
    found = accounts.session(token) if token else None
    operator = None if found is None else operators.get(found[0])
    if found is None or operator is None:
        raise HTTPException(401, "nobody is signed in")
    return Visitor(operator, token, found[1])


def _machine_of(request: Request, token: str, accounts: Accounts, operators: dict[str, Operator]) -> Visitor:
    """The person whose token a machine shows; it reads what its scopes reach. HTTPException 401 or 403."""
    machine = accounts.machines.of(token) if token else None
    operator = None if machine is None else operators.get(machine.person)
    if machine is None or operator is None:
        raise HTTPException(401, "the token is none, or over")
    if request.method != "GET" or not machine.may_read(request.url.path):
        raise HTTPException(403, f"the token reads {', '.join(machine.scopes)} alone")
    return Visitor(operator, token, machine.until_s)
