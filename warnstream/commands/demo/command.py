"""The demo: a simulated county, a storm, a node and people, all in this process.

Nothing is shortcut: the simulator publishes through an MQTT broker, the node
writes its journal, warnings go out by MQTT and by an SMS gateway over HTTP,
people answer both ways. Only the clock is faster. At the end the warnings are
scored against the simulator's truth.
"""

import json
import math
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.county.files import OFFSET_S, write_roster
from station_sim.ground.season import write_season
from station_sim.mqtt_client import BrokerAddress, BrokerTransport
from station_sim.people.answers import AnswerHabits
from station_sim.people.devices import BrokerDevices, People, PeopleCounts
from station_sim.people.sms_gateway import SmsGateway
from station_sim.sending.publish import Progress, Publisher
from station_sim.sending.scenario import Scenario
from station_sim.stations.gateway import gather
from station_sim.weather.kinds import DEFAULT_KIND
from warnstream.adapters.log import configure_logging
from warnstream.adapters.outbox.types import Reach
from warnstream.commands.console.in_demo import Shown, ask_for_console, console_beside
from warnstream.commands.demo.watch import Watch
from warnstream.commands.live_view import duty_of, picture, sent_and_waiting, situation
from warnstream.commands.transfers.in_demo import officer_beside
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.effects import RecipientKind
from warnstream.model.errors import WarnstreamError
from warnstream.model.level import LEVELS
from warnstream.model.times import MINUTE_S, clock_local, iso_utc
from warnstream.model.warning import MessageType, WarningMessage
from warnstream.review.bulletins import write_bulletins
from warnstream.review.digests import write_digests
from warnstream.review.events import read_events
from warnstream.review.ledger import write_ledger
from warnstream.review.report import write_warnings
from warnstream.review.verification import ANY_HAZARD, HazardScore, VerificationPolicy, score_warnings
from warnstream.runners.build import bulletin_wording
from warnstream.runners.explain.one_line import describe
from warnstream.runners.live.node import Node

REFRESH_S = 0.5
DRAIN_S = 20.0
"""Longest wait, after the storm, for what is still to be sent and answered."""

SCORE_COLUMNS = {
    "hazard": "hazard",
    "warnings\nfrom": "level",
    "it\nhappened": "events",
    "warned\nin time": "in_time",
    "warned\nlate": "late",
    "not\nwarned": "misses",
    "minutes\nahead": "early_min_median",
    "false\nalarms": "false_alarms",
    "of all\nwarnings": "far",
}
"""Columns of the table of scores, narrow enough for 80 characters, and where their cells come from."""

