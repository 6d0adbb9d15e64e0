"""One night on a node, told from the first drop to zero open.

Run: ``python -m tests.simulation.night`` (``make night``). Three villages, ten posts, an SMS gateway, a
broker, the console, the real commands. In this order: an officer takes the shift; a drill in one township; a
false alarm in another, corrected; rain to orange; posts that answer late, never, or with a call for help; the
shift changes; the gateway is dead for 20 minutes, and in it a red by hand of two persons, whose texts wait;
the rain ends; calls are closed; everybody hears the end. ``warnstream who`` is asked at each of these, and
what is new in it printed.

Exit status 1, and what is wrong, where somebody did not hear what they had to, or something is still open.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import httpx

from station_sim.sending.scenario import DEFAULT_START_S
from tests.conftest import Mosquitto, find_mosquitto, free_port
from tests.e2e.consoles import Watched, state_of
from tests.e2e.test_acts_live import act
from tests.e2e.test_chain_live import FAR, NEAR, Town, close_help
from tests.e2e.test_orders_live import Officer
from tests.simulation.changed_county import Phones, phones
from warnstream.commands import who
from warnstream.config.load import load_configuration
from warnstream.model.times import MINUTE_S

HAZARD, CRACKS = "flash_flood", "the slope behind the houses is cracking"
NEVER, LATE = f"G{FAR}", "C0001"
POSTS = (
    *(f"{kind}{village}" for village in (*NEAR, FAR) for kind in "GV"),
    "T0001",
    "T0002",
    "C0001",
    "C0002",
)
RAIN_MM, RAIN_STEPS = 28.0, 2
DRY_MIN_MAX = 420
"""After the rain; then everything has to be over."""

DEAD_MIN = 20


class Night:
    """The town, its SMS gateway, and what was said of it so far."""

    def __init__(self, town: Town, gateway: Phones, watched: Watched, say: Callable[[str], None]) -> None:
        self.town, self.gateway, self.watched, self._say = town, gateway, watched, say
        self.officer = Officer(town)
        self.faults: list[str] = []
        self._before: set[str] = set()

    def clock(self) -> str:
        """The county's time, as its people read it."""
        minutes = (self.town.now_s - DEFAULT_START_S) // MINUTE_S
        return f"{minutes // 60}:{minutes % 60:02d}"

    def told(self, what: str) -> None:
        """One line of the story, and what is new in `who`."""
        self._say(f"\n{self.clock()} {what}")
        configuration = load_configuration(self.town.directory)
        found = who.who(configuration, None)
        lines = list(who.lines(found, configuration.message.time_zone))[1:]
        for line in lines:
            if line not in self._before:
                self._say(f"    {line}")
        self._before = set(lines)

    def must(self, is_so: object, what: str) -> None:
        """A fault where it is not so."""
        if not is_so:
            self.faults.append(f"{self.clock()}: {what}")
            self._say(f"    WRONG: {what}")

    def until(self, is_so: Callable[[], object], what: str, minutes_max: int = 30) -> None:
        """Let the county's time run until something is so."""
        for _ in range(minutes_max):
            if is_so():
                return
            self.town.minutes(1)
        self.must(is_so(), what)

    def doors(self, village: str, action: str) -> bool:
        """Whether a door of the village at the broker was last told that."""
        shown = [seen for name, seen in self.town.seen.items() if name.startswith(f"H{village}") and seen]
        return bool(shown) and all(seen[-1]["action"] == action for seen in shown)


def prepare(town: Town, port: int) -> None:
    """The gateway's port, and real warnings: drills are beside them."""
    settings, channels = town.directory / "warnstream.yaml", town.directory / "channels.yaml"
    settings.write_text(
        settings.read_text("utf-8").replace("status: Exercise", "status: Actual"), encoding="utf-8"
    )
    by_text(town.directory / "households.csv")
    text = channels.read_text("utf-8")
    before = text.partition("url: ")[2].partition("\n")[0]
    channels.write_text(text.replace(before, f"http://127.0.0.1:{port}/sms"), encoding="utf-8")


