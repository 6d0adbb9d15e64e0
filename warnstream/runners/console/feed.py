"""A frame a second for the consoles of a node, and answers to what they ask; from the loop's turn.

The loop calls `look` at every turn, whether anything happened or not: frames are also its heartbeat. With
nobody connected a turn costs one comparison. What fails here is an alarm of kind ``view``, and nothing else.
"""

import logging
import queue
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from warnstream.adapters.console.acts import encode_done
from warnstream.adapters.console.facts import encode_facts
from warnstream.adapters.console.frame import Act, Ask, Head
from warnstream.adapters.console.link import ConsoleLink
from warnstream.adapters.http.models.operations import ReadinessRecord
from warnstream.adapters.ledger.node_outbox import NodeOutbox
from warnstream.adapters.metrics import Metrics
from warnstream.assessment import AssessmentStep
from warnstream.config.settings import Configuration
from warnstream.desk import WarningStatus
from warnstream.engine import Engine, EngineStep
from warnstream.model.alarms import AlarmPort
from warnstream.model.errors import StoreError, describe
from warnstream.model.warning import MessageStatus
from warnstream.runners.console.acts import Acts, Requests
from warnstream.runners.console.drills import DrillsPort
from warnstream.runners.console.looks import Looks
from warnstream.runners.console.looks import Readiness as Told
from warnstream.runners.console.picture import Picture, proposals_of, shifts_of
from warnstream.runners.console.village import village_facts
from warnstream.runners.intake.intake import Intake

log = logging.getLogger(__name__)

EVERY_S = 1.0
ASK_EVERY_S = 0.05
"""At most so often a question is answered: 20 a second, however many ask."""

ASKED_MAX = 32
ALARM = "view:console"

Answer = Callable[[bytes, str], None]


class KeeperView(Protocol):
    """What is read of the keeper, in the loop's thread."""

    warnings: list[WarningStatus]

    @property
    def intake(self) -> Intake:
        """What entries have led to, and what waits for a step."""

    @property
    def engine(self) -> Engine:
        """The engine of the moment."""

    @property
    def people(self) -> Configuration:
        """With villages and hazards of removed rows."""


class Readiness(Told, Protocol):
    """What a frame says of the node itself."""

    def ready(self) -> ReadinessRecord:
        """Whether the node is ready, and what /readyz says."""

    def rates_per_s(self) -> Mapping[str, float]:
        """How fast channels tell doors, as far as it is known."""

    def channels_down(self) -> list[str]:
        """Channels that reach nobody."""

    @property
    def drill_room(self) -> DrillsPort:
        """Drills beside the real operation."""


