"""Routes by their audience, one module each.

A new route is a handler and a line of `ROUTES` in the module of those who use it; a new audience is a
module in `ROUTERS`.
"""

from warnstream.adapters.http.routers import (
    alerts,
    door,
    drills,
    grid,
    machines,
    officers,
    operations,
    public,
    reports,
    staff,
    transfers,
)
from warnstream.adapters.http.routes import RouteSpec

ROUTERS = (operations, staff, officers, drills, machines, reports, transfers, alerts, public, door, grid)

ROUTES: tuple[RouteSpec, ...] = tuple(route for router in ROUTERS for route in router.ROUTES)
"""All routes of a node."""
