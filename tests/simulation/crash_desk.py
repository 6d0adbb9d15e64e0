"""A node killed again and again through hours of storms while it tells people by four ways at once.

Run: ``python -m tests.simulation.crash_desk [--kills N] [--doors N] [--minutes M] [--seed N]``
(``make crash-desk``).

Devices at a mosquitto, an SMSC, a mail server and an HTTP gateway (`desk_counterparts`). Storm follows storm
over four villages, an interval a kill; channels are slow, so that rises, falls and ends come while something
else is still being told. ``warnstream run`` gets SIGKILL at random moments, in its start, too. No post
answers: the chain rings on. A second node without any kill says what should have been issued. At the end:

- *lost*: every door and post has the last word of its village or sequence, every answer is in the log;
- *twice*: what has a key is shown once; a short message has none and may come again after a kill alone;
- *old after new*: nobody was shown a bulletin or digest after one with a greater number;
- *timers*: the same bulletins and digests were issued as without kills, byte for byte.

Prints the seed.
"""

import argparse
import math
import sys
import tempfile
import time
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import msgspec
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.conftest import find_mosquitto
from tests.e2e.live import LiveNode
from tests.integration.smsc import PASSWORD
from tests.simulation.changed_county import County, Phones
from tests.simulation.desk_counterparts import MAIL_SENDER, Arrival, Counterparts, counterparts, names_of
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.sending.answer_tokens import Tokens, load_or_create_secret
from warnstream.config.load import load_configuration
from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import Digest
from warnstream.model.network import Network
from warnstream.runners.build import topics_of
from warnstream.runners.history.doors import heard
from warnstream.runners.intake.history_entries import ISSUED, decode_issued

CHANNELS = """\
channels:
  device: {{kind: mqtt, rate_per_s: {rate:g}}}
  sms:
    kind: smpp
    host: 127.0.0.1
    port: {sms}
    security: none
    system_id: county
    password_file: password
    sender: "10690001"
    answer_link: true
    concatenation: payload
    rate_per_s: {rate:g}
    retry: {{first_wait: 50ms, wait_max: 500ms}}
  mail: {{kind: smtp, host: 127.0.0.1, port: {mail}, security: none, sender: {sender}, rate_per_s: {rate:g}}}
  web: {{kind: webhook, url: "http://127.0.0.1:{web}/", rate_per_s: {rate:g}}}
"""

WAYS = ("device", "sms", "mail", "web")
STORM = {2: 3.0, 3: 6.0, 4: 11.0, 12: 9.0}
"""Rain of the intervals of a storm, in times of the usual; all others are dry. It rises twice and ends."""

STORM_INTERVALS = 40
LIFE_S_MAX = 0.8
READY_SHARE = 0.7
"""Of the kills, so many wait until the node is ready; the others mostly hit its start."""

SECONDS_A_KILL = 4.0
"""What one takes with its start, about; channels are as slow as they may be to be busy that long."""

UNHURRIED_PER_S = 1_000
"""Of each channel of the node that nobody kills."""

ALL_TOLD_S_MAX = 300.0

Key = tuple[str, str, str]
"""Message, recipient, channel."""


@dataclass(slots=True)
class Told:
    """What came of one run."""

    bulletins: dict[str, Bulletin]
    digests: dict[str, Digest]
    shown: dict[str, list[tuple[float, Key]]]
    answers: set[tuple[str, str]]
    by_device: set[tuple[str, str]]
    phones_replied: set[str]
    network: Network
    killed_at: list[float] = field(default_factory=list)
    while_telling: int = 0


@dataclass(slots=True)
class Found:
    """What is wrong, and what may be."""

    faults: list[str] = field(default_factory=list)
    texts_again: int = 0
    keys_again: int = 0


def address_of(way: str, who: int) -> str:
    """One that the way can use, another for everybody."""
    return {"sms": f"138570{who:05d}", "mail": f"h{who}@county.example"}.get(way, f"d{who}")


