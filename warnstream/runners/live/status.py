"""What the HTTP interface asks of a running node, from any thread: its situation, and entries to keep."""

import time
from collections.abc import Mapping, Sequence

from msgspec import UNSET
from msgspec.structs import asdict

from warnstream.adapters.http.door_page import Office
from warnstream.adapters.http.models.alerts import AlertRecord
from warnstream.adapters.http.models.county import (
    AuditRecord,
    ConfigurationRecord,
    CountyRecord,
    StateRecord,
    WarningRecord,
)
from warnstream.adapters.http.models.drills import DrillsRecord, DrillTakenRecord
from warnstream.adapters.http.models.explanation import ExplanationRecord
from warnstream.adapters.http.models.operations import AliveRecord, ReadinessRecord, ReasonRecord
from warnstream.adapters.http.models.orders import OrdersRecord, OrderTakenRecord, RehearsalRecord
from warnstream.adapters.http.models.post_doors import DoorSaid, DoorSaidRecord, PostDoorsRecord
from warnstream.adapters.http.models.posts import HelpCallRecord, SignRecord
from warnstream.adapters.http.models.reports import ReportsRecord
from warnstream.adapters.http.models.transfers import MarkTakenRecord, TransfersRecord
from warnstream.adapters.http.node_port import PostAction
from warnstream.adapters.inbox import Source
from warnstream.adapters.ledger.node_outbox import NodeOutbox
from warnstream.adapters.sending.worker import DeliveryWorker
from warnstream.config.settings import Configuration
from warnstream.delivery.texts import clean
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.digests import FieldReport, HelpAssign, HelpClose
from warnstream.model.effects import Answer, OperatorAffirm, OperatorCancel
from warnstream.model.hands.drills import drill_name, is_of_drill
from warnstream.model.hands.requests import DrillRequest, OrderFaultsError, OrderRequest
from warnstream.runners import reasons
from warnstream.runners.audit.writer import AuditWriter
from warnstream.runners.build import topics_of
from warnstream.runners.drill.request import drill_order, stopped_by
from warnstream.runners.intake import entries
from warnstream.runners.live.alarms import Alarms
from warnstream.runners.live.drill.room import DrillRoom
from warnstream.runners.live.keeper import Keeper
from warnstream.runners.live.reloading.reloads import Reloads
from warnstream.runners.live.requests import Requests
from warnstream.runners.live.views.explanations import LiveExplanations
from warnstream.runners.live.views.orders_json import describe_orders
from warnstream.runners.live.views.signs_json import affirm_fault
from warnstream.runners.live.views.state_json import describe_channels, describe_warnings
from warnstream.runners.orders.post_doors import PostDoors
from warnstream.runners.orders.rehearsal import rehearse
from warnstream.runners.orders.request import agreement_faults, order_of
from warnstream.runners.reports import describe_reports
from warnstream.runners.transfers.describe import describe_transfers
from warnstream.runners.transfers.marking import mark_of

DIFFERENCES_SHOWN_MAX = 1_000