class ConsoleFeed:
    """What a node tells its consoles.

    Parameters
    ----------
    configuration : Configuration
    keeper : KeeperView
    outbox : NodeOutbox
        Whose doors are counted.
    readiness : Readiness
    alarms : AlarmPort
    metrics : Metrics
    requests : Requests
        Takes entries of the journal, and wakes the loop.
    """

    def __init__(  # the parts of a node, each by name
        self,
        configuration: Configuration,
        keeper: KeeperView,
        outbox: NodeOutbox,
        readiness: Readiness,
        alarms: AlarmPort,
        metrics: Metrics,
        requests: Requests,
    ) -> None:
        self._configuration, self._keeper, self._outbox = configuration, keeper, outbox
        self._readiness, self._alarms, self._metrics = readiness, alarms, metrics
        self._wake = wake = requests.wake
        self._asked: queue.Queue[tuple[Ask | Act, Answer]] = queue.Queue(ASKED_MAX)
        self._acts = Acts(
            configuration,
            keeper,
            requests,
            outbox.doors.list_of,
            readiness.drill_room,
            rates=readiness.rates_per_s,
            count=metrics.count_act,
        )
        self._looks = Looks(configuration, keeper, readiness, outbox.doors)
        directory: Path = configuration.storage.directory
        self._link = ConsoleLink(directory, self._take_ask, wake)
        self._picture: Picture | None = None
        self._village: dict[str, int] = {}
        self._step: AssessmentStep | None = None
        self._stepped_at = self._made_at = self._told_at = float("-inf")
        metrics.watch_console(lambda: self._link.consoles, lambda: (self._link.sent, self._link.replaced))

    def start(self) -> None:
        """Open the socket; a node without one works, and says so."""
        self._looks.start()
        try:
            self._link.start()
        except OSError as error:
            self._fail(f"no console can connect: {error.strerror or error}")
        else:
            self._alarms.end_alarm(ALARM)  # of the process before

    def stop(self) -> None:
        """Close the socket."""
        self._link.stop()
        self._looks.stop()

    def go_by(self, configuration: Configuration) -> None:
        """Another configuration judges from now on: its first frame is whole; in the loop's thread."""
        self._configuration, self._picture, self._step = configuration, None, None
        self._acts.go_by(configuration)
        self._looks.go_by(configuration)

    def stepped(self, step: EngineStep) -> None:
        """Remember what the last step found."""
        self._step, self._stepped_at = step.assessment, time.monotonic()
        duty = self._keeper.intake.duty.desk
        alarms, now_s = duty.alarms, self._keeper.engine.desk.now_s
        on_duty, is_flood = len(duty.shifts.of), alarms.is_flood
        self._metrics.set_duty(alarms.standing(), now_s, on_duty=on_duty, is_flood=is_flood)

    def look(self) -> None:
        """A frame where a second has passed, and an answer where one waits."""
        if not self._link.is_watched:
            return
        now = time.monotonic()
        try:
            if now - self._made_at >= EVERY_S:
                self._made_at = now
                self._publish(now)
                self._metrics.console_handover.observe(time.monotonic() - now)
                self._alarms.end_alarm(ALARM)
        except Exception as error:  # a console is shown old things, nobody is warned later for it
            log.exception("no frame for the console")
            self._fail(f"what consoles show is old: {describe(error)}")
        if now - self._told_at >= ASK_EVERY_S:
            self._answer_one(now)

    def _publish(self, now: float) -> None:
        keeper = self._keeper
        picture, people = self._picture, keeper.people
        if picture is None:
            n_judged = len(self._configuration.network.villages)
            picture = self._picture = Picture(people.network, people.rules, n_judged)
            self._village = people.network.villages.index_of_code()
        desk = keeper.engine.desk
        parts = picture.take(
            self._step, keeper.warnings, desk, keeper.intake.duty.desk, self._outbox.doors, now
        )
        ready = self._readiness.ready()
        head = Head(
            node=self._configuration.node.name,
            fingerprint=self._configuration.fingerprint,
            is_exercise=self._configuration.message.status is MessageStatus.EXERCISE,
            wall_s=time.time(),
            now_s=desk.now_s,
            stepped_s=now - self._stepped_at if self._step is not None else -1.0,
            is_ready=ready.ready,
            reasons=tuple(ready.reasons),
            reasons_zh=tuple(reason.zh for reason in ready.details),
            n_blocking=sum(reason.blocks for reason in ready.details),
            channels_down=tuple(self._readiness.channels_down()),
            hazards=picture.hazards,
            kept=picture.kept,
            proposals=proposals_of(desk, self._village),
            shifts=shifts_of(keeper.intake.duty.desk),
            is_flood=keeper.intake.duty.desk.alarms.is_flood,
            leads_s=picture.leads_s,
            drilling=tuple(
                self._village[code]
                for codes in self._readiness.drill_room.running().values()
                for code in codes
                if code in self._village
            ),
        )
        self._link.publish(head, parts)

    def _take_ask(self, ask: Ask | Act, answer: Answer) -> None:
        """In the socket's thread."""
        try:
            self._asked.put_nowait((ask, answer))
            self._wake()
        except queue.Full:
            answer(b"", "too many ask")

    def _answer_one(self, now: float) -> None:
        try:
            ask, answer = self._asked.get_nowait()
        except queue.Empty:
            return
        self._told_at = now
        try:
            if isinstance(ask, Act):
                self._acts.take(ask, lambda done: answer(encode_done(done), ""))
            elif ask.what == "village":
                self._tell_village(ask.village, answer)
            else:
                self._looks.take(ask, answer)
        except StoreError as error:
            answer(b"", str(error))
        except Exception as error:  # whoever asks must not end the loop
            log.exception("a console cannot be answered", extra={"ask": type(ask).__name__})
            answer(b"", describe(error))

    def _tell_village(self, code: str, answer: Answer) -> None:
        village = self._village.get(code)
        if village is None:
            answer(b"", "there is no such village")
            return
        network = self._keeper.people.network
        facts = village_facts(self._keeper.engine, self._outbox.doors, network, village)
        answer(encode_facts(facts), "")

    def _fail(self, text: str) -> None:
        self._alarms.raise_alarm(ALARM, text, is_blocking=False, zh=f"控制台显示异常：{text}")
