"""Two boxes under a storm: the first is killed, cables are cut, a second is slow, or away for a day.

Run: ``python -m tests.simulation.crash_standby [--kills N] [--cuts N] [--slow N] [--away N] [--doors N]
[--seed N]`` (``make crash-standby``).

Two `warnstream run` processes in two folders, time zones and locales; a gateway publishes interval
after interval to the box that leads, and remembers what was acknowledged, and whether the pair was
protected then. A disturbance comes at a random moment:

- *kill*: the box that leads gets SIGKILL, the other one takes over, the dead one comes back as standby;
- *cut*: both live and do not hear each other; every second time the other one takes over meanwhile, so
  that both lead until the cable is mended;
- *slow*: the second stands still for longer than it is waited for, then goes on;
- *away*: the second is gone for a day of the storm's time and comes back.

At the end: what was acknowledged while protected is in the log of the box that leads, what was
acknowledged while it was alone is there or in a tail that was kept aside, every door has the last word
of its village, and nothing waits to be told. Printed: notifications that both boxes sent. Prints the seed.
"""

import argparse
import base64
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.e2e.two_boxes import BoxProcess, Gateway, Pair, pair_of_boxes
from tests.local_http import LOCAL
from tests.simulation.changed_county import Phones, phones
from tests.simulation.crash_front import counts_of
from warnstream.adapters.journal.extents import find_extent, read_entries
from warnstream.delivery.dispatch.notification import OPEN_STATES, State
from warnstream.runners.intake import entries

LIFE_S_MAX = 0.5
"""The disturbance comes within that time of a new interval's first message."""

DAY_INTERVALS = 288
WAIT = "3s"


@dataclass(slots=True)
class Tally:
    """What has been done and found."""

    kills: int = 0
    cuts: int = 0
    both_led: int = 0
    slow: int = 0
    away: int = 0
    intervals: int = 0
    takeover_s: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Storm:
    """The pair under way."""

    pair: Pair
    gateway: Phones
    random: Random
    leads: BoxProcess
    source: Gateway
    tally: Tally = field(default_factory=Tally)
    protected: set[tuple[str, bytes]] = field(default_factory=set)

    @property
    def stands_by(self) -> BoxProcess:
        """The box that does not lead."""
        return self.pair.other(self.leads)

    def rain(self, times: float, box: BoxProcess | None = None) -> None:
        """One interval, published to the box that leads or to another one."""
        self.tally.intervals += 1
        self.source.publish(self.pair.county.next_messages(times), box or self.leads)

    def strength(self) -> float:
        """How strong an interval rains: it comes and goes, so that levels rise and fall."""
        return self.random.choice((0.0, 0.0, 1.0, 3.0, 11.0))

    def until_protected(self) -> None:
        """Both are there, and the one that leads waits for the other."""
        self.pair.wait_for(self.is_protected)

    def is_protected(self) -> bool:
        """Whether they are."""
        return (
            self.stands_by.says("standby of", "entries behind")
            and self.leads.metric("warnstream_standby_protected") == 1
        )

    def under_way(self) -> threading.Thread:
        """An interval is being published."""
        thread = threading.Thread(target=self.rain, args=(self.strength(),))
        thread.start()
        time.sleep(self.random.uniform(0, LIFE_S_MAX) ** 2 / LIFE_S_MAX)
        return thread

    def take_over(self) -> None:
        """The other box leads from now on."""
        begun_s = time.monotonic()
        done = self.stands_by.take_over()
        self.tally.takeover_s.append(time.monotonic() - begun_s)
        if done.returncode:
            raise AssertionError(f"takeover: {done.stderr}\n{self.pair.log()}")
        self.leads = self.stands_by

    def kill(self) -> None:
        """The box that leads dies under way."""
        self.tally.kills += 1
        n_before, n_alone = len(self.source.acknowledged), self.alone()
        thread = self.under_way()
        is_alone = self.alone() > n_alone
        self.leads.kill()
        thread.join()
        dead = self.leads
        self.take_over()
        if not is_alone:
            acknowledged = set(self.source.acknowledged[n_before:])
            self.protected |= acknowledged
            if lost := acknowledged - messages_of(self.leads):
                self.tally.faults.append(
                    f"kill {self.tally.kills}: {len(lost)} acknowledged messages are lost"
                )
        self.rain(self.strength())
        dead.spawn("--as-standby")
        self.until_protected()

    def alone(self) -> float:
        """How often the box that leads went on alone."""
        return self.leads.metric("warnstream_standby_unprotected_total")

    def cut(self) -> None:
        """The cable between them is cut under way, and mended."""
        self.tally.cuts += 1
        thread = self.under_way()
        self.pair.cut()
        thread.join()
        self.pair.wait_for(lambda: self.leads.says("unprotected"))
        self.rain(self.strength())
        if self.tally.cuts % 2:
            old = self.leads
            self.take_over()
            self.tally.both_led += 1
            self.rain(self.strength())
            self.rain(self.strength(), old)
            self.pair.mend()
            self.pair.wait_for(lambda: old.says("leads (term", "--as-standby"))
            old.stop()
            old.spawn("--as-standby")
        else:
            self.pair.mend()
        self.until_protected()

    def be_slow(self) -> None:
        """The second stands still for longer than it is waited for."""
        self.tally.slow += 1
        self.stands_by.pause()
        self.rain(self.strength())
        self.pair.wait_for(lambda: self.leads.says("unprotected"))
        self.rain(self.strength())
        self.stands_by.go_on()
        self.until_protected()

    def be_away(self) -> None:
        """The second is gone for a day."""
        self.tally.away += 1
        self.stands_by.stop()
        for _ in range(DAY_INTERVALS):
            self.rain(self.strength())
        self.stands_by.spawn()
        self.until_protected()


