"""A chain of duty posts on a running node: late, silent and helping posts, a kill, an alarm that ends."""

import json
import re
import subprocess
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx
import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.sending.scenario import DEFAULT_START_S
from tests.conftest import free_port
from tests.e2e.live import LiveNode, command
from warnstream.config.load import load_configuration
from warnstream.model.times import MINUTE_S, iso_utc

pytestmark = [pytest.mark.server, pytest.mark.slow]

NEAR = ("331102901201", "331102901202")
FAR = "331125901201"
"""Two villages of one township and county, and one of another."""
NEAR_TOWN, FAR_TOWN = "石湖镇", "云泉乡"

Notice = dict[str, Any]


PLAN = CountyPlan(n_stations=9, n_villages=3, n_gauges=1)


class Town:
    """A node of three villages whose gauges all report the same, and every device of its posts and doors."""

    def __init__(self, directory: Path, port: int, plan: CountyPlan = PLAN) -> None:
        build_county(1, plan).write(directory)
        http_port = free_port()
        write_demo_config(directory, broker_port=port, http_port=http_port, embedded_broker=False)
        stations = load_configuration(directory).network.stations
        self._codes = [code for code, rain in zip(stations.code, stations.measures_rain, strict=True) if rain]
        self.directory, self.node = directory, LiveNode(directory, http_port)
        self.total_mm, self.now_s = 100.0, DEFAULT_START_S
        self.prompt: set[str] = set()
        self.seen: defaultdict[str, list[Notice]] = defaultdict(list)
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._show
        self._client.connect("127.0.0.1", port)
        self._client.subscribe("ws/device/+", qos=1)
        self._client.loop_start()

    def close(self) -> None:
        self._client.loop_stop()
        self._client.disconnect()
        self.node.end()

    def minutes(self, count: int) -> None:
        """Let the county's time run; gauges report every five minutes."""
        for _ in range(count):
            self.now_s += MINUTE_S
            moment = iso_utc(self.now_s)
            if self.now_s % 300 == 0:
                said = [
                    {"station": code, "time": moment, "rain_total": self.total_of(code)}
                    for code in self._codes
                ]
                self._publish("ws/c/rain/gateway/obs", said)
            self._publish("ws/clock", {"time": moment})
            self.node.wait_until(moment, timeout_s=60)

    def total_of(self, _code: str) -> float:
        """What a gauge's counter shows, mm."""
        return self.total_mm

    def answer(self, recipient: str, word: str = "acknowledged", to: Notice | None = None) -> None:
        """A post or door answers the newest that it was shown, or another."""
        message = (self.seen[recipient][-1] if to is None else to)["message"]
        self._publish(f"ws/answer/{recipient}", {"message": message, "answer": word})

    def report(self, sender: str, **said: object) -> None:
        """What a post or door reports by its device."""
        self._publish(f"ws/report/{sender}", said)

    def digests(self, post: str) -> list[Notice]:
        return [message for message in self.seen[post] if message["action"] == "digest"]

    def rain(self) -> None:
        """From nothing to red everywhere; a gauge that leaps at once would be doubted."""
        self.minutes(5)
        for _ in range(3):
            self.total_mm += 32
            self.minutes(5)

    def wait_for(self, post: str, words: str) -> Notice:
        """The newest digest of a post, once its text has these words."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if (found := self.digests(post)) and words in found[-1]["text_zh"]:
                return found[-1]
            time.sleep(0.05)
        got = [(digest["sent"], digest["text_zh"]) for digest in self.digests(post)]
        raise AssertionError(f"{post} got {got}\n{self.node.log()}")

    def reminders(self, post: str) -> int:
        """How often the newest digest says that it comes again."""
        found = re.search("第([0-9]+)次催办", self.digests(post)[-1]["text_zh"])
        return int(found[1]) if found else 0

    def notices(self) -> str:
        return " ".join(map(str, self.node.get("/readyz")["reasons"]))

    def chain(self) -> dict[str, Any]:
        found = self.node.get("/api/v1/state")["chain"]
        assert isinstance(found, dict)
        return found

    def tell(self, *arguments: str) -> str:
        done = subprocess.run(
            [command("warnstream"), *arguments], check=False, capture_output=True, timeout=120, text=True
        )
        assert not done.returncode, done.stderr
        return done.stdout

    def refused(self, *arguments: str) -> str:
        """What a command that fails says."""
        done = subprocess.run(
            [command("warnstream"), *arguments], check=False, capture_output=True, timeout=120, text=True
        )
        assert done.returncode, done.stdout
        return done.stderr

    def _publish(self, topic: str, content: object) -> None:
        self._client.publish(topic, json.dumps(content), qos=1).wait_for_publish(10)

    def _show(self, client: Client, _userdata: object, message: MQTTMessage) -> None:
        content = json.loads(message.payload)
        shown = self.seen[content["recipient"]]
        if content["key"] not in {message["key"] for message in shown}:
            shown.append(content)
            if content["recipient"] in self.prompt and content["answer_by"] is not None:
                given = {"message": content["message"], "answer": "acknowledged"}
                client.publish(content["answer_topic"], json.dumps(given), qos=1)


def test_a_night_of_the_chain(town: Town) -> None:
    """One post answers late, one never, a door calls for help, the top sleeps, the node is killed."""
    posts = [f"{kind}{village}" for village in (*NEAR, FAR) for kind in "GV"]
    everybody = [*posts, "T0001", "T0002", "C0001", "C0002"]
    never, late = f"G{FAR}", "C0001"
    town.prompt = {post for post in everybody if post not in (never, late)}
    town.node.start()
    town.rain()
    for post in everybody:
        assert town.wait_for(post, "红")["level"] == "red"
    town.minutes(6)

    # Who is silent is rung again; the top of one county sleeps: its two villages are dry, the third is not.
    assert town.wait_for(never, "次催办")["answer_by"] is not None
    assert town.wait_for(late, "次催办")
    assert NEAR_TOWN in town.notices()
    assert FAR_TOWN not in town.notices()
    assert set(town.chain()["dry_codes"]) == set(NEAR)
    assert town.node.metric("warnstream_villages_dry") == 2

    # Killed: alarm and timers go on.
    town.node.kill()
    town.node.start()
    assert NEAR_TOWN in town.notices()
    before = town.reminders(never)
    town.minutes(6)
    assert town.wait_for(never, f"第{before + 2}次催办")  # five minutes after each other
    assert NEAR_TOWN in town.notices()

    # A door calls for help: its grid member is rung with its name at once, and goes.
    door = next(name for name, shown in town.seen.items() if name.startswith(f"H{NEAR[0]}") and shown)
    town.answer(door, "need_help")
    town.minutes(1)
    grid = f"G{NEAR[0]}"
    assert door in town.wait_for(grid, "求助")["text_zh"]
    assert town.chain()["help_open"] == 1
    town.answer(grid, "moving")
    town.minutes(1)
    close_help(town, grid)

    # The one who slept answers: the alarm is over.
    town.answer(late)
    town.minutes(1)
    assert NEAR_TOWN not in town.notices()
    assert town.chain()["dry_villages"] == 0
    told = town.tell("who", str(town.directory))
    assert f"{FAR}" in told
    assert f"rank 1 {never}: owes an answer" in told
    told = town.tell("who", str(town.directory), NEAR[0], "--json")
    (village,) = json.loads(told)["villages"]
    assert village["state"] == "heard"
    assert town.node.stop() == 0


def test_the_deputy_of_a_silent_post_is_rung_answers_for_it_and_hears_the_end(town: Town) -> None:
    """The grid member of one village sleeps; that of another one is its deputy. The node is killed."""
    asleep, deputy = f"G{FAR}", f"G{NEAR[0]}"
    chain = town.directory / "chain.csv"
    head, *rows = chain.read_text("utf-8").splitlines()
    named = [f"{row},{deputy if row.startswith(asleep) else ''}" for row in rows]
    chain.write_text("\n".join([f"{head},deputy", *named]) + "\n", "utf-8")
    town.prompt = {f"V{FAR}", "T0001", "T0002", "C0001", "C0002"}
    town.node.start()
    town.rain()
    assert town.wait_for(asleep, "红")
    town.minutes(6)
    assert town.wait_for(asleep, "次催办")
    rung = of_post(town, deputy, asleep)
    assert rung
    for_whom = re.search("代[^。]+应答。", rung[-1]["text_zh"])
    assert for_whom is not None
    assert rung[-1]["text_zh"].replace(for_whom[0], "") == town.digests(asleep)[-1]["text_zh"]
    told = town.tell("who", str(town.directory))
    assert f"rank 1 {asleep}: owes an answer" in told
    assert f"deputy {deputy} is rung, too" in told

    town.node.kill()
    town.node.start()
    town.answer(deputy, to=rung[-1])
    town.minutes(1)
    assert f"rank 1 {asleep}: answered" in town.tell("who", str(town.directory), FAR)
    count = len(town.digests(asleep))
    town.minutes(6)
    assert len(town.digests(asleep)) == count, "nobody is rung any more"
    for _ in range(10):
        town.minutes(60)
        if "解除" in of_post(town, deputy, asleep)[-1]["text_zh"]:
            break
    assert "解除" in of_post(town, deputy, asleep)[-1]["text_zh"]
    assert town.node.stop() == 0


def of_post(town: Town, shown_to: str, post: str) -> list[Notice]:
    """Digests of a post that another one was shown."""
    own = {digest["message"].rpartition(".")[0] for digest in town.digests(post)}
    return [digest for digest in town.digests(shown_to) if digest["message"].rpartition(".")[0] in own]


def test_posts_report_and_a_kill_loses_none_of_it(town: Town) -> None:
    """Heads by number, a post that signs in, a patrol, an absurd number, people in need, a code."""
    grid, town_post, county_post = f"G{NEAR[0]}", "T0001", "C0001"
    with_people_and_spot_checks(town.directory)
    town.node.start()
    town.report(grid, on_duty=True)  # before anything stands
    town.rain()
    assert town.wait_for(grid, "红")
    town.report(grid, to_move=31, moved=20, refused=2, patrolled=True)
    town.report(town_post, to_move=5)  # of two villages: which?
    town.report(f"G{FAR}", to_move=2_001)
    door = next(name for name, shown in town.seen.items() if name.startswith(f"H{NEAR[0]}") and shown)
    town.answer(door, "need_help")
    town.report(door, message=town.seen[door][-1]["message"], in_need=3)
    code = re.search("抽查：回复带上([0-9]{2})。", town.digests(grid)[-1]["text_zh"])
    assert code is not None
    town.minutes(1)
    town.report(grid, code=code[1])
    assert "which village?" in town.notices()
    assert "more than ten times the 200 people known" in town.notices()
    town.minutes(2)  # a post gets at most one digest in so long
    assert "3人" in town.wait_for(grid, "求助")["text_zh"]
    town.minutes(5)  # the chain climbs and rings again: whoever reads it reads the numbers
    assert town.wait_for(county_post, "催办")
    assert "几分钟到" in town.digests("RT0001")[0]["text_zh"], "red has called the rescue teams"
    town.report("RT0001", arrives_min=40)
    town.minutes(1)
    told = reports_of(town)
    town.node.kill()
    town.node.start()
    assert reports_of(town) == told
    check_reports(told, grid, county_post)
    assert {report["sender"] for report in told["unclear"]} == {town_post, f"G{FAR}"}
    assert town.chain()["posts_on_duty"] == 1
    assert town.node.metric("warnstream_posts_on_duty") == 1

    # Named, it counts, and the alarm is over once nothing else is unclear.
    town.report(town_post, village=NEAR[1], to_move=5)
    town.report(f"G{FAR}", to_move=12)
    town.minutes(1)
    assert "cannot be counted" not in town.notices()
    assert reports_of(town)["heads"]["to_move"] == 31 + 5 + 12
    shown = town.tell("who", str(town.directory))
    assert "on duty: 1 of 10 posts; missing: G" in shown
    assert f"{NEAR[0]} 外坞村: to move 31, moved 20, refused 2, {grid}" in shown
    assert re.search("team RT0001 消防救援站 .*: comes ", shown)
    assert re.search("team RT0002 民兵应急分队 .*: HAS NOT ANSWERED, due .*, rung again", shown)
    assert re.search(f"spot checks of {grid}: [0-9]+, 1 right, 0 not in time, 0 wrong codes", shown)
    assert town.node.stop() == 0


def with_people_and_spot_checks(directory: Path) -> None:
    """Every village has 200 people, and every digest that demands an answer a code."""
    villages, yaml = directory / "villages.csv", directory / "warnstream.yaml"
    head, *rows = villages.read_text("utf-8").splitlines()
    assert head.endswith(",people")
    rows = [f"{row.rpartition(',')[0]},200" for row in rows]
    villages.write_text("\n".join([head, *rows]) + "\n", "utf-8")
    text, n = re.subn("(?m)^  spot_check: .*$", "  spot_check: {share: 1}", yaml.read_text("utf-8"))
    assert n == 1
    yaml.write_text(text, "utf-8")


def check_reports(told: dict[str, Any], grid: str, silent: str) -> None:
    """What a grid member has told, and an officer has not."""
    checked = {check["post"]: check for check in told["spot_checks"]}
    assert (checked[grid]["right"], checked[grid]["wrong"]) == (1, 0)
    assert (checked[silent]["right"], checked[silent]["open_until"] is None) == (0, False)
    assert list(told["posts"]["on_duty"]) == [grid]
    assert silent in told["posts"]["missing"]
    assert told["heads"] == {"to_move": 31, "moved": 20, "refused": 2}
    (village,) = [village for village in told["villages"] if village["village"] == NEAR[0]]
    assert [patrol["post"] for patrol in village["patrols"]] == [grid]
    assert village["doors"][0]["heads"] == {"in_need": 3}


def reports_of(town: Town) -> dict[str, Any]:
    """What was reported, as a post reads it over HTTP."""
    token = town.tell("post-token", str(town.directory), "T0001").split()[-1]
    url = f"http://127.0.0.1:{town.node.http_port}/api/v1/reports"
    found = httpx.get(url, auth=("T0001", token), timeout=10, trust_env=False).json()
    assert isinstance(found, dict)
    return found


def close_help(town: Town, assigned: str) -> None:
    """The call is with the grid member; only somebody else can close it."""
    token = town.tell("post-token", str(town.directory), "T0001").split()[-1]
    url = f"http://127.0.0.1:{town.node.http_port}/api/v1/help"
    with httpx.Client(trust_env=False, timeout=10) as client:
        (call,) = client.get(url, auth=("T0001", token)).json()
        assert call["assigned"] == assigned
        said = {"post": "T0001", "help": call["help"], "note": "safe", "token": token, "person": assigned}
        refused = client.post(f"{url}/closures", json=said)
        assert "another person must close it" in refused.json()["problems"][0]
        closed = client.post(f"{url}/closures", json={**said, "person": "Wang Wu"})
        assert closed.status_code == 202
    town.minutes(1)
    assert town.chain()["help_open"] == 0
