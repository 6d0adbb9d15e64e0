"""What an officer holds waits on over a changed configuration: reloaded, or started after a kill at once."""

from typing import Any

import httpx
import pytest

from tests.e2e.consoles import Watched, state_of
from tests.e2e.test_acts_live import act, hold_everything
from tests.e2e.test_chain_live import FAR, NEAR, Town
from warnstream.model.times import MINUTE_S

pytestmark = [pytest.mark.server, pytest.mark.slow]

HOLD_S = 10 * MINUTE_S


@pytest.fixture
def watched(office: Watched, town: Town) -> Watched:
    hold_everything(town)
    town.node.start()
    return office


def waits(client: httpx.Client, village: str) -> dict[str, Any]:
    return dict(client.get(f"/api/v1/villages/{village}").json().get("waits", {}))


def change(town: Town) -> None:
    """A configuration that judges otherwise: another name for whoever signs."""
    file = town.directory / "warnstream.yaml"
    text = file.read_text("utf-8")
    assert "12345" in text
    file.write_text(text.replace("12345", "54321"), "utf-8")


def waiting(town: Town, watched: Watched) -> tuple[httpx.Client, int]:
    """A chief before a village that waits for its release, and until when it does."""
    client = watched.signed_in("chief")
    town.rain()
    town.minutes(2)
    town.node.wait_for(lambda: state_of(client)["head"]["needs"]["release"].get("villages") == 3)
    return client, int(waits(client, FAR)["due_s"])


def test_what_is_held_waits_on_over_a_reload(town: Town, watched: Watched) -> None:
    client, due_s = waiting(town, watched)
    assert act(client, "hold", FAR).status_code == 200
    town.minutes(1)
    assert waits(client, FAR)["due_s"] == due_s + HOLD_S
    change(town)
    assert "live" in town.tell("reload", str(town.directory))
    town.minutes(1)
    town.node.wait_for(lambda: waits(client, FAR).get("due_s") == due_s + HOLD_S)
    assert act(client, "hold", FAR).status_code == 400, "once a wait"
    assert not [name for name in town.seen if name.startswith("H")], "no door has heard anything meanwhile"


def test_a_hold_outlives_a_kill_before_its_step_and_another_configuration(
    town: Town, watched: Watched
) -> None:
    client, due_s = waiting(town, watched)
    assert act(client, "hold", FAR).status_code == 200
    town.node.kill()
    change(town)
    town.node.start()
    again = watched.signed_in("chief")
    town.minutes(2)
    town.node.wait_for(lambda: waits(again, FAR).get("due_s") == due_s + HOLD_S)
    assert waits(again, NEAR[0])["due_s"] == due_s, "the others wait as long as before"
    assert not [name for name in town.seen if name.startswith("H")], "no door has heard anything meanwhile"