def run(pair: Pair, gateway: Phones, plan: list[str], random: Random) -> Storm:
    """All disturbances, then quiet; both boxes have ended when this returns."""
    storm = Storm(pair, gateway, random, pair.north, Gateway(pair))
    pair.start()
    steps = {"kill": storm.kill, "cut": storm.cut, "slow": storm.be_slow, "away": storm.be_away}
    for number, step in enumerate(plan, start=1):
        storm.rain(storm.strength())
        steps[step]()
        print(f"{number}/{len(plan)} {step}: {storm.leads.name} leads", flush=True)
    storm.rain(11.0)
    pair.wait_for(lambda: nothing_waits(storm.leads))
    if not pair.has_same_logs:
        pair.wait_for(lambda: pair.has_same_logs)
    storm.leads.stop()
    storm.stands_by.stop()
    storm.tally.faults += faults_of(storm)
    return storm


def nothing_waits(box: BoxProcess) -> bool:
    """Every channel of a running box is empty."""
    url = f"http://{box.host}:{box.http_port}/metrics"
    text = LOCAL.get(url, timeout=10).text
    waiting = ('state="pending"', 'state="sending"')
    lines = [line for line in text.splitlines() if line.startswith("warnstream_notifications{")]
    return bool(lines) and not any(
        float(line.split(" ")[1]) for line in lines if any(word in line for word in waiting)
    )


def messages_of(box: BoxProcess) -> set[tuple[str, bytes]]:
    """Messages in the log of a box."""
    return messages_in(box.data / "journal")


def messages_in(folder: Path) -> set[tuple[str, bytes]]:
    """Messages in a journal."""
    extent = find_extent(folder)
    if not extent.segments:
        return set()
    found = read_entries(extent, extent.segments[0].first_sequence)
    payloads = [payload for _, kind, payload in found if kind == entries.MESSAGES]
    return {pair for payload in payloads for pair in entries.decode_messages(payload)}


