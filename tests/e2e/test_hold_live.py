"""What an officer holds waits on over a changed configuration: reloaded, or started after a kill at once."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.consoles import Watched, state_of
from tests.e2e.test_acts_live import act, hold_everything, people_of
from tests.e2e.test_chain_live import FAR, NEAR, Town
from warnstream.model.times import MINUTE_S

pytestmark = [pytest.mark.server, pytest.mark.slow]

HOLD_S = 10 * MINUTE_S


@pytest.fixture
def watched(town: Town) -> Iterator[Watched]:
    opened = Watched(town.directory, town.node)
    people_of(opened)
    hold_everything(town)
    town.node.start()
    yield opened
    opened.close()


def waits(client: httpx.Client, village: str) -> dict[str, Any]:
    return dict(client.get(f"/api/v1/villages/{village}").json().get("waits", {}))


def change(town: Town) -> None:
    """A configuration that judges otherwise: another name for whoever signs."""
    file = town.directory / "warnstream.yaml"
    text = file.read_text("utf-8")
    assert "12345" in text
    file.write_text(text.replace("12345", "54321"), "utf-8")


def test_what_is_held_waits_on_over_a_reload_and_a_kill(town: Town, watched: Watched) -> None:
    client = watched.signed_in("chief")
    town.rain()
    town.minutes(2)
    town.node.wait_for(lambda: state_of(client)["head"]["needs"]["release"].get("villages") == 3)
    before = {village: waits(client, village)["due_s"] for village in (NEAR[0], FAR)}
    assert act(client, "hold", FAR).status_code == 200
    town.minutes(1)
    assert waits(client, FAR)["due_s"] == before[FAR] + HOLD_S

    # Reloaded: what was held once waits as long as before, and may not be held again.
    change(town)
    assert "live" in town.tell("reload", str(town.directory))
    town.minutes(1)
    town.node.wait_for(lambda: waits(client, FAR).get("due_s") == before[FAR] + HOLD_S)
    assert act(client, "hold", FAR).status_code == 400, "once a wait"

    # Held, and killed before any step; then started with another configuration.
    assert act(client, "hold", NEAR[0]).status_code == 200
    town.node.kill()
    change_back = (town.directory / "warnstream.yaml").read_text("utf-8").replace("54321", "12345")
    (town.directory / "warnstream.yaml").write_text(change_back, "utf-8")
    town.node.start()
    again = watched.signed_in("chief")
    town.minutes(2)
    town.node.wait_for(lambda: waits(again, NEAR[0]).get("due_s") == before[NEAR[0]] + HOLD_S)
    assert waits(again, FAR)["due_s"] == before[FAR] + HOLD_S
    assert not [name for name in town.seen if name.startswith("H")], "no door has heard anything meanwhile"
