"""The command ``warnstream status``: what the running node sees and waits for, as text or JSON."""

import argparse
import asyncio
import contextlib
from pathlib import Path

import msgspec

from warnstream.commands.standby.which import why_not_of_now
from warnstream.config.load import load_configuration
from warnstream.model.errors import WarnstreamError

WAIT_S = 5.0
"""A node that lives sends a frame every second."""

LOOK_S = 0.05


def run_status(options: argparse.Namespace) -> int:
    """Print it.

    Raises
    ------
    ConfigError, WarnstreamError
        If the folder cannot be read, or no node has answered.
    """
    return asyncio.run(_status(options.directory, as_json=options.json))


async def _status(directory: Path, *, as_json: bool) -> int:
    from warnstream.console.glance import Glance
    from warnstream.console.hub import Hub  # shapely and the map's parts are not loaded by every command

    configuration = load_configuration(directory)
    if why := why_not_of_now(configuration):
        raise WarnstreamError(f"{why}: ask there; /readyz of this box says what it does")
    hub = Hub(directory, configuration)
    running = asyncio.create_task(hub.run())
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                while not (hub.situation.is_whole or running.done()):  # noqa: ASYNC110  # the hub has no event for it
                    await asyncio.sleep(LOOK_S)
        if not hub.situation.is_whole:
            raise WarnstreamError(
                f"no node of {directory} has answered within {WAIT_S:g} s: {hub.clock().fault}; "
                "is `warnstream run` on (then /readyz says more), and may you read its storage.directory?"
            )
        state = hub.state("*")
        towns = hub.situation.county.area("*").towns
        found = Glance(state, towns, hub.configuration.message.time_zone)
        print(msgspec.json.encode(state).decode() if as_json else "\n".join(found.lines()))  # noqa: T201
        return 0 if found.is_well else 1
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