def relieve(watched: Watched) -> None:
    """Somebody who takes the shift from the chief, for the same area."""
    operators = watched.directory / "operators.csv"
    operators.write_text(operators.read_text("utf-8") + "relief,Relief of duty,officer,*,,\n", "utf-8")
    watched.allow("relief")


def by_text(households: Path) -> None:
    """Half of the doors of one village have a phone and no device."""
    rows = households.read_text("utf-8").splitlines()
    for number, row in enumerate(rows):
        door, village, *_ = row.split(",")
        if village == NEAR[1] and door.endswith(("1", "2")):
            rows[number] = f"{door},{village},sms,+0{number:09d}"
    households.write_text("\n".join([*rows, ""]), encoding="utf-8")


def tell_night(night: Night) -> None:
    """The whole of it."""
    town = night.town
    town.prompt = {post for post in POSTS if post not in (NEVER, LATE)}
    town.node.start()
    town.minutes(5)
    chief = night.watched.signed_in("chief")
    night.must(act(chief, "take_shift").status_code == 200, "the shift cannot be taken")
    drill(night)
    false_alarm(night)
    rise(night)
    door, grid = help_is_called(night)
    shift_changes(night, chief)
    red_while_the_gateway_is_dead(night)
    close_help(town, grid)
    night.told(f"the call of {door} is closed by another person")
    to_zero(night)
    audit = town.tell("audit", "verify", str(town.directory))
    night.told(f"audit: {audit.strip()}")


def drill(night: Night) -> None:
    """In one township, marked, with an end of its own."""
    town, said = night.town, ["--author", "officer-2", "--reason", "yearly exercise"]
    where = [FAR, "--hazard", HAZARD, "--level", "orange", "--for", "20min"]
    town.tell("drill", "start", str(town.directory), *where, *said)
    town.minutes(4)
    night.must(not any(town.seen.values()), "somebody heard of the drill as of something real")
    night.told("a drill in one township")
    town.tell("drill", "stop", str(town.directory), *said)
    town.minutes(4)
    night.must(not any(town.seen.values()), "somebody heard of the end of the drill as of something real")


def false_alarm(night: Night) -> None:
    """Somebody has misheard; doors hear that it was an error."""
    night.officer.tell("issue", HAZARD, "orange", NEAR[0], reason="a call from the bridge")
    night.until(lambda: night.doors(NEAR[0], "leave"), "doors did not hear the false alarm")
    night.told("orange by hand: somebody has called")
    night.officer.tell("correct", HAZARD, NEAR[0], reason="the caller meant another village")
    night.until(lambda: night.doors(NEAR[0], "correct"), "doors did not hear that it was an error")
    night.told("it was an error, and is corrected")


def rise(night: Night) -> None:
    """To orange everywhere; one post is silent, one late."""
    town = night.town
    for _ in range(RAIN_STEPS):
        town.total_mm += RAIN_MM
        town.minutes(5)
    night.until(lambda: all(night.doors(village, "leave") for village in (NEAR[0], FAR)), "no orange")
    night.told("orange by rain in two townships")
    town.minutes(12)
    night.must(town.reminders(NEVER), f"{NEVER} is not rung again")
    night.must(town.chain()["dry_villages"], "the top is silent, and no village is dry")
    night.told("who has not answered is rung again; the top of one county sleeps")
    town.answer(LATE, to=town.digests(LATE)[-1])  # alarms of the node have come after it
    town.minutes(1)
    night.must(not town.chain()["dry_villages"], f"{LATE} has answered, and villages are dry")
    night.told("the county's officer answers, late")


def help_is_called(night: Night) -> tuple[str, str]:
    """A door calls; its grid member goes."""
    town, grid = night.town, f"G{NEAR[0]}"
    door = next(name for name, shown in sorted(town.seen.items()) if name.startswith(f"H{NEAR[0]}") and shown)
    town.answer(door, "need_help")
    town.minutes(3)
    night.must(door in town.wait_for(grid, "求助")["text_zh"], "the grid member was not told who calls")
    night.told("a door calls for help")
    town.answer(grid, "moving")
    town.minutes(1)
    night.told("the grid member goes")
    return door, grid