SCORE_NOTE = (
    "One line: warnings of this level or a higher one. Late: when it had happened already, up to half an "
    "hour after. Minutes ahead: the median of those in time. False alarms: warnings after which it did not "
    "happen there within 6 h. A flood or a landslide is one event for all levels; each level of the "
    "rainstorm has its own rule, and so its own events (50 mm in 12, 6 or 3 h, 100 mm in 3 h). Its orange "
    "and red say what has fallen: a forecast alone raises yellow at most."
)


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What `warnstream demo` was asked for; None sizes mean the whole county."""

    seed: int
    hours: float
    speed: float
    stations: int | None
    villages: int | None
    directory: Path | None
    as_json: bool
    weather: str = DEFAULT_KIND
    console: Shown | None = None


def run_demo(options: DemoOptions) -> int:
    """Run the demo to its end; returns the exit status.

    Raises
    ------
    WarnstreamError
        If the demo's extras are not installed or it cannot listen on this machine.
    """
    console = Console(stderr=options.as_json)
    with _directory(options.directory) as directory:
        configure_logging(as_json=False, level="ERROR")
        scenario, configuration, sms_port = _prepare(options, directory)
        _introduce(console, scenario, configuration)
        started = time.monotonic()
        watch = Watch()
        node = Node(configuration, on_step=watch.take_step)
        node.start()
        loop = threading.Thread(target=node.run, name="node")
        loop.start()
        try:
            officer = officer_beside(node, configuration, console)
            with console_beside(node, configuration, console, options.console), officer as mover:
                people = _run_storm(options, scenario, node, watch, console, sms_port)
        finally:
            node.ask_to_stop()
            loop.join()
        summary = _summary(scenario, configuration, watch, directory)
        summary["people"], summary["transfer"] = people, mover.summary()
        summary["duty"] = duty_of(node, watch.digests)
        summary["wall_s"] = round(time.monotonic() - started, 1)
        write_warnings(directory / "warnings.jsonl", watch.messages, configuration)
        wording = bulletin_wording(configuration)
        write_bulletins(directory / "bulletins.jsonl", watch.bulletins, wording)
        write_digests(directory / "digests.jsonl", watch.digests, wording)
        write_ledger(directory / "ledger.parquet", node.outbox.doors.book)
        (directory / "summary.json").write_text(json.dumps(summary, indent=2, ensure_ascii=False), "utf-8")
        if options.as_json:
            print(json.dumps(summary, ensure_ascii=False))  # noqa: T201  # the command's result
        else:
            _print_summary(console, summary)
            if options.directory:
                console.print(f"Configuration, data and summary are kept in {directory}")
    return 0


@contextmanager
def _directory(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        if any(kept.iterdir()):
            raise WarnstreamError(f"{kept} is not empty; the demo wants a directory of its own")
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="warnstream-demo-") as name:
        yield Path(name)


def _prepare(options: DemoOptions, directory: Path) -> tuple[Scenario, Configuration, int]:
    county = build_county(options.seed, CountyPlan(n_stations=options.stations, n_villages=options.villages))
    county.write(directory)
    sms_port = _free_port()
    write_demo_config(directory, broker_port=_free_port(), http_port=_free_port(), sms_port=sms_port)
    if options.console is not None:
        ask_for_console(directory, _free_port())
    scenario = Scenario(options.seed, county, options.hours, weather=options.weather)
    write_season(directory, county, options.seed, scenario.start_s)
    write_roster(directory / "roster.csv", county.villages, scenario.start_s, OFFSET_S)
    scenario.write_truth(directory)
    return scenario, load_configuration(directory), sms_port


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run_storm(
    options: DemoOptions,
    scenario: Scenario,
    node: Node,
    watch: Watch,
    console: Console,
    sms_port: int,
) -> dict[str, int]:
    """Let the storm cross the county and people answer; returns what the devices counted."""
    broker = BrokerAddress(port=node.configuration.broker.port)
    habits = AnswerHabits(seed=options.seed, speed=options.speed)
    answers_url = f"http://127.0.0.1:{node.http.port}/api/v1/answers"
    gateway = SmsGateway(habits, sms_port, answers_url=answers_url)
    people = People(BrokerDevices(broker), habits)
    gateway.start()
    people.start()
    stop = threading.Event()
    publisher = Publisher(gather(scenario.messages()), BrokerTransport(broker), options.speed)

    def hold_or_go_on(at: Progress) -> None:
        watch.take_progress(at, lambda: _untaken(node, at.messages, people.counts()), stop)

    storm = threading.Thread(
        target=lambda: watch.take_published(publisher.run(stop, hold_or_go_on)),
        name="storm",
        daemon=True,
    )
    storm.start()
    try:
        _show_until(lambda: not storm.is_alive(), console, scenario, node, watch, live=not options.as_json)
        _settle(watch, node, scenario, people, gateway)
    finally:
        stop.set()
        storm.join()
        people.stop()
        gateway.stop()
    devices, sms = people.counts(), gateway.counts()
    households = node.outbox.reach().get(RecipientKind.HOUSEHOLD, Reach(0, 0, 0))
    return {
        "households_addressed": households.addressed,
        "households_reached": households.reached,
        "households_answered": households.answered,
        "shown": devices.shown + sms.shown,
        "repeats_dropped": devices.repeats + sms.repeats,
        "answered": devices.answered + sms.answered,
        "never_answer": devices.silent + sms.silent,
        "messages_lost": _lost(watch, node, devices),
    }


def _lost(watch: Watch, node: Node, devices: PeopleCounts) -> int:
    """Messages that the broker was given and the node did not get; anything but 0 spoils the demo."""
    if watch.published is None:
        return 0
    return _untaken(node, watch.published.messages + watch.published.beacons, devices)


def _untaken(node: Node, published: int, devices: PeopleCounts) -> int:
    """Messages of stations and devices that the broker was given and the node has not taken."""
    received = node.metrics.registry.get_sample_value("warnstream_messages_received_total") or 0.0
    return published + devices.answered + devices.reported - int(received)


def _settle(watch: Watch, node: Node, scenario: Scenario, people: People, gateway: SmsGateway) -> None:
    """Wait until the node has seen the end of the storm, everything is sent and people have answered."""
    deadline = time.monotonic() + DRAIN_S
    end = iso_utc(scenario.end_s)
    while node.status.state().now != end and time.monotonic() < deadline:
        time.sleep(0.05)
    node.delivery.drain(max(deadline - time.monotonic(), 0.1))
    before = -1
    while time.monotonic() < deadline:
        answered = people.counts().answered + gateway.counts().answered
        if answered == before and _lost(watch, node, people.counts()) <= 0:
            return
        before = answered
        time.sleep(1.0)


def _show_until(
    is_over: Callable[[], bool],
    console: Console,
    scenario: Scenario,
    node: Node,
    watch: Watch,
    *,
    live: bool,
) -> None:
    if not live:
        while not is_over():
            time.sleep(REFRESH_S)
        return
    if not console.is_terminal:
        _show_lines_until(is_over, console, scenario, node, watch)
        return
    with Live(console=console, refresh_per_second=4, transient=True) as view:
        while not is_over():
            view.update(_view(scenario, node, watch))
            time.sleep(REFRESH_S)


def _show_lines_until(
    is_over: Callable[[], bool], console: Console, scenario: Scenario, node: Node, watch: Watch
) -> None:
    """One plain line each simulated half hour, for logs and pipes."""
    shown = -1
    while not is_over():
        if watch.progress is not None:
            half_hour = (watch.progress.time_s - scenario.start_s) // (30 * MINUTE_S)
            if half_hour > shown:
                shown = half_hour
                console.print(_line(scenario, node, watch), soft_wrap=True, highlight=False)
        time.sleep(REFRESH_S)


def _line(scenario: Scenario, node: Node, watch: Watch) -> str:
    time_zone = node.configuration.message.time_zone
    now = clock_local(watch.progress.time_s if watch.progress else scenario.start_s, time_zone)
    stations, levels = situation(node)
    villages = " ".join(f"{level.word} {levels[level]}" for level in LEVELS)
    sent, waiting = sent_and_waiting(node)
    return f"{now}  stations {stations}  villages {villages}  notifications sent {sent}, waiting {waiting}"


def _view(scenario: Scenario, node: Node, watch: Watch) -> Group:
    """The live picture, with how far the storm is."""
    configuration = node.configuration
    now_s = watch.progress.time_s if watch.progress else scenario.start_s
    done = (now_s - scenario.start_s) / max(scenario.end_s - scenario.start_s, 1)
    clock = clock_local(now_s, configuration.message.time_zone)
    return picture(node, f" EXERCISE  {clock}  storm {done:4.0%}", watch.messages, configuration)


def _introduce(console: Console, scenario: Scenario, configuration: Configuration) -> None:
    network = configuration.network
    console.print(
        f"A simulated county: {len(network.stations)} stations, {len(network.villages)} villages, "
        f"{len(network.households)} households, {len(network.chain)} duty posts. "
        f"A storm of {scenario.hours:g} h, seed {scenario.seed}. Every message is marked as an exercise.",
        soft_wrap=True,
        highlight=False,
    )


def _summary(
    scenario: Scenario, configuration: Configuration, watch: Watch, directory: Path
) -> dict[str, object]:
    """What happened: first warnings, scores against the truth, people reached."""
    first: dict[str, WarningMessage] = {}
    for message in watch.messages:
        first.setdefault(message.hazard, message)
    events = read_events(directory / "truth.csv")
    policy = VerificationPolicy(hazards=tuple(rule.name for rule in configuration.rules))
    verification = score_warnings(watch.messages, events, configuration.network.villages, policy)
    return {
        "seed": scenario.seed,
        "simulated_h": scenario.hours,
        "first_warnings": {hazard: describe(message, configuration) for hazard, message in first.items()},
        "messages": dict(Counter(str(message.msg_type) for message in watch.messages)),
        "bulletins": dict(Counter(str(bulletin.action) for bulletin in watch.bulletins)),
        "digests": len(watch.digests),
        "warned_villages": {
            level.word: len(
                {
                    m.village
                    for m in watch.messages
                    if m.level == level and m.msg_type is not MessageType.CANCEL
                }
            )
            for level in LEVELS
        },
        "scores": [_score_row(score) for score in verification.scores],
    }


def _score_row(score: HazardScore) -> dict[str, object]:
    return {
        "hazard": score.hazard,
        "level": score.level.word,
        "events": score.hits + score.misses,
        "hits": score.hits,
        "in_time": score.hits - score.late,
        "late": score.late,
        "misses": score.misses,
        "false_alarms": score.false_alarms,
        "pod": _rounded(score.pod),
        "far": _rounded(score.far),
        "csi": _rounded(score.csi),
        "lead_min_median": _rounded(score.lead_min_median),
        "early_min_median": _rounded(score.early_min_median),
    }


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 2)


def _cell(name: str, value: object) -> str:
    """A cell of the table of scores."""
    if isinstance(value, float):
        return f"{value:.0%}" if name == "far" else f"{value:.0f}"
    return "-" if value is None else str(value)


def _print_summary(console: Console, summary: dict[str, object]) -> None:
    console.rule("what happened")
    first = summary["first_warnings"]
    assert isinstance(first, dict)
    console.print("First warning of each hazard:", style="bold")
    for text in first.values():
        console.print(f"  {text}", soft_wrap=True, highlight=False)
    scores = summary["scores"]
    assert isinstance(scores, list)
    console.print("Village warnings against what the simulator knows happened:", style="bold")
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    for column, cell in SCORE_COLUMNS.items():
        table.add_column(column, justify="left" if cell in {"hazard", "level"} else "right", no_wrap=True)
    for row in scores:
        if row["hazard"] != ANY_HAZARD and (row["events"] or row["false_alarms"]):
            table.add_row(*(_cell(cell, row[cell]) for cell in SCORE_COLUMNS.values()))
    console.print(table)
    console.print(SCORE_NOTE, style="dim", highlight=False)
    people = summary["people"]
    assert isinstance(people, dict)
    console.print(f"Messages: {summary['messages']}   villages warned by level: {summary['warned_villages']}")
    console.print(f"Bulletins to the doors of a village: {summary['bulletins']}", highlight=False)
    duty = summary["duty"]
    assert isinstance(duty, dict)
    console.print(
        f"Digests to duty posts: {summary['digests']}. At the end {duty['dry_villages']} villages without an "
        f"answer, {duty['help_open']} calls for help open, {duty['help_untaken']} that nobody has taken. "
        f"Rescue teams called: {duty['teams_called']}; {duty['teams_coming']} have said when they come.",
        soft_wrap=True,
        highlight=False,
    )
    console.print(
        f"Households: {people['households_addressed']} addressed, {people['households_reached']} reached, "
        f"{people['households_answered']} answered.",
        style="bold",
        highlight=False,
    )
    shown, repeats = people["shown"], people["repeats_dropped"]
    console.print(
        f"All recipients: {shown} notifications shown ({repeats} repeats dropped), "
        f"{people['answered']} answered; {people['never_answer']} went to phones that are off.",
        soft_wrap=True,
        highlight=False,
    )
    console.print(f"It took {summary['wall_s']} s.", highlight=False)
    if people["messages_lost"]:
        console.print(
            f"{people['messages_lost']} messages were lost on their way (this machine is too busy "
            "for --speed); the figures above are not to be trusted.",
            style="bold red",
        )
