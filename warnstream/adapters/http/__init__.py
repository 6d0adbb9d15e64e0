"""The HTTP interface: routes, schemas, guard, server, answer page."""
