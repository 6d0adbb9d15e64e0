"""What the HTTP interface asks of the node: its status, and actions put before it."""

from collections.abc import Sequence
from typing import Protocol

from warnstream.adapters.http.door_page import Office
from warnstream.adapters.http.models.alerts import AlertRecord
from warnstream.adapters.http.models.county import StateRecord, WarningRecord
from warnstream.adapters.http.models.drills import DrillsRecord, DrillTakenRecord
from warnstream.adapters.http.models.explanation import ExplanationRecord
from warnstream.adapters.http.models.operations import AliveRecord, ReadinessRecord
from warnstream.adapters.http.models.orders import OrdersRecord, OrderTakenRecord, RehearsalRecord
from warnstream.adapters.http.models.post_doors import DoorSaid, DoorSaidRecord, PostDoorsRecord
from warnstream.adapters.http.models.posts import HelpCallRecord, SignRecord
from warnstream.adapters.http.models.reports import ReportsRecord
from warnstream.adapters.http.models.transfers import MarkTakenRecord, TransfersRecord
from warnstream.model.digests import FieldReport, HelpAssign, HelpClose
from warnstream.model.effects import Answer, OperatorAffirm
from warnstream.model.hands.requests import DrillRequest, OrderRequest
from warnstream.model.observations.signs import SignReport, SignVerdict

PostAction = OperatorAffirm | FieldReport | SignReport | SignVerdict | HelpAssign | HelpClose
"""What a post of the responsibility chain does with its own token; a door reports too."""


class NodeStatus(Protocol):
    """What the HTTP interface asks of the running node. Called from several threads."""

    def alive(self) -> AliveRecord:
        """Facts about the process; answering at all is being alive."""

    def ready(self) -> ReadinessRecord:
        """Whether warnings would go out now, and the reasons why not."""

    def state(self) -> StateRecord:
        """The situation: levels, stations, hazards, times."""

    def warnings(self) -> list[WarningRecord]:
        """Open warnings, worst first."""

    def explanation(self, village_code: str) -> ExplanationRecord | None:
        """What decided on a village at the last step; None if there is no such village.

        Raises
        ------
        StoreError
            If nothing has been judged yet, or too many ask.
        """

    def submit_answer(self, message: str, recipient: str, answer: Answer) -> None:
        """Take an answer; returns once it is durable.

        Raises
        ------
        StoreError
            If it cannot be kept: the person is asked to try again.
        """

    def signs(self, post: str) -> list[SignRecord]:
        """Signs that people have seen: those that stand, then those that are over.

        Who said what stands in those that `post` may read; an empty text may read none.
        """

    def alerts(self) -> list[AlertRecord]:
        """Alerts of other services that stand."""

    def submit_alerts(self, source: str, content: bytes) -> None:
        """Take a document with alerts of other services; returns once it is durable.

        Raises
        ------
        StoreError
            If it cannot be kept.
        """

    def help_calls(self) -> list[HelpCallRecord]:
        """Open calls for help, oldest first."""

    def who_comes(self, caller: str) -> str:
        """The person who has the open call of a door or post; empty: nobody, or it has not called."""

    def post_doors(self, post: str, message: str) -> PostDoorsRecord | None:
        """The doors of a post, `message` being the digest that it came from; None if it has no village."""

    def say_for_doors(self, post: str, said: Sequence[DoorSaid]) -> list[DoorSaidRecord]:
        """Take what a post says for its doors; returns once what is taken is durable.

        Raises
        ------
        StoreError
            If something cannot be kept.
        """

    def office(self) -> Office:
        """Whom people call, and by whose clock they are told times."""

    def action_fault(self, action: PostAction) -> str:
        """Why a post cannot do that, as things stand; empty if it can."""

    def submit_action(self, action: PostAction) -> None:
        """Take what a post does; returns once it is durable.

        Raises
        ------
        StoreError
            If it cannot be kept.
        """

    def orders(self) -> OrdersRecord:
        """What people have ordered and that still counts."""

    def rehearse_order(self, request: OrderRequest) -> RehearsalRecord:
        """Whom an order would reach.

        Raises
        ------
        OrderFaultsError
            With everything that is wrong with it.
        """

    def give_order(self, request: OrderRequest) -> OrderTakenRecord:
        """Take an order; returns once it is durable.

        Raises
        ------
        OrderFaultsError
            With everything that is wrong with it; nothing has changed.
        StoreError
            If it cannot be kept.
        """

    def drills(self) -> DrillsRecord:
        """Drills that are on or still take answers."""

    def order_drill(self, request: DrillRequest) -> DrillTakenRecord:
        """Take an order about drills; returns once it is durable.

        Raises
        ------
        OrderFaultsError
            With everything that is wrong with it; nothing has changed.
        StoreError
            If it cannot be kept.
        """

    def transfers(self, only: str | None) -> TransfersRecord:
        """Transfer lists without rows, or one with them; the five counters."""

    def mark_rows(
        self, rows: Sequence[str], word: str, by: str, note: str, *, is_post: bool
    ) -> MarkTakenRecord:
        """Take what somebody says of rows of transfer lists; returns once it is durable.

        Raises
        ------
        OrderFaultsError
            With everything that is wrong with it; nothing has changed.
        StoreError
            If it cannot be kept.
        """

    def reports(self) -> ReportsRecord:
        """What posts and doors have reported from the field."""

    def submit_report(self, report: FieldReport) -> str:
        """Take a report; returns once it is durable, or why it cannot be counted.

        Raises
        ------
        StoreError
            If it cannot be kept.
        """

    def receipt(self, key: str) -> None:
        """A device reports that it has shown a notification.

        Raises
        ------
        StoreError
            If it cannot be kept.
        """
