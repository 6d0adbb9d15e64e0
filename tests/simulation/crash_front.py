"""A node killed again and again while a front is claimed: each door is told once, the worst first.

Run: ``python -m tests.simulation.crash_front [--kills N] [--doors N] [--seed N]`` (``make crash-front``).

One step warns three villages, red, orange and yellow, of some hundred doors each. ``warnstream run`` tells
them by an SMS gateway at a rate that lasts through all kills; it is killed with SIGKILL at random moments, in
its start, too. A second node without any kill says what should have come out. Prints the seed.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.e2e.live import LiveNode
from tests.simulation.changed_county import County, Shown, phones
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.config.load import load_configuration
from warnstream.delivery.dispatch.notification import State
from warnstream.runners.build import topics_of
from warnstream.runners.history.doors import doors_of_folder

RAIN_TIMES = 11.0
"""Of an interval's usual rain: V1 turns red, V2 orange, V3 yellow."""

LIFE_S_MAX = 0.8
READY_SHARE = 0.7
"""Of the kills, so many wait until the node is ready; the others mostly hit its start."""

ALL_TOLD_S_MAX = 300.0
IN_FLIGHT = 16
"""As many doors of the next level may be under way while the last of the worse one are told."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a front: what phones were shown in order, repeated keys, notifications by their state.

    `while_telling` are kills of a node that had told somebody in its last moments.
    """

    shown: list[Shown]
    repeats: int
    counts: Counter[tuple[str, State]]
    while_telling: int


def tell_front(directory: Path, doors: int, rate_per_s: float, kills: int, random: Random) -> Told:
    """One front over a new county; `doors` of each village."""
    with phones() as gateway:
        county = County(directory, gateway)
        county.write()
        rows = tuple(f"H{n}-{door},V{n},sms,+86{n}{door}" for n in range(1, 5) for door in range(doors))
        county.rows("households.csv", lambda _row: False, rows)
        county.replace("channels.yaml", "    retry:", f"    rate_per_s: {rate_per_s:g}\n    retry:")
        configuration = load_configuration(directory)
        node = LiveNode(directory, configuration.http.port)
        node.start()
        while_telling = 0
        try:
            publish(county, configuration.broker.port)
            for _ in range(kills):
                if random.random() < READY_SHARE:
                    node.wait_until_ready()
                n_before = len(gateway.warnings())
                time.sleep(random.uniform(0.0, LIFE_S_MAX))
                node.kill()
                while_telling += len(gateway.warnings()) > n_before
                node.spawn()
            node.wait_until_ready()
            wait_until_told(node, 3 * doors, gateway.warnings)
            node.stop()
        finally:
            node.end()
        return Told(gateway.warnings(), gateway.repeats, counts_of(directory), while_telling)


def publish(county: County, port: int) -> None:
    """A dry interval, then the front, each durable when this returns."""
    client = Client(CallbackAPIVersion.VERSION2, client_id="front")
    client.connect("127.0.0.1", port)
    client.loop_start()
    for times in (0.0, RAIN_TIMES):
        for message in county.next_messages(times):
            client.publish(message.topic, bytes(message.payload), qos=1).wait_for_publish(30)
    client.disconnect()
    client.loop_stop()


def wait_until_told(node: LiveNode, n_doors: int, warnings: object) -> None:
    """Until every door has been shown something."""
    assert callable(warnings)
    deadline = time.monotonic() + ALL_TOLD_S_MAX
    while len({warning.recipient for warning in warnings() if warning.recipient[0] == "H"}) < n_doors:
        if time.monotonic() > deadline:
            raise TimeoutError(f"not all doors were told:\n{node.log()}")
        time.sleep(0.1)


def counts_of(directory: Path) -> Counter[tuple[str, State]]:
    """Notifications by channel and state, as a node that has ended left them."""
    configuration = load_configuration(directory)
    doors = doors_of_folder(directory / "data", configuration.network, topics_of(configuration))
    with closing(Outbox(directory / "data")) as outbox:
        both = [*outbox.counts().items(), *doors.counts().items()]
    counts: Counter[tuple[str, State]] = Counter()
    for place, count in both:
        counts[place] += count
    return counts


def faults_of(killed: Told, whole: Told, doors: int) -> list[str]:
    """What the kills have changed."""
    of_doors = [warning for warning in killed.shown if warning.recipient[0] == "H"]
    expected = {
        (warning.key, warning.level, warning.text) for warning in whole.shown if warning.recipient[0] == "H"
    }
    found = {(warning.key, warning.level, warning.text) for warning in of_doors}
    faults = []
    if found != expected or len(of_doors) != 3 * doors:
        faults.append(f"doors were told {len(of_doors)} messages, {len(found ^ expected)} differ")
    if killed.counts != whole.counts:
        faults.append(f"counts {dict(killed.counts)}, without kills {dict(whole.counts)}")
    late = out_of_order(killed)
    if late > IN_FLIGHT:
        faults.append(f"{late} doors were told after the first of a milder level")
    return faults


def out_of_order(told: Told) -> int:
    """Doors of a level that were told after the first of a milder one, at most."""
    levels, late = [warning.level for warning in told.shown if warning.recipient[0] == "H"], 0
    for worse, milder in (("red", "orange"), ("orange", "yellow")):
        if milder in levels:
            late = max(late, levels[levels.index(milder) :].count(worse))
    return late


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=50, help="default 50")
    parser.add_argument("--doors", type=int, default=300, help="of each village; default 300")
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args(arguments)
    seed = options.seed if options.seed is not None else int(time.time())
    print(f"seed {seed}", flush=True)
    random = Random(seed)
    rate_per_s = 3 * options.doors / (options.kills * LIFE_S_MAX / 4)
    with tempfile.TemporaryDirectory() as name:
        whole = tell_front(Path(name) / "whole", options.doors, 1_000, 0, random)
        killed = tell_front(Path(name) / "killed", options.doors, rate_per_s, options.kills, random)
    faults = faults_of(killed, whole, options.doors)
    print(f"{options.kills} kills, {killed.while_telling} of them while doors were told")
    late = out_of_order(killed)
    print(f"{3 * options.doors} doors, {killed.repeats} messages sent again, {late} behind a milder one")
    for fault in faults:
        print(fault)
    print("each door told once, worst first, counts as without kills" if not faults else "FAILED")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