def everything_of(box: BoxProcess) -> set[tuple[str, bytes]]:
    """Messages in its log, and in those that it has kept aside."""
    found = messages_of(box)
    for folder in (box.data / "aside").glob("*/journal"):
        found |= messages_in(folder)
    return found


def messages_aside(box: BoxProcess) -> set[tuple[str, bytes]]:
    """Messages in the tails that a box has kept aside."""
    found: set[tuple[str, bytes]] = set()
    for path in (box.data / "aside").rglob("tail.jsonl"):
        for line in path.read_text("utf-8").splitlines():
            entry = json.loads(line)
            if entry["kind"] == entries.MESSAGES:
                found |= set(entries.decode_messages(base64.b64decode(entry["payload"])))
    return found


def faults_of(storm: Storm) -> list[str]:
    """What is lost, or was not told."""
    pair, faults = storm.pair, []
    kept = everything_of(pair.north) | everything_of(pair.south)
    if gone := set(storm.source.acknowledged) - kept:
        faults.append(f"{len(gone)} messages acknowledged are in no log and in no tail")
    counts: Counter[tuple[str, State]] = counts_of(storm.leads.directory)
    waiting = {place: n for place, n in counts.items() if place[1] in OPEN_STATES or place[1] is State.FAILED}
    if any(waiting.values()):
        faults.append(f"not told: {waiting}")
    doors = {warning.recipient for warning in storm.gateway.warnings() if warning.recipient[0] == "H"}
    expected = {f"H{n}{m}" for n in (1, 2, 3) for m in "ab"}
    if doors < expected:
        faults.append(f"doors that heard nothing: {sorted(expected - doors)}")
    return faults


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=50, help="of the box that leads; default 50")
    parser.add_argument("--cuts", type=int, default=20, help="of the cable between them; default 20")
    parser.add_argument("--slow", type=int, default=3, help="a second that is too slow; default 3")
    parser.add_argument("--away", type=int, default=1, help="a second away for a day; default 1")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--show", action="store_true", help="the end of both logs, too")
    options = parser.parse_args(arguments)
    seed = options.seed if options.seed is not None else int(time.time())
    print(f"seed {seed}", flush=True)
    random = Random(seed)
    plan = ["kill"] * options.kills + ["cut"] * options.cuts
    plan += ["slow"] * options.slow + ["away"] * options.away
    random.shuffle(plan)
    with (
        tempfile.TemporaryDirectory(prefix="standby-") as name,
        phones() as gateway,
        pair_of_boxes(Path(name), gateway, WAIT) as pair,
    ):
        try:
            storm = run(pair, gateway, plan, random)
        except BaseException:
            print(pair.log())
            raise
        if options.show:
            print(pair.log())
        return report(storm)


def report(storm: Storm) -> int:
    """Print what was found; the exit status."""
    tally, shown = storm.tally, storm.gateway.warnings()
    of_doors = sum(warning.recipient[0] == "H" for warning in shown)
    took = sorted(tally.takeover_s)
    print(
        f"{tally.kills} kills, {tally.cuts} cuts ({tally.both_led} while both led), {tally.slow} slow, "
        f"{tally.away} away for a day; {tally.intervals} intervals"
    )
    alone = len(messages_aside(storm.pair.north) | messages_aside(storm.pair.south))
    print(
        f"{len(storm.source.acknowledged)} messages acknowledged, {len(storm.protected)} of them in the turn "
        f"of a kill; {alone} that a box wrote alone are in tails kept aside"
    )
    repeats = storm.gateway.repeats
    print(f"{len(shown)} notifications shown, {of_doors} to doors; {repeats} sent again, shown once")
    if took:
        print(
            f"takeover: {took[len(took) // 2]:.1f} s in the middle, {took[-1]:.1f} s at most (busy machine)"
        )
    for fault in tally.faults:
        print(fault)
    print("FAILED" if tally.faults else "no acknowledged entry lost, nobody untold")
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
