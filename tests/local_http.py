"""Requests to what runs on this machine.

`httpx.get` reads the certificates of the world anew for every request, some 35 ms of CPU: tests that look at
a node twenty times a second kept a core busy with that.
"""

import httpx

LOCAL = httpx.Client(
    trust_env=False,
    timeout=10,
    # A node that is killed and started again is another one: no connection outlives a request.
    limits=httpx.Limits(max_keepalive_connections=0),
)
