"""A county of four villages whose configuration is changed under open warnings, and what its phones show.

The node runs in this process, its SMS gateway too. A kill -9 is a copy of its
storage folder made while it runs: that is what a killed process leaves behind.
"""

import csv
import io
import json
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.conftest import free_port
from warnstream.adapters.bundles.uses import Use
from warnstream.adapters.outbox.history import message_of
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.desk import WarningStatus
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.lifecycle.voice import Voice, voices_in
from warnstream.model.times import iso_utc
from warnstream.model.warning import MessageType
from warnstream.runners.bundles.keeping import configuration_to_run
from warnstream.runners.intake.history_entries import CONFIGURATION
from warnstream.runners.live.node import Node
from warnstream.runners.live.reloading.reloads import Wish

T0 = 1_781_740_800
STEP_S = 300
MOMENTS = (
    "_keep_state",
    "_prepared",
    "_frozen",
    "_demand_word",
    "_changed_over",
    "after the use",
    "after the entry",
    "_keep_new_state",
)
"""Of a reload, where the process may be killed: before a step of it, or within the change."""

WAIT_S = 60.0

SETTINGS = """\
node: {{name: county, clock: simulated}}
broker: {{embedded: true, port: {broker}}}
http: {{port: {http}}}
messages: {{sender: warnings@county.example, status: Actual}}
windows: {{longest: 6h, lateness_max: 6h}}
forecast: {{method: none}}
villages: {{method: nearest, neighbours: 1, radius_km: 8, fallback_neighbours: 0, fallback_radius_km: 8}}
storage: {{snapshot_every: 24h, journal_keep: 7d}}
"""

THRESHOLDS = """\
hazards:
  flash_flood:
    evaluator: critical_rainfall
    title: {zh: 山洪, en: Flash flood}
    source: test
    levels:
      - {level: yellow, duration: 1h, rain_mm: 20}
      - {level: orange, duration: 1h, rain_mm: 40}
      - {level: red, duration: 1h, rain_mm: 60}
    lowering: {clear_ratio: 0.8, hold: 30min, active_min: 30min}
  storm:
    evaluator: critical_rainfall
    title: {zh: 暴雨, en: Storm}
    source: test
    levels:
      - {level: yellow, duration: 3h, rain_mm: 30}
      - {level: orange, duration: 3h, rain_mm: 50}
    lowering: {clear_ratio: 0.8, hold: 30min, active_min: 30min}
"""

CHANNELS = """\
channels:
  sms:
    kind: webhook
    url: http://127.0.0.1:{sms}/sms
    retry: {{attempts_max: 20, first_wait: 20ms, wait_max: 100ms}}
"""

RAIN_MM = {"S1": 6.0, "S2": 4.0, "S3": 2.2, "S4": 0.0, "S5": 9.0}
"""Rain of an interval: V1 turns red, V2 orange, V3 yellow, V4 stays dry; S5 is not declared."""

