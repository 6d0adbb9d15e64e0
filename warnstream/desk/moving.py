"""The part of the desk that moves people: transfer lists, and what doors and posts hear of them.

Doors hear of a transfer through the voice of their village, posts through their chain, where it stands
beside the hazards. What they are to hear is compared with what they were told after every step that
changed a list, so neither a crash nor a restart can lose it.
"""

from collections.abc import Iterable
from dataclasses import replace

from warnstream.desk.obeying import ObeyingDesk
from warnstream.desk.transfers.faults import Around, faults_of
from warnstream.lifecycle.orders import ImpossibleOrderError, needs_second
from warnstream.model.bulletins import TRANSFER, Ordered, Standing
from warnstream.model.effects import Answer
from warnstream.model.hands.orders import HandOrder, OrderKind
from warnstream.model.level import Level
from warnstream.model.transfers.marks import RowMark
from warnstream.model.warning import Cause, MessageStatus, MessageType, WarningMessage


class MovingDesk(ObeyingDesk):
    """The desk with transfer lists; parameters as of `WarningDesk`."""

    _returns: tuple[tuple[HandOrder, Around], ...] = ()
    """Orders to return of a step: held against what doors knew before it and what stands at its end."""

    def order_faults(self, order: HandOrder) -> list[str]:
        """Everything that keeps an order from being carried out as things stand; empty: nothing."""
        if not order.kind.is_transfer:
            return super().order_faults(order)
        return self._transfer_faults(order, self._around(order))

    def _transfer_faults(self, order: HandOrder, around: Around) -> list[str]:
        found = self.hands.faults_of_form(order)
        if order.kind is OrderKind.RETURN:  # what was assessed before a warning says nothing of after it
            ended_s = self.ended_s()
            since_s = {place: max(at_s, ended_s.get(place, 0)) for place, at_s in around.since_s.items()}
            around = replace(around, since_s=since_s)
        return found or faults_of(
            self.transfers, order, around, self._standing_villages(), max(self._now_s, 0)
        )

    def mark_faults(self, mark: RowMark) -> list[str]:
        """Everything that keeps a mark on rows of transfer lists from counting; empty: nothing."""
        return self.transfers.mark_faults(mark)

    def _around(self, order: HandOrder) -> Around:
        """What the doors of an order's villages know, as it is now."""
        voices, number = self.bulletins, self.transfers.number
        villages = [number[code] for code in order.villages if code in number]
        return Around(
            frozenset(village for village in villages if voices.has_left(village)),
            {village: voices.ended_s(village) for village in villages},
            {village: voices.last_word(village) for village in villages},
        )

    def ended_s(self) -> dict[int, int]:
        """When the last warning ended, by village, whether its doors have heard that or not. Any thread."""
        found: dict[int, int] = {}
        for case in list(self._cases.values()):
            warning = case.warning
            if warning.latest is not None and not warning.is_open:
                found[warning.village] = max(found.get(warning.village, 0), warning.latest.sent_s)
        return found

    def _standing_villages(self) -> set[int]:
        """Villages in which any warning stands, told to doors or not."""
        return {case.warning.village for case in list(self._cases.values()) if case.warning.is_open}

    def _take_transfer(self, order: HandOrder) -> None:
        """An order about moving people, at once; a return waits for the end of the step.

        Raises
        ------
        ImpossibleOrderError
            With all of its faults; nothing has changed.
        """
        if self._is_known(order):
            return
        if order.kind is OrderKind.RETURN and needs_second(order):
            self._propose(order)
            return
        if order.kind is OrderKind.RETURN:
            self._returns = (*self._returns, (order, self._around(order)))
            return
        self._carry_out(order, self._around(order))

    def _propose(self, order: HandOrder) -> None:
        """A return waits for its second person; what stands is asked when it is carried out.

        Raises
        ------
        ImpossibleOrderError
            If it is none in form; nothing has changed.
        """
        if faults := self.hands.faults_of_form(order):
            self.hands.state.refused += 1
            raise ImpossibleOrderError(f"order {order.identifier}: {'; '.join(faults)}")
        self.hands.accept(order, self._now_s)

    def _take_agreed(self, order: HandOrder) -> None:
        """A return to which a second person has agreed: it was noted when it was asked for."""
        self.hands.give_again(order)
        self._returns = (*self._returns, (order, self._around(order)))

    def _carry_out(self, order: HandOrder, around: Around) -> None:
        if faults := self._transfer_faults(order, around):
            self.hands.state.refused += 1
            raise ImpossibleOrderError(f"order {order.identifier}: {'; '.join(faults)}")
        self.hands.note(order)
        self.transfers.accept(order, self._now_s)

    def _take_returns(self) -> None:
        """Returns of the step, now that it is known what stands."""
        returns, self._returns = self._returns, ()
        for order, around in returns:
            if self.knows_order(order):
                continue
            try:
                self._carry_out(order, around)
            except ImpossibleOrderError as error:
                self._turn_down(order, str(error))

    def _take_mark(self, mark: RowMark) -> None:
        """Rows of transfer lists, by name.

        Raises
        ------
        ImpossibleOrderError
            With all of its faults; nothing has changed.
        """
        if faults := self.transfers.mark_faults(mark):
            raise ImpossibleOrderError(f"mark {mark.identifier}: {'; '.join(faults)}")
        self.transfers.mark(mark, self._now_s)

    def _answer_on_list(self, village: int, door: str, answer: Answer) -> None:
        self.transfers.answer(self._network.villages.code[village], door, answer, self._now_s)

    def _order_people(self) -> dict[int, Ordered]:
        """What has changed for doors by orders about moving people; posts hear of it through their chains."""
        self.transfers.let_time_work(self._now_s)
        villages, self.transfers.changed = sorted(self.transfers.changed), set()
        found = {}
        for village in villages:
            try:
                ordered = self.transfers.ordered(village)
                self._tell_chain(village, ordered.standing)
            except Exception as error:  # noqa: BLE001  # one village failing never silences another
                self.refused_inputs += 1
                self.last_refusal = f"transfer in {self._network.villages.code[village]}: {error!r}"
                continue
            if not is_same(ordered, self.bulletins.ordered(village)):
                found[village] = ordered
        return found

    def _tell_chain(self, village: int, standing: Standing | None) -> None:
        """Let the posts of a village know what stands of a transfer there, if they do not."""
        for status, chain in self.chains.of.items():
            turn = chain.turns.get(village)
            before = turn.standing.get(TRANSFER, Level.NONE) if turn is not None else Level.NONE
            own = standing if standing is not None and standing.status is status else None
            level, by_s = (own.level, own.by_s) if own is not None else (Level.NONE, 0)
            is_other_hour = turn is not None and level is not Level.NONE and turn.by_s != by_s
            if level is not before or is_other_hour:
                message = message_to_posts(village, status, level, before, self._now_s, by_s)
                self._to_chains += self.chains.of_message(message)

    def levels_asked(self) -> dict[int, Level]:
        """The worst that people are asked to act on in each village: levels in force, and transfers."""
        found = self.levels()
        for village, transfer in self._transfers_standing():
            found[village] = max(transfer.level, found.get(village, Level.NONE))
        return found

    def _transfers_standing(self) -> Iterable[tuple[int, Standing]]:
        """Transfers that stand, by village."""
        for village in self.transfers.villages():
            if (standing := self.transfers.ordered(village).standing) is not None:
                yield village, standing

    def _ordered_anew(self) -> dict[int, Ordered]:
        """After a change of the configuration: everything that orders about moving people mean for doors."""
        villages = sorted({*self.transfers.villages(), *self.transfers.changed})
        self.transfers.changed = set()
        return {village: self.transfers.ordered(village) for village in villages}


def is_same(wanted: Ordered, known: Ordered) -> bool:
    """Whether doors were told what orders mean; of a return they keep the name alone."""
    told = known.notice.order if known.notice is not None else ""
    asked = wanted.notice.order if wanted.notice is not None else told
    return (wanted.standing, wanted.is_away, asked) == (known.standing, known.is_away, told)


def message_to_posts(
    village: int, status: MessageStatus, level: Level, before: Level, now_s: int, by_s: int
) -> WarningMessage:
    """What a chain hears of a transfer, its hour as the onset; it is issued to nobody else."""
    cause = Cause.CANCELLED if level is Level.NONE else Cause.ISSUED_BY_HAND
    if level and before:
        cause = Cause.RAISED_BY_HAND if level > before else Cause.LOWERED_BY_HAND
    return WarningMessage(
        identifier="",
        warning="",
        version=0,
        village=village,
        hazard=TRANSFER,
        level=level,
        previous=before,
        msg_type=MessageType.UPDATE,
        status=status,
        cause=cause,
        sent_s=now_s,
        crossed_at_s=now_s,
        onset_s=by_s,
        expires_s=now_s,
        reason=None,
        blind=False,
        references=(),
        by_hand=True,
    )