class Status:
    """The node as its HTTP interface sees it (`NodeStatus`).

    Attributes
    ----------
    is_starting : bool
        Until the node has recovered and opened every way in.
    """

    def __init__(  # noqa: PLR0913  # the parts of a node, each by name
        self,
        configuration: Configuration,
        *,
        keeper: Keeper,
        alarms: Alarms,
        requests: Requests,
        explanations: LiveExplanations,
        sources: Sequence[Source],
        outbox: NodeOutbox,
        delivery: DeliveryWorker,
        audit: AuditWriter,
        reloads: Reloads,
        drills: DrillRoom,
    ) -> None:
        self._configuration = configuration
        self._keeper, self._alarms, self._requests = keeper, alarms, requests
        self._explanations, self._sources, self._outbox = explanations, sources, outbox
        self._delivery, self._audit = delivery, audit
        self._reloads, self._drills = reloads, drills
        self._post_doors = PostDoors(lambda: self._configuration, keeper, lambda: outbox.doors, requests)
        self.is_starting = True

    def go_by(self, configuration: Configuration) -> None:
        """Another configuration judges from now on."""
        self._configuration = configuration

    def alive(self) -> AliveRecord:
        """The process answers."""
        return AliveRecord(alive=True, node=self._configuration.node.name)

    def ready(self) -> ReadinessRecord:
        """Whether readings come in, are judged, and warnings would go out now, and the reasons why not.

        Alarms that keep nothing from working, and stations not heard of yet, are named too, and leave
        the node ready.
        """
        held = [reasons.of_channel(*trouble) for trouble in self._delivery.troubles_of()]
        judging = self._keeper.judging
        # A channel that is held is named at once; its alarm says the same, in numbers of a moment before.
        names = {reason.code for reason in held}
        signals = [signal for signal in self._alarms.signals() if signal.key not in names]
        blocking = [reasons.STARTING] if self.is_starting else []
        blocking += reasons.of_alarms(signals, blocks=True)
        blocking += [reasons.of_source(source.name) for source in self._sources if not source.is_connected]
        blocking += held
        blocking += [reasons.of_sentence(text, blocks=True) for text in judging.waits()]
        told = [*blocking, *reasons.of_alarms(signals, blocks=False)]
        duty = self._keeper.intake.duty
        # A node without a console rings its duty posts by itself.
        no_shift = [reasons.NO_SHIFT] if duty.is_watched and not duty.desk.shifts.of else []
        said = [judging.missing(), self._drills.notice(), *self._reloads.said()]
        missing, *others = (reasons.of_sentence(text, blocks=False) for text in said)
        told += [missing, *no_shift, *others]
        first = {reason.en: reason for reason in reversed(told) if reason.en}
        named = [first[text] for text in dict.fromkeys(reason.en for reason in told) if text]
        return ReadinessRecord(
            ready=not blocking,
            reasons=[reason.en for reason in named],
            bundle=self._keeper.bundle.number,
            details=[ReasonRecord(reason.code, reason.zh, reason.en, reason.blocks) for reason in named],
        )

    def readiness(self) -> tuple[bool, list[str]]:
        """`ready`, for consoles."""
        found = self.ready()
        return found.ready, found.reasons

    def rates_per_s(self) -> Mapping[str, float]:
        """How fast each channel has told doors, by name, as far as it is known."""
        return self._delivery.rates()

    def channels_down(self) -> list[str]:
        """Channels whose trouble lasts."""
        return [name for name, trouble in self._delivery.reports().items() if trouble]

    def state(self) -> StateRecord:
        """The situation of the county after the last step."""
        county = self._keeper.board.state
        return StateRecord(
            **asdict(county or CountyRecord()),
            warnings_open=len(self._keeper.warnings) if county else UNSET,
            chain=(self._keeper.chain.state or UNSET) if county else UNSET,
            hands=(self._keeper.hands.state or UNSET) if county else UNSET,
            broker_connected=all(source.is_connected for source in self._sources),
            alarms=self._alarms.records(),
            configuration=self._configuration_record(),
            audit=self._audit_record(),
            channels=describe_channels(self._delivery.prospects()),
        )

    def _audit_record(self) -> AuditRecord:
        audit = self._audit.state
        return AuditRecord(audit.head, audit.file, audit.followed, audit.is_behind)

    def _configuration_record(self) -> ConfigurationRecord:
        """The configuration, and what it found at its change to be other than people had been told."""
        differences = self._keeper.differences
        return ConfigurationRecord(
            fingerprint=self._configuration.fingerprint,
            bundle=self._keeper.bundle.number,
            differences=len(differences),
            differed=differences[:DIFFERENCES_SHOWN_MAX],
        )

    def warnings(self) -> list[WarningRecord]:
        """Open warnings, worst first."""
        with self._keeper.numbers:
            return describe_warnings(self._keeper.warnings, self._keeper.people.network.villages)

    def explanation(self, village_code: str) -> ExplanationRecord | None:
        """What decided on a village at the last step; None if there is no such village."""
        return self._explanations.ask(village_code)

    def submit_answer(self, message: str, recipient: str, answer: Answer) -> None:
        """Take an answer; returns once it is durable. StoreError if it cannot be kept."""
        self._requests.ask_and_wait(entries.ANSWER, entries.encode_answer(message, recipient, answer))

    def submit_cancel(self, cancel: OperatorCancel) -> None:
        """End a warning by hand; returns once that is durable. StoreError if it cannot be kept."""
        self._requests.ask_and_wait(entries.CANCEL, entries.encode_cancel(cancel))

    def signs(self, post: str) -> list[SignRecord]:
        """Signs as a post may read them: those that stand, then those that are over."""
        return self._keeper.board.signs_for(post)

    def alerts(self) -> list[AlertRecord]:
        """Alerts of other services that stand."""
        return self._keeper.board.alerts()

    def submit_alerts(self, source: str, content: bytes) -> None:
        """Take a document as if it came by MQTT; returns once it is durable, else StoreError."""
        topic = topics_of(self._configuration).alerts_of(source)
        message = entries.encode_messages([RawMessage(topic, content)])
        self._requests.ask_and_wait(entries.MESSAGES, message)

    def help_calls(self) -> list[HelpCallRecord]:
        """Open calls for help, oldest first."""
        return self._keeper.chain.calls

    def post_doors(self, post: str, message: str) -> PostDoorsRecord | None:
        """The doors of a post, `message` being the digest that it came from; None if it has no village."""
        return self._post_doors.of(post, message)

    def say_for_doors(self, post: str, said: Sequence[DoorSaid]) -> list[DoorSaidRecord]:
        """Take what a post says for its doors; returns once what is taken is durable. StoreError."""
        return self._post_doors.say(post, said)

    def office(self) -> Office:
        """Whom people call, and by whose clock they are told times."""
        configuration = self._configuration
        return Office(clean(configuration.bulletins.phone), configuration.message.time_zone)

    def who_comes(self, caller: str) -> str:
        """The person who has the open call of a door or post; empty: nobody, or it has not called."""
        calls = [call for call in self._keeper.chain.calls if call.caller == caller and call.assigned]
        return clean(calls[0].assigned or "") if calls else ""

    def action_fault(self, action: PostAction) -> str:
        """Why a post cannot do that, as things stand; empty if it can."""
        if isinstance(action, OperatorAffirm):
            with self._keeper.numbers:
                return affirm_fault(action, self._keeper.warnings, self._configuration.network)
        if isinstance(action, HelpAssign | HelpClose):
            return self._keeper.engine.desk.chains.fault_of(action)
        if isinstance(action, FieldReport) and is_of_drill(action.message):
            return self._drills.report_fault(action)
        if isinstance(action, FieldReport):
            return self._keeper.engine.desk.report_fault(action)
        return self._keeper.engine.assessment.signs.fault_of(action)

    def orders(self) -> OrdersRecord:
        """What people have ordered and that still counts."""
        with self._keeper.numbers:
            return describe_orders(self._keeper.engine.desk, self._keeper.people.network.villages)

    def rehearse_order(self, request: OrderRequest) -> RehearsalRecord:
        """Whom an order would reach. OrderFaultsError with everything that is wrong with it."""
        return rehearse(self._configuration, request, self._delivery.rates())

    def give_order(self, request: OrderRequest) -> OrderTakenRecord:
        """Take an order; returns once it is durable.

        OrderFaultsError with everything that is wrong with it; StoreError if it cannot be kept.
        """
        order = order_of(request, self._configuration)
        desk = self._keeper.engine.desk
        faults = [*desk.order_faults(order), *agreement_faults(order, desk, self._configuration)]
        faults = desk.identity_faults(order) or ([] if desk.knows_order(order) else faults)
        if faults:
            raise OrderFaultsError(faults)
        self._requests.ask_and_wait(entries.ORDER, entries.encode_order(order))
        return OrderTakenRecord(order=order.identifier, kind=str(order.kind), villages=len(order.villages))

    @property
    def drill_room(self) -> DrillRoom:
        """The drills of the node, for consoles."""
        return self._drills

    def drills(self) -> DrillsRecord:
        """Drills that are on or still take answers."""
        return DrillsRecord(drills=self._drills.records())

    def order_drill(self, request: DrillRequest) -> DrillTakenRecord:
        """Take an order about drills; returns once it is durable.

        OrderFaultsError with everything that is wrong with it; StoreError if it cannot be kept.
        """
        running = self._drills.running()
        order = drill_order(request, self._configuration, running)
        if faults := self._drills.faults_of(order):
            raise OrderFaultsError(faults)
        self._requests.ask_and_wait(entries.DRILL, entries.encode_drill(order))
        names = stopped_by(order, running) or [drill_name(order.identifier)]
        return DrillTakenRecord(act=str(order.act), drills=names, villages=len(order.villages))

    def submit_action(self, action: PostAction) -> None:
        """Take what a post does; returns once it is durable. StoreError if it cannot be kept."""
        self._requests.ask_and_wait(*entries.encode_action(action))

    def transfers(self, only: str | None) -> TransfersRecord:
        """Transfer lists without rows, or one with them; the five counters."""
        engine = self._keeper.engine
        return describe_transfers(engine.desk, only, engine.assessment)

    def mark_rows(
        self, rows: Sequence[str], word: str, by: str, note: str, *, is_post: bool
    ) -> MarkTakenRecord:
        """Take what somebody says of rows of transfer lists; returns once it is durable.

        OrderFaultsError with everything that is wrong with it; StoreError if it cannot be kept.
        """
        mark = mark_of(self._configuration, rows, word, by, note, is_post=is_post)
        if faults := self._keeper.engine.desk.mark_faults(mark):
            raise OrderFaultsError(faults)
        self._requests.ask_and_wait(entries.MARK, entries.encode_mark(mark))
        return MarkTakenRecord(mark=mark.identifier, rows=len(mark.rows))

    def reports(self) -> ReportsRecord:
        """What posts and doors have reported from the field."""
        with self._keeper.numbers:
            return describe_reports(self._keeper.engine.desk, self._keeper.people.network.villages)

    def submit_report(self, report: FieldReport) -> str:
        """Take a report; returns once it is durable, or why it cannot be counted. StoreError."""
        fault = self.action_fault(report)
        if not fault:
            self.submit_action(report)
        return fault

    def receipt(self, key: str) -> None:
        """A device reports that it has shown a notification."""
        self._outbox.mark_delivered(key, time.time())