TABLES = {
    "stations.csv": ["station,latitude,longitude,elevation_m,variables,interval_s,county"]
    + [f"S{n},28.0,{119.0 + 0.2 * n:.2f},10,rain,300,County" for n in range(1, 5)],
    "villages.csv": ["village,name,latitude,longitude,township,county"]
    + [f"V{n},village {n},28.01,{119.0 + 0.2 * n:.2f},Town,County" for n in range(1, 5)],
    "households.csv": ["household,village,channel,address"]
    + [f"H{n}{m},V{n},sms,+86{n}{m}" for n in range(1, 5) for m in "ab"],
    "chain.csv": ["post,role,rank,area,channel,address"]
    + [f"G{n},grid member,1,V{n},sms,+8610{n}" for n in range(1, 5)]
    + ["office,duty officer,3,County,sms,+8699"],
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One message on one phone."""

    key: str
    message: str
    recipient: str
    level: str
    status: str
    text: str

    @property
    def warning(self) -> str:
        """Warning (or alarm) that it belongs to."""
        return self.message.rpartition(".")[0]

    @property
    def voice(self) -> str:
        """Of a bulletin: the village's voice."""
        return self.warning.rpartition(".")[0]


@dataclass(slots=True)
class Phones:
    """An SMS gateway that shows every message at once; what came twice is counted."""

    port: int = 0
    shown: list[Shown] = field(default_factory=list)
    repeats: int = 0
    is_down: bool = False
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    _keys: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def receive(self, content: dict[str, str]) -> None:
        """Show a message, unless its key has been shown."""
        names = ("key", "message", "recipient", "level", "status", "text")
        with self._lock:
            self.tokens[content["message"], content["recipient"]] = content.get("token", "")
            if content["key"] in self._keys:
                self.repeats += 1
                return
            self._keys.add(content["key"])
            self.shown.append(Shown(*(content[name] for name in names)))

    def of_doors(self) -> dict[tuple[str, str], Shown]:
        """What each door was told last by the voice of each village."""
        return {
            (warning.recipient, warning.voice): warning
            for warning in self.warnings()
            if warning.recipient[0] == "H"
        }

    def warnings(self) -> list[Shown]:
        """Everything about the weather, in order."""
        with self._lock:
            return [shown for shown in self.shown if ".@alarm." not in shown.message]

    def last(self) -> dict[tuple[str, str], Shown]:
        """What each recipient was last told of each warning."""
        return {(shown.recipient, shown.warning): shown for shown in self.warnings()}


@contextmanager
def phones() -> Iterator[Phones]:
    """A gateway on a free port."""
    gateway = Phones()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not gateway.is_down:
                gateway.receive(json.loads(body))
            self.send_response(503 if gateway.is_down else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Silent."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A node that is killed leaves a request half sent: that tells nobody and is no error."""

    server = Server(("127.0.0.1", 0), Handler)
    gateway.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield gateway
    finally:
        server.shutdown()
        server.server_close()


def copy_storage(data: Path, copy: Path) -> None:
    """What is on disk, as a power cut would leave it: of the socket for consoles nothing is left."""
    shutil.copytree(data, copy, ignore=shutil.ignore_patterns("*.sock"))


@dataclass(slots=True)
class County:
    """The configuration folder, its node, and the storm over it."""

    directory: Path
    gateway: Phones
    node: Node | None = None
    interval: int = 0
    _thread: threading.Thread | None = None

    def write(self) -> None:
        """The configuration as it is at first."""
        self.directory.mkdir(parents=True, exist_ok=True)
        settings = SETTINGS.format(broker=free_port(), http=free_port())
        self.put("warnstream.yaml", settings)
        self.put("thresholds.yaml", THRESHOLDS)
        self.put("channels.yaml", CHANNELS.format(sms=self.gateway.port))
        for name, lines in TABLES.items():
            self.put(name, "\n".join(lines) + "\n")

    def put(self, name: str, text: str) -> None:
        """Write one file of the configuration."""
        (self.directory / name).write_text(text, encoding="utf-8")

    def text(self, name: str) -> str:
        """One file of the configuration."""
        return (self.directory / name).read_text(encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        """Change one file, where the text is."""
        assert old in self.text(name), (name, old)
        self.put(name, self.text(name).replace(old, new))

    def rows(self, name: str, keep: Callable[[dict[str, str]], bool], add: tuple[str, ...] = ()) -> None:
        """Take rows out of a table, and add some."""
        lines = self.text(name).splitlines()
        rows = csv.DictReader(io.StringIO("\n".join(lines)))
        kept = [line for line, row in zip(lines[1:], rows, strict=True) if keep(row)]
        self.put(name, "\n".join([lines[0], *kept, *add]) + "\n")

    def start(self) -> None:
        """A node on the configuration as it is now."""
        self.node = Node(configuration_to_run(self.directory))
        self.node.start()
        self._thread = threading.Thread(target=self.node.run, name="node")
        self._thread.start()

    def reload(self, *, bundle: int = 0, is_agreed: bool = True) -> tuple[bool, list[str]]:
        """The running node takes the configuration as it is now; whether it is live, and what was said."""
        assert self.node is not None
        said: list[str] = []
        is_live = self.node.reloads.ask(Wish(bundle, is_agreed, "li"), said.append)
        return is_live, said

    def reload_killed(self, at: str) -> None:
        """A reload in the midst of which the process is killed, and a start; `at` is one of `MOMENTS`."""
        assert self.node is not None
        self.settle()
        reloads, keeper = self.node.reloads, self.node._keeper
        data, copy = self.directory / "data", self.directory / "killed"

        def kill() -> None:
            """What is told afterwards nobody gets: there is no process any more."""
            if not copy.exists():
                self.gateway.is_down = True
                copy_storage(data, copy)

        def before(owner: object, name: str) -> None:
            inner = getattr(owner, name)

            def killed(*arguments: object, **named: object) -> object:
                kill()
                return inner(*arguments, **named)

            setattr(owner, name, killed)

        noted, take = keeper.bundle.noted, keeper.take

        @contextmanager
        def killed_inside(use: Use) -> Iterator[None]:
            with noted(use):
                kill()
                yield

        def killed_at(sequence: int, kind: str, payload: bytes) -> None:
            if kind == CONFIGURATION:
                kill()
            take(sequence, kind, payload)

        if at == "after the use":
            keeper.bundle.noted = killed_inside  # type: ignore[method-assign]
        elif at == "after the entry":
            keeper.take = killed_at  # type: ignore[method-assign]
        else:
            before(reloads, at)
        self.reload()
        kill()
        self.stop()
        shutil.rmtree(data)
        copy.rename(data)
        self.gateway.is_down = False
        self.start()

    def stop(self) -> None:
        """End the node in good order: it writes a snapshot."""
        assert self.node is not None
        assert self._thread is not None
        self.node.ask_to_stop()
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive()
        self.node = self._thread = None

    def kill(self) -> None:
        """What a kill -9 now would leave becomes the storage."""
        self.settle()
        self.kill_at_once()

    def kill_at_once(self) -> None:
        """As `kill`, whoever waits for a notification."""
        data, copy = self.directory / "data", self.directory / "killed"
        copy_storage(data, copy)
        self.stop()
        shutil.rmtree(data)
        copy.rename(data)

    def write_snapshot(self) -> None:
        """As if it were time for one."""
        assert self.node is not None
        done = threading.Event()
        snapshots = self.node._keeper.snapshots
        look = snapshots.look

        def at_once() -> None:
            assert snapshots.finish()
            snapshots.look = look  # type: ignore[method-assign]
            done.set()

        snapshots.look = at_once  # type: ignore[method-assign]
        self.step()
        assert done.wait(WAIT_S)

    def rain(self, intervals: int, times: float = 1.0) -> None:
        """So many intervals of the storm, times as strong as usual."""
        for _ in range(intervals):
            self.step(times)

    def step(self, times: float = 0.0, *, is_judged: bool = True) -> None:
        """One interval, and the time after it; back when it is judged, or durable."""
        assert self.node is not None
        messages = self.next_messages(times)
        at = iso_utc(T0 + STEP_S * self.interval)
        self.node.keep_messages(messages).result(WAIT_S)
        if not is_judged:
            return
        deadline = time.monotonic() + WAIT_S
        while self.node.status.state().now != at:
            assert time.monotonic() < deadline, self.node.status.state()
            time.sleep(0.002)

    def next_messages(self, times: float) -> list[RawMessage]:
        """What stations send of the next interval, and the time after it."""
        self.interval += 1
        at = iso_utc(T0 + STEP_S * self.interval)
        messages = [
            RawMessage(
                f"ws/c/rain/{code}/obs",
                json.dumps({"station": code, "time": at, "rain": round(rain * times, 3)}).encode(),
            )
            for code, rain in RAIN_MM.items()
        ]
        return [*messages, RawMessage("ws/clock", json.dumps({"time": at}).encode())]

    def settle(self) -> None:
        """Until every notification has come where it was to go."""
        assert self.node is not None
        assert self.node.delivery.drain(WAIT_S)

    def find_faults(self) -> list[str]:
        """What does not agree between the node, its outbox and the phones; call it between steps."""
        assert self.node is not None
        self.settle()
        return [
            *self._faults_of_outbox(),
            *self._faults_of_phones(),
            *self.faults_of_doors(),
            *self._faults_of_order(),
        ]

    def dries_out(self) -> None:
        """A little rain yet, then none until nothing stands; nothing is wrong at either time."""
        self.rain(2)
        assert self.find_faults() == []
        self.rain(60, times=0.0)
        assert self.find_faults() == []
        assert self.open_warnings() == []

    def open_warnings(self) -> list[WarningStatus]:
        """Warnings that stand."""
        assert self.node is not None
        return self.node.engine.desk.open_warnings()

    def is_kept(self, warning: WarningStatus) -> bool:
        """Whether the configuration has lost its village or hazard."""
        assert self.node is not None
        configuration = self.node.configuration
        hazards = {rule.name for rule in configuration.rules}
        return warning.village >= len(configuration.network.villages) or warning.hazard not in hazards

    def issued(self) -> tuple[set[str], set[str]]:
        """Every message in the outbox of a node that has ended, and the newest of each warning."""
        with closing(Outbox(self.directory / "data")) as outbox:
            messages = [message_of(record) for record in outbox.records()]
            bulletins = [json.loads(record) for _, record in outbox.bulletin_records()]
        newest = {message.warning: message.identifier for message in messages}
        newest |= {bulletin["village"]: bulletin["bulletin"] for bulletin in bulletins}
        names = {message.identifier for message in messages} | {
            bulletin["bulletin"] for bulletin in bulletins
        }
        return names, set(newest.values())

    def _faults_of_outbox(self) -> Iterator[str]:
        """The outbox's last word of a warning is the node's."""
        assert self.node is not None
        last = {}
        for record in self.node.outbox.records():
            message = message_of(record)
            last[message.warning] = message
        standing = {warning.warning: warning for warning in self.open_warnings()}
        for name, warning in standing.items():
            if name not in last:
                yield f"{name} stands at {warning.level.word}, and the outbox does not know it"
            elif (last[name].version, last[name].level) != (warning.version, warning.level):
                told = f"version {last[name].version}, {last[name].level.word}"
                stands = f"version {warning.version}, {warning.level.word}"
                yield f"{name} stands at {stands}; the outbox has {told}"
        for name, message in last.items():
            if name not in standing and message.msg_type is not MessageType.CANCEL:
                yield f"{name} is over, and the outbox does not know its end"

    def _faults_of_phones(self) -> Iterator[str]:
        """Nobody gets anything twice, and every post that is registered has its last digest.

        But a post that was sent none and has nothing to hear any more: an end alone would only puzzle it.
        """
        assert self.node is not None
        if self.gateway.repeats:
            yield f"{self.gateway.repeats} messages came twice"
        shown = [warning for warning in self.gateway.warnings() if warning.recipient[0] != "H"]
        registered = {post.post for post in self.node.configuration.network.chain}
        for chain in self.node.engine.desk.chains.of.values():
            for post, debt in chain.debts.items():
                names = {post, debt.named} - {""}
                seen = [
                    chain.number_of(warning.message, post) for warning in shown if warning.recipient in names
                ]
                has_nothing_to_hear = not seen and not debt.owed and not debt.helps
                if (
                    debt.n
                    and post in registered
                    and max(seen, default=0) != debt.n
                    and not has_nothing_to_hear
                ):
                    yield f"{post} has not seen its digest number {debt.n}: {seen}"

    def faults_of_doors(self) -> Iterator[str]:
        """Every door has the last bulletin of its village, and the end once all is over."""
        assert self.node is not None
        last = self.gateway.of_doors()
        voices = voices_in(self.node.engine.desk.bulletins.snapshot())
        waiting = {code: voice for code, voice in voices if voice.is_open}
        named = {voice.named or code for code, voice in waiting.items()}
        for code, voice in waiting.items():
            if voice.heard():
                yield from self._faults_of_village(code, voice, last)
        for (recipient, name), shown in last.items():
            if shown.level != "none" and name.removeprefix("ws.") not in named:
                yield f"{recipient} was never told the end of {shown.message}"
        now = self.node._keeper.people.network.villages.code_now
        known = {
            now(village): (bulletin.opened_s, bulletin.n)
            for village, bulletin in self.node.outbox.open_bulletins()
        }
        if known != {code: (voice.opened_s, voice.n) for code, voice in waiting.items()}:
            yield f"doors of {sorted(waiting)} wait for an end, the outbox knows of {known}"

    def _faults_of_village(
        self, code: str, voice: Voice, last: dict[tuple[str, str], Shown]
    ) -> Iterator[str]:
        """Doors have the last bulletin of what stands in a village, and it is not too mild."""
        assert self.node is not None
        network = self.node.configuration.network
        number = network.villages.index_of_code()
        if voice.latest is None:
            yield f"the last bulletin of {code} is not known"
            return
        worst = max(warning.level for warning in voice.heard())
        if worst > voice.latest.worst:
            yield f"doors of {code} know {voice.latest.worst.word}, {worst.word} stands"
        for door in network.households.of_village(number[code]) if code in number else ():
            shown = last.get((network.households.code[door], f"ws.{voice.named or code}"))
            if shown is None or shown.message != voice.latest.identifier:
                yield f"{network.households.code[door]} has {shown}, not {voice.latest.identifier}"

    def _faults_of_order(self) -> Iterator[str]:
        """A warning keeps its status, begins with a level, and its versions only rise."""
        by_warning = defaultdict(list)
        for shown in self.gateway.warnings():
            by_warning[shown.recipient, shown.warning].append(shown)
        for (recipient, name), messages in by_warning.items():
            if len({shown.status for shown in messages}) > 1:
                yield f"{recipient} saw {name} with two statuses"
            if messages[0].level == "none":
                yield f"{recipient} was told the end of {name} without its beginning"
            versions = [int(shown.message.rpartition(".")[2]) for shown in messages]
            if versions != sorted(set(versions)):
                yield f"{recipient} saw versions {versions} of {name}"