def write(county: County, them: Counterparts, doors: int, rate_per_s: float) -> None:
    """Four villages whose doors and posts are spread over the four ways."""
    county.write()
    (county.directory / "password").write_text(PASSWORD, encoding="utf-8")
    text = county.text("warnstream.yaml")
    before = text[text.index("broker:") :].partition("\n")[0]
    county.replace("warnstream.yaml", before, f"broker: {{host: 127.0.0.1, port: {them.broker.port}}}")
    county.replace("warnstream.yaml", "snapshot_every: 24h", "snapshot_every: 10s")
    http = county.text("warnstream.yaml").partition("http: {port: ")[2].partition("}")[0]
    county.replace(
        "warnstream.yaml",
        f"http: {{port: {http}}}",
        f"http: {{port: {http}, public_url: 'http://node.example'}}",
    )
    assert them.sms is not None
    channels = CHANNELS.format(
        sms=them.sms.port, mail=them.mails.port, web=them.web_port, rate=rate_per_s, sender=MAIL_SENDER
    )
    county.put("channels.yaml", channels)
    places = [(village, way) for village in range(1, 5) for way in WAYS for _ in range(doors)]
    rows = tuple(
        f"H{who},V{village},{way},{address_of(way, who)}" for who, (village, way) in enumerate(places)
    )
    county.rows("households.csv", lambda _row: False, rows)
    posts = [*(("grid member", 1, f"V{village}") for village in range(1, 5)), ("duty officer", 3, "County")]
    chain = tuple(
        f"P{number},{role},{rank},{area},{WAYS[number % 4]},{address_of(WAYS[number % 4], 9000 + number)}"
        for number, (role, rank, area) in enumerate(posts)
    )
    county.rows("chain.csv", lambda _row: False, chain)


@dataclass(frozen=True, slots=True)
class Plan:
    """Doors of each village and way, kills, for how long at most; slow channels, or none is killed."""

    doors: int
    kills: int
    seed: int
    rate_per_s: float
    minutes_max: float = math.inf