def shift_changes(night: Night, chief: httpx.Client) -> None:
    """One officer offers the shift, the other takes it: it is somebody's at every moment."""
    offered = act(chief, "hand_over", person="relief", reason="one call is open, one post asleep")
    night.must(offered.status_code == 200, f"the shift cannot be offered: {offered.text}")
    night.must("nobody has taken the shift" not in night.town.notices(), "an offered shift is nobody's")
    relief = night.watched.signed_in("relief")
    night.must(act(relief, "take_shift").status_code == 200, "the shift cannot be taken over")
    night.town.node.wait_for(lambda: on_shift(relief) == ["relief"])
    night.told("the shift changes: relief has taken it from chief")


def on_shift(client: httpx.Client) -> list[str]:
    return [shift["person"] for shift in state_of(client)["head"].get("shifts", ())]


def red_while_the_gateway_is_dead(night: Night) -> None:
    """Two persons say red; texts wait until the gateway is back, other ways do not."""
    town, gateway = night.town, night.gateway
    gateway.is_down = True
    n_before = len(gateway.warnings())
    night.officer.tell(
        "issue", "landslide", "red", NEAR[1], "--second", night.officer.second, "--for", "1h", reason=CRACKS
    )
    night.until(
        lambda: any(warning["level"] == "red" for warning in town.node.get("/api/v1/warnings")), "no red"
    )
    town.minutes(DEAD_MIN)
    town.node.wait_for(lambda: waiting(town, "sms"))  # who waits is counted by the machine's own time
    night.must(len(gateway.warnings()) == n_before, "a dead gateway has shown something")
    night.told(f"red by hand of two persons; the SMS gateway has been dead for {DEAD_MIN} minutes")
    gateway.is_down = False
    town.node.wait_for(lambda: not waiting(town, "sms"))  # and so it is tried again
    texts = [shown for shown in gateway.warnings()[n_before:] if shown.recipient.startswith(f"H{NEAR[1]}")]
    night.must(texts and {shown.level for shown in texts} == {"red"}, "who waited was not told of red")
    night.told(f"the gateway is back: {len(texts)} doors by text that had waited for red")


def waiting(town: Town, channel: str | None = None) -> int:
    """Doors and posts that wait for one channel, or for all."""
    channels = town.node.get("/api/v1/state")["channels"]
    return sum(sum(way["waiting"].values()) for way in channels if channel in (None, way["channel"]))


def to_zero(night: Night) -> None:
    """Dry until nothing stands, nobody owes, nothing waits."""
    town = night.town

    def is_over() -> bool:
        return not town.node.get("/api/v1/warnings") and all(
            night.doors(village, "clear") for village in (*NEAR, FAR)
        )

    night.until(is_over, "not everybody has heard the end", DRY_MIN_MAX)
    chain = town.chain()
    night.must(not chain["dry_villages"] and not chain["help_open"], f"something is open: {chain}")
    town.node.wait_for(lambda: not waiting(town))
    night.must(night.gateway.repeats == 0, "the gateway was shown something twice")
    night.told("everybody has heard the end: zero open")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.parse_args(arguments)
    program = find_mosquitto()
    if program is None:
        print("mosquitto is not installed on this machine")
        return 2
    with tempfile.TemporaryDirectory(prefix="night-") as name, phones() as gateway:
        (Path(name) / "broker").mkdir()
        (Path(name) / "county").mkdir()
        broker = Mosquitto(program, free_port(), Path(name) / "broker")
        broker.start()
        town = Town(Path(name) / "county", broker.port)
        try:
            prepare(town, gateway.port)
            watched = Watched(town.directory, town.node)
            relieve(watched)
            night = Night(town, gateway, watched, lambda line: print(line, flush=True))
            tell_night(night)
            town.node.stop()
            watched.close()
        finally:
            town.close()
            broker.stop()
    for fault in night.faults:
        print(f"WRONG {fault}")
    return 1 if night.faults else 0


if __name__ == "__main__":
    sys.exit(main())
