"""The HTTP interface: routers by audience, read models, guard, server, answer page."""