def run(directory: Path, program: str, plan: Plan, *, is_killed: bool) -> Told:
    """Storm after storm, an interval for every kill that is planned, with or without the kills."""
    random = Random(plan.seed)
    n_intervals = STORM_INTERVALS * max(1, -(-plan.kills // STORM_INTERVALS))
    until = time.monotonic() + 60 * plan.minutes_max
    with counterparts(program, directory / "peers", random) as them:
        county = County(directory / "county", Phones())
        write(county, them, plan.doors, plan.rate_per_s if is_killed else UNHURRIED_PER_S)
        configuration = load_configuration(county.directory)
        node = LiveNode(county.directory, configuration.http.port)
        phones = set(configuration.network.households.address)  # no post answers: timers must go on
        killed_at: list[float] = []
        while_telling = 0
        node.start()
        try:
            with_client = Client(CallbackAPIVersion.VERSION2, client_id="stations")
            with_client.connect("127.0.0.1", them.broker.port)
            with_client.loop_start()
            for number in range(n_intervals):
                publish(with_client, county, STORM.get(number % STORM_INTERVALS, 0.0))
                them.reply_to_texts(phones)
                if is_killed and number < plan.kills and time.monotonic() < until:
                    before = n_arrived(them)
                    if random.random() < READY_SHARE:
                        node.wait_until_ready()
                    time.sleep(random.uniform(0.0, LIFE_S_MAX))
                    node.kill()
                    killed_at.append(time.monotonic())
                    while_telling += n_arrived(them) > before
                    node.spawn()
            with_client.disconnect()
            with_client.loop_stop()
            node.wait_until_ready()
            them.reply_to_texts(phones)
            wait_until_quiet(node, them)
            assert node.stop() == 0, node.log()
        finally:
            node.end()
        told = told_of(county.directory, them)
    told.killed_at, told.while_telling = killed_at, while_telling
    return told


def publish(client: Client, county: County, times: float) -> None:
    """One interval, durable at the broker when this returns, whether the node lives or not."""
    for message in county.next_messages(times):
        client.publish(message.topic, bytes(message.payload), qos=1).wait_for_publish(30)


def n_arrived(them: Counterparts) -> int:
    """How much all of them have got."""
    return len(them.devices) + len(them.web) + len(them.mails.arrivals) + len(them.texts())


def wait_until_quiet(node: LiveNode, them: Counterparts) -> None:
    """Until the last interval was judged, nothing waits on any way, and nothing has come for a while."""
    deadline, n_before, since = time.monotonic() + ALL_TOLD_S_MAX, -1, time.monotonic()
    while time.monotonic() - since < 3.0 or waiting(node):
        if time.monotonic() > deadline:
            raise TimeoutError(f"something waits on, {waiting(node)}:\n{node.log()}")
        if (n_now := n_arrived(them)) != n_before:
            n_before, since = n_now, time.monotonic()
        time.sleep(0.1)


def waiting(node: LiveNode) -> int:
    """Notifications that wait or are under way, as the node says."""
    channels = node.get("/api/v1/state").get("channels", [{"waiting": {"?": 1}}])
    return sum(sum(channel["waiting"].values()) for channel in channels)


def told_of(directory: Path, them: Counterparts) -> Told:
    """What was issued, as the log has it, and shown, as the counterparts have it."""
    configuration = load_configuration(directory)
    bulletins: dict[str, Bulletin] = {}
    village_of: dict[str, str] = {}
    digests: dict[str, Digest] = {}
    answers: set[tuple[str, str]] = set()
    topics, now_s = topics_of(configuration), -1
    with closing(Journal(configuration.storage.directory)) as journal:
        for _, kind, payload in journal.since(0):
            now_s, said = heard(kind, payload, topics, now_s)
            answers |= {(answer.message, answer.recipient) for answer in said}
            if kind == ISSUED:
                issued = decode_issued(payload)
                digests |= {digest.identifier: digest for digest in issued.digests}
                bulletins |= {bulletin.identifier: bulletin for _, bulletin in issued.bulletins}
                village_of |= {bulletin.identifier: village for village, bulletin in issued.bulletins}
    network = configuration.network
    keys = [*door_keys(network, village_of), *post_keys(network, digests)]
    tokens = Tokens(load_or_create_secret(configuration.storage.directory))
    key_of = names_of(keys, tokens)
    arrivals = {"device": them.devices, "sms": them.texts(), "mail": them.mails.arrivals, "web": them.web}
    shown = {
        way: [(arrival.at, named(key_of, arrival)) for arrival in came if not is_alarm(arrival)]
        for way, came in arrivals.items()
    }
    return Told(bulletins, digests, shown, answers, them.answers_by_device(), them.phones_replied(), network)


def is_alarm(arrival: Arrival) -> bool:
    """Alarms of the node itself, which go to nobody here."""
    return ".@alarm." in arrival.name


def named(key_of: object, arrival: Arrival) -> Key:
    """Message, recipient and channel of what a counterpart got."""
    assert isinstance(key_of, dict)
    message, recipient, channel = key_of[arrival.name].rsplit("|", 2)
    return message, recipient, channel


def door_keys(network: Network, village_of: dict[str, str]) -> Iterator[tuple[str, str, str, str]]:
    """Of every bulletin for every door of its village."""
    number = network.villages.index_of_code()
    for message, village in village_of.items():
        for row in network.households.of_village(number[village]):
            yield message, village, network.households.code[row], network.households.channel[row]


def post_keys(network: Network, digests: dict[str, Digest]) -> Iterator[tuple[str, str, str, str]]:
    """Of every digest for its post."""
    channel_of = {post.post: post.channel for post in network.chain}
    for digest in digests.values():
        yield digest.identifier, "", digest.post, channel_of[digest.post]


def faults_of(killed: Told, whole: Told) -> Found:
    """What the kills have done to people."""
    found = Found()
    found.faults += faults_of_timers(killed, whole)
    seen: defaultdict[tuple[str, str], list[tuple[float, int]]] = defaultdict(list)
    for way, shown in killed.shown.items():
        keys: dict[Key, float] = {}
        for at, key in shown:
            if key in keys and way != "sms":
                found.keys_again += 1  # whoever shows it knows the key
                continue
            if key in keys:
                found.texts_again += 1
                if bisect(killed.killed_at, keys[key]) == bisect(killed.killed_at, at):
                    found.faults.append(f"twice without a kill between: {key}")
            keys[key] = at
            seen[key[1], series(key[0])].append((at, number(killed, key[0])))
    found.faults += faults_of_order(seen)
    found.faults += faults_of_losses(killed, seen)
    return found


def faults_of_timers(killed: Told, whole: Told) -> Iterator[str]:
    """The same was issued, at the same times, with the same content."""
    for what, found, expected in (
        ("bulletins", _packed(killed.bulletins), _packed(whole.bulletins)),
        ("digests", _packed(killed.digests), _packed(whole.digests)),
    ):
        differ = [name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name)]
        if differ:
            yield f"{len(differ)} {what} are not those that come without kills: {sorted(differ)[:3]}"


def _packed(issued: Mapping[str, Bulletin | Digest]) -> dict[str, bytes]:
    return {name: msgspec.msgpack.encode(content) for name, content in issued.items()}


def series(message: str) -> str:
    """What its number counts in: a village's voice over all episodes, a post's digests."""
    voice = message.rpartition(".")[0]
    return voice if "@digest" in message else voice.rpartition(".")[0]


def number(told: Told, message: str) -> int:
    """Its place in the series."""
    if message in told.bulletins:
        return told.bulletins[message].sequence
    return told.digests[message].sequence


def faults_of_order(seen: dict[tuple[str, str], list[tuple[float, int]]]) -> Iterator[str]:
    """Nothing older after something newer."""
    for (recipient, name), shown in seen.items():
        numbers = [n for _, n in shown]
        if numbers != sorted(numbers):
            yield f"{recipient} was shown {numbers} of {name}: something older after something newer"


def faults_of_losses(killed: Told, seen: dict[tuple[str, str], list[tuple[float, int]]]) -> Iterator[str]:
    """Who was told anything has the last word; whoever was addressed was told something."""
    last: dict[str, int] = {}
    for message in (*killed.bulletins, *killed.digests):
        last[series(message)] = max(last.get(series(message), 0), number(killed, message))
    for (recipient, name), shown in seen.items():
        if shown[-1][1] != last[name]:
            yield f"{recipient} has {shown[-1][1]} of {name}, not its last word {last[name]}"
    told, villages = {recipient for recipient, _ in seen}, killed.network.villages
    for village, code in enumerate(villages.code):
        if f"ws.{code}" not in last:
            continue
        doors = killed.network.households.of_village(village)
        if silent := [row for row in doors if killed.network.households.code[row] not in told]:
            yield f"{len(silent)} doors of {code} were never told anything"
    if lost := killed.by_device - killed.answers:
        yield f"{len(lost)} answers that the broker has acknowledged are not in the log"
    households = killed.network.households
    door_at = dict(zip(households.address, households.code, strict=True))
    post_at = {post.address: post.post for post in killed.network.chain}
    answered = {recipient for _, recipient in killed.answers}
    replied = {(door_at | post_at)[phone] for phone in killed.phones_replied}
    if lost_replies := replied - answered:
        yield f"{len(lost_replies)} phones whose reply was acknowledged have no answer in the log"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="default 200")
    parser.add_argument("--doors", type=int, default=15, help="of each village and way; default 15")
    parser.add_argument("--minutes", type=float, default=math.inf, help="no kill after that; default no end")
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args(arguments)
    program = find_mosquitto()
    if program is None:
        print("mosquitto is not installed on this machine")
        return 2
    seed = options.seed if options.seed is not None else int(time.time())
    print(f"seed {seed}", flush=True)
    # A storm tells a door four or five times, within so many kills.
    rate_per_s = 3 * options.doors * 5 / (min(options.kills, STORM_INTERVALS) * SECONDS_A_KILL)
    with tempfile.TemporaryDirectory(prefix="crash-desk-") as name:
        plan = Plan(options.doors, options.kills, seed, rate_per_s, options.minutes)
        whole = run(Path(name) / "whole", program, plan, is_killed=False)
        killed = run(Path(name) / "killed", program, plan, is_killed=True)
    found = faults_of(killed, whole)
    tell(killed, found)
    return 1 if found.faults else 0


def tell(killed: Told, found: Found) -> None:
    """Print what was counted."""
    by_way = {way: len(shown) for way, shown in killed.shown.items()}
    print(f"{len(killed.killed_at)} kills, {killed.while_telling} of them while people were told")
    print(f"{len(killed.bulletins)} bulletins, {len(killed.digests)} digests issued; arrived {by_way}")
    print(
        f"{found.keys_again} came again under a key that was shown, {found.texts_again} short messages twice"
    )
    print(f"{len(killed.by_device)} answers by device, {len(killed.phones_replied)} phones that replied")
    kinds = Counter(fault.partition(":")[0] for fault in found.faults)
    for fault in found.faults[:20]:
        print(f"WRONG: {fault}")
    if kinds:
        print(f"FAILED: {len(found.faults)} faults")
    else:
        print("nothing lost, nothing shown twice, nothing older after newer, timers as without kills")


if __name__ == "__main__":
    sys.exit(main())
